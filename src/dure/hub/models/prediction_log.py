"""The answers that were given: kept for a while, so that the truth can be told of them, and so that drift is seen.

They are written down together, a moment after they were given: what a hub that is killed has not written yet can be told no truth.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from pydantic_core import from_json
from sqlalchemy import func, insert, literal, select, tuple_, update
from sqlalchemy.exc import DBAPIError

from dure.errors import Unknown
from dure.hub.db.rows import AnswerRow
from dure.hub.db.schema import answer
from dure.hub.db.store import now, reading
from dure.i18n.texts import _

if TYPE_CHECKING:
    from pydantic import JsonValue
    from sqlalchemy import Engine

    from dure.hub.auth.accounts import Caller

SOON = 0.5  # seconds until answers are written down
LARGEST = 1_000_000  # bytes of a request and its answer together; larger ones are not kept
SHOWN = 300  # letters of a request and of its answer in a list
MOST = 50_000  # answers that wait to be written; where the store is away for longer, later ones are not kept


class Noted(NamedTuple):
    """An answer: to whom, by which service of whose, what was asked and said (JSON)."""

    id: str
    caller: Caller
    project: str
    owner: str
    service: int
    request: bytes
    response: bytes


class Book:
    """Answers that wait to be written down; for one event loop."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.waiting: list[Noted] = []
        self.writing: asyncio.Task[None] | None = None
        self.lock = asyncio.Lock()

    def note(self, caller: Caller, project: str, by: tuple[str, int], request: bytes, response: bytes) -> bytes:
        """Write an answer down soon; the answer with its id, without one where it is not kept.

        Parameters
        ----------
        by
            The organisation whose service it was, and the version.
        """
        if len(request) + len(response) > LARGEST or len(self.waiting) >= MOST:
            return response
        name = secrets.token_hex(8)
        self.waiting.append(Noted(name, caller, project, *by, request, response))
        if self.writing is None:
            self.writing = asyncio.create_task(self._soon())
        return response[:-1] + b',"id":"' + name.encode() + b'"}'

    async def _soon(self) -> None:
        while self.waiting:
            await asyncio.sleep(SOON)
            with suppress(DBAPIError):  # a store that is away for a while costs nothing
                await self.write()
        self.writing = None

    async def write(self) -> None:
        """Write down what waits, and what is being written. Raises DBAPIError; then it waits on."""
        async with self.lock:
            batch, self.waiting = self.waiting, []
            try:
                if batch:
                    await asyncio.to_thread(_written, self.engine, batch)
            except DBAPIError:
                self.waiting = [*batch, *self.waiting]
                raise

    async def close(self) -> None:
        """Nothing waits any more; what the store does not take now is not kept."""
        if self.writing is not None:
            self.writing.cancel()
        with suppress(DBAPIError):
            await self.write()


def _written(engine: Engine, batch: Sequence[Noted]) -> None:
    with engine.begin() as connection:
        connection.execute(insert(answer).values(created=now(engine)), list(_rows(batch)))


def _rows(batch: Sequence[Noted]) -> Iterator[dict[str, str | int]]:
    for noted in batch:
        record = from_json(noted.response)
        yield {
            "id": noted.id, "organisation": noted.caller.organisation, "person": noted.caller.name, "project": noted.project,
            "owner": noted.owner, "service": noted.service, "cause": record.get("cause", ""), "request": noted.request.decode(),
            "response": json.dumps(record["response"], ensure_ascii=False),
        }  # fmt: skip


def one(engine: Engine, organisation: str, project: str, name: str) -> AnswerRow:
    """An answer by its id. Raises Unknown."""
    own = (answer.c.organisation == organisation) & (answer.c.project == project)
    with reading(engine) as connection:
        row = connection.execute(select(answer).where(answer.c.id == name, own)).one_or_none()
    if row is None:
        raise Unknown(_("no answer with the id {name} is kept", name=name[:80]), where="id")
    return AnswerRow(*row)


class ListedAnswer(NamedTuple):
    """An answer in a list: the first SHOWN letters of request and response (JSON); `truth` is None until it is told."""

    id: str
    created: float
    person: str
    owner: str
    service: int
    cause: str
    truth: str | None
    request: str
    response: str


def listed(engine: Engine, organisation: str, project: str, most: int = 50, before: str = "") -> list[ListedAnswer]:
    """Answers, the newest first; `before`: those behind this one. Raises Unknown."""
    columns = [answer.c[name] for name in ListedAnswer._fields[:-2]]
    short = [func.substr(answer.c[name], 1, SHOWN).label(name) for name in ("request", "response")]
    query = select(*columns, *short).where(answer.c.organisation == organisation, answer.c.project == project)
    if before:
        last = one(engine, organisation, project, before)
        query = query.where(tuple_(answer.c.created, answer.c.id) < tuple_(literal(last.created), literal(last.id)))
    with reading(engine) as connection:
        rows = connection.execute(query.order_by(answer.c.created.desc(), answer.c.id.desc()).limit(most))
        return [ListedAnswer(*row) for row in rows]


def scored(
    engine: Engine, name: str, truth: JsonValue, sums: Mapping[str, float], practice: Mapping[str, float] | None
) -> None:
    """What became of an answer; told again, the newest word counts."""
    values = {
        "truth": json.dumps(truth, ensure_ascii=False),
        "sums": dict(sums),
        "practice": practice and dict(practice),
    }
    with engine.begin() as connection:
        connection.execute(update(answer).where(answer.c.id == name).values(**values))
