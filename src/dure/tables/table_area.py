"""Where the table is in a sheet as people lay it out: titles above, headers of several rows, totals and notes between."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from dure.i18n.texts import _
from dure.tables.cells import blanks, is_blank, is_note, kinds_of
from dure.tables.headers import header_block, header_names, name_columns
from dure.tables.layout import Layout

if TYPE_CHECKING:
    from dure.tables.cells import Cells, Merge

_TOTAL = re.compile(
    r"[\[(<【]?(.{0,20}(합계|소계|총계|누계|월계|일계|총합|합산)|계|합|총|(?:.{0,12}[\s\d월일년주동])?평균|최대|최소|최고|최저|최대값|최소값|표준편차"
    r"|total|sub-?total|grand-?total|sum|average|mean|avg\.?)[\])>】:：]?",
    re.IGNORECASE,
)


def find(columns: Sequence[Cells], merges: Sequence[Merge] = ()) -> Layout | None:
    """The table in a grid of cells (None where there is none).

    Parameters
    ----------
    columns
        Cells by column, all of one length; empty cells are ``""``.
    merges
        Merged ranges, ((row, column), (row, column)) inclusive.
    """
    used = [place for place, cells in enumerate(columns) if any(not is_blank(cell) for cell in cells)]
    if not used:
        return None
    grid = [columns[place] for place in used]
    block = header_block(grid, kinds_of(grid), _shifted(merges, used))
    names = header_names(grid, block, _shifted(merges, used))
    first = block[1]
    filled = {place for place, cells in enumerate(grid) if any(not is_blank(cell) for cell in cells[first:])}
    chosen = [place for place in range(len(grid)) if names[place] or place in filled]
    titles = [str(cells[row]).strip() for row in range(block[0]) for cells in grid if not is_blank(cells[row])]
    layout = Layout([used[place] for place in chosen], [], [], np.array([], dtype=int), titles=titles)
    name_columns(layout, [names[place] for place in chosen])
    table = [grid[place] for place in chosen]
    _drop(layout, table, block, names=[{str(grid[place][row]).strip() for row in range(*block)} for place in chosen])
    _fill(layout, table, _shifted(merges, layout.columns), first)
    return layout


def _shifted(merges: Sequence[Merge], used: list[int]) -> list[Merge]:
    """Merged ranges with columns counted among the used ones."""
    place = {column: at for at, column in enumerate(used)}
    shifted = []
    for (top, left), (bottom, right) in merges:
        inside = [place[column] for column in range(left, right + 1) if column in place]
        if inside:
            shifted.append(((top, inside[0]), (bottom, inside[-1])))
    return shifted


def _drop(layout: Layout, table: list[Cells], block: tuple[int, int], names: list[set[str]]) -> None:
    """Set the rows kept, and those dropped with why: blank, totals, repeated headers, notes."""
    first, height = block[1], len(table[0])
    texts = [_as_text(cells) for cells in table]
    full = np.zeros((len(table), height), dtype=bool)
    for at, (cells, text) in enumerate(zip(table, texts, strict=True)):
        full[at] = [not is_blank(cell) for cell in cells] if text is None else (text.str.strip_chars() != "").to_numpy()
    count = full.sum(axis=0)
    reasons = dict.fromkeys(np.flatnonzero(count == 0).tolist(), "blank")
    reasons |= _totals(table, texts, first)
    reasons |= _headers_again(table, texts, names, int(full[:, first - 1].argmax()))
    if len(table) > 2 and first < height:  # a lone cell says nothing in a table of two columns
        kinds = kinds_of([cells[first:] for cells in table])
        lone = {row: int(full[:, row].argmax()) for row in np.flatnonzero(count == 1).tolist() if row >= first}
        reasons |= {row: "note" for row, at in lone.items() if is_note(table[at][row], kinds[at])}
    last = int(np.flatnonzero(count)[-1])  # blank rows after it are no rows
    layout.dropped = [(row, reasons[row]) for row in sorted(reasons) if first <= row <= last]
    mask = np.ones(height, dtype=bool)
    mask[:first] = False
    mask[list(reasons)] = False
    layout.keep = np.flatnonzero(mask)


def _totals(table: list[Cells], texts: list[pl.Series | None], first: int) -> dict[int, str]:
    """Rows that announce a total, a mean or an extreme in a leading column."""
    rows: dict[int, str] = {}
    for at in range(_leading(table, first)):
        totals = {cell for cell in _words(table[at], texts[at]) if _is_total(cell)}
        if totals:
            rows |= {row: "total" for row, cell in enumerate(table[at]) if row >= first and cell in totals}
    return rows


def _headers_again(table: list[Cells], texts: list[pl.Series | None], names: list[set[str]], at: int) -> dict[int, str]:
    """Rows that repeat the headers, as printed on each page; `at` is a column that has a header."""
    again = {cell for cell in _words(table[at], texts[at]) if cell.strip() in names[at]} - {""}
    rows = [row for row, cell in enumerate(table[at]) if cell in again] if again else []
    return {
        row: "header again"
        for row in rows
        if all(is_blank(cells[row]) or str(cells[row]).strip() in names[place] for place, cells in enumerate(table))
    }


def _as_text(cells: Cells) -> pl.Series | None:
    """A column of nothing but text as a series: a hundred thousand cells are looked at in milliseconds."""
    if isinstance(cells, pl.Series):
        return cells
    return pl.Series(cells, dtype=pl.String) if set(map(type, cells)) == {str} else None


def _words(cells: Cells, text: pl.Series | None) -> set[str]:
    """The different texts of a column that do not end in a digit, as numbers and dates do."""
    if text is not None:
        return set(text.filter(~text.str.contains(r"[0-9]$")).unique().to_list())
    return {cell for cell in set(cells) if type(cell) is str and not cell[-1:].isdigit()}


def _is_total(cell: str) -> bool:
    text = re.sub(r"\s+", "", unicodedata.normalize("NFC", cell))
    return bool(_TOTAL.fullmatch(text) or _TOTAL.fullmatch(cell.strip()))


def _leading(table: list[Cells], first: int) -> int:
    """Columns in which a total announces itself: up to the first number column after the first column."""
    kinds = kinds_of([cells[first:] for cells in table]) if first < len(table[0]) else []
    return next((at + 1 for at, kind in enumerate(kinds) if kind == "number" and at > 0), len(table))


def _fill(layout: Layout, table: list[Cells], merges: list[Merge], first: int) -> None:
    """Merged cells whose value holds for every row: in columns of texts and times, and in the leading key columns."""
    if first >= len(table[0]):
        return
    tall: dict[int, list[tuple[int, int]]] = {}
    for (top, left), (lowest, _right) in merges:
        bottom = min(lowest, len(table[0]) - 1)  # a merged cell may reach below the last filled row
        if top >= first and bottom > top:
            tall.setdefault(left, []).append((top, bottom))
    kinds = kinds_of([cells[first:] for cells in table])
    if not merges:
        tall = _exported_merges(layout, table, kinds)
    for at, ranges in sorted(tall.items()):
        key = kinds[at] != "number" or all(before in tall for before in range(at))
        if key:
            layout.fills += [(at, top, bottom) for top, bottom in ranges]
        else:
            layout.notes.append(_("merged cells of {name} count once, in their first row", name=layout.headers[at]))


def _exported_merges(layout: Layout, table: list[Cells], kinds: list[str]) -> dict[int, list[tuple[int, int]]]:
    """Leading columns that lost their merged cells in an export: a value, then blanks, never the same value twice."""
    tall: dict[int, list[tuple[int, int]]] = {}
    for at, cells in enumerate(table[:-1]):
        filled = layout.keep[~blanks(cells)[layout.keep]].tolist()
        gaps = len(layout.keep) - len(filled)
        starts_full = bool(filled) and filled[0] == int(layout.keep[0])
        if (kinds[at] == "number" and at > 0) or not starts_full or gaps * 2 < len(layout.keep):
            break
        if any(cells[earlier] == cells[later] for earlier, later in pairwise(filled)):
            break
        ends = [*filled[1:], len(cells)]
        tall[at] = [(row, end - 1) for row, end in zip(filled, ends, strict=True) if end - 1 > row]
        layout.notes.append(
            _("blanks of {name} were filled from above ({count} rows)", name=layout.headers[at], count=gaps)
        )
    return tall
