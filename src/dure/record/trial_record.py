"""A trial as it is signed and kept: project, KPIs, what is said about it, its verdicts, the hash of its outcomes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

from dure.errors import UserError
from dure.i18n.texts import _
from dure.record import plain
from dure.record.about import About
from dure.record.verdict import Localised, Verdict, deciding

NAME = "trial.json"


@dataclass(frozen=True, slots=True)
class Kpi:
    """A KPI as a trial tells it: an author's (`dure.Kpi`), its name in both languages."""

    name: Localised
    unit: str
    better: Literal["lower", "higher"]
    of: str
    limit: tuple[float | None, float | None] | None
    __pydantic_config__: ClassVar = plain.STRICT


@dataclass(frozen=True, slots=True)
class TrialRecord:
    """What is said about a trial. `replay` is the hash of its outcomes that a replay on any machine must come to."""

    project: str
    version: str
    kpis: tuple[Kpi, ...]
    about: About
    verdicts: tuple[Verdict, ...]
    replay: str
    __pydantic_config__: ClassVar = plain.STRICT

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> TrialRecord:
        """As evidence has it; verdicts that name no rule were taken by the first. Raises UserError naming the field."""
        try:
            verdicts = [{"rule": 1, **verdict} for verdict in value["verdicts"]]
        except (KeyError, TypeError):
            raise UserError(_("this is not what a trial writes")) from None
        return plain.from_json(cls, {**value, "verdicts": verdicts})

    def to_json(self) -> dict[str, Any]:
        """As evidence has it."""
        return plain.to_json(self)

    @property
    def deciding(self) -> list[Verdict]:
        """The verdicts that decide: one for each offer."""
        return deciding(self.verdicts)


def committed(folder: Path) -> TrialRecord | None:
    """The trial that is kept beside a project; None where none is. Raises UserError where no trial wrote it."""
    path = folder / NAME
    try:
        return TrialRecord.from_json(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError):
        why = ""
    except UserError as error:
        why = str(error)
    raise UserError(
        _("this is not what a trial writes"), where=f"{path} {why}".rstrip(), cure=_("Run the project again.")
    )
