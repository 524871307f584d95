"""The walk of `search` in compiled code: a move, what it moves placed anew, taken or undone.

Two arrays: `s`, a row an operation (then a row a machine, then nobody's) and a column a field below; and `lists`, a row a
list of operations. `tally` holds the sums and counts. Times must stay below 2^30 minutes.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit

from .compiled import below, inner
from .floor import reopening, set_up

# fields of an operation
(
    UP,
    DOWN,
    BEFORE,
    AFTER,
    END,
    TAKES,
    LOW,
    MARK,
    KIND,
    PLACE,
    DUE,
    WEIGHT,
    MACHINE,
    PINNED,
    OLD,
    BEGAN,
    SET,
    PASSED,
    FAMILY,
    READY,
    FIELDS,
) = range(21)
# lines
(ORDER, LOG, LOG_END, LOG_SET, LOG_PASSED, SAVED, ROOM, PATH, WAITED, BEST_ORDER, BEST_MACHINE, BEST_LOW, LINES) = (
    range(13)
)
PLAIN, HARD, PIN = 0, 1, 2
# tally
(
    MAKESPAN,
    LATE,
    MOVED,
    MISSED,
    LOGGED,
    SINCE,
    UNTIL,
    WAS_BEFORE,
    WAS_MACHINE,
    WAS_LOW,
    BEST,
    CURRENT,
    STEPS,
    TRIED,
    TAKEN,
    LENGTH,
    TALLY,
) = range(17)


class Yard(NamedTuple):
    """What does not change: the last operation of every job, and the shop as `Shop` has it; pins by machine, in order."""

    jobs: Any  # (j,) last operation of each job
    option: Any
    machine: Any
    minutes: Any
    table: Any
    change: Any
    shut: Any
    closed: Any
    pin_from: Any
    pins: Any
    now: int


@inner
def _minutes(yard, o, m):
    for c in range(yard.option[o], yard.option[o + 1]):
        if yard.machine[c] == m:
            return yard.minutes[c]
    return 0


@inner
def _leaves_room(yard, s, m, family, end, p):
    busy = end
    for q in range(p, yard.pin_from[m + 1]):
        x = yard.pins[q]
        takes = s[x, TAKES] > 0
        begin = s[x, PINNED] - (set_up(yard, m, family, s[x, FAMILY]) if takes else 0)
        if begin < busy:
            return False
        if begin < s[x, PINNED]:
            k = reopening(yard, m, begin)
            if k < yard.shut[m + 1] and yard.closed[k, 0] < s[x, PINNED]:
                return False
        if takes:
            return True
        busy = s[x, END]
    return True


@inner
def _fit(yard, s, m, o, ready, free, family, passed):
    """(end, family, pins passed) of o behind what leaves the machine so."""
    takes, target, p, last = s[o, TAKES], s[o, FAMILY], passed, yard.pin_from[m + 1]
    while True:
        change = set_up(yard, m, family, target) if takes else 0
        begin = max(free, ready - change, yard.now)
        k, final = reopening(yard, m, begin), yard.shut[m + 1]
        while k < final and yard.closed[k, 0] < begin + change + takes:
            begin = yard.closed[k, 1]
            k += 1
        end = begin + change + takes
        after = target if takes else family
        if p == last or _leaves_room(yard, s, m, after, end, p):
            return end, after, p
        x = yard.pins[p]
        free = max(free, s[x, END])
        if s[x, TAKES]:
            family = s[x, FAMILY]
        p += 1


@inner
def _full(yard, s, lists, tally):
    """Decode the whole order; fills the tally."""
    n = s.shape[0] - 1 - len(yard.table)
    tally[MAKESPAN], tally[LATE], tally[MOVED], tally[MISSED] = 0, 0, 0, 0
    for k in range(n):
        o = lists[ORDER, k]
        s[o, PLACE] = k
        _place(yard, s, o)
        tally[MAKESPAN] = max(tally[MAKESPAN], s[o, END])
        tally[LATE] += s[o, WEIGHT] * max(0, s[o, END] - s[o, DUE])
        tally[MOVED] += _moved(s, o)
        tally[MISSED] += _missed(s, o)
    tally[STEPS] += n


@inner
def _moved(s, o):
    return 1 if s[o, OLD] >= 0 and (s[o, MACHINE] != s[o, OLD] or s[o, END] - s[o, TAKES] != s[o, BEGAN]) else 0


@inner
def _missed(s, o):
    return max(0, s[s[o, UP], END] - s[o, PINNED]) if s[o, PINNED] >= 0 else 0


@inner
def _place(yard, s, o):
    if s[o, PINNED] >= 0:
        return
    a, ready = s[o, BEFORE], max(s[o, LOW], s[s[o, UP], END])
    if not s[o, KIND]:
        s[o, END] = max(ready, s[a, END]) + s[o, TAKES]
        return
    s[o, END], s[o, SET], s[o, PASSED] = _fit(yard, s, s[o, MACHINE], o, ready, s[a, END], s[a, SET], s[a, PASSED])


@inner
def _mark(s, x):
    """1 if x is somebody not marked yet; marks."""
    if x == len(s) - 1 or s[x, MARK]:
        return 0
    s[x, MARK] = 1
    return 1


@inner
def _settle(yard, s, lists, tally, aims, u, v, w):  # noqa: C901, PLR0912, PLR0915 - one pass in one place: split, every part would pass all of this on
    """Decode what a change of u (and of what now follows, v and w) changes."""
    nobody = len(s) - 1
    pending = _mark(s, u) + _mark(s, v) + _mark(s, w)
    k = s[u, PLACE]
    if v != nobody:
        k = min(k, s[v, PLACE])
    if w != nobody:
        k = min(k, s[w, PLACE])
    begun = k
    logged, high, fell, stability = 0, 0, False, aims[MOVED] > 0
    while pending:
        o = lists[ORDER, k]
        k += 1
        if not s[o, MARK]:
            continue
        s[o, MARK] = 0
        pending -= 1
        old_end = s[o, END]
        if s[o, KIND] == PLAIN:
            end = max(s[o, LOW], s[s[o, UP], END], s[s[o, BEFORE], END]) + s[o, TAKES]
            if end == old_end and o != u:
                continue
        elif s[o, KIND] == HARD:
            a, ready = s[o, BEFORE], max(s[o, LOW], s[s[o, UP], END])
            end, family, passed = _fit(yard, s, s[o, MACHINE], o, ready, s[a, END], s[a, SET], s[a, PASSED])
            if end == old_end and family == s[o, SET] and passed == s[o, PASSED] and o != u:
                continue
            lists[LOG_SET, logged], lists[LOG_PASSED, logged] = s[o, SET], s[o, PASSED]
            s[o, SET], s[o, PASSED] = family, passed
        else:
            end, missed = old_end, _missed(s, o)
            if missed == s[o, PASSED]:  # of a pinned operation: minutes missed
                continue
            lists[LOG_SET, logged], lists[LOG_PASSED, logged] = s[o, SET], s[o, PASSED]
            tally[MISSED] += missed - s[o, PASSED]
            s[o, PASSED] = missed
        lists[LOG, logged], lists[LOG_END, logged] = o, old_end
        logged += 1
        if stability:
            if o != u:
                tally[MOVED] -= _moved(s, o)
            s[o, END] = end
            tally[MOVED] += _moved(s, o)
        s[o, END] = end
        pending += _mark(s, s[o, AFTER])
        if s[o, DOWN] != nobody:
            pending += _mark(s, s[o, DOWN])
        else:
            high = max(high, end)
            fell |= old_end == tally[MAKESPAN]
            tally[LATE] += s[o, WEIGHT] * (max(0, end - s[o, DUE]) - max(0, old_end - s[o, DUE]))
    tally[STEPS] += k - begun
    tally[LOGGED] = logged
    if aims[MAKESPAN] and (fell or high > tally[MAKESPAN]):
        if high < tally[MAKESPAN]:
            for j in range(len(yard.jobs)):
                high = max(high, s[yard.jobs[j], END])
        tally[MAKESPAN] = high


@inner
def _sweep(yard, s, lists, tally, aims, k):
    """Decode everything from place k on: where no machine is hard and nothing is held."""
    n = len(s) - 1 - len(yard.table)
    tally[WAS_LOW] = k
    for i in range(k, n):
        o = lists[ORDER, i]
        lists[LOG_END, i] = s[o, END]
        s[o, END] = max(s[o, LOW], s[s[o, UP], END], s[s[o, BEFORE], END]) + s[o, TAKES]
    late = makespan = np.int64(0)
    for j in range(len(yard.jobs)):
        o = yard.jobs[j]
        end = np.int64(s[o, END])
        late += s[o, WEIGHT] * max(0, end - s[o, DUE])
        makespan = max(makespan, end)
    tally[LATE], tally[MAKESPAN] = late, makespan
    tally[STEPS] += n - k


@inner
def _link(s, a, b):
    s[a, AFTER] = b
    s[b, BEFORE] = a


@inner
def _behind(s, lists, u, v):
    """Order the stretch u..v anew with u behind v; False if v waits for u. u is out of its machine."""
    since, until = s[u, PLACE], s[v, PLACE]
    s[u, MARK], lists[ROOM, 0] = 1, u
    held, kept = 1, since
    for k in range(since + 1, until + 1):
        x = lists[ORDER, k]
        lists[SAVED, k] = x
        waits = s[s[x, UP], MARK] | s[s[x, BEFORE], MARK]
        s[x, MARK], lists[ROOM, held], lists[ORDER, kept] = waits, x, x
        held += waits
        kept += 1 - waits
    lists[SAVED, since] = u
    possible = not s[v, MARK]
    for k in range(held):
        x = lists[ROOM, k]
        s[x, MARK], lists[ORDER, kept + k] = 0, x
    return possible


@inner
def _ahead(s, lists, u, v):
    """Order the stretch v..u anew with u ahead of v; False if u waits for v."""
    since, until = s[v, PLACE], s[u, PLACE]
    s[u, MARK], lists[ROOM, 0] = 1, u
    held, kept = 1, until
    for k in range(until - 1, since - 1, -1):
        x = lists[ORDER, k]
        lists[SAVED, k] = x
        waits = s[s[x, DOWN], MARK] | s[s[x, AFTER], MARK]
        s[x, MARK], lists[ROOM, held], lists[ORDER, kept] = waits, x, x
        held += waits
        kept -= 1 - waits
    lists[SAVED, until] = u
    possible = not s[v, MARK]
    for k in range(held):
        x = lists[ROOM, k]
        s[x, MARK], lists[ORDER, kept - k] = 0, x
    return possible


@inner
def _restore(s, lists, since, until):
    for k in range(since, until + 1):
        x = lists[SAVED, k]
        lists[ORDER, k] = x
        s[x, PLACE] = k


@inner
def _try(yard, s, lists, tally, u, x, m, low, aims):  # noqa: PLR0913 - arrays that Numba wants apart
    """Put u right behind x on machine m, not before low; False if it cannot be. Decoded."""
    nobody = s.shape[0] - 1
    n = nobody - len(yard.table)
    a, b = s[u, BEFORE], s[u, AFTER]
    old_machine = s[u, MACHINE]
    _link(s, a, b)
    y = s[x, AFTER]
    since, until = 0, -1
    if x < n and s[x, PLACE] > s[u, PLACE]:
        since, until = s[u, PLACE], s[x, PLACE]
        possible = _behind(s, lists, u, x)
    elif y != nobody and s[y, PLACE] < s[u, PLACE]:
        since, until = s[y, PLACE], s[u, PLACE]
        possible = _ahead(s, lists, u, y)
    else:
        possible = True
    tally[STEPS] += until - since + 2
    if not possible:
        for k in range(since, until + 1):
            lists[ORDER, k] = lists[SAVED, k]
        _link(s, a, u)
        _link(s, u, b)
        return False
    for k in range(since, until + 1):
        s[lists[ORDER, k], PLACE] = k
    _link(s, x, u)
    _link(s, u, y)
    tally[SINCE], tally[UNTIL], tally[WAS_BEFORE], tally[WAS_MACHINE], tally[WAS_LOW] = (
        since,
        until,
        a,
        old_machine,
        s[u, LOW],
    )
    if aims[MOVED]:
        tally[MOVED] -= _moved(s, u)
    if m != old_machine:
        s[u, MACHINE], s[u, TAKES], s[u, KIND] = m, _minutes(yard, u, m), s[n + m, KIND]
    if aims[4]:
        _sweep(yard, s, lists, tally, aims, min(s[u, PLACE], s[b, PLACE], s[y, PLACE]))
    else:
        s[u, LOW] = low
        _settle(yard, s, lists, tally, aims, u, b, y)
    return True


@inner
def _undo(yard, s, lists, tally, aims, u):
    n = s.shape[0] - 1 - len(yard.table)
    if aims[4]:
        for k in range(tally[WAS_LOW], n):
            s[lists[ORDER, k], END] = lists[LOG_END, k]
    else:
        for k in range(tally[LOGGED]):
            o = lists[LOG, k]
            s[o, END] = lists[LOG_END, k]
            if s[o, KIND] != PLAIN:
                s[o, SET], s[o, PASSED] = lists[LOG_SET, k], lists[LOG_PASSED, k]
        s[u, LOW] = tally[WAS_LOW]
    _link(s, s[u, BEFORE], s[u, AFTER])
    a = tally[WAS_BEFORE]
    _link(s, u, s[a, AFTER])
    _link(s, a, u)
    m = tally[WAS_MACHINE]
    if m != s[u, MACHINE]:
        s[u, MACHINE], s[u, TAKES], s[u, KIND] = m, _minutes(yard, u, m), s[n + m, KIND]
    _restore(s, lists, tally[SINCE], tally[UNTIL])


@inner
def _critical(yard, s, lists, end, random):
    """Path from `end` back; PATH[k] waits for PATH[k+1]; MARKless. Returns its length; WAITED[k] 1 where by machine."""
    n = s.shape[0] - 1 - len(yard.table)
    o, length = end, 0
    while True:
        lists[PATH, length], lists[WAITED, length] = o, 0
        length += 1
        if s[o, PINNED] >= 0:
            return length
        a, b = s[o, UP], s[o, BEFORE]
        job, free = s[a, END], s[b, END]
        if b < n and s[o, KIND] and s[o, TAKES]:
            free += set_up(yard, s[o, MACHINE], s[b, SET], s[o, FAMILY])
        if b >= n:
            free = -1
        if a == s.shape[0] - 1:
            job = -1
        if s[o, LOW] > max(job, free) or max(job, free) < 0:
            return length
        if free > job or (free == job and below(random, 2) == 0):
            lists[WAITED, length - 1] = 1
            o = b
        else:
            o = a


@inner
def _elsewhere(yard, s, lists, u, random):
    """(m, x) another machine for u and whom it would follow."""
    n = s.shape[0] - 1 - len(yard.table)
    since = yard.option[u]
    k = below(random, yard.option[u + 1] - since - 1)
    if yard.machine[since + k] == s[u, MACHINE]:
        k = yard.option[u + 1] - since - 1
    m = yard.machine[since + k]
    x, p = n + m, s[u, PLACE] - 1
    while p >= 0:
        o = lists[ORDER, p]
        if s[o, MACHINE] == m and s[o, PINNED] < 0:
            x = o
            break
        p -= 1
    ready = max(s[u, LOW], s[s[u, UP], END])
    while x < n and s[x, END] > ready and below(random, 2):
        x = s[x, BEFORE]
    return m, x


@inner
def _target(yard, s, lists, tally, aims, random):
    """The operation whose end costs: the last one of a late job or of the longest."""
    j = len(yard.jobs)
    if tally[MISSED]:
        for q in range(len(yard.pins)):
            if s[yard.pins[q], PASSED]:
                return s[yard.pins[q], UP]
    late = aims[LATE] and tally[LATE]
    if late and (not aims[MAKESPAN] or below(random, 2)):
        at = below(random, j)
        for _k in range(j):
            o = yard.jobs[at]
            if s[o, WEIGHT] and s[o, END] > s[o, DUE]:
                return o
            at = at + 1 if at + 1 < j else 0
    if aims[MAKESPAN]:
        at = below(random, j)
        for _k in range(j):
            o = yard.jobs[at]
            if s[o, END] == tally[MAKESPAN]:
                return o
            at = at + 1 if at + 1 < j else 0
    return -1


@inner
def _back(yard, s, lists, tally, random, move):
    """Put a moved operation back to where it was in the plan in force."""
    nobody = s.shape[0] - 1
    n = nobody - len(yard.table)
    at = below(random, n)
    for _k in range(n):
        if _moved(s, at) and s[at, PINNED] < 0 and s[at, BEGAN] >= s[at, READY]:
            m, ok = s[at, OLD], False
            for c in range(yard.option[at], yard.option[at + 1]):
                ok |= yard.machine[c] == m
            if ok:
                x = n + m
                y = s[x, AFTER]
                while y != nobody and (y == at or s[y, END] <= s[at, BEGAN]):
                    if y != at:
                        x = y
                    y = s[y, AFTER]
                move[0], move[1], move[2], move[3] = at, x, m, s[at, BEGAN]
                return True
        at = at + 1 if at + 1 < n else 0
    return False


@inner
def _propose(yard, s, lists, tally, aims, knobs, random, move):  # noqa: C901, PLR0911, PLR0912 - the kinds of moves, one after the other
    """(u, x, m, low) in move; False where there is nothing to try."""
    if aims[MOVED] and tally[MOVED] and below(random, 8) == 0:
        return _back(yard, s, lists, tally, random, move)
    if tally[LENGTH] == 0:
        end = _target(yard, s, lists, tally, aims, random)
        if end < 0:
            return aims[MOVED] and tally[MOVED] and _back(yard, s, lists, tally, random, move)
        tally[LENGTH] = _critical(yard, s, lists, end, random)
    length = tally[LENGTH]
    i = below(random, length)
    u = lists[PATH, i]
    if s[u, PINNED] >= 0:
        return False
    if s[u, LOW] > s[u, READY] and i == length - 1:
        # held, and begins when it is held until
        move[0], move[1], move[2], move[3] = u, s[u, BEFORE], s[u, MACHINE], s[u, READY]
        return True
    choices = yard.option[u + 1] - yard.option[u]
    if choices > 1 and below(random, 100) < knobs[0]:
        m, x = _elsewhere(yard, s, lists, u, random)
        move[0], move[1], move[2], move[3] = u, x, m, s[u, READY]
        return True
    # its block: PATH[e] .. PATH[i] .. PATH[f] with f <= i <= e
    f, e = i, i
    while f > 0 and lists[WAITED, f - 1]:
        f -= 1
    while lists[WAITED, e]:
        e += 1
    if e == f:
        return False
    kind = below(random, 100)
    if kind < knobs[1]:  # adjacent
        if i == e or (i > f and below(random, 2)):  # noqa: SIM108 - two neighbours, two lines
            x = lists[PATH, i - 1]  # behind its follower
        else:
            x = s[lists[PATH, i + 1], BEFORE]
    elif kind < knobs[2]:  # to the end or the beginning of the block
        x = lists[PATH, f] if i == e or (i > f and below(random, 2)) else s[lists[PATH, e], BEFORE]
    else:  # anywhere in the block
        g = f + below(random, e - f)
        g += g >= i
        x = lists[PATH, g] if g < i else s[lists[PATH, g], BEFORE]
    move[0], move[1], move[2], move[3] = u, x, s[u, MACHINE], s[u, READY]
    return True


@inner
def _value(tally, aims):
    return (
        aims[MAKESPAN] * tally[MAKESPAN]
        + aims[LATE] * tally[LATE]
        + aims[MOVED] * tally[MOVED]
        + aims[MISSED] * tally[MISSED]
    )


@inner
def _keep(s, lists, tally, n):
    tally[BEST] = tally[CURRENT]
    for k in range(n):
        lists[BEST_ORDER, k], lists[BEST_MACHINE, k], lists[BEST_LOW, k] = lists[ORDER, k], s[k, MACHINE], s[k, LOW]


@njit(cache=True, nogil=True, error_model="numpy")
def restart(yard, s, lists, tally, aims):
    """Go on from the best plan: rebuild from BEST_ rows."""
    nobody = s.shape[0] - 1
    n = nobody - len(yard.table)
    for m in range(len(yard.table)):
        s[n + m, END], s[n + m, SET], s[n + m, PASSED] = 0, -1, yard.pin_from[m]
        _link(s, n + m, nobody)
        s[n + m, MARK] = n + m  # last so far
    for k in range(n):
        o = lists[BEST_ORDER, k]
        m = lists[BEST_MACHINE, o]
        lists[ORDER, k], s[o, MACHINE], s[o, LOW] = o, m, lists[BEST_LOW, o]
        s[o, TAKES], s[o, KIND] = _minutes(yard, o, m), s[n + m, KIND] if s[o, PINNED] < 0 else PIN
        if s[o, PINNED] >= 0:
            s[o, END] = s[o, PINNED] + s[o, TAKES]
            s[o, BEFORE], s[o, AFTER] = nobody, nobody
            continue
        _link(s, s[n + m, MARK], o)
        _link(s, o, nobody)
        s[n + m, MARK] = o
    for m in range(len(yard.table)):
        s[n + m, MARK] = 0
    s[nobody, END] = 0
    _full(yard, s, lists, tally)
    for q in range(len(yard.pins)):
        s[yard.pins[q], PASSED] = _missed(s, yard.pins[q])
    tally[CURRENT] = _value(tally, aims)


@njit(cache=True, nogil=True, error_model="numpy")
def anneal(yard, s, lists, tally, aims, knobs, steps, heat, logs, random):  # noqa: PLR0913 - arrays that Numba wants apart
    """Simulated annealing from the state in s for so many steps."""
    n = s.shape[0] - 1 - len(yard.table)
    move = np.zeros(4, np.int64)
    begun = tally[STEPS]
    done = 0
    kept = np.zeros(4, np.int64)
    age = 0
    tally[LENGTH] = 0
    while done < steps:
        tally[STEPS] += 1
        tally[TRIED] += 1
        for k in range(4):
            kept[k] = tally[k]
        age += 1
        if age > knobs[3]:
            age, tally[LENGTH] = 0, 0
        if _propose(yard, s, lists, tally, aims, knobs, random, move) and _try(
            yard, s, lists, tally, move[0], move[1], move[2], move[3], aims
        ):
            value = _value(tally, aims)
            if value <= tally[CURRENT] + ((heat * logs[below(random, len(logs))]) >> 16):
                tally[TAKEN] += value > tally[CURRENT]
                tally[CURRENT] = value
                age, tally[LENGTH] = 0, 0
                if value < tally[BEST]:
                    _keep(s, lists, tally, n)
                    if value == 0:
                        return
            else:
                _undo(yard, s, lists, tally, aims, move[0])
                for k in range(4):
                    tally[k] = kept[k]
        done = tally[STEPS] - begun
