"""Files that people send: kept by the hash of their content, each once, however many have sent it; gone with the last of them."""

from __future__ import annotations

import hashlib
import os
import secrets
import tempfile
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, insert, select, update

from dure.content_store import content_place
from dure.errors import Unknown, UserError
from dure.hub.db.rows import FileRow
from dure.hub.db.schema import file, problem, promotion, service
from dure.hub.db.store import incoming, now, reading
from dure.hub.uploads.sandbox import looked
from dure.i18n.texts import _

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

    from dure.hub.auth.accounts import Caller
    from dure.hub.jobs.job import FileRecord

LARGEST = 500_000_000  # bytes of a file
QUOTA = 20_000_000_000  # bytes of an organisation
TABLES = (".csv", ".tsv", ".txt", ".xlsx", ".xlsm", ".xls", ".xlsb", ".ods", ".parquet")  # what must be a table
SECONDS, MEGABYTES = 120.0, 3_000  # that it may take to find out
HELD = 200  # letters of a name


class TooLarge(Exception):
    """More bytes than are taken."""


def plain_name(name: str) -> str:
    """A file's name as people call it. Raises UserError where it could be a path, or cannot be shown."""
    odd = (
        not name or len(name) > HELD or name.startswith(".") or not name.isprintable() or set(name) & set('/\\:*?"<>|')
    )
    if odd:
        cure = _("Give it a plain name with its ending, such as {example}.", example="orders.xlsx")
        raise UserError(_("this is no name for a file"), where="name", cure=cure)
    return name


async def received(body: AsyncIterator[bytes], most: int) -> tuple[Path, str, int]:
    """What was sent, in a file aside: (where it lies, its SHA-256, bytes). Raises TooLarge; then nothing is left of it."""
    handle, aside = tempfile.mkstemp(dir=incoming())
    digest, size = hashlib.sha256(), 0
    try:
        with os.fdopen(handle, "wb") as out:
            async for block in body:
                size += len(block)
                if size > most:
                    raise TooLarge
                digest.update(block)
                out.write(block)
    except BaseException:
        os.unlink(aside)  # noqa: PTH108 - a Path's own would be taken for one that blocks for long
        raise
    return Path(aside), digest.hexdigest(), size


def keep(engine: Engine, aside: Path, sha256: str, name: str, caller: Caller, *, ours: bool = False) -> FileRecord:
    """Keep what was received; what is known of it. One that its name calls a table must be one, unless it is of our own making.

    Raises UserError, and then nothing is left of it.
    """
    try:
        size = aside.stat().st_size
        kind = "table" if name.lower().endswith(TABLES) else "file"
        report: FileRecord = (
            looked("table", aside, name=name, seconds=SECONDS, megabytes=MEGABYTES)
            if kind == "table" and not ours
            else {}
        )
        place = content_place(sha256)
        place.parent.mkdir(parents=True, exist_ok=True)
        with engine.begin() as connection:
            own = file.c.organisation == caller.organisation
            others = select(func.coalesce(func.sum(file.c.bytes), 0)).where(own, file.c.sha256 != sha256)
            held = connection.execute(others).scalar_one()
            if held + size > QUOTA:
                message = _("your organisation would keep more than {gigabytes} GB", gigabytes=QUOTA // 1_000_000_000)
                raise UserError(message, where=name, cure=_("Delete what is not needed any more."))
            aside.chmod(0o400)  # what lies under a hash is never another content
            aside.replace(place)
            values = {"name": name, "kind": kind, "bytes": size, "person": caller.name, "created": now(engine)}
            renewal = update(file).where(own, file.c.sha256 == sha256).values(**values)
            if not connection.execute(renewal).rowcount:
                connection.execute(insert(file).values(organisation=caller.organisation, sha256=sha256, **values))
    finally:
        aside.unlink(missing_ok=True)
    return {"sha256": sha256, "name": name, "kind": kind, "bytes": size, **report}


def listed(engine: Engine, organisation: str) -> list[FileRow]:
    """The files of an organisation, the newest first."""
    with reading(engine) as connection:
        query = select(file).where(file.c.organisation == organisation)
        return [FileRow(*row) for row in connection.execute(query.order_by(file.c.created.desc(), file.c.sha256))]


def one(engine: Engine, organisation: str, sha256: str) -> FileRow:
    """A file of an organisation. Raises Unknown."""
    with reading(engine) as connection:
        query = select(file).where(file.c.organisation == organisation, file.c.sha256 == sha256)
        row = connection.execute(query).one_or_none()
    if row is None:
        raise Unknown(_("there is no file {name}", name=sha256[:80]), cure=_("Send it first: POST /api/v1/files."))
    return FileRow(*row)


def forget(engine: Engine, organisation: str, sha256: str) -> None:
    """Delete a file. Raises Unknown, and UserError where a service or a problem stands on it."""
    one(engine, organisation, sha256)
    with engine.begin() as connection:
        if sha256 in needed(connection, organisation):
            cure = _("Roll the service back or close the problem first.")
            raise UserError(_("a service or a problem stands on this file"), where=sha256[:16], cure=cure)
        drop(connection, organisation, [sha256])


def needed(connection: Connection, organisation: str) -> set[str]:
    """Files that services which answer now, and problems that are open, stand on."""
    newest = select(func.max(promotion.c.id)).group_by(promotion.c.organisation, promotion.c.project)
    active = [service.c[name] == promotion.c[name] for name in ("organisation", "project", "version")]
    services = select(service.c.data).join(promotion, active[0] & active[1] & active[2])
    problems = select(problem.c.data, problem.c.sample).where(problem.c.organisation == organisation, problem.c.open)
    by_source = list(
        connection.execute(services.where(promotion.c.id.in_(newest), service.c.organisation == organisation)).scalars()
    )
    for data, sample in connection.execute(problems):
        by_source += [data, {"": sample} if sample else {}]
    return {sha256 for files in by_source for sha256 in files.values()}


def drop(connection: Connection, organisation: str, hashes: Sequence[str]) -> None:
    """An organisation does not keep these any more; what nobody keeps is gone from the disk."""
    for sha256 in hashes:
        connection.execute(delete(file).where(file.c.organisation == organisation, file.c.sha256 == sha256))
        if connection.execute(select(file.c.name).where(file.c.sha256 == sha256).limit(1)).first() is None:
            content_place(sha256).unlink(missing_ok=True)


def handed(engine: Engine, organisation: str, sha256: str, place: Path) -> Path:
    """A file under the name people gave it, in a folder for a run; the run can read it and no more. Raises Unknown."""
    row = one(engine, organisation, sha256)
    place.mkdir(parents=True, exist_ok=True)
    under = place / secrets.token_hex(4) / row.name
    under.parent.mkdir()
    under.symlink_to(content_place(sha256))
    return under
