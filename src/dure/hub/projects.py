"""Projects as the hub knows them: each described by a process of its own, its code never in the hub's."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from dure import __version__
from dure.data import write_atomically
from dure.errors import Unknown, UserError, nearest
from dure.manifest import found, manifest
from dure.project import project_hash
from dure.words import _

from .process import environment
from .store import folder

if TYPE_CHECKING:
    from pathlib import Path

    from dure.manifest import Manifest

PATIENCE = 120  # seconds that a project may take to be imported and described


def manifests() -> dict[str, Manifest]:
    """What projects say of themselves, by id. One whose project.toml cannot be read is left out."""
    told = {}
    for name, place in sorted(found().items()):
        try:
            told[name] = manifest(place)
        except UserError:
            continue
    return told


def place_of(name: str) -> Path:
    """The folder of a project by its id alone. Raises Unknown."""
    known = found()
    if name not in known:
        close = nearest(name, tuple(known))
        cure = _("Did you mean {name}?", name=close) if close else ""
        raise Unknown(_("there is no project called {name}", name=name), cure=cure)
    return known[name]


def code_of(name: str) -> str:
    """SHA-256 of a project's code (`dure.project.project_hash`). Raises Unknown."""
    return project_hash(place_of(name))


def described(name: str) -> dict[str, Any]:
    """A project's description (`dure.describe`), kept as long as its code and Dure are the same.

    Raises Unknown, and UserError where it cannot be described: what it stands on is not installed.
    """
    kept = folder() / "projects" / f"{name}-{code_of(name)[:16]}-{__version__}.json"
    try:
        told: dict[str, Any] = json.loads(kept.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        told = _described(name)
        kept.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(kept, json.dumps(told, ensure_ascii=False))
    return told


def _described(name: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "dure", "show", name, "--json"]
    try:
        done = subprocess.run(  # noqa: S603 - a project's id that is known here, no shell
            command, env=environment(), stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=PATIENCE
        )
        told: dict[str, Any] = json.loads(done.stdout)
    except subprocess.TimeoutExpired:
        raise UserError(_("it took more than {seconds} s", seconds=PATIENCE), where=name) from None
    except ValueError:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise UserError(said[-1] if said else _("its process ended"), where=name) from None
    return told
