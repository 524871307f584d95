"""Tabu search for the makespan of job shops and flexible job shops: moves, their estimates, one search from one plan.

Moves on a machine are those of Balas and Vazacopoulos (1998, Management Science 44:262) on critical blocks as widened by
Zhang, Li, Guan and Rao (2007, Computers & Operations Research 34:3229): an operation right behind the last or right ahead
of the first of its block, the first and the last into the block. Moves to another machine are those of Mastrolilli and
Gambardella (2000, Journal of Scheduling 3:3). What a move is worth is estimated from heads and tails without making it.

A search works on the table of `graph`. Every operation takes at least a minute: the estimates rest on it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit

from .compiled import below, inner
from .graph import (
    AFTER,
    BEFORE,
    DOWN,
    HEAD,
    JOB,
    MACHINE,
    MINUTES,
    OPTION,
    ORDER,
    PATH,
    PLACE,
    READY,
    ROOM,
    UP,
    backward,
    begin,
    critical_path,
    end_of,
    forward,
    latest,
    put_ahead,
    put_behind,
    shift,
    tie,
    way_from,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int32]
else:
    Ints = Any

FAR = 1 << 30
TENURE = 7  # moves that a turned pair stays turned, up to twice as many: best of 3, 5, 7, 11, 16, 24 on open instances
BEHIND, AHEAD, ELSEWHERE = 1, 2, 3  # u right behind v; v right ahead of u; u right behind v on another machine

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
    s = begin(fixed, choice, first, order, machine)
    barred = np.zeros((n, jobs + len(first)), np.int32)  # until which move not ahead of a job's, not back to a machine
    best, since, until, idle, steps = FAR, 0, n - 1, 0, 0
    move = np.zeros(SIZE, np.int64)
    for number in range(moves + 1):
        forward(s, since)
        backward(s, until)
        steps += n - since + until + 1
        makespan, end = latest(s, random)
        idle += 1
        if makespan < best:
            best, idle = makespan, 0
            order[:], machine[:] = s[ORDER, :n], s[MACHINE, :n]
        if best <= goal or idle >= patience:
            break
        move[:] = 0
        move[VALUE], move[MADE], move[BEST] = FAR, number, best
        _choose(s, choice, first, end, barred, move, random)
        if move[SEEN] == 0:
            break  # one job, or one machine without a gap: no plan is shorter
        since, until = _make(s, choice, first, barred, move, number + TENURE + below(random, TENURE))
    return int(best), int(steps)


@inner
def _choose(s: Ints, choice: Ints, first: Ints, end: int, barred: Ints, move: Any, random: Any) -> None:
    """The best move of a critical path from its end; one of them at random where all are barred."""
    length = critical_path(s, end, random)
    _in_blocks(s, length, barred, move, random)
    _elsewhere(s, choice, first, length, barred, move, random)
    if move[TIES] == 0:
        move[CHOSEN : CHOSEN + 4] = move[SPARE : SPARE + 4]


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
    if a != v and way_from(s, v) >= way_from(s, a):
        _offer(_behind(s, u, v), barred[v, s[JOB, u]], BEHIND, u, v, 0, move, random)


@inner
def _try_ahead(s: Ints, u: int, v: int, barred: Ints, move: Any, random: Any) -> None:
    """Offer v right ahead of u, likewise (proposition 2.3)."""
    a = s[UP, v]
    if a != u and end_of(s, u) >= end_of(s, a):
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
    ready, count, w = end_of(s, s[BEFORE, u]), 0, u
    while w != v:
        w = s[AFTER, w]
        ready = max(ready, end_of(s, s[UP, w]))
        s[ROOM, count] = ready
        count += 1
        ready += s[MINUTES, w]
    ready = max(ready, end_of(s, s[UP, u]))
    left = max(way_from(s, s[DOWN, u]), way_from(s, s[AFTER, v])) + s[MINUTES, u]
    worst = ready + left
    while w != u:
        count -= 1
        left = max(left, way_from(s, s[DOWN, w])) + s[MINUTES, w]
        worst = max(worst, s[ROOM, count] + left)
        w = s[BEFORE, w]
    return worst


@inner
def _ahead(s: Ints, u: int, v: int) -> int:
    """Estimated longest way through u..v once v stands right ahead of u."""
    left, count, w = way_from(s, s[AFTER, v]), 0, v
    while w != u:
        w = s[BEFORE, w]
        left = max(left, way_from(s, s[DOWN, w]))
        s[ROOM, count] = left
        count += 1
        left += s[MINUTES, w]
    left = max(left, way_from(s, s[DOWN, v]))
    ready = max(end_of(s, s[UP, v]), end_of(s, s[BEFORE, u])) + s[MINUTES, v]
    worst = ready + left
    while w != v:
        count -= 1
        ready = max(ready, end_of(s, s[UP, w])) + s[MINUTES, w]
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
    ready, left = max(s[READY, u], end_of(s, a)), way_from(s, d)
    until = barred[u, barred.shape[1] - len(first) + m]
    x, y = n, first[m]
    while x == n or (x != d and (d == n or s[HEAD, x] < end_of(s, d))):
        if y == n or (y != a and (a == n or end_of(s, y) > s[HEAD, a])):
            value = max(ready, end_of(s, x)) + choice[1, c] + max(left, way_from(s, y))
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
        return shift(s, choice, first, u, v, move[CHOSEN + 3])
    since, until, m = s[PLACE, u], s[PLACE, v], s[MACHINE, u]
    if kind == BEHIND:
        w = u
        while w != v:
            w = s[AFTER, w]
            barred[u, s[JOB, w]] = hold
        tie(s, first, s[BEFORE, u], s[AFTER, u], m)
        tie(s, first, u, s[AFTER, v], m)
        tie(s, first, v, u, m)
        put_behind(s, u, v)
    else:
        w = v
        while w != u:
            w = s[BEFORE, w]
            barred[w, s[JOB, v]] = hold
        tie(s, first, s[BEFORE, v], s[AFTER, v], m)
        tie(s, first, s[BEFORE, u], v, m)
        tie(s, first, v, u, m)
        put_ahead(s, u, v)
    return since, until
