"""How a service does: what it answered itself, what became of its answers, and whether it is asked otherwise than it used to be."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from prometheus_client import Gauge
from sqlalchemy import func, select

from dure.drift import LEAST, Drift, drifted
from dure.errors import UserError
from dure.words import said

from .store import answer, event, happened, reading

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Engine, Row

USUAL, RECENT = 1_000, 500  # answers after the promotion that say what is usual; the newest ones
MOST = 100_000  # answers that are summed up
DRIFT = Gauge(
    "dure_drift_fields", "Fields of requests and answers that have drifted, by project.", ["organisation", "project"]
)


def live(
    engine: Engine, organisation: str, project: str, service: int, kpis: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """What has come of a service's version.

    Parameters
    ----------
    kpis
        Of the project, as it is described.

    Returns
    -------
    answers
        How many are kept, by the cause for which the practice answered in its place; "" it answered itself.
    scored
        Of how many the truth is known; for each KPI the number of the service's answers and of the practice's on the same requests,
        and the verdict with a day as a block.
    drift
        Fields that have drifted, the worst first.
    """
    mine = _mine(organisation, project, service)
    with reading(engine) as connection:
        counted = select(answer.c.cause, func.count().label("times")).where(mine).group_by(answer.c.cause)
        causes: dict[str, int] = {each.cause: each.times for each in connection.execute(counted)}
        wanted = select(answer.c.created, answer.c.sums, answer.c.practice).where(mine, answer.c.truth.is_not(None))
        rows = connection.execute(wanted.order_by(answer.c.created.desc()).limit(MOST)).all()
    both = [row for row in rows if row.practice]
    return {
        "service": service,
        "answers": sum(causes.values()),
        "causes": causes,
        "scored": len(rows),
        "kpis": [_number(kpi, both) for kpi in kpis] if both else [],
        "drift": [each._asdict() for each in drift(engine, organisation, project, service)],
    }


def _mine(organisation: str, project: str, service: int) -> ColumnElement[bool]:
    return (answer.c.organisation == organisation) & (answer.c.project == project) & (answer.c.service == service)


def _number(kpi: Mapping[str, Any], rows: Sequence[Any]) -> dict[str, Any]:
    """A KPI of both sides over the days, and the verdict; where sums have changed with the project's code, why there is none."""
    import numpy as np

    from dure.formula import evaluate
    from dure.verdict import Pair, compare

    sides = [_days(rows, name) for name in ("sums", "practice")]
    told = {"name": kpi["name"], "unit": kpi["unit"], "better": kpi["better"]}
    try:
        total = [{name: float(sum(values)) for name, values in side.items()} for side in sides]
        service, practice = (float(evaluate(kpi["of"], each)) for each in total)
        found = compare(
            [Pair(*({name: np.array(v) for name, v in side.items()} for side in sides))], kpi["of"], kpi["better"]
        )
    except (UserError, ArithmeticError) as error:
        return told | {"verdict": "not shown", "because": str(error)}
    gain = {"low": found.low, "mean": found.mean, "high": found.high}
    return told | {
        "service": service, "practice": practice, "verdict": found.verdict, "because": found.because, "gain": gain,
        "blocks": found.blocks, "cases": len(rows),
    }  # fmt: skip


def _days(rows: Sequence[Any], side: str) -> dict[str, list[float]]:
    """Sums by name, one a day of UTC, in the order of days."""
    sums: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        day = datetime.fromtimestamp(row.created, UTC).date().isoformat()
        sums[day].update({**getattr(row, side), "cases": 1})
    names = sorted({name for each in sums.values() for name in each})
    return {name: [float(sums[day][name]) for day in sorted(sums)] for name in names}


def drift(engine: Engine, organisation: str, project: str, service: int) -> list[Drift]:
    """Fields of requests and answers that have drifted since the version began to answer; the newest answers against the first."""
    mine = _mine(organisation, project, service)
    wanted = select(answer.c.request, answer.c.response).where(mine)
    with reading(engine) as connection:
        count = connection.execute(select(func.count()).select_from(answer).where(mine)).scalar_one()
        if count < 2 * LEAST:
            return []
        usual = min(USUAL, count // 2)
        first = wanted.order_by(answer.c.created, answer.c.id).limit(usual)
        newest = wanted.order_by(answer.c.created.desc(), answer.c.id.desc()).limit(min(RECENT, count - usual))
        sides = [[_both(*row) for row in connection.execute(each)] for each in (first, newest)]
    return drifted(*sides)


def _both(request: str, response: str) -> dict[str, Any]:
    return {"request": json.loads(request), "response": json.loads(response)}


def alarm(engine: Engine) -> None:
    """Look at every service that has answered of late; what has begun to drift is written down, once."""
    newest = select(answer.c.organisation, answer.c.project, func.max(answer.c.service)).where(answer.c.service > 0)
    with reading(engine) as connection:
        services = connection.execute(newest.group_by(answer.c.organisation, answer.c.project)).all()
    for organisation, project, service in services:
        found = drift(engine, organisation, project, service)
        DRIFT.labels(organisation, project).set(len(found))
        fields = ", ".join(each.field for each in found)
        if fields and fields != _told(engine, organisation, project, service):
            words = said("version {version} drifts: {fields}", version=service, fields=fields)
            with engine.begin() as connection:
                happened(connection, organisation, project, "drift", words | {"service": service, "fields": fields})


def _told(engine: Engine, organisation: str, project: str, service: int) -> str:
    """Which fields were last told to drift."""
    there = (event.c.organisation == organisation) & (event.c.project == project) & (event.c.kind == "drift")
    with reading(engine) as connection:
        last = connection.execute(select(event.c.said).where(there).order_by(event.c.id.desc()).limit(1)).scalar()
    return str(last["fields"]) if last and last["service"] == service else ""


def events(engine: Engine, organisation: str, project: str = "") -> Sequence[Row[Any]]:
    """What has happened to an organisation's services and data, the newest first."""
    wanted = select(event).where(event.c.organisation == organisation).order_by(event.c.id.desc()).limit(200)
    with reading(engine) as connection:
        return connection.execute(wanted.where(event.c.project == project) if project else wanted).all()
