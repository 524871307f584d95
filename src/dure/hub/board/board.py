"""The board: what evidence says, project by project and place by place; and the keys that this hub vouches with."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, select, update

from dure.errors import Unknown, UserError
from dure.hub.board.evidence_zip import MEGABYTES, SECONDS, shared, unpacked
from dure.hub.db.schema import evidence, key
from dure.hub.db.store import folder, incoming, now, reading
from dure.hub.uploads.sandbox import looked
from dure.i18n.texts import _

if TYPE_CHECKING:
    from sqlalchemy import Engine, Row

    from dure.hub.auth.accounts import Caller

# What vouches more stands before what vouches less; among the same the newer.
ASSURED = ("live", "hub-witnessed", "re-run", "self-run")
# Of a verdict, what a cell repeats.
VERDICT = (
    "site",
    "method",
    "against",
    "verdict",
    "gain",
    "unit",
    "kpi",
    "better",
    "level",
    "methods",
    "blocks",
    "block_word",
    "cases",
)


def publish(engine: Engine, packed: Path, caller: Caller) -> dict[str, Any]:
    """Take evidence that somebody sent as a zip; a cell of the board fills.

    Raises UserError where it is no zip of evidence, not whole, holds rows, or vouches for itself as a hub would.
    """
    with tempfile.TemporaryDirectory(dir=incoming()) as place:
        unpacked(packed, Path(place))
        return _taken(engine, Path(place), caller)


def publish_run(engine: Engine, folder_of_run: Path, caller: Caller, run: str) -> dict[str, Any]:
    """Publish the evidence of a run of this hub, by its id, as others may see it."""
    with shared(folder_of_run) as place:
        return _taken(engine, place, caller, run)


def _taken(engine: Engine, place: Path, caller: Caller, run: str = "") -> dict[str, Any]:
    """Keep evidence that lies in a folder; `run`: it is of a run of this hub."""
    report = looked("evidence", place, seconds=SECONDS, megabytes=MEGABYTES)
    about = report["said"]["about"]
    if not run and about.get("assurance") != "self-run" and not _vouches(engine, report["signer"]):
        message = _("only a hub that is known here can vouch for more than its own run")
        raise UserError(message, where="assurance")
    name = hashlib.sha256((place / "evidence.json").read_bytes()).hexdigest()
    with engine.begin() as connection:
        known = connection.execute(select(evidence.c.id).where(evidence.c.id == name)).first()
        if known is None:
            shutil.copytree(place, folder_of(name), dirs_exist_ok=True)
            connection.execute(
                insert(evidence).values(
                    id=name, organisation=caller.organisation, person=caller.name, project=str(about["id"])[:200],
                    created=now(engine), signer=report["signer"], said=report["said"], run=run, public=False,
                )
            )  # fmt: skip
    return summary_of(one(engine, name))


def _vouches(engine: Engine, signer: str) -> bool:
    """Whether a signer's word on more than their own run counts: this hub, or one that somebody here has named as known."""
    from dure.evidence import known_signers

    return signer in keys(engine) or bool(known_signers().get(signer, {}).get("name"))


def folder_of(name: str) -> Path:
    """Where published evidence lies."""
    return folder() / "evidence" / name


def one(engine: Engine, name: str) -> Row[Any]:
    """Published evidence by its id. Raises Unknown."""
    with reading(engine) as connection:
        row = connection.execute(select(evidence).where(evidence.c.id == name)).one_or_none()
    if row is None:
        raise Unknown(_("there is no evidence {name}", name=name[:80]))
    return row


def of_run(engine: Engine, run: str) -> Row[Any] | None:
    """What was published of a run, the newest; None: nothing."""
    query = select(evidence).where(evidence.c.run == run).order_by(evidence.c.created.desc()).limit(1)
    with reading(engine) as connection:
        return connection.execute(query).one_or_none()


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


def summary_of(row: Row[Any]) -> dict[str, Any]:
    """Evidence as the API tells it."""
    about = row.said["about"]
    return {
        "id": row.id, "project": row.project, "version": row.said["version"], "title": about["title"], "organisation": row.organisation,
        "run": row.run, "public": row.public,
        "created": row.created, "date": about.get("date", ""), "signer": row.signer, "assurance": about["assurance"],
        "ground": about["ground"], "code": about["code"], "replay": row.said["replay"], "verdicts": row.said["verdicts"],
    }  # fmt: skip


def listed(engine: Engine, project: str = "") -> Sequence[Row[Any]]:
    """Published evidence, the newest first."""
    query = select(evidence).order_by(evidence.c.created.desc(), evidence.c.id)
    with reading(engine) as connection:
        return connection.execute(query.where(evidence.c.project == project) if project else query).all()


def cells(engine: Engine) -> list[dict[str, Any]]:
    """A cell for each project, place and method: the verdict that vouches most, among those the newest.

    Each is told with what stands behind it: assurance, ground, date, evidence.
    """
    best: dict[tuple[str, str, str], dict[str, Any]] = {}
    for row in listed(engine):
        for verdict in _places(row.said["verdicts"]):
            cell = _cell(row, verdict)
            at = (row.project, verdict["site"], verdict["method"])
            if at not in best or vouched(best[at]) < vouched(cell):
                best[at] = cell
    return [cell for _at, cell in sorted(best.items(), key=lambda item: item[0][:2])]


def _cell(row: Row[Any], verdict: Mapping[str, Any]) -> dict[str, Any]:
    """A verdict with what stands behind it."""
    about = row.said["about"]
    facts = {name: verdict[name] for name in VERDICT} | {name: about[name] for name in ("title", "assurance", "ground")}
    return facts | {
        "project": row.project, "evidence": row.id, "created": row.created, "date": about.get("date", ""), "version": row.said["version"],
        "profile": about.get("profile", ""), "sealed": verdict["round"] == "sealed",
        "place": about.get("sites", {}).get(verdict["site"], verdict["site"]),
        "label": about.get("labels", {}).get(verdict["method"], verdict["method"]),
    }  # fmt: skip


def vouched(cell: Mapping[str, Any]) -> tuple[int, float]:
    """How much stands behind a cell: the larger, the more."""
    return -_assured(cell["assurance"]), cell["created"]


def _places(verdicts: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The deciding verdicts, and those of the same question at each place."""
    from dure.trial.verdicts import deciding, same_question

    return [verdict for decider in deciding(verdicts) for verdict in verdicts if same_question(verdict, decider)]


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


def keys(engine: Engine) -> dict[str, dict[str, Any]]:
    """Keys that this hub has signed with, by fingerprint, the newest last."""
    with reading(engine) as connection:
        rows = connection.execute(select(key).order_by(key.c.since)).mappings()
        return {row["fingerprint"]: {"public": row["public"], "since": row["since"]} for row in rows}
