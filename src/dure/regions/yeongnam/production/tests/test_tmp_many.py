"""The production project on tiny shops whose best plan is known by hand, on random shops, and on broken plans."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from dure import Data, Invalid, Own, Work
from dure.errors import refusal
from dure.manifest import load
from dure.words import in_each

pytest.importorskip("ortools", reason="the solver needs the extra dure[production]")

HERE = Path(__file__).parent
PROJECT = load(HERE.parent)
INSTANCES = replace(PROJECT.sources[0], origin=Own("FisherThompson6x6.json"), sha256="")
BUILDERS = PROJECT.builders()


def method(name, budget=0.2):
    return BUILDERS[name]((), 0, Work(folder=HERE, budget=budget))


RULE, MODEL = method("best_rule"), method("cp_sat")


def shop(name):
    return PROJECT.request.model_validate_json((HERE / f"{name}.json").read_text(encoding="utf-8"))


def plan(*rows):
    keys = ("job", "operation", "machine", "start", "end")
    return PROJECT.response(operations=[dict(zip(keys, row, strict=True)) for row in rows])


def makespan(response):
    return max(each.end for each in response.operations)


def late(request, response):
    ends = {(each.job, each.operation): each.end for each in response.operations}
    dues = [(job, ends[job.name, len(job.operations)]) for job in request.jobs if job.due is not None]
    return sum(job.weight * max(0, end - job.due) for job, end in dues)


# ---- answers known by hand ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "best"),
    [
        ("TwoJobsOneMachine", 5),
        ("MachineClosedOverLunch", 8),  # A and C before lunch, B after it
        ("SetUpBetweenColours", 7),  # blue first: the set-up to red takes one minute
        ("PinInTheMiddle", 9),  # one of B and C before the pin, which stays at 4, the other after it
        ("SlowAndFastMachine", 5),  # both on the new one
    ],
)
def test_the_shortest_plan_is_found_and_proved(name, best):
    request = shop(name)
    found = MODEL(request)
    PROJECT.check(request, found)
    assert (makespan(found), found.makespan, found.lower_bound) == (best, best, best)


def test_a_rule_that_never_waits_makes_the_rush_order_late_and_the_model_does_not():
    request = shop("RushOrderComesLater")
    assert late(request, RULE(request)) == 5 * 9  # the saw takes the long job at minute 0, rush ends at 12
    found = MODEL(request)
    PROJECT.check(request, found)
    assert (late(request, found), found.lower_bound) == (0, 0)


def test_what_is_pinned_stays_and_a_pin_is_declined_where_nothing_can_meet_it():
    request = shop("PinInTheMiddle")
    for answer in (RULE(request), MODEL(request)):
        pinned = next(each for each in answer.operations if (each.job, each.operation) == ("A", 2))
        assert (pinned.machine, pinned.start) == ("saw", 4)
    blocked = request.model_dump()
    blocked["closed"] = [{"machine": "mill", "start": 0, "end": 3}]
    assert RULE(PROJECT.request(**blocked)) is None
    assert MODEL(PROJECT.request(**blocked)) is None


def fisher_thompson():
    opened = PROJECT.rounds(Data((INSTANCES,), HERE))
    return next(case for turn in opened for case in turn.cases)


def test_the_oldest_instance_is_solved_and_the_same_seed_gives_the_same_plan():
    case = fisher_thompson()
    first, again = MODEL(case.request), MODEL(case.request)
    assert first == again
    assert PROJECT.score(case, first) == {"gap": 0.0, "makespan": 55}
    assert first.lower_bound == 55
    assert PROJECT.score(case, RULE(case.request))["gap"] > 0


def test_ids_and_requests_do_not_hold_the_best_known():
    case = fisher_thompson()
    assert "55" not in case.id
    assert set(case.truth) == {"best_known", "lower_bound"}


def test_open_and_sealed_families_are_apart():
    turns = list(PROJECT.rounds(Data((INSTANCES,), HERE)))
    assert [turn.sealed for turn in turns] == sorted(turn.sealed for turn in turns)
    assert len({turn.name for turn in turns}) == len(turns)
    assert all(turn.history == () for turn in turns)


# ---- random shops -------------------------------------------------------------------------------------------------------

MACHINES = ("M1", "M2", "M3")


@st.composite
def shops(draw):
    machines = MACHINES[: draw(st.integers(1, 3))]
    minutes = st.integers(0, 9)
    operation = st.fixed_dictionaries(
        {
            "machines": st.dictionaries(st.sampled_from(machines), minutes, min_size=1),
            "family": st.sampled_from(("a", "b")),
        }
    )
    jobs = []
    for number in range(draw(st.integers(1, 5))):
        job = {"name": f"J{number}", "operations": draw(st.lists(operation, min_size=1, max_size=4))}
        job |= {
            "release": draw(st.integers(0, 10)),
            "due": draw(st.none() | st.integers(-5, 40)),
            "weight": draw(st.integers(0, 3)),
        }
        jobs.append(job)
    known = sorted({each["family"] for job in jobs for each in job["operations"]})
    pairs = [(before, after) for before in known for after in known if before != after]
    set_ups = [{"before": b, "after": a, "minutes": draw(st.integers(0, 6))} for b, a in pairs if draw(st.booleans())]
    closed = [
        {
            "machine": draw(st.sampled_from(machines)),
            "start": (start := draw(st.integers(0, 30))),
            "end": start + draw(st.integers(1, 9)),
        }
        for _ in range(draw(st.integers(0, 4)))
    ]
    goal = draw(st.sampled_from(("makespan", "weighted tardiness")))
    request = {"machines": list(machines), "jobs": jobs, "set_ups": set_ups, "closed": closed, "objective": goal}
    return PROJECT.request(**pinned(draw, request))


def pinned(draw, request):
    """The shop with some operations kept where the rule puts them: a plan that is possible for sure."""
    if not draw(st.booleans()):
        return request
    placed = RULE(PROJECT.request(**request)).operations
    chosen = draw(st.lists(st.sampled_from(placed), max_size=3, unique_by=lambda each: (each.job, each.operation)))
    pins = [
        {"job": each.job, "operation": each.operation, "machine": each.machine, "start": each.start} for each in chosen
    ]
    try:
        PROJECT.request(**request, pins=pins)
    except ValidationError:  # the minutes between two pins are checked for a direct set-up only
        return request
    return {**request, "pins": pins}


@settings(max_examples=3000, deadline=None)
@given(shops())
def test_every_plan_keeps_the_rules_and_the_model_is_never_worse(request):
    quick = method("cp_sat", budget=0.02)
    rule, found = RULE(request), quick(request)
    goal = makespan if request.objective == "makespan" else lambda response: late(request, response)
    for each in (rule, found):
        if each is not None:
            PROJECT.check(request, each)
    if not request.pins:
        assert rule is not None
    if rule is not None:
        assert goal(found) <= goal(rule)
    assert PROJECT.request.model_validate_json(request.model_dump_json()) == request


# ---- the checker is broken on purpose -----------------------------------------------------------------------------------

GOOD = (("A", 1, "saw", 0, 3), ("B", 1, "saw", 3, 5))


@pytest.mark.parametrize(
    ("name", "rows", "said"),
    [
        ("TwoJobsOneMachine", GOOD[:1], "operation 1 of job B is not planned"),
        ("TwoJobsOneMachine", (*GOOD, GOOD[1]), "operation 1 of job B is planned twice"),
        ("TwoJobsOneMachine", (*GOOD, ("C", 1, "saw", 5, 6)), "operation 1 of job C was not asked for"),
        ("TwoJobsOneMachine", (GOOD[0], ("B", 1, "mill", 3, 5)), "operation 1 of job B cannot be done on mill"),
        ("TwoJobsOneMachine", (GOOD[0], ("B", 1, "saw", 3, 4)), "operation 1 of job B takes 2 min on saw, not 1"),
        ("TwoJobsOneMachine", (GOOD[0], ("B", 1, "saw", 2, 4)), "begins at 2 on saw, which is busy until 3 and needs 0 min"),
        ("MachineClosedOverLunch", (("A", 1, "saw", 0, 3), ("B", 1, "saw", 3, 5), ("C", 1, "saw", 6, 7)),
         "operation 1 of job B runs on saw while it is closed from 4 until 6"),
        ("SetUpBetweenColours", (("R", 1, "press", 0, 3), ("B", 1, "press", 4, 7)), "needs 5 min of set-up"),
        ("PinInTheMiddle", (("A", 1, "mill", 0, 2), ("A", 2, "saw", 3, 5), ("B", 1, "saw", 0, 3), ("C", 1, "saw", 5, 8)),
         "operation 2 of job A is pinned to saw at 4"),
        ("PinInTheMiddle", (("A", 1, "mill", 3, 5), ("A", 2, "saw", 4, 6), ("B", 1, "saw", 0, 3), ("C", 1, "saw", 6, 9)),
         "operation 2 of job A begins at 4, before its job is ready at 5"),
        ("RushOrderComesLater", (("rush", 1, "saw", 0, 2), ("long", 1, "saw", 2, 12)),
         "operation 1 of job rush begins at 0, before its job is ready at 1"),
    ],
)  # fmt: skip
def test_a_broken_plan_is_refused_with_its_reason(name, rows, said):
    with pytest.raises(Invalid, match=said):
        PROJECT.check(shop(name), plan(*rows))


@pytest.mark.parametrize(
    ("more", "said"),
    [({"makespan": 4}, "the makespan is 5, not 4"), ({"lower_bound": 6}, "the lower bound 6 is above")],
)
def test_a_plan_that_says_something_untrue_of_itself_is_refused(more, said):
    with pytest.raises(Invalid, match=said):
        PROJECT.check(shop("TwoJobsOneMachine"), plan(*GOOD).model_copy(update=more))


# ---- bad input ----------------------------------------------------------------------------------------------------------


def refused(text):
    with pytest.raises(ValidationError) as raised:
        PROJECT.request.model_validate_json(text)
    return str(refusal(raised.value, where="request.json", names=("jobs", "machines", "operations", "minutes")))


def spoilt(name, change):
    request = json.loads((HERE / f"{name}.json").read_text(encoding="utf-8"))
    change(request)
    return refused(json.dumps(request))


def put(path, value):
    def change(request):
        *way, last = path
        for step in way:
            request = request[step]
        request[last] = value

    return change


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (("jobs",), [], "[jobs]: at least 1 entries are wanted, here are 0"),
        (("jobs",), "soon", "[jobs]: a list is wanted here, not soon"),
        (("job",), [], "[job]: there is no such field. Did you mean jobs?"),
        (("jobs", 0, "operations", 0, "machines", "saw"), -3, "[jobs[1].operations[1].machines.saw]: -3 is below 0"),
        (("jobs", 0, "operations", 0, "machines", "saw"), "long", "[jobs[1].operations[1].machines.saw]: long is not a whole number"),
        (("jobs", 0, "operations", 0, "machines", "saw"), float("nan"), "[jobs[1].operations[1].machines.saw]: nan is not a finite number"),
        (("jobs", 1, "operations", 0, "machines"), {"sow": 2}, "[jobs[2].operations[1].machines]: there is no machine called sow. Did you mean saw?"),
        (("jobs", 1, "name"), "A", "[jobs[2].name]: A is there twice (first as number 1)"),
        (("machines",), ["saw", "saw"], "[machines[2]]: saw is there twice (first as number 1)"),
        (("closed",), [{"machine": "saw", "start": 9, "end": 4}], "[closed[1].end]: closed from 9 until 4: the end is not after the start"),
        (("closed",), [{"machine": "saws", "start": 1, "end": 4}], "[closed[1].machine]: there is no machine called saws. Did you mean saw?"),
        (("set_ups",), [{"before": "", "after": "red", "minutes": 4}], "[set_ups[1].after]: no operation is of the family red"),
        (("pins",), [{"job": "AA", "operation": 1, "machine": "saw", "start": 0}], "[pins[1].job]: there is no job called AA. Did you mean A?"),
        (("pins",), [{"job": "A", "operation": 2, "machine": "saw", "start": 0}], "[pins[1].operation]: job A has 1 operations only"),
        (("pins",), [{"job": "A", "operation": 1, "machine": "saw", "start": 0}] * 2, "[pins[2].operation]: operation 1 of job A is pinned twice"),
        (("pins",), [{"job": job, "operation": 1, "machine": "saw", "start": 1} for job in "AB"],
         "saw is closed or taken then, or its set-up does not fit in"),
    ],
)  # fmt: skip
def test_a_wrong_request_is_one_clear_error(path, value, said):
    assert said in spoilt("TwoJobsOneMachine", put(path, value))


def test_a_pin_may_not_stand_in_closed_time():
    pins = put(("pins",), [{"job": "A", "operation": 1, "machine": "saw", "start": 2}])
    assert "[pins[1].start]: saw is closed or taken then" in spoilt("MachineClosedOverLunch", pins)


@pytest.mark.parametrize("text", ["", "jobs: A, B", "{", "[1, 2]", "null", '"jobs"'])
def test_what_is_no_request_at_all_is_refused(text):
    assert "request.json" in refused(text)


@pytest.mark.parametrize(
    "text",
    [
        '{"machines": ["saw"], "jobs": [' + ",".join(["{}"] * 3_000_000) + "]}",
        '{"machines": ["saw"], "jobs": [{"name": "A", "operations": ['
        + ",".join(['{"machines":{"saw":1}}'] * 450_000)
        + "]}]}",
        "x" * 10_000_000,
    ],
    ids=["empty jobs", "one endless job", "no JSON"],
)
def test_ten_megabytes_of_nonsense_are_refused(text):
    assert len(refused(text)) < 300


def test_messages_are_korean_for_a_korean_reader():
    change = put(("jobs", 1, "operations", 0, "machines"), {"sow": 2})
    assert "sow라는 기계가 없습니다" in in_each(lambda: spoilt("TwoJobsOneMachine", change))["ko"]


# ---- picture ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["SetUpBetweenColours", "MachineClosedOverLunch", "RushOrderComesLater"])
def test_the_chart_draws_in_both_languages(name):
    pytest.importorskip("altair", reason="charts need the extra dure[figures]")
    request = shop(name)
    answers = {"best_rule": RULE(request), "cp_sat": MODEL(request)}
    drawn = in_each(lambda: json.dumps(PROJECT.figure(request, answers, None, None).to_dict(), ensure_ascii=False))
    assert "today's practice" in drawn["en"]
    assert "현행" in drawn["ko"]
