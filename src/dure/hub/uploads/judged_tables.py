"""A table that somebody sends to be judged: which column is which, what cannot be used, and the run that judges it."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from dure.content_store import content_place, sha256_of
from dure.hub.db.store import incoming
from dure.hub.jobs import queue
from dure.hub.uploads import uploads
from dure.hub.uploads.inspect import JudgeReading
from dure.hub.uploads.sandbox import looked
from dure.i18n.texts import _

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from dure.hub.auth.accounts import Caller
    from dure.hub.jobs.job import Asked, FileRecord
    from dure.hub.uploads.inspect import ReadingOptions

SECONDS, MEGABYTES = 120.0, 3_000  # that it may take to read a table, and to judge it
# Highest temperature of each day in Seattle, July to December 2015 (NOAA, public domain); yesterday's; an offer made of both.
EXAMPLE = Path(__file__).parents[1] / "pages" / "example.csv"


class JudgeFile(JudgeReading):
    """How a file would be judged, by its SHA-256 and the name that people gave it."""

    file: str
    name: str


def looked_at(engine: Engine, organisation: str, sha256: str, asked: ReadingOptions) -> JudgeFile:
    """How a table would be judged, found out by a process of its own (`dure.hub.uploads.inspect.judged`).

    Raises Unknown where the file is not here, UserError where it is no table.
    """
    name = uploads.one(engine, organisation, sha256).name
    report: JudgeReading = looked(
        "judged", content_place(sha256), asked, name=name, seconds=SECONDS, megabytes=MEGABYTES
    )
    return {"file": sha256, "name": name, **report}


def submit(engine: Engine, caller: Caller, asked: Asked) -> str:
    """Have a table judged; the run's id. Raises Unknown where the file is not here."""
    name = uploads.one(engine, caller.organisation, asked["file"]).name
    return queue.submit(
        engine, "judge.table", {**asked, "name": name}, seconds=int(SECONDS), megabytes=MEGABYTES, kind="judge",
        organisation=caller.organisation, person=caller.name,
    )  # fmt: skip


def example(engine: Engine, caller: Caller) -> FileRecord:
    """A real table to try it with (`EXAMPLE`), kept among the files of whoever asks."""
    rows = EXAMPLE.read_text(encoding="utf-8").partition("\n")[2]
    headers = (_("time"), _("actual (°C)"), _("today (°C)"), _("offer (°C)"))
    aside = incoming() / secrets.token_hex(8)
    aside.write_text(",".join(headers) + "\n" + rows, encoding="utf-8")
    return uploads.keep(engine, aside, sha256_of(aside), _("example") + ".csv", caller)
