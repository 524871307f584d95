"""The queue of runs: asked for, claimed by one worker at a time, ended once.

A worker that is killed loses nothing: its claim ends, and the run is queued again with its attempt counted. Whoever holds an
older claim cannot end the run any more: every word of a worker names its attempt, and only the newest one counts.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Literal, NamedTuple

from sqlalchemy import and_, case, insert, literal, or_, select, tuple_, update

from dure.errors import Unknown, UserError, nearest
from dure.hub.auth.accounts import HUB
from dure.hub.db.rows import RunRow
from dure.hub.db.schema import run
from dure.hub.db.store import folder, now, reading
from dure.i18n.texts import _, multilingual

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import ColumnElement, Connection, Engine, Update

    from dure.hub.jobs.job import Asked, Result

CLAIM_SECONDS = 30.0  # seconds without a word after which a worker counts as gone
LOSSES = 3  # of workers that a run survives less one

Ended = Literal["done", "failed", "cancelled"]


class Claim(NamedTuple):
    """What a worker has: a run and which attempt at it this is. Words of older attempts are not heard."""

    id: str
    attempt: int
    kind: str
    organisation: str
    person: str
    project: str
    asked: Asked
    seconds: int
    megabytes: int


def submit(
    engine: Engine,
    project: str,
    asked: Asked,
    *,
    seconds: int,
    megabytes: int,
    kind: str = "trial",
    organisation: str = HUB,
    person: str = "",
) -> str:
    """Put a run into the queue; its id. What `asked` holds goes by `kind` (see `dure.hub.workers.job_process`)."""
    with engine.begin() as connection:
        return put(
            connection, project, asked, seconds=seconds, megabytes=megabytes, kind=kind, organisation=organisation, person=person
        )  # fmt: skip


def put(
    connection: Connection, project: str, asked: Asked, *, seconds: int, megabytes: int, kind: str = "trial", organisation: str = HUB,
    person: str = "",
) -> str:  # fmt: skip
    """The same within a transaction."""
    name = secrets.token_hex(8)
    connection.execute(
        insert(run).values(
            id=name, created=now(connection.engine), project=project, asked=dict(asked), seconds=seconds, megabytes=megabytes, kind=kind,
            organisation=organisation, person=person, state="queued", attempt=0, lost=0, cancel=False, share=0.0, doing="", said={},
        )
    )  # fmt: skip
    return name


def claim(engine: Engine, worker: str, kinds: Collection[str] = ()) -> Claim | None:
    """The run that has waited longest, for this worker alone; of these kinds (none: of any). None where none waits.

    Runs whose worker is gone are queued again before, or have failed where that was the last attempt.
    """
    with engine.begin() as connection:
        for values in _lapsed(engine):
            connection.execute(values)
        of_kind = run.c.kind.in_(kinds) if kinds else literal(True)
        first = select(run.c.id).where(run.c.state == "queued", of_kind).order_by(run.c.created, run.c.id).limit(1)
        row = connection.execute(
            update(run)
            .where(run.c.id == first.with_for_update(skip_locked=True).scalar_subquery())
            .values(
                state="running", attempt=run.c.attempt + 1, worker=worker, claimed_until=now(engine) + CLAIM_SECONDS, began=now(engine),
                share=0.0, doing="",
            )
            .returning(*(run.c[name] for name in Claim._fields))
        ).one_or_none()  # fmt: skip
    return Claim(*row) if row else None


def _lapsed(engine: Engine) -> tuple[Update, ...]:
    """What becomes of runs whose claim is over: stopped where somebody asked for it, failed after the last loss."""
    gone = and_(run.c.state == "running", run.c.claimed_until < now(engine))
    free: dict[str, ColumnElement[float] | None] = {"worker": None, "claimed_until": None, "lost": run.c.lost + 1}
    ended = free | {"ended": now(engine)}
    reason = multilingual("its worker was lost {count} times", count=LOSSES)
    return (
        update(run).where(gone, run.c.cancel).values(state="cancelled", **ended),
        update(run).where(gone, run.c.lost + 1 >= LOSSES).values(state="failed", said=reason, **ended),
        update(run).where(gone).values(state="queued", doing=_("its worker was lost; it waits again"), **free),
    )


def held(engine: Engine, claim: Claim, share: float, doing: str) -> Literal["go on", "stop", "lost"]:
    """Tell how far a run is and keep its claim.

    "stop": somebody has asked for it. "lost": the claim was over and the run is another's now.
    """
    with engine.begin() as connection:
        cancel = connection.execute(
            update(run)
            .where(_of(claim))
            .values(claimed_until=now(engine) + CLAIM_SECONDS, share=share, doing=doing)
            .returning(run.c.cancel)
        ).scalar_one_or_none()
    return "lost" if cancel is None else "stop" if cancel else "go on"


def give_back(engine: Engine, claim: Claim) -> None:
    """Let another worker have a run that this one cannot go on with; nothing was lost."""
    with engine.begin() as connection:
        connection.execute(
            update(run).where(_of(claim)).values(state="queued", worker=None, claimed_until=None, doing="", share=0.0)
        )


def end(
    engine: Engine,
    claim: Claim,
    state: Ended,
    sentence: Mapping[str, str],
    *,
    evidence: str | None = None,
    result: Result | None = None,
) -> bool:
    """End a run with what came of it, by language; False where it is another's by now, and nothing was written."""
    with engine.begin() as connection:
        ended = connection.execute(
            update(run).where(_of(claim)).values(
                state=state, said=dict(sentence), evidence=evidence, result=result, share=1.0 if state == "done" else run.c.share,
                ended=now(engine), worker=None, claimed_until=None,
            )
        )  # fmt: skip
    return ended.rowcount == 1


def _of(claim: Claim) -> ColumnElement[bool]:
    return and_(run.c.id == claim.id, run.c.attempt == claim.attempt, run.c.state == "running")


def cancel(engine: Engine, name: str, organisation: str | None = None) -> str:
    """Ask for a run to be stopped; its state then. One that waits is cancelled at once, one that runs by its worker.

    Raises Unknown (also where it is another organisation's), and UserError where it has ended.
    """
    one(engine, name, organisation)
    with engine.begin() as connection:
        state = connection.execute(
            update(run)
            .where(run.c.id == name, run.c.state.in_(("queued", "running")))
            .values(
                cancel=True,
                state=case((run.c.state == "queued", "cancelled"), else_=run.c.state),
                ended=case((run.c.state == "queued", now(engine)), else_=run.c.ended),
            )
            .returning(run.c.state)
        ).scalar_one_or_none()
    if state is None:
        row = one(engine, name)
        raise UserError(_("run {name} has ended already: {state}", name=name, state=_(row.state)), where=name)
    return str(state)


def one(engine: Engine, name: str, organisation: str | None = None) -> RunRow:
    """A run by its id, of this organisation (None: of any). Raises Unknown."""
    own = run.c.organisation == organisation if organisation is not None else literal(True)
    with reading(engine) as connection:
        row = connection.execute(select(run).where(run.c.id == name, own)).one_or_none()
        names = [] if row else list(connection.execute(select(run.c.id).where(own)).scalars())
    if row is None:
        close = nearest(name, names)
        cure = _("Did you mean {name}?", name=close) if close else _("`dure runs` lists them.")
        raise Unknown(_("there is no run {name}", name=name), cure=cure)
    return RunRow(*row)


def listed(
    engine: Engine, most: int = 50, before: str = "", organisation: str | None = None, project: str = ""
) -> list[RunRow]:
    """Runs, the newest first; of one project where it is named; `before`: those behind this one, Unknown where it is none."""
    query = select(run).order_by(run.c.created.desc(), run.c.id.desc()).limit(most)
    if organisation is not None:
        query = query.where(run.c.organisation == organisation)
    if project:
        query = query.where(run.c.project == project)
    if before:
        last = one(engine, before, organisation)
        query = query.where(tuple_(run.c.created, run.c.id) < tuple_(literal(last.created), literal(last.id)))
    with reading(engine) as connection:
        return [RunRow(*row) for row in connection.execute(query)]


def evidence_of(row: RunRow) -> Path:
    """The folder of a run's evidence. Raises UserError where there is none yet."""
    if row.state != "done" or not row.evidence:
        raise UserError(_("run {name} has no evidence yet: {state}", name=row.id, state=_(row.state)), where="run")
    return folder() / row.evidence


def logged(row: RunRow) -> str:
    """What a run's process has said, or that there is nothing on this machine."""
    place = folder() / "runs" / row.id / f"attempt-{row.attempt}" / "log.txt"
    return place.read_text(encoding="utf-8", errors="replace") if place.is_file() else _("There is no log here.")


def waiting(engine: Engine) -> bool:
    """Whether a run waits or is being done."""
    with reading(engine) as connection:
        open_ = or_(run.c.state == "queued", run.c.state == "running")
        return connection.execute(select(run.c.id).where(open_).limit(1)).first() is not None
