"""Which method answers for a project: promoted by its evidence, or by a written reason; rolled back by one command.

Version 0 is today's practice: it answers until something better is shown, and again after everything is rolled back.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import and_, func, insert, select

from dure.errors import UserError
from dure.hub.auth.accounts import HUB
from dure.hub.db.rows import PromotionRow, RunRow, ServiceRow
from dure.hub.db.schema import promotion, run, service
from dure.hub.db.store import now, reading
from dure.hub.jobs import queue
from dure.i18n.texts import LANGUAGES, _, per_language

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import ColumnElement, Connection, Engine

LOOKED_AT = 20  # newest runs among which a method to promote is looked for


class Accepted(NamedTuple):
    """What is known of a service before it answers.

    Attributes
    ----------
    code
        SHA-256 of the project that was tried: another one is not what was accepted.
    evidence
        Replay hash of the trial, or empty.
    why
        The trial's sentence, or the written reason, by language.
    data
        Files of one's own that the method is built on, by source: their SHA-256.
    """

    method: str
    settings: Mapping[str, str]
    code: str
    evidence: str
    why: Mapping[str, str]
    data: Mapping[str, str] = {}


def accepted(
    project: str, method: str, code: str, *, evidence: Path | None, reason: str, settings: Mapping[str, str]
) -> Accepted:
    """A method accepted by evidence, or for a reason.

    Raises UserError where there is neither, or both, and what `by_evidence` raises.
    """
    reason = reason.strip()
    if evidence is not None:
        if reason or settings:
            raise UserError(_("the evidence says it already"), where="reason" if reason else "settings")
        return by_evidence(evidence, project, method, code)
    if not reason:
        raise UserError(
            _("why should {method} answer?", method=method), where="reason",
            cure=_("Give evidence that says better, or a reason."),
        )  # fmt: skip
    return Accepted(method, settings, code, "", dict.fromkeys(LANGUAGES, reason))


def by_evidence(folder: Path, project: str, method: str, code: str) -> Accepted:
    """What a trial's evidence allows.

    Parameters
    ----------
    folder
        Of the evidence.
    method
        Whose verdict counts.
    code
        SHA-256 of the project that is installed.

    Raises UserError where the evidence is not intact, is of another project or method, of other code or of the quick profile, or
    does not say better.
    """
    from dure import evidence
    from dure.report.sentence import sentence

    faults = evidence.verify(folder).faults
    if faults:
        raise UserError(_("this evidence is not whole: {fault}", fault=str(faults[0])), where=str(folder))
    predicate = evidence.predicate(folder)
    about = predicate.about
    if about.id != project:
        raise UserError(_("this evidence is of {other}", other=about.id), where=str(folder))
    if about.code != code:
        raise UserError(
            _("this evidence is of other code of {project} than is installed here", project=project), where=str(folder),
            cure=_("Try it again: `dure run {project}`.", project=project),
        )  # fmt: skip
    if about.profile != "full":
        raise UserError(_("this evidence is of the quick profile, which decides nothing"), where=str(folder))
    verdict = next((candidate for candidate in predicate.deciding if candidate.method == method), None)
    if verdict is None:
        raise UserError(_("this evidence has no verdict on {method}", method=method), where=str(folder))
    if verdict.verdict != "better":
        raise UserError(
            _("the trial says: {verdict}", verdict=_(verdict.verdict)), where=str(folder),
            cure=_("A steward can accept it for a written reason."),
        )  # fmt: skip
    reason = per_language(lambda: sentence(verdict, about))
    settings = {name: str(value) for name, value in about.settings.items()}
    return Accepted(method, settings, code, predicate.replay, reason)


class Candidate(NamedTuple):
    """A method that could be promoted by a run's evidence (the trial's replay hash); `said` is the trial's sentence by language."""

    run: str
    ended: float
    evidence: str
    method: str
    said: Mapping[str, str]


def candidates(engine: Engine, project: str, organisation: str, code: str) -> list[Candidate]:
    """Methods that are better in the whole trial, of this code, on cases that are no problem's: of the newest LOOKED_AT runs."""
    from dure import evidence
    from dure.report.sentence import plain

    query = select(run).where(run.c.organisation == organisation, run.c.project == project, run.c.state == "done")
    query = query.where(run.c.kind == "trial", run.c.evidence.is_not(None)).order_by(run.c.ended.desc(), run.c.id)
    with reading(engine) as connection:
        rows = [RunRow(*row) for row in connection.execute(query.limit(LOOKED_AT))]
    methods = []
    for row in rows:
        with suppress(UserError):  # its folder is on another machine, or was changed
            predicate = evidence.predicate(queue.evidence_of(row))
            about = predicate.about
            if "problem" in row.asked or about.code != code or about.profile != "full":
                continue
            for verdict in predicate.deciding:
                # an offer is a stranger's URL, and no method of the project
                if verdict.verdict == "better" and verdict.method not in (row.asked.get("offers") or {}):
                    sentence = per_language(partial(plain, verdict, about))
                    methods.append(Candidate(row.id, row.ended or 0.0, predicate.replay, verdict.method, sentence))
    return methods


def promote(engine: Engine, project: str, accepted: Accepted, who: str, organisation: str = HUB) -> int:
    """Let a method answer an organisation from the next request on; its version."""
    with engine.begin() as connection:
        own = (service.c.organisation == organisation) & (service.c.project == project)
        version = 1 + (connection.execute(select(func.max(service.c.version)).where(own)).scalar() or 0)
        connection.execute(
            insert(service).values(
                organisation=organisation, project=project, version=version, method=accepted.method,
                settings=dict(accepted.settings), data=dict(accepted.data), code=accepted.code, evidence=accepted.evidence,
                why=dict(accepted.why), who=who, created=now(engine),
            )
        )  # fmt: skip
        _set(engine, connection, (organisation, project), version, who, "")
    return version


def rollback(engine: Engine, project: str, who: str, reason: str, organisation: str = HUB) -> int:
    """Let the version before answer from the next request on; which one. Version 0 is today's practice.

    Raises UserError where today's practice answers already.
    """
    with engine.begin() as connection:
        current = _version(connection, organisation, project)
        if not current:
            raise UserError(_("today's practice answers for {project} already", project=project))
        own = (service.c.organisation == organisation) & (service.c.project == project)
        older = select(func.max(service.c.version)).where(own, service.c.version < current)
        version = connection.execute(older).scalar() or 0
        _set(engine, connection, (organisation, project), version, who, reason)
    return version


def active(engine: Engine, organisation: str, project: str) -> ServiceRow | None:
    """The service that answers an organisation; None: today's practice.

    An organisation that has decided nothing of its own is answered by what whoever runs the hub has promoted.
    """
    with reading(engine) as connection:
        for owner in dict.fromkeys((organisation, HUB)):
            version = _version(connection, owner, project)
            if version is not None:
                query = select(service).where(service.c.organisation == owner, service.c.project == project)
                row = connection.execute(query.where(service.c.version == version)).one_or_none()
                return ServiceRow(*row) if row else None
    return None


def all_active(engine: Engine) -> list[PromotionRow]:
    """What answers now, organisation by organisation, project by project."""
    newest = select(func.max(promotion.c.id)).group_by(promotion.c.organisation, promotion.c.project)
    return _promotions(engine, promotion.c.id.in_(newest), promotion.c.organisation, promotion.c.project)


def history(engine: Engine, project: str, organisation: str = HUB) -> list[PromotionRow]:
    """What has answered an organisation since when, by whose word, the newest first."""
    own = (promotion.c.organisation == organisation) & (promotion.c.project == project)
    return _promotions(engine, own, promotion.c.id.desc())


def _promotions(engine: Engine, chosen: ColumnElement[bool], *order: ColumnElement[str]) -> list[PromotionRow]:
    """Promotions, and what they promoted."""
    same = [service.c[name] == promotion.c[name] for name in ("organisation", "project", "version")]
    joined = select(promotion, service.c.method, service.c.evidence, service.c.why).outerjoin(service, and_(*same))
    with reading(engine) as connection:
        return [PromotionRow(*row) for row in connection.execute(joined.where(chosen).order_by(*order))]


def _version(connection: Connection, organisation: str, project: str) -> int | None:
    """Which one an organisation wants; None: it has never decided."""
    own = (promotion.c.organisation == organisation) & (promotion.c.project == project)
    newest = select(promotion.c.version).where(own).order_by(promotion.c.id.desc()).limit(1)
    return connection.execute(newest).scalar_one_or_none()


def _set(engine: Engine, connection: Connection, of: tuple[str, str], version: int, who: str, reason: str) -> None:
    organisation, project = of
    values = {"organisation": organisation, "project": project, "version": version, "who": who, "reason": reason}
    connection.execute(insert(promotion).values(since=now(engine), **values))
