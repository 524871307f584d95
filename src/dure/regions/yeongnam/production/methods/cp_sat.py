"""The rival: OR-Tools CP-SAT by itself."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..model.plan import response_of, value
from ..model.shop import aim_of, shop_of
from ..solve.cpsat import STEPS, fits, solved
from ..solve.rules import best_of

if TYPE_CHECKING:
    from dure import Work

    from ..model.forms import Request, Response

BUDGET = 0.3  # CP-SAT's deterministic seconds: one to nine seconds on two cores, as long as our own planner or longer


def cp_sat(history: Any, seed: int, work: Work) -> Callable[[Request], Response | None]:
    """OR-Tools CP-SAT, started from the best rule.

    Never worse than the rule: its plan is the hint, caps the horizon, and is the answer where nothing better is found or the
    shop is too large. `work.budget` is in CP-SAT's deterministic seconds, under which the same seed gives the same plan; a
    request that gives seconds is searched by eight workers until then.
    """

    def plan(asked: Request) -> Response | None:
        begun = time.monotonic()
        shop, aim = shop_of(asked), aim_of(asked)
        known = best_of(shop, aim)
        budget = asked.work / STEPS if asked.work else work.budget or BUDGET
        left: dict[str, Any] = {"deterministic": budget}
        if asked.seconds:
            left = {"seconds": max(0.1, asked.seconds - (time.monotonic() - begun))}
        found, bound = solved(shop, aim, known, seed=seed, **left) if fits(shop) else (None, None)
        if found is None or (known is not None and value(shop, known, aim) < value(shop, found, aim)):
            found = known
        if found is None:
            return None
        return response_of(shop, asked, found).model_copy(update={"lower_bound": bound})

    return plan
