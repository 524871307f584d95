"""A person's own headers become a source's columns: proposed by name, unit, type and range, confirmed once, kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from dure.i18n.texts import _


@dataclass(frozen=True)
class Match:
    """One header for one column: becomes value * factor + offset; `clock` is a second header with the hour."""

    header: str
    clock: str = ""
    unit: str = ""
    factor: float = 1.0
    offset: float = 0.0
    why: tuple[str, ...] = ()
    confidence: float = 1.0
    samples: tuple[str, ...] = ()


@dataclass(frozen=True)
class Proposal:
    """What a sheet's headers become.

    Parameters
    ----------
    matches
        By the name of the column wanted.
    missing
        Required columns that were not found.
    absent
        Other columns that were not found: they come out empty.
    left
        Headers that are not used.
    asks
        What a person must decide by confirming: doubtful units, more than one candidate.
    notes
        How the sheet was read.
    long
        Whether 24 hour columns became rows, or days in three columns one.
    """

    file: str
    sheet: str
    headers: tuple[str, ...]
    matches: dict[str, Match]
    missing: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    asks: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    long: bool = False
    confirmed: bool = False
    labels: dict[str, str] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        """Whether every required column was found."""
        return not self.missing

    def table(self) -> list[tuple[str, str, str, str, str]]:
        """Rows for people: header, becomes, conversion, first values, why."""
        rows = []
        for name, match in self.matches.items():
            header = f"{match.header} + {match.clock}" if match.clock else match.header
            rows.append(
                (header, self.labels.get(name, name), _converted(match), ", ".join(match.samples), ", ".join(match.why))
            )
        return rows

    def text(self) -> str:
        """The proposal in lines, for a person to confirm."""
        lines = [
            _(
                "{file}: how the columns are understood",
                file=Path(self.file).name + (f" / {self.sheet}" if self.sheet else ""),
            )
        ]
        for header, becomes, change, samples, reasons in self.table():
            lines.append(f"  ‘{header}’ → {becomes}{f' [{change}]' if change else ''}: {samples} ({reasons})")
        if self.missing:
            lines.append(
                "  " + _("not found: {names}", names=", ".join(self.labels.get(name, name) for name in self.missing))
            )
        if self.absent:
            lines.append(
                "  "
                + _(
                    "not found, stays empty: {names}",
                    names=", ".join(self.labels.get(name, name) for name in self.absent),
                )
            )
        if self.left:
            lines.append("  " + _("not used: {names}", names=", ".join(self.left)))
        lines += [f"  · {note}" for note in self.notes] + [f"  ? {ask}" for ask in self.asks]
        return "\n".join(lines)


def _converted(match: Match) -> str:
    plus = f" {'+' if match.offset > 0 else '-'} {abs(match.offset):g}" if match.offset else ""
    times = f"× {match.factor:g}" if match.factor != 1 else ""
    return f"{match.unit} {times}{plus}".strip()
