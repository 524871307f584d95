"""Any table a person has: workbooks, text files of every encoding and separator, Parquet; values with row and column."""

from __future__ import annotations

import codecs
import csv
import io
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import zip_longest
from pathlib import Path
from typing import IO, Any

import polars as pl

from dure import dates, layout
from dure.errors import UserError, nearest
from dure.i18n.texts import _
from dure.units import unit_of


@dataclass(frozen=True, eq=False)
class Sheet:
    """A table as it was found, nothing converted.

    Parameters
    ----------
    file
        Path of the file.
    sheet
        Name of the sheet; empty for files that have none.
    headers
        Without their units, each different; headers of several rows are joined: ``"7월 / 실적"``.
    cells
        One column a header: text, or numbers, dates, datetimes where the file itself says so; empty cells are null.
    rows
        The number of each row as the person sees it in a spreadsheet.
    units
        Unit of a header that names one.
    dropped
        (row number, why) of rows that are no cases: blank, total, header again, note.
    notes
        How the sheet was read, for the person.
    titles
        Texts above the headers.
    decimal
        Decimal sign that texts of numbers use where they alone do not tell.
    hidden
        Whether the sheet is hidden in its workbook.
    written
        The headers with their units, as in the file.
    filled
        Row numbers, by header, of blanks that were filled from above although no cell is marked as merged: a guess.
    """

    file: str
    sheet: str
    headers: tuple[str, ...]
    cells: pl.DataFrame
    rows: Sequence[int]
    units: dict[str, str] = field(default_factory=dict)
    dropped: tuple[tuple[int, str], ...] = ()
    notes: tuple[str, ...] = ()
    titles: tuple[str, ...] = ()
    decimal: str = "."
    hidden: bool = False
    written: tuple[str, ...] = ()
    filled: dict[str, frozenset[int]] = field(default_factory=dict)

    @property
    def where(self) -> str:
        """File and sheet, for messages."""
        name = Path(self.file).name
        return _("‘{file}’ sheet ‘{sheet}’", file=name, sheet=self.sheet) if self.sheet else f"‘{name}’"

    @property
    def unit(self) -> str:
        """The unit a title gives for the whole table: ``(단위: kWh)``."""
        found = [each[1] for title in self.titles if (each := re.search(r"단위\s*[:：]\s*([^)\]\s,]+)", title))]
        return unit_of(found[0]) if len(found) == 1 else ""

    def at(self, place: int, header: str) -> str:
        """File, sheet, row and column of a cell, for messages; `place` counts the table's rows from zero."""
        return _("{where} row {row} ‘{column}’", where=self.where, row=self.rows[place], column=header)


@dataclass
class _Grid:
    """Cells of one sheet by column, before the table in it was found."""

    name: str
    columns: list[Sequence[Any]]
    merges: list[layout.Merge] = field(default_factory=list)
    hidden: bool = False
    foreign: bool = False  # separated by semicolons or tabs: decimal commas are likely


def read(path: Path, sheet: str | None = None) -> Sheet:
    """The table of a file; of a workbook with several, the one called `sheet`.

    Raises UserError where the file cannot be read, holds no table, or holds several and none was named.
    """
    found = sheets(path)
    if sheet is not None:
        return _called(sheet, found, path)
    tables = [each for each in found if each.cells.height and len(each.headers) > 1] or [
        each for each in found if each.cells.height
    ]
    tables = [each for each in tables if not each.hidden] or tables
    if not tables:
        raise UserError(
            _("there is no table in this file"),
            where=f"‘{path.name}’",
            cure=_("A table has a row of headers and rows below it."),
        )
    if len(tables) > 1:
        names = ", ".join(f"{each.sheet} ({each.cells.height})" for each in tables)
        raise UserError(
            _("{count} sheets hold a table: {names}", count=len(tables), names=names),
            where=f"‘{path.name}’",
            cure=_("Name one: --sheet {name}", name=_quoted(tables[0].sheet)),
        )
    return tables[0]


def _called(name: str, found: list[Sheet], path: Path) -> Sheet:
    names = [each.sheet for each in found]
    wanted = unicodedata.normalize("NFC", name)
    for each in found:
        if each.sheet == wanted:
            return each
    close = nearest(wanted, names)
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
    grids = _workbook(path) if start.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")) else [_text(path)]
    return [table for grid in grids if (table := _table(path, grid))]


def _workbook(path: Path) -> list[_Grid]:
    import python_calamine

    try:
        with python_calamine.CalamineWorkbook.from_path(path) as book:
            grids = []
            for about in book.sheets_metadata:
                if about.typ == python_calamine.SheetTypeEnum.WorkSheet:
                    sheet = book.get_sheet_by_name(about.name)
                    columns: list[Sequence[Any]] = list(zip(*sheet.to_python(skip_empty_area=False), strict=True))
                    hidden = about.visible != python_calamine.SheetVisibleEnum.Visible
                    name = unicodedata.normalize("NFC", about.name)
                    grids.append(_Grid(name, columns, list(sheet.merged_cell_ranges or ()), hidden))
            return grids
    except python_calamine.PasswordError:
        what, cure = _("the workbook is protected by a password"), _("Save a copy without the password and give that.")
    except (python_calamine.CalamineError, OSError) as error:
        what = _("the workbook cannot be read ({why})", why=str(error)[:120])
        cure = _("Open it in a spreadsheet program and save it as .xlsx or .csv.")
    raise UserError(what, where=f"‘{path.name}’", cure=cure)


def _from_parquet(path: Path) -> Sheet:
    try:
        frame = pl.read_parquet(path)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise UserError(
            _("the Parquet file cannot be read ({why})", why=str(error)[:120]), where=f"‘{path.name}’"
        ) from None
    names = [unicodedata.normalize("NFC", name) for name in frame.columns]
    found = layout.Layout(list(range(len(names))), [], [], keep=range(frame.height))  # type: ignore[arg-type]  # only headers are set
    layout._name(found, names)  # noqa: SLF001 - the same naming as for sheets
    cells = frame.rename(dict(zip(frame.columns, found.headers, strict=True)))
    units = {header: unit for header, unit in zip(found.headers, found.units, strict=True) if unit}
    return Sheet(
        str(path),
        "",
        tuple(found.headers),
        cells,
        range(1, frame.height + 1),
        units,
        notes=tuple(found.notes),
        written=tuple(names),
    )


def _text(path: Path) -> _Grid:
    text = _decoded(path)
    if re.match(r"\s*<(!doctype|html|table|\?xml)", text[:500], re.IGNORECASE):
        raise UserError(
            _("this is a web page saved under a spreadsheet's name"),
            where=f"‘{path.name}’",
            cure=_("Open it in a spreadsheet program and save it as .xlsx or .csv."),
        )
    if "\0" in text:
        raise UserError(_("this is no text file"), where=f"‘{path.name}’")
    if not unicodedata.is_normalized("NFC", text):
        text = unicodedata.normalize("NFC", text)
    separator = separator_of(text)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
    except csv.Error as error:
        raise UserError(_("the text file cannot be read ({why})", why=error), where=f"‘{path.name}’") from None
    even = len(set(map(len, rows))) == 1
    return _Grid(
        "", list(zip(*rows, strict=True) if even else zip_longest(*rows, fillvalue="")), foreign=separator in ";\t"
    )


def _decoded(path: Path) -> str:
    """The text of a file. Raises UserError naming the row that is no text."""
    return path.read_bytes().decode(encoding_of(path), errors="replace")


def encoding_of(path: Path) -> str:
    """UTF-8 with or without a mark, UTF-16, else cp949 (which holds EUC-KR); little of the file is in memory at once.

    Raises UserError naming the row that is neither.
    """
    with path.open("rb") as file:
        start = file.read(200)
        if start.startswith((b"\xff\xfe", b"\xfe\xff")):
            return "utf-16"
        if start[1::2].count(0) > len(start[1::2]) * 0.6:
            return "utf-16-le"
        failed = 0
        for encoding in ("utf-8-sig", "cp949"):
            row = _undecodable(file, encoding)
            if row is None:
                return encoding
            failed = max(failed, row)
    raise UserError(
        _("row {row} is neither UTF-8 nor cp949 text", row=failed),
        where=f"‘{path.name}’",
        cure=_("Open it in a spreadsheet program and save it as .xlsx or .csv."),
    )


def _undecodable(file: IO[bytes], encoding: str) -> int | None:
    """The row in which a file is not text of this encoding; None: it is."""
    decoder, row = codecs.getincrementaldecoder(encoding)(), 1
    file.seek(0)
    while True:
        block = file.read(1 << 20)
        try:
            decoder.decode(block, final=not block)
        except UnicodeDecodeError as error:
            return row + error.object.count(b"\n", 0, error.start)
        if not block:
            return None
        row += block.count(b"\n")


def separator_of(text: str) -> str:
    """The separator that cuts most rows into the same number of cells."""
    head = [line for line in text[:40000].splitlines()[:80] if line.strip()][:60]
    best, most = ",", (0.0, 0)
    for order, separator in enumerate("|;\t,"):
        try:
            widths = [len(row) for row in csv.reader(head, delimiter=separator)]
        except csv.Error:
            continue
        cut = [width for width in widths if width > 1]
        usual = max(set(cut), key=cut.count, default=1)
        score = (widths.count(usual) / max(1, len(widths)) if usual > 1 else 0.0, -order if separator != "," else -9)
        if score > most:
            best, most = separator, score
    return best


def _table(path: Path, grid: _Grid) -> Sheet | None:
    """The sheet with its table found, or None where it is empty."""
    found = layout.find(grid.columns, grid.merges)
    if found is None:
        return None
    series = []
    keep = found.keep.tolist()
    is_whole = bool(keep) and len(keep) == keep[-1] - keep[0] + 1
    for at, (place, header) in enumerate(zip(found.columns, found.headers, strict=True)):
        cells = grid.columns[place]
        fills = [(top, bottom) for column, top, bottom in found.fills if column == at]
        if fills:
            cells = list(cells)
            for top, bottom in fills:
                cells[top : bottom + 1] = [cells[top]] * (bottom + 1 - top)
        values = cells[keep[0] : keep[-1] + 1] if is_whole else [cells[row] for row in keep]
        series.append(_series(header, values))
    frame = pl.DataFrame(series)
    comma = grid.foreign and _uses_comma(frame)
    if comma:
        found.notes.append(_("numbers have a decimal comma: 1.234,5"))
    return Sheet(
        file=str(path), sheet=grid.name, headers=tuple(found.headers), cells=frame,
        rows=range(keep[0] + 1, keep[-1] + 2) if is_whole else [row + 1 for row in keep],
        units={header: unit for header, unit in zip(found.headers, found.units, strict=True) if unit},
        dropped=tuple((row + 1, why) for row, why in found.dropped),
        notes=tuple(found.notes), titles=tuple(found.titles), hidden=grid.hidden, written=tuple(found.written),
        decimal="," if comma else ".", filled={} if grid.merges else _filled(found),
    )  # fmt: skip


def _filled(found: layout.Layout) -> dict[str, frozenset[int]]:
    rows: dict[str, set[int]] = {}
    for at, top, bottom in found.fills:
        rows.setdefault(found.headers[at], set()).update(range(top + 2, bottom + 2))
    return {header: frozenset(each) for header, each in rows.items()}


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
    text = pl.Series(name, values, dtype=pl.String).str.normalize("NFC").str.strip_chars()
    return text.set(text == "", None)


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


def named(sheet: Sheet, name: str) -> str:
    """The header a person means: with or without its unit or its group, spaces and case aside.

    ``발전량``, ``발전량(kWh)`` and ``실적 / 발전량`` are one header, as long as only one fits. Raises UserError with the
    nearest name.
    """
    if name in sheet.headers:
        return name
    wanted = _bare(name)
    spelled = (sheet.written, sheet.headers, [header.split(" / ")[-1] for header in sheet.headers])
    for spellings in spelled:
        fit = [header for header, text in zip(sheet.headers, spellings, strict=False) if _bare(text) == wanted]
        if len(fit) == 1:
            return fit[0]
    close = nearest(name, sheet.headers)
    cure = _("Did you mean {name}?", name=close) if close else _("Columns: {names}.", names=", ".join(sheet.headers))
    raise UserError(_("there is no column {name}", name=name), where=sheet.where, cure=cure)


def _bare(text: str) -> str:
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text)).casefold()


def texts(sheet: Sheet, header: str) -> pl.Series:
    """A column as text, empty cells null; whole numbers without a decimal point, dates as 2026-07-01."""
    header = named(sheet, header)
    raw = sheet.cells[header]
    if raw.dtype.is_float():
        whole = raw.is_finite() & (raw == raw.round(0)) & (raw.abs() < 1e15)  # exact integers
        return (
            pl.select(
                pl.when(whole).then(raw.cast(pl.Int64, strict=False).cast(pl.String)).otherwise(raw.cast(pl.String))
            )
            .to_series()
            .alias(header)
        )
    if raw.dtype == pl.Datetime:
        return raw.dt.to_string("%Y-%m-%d %H:%M:%S")
    return raw.cast(pl.String)


# --- numbers ---------------------------------------------------------------------------------------------------------

_ENGLISH = r"^[-+]?([1-9]\d{0,2}(,\d{3})+|\d+)?(\.\d*)?(e[-+]?\d+)?$"
_EUROPEAN = r"^[-+]?([1-9]\d{0,2}([. ]\d{3})+|\d+)?(,\d*)?(e[-+]?\d+)?$"


def _plain(raw: pl.Series) -> pl.Series:
    """Texts in one width and with one minus sign; what stands for a missing value becomes null."""
    text = raw.str.normalize("NFKC").str.strip_chars()
    return text.set(text.str.to_lowercase().is_in(layout.MISSING), None)


def _uses_comma(cells: pl.DataFrame) -> bool:
    """Whether numbers are written 1.234,5 somewhere and 1,234.5 nowhere."""
    european = english = 0
    for raw in cells.select(pl.col(pl.String)):
        text = raw.drop_nulls().head(2000).str.strip_chars()
        is_english, is_european = text.str.contains(_ENGLISH), text.str.contains(_EUROPEAN)
        european += int((is_european & ~is_english).sum())
        english += int((is_english & ~is_european & text.str.contains(",", literal=True)).sum())
    return european > 0 and english == 0


def numbers(sheet: Sheet, header: str) -> pl.Series:
    """A column as Float64: 1,234.5, 1.234,5, １２, 12 %, 12.3kWh, △12 and (12) as minus 12; blanks, "-", "N/A" null.

    A percentage is its number (12 % is 12). Raises UserError with file, sheet, row and column where a cell is no
    number, where units within the column differ, or where points and commas contradict each other.
    """
    header = named(sheet, header)
    raw = sheet.cells[header]
    if raw.dtype.is_numeric() or raw.dtype == pl.Boolean:
        values = raw.cast(pl.Float64)
        return values.set(values.is_nan(), None)
    if raw.dtype != pl.String:
        filled = raw.is_not_null().arg_max() or 0
        raise _no_number(sheet, header, filled, 1)
    text = _plain(raw)
    plain = text.cast(pl.Float64, strict=False)
    odd = (plain.is_null() | plain.is_infinite()) & text.is_not_null()
    if not odd.any() and sheet.decimal == ".":
        return plain
    parts = _signed(text)
    _one_unit(sheet, header, parts)
    digits = parts["digits"]
    figures = digits.str.contains(r"[0-9]")
    english, european = figures & digits.str.contains(_ENGLISH), figures & digits.str.contains(_EUROPEAN)
    bad = text.is_not_null() & ~((english | european) & parts["known"]).fill_null(value=False)
    if bad.any():
        raise _no_number(sheet, header, bad.arg_max() or 0, int(bad.sum()))
    only_english, only_european = english & ~european, european & ~english
    if only_english.any() and only_european.any():
        raise _two_decimals(sheet, header, only_english.arg_max() or 0, only_european.arg_max() or 0)
    comma = bool(only_european.any()) or (sheet.decimal == "," and not only_english.any())
    if comma:
        digits = digits.str.replace_all(r"[. ]", "").str.replace(",", ".", literal=True)
    values = digits.str.replace_all(",", "", literal=True).cast(pl.Float64)
    if values.is_infinite().any():
        raise _no_number(sheet, header, values.is_infinite().arg_max() or 0, int(values.is_infinite().sum()))
    return values.alias(header)


def _signed(text: pl.Series) -> pl.DataFrame:
    """Columns digits, unit, known (whether the unit is one)."""
    plain = (
        text.str.to_lowercase()
        .str.replace(r"^[₩$\\]\s*", "")
        .str.replace(r"^[△▲−–]\s*", "-")
        .str.replace(r"^\(\s*(.*\d.*)\)$", "-$1")
    )
    parts = plain.str.extract_groups(
        r"^(?P<digits>[-+]?\s?[\d.,](?:[\d.,]| \d{3})*(?:e[-+]?\d+)?)\s*(?P<unit>.*)$"
    ).struct.unnest()
    units = parts["unit"].unique().drop_nulls().to_list()
    known = [unit for unit in units if not unit or unit_of(unit)]
    return parts.with_columns(
        digits=pl.col("digits").str.replace(r"^([-+])\s", "$1"),
        known=pl.col("unit").is_in(known),
        unit=pl.col("unit").replace({unit: unit_of(unit) for unit in known}),
    )


def _one_unit(sheet: Sheet, header: str, parts: pl.DataFrame) -> None:
    """Raise UserError where cells of one column carry different units, or only some a per cent sign."""
    given = parts.filter(pl.col("known"))["unit"].unique(maintain_order=True).to_list()
    named = [unit for unit in given if unit]
    if len(named) > 1 or (named == ["%"] and "" in given):
        rows = [sheet.rows[(parts["unit"] == unit).arg_max() or 0] for unit in given]
        said = ", ".join(_("row {row} ‘{unit}’", row=row, unit=unit) for row, unit in zip(rows, given, strict=True))
        raise UserError(
            _("several units in one column: {said}", said=said),
            where=f"{sheet.where} ‘{header}’",
            cure=_("Write the column in one unit and give the file again."),
        )


def cell_unit(sheet: Sheet, header: str) -> str:
    """The unit of a column: from its header, else from its cells (``"12.3kWh"``), else empty."""
    header = named(sheet, header)
    if header in sheet.units or sheet.cells[header].dtype != pl.String:
        return sheet.units.get(header, "")
    text = _plain(sheet.cells[header]).drop_nulls().head(200)
    units = text.str.extract(r"^[^\d]?\s*[\d.,]+\s*(\D+)$", 1).unique().drop_nulls().to_list()
    return unit_of(units[0]) if len(units) == 1 else ""


def _no_number(sheet: Sheet, header: str, place: int, count: int) -> UserError:
    text = str(texts(sheet, header)[place])[:60]
    cure = _("Leave the cell empty or put the number there, then give the file again.")
    return UserError(_("‘{text}’ is not a number", text=text), where=sheet.at(place, header), cure=also(count) + cure)


def also(count: int) -> str:
    """That more cells than the one named have the same fault; empty for one."""
    return _("{count} more cells of the column are like it.", count=count - 1) + " " if count > 1 else ""


def _two_decimals(sheet: Sheet, header: str, one: int, other: int) -> UserError:
    return UserError(
        _("the decimal sign is a point in row {one} (‘{a}’) and a comma in row {other} (‘{b}’)",
          one=sheet.rows[one], a=sheet.cells[header][one], other=sheet.rows[other], b=sheet.cells[header][other]),
        where=f"{sheet.where} ‘{header}’",
        cure=_("Write all numbers of the column in one way and give the file again."),
    )  # fmt: skip


# --- times -----------------------------------------------------------------------------------------------------------


def times(
    sheet: Sheet,
    header: str,
    zone: str = "Asia/Seoul",
    *,
    clock: str | None = None,
    order: str | None = None,
    year: int | None = None,
    midnight: bool | None = None,
) -> pl.Series:
    """A column as local moments in `zone` (Datetime in microseconds, without a zone); empty cells null.

    Parameters
    ----------
    clock
        Header of a second column that holds the hour or the clock time (1..24, ``13:00``, ``13시``).
    order
        dmy or mdy, where the dates can be read in both ways.
    year
        Where the dates have none; otherwise it is looked for in titles, sheet name and file name.
    midnight
        True: the row at 00:00 carries the day it ends and is moved a day on; False: it does not; None: as the order of
        the rows says.

    24:00 is the next day's 00:00. Raises UserError with row and column where a cell is no moment, where the column
    holds several styles (a row of each is named), or where day and month cannot be told apart.
    """
    header = named(sheet, header)
    raw = sheet.cells[header]
    if raw.dtype.is_numeric():
        raw = _dated_numbers(sheet, header, raw)
    if raw.dtype == pl.Datetime:
        zoned = raw.dt.convert_time_zone(zone).dt.replace_time_zone(None) if raw.dtype.time_zone else raw  # type: ignore[attr-defined]  # checked above
        found = zoned.cast(pl.Datetime("us"))
    elif raw.dtype == pl.Date:
        found = raw.cast(pl.Datetime("us"))
    elif raw.dtype == pl.String:
        found = _written_times(sheet, header, raw, zone, order, year)
    else:
        raise _no_time(sheet, header, raw.is_not_null().arg_max() or 0)
    if clock is not None:
        found = found + _clock(sheet, clock)
    late = dates.old_midnights(found) if midnight is None else _midnights(found) & midnight
    if late.any():
        found = pl.select(pl.when(late).then(found.dt.offset_by("1d")).otherwise(found)).to_series()
    return found.alias(header)


def _midnights(moments: pl.Series) -> pl.Series:
    return (moments.dt.time() == time(0)).fill_null(value=False)


def _dated_numbers(sheet: Sheet, header: str, raw: pl.Series) -> pl.Series:
    """Numbers as spreadsheet days, else as text of digits (20260701, 2026070113)."""
    values = raw.drop_nulls().drop_nans()
    if values.len() and values.is_between(20000, 80000).all():  # 1954 to 2119
        return pl.select(dates.serial(pl.lit(raw))).to_series()
    if values.len() and (values == values.round(0)).all() and values.min() > 19000000:  # type: ignore[operator]  # numbers
        return raw.cast(pl.Int64).cast(pl.String)
    bad = raw.is_not_null()
    raise _no_time(sheet, header, bad.arg_max() or 0)


def _written_times(
    sheet: Sheet, header: str, raw: pl.Series, zone: str, order: str | None, year: int | None
) -> pl.Series:
    text = _plain(raw)
    parsed = dates.parse(text)
    frame = parsed.frame
    bad = frame["style"].is_null() & text.is_not_null()
    if bad.any():
        raise _no_time(sheet, header, bad.arg_max() or 0, int(bad.sum()))
    if len(parsed.styles) > 1:
        raise _several_styles(sheet, header, frame, parsed.styles)
    if not parsed.styles:
        return pl.Series(header, [None] * raw.len(), dtype=pl.Datetime("us"))
    if frame["a"].null_count() < frame.height:
        order = order or _order(sheet, header, frame)
    needs_year = frame["y"].is_null().all() and frame["a"].is_null().all() and frame["serial"].is_null().all()
    moments = dates.moments(frame, order or "ymd", (year or _year(sheet, header)) if needs_year else None)
    if (frame["offset"].is_not_null()).any():
        utc = pl.select(pl.lit(moments) - pl.duration(minutes=pl.lit(frame["offset"]))).to_series()
        moments = utc.dt.replace_time_zone("UTC").dt.convert_time_zone(zone).dt.replace_time_zone(None)
    bad = moments.is_null() & text.is_not_null()
    if bad.any():
        raise _no_time(sheet, header, bad.arg_max() or 0, int(bad.sum()))
    return moments


def _order(sheet: Sheet, header: str, frame: pl.DataFrame) -> str:
    possible = dates.orders(frame)
    if len(possible) == 1:
        return possible[0]
    place = frame["a"].is_not_null().arg_max() or 0
    if possible:
        what = _("day and month cannot be told apart: ‘{text}’", text=sheet.cells[header][place])
        raise UserError(
            what, where=sheet.at(place, header), cure=_("Write the dates as 2026-07-01 and give the file again.")
        )
    first, second = ((frame[name] > 12).fill_null(value=False).arg_max() or 0 for name in "ab")  # months
    raise _styles_error(sheet, header, [first, second])


def _several_styles(sheet: Sheet, header: str, frame: pl.DataFrame, styles: list[str]) -> UserError:
    return _styles_error(
        sheet, header, sorted((frame["style"] == style).fill_null(value=False).arg_max() or 0 for style in styles)
    )


def _styles_error(sheet: Sheet, header: str, places: Sequence[int]) -> UserError:
    said = ", ".join(
        _("row {row} ‘{text}’", row=sheet.rows[place], text=sheet.cells[header][place]) for place in places
    )
    return UserError(
        _("dates are written in {count} styles: {said}", count=len(places), said=said),
        where=f"{sheet.where} ‘{header}’",
        cure=_("Write all of them as 2026-07-01 and give the file again."),
    )


def _year(sheet: Sheet, header: str) -> int:
    """The year the titles name, else the sheet's name, else the file's. Raises UserError where none does."""
    for said in (" ".join(sheet.titles), sheet.sheet, Path(sheet.file).stem):
        years = re.findall(r"(?<!\d)((?:19|20)\d\d)(?:(?:0[1-9]|1[0-2])(?:[0-3]\d)?)?(?!\d)", said)
        if years:
            return int(years[0])
    raise UserError(
        _("the dates have no year (‘{text}’)", text=sheet.cells[header].drop_nulls()[0]),
        where=f"{sheet.where} ‘{header}’",
        cure=_("Write the year into the dates or into a title above the table."),
    )


def _no_time(sheet: Sheet, header: str, place: int, count: int = 1) -> UserError:
    text = str(texts(sheet, header)[place])[:60]
    cure = _("Write it as 2026-07-01 13:00 and give the file again.")
    return UserError(
        _("‘{text}’ is not a date or time", text=text), where=sheet.at(place, header), cure=also(count) + cure
    )


def _clock(sheet: Sheet, header: str) -> pl.Series:
    """Time of day as a duration: hours 0..24, ``13:00``, ``오후 1시``, ``12~13시`` (its end)."""
    header = named(sheet, header)
    raw = sheet.cells[header]
    if raw.dtype == pl.Datetime:
        return pl.select(pl.lit(raw) - pl.lit(raw).dt.truncate("1d")).to_series()
    if raw.dtype.is_numeric():
        seconds = raw.cast(pl.Float64) * 3600
    else:
        text = _plain(texts(sheet, header))
        half = text.str.extract(r"(?i)(오후|pm)", 1).is_not_null()
        noon = text.str.extract(r"(?i)(오전|오후|am|pm)", 1).is_not_null()
        parts = text.str.extract_groups(
            r"^(?:.*[~∼-])?\D*?(?P<h>\d{1,2})(?:\s*[:시]\s*(?P<m>\d{1,2}))?(?::(?P<s>\d{1,2}))?\D*$"
        ).struct.unnest()
        hour = parts["h"].cast(pl.Float64)
        hour = (
            pl.select(pl.when(pl.lit(noon) & (pl.lit(hour) == 12)).then(0.0).otherwise(pl.lit(hour))).to_series()
            + half.cast(pl.Float64) * 12
        )  # noon
        seconds = hour * 3600 + parts["m"].cast(pl.Float64).fill_null(0) * 60 + parts["s"].cast(pl.Float64).fill_null(0)
    bad = (
        (seconds.is_null() & raw.is_not_null())
        | (seconds > 86400).fill_null(value=False)
        | (seconds < 0).fill_null(value=False)
    )
    if bad.any():
        raise _no_time(sheet, header, bad.arg_max() or 0, int(bad.sum()))
    return (seconds.cast(pl.Int64) * 1_000_000).cast(pl.Duration("us"))


def hours(sheet: Sheet, header: str) -> pl.Series:
    """A column of durations written ``7:30`` or ``7시간 30분`` as hours; numbers stay as they are.

    Raises UserError as `numbers` does.
    """
    header = named(sheet, header)
    raw = sheet.cells[header]
    if raw.dtype != pl.String:
        return numbers(sheet, header)
    parts = (
        _plain(raw)
        .str.extract_groups(r"^(?P<h>\d+)(?::|\s*시간)\s*(?P<m>\d{1,2})?(?::(?P<s>\d{2}))?(?:분)?$")
        .struct.unnest()
    )
    if parts["h"].null_count() > raw.null_count():
        return numbers(sheet, header)
    return (
        parts["h"].cast(pl.Float64)
        + parts["m"].cast(pl.Float64).fill_null(0) / 60
        + parts["s"].cast(pl.Float64).fill_null(0) / 3600
    )


def is_hours(sheet: Sheet, header: str) -> bool:
    """Whether a column holds durations written ``7:30`` or ``7시간 30분``."""
    header = named(sheet, header)
    raw = sheet.cells[header]
    written = _plain(raw).drop_nulls() if raw.dtype == pl.String else raw.clear()
    return written.len() > 0 and bool(written.str.contains(r"^\d+(:\d{2}(:\d{2})?|\s*시간(\s*\d{1,2}분)?)$").all())
