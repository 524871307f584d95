"""What a cell is: blank, number, time, text or note."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

import numpy as np
import polars as pl

from dure.tables.units import unit_of

Cells = Sequence[Any] | pl.Series  # a series where all of them are text, empty ones ""
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
_SPACES = "".join(filter(str.isspace, map(chr, range(0x3001))))  # what `str.strip` takes off; Polars leaves some of it
_NUMBER = re.compile(r"[₩$\\]?\s*[(△▲+−-]?\s*\d[\d,.]*(?:[eE][+-]?\d+)?\)?\s*(\D.*)?")
_TIME = re.compile(
    r"['’‘]?\d{2,4}\s*[-./년]\s*\d{1,2}\s*[-./월]\s*\d{1,2}.*|\d{1,2}\s*[월/]\s*\d{1,2}일?|\d{1,2}:\d{2}(:\d{2})?|\d{1,2}[-./]\d{1,2}[-./]\d{4}.*"
    r"|(오전|오후)\s*\d.*|\d{1,2}시(\s*\d{1,2}분)?|\d{8}[T\s]\s*\d{1,2}:?\d{2}.*"
)
_NOTE = re.compile(
    r"[※*＊▶◎☞]|주\s*\d?\s*[):：]|\d?\)\s|비고\s*[:：]|자료\s*[:：]|출처\s*[:：]|참고\s*[:：]|note", re.IGNORECASE
)


def is_blank(cell: object) -> bool:
    """Whether nothing stands in it, or spaces alone."""
    return cell is None or cell == "" or (type(cell) is str and not cell.strip())


def blanks(cells: Cells) -> np.ndarray:
    """Which cells of a column are blank, as `is_blank` says of each."""
    if isinstance(cells, pl.Series):
        return (cells.str.strip_chars(_SPACES) == "").to_numpy()
    return np.array([is_blank(cell) for cell in cells], dtype=bool)


def kind_of(cell: object) -> str:
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


def kinds_of(grid: list[Cells]) -> list[str]:
    """Kind of each column, from its lower half: number or time where half of the filled cells are, else text."""
    height = len(grid[0])
    rows = sorted({int(row) for row in np.linspace(height // 2, height - 1, 200)})
    if len(grid) > 1:
        rows = [row for row in rows if sum(not is_blank(cells[row]) for cells in grid) > 1] or rows
    kinds = []
    for cells in grid:
        filled = [kind for row in rows if (kind := kind_of(cells[row])) != "empty"]
        best = max(("time", "number"), key=filled.count)
        kinds.append(best if filled and filled.count(best) * 2 >= len(filled) else "text")
    return kinds


def is_note(cell: object, kind: str) -> bool:
    """Whether a row's only cell is a remark: marked as one, or text where numbers or times stand."""
    return kind_of(cell) == "text" and (kind != "text" or bool(_NOTE.match(str(cell).strip())))
