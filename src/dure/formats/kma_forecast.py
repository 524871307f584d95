"""Short-term forecasts (단기예보) of the Korea Meteorological Administration: what was foretold, when, for when.

Three layouts become one frame: the archive of the open data portal (data.kma.go.kr: issued in UTC, one line a month break,
one value or several a row), tables with a column for each variable, and items as the service answers them (one value a
row, which is also what `dure data watch kma` keeps). Codes, ranges and missing values are read as the service's guide says
them (기상청 단기예보 조회서비스 2.0 활용가이드, with the five-day forecast of 28 November 2024).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import polars as pl

from dure import tables
from dure.errors import UserError
from dure.formats.kma_amount import amount_or_error, in_words
from dure.formats.kma_columns import BOUNDS, ITEM_SCHEMA, RANGED, SCHEMA
from dure.formats.kma_portal import items_of_portal
from dure.formats.kma_table import ITEM_NAMES, items_of_long, items_of_wide
from dure.i18n.texts import _
from dure.tables import spelled


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
    items = [frame for path in files(paths) for frame in _items(path, variable)]
    return pivoted(pl.concat(items) if items else pl.DataFrame(schema=ITEM_SCHEMA))


def files(paths: Path | Sequence[Path]) -> list[Path]:
    """The files meant; of a folder those in it, without the archive's index. Raises UserError where there is none."""
    chosen: list[Path] = []
    for path in [paths] if isinstance(paths, Path) else paths:
        inside = (
            file for file in sorted(path.rglob("*")) if file.suffix.lower() in (".parquet", ".csv", ".txt", ".xlsx")
        )
        members = [file for file in inside if file.name != "index.csv" and not file.name.startswith(".")]
        if path.is_dir() and not members:
            raise UserError(_("no forecast is kept here"), where=str(path), cure=_("Keep some: dure data watch kma."))
        chosen += members if path.is_dir() else [path]
    return chosen


def _items(path: Path, variable: str) -> Iterator[pl.DataFrame]:
    """Values of one file, one a row: the columns of _ITEM."""
    if not path.is_file():
        raise UserError(_("there is no such file"), where=str(path))
    with path.open("rb") as file:
        start = file.read(400)
    if b"format" in start.replace(b"\0", b"") and not start.startswith((b"PK", b"PAR1")):
        text = path.read_bytes().decode(tables.encoding_of(path), errors="replace")
        if re.match(r"[\s\ufeff\"]*format\s*:", text, re.IGNORECASE):
            yield items_of_portal(path, text, variable)
            return
    sheet = tables.read(path)
    yield items_of_long(sheet) if {spelled(header) for header in sheet.headers} >= ITEM_NAMES else items_of_wide(sheet)


def pivoted(items: pl.DataFrame) -> pl.DataFrame:
    """One row a grid cell, issue and hour from values one a row (grid, issued, valid, name, text, file, row).

    Raises UserError naming file, row and column of a value that cannot be read, lies outside its range or contradicts
    another.
    """
    marked = items.with_columns(in_words=in_words(pl.col("issued"), pl.col("valid")))
    texts = marked.select("name", "text", "in_words").unique(maintain_order=True)
    read = [amount_or_error(name, text, in_words=word) for name, text, word in texts.iter_rows()]
    schema = {"low": pl.Float64, "value": pl.Float64, "high": pl.Float64, "fault": pl.String}
    known = texts.hstack(pl.DataFrame(read, schema=schema, orient="row"))
    values = marked.join(known, on=["name", "text", "in_words"], how="left", maintain_order="left")
    if values["fault"].null_count() < values.height:
        _refuse(values.filter(pl.col("fault").is_not_null()))
    values = values.filter(pl.col("low").is_not_null())
    keys = ["grid", "issued", "valid", "name"]
    values = values.unique([*keys, "low", "value", "high"], keep="first", maintain_order=True)
    if (twice := values.select(pl.struct(keys).is_duplicated()).to_series()).any():
        _refuse_contradiction(values.filter(twice), keys)
    return _framed(values)


def _refuse(bad: pl.DataFrame) -> None:
    """Raise UserError for the first of these rows."""
    first = bad.row(0, named=True)
    cure = _("Check the value and its unit; leave the cell empty where nothing was foretold, then give the file again.")
    raise UserError(first["fault"], where=_place(first), cure=tables.also_in(bad.height) + cure)


def _refuse_contradiction(twice: pl.DataFrame, keys: list[str]) -> None:
    """Raise UserError for the first value that stands there twice, differently."""
    first = twice.row(0, named=True)
    same = twice.filter(pl.all_horizontal(pl.col(key).eq_missing(first[key]) for key in keys))
    second = same.row(1, named=True)
    message = _("‘{a}’ here and ‘{b}’ in {other} are foretold for the same hour in one issue ({issued} → {valid})",
                a=first["text"], b=second["text"], other=_place(second), issued=first["issued"], valid=first["valid"])  # fmt: skip
    raise UserError(message, where=_place(first), cure=_("Keep one of the rows, then give the file again."))


def _place(row: dict[str, object]) -> str:
    label = BOUNDS[str(row["name"])].label
    return _("{where} row {row} ‘{column}’", where=f"‘{row['file']}’", row=row["row"], column=label)


def _framed(values: pl.DataFrame) -> pl.DataFrame:
    keys = ["grid", "issued", "valid"]
    frame = values.pivot("name", index=keys, values="value", aggregate_function="first")
    for end in ("low", "high"):
        ranged = values.filter(pl.col("name").is_in(RANGED)).with_columns(name=pl.col("name") + f"_{end}")
        bounds = ranged.pivot("name", index=keys, values=end, aggregate_function="first")
        frame = frame.join(bounds, on=keys, how="left", nulls_equal=True)
    frame = frame.with_columns(lead=(pl.col("valid") - pl.col("issued")).dt.total_minutes() / 60)
    lacking = [pl.lit(None, dtype=pl.Float64).alias(name) for name in SCHEMA if name not in frame.columns]
    return frame.with_columns(lacking).select(list(SCHEMA)).cast(SCHEMA).sort(keys)
