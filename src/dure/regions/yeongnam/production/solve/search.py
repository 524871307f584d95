"""A better plan for everything a request can say: simulated annealing over exactly placed plans, on several walkers.

A walker changes the order of operations on a critical chain, or the machine of one, and places what that moves anew; worse
plans are taken by a temperature that is steered to a falling share of them (Kirkpatrick, Gelatt and Vecchi 1983, Science
220:671; for late jobs the chains of Kreipl 2000, Journal of Scheduling 3:125, and Mati, Dauzere-Peres and Lahlou 2011,
European Journal of Operational Research 212:33). Cycles grow longer; each begins from the best plan of all walkers.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np

from ..model.plan import Plan, value
from . import anneal
from .floor import work_of

if TYPE_CHECKING:
    from ..model.shop import Aim, Shop
    from .budget import Budget, Progress

# Between two looks at the budget a walker takes so many steps, some milliseconds; of few steps in all it takes a part.
CHUNK, PARTS = 200_000, 200
# Of 100 moves, how many change the machine; of those on a machine, up to which number of 100 neighbours are swapped and up to
# which an operation goes to an end of its block; after how many moves without a better plan another chain is drawn.
KNOBS = np.array([45, 40, 80, 8])
# Share of worse moves taken at the beginning and the end of a cycle, by walker: one warmer, one colder.
SHARES = ((0.1, 0.04), (0.06, 0.01))
# Moves an operation in the first cycle, how much longer each is than the one before. Fewer moves than a cycle's can mend only
# so much: where a plant is large, or time short, it begins so much colder.
CYCLE, GROWTH = 300, 1.5
BARE = 1000  # operations up to which a shop without set-ups, closed times, pins and moves is placed anew from the change on
LOGS = np.array(
    [int(-math.log((i + 0.5) / 4096) * 65536) for i in range(4096)]
)  # so that the walk itself needs no decimals


def search(
    shop: Shop, aim: Aim, start: Plan, budget: Budget, seed: int, threads: int = 2, progress: Progress | None = None
) -> Plan:
    """The best plan found, never worse than `start`, which must be possible.

    Parameters
    ----------
    progress
        Gets (steps, objective) of the start and of every better plan.
    """
    walkers = [_Walker(shop, aim, start, seed * 1_000 + number + 1) for number in range(threads)]
    best, reached, steps, begun = start, value(shop, start, aim), 0, time.monotonic()
    log: Progress = [] if progress is None else progress
    log.append((0.0, reached))
    chunk = int(min(CHUNK, max(100, budget.steps / threads / PARTS)))

    def spent() -> float:
        return max(steps / max(1.0, budget.steps), (time.monotonic() - begun) / max(1e-9, budget.until - begun))

    def walk(shares: Sequence[float]) -> None:
        nonlocal best, reached, steps
        list(pool.map(_Walker.walk, walkers, [chunk] * threads, shares))
        steps = sum(walker.steps() for walker in walkers)
        winner = min(walkers, key=_Walker.best)
        if winner.best() < reached:
            best, reached = winner.plan(), winner.best()
            log.append((float(steps), reached))

    with ThreadPoolExecutor(threads) as pool:
        walk([SHARES[-1][-1]] * threads)  # cold, as what a move costs is not known yet
        moves = min(walker.moves() for walker in walkers) / len(shop.job) / max(1e-9, spent())
        heat, since = min(1.0, moves / CYCLE) ** 0.5, 0.0
        for walker in walkers:
            walker.heat *= heat
        for until in _ends(moves):
            while (now := spent()) < until and reached > 0 and not budget.over(steps):
                part = min(1.0, (now - since) / (until - since))
                accepted = [heat * warm * (cool / warm) ** part for warm, cool in SHARES]
                walk([accepted[number % len(accepted)] for number in range(threads)])
            since, winner = until, min(walkers, key=_Walker.best)
            for walker in walkers:
                walker.go_on_from(winner)
    return best if value(shop, best, aim) <= value(shop, start, aim) else start


def _ends(moves: float) -> list[float]:
    """When each cycle ends, as a share of the budget: as many cycles as there are moves an operation for, at least one."""
    lengths = [1.0]
    while (sum(lengths) + lengths[-1] * GROWTH) * CYCLE <= moves:
        lengths.append(lengths[-1] * GROWTH)
    return [sum(lengths[: number + 1]) / sum(lengths) for number in range(len(lengths))]


class _Walker:
    """A plan that is changed, the best one it has seen, and its temperature."""

    def __init__(self, shop: Shop, aim: Aim, plan: Plan, seed: int) -> None:
        self.shop = shop
        self.yard, self.s, self.lists, self.tally, self.aims = _begin(shop, aim, plan)
        self.random = np.array([(seed * 0x9E3779B97F4A7C15) % (1 << 64) or 1], np.uint64)
        used = shop.weight[shop.weight > 0]
        per_minute = aim.makespan * 0.2 + aim.late * (float(used.mean()) if len(used) else 0.0)
        self.heat = max(1.0, float(shop.minutes.mean()) * per_minute)

    def walk(self, steps: int, share: float) -> None:
        """So many steps, after which the temperature is moved towards the share of worse moves that is to be taken."""
        tried, taken = self.tally[anneal.TRIED], self.tally[anneal.TAKEN]
        heat = int(self.heat)
        anneal.anneal(self.yard, self.s, self.lists, self.tally, self.aims, KNOBS, steps, heat, LOGS, self.random)
        ratio = (self.tally[anneal.TAKEN] - taken + 1) / (self.tally[anneal.TRIED] - tried + 1 / share)
        self.heat = min(1e12, max(0.5, self.heat * min(1.5, max(0.7, (share / ratio) ** 0.5))))

    def steps(self) -> int:
        return int(self.tally[anneal.STEPS])

    def moves(self) -> int:
        """Moves tried."""
        return int(self.tally[anneal.TRIED])

    def best(self) -> int:
        """Objective of the best plan."""
        return int(self.tally[anneal.BEST])

    def go_on_from(self, other: _Walker) -> None:
        """Begin again from the other's best plan."""
        rows = slice(anneal.BEST_ORDER, anneal.BEST_LOW + 1)
        self.lists[rows], self.tally[anneal.BEST] = other.lists[rows], other.tally[anneal.BEST]
        anneal.restart(self.yard, self.s, self.lists, self.tally, self.aims)

    def plan(self) -> Plan:
        """The best plan."""
        s, tally = self.s.copy(), np.zeros(anneal.TALLY, np.int64)
        anneal.restart(self.yard, s, self.lists.copy(), tally, self.aims)
        operations = s[: len(self.shop.job)].astype(np.int64)
        end = operations[:, anneal.END].copy()
        return Plan(operations[:, anneal.MACHINE].copy(), end - operations[:, anneal.TAKES], end)


def _begin(shop: Shop, aim: Aim, plan: Plan) -> tuple[Any, ...]:
    """Everything that `anneal` works on, at a plan."""
    n, m = len(shop.job), len(shop.table)
    work = work_of(shop)
    yard = anneal.Yard(
        shop.first[1:] - 1, shop.option, shop.machine, shop.minutes, shop.table, shop.change, shop.shut, shop.closed,
        work.pin_from, work.pins, shop.now,
    )  # fmt: skip
    hard = (np.diff(shop.shut) > 0) | (np.diff(work.pin_from) > 0) | (shop.change.max(axis=(1, 2))[shop.table] > 0)
    s, lists = _table(shop, hard), np.zeros((anneal.LINES, n + m + 1), np.int32)
    lists[anneal.BEST_ORDER, :n] = np.lexsort((np.arange(n), plan.end, plan.start))
    lists[anneal.BEST_MACHINE, :n] = plan.machine
    ready = s[:n, anneal.READY]
    stays = (plan.machine == shop.old) & (plan.start == shop.began) & (aim.move > 0)
    lists[anneal.BEST_LOW, :n] = np.where(stays, np.maximum(shop.began, ready), ready)
    missed = 1000 * (aim.makespan + aim.late * max(1, shop.weight.max()) + aim.move + 1)
    bare = not hard.any() and not aim.move and n <= BARE
    aims, tally = np.array([aim.makespan, aim.late, aim.move, missed, bare]), np.zeros(anneal.TALLY, np.int64)
    anneal.restart(yard, s, lists, tally, aims)
    if tally[anneal.CURRENT] > value(shop, plan, aim):  # placed as early as can be it is worse: it stays where it is
        lists[anneal.BEST_LOW, :n] = np.maximum(plan.start, ready)
        anneal.restart(yard, s, lists, tally, aims)
    tally[anneal.BEST] = tally[anneal.CURRENT]
    return yard, s, lists, tally, aims


def _table(shop: Shop, hard: Any) -> Any:
    """A row an operation, then one a machine (what was done there before anything), then nobody's."""
    n, m = len(shop.job), len(shop.table)
    nobody, number = n + m, np.arange(n)
    s = np.zeros((nobody + 1, anneal.FIELDS), np.int32)
    s[:n, anneal.UP] = np.where(np.isin(number, shop.first[:-1]), nobody, number - 1)
    s[:n, anneal.DOWN] = np.where(np.isin(number + 1, shop.first[1:]), nobody, number + 1)
    s[n:, anneal.DOWN] = s[n:, anneal.UP] = s[nobody, anneal.AFTER] = s[nobody, anneal.BEFORE] = nobody
    s[:n, anneal.READY] = np.maximum(shop.now, shop.release[shop.job])
    s[:n, anneal.FAMILY] = shop.family
    s[:n, anneal.PINNED], s[n:, anneal.PINNED] = np.where(shop.pin >= 0, shop.pinned, -1), -1
    s[:n, anneal.OLD], s[:n, anneal.BEGAN] = shop.old, shop.began
    last = shop.first[1:] - 1
    s[last, anneal.DUE], s[last, anneal.WEIGHT] = np.minimum(shop.due, 1 << 30), shop.weight
    s[n : n + m, anneal.KIND] = hard
    s[nobody, anneal.PLACE] = n
    return s
