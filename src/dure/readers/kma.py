"""Short-term forecasts (단기예보) of the Korea Meteorological Administration: what was foretold, when, for when.

Three layouts become one frame: the archive of the open data portal (data.kma.go.kr: issued in UTC, one line a month break,
one value or several a row), tables with a column for each variable, and items as the service answers them (one value a
row, which is also what `dure data watch kma` keeps). Codes, ranges and missing values are read as the service's guide says
them (기상청 단기예보 조회서비스 2.0 활용가이드, with the five-day forecast of 28 November 2024).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from dure import tables
from dure.errors import UserError, nearest
from dure.i18n.texts import _
from dure.mapping import Column
from dure.tables import conversion, spelled, unit_of

KST = timedelta(hours=9)  # ahead of UTC; Korea has no summer time

FORECAST = (
    Column("grid", "category", names=("격자", "grid"), required=False, key=True, title=("격자", "grid")),
    Column("issued", "time", names=("발표시각", "발표일시", "발표시간", "tmFc", "base time", "issued"), key=True,
           title=("발표시각", "issued")),
    Column("valid", "time", names=("예보시각", "예보일시", "예보시간", "예측일시", "tmEf", "fcst time", "forecast time", "valid"),
           key=True, title=("예보시각", "valid")),
    Column("lead", "number", "h", 0, 240, ("선행시간", "예보선행시간", "리드타임", "forecast", "lead time", "lead"),
           required=False, title=("선행시간", "lead time")),
    Column("temperature", "number", "°C", -50, 50, ("TMP", "1시간기온", "기온", "T3H", "3시간기온", "temperature"),
           required=False, title=("기온", "temperature")),
    Column("minimum_temperature", "number", "°C", -50, 50, ("TMN", "일최저기온", "아침최저기온", "최저기온"), required=False,
           title=("일 최저기온", "minimum temperature")),
    Column("maximum_temperature", "number", "°C", -50, 50, ("TMX", "일최고기온", "낮최고기온", "최고기온"), required=False,
           title=("일 최고기온", "maximum temperature")),
    Column("wind_u", "number", "m/s", -100, 100, ("UUU", "동서바람성분", "풍속동서성분", "동서성분"), required=False,
           title=("동서바람성분", "wind towards east")),
    Column("wind_v", "number", "m/s", -100, 100, ("VVV", "남북바람성분", "풍속남북성분", "남북성분"), required=False,
           title=("남북바람성분", "wind towards north")),
    Column("wind_speed", "number", "m/s", 0, 100, ("WSD", "풍속", "wind speed"), required=False, title=("풍속",
           "wind speed")),
    Column("wind_speed_low", "number", "m/s", 0, 100, ("풍속 하한",), required=False, title=("풍속 하한", "wind speed, at least")),
    Column("wind_speed_high", "number", "m/s", 0, 100, ("풍속 상한",), required=False, title=("풍속 상한", "wind speed, below")),
    Column("wind_direction", "number", "°", 0, 360, ("VEC", "풍향", "wind direction"), required=False, title=("풍향",
           "wind direction")),
    Column("sky", "number", "", 1, 4, ("SKY", "하늘상태", "sky"), required=False, title=("하늘상태", "sky")),
    Column("precipitation_type", "number", "", 0, 7, ("PTY", "강수형태"), required=False, title=("강수형태",
           "kind of precipitation")),
    Column("precipitation_probability", "number", "%", 0, 100, ("POP", "강수확률"), required=False, title=("강수확률",
           "probability of precipitation")),
    Column("rain", "number", "mm", 0, 500, ("PCP", "1시간강수량", "강수량", "rain"), required=False, title=("1시간 강수량",
           "rain")),
    Column("rain_low", "number", "mm", 0, 500, ("1시간 강수량 하한",), required=False, title=("1시간 강수량 하한", "rain, at least")),
    Column("rain_high", "number", "mm", 0, 500, ("1시간 강수량 상한",), required=False, title=("1시간 강수량 상한", "rain, below")),
    Column("snow", "number", "cm", 0, 200, ("SNO", "1시간신적설", "1시간적설", "신적설", "snow"), required=False,
           title=("1시간 신적설", "new snow")),
    Column("snow_low", "number", "cm", 0, 200, ("1시간 신적설 하한",), required=False, title=("1시간 신적설 하한", "new snow, at least")),
    Column("snow_high", "number", "cm", 0, 200, ("1시간 신적설 상한",), required=False, title=("1시간 신적설 상한", "new snow, below")),
    Column("humidity", "number", "%", 0, 100, ("REH", "습도", "humidity"), required=False, title=("습도", "humidity")),
    Column("wave_height", "number", "m", 0, 30, ("WAV", "파고"), required=False, title=("파고", "wave height")),
)  # fmt: skip
"""One row a grid cell, issue and hour foretold. Moments are Korean time; rain and snow fall in the hour that ends there."""

_WHEN = ("grid", "issued", "valid", "lead")
_RANGED = ("wind_speed", "rain", "snow")
_BOUNDS = {
    column.name: column
    for column in FORECAST
    if column.name not in _WHEN and not column.name.endswith(("_low", "_high"))
}
_NAMES = {spelled(name): column.name for column in _BOUNDS.values() for name in (*column.names, column.name)}
_SCHEMA = pl.Schema({
    "grid": pl.String(), "issued": pl.Datetime("us"), "valid": pl.Datetime("us"),
    **{column.name: pl.Float64() for column in FORECAST if column.name not in ("grid", "issued", "valid")},
})  # fmt: skip
_ITEM = pl.Schema({
    "grid": pl.String(), "issued": pl.Datetime("us"), "valid": pl.Datetime("us"), "name": pl.String(), "text": pl.String(),
    "file": pl.String(), "row": pl.Int64(),
})  # fmt: skip


def forecast(paths: Path | Sequence[Path], *, variable: str = "") -> pl.DataFrame:
    """Forecasts of one file, of several that belong together, or of a folder that `dure data watch kma` keeps.

    Parameters
    ----------
    paths
        Files of the portal hold one variable each: give those of a place together.
    variable
        What the column `value` of the portal's files is (``WSD``, ``풍속``), where their names do not say it.

    Returns
    -------
    The columns of `FORECAST`, always all of them, sorted by grid, issued, valid. `issued` and `valid` are Korean time
    without a zone, `lead` the hours between. A range such as ``30.0~50.0mm`` is in `rain_low` and `rain_high`, its middle in
    `rain`; of ``50.0mm 이상`` there is no upper end, and `rain` is the lower one. Where only a word is foretold (the last
    day: weak, rather strong, strong wind) the value is empty and the range says what the word means.

    Raises UserError with file, row and column for what cannot be read.
    """
    items = [each for path in files(paths) for each in _items(path, variable)]
    return pivoted(pl.concat(items) if items else pl.DataFrame(schema=_ITEM))


def files(paths: Path | Sequence[Path]) -> list[Path]:
    """The files meant; of a folder those in it, without the archive's index. Raises UserError where there is none."""
    found: list[Path] = []
    for path in [paths] if isinstance(paths, Path) else paths:
        inside = (
            each for each in sorted(path.rglob("*")) if each.suffix.lower() in (".parquet", ".csv", ".txt", ".xlsx")
        )
        here = [each for each in inside if each.name != "index.csv" and not each.name.startswith(".")]
        if path.is_dir() and not here:
            raise UserError(_("no forecast is kept here"), where=str(path), cure=_("Keep some: dure data watch kma."))
        found += here if path.is_dir() else [path]
    return found


def _items(path: Path, variable: str) -> Iterator[pl.DataFrame]:
    """Values of one file, one a row: the columns of _ITEM."""
    if not path.is_file():
        raise UserError(_("there is no such file"), where=str(path))
    with path.open("rb") as file:
        start = file.read(400)
    if b"format" in start.replace(b"\0", b"") and not start.startswith((b"PK", b"PAR1")):
        text = path.read_bytes().decode(tables.encoding_of(path), errors="replace")
        if re.match(r"[\s\ufeff\"]*format\s*:", text, re.IGNORECASE):
            yield _portal(path, text, variable)
            return
    sheet = tables.read(path)
    yield _long(sheet) if {spelled(header) for header in sheet.headers} >= _SAID else _wide(sheet)


# ---- the portal's archive ---------------------------------------------------------------------------------------------

_HEAD = re.compile(r"format\s*:(?P<names>.*?)location\s*:\s*(?P<nx>\d+)\s*_\s*(?P<ny>\d+)", re.IGNORECASE)
_START = r"(?i)start\s*:\s*((?:19|20)\d\d(?:0[1-9]|1[0-2]))"
_DAY, _CLOCK, _LEAD = r"^(\d{1,2})$", r"^(\d{1,2}?)(?:00)?$", r"^\+?(\d{1,3})$"


def _portal(path: Path, text: str, variable: str) -> pl.DataFrame:
    """`` format: day,hour,forecast,value location:60_74 Start : 20210101``, then ``1,0200,+6,1.0``; day and hour in UTC."""
    first, _end, rest = text.partition("\n")
    head, start = _HEAD.search(first), re.search(_START, first)
    if head is None or start is None:
        raise UserError(
            _("the first line does not name place and month"),
            where=_row(path, 1),
            cure=_("It is written as: format: day,hour,forecast,value location:60_74 Start : 20210101"),
        )
    columns = [name.strip() for name in head["names"].split(",") if name.strip()]
    if [spelled(name) for name in columns[:3]] != ["day", "hour", "forecast"] or len(columns) < 4:
        what = _("these columns are no forecast: {names}", names=", ".join(columns))
        raise UserError(what, where=_row(path, 1), cure=_("Forecasts have day, hour, forecast and what is foretold."))
    names = _foretold(path, columns[3:], variable)
    rows = _rows(rest, start[1])
    issued = pl.col("month") + pl.duration(days=pl.col("day") - 1, hours=pl.col("hour")) + KST
    told = rows.with_columns(issued=issued, valid=issued + pl.duration(hours="lead"))
    within = (pl.col("month") + pl.duration(days=pl.col("day") - 1)).dt.month() == pl.col("month").dt.month()
    good = within & (pl.col("day") >= 1) & (pl.col("hour") <= 24) & pl.col("valid").is_not_null() & ~pl.col("back")
    bad = told.select(~(good & (pl.col("cells").list.len() == len(columns))).fill_null(value=False)).to_series()
    if bad.any():
        raise _wrong(path, told.row(bad.arg_max() or 0, named=True), len(columns))
    told = told.with_columns(grid=pl.lit(f"{int(head['nx'])}_{int(head['ny'])}"), file=pl.lit(path.name))
    values = (
        told.with_columns(name=pl.lit(name), text=pl.col("cells").list.get(3 + at)) for at, name in enumerate(names)
    )
    return pl.concat([each.filter(pl.col("text") != "").select(list(_ITEM)) for each in values]).cast(_ITEM)


def _rows(text: str, month: str) -> pl.DataFrame:
    """Rows below the first line: row, cells, month (its first moment), day, hour, lead, back (the day before is later).

    What cannot be read is null. A line ``Start : 202102..`` begins another month.
    """
    lines = pl.DataFrame({"line": text.split("\n")}).select(
        pl.int_range(2, pl.len() + 2, dtype=pl.Int64).alias("row"), pl.col("line").str.strip_chars(' \t\r",')
    )
    start = pl.col("line").str.extract(_START)
    begun = lines.with_columns(start=start, block=start.is_not_null().cum_sum()).with_columns(
        month=(pl.col("start").forward_fill().fill_null(month) + "01").str.to_datetime("%Y%m%d", time_unit="us")
    )
    rows = begun.filter(pl.col("start").is_null() & (pl.col("line") != "")).select(
        "row", "block", "month", cells=pl.col("line").str.split(",").list.eval(pl.element().str.strip_chars())
    )
    parts = zip(("day", "hour", "lead"), (_DAY, _CLOCK, _LEAD), strict=True)
    rows = rows.with_columns(
        pl.col("cells").list.get(at, null_on_oob=True).str.extract(pattern).cast(pl.Int64).alias(name)
        for at, (name, pattern) in enumerate(parts)
    )
    return rows.with_columns(back=(pl.col("day").diff().over("block") < 0).fill_null(value=False))


def _wrong(path: Path, row: dict[str, Any], width: int) -> UserError:
    """What is wrong with one row of `_rows`."""
    cells, month, number = [*row["cells"], "", "", ""], row["month"], row["row"]
    cure = _("Get the file again from the portal.")
    day, hour, lead = row["day"], row["hour"], row["lead"]
    if day is None or day < 1 or (month + timedelta(days=day - 1)).month != month.month:
        what = _("‘{text}’ is no day of {month}", text=cells[0][:30], month=f"{month:%Y-%m}")
        return UserError(what, where=_row(path, number, "day"), cure=cure)
    if row["back"]:
        what = _("day {day} stands after a later one, and no line ‘Start : ...’ begins a month", day=day)
        return UserError(what, where=_row(path, number, "day"), cure=cure)
    if hour is None or hour > 24:  # hours of a day; the last is the next one's first
        return UserError(_("‘{text}’ is no hour", text=cells[1][:30]), where=_row(path, number, "hour"), cure=cure)
    if lead is None:
        what = _("‘{text}’ is no number of hours", text=cells[2][:30])
        return UserError(what, where=_row(path, number, "forecast"), cure=cure)
    what = _("{found} values stand here, {wanted} belong here", found=len(row["cells"]), wanted=width)
    return UserError(what, where=_row(path, number), cure=cure)


def _foretold(path: Path, columns: list[str], variable: str) -> list[str]:
    """Our names of the portal's columns: ``value`` is what the file's name says, or `variable`."""
    parts = unicodedata.normalize("NFC", path.stem).split("_")
    said = [variable] if variable else parts
    found = [next((_NAMES[spelled(each)] for each in said if spelled(each) in _NAMES), "")]
    is_one = [spelled(name) for name in columns] == ["value"]
    names = found if is_one else [_NAMES.get(spelled(name), "") for name in columns]
    if "" not in names and len(set(names)) == len(names):
        return names
    unknown = variable or next((column for column, name in zip(columns, names, strict=True) if not name), columns[0])
    close = nearest(unknown, tuple(name for column in _BOUNDS.values() for name in column.names))
    cure = _("Did you mean {name}?", name=close) if close else _(
        "Leave the file the name the portal gave it, such as 한림읍_풍속_202101_202112.csv."
    )  # fmt: skip
    raise UserError(_("what is foretold here? ‘{name}’ is none of the forecast's variables", name=unknown),
                    where=_row(path, 1), cure=cure)  # fmt: skip


def _row(path: Path, number: int, column: str = "") -> str:
    where = f"‘{path.name}’"
    return _("{where} row {row} ‘{column}’", where=where, row=number, column=column) if column else _(
        "{where} row {row}", where=where, row=number
    )  # fmt: skip


# ---- tables -----------------------------------------------------------------------------------------------------------

ITEM = ("baseDate", "baseTime", "category", "fcstDate", "fcstTime", "fcstValue", "nx", "ny")
"""Fields of one value as the service answers it; all but the last three are text."""
_SAID = {spelled(name) for name in ITEM[:6]}


def _long(sheet: tables.Sheet) -> pl.DataFrame:
    """Items as the service answers them, one value a row; moments are Korean time. Codes unknown here are passed over."""
    headers = {spelled(header): header for header in sheet.headers}
    text = {name: tables.texts(sheet, headers[spelled(name)]) for name in ITEM if spelled(name) in headers}
    frame = pl.DataFrame(text).with_columns(row=pl.Series(list(sheet.rows)))
    for name in ("nx", "ny"):
        frame = frame if name in text else frame.with_columns(pl.lit(None, dtype=pl.String).alias(name))
    frame = frame.filter(pl.col("fcstValue").is_not_null()).with_columns(
        *(
            _stamp(pl.col(f"{kind}Date"), pl.col(f"{kind}Time").str.pad_start(4, "0")).alias(as_)
            for kind, as_ in (("base", "issued"), ("fcst", "valid"))
        )
    )
    for as_, kind in (("issued", "base"), ("valid", "fcst")):
        if frame[as_].null_count():
            at = frame[as_].is_null().arg_max() or 0
            said = f"{frame[f'{kind}Date'][at]} {frame[f'{kind}Time'][at]}"
            raise UserError(
                _("‘{text}’ is not a date or time", text=said),
                where=_("{where} row {row} ‘{column}’", where=sheet.where, row=frame["row"][at], column=f"{kind}Date"),
                cure=_("Write it as 20260701 and 0500."),
            )
    return frame.select(
        grid=pl.concat_str("nx", "ny", separator="_"), issued="issued", valid="valid",
        name=pl.col("category").str.to_lowercase().replace_strict(_NAMES, default=None, return_dtype=pl.String),
        text="fcstValue", file=pl.lit(Path(sheet.file).name), row=pl.col("row").cast(pl.Int64),
    ).drop_nulls("name")  # fmt: skip


def _stamp(day: pl.Expr, clock: pl.Expr) -> pl.Expr:
    """20260701 and 0500 (to 2400) as a moment; null where there is none."""
    hour, minute = clock.str.slice(0, 2).cast(pl.Int64, strict=False), clock.str.slice(2).cast(pl.Int64, strict=False)
    inside = (clock.str.len_chars() == 4) & (minute < 60) & ((hour < 24) | ((hour == 24) & (minute == 0)))
    start = day.str.replace_all("-", "").str.to_date("%Y%m%d", strict=False).cast(pl.Datetime("us"))
    return pl.when(inside).then(start + pl.duration(hours=hour, minutes=minute))


def _wide(sheet: tables.Sheet) -> pl.DataFrame:
    """A column for each variable. Korean time, but for a header that says UTC."""
    plain = {header: next((each for each in _spellings(header) if each in _NAMES), "") for header in sheet.headers}
    names = {header: _NAMES[each] for header, each in plain.items() if each}
    if not names:
        known = ", ".join(column.names[0] for column in _BOUNDS.values() if column.names)
        raise UserError(
            _("no column is a forecast's variable"), where=sheet.where, cure=_("Variables: {names}.", names=known)
        )
    if len(set(names.values())) < len(names):
        twice = [header for header in names if list(names.values()).count(names[header]) > 1]
        what = _("these columns say the same: {names}", names=", ".join(twice))
        raise UserError(what, where=sheet.where, cure=_("Keep one of them."))
    issued, valid = _moment(sheet, "issued"), _moment(sheet, "valid")
    lead = next((header for header in sheet.headers if _means(header, _called("lead"))), "")
    if issued is None or (valid is None and not lead):
        raise UserError(
            _("the table does not say when a forecast was issued and for when"),
            where=sheet.where,
            cure=_("It needs a column 발표시각 and a column 예보시각, or the hours between them in 선행시간."),
        )
    if valid is None:
        hours = tables.numbers(sheet, lead)
        minutes = (pl.lit(hours) * 60).round().cast(pl.Int64)
        valid = pl.select((pl.lit(issued) + pl.duration(minutes=minutes)).alias(lead)).to_series()
    for series in (issued, valid):
        if series.null_count():
            raise UserError(
                _("the cell is empty"),
                where=sheet.at(series.is_null().arg_max() or 0, series.name),
                cure=_("Fill it in, or delete the row, then give the file again."),
            )
    grids = [tables.texts(sheet, header) for header in sheet.headers if _means(header, _called("grid"))]
    base = pl.DataFrame(
        {"issued": issued, "valid": valid, "row": pl.Series(list(sheet.rows), dtype=pl.Int64)}
    ).with_columns(grid=grids[0] if grids else pl.lit(None, dtype=pl.String), file=pl.lit(Path(sheet.file).name))
    parts = [base.with_columns(name=pl.lit(name), text=_told(sheet, header, name)) for header, name in names.items()]
    return pl.concat(parts).drop_nulls("text").select(list(_ITEM)).cast(_ITEM)


def _spellings(header: str) -> tuple[str, str]:
    """A header with its group, and without."""
    return spelled(header), spelled(header.rsplit(" / ", maxsplit=1)[-1])


def _told(sheet: tables.Sheet, header: str, name: str) -> pl.Series:
    """The cells of a variable as text, numbers in another unit converted. Raises UserError where it measures something else."""
    unit, wanted = sheet.units.get(header, ""), _BOUNDS[name].unit
    if not unit or not wanted or unit_of(unit) == unit_of(wanted):
        return tables.texts(sheet, header)
    try:
        factor, offset = conversion(unit, wanted)
    except ValueError:
        what = _("‘{header}’ is in {unit}; {wanted} belongs here", header=header, unit=unit, wanted=wanted)
        raise UserError(
            what, where=sheet.where, cure=_("Correct the unit in the header, then give the file again.")
        ) from None
    return (tables.numbers(sheet, header) * factor + offset).cast(pl.String)


def _called(name: str) -> tuple[str, ...]:
    return next((*column.names, name) for column in FORECAST if column.name == name)


def _means(header: str, names: Sequence[str]) -> bool:
    plain = {re.sub(r"utc|kst", "", each) for each in _spellings(header)}
    return bool(plain & {spelled(name) for name in names})


_DAYS = {"issued": ("발표일", "발표일자", "base date"), "valid": ("예보일", "예보일자", "예측일", "fcst date")}


def _moment(sheet: tables.Sheet, name: str) -> pl.Series | None:
    """The moments of a column, or of a day and an hour in two, as Korean time, named by its header; None where there is none."""
    found = [header for header in sheet.headers if _means(header, _called(name))]
    days = [header for header in sheet.headers if _means(header, _DAYS[name])]
    if days:
        moments = tables.times(sheet, days[0], clock=found[0] if found else None, midnight=False)
    elif found:
        moments = tables.times(sheet, found[0], midnight=False)
    else:
        return None
    utc = any("utc" in header.lower() for header in (*days, *found))
    return pl.select((pl.lit(moments) + KST).alias(moments.name)).to_series() if utc else moments


# ---- values -----------------------------------------------------------------------------------------------------------


class Amount(NamedTuple):
    """What a text foretells: at least `low`, below `high` (None: no end), and one number for it (None: only the range)."""

    low: float
    value: float | None
    high: float | None


_WORDS = {
    "rain": {1: Amount(0.0, None, 3.0), 2: Amount(3.0, None, 15.0), 3: Amount(15.0, None, None)},
    "snow": {1: Amount(0.0, None, 1.0), 2: Amount(1.0, None, None)},
    "wind_speed": {1: Amount(0.0, None, 4.0), 2: Amount(4.0, None, 9.0), 3: Amount(9.0, None, None)},
}  # the guide's table for the last day: 약한·보통·강한 비, 보통·많은 눈, 약한·약간 강한·강한 바람
MISSING = 900.0  # the guide: +900 and more, -900 and less
_SMALLEST = 0.1  # mm or cm: what the guide calls the least amount foretold
_NUMBER = r"(\d+(?:\.\d*)?|\.\d+)"
_UNDER = re.compile(rf"{_NUMBER}(?:mm|cm)?미만")
_FROM = re.compile(rf"{_NUMBER}(?:mm|cm)?이상")
_BETWEEN = re.compile(rf"{_NUMBER}(?:mm|cm)?[~∼-]{_NUMBER}(?:mm|cm)?(?:미만)?")
_EXACT = re.compile(rf"[-+]?{_NUMBER}(?:e[-+]?\d+)?")
_NONE = ("강수없음", "적설없음", "없음", "-", "null", "none")


def amount(name: str, text: str, *, in_words: bool = False) -> Amount | None:
    """What `text` foretells of the variable `name`; None where it is missing (empty; 900 and more, -900 and less).

    Parameters
    ----------
    name
        A column of `FORECAST`.
    in_words
        Whether the hour is one of the last day, for which rain, snow and wind speed are given as words' numbers.

    Raises ValueError where the text says nothing of it.
    """
    plain = re.sub(r"\s+", "", unicodedata.normalize("NFKC", text)).lower()
    if name in ("rain", "snow") and (found := _fall(plain)):
        return found
    number = plain.removesuffix({"rain": "mm", "snow": "cm"}.get(name, "\0"))
    if plain in ("", "null", "none"):
        return None
    if not _EXACT.fullmatch(number):
        raise ValueError(text)
    value = float(number)
    if abs(value) >= MISSING:
        return None
    word = _WORDS.get(name, {}).get(int(value)) if in_words and value.is_integer() else None
    return word or Amount(value, value, value)


def _fall(plain: str) -> Amount | None:
    """The ranges rain and snow are given in; None where the text is none. Raises ValueError where its ends are turned round."""
    if plain in _NONE:
        return Amount(0.0, 0.0, 0.0)
    if found := _FROM.fullmatch(plain):
        return Amount(float(found[1]), float(found[1]), None)
    if found := _UNDER.fullmatch(plain):
        low, high = min(_SMALLEST, float(found[1])), float(found[1])
    elif found := _BETWEEN.fullmatch(plain):
        low, high = float(found[1]), float(found[2])
    else:
        return None
    if low > high:
        raise ValueError(plain)
    return Amount(low, (low + high) / 2, high)


FIVE_DAYS = datetime(2024, 11, 28, 14)  # noqa: DTZ001 - Korean time of the first issue with a fifth day


def in_words(issued: pl.Expr, valid: pl.Expr) -> pl.Expr:
    """Whether an hour belongs to an issue's last day: the third after 02 to 14 o'clock, the fourth after 17 to 23."""
    last = pl.when(issued.dt.hour() < 17).then(3).otherwise(4)  # days ahead
    return (issued >= FIVE_DAYS) & ((valid.dt.date() - issued.dt.date()).dt.total_days() >= last)


def pivoted(items: pl.DataFrame) -> pl.DataFrame:
    """One row a grid cell, issue and hour from values one a row (grid, issued, valid, name, text, file, row).

    Raises UserError naming file, row and column of a value that cannot be read, lies outside its range or contradicts
    another.
    """
    told = items.with_columns(in_words=in_words(pl.col("issued"), pl.col("valid")))
    texts = told.select("name", "text", "in_words").unique(maintain_order=True)
    read = [_read(name, text, in_words=word) for name, text, word in texts.iter_rows()]
    schema = {"low": pl.Float64, "value": pl.Float64, "high": pl.Float64, "fault": pl.String}
    known = texts.hstack(pl.DataFrame(read, schema=schema, orient="row"))
    values = told.join(known, on=["name", "text", "in_words"], how="left", maintain_order="left")
    if values["fault"].null_count() < values.height:
        _refuse(values.filter(pl.col("fault").is_not_null()))
    values = values.filter(pl.col("low").is_not_null())
    keys = ["grid", "issued", "valid", "name"]
    values = values.unique([*keys, "low", "value", "high"], keep="first", maintain_order=True)
    if (twice := values.select(pl.struct(keys).is_duplicated()).to_series()).any():
        _contradicts(values.filter(twice), keys)
    return _framed(values)


def _read(name: str, text: str, *, in_words: bool) -> tuple[float | None, float | None, float | None, str | None]:
    """Amount and fault of one text."""
    try:
        found = amount(name, text, in_words=in_words)
    except ValueError:
        return None, None, None, _("‘{text}’ is no {name}", text=text[:40], name=_BOUNDS[name].label)
    if found is None:
        return None, None, None, None
    low, high = _BOUNDS[name].low, _BOUNDS[name].high
    if low is not None and high is not None and not low <= found.low <= (found.high or found.low) <= high:
        said = {"text": text[:40], "low": f"{low:g}", "high": f"{high:g}", "unit": _BOUNDS[name].unit}
        return None, None, None, _("‘{text}’ is outside {low} to {high} {unit}", **said).strip()
    return *found, None


def _refuse(bad: pl.DataFrame) -> None:
    """Raise UserError for the first of these rows."""
    first = bad.row(0, named=True)
    cure = _("Check the value and its unit; leave the cell empty where nothing was foretold, then give the file again.")
    raise UserError(first["fault"], where=_place(first), cure=tables.also_in(bad.height) + cure)


def _contradicts(twice: pl.DataFrame, keys: list[str]) -> None:
    """Raise UserError for the first value that stands there twice, differently."""
    one = twice.row(0, named=True)
    same = twice.filter(pl.all_horizontal(pl.col(key).eq_missing(one[key]) for key in keys))
    other = same.row(1, named=True)
    what = _("‘{a}’ here and ‘{b}’ in {other} are foretold for the same hour in one issue ({issued} → {valid})",
             a=one["text"], b=other["text"], other=_place(other), issued=one["issued"], valid=one["valid"])  # fmt: skip
    raise UserError(what, where=_place(one), cure=_("Keep one of the rows, then give the file again."))


def _place(row: dict[str, object]) -> str:
    label = _BOUNDS[str(row["name"])].label
    return _("{where} row {row} ‘{column}’", where=f"‘{row['file']}’", row=row["row"], column=label)


def _framed(values: pl.DataFrame) -> pl.DataFrame:
    keys = ["grid", "issued", "valid"]
    frame = values.pivot("name", index=keys, values="value", aggregate_function="first")
    for end in ("low", "high"):
        ranged = values.filter(pl.col("name").is_in(_RANGED)).with_columns(name=pl.col("name") + f"_{end}")
        more = ranged.pivot("name", index=keys, values=end, aggregate_function="first")
        frame = frame.join(more, on=keys, how="left", nulls_equal=True)
    frame = frame.with_columns(lead=(pl.col("valid") - pl.col("issued")).dt.total_minutes() / 60)
    lacking = [pl.lit(None, dtype=pl.Float64).alias(name) for name in _SCHEMA if name not in frame.columns]
    return frame.with_columns(lacking).select(list(_SCHEMA)).cast(_SCHEMA).sort(keys)
