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
        return lambda answer, place: project.saves[ending](answer.request, answer.response, place)
    if ending == ".json":
        return _as_json
    if ending in PICTURES and project.figure:
        return lambda answer, place: _as_picture(project, answer, place)
    cure = _("Give it one of these endings: {endings}.", endings=", ".join(endings(project)))
    raise UserError(_("an answer cannot be kept in such a file"), where=str(path), cure=cure)


def _as_json(answer: Answer, place: Path) -> None:
    place.write_text(json.dumps(answer.said, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def _as_picture(project: Project, answer: Answer, place: Path) -> None:
    from dure.report import charts

    answers = {} if answer.practice is None else {project.practice.__name__: answer.practice}
    assert project.figure is not None
    charts.save(project.figure(answer.request, {**answers, answer.by: answer.response}, None, None), place)


def keep(answer: Answer, savers: Sequence[tuple[Path, Save]]) -> None:
    """Write every file aside, then rename them all: where one fails, none is there.

    Raises UserError where a file cannot be written, and what the savers raise.
    """
    aside = [path.with_name(f".{secrets.token_hex(4)}{path.suffix.lower()}") for path, _save in savers]
    path = Path()
    try:
        for (path, save), place in zip(savers, aside, strict=True):
            path.parent.mkdir(parents=True, exist_ok=True)
            save(answer, place)
        for (path, _save), place in zip(savers, aside, strict=True):
            place.replace(path)
    except OSError as error:
        message = _("the file cannot be written ({why})", why=error.strerror or type(error).__name__)
        cure = _("Close it where it is open, or give another place.")
        raise UserError(message, where=str(path), cure=cure) from None
    finally:
        for place in aside:
            with suppress(OSError):
                place.unlink(missing_ok=True)
