"""The shortest plan of a job shop or flexible job shop: tabu searches from crossings of elite plans, on islands.

A pool of elite plans, each the end of a tabu search; two of them crossed give the next one's beginning, as in the memetic
searches that hold most records of the standard shops (Peng, Lue and Cheng 2015, Computers & Operations Research 53:154;
Cheng, Peng and Lue 2013). Crossed by precedence preservation (Bierwirth, Mattfeld and Kopfer 1996, PPSN IV): what both
parents do in the same order, the child does too. One island a thread; now and then each gives the next its best plan.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numba import njit

from ..model.plan import Plan, value
from ..model.shop import Aim, Shop
from .compiled import below
from .graph import DOWN, JOB, OPTION, READY, UP
from .tabu import tabu

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .budget import Budget, Progress

    Ints = NDArray[np.int32]
else:
    Ints = Any

PATIENCE = 8_000  # moves without a better plan: best of 4,000 to 25,000 on open instances
STEPS_AT_ONCE = 30_000_000  # of one tabu search at most: under half a second
POOL, GENERATIONS_EACH = 12, 20  # elite plans of an island at most; fewer where there is no time to cross them
VISIT = 10  # generations between visits of the islands
STEPS_A_SECOND = 100_000_000  # of one thread, about: only sets the size of the pool where seconds are given
ALIKE = 0.02  # share of operations with another successor on their machine below which two plans are one


class Elite(NamedTuple):
    """A plan in the pool: its makespan, the operations in order, the machine and the successor of each."""

    makespan: int
    order: Ints
    machine: Ints
    after: Ints


def fits(shop: Shop, aim: Aim) -> bool:
    """Whether the shop is one that these searches can plan: the makespan alone counts, and nothing stands in the way."""
    return (
        aim.makespan > 0
        and not aim.late
        and not aim.move
        and not len(shop.closed)
        and not shop.table.any()
        and bool((shop.pin < 0).all())
        and bool((shop.minutes > 0).all())
        and int(shop.minutes.sum() + shop.release.max() + shop.now) < 1 << 30
    )


def shortest(
    shop: Shop,
    start: Plan,
    budget: Budget,
    seed: int,
    *,
    goal: int = 0,
    threads: int = 2,
    progress: Progress | None = None,
) -> Plan:
    """The shortest plan found, never longer than `start`.

    Parameters
    ----------
    shop
        One that `fits`.
    goal
        A makespan that no plan can be below; the search ends when it is reached.
    progress
        Gets (steps, makespan) of every better plan.
    """
    islands = [_Island(shop, start, budget, seed * 1_000 + number, goal, threads) for number in range(threads)]
    reached = value(shop, start, Aim(1, 0, 0))
    with ThreadPoolExecutor(threads) as pool:
        while True:
            list(pool.map(_Island.live, islands))
            best = min((island.best() for island in islands), key=_makespan)
            if best.makespan < reached and progress is not None:
                progress.append((sum(island.steps for island in islands), best.makespan))
            reached = min(reached, best.makespan)
            if reached <= goal or any(island.over() for island in islands):
                break
            for island, other in zip(islands, [*islands[1:], islands[0]], strict=True):
                island.take(other.best())
    plan = _timed(shop, best.order, best.machine)
    return plan if value(shop, plan, Aim(1, 0, 0)) < value(shop, start, Aim(1, 0, 0)) else start


class _Island:
    """A pool of elite plans and the random numbers that cross them."""

    def __init__(self, shop: Shop, start: Plan, budget: Budget, seed: int, goal: int, threads: int) -> None:
        self.budget, self.goal, self.share = budget, goal, 1 / threads
        self.fixed, self.choice, self.machines = *_tables(shop), len(shop.table)
        self.random = np.array([(seed + 1) * 0x9E3779B97F4A7C15 % (1 << 64) | 1], np.uint64)
        self.first: tuple[Ints, Ints] | None = (
            np.lexsort((np.arange(len(shop.job)), start.start)).astype(np.int32),
            start.machine.astype(np.int32),
        )
        n = len(shop.job)
        self.moves = max(100, STEPS_AT_ONCE // n)
        expected = min(budget.steps * self.share, max(0.0, budget.left()) * STEPS_A_SECOND) / (1.3 * PATIENCE * n)
        self.most = int(min(POOL, max(3, expected // GENERATIONS_EACH)))
        self.pool: list[Elite] = []
        self.steps = 0

    def over(self) -> bool:
        """Whether the island's share of the budget is spent."""
        return self.budget.over(self.steps / self.share) or self.best().makespan <= self.goal

    def best(self) -> Elite:
        """The shortest plan of the pool; the first of several."""
        return min(self.pool, key=_makespan)

    def live(self) -> None:
        """Some generations."""
        for _generation in range(VISIT):
            order, machine = self._child()
            limits = (self.moves, min(PATIENCE, self.moves), self.goal)
            makespan, steps = tabu(self.fixed, self.choice, self.machines, order, machine, limits, self.random)
            self.steps += steps
            after = np.empty_like(order)
            _successors(order, machine, self.machines, after)
            self.take(Elite(makespan, order, machine, after))
            if self.over():
                return

    def _child(self) -> tuple[Ints, Ints]:
        if self.first is not None:
            order, machine = self.first
            self.first = None
            return order.copy(), machine.copy()
        order, machine = np.empty((2, self.fixed.shape[1] - 1), np.int32)
        if len(self.pool) < self.most:
            _any_plan(self.fixed, self.choice, self.machines, self.random, order, machine)
            return order, machine
        one, other = _two(self.random, len(self.pool))
        mother, father = self.pool[one], self.pool[other]
        _crossed(mother.order, mother.machine, father.order, father.machine, self.random, order, machine)
        return order, machine

    def take(self, elite: Elite) -> None:
        """Into the pool, in the place of the plan that is like it or of the longest, unless it is longer itself."""
        alike = [k for k, other in enumerate(self.pool) if np.mean(other.after != elite.after) < ALIKE]
        if not alike and len(self.pool) < self.most:
            self.pool.append(elite)
            return
        k = alike[0] if alike else max(range(len(self.pool)), key=lambda k: self.pool[k].makespan)
        if elite.makespan < self.pool[k].makespan or (not alike and elite.makespan == self.pool[k].makespan):
            self.pool[k] = elite


def _makespan(elite: Elite) -> int:
    return elite.makespan


def _tables(shop: Shop) -> tuple[Ints, Ints]:
    """The shop as `tabu` reads it."""
    n = len(shop.job)
    fixed = np.full((5, n + 1), n, np.int32)
    last, begins = np.zeros(n, bool), np.zeros(n, bool)
    last[shop.first[1:] - 1], begins[shop.first[:-1]] = True, True
    number = np.arange(n)
    fixed[JOB, :n], fixed[JOB, n], fixed[OPTION] = shop.job, 0, shop.option
    fixed[UP, :n], fixed[DOWN, :n] = np.where(begins, n, number - 1), np.where(last, n, number + 1)
    fixed[READY, :n], fixed[READY, n] = np.where(begins, np.maximum(shop.release, shop.now)[shop.job], 0), 0
    return fixed, np.stack([shop.machine, shop.minutes]).astype(np.int32)


@njit(cache=True, nogil=True)
def _two(random: Any, most: int) -> tuple[int, int]:
    """Two different numbers from 0, below `most`."""
    one = below(random, most)
    return one, (one + 1 + below(random, most - 1)) % most


@njit(cache=True, nogil=True)
def _crossed(order: Ints, machine: Ints, other: Ints, other_machine: Ints, random: Any, child: Ints, on: Ints) -> None:
    """Write a child and its machines: always the next operation of one parent or the other, drawn by a coin, with that parent's machine."""
    n = len(order)
    done = np.zeros(n, np.uint8)
    a, b = 0, 0
    for k in range(n):
        while done[order[a]]:
            a += 1
        while done[other[b]]:
            b += 1
        if below(random, 2) == 0:
            o = order[a]
            on[o] = machine[o]
        else:
            o = other[b]
            on[o] = other_machine[o]
        child[k], done[o] = o, 1


@njit(cache=True, nogil=True)
def _any_plan(fixed: Ints, choice: Ints, machines: int, random: Any, order: Ints, machine: Ints) -> None:
    """Write a plan drawn at random; of its machines, an operation takes the one that would be done first with its load."""
    n = fixed.shape[1] - 1
    ready, count, load = np.empty(n, np.int32), 0, np.zeros(machines, np.int64)
    for o in range(n):
        if fixed[UP, o] == n:
            ready[count] = o
            count += 1
    for k in range(n):
        i = below(random, count)
        o = ready[i]
        best, ties = 0, 0
        for c in range(fixed[OPTION, o], fixed[OPTION, o + 1]):
            end, least = load[choice[0, c]] + choice[1, c], load[choice[0, best]] + choice[1, best]
            if ties == 0 or end < least:
                best, ties = c, 1
            elif end == least:
                ties += 1
                if below(random, ties) == 0:
                    best = c
        order[k], machine[o] = o, choice[0, best]
        load[machine[o]] += choice[1, best]
        ready[i] = fixed[DOWN, o]
        if ready[i] == n:
            count -= 1
            ready[i] = ready[count]


@njit(cache=True, nogil=True)
def _successors(order: Ints, machine: Ints, machines: int, after: Ints) -> None:
    """Write what follows each operation on its machine: -1 - machine where nothing does, so that machines count as well."""
    last = np.full(machines, -1, np.int32)
    for o in order:
        m = machine[o]
        if last[m] >= 0:
            after[last[m]] = o
        after[o], last[m] = -1 - m, o


def _timed(shop: Shop, order: Ints, machine: Ints) -> Plan:
    """Everything as early as the order lets it."""
    n = len(order)
    plan = Plan(machine.astype(np.int64), np.zeros(n, np.int64), np.zeros(n, np.int64))
    ready, free = np.maximum(shop.release, shop.now), np.zeros(len(shop.table), np.int64)
    for o in order.tolist():
        j, m = shop.job[o], machine[o]
        choices = slice(shop.option[o], shop.option[o + 1])
        minutes = shop.minutes[choices][shop.machine[choices] == m][0]
        plan.start[o] = max(ready[j], free[m])
        plan.end[o] = ready[j] = free[m] = plan.start[o] + minutes
    return plan
