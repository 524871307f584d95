"""A plan as arrays, there and back, and what it comes to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from .forms import Request, Response
from .jobs import Placed

if TYPE_CHECKING:
    from .shop import Aim, Ints, Shop


class Plan(NamedTuple):
    """Machine and start of every operation.

    Attributes
    ----------
    machine, start, end
        (n,) of each operation.
    """

    machine: Ints
    start: Ints
    end: Ints


def plan_of(shop: Shop, request: Request, placed: Sequence[Placed]) -> Plan:
    """Placed operations as arrays."""
    names = {name: number for number, name in enumerate(request.machines)}
    place = {job.name: int(shop.first[j]) for j, job in enumerate(request.jobs)}
    plan = Plan(*(np.zeros(len(shop.job), np.int64) for _field in Plan._fields))
    for operation in placed:
        o = place[operation.job] + operation.operation - 1
        plan.machine[o], plan.start[o], plan.end[o] = names[operation.machine], operation.start, operation.end
    return plan


def placed_of(shop: Shop, request: Request, plan: Plan) -> list[Placed]:
    """Arrays as placed operations, job after job."""
    return [
        Placed(
            job=request.jobs[j].name,
            operation=o - int(shop.first[j]) + 1,
            machine=request.machines[plan.machine[o]],
            start=int(plan.start[o]),
            end=int(plan.end[o]),
        )
        for o, j in enumerate(shop.job.tolist())
    ]


def response_of(shop: Shop, request: Request, plan: Plan) -> Response:
    """A plan as an answer: its operations and what it comes to."""
    makespan, late, moved = figures_of(shop, plan)
    return Response(
        operations=placed_of(shop, request, plan),
        makespan=makespan,
        weighted_tardiness=late,
        moved=moved if request.previous else None,
    )


def figures_of(shop: Shop, plan: Plan) -> tuple[int, int, int]:
    """Makespan, weighted tardiness and moved operations of a plan."""
    late = np.maximum(0, plan.end[shop.first[1:] - 1] - shop.due) * shop.weight
    moved = (shop.old >= 0) & ((plan.machine != shop.old) | (plan.start != shop.began))
    return int(plan.end.max()), int(late.sum()), int(moved.sum())


def value(shop: Shop, plan: Plan, aim: Aim) -> int:
    """The objective of a plan."""
    makespan, late, moved = figures_of(shop, plan)
    return aim.makespan * makespan + aim.late * late + aim.move * moved
