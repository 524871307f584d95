"""How a service does: what it answered itself, what became of its answers, and whether it is asked otherwise than it used to be."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal, NamedTuple, TypedDict

from prometheus_client import Gauge
from sqlalchemy import and_, func, select

from dure.errors import UserError
from dure.hub.auth.accounts import DAY, HUB
from dure.hub.db.rows import EventRow
from dure.hub.db.schema import answer, event
from dure.hub.db.store import happened, now, reading
from dure.hub.models import promotion
from dure.i18n.texts import LANGUAGES, language, multilingual
from dure.statistics.drift import LEAST, Drift, drifted

if TYPE_CHECKING:
    from pydantic import JsonValue
    from sqlalchemy import ColumnElement, Engine

    from dure.registry.describe import DescribedKpi

USUAL, RECENT = 1_000, 500  # answers after the promotion that say what is usual; the newest ones
MOST = 100_000  # answers that are summed up
SHOWN = 60  # days told one by one
SIDES: tuple[Literal["service", "practice"], ...] = ("service", "practice")
DRIFT = Gauge(
    "dure_drift_fields", "Fields of requests and answers that have drifted, by project.", ["organisation", "project"]
)


class Which(NamedTuple):
    """A service as an organisation was answered by it: of a project, promoted by `owner`, a version of theirs (0: the practice)."""

    organisation: str
    project: str
    owner: str
    service: int


class NamedKpi(TypedDict):
    """A KPI of a project, its name in the reader's language."""

    name: str
    unit: str
    better: Literal["lower", "higher"]
    of: str


class Bounds(TypedDict):
    """A gain with its interval."""

    low: float | None
    mean: float | None
    high: float | None


class LiveKpi(NamedKpi, total=False):
    """A KPI of both sides over the days and its verdict; where there are no numbers, `because` says why."""

    verdict: Literal["better", "worse", "not shown", "too few"]
    because: str
    service: float
    practice: float
    gain: Bounds
    blocks: int
    cases: int


class Day(TypedDict):
    """A day: answers by cause as in `Live`, of how many the truth is known, and the numbers of a KPI on these."""

    service: float | None
    practice: float | None
    day: str
    causes: dict[str, int]
    scored: int


class DriftedField(TypedDict):
    """As `dure.statistics.drift.Drift`."""

    field: str
    psi: float
    threshold: float


class Live(TypedDict):
    """What has come of a service's version.

    `causes` counts the answers kept by the cause for which the practice answered in its place ("": it answered itself), `scored` those
    of which the truth is known. For each KPI the number of the service's answers and of the practice's on the same requests, and the
    verdict with a day as a block; the fields that have drifted, the worst first; `days` by the first KPI.
    """

    service: int
    answers: int
    causes: dict[str, int]
    scored: int
    kpis: list[LiveKpi]
    drift: list[DriftedField]
    days: list[Day]


class ActiveService(TypedDict):
    """What answers an organisation for a project, and how many of the answers kept the practice had to give, by cause."""

    project: str
    owner: str
    version: int
    method: str | None
    since: float
    who: str
    why: dict[str, str]
    answers: int
    causes: dict[str, int]


class ScoredAnswer(NamedTuple):
    """An answer: when, why the practice gave it in the service's place (empty: it did not), and the sums of both once truth is told."""

    created: float
    cause: str
    sums: dict[str, float] | None
    practice: dict[str, float] | None


def named(kpis: Sequence[DescribedKpi]) -> list[NamedKpi]:
    """KPIs as a project is described, in the reader's language."""
    return [
        {"name": kpi["name"][language()], "unit": kpi["unit"], "better": kpi["better"], "of": kpi["of"]} for kpi in kpis
    ]


def live(engine: Engine, which: Which, kpis: Sequence[NamedKpi]) -> Live:
    """What has come of a service's version; `kpis` are the project's."""
    own = _answers_of(which)
    with reading(engine) as connection:
        counted = select(answer.c.cause, func.count().label("times")).where(own).group_by(answer.c.cause)
        causes: dict[str, int] = {group.cause: group.times for group in connection.execute(counted)}
    rows = _scored(engine, own, answer.c.truth.is_not(None))
    scored = [row for row in rows if row.practice]
    return {
        "service": which.service,
        "answers": sum(causes.values()),
        "causes": causes,
        "scored": len(rows),
        "kpis": [_number(kpi, scored) for kpi in kpis] if scored else [],
        "drift": [
            {"field": drifting.field, "psi": drifting.psi, "threshold": drifting.threshold}
            for drifting in drift(engine, which)
        ],
        "days": days(engine, which, kpis[0]["of"]),
    }


def answering(engine: Engine, organisation: str) -> list[ActiveService]:
    """What answers an organisation, project by project, and how many of the answers kept the practice had to give, by cause."""
    by = ("project", "owner", "service", "cause")
    counted = select(*(answer.c[name] for name in by), func.count().label("times"))
    counted = counted.where(answer.c.organisation == organisation).group_by(*(answer.c[name] for name in by))
    with reading(engine) as connection:
        times = {tuple(group[:4]): group.times for group in connection.execute(counted)}
    services: dict[str, ActiveService] = {}
    for row in promotion.all_active(engine):
        if row.organisation not in (organisation, HUB) or (
            row.project in services and row.organisation != organisation
        ):
            continue
        of = (row.project, row.organisation if row.version else "", row.version)
        causes = {cause: count for (*which, cause), count in times.items() if tuple(which) == of}
        reason = dict.fromkeys(LANGUAGES, row.reason) if row.reason else row.why or {}
        services[row.project] = {
            "project": row.project, "owner": row.organisation, "version": row.version, "method": row.method, "since": row.since,
            "who": row.who, "why": reason, "answers": sum(causes.values()), "causes": causes,
        }  # fmt: skip
    return list(services.values())


def days(engine: Engine, which: Which, of: str) -> list[Day]:
    """The newest SHOWN days (of UTC) on which there were answers, the oldest first; by the KPI `of`."""
    from dure.statistics.formula import evaluate

    by: dict[str, list[ScoredAnswer]] = defaultdict(list)
    for row in _scored(engine, _answers_of(which)):
        by[_day(row.created)].append(row)
    series: list[Day] = []
    for day in sorted(by)[-SHOWN:]:
        scored = [row for row in by[day] if row.sums and row.practice]
        causes = dict(Counter(row.cause for row in by[day]))
        record: Day = {"service": None, "practice": None, "day": day, "causes": causes, "scored": len(scored)}
        for side in SIDES if scored else ():
            sums = {name: sum(values) for name, values in _days(scored, side).items()}
            with suppress(UserError, ArithmeticError):  # its sums have changed with the project's code
                record[side] = float(evaluate(of, sums))
        series.append(record)
    return series


def _scored(engine: Engine, *chosen: ColumnElement[bool]) -> list[ScoredAnswer]:
    """The newest MOST of these answers, the newest first."""
    query = select(*(answer.c[name] for name in ScoredAnswer._fields)).where(*chosen).order_by(answer.c.created.desc())
    with reading(engine) as connection:
        return [ScoredAnswer(*row) for row in connection.execute(query.limit(MOST))]


def _day(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).date().isoformat()


def _answers_of(which: Which) -> ColumnElement[bool]:
    return and_(*(answer.c[name] == value for name, value in which._asdict().items()))


def _number(kpi: NamedKpi, rows: Sequence[ScoredAnswer]) -> LiveKpi:
    """A KPI of both sides over the days, and the verdict; where sums have changed with the project's code, why there is none."""
    import numpy as np

    from dure.statistics.formula import evaluate
    from dure.statistics.rules import newest, rule
    from dure.statistics.types import Pair

    sides = [_days(rows, side) for side in SIDES]
    facts: LiveKpi = {"name": kpi["name"], "unit": kpi["unit"], "better": kpi["better"], "of": kpi["of"]}
    try:
        total = [{name: float(sum(values)) for name, values in side.items()} for side in sides]
        service, practice = (float(evaluate(kpi["of"], sums)) for sums in total)
        comparison = rule(newest()).compare(
            [Pair(*({name: np.array(v) for name, v in side.items()} for side in sides))], kpi["of"], kpi["better"]
        )
    except (UserError, ArithmeticError) as error:
        return facts | {"verdict": "not shown", "because": str(error)}
    gain: Bounds = {"low": comparison.low, "mean": comparison.mean, "high": comparison.high}
    return facts | {
        "service": service, "practice": practice, "verdict": comparison.verdict, "because": comparison.because, "gain": gain,
        "blocks": comparison.blocks, "cases": len(rows),
    }  # fmt: skip


def _days(rows: Sequence[ScoredAnswer], side: Literal["service", "practice"]) -> dict[str, list[float]]:
    """Sums by name, one a day of UTC, in the order of days."""
    sums: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        sums[_day(row.created)].update({**((row.sums if side == "service" else row.practice) or {}), "cases": 1})
    names = sorted({name for day_sums in sums.values() for name in day_sums})
    return {name: [float(sums[day][name]) for day in sorted(sums)] for name in names}


def drift(engine: Engine, which: Which) -> list[Drift]:
    """Fields of requests and answers that have drifted since the version began to answer; the newest answers against the first."""
    own = _answers_of(which)
    query = select(answer.c.request, answer.c.response).where(own)
    with reading(engine) as connection:
        count = connection.execute(select(func.count()).select_from(answer).where(own)).scalar_one()
        if count < 2 * LEAST:
            return []
        usual = min(USUAL, count // 2)
        first = query.order_by(answer.c.created, answer.c.id).limit(usual)
        newest = query.order_by(answer.c.created.desc(), answer.c.id.desc()).limit(min(RECENT, count - usual))
        sides = [[_exchange(*row) for row in connection.execute(half)] for half in (first, newest)]
    return drifted(*sides)


def _exchange(request: str, response: str) -> dict[str, JsonValue]:
    return {"request": json.loads(request), "response": json.loads(response)}


def alarm(engine: Engine) -> None:
    """Look at every service that has answered within a day; what has begun to drift is written down, once."""
    columns = [answer.c[name] for name in Which._fields]
    late = select(*columns).where(answer.c.service > 0, answer.c.created > now(engine) - DAY).distinct()
    with reading(engine) as connection:
        services = [Which(*row) for row in connection.execute(late)]
    for which in services:
        drifting = drift(engine, which)
        DRIFT.labels(which.organisation, which.project).set(len(drifting))
        fields = ", ".join(entry.field for entry in drifting)
        if fields and fields != _last_drift(engine, which):
            words = multilingual("version {version} drifts: {fields}", version=which.service, fields=fields)
            record: dict[str, str | int] = {**words, "owner": which.owner, "service": which.service, "fields": fields}
            with engine.begin() as connection:
                happened(connection, which.organisation, which.project, "drift", record)


def _last_drift(engine: Engine, which: Which) -> str:
    """Which fields were last told to drift."""
    own = (event.c.organisation == which.organisation) & (event.c.project == which.project)
    query = select(event.c.said).where(own, event.c.kind == "drift").order_by(event.c.id.desc()).limit(1)
    with reading(engine) as connection:
        last = connection.execute(query).scalar()
    return str(last["fields"]) if last and (last["owner"], last["service"]) == which[2:] else ""


def events(engine: Engine, organisation: str, project: str = "") -> list[EventRow]:
    """What has happened to an organisation's services and data, the newest first."""
    query = select(event).where(event.c.organisation == organisation).order_by(event.c.id.desc()).limit(200)
    if project:
        query = query.where(event.c.project == project)
    with reading(engine) as connection:
        return [EventRow(*row) for row in connection.execute(query)]
