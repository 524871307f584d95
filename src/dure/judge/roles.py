"""Which column is which: the truth, the practice, the offers, case, time, site, block."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from dure import tables
from dure.errors import UserError
from dure.i18n.texts import _

if TYPE_CHECKING:
    from dure.tables import Sheet

_NAMES = {
    "truth": ("실적", "실측", "실제", "실제값", "관측", "관측값", "정답", "결과", "측정값", "actual", "truth", "observed",
              "measured", "target", "y", "y_true", "label"),
    "practice": ("현행", "기존", "기존방식", "현재", "현재방식", "담당자", "사람", "수기", "practice", "today", "current", "baseline",
                 "incumbent", "persistence"),
    "offer": ("제안", "업체", "모델", "예측", "예측값", "ai", "인공지능", "offer", "model", "vendor", "forecast", "prediction",
              "predicted", "y_pred", "proposed"),
    "id": ("번호", "순번", "일련번호", "관리번호", "사례", "id", "no", "case", "key", "index"),
    "time": ("일시", "날짜", "일자", "시각", "시간", "측정일", "date", "time", "datetime", "timestamp", "ds"),
    "site": ("현장", "사업장", "공장", "발전소", "지점", "지점명", "농가", "병원", "site", "plant", "station", "hospital", "farm"),
}  # fmt: skip
_TIMES = ("일시", "날짜", "일자", "date", "datetime", "timestamp")  # names that are nothing but a time


@dataclass(frozen=True)
class Roles:
    """Which column plays which part. `offers` maps the name people read to the column."""

    truth: str | None = None
    practice: str | None = None
    offers: tuple[str, ...] = ()
    id: str | None = None
    time: str | None = None
    site: str | None = None
    block: str | None = None  # day, week, month, or a column

    def words(self) -> str:
        """The roles as options of the command line."""
        named = [("truth", self.truth), ("practice", self.practice), *(("offer", offer) for offer in self.offers)]
        named += [("id", self.id), ("time", self.time), ("site", self.site), ("block", self.block)]
        return " ".join(
            f"--{role} {column!r}" if " " in column else f"--{role} {column}" for role, column in named if column
        )


def propose(sheet: Sheet, roles: Roles, kpi: str | None) -> Roles:
    """Fill the roles nobody named, by the columns' names, types and ranges. A proposal: the caller must have it confirmed.

    Raises UserError where a named column does not exist, or where truth, practice or an offer cannot be found.
    """
    proposed = likely(sheet, roles, kpi)
    complete(sheet, proposed, kpi)
    return proposed


def complete(sheet: Sheet, roles: Roles, kpi: str | None, others: Iterable[str] = ()) -> None:
    """Raises UserError where truth, practice or an offer is missing; `others` are offers in tables of their own."""
    for role in unfilled(replace(roles, offers=(*roles.offers, *others)), kpi):
        raise UserError(
            _("cannot tell which column is the {role}", role=role),
            where=sheet.file,
            cure=_("Name it with --{role} COLUMN. Columns: {names}.", role=role, names=", ".join(sheet.headers)),
        )


def likely(sheet: Sheet, roles: Roles, kpi: str | None) -> Roles:
    """What of the roles can be told by the columns' names, types and ranges, beside those that were given.

    Raises UserError where a named column does not exist.
    """
    roles = named(sheet, roles)
    used = {name for name in (roles.truth, roles.practice, *roles.offers, roles.id, roles.time, roles.site) if name}
    free = [header for header in sheet.headers if header not in used]
    filled = roles
    for role in ("time", "id", "site", "truth", "practice"):
        if getattr(filled, role) is None and not (role == "truth" and kpi == "cost"):
            column = _by_name(free, role)
            if column and _fits(sheet, column, role):
                filled = replace(filled, **{role: column})  # type: ignore[arg-type]  # a role of one column
                free.remove(column)
    if not filled.offers:
        offers = [header for header in free if is_named(header, "offer")] or _alike(sheet, free, filled.truth)
        filled = replace(filled, offers=tuple(offers))
    return filled


def by_column(headers: Sequence[str], roles: Sequence[str], block: str | None = None) -> Roles:
    """Roles that were chosen column by column, "" for none. Raises UserError where two columns play one part."""
    columns: dict[str, Any] = {
        "offers": tuple(name for name, role in zip(headers, roles, strict=False) if role == "offer")
    }
    for name, role in zip(headers, roles, strict=False):
        if role in columns:
            message = _(
                "two columns cannot be the {role}: {first} and {second}", role=_(role), first=columns[role], second=name
            )
            raise UserError(message, where=name, cure=_("Leave one of them."))
        if role not in ("", "offer"):
            columns[role] = name
    return Roles(**columns, block=block)


def unfilled(roles: Roles, kpi: str | None) -> list[str]:
    """Of truth, practice and offer those that no column plays, though the judging needs it."""
    played = {"truth": roles.truth or kpi == "cost", "practice": roles.practice, "offer": roles.offers}
    return [role for role, column in played.items() if not column]


def named(sheet: Sheet, roles: Roles) -> Roles:
    """The roles with every named column as the sheet has it (a unit in brackets may be written or left out)."""

    def column(name: str | None) -> str | None:
        return None if name is None else tables.named(sheet, name)

    offers = tuple(tables.named(sheet, name) for name in roles.offers)
    block = roles.block if roles.block in (None, *SPANS) else column(roles.block)
    split_columns([column(roles.truth), column(roles.practice), *offers], sheet)
    return Roles(
        column(roles.truth),
        column(roles.practice),
        offers,
        column(roles.id),
        column(roles.time),
        column(roles.site),
        block,
    )


def split_columns(names: Sequence[str | None], sheet: Sheet) -> None:
    """Raises UserError where one name plays two parts: truth, practice and every offer are columns of their own."""
    for number, name in enumerate(names):
        if name is not None and name in names[:number]:
            message = _("{name} was named twice", name=name)
            raise UserError(
                message, where=sheet.where, cure=_("Truth, practice and every offer need a name of their own.")
            )


def _normal(text: str) -> str:
    return "".join(letter for letter in text.split("(", maxsplit=1)[0].lower() if letter.isalnum() or letter == "_")


def is_named(header: str, role: str) -> bool:
    """Whether people call the role by this header."""
    plain = _normal(header)
    return any(
        plain == name or (len(name) > 1 and (plain.startswith(name) or plain.endswith(name))) for name in _NAMES[role]
    )


def _by_name(headers: Sequence[str], role: str) -> str | None:
    exact = [header for header in headers if _normal(header) in _NAMES[role]]
    close = [header for header in headers if is_named(header, role)]
    return next(iter([*exact, *close]), None)


def _fits(sheet: Sheet, column: str, role: str) -> bool:
    """Whether the column's values can play the role at all."""
    if role != "time":
        return True
    try:
        return tables.times(sheet, column).drop_nulls().len() > 0
    except UserError:
        if (
            _normal(column) in _TIMES
        ):  # a column of dates that cannot be read is a mistake to mend, not a column to pass over
            raise
        return False


def _alike(sheet: Sheet, headers: Sequence[str], truth: str | None) -> list[str]:
    """Columns of numbers that move with the truth: what an offer looks like when its name says nothing."""
    if truth is None:
        return []
    correlated = []
    for header in headers:
        try:
            values, actual = tables.numbers(sheet, header).to_numpy(), tables.numbers(sheet, truth).to_numpy()
        except UserError:
            continue
        finite = np.isfinite(values) & np.isfinite(actual)
        if finite.sum() <= 2 or values[finite].std() == 0 or actual[finite].std() == 0:
            continue
        if np.corrcoef(values[finite], actual[finite])[0, 1] > 0.5:
            correlated.append(header)
    return correlated


SPANS = {"day": "%Y-%m-%d", "week": "%G-W%V", "month": "%Y-%m"}
