"""What is wrong in a project's code when it cannot be imported, in one line with file and line."""

from __future__ import annotations

import inspect
import re
import traceback
from pathlib import Path
from typing import Any

import dure
from dure.errors import UserError, nearest
from dure.i18n.texts import _

_KEYWORD = re.compile(r"([\w.]+)\(\) got an unexpected keyword argument '(\w+)'")
_NAME = re.compile(r"cannot import name '(\w+)' from '([\w.]+)'")
_PACKAGE = re.compile(r"^dure_project_\w+_[0-9a-f]{8}(?=\.)")  # what the loader calls a project's package
_INIT = ".__init__"


def mistake(error: Exception, folder: Path) -> UserError:
    """An exception that importing the project in `folder` ended with, as a person reads it."""
    if isinstance(error, SyntaxError):
        where = f"{error.filename}:{error.lineno}"
        return UserError(_("this is not Python: {why}", why=error.msg), where=where)
    file, line, names = _place(error, folder)
    what, cure = _words(error, names)
    return UserError(what, where=f"{file}:{line}" if line else file, cure=cure)


def _place(error: Exception, folder: Path) -> tuple[str, int, dict[str, Any]]:
    """The last line of the project's own code before the error, and the names known there."""
    frames = [
        (frame.f_code.co_filename, line, frame.f_globals | frame.f_locals)
        for frame, line in traceback.walk_tb(error.__traceback__)
        if Path(frame.f_code.co_filename).is_relative_to(folder)
    ]
    return frames[-1] if frames else (str(folder / "project.py"), 0, {})


def _words(error: Exception, names: dict[str, Any]) -> tuple[str, str]:
    """What is wrong, and what to do about it."""
    text = next(iter(str(error).strip().splitlines()), "")
    if isinstance(error, TypeError) and (keyword := _KEYWORD.search(text)):
        called, given = keyword[1].removesuffix(_INIT), keyword[2]
        return _("{name} takes no {keyword}", name=called, keyword=given), _instead(given, _keywords(called, names))
    if isinstance(error, ModuleNotFoundError):
        module = _PACKAGE.sub("", str(error.name))
        if module.startswith((".", "dure.")):
            return _("there is no module {name}", name=module), _instead(module, dure.OPEN_ROOMS)
        return _("there is no module {name}", name=module), _("Install it, or correct its name.")
    if isinstance(error, ImportError) and (missing := _NAME.search(text)):
        known = tuple(dure.__all__) if missing[2] == "dure" else ()
        return _("{module} has no {name}", module=missing[2], name=missing[1]), _instead(missing[1], known)
    unknown = error.name if isinstance(error, NameError) else ""
    return f"{type(error).__name__}: {text}".rstrip(": "), _instead(unknown, tuple(names)) if unknown else ""


def _keywords(called: str, names: dict[str, Any]) -> tuple[str, ...]:
    """What may be given by name to something that the project's code called; empty where it is not to be found."""
    function = names.get(called) or getattr(dure, called, None)
    try:
        return tuple(inspect.signature(function).parameters) if callable(function) else ()
    except ValueError:
        return ()


def _instead(given: str, known: tuple[str, ...]) -> str:
    close = nearest(given, known)
    return _("Did you mean {name}?", name=close) if close else ""
