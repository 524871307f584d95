"""The mapping proposed for a sheet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from dure import tables
from dure.i18n.texts import _
from dure.mapping.match import ENOUGH, assign, hour_beside, last_left, match_of, rival_headers, score_of
from dure.mapping.proposal import Proposal
from dure.tables import long, look

if TYPE_CHECKING:
    from dure.mapping.column import Column
    from dure.tables import Sheet


def propose(sheet: Sheet, columns: Sequence[Column]) -> Proposal:
    """The best header for each column, with what speaks for it; nothing is decided before a person confirms.

    A header fits by its name (the column's names and common variants of spelling), its unit (same dimension), the type
    of its cells and their range. 24 hour columns become rows where a time is wanted.
    """
    table = long(sheet) if any(column.type in ("time", "date") for column in columns) else sheet
    looks = {header: look(table, header) for header in table.headers}
    units = {header: tables.cell_unit(table, header) for header in table.headers}
    scores = {
        (column.name, header): score
        for column in columns
        for header in table.headers
        if (score := score_of(column, header, looks[header], units[header]))[0] >= ENOUGH
    }
    chosen = assign(columns, scores)
    chosen |= last_left(table, columns, chosen, looks)
    matches, asks = {}, []
    for column in columns:
        if column.name in chosen:
            header, confidence, reasons = chosen[column.name]
            match, questions = match_of(table, column, header, looks[header])
            clock = hour_beside(table, column, header, chosen)
            matches[column.name] = replace(match, why=reasons, confidence=confidence, clock=clock)
            rivals = [rival for rival in rival_headers(column, header, confidence, scores, chosen) if rival != clock]
            asks += questions + (
                [
                    _(
                        "{column} could also be {names}",
                        column=column.label,
                        names=", ".join(f"‘{rival}’" for rival in rivals),
                    )
                ]
                if rivals
                else []
            )
    used = {match.header for match in matches.values()} | {match.clock for match in matches.values()}
    lost = [column for column in columns if column.name not in matches]
    return Proposal(
        file=sheet.file, sheet=sheet.sheet, headers=signature(sheet), matches=matches, long=table is not sheet, asks=tuple(asks),
        missing=tuple(column.name for column in lost if column.required),
        absent=tuple(column.name for column in lost if not column.required),
        left=tuple(header for header in table.headers if header not in used),
        notes=(*table.notes, *_dropped(sheet)), labels={column.name: column.label for column in columns},
    )  # fmt: skip


def signature(sheet: Sheet) -> tuple[str, ...]:
    """The headers with their units: what a kept mapping was made for."""
    return tuple(f"{header} ({sheet.units[header]})" if header in sheet.units else header for header in sheet.headers)


def _dropped(sheet: Sheet) -> list[str]:
    """Dropped rows that are not just blank, by why."""
    words = {"total": _("totals"), "header again": _("repeated headers"), "note": _("notes")}
    lines = []
    for kind, word in words.items():
        rows = [str(row) for row, reason in sheet.dropped if reason == kind]
        if rows:
            listing = ", ".join(rows[:8]) + (" …" if len(rows) > 8 else "")  # as many as fit a line
            lines.append(_("left out, {word} ({count}): row {rows}", count=len(rows), word=word, rows=listing))
    return lines
