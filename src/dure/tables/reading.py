"""Files as sheets: workbooks, text files and Parquet, told apart by their content."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from dure.errors import UserError, nearest
from dure.i18n.texts import _
from dure.tables import headers, table_area
from dure.tables.layout import Layout
from dure.tables.number_column import uses_comma
from dure.tables.sheet import Sheet
from dure.tables.text_file import text_grid
from dure.tables.workbook import workbook_grids

if TYPE_CHECKING:
    from dure.tables.cells import Cells
    from dure.tables.grid import Grid


def read(path: Path, sheet: str | None = None) -> Sheet:
    """The table of a file; of a workbook with several, the one called `sheet`.

    Raises UserError where the file cannot be read, holds no table, or holds several and none was named.
    """
    all_tables = sheets(path)
    if sheet is not None:
        return _table_named(sheet, all_tables, path)
    tables = [table for table in all_tables if table.cells.height and len(table.headers) > 1] or [
        table for table in all_tables if table.cells.height
    ]
    tables = [table for table in tables if not table.hidden] or tables
    if not tables:
        raise UserError(
            _("there is no table in this file"),
            where=f"‘{path.name}’",
            cure=_("A table has a row of headers and rows below it."),
        )
    if len(tables) > 1:
        names = ", ".join(f"{table.sheet} ({table.cells.height})" for table in tables)
        raise UserError(
            _("{count} sheets hold a table: {names}", count=len(tables), names=names),
            where=f"‘{path.name}’",
            cure=_("Name one: --sheet {name}", name=_quoted(tables[0].sheet)),
        )
    return tables[0]


def _table_named(name: str, tables: list[Sheet], path: Path) -> Sheet:
    names = [table.sheet for table in tables]
    normal_name = unicodedata.normalize("NFC", name)
    for table in tables:
        if table.sheet == normal_name:
            return table
    close = nearest(normal_name, names)
    cure = _("Did you mean {name}?", name=close) if close else _("Sheets: {names}.", names=", ".join(names))
    raise UserError(_("there is no sheet {name} with a table", name=name), where=f"‘{path.name}’", cure=cure)


def _quoted(name: str) -> str:
    return f'"{name}"' if " " in name else name


def sheets(path: Path) -> list[Sheet]:
    """Every table of a file (XLSX, XLSM, XLSB, XLS, ODS, CSV, TSV, TXT, Parquet), hidden sheets included.

    The kind is told from the content, not from the name. Raises UserError where the file cannot be read.
    """
    if not path.is_file():
        raise UserError(_("there is no such file"), where=str(path))
    with path.open("rb") as file:
        start = file.read(8)
    if start.startswith(b"PAR1"):
        return [_from_parquet(path)]
    grids = workbook_grids(path) if start.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")) else [text_grid(path)]
    return [table for grid in grids if (table := _table(path, grid))]


def _from_parquet(path: Path) -> Sheet:
    try:
        frame = pl.read_parquet(path)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise UserError(
            _("the Parquet file cannot be read ({why})", why=str(error)[:120]), where=f"‘{path.name}’"
        ) from None
    names = [unicodedata.normalize("NFC", name) for name in frame.columns]
    layout = Layout(list(range(len(names))), [], [], keep=range(frame.height))  # type: ignore[arg-type]  # only headers are set
    headers.name_columns(layout, names)
    cells = frame.rename(dict(zip(frame.columns, layout.headers, strict=True)))
    units = {header: unit for header, unit in zip(layout.headers, layout.units, strict=True) if unit}
    return Sheet(
        str(path),
        "",
        tuple(layout.headers),
        cells,
        range(1, frame.height + 1),
        units,
        notes=tuple(layout.notes),
        written=tuple(names),
    )


def _table(path: Path, grid: Grid) -> Sheet | None:
    """The sheet with its table found, or None where it is empty."""
    layout = table_area.find(grid.columns, grid.merges)
    if layout is None:
        return None
    series = []
    keep = layout.keep.tolist()
    is_contiguous = bool(keep) and len(keep) == keep[-1] - keep[0] + 1
    for at, (place, header) in enumerate(zip(layout.columns, layout.headers, strict=True)):
        cells = grid.columns[place]
        fills = [(top, bottom) for column, top, bottom in layout.fills if column == at]
        if fills:
            cells = list(cells)
            for top, bottom in fills:
                cells[top : bottom + 1] = [cells[top]] * (bottom + 1 - top)
        values = cells[keep[0] : keep[-1] + 1] if is_contiguous else _gathered(cells, keep)
        series.append(_text(header, values) if isinstance(values, pl.Series) else _series(header, values))
    frame = pl.DataFrame(series)
    comma = grid.foreign and uses_comma(frame)
    if comma:
        layout.notes.append(_("numbers have a decimal comma: 1.234,5"))
    return Sheet(
        file=str(path), sheet=grid.name, headers=tuple(layout.headers), cells=frame,
        rows=range(keep[0] + 1, keep[-1] + 2) if is_contiguous else [row + 1 for row in keep],
        units={header: unit for header, unit in zip(layout.headers, layout.units, strict=True) if unit},
        dropped=tuple((row + 1, reason) for row, reason in layout.dropped),
        notes=tuple(layout.notes), titles=tuple(layout.titles), hidden=grid.hidden, written=tuple(layout.written),
        decimal="," if comma else ".", filled={} if grid.merges else _filled_rows(layout),
    )  # fmt: skip


def _filled_rows(layout: Layout) -> dict[str, frozenset[int]]:
    rows: dict[str, set[int]] = {}
    for at, top, bottom in layout.fills:
        rows.setdefault(layout.headers[at], set()).update(range(top + 2, bottom + 2))
    return {header: frozenset(row_numbers) for header, row_numbers in rows.items()}


def _gathered(cells: Cells, rows: list[int]) -> Cells:
    return cells.gather(rows) if isinstance(cells, pl.Series) else [cells[row] for row in rows]


def _text(name: str, values: pl.Series) -> pl.Series:
    """Texts without blanks around them; blank ones are null."""
    text = values.alias(name).str.strip_chars()
    return text.set(text == "", None)


def _series(name: str, values: Sequence[Any]) -> pl.Series:
    """Cells as one column: of the type the file gives where it is one, else as text."""
    types = set(map(type, values))
    texts = str in types and any(type(value) is str and value.strip() for value in values)
    types -= {str, type(None)}
    if str in set(map(type, values)) and not texts:
        values = [None if type(value) is str else value for value in values]
    if not texts and types and types <= {int, float}:
        return pl.Series(name, values, dtype=pl.Float64, strict=False)
    if not texts and types == {bool}:
        return pl.Series(name, values, dtype=pl.Boolean)
    if not texts and types == {date}:
        return pl.Series(name, values, dtype=pl.Date)
    if not texts and types and types <= {date, datetime}:
        moments = [datetime(v.year, v.month, v.day) if type(v) is date else v for v in values]  # noqa: DTZ001 - local time as written
        return pl.Series(name, moments, dtype=pl.Datetime("us"))
    if time in types:
        values = [_clock_of(value) for value in values]
    if types:
        values = [written(value) for value in values]
    return _text(name, pl.Series(values, dtype=pl.String).str.normalize("NFC"))


def _clock_of(value: object) -> object:
    """Among times of day, a cell of one day and no date: spreadsheets hold 24:00 as day number 1, which reads as 1900-01-01."""
    day = value.date() if isinstance(value, datetime) else value
    return "24:00" if day == date(1900, 1, 1) and (day is value or value == datetime(1900, 1, 1)) else value  # noqa: DTZ001 - as in the sheet


def written(value: object) -> str | None:
    """A cell of a mixed column as a person would write it."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)  # exact integers
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, timedelta):
        minutes, seconds = divmod(round(value.total_seconds()), 60)
        return f"{minutes // 60}:{minutes % 60:02d}:{seconds:02d}"
    if isinstance(value, (date, time)):
        return value.isoformat()
    return None if value is None else str(value)
