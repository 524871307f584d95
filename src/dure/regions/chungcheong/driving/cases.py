"""Scenarios as cases: what is asked first, and the truth that no driver is told."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dure import Case, Form

from .drivers import human_rule
from .forms import STEP, request
from .grid import cut_in, cut_ins, further, sealed_band
from .policy import keeping_rule
from .world import Played, Scenario, World, put, simulate

if TYPE_CHECKING:
    from dure import Method

HARD = 4.0  # m/s2: braking that is called hard here
OWN = "own scenarios"  # the site of a person's own


@dataclass(frozen=True, slots=True)
class Truth:
    """What will happen, and what it is compared with.

    Attributes
    ----------
    scenario
        All that the others will do.
    human_avoids
        Whether the competent and careful human driver of the regulation, simulated to the end, does not crash.
    safe_alone
        Whether a car that keeps its speed does not crash.
    """

    scenario: Scenario
    human_avoids: bool
    safe_alone: bool


class Driven(Form):
    """What came of one of a person's own scenarios. It is kept with the accelerations wanted, so that any driver's can be drawn.

    Attributes
    ----------
    wanted
        m/s2, one a step until the case was settled.
    """

    played: Played
    wanted: tuple[float, ...]


def cases_of(scenarios: Mapping[str, Scenario], sites: Mapping[str, str]) -> list[Case]:
    """Cases in the order of a hash of their names: the first ones of a site are as good as drawn from it."""
    names = sorted(scenarios, key=lambda name: hashlib.sha256(name.encode()).digest())
    ordered = [scenarios[name] for name in names]
    human, alone = simulate(ordered, human_rule), simulate(ordered, keeping_rule)
    first = World(ordered).seen()
    truths = (Truth(scenario, not human.crash[row], not alone.crash[row]) for row, scenario in enumerate(ordered))
    return [
        Case(name, request(first, row), truth, site=sites[name])
        for row, (name, truth) in enumerate(zip(names, truths, strict=True))
    ]


def grid_cases() -> tuple[list[Case], list[Case]]:
    """Open and sealed cases. Sites of the open ones are the two parts of the grid, of the sealed ones the bands."""
    scenarios: dict[str, Scenario] = {}
    sites: dict[str, str] = {}
    sealed: set[str] = set()
    for name, (own, other, gap, lateral) in cut_ins().items():
        band = sealed_band(own, gap, lateral)
        scenarios[name] = cut_in(own, other, gap, lateral)
        sites[name] = band or ("cut-in up to 60 km/h" if own <= 60 else "cut-in above 60 km/h")
        sealed |= {name} if band else set()
    for name, (site, own, scenario) in further().items():
        scenarios[name], sites[name] = scenario, site
        sealed |= {name} if sealed_band(own) else set()
    cases = cases_of(scenarios, sites)
    return [case for case in cases if case.id not in sealed], [case for case in cases if case.id in sealed]


def play(case: Case, ask: Method) -> Played | Driven:
    """Ten questions a second until the case is settled."""
    world, wanted = World([case.truth.scenario]), list[float]()
    while not world.done.all():
        wanted.append(ask(request(world.seen())).acceleration)
        world.move(np.array(wanted[-1:]))
    (played,) = world.played()
    return Driven(played=played, wanted=tuple(wanted)) if case.site == OWN else played


def play_many(cases: Sequence[Case], ask: Method) -> Sequence[Played | Driven]:
    """The same for thousands of cases, as columns; a settled case has nothing around any more."""
    all_cases = World([case.truth.scenario for case in cases])
    rows = np.arange(len(cases))
    world, kept = all_cases.only(rows), list[np.ndarray]()
    own = any(case.site == OWN for case in cases)  # a round of them holds nothing else; the grid is too large to keep
    while not world.done.all():
        if world.done.any():
            going = ~world.done
            put(all_cases, world, rows)
            world, rows = world.only(going), rows[going]
        wanted = ask({name: _spread(values, rows, len(cases)) for name, values in world.seen().items()})
        world.move(wanted["acceleration"][rows])
        kept += [wanted["acceleration"]] if own else []
    put(all_cases, world, rows)
    return _driven(all_cases.played(), np.reshape(kept, (len(kept), len(cases)))) if own else all_cases.played()


def _driven(played: Sequence[Played], wanted: np.ndarray) -> list[Driven]:
    """What came of each case with its column of `wanted` (step, case), as far as it was played."""
    steps = [round(outcome.seconds / STEP) for outcome in played]
    return [
        Driven(played=outcome, wanted=tuple(wanted[:count, row].tolist()))
        for row, (outcome, count) in enumerate(zip(played, steps, strict=True))
    ]


def _spread(values: np.ndarray, rows: np.ndarray, count: int) -> np.ndarray:
    """A column of all cases, NaN where a case is settled."""
    column = np.full(count, np.nan)
    column[rows] = values
    return column


def score(case: Case, outcome: Played | Driven) -> dict[str, float]:
    """Counts and sums of one case."""
    outcome = outcome.played if isinstance(outcome, Driven) else outcome
    return {
        "crash": float(outcome.crash),
        "avoidable": float(outcome.crash and case.truth.human_avoids),
        "impact": outcome.impact,
        "safe": float(case.truth.safe_alone),
        "needless": float(case.truth.safe_alone and outcome.hardest > HARD),
        "jerk": outcome.jerk,
        "seconds": outcome.seconds,
    }
