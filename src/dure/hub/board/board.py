"""The board: what evidence says, project by project and place by place; and the keys that this hub vouches with."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import delete, insert, select, update

from dure.errors import Unknown, UserError
from dure.hub.board.evidence_zip import MEGABYTES, SECONDS, shared, unpacked
from dure.hub.db.rows import EvidenceRow
from dure.hub.db.schema import evidence, key
from dure.hub.db.store import folder, incoming, now, reading
from dure.hub.uploads.sandbox import looked
from dure.i18n.texts import _
from dure.record import About, TrialRecord, Verdict

if TYPE_CHECKING:
    from pydantic import JsonValue
    from sqlalchemy import Engine

    from dure.hub.auth.accounts import Caller
    from dure.hub.uploads.inspect import SignedEvidence

# What vouches more stands before what vouches less; among the same the newer.
ASSURED = ("live", "hub-witnessed", "re-run", "self-run")


@dataclass(frozen=True)
class Cell:
    """A verdict on the board with what stands behind it: whose evidence, of which project and trial, since when."""

    verdict: Verdict
    project: str
    evidence: str
    created: float
    version: str
    about: About

    @property
    def vouched(self) -> tuple[int, int, float]:
        """How much stands behind it: the larger, the more. A newer rule stands before an older one."""
        return self.verdict.rule, -_assured(self.about.assurance), self.created

    def to_json(self) -> dict[str, Any]:
        """As the API tells it."""
        about, verdict = self.about, self.verdict
        return verdict.to_json() | {
            "title": about.title, "project": self.project, "evidence": self.evidence, "created": self.created, "date": about.date,
            "version": self.version, "profile": about.profile, "sealed": verdict.round == "sealed",
            "place": about.sites.get(verdict.site, verdict.site), "label": about.label(verdict.method),
        }  # fmt: skip


def publish(engine: Engine, packed: Path, caller: Caller) -> EvidenceRow:
    """Take evidence that somebody sent as a zip; a cell of the board fills.

    Raises UserError where it is no zip of evidence, not whole, holds rows, or vouches for itself as a hub would.
    """
    with tempfile.TemporaryDirectory(dir=incoming()) as place:
        unpacked(packed, Path(place))
        return _taken(engine, Path(place), caller)


def publish_run(engine: Engine, folder_of_run: Path, caller: Caller, run: str) -> EvidenceRow:
    """Publish the evidence of a run of this hub, by its id, as others may see it."""
    with shared(folder_of_run) as place:
        return _taken(engine, place, caller, run)


def _taken(engine: Engine, place: Path, caller: Caller, run: str = "") -> EvidenceRow:
    """Keep evidence that lies in a folder; `run`: it is of a run of this hub."""
    report: SignedEvidence = looked("evidence", place, seconds=SECONDS, megabytes=MEGABYTES)
    about = kept(report["said"]).about
    if not run and about.assurance != "self-run" and not _vouches(engine, report["signer"]):
        message = _("only a hub that is known here can vouch for more than its own run")
        raise UserError(message, where="assurance")
    name = hashlib.sha256((place / "evidence.json").read_bytes()).hexdigest()
    with engine.begin() as connection:
        known = connection.execute(select(evidence.c.id).where(evidence.c.id == name)).first()
        if known is None:
            shutil.copytree(place, folder_of(name), dirs_exist_ok=True)
            connection.execute(
                insert(evidence).values(
                    id=name, organisation=caller.organisation, person=caller.name, project=about.id[:200],
                    created=now(engine), signer=report["signer"], said=report["said"], run=run, public=False,
                )
            )  # fmt: skip
    return one(engine, name)


def _vouches(engine: Engine, signer: str) -> bool:
    """Whether a signer's word on more than their own run counts: this hub, or one that somebody here has named as known."""
    from dure.evidence import known_signers

    return signer in keys(engine) or bool(known_signers().get(signer, {}).get("name"))


def folder_of(name: str) -> Path:
    """Where published evidence lies."""
    return folder() / "evidence" / name


def one(engine: Engine, name: str) -> EvidenceRow:
    """Published evidence by its id. Raises Unknown."""
    with reading(engine) as connection:
        row = connection.execute(select(evidence).where(evidence.c.id == name)).one_or_none()
    if row is None:
        raise Unknown(_("there is no evidence {name}", name=name[:80]))
    return EvidenceRow(*row)


def of_run(engine: Engine, run: str) -> EvidenceRow | None:
    """What was published of a run, the newest; None: nothing."""
    query = select(evidence).where(evidence.c.run == run).order_by(evidence.c.created.desc()).limit(1)
    with reading(engine) as connection:
        row = connection.execute(query).one_or_none()
    return EvidenceRow(*row) if row else None


def open_to_all(engine: Engine, name: str, organisation: str, *, public: bool) -> None:
    """Whether published evidence is shown to people who are not signed in. Raises Unknown as `withdraw`."""
    own = (evidence.c.id == name) & (evidence.c.organisation == organisation)
    with engine.begin() as connection:
        if not connection.execute(update(evidence).where(own).values(public=public)).rowcount:
            raise Unknown(_("there is no evidence {name}", name=name[:80]))


def withdraw(engine: Engine, name: str, organisation: str) -> None:
    """Published evidence is gone from here. Raises Unknown, also where it is another organisation's."""
    with engine.begin() as connection:
        own = (evidence.c.id == name) & (evidence.c.organisation == organisation)
        if not connection.execute(delete(evidence).where(own)).rowcount:
            raise Unknown(_("there is no evidence {name}", name=name[:80]))
        shutil.rmtree(folder_of(name), ignore_errors=True)


def summary_of(row: EvidenceRow) -> dict[str, Any]:
    """Evidence as the API tells it."""
    record = record_of(row)
    about = record.about
    return {
        "id": row.id, "project": row.project, "version": record.version, "title": about.title, "organisation": row.organisation,
        "run": row.run, "public": row.public, "created": row.created, "date": about.date, "signer": row.signer,
        "assurance": about.assurance, "ground": about.ground, "code": about.code, "replay": record.replay,
        "verdicts": [verdict.to_json() for verdict in record.verdicts],
    }  # fmt: skip


def record_of(row: EvidenceRow) -> TrialRecord:
    """What published evidence says."""
    return kept(row.said)


def kept(said: Mapping[str, JsonValue]) -> TrialRecord:
    """What evidence says, as the store keeps it; until Dure 0.1.0 it kept no KPIs."""
    return TrialRecord.from_json({"kpis": [], **said})


def listed(engine: Engine, project: str = "") -> list[EvidenceRow]:
    """Published evidence, the newest first."""
    query = select(evidence).order_by(evidence.c.created.desc(), evidence.c.id)
    if project:
        query = query.where(evidence.c.project == project)
    with reading(engine) as connection:
        return [EvidenceRow(*row) for row in connection.execute(query)]


def cells(engine: Engine) -> list[Cell]:
    """A cell for each project, place and method: the verdict that vouches most, among those the newest."""
    best: dict[tuple[str, str, str], Cell] = {}
    for row in listed(engine):
        record = record_of(row)
        for verdict in _places(record):
            cell = Cell(verdict, row.project, row.id, row.created, record.version, record.about)
            at = (row.project, verdict.site, verdict.method)
            if at not in best or best[at].vouched < cell.vouched:
                best[at] = cell
    return [cell for _at, cell in sorted(best.items(), key=lambda item: item[0][:2])]


def _places(record: TrialRecord) -> list[Verdict]:
    """The deciding verdicts, and those of the same question at each place."""
    return [verdict for decisive in record.deciding for verdict in record.verdicts if verdict.answers(decisive)]


def _assured(assurance: str) -> int:
    return ASSURED.index(assurance) if assurance in ASSURED else len(ASSURED)


def sign_with(engine: Engine) -> None:
    """Note the key of this machine among those that the hub has signed with."""
    from dure.evidence import fingerprint, signing_key

    public = signing_key().public_key()
    with engine.begin() as connection:
        own = fingerprint(public)
        if connection.execute(select(key.c.since).where(key.c.fingerprint == own)).first() is None:
            connection.execute(
                insert(key).values(fingerprint=own, public=public.public_bytes_raw().hex(), since=now(engine))
            )


class HubKey(NamedTuple):
    """A key that this hub has signed with, in hexadecimal digits, and since when."""

    public: str
    since: float


def keys(engine: Engine) -> dict[str, HubKey]:
    """Keys that this hub has signed with, by fingerprint, the newest last."""
    with reading(engine) as connection:
        rows = connection.execute(select(key.c.fingerprint, key.c.public, key.c.since).order_by(key.c.since))
        return {fingerprint: HubKey(*rest) for fingerprint, *rest in rows}
