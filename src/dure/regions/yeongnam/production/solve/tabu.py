"""Tabu search for the makespan of job shops and flexible job shops: moves, their estimates, one search from one plan.

A plan is an order of all operations, in which each comes after those it waits for, and the machine of each. Its heads
(longest way to the beginning of an operation) and tails (longest way from its end) are two passes over that order.

Moves on a machine are those of Balas and Vazacopoulos (1998, Management Science 44:262) on critical blocks as widened by
Zhang, Li, Guan and Rao (2007, Computers & Operations Research 34:3229): an operation right behind the last or right ahead
of the first of its block, the first and the last into the block. Moves to another machine are those of Mastrolilli and
Gambardella (2000, Journal of Scheduling 3:3). What a move is worth is estimated from heads and tails without making it.

All searches work on one table of numbers: a row for each property below, a column for each operation and one, n, that stands
for nobody. (One array, because Numba counts references to every array of a tuple at every call: three times slower.)
Every operation takes at least a minute: the estimates rest on it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit

from .compiled import below, inner

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int32]
else:
    Ints = Any

FAR = 1 << 30
TENURE = 7  # moves that a turned pair stays turned, up to twice as many: best of 3, 5, 7, 11, 16, 24 on open instances
BEHIND, AHEAD, ELSEWHERE = 1, 2, 3  # u right behind v; v right ahead of u; u right behind v on another machine

# What does not change: job, the operations before and after it in the job, release, where its choices of machines begin.
JOB, UP, DOWN, READY, OPTION = range(5)
# The plan: operations in order, place of each; machine, minutes, neighbours on the machine; longest ways to and from it.
ORDER, PLACE, MACHINE, MINUTES, BEFORE, AFTER, HEAD, TAIL = range(5, 13)
# The critical path from its end; scratch.
PATH, ROOM, MARK = range(13, 16)
ROWS = 16
# The move to make: its estimate, how many are as good, itself (kind, u, v, machine); how many were seen, one of them at random;
# moves made so far, best makespan so far.
VALUE, TIES, CHOSEN, SEEN, SPARE, MADE, BEST, SIZE = 0, 1, 2, 6, 7, 11, 12, 13


@njit(cache=True, nogil=True)
def tabu(
    fixed: Ints, choice: Ints, machines: int, order: Ints, machine: Ints, limits: tuple[int, int, int], random: Any
) -> tuple[int, int]:
    """Search from a plan, which becomes the best one found.

    Parameters
    ----------
    fixed
        (5, n + 1) rows JOB to OPTION.
    choice
        (2, choices) machine and minutes.
    machines
        How many.
    order, machine
        (n,) the plan; overwritten.
    limits
        Moves at most; moves without a better plan; a makespan at which to stop, as none is smaller.
    random
        (1,) uint64, not 0; goes on from call to call.

    Returns
    -------
    makespan, steps
        A step is one operation visited in one pass.
    """
    n, jobs = len(order), fixed[JOB, len(order) - 1] + 1
    moves, patience, goal = limits
    first = np.zeros(machines, np.int32)  # operation of each machine
    s = _begin(fixed, choice, first, order, machine)
    barred = np.zeros((n, jobs + len(first)), np.int32)  # until which move not ahead of a job's, not back to a machine
    best, since, until, idle, steps = FAR, 0, n - 1, 0, 0
    move = np.zeros(SIZE, np.int64)
    for made in range(moves + 1):
        _forward(s, since)
        _backward(s, until)
        steps += n - since + until + 1
        makespan, end = _end(s, random)
        idle += 1
        if makespan < best:
            best, idle = makespan, 0
            order[:], machine[:] = s[ORDER, :n], s[MACHINE, :n]
        if best <= goal or idle >= patience:
            break
        move[:] = 0
        move[VALUE], move[MADE], move[BEST] = FAR, made, best
        length = _critical(s, end, random)
        _in_blocks(s, length, barred, move, random)
        _elsewhere(s, choice, first, length, barred, move, random)
        if move[SEEN] == 0:
            break  # one job, or one machine without a gap: no plan is shorter
        if move[TIES] == 0:
            move[CHOSEN : CHOSEN + 4] = move[SPARE : SPARE + 4]  # all are barred
        since, until = _make(s, choice, first, barred, move, made + TENURE + below(random, TENURE))
    return int(best), int(steps)


@inner
def _begin(fixed: Ints, choice: Ints, first: Ints, order: Ints, machine: Ints) -> Ints:
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
        _tie(s, first, last[m], o, m)
        last[m] = o
    return s


@inner
def _minutes(s: Ints, choice: Ints, o: int, m: int) -> int:
    for c in range(s[OPTION, o], s[OPTION, o + 1]):
        if choice[0, c] == m:
            return choice[1, c]
    return 0


@inner
def _tie(s: Ints, first: Ints, a: int, b: int, m: int) -> None:
    """Let b follow a on machine m; either may be nobody."""
    n = s.shape[1] - 1
    if a < n:
        s[AFTER, a] = b
    else:
        first[m] = b
    if b < n:
        s[BEFORE, b] = a


@inner
def _forward(s: Ints, since: int) -> None:
    """Heads from a place of the order on."""
    for k in range(since, s.shape[1] - 1):
        o = s[ORDER, k]
        s[HEAD, o] = max(s[READY, o], _free(s, s[UP, o]), _free(s, s[BEFORE, o]))


@inner
def _backward(s: Ints, until: int) -> None:
    """Tails from a place of the order back to its beginning."""
    for k in range(until, -1, -1):
        o = s[ORDER, k]
        s[TAIL, o] = max(_long(s, s[DOWN, o]), _long(s, s[AFTER, o]))


@inner
def _free(s: Ints, o: int) -> int:
    """When an operation ends."""
    return s[HEAD, o] + s[MINUTES, o]


@inner
def _long(s: Ints, o: int) -> int:
    """Longest way from the beginning of an operation."""
    return s[TAIL, o] + s[MINUTES, o]


@inner
def _end(s: Ints, random: Any) -> tuple[int, int]:
    """The makespan, and one of the operations that end then."""
    makespan, last, ties = -1, 0, 0
    for o in range(s.shape[1] - 1):
        if s[DOWN, o] == s.shape[1] - 1:
            end = _free(s, o)
            if end > makespan:
                makespan, last, ties = end, o, 1
            elif end == makespan:
                ties += 1
                if below(random, ties) == 0:
                    last = o
    return makespan, last


@inner
def _critical(s: Ints, end: int, random: Any) -> int:
    """Write one critical path, drawn at random, into `path` from its end; how long it is."""
    s[PATH, 0], length, o = end, 1, end
    while s[HEAD, o] > s[READY, o]:
        a, b = s[UP, o], s[BEFORE, o]
        by_job, by_machine = _free(s, a) == s[HEAD, o], _free(s, b) == s[HEAD, o]
        if by_job and by_machine:
            by_job = below(random, 2) == 0
        o = a if by_job else b
        s[PATH, length] = o
        length += 1
    return length


@inner
def _in_blocks(s: Ints, length: int, barred: Ints, move: Any, random: Any) -> None:
    """Offer the moves on critical blocks: path[i] down to path[e], first to last, stand on one machine."""
    i = length - 1
    while i > 0:
        e = i
        while e > 0 and s[AFTER, s[PATH, e]] == s[PATH, e - 1]:
            e -= 1
        one, last = s[PATH, i], s[PATH, e]
        for k in range(i, e - 1, -1):
            x = s[PATH, k]
            if x != last:
                _try_behind(s, x, last, barred, move, random)
                if x != one and s[AFTER, x] != last:  # next to each other it is the same move
                    _try_ahead(s, x, last, barred, move, random)
            if x != one and (x != last or s[AFTER, one] != last):
                _try_ahead(s, one, x, barred, move, random)
                if x != last and s[AFTER, one] != x:
                    _try_behind(s, one, x, barred, move, random)
        i = e - 1


@inner
def _try_behind(s: Ints, u: int, v: int, barred: Ints, move: Any, random: Any) -> None:
    """Offer u right behind v, unless the job of u might then wait for itself (Balas and Vazacopoulos, proposition 2.2)."""
    a = s[DOWN, u]
    if a != v and _long(s, v) >= _long(s, a):
        _offer(_behind(s, u, v), barred[v, s[JOB, u]], BEHIND, u, v, 0, move, random)


@inner
def _try_ahead(s: Ints, u: int, v: int, barred: Ints, move: Any, random: Any) -> None:
    """Offer v right ahead of u, likewise (proposition 2.3)."""
    a = s[UP, v]
    if a != u and _free(s, u) >= _free(s, a):
        _offer(_ahead(s, u, v), barred[v, s[JOB, u]], AHEAD, u, v, 0, move, random)


@inner
def _offer(value: int, until: int, kind: int, u: int, v: int, machine: int, move: Any, random: Any) -> None:
    """Keep a move if it is the best so far, by a coin among equals; a barred one only if it promises a new best plan."""
    move[SEEN] += 1
    if move[TIES] == 0 and below(random, move[SEEN]) == 0:
        move[SPARE], move[SPARE + 1], move[SPARE + 2], move[SPARE + 3] = kind, u, v, machine
    if value > move[VALUE] or (until > move[MADE] and value >= move[BEST]):
        return
    move[TIES] = 1 if value < move[VALUE] else move[TIES] + 1
    if move[TIES] == 1 or below(random, move[TIES]) == 0:
        move[VALUE], move[CHOSEN], move[CHOSEN + 1], move[CHOSEN + 2], move[CHOSEN + 3] = value, kind, u, v, machine


@inner
def _behind(s: Ints, u: int, v: int) -> int:
    """Estimated longest way through u..v once u stands right behind v (Balas and Vazacopoulos 1998, section 3)."""
    ready, count, w = _free(s, s[BEFORE, u]), 0, u
    while w != v:
        w = s[AFTER, w]
        ready = max(ready, _free(s, s[UP, w]))
        s[ROOM, count] = ready
        count += 1
        ready += s[MINUTES, w]
    ready = max(ready, _free(s, s[UP, u]))
    left = max(_long(s, s[DOWN, u]), _long(s, s[AFTER, v])) + s[MINUTES, u]
    worst = ready + left
    while w != u:
        count -= 1
        left = max(left, _long(s, s[DOWN, w])) + s[MINUTES, w]
        worst = max(worst, s[ROOM, count] + left)
        w = s[BEFORE, w]
    return worst


@inner
def _ahead(s: Ints, u: int, v: int) -> int:
    """Estimated longest way through u..v once v stands right ahead of u."""
    left, count, w = _long(s, s[AFTER, v]), 0, v
    while w != u:
        w = s[BEFORE, w]
        left = max(left, _long(s, s[DOWN, w]))
        s[ROOM, count] = left
        count += 1
        left += s[MINUTES, w]
    left = max(left, _long(s, s[DOWN, v]))
    ready = max(_free(s, s[UP, v]), _free(s, s[BEFORE, u])) + s[MINUTES, v]
    worst = ready + left
    while w != v:
        count -= 1
        ready = max(ready, _free(s, s[UP, w])) + s[MINUTES, w]
        worst = max(worst, ready + s[ROOM, count])
        w = s[AFTER, w]
    return worst


@inner
def _elsewhere(s: Ints, choice: Ints, first: Ints, length: int, barred: Ints, move: Any, random: Any) -> None:
    """Offer critical operations to their other machines, at every place where nothing waits for itself."""
    for k in range(length):
        u = s[PATH, k]
        for c in range(s[OPTION, u], s[OPTION, u + 1]):
            if s[OPTION, u + 1] - s[OPTION, u] > 1 and choice[0, c] != s[MACHINE, u]:
                _at_places(s, choice, first, u, c, barred, move, random)


@inner
def _at_places(s: Ints, choice: Ints, first: Ints, u: int, c: int, barred: Ints, move: Any, random: Any) -> None:
    """Offer u to every place of the machine of choice c: between x, which no job of u waits for, and y, which waits for none."""
    n, m, a, d = s.shape[1] - 1, choice[0, c], s[UP, u], s[DOWN, u]
    ready, left = max(s[READY, u], _free(s, a)), _long(s, d)
    until = barred[u, barred.shape[1] - len(first) + m]
    x, y = n, first[m]
    while x == n or (x != d and (d == n or s[HEAD, x] < _free(s, d))):
        if y == n or (y != a and (a == n or _free(s, y) > s[HEAD, a])):
            value = max(ready, _free(s, x)) + choice[1, c] + max(left, _long(s, y))
            _offer(value, until, ELSEWHERE, u, x, m, move, random)
        if y == n:
            break
        x, y = y, s[AFTER, y]


@inner
def _make(s: Ints, choice: Ints, first: Ints, barred: Ints, move: Any, hold: int) -> tuple[int, int]:
    """Make a move; the stretch of the order from which heads and up to which tails are new."""
    kind, u, v = move[CHOSEN], move[CHOSEN + 1], move[CHOSEN + 2]
    if kind == ELSEWHERE:
        barred[u, barred.shape[1] - len(first) + s[MACHINE, u]] = hold
        return _shift(s, choice, first, u, v, move[CHOSEN + 3])
    since, until, m = s[PLACE, u], s[PLACE, v], s[MACHINE, u]
    if kind == BEHIND:
        w = u
        while w != v:
            w = s[AFTER, w]
            barred[u, s[JOB, w]] = hold
        _tie(s, first, s[BEFORE, u], s[AFTER, u], m)
        _tie(s, first, u, s[AFTER, v], m)
        _tie(s, first, v, u, m)
        _after(s, u, v)
    else:
        w = v
        while w != u:
            w = s[BEFORE, w]
            barred[w, s[JOB, v]] = hold
        _tie(s, first, s[BEFORE, v], s[AFTER, v], m)
        _tie(s, first, s[BEFORE, u], v, m)
        _tie(s, first, v, u, m)
        _before(s, u, v)
    return since, until


@inner
def _shift(s: Ints, choice: Ints, first: Ints, u: int, v: int, m: int) -> tuple[int, int]:
    """Put u right behind v (nobody: first) on machine m."""
    n, since, until = s.shape[1] - 1, s[PLACE, u], s[PLACE, u]
    _tie(s, first, s[BEFORE, u], s[AFTER, u], s[MACHINE, u])
    y = first[m] if v == n else s[AFTER, v]
    s[MACHINE, u], s[MINUTES, u] = m, _minutes(s, choice, u, m)
    _tie(s, first, u, y, m)
    _tie(s, first, v, u, m)
    s[BEFORE, u], s[AFTER, u] = v, y  # also where they are nobody
    if v < n and s[PLACE, v] > since:
        until = s[PLACE, v]
        _after(s, u, v)
    elif y < n and s[PLACE, y] < since:
        since = s[PLACE, y]
        _before(s, y, u)
    return since, until


@inner
def _after(s: Ints, u: int, v: int) -> None:
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
def _before(s: Ints, u: int, v: int) -> None:
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
