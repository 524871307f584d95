"""Evidence as people see it: its files one by one, the zip that is handed on, and what a check of a stranger's finds."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from dure.errors import Unknown, UserError
from dure.hub.board.evidence_zip import MEGABYTES, SECONDS, shared, unpacked
from dure.hub.db.store import incoming
from dure.hub.jobs import queue
from dure.hub.uploads.sandbox import looked
from dure.i18n.texts import _

if TYPE_CHECKING:
    from dure.hub.db.rows import RunRow
    from dure.hub.uploads.inspect import EvidenceCheck

# Types by ending; whatever a browser would run is shown within a policy that lets nothing run.
TYPES = {
    ".html": "text/html; charset=utf-8", ".svg": "image/svg+xml", ".json": "application/json", ".csv": "text/csv; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
}  # fmt: skip
CLOSED = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox"


def own(row: RunRow) -> Path:
    """The folder of a run's evidence, for whoever asked for the run.

    Raises UserError where there is none yet, and for a run on a problem's cases: what it holds is more than an entrant may see.
    """
    if "problem" in row.asked:
        raise UserError(_("its evidence is on the board, as far as others may see it"), where=row.id)
    return queue.evidence_of(row)


def names(place: Path) -> list[str]:
    """The files of evidence that are shown, as paths with slashes."""
    from dure.evidence import PRIVATE

    paths = (path.relative_to(place) for path in sorted(place.rglob("*")) if path.is_file() and not path.is_symlink())
    return [path.as_posix() for path in paths if path.parts[0] != PRIVATE]


def one(place: Path, name: str) -> tuple[Path, str]:
    """A file of evidence by its name, and its type. Raises Unknown."""
    if name not in names(place):
        raise Unknown(_("there is nothing called {name} in this evidence", name=name[:80]))
    path = place / name
    return path, TYPES.get(path.suffix, "application/octet-stream")


def signed_zip(place: Path) -> bytes:
    """All of it that was signed, as a zip, without the private files."""
    from dure.evidence import PRIVATE, zipped

    return zipped(place, leave=PRIVATE)


def shared_zip(place: Path) -> bytes:
    """As others may see it, as a zip: small blocks joined, no row, no answer. Raises UserError."""
    from dure.evidence import zipped

    with shared(place) as folder:
        return zipped(folder)


def verified(zipped: Path) -> EvidenceCheck:
    """What a check of a zip of evidence finds, done by a process of its own (`dure verify`).

    Raises UserError where it is no zip, or holds no evidence.
    """
    with tempfile.TemporaryDirectory(dir=incoming()) as place:
        unpacked(zipped, Path(place), depth=3)
        report: EvidenceCheck = looked("verified", Path(place), seconds=SECONDS, megabytes=MEGABYTES)
        return report
