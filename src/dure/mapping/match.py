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
_QUALIFIERS = (
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


def score_of(column: Column, header: str, look: Look, unit: str) -> tuple[float, tuple[str, ...]]:
    """How well a header fits (0 to 1.2), and why."""
    if not _type_fits(column, header, look):
        return 0.0, ()
    score, reason = _name_score(column, header)
    unit = _per_piece(unit, column.unit)
    reasons = [reason] if reason else []
    if score and unit and column.unit:
        if not same_dimension(unit, column.unit) and over_an_hour(unit, column.unit) is None:
            return 0.0, ()
        score += 0.1 if same_dimension(unit, column.unit) else -0.1
        reasons.append(_("unit {unit}", unit=unit))
    if score and column.type == "number" and is_inside(column, look.values, *_to_column_unit(unit, column)):
        score += 0.05
        reasons.append(_("range"))
    if score and not look.texts:
        score -= 0.15  # an empty column is rarely meant
    return score, tuple(reasons)


def _type_fits(column: Column, header: str, look: Look) -> bool:
    if not look.texts:
        return True
    if column.type == "number":
        is_duration = bool(column.unit) and same_dimension(column.unit, "h") and look.time >= 0.5  # most
        return look.number >= 0.5 or is_duration  # most
    if column.type in ("time", "date"):
        days = look.values.is_between(20000, 80000).all() or look.values.is_between(19000000, 21000000000000).all()
        # 4.15 may be the 15th of April: `times` reads it as text, and says what is wrong with it as a number
        short = look.values.is_between(1, 12.31).all() and any(
            word in spelled(header) for word in ("일", "date", "납기")
        )
        return look.time >= 0.5 or (look.number >= 0.5 and look.values.len() > 0 and bool(days or short))  # most
    return look.time < 0.5 or column.type == "text"  # most


def _name_score(column: Column, header: str) -> tuple[float, str]:
    """Likeness of the header's name to the column's names."""
    names: dict[str, str] = {}
    for name in (*column.names, *column.title, column.name):
        names.setdefault(spelled(name), name)
    parts = [spelled(part) for part in header.split(" / ")]
    joined = "".join(parts)
    flags = [word for word in _QUALIFIERS if word in joined]
    best, best_name = 0.0, ""
    for place, (name, written) in enumerate(names.items()):
        if not name:
            continue
        likeness = _likeness(name, joined, parts) - min(0.06, 0.008 * place)  # names that say it best stand first
        likeness -= 0.2 * any(word not in name for word in flags)
        if likeness > best:
            best, best_name = likeness, written
    return (best, _("name {name}", name=best_name)) if best > 0 else (0.0, "")


def _likeness(name: str, joined: str, parts: list[str]) -> float:
    """Likeness (0 to 1) of a wanted name to a header, whose groups and own name are `parts`, together `joined`."""
    if name in (joined, "".join(reversed(parts))):
        return 1.0
    if name == parts[-1]:
        return 0.92
    if name in parts:  # the group's name says it of all its columns, so of none, but for their total
        return 0.85 if parts[-1] in _AGGREGATES else 0.25
    short, long_ = sorted((name, joined), key=len)
    if len(short) > (2 if short.isascii() else 1) and short in long_:
        return 0.5 + 0.35 * len(short) / len(long_)
    ratio = SequenceMatcher(None, name, parts[-1], autojunk=False).ratio()
    return (
        0.7 * ratio if ratio >= 0.75 and min(len(name), len(parts[-1])) > 2 else 0.0
    )  # two letters are alike by chance


_AGGREGATES = ("계", "합계", "소계", "전체", "총계", "평균", "값", "실적", "실측", "total")


def _per_piece(unit: str, target: str) -> str:
    """What a plant weighs or counts is per plant anyway (매/주 is 매, g/구 is g); a time per piece is given as a time."""
    over, _slash, under = unit.partition("/")
    if under in ("주", "구", "포기", "본", "그루", "개체") and "/" not in target:
        return over
    base, slash, piece = target.partition("/")
    return f"{unit}/{piece}" if slash and unit and not under and same_dimension(unit, base) else unit


def _to_column_unit(unit: str, column: Column) -> tuple[float, float]:
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
    for (name, header), (score, reasons) in sorted(scores.items(), key=lambda pair: (-pair[1][0], order[pair[0][0]])):
        if name not in chosen and header not in taken:
            chosen[name] = (header, score, reasons)
            taken.add(header)
    return chosen


def last_left(sheet: Sheet, columns: Sequence[Column], chosen: Chosen, looks: dict[str, Look]) -> Chosen:
    """Required columns that no name matched: the only header left whose unit, or whose type as a time, fits."""
    matched: Chosen = {}
    for column in columns:
        if column.name in chosen or not column.required:
            continue
        free = [
            header
            for header in sheet.headers
            if header not in {choice[0] for choice in (chosen | matched).values()} and looks[header].texts
        ]
        if column.type in ("time", "date"):
            fit, reason = (
                [header for header in free if _type_fits(column, header, looks[header]) and looks[header].time > 0.5],
                _("the only date"),
            )  # most
        else:
            fit = [header for header in free if column.unit and column.type == "number" and _type_fits(column, header, looks[header])
                   and (unit := _per_piece(tables.cell_unit(sheet, header), column.unit))
                   and same_dimension(unit, column.unit)]  # fmt: skip
            reason = _("the only one with this unit")
        if len(fit) == 1:
            matched[column.name] = (fit[0], ENOUGH, (reason,))
    return matched


def rival_headers(column: Column, header: str, confidence: float, scores: Scores, chosen: Chosen) -> list[str]:
    """Headers that fit the column nearly as well as the chosen one."""
    taken = {choice[0] for choice in chosen.values()}
    return [
        rival
        for (name, rival), (score, _reasons) in scores.items()
        if name == column.name and rival != header and rival not in taken and score >= confidence - _TIE
    ]


def hour_beside(sheet: Sheet, column: Column, header: str, chosen: Chosen) -> str:
    """The header of the hours, where the time's column holds only days."""
    if column.type != "time" or not _is_days(sheet, header):
        return ""
    taken = {choice[0] for choice in chosen.values()}
    for candidate in sheet.headers:
        if (
            candidate not in taken
            and spelled(candidate.split(" / ")[-1]) in _HOUR_NAMES
            and sheet.cells[candidate].null_count() < sheet.cells.height
        ):
            return candidate
    return ""


def _is_days(sheet: Sheet, header: str) -> bool:
    raw = sheet.cells[header].drop_nulls()
    if raw.dtype == pl.Date:
        return True
    if raw.dtype == pl.Datetime:
        return bool((raw.dt.hour() == 0).all())
    return not raw.cast(pl.String).str.contains(r"\d\s*[:시]|T\d|^\d{10,}$|\.\d{3,}$").any()


def match_of(sheet: Sheet, column: Column, header: str, look: Look) -> tuple[Match, list[str]]:
    """The conversion of a header's numbers, and what to ask about it."""
    samples = tuple(look.texts)
    if column.type != "number":
        return Match(header, samples=samples), []
    unit = _per_piece(tables.cell_unit(sheet, header), column.unit)
    if tables.is_hours(sheet, header) and column.unit:
        unit = "h"
    asks = []
    if not unit and column.unit and sheet.unit and same_dimension(sheet.unit, column.unit):
        unit = sheet.unit
        asks.append(_("‘{header}’ has no unit of its own; {unit} is taken from the title", header=header, unit=unit))
    factor, offset = _to_column_unit(unit, column)
    if unit and column.unit and over_an_hour(unit, column.unit) is not None:
        asks.append(
            _(
                "‘{header}’ is in {unit}: taken as means over one hour, × {factor}",
                header=header,
                unit=unit,
                factor=f"{factor:g}",
            )
        )
    guess = _doubt(column, look.values, factor, offset)
    if guess:
        guess_name, factor, offset = guess
        unit_name = unit or _("no unit")
        asks.append(
            _("‘{header}’ ({said}) fits the range {low} to {high} {wanted} only as {other}: × {factor}",
              header=header, said=unit_name, low=bound_text(column.low), high=bound_text(column.high),
              wanted=column.unit, other=guess_name, factor=f"{factor:g}")
        )  # fmt: skip
        unit = guess_name if unit_of(guess_name) else unit
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
    units = ((sibling, *conversion(sibling, column.unit)) for sibling in siblings(column.unit))
    powers = (
        (f"{sign} {power}", factor / power if sign == "÷" else factor * power, offset)
        for power in (10, 100, 60, 1000, 3600, 1000000)
        for sign in "÷×"
    )
    return next((guess for guess in (*units, *powers) if is_inside(column, values, guess[1], guess[2])), None)


def _is_share(values: pl.Series) -> bool:
    """Shares as spreadsheets hold 91.7 %: none above 1.5 and most of them no whole numbers."""
    return bool(values.is_between(0, 1.5).all()) and int((values != values.round(0)).sum()) * 2 > values.len()
