"""What a trial is handed of its sources: frames and files, a person's own in their place."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from dure.content_store import sha256_of
from dure.errors import UserError, nearest
from dure.i18n.texts import _
from dure.record import OpenedSource

if TYPE_CHECKING:
    import polars as pl

    from dure.datasets.sources import Source
    from dure.project.form import Form


def files_of(paths: Path | Sequence[Path]) -> list[Path]:
    """The one file, or the several."""
    return [Path(paths)] if isinstance(paths, str | Path) else [Path(path) for path in paths]


def answers_in(path: Path) -> Path:
    """The file of answers where `path` is a folder of evidence, else `path`. Raises UserError for any other folder."""
    if not path.is_dir():
        return path
    answers = path / "private" / "answers.parquet"
    if not answers.is_file():
        raise UserError(
            _("this folder holds no answers"), where=str(path),
            cure=_("Give the folder that `dure run` wrote, with its folder private."),
        )  # fmt: skip
    return answers


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
    opened: dict[str, OpenedSource] = field(default_factory=dict)

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
        source, is_own = self._source(name), self.has(name)
        paths = [answers_in(path) for path in files_of(self.own[name])] if is_own else [source.fetch(self.folder)]
        for number, path in enumerate(paths, start=1):
            if not path.is_file():
                raise UserError(_("there is no such file"), where=str(path))
            label = name if number == 1 else f"{name} {number}"
            self.opened[label] = OpenedSource(
                name=label,
                sha256=sha256_of(path),
                origin="own" if is_own else type(source.origin).__name__.lower(),
                licence="" if is_own else source.licence,
                credit="" if is_own else source.credit,
                access="restricted" if is_own else source.access,
                version=getattr(source.origin, "version", getattr(source.origin, "commit", "")),
            )
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
