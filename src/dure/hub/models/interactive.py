"""Requests that somebody sits and waits for: put into the queue, found again with what came of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from dure.errors import Unknown, UserError
from dure.hub.db.rows import RunRow
from dure.hub.db.schema import run
from dure.hub.db.store import folder, reading
from dure.hub.jobs import queue
from dure.hub.models import promotion
from dure.hub.uploads import uploads
from dure.i18n.texts import _, language

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Engine

    from dure.hub.auth.accounts import Caller
    from dure.hub.jobs.job import Asked, Result

SECONDS, MEGABYTES = 15 * 60, 4096
MOST = 50  # answers that are looked through for the example


def submit(engine: Engine, caller: Caller, project: str, given: Asked, *, example: bool = False) -> str:
    """Have a request answered; the run's id.

    Parameters
    ----------
    given
        ``files``, ``practice``: SHA-256 of a person's own; ``fields``, ``add``, ``rest`` as `dure.hub.jobs.answer_job.Asked` has them;
        ``method``, empty: what answers now; ``after``: the run of the answer in force. What was asked there holds on, and what was
        answered is read back: what has begun stays.
    example
        Whether it is the project's own example.

    Raises
    ------
    Unknown
        A file or a run is not here.
    UserError
        The run has no answer that could be in force.
    """
    asked: Asked = {**given, "plan": ""}
    if given["after"]:
        earlier = queue.one(engine, given["after"], caller.organisation)
        asked |= _going_on(earlier, project, given)
    for sha256 in (*asked["files"], *filter(None, [asked["practice"], asked["plan"]])):
        uploads.one(engine, caller.organisation, sha256)
    asked |= {"given": given, "example": example, "language": language()}
    return queue.submit(
        engine, project, asked | _service(engine, caller, project, asked["method"]), seconds=SECONDS, megabytes=MEGABYTES, kind="ask",
        organisation=caller.organisation, person=caller.name,
    )  # fmt: skip


def _going_on(earlier: RunRow, project: str, given: Asked) -> Asked:
    """What is asked behind an answer in force: everything that was asked there, and what is new."""
    result: Result = earlier.result or {}
    if earlier.project != project or not result.get("again") or not result["files"]:
        raise UserError(_("this run has no answer that could be in force"), where="after")
    was = earlier.asked
    add = {name: [*was["add"].get(name, ()), *given["add"].get(name, ())] for name in {**was["add"], **given["add"]}}
    return {
        "files": given["files"] or was["files"], "fields": was["fields"] | given["fields"], "add": add,
        "method": given["method"] or ("" if was["service"] else was["method"]),
        "plan": result["files"][0]["sha256"],  # what the project writes for people first, it reads back
    }  # fmt: skip


def _service(engine: Engine, caller: Caller, project: str, method: str) -> Asked:
    """What answers: a method by its name, which nobody has promoted, else what is promoted, else today's practice."""
    active = None if method else promotion.active(engine, caller.organisation, project)
    if active is None:
        return {"method": method, "settings": {}, "data": {}, "code": "", "service": 0}
    return {
        "method": active.method, "settings": dict(active.settings), "data": dict(active.data), "code": active.code,
        "service": active.version, "owner": active.organisation,
    }  # fmt: skip


def figure_of(row: RunRow) -> Path:
    """The figure of an answer. Raises Unknown where there is none."""
    from dure.hub.jobs.answer_job import FIGURE

    if row.kind == "ask" and row.result and row.result.get("figure"):
        place: Path = folder() / "runs" / row.id / f"attempt-{row.attempt}" / FIGURE
        if place.is_file():
            return place
    raise Unknown(_("there is no figure of this run"), where=row.id)


def drawn_example(engine: Engine, organisation: str, project: str) -> RunRow | None:
    """The newest answer to the project's own example that has today's practice beside it; None where nobody has asked it here."""
    own = (
        (run.c.organisation == organisation)
        & (run.c.project == project)
        & (run.c.kind == "ask")
        & (run.c.state == "done")
    )
    with reading(engine) as connection:
        query = select(run).where(own).order_by(run.c.created.desc(), run.c.id.desc()).limit(MOST)
        rows = [RunRow(*row) for row in connection.execute(query)]
    return next((row for row in rows if row.asked.get("example") and _compares(row.result)), None)


def _compares(result: Result | None) -> bool:
    return result is not None and bool(result["answered"]) and not result["practice"]
