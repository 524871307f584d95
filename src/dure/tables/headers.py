"""The headers above a table: which rows they are, how several rows join, their units, the letters of columns."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from dure.i18n.texts import _
from dure.tables.cells import is_blank, kind_of
from dure.tables.units import split_unit, unit_of

if TYPE_CHECKING:
    from dure.tables.cells import Cells, Merge
    from dure.tables.layout import Layout

_HEAD = 60
"""Headers are looked for in this many first rows."""


def header_block(grid: list[Cells], kinds: list[str], merges: list[Merge]) -> tuple[int, int]:
    """First row of the headers and first row after them."""
    height = min(len(grid[0]), _HEAD)
    strong = [place for place, kind in enumerate(kinds) if kind != "text"]
    rows = [[kind_of(cells[row]) for cells in grid] for row in range(height)]
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
    texts = [str(cells[row]) for cells in grid if not is_blank(cells[row])]
    return bool(texts) and sum(bool(unit_of(text)) for text in texts) * 2 > len(texts)


def _hangs(row: int, grid: list[Cells], merges: list[Merge]) -> bool:
    """Whether a cell of this row stands under a horizontally merged one."""
    under = [(left, right) for (_top, left), (bottom, right) in merges if bottom == row - 1 and right > left]
    return any(
        not is_blank(grid[at][row])
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
    filled = [at for at, cells in enumerate(grid) if not is_blank(cells[above])]
    for (first, left), (last, right) in merges:
        if first <= above <= last and right - left < len(grid) - 1 and (last > above or right > left):
            return True
    if len(filled) == 1 and (
        filled[0] == 0 or str(grid[filled[0]][above]).strip().startswith(("(단위", "단위", "[단위", "※"))
    ):
        return False
    if _is_units(grid, bottom):
        return len(filled) > 1
    labels = [
        " / ".join(str(cells[row]).strip() for row in range(top, bottom + 1) if not is_blank(cells[row]))
        for cells in grid
    ]
    empty = [at for at, label in enumerate(labels) if not label]
    repeated = {label for label in labels if label and labels.count(label) > 1}
    return any(at in filled for at in empty) or (bool(repeated) and len(filled) > 0)


def header_names(grid: list[Cells], block: tuple[int, int], merges: list[Merge]) -> list[str]:
    """Header texts, those of several rows joined with ``" / "``."""
    top, end = block
    texts = [[_header_text(cells[row]) for cells in grid] for row in range(top, end)]
    merged = [merge for merge in merges if merge[0][0] < end and merge[1][0] >= top]
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
    if is_blank(cell):
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


def name_columns(layout: Layout, names: list[str]) -> None:
    """Set headers without their units, each different from the others."""
    layout.written = names
    apart = [split_unit(name) for name in names]
    bases = [base for base, _unit in apart]
    brackets = [re.split(r"\s*[(\[]", name)[0] for name in names]
    for at, (name, (base, unit)) in enumerate(zip(names, apart, strict=True)):
        letters = len(unit) == 1 and brackets.count(base) > 1  # 업체(A), 업체(B): no amperes
        plain = name if letters or bases.count(base) > 1 else base
        if not plain:
            plain = f"[{letter(layout.columns[at])}]"
            layout.notes.append(_("a column without a header is called {name}", name=plain))
        unique, count = plain, 1
        while unique in layout.headers:
            count += 1
            unique = f"{plain} ({count})"
        if count > 1:
            layout.notes.append(
                _(
                    "the header {name} stands more than once; the later one is called {unique}",
                    name=plain,
                    unique=unique,
                )
            )
        layout.headers.append(unique)
        layout.units.append("" if letters else unit)
