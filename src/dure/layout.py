"""Where the table is in a sheet as people lay it out: titles above, headers of several rows, totals and notes between."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl

from dure.i18n.texts import _
from dure.units import split_unit, unit_of

Cells = Sequence[Any]
Merge = tuple[tuple[int, int], tuple[int, int]]

MISSING = (
    "-",
    "--",
    "–",
    "—",
    "n/a",
    "na",
    "nan",
    "null",
    "none",
    "#n/a",
    "#div/0!",
    "#value!",
    "#ref!",
    "결측",
    "미측정",
    "미관측",
)
_NUMBER = re.compile(r"[₩$\\]?\s*[(△▲+−-]?\s*\d[\d,.]*(?:[eE][+-]?\d+)?\)?\s*(\D.*)?")
_TIME = re.compile(
    r"['’‘]?\d{2,4}\s*[-./년]\s*\d{1,2}\s*[-./월]\s*\d{1,2}.*|\d{1,2}\s*[월/]\s*\d{1,2}일?|\d{1,2}:\d{2}(:\d{2})?|\d{1,2}[-./]\d{1,2}[-./]\d{4}.*"
    r"|(오전|오후)\s*\d.*|\d{1,2}시(\s*\d{1,2}분)?|\d{8}[T\s]\s*\d{1,2}:?\d{2}.*"
)
_TOTAL = re.compile(
    r"[\[(<【]?(.{0,20}(합계|소계|총계|누계|월계|일계|총합|합산)|계|합|총|(?:.{0,12}[\s\d월일년주동])?평균|최대|최소|최고|최저|최대값|최소값|표준편차"
    r"|total|sub-?total|grand-?total|sum|average|mean|avg\.?)[\])>】:：]?",
    re.IGNORECASE,
)
_NOTE = re.compile(
    r"[※*＊▶◎☞]|주\s*\d?\s*[):：]|\d?\)\s|비고\s*[:：]|자료\s*[:：]|출처\s*[:：]|참고\s*[:：]|note", re.IGNORECASE
)
_HEAD = 60
"""Headers are looked for in this many first rows."""


@dataclass
class Layout:
    """What was found: cells are addressed as `columns[column][row]`, both from zero.

    Parameters
    ----------
    columns
        Positions of the table's columns.
    headers, units, written
        One of each a column; a unit is empty where the header names none; `written` is the header with its unit.
    keep
        Rows of the table in order.
    dropped
        (row, why) of the rows below the headers that are no cases.
    titles
        Texts above the headers.
    notes
        What a person should know about how the sheet was read.
    fills
        (column, first row, last row) of merged cells whose value holds for all of them.
    """

    columns: list[int]
    headers: list[str]
    units: list[str]
    keep: np.ndarray
    dropped: list[tuple[int, str]] = field(default_factory=list)
    titles: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    fills: list[tuple[int, int, int]] = field(default_factory=list)
    written: list[str] = field(default_factory=list)


def find(columns: Sequence[Cells], merges: Sequence[Merge] = ()) -> Layout | None:
    """The table in a grid of cells (None where there is none).

    Parameters
    ----------
    columns
        Cells by column, all of one length; empty cells are ``""``.
    merges
        Merged ranges, ((row, column), (row, column)) inclusive.
    """
    used = [place for place, cells in enumerate(columns) if any(not _blank(cell) for cell in cells)]
    if not used:
        return None
    grid = [columns[place] for place in used]
    block = _header_block(grid, _kinds(grid), _shifted(merges, used))
    names = _names(grid, block, _shifted(merges, used))
    first = block[1]
    filled = {place for place, cells in enumerate(grid) if any(not _blank(cell) for cell in cells[first:])}
    chosen = [place for place in range(len(grid)) if names[place] or place in filled]
    titles = [str(cells[row]).strip() for row in range(block[0]) for cells in grid if not _blank(cells[row])]
    found = Layout([used[place] for place in chosen], [], [], np.array([], dtype=int), titles=titles)
    _name(found, [names[place] for place in chosen])
    table = [grid[place] for place in chosen]
    _drop(found, table, block, names=[{str(grid[place][row]).strip() for row in range(*block)} for place in chosen])
    _fill(found, table, _shifted(merges, found.columns), first)
    return found


def _shifted(merges: Sequence[Merge], used: list[int]) -> list[Merge]:
    """Merged ranges with columns counted among the used ones."""
    place = {column: at for at, column in enumerate(used)}
    shifted = []
    for (top, left), (bottom, right) in merges:
        inside = [place[column] for column in range(left, right + 1) if column in place]
        if inside:
            shifted.append(((top, inside[0]), (bottom, inside[-1])))
    return shifted


def _blank(cell: object) -> bool:
    return cell is None or cell == "" or (type(cell) is str and not cell.strip())


def _kind(cell: object) -> str:
    """empty, number, time or text."""
    if isinstance(cell, (int, float)) and not isinstance(cell, bool):
        return "number"
    if isinstance(cell, (datetime, date, time, timedelta)):
        return "time"
    text = "" if cell is None else unicodedata.normalize("NFKC", str(cell)).strip()
    if not text or text.lower() in MISSING:
        return "empty"
    if _TIME.fullmatch(text):
        return "time"
    number = _NUMBER.fullmatch(text)
    return "number" if number and (not number[1] or unit_of(number[1])) else "text"


def _kinds(grid: list[Cells]) -> list[str]:
    """Kind of each column, from its lower half: number or time where half of the filled cells are, else text."""
    height = len(grid[0])
    rows = sorted({int(row) for row in np.linspace(height // 2, height - 1, 200)})
    if len(grid) > 1:
        rows = [row for row in rows if sum(not _blank(cells[row]) for cells in grid) > 1] or rows
    kinds = []
    for cells in grid:
        seen = [kind for row in rows if (kind := _kind(cells[row])) != "empty"]
        best = max(("time", "number"), key=seen.count)
        kinds.append(best if seen and seen.count(best) * 2 >= len(seen) else "text")
    return kinds


def _header_block(grid: list[Cells], kinds: list[str], merges: list[Merge]) -> tuple[int, int]:
    """First row of the headers and first row after them."""
    height = min(len(grid[0]), _HEAD)
    strong = [place for place, kind in enumerate(kinds) if kind != "text"]
    rows = [[_kind(cells[row]) for cells in grid] for row in range(height)]
    filled = [sum(kind != "empty" for kind in row) for row in rows]
    runs = [_is_run([cells[row] for cells in grid]) for row in range(height)]
    runs = [run and not after for run, after in zip(runs, [*runs[1:], False], strict=True)]  # two in a row are data
    agree = [0 if runs[row] else sum(kinds[at] == rows[row][at] for at in strong) for row in range(height)]
    differ = [sum(rows[row][at] == "text" for at in strong) for row in range(height)]
    if not strong:
        first = next((row for row in range(height) if filled[row] >= 0.6 * max(filled)), 0)
        return _upwards(rows, grid, merges, first), first + 1
    usual = sorted(agree)[int(0.75 * (height - 1))] if height > 4 else max(agree)  # too few rows to speak of usual
    data = next(
        (row for row in range(height) if agree[row] >= max(1, 0.5 * usual) and agree[row] >= differ[row]), height
    )
    above = [row for row in range(data) if filled[row]]
    if not above:
        return data, data
    bottom = max(above, key=lambda row: (filled[row] + len(grid) * runs[row], row))
    wide = max(1, min(2, filled[bottom]))
    for row in range(bottom + 1, data):
        if filled[row] >= wide or _is_units(grid, row) or _hangs(row, grid, merges):
            bottom = row
    return _upwards(rows, grid, merges, bottom), bottom + 1


def _is_run(cells: list[Any]) -> bool:
    """Hours, days or months 1 2 3 ... (or 0 1 2 ...), or years, as headers."""
    numbers = [
        int(text) if (text := str(cell).removesuffix(".0")).isascii() and text.isdigit() else None for cell in cells
    ]
    longest = length = 0
    for before, after in zip([None, *numbers], numbers, strict=False):
        goes_on = before is not None and after == before + 1
        starts = after is not None and (after in (0, 1) or 1990 <= after <= 2100)  # years
        length = length + 1 if goes_on and length else int(starts)
        longest = max(longest, length)
    return longest >= 12 or (longest >= 3 and 1990 <= max(number or 0 for number in numbers) <= 2100)  # months, years


def _is_units(grid: list[Cells], row: int) -> bool:
    texts = [str(cells[row]) for cells in grid if not _blank(cells[row])]
    return bool(texts) and sum(bool(unit_of(text)) for text in texts) * 2 > len(texts)


def _hangs(row: int, grid: list[Cells], merges: list[Merge]) -> bool:
    """Whether a cell of this row stands under a horizontally merged one."""
    under = [(left, right) for (_top, left), (bottom, right) in merges if bottom == row - 1 and right > left]
    return any(
        not _blank(grid[at][row])
        for left, right in under
        for at in range(left, right + 1)
        if right - left < len(grid) - 1
    )


def _upwards(rows: list[list[str]], grid: list[Cells], merges: list[Merge], bottom: int) -> int:
    """First row of the header block that ends at `bottom`: rows above belong where those below have gaps or repeats."""
    top = bottom
    while top > 0 and any(kind != "empty" for kind in rows[top - 1]) and _belongs(grid, merges, top, bottom):
        top -= 1
    return top


def _belongs(grid: list[Cells], merges: list[Merge], top: int, bottom: int) -> bool:
    above = top - 1
    said = [at for at, cells in enumerate(grid) if not _blank(cells[above])]
    for (first, left), (last, right) in merges:
        if first <= above <= last and right - left < len(grid) - 1 and (last > above or right > left):
            return True
    if len(said) == 1 and (
        said[0] == 0 or str(grid[said[0]][above]).strip().startswith(("(단위", "단위", "[단위", "※"))
    ):
        return False
    if _is_units(grid, bottom):
        return len(said) > 1
    labels = [
        " / ".join(str(cells[row]).strip() for row in range(top, bottom + 1) if not _blank(cells[row]))
        for cells in grid
    ]
    empty = [at for at, label in enumerate(labels) if not label]
    repeated = {label for label in labels if label and labels.count(label) > 1}
    return any(at in said for at in empty) or (bool(repeated) and len(said) > 0)


def _names(grid: list[Cells], block: tuple[int, int], merges: list[Merge]) -> list[str]:
    """Header texts, those of several rows joined with ``" / "``."""
    top, end = block
    texts = [[_header_text(cells[row]) for cells in grid] for row in range(top, end)]
    merged = [each for each in merges if each[0][0] < end and each[1][0] >= top]
    for (first, left), (last, right) in merged:
        for row in range(max(first, top), min(last, end - 1) + 1):
            for at in range(left, right + 1):
                texts[row - top][at] = texts[max(first, top) - top][left]
    if not merged:
        for row in range(len(texts) - 1):
            _spread(texts, row)
    names = []
    for at in range(len(grid)):
        parts = [texts[row][at] for row in range(len(texts)) if texts[row][at]]
        names.append(_join([part for place, part in enumerate(parts) if place == 0 or part != parts[place - 1]]))
    return names


def _join(parts: list[str]) -> str:
    if len(parts) > 1 and unit_of(parts[-1]):
        return f"{' / '.join(parts[:-1])} ({unit_of(parts[-1])})"
    return " / ".join(parts)


def _spread(texts: list[list[str]], row: int) -> None:
    """A group's name stands only over its first column where cells are not marked as merged: carry it to the right."""
    name = ""
    for at, text in enumerate(texts[row]):
        below = any(lower[at] for lower in texts[row + 1 :])
        if text:
            name = text if below and not unit_of(texts[row + 1][at]) else ""
        elif below and name:
            texts[row][at] = name
        elif not below:
            name = ""


def _header_text(cell: object) -> str:
    if _blank(cell):
        return ""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    if isinstance(cell, datetime) and cell.time() == time(0):
        cell = cell.date()
    if isinstance(cell, (time, timedelta)):  # hours as headers: 1:00 ... 24:00
        hours = cell.hour if isinstance(cell, time) else round(cell.total_seconds() / 3600)
        cell = f"{hours:02d}:{cell.minute if isinstance(cell, time) else 0:02d}"
    return re.sub(r"\s+", " ", unicodedata.normalize("NFC", str(cell))).strip().strip("﻿")


def letter(place: int) -> str:
    """The column's letter in a spreadsheet: 0 is A, 26 is AA."""
    name = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        name = chr(ord("A") + rest) + name
    return name


def _name(found: Layout, names: list[str]) -> None:
    """Set headers without their units, each different from the others."""
    found.written = names
    apart = [split_unit(name) for name in names]
    bases = [base for base, _unit in apart]
    brackets = [re.split(r"\s*[(\[]", name)[0] for name in names]
    for at, (name, (base, unit)) in enumerate(zip(names, apart, strict=True)):
        letters = len(unit) == 1 and brackets.count(base) > 1  # 업체(A), 업체(B): no amperes
        plain = name if letters or bases.count(base) > 1 else base
        if not plain:
            plain = f"[{letter(found.columns[at])}]"
            found.notes.append(_("a column without a header is called {name}", name=plain))
        unique, count = plain, 1
        while unique in found.headers:
            count += 1
            unique = f"{plain} ({count})"
        if count > 1:
            found.notes.append(
                _(
                    "the header {name} stands more than once; the later one is called {unique}",
                    name=plain,
                    unique=unique,
                )
            )
        found.headers.append(unique)
        found.units.append("" if letters else unit)


def _drop(found: Layout, table: list[Cells], block: tuple[int, int], names: list[set[str]]) -> None:
    """Set the rows kept, and those dropped with why: blank, totals, repeated headers, notes."""
    first, height = block[1], len(table[0])
    texts = [_as_text(cells) for cells in table]
    full = np.zeros((len(table), height), dtype=bool)
    for at, (cells, text) in enumerate(zip(table, texts, strict=True)):
        full[at] = [not _blank(cell) for cell in cells] if text is None else (text.str.strip_chars() != "").to_numpy()
    count = full.sum(axis=0)
    why = dict.fromkeys(np.flatnonzero(count == 0).tolist(), "blank")
    why |= _totals(table, texts, first)
    why |= _headers_again(table, texts, names, int(full[:, first - 1].argmax()))
    if len(table) > 2 and first < height:  # a lone cell says nothing in a table of two columns
        kinds = _kinds([cells[first:] for cells in table])
        lone = {row: int(full[:, row].argmax()) for row in np.flatnonzero(count == 1).tolist() if row >= first}
        why |= {row: "note" for row, at in lone.items() if _is_note(table[at][row], kinds[at])}
    last = int(np.flatnonzero(count)[-1])  # blank rows after it are no rows
    found.dropped = [(row, why[row]) for row in sorted(why) if first <= row <= last]
    kept = np.ones(height, dtype=bool)
    kept[:first] = False
    kept[list(why)] = False
    found.keep = np.flatnonzero(kept)


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
        if all(_blank(cells[row]) or str(cells[row]).strip() in names[place] for place, cells in enumerate(table))
    }


def _is_note(cell: object, kind: str) -> bool:
    """Whether a row's only cell is a remark: marked as one, or text where numbers or times stand."""
    return _kind(cell) == "text" and (kind != "text" or bool(_NOTE.match(str(cell).strip())))


def _as_text(cells: Cells) -> pl.Series | None:
    """A column of nothing but text as a series: a hundred thousand cells are looked at in milliseconds."""
    return pl.Series(cells, dtype=pl.String) if set(map(type, cells)) == {str} else None


def _words(cells: Cells, text: pl.Series | None) -> set[str]:
    """The different texts of a column that do not end in a digit, as numbers and dates do."""
    if text is not None:
        return set(text.filter(~text.str.contains(r"[0-9]$")).to_list())
    return {cell for cell in set(cells) if type(cell) is str and not cell[-1:].isdigit()}


def _is_total(cell: str) -> bool:
    text = re.sub(r"\s+", "", unicodedata.normalize("NFC", cell))
    return bool(_TOTAL.fullmatch(text) or _TOTAL.fullmatch(cell.strip()))


def _leading(table: list[Cells], first: int) -> int:
    """Columns in which a total announces itself: up to the first number column after the first column."""
    kinds = _kinds([cells[first:] for cells in table]) if first < len(table[0]) else []
    return next((at + 1 for at, kind in enumerate(kinds) if kind == "number" and at > 0), len(table))


def _fill(found: Layout, table: list[Cells], merges: list[Merge], first: int) -> None:
    """Merged cells whose value holds for every row: in columns of texts and times, and in the leading key columns."""
    if first >= len(table[0]):
        return
    tall: dict[int, list[tuple[int, int]]] = {}
    for (top, left), (lowest, _right) in merges:
        bottom = min(lowest, len(table[0]) - 1)  # a merged cell may reach below the last filled row
        if top >= first and bottom > top:
            tall.setdefault(left, []).append((top, bottom))
    kinds = _kinds([cells[first:] for cells in table])
    if not merges:
        tall = _exported_merges(found, table, kinds)
    for at, ranges in sorted(tall.items()):
        key = kinds[at] != "number" or all(before in tall for before in range(at))
        if key:
            found.fills += [(at, top, bottom) for top, bottom in ranges]
        else:
            found.notes.append(_("merged cells of {name} count once, in their first row", name=found.headers[at]))


def _exported_merges(found: Layout, table: list[Cells], kinds: list[str]) -> dict[int, list[tuple[int, int]]]:
    """Leading columns that lost their merged cells in an export: a value, then blanks, never the same value twice."""
    tall: dict[int, list[tuple[int, int]]] = {}
    for at, cells in enumerate(table[:-1]):
        said = [row for row in found.keep.tolist() if not _blank(cells[row])]
        gaps = len(found.keep) - len(said)
        starts_full = bool(said) and said[0] == int(found.keep[0])
        repeats = any(cells[one] == cells[other] for one, other in pairwise(said))
        if (kinds[at] == "number" and at > 0) or not starts_full or repeats or gaps * 2 < len(found.keep):
            break
        ends = [*said[1:], len(cells)]
        tall[at] = [(row, end - 1) for row, end in zip(said, ends, strict=True) if end - 1 > row]
        found.notes.append(
            _("blanks of {name} were filled from above ({count} rows)", name=found.headers[at], count=gaps)
        )
    return tall
