"""All that is said about a trial beside its verdicts: the predicate of its evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypedDict

from dure.record import plain
from dure.record.verdict import Localised


@dataclass(frozen=True, slots=True)
class Practice:
    """Where today's practice is from, who works like this, and a stronger one that was not run."""

    source: str
    who: Localised
    year: int
    stronger: Localised
    __pydantic_config__: ClassVar = plain.STRICT


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedSource:
    """A file that a trial opened: origin (own, wheel, git, made), SHA-256, licence, who is to be named, access, version."""

    name: str
    sha256: str
    origin: str
    licence: str
    credit: str
    access: str
    version: str
    __pydantic_config__: ClassVar = plain.STRICT


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A case that the practice itself could not answer, with its cause; or, without a name, how many there were."""

    round: str
    cause: str
    case: str = ""
    why: str = ""
    count: int = 1
    __pydantic_config__: ClassVar = plain.STRICT


@dataclass(frozen=True, slots=True)
class Span:
    """First and last moment (ISO 8601) of the cases that carry time, how many they are, and how many moments."""

    first: str
    last: str
    cases: int
    moments: int
    __pydantic_config__: ClassVar = plain.STRICT


@dataclass(frozen=True, slots=True)
class Price:
    """Won that one unit is worth; an empty unit is the KPI's own."""

    won: float
    unit: str
    __pydantic_config__: ClassVar = plain.STRICT


@dataclass(frozen=True, slots=True)
class NamedFile:
    """A file by its name and SHA-256."""

    name: str
    sha256: str
    __pydantic_config__: ClassVar = plain.STRICT


@dataclass(frozen=True, slots=True, kw_only=True)
class TableReading:
    """How a table was read and asked: enough for whoever has it to ask again.

    `roles` are the fields of `dure.judge.Roles`; `others` the tables of offers that stand in files of their own.
    """

    roles: Mapping[str, Any]
    kpi: str
    scale: Mapping[str, float]
    sheet: str
    others: Mapping[str, NamedFile]
    __pydantic_config__: ClassVar = plain.STRICT


class Particulars(TypedDict, total=False):
    """What whoever runs a trial adds to what the trial says of itself."""

    date: str
    assurance: str
    looks: int
    given: Mapping[str, str]
    data: tuple[OpenedSource, ...]
    note: str
    notes: tuple[Localised, ...]
    judge: TableReading
    worth: Price | None
    goal: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a stranger needs to judge the numbers.

    Attributes
    ----------
    id, version, title, code, dure
        The project, SHA-256 of its code, the version of Dure.
    profile, seeds, rounds, settings, replay
        How it was run, and the relative tolerance of a replay.
    practice, rivals, labels
        The first label is the practice's, the second the model's.
    sites, remarks
        What people call the sites; what must be read beside a site ("": all).
    data, given, left_out, unanswered_by, span
        What was opened, which files a person gave (SHA-256), what was left out or unanswered (by method and cause), when.
    quick
        Sums that a quick replay must come to, by method and round.
    looks, assurance, ground, date, rerun_of
        How often the sealed rounds were opened, who vouches, on what ground; the replay hash it repeats.
    judge, note, notes, worth, goal
        Of a table: how it was read and asked, what must be read too, a price, a target.
    compared
        Of two runs side by side: their replay hashes by name.
    joined
        Blocks of fewer cases were joined before it was handed on.
    """

    id: str
    version: str
    title: Localised
    dure: str
    code: str
    profile: str
    seeds: tuple[int, ...]
    ground: str
    assurance: str
    replay: float
    unanswered_limit: float
    looks: int
    labels: Mapping[str, Localised]
    rivals: tuple[str, ...]
    sites: Mapping[str, Localised]
    data: tuple[OpenedSource, ...]
    block_word: Localised
    rounds: tuple[str, ...]
    practice: Practice | None = None
    remarks: Mapping[str, tuple[Localised, ...]] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    site_word: Localised = "site"
    date: str = ""
    given: Mapping[str, str] = field(default_factory=dict)
    left_out: tuple[LeftOut, ...] = ()
    quick: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    span: Mapping[str, Span] = field(default_factory=dict)
    unanswered_by: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    note: str = ""
    notes: tuple[Localised, ...] = ()
    judge: TableReading | None = None
    worth: Price | None = None
    goal: float | None = None
    compared: Mapping[str, str] = field(default_factory=dict)
    joined: int = 0
    rerun_of: str = ""
    __pydantic_config__: ClassVar = plain.STRICT

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> About:
        """As evidence has it. Raises UserError."""
        return plain.from_json(cls, value)

    def to_json(self) -> dict[str, Any]:
        """As evidence has it."""
        return plain.to_json(self)

    def label(self, method: str) -> Localised:
        """A method's name as people read it."""
        return self.labels.get(method, method)

    @property
    def today(self) -> str:
        """The method that is today's practice; empty where none is named."""
        return next(iter(self.labels), "")
