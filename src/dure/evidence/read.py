"""Evidence opened: its envelope, its signer, what it says, its table."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import polars as pl
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import VerificationError

from dure.errors import UserError
from dure.evidence.format import ENVELOPE, PAYLOAD_TYPE, PREDICATE_TYPE, PRIVATE, STATEMENT_TYPE, Refused, outcomes
from dure.evidence.signing import canonical_statement, fingerprint, public_key
from dure.i18n.texts import _
from dure.record import TrialRecord

if TYPE_CHECKING:
    from pydantic import JsonValue

    from dure.trial.types import Trial


@dataclass(frozen=True)
class Opened:
    """An envelope whose signature holds."""

    subjects: dict[str, str]
    trial: dict[str, JsonValue]  # as it was signed
    record: TrialRecord
    private: dict[str, str]
    written: str
    fingerprint: str

    def names(self) -> set[str]:
        """Every file the evidence covers."""
        return {ENVELOPE, *self.subjects, *(f"{PRIVATE}/{name}" for name in self.private)}


def predicate(folder: Path) -> TrialRecord:
    """What is said about the trial, from the signed envelope.

    Raises UserError where there is no evidence, or its signature does not hold.
    """
    try:
        return open_envelope(Path(folder)).record
    except Refused as refused:
        raise UserError(str(refused), where=f"{folder}/{ENVELOPE}") from None


def signer(folder: Path) -> str:
    """Fingerprint of the key that signed it. Raises UserError as `predicate` does."""
    try:
        return open_envelope(Path(folder)).fingerprint
    except Refused as refused:
        raise UserError(str(refused), where=f"{folder}/{ENVELOPE}") from None


def loaded(folder: Path) -> Trial:
    """The trial that a folder tells of, without cases and answers. Raises UserError where it cannot be read."""
    from dure.trial.types import Trial

    record, empty = predicate(folder), pl.DataFrame()
    try:
        costs = pl.read_parquet(Path(folder) / "costs.parquet")
    except (OSError, pl.exceptions.PolarsError) as error:
        raise UserError(_("the costs cannot be read: {why}", why=type(error).__name__), where=str(folder)) from None
    return Trial(
        record.project,
        record.version,
        outcomes(folder),
        empty,
        empty,
        costs,
        record.kpis,
        record.about,
        record.verdicts,
    )


def open_envelope(folder: Path) -> Opened:
    """The statement, if every byte of the envelope is the one that was signed.

    Raises Refused, and UserError where there is no envelope.
    """
    path = folder / ENVELOPE
    if not path.is_file() or path.is_symlink():
        raise UserError(_("there is no {name} here", name=ENVELOPE), where=str(folder))
    raw = path.read_bytes()
    try:
        envelope = Envelope.from_dict(json.loads(raw))
        statement = json.loads(envelope.payload)
        public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(statement["predicate"]["signer"]))
        envelope.verify([public_key(public)], 1)
        canonical = canonical_statement(envelope).encode()
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, VerificationError, InvalidSignature):
        raise Refused(_("damaged: the signature does not hold")) from None
    except Exception as error:  # the envelope's libraries name further errors of their own for malformed input
        if type(error).__module__.split(".")[0] not in ("securesystemslib", "binascii", "cryptography"):
            raise
        raise Refused(_("damaged: the signature does not hold")) from None
    if canonical != raw or envelope.payload_type != PAYLOAD_TYPE or len(envelope.signatures) != 1:
        raise Refused(_("damaged: other bytes than those that were signed"))
    return _read_statement(statement, fingerprint(public))


def _read_statement(statement: Mapping[str, Any], key: str) -> Opened:
    """A statement of ours; what a stranger signed is not trusted to have a shape."""
    try:
        if statement["_type"] != STATEMENT_TYPE or statement["predicateType"] != PREDICATE_TYPE:
            raise Refused(_("this is a statement of another kind"))
        subjects = {str(subject["name"]): str(subject["digest"]["sha256"]) for subject in statement["subject"]}
        predicate = statement["predicate"]
        private = {str(name): str(value) for name, value in predicate["private"].items()}
        trial = dict(predicate["trial"])
        record = TrialRecord.from_json(trial)
        written = str(predicate["written"])
    except UserError as error:
        raise Refused(_("what it says of the trial cannot be read: {fault}", fault=str(error))) from None
    except (KeyError, TypeError, ValueError, AttributeError):
        raise Refused(_("this is a statement of another kind")) from None
    odd = [name for name in subjects if not _inside(name)] + [
        name for name in private if "/" in name or not _inside(name)
    ]
    if odd or len(subjects) != len(statement["subject"]):
        raise Refused(_("it names a file outside of the folder, or one file twice: {name}", name=(odd or [""])[0][:80]))
    return Opened(subjects, trial, record, private, written, key)


def _inside(name: str) -> bool:
    """A plain relative path with slashes, and no way out of the folder on any system."""
    path = PurePosixPath(name)
    plain = bool(name) and path.as_posix() == name and not path.is_absolute()
    return (
        plain
        and not any(part in (".", "..") or part != part.strip() for part in path.parts)
        and not set(name) & set('\\:*?"<>|\0')
    )
