"""What a sheet nobody designed for can honestly be asked: its columns' roles, the split, the practice.

Everything is derived from the sheet; whatever is a guess is kept as a sentence for the person who knows the trade.
"""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from dure import tables
from dure.errors import UserError, nearest
from dure.i18n.texts import _
from dure.project.form import Form
from dure.project.manifest import Text
from dure.tables import letter, split_unit

if TYPE_CHECKING:
    from dure.tables import Sheet

FEWEST_ROWS, FEWEST_BLOCKS = 12, 4
NEARLY_THE_TARGET, NEAR = 0.98, 0.9  # correlations: left out; marked "look twice"
NEARLY_EMPTY = 0.2  # a column filled in fewer of the rows is left out
DAY = 86400.0
RESERVED = {
    "last",
    "last_year",
    "row",
    "block",
    "truth",
    "time",
    "datetime",
    "str",
    "float",
}  # names project.py uses itself
_TIME = re.compile(
    r"일자|일시|날짜|조사일|측정일|기간|년월|연월|(^|[_ ])(date|time|day|datetime|timestamp|month|week)", re.IGNORECASE
)
_YEAR = re.compile(r"^(년|년도|연도|year|yr)$", re.IGNORECASE)
_MONTH, _DAY = re.compile(r"^(월|month)$", re.IGNORECASE), re.compile(r"^(일|day)$", re.IGNORECASE)
_CLOCK = re.compile(r"^(시|시각|시간|시간대|hour|time|clock)$", re.IGNORECASE)
_PLACE = re.compile(
    r"농가|농장|포장|필지|시설|지점|지역|시군|공장|현장|병원|학교|점포|매장|설비|호기|라인|로트|farm|field|site|plant|store|"
    r"station|hospital|machine|unit|lot|facility|school|region",
    re.IGNORECASE,
)
_LEVEL = re.compile(
    r"반복|처리|구$|블록|품종|등급|번지|호기|코드|요일|월$|rep|block|plot|lot|treat|code|class|cultivar|weekday|month",
    re.IGNORECASE,
)
_COUNTER = re.compile(r"번호|순번|연번|일련|^no\.?$|^id$|index|^#$|serial", re.IGNORECASE)


@dataclass(frozen=True)
class Known:
    """A column of numbers taken as known beforehand; `correlation` with the target, None where it cannot be told."""

    field: str
    header: str
    unit: str
    low: float
    high: float
    correlation: float | None


@dataclass(frozen=True)
class Moment:
    """The column, or the columns, that hold the time; `clock` holds the hour where that stands apart."""

    headers: tuple[str, ...]
    field: str
    values: pl.Series
    clock: str = ""
    apart: bool = False  # year, month and day in columns of their own


@dataclass
class Survey:
    """A sheet's columns by what they can be used for.

    Attributes
    ----------
    target
        Header of what is to be foreseen.
    known
        Columns of numbers.
    names
        Field to header of columns that hold names (farm, cultivar, plot).
    since
        Field to header of further dates (planting).
    left
        Headers left out and why.
    """

    sheet: Sheet
    target: str
    truth: pl.Series
    target_field: str = ""
    moment: Moment | None = None
    known: list[Known] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    since: dict[str, str] = field(default_factory=dict)
    left: list[tuple[str, Text]] = field(default_factory=list)

    @property
    def rows(self) -> pl.Series:
        """Which rows are cases: those with the target, and with a time where the sheet has one."""
        has = self.truth.is_not_null()
        return has if self.moment is None else has & self.moment.values.is_not_null()


@dataclass(frozen=True)
class Split:
    """How the cases are split: `kind` is time, groups or rows.

    Attributes
    ----------
    period
        Format of a block's time; of time only.
    block
        Field of the column whose names are blocks; of groups only.
    word
        What a block is.
    blocks
        How many there are.
    same
        Fields of names: rows that share them are alike.
    step
        Usual seconds between moments; of time only.
    span
        Seconds from the first to the last moment.
    """

    kind: str
    word: Text
    blocks: int
    period: str = ""
    block: str = ""
    same: tuple[str, ...] = ()
    step: float = 0.0
    span: float = 0.0

    @property
    def held(self) -> tuple[int, int]:
        """Open and sealed blocks: the last third, seven where a third is fewer, at most half of all."""
        held = max(-(-self.blocks // 3), min(7, self.blocks // 2))
        opened = max(1, min(held // 3, held - 6))
        return opened, held - opened


# ---- the columns -------------------------------------------------------------------------------------------------------


def survey(sheet: Sheet, target: str) -> Survey:
    """Give every column of a sheet its role.

    Raises UserError for a target that is not there (with the nearest) or holds no numbers, and for a sheet too small.
    """
    header = target_header(sheet, target)
    truth = tables.numbers(sheet, header)
    found = Survey(sheet, header, truth)
    found.moment = moment(sheet, header)
    count = int(found.rows.sum())
    if count < FEWEST_ROWS:
        raise UserError(
            _("{count} rows have {target}; at least {least} are needed", count=count, target=header, least=FEWEST_ROWS),
            where=sheet.where,
        )
    if truth.filter(found.rows).n_unique() == 1:
        raise UserError(
            _("{target} is the same in every row: there is nothing to foresee", target=header), where=sheet.where
        )
    taken = {*RESERVED, found.moment.field if found.moment else ""}
    found.target_field = field_name(header, taken)
    used = {header, *(found.moment.headers if found.moment else ()), found.moment.clock if found.moment else ""}
    for other in sheet.headers:
        if other not in used:
            _place(found, other, taken)
    return found


def target_header(sheet: Sheet, target: str) -> str:
    """The header meant: written as in the sheet, or with its unit, or as one part of a header of several rows.

    Raises UserError with the nearest name.
    """
    wanted = unicodedata.normalize("NFC", target).strip()
    plain = {header: _plain(header) for header in sheet.headers}
    for same in (
        [header for header in sheet.headers if header == wanted],
        [header for header, text in plain.items() if text in {_plain(wanted), _plain(split_unit(wanted)[0])}],
        [header for header in sheet.headers if _plain(wanted) in [_plain(part) for part in header.split(" / ")]],
    ):
        if len(same) == 1:
            return same[0]
        if same:
            raise UserError(
                _("{target} stands for several columns: {names}", target=target, names=", ".join(same)),
                where=sheet.where, cure=_("Name one of them in full."),
            )  # fmt: skip
    parts = {part: header for header in sheet.headers for part in (header.split(" / ")[-1], header)}
    close = parts.get(nearest(wanted, tuple(parts)), "") or next(
        (h for h in sheet.headers if _plain(wanted) in plain[h]), ""
    )
    cure = _("Did you mean {name}?", name=close) if close else _("Columns: {names}.", names=", ".join(sheet.headers))
    raise UserError(_("there is no column {name}", name=target), where=sheet.where, cure=cure)


def _plain(text: str) -> str:
    return re.sub(r"[\s_·.-]+", "", unicodedata.normalize("NFKC", text)).casefold()


def moment(sheet: Sheet, target: str) -> Moment | None:
    """The time of a row: the column of dates with most different ones, or columns of year, month and day; None: none.

    Raises UserError where the only column named like a time cannot be read.
    """
    found: list[tuple[int, str, pl.Series]] = []
    unread: UserError | None = None
    for header in sheet.headers:
        if header == target or (sheet.cells[header].dtype.is_numeric() and not _TIME.search(header)):
            continue  # 41000 may be a day or a weight: only a header that says so makes it a day
        try:
            values = tables.times(sheet, header)
        except UserError as error:
            unread = (
                error
                if unread is None and re.search(r"일자|일시|날짜|조사일|측정일|date", header, re.IGNORECASE)
                else unread
            )
            continue
        if values.n_unique() > 1 or (values.is_not_null().any() and _TIME.search(header)):
            found.append((values.n_unique(), header, values))
    if found:
        _count, header, values = max(found, key=lambda each: each[0])
        clock = _clock(sheet, header, values)
        values = tables.times(sheet, header, clock=clock) if clock else values
        return Moment((header,), field_name(header, RESERVED - {"time"}), values, clock)
    parts = _year_month_day(sheet, target)
    if parts is None and unread is not None:
        raise unread
    return parts


def _clock(sheet: Sheet, header: str, values: pl.Series) -> str:
    """A column of hours beside a column of days, or an empty string."""
    if (values.drop_nulls().dt.hour() != 0).any():
        return ""
    for other in sheet.headers:
        if _CLOCK.search(other) and other != header:
            try:
                tables.times(sheet, header, clock=other)
            except UserError:
                continue
            return other
    return ""


def _year_month_day(sheet: Sheet, target: str) -> Moment | None:
    """Columns 연도, 월, 일 as one moment."""
    headers = [
        next((h for h in sheet.headers if pattern.search(h) and h != target), "") for pattern in (_YEAR, _MONTH, _DAY)
    ]
    if not headers[0]:
        return None
    kept = headers[: headers.index("")] if "" in headers else headers
    try:
        values = dated(sheet, *kept)
    except (UserError, pl.exceptions.PolarsError):
        return None
    return Moment(tuple(kept), "time", values, apart=True) if values.n_unique() > 1 else None


def dated(sheet: Sheet, year: str, month: str = "", day: str = "") -> pl.Series:
    """Moments from columns of year, month and day; the first where one is not given.

    Raises UserError where a cell is no number.
    """
    parts = [
        pl.lit(tables.numbers(sheet, name).cast(pl.Int32) if name else pl.Series([1], dtype=pl.Int32))
        for name in (year, month, day)
    ]
    return pl.select(pl.datetime(*parts)).to_series().cast(pl.Datetime("us"))


def _place(found: Survey, header: str, taken: set[str]) -> None:
    """Find one column's role and write it into `found`."""
    rows, sheet = found.rows, found.sheet
    texts = tables.texts(sheet, header)
    here = texts.filter(rows).drop_nulls()
    levels, count = here.n_unique(), int(rows.sum())
    if header in _unnamed(sheet) or not here.len():
        found.left.append((header, Text(ko="비어 있거나 머리글이 없습니다", en="empty, or without a header")))
    elif levels == 1 and here.len() == count:
        found.left.append((header, Text(ko="모든 행에서 같습니다", en="the same in every row")))
    elif _dates(found, header):
        found.since[field_name(f"days since {header}", taken)] = header
    elif (values := _numbers(sheet, header)) is not None and not (_LEVEL.search(header) and levels <= 50):
        _place_numbers(found, header, values, taken)
    elif levels <= max(2, count // 2) and levels > 1:
        found.names[field_name(header, taken)] = header
    else:
        found.left.append((header, Text(ko="거의 행마다 다른 글입니다", en="text that differs in nearly every row")))


def _unnamed(sheet: Sheet) -> set[str]:
    """What `dure.tables` calls columns without a header: words of the reader's language, so no name to write into code."""
    return {_("column {letter}", letter=letter(place)) for place in range(len(sheet.headers) + 50)}


def _numbers(sheet: Sheet, header: str) -> pl.Series | None:
    try:
        return tables.numbers(sheet, header)
    except UserError:
        return None


def _dates(found: Survey, header: str) -> bool:
    """Whether this is another column of dates beside the row's own."""
    raw = found.sheet.cells[header]
    if found.moment is None or (raw.dtype.is_numeric() and not _TIME.search(header)):
        return False
    try:
        return bool(tables.times(found.sheet, header).is_not_null().any())
    except UserError:
        return False


def _place_numbers(found: Survey, header: str, values: pl.Series, taken: set[str]) -> None:
    here, truth = values.filter(found.rows), found.truth.filter(found.rows)
    filled = here.drop_nulls()
    close = correlation(here, truth)
    counts = filled.n_unique() == filled.len() and bool((filled.diff().drop_nulls() == 1).all())
    if filled.len() < NEARLY_EMPTY * here.len():
        why = Text(
            ko=f"{here.len()}행 중 {filled.len()}행에만 있습니다", en=f"filled in {filled.len()} of {here.len()} rows"
        )
    elif filled.n_unique() == 1:
        why = Text(ko="값이 모두 같습니다", en="the same wherever it is filled")
    elif counts or (_COUNTER.search(header) and filled.n_unique() > here.len() // 2):
        why = Text(ko="번호입니다", en="a counter")
    elif close is not None and abs(close) > NEARLY_THE_TARGET:
        why = Text(
            ko=f"예측 대상과 거의 같습니다 (상관 {close:.3f})", en=f"nearly the target itself (correlation {close:.3f})"
        )
    else:
        low, high = bounds(values)
        unit = tables.cell_unit(found.sheet, header)
        found.known.append(Known(field_name(header, taken), header, unit, low, high, close))
        return
    found.left.append((header, why))


def correlation(one: pl.Series, other: pl.Series) -> float | None:
    """Pearson's, over the rows that have both; None for fewer than eight of them or no spread."""
    both = one.is_not_null() & other.is_not_null()
    a, b = one.filter(both).to_numpy(), other.filter(both).to_numpy()
    if a.size < 8 or not a.std() or not b.std():
        return None
    return float(np.corrcoef(a, b)[0, 1])


def bounds(values: pl.Series) -> tuple[float, float]:
    """What is refused as nonsense: ten times the next power of ten above all seen, and below zero where none was."""
    largest = float(values.abs().max() or 1.0)  # type: ignore[arg-type]  # a number
    high = 10.0 ** (int(np.ceil(np.log10(max(largest, 1e-9)))) + 1)
    return (0.0 if float(values.min() or 0.0) >= 0 else -high), high  # type: ignore[arg-type]  # a number


def field_name(header: str, taken: set[str]) -> str:
    """A Python name from a header, not among `taken`, to which it is added."""
    name = re.sub(r"\W+", "_", unicodedata.normalize("NFKC", header)).strip("_")
    if not name.isidentifier() or name.startswith("model_"):
        name = f"x{name}"
    while name in taken or keyword.iskeyword(name) or hasattr(Form, name):
        name += "_"
    taken.add(name)
    return name


# ---- the split ---------------------------------------------------------------------------------------------------------


def split(found: Survey) -> Split:
    """Whole periods where there is time, else whole groups, else stretches of rows in the order of the sheet.

    Raises UserError where not even these give four blocks.
    """
    by_time = _by_time(found)
    if by_time is not None:
        return by_time
    places = {name: _texts(found, header).n_unique() for name, header in found.names.items()}
    fit = {name: count for name, count in places.items() if count >= FEWEST_BLOCKS}
    if fit:
        name = max(fit, key=lambda each: (bool(_PLACE.search(found.names[each])), fit[each]))
        header = found.names[name]
        others = tuple(each for each in found.names if each != name)
        return Split("groups", Text(ko=header, en="group"), fit[name], block=name, same=_alike(found, others, 5))
    count = int(found.rows.sum())
    return Split(
        "rows", Text(ko="행 묶음", en="stretch of rows"), min(30, count // 3), same=_alike(found, tuple(found.names), 5)
    )


def _by_time(found: Survey) -> Split | None:
    if found.moment is None:
        return None
    times = found.moment.values.filter(found.rows)
    moments = times.unique().sort()
    if moments.len() < FEWEST_BLOCKS:
        return None
    gaps = moments.diff().drop_nulls().dt.total_seconds()
    step = float(gaps.median() or 0.0)  # type: ignore[arg-type]  # seconds
    span = float((moments[-1] - moments[0]).total_seconds())
    word, period = _periods(step, span)
    blocks = times.dt.to_string(period).n_unique()
    if blocks < FEWEST_BLOCKS:
        return None
    return Split("time", word, blocks, period, same=_recurring(found), step=step, span=span)


def _periods(step: float, span: float) -> tuple[Text, str]:
    """What a block of time is: a year, month or date of the records themselves, a week of daily ones, a day of a short log."""
    if step >= 350 * DAY:
        return Text(ko="해", en="year"), "%Y"
    if step >= 27 * DAY:
        return Text(ko="달", en="month"), "%Y-%m"
    if step >= 4 * DAY:
        return Text(ko="조사일", en="survey date"), "%Y-%m-%d"
    if span >= 12 * 7 * DAY:
        return Text(ko="주", en="week"), "%G-W%V"
    return Text(ko="날", en="day"), "%Y-%m-%d"


def _texts(found: Survey, header: str) -> pl.Series:
    return tables.texts(found.sheet, header).filter(found.rows).fill_null("?")


def _recurring(found: Survey) -> tuple[str, ...]:
    """Names that come back at three moments or more, all together if they do, else the finest one, else none."""
    assert found.moment is not None
    times = found.moment.values.filter(found.rows)

    def comes_back(names: Sequence[str]) -> bool:
        frame = pl.DataFrame({**{name: _texts(found, found.names[name]) for name in names}, "time": times})
        counts = frame.group_by(list(names)).agg(pl.col("time").n_unique())["time"]
        return float(counts.median() or 0) >= 3 and float((counts >= 2).mean() or 0) > 0.8  # type: ignore[arg-type]

    return _finest(found, tuple(found.names), comes_back)


def _alike(found: Survey, names: tuple[str, ...], rows: int) -> tuple[str, ...]:
    """Names whose groups hold `rows` rows or more, all together if they do, else the finest one, else none."""

    def holds(chosen: Sequence[str]) -> bool:
        frame = pl.DataFrame({name: _texts(found, found.names[name]) for name in chosen})
        return float(frame.group_by(list(chosen)).len()["len"].median() or 0) >= rows  # type: ignore[arg-type]  # a count

    return _finest(found, names, holds)


def _finest(found: Survey, names: tuple[str, ...], fits: Callable[[Sequence[str]], bool]) -> tuple[str, ...]:
    if not names:
        return ()
    if fits(names):
        return names
    single = [name for name in names if fits((name,))]
    return (max(single, key=lambda name: _texts(found, found.names[name]).n_unique()),) if single else ()


# ---- the practice ------------------------------------------------------------------------------------------------------


def practice(found: Survey, chosen: Split) -> tuple[str, dict[str, float]]:
    """The practice with the smallest mean absolute error before the held-out part, and each one's error.

    Where the sheet has no usable time it is the mean of rows that are alike.
    """
    if chosen.kind != "time":
        return "group_mean", {}
    assert found.moment is not None
    frame = pl.DataFrame({
        **{name: _texts(found, found.names[name]) for name in chosen.same},
        "time": found.moment.values.filter(found.rows), "truth": found.truth.filter(found.rows),
    }).sort("time", maintain_order=True)  # fmt: skip
    frame = _with_practices(frame, chosen)
    blocks = frame["time"].dt.to_string(chosen.period)
    names = blocks.unique(maintain_order=True)
    early = frame.filter(blocks.is_in(names[: -sum(chosen.held)].to_list()))
    errors = {}
    for name in ("last_value", "same_time_last_year", "group_mean"):
        late = frame.filter(blocks.is_in(names[-sum(chosen.held) :].to_list()))
        both = early.filter(pl.all_horizontal(pl.col(each).is_not_null() for each in ("last_value", name)))
        if name == "same_time_last_year" and (late[name].null_count() > 0.2 * late.height or both.height < FEWEST_ROWS):
            continue
        errors[name] = float((both["truth"] - both[name]).abs().mean() or np.nan)  # type: ignore[arg-type]  # a number
    known = {name: error for name, error in errors.items() if error == error}  # noqa: PLR0124 - NaN
    return min(known, key=lambda name: known[name], default="last_value"), known


def _with_practices(frame: pl.DataFrame, chosen: Split) -> pl.DataFrame:
    """Add what each practice would have said of every row."""
    same = list(chosen.same)
    means = (
        frame.group_by(*same, "time", maintain_order=True)
        .agg(pl.col("truth").sum().alias("sum"), pl.len().alias("n"))
        .sort("time")
    )

    def over(each: pl.Expr) -> pl.Expr:
        return each.over(same) if same else each

    value = pl.col("sum") / pl.col("n")
    means = means.with_columns(
        last_value=over(value.shift(1)),
        group_mean=over(pl.col("sum").cum_sum().shift(1)) / over(pl.col("n").cum_sum().shift(1)),
        value=value,
    )
    shift, tolerance = year_before(chosen.step)
    year = means.select(*same, pl.col("time").dt.offset_by(shift), same_time_last_year="value").sort("time")
    by: Mapping[str, list[str]] = {"by": same} if same else {}
    means = means.join_asof(year, on="time", strategy="nearest", tolerance=tolerance, check_sortedness=False, **by)  # type: ignore[arg-type]
    return frame.join(means.drop("sum", "n", "value"), on=[*same, "time"], how="left", maintain_order="left")


def year_before(step: float) -> tuple[str, str]:
    """How a moment is moved a year on, and how far from it a record may lie: 52 weeks keep the day of the week."""
    if step < 2 * DAY:
        return "364d", "1s"
    return ("1y", "16d") if step >= 27 * DAY else ("364d", f"{max(1, int(step / DAY / 2))}d")
