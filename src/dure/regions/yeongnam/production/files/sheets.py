"""A plant's own sheets as a request: orders, routings, working hours, set-ups, what is running, the plan in force."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from dure import Opened, UserError, texts

from ..model.forms import Request
from ..model.jobs import LONGEST
from ..solve.replan import worth
from .cells import DAY, Findings, Rows, minutes, same, suggestion, time_unit
from .columns import by_kind, unused
from .plant import Plant, read
from .running import in_force, pinned, previous, running

_ = texts(__file__)

MOST_CLOSED = MOST_SET_UPS = 20_000  # as many as a request may hold


def opens(paths: Sequence[Path], given: Mapping[str, Any]) -> Opened:
    """A plant's own sheets (XLSX, CSV) as a request, with every mistake in them.

    Parameters
    ----------
    paths
        The files: one workbook with several sheets, or a file each.
    given
        Fields of the request: `begins` (date and time of minute 0), `now` (a date and time, or a minute), and any other.

    Raises UserError where a file cannot be read at all; pydantic's ValidationError for what was given.
    """
    sheets = by_kind(paths)
    findings = Findings()
    unknown = list(unused(paths, sheets))
    for kind, problem, cure in (
        ("orders", _("there is no sheet of orders"), _("Orders need an order number and a due date.")),
        ("routings", _("there is no sheet of routings"), _("Routings need a product, a machine and minutes.")),
    ):
        if kind not in sheets:
            where = "; ".join(unknown) or ", ".join(path.name for path in paths)
            raise UserError(problem, where=where, cure=cure)
    for where in unknown:
        findings.note(_("{where}: not used", where=where))
    for kind, group in sheets.items():
        for rows in group:
            _as_read(rows, findings, blanks=kind != "calendar")
    return _request(read(sheets, findings, _given(given, "begins")), given)


def _as_read(rows: Rows, findings: Findings, *, blanks: bool) -> None:
    """How the core read a sheet: titles and totals are no news, what was filled is."""
    for note in rows.sheet.notes if blanks or not rows.sheet.filled else ():
        findings.note(f"{rows.sheet.where}: {note}")
    for cells, text in rows.filled():
        findings.note(_("{where}: merged cells {cells} (‘{text}’) hold for all their rows",
                     where=rows.sheet.where, cells=cells, text=text))  # fmt: skip


def _moment(text: object) -> datetime | None:
    """A moment given by hand; None where it is none."""
    try:
        return text if isinstance(text, datetime) else datetime.fromisoformat(str(text)) if text else None
    except ValueError:
        return None


# ---- the request --------------------------------------------------------------------------------------------------------


def _request(plant: Plant, given: Mapping[str, Any]) -> Opened:
    """The request of what is without fault."""
    findings = plant.findings
    begun, plan = running(plant), in_force(plant)
    begins, now = _begins(plant, given, [start for _name, _number, _machine, start in (*begun, *plan)])
    plant.jobs = {name: parts for name, parts in plant.jobs.items() if parts and name not in findings.bad}
    minute = _minute(begins)
    pins = pinned(plant, begun, plan, minute, now)
    jobs = [_job(plant, name, minute) for name in plant.jobs]
    used = sorted({name for parts in plant.jobs.values() for part in parts for name in part.minutes},
                  key=list(plant.machines.names.values()).index)  # fmt: skip
    fields: dict[str, Any] = {
        "machines": used,
        "jobs": jobs,
        "set_ups": _set_ups(plant),
        "closed": _closed(plant, used, begins, jobs, now),
        "pins": pins,
        "previous": previous(plant, plan, minute),
        "objective": "both" if any(job["due"] is not None for job in jobs) else "makespan",
        "begins": begins,
    }
    fields |= {name: value for name, value in given.items() if name not in ("begins", "now")}
    fields["now"] = now
    left = tuple(name for name in plant.orders if name not in plant.jobs)
    request = _possible(fields, findings) if jobs else None
    if request is not None and request.previous and "move_weight" not in given:
        ahead = [placed for placed in request.previous if placed.start >= now]
        request = request.model_copy(update={"move_weight": worth(request, request.previous, len(ahead))})
    return Opened(request, tuple(findings.faults), left, tuple(findings.notes))


def _possible(fields: dict[str, Any], findings: Findings) -> Request:
    """The request; a pin that cannot be met, as on a machine that is closed by now, is planned again."""
    while True:
        try:
            return Request.model_validate(fields)
        except ValidationError as error:
            first = error.errors()[0]
            if first["loc"][:1] != ("pins",):
                raise
            pin = fields["pins"].pop(int(first["loc"][1]))
            findings.note(
                _("{order}, operation {number} on {machine} is planned again: {why}",
                  order=pin["job"], number=pin["operation"], machine=pin["machine"], why=first["msg"])
            )  # fmt: skip


def _job(plant: Plant, name: str, minute: Callable[[Any], int]) -> dict[str, Any]:
    order = plant.orders[name]
    parts = plant.jobs[name][plant.done.get(name, 0) :]
    return {
        "name": name,
        "item": order.product,
        "operations": [{"machines": part.minutes, "family": part.family, "name": part.label[:100]} for part in parts],
        "release": min(max(0, minute(order.release.time)), LONGEST) if order.release else 0,
        "due": min(max(-LONGEST, minute(order.due.end)), LONGEST) if order.due else None,
        "weight": order.weight,
    }


def _minute(begins: datetime | None) -> Callable[[Any], int]:
    """Moments as minutes since `begins`; a number is one already."""
    return lambda moment: (
        int(moment)
        if begins is None or not isinstance(moment, datetime)
        else int((moment - begins) / timedelta(minutes=1))
    )


def _begins(plant: Plant, given: Mapping[str, Any], starts: Sequence[Any]) -> tuple[datetime | None, int]:
    """Minute 0 and the minute of `now`: what was given, else the midnight before the first moment of the sheets."""
    begins, now = _given(given, "begins"), str(given.get("now") or 0)
    moment = None if now.isdigit() else _given(given, "now")
    early = [order.release.time for order in plant.orders.values() if order.release]
    early += [start for start in starts if isinstance(start, datetime)] + ([moment] if moment else [])
    late = [order.due.time for order in plant.orders.values() if order.due]
    if begins is None and (early or late):
        today = datetime.now()  # noqa: DTZ005 - local time, as the sheets have it
        begins = min(early or [*late, today]).replace(hour=0, minute=0, second=0, microsecond=0)
        text = f"{begins:%Y-%m-%d %H:%M}"
        plant.findings.note(_("the plan begins at {begins}; --set begins=... or --set now=... moves it", begins=text))
    if begins is None and plant.sheets.get("calendar"):
        raise UserError(_("there is no date to begin with"), where="--set", cure=_("Give it: --set begins=2026-07-01."))
    if moment is None or begins is None:
        return begins, int(now) if now.isdigit() else 0
    return begins, max(0, int((moment - begins) / timedelta(minutes=1)))


def _given(given: Mapping[str, Any], name: str) -> datetime | None:
    """A date and time given by hand, without its zone. Raises UserError where it is none."""
    moment = _moment(given.get(name))
    if given.get(name) and moment is None:
        problem = _("‘{text}’ is not a date or time", text=str(given[name])[:40])
        raise UserError(problem, where=f"--set {name}", cure=_("Write it as 2026-07-01T13:00."))
    return moment.replace(tzinfo=None) if moment else None


def _set_ups(plant: Plant) -> list[dict[str, Any]]:
    """Minutes between families: of the sheet of set-ups, else what the routing says of the family that comes."""
    families: dict[str, dict[str, None]] = defaultdict(dict)
    needs: dict[tuple[str, str], float] = {}
    for parts in plant.jobs.values():
        for part in parts:
            for machine in part.minutes:
                families[machine][part.family] = None
                time = part.step.options[machine].set_up if plant.routings.families else 0.0
                needs[machine, part.family] = max(time, needs.get((machine, part.family), 0.0))
    rows = dict(_set_up_rows(plant, {same(name): name for group in families.values() for name in group}))
    for machine, names in families.items():
        for after in names:
            for before in names:
                spent = round(needs[machine, after])
                if before != after and spent and (before, after, None) not in rows:
                    rows.setdefault((before, after, machine), spent)
    if len(rows) > MOST_SET_UPS:
        plant.findings.note(_("there are too many pairs of set-ups; those of the routing are left out"))
        rows = dict(list(rows.items())[:MOST_SET_UPS])
    return [
        {"before": before, "after": after, "minutes": spent, "machine": machine}
        for (before, after, machine), spent in rows.items()
    ]


def _set_up_rows(plant: Plant, families: Mapping[str, str]) -> Iterator[tuple[tuple[str, str, str | None], int]]:
    """((before, after, machine), minutes) of the sheet of set-ups, where orders have such families."""
    for rows in plant.sheets.get("set_ups", ()):
        unit = time_unit(rows, "minutes") or "min"
        columns = [rows.column(name) for name in ("before", "after", "minutes", "machine")]
        for place, (before, after, text, machine) in enumerate(zip(*columns, strict=True)):
            spent = minutes(text or "", unit)
            if spent is None:
                problem = _("‘{text}’ is no time in minutes", text=text or "")
                plant.findings.fault(problem, rows.at(place, "minutes"), _("Write minutes as a number."))
                continue
            named = plant.machines.find(machine) if machine else [None]
            if named is None:
                problem = _("there is no machine called {name}", name=machine)
                cure = suggestion(machine or "", list(plant.machines.names.values()))
                plant.findings.fault(problem, rows.at(place, "machine"), cure)
                continue
            if same(before) in families and same(after) in families:
                for resource in named:
                    yield (families[same(before)], families[same(after)], resource), round(spent[0])


def _closed(
    plant: Plant, used: Sequence[str], begins: datetime | None, jobs: Sequence[Mapping[str, Any]], now: int
) -> list[dict[str, Any]]:
    """Closed times of every machine, as far ahead as the orders can reach."""
    if begins is None or not plant.sheets.get("calendar"):
        return []
    load = sum(max(operation["machines"].values()) for job in jobs for operation in job["operations"])
    last = max([now, *(job["release"] for job in jobs), *(job["due"] or 0 for job in jobs)])
    horizon = last + 28 * DAY + 6 * load // max(1, len(used))
    while horizon > 7 * DAY:
        rows = [
            {"machine": name, "start": start, "end": end}
            for name in used
            for start, end in plant.calendar.shut(name, begins, min(horizon, LONGEST))
        ]
        if len(rows) <= MOST_CLOSED:
            return rows
        horizon = horizon * MOST_CLOSED // len(rows) - DAY
        plant.findings.note(_("working hours are known for the first {days} days", days=horizon // DAY))
    return []
