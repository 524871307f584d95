"""Dispatching rules: whenever a machine is free, it takes the waiting operation that a rule puts first.

Panwalkar and Iskander (1977, Operations Research 25:45) list the rules, Haupt (1989, OR Spektrum 11:3) reviews them. The
plans are the non-delay schedules of Giffler and Thompson (1960, Operations Research 8:487), as a foreman makes them: no
machine waits while an operation that it could do now is there.
"""

from __future__ import annotations

import heapq
import math
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from .forms import Placed, Request, Response, changes

if TYPE_CHECKING:
    from dure import Work

Key = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Waiting:
    """An operation in the queue before a machine, as a rule sees it."""

    arrived: int
    minutes: int  # on this machine
    work_left: int  # of its job, itself included
    operations_left: int
    due: float


RULES: dict[str, Callable[[Waiting], float]] = {
    "FIFO": lambda waiting: waiting.arrived,
    "SPT": lambda waiting: waiting.minutes,
    "LPT": lambda waiting: -waiting.minutes,
    "MWKR": lambda waiting: -waiting.work_left,
    "MOPNR": lambda waiting: -waiting.operations_left,
    "EDD": lambda waiting: waiting.due,
}
"""First in first out, shortest and longest processing time, most work and most operations remaining, earliest due date."""


def best_rule(history: Any, seed: int, work: Work) -> Callable[[Request], Response | None]:
    """Best of six dispatching rules (FIFO, SPT, LPT, MWKR, MOPNR, EDD).

    It declines where no rule keeps to the pins.
    """

    def plan(asked: Request) -> Response | None:
        placed = best_plan(asked)
        return None if placed is None else Response(operations=placed, makespan=max(each.end for each in placed))

    return plan


def best_plan(request: Request) -> list[Placed] | None:
    """The smallest objective of the six rules' plans; None where pins defeat all of them."""
    floor = Floor(request)
    plans = [plan for rule in RULES.values() if (plan := floor.dispatch(rule)) is not None]
    return min(plans, key=lambda plan: objective(request, plan), default=None)


def objective(request: Request, placed: Sequence[Placed]) -> tuple[int, int]:
    """What is made small, then what decides between equals: makespan and weighted tardiness, in the order asked."""
    makespan = max(each.end for each in placed)
    ends = {(each.job, each.operation): each.end for each in placed}
    late = sum(
        job.weight * max(0, ends[job.name, len(job.operations)] - job.due)
        for job in request.jobs
        if job.due is not None
    )
    return (makespan, late) if request.objective == "makespan" else (late, makespan)


def merged(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Closed times in order, those that touch or overlap joined."""
    found: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


class Machine:
    """A machine while a plan is made: when it is free, what it did last, what stands in its way.

    Parameters
    ----------
    name
        Of the machine.
    closed
        Start and end of closed times, in order, apart from each other.
    pins
        Start, end and family of operations pinned here, in order.
    changes
        Minutes of set-up by (family before, family after).
    """

    def __init__(
        self,
        name: str,
        closed: Sequence[tuple[int, int]],
        pins: Sequence[tuple[int, int, str]],
        changes: dict[tuple[str, str], int],
    ) -> None:
        self.name, self.closed, self.pins, self.changes = name, closed, pins, changes
        self.reopens = [end for _start, end in closed]
        self.free, self.family = 0, None  # type: int, str | None
        self.next_pin = 0
        self.queue: list[tuple[Key, int, int]] = []  # key, job, operation

    def change(self, before: str | None, after: str) -> int:
        """Minutes of set-up between two families; None before: nothing was done here yet."""
        return 0 if before is None else self.changes.get((before, after), 0)

    def is_open(self, start: int, end: int) -> bool:
        """Whether no closed time lies between."""
        place = bisect_right(self.reopens, start)
        return place == len(self.closed) or self.closed[place][0] >= end

    def pass_pins(self, now: int) -> None:
        """Take up what the pins that have begun mean for the machine."""
        while self.next_pin < len(self.pins) and self.pins[self.next_pin][0] <= now:
            start, self.free, family = self.pins[self.next_pin]
            self.family = family if self.free > start else self.family
            self.next_pin += 1

    def end_of(self, now: int, minutes: int, family: str) -> int | None:
        """When an operation taken now would end; None where it does not fit before what comes next."""
        end = now + minutes + (self.change(self.family, family) if minutes else 0)
        if not self.is_open(now, end):
            return None
        if self.next_pin < len(self.pins):
            start, until, pinned = self.pins[self.next_pin]
            ready = start - (self.change(family if minutes else self.family, pinned) if until > start else 0)
            if end > ready or not self.is_open(ready, start):
                return None
        return end


class Floor:
    """A shop prepared once for several rules."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self.pins = {(pin.job, pin.operation): pin for pin in request.pins}
        self.operations = [job.operations for job in request.jobs]
        least = [[min(each.machines.values()) for each in job.operations] for job in request.jobs]
        self.left = [list(accumulate(reversed(row)))[::-1] for row in least]
        self.promised = [self._promise(j) for j in range(len(request.jobs))]
        self.closed: dict[str, list[tuple[int, int]]] = {name: [] for name in request.machines}
        for each in request.closed:
            self.closed[each.machine].append((each.start, each.end))
        self.changes = {name: changes(request, name) for name in request.machines}

    def _promise(self, j: int) -> list[float]:
        """For each operation of a job, when it must have begun for the next pin of the job; infinite without one."""
        job, latest = self.request.jobs[j], math.inf
        found: list[float] = []
        for k in range(len(job.operations) - 1, -1, -1):
            latest -= min(job.operations[k].machines.values())
            pin = self.pins.get((job.name, k + 1))
            latest = pin.start if pin else latest
            found.append(latest)
        return found[::-1]

    def machines(self) -> dict[str, Machine]:
        """Every machine at minute 0."""
        pins: dict[str, list[tuple[int, int, str]]] = {name: [] for name in self.request.machines}
        jobs = {job.name: job for job in self.request.jobs}
        for pin in self.request.pins:
            operation = jobs[pin.job].operations[pin.operation - 1]
            pins[pin.machine].append((pin.start, pin.start + operation.machines[pin.machine], operation.family))
        return {
            name: Machine(name, merged(self.closed[name]), sorted(pins[name]), self.changes[name])
            for name in self.request.machines
        }

    def dispatch(self, rule: Callable[[Waiting], float]) -> list[Placed] | None:
        """The non-delay plan of a rule, or None where a job comes too late for its pin.

        Time runs from event to event: a job arrives at its next machines, or a machine may be free again.
        """
        jobs, machines = self.request.jobs, self.machines()
        placed: list[Placed] = []
        step = [0] * len(jobs)
        events: list[tuple[int, int, str]] = []  # minute, job (-1: none), machine ("": none)
        for j, job in enumerate(jobs):
            heapq.heappush(events, (job.release, j, ""))
        for machine in machines.values():
            for end in [*machine.reopens, *(end for _start, end, _family in machine.pins)]:
                heapq.heappush(events, (end, -1, machine.name))
        while events:
            now = events[0][0]
            touched: set[str] = set()
            while events and events[0][0] == now:
                _now, j, name = heapq.heappop(events)
                if name:
                    touched.add(name)
                if j >= 0:
                    arrived = self._arrive(j, step, now, rule, machines, events, placed)
                    if arrived is None:
                        return None
                    touched |= arrived
            self._take(
                [machines[name] for name in self.request.machines if name in touched],
                step,
                now,
                machines,
                events,
                placed,
            )
        return placed

    def _arrive(self, j, step, now, rule, machines, events, placed) -> set[str] | None:
        """Put a job's next operation into the queues it may wait in; a pinned one is in its place already."""
        job, k = self.request.jobs[j], step[j]
        if k == len(job.operations):
            return set()
        operation = job.operations[k]
        if pin := self.pins.get((job.name, k + 1)):
            if now > pin.start:
                return None
            end = pin.start + operation.machines[pin.machine]
            placed.append(Placed(job=job.name, operation=k + 1, machine=pin.machine, start=pin.start, end=end))
            step[j] += 1
            heapq.heappush(events, (end, j, ""))
            return set()
        due = math.inf if job.due is None else job.due
        for name, minutes in operation.machines.items():
            waiting = Waiting(now, minutes, self.left[j][k], len(job.operations) - k, due)
            # What a pin waits for goes first, whatever the rule.
            heapq.heappush(machines[name].queue, ((self.promised[j][k], rule(waiting)), j, k))
        return set(operation.machines)

    def _take(self, idle, step, now, machines, events, placed) -> None:
        """Let idle machines take what they can do now. Of several, the one that ends soonest does it."""
        while idle:
            machine = idle.pop()
            machine.pass_pins(now)
            if machine.free > now or not machine.is_open(now, now + 1):
                continue
            passed = []
            while machine.queue:
                key, j, k = heapq.heappop(machine.queue)
                if step[j] != k:  # done elsewhere
                    continue
                operation = self.operations[j][k]
                ends = [
                    (end, name != machine.name, name)
                    for name, minutes in operation.machines.items()
                    if (end := self._end(machines[name], now, minutes, operation.family)) is not None
                ]
                if not any(name == machine.name for _end, _other, name in ends):
                    passed.append((key, j, k))
                    continue
                end, other, name = min(ends)
                taker, step[j] = machines[name], k + 1
                start = end - operation.machines[name]
                placed.append(
                    Placed(job=self.request.jobs[j].name, operation=k + 1, machine=name, start=start, end=end)
                )
                taker.free, taker.family = end, operation.family if end > start else taker.family
                heapq.heappush(events, (end, j, name))
                if not other:
                    break
            for each in passed:
                heapq.heappush(machine.queue, each)

    @staticmethod
    def _end(machine: Machine, now: int, minutes: int, family: str) -> int | None:
        machine.pass_pins(now)
        return None if machine.free > now else machine.end_of(now, minutes, family)
