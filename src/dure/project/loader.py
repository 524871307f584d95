"""Where projects lie, and how one is loaded."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
import types
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from dure.errors import UserError, nearest
from dure.i18n.texts import _
from dure.project.manifest import manifest
from dure.project.mistakes import mistake
from dure.project.project import Project

if TYPE_CHECKING:
    from dure.project.manifest import Manifest


def found() -> dict[str, Path]:
    """Folders of the projects that can be had here, by id.

    Those that come with Dure, those of installed packages (entry-point group `dure.projects`), those under
    `DURE_PROJECTS` (folders separated as in PATH) and those under ./regions.
    """
    built_in = [Path(__file__).parents[1] / "regions"]
    configured = [Path(part) for part in os.environ.get("DURE_PROJECTS", "").split(os.pathsep) if part]
    folders = [
        path.parent
        for root in [*built_in, *configured, Path("regions")]
        for path in sorted(root.glob("*/*/project.toml"))
    ]
    return {f"{folder.parent.name}.{folder.name}": folder.resolve() for folder in [*folders, *_installed()]}


def _installed() -> list[Path]:
    from importlib.metadata import entry_points

    places = [importlib.util.find_spec(entry.value) for entry in entry_points(group="dure.projects")]
    return [
        Path(next(iter(spec.submodule_search_locations))) for spec in places if spec and spec.submodule_search_locations
    ]


def load(name: str | Path) -> Project:
    """The project called `name` (an id, or a folder). Raises UserError with the nearest id."""
    folder = _folder(name)
    project_manifest = manifest(folder)
    module = _imported(folder, project_manifest)
    project = getattr(module, "PROJECT", None)
    if not isinstance(project, Project):
        cure = _("End the file with PROJECT = Project(...); docs/project.md shows one.")
        raise UserError(_("no name PROJECT is defined"), where=str(folder / "project.py"), cure=cure)
    return replace(project, manifest=project_manifest, folder=folder)


def _imported(folder: Path, project_manifest: Manifest) -> types.ModuleType:
    """The project's module. Raises UserError with file and line where it cannot be imported."""
    try:
        return _module(folder)
    except UserError:
        raise
    except Exception as error:
        missing = error.name if isinstance(error, ModuleNotFoundError) else None
        if missing and project_manifest.extra and not missing.startswith("dure"):
            raise UserError(
                _("{project} needs the library {library}", project=project_manifest.id, library=missing),
                cure=_("Install it with: pip install 'dure[{extra}]'", extra=project_manifest.extra),
            ) from None
        raise mistake(error, folder) from error


def _folder(name: str | Path) -> Path:
    known = found()
    if str(name) in known:
        return known[str(name)]
    if (Path(name) / "project.toml").is_file():
        return Path(name).resolve()
    close = nearest(str(name), tuple(known))
    cure = _("Did you mean {name}?", name=close) if close else _("See `dure list`.")
    raise UserError(_("there is no project called {name}", name=str(name)), cure=cure)


def _module(folder: Path) -> types.ModuleType:
    """Import project.py of `folder` as a package of its own, so that `from .methods import ...` works in it."""
    home = Path(__file__).parents[1]
    if folder.is_relative_to(home):
        return importlib.import_module(".".join(("dure", *folder.relative_to(home).parts, "project")))
    import hashlib

    name = f"dure_project_{folder.name}_{hashlib.sha256(str(folder).encode()).hexdigest()[:8]}"
    if name not in sys.modules:
        package = types.ModuleType(name)
        package.__path__ = [str(folder)]
        sys.modules[name] = package
    return importlib.import_module(f"{name}.project")
