"""Evidence in a zip: unpacked from a stranger's, none of it outside of its folder; packed to be handed on."""

from __future__ import annotations

import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from dure.errors import UserError
from dure.i18n.texts import _

LARGEST = 20_000_000  # bytes of a zip
UNPACKED, MOST = 60_000_000, 200  # bytes, files
SECONDS, MEGABYTES = 120.0, 2_000  # that it may take to open evidence, and to make it fit for others
# What `zipfile` makes of what is no zip, or one that is packed in another way.
BROKEN = (zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, ValueError)


def unpacked(packed: Path, place: Path, depth: int = 2) -> None:
    """Put the files of a zip into a folder, none of them outside of it or deeper than `depth` names. Raises UserError."""
    try:
        with zipfile.ZipFile(packed) as zipped:
            files = [member for member in zipped.infolist() if not member.is_dir()]
            if {member.compress_type for member in files} - {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
                raise NotImplementedError
            if len(files) > MOST or sum(member.file_size for member in files) > UNPACKED:
                raise UserError(_("it unpacks to more than {megabytes} MB", megabytes=UNPACKED // 1_000_000))
            for member in files:
                _write(zipped, member, place, depth)
    except (*BROKEN, OSError):
        raise UserError(_("this is no zip that can be read")) from None


def _write(zipped: zipfile.ZipFile, member: zipfile.ZipInfo, place: Path, depth: int) -> None:
    """One file; `zipfile` reads no more of it than it says it has, and checks its sum."""
    path = PurePosixPath(member.filename)
    odd = (
        path.is_absolute()
        or len(path.parts) > depth
        or any(part in ("..", "") or set(part) & set('\\:*?"<>|') for part in path.parts)
    )
    if odd or not member.filename.isprintable():
        raise UserError(
            _("a file in it is called {name}", name=member.filename[:80]), cure=_("Pack the folder that Dure wrote.")
        )
    target = place.joinpath(*path.parts)
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipped.open(member) as source, target.open("xb") as out:
        shutil.copyfileobj(source, out)


@contextmanager
def shared(folder: Path) -> Iterator[Path]:
    """A folder with evidence as others may see it, for a while: blocks of few cases joined, no row, no answer. Raises UserError."""
    from dure.hub.db.store import incoming  # not for a run's process, which unpacks alone
    from dure.hub.uploads.sandbox import apart

    with tempfile.TemporaryDirectory(dir=incoming()) as name:
        place = Path(name) / "evidence"
        _output, reason = apart(
            ["dure.evidence.publish", str(folder), str(place)], seconds=SECONDS, megabytes=MEGABYTES
        )
        if not place.is_dir():
            raise UserError(_("the evidence cannot be published ({why})", why=reason[:200]))
        yield place
