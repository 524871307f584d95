"""The drivers of chungcheong.driving in motorway traffic simulated by SUMO: crashes in a thousand kilometres, exact Poisson bounds.

    pip install eclipse-sumo libsumo
    python benchmarks/exposure.py [--minutes 40] [--seed 1] [--out benchmarks/results/exposure.csv]

SUMO (P. Alvarez Lopez et al. 2018, Microscopic Traffic Simulation using SUMO, IEEE ITSC) is free under the EPL 2.0 and large, so it
is needed here alone. Ten kilometres of three lanes carry cars and lorries; every eighth car keeps its lane and is driven by us,
at the steps and with the build-up of braking of the grid. It follows by the intelligent driver model, no harder than COMFORT: what is
braked beyond is the driver's under test. SUMO's vehicles do not crash by themselves, so hazards are injected: a neighbour cuts in
at a drawn distance and speed, or the vehicle ahead brakes. How often they come is our choice: rates here compare drivers, they
are no forecast of a road. A crash is running into a slower vehicle ahead; being struck by another one, from behind or from the
side, is counted apart. Drivers that latch a risk start afresh once nothing ahead is closing.
"""

from __future__ import annotations

import argparse
import math
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rows import save

from dure.regions.chungcheong.driving import drivers, policy
from dure.regions.chungcheong.driving.data import USUAL
from dure.regions.chungcheong.driving.forms import EACH, FULL, SLOTS, STEP
from dure.regions.chungcheong.driving.world import JERK

RULES = drivers.RULES | {"staged_braking": drivers.staged_rule(USUAL), "anticipation": policy.anticipating_rule}
LENGTH, LANES, WIDE = 10_000.0, 3, 3.5  # m, lanes, m
OURS = 300.0  # m from the beginning on which we drive
COMFORT, HARD = 2.0, 4.0  # m/s2
EVERY = 40.0  # s between two hazards of one car, on average
AFTER = 8.0  # s after a hazard in which hard braking is its due
CUTS, FAR = 0.7, 60.0  # share of hazards that are cut-ins; m ahead up to which a vehicle becomes one
NEAR, BACK = 14, 6  # vehicles looked at ahead and behind in the order along the road
ROUTES = """<routes>
<vType id="car" length="4.3" width="1.9" sigma="0.4" tau="1.2" speedFactor="normc(1,0.1,0.8,1.2)"/>
<vType id="lorry" length="12" width="2.5" sigma="0.4" tau="1.6" maxSpeed="25" vClass="truck"/>
<vType id="own" length="4.3" width="1.9" sigma="0" speedFactor="1" color="blue"/>
{flows}</routes>
"""
FLOW = (
    '<flow id="{name}" type="{kind}" begin="0" end="100000" probability="{chance}" departLane="{lane}" '
    'departSpeed="max" departPos="base" from="e" to="e"/>\n'
)


def road(folder: Path) -> list[str]:
    """The command line of SUMO for the motorway, whose files are written into the folder."""
    import subprocess

    import sumo

    (folder / "n.xml").write_text(f'<nodes><node id="a" x="0" y="0"/><node id="b" x="{LENGTH}" y="0"/></nodes>')
    (folder / "e.xml").write_text(
        f'<edges><edge id="e" from="a" to="b" numLanes="{LANES}" speed="27.8" width="{WIDE}"/></edges>'
    )
    net = folder / "net.xml"
    made = [
        f"{sumo.SUMO_HOME}/bin/netconvert",
        "-n",
        str(folder / "n.xml"),
        "-e",
        str(folder / "e.xml"),
        "-o",
        str(net),
    ]
    subprocess.run(made, check=True, capture_output=True)
    flows = "".join(
        FLOW.format(name=f"{kind}{lane}", kind=kind, chance=chance, lane=lane)
        for lane in range(LANES)
        for kind, chance in (("car", 0.24), ("own", 0.035), *([("lorry", 0.06)] if lane == 0 else []))
    )
    (folder / "r.xml").write_text(ROUTES.format(flows=flows))
    return [
        "sumo", "-n", str(net), "-r", str(folder / "r.xml"), "--step-length", str(STEP), "--lanechange.duration", "3",
        "--collision.action", "none", "--no-step-log", "--no-warnings", "--time-to-teleport", "-1", "--random-depart-offset", "2",
    ]  # fmt: skip


@dataclass
class Around:
    """Our cars (rows) and the vehicles near each (columns): places in `names`, free distance ahead, distance across, not there."""

    names: list[str]
    own: np.ndarray
    places: np.ndarray
    gap: np.ndarray
    side: np.ndarray
    gone: np.ndarray

    def other(self, row: int, column: int) -> str:
        """The name of a vehicle near one of our cars."""
        return self.names[self.places[row, column]]


class Traffic:
    """All vehicles of one step, and what we remember of our own."""

    def __init__(self, rule: drivers.Rule, seed: int) -> None:
        self.rule, self.chance = rule, np.random.default_rng(seed)
        self.before: dict[str, float] = {}  # place across the road one step ago
        self.acceleration: dict[str, float] = {}
        self.memory: dict[str, dict[str, Any]] = {}
        self.hazard: dict[str, float] = {}  # when the last one came, by car
        self.ends: dict[str, float] = {}  # when a vehicle that was a hazard is SUMO's again
        self.braking: set[str] = set()
        self.counts = dict.fromkeys(("crashes", "struck", "hazards", "hard_braking", "hard_without_hazard"), 0)
        self.metres = self.impact = 0.0

    def step(self, lib: Any, now: float, *, counting: bool) -> None:
        """Read everything, drive our cars, inject hazards."""
        found = lib.vehicle.getAllSubscriptionResults()
        names = sorted(found, key=lambda name: found[name][lib.constants.VAR_POSITION][0])
        if not names:
            return
        read = {name: found[name] for name in names}
        along = np.array([each[lib.constants.VAR_POSITION][0] for each in read.values()])
        across = np.array([each[lib.constants.VAR_POSITION][1] for each in read.values()])
        speed = np.array([each[lib.constants.VAR_SPEED] for each in read.values()])
        push = np.array([each[lib.constants.VAR_ACCELERATION] for each in read.values()])
        lorry = np.array([name.startswith("lorry") for name in names])
        long, wide = np.where(lorry, 12.0, 4.3), np.where(lorry, 2.5, 1.9)
        drift = np.array([y - self.before.get(name, y) for name, y in zip(names, across, strict=True)]) / STEP
        self.before = dict(zip(names, across.tolist(), strict=True))
        own = np.array(
            [place for place, name in enumerate(names) if name.startswith("own") and along[place] > OURS], dtype=int
        )
        if not own.size:
            return
        places = np.clip(own[:, None] + np.arange(-BACK, NEAR + 1), 0, len(names) - 1)
        places = np.where((places == own[:, None]) | (np.diff(places, axis=1, prepend=-1) == 0), -1, places)
        side = across[places] - across[own][:, None]
        gap = along[places] - long[places] - along[own][:, None]
        towards = np.where(side < 0, -1, 1) * drift[places]
        free = np.abs(side) - (wide[places] + 1.9) / 2
        gone = (places < 0) | (np.abs(side) > 2 * WIDE) | (gap < -(long[places] + 4.3)) | (gap > 200)
        touching = ~gone & (free < -1e-6) & (gap <= 0)
        self._crashes(
            lib, names, own, touching, gap, long[places], speed[own][:, None] - speed[places], counting=counting
        )
        whole = ~touching.any(axis=1)
        own, places, side, gap, towards, free, gone = (
            each[whole] for each in (own, places, side, gap, towards, free, gone)
        )
        # first whatever is in the own path or comes into it, the nearest first
        order = np.argsort(np.where(gone, 1e9, gap + np.where((free < 0) | (towards < -0.05), 0, 1e4)), axis=1)[
            :, :SLOTS
        ]
        rows = np.arange(own.size)
        seen = {"own_speed": speed[own], "own_length": np.full(own.size, 4.3), "own_width": np.full(own.size, 1.9)}
        seen["own_acceleration"] = np.array([self.acceleration.get(names[place], 0.0) for place in own])
        values = dict(
            zip(
                EACH, (gap, speed[places], push[places], np.abs(side), towards, long[places], wide[places]), strict=True
            )
        )
        for slot in range(SLOTS):
            there = order[:, slot]
            for name, each in values.items():
                seen[f"{name}_{slot}"] = np.where(gone[rows, there], np.nan, each[rows, there])
        self._drive(lib, [names[place] for place in own], seen, now, counting=counting)
        self._hazards(lib, Around(names, own, places, gap, side, gone), now, counting=counting)

    def _drive(self, lib: Any, names: list[str], seen: dict[str, np.ndarray], now: float, *, counting: bool) -> None:
        around = drivers.Around(seen)
        calm = ~(around.ahead & (around.closing > 0) & (around.inside | (around.coming > 0))).any(axis=0)
        memory = self._remembered(names, calm)
        wanted = self.rule(seen, memory)
        for name, values in memory.items():
            for car, value in zip(names, values, strict=True):
                self.memory.setdefault(car, {})[name] = value
        follow = drivers.following_rule(seen, {"wish": np.full(len(names), 27.8)})
        if self.rule is not drivers.following_rule:
            follow = np.maximum(follow, -COMFORT)
            wanted = np.where(wanted < 0, np.minimum(follow, wanted), follow)  # a rule that does not brake says nothing
        able = np.clip(np.maximum(wanted, seen["own_acceleration"] - JERK * STEP), -FULL, 3.0)
        for car, push, speed in zip(names, able.tolist(), seen["own_speed"].tolist(), strict=True):
            if car not in self.acceleration:
                lib.vehicle.setSpeedMode(car, 0)  # from here on it is ours
            lib.vehicle.setSpeed(car, max(0.0, speed + push * STEP))
            self.acceleration[car] = push if speed > 0 else 0.0
            if push < -HARD and car not in self.braking and counting:
                self.counts["hard_braking"] += 1
                self.counts["hard_without_hazard"] += now - self.hazard.get(car, -math.inf) > AFTER
            self.braking = self.braking | {car} if push < -HARD else self.braking - {car}
        self.metres += float(seen["own_speed"].sum()) * STEP if counting else 0.0

    def _remembered(self, names: list[str], calm: np.ndarray) -> dict[str, np.ndarray]:
        """The rule's memory of these cars as columns; a car with nothing closing ahead starts afresh, but for its wish."""
        keys = {key: value for car in names for key, value in self.memory.get(car, {}).items()}
        fresh = {
            key: (27.8 if key == "wish" else False if isinstance(value, np.bool_) else -1)
            for key, value in keys.items()
        }
        return {
            key: np.array(
                [
                    new if quiet and key != "wish" else self.memory.get(car, {}).get(key, new)
                    for car, quiet in zip(names, calm, strict=True)
                ]
            )
            for key, new in fresh.items()
        }

    def _crashes(
        self, lib: Any, names: list[str], own: np.ndarray, touching: np.ndarray, gap: np.ndarray, long: np.ndarray,
        closing: np.ndarray, *, counting: bool,
    ) -> None:  # fmt: skip
        """Bodies that overlap: the own car has run into a slower one ahead, or was struck; it is taken off the road."""
        for row in np.flatnonzero(touching.any(axis=1)):
            ahead = touching[row] & (gap[row] + long[row] / 2 > -4.3 / 2) & (closing[row] > 0)
            if counting:
                self.counts["crashes" if ahead.any() else "struck"] += 1
                self.impact += float(np.max(closing[row][ahead])) if ahead.any() else 0.0
            lib.vehicle.unsubscribe(names[own[row]])
            lib.vehicle.remove(names[own[row]])

    def _hazards(self, lib: Any, near: Around, now: float, *, counting: bool) -> None:
        """A neighbour comes over, or the vehicle ahead brakes; after a while they are SUMO's again."""
        for name in [each for each, end in self.ends.items() if end < now]:
            del self.ends[name]
            if name in near.names:
                lib.vehicle.setSpeed(name, -1)
                lib.vehicle.setSpeedMode(name, 31)
                lib.vehicle.setLaneChangeMode(name, 1621)
        for row in np.flatnonzero(self.chance.random(near.own.size) < STEP / EVERY).tolist():
            car, cuts = near.names[near.own[row]], self.chance.random() < CUTS
            away = np.abs(near.side[row])
            there = ~near.gone[row] & (near.gap[row] > 1) & ((np.abs(away - WIDE) < 0.5) if cuts else (away < 0.5))
            able = [
                column
                for column in np.flatnonzero(there & (near.gap[row] < FAR)).tolist()
                if not near.other(row, column).startswith("own") and near.other(row, column) not in self.ends
            ]
            if not able or now - self.hazard.get(car, -math.inf) < 2 * AFTER:
                continue
            other = near.other(row, min(able, key=lambda column: near.gap[row, column]))
            speed = lib.vehicle.getSpeed(other)
            lib.vehicle.setSpeedMode(other, 0)
            if cuts:
                lib.vehicle.setLaneChangeMode(other, 0)
                lib.vehicle.changeLane(other, lib.vehicle.getLaneIndex(car), 4.0)
                lib.vehicle.slowDown(other, max(0.0, speed - self.chance.uniform(0, 12)), 3.0)
            else:
                brake, share = self.chance.uniform(3, 8), self.chance.uniform(0.0, 0.8)
                lib.vehicle.slowDown(other, share * speed, max(STEP, (1 - share) * speed / brake))
            self.ends[other], self.hazard[car] = now + 6.0, now
            self.counts["hazards"] += counting


def driven(name: str, minutes: float, seed: int, folder: Path) -> dict[str, Any]:
    """One driver on the motorway; the first minutes fill it and do not count."""
    import libsumo
    from scipy.stats import chi2

    begun, warm = time.perf_counter(), 400.0
    libsumo.start([*road(folder), "--seed", str(seed)])
    wanted = [libsumo.constants.VAR_POSITION, libsumo.constants.VAR_SPEED, libsumo.constants.VAR_ACCELERATION]
    traffic = Traffic(RULES[name], seed)
    for step in range(round((warm + 60 * minutes) / STEP)):
        libsumo.simulationStep()
        for new in libsumo.simulation.getDepartedIDList():
            libsumo.vehicle.subscribe(new, wanted)
            if new.startswith("own"):
                libsumo.vehicle.setLaneChangeMode(new, 0)
        traffic.step(libsumo, step * STEP, counting=step * STEP > warm)
    libsumo.close()
    thousands, crashes = traffic.metres / 1e6, traffic.counts["crashes"]
    low, high = chi2.ppf(0.025, 2 * crashes) / 2 if crashes else 0.0, chi2.ppf(0.975, 2 * crashes + 2) / 2
    return {
        "driver": name, "kilometres": round(1000 * thousands), "hazards": traffic.counts["hazards"], "crashes": crashes,
        "per_1000_km": f"{crashes / thousands:.2f}", "low": f"{low / thousands:.2f}", "high": f"{high / thousands:.2f}",
        "impact_km_h": f"{3.6 * traffic.impact / max(crashes, 1):.1f}", "struck": traffic.counts["struck"],
        "hard_braking_per_100_km": f"{traffic.counts['hard_braking'] / (10 * thousands):.2f}",
        "without_hazard_per_100_km": f"{traffic.counts['hard_without_hazard'] / (10 * thousands):.2f}",
        "seconds": round(time.perf_counter() - begun),
    }  # fmt: skip


def main() -> None:
    """Every driver in the same traffic."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=40.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--driver", choices=sorted(RULES), action="append")
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    rows = []
    for name in given.driver or RULES:
        with tempfile.TemporaryDirectory() as folder:
            rows.append(driven(name, given.minutes, given.seed, Path(folder)))
        print(rows[-1], flush=True)
    if given.out:
        save(given.out, rows)


if __name__ == "__main__":
    main()
