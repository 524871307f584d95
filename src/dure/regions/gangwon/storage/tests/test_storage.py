"""The battery's physics, the programme, the calendar, the tariff: truths of the trade by hand, and properties that always hold."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from dure import Case, UserError
from dure.datasets.data import Data
from dure.project.case import Work
from dure.project.loader import load
from dure.regions.gangwon.storage import homes as homes_module
from dure.regions.gangwon.storage import month as month_module
from dure.regions.gangwon.storage.battery import Battery, Point, power_at
from dure.regions.gangwon.storage.cases import months, rounds
from dure.regions.gangwon.storage.dates import dated
from dure.regions.gangwon.storage.forecast import fitted
from dure.regions.gangwon.storage.forms import AHEAD, Request, Response, Settings, Why
from dure.regions.gangwon.storage.homes import homes
from dure.regions.gangwon.storage.inverter import settle
from dure.regions.gangwon.storage.methods import rolling_mpc, ways
from dure.regions.gangwon.storage.month import play, score
from dure.regions.gangwon.storage.programme import Programme, least
from dure.regions.gangwon.storage.remarks import remarks
from dure.regions.gangwon.storage.tariff import read, tariff
from dure.regions.gangwon.storage.truth import Truth, bill
from dure.trial.ask import Ask

PROJECT = load("gangwon.storage")
RULE = Why(reason="a rule")
NOON = datetime.fromisoformat("2023-06-01T12:00")
EMPTY_HISTORY = pl.DataFrame(
    schema={"site": pl.String, "time": pl.Datetime("us"), "load": pl.Float64, "sun": pl.Float64}
)
SLOW = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


def battery(**changes: object) -> Battery:
    return Battery(**{"capacity": 10.0, "power": 5.0, "efficiency": 0.81, **changes})


def request_of(**changes: object) -> Request:
    plain = {"capacity": 10.0, "power": 5.0, "efficiency": 0.81, "time": NOON, "charge": 5.0, "buy": [100.0] * 24, "sell": [0.0] * 24,
             "load": [1.0] * 336, "sun": [0.0] * 336}  # fmt: skip
    return Request(**{**plain, **changes})


def controller(tmp_path: Path) -> object:
    return rolling_mpc(EMPTY_HISTORY, 0, Work(folder=tmp_path))


# ---- physics ---------------------------------------------------------------------------------------------------------------


def test_a_round_loses_its_efficiency_once() -> None:
    """4 kWh in at 81 % a round: 3.6 are stored, 3.24 come out. Multiplying by the efficiency both ways would give 2.92 or create energy."""
    all_of_it = Response(cover=5, store=5, why=RULE)
    filled = settle(battery(), 0.0, all_of_it, -4.0)
    assert (filled.into, filled.charge) == (4.0, pytest.approx(3.6))
    emptied = settle(battery(), filled.charge, all_of_it, 5.0)
    assert emptied.out == pytest.approx(3.24)
    assert emptied.charge == pytest.approx(0.0)
    assert emptied.grid(5.0) == pytest.approx(1.76)


def test_the_inverter_follows_the_house_inside_its_bounds() -> None:
    bounds = Response(cover=1, store=0, why=RULE)
    assert settle(battery(), 5.0, bounds, 3.0).out == 1.0
    assert settle(battery(), 5.0, bounds, -3.0).into == 0.0
    assert settle(battery(), 5.0, Response(cover=0, store=0, from_grid=2, why=RULE), 3.0).grid(3.0) == 5.0
    assert settle(battery(), 5.0, Response(cover=0, store=0, from_grid=4, at_most=4, why=RULE), 3.0).grid(
        3.0
    ) == pytest.approx(4.0)
    assert settle(battery(), 5.0, Response(cover=0, store=0, at_most=2, why=RULE), 3.0).grid(3.0) == pytest.approx(2.0)


def test_power_falls_near_full_and_the_plan_knows() -> None:
    curve = [Point(charge=0), Point(charge=0.8), Point(charge=1, charging=0.2)]
    assert power_at(battery(curve=curve), 9.0)[0] == pytest.approx(3.0)
    plan = Programme(battery(curve=curve), 2).solve(
        9.0, np.array([[-5.0, 5.0]]), np.array([100.0, 100.0]), np.zeros(2), last=50.0
    )
    assert plan.into[0, 0] == pytest.approx(1 / 0.9)  # room for 1 kWh
    plan = Programme(battery(curve=curve), 2).solve(
        8.5, np.array([[-9.0, 5.0]]), np.array([100.0, 100.0]), np.zeros(2), last=50.0
    )
    assert plan.into[0, 0] == pytest.approx(1.5 / 0.9)
    with pytest.raises(ValidationError, match="curve"):
        battery(curve=[Point(charge=0, charging=1), Point(charge=0.5, charging=0.2), Point(charge=1, charging=1)])


# ---- the programme -----------------------------------------------------------------------------------------------------------


def test_two_hours_by_hand() -> None:
    """Empty, 100 then 300 won, 1 kWh needed later: 1 / 0.81 kWh are bought at 100."""
    plan = Programme(battery(), 2).solve(0.0, np.array([[0.0, 1.0]]), np.array([100.0, 300.0]), np.zeros(2), last=0.0)
    assert plan.cost == pytest.approx(100 / 0.81, rel=1e-4)
    assert plan.worth == pytest.approx(100 / 0.9, rel=1e-4)  # what storing one more would have cost


def test_two_ways_are_hedged_by_hand() -> None:
    """A kWh bought at 100 saves 300 in one way of two and nothing in the other: 150 a kWh out, 150 x 0.81 > 100, so it is bought."""
    needs = np.array([[0.0, 1.0], [0.0, 0.0]])
    plan = Programme(battery(), 2, 2).solve(0.0, needs, np.array([100.0, 300.0]), np.zeros(2), last=0.0)
    assert plan.into[0, 0] == pytest.approx(1 / 0.81)
    dearer = Programme(battery(), 2, 2).solve(0.0, needs, np.array([130.0, 300.0]), np.zeros(2), last=0.0)
    assert dearer.into[0, 0] == pytest.approx(0.0)


def test_the_peak_is_shaved_by_hand() -> None:
    """Needs 1, 5, 1 at one price, 2 kWh stored: charged to x in the first hour, 5 - 0.9 (2 + 0.9 (x - 1)) = x, so x = 4.01 / 1.81."""
    plan = Programme(battery(), 3, peaked=True).solve(
        2.0, np.array([[1.0, 5.0, 1.0]]), np.full(3, 100.0), np.zeros(3), last=100.0, demand=1000.0
    )
    assert plan.peak == pytest.approx(4.01 / 1.81)


def test_on_a_tie_the_battery_comes_before_the_grid(tmp_path: Path) -> None:
    answer = controller(tmp_path)(request_of(charge=2.0))  # one price all day, charge for two of 24 hours
    assert answer.cover >= 1.0


def test_below_the_floor_it_is_back_within_a_day() -> None:
    low = least(battery(reserve=0.5), 1.0, 36)
    assert low[0] == 1.0
    assert low[23] == 5.0
    assert least(battery(), 1.0, 5).tolist() == [0.0] * 5


def test_start_outside_the_limits_is_planned_back_inside(tmp_path: Path) -> None:
    answer = controller(tmp_path)(request_of(charge=1.0, reserve=0.5))
    assert answer.plan[-1].charge == pytest.approx(5.0, abs=1e-4)
    assert settle(battery(reserve=0.5), 1.0, Response(cover=5, store=5, why=RULE), 3.0).out == 0.0
    above = controller(tmp_path)(request_of(charge=9.5, charge_max=0.8))
    assert max(step.charge for step in above.plan) <= 9.5 + 1e-4


def test_the_target_is_there_at_its_hour(tmp_path: Path) -> None:
    answer = controller(tmp_path)(request_of(charge=0.0, target=0.9, target_hours=6))
    assert answer.plan[5].charge >= 9.0 - 1e-4


def test_a_band_from_elsewhere_becomes_ways(tmp_path: Path) -> None:
    """Ways spread from the band's lower edge to its upper one, the brightest past day with the upper."""
    past = np.tile(np.maximum(0, np.sin((np.arange(24) - 6) / 12 * np.pi)), 14) * np.repeat(np.linspace(0.2, 1, 14), 24)
    band = {"sun_ahead": [2.0] * 6, "sun_low": [1.0] * 6, "sun_high": [3.0] * 6}
    load, sun = ways(fitted(EMPTY_HISTORY, tmp_path / "forecast.npz"), request_of(sun=past.tolist(), **band))
    assert sun[:, 0].min() == pytest.approx(1.0)
    assert sun[:, 0].max() == pytest.approx(3.0)
    assert np.argmax(sun[:, 0]) == 6  # yesterday was the brightest
    assert load.shape == sun.shape == (7, AHEAD)


# ---- what cannot be kept is said ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"charge_min": 0.8, "charge_max": 0.5}, ("charge_min 0.8", "charge_max 0.5")),
        ({"reserve": 0.95, "charge_max": 0.9}, ("0.95", "charge_max 0.9")),
        ({"target": 0.95, "target_hours": 5, "charge_max": 0.9}, ("target 0.95", "charge_max 0.9")),
        ({"charge": 0.0, "target": 0.9, "target_hours": 1}, ("target 0.9", "5 kW", "4.50", "2")),
        ({"target": 0.5, "target_hours": 30}, ("30", "24")),
        ({"charge": 11.0}, ("charge 11", "10 kWh")),
        ({"sell": [150.0] * 24}, ("sell 150", "buy 100")),
        ({"sun": [0.0]}, ("336", "1")),
    ],
)
def test_clashing_limits_are_named(changes: dict[str, object], named: tuple[str, ...]) -> None:
    with pytest.raises(ValidationError) as refused:
        request_of(**changes)
    for word in named:
        assert word in str(refused.value)


# ---- properties --------------------------------------------------------------------------------------------------------------


def truth_of(
    storage: Battery, *, start: float, seed: int = 0, hours: int = 30, demand: float = 0.0, sold_at: float = 0.0
) -> Truth:
    """Some hours of a made home and tariff, after three days of past; `start` is a share of the capacity."""
    past, chance = 72, np.random.default_rng(seed)
    buy = chance.choice([0.0, 80.0, 170.0, 260.0], hours + AHEAD)
    costs = replace(tariff("kepco-jeju"), demand=demand, fixed=0.0)
    return Truth(
        battery=storage, first=NOON, past_load=chance.gamma(1, 1, past), past_sun=chance.gamma(1, 1, past),
        load=chance.gamma(0.5, 3, hours), sun=chance.gamma(0.5, 3, hours) * (np.arange(hours) % 24 < 9),
        buy=buy, sell=np.minimum(buy, sold_at), carbon=np.ones(hours), tariff=costs,
        start=start * storage.capacity, left_worth=80.0,
    )  # fmt: skip


@st.composite
def weeks(draw: st.DrawFn) -> Truth:
    """More than a day of a random home, battery and tariff."""
    seed = draw(st.integers(0, 2**32 - 1))
    storage = Battery(
        capacity=draw(st.floats(0.5, 30)), power=draw(st.floats(0.2, 20)), efficiency=draw(st.floats(0.5, 1)),
        charge_min=draw(st.floats(0, 0.4)), charge_max=draw(st.floats(0.5, 1)),
        reserve=draw(st.floats(0, 0.5)), cycle_cost=draw(st.sampled_from([0.0, 30.0])),
        curve=draw(st.sampled_from([[], [Point(charge=0, discharging=0.3), Point(charge=0.3), Point(charge=0.8), Point(charge=1, charging=0.1)]])),
    )  # fmt: skip
    demand, sold_at = draw(st.sampled_from([0.0, 5000.0])), draw(st.sampled_from([0.0, 110.0, 1e9]))
    return truth_of(storage, start=draw(st.floats(0, 1)), seed=seed, demand=demand, sold_at=sold_at)


# From far below its reserve a weak battery is not back within a day but at a loss: it may stay where it is, as the rule leaves it.
BELOW_THE_FLOOR = truth_of(Battery(capacity=9.0, power=0.25, efficiency=1.0, reserve=0.5), start=0.0)


def test_perfect_foresight_may_leave_the_battery_below_its_floor() -> None:
    """4 kWh below the floor, at 260 won bought and 80 won left: not to come back is best, and then there is nothing to give."""
    dear = replace(BELOW_THE_FLOOR, buy=np.full(54, 260.0), sun=np.zeros(30))
    assert dear.best[0] == pytest.approx(dear.none, abs=1e-3)


def test_perfect_foresight_comes_back_where_that_pays_by_hand() -> None:
    """Empty, floor 1 kWh: 3 kWh bought at 80 in three hours, 2 of them used at 260, the third one worth 80 at the end."""
    short = Battery(capacity=10.0, power=1.0, efficiency=1.0, reserve=0.1)
    truth = replace(
        truth_of(short, start=0.0, hours=5), load=np.array([0.0, 0.0, 0.0, 1.0, 1.0]), sun=np.zeros(5),
        buy=np.array([80.0] * 3 + [260.0] * 26),
    )  # fmt: skip
    assert truth.best[0] == pytest.approx(2 * 80, abs=1e-3)
    assert truth.best[2].tolist() == pytest.approx([1, 2, 3, 2, 1], abs=1e-4)


@SLOW
@given(weeks(), st.sampled_from(list(PROJECT.builders())))
@example(BELOW_THE_FLOOR, "self_consumption")
def test_no_step_creates_energy_or_leaves_the_limits(truth: Truth, name: str) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        method = PROJECT.builders()[name](EMPTY_HISTORY, 0, Work(folder=Path(folder)))
        ask = Ask(PROJECT, method, None)
        ask.begin("case")
        outcome = play(Case("case", None, truth), ask)
    storage, eta = truth.battery, truth.battery.one_way
    before = np.concatenate([[truth.start], outcome.charge[:-1]])
    into, out = np.maximum(-outcome.battery, 0), np.maximum(outcome.battery, 0)
    assert np.allclose(outcome.charge - before, eta * into - out / eta, atol=1e-7)
    assert np.allclose(outcome.grid, truth.need - outcome.battery, atol=1e-9)
    # what left can never be more than what came, less the losses
    assert out.sum() <= storage.efficiency * into.sum() + eta * max(0.0, truth.start - outcome.charge[-1]) + 1e-6
    powers = np.array([power_at(storage, charge) for charge in before])
    assert (into <= powers[:, 0] + 1e-7).all()
    assert (out <= powers[:, 1] + 1e-7).all()
    assert (outcome.charge >= np.minimum(storage.floor, before) - 1e-7).all()
    assert (outcome.charge <= np.maximum(storage.ceiling, before) + 1e-7).all()
    assert (
        truth.best[0] <= bill(truth, outcome.grid, float(outcome.charge[-1]), out.sum()) + 0.05
    )  # a solver's tolerance


# ---- calendar ------------------------------------------------------------------------------------------------------------------


def published(first: date = date(2022, 8, 1), days: int = 365) -> pl.DataFrame:
    """A year in the published layout, row by row as its files are: the first row is the midnight before `first`."""
    rows = [{"month": 7, "hour": 24, "day_type": 7}]
    for n in range(days):
        day = first + timedelta(days=n)
        last = 23 if n == days - 1 else 24
        rows += [{"month": day.month, "hour": hour, "day_type": day.isoweekday()} for hour in range(1, last + 1)]
    chance = np.random.default_rng(1)
    hour = np.array([row["hour"] for row in rows])
    sun = np.maximum(0, 900 * np.sin((hour - 6) / 12 * np.pi)) * chance.uniform(0.3, 1, len(rows))
    return pl.DataFrame(rows).with_columns(
        pl.Series("non_shiftable_load", chance.gamma(2, 0.5, len(rows))), pl.Series("solar_generation", sun)
    )


def test_the_first_row_is_the_midnight_before() -> None:
    frame, dropped = dated(published(), "home-1")
    assert frame["time"][0] == datetime.fromisoformat("2022-07-31T23:00")
    assert frame["time"][1] == datetime.fromisoformat("2022-08-01T00:00")
    assert frame["time"].diff().drop_nulls().unique().to_list() == [timedelta(hours=1)]
    assert dropped == 0


def test_a_rotated_start_and_missing_months_keep_their_calendar() -> None:
    year = published()
    january = year.with_row_index().filter(pl.col("month") == 1)["index"][0]
    turned, _dropped = dated(pl.concat([year[january:], year[:january]]), "home-1")
    assert (turned["time"][0].month, turned["time"][0].day, turned["time"][0].hour) == (1, 1, 0)
    assert turned["time"].diff().drop_nulls().unique().to_list() == [timedelta(hours=1)]
    by_month = pl.concat([year.filter(pl.col("month") == month) for month in (3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 1, 2)])
    from_march, dropped = dated(by_month, "home-1")
    assert from_march["time"].is_sorted()
    assert dropped <= 24
    nine, dropped = dated(year.filter(~pl.col("month").is_in([11, 12, 1])), "home-1")
    assert dropped == 0
    assert set(nine["time"].dt.month()) == {7, 8, 9, 10, 2, 3, 4, 5, 6}
    with pytest.raises(UserError, match="13"):
        dated(year.with_columns(pl.lit(13).alias("month")), "home-1")


@pytest.fixture
def one_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Data:
    """A project's data of one home in the published layout, with a made series of carbon: no mirror is needed."""
    published().write_csv(tmp_path / "home-1.csv")
    pl.DataFrame({"carbon_intensity": [0.2] * 8760}).write_csv(tmp_path / "carbon.csv")
    schema = {"buildings": {"Building_1": {"pv": {"attributes": {"nominal_power": 4.0}},
              "electrical_storage": {"attributes": {"capacity": 6.4, "nominal_power": 5.0, "efficiency": 0.9}}}}}  # fmt: skip
    (tmp_path / "schema.json").write_text(json.dumps(schema), encoding="utf-8")
    monkeypatch.setattr(homes_module, "HOMES", ("home-1",))
    files = {
        name: tmp_path / file
        for name, file in (("home-1", "home-1.csv"), ("carbon", "carbon.csv"), ("schema", "schema.json"))
    }
    return Data(PROJECT.sources, PROJECT.folder, own=files, settings=Settings())


def test_rounds_come_from_the_data(one_home: Data) -> None:
    trial_rounds = list(rounds(one_home))
    assert [trial_round.sealed for trial_round in trial_rounds] == [False] * 5 + [True] * 6
    for trial_round in trial_rounds:
        first = trial_round.cases[0].time
        assert first is not None
        assert trial_round.history["time"].max() < first
        assert trial_round.cases[0].truth.past_load.size == 336
    (home,) = homes(one_home)
    assert home.frame["sun"].max() == pytest.approx(3.6, abs=0.1)  # 900 W per kW, 4 kW of panels
    assert len(months(home)) == 12


def test_nine_months_and_a_gap_still_play(one_home: Data, tmp_path: Path) -> None:
    published().filter(~pl.col("month").is_in([11, 12, 1])).write_csv(tmp_path / "home-1.csv")
    trial_rounds = list(rounds(one_home))
    assert [trial_round.name[-2:] for trial_round in trial_rounds] == ["09", "10", "02", "03", "04", "05", "06", "07"]
    assert sum(trial_round.sealed for trial_round in trial_rounds) == 4
    assert trial_rounds[2].cases[0].truth.past_load.size == 0  # nothing is known right before February


def test_one_month_is_too_few(one_home: Data, tmp_path: Path) -> None:
    published().filter(pl.col("month") == 9).write_csv(tmp_path / "home-1.csv")
    with pytest.raises(UserError, match="1"):
        list(rounds(one_home))


def test_a_method_hears_nothing_of_the_future(one_home: Data) -> None:
    """Two months alike until an hour and different after it: the request of that hour is the same."""
    truth = next(iter(rounds(one_home))).cases[0].truth
    other = replace(truth, load=np.concatenate([truth.load[:200], truth.load[200:] * 3]), sun=truth.sun.copy())
    requests: list[list[str]] = []
    for month in (truth, other):
        requests.append([])

        def ask(request: Request) -> Response:
            requests[-1].append(request.model_dump_json())
            return Response(cover=5, store=5, why=RULE)

        play(Case("case", None, month), ask)
    assert requests[0][:201] == requests[1][:201]
    assert requests[0][201] != requests[1][201]


def test_the_sums_and_a_step_in_time(one_home: Data, tmp_path: Path) -> None:
    import time

    trial_round = list(rounds(one_home))[1]
    month = trial_round.cases[0].truth
    case = Case("case", None, replace(month, load=month.load[:48], sun=month.sun[:48], carbon=month.carbon[:48]))
    seconds = []
    for name, builder in PROJECT.builders().items():
        ask = Ask(PROJECT, builder(trial_round.history, 0, Work(folder=tmp_path)), None)
        ask.begin("case")
        started = time.perf_counter()
        sums = score(case, play(case, ask))
        seconds.append((time.perf_counter() - started) / 48)
        assert sums["best"] <= sums["cost"] + 0.05
        assert sums["best"] <= sums["best_0_5"]  # a larger battery costs no more to run
        if name == "self_consumption":
            assert sums["cost"] == pytest.approx(sums["rule"])
    assert max(seconds) < 0.1


# ---- tariff ----------------------------------------------------------------------------------------------------------------------


def test_the_tariff_by_hand() -> None:
    """Jeju, June: 21:00 is a peak hour, 220.5 + 14 for adders, with 12.7 % of taxes; 22:00 is a light one."""
    jeju = tariff("kepco-jeju")
    night, evening = jeju.buys([datetime.fromisoformat("2024-06-03T22:00"), datetime.fromisoformat("2024-06-03T21:00")])
    assert evening == pytest.approx((220.5 + 14) * 1.127)
    assert night == pytest.approx((138.7 + 14) * 1.127)
    works = tariff("kepco-industrial")
    saturday, sunday = works.buys(
        [datetime.fromisoformat("2024-06-01T14:00"), datetime.fromisoformat("2024-06-02T14:00")]
    )
    assert saturday == pytest.approx((121.5 + 14) * 1.127)
    assert sunday == pytest.approx((95.7 + 14) * 1.127)
    with pytest.raises(UserError, match="kepco-jeju"):
        tariff("kepco-jeju2")


def test_a_broken_tariff_names_its_file(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text('title = { ko = "a", en = "a" }\n', encoding="utf-8")
    with pytest.raises(UserError, match=r"mine\.toml"):
        read(tmp_path / "mine.toml")


# ---- the chain and one's own files ---------------------------------------------------------------------------------------------


def answers(
    tmp_path: Path, home: str = "home-1", site: str | None = None, first: str = "2019-09-01", days: int = 400
) -> Path:
    """Answers as honam.solar keeps them, in a year of its own."""
    begin = datetime.fromisoformat(first)
    power = json.dumps({"power": [[0.01 * level * (hour % 24 > 8) for level in range(1, 20)] for hour in range(48)]})
    rows = [
        {"seed": 0, "round": "r", "site": home if site is None else site, "case": f"{home} {n}", "time": (begin + timedelta(days=n)).isoformat(), "method": method, "answer": power}
        for method in ("persistence", "boosting") for n in range(days)
    ]  # fmt: skip
    pl.DataFrame(rows).write_parquet(tmp_path / "answers.parquet")
    return tmp_path / "answers.parquet"


def test_another_projects_forecast_is_used_from_its_midnight(one_home: Data, tmp_path: Path) -> None:
    one_home.own = {**one_home.own, "pv-forecast": answers(tmp_path)}
    trial_rounds = list(rounds(one_home))
    truth = trial_rounds[0].cases[0].truth
    request_at_ten = month_module.request(truth, 10, 1.0, 0.0, [], [])
    assert request_at_ten.sun_ahead[0] == pytest.approx(0.1 * 4)  # the median of 0.01 to 0.19 kW per kW, times 4 kW
    assert len(request_at_ten.sun_ahead) == 38
    assert request_at_ten.sun_low[0] < request_at_ten.sun_ahead[0] < request_at_ten.sun_high[0]
    one_home.own = {**one_home.own, "pv-forecast": answers(tmp_path, site="")}  # a project of one sky has no sites
    same = next(iter(rounds(one_home))).cases[0].truth
    assert same.sun_ahead == truth.sun_ahead
    one_home.settings = Settings(pv_method="boostin")
    with pytest.raises(UserError, match="boosting"):
        list(rounds(one_home))


def test_months_without_a_forecast_are_left_out_and_said(one_home: Data, tmp_path: Path) -> None:
    one_home.own = {**one_home.own, "pv-forecast": answers(tmp_path, days=100)}
    assert [trial_round.name[-2:] for trial_round in rounds(one_home)] == ["09", "10", "11"]
    assert "2022-12" in " ".join(remarks(one_home)["home-1"])
    one_home.own = {**one_home.own, "pv-forecast": answers(tmp_path, "home-11")}
    with pytest.raises(UserError, match="home-11"):
        list(rounds(one_home))


def test_a_home_with_years_is_not_given_the_forecast_of_another_year(one_home: Data, tmp_path: Path) -> None:
    begin = datetime.fromisoformat("2022-08-01T00:00")
    rows = [f"{begin + timedelta(hours=n):%Y-%m-%d %H:%M},0.5,{0.3 * (9 < n % 24 < 15)}" for n in range(24 * 92)]
    path = tmp_path / "farmhouse.csv"
    path.write_text("time,load,generation\n" + "\n".join(rows) + "\n", encoding="utf-8")
    one_home.own = {**one_home.own, "homes": path, "pv-forecast": answers(tmp_path, "farmhouse")}
    one_home.settings, one_home.confirm = Settings(panels=4.0), lambda _proposal: True
    assert not list(rounds(one_home))  # the forecasts are of 2019 and 2020
    one_home.own = {**one_home.own, "pv-forecast": answers(tmp_path, "farmhouse", first="2022-08-15")}
    assert [trial_round.name for trial_round in rounds(one_home)] == ["2022-09", "2022-10"]


def test_ones_own_sheet_is_answered_and_kept(tmp_path: Path) -> None:
    begin = datetime.fromisoformat("2024-01-10T00:00")
    rows = [
        f"{begin + timedelta(minutes=15 * n)},{0.2 + 0.1 * (n % 7)},{0.3 if 36 < n % 96 < 60 else 0}"
        for n in range(96 * 5)
    ]
    path = tmp_path / "우리집.csv"
    path.write_text("일시,전력사용량(kWh),발전량(kWh)\n" + "\n".join(rows) + "\n", encoding="utf-8")
    assert PROJECT.opens is not None
    assert PROJECT.says is not None
    opened = PROJECT.opens([path], {"charge": "2", "capacity": "10"})
    request = opened.request
    assert request.time == datetime.fromisoformat("2024-01-15T00:00")
    assert len(request.load) == 120  # quarter hours are added up
    assert request.capacity == 10
    answer = PROJECT.response.model_validate(controller(tmp_path)(request))
    assert PROJECT.says(request, answer).count("\n") >= 2
    for ending, save in PROJECT.saves.items():
        save(request, answer, tmp_path / f"plan{ending}")
        assert (tmp_path / f"plan{ending}").stat().st_size > 500
    assert PROJECT.figure is not None
    assert PROJECT.figure(request, {"rolling_mpc": answer}, None).to_dict()
    (tmp_path / "bad.csv").write_text("일시,온도\n2024-01-01 00:00,3\n2024-01-01 01:00,4\n", encoding="utf-8")
    with pytest.raises(UserError):
        PROJECT.opens([tmp_path / "bad.csv"], {})
