"""The production project on tiny shops whose best plan is known by hand, on random shops, and on broken plans."""

import importlib
import json
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from dure import Invalid, Work
from dure.errors import refusal
from dure.i18n.texts import per_language
from dure.project.loader import load

pytest.importorskip("ortools", reason="the solver needs the extra dure[production]")

HERE = Path(__file__).parent
PROJECT = load(HERE.parent)
BUILDERS = PROJECT.builders()
# The project may be loaded under another name than its folder's: its modules are those beside it.
RULES, BOUNDS, SHOP, PLAN, DISPATCH = (
    importlib.import_module(f"{PROJECT.request.__module__.removesuffix('model.forms')}{name}")
    for name in ("solve.rules", "solve.bounds", "model.shop", "model.plan", "solve.dispatch")
)


def method(builder, budget=0.2):
    return builder((), 0, Work(folder=HERE, budget=budget))


RULE, RIVAL, MODEL = method(PROJECT.practice), method(BUILDERS["cp_sat"]), method(PROJECT.model)


def shop(name):
    return PROJECT.request.model_validate_json((HERE / f"{name}.json").read_text(encoding="utf-8"))


def plan(*rows):
    keys = ("job", "operation", "machine", "start", "end")
    return PROJECT.response(operations=[dict(zip(keys, row, strict=True)) for row in rows])


def makespan(response):
    return max(placed.end for placed in response.operations)


def late(request, response):
    ends = {(placed.job, placed.operation): placed.end for placed in response.operations}
    dues = [(job, ends[job.name, len(job.operations)]) for job in request.jobs if job.due is not None]
    return sum(job.weight * max(0, end - job.due) for job, end in dues)


def objective(request, response):
    cost = {
        "makespan": makespan(response),
        "weighted tardiness": late(request, response),
        "both": request.makespan_weight * makespan(response) + late(request, response),
    }
    return cost[request.objective] + request.move_weight * moved(request, response)


def moved(request, response):
    now = {(placed.job, placed.operation): (placed.machine, placed.start) for placed in response.operations}
    return sum(now[placed.job, placed.operation] != (placed.machine, placed.start) for placed in request.previous)


def starts(response):
    return {f"{placed.job}{placed.operation}": placed.start for placed in response.operations}


def lower_bound(request):
    return BOUNDS.lower_bound(SHOP.shop_of(request), SHOP.aim_of(request))


# ---- answers known by hand ----------------------------------------------------------------------------------------------

BEST = {
    "TwoJobsOneMachine": 5,
    "MachineClosedOverLunch": 8,  # A and C before lunch, B after it
    "SetUpBetweenColours": 7,  # blue first: the set-up to red takes one minute
    "PinInTheMiddle": 9,  # one of B and C before the pin, which stays at 4, the other after it
    "SlowAndFastMachine": 5,  # both on the new one
    "RushOrderComesLater": 0,  # the saw waits a minute for the rush order
    "AllLateAlready": 2 * 4 + 5 * 3 + 9,  # by weight a minute of work: short, middle, long
    "ShortOrLateFirst": 3 * 11,  # B first; A first ends at 10 and makes B late by 4
    "MachineDownForTwoHours": 360 + 2 * 1000,  # both operations of B move, C and D stay
    "RushOrderIntoThePlan": 1,  # B makes way for three minutes
}


@pytest.mark.parametrize("ask", [RIVAL, MODEL], ids=["cp_sat", "model"])
@pytest.mark.parametrize("name", BEST)
def test_the_best_plan_is_found_and_proved(name, ask):
    request = shop(name)
    answer = ask(request)
    PROJECT.check(request, answer)
    assert (objective(request, answer), answer.lower_bound) == (BEST[name], BEST[name])
    assert (answer.makespan, answer.weighted_tardiness) == (makespan(answer), late(request, answer))


@pytest.mark.parametrize("name", BEST)
def test_no_bound_is_above_the_best(name):
    assert lower_bound(shop(name)) <= BEST[name]


@pytest.mark.parametrize(
    ("name", "bound"),
    [
        ("TwoJobsOneMachine", 5),
        ("MachineClosedOverLunch", 8),
        ("SetUpBetweenColours", 7),  # six minutes of work and the shorter set-up
        ("AllLateAlready", 32),  # Chu's bound, a layer for each weight
        ("MachineDownForTwoHours", 330 + 2 * 1000),  # alone with its job B ends at 330
    ],
)
def test_bounds_known_by_hand(name, bound):
    assert lower_bound(shop(name)) == bound


def test_what_takes_no_time_fits_between_a_pin_and_closed_time():
    request = shop("TwoJobsOneMachine").model_dump()
    request["jobs"][1]["operations"][0]["machines"] = {"saw": 0}
    request["pins"] = [{"job": "A", "operation": 1, "machine": "saw", "start": 1}]
    request |= {"now": 2, "closed": [{"machine": "saw", "start": 4, "end": 9}]}
    request = PROJECT.request(**request)
    assert lower_bound(request) == RULE(request).makespan == RIVAL(request).makespan == 4


def test_a_preemptive_machine_bounds_the_oldest_instance_from_below():
    request = fisher_thompson()
    assert lower_bound(request) == 52  # Carlier and Pinson (1989) with initial heads and tails; the best plan takes 55


def test_a_rule_that_never_waits_makes_the_rush_order_late():
    request = shop("RushOrderComesLater")
    assert late(request, RULE(request)) == 5 * 9  # the saw takes the long job at minute 0, rush ends at 12


@pytest.mark.parametrize(
    ("rule", "order"),
    [
        ("FIFO", "ABC"), ("SPT", "BAC"), ("LPT", "CAB"), ("MWKR", "BCA"), ("MOPNR", "ABC"), ("EDD", "CBA"),
        ("S/OPN", "BCA"), ("CR", "BCA"),  # B has no slack at 0, then C has less of it than A
        ("WSPT", "CBA"), ("ATC", "CBA"), ("COVERT", "CBA"),  # C: 4/6 a minute, little of it lost to a slack of 3
        ("SST", "CBA"),  # no set-ups: by due date
    ],
)  # fmt: skip
def test_each_rule_takes_its_own_first(rule, order):
    request = shop("WhoGoesFirst")
    numbers = SHOP.shop_of(request)
    plans = dict(zip(DISPATCH.RULES, RULES.dispatched(numbers), strict=True))
    placed = PLAN.placed_of(numbers, request, plans[rule])
    saw = sorted((operation.start, operation.job) for operation in placed if operation.machine == "saw")
    assert "".join(job for _start, job in saw) == order


def test_the_rule_of_weight_a_minute_is_best_where_all_is_late():
    request = shop("AllLateAlready")
    assert RULE(request).weighted_tardiness == BEST["AllLateAlready"]


def test_what_both_cost_decides_between_short_and_late():
    request = shop("ShortOrLateFirst")
    dear = request.model_copy(update={"makespan_weight": 5})
    for ask in (RULE, RIVAL):
        assert starts(ask(request)) == {"A1": 1, "A2": 5, "B1": 0}
        assert starts(ask(dear)) == {"A1": 0, "A2": 4, "B1": 4}  # 5 * 10 + 4, not 5 * 11


def test_when_a_machine_is_down_only_what_must_move_moves():
    request = shop("MachineDownForTwoHours")
    answer = RULE(request)
    assert starts(answer) == {"A1": 0, "A2": 60, "B1": 210, "B2": 270, "C1": 300, "D1": 200} | {"C1": 300}
    assert answer.moved == 2


def test_a_rush_order_pushes_back_what_must_make_way():
    answer = RULE(shop("RushOrderIntoThePlan"))
    assert starts(answer) == {"A1": 0, "B1": 7, "C1": 12, "rush1": 4}
    assert (answer.weighted_tardiness, answer.moved) == (0, 1)


@pytest.mark.parametrize("ask", [RULE, RIVAL], ids=["best_rule", "cp_sat"])
def test_nothing_begins_before_now_unless_it_is_pinned(ask):
    request = shop("TwoJobsOneMachine").model_copy(update={"now": 2})
    assert ask(request).makespan == 7
    running = PROJECT.request(
        **request.model_dump() | {"pins": [{"job": "A", "operation": 1, "machine": "saw", "start": 0}]}
    )
    assert starts(ask(running)) == {"A1": 0, "B1": 3}


def test_what_is_pinned_stays_and_a_pin_is_declined_where_nothing_can_meet_it():
    request = shop("PinInTheMiddle")
    for ask in (RULE, RIVAL):
        pinned = next(placed for placed in ask(request).operations if (placed.job, placed.operation) == ("A", 2))
        assert (pinned.machine, pinned.start) == ("saw", 4)
    blocked = request.model_dump()
    blocked["closed"] = [{"machine": "mill", "start": 0, "end": 3}]
    for ask in (RULE, RIVAL):
        assert ask(PROJECT.request(**blocked)) is None


def test_a_pin_that_every_rule_misses_is_met_by_putting_first_what_it_waits_for():
    request = shop("PinBehindTheRelease")
    numbers = SHOP.shop_of(request)
    assert list(RULES.dispatched(numbers)) == []  # the saw takes B at 0; A is there at 1 and pinned to the mill at 3
    answer = RULE(request)
    PROJECT.check(request, answer)
    assert starts(answer) == {"A1": 1, "A2": 3, "B1": 3}


def fisher_thompson():
    data = json.loads((HERE / "FisherThompson6x6.json").read_text(encoding="utf-8"))["ft06"]
    jobs = [
        {
            "name": f"J{number}",
            "operations": [{"machines": {f"M{m}": minutes}} for minutes, m in zip(*rows, strict=True)],
        }
        for number, rows in enumerate(zip(data["duration_matrix"], data["machines_matrix"], strict=True))
    ]
    return PROJECT.request(machines=[f"M{m}" for m in range(6)], jobs=jobs)


def test_the_oldest_instance_is_solved_and_proved():
    request = fisher_thompson()
    answer = RIVAL(request)
    assert (answer.makespan, answer.lower_bound) == (55, 55)
    assert RULE(request).makespan > 55


def test_under_a_budget_of_work_the_same_seed_gives_the_same_plan():
    sizes, random = (8, 8), Random(1)
    jobs = [
        {
            "name": f"J{j}",
            "operations": [{"machines": {f"M{m}": random.randint(1, 99)}} for m in random.sample(range(8), 8)],
        }
        for j in range(sizes[0])
    ]
    request = PROJECT.request(machines=[f"M{m}" for m in range(sizes[1])], jobs=jobs)
    short = method(BUILDERS["cp_sat"], budget=0.1)
    assert short(request) == short(request)
    assert short(request).makespan < RULE(request).makespan


def test_a_plan_in_force_on_a_machine_that_can_no_longer_do_it_is_left():
    request = shop("SlowAndFastMachine").model_dump()
    request["jobs"][0]["operations"][0]["machines"] = {"old": 8}
    request["previous"] = [{"job": "A", "operation": 1, "machine": "new", "start": 0, "end": 2}]
    request["move_weight"] = 1
    request = PROJECT.request(**request)
    for ask in (RULE, RIVAL):
        PROJECT.check(request, ask(request))
        assert ask(request).moved == 1
    assert lower_bound(request) == 8 + 1


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
    known = sorted({operation["family"] for job in jobs for operation in job["operations"]})
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
    request = {"machines": list(machines), "jobs": jobs, "set_ups": set_ups, "closed": closed}
    request["objective"] = draw(st.sampled_from(("makespan", "weighted tardiness", "both")))
    request["makespan_weight"] = draw(st.integers(0, 3))
    return PROJECT.request(**in_force(draw, request))


def in_force(draw, request):
    """The shop as it is, or later on: the rule's plan in force, what has begun pinned, a machine down."""
    if not draw(st.booleans()):
        return request
    now, placed = draw(st.integers(0, 20)), RULE(PROJECT.request(**request)).operations
    promised = draw(st.sets(st.sampled_from(range(len(placed))), max_size=2))
    pins = [
        {"job": operation.job, "operation": operation.operation, "machine": operation.machine, "start": operation.start}
        for number, operation in enumerate(placed)
        if operation.start < now or number in promised
    ]
    down = {
        "machine": request["machines"][0],
        "start": now + draw(st.integers(0, 5)),
        "end": now + draw(st.integers(6, 20)),
    }
    later = {
        "now": now,
        "previous": [operation.model_dump() for operation in placed if draw(st.integers(0, 9))],
        "move_weight": draw(st.sampled_from((0, 1, 50))),
        "pins": pins,
        "closed": [*request["closed"], *[down][: draw(st.integers(0, 1))]],
    }
    try:
        PROJECT.request(**request | later)
    except (
        ValidationError
    ):  # a pin in the time that the machine is down; a set-up between two pins is taken to be direct
        return request
    return request | later


@pytest.mark.long
@settings(max_examples=120, deadline=None)
@given(shops())
def test_every_plan_keeps_the_rules_no_bound_is_above_it_and_cp_sat_is_never_worse(request):
    quick = method(BUILDERS["cp_sat"], budget=0.02)
    rule, solved = RULE(request), quick(request)
    for response in (rule, solved):
        if response is not None:
            PROJECT.check(request, response)
            assert response.moved == (moved(request, response) if request.previous else None)
            assert lower_bound(request) <= objective(request, response)
    if not request.pins:
        assert rule is not None
    if rule is not None:
        assert objective(request, solved) <= objective(request, rule)
    assert PROJECT.request.model_validate_json(request.model_dump_json()) == request


@settings(max_examples=60, deadline=None)
@given(shops())
def test_each_plan_the_rules_try_keeps_the_rules(request):
    numbers = SHOP.shop_of(request)
    for plan_ in (*RULES.dispatched(numbers), *RULES.kept(numbers), *RULES.around_pins(numbers)):
        PROJECT.check(request, PROJECT.response(operations=PLAN.placed_of(numbers, request, plan_)))


# ---- the checker is broken on purpose -----------------------------------------------------------------------------------

GOOD = (("A", 1, "saw", 0, 3), ("B", 1, "saw", 3, 5))


@pytest.mark.parametrize(
    ("name", "rows", "reason"),
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
def test_a_broken_plan_is_refused_with_its_reason(name, rows, reason):
    with pytest.raises(Invalid, match=reason):
        PROJECT.check(shop(name), plan(*rows))


def test_nothing_may_begin_before_now_unless_it_is_pinned():
    request = shop("TwoJobsOneMachine").model_copy(update={"now": 1})
    with pytest.raises(Invalid, match="operation 1 of job A with its set-up begins at 0, but it is 1 already"):
        PROJECT.check(request, plan(*GOOD))
    running = PROJECT.request(
        **request.model_dump() | {"pins": [{"job": "A", "operation": 1, "machine": "saw", "start": 0}]}
    )
    PROJECT.check(running, plan(*GOOD))


@pytest.mark.parametrize(
    ("claim", "reason"),
    [
        ({"makespan": 4}, "the makespan is 5, not 4"),
        ({"weighted_tardiness": 2}, "the weighted tardiness is 0, not 2"),
        ({"moved": 1}, "0 operations are moved, not 1"),
        ({"lower_bound": 6}, "the lower bound 6 is above"),
        (
            {"progress": [{"work": 0.1, "objective": 4}]},
            "the progress says 4, which is better than what the plan reaches, 5",
        ),
    ],
)
def test_a_plan_that_says_something_untrue_of_itself_is_refused(claim, reason):
    with pytest.raises(Invalid, match=reason):
        PROJECT.check(shop("TwoJobsOneMachine"), PROJECT.response(**plan(*GOOD).model_dump() | claim))


MOVED = ("A", 1, "saw", 0, 60), ("A", 2, "mill", 60, 120), ("B", 1, "saw", 210, 270), ("B", 2, "mill", 270, 330), (
    "C", 1, "saw", 300, 360), ("D", 1, "mill", 200, 260)  # fmt: skip


@pytest.mark.parametrize(
    ("name", "goal", "rows", "reached"),
    [
        ("MachineDownForTwoHours", "makespan", MOVED, 360 + 2 * 1000),
        ("MachineDownForTwoHours", "both", MOVED, 360 + 2 * 1000),  # nothing is due
        (
            "ShortOrLateFirst",
            "both",
            (("A", 1, "saw", 0, 4), ("A", 2, "oven", 4, 10), ("B", 1, "saw", 4, 5)),
            3 * 10 + 4,
        ),
        (
            "ShortOrLateFirst",
            "weighted tardiness",
            (("A", 1, "saw", 0, 4), ("A", 2, "oven", 4, 10), ("B", 1, "saw", 4, 5)),
            4,
        ),
    ],
)
def test_a_bound_is_held_against_everything_that_counts(name, goal, rows, reached):
    request = shop(name).model_copy(update={"objective": goal})
    PROJECT.check(request, plan(*rows).model_copy(update={"lower_bound": reached}))
    with pytest.raises(Invalid, match=f"the lower bound {reached + 1} is above what the plan reaches, {reached}"):
        PROJECT.check(request, plan(*rows).model_copy(update={"lower_bound": reached + 1}))


# R runs red from 0 to 3 on the press; it changes to blue (5 min), is closed from 10 to 20, and B runs from 20 to 24 on the
# press and from 24 to 26 on the oven, which C has from 26 on.
CHAIN = {
    "machines": ["press", "oven"],
    "closed": [{"machine": "press", "start": 10, "end": 20}],
    "set_ups": [{"before": "red", "after": "blue", "minutes": 5}],
    "jobs": [
        {"name": "R", "operations": [{"machines": {"press": 3}, "family": "red"}], "due": 1},
        {
            "name": "B",
            "operations": [{"machines": {"press": 4}, "family": "blue"}, {"machines": {"oven": 2}}],
            "due": 9,
        },
        {"name": "C", "operations": [{"machines": {"oven": 1}}], "due": 20, "release": 2},
    ],
}
PRESS, OVEN = ("B", 1, "press", 25, 29), ("B", 2, "oven", 29, 31)
CHAINED = (("R", 1, "press", 0, 3), PRESS, OVEN, ("C", 1, "oven", 31, 32))


def late_plan(job, minutes, *chain, changed=None):
    keys = ("job", "operation", "machine", "start", "end", "waits")
    links = [dict(zip(keys, row, strict=True)) for row in chain]
    response = plan(*CHAINED).model_dump() | {"late": [{"job": job, "minutes": minutes, "chain": links}]}
    return PROJECT.request(**CHAIN | (changed or {})), PROJECT.response(**response)


WHOLE = ((*CHAINED[0], "release"), (*PRESS, "closed"), (*OVEN, "operation before"), (*CHAINED[3], "machine"))


@pytest.mark.parametrize(
    ("job", "minutes", "chain", "changed"),
    [
        ("C", 12, WHOLE, None),
        ("C", 12, (), None),  # not told
        ("C", 12, WHOLE[1:], None),  # a chain may begin with the closed time
        ("R", 2, ((*CHAINED[0], "nothing"),), None),
        ("R", 2, ((*CHAINED[0], "now"),), None),
        ("R", 2, ((*CHAINED[0], "pinned"),), {"pins": [{"job": "R", "operation": 1, "machine": "press", "start": 0}]}),
        ("C", 12, ((*CHAINED[0], "release"), (*PRESS, "set-up"), *WHOLE[2:]),
         {"closed": [], "set_ups": [{"before": "red", "after": "blue", "minutes": 22}]}),
    ],
)  # fmt: skip
def test_why_an_order_is_late_may_be_said_like_this(job, minutes, chain, changed):
    PROJECT.check(*late_plan(job, minutes, *chain, changed=changed))


@pytest.mark.parametrize(
    ("job", "minutes", "chain", "reason"),
    [
        ("C", 11, WHOLE, "job C is late by 12 min, not 11"),
        ("X", 11, WHOLE, "job X is said to be late twice, or was not asked for"),
        ("C", 12, WHOLE[:-1], "the chain of job C does not end with its last operation"),
        ("B", 22, (WHOLE[1],), "the chain of job B does not end with its last operation"),
        ("C", 12, (("C", 1, "oven", 30, 31, "nothing"),), "operation 1 of job C stands elsewhere in the plan than in the chain"),
        ("C", 12, (WHOLE[0], *WHOLE[2:]), "operation 2 of job B does not wait as the chain of job C says: operation before"),
        ("C", 12, (*WHOLE[:1], (*PRESS, "set-up"), *WHOLE[2:]), "operation 1 of job B does not wait .*: set-up"),
        ("C", 12, (*WHOLE[:1], (*PRESS, "machine"), *WHOLE[2:]), "operation 1 of job B does not wait .*: machine"),
        ("C", 12, (*WHOLE[:2], (*OVEN, "closed"), WHOLE[3]), "operation 2 of job B does not wait .*: closed"),
        ("C", 12, (*WHOLE[:2], (*OVEN, "nothing"), WHOLE[3]), "operation 2 of job B does not wait .*: nothing"),
        ("C", 12, ((*CHAINED[3], "release"),), "operation 1 of job C does not wait .*: release"),
        ("C", 12, ((*CHAINED[3], "now"),), "operation 1 of job C does not wait .*: now"),
        ("C", 12, ((*CHAINED[3], "pinned"),), "operation 1 of job C does not wait .*: pinned"),
        ("C", 12, ((*CHAINED[3], "machine"),), "operation 1 of job C does not wait .*: machine"),
    ],
)  # fmt: skip
def test_a_reason_that_does_not_hold_is_refused(job, minutes, chain, reason):
    with pytest.raises(Invalid, match=reason):
        PROJECT.check(*late_plan(job, minutes, *chain))


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
    ("path", "value", "message"),
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
def test_a_wrong_request_is_one_clear_error(path, value, message):
    assert message in spoilt("TwoJobsOneMachine", put(path, value))


PLACED = {"job": "A", "operation": 1, "machine": "saw", "start": 0, "end": 3}


@pytest.mark.parametrize(
    ("previous", "message"),
    [
        ([PLACED | {"job": "AA"}], "[previous[1].job]: there is no job called AA. Did you mean A?"),
        ([PLACED | {"operation": 2}], "[previous[1].operation]: job A has 1 operations only"),
        ([PLACED | {"machine": "sow"}], "[previous[1].machine]: there is no machine called sow. Did you mean saw?"),
        ([PLACED, PLACED], "[previous[2].operation]: operation 1 of job A is planned twice"),
    ],
)
def test_a_plan_in_force_that_does_not_fit_the_shop_is_one_clear_error(previous, message):
    assert message in spoilt("TwoJobsOneMachine", put(("previous",), previous))


def test_a_plan_in_force_may_lack_operations_and_a_pin_may_lie_before_now():
    request = shop("TwoJobsOneMachine").model_dump()
    pin = {"job": "A", "operation": 1, "machine": "saw", "start": 0}
    assert PROJECT.request(**request | {"now": 2, "pins": [pin], "previous": [PLACED]}).now == 2


def test_what_is_not_pinned_before_a_pin_begins_now_at_the_earliest():
    def later(request):
        request["now"] = 3

    assert "[pins[1].start]: operation 2 of job A cannot begin before minute 5" in spoilt("PinInTheMiddle", later)


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
    assert "sow라는 기계가 없습니다" in per_language(lambda: spoilt("TwoJobsOneMachine", change))["ko"]


# ---- picture ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["SetUpBetweenColours", "MachineClosedOverLunch", "RushOrderComesLater"])
def test_the_chart_draws_in_both_languages(name):
    pytest.importorskip("altair", reason="charts need the extra dure[figures]")
    request = shop(name)
    answers = {"best_rule": RULE(request), "cp_sat": MODEL(request)}
    drawn = per_language(lambda: json.dumps(PROJECT.figure(request, answers, None, None).to_dict(), ensure_ascii=False))
    assert "today's practice" in drawn["en"]
    assert "현행" in drawn["ko"]
