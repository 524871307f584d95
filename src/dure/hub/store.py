"""The hub's store: SQLite beside the hub's files by default, PostgreSQL by URL. Its tables change by migration alone."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import time
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    cast,
    create_engine,
    extract,
    func,
    insert,
    literal,
    make_url,
    text,
)
from sqlalchemy import event as events
from sqlalchemy.exc import ArgumentError, DBAPIError

from dure.content_store import home
from dure.errors import UserError
from dure.i18n.texts import _

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

VARIABLE = "DURE_STORE"
MOST_KNOWN = 10_000  # things kept until anybody writes
T = TypeVar("T")
WAITS = 30  # seconds that a writer waits for another one (SQLite)
LOCK = 0x64757265  # of PostgreSQL, while the tables are brought up to date: "dure" as a number

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    }
)

# Moments are seconds since 1970 by the store's own clock (`now`): the clocks of workers on several machines differ.
# What is asked for: a trial, a table of answers, evidence run again.
run = Table(
    "run",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("created", Double, nullable=False),
    Column("project", String(200), nullable=False),
    Column("asked", JSON, nullable=False),  # by `kind`: see `dure.hub.child`
    Column("seconds", Integer, nullable=False),  # it may take
    Column("megabytes", Integer, nullable=False),  # it may hold
    Column("state", String(16), nullable=False),  # queued, running, done, failed, cancelled
    Column("attempt", Integer, nullable=False),  # how often it was begun
    Column("lost", Integer, nullable=False),  # how many of them ended with their worker
    Column("worker", String(200)),
    Column("lease", Double),  # until when the worker has it
    Column("cancel", Boolean, nullable=False),  # somebody has asked to stop it
    Column("began", Double),
    Column("ended", Double),
    Column("share", Double, nullable=False),  # of the work done, 0 to 1
    Column("doing", Text, nullable=False),  # in words
    Column("said", JSON, nullable=False),  # the trial's sentence, or why there is none, by language
    Column("evidence", Text),  # folder below the hub's own
    Column("kind", String(16), nullable=False, server_default="trial"),
    Column("organisation", String(64), nullable=False, server_default="hub"),
    Column("person", String(200), nullable=False, server_default=""),
    Column("result", JSON),  # of a table of answers: the file, rows, unanswered ones by cause
    Index(None, "state", "created"),
    Index(None, "organisation", "created"),
)

# What may answer for a project: a row a version, never changed.
service = Table(
    "service",
    metadata,
    Column("organisation", String(64), primary_key=True),
    Column("project", String(200), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("method", String(200), nullable=False),
    Column("settings", JSON, nullable=False),  # of the site
    Column("data", JSON, nullable=False),  # files of one's own by source: their SHA-256
    Column("code", String(64), nullable=False),  # SHA-256 of the project that was accepted
    Column("evidence", String(64), nullable=False),  # replay hash of its trial; empty: accepted for a written reason
    Column("why", JSON, nullable=False),  # the trial's sentence, or the reason, by language
    Column("who", String(200), nullable=False),
    Column("created", Double, nullable=False),
)
# Which of them answers since when: the newest row of a project counts, version 0 is today's practice.
promotion = Table(
    "promotion",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("organisation", String(64), nullable=False),
    Column("project", String(200), nullable=False),
    Column("version", Integer, nullable=False),
    Column("since", Double, nullable=False),
    Column("who", String(200), nullable=False),
    Column("reason", Text, nullable=False),
    Index(None, "organisation", "project"),
)

# Who may do what where the hub answers to other machines.
person = Table(
    "person",
    metadata,
    Column("name", String(200), primary_key=True),
    Column("password", Text, nullable=False),  # Argon2id; empty: by token alone
    Column("created", Double, nullable=False),
)
membership = Table(
    "membership",
    metadata,
    Column("person", String(200), ForeignKey("person.name", ondelete="CASCADE"), primary_key=True),
    Column("organisation", String(64), primary_key=True),
    Column("role", String(16), nullable=False),
)
token = Table(
    "token",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("person", String(200), ForeignKey("person.name", ondelete="CASCADE"), nullable=False, index=True),
    Column("organisation", String(64), nullable=False),
    Column("digest", String(64), nullable=False, unique=True),  # SHA-256 of the token, which is shown once
    Column("role", String(16), nullable=False),  # at most its person's
    Column("label", String(200), nullable=False),
    Column("created", Double, nullable=False),
    Column("expires", Double, nullable=False),
)

# A file that somebody has sent; its content lies once, by its hash, however many keep it.
file = Table(
    "file",
    metadata,
    Column("organisation", String(64), primary_key=True),
    Column("sha256", String(64), primary_key=True),
    Column("name", String(200), nullable=False),  # as people call it: never a path
    Column("kind", String(16), nullable=False),  # table, or file
    Column("bytes", BigInteger, nullable=False),
    Column("person", String(200), nullable=False),
    Column("created", Double, nullable=False),
)
# An answer that was given, and what became of it once the truth was told.
answer = Table(
    "answer",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("organisation", String(64), nullable=False),
    Column("project", String(200), nullable=False),
    Column("owner", String(64), nullable=False),  # the organisation whose service it was
    Column("service", Integer, nullable=False),  # the version of that
    Column("person", String(200), nullable=False),
    Column("created", Double, nullable=False),
    Column("cause", String(16), nullable=False),  # why the practice answered in the service's place; empty: it did not
    Column("request", Text, nullable=False),  # JSON
    Column("response", Text, nullable=False),  # JSON
    Column("truth", Text),  # JSON
    Column("sums", JSON),  # the project's score of the answer
    Column("practice", JSON),  # and of today's practice on the same request
    Index(None, "organisation", "project", "created"),
)
# Evidence that others have sent here, or that this hub has signed.
evidence = Table(
    "evidence",
    metadata,
    Column("id", String(64), primary_key=True),  # SHA-256 of its envelope
    Column("organisation", String(64), nullable=False),
    Column("person", String(200), nullable=False),
    Column("project", String(200), nullable=False, index=True),
    Column("created", Double, nullable=False),
    Column("signer", String(64), nullable=False),  # fingerprint
    Column("said", JSON, nullable=False),  # about and verdicts, as signed
    Column("run", String(16), nullable=False, index=True),  # of this hub; empty: it was sent
    Column("public", Boolean, nullable=False),  # shown to people who are not signed in
)
# Cases that an organisation has put here for others to be tried on; nobody else sees them.
problem = Table(
    "problem",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("organisation", String(64), nullable=False),
    Column("person", String(200), nullable=False),
    Column("project", String(200), nullable=False),
    Column("created", Double, nullable=False),
    Column("title", String(200), nullable=False),
    Column("hurts", Text, nullable=False),
    Column("today", Text, nullable=False, server_default=""),  # how it is done now
    Column(
        "kpi", JSON
    ),  # that decides, as it was when the problem was put here: name by language, unit, which is better
    Column("gain", Double),  # the smallest that would be worth having, in the KPI's unit
    Column("site", String(200), nullable=False, server_default=""),
    Column(
        "sample", String(64)
    ),  # SHA-256 of a file that everybody signed in may read: the form of the cases, none of them
    Column("data", JSON, nullable=False),  # files by source: their SHA-256
    Column("settings", JSON, nullable=False),
    Column("open", Boolean, nullable=False),
)
# A method entered on a problem. It stays when its run is deleted: nobody looks for the first time twice.
entry = Table(
    "entry",
    metadata,
    Column("problem", String(16), primary_key=True),
    Column("organisation", String(64), primary_key=True),
    Column("look", Integer, primary_key=True, autoincrement=False),  # of the organisation at these cases: 1, 2 ...
    Column("run", String(16), nullable=False, index=True),
    Column("name", String(64), nullable=False),  # of the method
    Column("created", Double, nullable=False),
    Column("evidence", String(64)),  # as it was published
)
event = Table(
    "event",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("created", Double, nullable=False),
    Column("organisation", String(64), nullable=False),
    Column("project", String(200), nullable=False),
    Column("kind", String(16), nullable=False),  # drift, deleted, entry
    Column("said", JSON, nullable=False),  # by language
    Index(None, "organisation", "project"),
)
# Keys that this hub has signed with, each since when.
key = Table(
    "key",
    metadata,
    Column("fingerprint", String(64), primary_key=True),
    Column("public", String(64), nullable=False),
    Column("since", Double, nullable=False),
)


def folder() -> Path:
    """Where the hub keeps its files."""
    return home() / "hub"


def incoming() -> Path:
    """Where what is being received, or opened, lies for a while."""
    place = folder() / "incoming"
    place.mkdir(parents=True, exist_ok=True)
    return place


def url() -> str:
    """Of the store: `DURE_STORE`, else SQLite in the hub's folder."""
    return os.environ.get(VARIABLE) or f"sqlite:///{folder() / 'hub.sqlite'}"


def opened(where: str | None = None) -> Engine:
    """The store, its tables brought up to date.

    Raises UserError where there is no such store, its server cannot be reached, or its driver is not installed.
    """
    try:
        made = make_url(where or url())
    except ArgumentError:
        raise UserError(
            _("this is not the address of a store"), where=VARIABLE,
            cure=_("Write it like {example}.", example="postgresql://name@host/database"),
        ) from None  # fmt: skip
    if made.get_backend_name() not in ("sqlite", "postgresql"):
        what = _("{kind} is no kind of store that is known here", kind=made.get_backend_name())
        raise UserError(what, where=VARIABLE, cure=_("There are sqlite and postgresql."))
    if made.drivername == "postgresql":
        made = made.set(drivername="postgresql+pg8000")
    # Made before anything is in it, for its owner alone: logs, evidence and hashes of tokens are no other user's business.
    folder().mkdir(mode=0o700, parents=True, exist_ok=True)
    if made.get_backend_name() == "sqlite" and made.database:
        Path(made.database).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    engine = create_engine(made, pool_pre_ping=made.get_backend_name() == "postgresql")
    if engine.dialect.name == "sqlite":
        events.listen(engine, "connect", _settle)
        events.listen(engine, "begin", _begin)
    try:
        engine.connect().close()
    except DBAPIError as error:
        engine.dispose()
        why = str(error.orig).strip().splitlines()[0]
        raise UserError(
            _("the store cannot be opened ({why})", why=why), where=made.render_as_string(hide_password=True),
            cure=_("Is its server running, and {variable} its address?", variable=VARIABLE),
        ) from None  # fmt: skip
    _brought_up(engine)
    return engine


class Fresh:
    """What was read of the store, until anybody writes: for one event loop that asks at every request.

    SQLite says with one quick word whether anybody has written since. From PostgreSQL it is read every time, in a thread.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.known: dict[tuple[Any, ...], Any] = {}
        self.stamp = -1
        self.file = None
        if engine.dialect.name == "sqlite" and engine.url.database:
            self.file = sqlite3.connect(engine.url.database, isolation_level=None, check_same_thread=False)

    async def get(self, read: Callable[..., T], *names: Hashable) -> T:
        """``read(engine, *names)`` at the moment of this call or later."""
        if self.file is None:
            return await asyncio.to_thread(read, self.engine, *names)
        (stamp,) = self.file.execute("pragma data_version").fetchone()
        if stamp != self.stamp or len(self.known) > MOST_KNOWN:
            self.known, self.stamp = {}, stamp
        key = (read, *names)
        if key not in self.known:
            self.known[key] = read(self.engine, *names)
        found: T = self.known[key]
        return found

    def forget(self) -> None:
        """Read everything anew: something has changed that is not in the store."""
        self.stamp = -1

    def close(self) -> None:
        """Let the file go."""
        if self.file is not None:
            self.file.close()


def _settle(connection: Any, _record: Any) -> None:
    """SQLite as it is safe and quick with several processes; transactions begin where `_begin` says, not by themselves."""
    connection.isolation_level = None
    # secure_delete: what somebody has deleted is overwritten, not only unlinked
    for pragma in ("journal_mode = wal", f"busy_timeout = {WAITS * 1000}", "foreign_keys = on", "synchronous = normal",
                   "secure_delete = on"):  # fmt: skip
        connection.execute(f"pragma {pragma}")


def _begin(connection: Any) -> None:
    """Take the lock at once: one that reads first and writes later would be refused where another wrote between."""
    connection.exec_driver_sql("begin" if connection.get_execution_options().get("reading") else "begin immediate")


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A connection that writes nothing, and so waits for no writer."""
    with engine.connect() as connection:
        yield connection.execution_options(reading=True)


def _brought_up(engine: Engine) -> None:
    """Run the migrations that the store has not seen, one process at a time."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text(f"select pg_advisory_xact_lock({LOCK})"))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def happened(connection: Connection, organisation: str, project: str, kind: str, told: Mapping[str, Any]) -> None:
    """Write down what an organisation should know of: its kind, and in words by language."""
    values = {"organisation": organisation, "project": project, "kind": kind, "said": dict(told)}
    connection.execute(insert(event).values(created=now(connection.engine), **values))


def now(engine: Engine) -> ColumnElement[float]:
    """Seconds since 1970 by the store's clock, also within a transaction."""
    if engine.dialect.name == "postgresql":
        return cast(extract("epoch", func.clock_timestamp()), Double)
    return literal(time.time())  # one machine, one clock
