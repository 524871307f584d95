"""What the compiled searches share.

Functions that Python calls write into the arrays they are given: Numba unpickles the type of an array that it returns. Each is
called with one signature: Numba reads its pickled index again for a second one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
from numba import njit

F = TypeVar("F", bound=Callable[..., Any])


def inner(function: F) -> F:
    """Compile a function for other compiled ones alone: Python's way in takes longer to compile than what it leads to."""
    compiled: F = njit(no_cpython_wrapper=True, no_cfunc_wrapper=True, error_model="numpy")(function)  # type: ignore[call-overload]  # numba's types leave these two options out
    return compiled


@inner
def below(random: Any, most: int) -> Any:
    """A number from 0, below `most` < 2^32: xorshift (Marsaglia 2003), the same on every machine."""
    x = random[0]
    x ^= x << np.uint64(13)
    x ^= x >> np.uint64(7)
    x ^= x << np.uint64(17)
    random[0] = x
    return np.int64(((x >> np.uint64(32)) * np.uint64(most)) >> np.uint64(32))
