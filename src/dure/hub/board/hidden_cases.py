"""Problems: cases that an organisation has put here, on which others' methods are tried without seeing them."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal, NamedTuple, TypedDict

from sqlalchemy import func, insert, select, update

from dure.errors import Unknown, UserError
from dure.hub.board import board
from dure.hub.db.rows import ProblemRow
from dure.hub.db.schema import entry, evidence, problem, run
from dure.hub.db.store import now, reading
from dure.hub.jobs import queue
from dure.hub.uploads import uploads
from dure.i18n.texts import _

if TYPE_CHECKING:
    from pydantic import JsonValue
    from sqlalchemy import Engine

    from dure.hub.auth.accounts import Caller
    from dure.hub.db.rows import FileRow
    from dure.hub.jobs.job import Asked
    from dure.record import About, Verdict

MINUTES, MEGABYTES = 240, 4096  # of an entry


class Card(NamedTuple):
    """What everybody who is signed in reads of a problem.

    Attributes
    ----------
    hurts, today
        What hurts, and how it is done now.
    gain
        The smallest that would be worth having, in the unit of the project's first KPI; None: any.
    site
        Where it is.
    sample
        SHA-256 of a file of the organisation's that shows the form of the cases; it is none of them.
    """

    title: str
    hurts: str
    today: str
    gain: float | None = None
    site: str = ""
    sample: str | None = None


class CardKpi(TypedDict):
    """The KPI that decides, as it was when the problem was put here; its name by language."""

    name: dict[str, str]
    unit: str
    better: Literal["lower", "higher"]


class ListedCard(NamedTuple):
    """A card with what the hub adds; `sample`: whether there is a file that shows the form of the cases."""

    id: str
    organisation: str
    project: str
    created: float
    open: bool
    kpi: CardKpi | None
    title: str
    hurts: str
    today: str
    gain: float | None
    site: str
    sample: bool
    entries: int


class Entry(NamedTuple):
    """A method that was tried on a problem's cases.

    `state` is the run's, or "deleted"; `why` is what it has said, by language, which may tell of the cases: it is for their owner.
    `verdict` is the published one on the entered method, with `about` of its evidence; None where nothing is published.
    """

    organisation: str
    name: str
    look: int
    created: float
    run: str
    state: str
    evidence: str | None
    why: dict[str, str] | None
    verdict: Verdict | None
    about: About | None


class Cases(NamedTuple):
    """What is tried: files of the organisation by source of the project (their SHA-256), and how its site is set."""

    project: str
    data: Mapping[str, str]
    settings: Mapping[str, str]


def put(engine: Engine, caller: Caller, card: Card, cases: Cases, kpi: CardKpi) -> str:
    """Put a problem here; its id.

    Parameters
    ----------
    kpi
        The project's first one as it is today. The gain is in its unit, whatever becomes of the project.

    Raises UserError where there are no cases of its own or where the sample would give them away, Unknown where a file is not here.
    """
    cure = _("Send a file first: POST /api/v1/files.")
    if not cases.data:
        raise UserError(_("a problem needs cases of its own"), where="data", cure=cure)
    if card.sample in cases.data.values():
        message = _("these are the cases themselves: everybody could read them")
        raise UserError(
            message, where="sample", cure=_("Make a file of the same form with a few rows that are not asked.")
        )
    for sha256 in [*cases.data.values(), *([card.sample] if card.sample else [])]:
        uploads.one(engine, caller.organisation, sha256)
    name = secrets.token_hex(8)
    with engine.begin() as connection:
        connection.execute(
            insert(problem).values(
                id=name, organisation=caller.organisation, person=caller.name, created=now(engine), open=True, kpi=dict(kpi),
                **card._asdict(), project=cases.project, data=dict(cases.data), settings=dict(cases.settings),
            )
        )  # fmt: skip
    return name


def one(engine: Engine, name: str) -> ProblemRow:
    """A problem by its id. Raises Unknown."""
    with reading(engine) as connection:
        row = connection.execute(select(problem).where(problem.c.id == name)).one_or_none()
    if row is None:
        raise Unknown(_("there is no problem {name}", name=name[:80]))
    return ProblemRow(*row)


def cards(engine: Engine, name: str = "") -> list[ListedCard]:
    """What everybody may read of problems, the open ones first, among them the newest; of one alone by its id. Raises Unknown."""
    columns = [problem.c[column] for column in ListedCard._fields[:-1]]
    counted = select(func.count()).where(entry.c.problem == problem.c.id).scalar_subquery()
    query = select(*columns, counted.label("entries")).order_by(
        problem.c.open.desc(), problem.c.created.desc(), problem.c.id
    )
    if name:
        one(engine, name)
        query = query.where(problem.c.id == name)
    with reading(engine) as connection:
        return [ListedCard._make(row)._replace(sample=row.sample is not None) for row in connection.execute(query)]


def sample(engine: Engine, name: str) -> FileRow:
    """The file that shows the form of a problem's cases. Raises Unknown where there is none."""
    row = one(engine, name)
    if row.sample is None:
        raise Unknown(_("this problem has no sample"), where=row.id)
    return uploads.one(engine, row.organisation, row.sample)


def untried(engine: Engine) -> list[ListedCard]:
    """The open problems on which nobody's method has been tried, the newest first."""
    return [card for card in cards(engine) if card.open and not card.entries]


def close(engine: Engine, name: str, organisation: str) -> None:
    """Nobody is tried on it any more. Raises Unknown, also where it is another organisation's."""
    own = (problem.c.id == name) & (problem.c.organisation == organisation)
    with engine.begin() as connection:
        if not connection.execute(update(problem).where(own).values(open=False)).rowcount:
            raise Unknown(_("there is no problem {name}", name=name[:80]))


# ---- entries ------------------------------------------------------------------------------------------------------------


def enter(engine: Engine, caller: Caller, of: str, name: str, url: str) -> str:
    """Have a method behind a URL tried on a problem's cases; the run's id.

    Every entry of an organisation is one more look of its own at the same cases; the evidence says which one it is.

    Raises Unknown, and UserError where the problem is closed.
    """
    row = one(engine, of)
    with engine.begin() as connection:
        # Two entries at once are two looks: whoever has this row counts alone.
        open_ = connection.execute(select(problem.c.open).where(problem.c.id == of).with_for_update()).scalar_one()
        if not open_:
            raise UserError(_("this problem is closed"), where=of)
        own_entries = (entry.c.problem == of) & (entry.c.organisation == caller.organisation)
        look = 1 + (connection.execute(select(func.max(entry.c.look)).where(own_entries)).scalar() or 0)
        values = {"problem": of, "organisation": caller.organisation, "look": look, "run": "", "name": name}
        connection.execute(insert(entry).values(**values, created=now(engine)))
    asked: Asked = {
        "problem": of, "owner": row.organisation, "data": row.data, "settings": row.settings, "confirmed": True, "sealed": True,
        "profile": "full", "offers": {name: url}, "public": True, "assurance": "hub-witnessed", "looks": look,
    }  # fmt: skip
    queued = queue.submit(
        engine, row.project, asked, seconds=60 * MINUTES, megabytes=MEGABYTES, organisation=caller.organisation, person=caller.name
    )  # fmt: skip
    with engine.begin() as connection:
        connection.execute(update(entry).where(own_entries, entry.c.look == look).values(run=queued))
    return queued


def published(engine: Engine, queued: str, name: str) -> None:
    """Note the evidence that has become of an entry, by its run."""
    with engine.begin() as connection:
        connection.execute(update(entry).where(entry.c.run == queued).values(evidence=name))


def entries(engine: Engine, of: str) -> list[Entry]:
    """Who has entered what on a problem, the newest first, and what came of it."""
    columns = [entry.c[column] for column in Entry._fields[:5]]
    joined = entry.outerjoin(run, run.c.id == entry.c.run).outerjoin(evidence, evidence.c.id == entry.c.evidence)
    query = select(*columns, run.c.state, evidence.c.id, run.c.said, evidence.c.said)
    with reading(engine) as connection:
        rows = connection.execute(
            query.select_from(joined).where(entry.c.problem == of).order_by(entry.c.created.desc(), entry.c.look.desc())
        )
        return [_entry(Entry._make((*row[:-1], None, None)), row[-1]) for row in rows]


def _entry(entered: Entry, signed: Mapping[str, JsonValue] | None) -> Entry:
    """An entry with what its published evidence says."""
    entered = entered._replace(state=entered.state or "deleted")
    if not signed:
        return entered
    record = board.kept(signed)
    verdict = next((taken for taken in record.deciding if taken.method == entered.name), None)
    return entered._replace(verdict=verdict, about=record.about)
