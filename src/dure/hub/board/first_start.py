"""An empty board filled by one click: projects whose data come with published packages are tried, and what they show is published."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypedDict

from sqlalchemy import and_, select, text

from dure.errors import UserError
from dure.hub.db.rows import RunRow
from dure.hub.db.schema import evidence, run
from dure.hub.db.store import reading
from dure.hub.jobs import queue
from dure.hub.models import projects
from dure.i18n.texts import _

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection, Engine

    from dure.hub.auth.accounts import Caller
    from dure.hub.jobs.job import Asked

MINUTES, MEGABYTES = 60, 4096  # that one of these trials may take and hold
DESCRIBED_AT_ONCE = 4  # projects, each by a process of its own
MOST = 200  # of the newest runs that are looked at
LOCK = 0x73746172  # of PostgreSQL, so that two people who click at once start once: "star" as a number
# The quick profile, one sealed round of it: a look, as the evidence says.
ASKED: Asked = {"profile": "quick", "sealed": True, "publish": True, "public": True}


class OpenRun(TypedDict):
    """A run that goes on."""

    id: str
    project: str
    state: str
    share: float
    doing: str


class News(TypedDict):
    """What is new on the board: a stamp that is another one when something is, and runs that go on."""

    stamp: str
    runs: list[OpenRun]


def begin(engine: Engine, caller: Caller, names: Sequence[str]) -> list[str]:
    """Queue the quick trial of every project that needs nobody's file and has no evidence here; the runs' ids.

    Raises UserError while such trials run, and where nothing is left to be tried.
    """
    if any(trial.ended is None for trial in asked_for(engine, caller.organisation)):
        raise _busy()
    ready = [name for name in names if name not in _published(engine)]
    with ThreadPoolExecutor(DESCRIBED_AT_ONCE) as several:
        ready = [name for name, able in zip(ready, several.map(needs_no_file, ready), strict=True) if able]
    if not ready:
        message = _("there is no project left that could be tried without a file of yours")
        raise UserError(message, cure=_("Try one on your own file, or judge a table."))
    with engine.begin() as connection:  # SQLite takes its lock here
        if engine.dialect.name == "postgresql":
            connection.execute(text(f"select pg_advisory_xact_lock({LOCK})"))
        if _going(connection, caller.organisation):
            raise _busy()
        return [
            queue.put(
                connection, name, ASKED, seconds=60 * MINUTES, megabytes=MEGABYTES, organisation=caller.organisation, person=caller.name,
            )
            for name in ready
        ]  # fmt: skip


def needs_no_file(name: str) -> bool:
    """Whether a project opens nothing, or what comes with published packages, and what it stands on is installed.

    A file of one's own beside them is another form of the same data: a project says so by naming both.
    """
    try:
        origins = {source["origin"] for source in projects.described(name)["sources"]}
    except UserError:
        return False
    return not origins or {"wheel"} <= origins <= {"wheel", "own"}


def asked_for(engine: Engine, organisation: str) -> list[RunRow]:
    """The trials of an organisation that are to be published, the newest of each project."""
    query = select(run).where(_to_publish(organisation)).order_by(run.c.created.desc(), run.c.id).limit(MOST)
    with reading(engine) as connection:
        newest: dict[str, RunRow] = {}
        for row in connection.execute(query):
            newest.setdefault(row.project, RunRow(*row))
    return sorted(newest.values(), key=lambda row: (row.created, row.id))


def _to_publish(organisation: str) -> ColumnElement[bool]:
    return and_(run.c.organisation == organisation, run.c.asked["publish"].as_boolean())


def _going(connection: Connection, organisation: str) -> bool:
    open_ = select(run.c.id).where(_to_publish(organisation), run.c.ended.is_(None)).limit(1)
    return connection.execute(open_).first() is not None


def _published(engine: Engine) -> set[str]:
    """Projects that have evidence here."""
    with reading(engine) as connection:
        return set(connection.execute(select(evidence.c.project).distinct()).scalars())


def _busy() -> UserError:
    return UserError(_("they are being tried already"), cure=_("Wait until these trials have ended, or cancel them."))


def news(engine: Engine, organisation: str) -> News:
    """What whoever looks at the board should know of: a stamp that is another one when there is something new, and runs that go on."""
    going = asked_for(engine, organisation)
    with reading(engine) as connection:
        published = connection.execute(select(evidence.c.id).order_by(evidence.c.id)).scalars().all()
    state = "\n".join([*published, *(f"{trial.id} {trial.state}" for trial in going)])
    return {
        "stamp": hashlib.sha256(state.encode()).hexdigest()[:16],
        "runs": [
            {"id": trial.id, "project": trial.project, "state": trial.state, "share": trial.share, "doing": trial.doing}
            for trial in going
            if trial.ended is None
        ],
    }  # fmt: skip
