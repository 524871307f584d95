"""Which code a trial was run with."""

from __future__ import annotations

import hashlib
from pathlib import Path


def project_hash(folder: Path) -> str:
    """SHA-256 over the project's *.py files and project.toml: which code was looked at with."""
    digest = hashlib.sha256()
    files = [path for path in folder.rglob("*.py") if "tests" not in path.relative_to(folder).parts]
    for path in sorted([*files, folder / "project.toml"]):
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0")
        digest.update(path.read_bytes().replace(b"\r\n", b"\n") + b"\0")
    return digest.hexdigest()
