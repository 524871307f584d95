"""Lower bounds without a solver: no plan has a smaller objective. Closed times count, set-ups only where families must change.

Machines are bounded by the preemptive schedule of Jackson (1955) with heads and tails, as used by Carlier and Pinson (1989,
Management Science 35:164); tardiness by the shortest remaining time first on one machine (Chu 1992, Annals of Operations
Research 39:189).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from heapq import heappop, heappush
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from ..model.intervals import Spans, opening
from ..model.shop import NEVER, Aim, Shop

MOST_GROUPS = 500  # sets of machines looked at; the widest are left out


class Task(NamedTuple):
    """An operation that one machine alone can do: not before its head, and the minutes that follow it in its job."""

    job: int
    head: int
    minutes: int
    tail: int


def lower_bound(shop: Shop, aim: Aim) -> int:
    """What no plan of the shop can go below."""
    closed = _closed(shop)
    head, end = _heads(shop, closed)
    since = np.concatenate([[0], np.cumsum(np.minimum.reduceat(shop.minutes, shop.option[:-1]))])
    tail = (since[shop.first[shop.job + 1]] - since[1:]).tolist()
    tasks = _tasks(shop, head, tail)
    bound = 0
    if aim.makespan:
        machines = (_preemptive(group, closed[m], _most_to_follow) for m, group in tasks.items())
        ends = [done + task.tail for machine in machines for task, done in machine]
        bound += aim.makespan * max([*ends, *end, *_groups(shop, head, tail, closed)])
    if aim.late:
        bound += aim.late * _tardiness(shop, end, tasks, closed)
    if aim.move:
        bound += aim.move * sum(_must_move(shop, o, head[o], closed) for o in np.flatnonzero(shop.old >= 0).tolist())
    return int(bound)


def _closed(shop: Shop) -> list[Spans]:
    """By machine, when nothing can be done that is not pinned: closed times and pinned operations.

    Where one touches the other they stay apart: what takes no time can stand between them.
    """
    spans = [shop.closed[a:b].tolist() for a, b in pairwise(shop.shut.tolist())]
    for o in np.flatnonzero(shop.pin >= 0).tolist():
        ((m, minutes),) = _choices(shop, o).items()
        spans[m] += [(int(shop.pinned[o]), int(shop.pinned[o]) + minutes)] * (minutes > 0)
    return [sorted((start, end) for start, end in machine_spans) for machine_spans in spans]


def _choices(shop: Shop, o: int) -> dict[int, int]:
    """Minutes by machine; of a pinned operation its own alone."""
    places = slice(shop.option[o], shop.option[o + 1])
    minutes = dict(zip(shop.machine[places].tolist(), shop.minutes[places].tolist(), strict=True))
    return minutes if shop.pin[o] < 0 else {int(shop.pin[o]): minutes[int(shop.pin[o])]}


def _heads(shop: Shop, closed: Sequence[Spans]) -> tuple[list[int], list[int]]:
    """Earliest start and end of every operation, were it alone with its job."""
    heads: list[int] = []
    ends: list[int] = []
    for o, j in enumerate(shop.job.tolist()):
        ready = int(shop.release[j]) if o == shop.first[j] else ends[-1]
        if shop.pin[o] >= 0:
            heads.append(int(shop.pinned[o]))
            ends.append(heads[-1] + _choices(shop, o)[int(shop.pin[o])])
            continue
        ready = max(ready, shop.now)
        starts = {m: opening(closed[m], ready, minutes) for m, minutes in _choices(shop, o).items()}
        heads.append(min(starts.values()))
        ends.append(min(starts[m] + minutes for m, minutes in _choices(shop, o).items()))
    return heads, ends


def _tasks(shop: Shop, head: Sequence[int], tail: Sequence[int]) -> dict[int, list[Task]]:
    """By machine, what it alone can do and what is not pinned. What takes no time stands in nobody's way."""
    tasks: dict[int, list[Task]] = {}
    for o in np.flatnonzero(shop.pin < 0).tolist():
        choices = _choices(shop, o)
        for m, minutes in choices.items():
            if len(choices) == 1 and minutes:
                tasks.setdefault(m, []).append(Task(int(shop.job[o]), head[o], minutes, tail[o]))
    return tasks


def _most_to_follow(task: Task, left: int) -> int:
    return -task.tail


def _least_left(task: Task, left: int) -> int:
    return left


def _preemptive(tasks: Sequence[Task], closed: Spans, urgent: Callable[[Task, int], int]) -> Iterator[tuple[Task, int]]:
    """(task, end) where a machine always does the most urgent task that is there, and may leave it for another one.

    By the most to follow the largest end + tail is smallest, by the least left every number of tasks is done soonest.
    """
    coming = sorted(tasks, key=lambda task: task.head)
    waiting: list[tuple[int, int, int]] = []  # urgency, number, minutes left
    now, place = 0, 0
    while waiting or place < len(coming):
        now = opening(closed, now if waiting else max(now, coming[place].head), 1)
        while place < len(coming) and coming[place].head <= now:
            heappush(waiting, (urgent(coming[place], coming[place].minutes), place, coming[place].minutes))
            place += 1
        _urgency, number, left = heappop(waiting)
        shut = bisect_right(closed, now, key=lambda span: span[1])
        until = min(now + left, closed[shut][0] if shut < len(closed) else NEVER)
        until = min(until, coming[place].head) if place < len(coming) else until
        left -= until - now
        now = until
        if left:
            heappush(waiting, (urgent(coming[number], left), number, left))
        else:
            yield coming[number], now


def _groups(shop: Shop, head: Sequence[int], tail: Sequence[int], closed: Sequence[Spans]) -> Iterator[int]:
    """Bounds of the makespan: for sets of machines, what they alone can do, were it shared out evenly."""
    work: dict[frozenset[int], list[tuple[int, int, int, int]]] = {}
    for o in np.flatnonzero(shop.pin < 0).tolist():
        choices = _choices(shop, o)
        if all(choices.values()):
            row = (head[o], min(choices.values()), tail[o], int(shop.family[o]))
            work.setdefault(frozenset(choices), []).append(row)
    everything = frozenset().union(*work)
    for group in {*sorted(work, key=len)[:MOST_GROUPS], everything}:
        inside = [row for machines, rows in work.items() if machines <= group for row in rows]
        minutes = sum(row[1] for row in inside)
        if len(group) == 1:
            minutes += _set_ups(shop, next(iter(group)), {row[3] for row in inside})
        since = min((row[0] for row in inside), default=0)
        yield _shared(minutes, since, [closed[m] for m in group]) + min((row[2] for row in inside), default=0)


def _set_ups(shop: Shop, m: int, families: set[int]) -> int:
    """Fewest minutes of set-up on a machine that does these families for sure, and may do others.

    All of them but the first are changed to; what is pinned may have done so earlier.
    """
    able = np.repeat(np.arange(len(shop.job)), np.diff(shop.option))[shop.machine == m]
    table, others = shop.change[shop.table[m]], {*shop.family[able].tolist()}
    new = families - {*shop.family[shop.pin == m].tolist()}
    into = [int(min((table[before, after] for before in others - {after}), default=0)) for after in new]
    return sum(into) - max(into, default=0)


def _shared(minutes: int, since: int, closed: Sequence[Spans]) -> int:
    """The first minute by which machines have been open so long together."""
    low, high = since, max([since, *(spans[-1][1] for spans in closed if spans)]) + minutes
    while low < high:
        middle = (low + high) // 2
        shut = sum(
            max(0, min(end, middle) - max(start, since)) for spans in closed for start, end in spans if start < middle
        )
        if (middle - since) * len(closed) - shut >= minutes:
            high = middle
        else:
            low = middle + 1
    return low


def _tardiness(shop: Shop, end: Sequence[int], tasks: dict[int, list[Task]], closed: Sequence[Spans]) -> int:
    """Weighted tardiness: each job alone, or on one machine all that pass it, the others alone."""
    alone = np.maximum(0, np.array(end)[shop.first[1:] - 1] - shop.due) * shop.weight
    best = int(alone.sum())
    for m, group in tasks.items():
        last = {task.job: task for task in group if shop.weight[task.job]}  # of several the last: its tail is exact
        together = _passing(shop, list(last.values()), closed[m])
        best = max(best, together + int(alone.sum() - alone[list(last)].sum()))
    return best


def _passing(shop: Shop, tasks: Sequence[Task], closed: Spans) -> int:
    """Weighted tardiness of jobs of which a machine does one task each.

    By Chu the k-th end meets the k-th due date. A weight is a pile of layers: a job counts in each that it reaches.
    """
    bound, below = 0, 0
    for weight in sorted({int(shop.weight[task.job]) for task in tasks}):
        heavy = [task for task in tasks if shop.weight[task.job] >= weight]
        ends = sorted(end for _task, end in _preemptive(heavy, closed, _least_left))
        dues = sorted(int(shop.due[task.job]) - task.tail for task in heavy)
        bound += (weight - below) * sum(max(0, end - due) for end, due in zip(ends, dues, strict=True))
        below = weight
    return bound


def _must_move(shop: Shop, o: int, head: int, closed: Sequence[Spans]) -> bool:
    """Whether an operation cannot stay where it is in the plan in force, whatever the others do."""
    m, began, choices = int(shop.old[o]), int(shop.began[o]), _choices(shop, o)
    if shop.pin[o] >= 0:
        return (m, began) != (int(shop.pin[o]), int(shop.pinned[o]))
    return m not in choices or began < head or opening(closed[m], began, choices[m]) != began
