"""An answer saved: as a table, JSON or a picture, whole or not at all."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from dure.errors import UserError
from dure.i18n.texts import _
from dure.serving.service import Answer

if TYPE_CHECKING:
    from dure.project.project import Project


PICTURES = (".svg", ".png", ".html")


Save = Callable[[Answer, Path], None]


def endings(project: Project) -> list[str]:
    """Endings of the files an answer can be kept in."""
    return [*project.saves, ".json", *(PICTURES if project.figure else ())]


def saver(project: Project, path: Path) -> Save:
    """How an answer is kept in a file of this ending. Raises UserError with the endings there are."""
    ending = path.suffix.lower()
    if ending in project.saves:
        return lambda kept, place: project.saves[ending](kept.request, kept.response, place)
    if ending == ".json":
        return _as_json
    if ending in PICTURES and project.figure:
        return lambda kept, place: _as_picture(project, kept, place)
    cure = _("Give it one of these endings: {endings}.", endings=", ".join(endings(project)))
    raise UserError(_("an answer cannot be kept in such a file"), where=str(path), cure=cure)


def _as_json(kept: Answer, place: Path) -> None:
    place.write_text(json.dumps(kept.said, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def _as_picture(project: Project, kept: Answer, place: Path) -> None:
    from dure.report import charts

    answers = {} if kept.practice is None else {project.practice.__name__: kept.practice}
    assert project.figure is not None
    charts.save(project.figure(kept.request, {**answers, kept.said["method"]: kept.response}, None, None), place)


def keep(kept: Answer, wanted: Sequence[tuple[Path, Save]]) -> None:
    """Write every file aside, then rename them all: where one fails, none is there.

    Raises UserError where a file cannot be written, and what the savers raise.
    """
    aside = [path.with_name(f".{secrets.token_hex(4)}{path.suffix.lower()}") for path, _save in wanted]
    path = Path()
    try:
        for (path, save), place in zip(wanted, aside, strict=True):
            path.parent.mkdir(parents=True, exist_ok=True)
            save(kept, place)
        for (path, _save), place in zip(wanted, aside, strict=True):
            place.replace(path)
    except OSError as error:
        what = _("the file cannot be written ({why})", why=error.strerror or type(error).__name__)
        cure = _("Close it where it is open, or give another place.")
        raise UserError(what, where=str(path), cure=cure) from None
    finally:
        for place in aside:
            with suppress(OSError):
                place.unlink(missing_ok=True)
