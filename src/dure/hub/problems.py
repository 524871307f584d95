"""Problems: cases that an organisation has put here, on which others' methods are tried without seeing them."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select, update

from dure.errors import Unknown, UserError
from dure.words import _

from . import files
from .store import now, problem, reading, run

if TYPE_CHECKING:
    from sqlalchemy import Engine, Row

    from .people import Caller


def put(
    engine: Engine,
    caller: Caller,
    project: str,
    *,
    title: str,
    text: str,
    data: Mapping[str, str],
    settings: Mapping[str, str],
) -> str:
    """Put a problem here; its id.

    Parameters
    ----------
    text
        What hurts, how it is done today, which gain would be worth having.
    data
        Files of the organisation by source of the project: their SHA-256.

    Raises UserError where there are no cases of its own, Unknown where a file is not here.
    """
    if not data:
        raise UserError(
            _("a problem needs cases of its own"), where="data", cure=_("Send a file first: POST /api/v1/files.")
        )
    for sha256 in data.values():
        files.one(engine, caller.organisation, sha256)
    name = secrets.token_hex(8)
    with engine.begin() as connection:
        connection.execute(
            insert(problem).values(
                id=name, organisation=caller.organisation, person=caller.name, project=project, created=now(engine), title=title,
                text=text, data=dict(data), settings=dict(settings), open=True,
            )
        )  # fmt: skip
    return name


def one(engine: Engine, name: str) -> Row[Any]:
    """A problem by its id. Raises Unknown."""
    with reading(engine) as connection:
        found = connection.execute(select(problem).where(problem.c.id == name)).one_or_none()
    if found is None:
        raise Unknown(_("there is no problem {name}", name=name[:80]))
    return found


def listed(engine: Engine) -> Sequence[Row[Any]]:
    """The problems that are open, the newest first."""
    with reading(engine) as connection:
        return connection.execute(select(problem).where(problem.c.open).order_by(problem.c.created.desc())).all()


def untried(engine: Engine) -> Sequence[Row[Any]]:
    """The open problems on which nobody's method has been tried, the newest first."""
    entered = select(run.c.asked["problem"].as_string()).where(run.c.asked["problem"].as_string().is_not(None))
    wanted = select(problem).where(problem.c.open, problem.c.id.not_in(entered)).order_by(problem.c.created.desc())
    with reading(engine) as connection:
        return connection.execute(wanted).all()


def close(engine: Engine, name: str, organisation: str) -> None:
    """Nobody is tried on it any more. Raises Unknown, also where it is another organisation's."""
    mine = (problem.c.id == name) & (problem.c.organisation == organisation)
    with engine.begin() as connection:
        if not connection.execute(update(problem).where(mine).values(open=False)).rowcount:
            raise Unknown(_("there is no problem {name}", name=name[:80]))


def entry(engine: Engine, row: Row[Any], caller: Caller, name: str, url: str) -> dict[str, Any]:
    """What a run is asked that tries a method behind a URL on the problem's cases.

    Every entry of an organisation is one more look of its own at the same cases; the evidence says which one it is.

    Raises UserError where the problem is closed.
    """
    if not row.open:
        raise UserError(_("this problem is closed"), where=row.id)
    with reading(engine) as connection:
        mine = (run.c.organisation == caller.organisation) & (run.c.project == row.project)
        asked = connection.execute(select(run.c.asked).where(mine)).scalars()
        looks = 1 + sum(each.get("problem") == row.id for each in asked)
    return {
        "problem": row.id, "owner": row.organisation, "data": row.data, "settings": row.settings, "confirmed": True, "sealed": True,
        "profile": "full", "offers": {name: url}, "public": True, "assurance": "hub-witnessed", "looks": looks,
    }  # fmt: skip
