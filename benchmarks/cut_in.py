"""The drivers of chungcheong.driving on the whole cut-in grid of UN Regulation No. 157: crashes, and seconds on two cores.

    python benchmarks/cut_in.py [--out benchmarks/results/cut_in.csv]      # every driver, both counts, the bound
    python benchmarks/cut_in.py --choose                                  # our recipe against others, on the open part alone

Published are the counts of the regulation's public reference implementation in steps of 0.1 s. It calls a case of the human driver
safe when the time to collision is above 2 s at the first overlap, and stops there; `early` counts like that, `crashes` plays to the end.
Two processes share the grid; `seconds` is the wall time of one driver on both, from scenarios to counts. `bound` is what no car
can avoid that may only brake: neither full braking from the first step nor keeping the speed is free of a crash.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from rows import save

from dure.regions.chungcheong.driving import drivers, grid, policy
from dure.regions.chungcheong.driving.data import USUAL
from dure.regions.chungcheong.driving.world import World, simulate

PUBLISHED = {"human_driver": 7280, "lane_intrusion": 5121, "fuzzy_safety": 2550, "rss": 2371}
CASES = list(grid.cut_ins().values())
RULES = drivers.RULES | {"staged_braking": drivers.staged_rule(USUAL), "anticipation": policy.anticipating_rule,
                         "full braking": policy.full_rule, "no braking": policy.keeping_rule}  # fmt: skip


def played(rule: drivers.Rule, half: slice) -> World:
    """The cases of one half, to their end."""
    return simulate([grid.cut_in(*each) for each in CASES[half]], rule)


def crashes(name: str, part: int) -> str:
    """Crash of every other case as 0 and 1, and the same with the early stop."""
    rule, safe = RULES[name], np.zeros(0, dtype=bool)
    crash = played(rule, slice(part, None, 2)).crash
    if name == "human_driver":
        safe = called_safe(slice(part, None, 2))
    return (
        "".join(map(str, crash.astype(int)))
        + " "
        + "".join(map(str, (crash & ~safe if safe.size else crash).astype(int)))
    )


def called_safe(half: slice) -> np.ndarray:
    """Cases in which the early stop ends the human driver's: a rule of its own, which freezes what it has called safe."""
    cases = [grid.cut_in(*each) for each in CASES[half]]
    world, memory, mine = World(cases), {}, {}  # type: World, dict[str, Any], dict[str, Any]
    while not world.done.all():
        seen = world.seen()
        safe = drivers.early_stop(seen, memory)
        world.move(drivers.human_rule(seen, mine))
    return safe


def both(name: str) -> tuple[np.ndarray, np.ndarray, float]:
    """Crash of each case whole and with the early stop, and the wall seconds of two processes."""
    begun = time.perf_counter()
    command = [sys.executable, __file__, "--part", name]
    env = os.environ | {"OMP_NUM_THREADS": "1"}
    parts = [subprocess.Popen([*command, str(part)], stdout=subprocess.PIPE, text=True, env=env) for part in (0, 1)]
    said = [part.communicate()[0].split() for part in parts]
    whole, early = np.zeros(len(CASES), dtype=bool), np.zeros(len(CASES), dtype=bool)
    for part, (one, other) in enumerate(said):
        whole[part::2] = [letter == "1" for letter in one]
        early[part::2] = [letter == "1" for letter in other]
    return whole, early, time.perf_counter() - begun


def table(out: Path) -> None:
    """Every driver's row, and the bound's."""
    low = np.array([own <= 60 for own, *_rest in CASES])
    found = {name: both(name) for name in RULES}
    human = found["human_driver"][0]
    extremes = found["full braking"][0] & found["no braking"][0]
    found["bound"] = (extremes, extremes, 0.0)
    lines = []
    for name, (whole, early, seconds) in found.items():
        known = PUBLISHED.get(name)
        lines.append({
            "driver": name, "crashes": int(whole.sum()), "low": int(whole[low].sum()), "high": int(whole[~low].sum()),
            "early": int(early.sum()), "early_low": int(early[low].sum()), "early_high": int(early[~low].sum()),
            "published": known or "", "difference_percent": f"{100 * (early.sum() / known - 1):.2f}" if known else "",
            "crashes_the_human_avoids": int((whole & ~human).sum()), "seconds": f"{seconds:.1f}",
        })  # fmt: skip
        print(lines[-1], flush=True)
    four = np.logical_and.reduce([found[name][1] for name in PUBLISHED])
    print("crashes under all four, early stop (published 1,851):", int(four.sum()))
    save(out, lines)


def choose() -> None:
    """Recipes on the open cases: crashes first, then discomfort."""
    scenarios = [
        grid.cut_in(own, other, gap, lateral)
        for own, other, gap, lateral in CASES
        if not grid.sealed_band(own, gap, lateral)
    ][::7]
    scenarios += [each for _site, own, each in grid.further().values() if not grid.sealed_band(own)]
    for recipe in (replace(policy.CHOSEN, **change) for change in ({}, {"begin": 1.5}, {"begin": 2.0}, {"headway": 1.0}, {"headway": 2.0}, {"soft": 2.0}, {"margin": 1.0}, {"margin": 3.0})):  # fmt: skip
        world = simulate(scenarios, _with(recipe))
        print(recipe, int(world.crash.sum()), f"{(world.jerk.sum() / world.seconds.sum()) ** 0.5:.3f} m/s3", flush=True)


def _with(recipe: policy.Recipe) -> Callable[..., Any]:
    return lambda seen, memory: policy.anticipating_rule(seen, memory, recipe)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/cut_in.csv"))
    parser.add_argument("--choose", action="store_true")
    parser.add_argument("--part", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.part:
        print(crashes(given.part[0], int(given.part[1])))
    elif given.choose:
        choose()
    else:
        table(given.out)
