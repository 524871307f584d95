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

    def plan(request: Request) -> Response | None:
        begun = time.monotonic()
        shop, aim = shop_of(request), aim_of(request)
        known = best_of(shop, aim)
        budget = request.work / STEPS if request.work else work.budget or BUDGET
        limit: dict[str, Any] = {"deterministic": budget}
        if request.seconds:
            limit = {"seconds": max(0.1, request.seconds - (time.monotonic() - begun))}
        best, bound = solved(shop, aim, known, seed=seed, **limit) if fits(shop) else (None, None)
        if best is None or (known is not None and value(shop, known, aim) < value(shop, best, aim)):
            best = known
        if best is None:
            return None
        return response_of(shop, request, best).model_copy(update={"lower_bound": bound})

    return plan
