"""The proposal: the best rule's plan made better by the search that suits the shop, and CP-SAT, which also proves how good it is."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from ..explain.chains import explained
from ..model.forms import Request, Response, Step
from ..model.plan import Plan, placed_of, value
from ..model.shop import Aim, Shop, aim_of, shop_of
from ..solve.bounds import lower_bound
from ..solve.budget import Budget, Progress
from ..solve.cpsat import STEPS, fits, solved
from ..solve.rules import best_of

if TYPE_CHECKING:
    from dure import Work

BUDGET = 120.0  # million steps: one to three seconds on two cores
HARD = 6  # times as long takes a step in `search` where set-ups, closed times or pins must be kept
THREADS = 2
# Shares of the budget for a search, for CP-SAT, for a search again, by the number of choices that a shop has of a machine for an
# operation: CP-SAT soon proves small shops, raises the bound of middling ones, and has no time for large ones.
SHARES = ((150, (0.1, 0.25, 0.65)), (2_000, (0.9, 0.1, 0.0)), (math.inf, (1.0, 0.0, 0.0)))
# Where few operations are to be moved from a plan in force, CP-SAT finds which ones: on yn1 and swv06 with a machine down.
ANEW = ((2_000, (0.1, 0.9, 0.0)), SHARES[-1])
MOST_STEPS = 500  # of the objective while planning that an answer carries


def tabu_search(history: Any, seed: int, work: Work) -> Callable[[Request], Response | None]:
    """Tabu search with elite plans, and CP-SAT beside it.

    Never worse than the best rule, from whose plan it starts. Makespans of job shops and flexible job shops are searched in
    `makespan`, everything else (due dates, set-ups, closed times, pins, a plan in force) in `search`; CP-SAT tries to better
    the plan and to prove that no other is better. `work.budget` and the request's `work` are in million steps, one operation
    visited in one pass over a plan: the same seed gives the same plan. A request that gives seconds is planned until then.
    """

    def plan(request: Request) -> Response | None:
        return planned(request, seed=seed, budget=work.budget, cancelled=work.cancelled)

    return plan


def planned(
    request: Request, *, seed: int = 0, budget: float | None = None, cancelled: Callable[[], bool] = lambda: False
) -> Response | None:
    """The best plan found for a request, explained; None where its pins leave none that was found.

    Parameters
    ----------
    budget
        Million steps where the request gives neither seconds nor work.
    """
    spending = Spending(time.monotonic(), request.seconds, request.work or budget or BUDGET, cancelled)
    shop, aim = shop_of(request), aim_of(request)
    plan, bound, spent = best_of(shop, aim), lower_bound(shop, aim), 0.0
    progress: Progress = []
    shares = next(shares for most, shares in (ANEW if aim.move else SHARES) if len(shop.machine) <= most)
    if plan is not None:
        progress.append((0.0, value(shop, plan, aim)))
    for phase, share in enumerate(shares):
        spent += share
        if phase == 1 and (plan is None or (share and value(shop, plan, aim) > bound)):
            plan, bound = _proved(shop, aim, plan, bound, spending, share or 1.0, spent, seed)
        elif phase != 1 and share and plan is not None and value(shop, plan, aim) > bound:
            plan = _searched(shop, aim, plan, spending.until(share, spent), seed + phase, bound, progress)
    if plan is None:
        return None
    steps = _steps(progress, value(shop, plan, aim))
    return explained(request, placed_of(shop, request, plan), lower_bound=bound, progress=steps)


class Spending(NamedTuple):
    """Seconds or work, and how they are shared out."""

    begun: float
    seconds: float | None
    work: float
    cancelled: Callable[[], bool]

    def until(self, share: float, spent: float) -> Budget:
        """A share of the work, or the seconds until so much of them is spent."""
        if self.seconds is not None:
            return Budget(until=self.begun + self.seconds * spent, cancelled=self.cancelled)
        return Budget(steps=self.work * share * 1e6, cancelled=self.cancelled)


def _searched(shop: Shop, aim: Aim, start: Plan, budget: Budget, seed: int, bound: int, progress: Progress) -> Plan:
    from ..solve import makespan

    steps: Progress = []
    if makespan.fits(shop, aim):
        plan = makespan.shortest(shop, start, budget, seed, goal=bound, threads=THREADS, progress=steps)
    else:
        from ..solve.search import search

        if len(shop.closed) or shop.table.any() or (shop.pin >= 0).any():
            budget = replace(budget, steps=budget.steps / HARD)
        plan = search(shop, aim, start, budget, seed, threads=THREADS, progress=steps)
    before = progress[-1][0] if progress else 0.0
    progress += [(before + done, best) for done, best in steps]
    return plan


def _proved(
    shop: Shop, aim: Aim, plan: Plan | None, bound: int, spending: Spending, share: float, spent: float, seed: int
) -> tuple[Plan | None, int]:
    """CP-SAT from the plan: a better one where it finds it, and the higher bound."""
    if not fits(shop):
        return plan, bound
    seconds = deterministic = None
    if spending.seconds is not None:
        seconds = max(0.1, spending.begun + spending.seconds * spent - time.monotonic())
    else:
        deterministic = spending.work * share / STEPS
    better, proved = solved(shop, aim, plan, seed=seed, seconds=seconds, deterministic=deterministic)
    if better is not None and (plan is None or value(shop, better, aim) < value(shop, plan, aim)):
        plan = better
    return plan, max(bound, proved or 0)


def _steps(progress: Progress, reached: int) -> list[Step]:
    """The objective while planning; the last step is CP-SAT's where it found better."""
    steps = [Step(work=done / 1e6, objective=best) for done, best in progress[-MOST_STEPS:]]
    return [*steps, Step(work=steps[-1].work, objective=reached)] if steps and reached < steps[-1].objective else steps
