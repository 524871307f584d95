"""How long a search may go on, and how it tells how far it came."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Budget:
    """When a search stops: after its steps (repeatable) or at a moment, and whenever somebody asks.

    A step is one operation visited in one pass over a plan. A search of several threads gives each its share of the steps.

    Attributes
    ----------
    steps
        Steps in all.
    until
        Moment of `time.monotonic`.
    cancelled
        True once somebody has asked to stop.
    """

    steps: float = math.inf
    until: float = math.inf
    cancelled: Callable[[], bool] = lambda: False

    def left(self) -> float:
        """Seconds until the moment."""
        return self.until - time.monotonic()

    def over(self, steps: float) -> bool:
        """Whether to stop after so many steps."""
        return steps >= self.steps or time.monotonic() >= self.until or self.cancelled()


Progress = list[tuple[float, int]]  # steps done, objective of the best plan then
