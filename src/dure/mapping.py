"""A person's own headers become a source's columns: proposed by name, unit, type and range, confirmed once, kept."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from difflib import SequenceMatcher
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import polars as pl

from dure import tables
from dure.errors import UserError
from dure.i18n.texts import _, language
from dure.tables import Look, conversion, long, look, over_an_hour, same_dimension, siblings, spelled, unit_of

if TYPE_CHECKING:
    from dure.tables import Sheet


@dataclass(frozen=True, slots=True)
class Column:
    """A column a source wants.

    Parameters
    ----------
    name
        In the frame that comes out.
    type
        number (Float64), time (local Datetime), date (Date), text or category (both String).
    unit
        Of the numbers that come out.
    low, high
        Values outside are refused, in `unit`.
    names
        Headers people use for it, Korean and English; a group's header and its own are joined: ``"수량 계획"``.
    required
        Without it the file cannot be used; else the column comes out empty.
    title
        (ko, en).
    key
        Rows must differ in the key columns.
    """

    name: str
    type: Literal["number", "time", "date", "text", "category"]
    unit: str = ""
    low: float | None = None
    high: float | None = None
    names: tuple[str, ...] = ()
    required: bool = True
    title: tuple[str, str] = ("", "")
    key: bool = False

    @property
    def label(self) -> str:
        """The title in the reader's language, else the name."""
        return self.title[0 if language() == "ko" else 1] or self.name


@dataclass(frozen=True)
class Match:
    """One header for one column: becomes value * factor + offset; `clock` is a second header with the hour."""

    header: str
    clock: str = ""
    unit: str = ""
    factor: float = 1.0
    offset: float = 0.0
    why: tuple[str, ...] = ()
    confidence: float = 1.0
    samples: tuple[str, ...] = ()


@dataclass(frozen=True)
class Proposal:
    """What a sheet's headers become.

    Parameters
    ----------
    matches
        By the name of the column wanted.
    missing
        Required columns that were not found.
    absent
        Other columns that were not found: they come out empty.
    left
        Headers that are not used.
    asks
        What a person must decide by confirming: doubtful units, more than one candidate.
    notes
        How the sheet was read.
    long
        Whether 24 hour columns became rows, or days in three columns one.
    """

    file: str
    sheet: str
    headers: tuple[str, ...]
    matches: dict[str, Match]
    missing: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    asks: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    long: bool = False
    confirmed: bool = False
    labels: dict[str, str] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        """Whether every required column was found."""
        return not self.missing

    def table(self) -> list[tuple[str, str, str, str, str]]:
        """Rows for people: header, becomes, conversion, first values, why."""
        rows = []
        for name, match in self.matches.items():
            header = f"{match.header} + {match.clock}" if match.clock else match.header
            rows.append(
                (header, self.labels.get(name, name), _converted(match), ", ".join(match.samples), ", ".join(match.why))
            )
        return rows

    def text(self) -> str:
        """The proposal in lines, for a person to confirm."""
        lines = [
            _(
                "{file}: how the columns are understood",
                file=Path(self.file).name + (f" / {self.sheet}" if self.sheet else ""),
            )
        ]
        for header, becomes, change, samples, why in self.table():
            lines.append(f"  ‘{header}’ → {becomes}{f' [{change}]' if change else ''}: {samples} ({why})")
        if self.missing:
            lines.append(
                "  " + _("not found: {names}", names=", ".join(self.labels.get(name, name) for name in self.missing))
            )
        if self.absent:
            lines.append(
                "  "
                + _(
                    "not found, stays empty: {names}",
                    names=", ".join(self.labels.get(name, name) for name in self.absent),
                )
            )
        if self.left:
            lines.append("  " + _("not used: {names}", names=", ".join(self.left)))
        lines += [f"  · {note}" for note in self.notes] + [f"  ? {ask}" for ask in self.asks]
        return "\n".join(lines)


def _converted(match: Match) -> str:
    plus = f" {'+' if match.offset > 0 else '-'} {abs(match.offset):g}" if match.offset else ""
    times = f"× {match.factor:g}" if match.factor != 1 else ""
    return f"{match.unit} {times}{plus}".strip()


# --- proposing -------------------------------------------------------------------------------------------------------

_ENOUGH, _TIE = 0.45, 0.05
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


def propose(sheet: Sheet, columns: Sequence[Column]) -> Proposal:
    """The best header for each column, with what speaks for it; nothing is decided before a person confirms.

    A header fits by its name (the column's names and common variants of spelling), its unit (same dimension), the type
    of its cells and their range. 24 hour columns become rows where a time is wanted.
    """
    table = long(sheet) if any(column.type in ("time", "date") for column in columns) else sheet
    looks = {header: look(table, header) for header in table.headers}
    units = {header: tables.cell_unit(table, header) for header in table.headers}
    scores = {
        (column.name, header): score
        for column in columns
        for header in table.headers
        if (score := _score(column, header, looks[header], units[header]))[0] >= _ENOUGH
    }
    chosen = _assigned(columns, scores)
    chosen |= _last_left(table, columns, chosen, looks)
    matches, asks = {}, []
    for column in columns:
        if column.name in chosen:
            header, confidence, why = chosen[column.name]
            match, questions = _match(table, column, header, looks[header])
            clock = _hour_beside(table, column, header, chosen)
            matches[column.name] = replace(match, why=why, confidence=confidence, clock=clock)
            rivals = [each for each in _rivals(column, header, confidence, scores, chosen) if each != clock]
            asks += questions + (
                [
                    _(
                        "{column} could also be {names}",
                        column=column.label,
                        names=", ".join(f"‘{each}’" for each in rivals),
                    )
                ]
                if rivals
                else []
            )
    used = {match.header for match in matches.values()} | {match.clock for match in matches.values()}
    lost = [column for column in columns if column.name not in matches]
    return Proposal(
        file=sheet.file, sheet=sheet.sheet, headers=_signature(sheet), matches=matches, long=table is not sheet, asks=tuple(asks),
        missing=tuple(column.name for column in lost if column.required),
        absent=tuple(column.name for column in lost if not column.required),
        left=tuple(header for header in table.headers if header not in used),
        notes=(*table.notes, *_dropped(sheet)), labels={column.name: column.label for column in columns},
    )  # fmt: skip


def _signature(sheet: Sheet) -> tuple[str, ...]:
    return tuple(f"{header} ({sheet.units[header]})" if header in sheet.units else header for header in sheet.headers)


def _dropped(sheet: Sheet) -> list[str]:
    """Dropped rows that are not just blank, by why."""
    words = {"total": _("totals"), "header again": _("repeated headers"), "note": _("notes")}
    lines = []
    for why, word in words.items():
        rows = [str(row) for row, reason in sheet.dropped if reason == why]
        if rows:
            shown = ", ".join(rows[:8]) + (" …" if len(rows) > 8 else "")  # as many as fit a line
            lines.append(_("left out, {word} ({count}): row {rows}", count=len(rows), word=word, rows=shown))
    return lines


def _score(column: Column, header: str, seen: Look, unit: str) -> tuple[float, tuple[str, ...]]:
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
    if named and column.type == "number" and _inside(column, seen.values, *_to_wanted(unit, column)):
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


def _inside(column: Column, values: pl.Series, factor: float, offset: float) -> bool:
    """Whether nearly all values lie in the column's range (False where it has none)."""
    bounded = column.low is not None or column.high is not None
    return bounded and values.len() > 0 and _share_inside(column, values, factor, offset) >= 0.95


Scores = dict[tuple[str, str], tuple[float, tuple[str, ...]]]
Chosen = dict[str, tuple[str, float, tuple[str, ...]]]


def _assigned(columns: Sequence[Column], scores: Scores) -> Chosen:
    """Best pairs first; each header is used once; of equals, the column and the header that stand first."""
    order = {column.name: place for place, column in enumerate(columns)}
    chosen: Chosen = {}
    taken: set[str] = set()
    for (name, header), (score, why) in sorted(scores.items(), key=lambda pair: (-pair[1][0], order[pair[0][0]])):
        if name not in chosen and header not in taken:
            chosen[name] = (header, score, why)
            taken.add(header)
    return chosen


def _last_left(sheet: Sheet, columns: Sequence[Column], chosen: Chosen, looks: dict[str, Look]) -> Chosen:
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
            found[column.name] = (fit[0], _ENOUGH, (why,))
    return found


def _rivals(column: Column, header: str, confidence: float, scores: Scores, chosen: Chosen) -> list[str]:
    taken = {each[0] for each in chosen.values()}
    return [
        other
        for (name, other), (score, _why) in scores.items()
        if name == column.name and other != header and other not in taken and score >= confidence - _TIE
    ]


def _hour_beside(sheet: Sheet, column: Column, header: str, chosen: Chosen) -> str:
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


def _match(sheet: Sheet, column: Column, header: str, seen: Look) -> tuple[Match, list[str]]:
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
              header=header, said=said, low=_number(column.low), high=_number(column.high),
              wanted=column.unit, other=other, factor=f"{factor:g}")
        )  # fmt: skip
        unit = other if unit_of(other) else unit
    return Match(header, unit=unit, factor=factor, offset=offset, samples=samples), asks


def _number(value: float | None) -> str:
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
    return next((each for each in (*units, *powers) if _inside(column, values, each[1], each[2])), None)


def _is_share(values: pl.Series) -> bool:
    """Shares as spreadsheets hold 91.7 %: none above 1.5 and most of them no whole numbers."""
    return bool(values.is_between(0, 1.5).all()) and int((values != values.round(0)).sum()) * 2 > values.len()


# --- confirming, applying, keeping -----------------------------------------------------------------------------------


def confirm(proposal: Proposal, ask: Callable[[str], bool] | None) -> Proposal:
    """The proposal, confirmed by one question. Raises UserError where columns are missing, or it is not confirmed."""
    where = f"‘{Path(proposal.file).name}’"
    if not proposal.complete:
        raise UserError(
            _(
                "columns were not found: {names}",
                names=", ".join(proposal.labels.get(name, name) for name in proposal.missing),
            )
            + "\n"
            + proposal.text()
            + "\n",
            where=where,
            cure=_("Rename the headers, or write the mapping by hand and give it with --map."),
        )
    if ask is None:
        raise UserError(
            _("the mapping of the columns has not been confirmed") + "\n" + proposal.text() + "\n",
            where=where,
            cure=_("Confirm it, or give a saved one with --map."),
        )
    if not ask(proposal.text()):
        raise UserError(
            _("the mapping of the columns was refused"),
            where=where,
            cure=_("Rename the headers, or write the mapping by hand and give it with --map."),
        )
    return replace(proposal, confirmed=True)


def apply(sheet: Sheet, proposal: Proposal, columns: Sequence[Column]) -> pl.DataFrame:
    """The frame a source promises: wanted names, types and units, one row a row of the sheet.

    Raises UserError with file, sheet, row and column for a cell of the wrong type, out of range, a missing or doubled key.
    """
    table = long(sheet) if proposal.long else sheet
    series = []
    for column in columns:
        match = proposal.matches.get(column.name)
        if match is None:
            series.append(pl.Series(column.name, [None] * table.cells.height, dtype=_TYPES[column.type]))
            continue
        values = _typed(table, column, match)
        if column.type == "number":
            _check_range(table, column, match, values)
        if column.key or column.type == "time":
            _check_filled(table, match.header, values)
        series.append(values.alias(column.name))
    frame = pl.DataFrame(series)
    _check_keys(
        table, frame, [column.name for column in columns if column.key and column.name in proposal.matches], proposal
    )
    return frame


_TYPES: dict[str, Any] = {
    "number": pl.Float64,
    "time": pl.Datetime("us"),
    "date": pl.Date,
    "text": pl.String,
    "category": pl.String,
}


def _typed(sheet: Sheet, column: Column, match: Match) -> pl.Series:
    if column.type == "number":
        read = tables.hours if match.unit == "h" else tables.numbers
        values = read(sheet, match.header)
        return values if (match.factor, match.offset) == (1.0, 0.0) else values * match.factor + match.offset
    if column.type == "time":
        return tables.times(sheet, match.header, clock=match.clock or None)
    if column.type == "date":
        return tables.times(sheet, match.header, midnight=False).cast(pl.Date)
    return tables.texts(sheet, match.header)


def _check_range(sheet: Sheet, column: Column, match: Match, values: pl.Series) -> None:
    low = -math.inf if column.low is None else column.low - 1e-9 * abs(column.low)
    high = math.inf if column.high is None else column.high + 1e-9 * abs(column.high)  # conversions round
    bad = (~values.is_between(low, high)).fill_null(value=False)
    if bad.any():
        place = bad.arg_max() or 0
        said = {"text": tables.texts(sheet, match.header)[place], "unit": column.unit}
        cure = _(
            "Check the value and its unit; leave the cell empty where nothing was measured, then give the file again."
        )
        raise UserError(
            _("‘{text}’ is outside {low} to {high} {unit}", low=_number(column.low), high=_number(column.high), **said),
            where=sheet.at(place, match.header),
            cure=tables.also_in(int(bad.sum())) + cure,
        )


def _check_filled(sheet: Sheet, header: str, values: pl.Series) -> None:
    if values.null_count():
        place = values.is_null().arg_max() or 0
        raise UserError(
            _("the cell is empty"),
            where=sheet.at(place, header),
            cure=_("Fill it in, or delete the row, then give the file again."),
        )


def _check_keys(sheet: Sheet, frame: pl.DataFrame, keys: list[str], proposal: Proposal) -> None:
    """Rows must differ in the key columns."""
    if not keys or not (doubled := frame.select(pl.struct(keys).is_duplicated()).to_series()).any():
        return
    second = frame.with_columns(again=~pl.struct(keys).is_first_distinct())["again"].arg_max() or 0
    same = (
        doubled
        & frame.select(pl.all_horizontal(pl.col(key).eq_missing(frame[key][second]) for key in keys)).to_series()
    )
    first = same.arg_max() or 0
    names = ", ".join(f"‘{proposal.matches[key].header}’" for key in keys)
    raise UserError(
        _("row {row} has the same {names} as row {first}: {value}", row=sheet.rows[second], names=names, first=sheet.rows[first],
          value=", ".join(str(frame[key][second]) for key in keys)),
        where=sheet.where,
        cure=_("Keep one of the rows, then give the file again."),
    )  # fmt: skip


def saved(path: Path) -> Path:
    """Where the mapping of a file is kept: beside it."""
    return path.with_name(path.name + ".dure-map.json")


def save(path: Path, proposal: Proposal) -> Path:
    """Keep a confirmed mapping beside the file, readable for people."""
    from dure.content_store import write_atomically

    kept = {
        "sheet": proposal.sheet,
        "long": proposal.long,
        "columns": {
            name: {key: value for key, value in asdict(match).items() if key in _KEPT and value != _KEPT[key]}
            for name, match in proposal.matches.items()
        },
        "headers": list(proposal.headers),
    }
    return write_atomically(saved(path), json.dumps(kept, ensure_ascii=False, indent=2) + "\n")


_KEPT: dict[str, object] = {"header": None, "clock": "", "unit": "", "factor": 1.0, "offset": 0.0}


def _kept_match(kept: dict[str, Any]) -> Match:
    """One column of a kept mapping. Raises KeyError for a field it does not have."""
    unknown = set(kept) - set(_KEPT)
    if unknown:
        raise KeyError(", ".join(sorted(unknown)))
    return Match(
        header=str(kept["header"]),
        clock=str(kept.get("clock", "")),
        unit=str(kept.get("unit", "")),
        factor=float(kept.get("factor", 1)),
        offset=float(kept.get("offset", 0)),
    )


def load(map_file: Path) -> Proposal:
    """A kept mapping. Raises UserError where it is none."""
    try:
        kept = json.loads(map_file.read_text(encoding="utf-8"))
        matches = {str(name): _kept_match(match) for name, match in kept["columns"].items()}
        return Proposal(
            "",
            str(kept.get("sheet", "")),
            tuple(kept.get("headers", ())),
            matches,
            long=bool(kept.get("long", False)),
            confirmed=True,
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        cure = _("Delete it and confirm the mapping again.")
        raise UserError(
            _("this is no saved mapping ({why})", why=str(error)[:120]), where=str(map_file), cure=cure
        ) from None


def _still_fits(kept: Proposal, sheet: Sheet, columns: Iterable[Column]) -> bool:
    wanted = {column.name for column in columns}
    needed = {column.name for column in columns if column.required}
    return kept.headers == _signature(sheet) and needed <= set(kept.matches) <= wanted


def open_own(
    path: Path,
    columns: Sequence[Column],
    *,
    sheet: str | None = None,
    map_file: Path | None = None,
    confirm: Callable[[str], bool] | None = None,
) -> tuple[pl.DataFrame, Proposal]:
    """A person's own file as the frame a source promises, and the mapping that was used.

    A mapping kept beside the file, or given with `map_file`, is used without asking as long as the headers are the
    same. Else a proposal is shown through `confirm`, once, and kept. Raises UserError for whatever cannot be read.
    """
    found = meant(path, columns, sheet)
    place = map_file or saved(path)
    kept = load(place) if map_file or place.is_file() else None
    if kept and _still_fits(kept, found[0], columns):
        used = replace(kept, file=str(path), labels={column.name: column.label for column in columns})
        return _applied(found, used, columns), used
    if kept and map_file:
        raise _other_headers(kept, found[0], map_file)
    proposal = propose(found[0], columns)
    if len(found) > 1:
        said = _(
            "{count} sheets with the same headers become one table: {names}",
            count=len(found),
            names=", ".join(each.sheet for each in found),
        )
        proposal = replace(proposal, notes=(*proposal.notes, said))
    used = _confirm(proposal, confirm)
    frame = _applied(found, used, columns)
    save(path, used)
    return frame, used


def open_known(
    path: Path, columns: Sequence[Column], *, sheet: str | None = None, confirm: Callable[[str], bool] | None = None
) -> pl.DataFrame:
    """A file in a layout that `columns` declare, as `open_own`, but asking only where something is doubtful; nothing is kept.

    Raises UserError for whatever cannot be read, and for a doubt where `confirm` is missing.
    """
    found = meant(path, columns, sheet)
    proposal = propose(found[0], columns)
    if proposal.asks or not proposal.complete:
        proposal = _confirm(proposal, confirm)
    return _applied(found, proposal, columns)


def _applied(found: Sequence[Sheet], used: Proposal, columns: Sequence[Column]) -> pl.DataFrame:
    """All sheets as one frame; a key may stand only once in all of them."""
    frames = [apply(each, used, columns) for each in found]
    keys = [column.name for column in columns if column.key and column.name in used.matches]
    seen: dict[tuple[object, ...], str] = {}
    for each, frame in zip(found, frames, strict=True) if keys and len(found) > 1 else ():
        for row in frame.select(keys).rows():
            if seen.setdefault(row, each.sheet) != each.sheet:
                what = _(
                    "{value} stands in the sheets {one} and {other}",
                    value=", ".join(map(str, row)),
                    one=seen[row],
                    other=each.sheet,
                )
                raise UserError(
                    what, where=f"‘{Path(each.file).name}’", cure=_("Name one: --sheet {name}", name=each.sheet)
                )
    return pl.concat(frames)


_confirm = confirm  # open_own's parameter has the same name


def _other_headers(kept: Proposal, sheet: Sheet, map_file: Path) -> UserError:
    now = _signature(sheet)
    gone = [header for header in kept.headers if header not in now]
    new = [header for header in now if header not in kept.headers]
    what = _(
        "the mapping was made for other headers (gone: {gone}; new: {new})",
        gone=", ".join(gone) or "-",
        new=", ".join(new) or "-",
    )
    return UserError(what, where=str(map_file), cure=_("Leave --map out and confirm the mapping again."))


def meant(path: Path, columns: Sequence[Column], name: str | None = None) -> list[Sheet]:
    """The sheets that are meant: the named one, or the only ones in which every required column is found.

    Several of those must have the same headers, as twelve months in twelve sheets do.
    """
    if name is not None:
        return [tables.read(path, name)]
    every = [each for each in tables.sheets(path) if each.cells.height and not each.hidden]
    complete = [each for each in every if propose(each, columns).complete] if len(every) > 1 else []
    alike = len({_signature(each) for each in complete}) == 1
    return complete if alike else [tables.read(path)]
