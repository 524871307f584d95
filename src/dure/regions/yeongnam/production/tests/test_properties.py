"""Random shops with everything a request can hold: every method's plan is possible, by the checker and by plain counting."""

import importlib
from collections import defaultdict
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from dure import Work
from dure.project.loader import load

pytest.importorskip("ortools", reason="the solver needs the extra dure[production]")
pytest.importorskip("numba", reason="the searches need the extra dure[production]")

PROJECT = load(Path(__file__).parent.parent)
BUILDERS = PROJECT.builders()
PRACTICE, MODEL, RIVAL = BUILDERS
BUDGETS = {PRACTICE: None, MODEL: 0.02, RIVAL: 0.02}  # none, million steps, deterministic seconds
MACHINES, FAMILIES = ("saw", "mill", "lathe"), ("", "red", "blue")
FORMS = importlib.import_module(PROJECT.request.__module__)
# ---- random shops -------------------------------------------------------------------------------------------------------

few = st.integers(0, 9)


@st.composite
def jobs(draw):
    """Re-entrant routes of up to four operations, with 0 minutes among them, alternatives, releases, due dates before 0."""
    operation = st.fixed_dictionaries(
        {
            "machines": st.dictionaries(st.sampled_from(MACHINES), few, min_size=1),
            "family": st.sampled_from(FAMILIES),
        }
    )
    count = draw(st.integers(1, 5))
    return [
        {
            "name": f"J{number}",
            "operations": draw(st.lists(operation, min_size=1, max_size=4)),
            "release": draw(few),
            "due": draw(st.none() | st.integers(-9, 40)),
            "weight": draw(st.integers(0, 5)),
        }
        for number in range(count)
    ]


@st.composite
def set_ups(draw, jobs):
    """Minutes on every machine or on one, for families that are there. A detour over a third family may be shorter."""
    known = sorted({operation["family"] for job in jobs for operation in job["operations"]})
    pairs = st.tuples(st.sampled_from(known), st.sampled_from(known), st.none() | st.sampled_from(MACHINES))
    return [
        {"before": before, "after": after, "machine": machine, "minutes": draw(few)}
        for before, after, machine in draw(st.lists(pairs, unique=True, max_size=6))
    ]


@st.composite
def closed(draw):
    """Closed times that touch, overlap and repeat."""
    spans = st.tuples(st.sampled_from(MACHINES), st.integers(0, 40), st.integers(1, 12))
    return [
        {"machine": machine, "start": start, "end": start + length}
        for machine, start, length in draw(st.lists(spans, max_size=5))
    ]


@st.composite
def appended(draw, request):
    """Any plan as (operation, when its set-up begins): jobs take turns in any order, each behind what its machine has.

    Some wait a little.
    """
    spent = minutes_of(request)
    free, last, ready = dict.fromkeys(MACHINES, 0), {}, {job.name: job.release for job in request.jobs}
    left = {job.name: list(enumerate(job.operations, 1)) for job in request.jobs}
    plan = []
    for name in draw(st.permutations([job.name for job in request.jobs for _operation in job.operations])):
        number, operation = left[name].pop(0)
        machine = draw(st.sampled_from(sorted(operation.machines)))
        took = operation.machines[machine]
        change = spent[machine].get((last.get(machine), operation.family), 0) if took else 0
        begin = max(free[machine], ready[name] - change) + draw(st.integers(0, 2))
        shut = [closing for closing in request.closed if closing.machine == machine]
        while ends := [
            closing.end for closing in shut if closing.start < begin + change + max(took, 1) and closing.end > begin
        ]:
            begin = max(ends)
        start, ready[name] = begin + change, begin + change + took
        free[machine] = ready[name]
        if took:
            last[machine] = operation.family
        placed = FORMS.Placed(job=name, operation=number, machine=machine, start=start, end=ready[name])
        plan.append((placed, begin))
    return plan


@st.composite
def requests(draw):
    """A shop in the middle of its work: what began before `now`, or its set-up did, is pinned, and some of the rest."""
    drawn_jobs = draw(jobs())
    shop = {
        "machines": list(MACHINES),
        "jobs": drawn_jobs,
        "set_ups": draw(set_ups(drawn_jobs)),
        "closed": draw(closed()),
    }
    request = PROJECT.request.model_validate(shop)
    drawn = draw(appended(request))
    plan, now = [placed for placed, _begin in drawn], draw(st.integers(0, 20) | st.just(0))
    begun = [placed for placed, begin in drawn if begin < now]
    promised = [placed for placed, begin in drawn if begin >= now and draw(st.integers(0, 4)) == 0]
    before = draw(st.just([]) | appended(request))
    fields = {
        "now": now,
        "previous": [placed.model_dump() for placed, _begin in before if draw(st.integers(0, 4))],
        "move_weight": draw(few),
        "objective": draw(st.sampled_from(("makespan", "weighted tardiness", "both"))),
        "makespan_weight": draw(few),
    }
    try:
        return asked(shop | fields, [*begun, *promised]), plan
    except ValidationError:  # the form wants room for the set-up from the pin before, even where others stand between
        return asked(shop | fields, begun), plan


def asked(shop, pinned):
    """The shop with operations pinned where they stand."""
    pins = [pin.model_dump(exclude={"end"}) for pin in pinned]
    return PROJECT.request.model_validate(shop | {"pins": pins})


# ---- plain counting -----------------------------------------------------------------------------------------------------


def minutes_of(request):
    """{machine: {(family before, after): minutes}}; what names the machine wins over what names none."""
    spent = {machine: {} for machine in request.machines}
    for set_up in sorted(request.set_ups, key=lambda set_up: set_up.machine is not None):
        for machine in [set_up.machine] if set_up.machine else request.machines:
            spent[machine][set_up.before, set_up.after] = set_up.minutes
    return spent


def assert_possible(request, operations):
    """Minute by minute: one thing at a time on a machine, none of it in closed time, set-ups included."""
    by_job = defaultdict(list)
    for placed in sorted(operations, key=lambda placed: placed.operation):
        by_job[placed.job].append(placed)
    pins = {(pin.job, pin.operation): (pin.machine, pin.start) for pin in request.pins}
    for job in request.jobs:
        assert [placed.operation for placed in by_job[job.name]] == list(range(1, len(job.operations) + 1))
        ready = job.release
        for placed, operation in zip(by_job[job.name], job.operations, strict=True):
            assert placed.end - placed.start == operation.machines[placed.machine]
            assert placed.start >= ready
            place = pins.get((placed.job, placed.operation))
            assert place in (None, (placed.machine, placed.start))
            ready = placed.end
    families = {
        (job.name, number): operation.family
        for job in request.jobs
        for number, operation in enumerate(job.operations, 1)
    }
    for machine, spent in minutes_of(request).items():
        taken = {
            minute
            for closing in request.closed
            if closing.machine == machine
            for minute in range(closing.start, closing.end)
        }
        family = None
        working = [placed for placed in operations if placed.machine == machine and placed.end > placed.start]
        for placed in sorted(working, key=lambda placed: placed.start):
            after = families[placed.job, placed.operation]
            busy = set(range(placed.start - spent.get((family, after), 0), placed.end))
            assert min(busy) >= (0 if (placed.job, placed.operation) in pins else request.now)
            assert not busy & taken
            taken |= busy
            family = after


def objective(request, operations):
    """Counted from the request alone."""
    ends = {}
    for placed in operations:
        ends[placed.job] = max(ends.get(placed.job, 0), placed.end)
    late = sum(job.weight * max(0, ends[job.name] - job.due) for job in request.jobs if job.due is not None)
    places = {(placed.job, placed.operation): (placed.machine, placed.start) for placed in operations}
    moved = sum(places[placed.job, placed.operation] != (placed.machine, placed.start) for placed in request.previous)
    weight = {"makespan": 1, "weighted tardiness": 0, "both": request.makespan_weight}[request.objective]
    return weight * max(ends.values()) + (request.objective != "makespan") * late + request.move_weight * moved


@pytest.mark.parametrize(
    ("starts", "possible"),
    [
        ({"A": 0, "B": 6}, True),  # B's set-up has gone through from 5 to 6, once the saw has opened again
        ({"B": 0, "A": 6}, True),
        ({"A": 0, "B": 5}, False),  # no room for the set-up after the closed time
        ({"A": 0, "B": 3}, False),  # it runs into closed time
        ({"A": 0, "B": 1}, False),  # two at once
        ({"A": 4, "B": 0}, False),  # in closed time
    ],
)
def test_the_counting_knows_what_is_possible(starts, possible):
    jobs = [
        {"name": name, "operations": [{"machines": {"saw": 2}, "family": family}]}
        for name, family in (("A", "red"), ("B", "blue"))
    ]
    request = PROJECT.request(
        machines=["saw"],
        jobs=jobs,
        closed=[{"machine": "saw", "start": 3, "end": 5}],
        set_ups=[{"before": "red", "after": "blue", "minutes": 1}],
    )
    plan = [FORMS.Placed(job=job, operation=1, machine="saw", start=at, end=at + 2) for job, at in starts.items()]
    if possible:
        assert_possible(request, plan)
    else:
        with pytest.raises(AssertionError):
            assert_possible(request, plan)


@pytest.fixture(scope="module")
def methods(tmp_path_factory):
    """Every method, as quick as it can be."""
    return {
        name: builder((), 0, Work(folder=tmp_path_factory.mktemp(name), budget=BUDGETS[name]))
        for name, builder in BUILDERS.items()
    }


@settings(max_examples=120, deadline=None)
@given(requests())
def test_every_method_keeps_to_the_rules_or_declines(methods, drawn):
    request, plan = drawn
    assert_possible(request, plan)  # the pins leave a plan
    PROJECT.check(request, PROJECT.response(operations=plan))
    reached = {}
    for name, method in methods.items():
        response = method(request)
        if response is not None:
            PROJECT.check(request, response)
            assert_possible(request, response.operations)
            reached[name] = objective(request, response.operations)
            assert response.lower_bound is None or response.lower_bound <= min(reached[name], objective(request, plan))
    if PRACTICE in reached:
        assert reached[MODEL] <= reached[PRACTICE]
        assert reached[RIVAL] <= reached[PRACTICE]


@settings(max_examples=40, deadline=None)
@given(requests(), st.integers(0, 3))
def test_the_same_seed_gives_the_same_plan(tmp_path_factory, drawn, seed):
    request, _plan = drawn
    folder = tmp_path_factory.mktemp("again")
    first, other = (BUILDERS[MODEL]((), seed, Work(folder=folder, budget=BUDGETS[MODEL]))(request) for _run in range(2))
    assert first == other
