"""Tabu search for the makespan: what it says is what its plan takes, on random shops and on shops known by hand."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("numba", reason="the searches need the extra dure[production]")

from dure.regions.yeongnam.production.model import feasible, plan, shop
from dure.regions.yeongnam.production.model.forms import Request, Response
from dure.regions.yeongnam.production.model.jobs import Job, Operation
from dure.regions.yeongnam.production.solve import budget, makespan, rules, tabu

HERE = Path(__file__).parent
MACHINES = ("M1", "M2", "M3", "M4")


def fisher_thompson():
    """The 6 x 6 shop of Fisher and Thompson (1963); its shortest plan takes 55."""
    instance = next(iter(json.loads((HERE / "FisherThompson6x6.json").read_text(encoding="utf-8")).values()))
    jobs = [
        Job(
            name=f"J{number}",
            operations=[Operation(machines={f"M{m}": p}) for p, m in zip(minutes, machines, strict=True)],
        )
        for number, (minutes, machines) in enumerate(
            zip(instance["duration_matrix"], instance["machines_matrix"], strict=True)
        )
    ]
    return Request(machines=[f"M{m}" for m in range(6)], jobs=jobs)


def shortest(request, steps=300_000, seed=0, goal=0):
    given_shop, aim = shop.shop_of(request), shop.aim_of(request)
    start = rules.best_of(given_shop, aim)
    plan_ = makespan.shortest(given_shop, start, budget.Budget(steps=steps), seed, goal=goal)
    return given_shop, start, plan_


@st.composite
def shops(draw):
    """Job shops and flexible ones; a job may come back to a machine."""
    machines = MACHINES[: draw(st.integers(1, 4))]
    choices = st.dictionaries(st.sampled_from(machines), st.integers(1, 9), min_size=1)
    jobs = [
        Job(
            name=f"J{number}",
            release=draw(st.sampled_from((0, 0, 3, 12))),
            operations=[Operation(machines=draw(choices)) for _ in range(draw(st.integers(1, 5)))],
        )
        for number in range(draw(st.integers(1, 6)))
    ]
    return Request(machines=list(machines), jobs=jobs, now=draw(st.sampled_from((0, 0, 5))))


@pytest.mark.long
@settings(max_examples=80, deadline=None)
@given(request=shops(), seed=st.integers(0, 3))
def test_every_plan_is_possible_and_never_longer_than_the_rule(request, seed):
    numbers, start, shortest_plan = shortest(request, steps=100_000, seed=seed)
    feasible.check(request, Response(operations=plan.placed_of(numbers, request, shortest_plan)))
    assert shortest_plan.end.max() <= start.end.max()


@settings(max_examples=60, deadline=None)
@given(request=shops(), seed=st.integers(1, 9))
def test_a_tabu_search_says_the_makespan_of_the_plan_it_leaves(request, seed):
    """Moves, estimates and the order never lose an operation or run in a circle."""
    numbers = shop.shop_of(request)
    fixed, choice = makespan._tables(numbers)
    random = np.array([seed], np.uint64)
    order, machine = np.empty((2, len(numbers.job)), np.int32)
    makespan._any_plan(fixed, choice, len(numbers.table), random, order, machine)
    reached, _steps = tabu.tabu(fixed, choice, len(numbers.table), order, machine, (500, 200, 0), random)
    assert sorted(order) == list(range(len(order)))
    assert makespan._timed(numbers, order, machine).end.max() == reached


def test_the_oldest_shop_is_planned_best_and_repeats():
    request = fisher_thompson()
    _numbers, _start, first = shortest(request)
    assert first.end.max() == 55
    second = shortest(request)[2]
    assert all((one == other).all() for one, other in zip(first, second, strict=True))


def test_the_search_ends_at_once_at_a_goal_that_cannot_be_beaten():
    numbers, aim = shop.shop_of(fisher_thompson()), shop.Aim(1, 0, 0)
    start, progress = rules.best_of(numbers, aim), []
    makespan.shortest(numbers, start, budget.Budget(steps=1e12), 0, goal=int(start.end.max()), progress=progress)
    assert progress == []


def test_a_child_keeps_what_both_parents_do_in_the_same_order():
    numbers = shop.shop_of(fisher_thompson())
    fixed, choice = makespan._tables(numbers)
    random = np.array([7], np.uint64)
    mother, mother_machine, father, father_machine, child, machine = np.empty((6, 36), np.int32)
    makespan._any_plan(fixed, choice, 6, random, mother, mother_machine)
    makespan._any_plan(fixed, choice, 6, random, father, father_machine)
    makespan._crossed(mother, mother_machine, father, father_machine, random, child, machine)
    place, father_place, new = (np.argsort(order) for order in (mother, father, child))
    n = len(child)
    both = [(a, b) for a in range(n) for b in range(n) if place[a] < place[b] and father_place[a] < father_place[b]]
    assert both
    assert all(new[a] < new[b] for a, b in both)
