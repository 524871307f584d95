"""Evidence: a folder anyone can check and recompute. Written, signed, verified, compared with a re-run.

The folder holds ``outcomes.parquet`` (named sums a method, round, site and block: all that the verdicts are computed from),
``rows.txt`` (a digest a row of it, so that a damaged table can still be discussed), ``costs.parquet``, ``trial.json`` (all
that is said about the trial), ``report.html``, the R&D table, and ``private/`` (cases, answers, a salt) which never leaves
the machine: only its commitments are signed. ``evidence.json`` signs every file: an in-toto Statement [1]_ in a DSSE
envelope [2]_ under Ed25519.

**Small blocks.** Blocks are kept as the verdict was taken on them: the folder belongs to whoever owns the data. What is
handed to others goes through `published`: blocks of under five cases are joined with their neighbours, the verdicts are
taken *again* on the joined blocks, and no case is named. Its folder is evidence of its own, so that numbers and verdict
always agree, and nothing has to be believed that cannot be recomputed from the folder.

.. [1] https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md
.. [2] https://github.com/secure-systems-lab/dsse/blob/master/protocol.md
"""

from __future__ import annotations

import hashlib
import hmac
import json
import math
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import polars as pl
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import CryptoSigner, SSlibKey  # type: ignore[attr-defined]  # it lists no __all__

from dure.content_store import home, sha256_of, write_atomically
from dure.errors import UserError
from dure.i18n.texts import _

if TYPE_CHECKING:
    from dure.trial.types import Trial

ENVELOPE, PRIVATE = "evidence.json", "private"
PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "urn:dure:trial:v1"
KEYS = ("method", "round", "site", "block")  # a row of outcomes, in words
FEWEST = 5  # cases of a block that others may see
SAME = 1e-6  # relative: a verdict recomputed on another machine may differ by rounding, not by more
SHOWN = 20  # rows that are named one by one


# ---- writing ---------------------------------------------------------------------------------------------------------


def write(trial: Trial, folder: Path, *, charts: Mapping[str, Any] | None = None) -> Path:
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


def _fill(trial: Trial, place: Path, charts: Mapping[str, Any]) -> None:
    from dure.report import html, rnd_table

    said = content(trial)
    key = signing_key()
    texts = rows(trial.outcomes)
    trial.outcomes.write_parquet(place / "outcomes.parquet")
    trial.costs.write_parquet(place / "costs.parquet")
    _save(place / "rows.txt", "".join(f"{digest}\t{name}\n" for digest, name in texts))
    _save(place / "trial.json", json.dumps(said, ensure_ascii=False, indent=2, allow_nan=False) + "\n")
    drawn = html.draw(charts, place / "figures")
    _save(place / "report.html", html.report_html(said, fingerprint(key.public_key()), drawn))
    rnd_table.write(said, place)
    commitments = _keep_private(trial, place)
    statement = _statement(place, said, key.public_key(), commitments)
    _save(place / ENVELOPE, _signed(statement, key))


def _save(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")  # the same bytes on every system


def content(trial: Trial) -> dict[str, Any]:
    """What is said about a trial, as plain JSON: project, KPIs, everything a stranger needs, verdicts, replay hash.

    Where the data are not open, cases that were left out are counted, not named.
    """
    about = dict(trial.about)
    if any(each.get("access", "open") != "open" for each in about.get("data", ())):
        about["left_out"] = _counted(about.get("left_out", ()))
    said = {
        "project": trial.project,
        "version": trial.version,
        "kpis": trial.kpis,
        "about": about,
        "verdicts": trial.verdicts,
        "replay": replay_hash(trial.outcomes),
    }
    plain: dict[str, Any] = json.loads(json.dumps(said, allow_nan=False, default=_plain))
    return plain


def _plain(value: Any) -> Any:
    """Times, paths and numbers of other libraries as JSON has them."""
    return value.item() if hasattr(value, "item") else str(value)


def _counted(left_out: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    counts: dict[tuple[str, str], int] = {}
    for each in left_out:
        kind = str(each.get("round", "")), str(each.get("cause", ""))
        counts[kind] = counts.get(kind, 0) + int(each.get("count", 1))
    return [{"round": turn, "cause": cause, "count": count} for (turn, cause), count in counts.items()]


def rows(outcomes: pl.DataFrame) -> list[tuple[str, str]]:
    """A digest and a readable name for each row of outcomes, in their order.

    The digest is SHA-256 of the row as JSON, columns by name, numbers with all their digits.
    """
    found = []
    for row in outcomes.iter_rows(named=True):
        text = json.dumps(row, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)
        name = json.dumps([row[key] for key in KEYS], ensure_ascii=False)
        found.append((hashlib.sha256(text.encode()).hexdigest(), name))
    return found


def replay_hash(outcomes: pl.DataFrame) -> str:
    """One hash of all rows, without costs: what a replay on any machine must come to."""
    return hashlib.sha256("".join(digest for digest, _name in rows(outcomes)).encode()).hexdigest()


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
    kept = {name: _commitment(salt, folder / name) for name in ("answers.parquet", "cases.parquet")}
    return {**kept, "salt": hashlib.sha256(salt).hexdigest()}


def _commitment(salt: bytes, path: Path) -> str:
    return hmac.new(salt, path.read_bytes(), "sha256").hexdigest()


def _statement(
    place: Path, said: Mapping[str, Any], public: Ed25519PublicKey, private: Mapping[str, str]
) -> dict[str, Any]:
    subjects = [{"name": name, "digest": {"sha256": sha256_of(place / name)}} for name in _public(place)]
    predicate = {
        "trial": said,
        "private": dict(private),
        "signer": public.public_bytes_raw().hex(),
        "written": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    return {"_type": STATEMENT_TYPE, "subject": subjects, "predicateType": PREDICATE_TYPE, "predicate": predicate}


def _signed(statement: Mapping[str, Any], key: Ed25519PrivateKey) -> str:
    payload = json.dumps(
        statement, ensure_ascii=False, sort_keys=False, separators=(",", ":"), allow_nan=False
    ).encode()
    envelope = Envelope(payload, PAYLOAD_TYPE, {})
    envelope.sign(CryptoSigner(key, _public_key(key.public_key())))
    return _canonical(envelope)


def _canonical(envelope: Envelope) -> str:
    """The only bytes in which an envelope is accepted."""
    return json.dumps(envelope.to_dict(), sort_keys=True, separators=(",", ":")) + "\n"


def _public_key(public: Ed25519PublicKey) -> SSlibKey:
    return SSlibKey.from_crypto(public, keyid=fingerprint(public))


def _files(folder: Path) -> Iterator[str]:
    """Every file below, as a path with slashes; links are files, whatever they point at."""
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() or not path.is_dir():
            yield path.relative_to(folder).as_posix()


def _public(folder: Path) -> list[str]:
    return [name for name in _files(folder) if name != ENVELOPE and not name.startswith(f"{PRIVATE}/")]


def _replaceable(folder: Path) -> None:
    """Raises UserError where writing here would destroy something that is not evidence."""
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    try:
        opened = _open(folder)
    except (UserError, Refused):
        raise UserError(
            _("this folder holds something else than evidence"),
            where=str(folder),
            cure=_("Name another one with --out."),
        ) from None
    foreign = set(_files(folder)) - opened.names()
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


# ---- what others may see ---------------------------------------------------------------------------------------------


def joined(outcomes: pl.DataFrame, at_least: int = FEWEST) -> pl.DataFrame:
    """Blocks of under `at_least` cases joined with their neighbours within a round and site, in their order.

    Which blocks fall together depends on the first method's cases alone, so that all methods stay aligned. A joined block
    is called ``joined 001`` (a block's name may be a patient's). A census has no blocks and is left as it is.
    """
    first = outcomes.filter((pl.col("method") == outcomes["method"][0]) & (pl.col("block") != ""))
    names: dict[tuple[str, str, str], str] = {}
    for (turn, site), part in first.group_by("round", "site", maintain_order=True):
        for block, name in _groups(part["block"].to_list(), part["cases"].to_list(), at_least).items():
            names[str(turn), str(site), block] = name
    if all(block == name for (_turn, _site, block), name in names.items()):
        return outcomes
    keys = pl.DataFrame(
        [(*key, name) for key, name in names.items()], schema=["round", "site", "block", "name"], orient="row"
    )
    numbers = [name for name in outcomes.columns if name not in (*KEYS, "sealed")]
    named = outcomes.join(keys, on=["round", "site", "block"], how="left", maintain_order="left")
    named = named.with_columns(pl.coalesce("name", "block").alias("block"))
    summed = named.group_by("method", "round", "sealed", "site", "block", maintain_order=True).agg(
        pl.col(numbers).sum()
    )
    return summed.select(outcomes.columns)


def _groups(blocks: Sequence[str], cases: Sequence[int], at_least: int) -> dict[str, str]:
    """Each block's new name: blocks are gathered until there are enough cases; a rest goes to the last group."""
    groups: list[list[str]] = []
    gathered: list[str] = []
    count = 0
    for block, size in zip(blocks, cases, strict=True):
        gathered.append(block)
        count += size
        if count >= at_least:
            groups.append(gathered)
            gathered, count = [], 0
    if gathered:
        groups = [*groups[:-1], groups[-1] + gathered] if groups else [gathered]
    found: dict[str, str] = {}
    for number, group in enumerate(groups, start=1):
        name = group[0] if len(group) == 1 else f"joined {number:03d}"
        found |= dict.fromkeys(group, name)
    return found


def published(trial: Trial) -> Trial:
    """The trial as others may see it: small blocks joined, the verdicts taken again on them, no case, no answer.

    A site of under five cases in all is joined within itself and stays one block: too few to say.
    """
    from dure.trial.verdicts import verdicts

    outcomes = joined(trial.outcomes)
    about = {**trial.about, "left_out": _counted(trial.about.get("left_out", ())), "joined": FEWEST}
    if outcomes.height != trial.outcomes.height:
        about["block_word"] = "block"
    empty = pl.DataFrame()
    return replace(
        trial,
        outcomes=outcomes,
        cases=empty,
        answers=empty,
        about=about,
        verdicts=verdicts(outcomes, trial.kpis, about),
    )


# ---- keys and signers ------------------------------------------------------------------------------------------------


def key_path() -> Path:
    """Where this machine's key lies: `DURE_KEY`, else in Dure's folder."""
    given = os.environ.get("DURE_KEY")
    return Path(given) if given else home() / "key.pem"


def signing_key() -> Ed25519PrivateKey:
    """The key of this machine, made on first use (PKCS 8, readable by its owner alone). Raises UserError for another kind."""
    path = key_path()
    if not path.exists():
        _make_key(path)
    key = _read_key(path)
    mine = fingerprint(key.public_key())
    if mine not in known_signers():
        _remember(mine, "")
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


def short(print_: str) -> str:
    """The first 16 digits of a fingerprint in fours, as people compare them: 4f1c 09ab 77d2 e001."""
    return " ".join(print_[start : start + 4] for start in range(0, 16, 4))


def known_signers() -> dict[str, dict[str, str]]:
    """Signers this machine knows, by fingerprint: name (empty: this machine itself) and the day since when."""
    path = home() / "known_signers.json"
    if not path.is_file():
        return {}
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
        return {str(each): {"name": str(one["name"]), "since": str(one["since"])} for each, one in known.items()}
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


# ---- verifying -------------------------------------------------------------------------------------------------------


class Refused(Exception):
    """The envelope is not what was signed."""


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong: the file (with slashes), what, and the rows where they can be named."""

    file: str
    what: str
    rows: tuple[str, ...] = ()


@dataclass(frozen=True)
class Report:
    """What `verify` found: whether the folder is intact, and by whom it was signed.

    Attributes
    ----------
    faults
        Empty where the folder is intact.
    fingerprint
        Of the key whose signature holds; empty where none does.
    name, since
        How this machine knows the signer: an empty name is its own key; `since` empty is an unknown signer.
    written
        When, as the signer's clock said.
    private
        Whether the private files are here and checked.
    """

    folder: Path
    faults: tuple[Fault, ...]
    fingerprint: str = ""
    name: str = ""
    since: str = ""
    written: str = ""
    private: bool = False
    verdicts: tuple[Mapping[str, Any], ...] = field(default=(), repr=False)

    @property
    def intact(self) -> bool:
        """Every file is as it was signed, and the verdicts come out again."""
        return not self.faults

    def to_dict(self) -> dict[str, Any]:
        """For scripts."""
        return {
            "folder": str(self.folder),
            "intact": self.intact,
            "faults": [{"file": each.file, "what": each.what, "rows": list(each.rows)} for each in self.faults],
            "signed": bool(self.fingerprint),
            "signer": {
                "fingerprint": self.fingerprint,
                "known": bool(self.since),
                "name": self.name,
                "since": self.since,
            },
            "written": self.written,
            "private": self.private,
        }

    def in_words(self) -> str:
        """The same for a reader: intact or refused, the files and rows, the signer."""
        if self.intact:
            text = _("Intact: every file is as it was signed, and the verdicts come out again from the outcomes.")
            told = [text, *([_("The private files are here and are those that were signed.")] if self.private else [])]
        else:
            told = [
                _("Refused: {count} of the files cannot be relied on.", count=len({each.file for each in self.faults}))
            ]
        for fault in self.faults:
            told.append(f"  {fault.file}: {fault.what}")
            told += [f"    {row}" for row in fault.rows]
        return "\n".join([*told, self._signer()])

    def _signer(self) -> str:
        if not self.fingerprint:
            return _("Signed by: nobody whose signature holds.")
        print_ = short(self.fingerprint)
        if not self.since:
            return _(
                "Signed by: an unknown signer, key {fingerprint}. Ask the signer for these digits; then --trust NAME.",
                fingerprint=print_,
            )
        if not self.name:
            return _(
                "Signed by: this machine's own key {fingerprint}, since {since}.", fingerprint=print_, since=self.since
            )
        return _(
            "Signed by: {name}, key {fingerprint}, known since {since}.",
            name=self.name,
            fingerprint=print_,
            since=self.since,
        )


@dataclass(frozen=True)
class _Opened:
    """An envelope whose signature holds."""

    subjects: dict[str, str]
    predicate: dict[str, Any]
    fingerprint: str

    def names(self) -> set[str]:
        """Every file the evidence covers."""
        return {ENVELOPE, *self.subjects, *(f"{PRIVATE}/{name}" for name in self.predicate["private"])}


def verify(folder: Path) -> Report:
    """Is the folder intact, and who signed it? (Whether it comes out again is asked by running it: `dure.runs.rerun.rerun`.)

    Raises UserError where there is no evidence at all.
    """
    folder = Path(folder)
    try:
        opened = _open(folder)
    except Refused as refused:
        return Report(folder, (Fault(ENVELOPE, str(refused)),))
    faults = [*_file_faults(folder, opened), *_private_faults(folder, opened)]
    touched = {fault.file for fault in faults}
    if not touched & {"outcomes.parquet", "trial.json", "rows.txt", "report.html"}:
        faults += _content_faults(folder, opened)
    known = known_signers().get(opened.fingerprint, {"name": "", "since": ""})
    return Report(
        folder, tuple(faults), opened.fingerprint, known["name"], known["since"], str(opened.predicate["written"]),
        private=bool(opened.predicate["private"]) and (folder / PRIVATE).is_dir(), verdicts=tuple(opened.predicate["trial"]["verdicts"]),
    )  # fmt: skip


def predicate(folder: Path) -> dict[str, Any]:
    """What is said about the trial (project, kpis, about, verdicts, replay), from the signed envelope.

    Raises UserError where there is no evidence, or its signature does not hold.
    """
    try:
        found: dict[str, Any] = _open(Path(folder)).predicate["trial"]
    except Refused as refused:
        raise UserError(str(refused), where=f"{folder}/{ENVELOPE}") from None
    return found


def signer(folder: Path) -> str:
    """Fingerprint of the key that signed it. Raises UserError as `predicate` does."""
    try:
        return _open(Path(folder)).fingerprint
    except Refused as refused:
        raise UserError(str(refused), where=f"{folder}/{ENVELOPE}") from None


def outcomes(folder: Path) -> pl.DataFrame:
    """The table of outcomes. Raises UserError where it cannot be read."""
    try:
        return pl.read_parquet(Path(folder) / "outcomes.parquet")
    except (OSError, pl.exceptions.PolarsError) as error:
        raise UserError(_("the outcomes cannot be read: {why}", why=type(error).__name__), where=str(folder)) from None


def loaded(folder: Path) -> Trial:
    """The trial that a folder tells of, without cases and answers. Raises UserError where it cannot be read."""
    from dure.trial.types import Trial

    said, empty = predicate(folder), pl.DataFrame()
    try:
        costs = pl.read_parquet(Path(folder) / "costs.parquet")
    except (OSError, pl.exceptions.PolarsError) as error:
        raise UserError(_("the costs cannot be read: {why}", why=type(error).__name__), where=str(folder)) from None
    names = ("kpis", "about", "verdicts")
    return Trial(
        said["project"], said["version"], outcomes(folder), empty, empty, costs, *(said[name] for name in names)
    )


def _open(folder: Path) -> _Opened:
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
        envelope.verify([_public_key(public)], 1)
        canonical = _canonical(envelope).encode()
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, VerificationError, InvalidSignature):
        raise Refused(_("damaged: the signature does not hold")) from None
    except Exception as error:  # the envelope's libraries name further errors of their own for malformed input
        if type(error).__module__.split(".")[0] not in ("securesystemslib", "binascii", "cryptography"):
            raise
        raise Refused(_("damaged: the signature does not hold")) from None
    if canonical != raw or envelope.payload_type != PAYLOAD_TYPE or len(envelope.signatures) != 1:
        raise Refused(_("damaged: other bytes than those that were signed"))
    return _Opened(*_read_statement(statement), fingerprint(public))


def _read_statement(statement: Mapping[str, Any]) -> tuple[dict[str, str], dict[str, Any]]:
    """Subjects and predicate of a statement of ours; what a stranger signed is not trusted to have a shape."""
    try:
        if statement["_type"] != STATEMENT_TYPE or statement["predicateType"] != PREDICATE_TYPE:
            raise Refused(_("this is a statement of another kind"))
        subjects = {str(each["name"]): str(each["digest"]["sha256"]) for each in statement["subject"]}
        said = statement["predicate"]
        private = {str(name): str(value) for name, value in said["private"].items()}
        trial = {name: said["trial"][name] for name in ("project", "version", "kpis", "about", "verdicts", "replay")}
        if not isinstance(trial["about"], dict) or len(trial) != len(said["trial"]):
            raise Refused(_("this is a statement of another kind"))
    except (KeyError, TypeError, AttributeError):
        raise Refused(_("this is a statement of another kind")) from None
    odd = [name for name in subjects if not _inside(name)] + [
        name for name in private if "/" in name or not _inside(name)
    ]
    if odd or len(subjects) != len(statement["subject"]):
        raise Refused(_("it names a file outside of the folder, or one file twice: {name}", name=(odd or [""])[0][:80]))
    return subjects, {"trial": trial, "private": private, "written": str(said["written"])}


def _inside(name: str) -> bool:
    """A plain relative path with slashes, and no way out of the folder on any system."""
    path = PurePosixPath(name)
    plain = bool(name) and path.as_posix() == name and not path.is_absolute()
    return (
        plain
        and not any(part in (".", "..") or part != part.strip() for part in path.parts)
        and not set(name) & set('\\:*?"<>|\0')
    )


def _file_faults(folder: Path, opened: _Opened) -> list[Fault]:
    """Files that are missing, changed, or not covered."""
    faults = []
    for name, signed in opened.subjects.items():
        path = folder / name
        if not path.is_file() or path.is_symlink():
            faults.append(Fault(name, _("missing")))
        elif sha256_of(path) != signed:
            faults.append(_changed(folder, name, opened))
    extra = set(_files(folder)) - opened.names()
    return [*faults, *(Fault(name, _("not part of the evidence")) for name in sorted(extra))]


def _private_faults(folder: Path, opened: _Opened) -> list[Fault]:
    """Private files that are not those whose commitments were signed; none where they stayed with their owner."""
    signed = dict(opened.predicate["private"])
    place = folder / PRIVATE
    if not signed or not place.is_dir():
        return []
    faults = [
        Fault(f"{PRIVATE}/{name}", _("missing"))
        for name in signed
        if not (place / name).is_file() or (place / name).is_symlink()
    ]
    if faults:
        return faults
    salt, wanted = (place / "salt").read_bytes(), signed.pop("salt", "")
    if hashlib.sha256(salt).hexdigest() != wanted:
        return [Fault(f"{PRIVATE}/salt", _("changed; without it the other private files cannot be checked"))]
    return [
        Fault(f"{PRIVATE}/{name}", _("changed since it was signed"))
        for name, commitment in signed.items()
        if not hmac.compare_digest(_commitment(salt, place / name), commitment)
    ]


def _changed(folder: Path, name: str, opened: _Opened) -> Fault:
    """A file whose bytes differ, with the rows that differ where they can be named."""
    if name not in ("outcomes.parquet", "rows.txt"):
        return Fault(name, _("changed since it was signed"))
    try:
        found = rows(pl.read_parquet(folder / "outcomes.parquet"))
    except Exception as error:  # noqa: BLE001 - a damaged file may end its reader in any way
        return Fault(name, _("damaged: it cannot be read ({why})", why=type(error).__name__))
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # Polars' readers are written in Rust
            raise
        return Fault(name, _("damaged: it cannot be read ({why})", why="panic"))
    other = "rows.txt" if name == "outcomes.parquet" else "outcomes.parquet"
    kept = folder / "rows.txt"
    if not kept.is_file() or (other == "rows.txt" and sha256_of(kept) != opened.subjects.get(other)):
        return Fault(name, _("changed since it was signed"))
    differing = _differing(found, kept.read_text(encoding="utf-8", errors="replace").split("\n")[:-1])
    if not differing:
        return Fault(name, _("changed since it was signed; no row differs"))
    more = [_("and {count} more", count=len(differing) - SHOWN)] if len(differing) > SHOWN else []
    return Fault(
        name,
        _("changed since it was signed; {count} rows differ", count=len(differing)),
        (*differing[:SHOWN], *more),
    )


def _differing(found: Sequence[tuple[str, str]], kept: Sequence[str]) -> list[str]:
    """Rows whose digest is not the one kept, named by number and in words."""
    differing = []
    for number in range(max(len(found), len(kept))):
        signed = kept[number].partition("\t") if number < len(kept) else ("", "", "")
        digest, name = found[number] if number < len(found) else ("", signed[2])
        if digest != signed[0] or name != signed[2]:
            differing.append(_("row {number}: {name}", number=number + 1, name=_in_words(signed[2] or name)))
    return differing


def _in_words(name: str) -> str:
    """``["model", "2025", "", "W03"]`` as model · 2025 · W03."""
    try:
        return " · ".join(str(part) for part in json.loads(name) if part != "")
    except (ValueError, TypeError):
        return name[:120]


def _content_faults(folder: Path, opened: _Opened) -> list[Fault]:
    """What a signer may have got wrong: files that are as signed but do not agree with each other."""
    from dure.report.html import island

    said = opened.predicate["trial"]
    faults = []
    try:
        if json.loads((folder / "trial.json").read_bytes()) != said:
            faults.append(Fault("trial.json", _("it does not say what was signed")))
        if island((folder / "report.html").read_text(encoding="utf-8")) != said:
            faults.append(Fault("report.html", _("its numbers are not those that were signed")))
        table = pl.read_parquet(folder / "outcomes.parquet")
        found = rows(table)
        if differing := _differing(found, (folder / "rows.txt").read_text(encoding="utf-8").split("\n")[:-1]):
            faults.append(
                Fault(
                    "rows.txt",
                    _("{count} rows are not those of the outcomes", count=len(differing)),
                    tuple(differing[:SHOWN]),
                )
            )
        if replay_hash(table) != said["replay"]:
            faults.append(Fault("trial.json", _("its replay hash is not that of the outcomes")))
        faults += _verdict_faults(table, said)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, UserError, pl.exceptions.PolarsError) as error:
        faults.append(
            Fault(ENVELOPE, _("the verdicts cannot be recomputed: {why}", why=f"{type(error).__name__} {error}"[:200]))
        )
    return faults


def _verdict_faults(table: pl.DataFrame, said: Mapping[str, Any]) -> list[Fault]:
    """Verdicts that do not come out again from outcomes, formulas and what is said about the trial."""
    from dure.trial.verdicts import verdicts

    again = json.loads(json.dumps(verdicts(table, said["kpis"], said["about"]), default=_plain))
    if len(again) != len(said["verdicts"]):
        return [
            Fault(
                "trial.json",
                _("{count} verdicts are signed, {again} come out", count=len(said["verdicts"]), again=len(again)),
            )
        ]
    differing = tuple(
        _verdict_name(signed) for signed, mine in zip(said["verdicts"], again, strict=True) if not alike(signed, mine)
    )
    return (
        [Fault("trial.json", _("{count} verdicts do not come out again", count=len(differing)), differing[:SHOWN])]
        if differing
        else []
    )


def _verdict_name(verdict: Mapping[str, Any]) -> str:
    from dure.report.vocabulary import localised

    return " · ".join(
        localised(verdict.get(name, "")) for name in ("kpi", "method", "against", "round", "site") if verdict.get(name)
    )


def alike(one: Any, other: Any, tolerance: float = SAME) -> bool:
    """Whether two JSON values are the same, numbers within a relative tolerance."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(alike(one[name], other[name], tolerance) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(alike(a, b, tolerance) for a, b in zip(one, other, strict=True))
    numbers = (isinstance(each, int | float) and not isinstance(each, bool) for each in (one, other))
    if all(numbers):
        return math.isclose(one, other, rel_tol=tolerance, abs_tol=1e-12)
    return bool(one == other)


# ---- comparing with a re-run -----------------------------------------------------------------------------------------


def compare(old: pl.DataFrame, new: pl.DataFrame, tolerance: float = 0.0) -> list[str]:
    """Rows of two tables of outcomes that differ by more than the declared relative tolerance, in words.

    Empty: it reproduces. The order of the rows does not matter here.
    """
    mine, theirs = (
        {tuple(row[key] for key in KEYS): row for row in table.iter_rows(named=True)} for table in (old, new)
    )
    found = [_("{row}: missing in the re-run", row=_row_name(key)) for key in mine if key not in theirs]
    found += [_("{row}: only in the re-run", row=_row_name(key)) for key in theirs if key not in mine]
    for number, (key, row) in enumerate(mine.items(), start=1):
        again = theirs.get(key)
        changes = _changes(row, again, tolerance) if again else ""
        if changes:
            found.append(_("row {number}: {name}", number=number, name=f"{_row_name(key)}: {changes}"))
    return found


def _row_name(key: Sequence[Any]) -> str:
    return " · ".join(str(part) for part in key if part != "")


def _changes(row: Mapping[str, Any], again: Mapping[str, Any], tolerance: float) -> str:
    names = [name for name in dict.fromkeys((*row, *again)) if name not in KEYS]
    changed = [
        name for name in names if name not in row or name not in again or not _close(row[name], again[name], tolerance)
    ]
    return ", ".join(f"{name} {row.get(name, '–')} → {again.get(name, '–')}" for name in changed)


def _close(one: Any, other: Any, tolerance: float) -> bool:
    if isinstance(one, float) and isinstance(other, float) and tolerance:
        return math.isclose(one, other, rel_tol=tolerance)
    return bool(one == other)
