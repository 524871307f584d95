"""How long things are kept, and what is deleted when a person asks for it: really gone, and said."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from sqlalchemy import create_engine, delete, func, select, text

from dure.errors import UserError
from dure.hub.auth.accounts import DAY
from dure.hub.db.schema import answer, file, run
from dure.hub.db.store import folder, happened, now, reading
from dure.hub.uploads import uploads
from dure.i18n.texts import _, multilingual

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from dure.hub.auth.accounts import Caller

DAYS = 90.0  # that answers, and files on which nothing stands, are kept


def sweep(engine: Engine, days: float = DAYS) -> None:
    """Delete what has been kept for long enough."""
    with engine.begin() as connection:
        connection.execute(delete(answer).where(answer.c.created < now(engine) - days * DAY))
        old = select(file.c.organisation, file.c.sha256).where(file.c.created < now(engine) - days * DAY)
        for organisation, sha256 in connection.execute(old).all():
            if sha256 not in uploads.needed(connection, organisation):
                uploads.drop(connection, organisation, [sha256])


def holdings(engine: Engine, caller: Caller) -> dict[str, int]:
    """How many answers, files and runs `forget` would delete."""
    counted = {}
    with reading(engine) as connection:
        for name, table in (("answers", answer), ("files", file), ("runs", run)):
            own = (table.c.person == caller.name) & (table.c.organisation == caller.organisation)
            query = select(func.count()).select_from(table).where(own)
            counted[name] = int(connection.execute(query).scalar_one())
    return counted


def forget(engine: Engine, caller: Caller) -> dict[str, int]:
    """Delete what a person has sent to an organisation and asked for it; how many of each.

    What others stand on is theirs: promotions keep the name of who promoted, published evidence stays until it is withdrawn.

    Raises UserError where a run of theirs is at work, or a service or a problem stands on a file of theirs.
    """
    with engine.begin() as connection:
        runs = (run.c.person == caller.name) & (run.c.organisation == caller.organisation)
        names = connection.execute(select(run.c.id, run.c.ended).where(runs)).all()
        if busy := [row.id for row in names if row.ended is None]:
            message = _("run {name} has not ended", name=busy[0])
            raise UserError(message, where=busy[0], cure=_("Cancel it first."))
        own_files = (file.c.person == caller.name) & (file.c.organisation == caller.organisation)
        hashes = list(connection.execute(select(file.c.sha256).where(own_files)).scalars())
        if held := set(hashes) & uploads.needed(connection, caller.organisation):
            cure = _("Roll the service back or close the problem first.")
            raise UserError(_("a service or a problem stands on this file"), where=min(held)[:16], cure=cure)
        own_answers = (answer.c.person == caller.name) & (answer.c.organisation == caller.organisation)
        gone = {
            "answers": connection.execute(delete(answer).where(own_answers)).rowcount,
            "files": len(hashes),
            "runs": connection.execute(delete(run).where(runs)).rowcount,
        }
        uploads.drop(connection, caller.organisation, hashes)
        words = multilingual(
            "{name} has had {answers} answers, {files} files and {runs} runs deleted", name=caller.name, **gone
        )
        happened(connection, caller.organisation, "", "deleted", words)
    for row in names:
        shutil.rmtree(folder() / "runs" / row.id, ignore_errors=True)
    _written_over(engine)
    return gone


def _written_over(engine: Engine) -> None:
    """Deleted rows are in no file any more: SQLite's log is written back, PostgreSQL's tables are vacuumed."""
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            driver = connection.connection.driver_connection
            assert driver is not None
            driver.execute("pragma wal_checkpoint(truncate)")
        return
    alone = create_engine(engine.url, isolation_level="AUTOCOMMIT")  # a vacuum stands in no transaction
    with alone.connect() as connection:
        connection.execute(text("vacuum answer, file, run"))
    alone.dispose()
