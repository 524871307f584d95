"""A plan while it is made in one pass, and what is asked of its machines, compiled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..model.shop import NEVER, Shop
from .compiled import inner

if TYPE_CHECKING:
    from ..model.shop import Ints
else:
    Ints = Any


class Work(NamedTuple):
    """What every pass over a shop needs beside it.

    Attributes
    ----------
    owner
        (choices,) the operation of each choice.
    least, left
        (n,) fewest minutes of each operation; of it and of all after it in its job.
    promised
        (n,) when an operation must have begun for the next pin of its job; NEVER without one.
    pin_from, pins
        (m + 1,), (pinned,) pinned operations of each machine in their order.
    room
        (m + 1,) where a machine's queue begins: as long as the list of all that it could do.
    """

    owner: Ints
    least: Ints
    left: Ints
    promised: Ints
    pin_from: Ints
    pins: Ints
    room: Ints


def work_of(shop: Shop) -> Work:
    """The numbers of a shop that do not change from pass to pass."""
    n, machines = len(shop.job), len(shop.table)
    owner = np.repeat(np.arange(n), np.diff(shop.option))
    least = np.minimum.reduceat(shop.minutes, shop.option[:-1])
    since = np.concatenate([[0], np.cumsum(least)])
    left = since[shop.first[shop.job + 1]] - since[:-1]
    promised = np.full(n, NEVER)
    for o in range(n - 1, -1, -1):
        last = o + 1 == shop.first[shop.job[o] + 1]
        promised[o] = NEVER if last or promised[o + 1] == NEVER else promised[o + 1] - least[o]
        promised[o] = shop.pinned[o] if shop.pin[o] >= 0 else promised[o]
    pins = np.flatnonzero(shop.pin >= 0)
    ends = blank(shop).end[pins]
    pins = pins[np.lexsort((ends, shop.pinned[pins], shop.pin[pins]))]
    pin_from = np.concatenate([[0], np.cumsum(np.bincount(shop.pin[pins], minlength=machines))])
    room = np.concatenate([[0], np.cumsum(np.bincount(shop.machine, minlength=machines))])
    return Work(owner, least, left, promised, pin_from, pins, room)


class Floor(NamedTuple):
    """A plan while it is made.

    Attributes
    ----------
    machine, start, end
        (n,) of each operation; the start is -1 until it is placed.
    free, family, pinned
        (m,) when a machine is free, the family of its last operation (-1: none), and the next of its pins.
    arrived
        (n,) when an operation came into the queues.
    queue, waiting
        (choices,), (m,) what waits before each machine, from `Work.room` on, and how many do.
    """

    machine: Ints
    start: Ints
    end: Ints
    free: Ints
    family: Ints
    pinned: Ints
    arrived: Ints
    queue: Ints
    waiting: Ints


def blank(shop: Shop) -> Floor:
    """Only what is pinned is in its place."""
    n, machines = len(shop.job), len(shop.table)
    machine, start, end = shop.pin.copy(), np.full(n, -1), np.zeros(n, np.int64)
    for o in np.flatnonzero(shop.pin >= 0):
        choices = slice(shop.option[o], shop.option[o + 1])
        start[o] = shop.pinned[o]
        end[o] = start[o] + int(shop.minutes[choices][shop.machine[choices] == shop.pin[o]][0])
    zeros = np.zeros(machines, np.int64)
    return Floor(
        machine, start, end, zeros, np.full(machines, -1), zeros.copy(), np.zeros(n, np.int64),
        np.zeros(len(shop.machine), np.int64), zeros.copy(),
    )  # fmt: skip


@inner
def set_up(shop: Shop, m: int, before: int, after: int) -> int:
    """Minutes of set-up between two families; -1 before: nothing was done here yet."""
    return 0 if before < 0 else shop.change[shop.table[m], before, after]


@inner
def reopening(shop: Shop, m: int, minute: int) -> int:
    """The first closed time of a machine that ends after a minute."""
    low, high = shop.shut[m], shop.shut[m + 1]
    while low < high:
        middle = (low + high) // 2
        if shop.closed[middle, 1] > minute:
            high = middle
        else:
            low = middle + 1
    return low


@inner
def is_open(shop: Shop, m: int, start: int, end: int) -> bool:
    """Whether no closed time lies between."""
    k = reopening(shop, m, start)
    return k == shop.shut[m + 1] or shop.closed[k, 0] >= end


@inner
def opening(shop: Shop, m: int, minute: int, length: int) -> int:
    """The first minute from which a machine is open so long."""
    k = reopening(shop, m, minute)
    while k < shop.shut[m + 1] and shop.closed[k, 0] < minute + length:
        minute = shop.closed[k, 1]
        k += 1
    return minute
