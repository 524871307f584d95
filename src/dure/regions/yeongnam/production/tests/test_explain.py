"""Why an order is late: chains by hand on tiny shops, and on random plans against the checker."""

import importlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from dure.i18n.texts import per_language
from dure.project.loader import load

PROJECT = load(Path(__file__).parent.parent)
# The project may be loaded under another name than its folder's: its modules are those beside it.
EXPLAIN, SUMMARY, WORDING, REPLAN, INTERVALS = (
    importlib.import_module(f"{PROJECT.request.__module__.removesuffix('model.forms')}{name}")
    for name in ("explain.chains", "explain.summary", "explain.wording", "solve.replan", "model.intervals")
)


def asked(jobs, machines="saw mill", **fields):
    """A request from texts: `{"A": "saw 3, mill 2 red"}` is job A, 3 minutes on the saw, then 2 of the family red on the mill."""
    dues, releases = fields.pop("due", {}), fields.pop("release", {})
    rows = []
    for name, text in jobs.items():
        parts = [part.split() for part in text.split(",")]
        steps = [{"machines": {at: int(took)}, "family": "".join(family)} for at, took, *family in parts]
        rows.append({"name": name, "operations": steps, "due": dues.get(name), "release": releases.get(name, 0)})
    return PROJECT.request.model_validate({"machines": machines.split(), "jobs": rows, **fields})


def placed(request, starts):
    """Operations from `{"A": [0, 3]}`, each on its first machine."""
    jobs = {job.name: job for job in request.jobs}
    rows = []
    for name, begins in starts.items():
        for number, (start, operation) in enumerate(zip(begins, jobs[name].operations, strict=True), 1):
            machine, minutes = next(iter(operation.machines.items()))
            rows.append({"job": name, "operation": number, "machine": machine, "start": start, "end": start + minutes})
    return PROJECT.response(operations=rows).operations


def explained(request, starts):
    """The response, once the checker has found it true."""
    response = EXPLAIN.explained(request, placed(request, starts))
    PROJECT.check(request, response)
    return response


def told(response):
    """{late order: [each link and what it waits for]}"""
    return {late.job: [f"{link.job}{link.operation} {link.waits}" for link in late.chain] for late in response.late}


CLOSED = {"closed": [{"machine": "saw", "start": 3, "end": 10}]}
SET_UP = {"set_ups": [{"before": "red", "after": "blue", "minutes": 4}]}
PIN = {"pins": [{"job": "A", "operation": 1, "machine": "saw", "start": 6}]}


@pytest.mark.parametrize(
    ("jobs", "starts", "fields", "chain"),
    [
        ({"A": "saw 3"}, {"A": [2]}, {"release": {"A": 2}}, ["A1 release"]),
        ({"A": "saw 3"}, {"A": [0]}, {}, ["A1 release"]),
        ({"A": "saw 3"}, {"A": [5]}, {"now": 5}, ["A1 now"]),
        ({"A": "saw 3"}, {"A": [5]}, {}, ["A1 nothing"]),
        ({"A": "saw 3, mill 2"}, {"A": [0, 3]}, {}, ["A1 release", "A2 operation before"]),
        ({"B": "saw 4", "A": "saw 3"}, {"B": [0], "A": [4]}, {}, ["B1 release", "A1 machine"]),
        ({"B": "saw 4 red", "A": "saw 3 blue"}, {"B": [0], "A": [8]}, SET_UP, ["B1 release", "A1 set-up"]),
        ({"A": "saw 3"}, {"A": [6]}, PIN, ["A1 pinned"]),
        ({"A": "saw 3, mill 2"}, {"A": [6, 9]}, PIN, ["A1 pinned", "A2 operation before"]),
        # A begins after the closed time because nothing fits before it; what was there before goes on the chain.
        ({"B": "saw 2", "A": "saw 3"}, {"B": [0], "A": [10]}, CLOSED, ["B1 release", "A1 closed"]),
        ({"A": "mill 1, saw 3"}, {"A": [0, 10]}, CLOSED, ["A1 release", "A2 closed"]),
        ({"A": "saw 4"}, {"A": [10]}, CLOSED, ["A1 closed"]),
        ({"A": "saw 3"}, {"A": [10]}, CLOSED | {"now": 4}, ["A1 closed"]),
        # It would have fitted before the closed time: neither that nor the operation before holds it back.
        ({"B": "mill 1", "A": "mill 1, saw 2"}, {"B": [0], "A": [1, 10]}, CLOSED, ["B1 release", "A1 machine", "A2 closed"]),
        ({"A": "mill 1, saw 2"}, {"A": [0, 10]}, CLOSED, ["A2 nothing"]),
        # The set-up is in one piece with its operation: 2 + 4 + 1 minutes do not fit before minute 3.
        (
            {"B": "saw 2 red", "A": "saw 1 blue"},
            {"B": [0], "A": [14]},
            CLOSED | SET_UP,
            ["B1 release", "A1 closed"],
        ),
        # The machine is set up while the job is elsewhere: it waits for the job.
        (
            {"B": "saw 2 red", "A": "mill 7, saw 1 blue"},
            {"B": [0], "A": [0, 7]},
            SET_UP,
            ["A1 release", "A2 operation before"],
        ),
        # The set-up could not begin before now.
        ({"B": "saw 2 red", "A": "saw 1 blue"}, {"B": [0], "A": [9]}, SET_UP | {"now": 5} | {
            "pins": [{"job": "B", "operation": 1, "machine": "saw", "start": 0}]}, ["A1 now"]),
        # What takes no time needs no set-up and hides none.
        (
            {"B": "saw 2 red", "Z": "saw 0 blue", "A": "saw 1 blue"},
            {"B": [0], "Z": [2], "A": [6]},
            SET_UP,
            ["B1 release", "Z1 machine", "A1 set-up"],
        ),
    ],
)  # fmt: skip
def test_the_chain_of_a_late_order_tells_what_each_operation_waited_for(jobs, starts, fields, chain):
    response = explained(asked(jobs, due={"A": 0}, **fields), starts)
    assert told(response) == {"A": chain}
    assert response.late[0].minutes == response.late[0].chain[-1].end


def test_where_two_hold_it_back_the_one_that_decides_more_is_named():
    jobs = {"B": "saw 4", "A": "mill 4, saw 1"}
    machine_first = explained(asked(jobs, due={"A": 0}), {"B": [0], "A": [0, 4]})
    assert told(machine_first) == {"A": ["B1 release", "A2 machine"]}
    jobs = {"B": "saw 4", "A": "saw 2, saw 1"}
    own_first = explained(asked(jobs, due={"A": 0}), {"B": [0], "A": [4, 6]})
    assert told(own_first) == {"A": ["B1 release", "A1 machine", "A2 operation before"]}
    jobs = {"B": "saw 4", "A": "saw 1"}
    release_first = explained(asked(jobs, due={"A": 0}, release={"A": 4}), {"B": [0], "A": [4]})
    assert told(release_first) == {"A": ["A1 release"]}
    pins = [{"job": "B", "operation": 1, "machine": "saw", "start": 0}]
    now_first = explained(asked(jobs, due={"A": 0}, now=4, pins=pins), {"B": [0], "A": [4]})
    assert told(now_first) == {"A": ["A1 now"]}


def test_operations_of_no_time_at_one_moment_make_no_circle():
    jobs = {"A": "saw 0, mill 0", "B": "mill 0, saw 0", "C": "saw 1"}
    response = explained(
        asked(jobs, due={"A": 0, "B": 0}, release={"A": 3, "B": 3}), {"A": [3, 3], "B": [3, 3], "C": [0]}
    )
    assert {late.job for late in response.late} == {"A", "B"}
    assert all(len(late.chain) <= 4 for late in response.late)


def test_late_orders_come_worst_first_and_the_figures_are_the_plan_s():
    request = asked({"A": "saw 3", "B": "saw 2", "C": "saw 4"}, due={"A": 2, "B": 1, "C": 20})
    request.jobs[1].weight = 3
    response = explained(request, {"A": [0], "B": [3], "C": [5]})
    assert [(late.job, late.minutes) for late in response.late] == [("B", 4), ("A", 1)]
    assert (response.makespan, response.weighted_tardiness, response.moved) == (9, 13, None)


def test_moved_is_counted_where_a_plan_is_in_force():
    before = {"A": [0], "B": [3]}
    request = asked({"A": "saw 3", "B": "saw 2"})
    request = request.model_copy(update={"previous": placed(request, before)})
    assert explained(request, before).moved == 0
    assert explained(request, {"A": [2], "B": [0]}).moved == 2


def test_a_chain_goes_through_other_orders_and_shares_its_links():
    jobs = {f"J{number}": "saw 1" for number in range(300)}
    request = asked(jobs, due=dict.fromkeys(jobs, 0))
    response = explained(request, {f"J{number}": [number] for number in range(300)})
    assert [link.job for link in response.late[0].chain] == [f"J{number}" for number in range(300)]
    assert sum(len(late.chain) for late in response.late) == 300 * 301 / 2
    assert len({id(link) for late in response.late for link in late.chain}) <= 300 * 301 / 2


def test_beyond_the_most_links_the_worst_orders_keep_their_chains(monkeypatch):
    monkeypatch.setattr(EXPLAIN, "MOST_LINKS", 5)
    jobs = {"A": "saw 1", "B": "saw 1", "C": "saw 1", "D": "saw 1"}
    request = asked(jobs, due=dict.fromkeys(jobs, 0))
    response = EXPLAIN.explained(request, placed(request, {"A": [0], "B": [1], "C": [2], "D": [3]}))
    assert [(late.job, len(late.chain)) for late in response.late] == [("D", 4), ("C", 0), ("B", 0), ("A", 1)]


# ---- random plans -------------------------------------------------------------------------------------------------------


@st.composite
def crowded(draw):
    """A request with set-ups, closed times, `now`, and the order in which its jobs take their next operation."""
    number = st.integers(0, 6)
    jobs, turns = {}, []
    for name in ("A", "B", "C", "D")[: draw(st.integers(1, 4))]:
        steps = draw(
            st.lists(st.tuples(st.sampled_from(("saw", "mill")), number, st.sampled_from("rb")), min_size=1, max_size=4)
        )
        jobs[name] = ", ".join(f"{machine} {minutes} {family}" for machine, minutes, family in steps)
        turns += [name] * len(steps)
    known = {text.split()[-1] for steps in jobs.values() for text in steps.split(",")}
    closed = [
        {
            "machine": draw(st.sampled_from(("saw", "mill"))),
            "start": (start := draw(st.integers(0, 20))),
            "end": start + draw(st.integers(1, 8)),
        }
        for _ in range(draw(st.integers(0, 4)))
    ]
    set_ups = [
        {"before": b, "after": a, "minutes": draw(number)} for b, a in (("r", "b"), ("b", "r")) if {b, a} <= known
    ]
    request = asked(
        jobs, due={name: draw(st.integers(-5, 30)) for name in jobs}, release={name: draw(number) for name in jobs},
        now=draw(number), closed=closed, set_ups=set_ups,
    )  # fmt: skip
    return request, draw(st.permutations(turns))


def appended(request, turns):
    """Starts of a plan where every operation goes behind what its machine has, as soon as it can."""
    free, family, done = {"saw": 0, "mill": 0}, {}, {job.name: [job.release] for job in request.jobs}
    ready = {job.name: job.release for job in request.jobs}
    minutes = {(set_up.before, set_up.after): set_up.minutes for set_up in request.set_ups}
    steps = {job.name: list(job.operations) for job in request.jobs}
    for name in turns:
        operation = steps[name].pop(0)
        ((machine, took),) = operation.machines.items()
        change = minutes.get((family.get(machine), operation.family), 0) if took else 0
        begin = max(free[machine], ready[name] - change, request.now)
        # Closed times that touch are one: not even what takes no time stands where they meet.
        shut = INTERVALS.merged(
            [(closing.start, closing.end) for closing in request.closed if closing.machine == machine]
        )
        while overlapped := [end for start, end in shut if start < begin + change + took and end > begin]:
            begin = max(overlapped)
        done[name].append(begin + change)
        ready[name] = free[machine] = begin + change + took
        if took:
            family[machine] = operation.family
    return {name: starts[1:] for name, starts in done.items()}


@settings(max_examples=150, deadline=None)
@given(crowded())
def test_the_checker_finds_every_chain_true_and_nothing_could_have_begun_earlier(drawn):
    request, turns = drawn
    response = explained(request, appended(request, turns))
    if all(
        placed.end > placed.start for placed in response.operations
    ):  # what takes no time could go before its equals
        assert {late.chain[0].waits for late in response.late} <= {"release", "now", "closed"}


# ---- what a planner reads -----------------------------------------------------------------------------------------------


def told_in_words(request, starts, **fields):
    response = EXPLAIN.explained(request, placed(request, starts), **fields)
    return per_language(lambda: SUMMARY.summary(request, response).splitlines())


def test_nothing_late_is_said_first():
    request = asked({"A": "saw 3"}, due={"A": 9}, objective="weighted tardiness")
    words = told_in_words(request, {"A": [0]}, lower_bound=0)
    assert words["en"] == [
        "No order is late.",
        "",
        "The plan ends at minute 3 (3 min from its beginning).",
        "Objective 0 (minutes late times weight).",
        "The best dispatching rule: 0 of 1 orders late, 0 min in all, end minute 3, objective 0.",
        "Proved: no plan is better.",
    ]
    assert words["ko"][0] == "납기에 늦는 주문이 없습니다."


def test_late_orders_are_told_with_what_they_wait_for():
    request = asked(
        {"B": "saw 200", "A": "saw 100, mill 60", "C": "mill 5"}, due={"A": 160, "C": 0}, begins="2026-11-23T08:00:00"
    )
    words = told_in_words(request, {"B": [0], "A": [200, 300], "C": [0]}, lower_bound=300)
    assert words["en"] == [
        "2 of 2 orders are late, 3 h 25 min in all.",
        "  A is 3 h 20 min late: operation 1 waits for saw behind B operation 1",
        "  C is 5 min late: operation 1 begins as soon as the order may, at 11-23 (Mon) 08:00",
        "",
        "The plan ends at 11-23 (Mon) 14:00 (6 h from its beginning).",
        "Objective 360 (minutes until the plan ends).",
        "The best dispatching rule: 1 of 2 orders late, 5 min in all, end 11-23 (Mon) 13:00, objective 300.",
        "Proved: no plan is below 300; this one is 20.0 % above that.",
    ]
    assert words["ko"][:2] == [
        "주문 2건 가운데 2건이 납기에 늦습니다(모두 3시간 25분).",
        "  A: 3시간 20분 지연: 1번째 공정이 saw에서 B 1번째 공정 뒤에 기다립니다",
    ]


def test_against_the_plan_in_force_it_says_what_moves_and_which_orders_come_later():
    jobs = {"A": "saw 60", "B": "saw 90"}
    request = asked(jobs, move_weight=5, previous=placed(asked(jobs), {"A": [0], "B": [60]}))
    words = told_in_words(
        REPLAN.rush(request, request.jobs[0].model_copy(update={"name": "R"})), {"A": [90], "B": [0], "R": [150]}
    )
    assert words["en"][-7:] == [
        "Against the plan in force 2 of 2 operations are moved:",
        "  B operation 1: saw, minute 60 -> saw, minute 0",
        "  A operation 1: saw, minute 0 -> saw, minute 90",
        "",
        "Later: A +1 h 30 min",
        "Earlier: B -1 h",
        "New orders end: R minute 210",
    ]
    assert "+ 5 for each operation moved" in " ".join(words["en"])
    assert "늦어지는 주문: A +1시간 30분" in words["ko"]
    stayed = told_in_words(request, {"A": [0], "B": [60]})["en"]
    assert stayed[-1] == "Against the plan in force none of 2 operations is moved."


def test_more_late_orders_than_a_terminal_holds_are_counted():
    jobs = {f"J{number}": "saw 1" for number in range(9)}
    words = told_in_words(asked(jobs, due=dict.fromkeys(jobs, 0)), {f"J{number}": [number] for number in range(9)})
    assert "  ... and 4 more" in words["en"]


@pytest.mark.parametrize(
    ("minutes", "words"),
    [
        (0, "0 min"),
        (59, "59 min"),
        (60, "1 h"),
        (200, "3 h 20 min"),
        (1440, "1 day"),
        (1505, "1 day 1 h"),
        (3000, "2 days 2 h"),
    ],
)
def test_minutes_in_words(minutes, words):
    assert per_language(lambda: WORDING.span(minutes))["en"] == words


# ---- when something happens ---------------------------------------------------------------------------------------------


def running():
    """A request, and its plan in force: A then B on the saw, A then on the mill."""
    request = asked({"A": "saw 4, mill 5", "B": "saw 6"}, due={"A": 8, "B": 11}, objective="weighted tardiness")
    return request, placed(request, {"A": [0, 4], "B": [4]})


def pinned(request):
    return [(pin.job, pin.operation, pin.machine, pin.start) for pin in request.pins]


def test_what_has_begun_is_pinned_and_the_rest_is_the_plan_in_force():
    request, plan = running()
    anew = REPLAN.replan(request, plan, 4)
    assert anew.now == 4
    assert pinned(anew) == [("A", 1, "saw", 0)]
    assert [(placed.job, placed.operation, placed.start) for placed in anew.previous] == [("A", 2, 4), ("B", 1, 4)]
    assert anew.move_weight == 1
    assert (request.now, request.pins, request.previous) == (0, [], [])


@pytest.mark.parametrize(("weight", "given", "expected"), [(100, 0, 50), (100, 7, 7), (1, 0, 1)])
def test_moving_all_that_is_left_costs_as_much_as_the_plan_unless_a_weight_is_given(weight, given, expected):
    request, plan = running()
    request.jobs[0].weight = weight  # A is late by 1 minute
    anew = REPLAN.replan(request.model_copy(update={"move_weight": given}), plan, 1)
    assert anew.move_weight == expected


def test_a_promise_stays_and_what_has_begun_is_pinned_once():
    request, plan = running()
    promised = {"job": "B", "operation": 1, "machine": "saw", "start": 4}
    request = asked({"A": "saw 4, mill 5", "B": "saw 6"}, pins=[promised])
    assert pinned(REPLAN.replan(request, plan, 1)) == [("B", 1, "saw", 4), ("A", 1, "saw", 0)]
    assert pinned(REPLAN.replan(request, plan, 5)) == [("A", 1, "saw", 0), ("A", 2, "mill", 4), ("B", 1, "saw", 4)]


def test_a_machine_that_goes_down_loses_what_runs_on_it():
    request, plan = running()
    anew = REPLAN.down(REPLAN.replan(request, plan, 5), "saw", 5, 65)
    assert pinned(anew) == [("A", 1, "saw", 0), ("A", 2, "mill", 4)]
    assert [(closing.machine, closing.start, closing.end) for closing in anew.closed] == [("saw", 5, 65)]
    assert pinned(REPLAN.down(REPLAN.replan(request, plan, 5), "saw", 10, 65)) == pinned(
        REPLAN.replan(request, plan, 5)
    )


def test_a_rush_order_makes_late_orders_count():
    request, _plan = running()
    job = request.jobs[1].model_copy(update={"name": "R", "weight": 9})
    assert [job.name for job in REPLAN.rush(request, job).jobs] == ["A", "B", "R"]
    assert REPLAN.rush(request, job).objective == "weighted tardiness"
    assert REPLAN.rush(asked({"A": "saw 1"}), job).objective == "both"
    with pytest.raises(ValidationError, match="B is there twice"):
        REPLAN.rush(request, request.jobs[1])


@pytest.mark.parametrize(
    ("start", "end", "left"),
    [(0, 5, [(10, 20)]), (10, 20, []), (12, 15, [(10, 12), (15, 20)]), (5, 12, [(12, 20)]), (15, 30, [(10, 15)])],
)
def test_overtime_opens_closed_time(start, end, left):
    closed = [{"machine": "saw", "start": 10, "end": 20}, {"machine": "mill", "start": 10, "end": 20}]
    anew = REPLAN.overtime(asked({"A": "saw 1"}, closed=closed), "saw", start, end)
    assert [(closing.start, closing.end) for closing in anew.closed if closing.machine == "saw"] == left
    assert [(closing.start, closing.end) for closing in anew.closed if closing.machine == "mill"] == [(10, 20)]
