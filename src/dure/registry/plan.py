"""The plan, line by line, joined with the projects found here and what their trials last measured.

Only project.toml and trial.json are read: no project's code is imported.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from dure.errors import UserError, nearest, refusal
from dure.i18n.texts import _
from dure.project.loader import found
from dure.project.manifest import Text, manifest
from dure.record import committed

if TYPE_CHECKING:
    from pydantic import JsonValue
    from rich.table import Table

    from dure.record import Localised, TrialRecord, Verdict

VERDICTS = ("better", "worse", "not shown", "too few", "lost")
MARKS = {
    "better": "●",
    "worse": "✕",
    "lost": "✕",
    "not shown": "○",
    "too few": "·",
}  # a mark beside the word, never colour alone
COLOURS = {"better": "green", "worse": "red", "lost": "red"}


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Name(Text):
    """A text of a plan; one that is written in one language only stands for both."""

    @model_validator(mode="before")
    @classmethod
    def _in_both(cls, value: JsonValue) -> JsonValue:
        if isinstance(value, str):
            return {"ko": value, "en": value}
        if isinstance(value, dict) and len(known := {"ko", "en"} & value.keys()) == 1:
            return dict.fromkeys(("ko", "en"), value[known.pop()]) | value
        return value


class Strategy(Name):
    """What several lines serve."""

    id: int


class Region(Name):
    """A region (a node) with its provinces (places); none: the whole country."""

    id: str
    provinces: tuple[Name, ...] = ()


class _Line(_Part):
    id: str = Field(min_length=1)
    region: str
    strategy: int
    room: str = ""
    title: Name
    asks: Name
    gives: Name
    price: float | None = Field(None, ge=0)
    unit: Name | None = None

    @model_validator(mode="after")
    def _priced(self) -> _Line:
        if (self.price is None) != (self.unit is None):
            raise ValueError(_('price and unit go together: price = 900, unit = "EUR a day"'))
        return self


class _Plan(_Part):
    """A plan's file."""

    source: Name
    strategy: list[Strategy]
    region: list[Region]
    line: list[_Line]


@dataclass(frozen=True)
class Measured:
    """The deciding verdict of a trial and, by verdict, the sites it was given at."""

    verdict: Verdict
    sites: Mapping[str, tuple[str, ...]]

    def to_json(self) -> dict[str, JsonValue]:
        """As the API tells it."""
        return {**self.verdict.to_json(), "sites": {word: list(names) for word, names in self.sites.items()}}


@dataclass(frozen=True)
class Served:
    """A project that serves a line.

    Attributes
    ----------
    measured
        The deciding verdict of its trial.json with the verdicts of the sites, or None: not measured yet.
    places
        What people call its sites, by the sites' names.
    stale
        The project was changed after it was measured.
    """

    id: str
    title: Text
    measured: Measured | None = None
    places: Mapping[str, Localised] = field(default_factory=dict)
    stale: bool = False

    def to_json(self) -> dict[str, JsonValue]:
        """As the API tells it, texts in both languages."""
        last = self.measured.to_json() if self.measured else None
        places: JsonValue = {site: name if isinstance(name, str) else dict(name) for site, name in self.places.items()}
        return {
            "id": self.id, "title": self.title.model_dump(), "measured": last, "places": places, "stale": self.stale,
        }  # fmt: skip


@dataclass(frozen=True)
class Line:
    """One line of a plan with what was last measured.

    Attributes
    ----------
    region, strategy, title, asks, gives
        In both languages.
    provinces
        Of the region; empty: the whole country.
    room
        The part of the package that serves this line, where it is no project.
    price, unit
        What its service costs, where the plan says so: 900, EUR a day.
    state
        ``measured``, ``not measured yet``; for a room ``built`` or ``not built yet``.
    source
        Where the plan was published.
    """

    id: str
    region: Region
    provinces: tuple[Name, ...]
    strategy: Strategy
    title: Text
    asks: Text
    gives: Text
    room: str
    source: Text
    state: str
    price: float | None = None
    unit: Text | None = None
    projects: tuple[Served, ...] = field(default=())

    def to_dict(self) -> dict[str, JsonValue]:
        """Everything as data, texts in both languages."""
        return {part.name: _plain(getattr(self, part.name)) for part in fields(self)}


_Value: TypeAlias = str | float | Text | Served | None


def _plain(value: _Value | tuple[_Value, ...]) -> JsonValue:
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Text):
        texts: JsonValue = value.model_dump(exclude={"provinces"})
        return texts
    return value.to_json() if isinstance(value, Served) else value


def lines(path: Path | None = None, *, leave_out: bool = False) -> list[Line]:
    """The plan's lines in its order, joined with the projects found here.

    Parameters
    ----------
    path
        A plan's file; None: the plan that comes with Dure.
    leave_out
        Projects whose files cannot be read, instead of refusing them: one broken folder stops no hub.

    Raises
    ------
    UserError
        A file that is no plan, or a trial.json that no trial wrote.
    """
    plan = _read(path or Path(__file__).with_name("plan.toml"))
    regions = {region.id: region for region in plan.region}
    strategies = {strategy.id: strategy for strategy in plan.strategy}
    serving: dict[str, list[Served]] = {}
    for folder in found().values():
        try:
            project_manifest = manifest(folder)
            if project_manifest.line:
                serving.setdefault(project_manifest.line, []).append(
                    _served(project_manifest.id, project_manifest.title, folder)
                )
        except UserError:
            if not leave_out:
                raise
    result = []
    for line in plan.line:
        projects = tuple(serving.get(line.id, ()))
        region, strategy = regions[line.region], strategies[line.strategy]
        result.append(Line(
            line.id, region, region.provinces, strategy, line.title, line.asks, line.gives, line.room, plan.source,
            _state(line.room, projects), line.price, line.unit, projects,
        ))  # fmt: skip
    return result


def _read(path: Path) -> _Plan:
    """A plan's file, every reference in it checked."""
    try:
        plan = _Plan.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(str(error), where=str(path)) from None
    except ValidationError as error:
        raise refusal(error, where=str(path)) from None
    regions = [region.id for region in plan.region]
    ids: set[str] = set()
    for line in plan.line:
        where = f"{path} [{line.id}]"
        if line.region not in regions:
            close = nearest(line.region, regions)
            cure = _("Did you mean {name}?", name=close) if close else ", ".join(regions)
            raise UserError(_("there is no region called {name}", name=line.region), where=where, cure=cure)
        if line.strategy not in {strategy.id for strategy in plan.strategy}:
            raise UserError(_("there is no strategy {number}", number=line.strategy), where=where)
        if line.id in ids:
            raise UserError(_("this line stands in the plan twice"), where=where)
        ids.add(line.id)
    return plan


def _state(room: str, projects: Sequence[Served]) -> str:
    if any(project.measured for project in projects):
        return "measured"
    if room and not projects:
        return "built" if (Path(__file__).parents[1] / room).exists() else "not built yet"
    return "not measured yet"


def _served(name: str, title: Text, folder: Path) -> Served:
    """A project with the deciding verdict of its trial.json, the sites' verdicts beside it."""
    record = committed(folder)
    if record is None:
        return Served(name, title)
    from dure.project.code_hash import project_hash

    return Served(name, title, measured(record), record.about.sites, record.about.code != project_hash(folder))


def measured(record: TrialRecord) -> Measured | None:
    """What a trial last said of the model; None where nothing decides."""
    decisive = next(iter(record.deciding), None)
    if decisive is None:
        return None
    places = [verdict for verdict in record.verdicts if verdict.site != "all" and verdict.answers(decisive)]
    sites = {word: tuple(verdict.site for verdict in places if verdict.verdict == word) for word in VERDICTS}
    return Measured(decisive, sites)


# ---- for a terminal --------------------------------------------------------------------------------------------------


def table(lines: Sequence[Line]) -> Table:
    """The plan for a terminal: a row a line, or a project where a line has several."""
    from rich.table import Table as Sheet

    sheet = Sheet(
        box=None, header_style="bold", caption=str(lines[0].source) if lines else None, caption_justify="left"
    )
    for header in (_("line"), _("title"), _("project"), _("last measured"), _("places")):
        sheet.add_column(header, overflow="fold", no_wrap=not sheet.columns)  # the first is a name to be typed
    for line in lines:
        if not line.projects:
            sheet.add_row(line.id, str(line.title), f"({line.room})" if line.room else "–", _(line.state), "")
        for number, project in enumerate(line.projects):
            head = (line.id, str(line.title)) if number == 0 else ("", "")
            sheet.add_row(*head, project.id, number_in_words(project), places_in_words(project))
    return sheet


def number_in_words(project: Served) -> str:
    """Verdict, KPI, both methods' numbers, or that nothing was measured yet."""
    from dure.report.vocabulary import localised, localised_unit

    if project.measured is None:
        return _("not measured yet")
    verdict = project.measured.verdict
    colour = COLOURS.get(verdict.verdict, "default")
    ours, today = _short(verdict.number(verdict.method)), _short(verdict.number(verdict.against))
    name = localised(verdict.kpi)
    text = _("{kpi} {ours} {unit}, today {today}", kpi=name, ours=ours, unit=localised_unit(verdict.unit), today=today)
    stale = " · " + _("changed since") if project.stale else ""
    return f"[{colour}]{MARKS.get(verdict.verdict, '?')} {_(verdict.verdict)}[/] · {text}{stale}"


def places_in_words(project: Served) -> str:
    """How many sites had each verdict; empty where there is one site only."""
    sites = project.measured.sites if project.measured else {}
    if sum(map(len, sites.values())) <= 1:
        return ""
    return ", ".join(f"{MARKS[verdict]} {_(verdict)} {len(names)}" for verdict, names in sites.items() if names)


def _short(number: float | None) -> str:
    return "–" if number is None else f"{number:,.4g}"
