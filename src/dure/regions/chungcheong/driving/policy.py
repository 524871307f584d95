"""Our proposal: the gentlest braking that keeps clear of where the others will be.

Each step asks, of every vehicle around that will be in the own path, whether keeping the speed ends in it. Where it does, the
constant braking is sought (by halving) that keeps a margin for good, with the build-up of braking counted in. Nothing is done
while that braking is below `begin`; from then on it is followed until it is below `end`. The margin shrinks as the braking
needed grows: near full braking every centimetre is used. A vehicle that the own car will have passed before it comes in is let
be: braking for it would be what brings the two together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .drivers import Around, Array, Driver, Memory, building_up
from .forms import FULL, STEP
from .world import JERK

if TYPE_CHECKING:
    from dure import Case, Method, Work

HALVINGS, MOMENTS = 7, 8  # of the braking sought; moments at which the gap is looked at
HORIZON = 12.0  # s


@dataclass(frozen=True, slots=True)
class Recipe:
    """What was chosen on the open part of the grid (benchmarks/cut_in.py).

    Parameters
    ----------
    begin, end
        Braking needed from which, and down to which, it is applied, m/s2.
    margin, least
        Free distance kept, at no braking and at full braking, m.
    headway
        Time gap wished behind a vehicle that is followed, s: what UN R157 5.2.3.3 asks for from 60 km/h on.
    soft
        Braking with which that time gap is made, m/s2 at most.
    """

    begin: float = 1.0
    end: float = 0.3
    margin: float = 2.0
    least: float = 0.3
    headway: float = 1.6
    soft: float = 1.0


CHOSEN = Recipe()


def keeps_clear(around: Around) -> Array:
    """Whether a vehicle is no danger to a car that keeps its speed: (slot, case).

    Exact for vehicles that keep their speed and their drift, at the steps at which contact is looked for; one that brakes is taken
    to go on braking.
    """
    before, steady = around.before_inside(), around.acceleration >= -0.1
    never = ~np.isfinite(before)
    steps = np.floor(np.where(never, 0.0, before) / STEP + 1e-6) + (before > 0)  # the first step at which it is inside
    then = around.gap - around.closing * steps * STEP
    passed, opens = then <= -around.lengths, (then > 0) & (around.closing <= 0) & steady
    leaving = around.inside & (around.drift > 0) & steady
    leaves = np.where(leaving, -around.side / np.where(leaving, around.drift, 1.0), 0.0)
    gone = leaving & (around.gap - around.closing * leaves > 0)
    return never | passed | opens | gone


def _travelled(speed: Array, start: Array, braking: Array, time: Array) -> Array:
    """Way of a car after `time` s that builds `braking` up from the acceleration `start`, and stays where it stops."""
    ramp = np.maximum(braking + start, 0.0) / JERK
    rising = np.minimum(time, ramp)
    way = speed * rising + start * rising**2 / 2 - JERK * rising**3 / 6
    then = np.maximum(speed + start * ramp - JERK * ramp**2 / 2, 0.0)
    after = np.minimum(np.maximum(time - ramp, 0.0), then / np.maximum(braking, 1e-9))
    return way + then * after - braking * after**2 / 2


def braking_needed(around: Around, recipe: Recipe) -> Array:
    """The constant braking, m/s2, that keeps the margin to each vehicle at every moment inside: (slot, case); FULL at most."""
    enters = around.before_inside()
    enters = np.where(np.isfinite(enters), enters, 0.0)
    theirs = np.minimum(around.acceleration, 0.0)
    stands = np.where(theirs < 0, around.speed / np.maximum(-theirs, 1e-9), np.inf)
    low, high = np.zeros(around.gap.shape), np.full(around.gap.shape, FULL)
    for _halving in range(HALVINGS):
        braking = (low + high) / 2
        settles = np.minimum((around.own - np.where(theirs < -0.1, 0.0, around.speed)) / braking + 0.7, HORIZON)
        span = np.maximum(settles - enters, 0.0)
        wanted = recipe.least + (recipe.margin - recipe.least) * (1 - braking / FULL)
        free = np.full(around.gap.shape, np.inf)
        for moment in range(MOMENTS):
            time = enters + span * moment / (MOMENTS - 1)
            moving = np.minimum(time, stands)
            other = around.speed * moving + theirs * moving**2 / 2
            free = np.minimum(free, around.gap + other - _travelled(around.own, around.own_acceleration, braking, time))
        enough = free >= wanted
        low, high = np.where(enough, low, braking), np.where(enough, braking, high)
    return high


def anticipating_rule(seen: Mapping[str, Array], memory: Memory, recipe: Recipe = CHOSEN) -> Array:
    """The gentlest braking that keeps clear, once it is worth braking at all."""
    around = Around(seen)
    danger = around.there & (around.gap > -around.lengths) & ~keeps_clear(around)
    needed = np.zeros(around.own.shape)
    rows = danger.any(axis=0)
    if rows.any():
        part = Around({name: np.asarray(values)[rows] for name, values in seen.items()})
        needed[rows] = np.where(danger[:, rows], braking_needed(part, recipe), 0.0).max(axis=0)
    on = memory.get("braking", np.zeros(needed.shape, dtype=bool))
    on = np.where(on, needed > recipe.end, needed > recipe.begin)
    memory["braking"] = on
    return np.where(on, building_up(around, needed), _headway(around, recipe))


def _headway(around: Around, recipe: Recipe) -> Array:
    """Soft braking behind a vehicle that is followed too closely."""
    short = around.own * recipe.headway + recipe.margin - around.gap
    following = around.inside & around.ahead & (short > 0) & (around.closing > -1.0) & (around.own > 0)
    return -np.where(following, np.minimum(0.1 * short, recipe.soft), 0.0).max(axis=0)


def anticipation(history: tuple[Case, ...], seed: int, work: Work, /) -> Method:
    """Gentlest braking that keeps clear of where the others will be."""
    return Driver(anticipating_rule)


# ---- what is possible -----------------------------------------------------------------------------------------------------


def full_rule(seen: Mapping[str, Array], memory: Memory) -> Array:
    """Full braking from the first step on: for a car that may only brake, the hindmost place at every moment."""
    return building_up(Around(seen), FULL)


def keeping_rule(seen: Mapping[str, Array], memory: Memory) -> Array:
    """No braking at all: the foremost place at every moment."""
    return np.zeros(np.shape(seen["own_speed"]))
