"""What a sheet nobody designed for can honestly be asked: its columns' roles, the split, the practice.

Everything is derived from the sheet; whatever is a guess is kept as a sentence for the person who knows the trade.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from dure import tables
from dure.errors import UserError, nearest
from dure.i18n.texts import _
from dure.project.manifest import Text
from dure.scaffold.time_columns import TIME_NAME, moment
from dure.scaffold.types import (
    FEWEST_ROWS,
    NEARLY_EMPTY,
    NEARLY_THE_TARGET,
    RESERVED,
    Known,
    Survey,
    bounds,
    correlation,
    field_name,
    plain_name,
)
from dure.tables import letter, split_unit

if TYPE_CHECKING:
    import polars as pl

    from dure.tables import Sheet

_LEVEL = re.compile(
    r"반복|처리|구$|블록|품종|등급|번지|호기|코드|요일|월$|rep|block|plot|lot|treat|code|class|cultivar|weekday|month",
    re.IGNORECASE,
)
_COUNTER = re.compile(r"번호|순번|연번|일련|^no\.?$|^id$|index|^#$|serial", re.IGNORECASE)


def survey(sheet: Sheet, target: str) -> Survey:
    """Give every column of a sheet its role.

    Raises UserError for a target that is not there (with the nearest) or holds no numbers, and for a sheet too small.
    """
    header = target_header(sheet, target)
    truth = tables.numbers(sheet, header)
    table_survey = Survey(sheet, header, truth)
    table_survey.moment = moment(sheet, header)
    count = int(table_survey.rows.sum())
    if count < FEWEST_ROWS:
        raise UserError(
            _("{count} rows have {target}; at least {least} are needed", count=count, target=header, least=FEWEST_ROWS),
            where=sheet.where,
        )
    if truth.filter(table_survey.rows).n_unique() == 1:
        raise UserError(
            _("{target} is the same in every row: there is nothing to foresee", target=header), where=sheet.where
        )
    when = table_survey.moment
    taken = {*RESERVED, when.field if when else ""}
    table_survey.target_field = field_name(header, taken)
    used = {header, *(when.headers if when else ()), when.clock if when else ""}
    for candidate in sheet.headers:
        if candidate not in used:
            _place(table_survey, candidate, taken)
    return table_survey


def target_header(sheet: Sheet, target: str) -> str:
    """The header meant: written as in the sheet, or with its unit, or as one part of a header of several rows.

    Raises UserError with the nearest name.
    """
    name = unicodedata.normalize("NFC", target).strip()
    plain = {header: plain_name(header) for header in sheet.headers}
    for matches in (
        [header for header in sheet.headers if header == name],
        [header for header, text in plain.items() if text in {plain_name(name), plain_name(split_unit(name)[0])}],
        [header for header in sheet.headers if plain_name(name) in [plain_name(part) for part in header.split(" / ")]],
    ):
        if len(matches) == 1:
            return matches[0]
        if matches:
            raise UserError(
                _("{target} stands for several columns: {names}", target=target, names=", ".join(matches)),
                where=sheet.where, cure=_("Name one of them in full."),
            )  # fmt: skip
    parts = {part: header for header in sheet.headers for part in (header.split(" / ")[-1], header)}
    close = parts.get(nearest(name, tuple(parts)), "") or next(
        (h for h in sheet.headers if plain_name(name) in plain[h]), ""
    )
    cure = _("Did you mean {name}?", name=close) if close else _("Columns: {names}.", names=", ".join(sheet.headers))
    raise UserError(_("there is no column {name}", name=target), where=sheet.where, cure=cure)


def _place(survey: Survey, header: str, taken: set[str]) -> None:
    """Find one column's role and write it into `found`."""
    rows, sheet = survey.rows, survey.sheet
    texts = tables.texts(sheet, header)
    filled = texts.filter(rows).drop_nulls()
    levels, count = filled.n_unique(), int(rows.sum())
    if header in _unnamed(sheet) or not filled.len():
        survey.left.append((header, Text(ko="비어 있거나 머리글이 없습니다", en="empty, or without a header")))
    elif levels == 1 and filled.len() == count:
        survey.left.append((header, Text(ko="모든 행에서 같습니다", en="the same in every row")))
    elif _dates(survey, header):
        survey.since[field_name(f"days since {header}", taken)] = header
    elif (values := _numbers(sheet, header)) is not None and not (_LEVEL.search(header) and levels <= 50):
        _place_numbers(survey, header, values, taken)
    elif levels <= max(2, count // 2) and levels > 1:
        survey.names[field_name(header, taken)] = header
    else:
        survey.left.append((header, Text(ko="거의 행마다 다른 글입니다", en="text that differs in nearly every row")))


def _unnamed(sheet: Sheet) -> set[str]:
    """What `dure.tables` calls columns without a header: words of the reader's language, so no name to write into code."""
    return {_("column {letter}", letter=letter(place)) for place in range(len(sheet.headers) + 50)}


def _numbers(sheet: Sheet, header: str) -> pl.Series | None:
    try:
        return tables.numbers(sheet, header)
    except UserError:
        return None


def _dates(survey: Survey, header: str) -> bool:
    """Whether this is another column of dates beside the row's own."""
    raw = survey.sheet.cells[header]
    if survey.moment is None or (raw.dtype.is_numeric() and not TIME_NAME.search(header)):
        return False
    try:
        return bool(tables.times(survey.sheet, header).is_not_null().any())
    except UserError:
        return False


def _place_numbers(survey: Survey, header: str, values: pl.Series, taken: set[str]) -> None:
    used, truth = values.filter(survey.rows), survey.truth.filter(survey.rows)
    filled = used.drop_nulls()
    close = correlation(used, truth)
    is_counter = filled.n_unique() == filled.len() and bool((filled.diff().drop_nulls() == 1).all())
    if filled.len() < NEARLY_EMPTY * used.len():
        reason = Text(
            ko=f"{used.len()}행 중 {filled.len()}행에만 있습니다", en=f"filled in {filled.len()} of {used.len()} rows"
        )
    elif filled.n_unique() == 1:
        reason = Text(ko="값이 모두 같습니다", en="the same wherever it is filled")
    elif is_counter or (_COUNTER.search(header) and filled.n_unique() > used.len() // 2):
        reason = Text(ko="번호입니다", en="a counter")
    elif close is not None and abs(close) > NEARLY_THE_TARGET:
        reason = Text(
            ko=f"예측 대상과 거의 같습니다 (상관 {close:.3f})", en=f"nearly the target itself (correlation {close:.3f})"
        )
    else:
        low, high = bounds(values)
        unit = tables.cell_unit(survey.sheet, header)
        survey.known.append(Known(field_name(header, taken), header, unit, low, high, close))
        return
    survey.left.append((header, reason))
