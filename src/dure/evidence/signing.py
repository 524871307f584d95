"""Keys and signatures: the key of this machine, the signers it knows, a statement in its envelope."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from securesystemslib.dsse import Envelope
from securesystemslib.signer import CryptoSigner, SSlibKey  # type: ignore[attr-defined]  # it lists no __all__

from dure.content_store import home, sha256_of, write_atomically
from dure.errors import UserError
from dure.evidence.format import PAYLOAD_TYPE, PREDICATE_TYPE, STATEMENT_TYPE, public_files
from dure.i18n.texts import _

if TYPE_CHECKING:
    from pydantic import JsonValue


def statement_of(
    place: Path, record: dict[str, JsonValue], public: Ed25519PublicKey, private: Mapping[str, str]
) -> dict[str, JsonValue]:
    """The in-toto Statement: every public file by its hash, the predicate, commitments to the private ones."""
    subjects: list[JsonValue] = [
        {"name": name, "digest": {"sha256": sha256_of(place / name)}} for name in public_files(place)
    ]
    predicate: dict[str, JsonValue] = {
        "trial": record,
        "private": dict(private),
        "signer": public.public_bytes_raw().hex(),
        "written": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    return {"_type": STATEMENT_TYPE, "subject": subjects, "predicateType": PREDICATE_TYPE, "predicate": predicate}


def envelope_of(statement: Mapping[str, JsonValue], key: Ed25519PrivateKey) -> str:
    """The statement in a signed DSSE envelope."""
    payload = json.dumps(
        statement, ensure_ascii=False, sort_keys=False, separators=(",", ":"), allow_nan=False
    ).encode()
    envelope = Envelope(payload, PAYLOAD_TYPE, {})
    envelope.sign(CryptoSigner(key, public_key(key.public_key())))
    return canonical_statement(envelope)


def canonical_statement(envelope: Envelope) -> str:
    """The only bytes in which an envelope is accepted."""
    return json.dumps(envelope.to_dict(), sort_keys=True, separators=(",", ":")) + "\n"


def public_key(public: Ed25519PublicKey) -> SSlibKey:
    """A public key as securesystemslib wants it."""
    return SSlibKey.from_crypto(public, keyid=fingerprint(public))


def key_path() -> Path:
    """Where this machine's key lies: `DURE_KEY`, else in Dure's folder."""
    path = os.environ.get("DURE_KEY")
    return Path(path) if path else home() / "key.pem"


def signing_key() -> Ed25519PrivateKey:
    """The key of this machine, made on first use (PKCS 8, readable by its owner alone). Raises UserError for another kind."""
    path = key_path()
    if not path.exists():
        _make_key(path)
    key = _read_key(path)
    own = fingerprint(key.public_key())
    if own not in known_signers():
        _remember(own, "")
    return key


def _make_key(path: Path) -> None:
    """Write a new key, unless another process was quicker: aside, then under its name, so that nobody reads half of one."""
    form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, aside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # readable by its owner alone
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(Ed25519PrivateKey.generate().private_bytes(*form))
        try:
            path.hardlink_to(aside)
        except FileExistsError:
            return
        except OSError:  # a file system without links
            Path(aside).replace(path)
    finally:
        Path(aside).unlink(missing_ok=True)


def _read_key(path: Path) -> Ed25519PrivateKey:
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), None)
    except (ValueError, TypeError) as error:
        raise UserError(_("this is no key that can be read"), where=str(path)) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise UserError(_("this is no Ed25519 key"), where=str(path))
    return key


def fingerprint(public: Ed25519PublicKey) -> str:
    """SHA-256 of the raw public key, in hexadecimal."""
    return hashlib.sha256(public.public_bytes_raw()).hexdigest()


def short_fingerprint(print_: str) -> str:
    """The first 16 digits of a fingerprint in fours, as people compare them: 4f1c 09ab 77d2 e001."""
    return " ".join(print_[start : start + 4] for start in range(0, 16, 4))


def known_signers() -> dict[str, dict[str, str]]:
    """Signers this machine knows, by fingerprint: name (empty: this machine itself) and the day since when."""
    path = home() / "known_signers.json"
    if not path.is_file():
        return {}
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
        return {
            str(print_): {"name": str(signer["name"]), "since": str(signer["since"])}
            for print_, signer in known.items()
        }
    except (ValueError, TypeError, KeyError, AttributeError):
        raise UserError(_("this list of known signers cannot be read"), where=str(path)) from None


def trust(print_: str, name: str) -> None:
    """Remember a signer by name from today on."""
    _remember(print_, name)


def _remember(print_: str, name: str) -> None:
    known = known_signers()
    since = known.get(print_, {}).get("since") or datetime.now(UTC).date().isoformat()
    known[print_] = {"name": name, "since": since}
    write_atomically(home() / "known_signers.json", json.dumps(known, ensure_ascii=False, indent=2) + "\n")
