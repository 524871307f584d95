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

from sqlalchemy import ColumnElement, Double, create_engine, extract, func, insert, literal, make_url, text
from sqlalchemy import event as events
from sqlalchemy.exc import ArgumentError, DBAPIError

from dure.content_store import home
from dure.errors import UserError
from dure.hub.db.schema import event
from dure.i18n.texts import _

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine
    from sqlalchemy.pool import ConnectionPoolEntry

VARIABLE = "DURE_STORE"
MOST_KNOWN = 10_000  # things kept until anybody writes
T = TypeVar("T")
WAITS = 30  # seconds that a writer waits for another one (SQLite)
LOCK = 0x64757265  # of PostgreSQL, while the tables are brought up to date: "dure" as a number


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
        message = _("{kind} is no kind of store that is known here", kind=made.get_backend_name())
        raise UserError(message, where=VARIABLE, cure=_("There are sqlite and postgresql."))
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
        reason = str(error.orig).strip().splitlines()[0]
        raise UserError(
            _("the store cannot be opened ({why})", why=reason), where=made.render_as_string(hide_password=True),
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
        self.known: dict[Hashable, Any] = {}
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
        value: T = self.known[key]
        return value

    def forget(self) -> None:
        """Read everything anew: something has changed that is not in the store."""
        self.stamp = -1

    def close(self) -> None:
        """Let the file go."""
        if self.file is not None:
            self.file.close()


def _settle(connection: sqlite3.Connection, _record: ConnectionPoolEntry) -> None:
    """SQLite as it is safe and quick with several processes; transactions begin where `_begin` says, not by themselves."""
    connection.isolation_level = None
    # secure_delete: what somebody has deleted is overwritten, not only unlinked
    for pragma in ("journal_mode = wal", f"busy_timeout = {WAITS * 1000}", "foreign_keys = on", "synchronous = normal",
                   "secure_delete = on"):  # fmt: skip
        connection.execute(f"pragma {pragma}")


def _begin(connection: Connection) -> None:
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


def happened(
    connection: Connection, organisation: str, project: str, kind: str, words: Mapping[str, str | int]
) -> None:
    """Write down what an organisation should know of: its kind, and in words by language."""
    values = {"organisation": organisation, "project": project, "kind": kind, "said": dict(words)}
    connection.execute(insert(event).values(created=now(connection.engine), **values))


def now(engine: Engine) -> ColumnElement[float]:
    """Seconds since 1970 by the store's clock, also within a transaction."""
    if engine.dialect.name == "postgresql":
        return extract("epoch", func.clock_timestamp()).cast(Double)
    return literal(time.time())  # one machine, one clock
