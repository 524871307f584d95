"""Today's practice: the best of the dispatching rules."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..model.plan import response_of
from ..model.shop import aim_of, shop_of
from ..solve.rules import best_of

if TYPE_CHECKING:
    from dure import Work

    from ..model.forms import Request, Response


def best_rule(history: Any, seed: int, work: Work) -> Callable[[Request], Response | None]:
    """Best of twelve dispatching rules (FIFO, SPT, LPT, MWKR, MOPNR, EDD, S/OPN, CR, WSPT, ATC, COVERT, SST).

    Where a plan is in force, pushing back what cannot stay is tried too. It declines where nothing of it keeps to the pins.
    """

    def plan(request: Request) -> Response | None:
        shop = shop_of(request)
        best = best_of(shop, aim_of(request))
        if best is None:
            return None
        return response_of(shop, request, best)

    return plan
