"""Evidence written whole or not at all: files, commitments to the private ones, the signature."""

from __future__ import annotations

import hashlib
import secrets
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from dure.errors import UserError
from dure.evidence.format import ENVELOPE, PRIVATE, Refused, commitment_of, content, files_of, rows
from dure.evidence.read import open_envelope
from dure.evidence.signing import envelope_of, fingerprint, signing_key, statement_of
from dure.i18n.texts import _
from dure.json_text import json_text

if TYPE_CHECKING:
    from dure.report.charts import Chart
    from dure.trial.types import Trial


def write(trial: Trial, folder: Path, *, charts: Mapping[str, Chart] | None = None) -> Path:
    """Write and sign the evidence of a trial; returns its folder.

    It is written aside and renamed: there is the whole of it, or nothing.

    Parameters
    ----------
    folder
        New, empty, or evidence that is replaced whole.
    charts
        Altair charts of the trial by title, drawn as SVG where the extra `figures` is installed.

    Raises
    ------
    UserError
        The folder holds something else than evidence.
    """
    folder = Path(folder).absolute()
    _replaceable(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
    try:
        _fill(trial, aside, charts or {})
        _move(aside, folder)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        raise
    return folder


def _fill(trial: Trial, place: Path, charts: Mapping[str, Chart]) -> None:
    from dure.report import html, rnd_table

    record = content(trial)
    key = signing_key()
    texts = rows(trial.outcomes)
    trial.outcomes.write_parquet(place / "outcomes.parquet")
    trial.costs.write_parquet(place / "costs.parquet")
    _save(place / "rows.txt", "".join(f"{digest}\t{name}\n" for digest, name in texts))
    _save(place / "trial.json", json_text(record.to_json()) + "\n")
    drawn = html.draw(charts, place / "figures")
    _save(place / "report.html", html.report_html(record, fingerprint(key.public_key()), drawn))
    rnd_table.write(record, place)
    commitments = _keep_private(trial, place)
    statement = statement_of(place, record.to_json(), key.public_key(), commitments)
    _save(place / ENVELOPE, envelope_of(statement, key))


def _save(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")  # the same bytes on every system


def _keep_private(trial: Trial, place: Path) -> dict[str, str]:
    """Cases and answers beside the evidence; returns their commitments, which are signed.

    HMAC-SHA256 under a salt, so that nobody can guess a case and check the guess; the salt itself, 32 random bytes, by its
    plain hash.
    """
    if not trial.cases.width and not trial.answers.width:
        return {}
    folder = place / PRIVATE
    folder.mkdir()
    salt = secrets.token_bytes(32)
    (folder / "salt").write_bytes(salt)
    trial.cases.write_parquet(folder / "cases.parquet")
    trial.answers.write_parquet(folder / "answers.parquet")
    commitments = {name: commitment_of(salt, folder / name) for name in ("answers.parquet", "cases.parquet")}
    return {**commitments, "salt": hashlib.sha256(salt).hexdigest()}


def _replaceable(folder: Path) -> None:
    """Raises UserError where writing here would destroy something that is not evidence."""
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    try:
        opened = open_envelope(folder)
    except (UserError, Refused):
        raise UserError(
            _("this folder holds something else than evidence"),
            where=str(folder),
            cure=_("Name another one with --out."),
        ) from None
    foreign = set(files_of(folder)) - opened.names()
    if foreign:
        raise UserError(
            _("this folder also holds {name}, which is not part of the evidence", name=min(foreign)),
            where=str(folder),
            cure=_("Move it away, or name another folder with --out."),
        )


def _move(aside: Path, folder: Path) -> None:
    """Put the finished folder in its place; the old one goes only when the new one stands."""
    aside.chmod(0o755)  # mkdtemp's folders are closed to everybody else
    if not folder.exists():
        aside.rename(folder)
        return
    old = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}.old."))
    folder.rename(old / folder.name)
    try:
        aside.rename(folder)
    except BaseException:
        (old / folder.name).rename(folder)
        raise
    finally:
        shutil.rmtree(old, ignore_errors=True)
