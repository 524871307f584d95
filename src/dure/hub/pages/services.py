"""Services: which method answers for which project, how it does, and what has happened."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple, TypedDict

from fastapi import APIRouter, Response

from dure.errors import UserError
from dure.hub.auth.accounts import Caller
from dure.hub.auth.permissions import Ruled, Viewer
from dure.hub.context import Here, Hub
from dure.hub.models import monitoring, prediction_log, projects, promotion
from dure.hub.pages import charts, layout
from dure.i18n.texts import _, language
from dure.record import Gain, Unanswered, Verdict
from dure.report import vocabulary
from dure.report.numbers import figure
from dure.statistics.drift import LEAST
from dure.statistics.rules import newest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Engine

    from dure.hub.db.rows import EventRow, PromotionRow, ServiceRow

router = APIRouter(prefix="/services", route_class=Ruled, include_in_schema=False)
SHOWN = 50  # answers of a page
EVENTS = {"drift": "drift alarm", "deleted": "deleted", "entry": "entry"}


class NamedService(monitoring.ActiveService):
    """With what people call the method."""

    label: str


class HistoryLine(NamedTuple):
    """A line of a service's history."""

    version: int
    name: str
    since: float
    who: str
    why: str


class PracticeShare(TypedDict):
    """How often today's practice answered in the place of what is promoted, in per cent, and why, in words."""

    count: int
    share: str
    by: str


class Event(NamedTuple):
    """What has happened, in words."""

    created: float
    project: str
    kind: str
    said: str
    warn: bool


def table(engine: Engine, organisation: str) -> tuple[list[monitoring.ActiveService], list[EventRow]]:
    """What answers an organisation, and what has happened."""
    return monitoring.answering(engine, organisation), monitoring.events(engine, organisation)


@router.get("")
async def show_all(hub: Here, caller: Viewer) -> Response:
    """Project by project: what answers since when, and how often today's practice had to."""
    await hub.book.write()
    services, happened = await hub.fresh.get(table, caller.organisation)
    answering: list[NamedService] = [
        {**service, "label": _label(service["project"], service["method"])}
        for service in services
        if service["project"] in hub.manifests
    ]
    named = {service["project"] for service in answering}
    return layout.page(
        "services.html", caller, title=_("Services"), here="/services", twin="/api/v1/services",
        lead=_("Which method answers for which project. Until something better is shown, today's practice does."),
        answering=answering, practice=[manifest for name, manifest in hub.manifests.items() if name not in named],
        titles={name: manifest.title for name, manifest in hub.manifests.items()}, events=_events(happened), instead=instead,
    )  # fmt: skip


def _label(project: str, method: str | None) -> str:
    """What people call a method; its name where the project cannot be described here."""
    try:
        return vocabulary.localised(projects.described(project)["methods"][method]) if method else ""
    except (UserError, KeyError):
        return str(method)


@router.get("/{project}")
async def show(project: str, hub: Here, caller: Viewer, before: str = "") -> Response:
    """A project's service: how it does, its answers, what has answered, what may."""
    hub.manifest(project)
    await hub.book.write()
    return await asyncio.to_thread(_page, hub, caller, project, before)


def _page(hub: Hub, caller: Caller, project: str, before: str) -> Response:
    description = projects.described(project)
    methods = {name: vocabulary.localised(label) for name, label in description["methods"].items()}
    active = promotion.active(hub.engine, caller.organisation, project)
    by = (active.organisation, active.version) if active is not None else ("", 0)
    named = monitoring.named(description["kpis"])
    does = monitoring.live(hub.engine, monitoring.Which(caller.organisation, project, *by), named)
    history = promotion.history(hub.engine, project, by[0] or caller.organisation)
    own = promotion.history(hub.engine, project, caller.organisation)
    answers = prediction_log.listed(hub.engine, caller.organisation, project, SHOWN, before)
    next_page = answers[-1].id if len(answers) == SHOWN else ""
    scored = [day for day in does["days"] if day["service"] is not None and day["practice"] is not None]
    return layout.page(
        "service.html", caller, title=vocabulary.localised(description["title"]), here="/services", twin=f"/api/v1/projects/{project}/live",
        lead=_lead(history, methods), about=description, methods=methods, active=active,
        does=does, kpis=[_verdict(kpi) for kpi in does["kpis"]], instead=instead(does["causes"]), brief=brief, least=2 * LEAST,
        why=_reason(history[0]) if history else "", history=[_row(row, methods) for row in history], own=own,
        before=_fallback(own, methods), candidates=_candidates(hub, caller, project, active), given=answers, more=next_page,
        events=_events(monitoring.events(hub.engine, caller.organisation, project)), cause=vocabulary.cause,
        bars=charts.answers(does["days"], promoted=active is not None) if does["days"] else "",
        lines=charts.against(scored, named[0]) if len(scored) > 1 else "",
    )  # fmt: skip


def _lead(history: Sequence[PromotionRow], methods: Mapping[str, str]) -> str:
    if not history:
        return _("Today's practice answers: nothing else has been promoted.")
    row = history[0]
    if not row.version:
        return _("Today's practice answers again since {day}, by {who}'s word.", day=layout.day(row.since), who=row.who)
    return _(
        "{method} answers since {day}, by {who}'s word.",
        method=_named(row, methods),
        day=layout.day(row.since),
        who=row.who,
    )


def _named(row: PromotionRow, methods: Mapping[str, str]) -> str:
    """What people call the method that was promoted."""
    return methods.get(row.method, row.method) if row.method else _("today's practice")


def _reason(row: PromotionRow) -> str:
    """The trial's sentence, or the written reason."""
    return (row.reason or (row.why or {}).get(language(), "")).replace("**", "")


def _row(row: PromotionRow, methods: Mapping[str, str]) -> HistoryLine:
    return HistoryLine(row.version, _named(row, methods), row.since, row.who, _reason(row))


def _fallback(own: Sequence[PromotionRow], methods: Mapping[str, str]) -> str:
    """What would answer after a roll-back of one's own; empty where there is none."""
    if not own or not own[0].version:
        return ""
    older = [promoted for promoted in own if 0 < promoted.version < own[0].version]
    if not older:
        return _("today's practice")
    row = max(older, key=lambda promoted: promoted.version)
    return _("version {number}, {method}", number=row.version, method=_named(row, methods))


def _candidates(
    hub: Hub, caller: Caller, project: str, active: ServiceRow | None
) -> list[tuple[promotion.Candidate, str]]:
    """For whoever may promote: what could answer, and does not yet, each with its trial's sentence."""
    if not caller.may("steward"):
        return []
    candidates = promotion.candidates(hub.engine, project, caller.organisation, projects.code_of(project))
    now = active.evidence if active is not None else ""
    return [(candidate, candidate.said[language()]) for candidate in candidates if candidate.evidence != now]


def _verdict(kpi: monitoring.LiveKpi) -> Verdict:
    """A KPI of `live` as the verdict it is: of the service against today's practice, a block a day, while it is in use."""
    gain = Gain(**kpi["gain"]) if "gain" in kpi else Gain(None, None, None)
    return Verdict(
        kpi=kpi["name"], unit=kpi["unit"], better=kpi["better"], of=kpi["of"], method="service", against="practice", site="",
        verdict=kpi["verdict"], because=kpi["because"], gain=gain, level=0.95, resolution=None, smaller=None, more_blocks=None,
        rare=None, undo=None, blocks=kpi.get("blocks", 0), sampled="block", sites=1, broken=None, block_word="day",
        cases=kpi.get("cases", 0), unanswered=Unanswered(0.0, {}), looks=0, assurance="live", ground="live", round="open",
        methods={"service": kpi.get("service"), "practice": kpi.get("practice")}, decides=True, rule=newest(),
    )  # fmt: skip


def brief(text: str) -> str:
    """The first letters of a request or a response, its numbers rounded, so that people recognise it."""
    try:
        content = json.loads(text)
    except ValueError:  # cut off: it is long
        return f"{text} …"
    if not isinstance(content, dict):
        return text
    return ", ".join(
        f"{name} {value:.4g}" if isinstance(value, float) else f"{name} {value}" for name, value in content.items()
    )


def instead(causes: Mapping[str, int]) -> PracticeShare:
    """How often today's practice answered in the place of what is promoted."""
    count, total = sum(times for name, times in causes.items() if name), sum(causes.values())
    by = ", ".join(f"{vocabulary.cause(name)} {times:,}" for name, times in sorted(causes.items()) if name)
    return {"count": count, "share": figure(100 * count / total, 1) if total else "", "by": by}


def _events(rows: Sequence[EventRow]) -> list[Event]:
    return [
        Event(
            row.created, row.project, _(EVENTS.get(row.kind, row.kind)), row.said[language()], warn=row.kind == "drift"
        )
        for row in rows
    ]
