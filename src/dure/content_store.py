"""Files on this machine: Dure's folder, whole or not at all, and content by its hash."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

from dure.errors import UserError
from dure.i18n.texts import _


def home() -> Path:
    """Dure's own folder on this machine (keys, looks, cache): `DURE_HOME`, else the user's data folder."""
    override = os.environ.get("DURE_HOME")
    if override:
        return Path(override)
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
