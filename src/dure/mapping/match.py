"""How well a header fits a column: by name, unit, type and range."""

from __future__ import annotations

import math
from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

import polars as pl

from dure import tables
from dure.i18n.texts import _
from dure.mapping.proposal import Match
from dure.tables import Look, conversion, over_an_hour, same_dimension, siblings, spelled, unit_of

if TYPE_CHECKING:
    from dure.mapping.column import Column
    from dure.tables import Sheet


ENOUGH, _TIE = 0.45, 0.05


# Words that make a header mean something else, unless the wanted name says them too.
_OTHER = (
    "계획",
    "목표",
    "예측",
    "예상",
    "예정",
    "표준",
    "최대",
    "최소",
    "최고",
    "최저",
    "누적",
    "누계",
    "합계",
    "소계",
    "전일",
    "전월",
    "전년",
    "불량",
    "양품",
    "고장",
    "비가동",
    "플래그",
    "시각",
    "코드",
    "예비",
    "실내",
    "지면",
    "지중",
    "이슬점",
    "초상",
    "착수",
    "시작",
    "종료",
    "완료",
    "납기",
    "단가",
    "금액",
    "용량",
    "표준편차",
    "수정",
    "등록",
    "입력",
    "작성",
    "qc",
    "flag",
    "code",
    "forecast",
    "plan",
    "min",
    "max",
    "total",
)


_HOUR_NAMES = {
    "시",
    "시간",
    "시각",
    "시간대",
    "시분",
    "hour",
    "hr",
    "time",
    "h",
    "측정시각",
    "측정시간",
    "관측시각",
    "거래시간",
    "발전시간",
    "기록시각",
    "clock",
}


def score_of(column: Column, header: str, seen: Look, unit: str) -> tuple[float, tuple[str, ...]]:
    """How well a header fits (0 to 1.2), and why."""
    if not _type_fits(column, header, seen):
        return 0.0, ()
    named, why = _named(column, header)
    unit = _each(unit, column.unit)
    reasons = [why] if why else []
    if named and unit and column.unit:
        if not same_dimension(unit, column.unit) and over_an_hour(unit, column.unit) is None:
            return 0.0, ()
        named += 0.1 if same_dimension(unit, column.unit) else -0.1
        reasons.append(_("unit {unit}", unit=unit))
    if named and column.type == "number" and is_inside(column, seen.values, *_to_wanted(unit, column)):
        named += 0.05
        reasons.append(_("range"))
    if named and not seen.texts:
        named -= 0.15  # an empty column is rarely meant
    return named, tuple(reasons)


def _type_fits(column: Column, header: str, seen: Look) -> bool:
    if not seen.texts:
        return True
    if column.type == "number":
        is_duration = bool(column.unit) and same_dimension(column.unit, "h") and seen.time >= 0.5  # most
        return seen.number >= 0.5 or is_duration  # most
    if column.type in ("time", "date"):
        days = seen.values.is_between(20000, 80000).all() or seen.values.is_between(19000000, 21000000000000).all()
        # 4.15 may be the 15th of April: `times` reads it as text, and says what is wrong with it as a number
        short = seen.values.is_between(1, 12.31).all() and any(
            word in spelled(header) for word in ("일", "date", "납기")
        )
        return seen.time >= 0.5 or (seen.number >= 0.5 and seen.values.len() > 0 and bool(days or short))  # most
    return seen.time < 0.5 or column.type == "text"  # most


def _named(column: Column, header: str) -> tuple[float, str]:
    """Likeness of the header's name to the column's names."""
    names: dict[str, str] = {}
    for name in (*column.names, *column.title, column.name):
        names.setdefault(spelled(name), name)
    parts = [spelled(part) for part in header.split(" / ")]
    whole = "".join(parts)
    flags = [word for word in _OTHER if word in whole]
    best, said = 0.0, ""
    for place, (name, written) in enumerate(names.items()):
        if not name:
            continue
        likeness = _likeness(name, whole, parts) - min(0.06, 0.008 * place)  # names that say it best stand first
        likeness -= 0.2 * any(word not in name for word in flags)
        if likeness > best:
            best, said = likeness, written
    return (best, _("name {name}", name=said)) if best > 0 else (0.0, "")


def _likeness(name: str, whole: str, parts: list[str]) -> float:
    """Likeness (0 to 1) of a wanted name to a header, whose groups and own name are `parts`, together `whole`."""
    if name in (whole, "".join(reversed(parts))):
        return 1.0
    if name == parts[-1]:
        return 0.92
    if name in parts:  # the group's name says it of all its columns, so of none, but for their total
        return 0.85 if parts[-1] in _WHOLE else 0.25
    short, long_ = sorted((name, whole), key=len)
    if len(short) > (2 if short.isascii() else 1) and short in long_:
        return 0.5 + 0.35 * len(short) / len(long_)
    ratio = SequenceMatcher(None, name, parts[-1], autojunk=False).ratio()
    return (
        0.7 * ratio if ratio >= 0.75 and min(len(name), len(parts[-1])) > 2 else 0.0
    )  # two letters are alike by chance


_WHOLE = ("계", "합계", "소계", "전체", "총계", "평균", "값", "실적", "실측", "total")


def _each(unit: str, wanted: str) -> str:
    """What a plant weighs or counts is per plant anyway (매/주 is 매, g/구 is g); a time per piece is given as a time."""
    over, _slash, under = unit.partition("/")
    if under in ("주", "구", "포기", "본", "그루", "개체") and "/" not in wanted:
        return over
    what, slash, each = wanted.partition("/")
    return f"{unit}/{each}" if slash and unit and not under and same_dimension(unit, what) else unit


def _to_wanted(unit: str, column: Column) -> tuple[float, float]:
    if unit and column.unit and same_dimension(unit, column.unit):
        return conversion(unit, column.unit)
    return over_an_hour(unit, column.unit) or 1.0, 0.0


def _share_inside(column: Column, values: pl.Series, factor: float, offset: float) -> float:
    low = -math.inf if column.low is None else column.low
    high = math.inf if column.high is None else column.high
    return int((values * factor + offset).is_between(low, high).sum()) / values.len()


def is_inside(column: Column, values: pl.Series, factor: float, offset: float) -> bool:
    """Whether nearly all values lie in the column's range (False where it has none)."""
    bounded = column.low is not None or column.high is not None
    return bounded and values.len() > 0 and _share_inside(column, values, factor, offset) >= 0.95


Scores = dict[tuple[str, str], tuple[float, tuple[str, ...]]]


Chosen = dict[str, tuple[str, float, tuple[str, ...]]]


def assign(columns: Sequence[Column], scores: Scores) -> Chosen:
    """Best pairs first; each header is used once; of equals, the column and the header that stand first."""
    order = {column.name: place for place, column in enumerate(columns)}
    chosen: Chosen = {}
    taken: set[str] = set()
    for (name, header), (score, why) in sorted(scores.items(), key=lambda pair: (-pair[1][0], order[pair[0][0]])):
        if name not in chosen and header not in taken:
            chosen[name] = (header, score, why)
            taken.add(header)
    return chosen


def last_left(sheet: Sheet, columns: Sequence[Column], chosen: Chosen, looks: dict[str, Look]) -> Chosen:
    """Required columns that no name matched: the only header left whose unit, or whose type as a time, fits."""
    found: Chosen = {}
    for column in columns:
        if column.name in chosen or not column.required:
            continue
        free = [
            header
            for header in sheet.headers
            if header not in {each[0] for each in (chosen | found).values()} and looks[header].texts
        ]
        if column.type in ("time", "date"):
            fit, why = (
                [header for header in free if _type_fits(column, header, looks[header]) and looks[header].time > 0.5],
                _("the only date"),
            )  # most
        else:
            fit = [header for header in free if column.unit and column.type == "number" and _type_fits(column, header, looks[header])
                   and (unit := _each(tables.cell_unit(sheet, header), column.unit)) and same_dimension(unit, column.unit)]  # fmt: skip
            why = _("the only one with this unit")
        if len(fit) == 1:
            found[column.name] = (fit[0], ENOUGH, (why,))
    return found


def rival_headers(column: Column, header: str, confidence: float, scores: Scores, chosen: Chosen) -> list[str]:
    """Headers that fit the column nearly as well as the chosen one."""
    taken = {each[0] for each in chosen.values()}
    return [
        other
        for (name, other), (score, _why) in scores.items()
        if name == column.name and other != header and other not in taken and score >= confidence - _TIE
    ]


def hour_beside(sheet: Sheet, column: Column, header: str, chosen: Chosen) -> str:
    """The header of the hours, where the time's column holds only days."""
    if column.type != "time" or not _is_days(sheet, header):
        return ""
    taken = {each[0] for each in chosen.values()}
    for other in sheet.headers:
        if (
            other not in taken
            and spelled(other.split(" / ")[-1]) in _HOUR_NAMES
            and sheet.cells[other].null_count() < sheet.cells.height
        ):
            return other
    return ""


def _is_days(sheet: Sheet, header: str) -> bool:
    raw = sheet.cells[header].drop_nulls()
    if raw.dtype == pl.Date:
        return True
    if raw.dtype == pl.Datetime:
        return bool((raw.dt.hour() == 0).all())
    return not raw.cast(pl.String).str.contains(r"\d\s*[:시]|T\d|^\d{10,}$|\.\d{3,}$").any()


def match_of(sheet: Sheet, column: Column, header: str, seen: Look) -> tuple[Match, list[str]]:
    """The conversion of a header's numbers, and what to ask about it."""
    samples = tuple(seen.texts)
    if column.type != "number":
        return Match(header, samples=samples), []
    unit = _each(tables.cell_unit(sheet, header), column.unit)
    if tables.is_hours(sheet, header) and column.unit:
        unit = "h"
    asks = []
    if not unit and column.unit and sheet.unit and same_dimension(sheet.unit, column.unit):
        unit = sheet.unit
        asks.append(_("‘{header}’ has no unit of its own; {unit} is taken from the title", header=header, unit=unit))
    factor, offset = _to_wanted(unit, column)
    if unit and column.unit and over_an_hour(unit, column.unit) is not None:
        asks.append(
            _(
                "‘{header}’ is in {unit}: taken as means over one hour, × {factor}",
                header=header,
                unit=unit,
                factor=f"{factor:g}",
            )
        )
    guess = _doubt(column, seen.values, factor, offset)
    if guess:
        other, factor, offset = guess
        said = unit or _("no unit")
        asks.append(
            _("‘{header}’ ({said}) fits the range {low} to {high} {wanted} only as {other}: × {factor}",
              header=header, said=said, low=bound_text(column.low), high=bound_text(column.high),
              wanted=column.unit, other=other, factor=f"{factor:g}")
        )  # fmt: skip
        unit = other if unit_of(other) else unit
    return Match(header, unit=unit, factor=factor, offset=offset, samples=samples), asks


def bound_text(value: float | None) -> str:
    """A bound of a column for people; an open one is an ellipsis."""
    return "…" if value is None else f"{value:g}"


def _doubt(column: Column, values: pl.Series, factor: float, offset: float) -> tuple[str, float, float] | None:
    """Another unit or a factor of 10, 60, 100 or 1,000 that brings values into the range, where the given one does not.

    Returns its name, factor and offset; None where there is nothing to ask.
    """
    if not values.len() or (column.low is None and column.high is None):
        return None
    if column.unit == "%" and factor == 1 and (column.high or 0) >= 50 and _is_share(values):  # a range of per cent
        return _("a share of 1"), 100.0, 0.0
    if _share_inside(column, values, factor, offset) >= 0.5:  # some cells may be wrong, not the unit
        return None
    units = ((other, *conversion(other, column.unit)) for other in siblings(column.unit))
    powers = (
        (f"{sign} {power}", factor / power if sign == "÷" else factor * power, offset)
        for power in (10, 100, 60, 1000, 3600, 1000000)
        for sign in "÷×"
    )
    return next((each for each in (*units, *powers) if is_inside(column, values, each[1], each[2])), None)


def _is_share(values: pl.Series) -> bool:
    """Shares as spreadsheets hold 91.7 %: none above 1.5 and most of them no whole numbers."""
    return bool(values.is_between(0, 1.5).all()) and int((values != values.round(0)).sum()) * 2 > values.len()
