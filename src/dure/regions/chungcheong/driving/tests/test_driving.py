"""The simulator, the drivers and the grid: truths of the road by hand, published counts on a part of the grid."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dure import Round, Work
from dure.project.loader import load
from dure.regions.chungcheong.driving import cases, chart, drivers, grid, policy
from dure.regions.chungcheong.driving.forms import FULL, Request, Response, Vehicle, columns, request
from dure.regions.chungcheong.driving.world import JERK, Other, Scenario, World, simulate
from dure.trial.ask import Ask, AskMany

PROJECT = load(Path(__file__).parents[1])
SOME = {
    name: grid.cut_in(*values) for number, (name, values) in enumerate(grid.cut_ins().items()) if number % 2503 == 7
}
HOPELESS = [(10, gap, 1.7) for gap in (9, 13, 17, 21, 25)]  # the other's speed, gap, lateral speed
FURTHER = {
    name: scenario for number, (name, (_site, _own, scenario)) in enumerate(grid.further().items()) if number % 97 == 3
}


def played(rule, *scenarios):
    return simulate(scenarios, rule)


def some_cases():
    scenarios = SOME | FURTHER
    return cases.cases_of(scenarios, dict.fromkeys(scenarios, "some"))


def method(name, tmp_path):
    return PROJECT.builders()[name]((), 0, Work(folder=tmp_path))


@pytest.mark.long
def test_a_trial_is_drawn_as_a_map_and_as_its_worst_crashes_which_move(tmp_path):
    pytest.importorskip("vl_convert", reason="pictures need the extra dure[driving]")
    from dure.report.charts import moving, svg

    hopeless = {name: grid.cut_in(*values) for name, values in grid.cut_ins().items() if values[1:] in HOPELESS}
    all_cases = cases.cases_of(SOME | hopeless, dict.fromkeys(SOME | hopeless, "some"))
    rows = []
    for name in (chart.PRACTICE, chart.MODEL):
        ask = AskMany(PROJECT, method(name, tmp_path), None)
        ask.begin([case.id for case in all_cases])
        rows += [
            {"seed": 0, "site": "some", "case": case.id, "method": name} | cases.score(case, outcome)
            for case, outcome in zip(all_cases, cases.play_many(all_cases, ask), strict=True)
        ]
    worst = sum(row["crash"] for row in rows if row["method"] == chart.MODEL and row["case"] in hopeless)
    assert worst > chart.WORST
    drawn = chart.figures(pl.DataFrame(rows), [Round("some", (), all_cases)])
    still, moves = list(drawn.values())
    assert moving(still) is None
    assert "<animate" in str(moving(moves))
    assert svg(moves).count("ahead of the own car") >= chart.WORST


def test_a_car_that_stops_is_drawn_standing():
    """10.3 m/s, 4 m/s2: the step in which it stops is wanted like any other, though nothing is left to brake after it."""
    pytest.importorskip("altair", reason="pictures need the extra dure[driving]")
    (case,) = cases.cases_of({"wall": Scenario(10.3, (Other(60.0, 0.0),))}, {"wall": cases.OWN})
    outcome = cases.play(case, lambda _request: Response(acceleration=-4.0))
    row = {"seed": 0, "site": case.site, "case": case.id, "method": "somebodys", "answer": outcome.model_dump_json()}
    (drawn,) = chart.figures(pl.DataFrame([row | cases.score(case, outcome)]), [Round("own", (), [case])]).values()
    rows = [row for dataset in drawn.to_dict()["datasets"].values() for row in dataset if "speed" in row]
    last = max(rows, key=lambda row: row["time"])
    assert (last["time"], last["speed"]) == (pytest.approx(outcome.played.seconds), 0)


# ---- the grid -----------------------------------------------------------------------------------------------------------


def test_the_grid_has_the_published_number_of_cases():
    cut_ins = grid.cut_ins().values()
    assert len(cut_ins) == 29_970
    assert sum(own <= 60 for own, *_rest in cut_ins) == 15_930
    assert {own for own, *_rest in cut_ins} == {20, 30, 40, 50, 60, 70, 90, 110, 130}
    assert all(other < own for own, other, *_rest in cut_ins)


def test_every_sealed_band_and_the_open_part_hold_cases():
    bands = [grid.sealed_band(own, gap, lateral) for own, _other, gap, lateral in grid.cut_ins().values()]
    assert set(bands) == {"", "40 km/h", "110 km/h", "gaps of 20 to 29 m", "1.2 to 1.4 m/s across"}
    assert 0.4 < bands.count("") / len(bands) < 0.6


# ---- the simulator --------------------------------------------------------------------------------------------------------


def test_a_car_that_keeps_its_speed_meets_a_slower_one_when_the_gap_is_closed():
    """20 m/s behind 10 m/s with 25 m free: after 2.5 s, at 10 m/s."""
    world = played(policy.keeping_rule, Scenario(20.0, (Other(25.0, 10.0),)))
    assert world.crash[0]
    assert world.seconds[0] == pytest.approx(2.5, abs=0.11)
    assert world.impact[0] == pytest.approx(10.0)


def test_a_car_stops_where_the_formula_says():
    """Full braking from 20 m/s: the build-up of 0.6 s, then v2/2b; a wall just behind that is not touched, one just before it is."""
    steps = np.minimum(np.arange(1, 60) * JERK * 0.1, FULL)
    speeds = np.maximum(20.0 - np.concatenate([[0.0], np.cumsum(steps * 0.1)]), 0.0)
    way = float(((speeds[:-1] + speeds[1:]) / 2 * 0.1).sum())
    assert way == pytest.approx(
        20.0 * 0.3 + 20.0**2 / (2 * FULL), abs=2.0
    )  # on average the build-up loses half of its 0.6 s
    walls = [Scenario(20.0, (Other(way + distance, 0.0),)) for distance in (-0.1, 0.1)]
    assert played(policy.full_rule, *walls).crash.tolist() == [True, False]


def test_a_vehicle_beside_is_passed_before_it_comes_in():
    """30 m/s past 10 m/s, 5 m ahead: passed after 13.6 m, 0.7 s; at 1 m/s across it is inside after 1.6 s."""
    fast, slow = (grid.cut_in(108, other, 5, 1.0) for other in (36, 100))
    assert played(policy.keeping_rule, fast, slow).crash.tolist() == [False, True]


def test_positions_of_a_braking_vehicle():
    """10 m/s, braking with 5 m/s2 from the first second on: stands after 3 s, 20 m further."""
    world = World([Scenario(0.0, (Other(30.0, 10.0, braking=5.0, brakes=1.0),))])
    for _step in range(50):
        world.move(np.zeros(1))
    around = world.others()
    assert around["gap"][0, 0] == pytest.approx(50.0)
    assert around["speed"][0, 0] == 0


def test_a_standing_vehicle_is_hidden_until_the_first_one_leaves():
    world = World([grid.cut_outs()["cut-out 60 1 2 1"]])
    seen = [0]
    while not world.done.all():
        seen.append(len(request(world.seen()).vehicles))
        world.move(np.zeros(1))
    assert seen[1] == 1
    assert seen.index(2) == pytest.approx(4, abs=1)  # 0.375 m at 1 m/s: the fourth step


@given(wish=st.lists(st.floats(-FULL, 3.0), min_size=5, max_size=30), speed=st.floats(1, 40))
@settings(max_examples=30, deadline=None)
def test_a_car_never_drives_backwards_and_builds_braking_up_within_the_jerk(wish, speed):
    world = World([Scenario(speed, (Other(500.0, 0.0),))])
    for acceleration in wish:
        before, way = world.own_acceleration[0], world.travelled[0]
        world.move(np.array([acceleration]))
        assert world.own_speed[0] >= 0
        assert world.travelled[0] >= way
        assert world.own_speed[0] == 0 or world.own_acceleration[0] >= before - JERK * 0.1 - 1e-9


# ---- drivers --------------------------------------------------------------------------------------------------------------


def test_the_human_waits_three_quarters_of_a_second():
    world, memory, wishes = World([Scenario(20.0, (Other(35.0, 0.0),))]), {}, []  # 1.75 s away: a risk at once
    for _step in range(12):
        wishes.append(float(drivers.human_rule(world.seen(), memory)[0]))
        world.move(np.array(wishes[-1:]))
    assert wishes[:8] == [-0.4] * 8
    assert wishes[8] == pytest.approx(-0.4 - JERK * 0.1)


def test_a_vehicle_that_stays_in_its_lane_alarms_nobody():
    steady = grid.cut_in(60, 40, 10, 0.0)
    for name, rule in (drivers.RULES | {"ours": policy.anticipating_rule}).items():
        assert played(rule, steady).hardest[0] == pytest.approx(0.0, abs=0.01), name


@pytest.mark.parametrize("name", PROJECT.builders())
def test_one_by_one_and_as_columns_are_the_same(name, tmp_path):
    few_cases, driver = some_cases(), method(name, tmp_path)
    many = AskMany(PROJECT, driver, None)
    many.begin([case.id for case in few_cases])
    together = PROJECT.play_many(few_cases, many)
    ask = Ask(PROJECT, driver, None)
    for case, outcome in zip(few_cases, together, strict=True):
        ask.begin(case.id)
        assert PROJECT.score(case, PROJECT.play(case, ask)) == pytest.approx(PROJECT.score(case, outcome)), case.id


def test_settled_cases_set_aside_change_nothing():
    scenarios = list(SOME.values())
    world, memory = World(scenarios), {}
    while not world.done.all():
        world.move(drivers.fuzzy_rule(world.seen(), memory))
    assert simulate(scenarios, drivers.fuzzy_rule).played() == world.played()


def test_a_request_survives_its_columns():
    asked = Request(own_speed=20, vehicles=[Vehicle(gap=12, speed=10, offset=3.5, drift=-0.5)])
    assert request(columns(asked)) == asked


# ---- our policy -----------------------------------------------------------------------------------------------------------


def test_the_policy_crashes_only_where_a_car_that_may_only_brake_must():
    """The bound: neither the hindmost place (full braking at once) nor the foremost (no braking) is free."""
    scenarios = [grid.cut_in(*values) for number, values in enumerate(grid.cut_ins().values()) if number % 61 == 0]
    must = simulate(scenarios, policy.full_rule).crash & simulate(scenarios, policy.keeping_rule).crash
    ours = simulate(scenarios, policy.anticipating_rule)
    assert must.any()
    assert (ours.crash == must).all()


@given(
    own=st.floats(20, 130), slower=st.floats(0.1, 0.95), gap=st.floats(1, 119), lateral=st.floats(0.05, 2.0),
)  # fmt: skip
@settings(max_examples=25, deadline=None)
def test_the_policy_brakes_softly_where_nothing_is_needed_and_never_makes_a_crash(own, slower, gap, lateral):
    scenario = grid.cut_in(own, own * slower, gap, lateral)
    if played(policy.keeping_rule, scenario).crash[0]:
        return
    ours = played(policy.anticipating_rule, scenario)
    assert not ours.crash[0]
    assert ours.hardest[0] <= cases.HARD


def test_what_a_policy_gets_wrong_is_braked_by_the_human_driver(tmp_path):
    """A policy that breaks down, declines, or says what no car can do: the practice takes over with its memory, and it is counted."""
    human = method("human_driver", tmp_path)

    def fails(answer):
        step = iter(range(10_000))
        return lambda _request: answer() if next(step) >= 3 else {"acceleration": 0.0}

    def breaks():
        raise RuntimeError("no answer")

    case = next(case for case in some_cases() if case.truth.human_avoids and not case.truth.safe_alone)
    for answer, cause in (
        (breaks, "crashed"), (lambda: None, "declined"), (lambda: {"acceleration": float("nan")}, "invalid"),
        (lambda: {"acceleration": -50.0}, "invalid"), (lambda: "brake!", "invalid"),
    ):  # fmt: skip
        ask = Ask(PROJECT, fails(answer), human)
        ask.begin(case.id)
        assert not PROJECT.play(case, ask).crash
        assert ask.cause == cause
