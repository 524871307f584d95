"""Judge answers that stand in a table: no project needed.

A table with the truth, today's practice and one or more offers becomes a Project in memory whose methods are Recorded;
from there on it is the same trial and the same evidence as everything else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from dure import tables
from dure.content_store import sha256_of
from dure.errors import UserError
from dure.i18n.texts import LANGUAGES, _, multilingual
from dure.project.case import Case, Kpi, Round
from dure.project.form import Form
from dure.project.project import Project

if TYPE_CHECKING:
    from dure.datasets.data import Data
    from dure.project.case import Builder, History, Method, Work
    from dure.tables import Sheet

ROWS = (
    300  # rows without time or block: more are joined, in the file's order, into so many groups (docs/gate.md: at 300
)
# blocks the interval is as sharp as it gets, and neighbours that depend on each other fall together)
FACTORS = (10.0, 60.0, 1000.0)  # wrong units people bring: per cent, minutes and hours, kilo
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
        multilingual = [("truth", self.truth), ("practice", self.practice), *(("offer", each) for each in self.offers)]
        multilingual += [("id", self.id), ("time", self.time), ("site", self.site), ("block", self.block)]
        return " ".join(
            f"--{role} {column!r}" if " " in column else f"--{role} {column}" for role, column in multilingual if column
        )


def propose(sheet: Sheet, given: Roles, kpi: str | None) -> Roles:
    """Fill the roles nobody named, by the columns' names, types and ranges. A proposal: the caller must have it confirmed.

    Raises UserError where a named column does not exist, or where truth, practice or an offer cannot be found.
    """
    found = likely(sheet, given, kpi)
    for role in unfilled(found, kpi):
        raise UserError(
            _("cannot tell which column is the {role}", role=role),
            where=sheet.file,
            cure=_("Name it with --{role} COLUMN. Columns: {names}.", role=role, names=", ".join(sheet.headers)),
        )
    return found


def likely(sheet: Sheet, given: Roles, kpi: str | None) -> Roles:
    """What of the roles can be told by the columns' names, types and ranges, beside those that were given.

    Raises UserError where a named column does not exist.
    """
    given = named(sheet, given)
    taken = {each for each in (given.truth, given.practice, *given.offers, given.id, given.time, given.site) if each}
    free = [header for header in sheet.headers if header not in taken]
    found = given
    for role in ("time", "id", "site", "truth", "practice"):
        if getattr(found, role) is None and not (role == "truth" and kpi == "cost"):
            column = _by_name(free, role)
            if column and _fits(sheet, column, role):
                found = replace(found, **{role: column})  # type: ignore[arg-type]  # a role of one column
                free.remove(column)
    if not found.offers:
        offers = [each for each in free if _is_named(each, "offer")] or _alike(sheet, free, found.truth)
        found = replace(found, offers=tuple(offers))
    return found


def by_column(headers: Sequence[str], roles: Sequence[str], block: str | None = None) -> Roles:
    """Roles that were chosen column by column, "" for none. Raises UserError where two columns play one part."""
    found: dict[str, Any] = {
        "offers": tuple(name for name, role in zip(headers, roles, strict=False) if role == "offer")
    }
    for name, role in zip(headers, roles, strict=False):
        if role in found:
            what = _(
                "two columns cannot be the {role}: {first} and {second}", role=_(role), first=found[role], second=name
            )
            raise UserError(what, where=name, cure=_("Leave one of them."))
        if role not in ("", "offer"):
            found[role] = name
    return Roles(**found, block=block)


def unfilled(roles: Roles, kpi: str | None) -> list[str]:
    """Of truth, practice and offer those that no column plays, though the judging needs it."""
    played = {"truth": roles.truth or kpi == "cost", "practice": roles.practice, "offer": roles.offers}
    return [role for role, column in played.items() if not column]


def named(sheet: Sheet, given: Roles) -> Roles:
    """The roles with every named column as the sheet has it (a unit in brackets may be written or left out)."""

    def column(name: str | None) -> str | None:
        return None if name is None else tables.named(sheet, name)

    offers = tuple(tables.named(sheet, name) for name in given.offers)
    block = given.block if given.block in (None, *_SPANS) else column(given.block)
    _apart([column(given.truth), column(given.practice), *offers], sheet)
    return Roles(
        column(given.truth),
        column(given.practice),
        offers,
        column(given.id),
        column(given.time),
        column(given.site),
        block,
    )


def _apart(names: Sequence[str | None], sheet: Sheet) -> None:
    """Raises UserError where one name plays two parts: truth, practice and every offer are columns of their own."""
    for number, name in enumerate(names):
        if name is not None and name in names[:number]:
            what = _("{name} was named twice", name=name)
            raise UserError(
                what, where=sheet.where, cure=_("Truth, practice and every offer need a name of their own.")
            )


def _normal(text: str) -> str:
    return "".join(letter for letter in text.split("(", maxsplit=1)[0].lower() if letter.isalnum() or letter == "_")


def _is_named(header: str, role: str) -> bool:
    plain = _normal(header)
    return any(
        plain == name or (len(name) > 1 and (plain.startswith(name) or plain.endswith(name))) for name in _NAMES[role]
    )


def _by_name(headers: Sequence[str], role: str) -> str | None:
    exact = [header for header in headers if _normal(header) in _NAMES[role]]
    close = [header for header in headers if _is_named(header, role)]
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
    found = []
    for header in headers:
        try:
            values, actual = tables.numbers(sheet, header).to_numpy(), tables.numbers(sheet, truth).to_numpy()
        except UserError:
            continue
        both = np.isfinite(values) & np.isfinite(actual)
        if both.sum() <= 2 or values[both].std() == 0 or actual[both].std() == 0:
            continue
        if np.corrcoef(values[both], actual[both])[0, 1] > 0.5:
            found.append(header)
    return found


# ---- the table as a project ------------------------------------------------------------------------------------------------


class Asked(Form):
    """A row is asked by its number; the answers were given elsewhere."""

    row: int


class Number(Form):
    """A number that was answered."""

    value: float


class Word(Form):
    """A word that was answered."""

    value: str


@dataclass(frozen=True)
class Question:
    """A table ready to be judged."""

    project: Project
    offers: tuple[Builder, ...]  # the second offer and those after it
    notes: tuple[Mapping[str, str], ...]
    about: Mapping[str, Any]  # how the table was read, signed in the evidence: enough to judge it again


@dataclass(frozen=True)
class _Kind:
    """One of the KPIs a table can be judged by: its formula, its sums from (truth, answer), and the answers' type."""

    name: str
    unit: str | None  # None: the truth column's
    better: str
    of: str
    sums: Callable[[Any, Any], dict[str, float]]


def _error(truth: float, given: float) -> dict[str, float]:
    return {"errors": abs(given - truth)}


_KINDS = {
    "mae": _Kind("mean absolute error", None, "lower", "errors / cases", _error),
    "rmse": _Kind("root mean square error", None, "lower", "sqrt(squares / cases)",
                  lambda truth, given: {"squares": (given - truth) ** 2}),
    "wape": _Kind("absolute error as a share of the actual", "%", "lower", "100 * errors / actual",
                  lambda truth, given: {"errors": abs(given - truth), "actual": abs(truth)}),
    "hit": _Kind("share right", "%", "higher", "100 * hits / cases", lambda truth, given: {"hits": float(given == truth)}),
    "brier": _Kind("Brier score", "", "lower", "squares / cases", lambda truth, given: {"squares": (given - truth) ** 2}),
    "cost": _Kind("cost", "", "lower", "cost / cases", lambda _truth, given: {"cost": given}),
}  # fmt: skip
KPIS = {name: kind.name for name, kind in _KINDS.items()}  # what a table can be judged by: its name in words
Notes = list[dict[str, str]]  # what was chosen for the person, in both languages


def question(
    sheet: Sheet,
    roles: Roles,
    *,
    kpi: str | None = None,
    scale: Mapping[str, float] | None = None,
    confirm: Callable[[str], bool] | None = None,
    others: Mapping[str, Sheet] | None = None,
) -> Question:
    """Make the table a project in memory.

    Parameters
    ----------
    roles
        Confirmed.
    kpi
        One of KPIS; None: chosen from the truth, and said in `notes`.
    scale
        Factor by column, where a unit is another one.
    confirm
        Asked when a column stands a factor of 10, 60 or 1,000 away from the truth; None: refuse and say the cure.
    others
        Offers that stand in a table of their own, by name; joined by `id`.

    Raises
    ------
    UserError
        Duplicate, missing or unmatched ids with their rows; text among numbers; a wrong unit.
    """
    notes: Notes = [dict.fromkeys(LANGUAGES, note) for note in sheet.notes]
    if sheet.dropped:
        notes.append(multilingual("{count} rows are no cases (totals, notes, blank lines); the first is row {row}",
                          count=len(sheet.dropped), row=sheet.dropped[0][0]))  # fmt: skip
    kind = kpi or _kind(sheet, roles, notes)
    read = tables.texts if kind == "hit" else tables.numbers
    _apart([roles.truth, roles.practice, *roles.offers, *(others or {})], sheet)
    columns = {name: read(sheet, name) for name in (roles.truth, roles.practice, *roles.offers) if name}
    columns |= {name: _joined(sheet, other, roles, name, read, notes) for name, other in (others or {}).items()}
    names = [each for each in columns if each not in (roles.truth, roles.practice)]
    if kind != "hit":
        scale = {**_factors(sheet, columns, roles, kind, scale or {}, confirm, notes), **(scale or {})}
        columns = {name: values * scale.get(name, 1.0) for name, values in columns.items()}
        _in_range(sheet, columns, roles, kind)
    ids = _ids(sheet, roles)
    times = tables.times(sheet, roles.time) if roles.time else None
    sites = tables.texts(sheet, roles.site).fill_null("").to_list() if roles.site else [""] * len(ids)
    keep = _judged_rows(sheet, columns, notes)
    blocks, word = _blocks(sheet, columns, roles, times, keep, kind, notes)
    truth = columns[roles.truth].to_list() if roles.truth else [None] * len(ids)
    moments = times.to_list() if times is not None else [None] * len(ids)
    cases = tuple(
        Case(ids[row], Asked(row=row), truth=truth[row], block=blocks[row], site=sites[row], time=moments[row])
        for row in keep
    )
    builders = [_recorded(name, columns[name], ids) for name in (roles.practice, *names) if name]
    project = _project(sheet, kind, roles, cases, builders, word)
    spec = {
        "roles": asdict(roles), "kpi": kind, "scale": dict(scale or {}), "sheet": sheet.sheet,
        "others": {name: {"name": Path(other.file).name, "sha256": sha256_of(Path(other.file))} for name, other in (others or {}).items()},
    }  # fmt: skip
    return Question(project, tuple(builders[2:]), tuple(notes), {"judge": spec, "notes": list(notes)})


def _project(
    sheet: Sheet, kind: str, roles: Roles, cases: tuple[Case, ...], builders: list[Builder], word: str
) -> Project:
    from dure.project.manifest import Manifest, Practice, Text

    chosen = _KINDS[kind]
    unit = (
        sheet.units.get(roles.truth or roles.practice or "", "")
        if chosen.unit is None or kind == "cost"
        else chosen.unit
    )
    both = Text(ko=Path(sheet.file).name, en=Path(sheet.file).name)
    return Project(
        request=Asked,
        response=Word if kind == "hit" else Number,
        sources=(),
        history=_nothing,
        rounds=lambda _data: (Round(Path(sheet.file).name, (), cases, sealed=False),),
        practice=builders[0],
        model=builders[1],
        rivals=(),
        score=lambda case, given: chosen.sums(case.truth, given.value),
        kpis=(Kpi(chosen.name, unit, chosen.better, chosen.of),),  # type: ignore[arg-type]
        block_word=word,
        manifest=Manifest(
            id="judge.table",
            title=both,
            summary=both,
            version="1",
            ground="field",
            unanswered=1.0,  # rows without an answer are left out of the comparison, counted and said
            practice=Practice(source=f"{Path(sheet.file).name} · {roles.practice}", who=both, year=1,
                              stronger=Text(ko="알려지지 않음", en="not known")),
        ),
    )  # fmt: skip


def _nothing(_data: Data, _until: object = None) -> tuple[()]:
    """What was known before is not in the table."""
    return ()


def _recorded(name: str, values: pl.Series, ids: Sequence[str]) -> Builder:
    """A column as a method."""
    from dure.trial.recorded import Recorded

    answers = {case: {"value": value} for case, value in zip(ids, values.to_list(), strict=True) if value is not None}

    def build(_history: History, _seed: int, _work: Work) -> Method:
        return Recorded(answers)

    build.__name__ = build.__doc__ = name
    return build


def _kind(sheet: Sheet, roles: Roles, notes: Notes) -> str:
    """Mae for numbers, Brier score for a two-valued truth with answers in 0..1, share right for words; said in notes."""
    if roles.truth is None:
        raise UserError(_("without a truth only --kpi cost can be judged"), where=sheet.file)
    try:
        truth = tables.numbers(sheet, roles.truth).drop_nulls()
        given = pl.concat(
            [tables.numbers(sheet, each).drop_nulls() for each in (roles.practice, *roles.offers) if each]
        )
    except UserError:
        if _mostly_numbers(sheet, roles.truth):  # one word among numbers is a mistake, not an answer in words
            raise
        kind = "hit"
    else:
        two, inside = set(truth.unique()) <= {0.0, 1.0}, bool(given.is_between(0, 1).all())
        kind = "brier" if two and inside and given.n_unique() > 2 else "hit" if two and inside else "mae"
    notes.append(multilingual("judged by {kpi}; another one with --kpi", kpi=_KINDS[kind].name))
    return kind


def _mostly_numbers(sheet: Sheet, column: str) -> bool:
    texts = tables.texts(sheet, column).drop_nulls().str.replace_all(",", "")
    return texts.cast(pl.Float64, strict=False).is_not_null().sum() * 2 > texts.len()


def _ids(sheet: Sheet, roles: Roles) -> list[str]:
    """Case ids: the id column's, else the row numbers the person sees. Duplicates and gaps are named with their rows."""
    rows = sheet.rows
    if roles.id is None:
        return [str(row) for row in rows]
    ids = tables.texts(sheet, roles.id)
    place = _("{file} column {column}", file=sheet.where, column=roles.id)
    empty = ids.is_null().arg_true()
    if empty.len():
        raise UserError(
            _("row {row} has no id", row=rows[empty[0]]), where=place, cure=_("Fill it in or delete the row.")
        )
    seen: dict[str, int] = {}
    for row, each in zip(rows, ids.to_list(), strict=True):
        if each in seen:
            raise UserError(
                _("the id {id} stands in row {first} and again in row {row}", id=each, first=seen[each], row=row),
                where=place,
                cure=_("Every id may stand once. If a case comes at several times, leave --id out and give --time."),
            )
        seen[each] = row
    return list(ids.to_list())


def _joined(
    sheet: Sheet, other: Sheet, roles: Roles, name: str, read: Callable[[Sheet, str], pl.Series], notes: Notes
) -> pl.Series:
    """An offer's own table, brought into the order of this one by id."""
    if roles.id is None:
        raise UserError(
            _("an offer in a file of its own is matched by id"),
            where=other.file,
            cure=_("Name the id column with --id."),
        )
    if roles.id not in other.headers:
        tables.named(other, roles.id)
    column = (
        name
        if name in other.headers
        else next((h for h in other.headers if h != roles.id and _is_named(h, "offer")), None)
    )
    if column is None:
        rest = [header for header in other.headers if header != roles.id]
        column = rest[0] if len(rest) == 1 else tables.named(other, name)
    mine, theirs = _ids(sheet, roles), _ids(other, roles)
    values = dict(zip(theirs, read(other, column).to_list(), strict=True))
    missing = [(row, each) for row, each in zip(sheet.rows, mine, strict=True) if each not in values]
    if missing:
        raise UserError(
            _("{count} ids of {file} are missing here; the first is {id} (row {row})",
              count=len(missing), file=Path(sheet.file).name, id=missing[0][1], row=missing[0][0]),
            where=other.where,
            cure=_("Give an answer, or an empty cell, for every id."),
        )  # fmt: skip
    shuffled = next((row for row, a, b in zip(other.rows, mine, theirs, strict=False) if a != b), None)
    if shuffled is not None:
        notes.append(
            multilingual(
                "{file}: ids stand in another order from row {row} on; matched by id", file=other.where, row=shuffled
            )
        )
    return pl.Series(name, [values[each] for each in mine])


def _factors(
    sheet: Sheet, columns: Mapping[str, pl.Series], roles: Roles, kind: str, settled: Mapping[str, float],
    confirm: Callable[[str], bool] | None, notes: Notes,
) -> dict[str, float]:  # fmt: skip
    """Ask about each column that stands a factor of 10, 60 or 1,000 away from the truth (of costs: from the practice)."""
    yard = roles.truth if roles.truth and kind != "cost" else roles.practice
    base = _size(columns[yard]) if yard and kind != "brier" else 0.0
    found: dict[str, float] = {}
    for name, values in columns.items():
        ratio = _size(values) / base if base else 0.0
        factor = next((f for f in (*FACTORS, *(1 / each for each in FACTORS)) if ratio and 0.7 < ratio / f < 1.4), None)
        if name == yard or name in settled or factor is None:
            continue
        times = f"{factor:,.0f}" if factor > 1 else f"1/{1 / factor:,.0f}"
        what = _("{column} is about {times} times {yard}: another unit?", column=name, times=times, yard=yard)
        if confirm is None:
            cure = _(
                "If so, give --scale {column}={by}; if not, --scale {column}=1.", column=name, by=f"{1 / factor:g}"
            )
            raise UserError(what, where=sheet.where, cure=cure)
        found[name] = 1 / factor if confirm(what + " " + _("Divide it by {times}?", times=times)) else 1.0
        if found[name] != 1.0:
            notes.append(multilingual("{column} was divided by {times}", column=name, times=times))
    return found


def _size(values: pl.Series) -> float:
    found = values.drop_nulls().abs()
    found = found.filter(found > 0)
    return float(found.median() or 0.0) if found.len() else 0.0  # type: ignore[arg-type]


def _in_range(sheet: Sheet, columns: Mapping[str, pl.Series], roles: Roles, kind: str) -> None:
    """The Brier score wants a two-valued truth and answers in 0..1."""
    if kind != "brier":
        return
    for name, values in columns.items():
        fine = values.is_in([0.0, 1.0]) if name == roles.truth else values.is_between(0.0, 1.0)
        bad = (~fine.fill_null(value=True)).arg_true()
        if bad.len():
            what = (
                _("{value} is not 0 or 1", value=values[bad[0]])
                if name == roles.truth
                else _("{value} is not within 0..1", value=values[bad[0]])
            )
            raise UserError(
                what,
                where=_("{file} row {row} column {column}", file=sheet.where, row=sheet.rows[bad[0]], column=name),
                cure=_("The Brier score wants a truth of 0 or 1 and probabilities; otherwise give another --kpi."),
            )


def _judged_rows(sheet: Sheet, columns: Mapping[str, pl.Series], notes: Notes) -> list[int]:
    """Rows where the truth and every answer are there; the others are counted and the first is named."""
    full = np.ones(len(sheet.rows), dtype=bool)
    for name, values in columns.items():
        empty = values.is_null().to_numpy()
        if empty.any():
            first = sheet.rows[int(np.flatnonzero(empty)[0])]
            notes.append(multilingual("{column}: {count} empty cells, the first in row {row}; those rows are left out for everybody",
                           column=name, count=int(empty.sum()), row=first))  # fmt: skip
        full &= ~empty
    if not full.any():
        raise UserError(_("no row has the truth and every answer"), where=sheet.where)
    return [int(row) for row in np.flatnonzero(full)]


_SPANS = {"day": "%Y-%m-%d", "week": "%G-W%V", "month": "%Y-%m"}
_ONE = {"day": "one day", "week": "one week", "month": "one month"}


def _blocks(
    sheet: Sheet,
    columns: Mapping[str, pl.Series],
    roles: Roles,
    times: pl.Series | None,
    keep: list[int],
    kind: str,
    notes: Notes,
) -> tuple[list[str | None], str]:
    """A block for every row, and what a block is called."""
    if roles.block and roles.block not in _SPANS:
        return [str(each) for each in tables.texts(sheet, roles.block).to_list()], "block"
    if times is None:
        if roles.block:
            what = _("--block {block} needs the time of every row", block=roles.block)
            raise UserError(what, cure=_("Name its column with --time."))
        notes.append(multilingual("no time and no block: rows are taken as independent of each other"))
        return _groups(len(sheet.rows), keep)
    empty = times.gather(keep).null_count() and next(row for row in keep if times[row] is None)
    if empty:
        what = _("row {row} has no time", row=sheet.rows[empty])
        raise UserError(what, where=sheet.where, cure=_("Fill it in or delete the row."))
    span = roles.block
    if span is None:
        span = _span(times.gather(keep), _losses(sheet, columns, roles, keep, kind, times))
        notes.append(multilingual("blocks are {span} each, from the times; another one with --block", span=_ONE[span]))
    return times.dt.strftime(_SPANS[span]).to_list(), span


def _groups(rows: int, keep: list[int]) -> tuple[list[str | None], str]:
    """Each row its own block, or `ROWS` groups of neighbours where there are more."""
    size = -(-len(keep) // ROWS)
    place = {row: f"{number // size:04d}" for number, row in enumerate(keep)}
    return [place.get(row) for row in range(rows)], "row" if size == 1 else "group of rows"


def _losses(
    sheet: Sheet, columns: Mapping[str, pl.Series], roles: Roles, keep: list[int], kind: str, times: pl.Series
) -> list[float]:
    """The practice's loss row by row, site by site in the order of time."""
    sites = tables.texts(sheet, roles.site).fill_null("").to_list() if roles.site else [""] * len(times)
    moments, practice = times.to_list(), columns[str(roles.practice)]
    truth = columns[roles.truth] if roles.truth else practice
    order = sorted(keep, key=lambda row: (sites[row], moments[row]))
    return [next(iter(_KINDS[kind].sums(truth[row], practice[row]).values())) for row in order]


def _span(times: pl.Series, losses: list[float]) -> str:
    """The shortest of day, week and month that is at least 4 (1 + rho) / (1 - rho) steps long (docs/gate.md).

    rho is the lag-1 autocorrelation of the practice's loss; a step is from one time to the next.
    """
    from dure.statistics.blocks import autocorrelation

    rho = autocorrelation(np.asarray(losses))
    needed = 4 * (1 + rho) / (1 - rho)
    steps = times.n_unique()
    long = [name for name, style in _SPANS.items() if steps / times.dt.strftime(style).n_unique() >= needed]
    return next(iter(long), "month")
