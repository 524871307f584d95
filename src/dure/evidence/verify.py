"""Is evidence whole, and do its verdicts follow from its numbers?"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

import polars as pl

from dure.content_store import sha256_of
from dure.errors import UserError
from dure.evidence.format import (
    ENVELOPE,
    PRIVATE,
    SHOWN,
    Refused,
    alike,
    commitment_of,
    files_of,
    outcomes,
    replay_hash,
    rows,
)
from dure.evidence.read import open_envelope
from dure.evidence.signing import known_signers, short_fingerprint
from dure.i18n.texts import _
from dure.record import NAME, deciding

if TYPE_CHECKING:
    from dure.evidence.read import Opened
    from dure.record import TrialRecord, Verdict


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong: the file (with slashes), what, and the rows where they can be named."""

    file: str
    what: str
    rows: tuple[str, ...] = ()


class FaultRecord(TypedDict):
    """A fault as JSON has it."""

    file: str
    what: str
    rows: list[str]


class SignerRecord(TypedDict):
    """Who signed, as JSON has it; an empty name is this machine's own key."""

    fingerprint: str
    known: bool
    name: str
    since: str


class Verification(TypedDict):
    """What `verify` found, as JSON has it."""

    intact: bool
    faults: list[FaultRecord]
    signed: bool
    signer: SignerRecord
    written: str
    private: bool
    rules: list[int]
    otherwise: list[str]


class FolderVerification(Verification):
    """The same, and where."""

    folder: str


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
    otherwise
        Where today's rule says something else than the rule by which the verdicts were taken, in words.
    """

    folder: Path
    faults: tuple[Fault, ...]
    fingerprint: str = ""
    name: str = ""
    since: str = ""
    written: str = ""
    private: bool = False
    otherwise: tuple[str, ...] = ()
    record: TrialRecord | None = field(default=None, repr=False)

    @property
    def intact(self) -> bool:
        """Every file is as it was signed, and the verdicts come out again."""
        return not self.faults

    def to_dict(self) -> FolderVerification:
        """For scripts."""
        return {"folder": str(self.folder), **self.found()}

    def found(self) -> Verification:
        """As JSON has it."""
        return {
            "intact": self.intact,
            "faults": [{"file": fault.file, "what": fault.what, "rows": list(fault.rows)} for fault in self.faults],
            "signed": bool(self.fingerprint),
            "signer": {
                "fingerprint": self.fingerprint,
                "known": bool(self.since),
                "name": self.name,
                "since": self.since,
            },
            "written": self.written,
            "private": self.private,
            "rules": sorted({verdict.rule for verdict in self.record.verdicts}) if self.record else [],
            "otherwise": list(self.otherwise),
        }

    def in_words(self) -> str:
        """The same for a reader: intact or refused, the files and rows, the signer."""
        if self.intact:
            text = _("Intact: every file is as it was signed, and the verdicts come out again from the outcomes.")
            lines = [text, *([_("The private files are here and are those that were signed.")] if self.private else [])]
        else:
            lines = [
                _(
                    "Refused: {count} of the files cannot be relied on.",
                    count=len({fault.file for fault in self.faults}),
                )
            ]
        for fault in self.faults:
            lines.append(f"  {fault.file}: {fault.what}")
            lines += [f"    {row}" for row in fault.rows]
        lines += [f"  {text}" for text in self.otherwise]
        return "\n".join([*lines, self._signer()])

    def _signer(self) -> str:
        if not self.fingerprint:
            return _("Signed by: nobody whose signature holds.")
        print_ = short_fingerprint(self.fingerprint)
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


def verify(folder: Path) -> Report:
    """Is the folder intact, and who signed it? (Whether it comes out again is asked by running it: `dure.runs.rerun.rerun`.)

    Raises UserError where there is no evidence at all.
    """
    folder = Path(folder)
    try:
        opened = open_envelope(folder)
    except Refused as refused:
        return Report(folder, (Fault(ENVELOPE, str(refused)),))
    faults = [*_file_faults(folder, opened), *_private_faults(folder, opened)]
    touched = {fault.file for fault in faults}
    if not touched & {"outcomes.parquet", NAME, "rows.txt", "report.html"}:
        faults += _content_faults(folder, opened)
    known = known_signers().get(opened.fingerprint, {"name": "", "since": ""})
    return Report(
        folder, tuple(faults), opened.fingerprint, known["name"], known["since"], opened.written,
        private=bool(opened.private) and (folder / PRIVATE).is_dir(), record=opened.record,
        otherwise=() if faults else _otherwise(folder, opened.record),
    )  # fmt: skip


def _file_faults(folder: Path, opened: Opened) -> list[Fault]:
    """Files that are missing, changed, or not covered."""
    faults = []
    for name, signed in opened.subjects.items():
        path = folder / name
        if not path.is_file() or path.is_symlink():
            faults.append(Fault(name, _("missing")))
        elif sha256_of(path) != signed:
            faults.append(_changed(folder, name, opened))
    extra = set(files_of(folder)) - opened.names()
    return [*faults, *(Fault(name, _("not part of the evidence")) for name in sorted(extra))]


def _private_faults(folder: Path, opened: Opened) -> list[Fault]:
    """Private files that are not those whose commitments were signed; none where they stayed with their owner."""
    signed = dict(opened.private)
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
    salt, expected = (place / "salt").read_bytes(), signed.pop("salt", "")
    if hashlib.sha256(salt).hexdigest() != expected:
        return [Fault(f"{PRIVATE}/salt", _("changed; without it the other private files cannot be checked"))]
    return [
        Fault(f"{PRIVATE}/{name}", _("changed since it was signed"))
        for name, commitment in signed.items()
        if not hmac.compare_digest(commitment_of(salt, place / name), commitment)
    ]


def _changed(folder: Path, name: str, opened: Opened) -> Fault:
    """A file whose bytes differ, with the rows that differ where they can be named."""
    if name not in ("outcomes.parquet", "rows.txt"):
        return Fault(name, _("changed since it was signed"))
    try:
        digests = rows(pl.read_parquet(folder / "outcomes.parquet"))
    except Exception as error:  # noqa: BLE001 - a damaged file may end its reader in any way
        return Fault(name, _("damaged: it cannot be read ({why})", why=type(error).__name__))
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # Polars' readers are written in Rust
            raise
        return Fault(name, _("damaged: it cannot be read ({why})", why="panic"))
    counterpart = "rows.txt" if name == "outcomes.parquet" else "outcomes.parquet"
    listing = folder / "rows.txt"
    if not listing.is_file() or (counterpart == "rows.txt" and sha256_of(listing) != opened.subjects.get(counterpart)):
        return Fault(name, _("changed since it was signed"))
    differing = _differing(digests, listing.read_text(encoding="utf-8", errors="replace").split("\n")[:-1])
    if not differing:
        return Fault(name, _("changed since it was signed; no row differs"))
    remainder = [_("and {count} more", count=len(differing) - SHOWN)] if len(differing) > SHOWN else []
    return Fault(
        name,
        _("changed since it was signed; {count} rows differ", count=len(differing)),
        (*differing[:SHOWN], *remainder),
    )


def _differing(digests: Sequence[tuple[str, str]], listed: Sequence[str]) -> list[str]:
    """Rows whose digest is not the one kept, named by number and in words."""
    differing = []
    for number in range(max(len(digests), len(listed))):
        signed = listed[number].partition("\t") if number < len(listed) else ("", "", "")
        digest, name = digests[number] if number < len(digests) else ("", signed[2])
        if digest != signed[0] or name != signed[2]:
            differing.append(_("row {number}: {name}", number=number + 1, name=_in_words(signed[2] or name)))
    return differing


def _in_words(name: str) -> str:
    """``["model", "2025", "", "W03"]`` as model · 2025 · W03."""
    try:
        return " · ".join(str(part) for part in json.loads(name) if part != "")
    except (ValueError, TypeError):
        return name[:120]


def _content_faults(folder: Path, opened: Opened) -> list[Fault]:
    """What a signer may have got wrong: files that are as signed but do not agree with each other."""
    from dure.report.html import island

    record, faults = opened.record, []
    try:
        if json.loads((folder / NAME).read_bytes()) != opened.trial:
            faults.append(Fault(NAME, _("it does not say what was signed")))
        if island((folder / "report.html").read_text(encoding="utf-8")) != opened.trial:
            faults.append(Fault("report.html", _("its numbers are not those that were signed")))
        table = pl.read_parquet(folder / "outcomes.parquet")
        digests = rows(table)
        if differing := _differing(digests, (folder / "rows.txt").read_text(encoding="utf-8").split("\n")[:-1]):
            faults.append(
                Fault(
                    "rows.txt",
                    _("{count} rows are not those of the outcomes", count=len(differing)),
                    tuple(differing[:SHOWN]),
                )
            )
        if replay_hash(table) != record.replay:
            faults.append(Fault(NAME, _("its replay hash is not that of the outcomes")))
        faults += _verdict_faults(table, record)
    except UserError as error:
        faults.append(Fault(ENVELOPE, _("the verdicts cannot be recomputed: {why}", why=str(error)[:300])))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, pl.exceptions.PolarsError) as error:
        faults.append(
            Fault(ENVELOPE, _("the verdicts cannot be recomputed: {why}", why=f"{type(error).__name__} {error}"[:200]))
        )
    return faults


def _verdict_faults(table: pl.DataFrame, record: TrialRecord) -> list[Fault]:
    """Verdicts that do not come out again, by the rule they name, from outcomes, formulas and what is said about the trial."""
    from dure.trial.verdicts import verdicts

    rules = {verdict.rule for verdict in record.verdicts}
    if len(rules) > 1:
        named = ", ".join(map(str, sorted(rules)))
        return [Fault(NAME, _("its verdicts were taken by several rules: {rules}", rules=named))]
    recomputed = verdicts(table, record.kpis, record.about, next(iter(rules), None))
    if len(recomputed) != len(record.verdicts):
        count, again = len(record.verdicts), len(recomputed)
        return [Fault(NAME, _("{count} verdicts are signed, {again} come out", count=count, again=again))]
    differing = tuple(
        _in_order(signed)
        for signed, verdict in zip(record.verdicts, recomputed, strict=True)
        if not alike(signed.to_json(), verdict.to_json())
    )
    if not differing:
        return []
    return [Fault(NAME, _("{count} verdicts do not come out again", count=len(differing)), differing[:SHOWN])]


def _otherwise(folder: Path, record: TrialRecord) -> tuple[str, ...]:
    """What today's rule says of the deciding verdicts that an older rule has taken."""
    from dure.report.vocabulary import word
    from dure.statistics.rules import newest
    from dure.trial.verdicts import verdicts

    if all(verdict.rule == newest() for verdict in record.verdicts):
        return ()
    today = deciding(verdicts(outcomes(folder), record.kpis, record.about))
    texts = []
    for signed, verdict in zip(record.deciding, today, strict=True):
        text = "By rule {rule}, today's, it is: {today} ({signed} by rule {old})." if verdict.verdict != signed.verdict else (
            "By rule {rule}, today's, it is {today} too (taken by rule {old}).")  # fmt: skip
        texts.append(_(text, rule=verdict.rule, old=signed.rule, today=word(verdict), signed=word(signed)))
    return tuple(texts)


def _in_order(verdict: Verdict) -> str:
    from dure.report.vocabulary import localised

    parts = (localised(verdict.kpi), verdict.method, verdict.against, verdict.round, verdict.site)
    return " · ".join(part for part in parts if part)
