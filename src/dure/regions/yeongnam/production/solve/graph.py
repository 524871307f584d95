"""The plan of a job shop as a graph: who follows whom in a job and on a machine, and the longest ways through it, compiled.

A plan is an order of all operations, in which each comes after those it waits for, and the machine of each. Its heads
(longest way to the beginning of an operation) and tails (longest way from its end) are two passes over that order.

All searches work on one table of numbers: a row for each property below, a column for each operation and one, n, that stands
for nobody. (One array, because Numba counts references to every array of a tuple at every call: three times slower.)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .compiled import below, inner

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int32]
else:
    Ints = Any

# What does not change: job, the operations before and after it in the job, release, where its choices of machines begin.
JOB, UP, DOWN, READY, OPTION = range(5)
# The plan: operations in order, place of each; machine, minutes, neighbours on the machine; longest ways to and from it.
ORDER, PLACE, MACHINE, MINUTES, BEFORE, AFTER, HEAD, TAIL = range(5, 13)
# The critical path from its end; scratch.
PATH, ROOM, MARK = range(13, 16)
ROWS = 16


@inner
def begin(fixed: Ints, choice: Ints, first: Ints, order: Ints, machine: Ints) -> Ints:
    """The table of a plan."""
    n = len(order)
    s = np.zeros((ROWS, n + 1), np.int32)
    s[: OPTION + 1], s[ORDER, :n], s[MACHINE, :n] = fixed, order, machine
    s[MACHINE, n], s[BEFORE], s[AFTER], first[:] = -1, n, n, n
    last = np.full(len(first), n, np.int32)
    for k in range(n):
        o = order[k]
        m = machine[o]
        s[PLACE, o], s[MINUTES, o] = k, _minutes(s, choice, o, m)
        tie(s, first, last[m], o, m)
        last[m] = o
    return s


@inner
def _minutes(s: Ints, choice: Ints, o: int, m: int) -> int:
    for c in range(s[OPTION, o], s[OPTION, o + 1]):
        if choice[0, c] == m:
            return choice[1, c]
    return 0


@inner
def tie(s: Ints, first: Ints, a: int, b: int, m: int) -> None:
    """Let b follow a on machine m; either may be nobody."""
    n = s.shape[1] - 1
    if a < n:
        s[AFTER, a] = b
    else:
        first[m] = b
    if b < n:
        s[BEFORE, b] = a


@inner
def forward(s: Ints, since: int) -> None:
    """Heads from a place of the order on."""
    for k in range(since, s.shape[1] - 1):
        o = s[ORDER, k]
        s[HEAD, o] = max(s[READY, o], end_of(s, s[UP, o]), end_of(s, s[BEFORE, o]))


@inner
def backward(s: Ints, until: int) -> None:
    """Tails from a place of the order back to its beginning."""
    for k in range(until, -1, -1):
        o = s[ORDER, k]
        s[TAIL, o] = max(way_from(s, s[DOWN, o]), way_from(s, s[AFTER, o]))


@inner
def end_of(s: Ints, o: int) -> int:
    """When an operation ends."""
    return s[HEAD, o] + s[MINUTES, o]


@inner
def way_from(s: Ints, o: int) -> int:
    """Longest way from the beginning of an operation."""
    return s[TAIL, o] + s[MINUTES, o]


@inner
def latest(s: Ints, random: Any) -> tuple[int, int]:
    """The makespan, and one of the operations that end then."""
    makespan, last, ties = -1, 0, 0
    for o in range(s.shape[1] - 1):
        if s[DOWN, o] == s.shape[1] - 1:
            end = end_of(s, o)
            if end > makespan:
                makespan, last, ties = end, o, 1
            elif end == makespan:
                ties += 1
                if below(random, ties) == 0:
                    last = o
    return makespan, last


@inner
def critical_path(s: Ints, end: int, random: Any) -> int:
    """Write one critical path, drawn at random, into `path` from its end; how long it is."""
    s[PATH, 0], length, o = end, 1, end
    while s[HEAD, o] > s[READY, o]:
        a, b = s[UP, o], s[BEFORE, o]
        by_job, by_machine = end_of(s, a) == s[HEAD, o], end_of(s, b) == s[HEAD, o]
        if by_job and by_machine:
            by_job = below(random, 2) == 0
        o = a if by_job else b
        s[PATH, length] = o
        length += 1
    return length


@inner
def shift(s: Ints, choice: Ints, first: Ints, u: int, v: int, m: int) -> tuple[int, int]:
    """Put u right behind v (nobody: first) on machine m."""
    n, since, until = s.shape[1] - 1, s[PLACE, u], s[PLACE, u]
    tie(s, first, s[BEFORE, u], s[AFTER, u], s[MACHINE, u])
    y = first[m] if v == n else s[AFTER, v]
    s[MACHINE, u], s[MINUTES, u] = m, _minutes(s, choice, u, m)
    tie(s, first, u, y, m)
    tie(s, first, v, u, m)
    s[BEFORE, u], s[AFTER, u] = v, y  # also where they are nobody
    if v < n and s[PLACE, v] > since:
        until = s[PLACE, v]
        put_behind(s, u, v)
    elif y < n and s[PLACE, y] < since:
        since = s[PLACE, y]
        put_ahead(s, y, u)
    return since, until


@inner
def put_behind(s: Ints, u: int, v: int) -> None:
    """Order the stretch from u to v anew: what does not wait for u first, then u and what does."""
    kept, held = s[PLACE, u], 1
    s[MARK, u], s[ROOM, 0] = 1, u
    for k in range(s[PLACE, u] + 1, s[PLACE, v] + 1):
        x = s[ORDER, k]
        if s[MARK, s[UP, x]] or s[MARK, s[BEFORE, x]]:
            s[MARK, x], s[ROOM, held] = 1, x
            held += 1
        else:
            s[ORDER, kept], s[PLACE, x] = x, kept
            kept += 1
    for k in range(held):
        x = s[ROOM, k]
        s[MARK, x], s[ORDER, kept + k], s[PLACE, x] = 0, x, kept + k


@inner
def put_ahead(s: Ints, u: int, v: int) -> None:
    """Order the stretch from u to v anew: v and what it waits for first, then the rest."""
    kept, held = s[PLACE, v], 1
    s[MARK, v], s[ROOM, 0] = 1, v
    for k in range(s[PLACE, v] - 1, s[PLACE, u] - 1, -1):
        x = s[ORDER, k]
        if s[MARK, s[DOWN, x]] or s[MARK, s[AFTER, x]]:
            s[MARK, x], s[ROOM, held] = 1, x
            held += 1
        else:
            s[ORDER, kept], s[PLACE, x] = x, kept
            kept -= 1
    for k in range(held):
        x = s[ROOM, k]
        s[MARK, x], s[ORDER, kept - k], s[PLACE, x] = 0, x, kept - k
