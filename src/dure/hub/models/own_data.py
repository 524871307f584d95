"""A person's own file in the place of a project's source."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dure.content_store import content_place
from dure.hub.models.projects import place_of
from dure.hub.uploads import uploads
from dure.hub.uploads.inspect import SourceReading
from dure.hub.uploads.judged_tables import MEGABYTES, SECONDS
from dure.hub.uploads.sandbox import looked

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from dure.hub.uploads.inspect import SourceChoice


class SourceFile(SourceReading):
    """How a file would be read, by its SHA-256 and the name that people gave it."""

    file: str
    name: str


def mapped(engine: Engine, organisation: str, project: str, source: str, sha256: str) -> SourceFile:
    """How a file would be read in the place of a project's source, found out by a process of its own (`dure.hub.uploads.inspect.mapped`).

    Raises Unknown where project or file is not here, UserError where the file is no table.
    """
    place_of(project)
    name = uploads.one(engine, organisation, sha256).name
    wanted: SourceChoice = {"project": project, "source": source}
    report: SourceReading = looked(
        "mapped", content_place(sha256), wanted, name=name, seconds=SECONDS, megabytes=MEGABYTES
    )
    return {"file": sha256, "name": name, **report}
