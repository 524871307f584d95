"""What a person may bring: scenarios of their own, and a table of braking by stages."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from dure import Column, Own, Source, UserError, texts

from .cases import OWN, cases_of
from .openscenario.scenario import scenario_of
from .world import Other, Scenario

if TYPE_CHECKING:
    import polars as pl

    from dure import Case, Data

_ = texts(__file__)
Stages = tuple[tuple[float, float, float], ...]
# Partial braking of 0.4 g at 1.6 s and full braking at 0.6 s, as staged emergency brakes on the road have had it since 2006
# (H. Schittenhelm, PRE-SAFE Brake, ESV conference 2009). They watch the own lane: 0 m across.
USUAL: Stages = ((1.6, 0.0, 0.4 * 9.81), (0.6, 0.0, 0.774 * 9.81))


def scenarios(path: Path) -> pl.DataFrame:
    """The scenario of a file as a frame of one row: its name, and the scenario as JSON."""
    import polars as pl

    scenario, _notes = scenario_of(path)
    return pl.DataFrame({"name": [path.stem], "scenario": [json.dumps(asdict(scenario))]})


def from_row(text: str) -> Scenario:
    """A scenario from its JSON."""
    fields = json.loads(text)
    return Scenario(**{**fields, "others": tuple(Other(**other) for other in fields["others"])})


SCENARIOS = Source(
    "scenarios",
    title=(
        "내 시나리오(OpenSCENARIO 1.x와 그 OpenDRIVE 도로)",
        "scenarios of one's own (OpenSCENARIO 1.x with its OpenDRIVE road)",
    ),
    origin=Own(None),
    read=scenarios,
)
STAGES = Source(
    "stages",
    title=("내 제동 단계 표", "stages of braking of one's own"),
    origin=Own(None),
    columns=(
        Column(
            "time_to_collision", "number", "s", 0, 60, title=("충돌예상시간 미만", "time to collision below"),
            names=("ttc", "time to collision", "충돌예상시간", "TTC 미만"),
        ),
        Column(
            "across", "number", "m", -5, 10, required=False, title=("횡방향 간격 미만", "free distance across below"),
            names=("lateral", "횡간격", "횡방향 간격"),
        ),
        Column(
            "braking", "number", "m/s2", 0, 12, names=("deceleration", "감속도", "제동"), title=("감속도", "braking"),
        ),
    ),
)  # fmt: skip


def stages(data: Data) -> Stages:
    """The table of braking by stages: a person's own, else the usual one. Raises UserError for a table without a row."""
    if not data.has("stages"):
        return USUAL
    rows = data["stages"].drop_nulls(["time_to_collision", "braking"]).iter_rows(named=True)
    table = tuple((float(row["time_to_collision"]), float(row["across"] or 0.0), float(row["braking"])) for row in rows)
    if not table:
        raise UserError(_("the table has no stage"), where="stages")
    return table


def own_cases(data: Data) -> list[Case]:
    """A person's own scenarios as cases: one a file, all at one site."""
    own_scenarios = {name: from_row(frame["scenario"][0]) for name, frame in data.several("scenarios").items()}
    return cases_of(own_scenarios, dict.fromkeys(own_scenarios, OWN))
