"""A person's own file in the place of a project's source."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dure.hub.models.projects import place_of
from dure.hub.uploads.judged_tables import inspected

if TYPE_CHECKING:
    from sqlalchemy import Engine


def mapped(engine: Engine, organisation: str, project: str, source: str, sha256: str) -> dict[str, Any]:
    """How a file would be read in the place of a project's source, found out by a process of its own (`dure.hub.uploads.inspect.mapped`).

    Raises Unknown where project or file is not here, UserError where the file is no table.
    """
    place_of(project)
    return inspected(engine, organisation, sha256, "mapped", {"project": project, "source": source})
