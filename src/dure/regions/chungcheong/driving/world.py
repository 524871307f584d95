"""The simulator: vehicles that move as their scenario says, and one car that a driver brakes. Columns are cases.

Kinematic and two-dimensional, ten steps a second. Bodies are rectangles along the road; they touch where they overlap in both
directions. Within a step the acceleration is constant, so the position is exact. The car follows the wish of its driver within
full braking, which it builds up at JERK; letting go is immediate.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from .forms import FULL, STEP

Array = np.ndarray
Seen = dict[str, Array]
JERK = FULL / 0.6  # m/s3: full braking after 0.6 s, UN Regulation No. 157, Annex 3
PARALLEL = 10.0  # s; so long a vehicle is watched that stays in its own lane
LONGEST = 60.0  # s; a case that is not settled by then ends
ALIKE = 0.1  # m/s; a vehicle ahead that is slower by less is followed, not run into
WANDERING = 0.375  # m: a vehicle further off its line is leaving its lane, UN Regulation No. 157, Annex 3


@dataclass(frozen=True, slots=True)
class Other:
    """A vehicle and what it will do.

    Parameters
    ----------
    gap
        Free distance ahead of the own car at the start, m.
    speed
        m/s.
    offset, end, lateral_speed, begins
        It moves across the road from `offset` to `end` (m between centre lines) at `lateral_speed` (m/s, never negative),
        from `begins` s on.
    braking, brakes, final_speed
        It slows down by `braking` m/s2 from `brakes` s on, until it has `final_speed` m/s.
    hidden
        Hidden behind the first vehicle until that one is leaving the lane.
    """

    gap: float
    speed: float
    offset: float = 0.0
    end: float = 0.0
    lateral_speed: float = 0.0
    begins: float = 0.0
    braking: float = 0.0
    brakes: float = 0.0
    final_speed: float = 0.0
    hidden: bool = False
    length: float = 4.3
    width: float = 1.9


@dataclass(frozen=True, slots=True)
class Scenario:
    """A concrete scenario: the own speed (m/s) and the vehicles around."""

    speed: float
    others: tuple[Other, ...]
    length: float = 4.3
    width: float = 1.9


@dataclass(frozen=True, slots=True)
class Played:
    """What came of one case.

    Attributes
    ----------
    crash, impact
        Whether the bodies touched, and the difference of speeds then, m/s.
    hardest
        The strongest braking, m/s2.
    jerk
        Integral of the squared jerk, m2/s5.
    seconds
        Until the case was settled.
    """

    crash: bool
    impact: float
    hardest: float
    jerk: float
    seconds: float


@dataclass
class World:
    """Many cases at once: what is there now."""

    scenarios: Sequence[Scenario]
    time: int = 0  # steps
    fixed: dict[str, Array] = field(default_factory=dict)

    def __post_init__(self) -> None:
        count, slots = len(self.scenarios), max(len(scenario.others) for scenario in self.scenarios)
        for name in Other.__slots__:
            rows = [
                [
                    getattr(scenario.others[slot], name) if slot < len(scenario.others) else np.nan
                    for scenario in self.scenarios
                ]
                for slot in range(slots)
            ]
            self.fixed[name] = np.array(rows, dtype=float)
        self.own_length, self.own_width, self.own_speed = (
            np.array([getattr(scenario, name) for scenario in self.scenarios], dtype=float)
            for name in ("length", "width", "speed")
        )
        self.own_acceleration, self.travelled = np.zeros(count), np.zeros(count)
        self.crash, self.done = np.zeros(count, dtype=bool), np.zeros(count, dtype=bool)
        self.impact, self.hardest, self.jerk, self.seconds = (np.zeros(count) for _sum in range(4))
        self._settle()

    # ---- the vehicles around: where their scenario has them now --------------------------------------------------------

    @property
    def now(self) -> float:
        """Seconds since the start."""
        return self.time * STEP

    def others(self) -> dict[str, Array]:
        """gap, speed, acceleration, offset and drift of the vehicles around, each (slot, case); NaN: not there."""
        has = self.fixed
        moved = np.maximum(self.now - has["begins"], 0) * has["lateral_speed"]
        way = has["end"] - has["offset"]
        across = has["offset"] + np.sign(way) * np.minimum(moved, np.abs(way))
        moving = (self.now >= has["begins"]) & (moved < np.abs(way))
        drift = np.where(moving, np.sign(way) * has["lateral_speed"], 0.0)
        slowing = np.where(
            has["braking"] > 0, (has["speed"] - has["final_speed"]) / np.maximum(has["braking"], 1e-9), 0.0
        )
        since = np.clip(self.now - has["brakes"], 0, slowing)
        speed = has["speed"] - has["braking"] * since
        travelled = has["speed"] * self.now - has["braking"] * since * (self.now - has["brakes"] - since / 2)
        braking = (self.now >= has["brakes"]) & (self.now < has["brakes"] + slowing)
        return {
            "gap": has["gap"] + travelled - self.travelled,
            "speed": speed,
            "acceleration": np.where(braking, -has["braking"], 0.0),
            "offset": np.abs(across),
            "drift": np.where(across < 0, -drift, drift),
            "length": has["length"],
            "width": has["width"],
        }

    def seen(self) -> Seen:
        """What the own car measures: the request's columns. A settled case has nothing around any more."""
        around = self.others()
        leaving = np.abs(around["offset"][0]) > WANDERING
        out = (self.fixed["hidden"] > 0) & ~leaving | self.done
        columns = {
            "own_speed": self.own_speed, "own_acceleration": self.own_acceleration,
            "own_length": self.own_length, "own_width": self.own_width,
        }  # fmt: skip
        for slot in range(len(out)):
            for name, values in around.items():
                columns[f"{name}_{slot}"] = np.where(out[slot], np.nan, values[slot])
        return columns

    # ---- one step --------------------------------------------------------------------------------------------------------

    def move(self, wanted: Array) -> None:
        """The car follows `wanted` (m/s2) for a step, within what it can do; then crashes and settled cases are noted."""
        able = np.maximum(np.maximum(wanted, -FULL), self.own_acceleration - JERK * STEP)
        before = self.own_acceleration
        stops = np.where(able < 0, np.minimum(self.own_speed / np.maximum(-able, 1e-9), STEP), STEP)
        on = ~self.done
        self.travelled = np.where(on, self.travelled + self.own_speed * stops + able * stops**2 / 2, self.travelled)
        self.own_speed = np.where(on, np.maximum(self.own_speed + able * STEP, 0.0), self.own_speed)
        self.own_acceleration = np.where(on & (self.own_speed > 0), able, 0.0)
        self.jerk += np.where(on, ((able - before) / STEP) ** 2 * STEP, 0.0)
        self.hardest = np.where(on, np.maximum(self.hardest, -able), self.hardest)
        self.time += 1
        self.seconds = np.where(on, self.now, self.seconds)
        self._settle()

    def _settle(self) -> None:
        """Note crashes, and cases in which nothing more can happen."""
        around, on = self.others(), ~self.done
        side = around["offset"] - (around["width"] + self.own_width) / 2
        touching = (side < -1e-9) & (around["gap"] <= 0) & (around["gap"] > -(around["length"] + self.own_length))
        hit = touching.any(axis=0) & on
        closing = np.abs(self.own_speed - around["speed"])
        self.impact = np.where(hit, np.max(np.where(touching, closing, 0.0), axis=0), self.impact)
        self.crash |= hit
        has = self.fixed
        over = (self.now >= has["brakes"]) & (around["acceleration"] == 0) & (around["drift"] == 0)
        over &= (self.now >= has["begins"]) | (has["offset"] == has["end"])
        passed = around["gap"] <= -(around["length"] + self.own_length)
        inside = side < -1e-9
        # a vehicle that comes in is no more a danger once it is inside and not slower, even while it goes on to its line
        slower = (
            inside
            & (self.own_speed <= around["speed"] + ALIKE)
            & (np.abs(has["end"]) < (around["width"] + self.own_width) / 2)
            & (around["acceleration"] == 0)
        )
        slower &= (has["braking"] == 0) | over
        beside = ~inside & over & ((has["lateral_speed"] > 0) | (self.now >= PARALLEL))
        self.done |= hit | (passed | slower | beside | np.isnan(around["gap"])).all(axis=0)
        self.done |= self.now >= LONGEST - STEP / 2

    def played(self) -> list[Played]:
        """What came of every case."""
        rows = zip(self.crash, self.impact, self.hardest, self.jerk, self.seconds, strict=True)
        return [Played(bool(crash), *map(float, rest)) for crash, *rest in rows]

    def only(self, rows: Array) -> World:
        """These cases alone, as they are now."""
        part = object.__new__(World)
        part.scenarios, part.time = self.scenarios, self.time
        part.fixed = {name: values[:, rows] for name, values in self.fixed.items()}
        for name in STATE:
            setattr(part, name, getattr(self, name)[rows])
        return part


STATE = (
    "own_length",
    "own_width",
    "own_speed",
    "own_acceleration",
    "travelled",
    "crash",
    "done",
    "impact",
    "hardest",
    "jerk",
    "seconds",
)
BATCH = 4096  # cases at a time: their columns stay in the processor's cache


def simulate(scenarios: Sequence[Scenario], rule: Callable[[Seen, dict[str, Array]], Array]) -> World:
    """Play all of them to their end with a rule of `drivers`; settled cases are set aside, so that the rest go quicker."""
    all_cases = World(scenarios)
    for start in range(0, len(scenarios), BATCH):
        rows = np.arange(start, min(start + BATCH, len(scenarios)))
        memory: dict[str, Array] = {}
        world = all_cases.only(rows)
        while not world.done.all():
            if world.done.mean() > 0.25:
                going = ~world.done
                put(all_cases, world, rows)
                world, rows = world.only(going), rows[going]
                memory = {name: values[going] for name, values in memory.items()}
            world.move(rule(world.seen(), memory))
        put(all_cases, world, rows)
    return all_cases


def put(all_cases: World, part: World, rows: Array) -> None:
    """Keep what has become of some cases where all of them are."""
    for name in STATE:
        getattr(all_cases, name)[rows] = getattr(part, name)
