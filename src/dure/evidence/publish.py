"""Evidence handed to others: blocks of few cases joined, no row, no answer; as a zip that a hub takes."""

from __future__ import annotations

import io
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from dure.errors import UserError
from dure.evidence.anonymise import published
from dure.evidence.read import loaded
from dure.evidence.verify import verify
from dure.evidence.write import write
from dure.i18n.texts import _

if TYPE_CHECKING:
    from pydantic import JsonValue

EPOCH = (1980, 1, 1, 0, 0, 0)  # of every file in the zip: the same evidence gives the same bytes


def shared(folder: Path, place: Path, *, sums: bool) -> None:
    """Write the evidence as others may see it into a folder of its own.

    Parameters
    ----------
    sums
        Whether the owner of restricted data lets the sums of their blocks go: a verdict can be recomputed from nothing less.

    Raises UserError where the evidence is not whole, or its data are restricted and the sums are to stay.
    """
    faults = verify(folder).faults
    if faults:
        raise UserError(_("this evidence is not whole: {fault}", fault=str(faults[0])), where=str(folder))
    trial = loaded(folder)
    restricted = [source.name for source in trial.about.data if source.access != "open"]
    if restricted and not sums:
        raise UserError(
            _("it is of restricted data ({names}): to be recomputed, sums of blocks of five cases or more must go with it",
              names=", ".join(restricted)),
            where=str(folder), cure=_("If they may: --sums. Rows and answers never go."),
        )  # fmt: skip
    write(published(trial), place)


def packed(folder: Path, *, sums: bool) -> bytes:
    """The same as a zip, the form in which a hub takes it."""
    with tempfile.TemporaryDirectory() as name:
        place = Path(name) / "evidence"
        shared(folder, place, sums=sums)
        return zipped(place)


def zipped(folder: Path, *, leave: str = "") -> bytes:
    """A folder as a zip, the one within it called `leave` left out; the same files give the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            inside = path.relative_to(folder)
            if path.is_file() and inside.parts[0] != leave:
                entry = zipfile.ZipInfo(inside.as_posix(), EPOCH)
                entry.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(entry, path.read_bytes())
    return out.getvalue()


def publish(content: bytes, url: str, token: str) -> dict[str, JsonValue]:
    """Send packed evidence to a hub; what it says of it. Raises UserError where it cannot be reached or refuses."""
    from dure.client import Client

    headers = {"content-type": "application/zip"}
    answer: dict[str, JsonValue] = Client(url, token).ask("POST", "/evidence", data=content, headers=headers)
    return answer


if __name__ == "__main__":  # as a hub publishes a run of its own: FOLDER PLACE
    shared(Path(sys.argv[1]), Path(sys.argv[2]), sums=True)
