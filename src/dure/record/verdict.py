"""A verdict: one KPI of one method against another, at one site or over all of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, TypeAlias

from dure.record import plain

Localised: TypeAlias = str | Mapping[str, str]
"""A text: a plain one, or one in both languages ({ko, en})."""


@dataclass(frozen=True, slots=True)
class Gain:
    """How much better the method's number is, in the KPI's unit; None where there is no bound, or no number."""

    low: float | None
    mean: float | None
    high: float | None
    __pydantic_config__: ClassVar = plain.STRICT

    def bounds(self) -> list[float]:
        """Those of low, mean and high that there are."""
        return [bound for bound in (self.low, self.mean, self.high) if bound is not None]


@dataclass(frozen=True, slots=True)
class Broken:
    """A limit that a method did not keep: (low, high), None on a side without a limit."""

    kpi: Localised
    unit: str
    number: float
    limit: tuple[float | None, float | None]
    __pydantic_config__: ClassVar = plain.STRICT


@dataclass(frozen=True, slots=True)
class Unanswered:
    """The share of the cases that a method left unanswered, and how many by cause."""

    share: float
    by: Mapping[str, int]
    __pydantic_config__: ClassVar = plain.STRICT


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a trial says of a method.

    Attributes
    ----------
    kpi, unit, better, of
        The KPI's name, its unit, which way is better, its formula over the sums.
    method, against
        Who was offered, and who it was compared with.
    site, round
        Where (``all``: over all sites, empty: the one there is), and in which rounds.
    verdict, because
        The word, and the machine code of its reason: see `dure.statistics.types.Finding`; ``lost`` because of ``unanswered`` or ``limit``.
    gain, level
        The gain and its interval at this level; 1 is a census.
    resolution, smaller, more_blocks, rare, undo
        As in `dure.statistics.types.Finding`.
    blocks, sampled, sites, cases
        How much was seen, and whether blocks or sites were resampled.
    methods
        Every method's number here.
    looks, assurance, ground
        How often the sealed rounds were opened, who vouches, on what ground.
    decides
        One for each offer: the first KPI over all sites, on the rounds that count.
    rule
        By which of `dure.statistics.rules` it was taken.
    """

    kpi: Localised
    unit: str
    better: Literal["lower", "higher"]
    method: str
    against: str
    site: str
    verdict: Literal["better", "worse", "not shown", "too few", "lost"]
    because: str
    gain: Gain
    level: float
    resolution: float | None
    smaller: float | None
    more_blocks: int | None
    rare: float | None
    undo: float | None
    blocks: int
    sampled: Literal["block", "site"]
    sites: int
    of: str
    broken: Broken | None
    block_word: Localised
    cases: int
    unanswered: Unanswered
    methods: Mapping[str, float | None]
    looks: int
    assurance: str
    ground: str
    round: Literal["open", "sealed"]
    decides: bool
    rule: int
    site_word: Localised = "site"
    __pydantic_config__: ClassVar = plain.STRICT

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Verdict:
        """A verdict as evidence has it; one that names no rule was taken by the first. Raises UserError."""
        return plain.from_json(cls, {"rule": 1, **value})

    def to_json(self) -> dict[str, Any]:
        """As evidence has it."""
        return plain.to_json(self)

    def answers(self, other: Verdict) -> bool:
        """Whether the two differ in their site alone."""
        return (self.kpi, self.method, self.against, self.round) == (
            other.kpi,
            other.method,
            other.against,
            other.round,
        )

    def number(self, method: str) -> float | None:
        """A method's number here."""
        return self.methods.get(method)


def deciding(verdicts: Iterable[Verdict]) -> list[Verdict]:
    """The verdicts that decide: one for each offer."""
    return [verdict for verdict in verdicts if verdict.decides]
