"""Projects as the hub knows them: each described by a process of its own, its code never in the hub's."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, NotRequired, TypedDict

from dure import __version__
from dure.content_store import write_atomically
from dure.errors import Unknown, UserError, nearest
from dure.hub.db.store import folder
from dure.hub.jobs.process import environment
from dure.i18n.texts import _
from dure.project.code_hash import project_hash
from dure.project.loader import found
from dure.project.manifest import manifest
from dure.record import TrialRecord, committed
from dure.registry import describe

if TYPE_CHECKING:
    from dure.project.manifest import Manifest
    from dure.registry.describe import Description

PATIENCE = 120  # seconds that a project may take to be imported and described


def manifests() -> dict[str, Manifest]:
    """What projects say of themselves, by id. One whose project.toml cannot be read is left out."""
    by_id = {}
    for name, place in sorted(found().items()):
        try:
            by_id[name] = manifest(place)
        except UserError:
            continue
    return by_id


def place_of(name: str) -> Path:
    """The folder of a project by its id alone. Raises Unknown."""
    known = found()
    if name not in known:
        close = nearest(name, tuple(known))
        cure = _("Did you mean {name}?", name=close) if close else ""
        raise Unknown(_("there is no project called {name}", name=name), cure=cure)
    return known[name]


def code_of(name: str) -> str:
    """SHA-256 of a project's code (`dure.project.code_hash.project_hash`). Raises Unknown."""
    return project_hash(place_of(name))


def known_method(description: Description, method: str) -> None:
    """Raise UserError where a project that was described has no such method."""
    if method not in description["methods"]:
        message = _("there is no method called {name}", name=method)
        raise UserError(message, where="method", cure=", ".join(description["methods"]))


class Tried(NamedTuple):
    """A project's own trial, and whether the project has changed since."""

    record: TrialRecord
    stale: bool


def tried(name: str) -> Tried | None:
    """What a project's own trial.json says; None where there is none that can be read. Raises Unknown."""
    place = place_of(name)
    with suppress(UserError):
        if record := committed(place):
            return Tried(record, record.about.code != project_hash(place))
    return None


class PromiseRecord(TypedDict):
    """A promise of a project and what came of it, as `dure check` has written it: the reason where it is not kept."""

    name: str
    state: str
    reason: NotRequired[str]


class CheckRecord(TypedDict):
    """What `dure check` has found of a project whose code has this hash."""

    project: str
    code: str
    level: str
    promises: list[PromiseRecord]


def promises(name: str) -> CheckRecord | None:
    """What `dure check` has found of a project as it is now, where it is kept beside it: check.json. Raises Unknown."""
    try:
        check: CheckRecord = json.loads((place_of(name) / "check.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return check if check.get("code") == code_of(name) else None


def kept_description(name: str) -> Description | None:
    """A description that was made before, of the code as it is now; None where none was. Raises Unknown."""
    try:
        description: Description = json.loads(_place(name).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return description


def described(name: str) -> Description:
    """A project's description (`dure.registry.describe`), kept as long as its code and Dure are the same.

    Raises Unknown, and UserError where it cannot be described: what it stands on is not installed.
    """
    description = kept_description(name)
    if description is None:
        description = _described(name)
        place = _place(name)
        place.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(place, json.dumps(description, ensure_ascii=False))
    return description


def _place(name: str) -> Path:
    """Where a description is kept: by the code, and by what else it is made of - texts, the example, and what describes it."""
    project = place_of(name)
    texts = [*sorted((project / "locale").glob("*.po")), *project.glob("example.json"), Path(describe.__file__)]
    by = hashlib.sha256(b"".join(path.read_bytes() for path in texts)).hexdigest()[:8]
    return folder() / "projects" / f"{name}-{project_hash(project)[:16]}-{__version__}-{by}.json"


def _described(name: str) -> Description:
    command = [sys.executable, "-m", "dure", "show", name, "--json"]
    try:
        done = subprocess.run(  # noqa: S603 - a project's id that is known here, no shell
            command, env=environment(), stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=PATIENCE
        )
        description: Description = json.loads(done.stdout)
    except subprocess.TimeoutExpired:
        raise UserError(_("it took more than {seconds} s", seconds=PATIENCE), where=name) from None
    except ValueError:
        lines = done.stderr.decode(errors="replace").strip().splitlines()
        raise UserError(lines[-1] if lines else _("its process ended"), where=name) from None
    return description
