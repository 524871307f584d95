"""Picture: the plan as a Gantt chart, the practice's above the model's on one time axis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dure import texts
from dure.figures import ACCENT, INK, LINE, SOFT, finished

from .forms import Placed, Request, Response, changes

_ = texts(__file__)

PRACTICE, MODEL = "best_rule", "cp_sat"
WIDTH, MOST_MACHINES = 760, 40
EVEN, ODD = "#8fb0c4", "#c3d3dc"  # two shades of one colour: neighbours are told apart by the white line between them


def _named(method: str) -> str:
    names = {PRACTICE: _("today's practice, best dispatching rule"), MODEL: _("our proposal, CP-SAT")}
    return names.get(method, method.replace("_", " "))


def figure(request: Request, answers: Mapping[str, Response], truth: Any = None, trace: object = None) -> Any:
    """One panel a method, machines as rows. Closed times are grey, set-ups hatched, late orders red and marked !.

    `truth` may hold the best makespan known, which is a dashed line.
    """
    import altair as alt

    last = max(each.end for response in answers.values() for each in response.operations)
    best = truth.get("best_known") if isinstance(truth, Mapping) else None
    order = [name for name in (PRACTICE, MODEL) if name in answers] + [
        name for name in answers if name not in (PRACTICE, MODEL)
    ]
    panels = [_panel(request, name, answers[name], last, best, axis=name == order[-1]) for name in order]
    return finished(alt.vconcat(*panels, spacing=14))


def _panel(request: Request, method: str, response: Response, last: int, best: int | None, *, axis: bool) -> Any:
    import altair as alt

    machines = request.machines[:MOST_MACHINES]
    time = alt.X(
        "start:Q",
        scale=alt.Scale(domain=[0, last * 1.06], nice=False),
        title=_("time [min]") if axis else None,
        axis=alt.Axis(grid=False, labels=axis, ticks=axis),
    )
    rows = alt.Y(
        "machine:N",
        sort=machines,
        title=None,
        scale=alt.Scale(domain=machines, paddingInner=0.15),
        axis=alt.Axis(ticks=False, domain=False),
    )
    jobs = {job.name: number for number, job in enumerate(request.jobs)}
    late = _late(request, response)
    height = max(11, min(24, 320 // len(machines)))
    bars = [_bar(each, jobs, late, WIDTH / (last * 1.06)) for each in response.operations if each.machine in machines]
    work = alt.Chart(alt.Data(values=bars)).encode(x=time, x2="end:Q", y=rows)
    layers = [
        *_closed(alt, request, machines, last, time, rows),
        work.mark_bar(stroke="white", strokeWidth=0.7).encode(
            color=alt.Color("colour:N", scale=None),
            tooltip=[alt.Tooltip(f"{name}:N", title=title) for name, title in _tips().items()],
        ),
        work.transform_calculate(middle="(datum.start + datum.end) / 2")
        .mark_text(fontSize=min(10, height - 4), color=INK, clip=True)
        .encode(x=alt.X("middle:Q"), x2=alt.X2(), text="text:N"),
        *_set_ups(alt, request, response, machines, time, rows),
        *_lines(alt, response, best, time, rows, machines[0]),
    ]
    makespan = f"{max(each.end for each in response.operations):,}"
    title = _("{method}: {makespan} min", method=_named(method), makespan=makespan)
    below = _beside(request, response, best, late)
    return alt.layer(*layers).properties(width=WIDTH, height=alt.Step(height), title=alt.Title(title, subtitle=below))


def _tips() -> dict[str, str]:
    return {
        "job": _("job"), "operation": _("operation"), "machine": _("machine"), "start": _("start"), "end": _("end"),
        "late": _("late by [min]"),
    }  # fmt: skip


def _bar(each: Placed, jobs: Mapping[str, int], late: Mapping[str, int], scale: float) -> dict[str, Any]:
    """A row of the chart; the job's name stands in it where it fits."""
    by = late.get(each.job, 0)
    name = f"{each.job}!" if by else each.job
    wide = sum(11 if ord(letter) > 0x1100 else 6.5 for letter in name)  # pixels; Hangul is wider
    fits = (each.end - each.start) * scale > wide + 2
    colour = "#dba39b" if by else (EVEN, ODD)[jobs[each.job] % 2]
    return {**each.model_dump(), "text": name if fits else "", "colour": colour, "late": by}


def _late(request: Request, response: Response) -> dict[str, int]:
    """Minutes late, of the jobs that are."""
    ends = {(each.job, each.operation): each.end for each in response.operations}
    by = {job.name: ends[job.name, len(job.operations)] - job.due for job in request.jobs if job.due is not None}
    return {name: minutes for name, minutes in by.items() if minutes > 0}


def _closed(alt, request, machines, last, time, rows) -> list[Any]:
    shut = [
        {"machine": each.machine, "start": each.start, "end": min(each.end, last)}
        for each in request.closed
        if each.machine in machines and each.start < last
    ]
    return [alt.Chart(alt.Data(values=shut)).mark_bar(color=LINE).encode(x=time, x2="end:Q", y=rows)] if shut else []


def _set_ups(alt, request: Request, response: Response, machines: Sequence[str], time, rows) -> list[Any]:
    """Set-ups as fine strokes: Vega-Lite has no hatching."""
    strokes = [
        {"machine": machine, "start": at}
        for machine, start, end in _changes(request, response)
        if machine in machines
        for at in [start + (end - start) * (n + 0.5) / 4 for n in range(4)]
    ]
    return (
        [alt.Chart(alt.Data(values=strokes)).mark_tick(color=SOFT, thickness=1).encode(x=time, y=rows)]
        if strokes
        else []
    )


def _changes(request: Request, response: Response) -> list[tuple[str, int, int]]:
    """(machine, start, end) of each set-up."""
    minutes, found = {machine: changes(request, machine) for machine in request.machines}, []
    families = {(job.name, n): each.family for job in request.jobs for n, each in enumerate(job.operations, 1)}
    last: dict[str, str] = {}
    working = [each for each in response.operations if each.end > each.start]
    for each in sorted(working, key=lambda each: each.start):
        family = families[each.job, each.operation]
        if each.machine in last:
            change = minutes[each.machine].get((last[each.machine], family), 0)
            found += [(each.machine, each.start - change, each.start)] if change else []
        last[each.machine] = family
    return found


def _lines(alt, response: Response, best: int | None, time, rows, first: str) -> list[Any]:
    """The makespan with its number, and the best one known."""
    end = max(each.end for each in response.operations)
    line = alt.Chart(alt.Data(values=[{"start": end, "machine": first, "text": f"{end:,}"}]))
    layers = [
        line.mark_rule(color=ACCENT, strokeWidth=2).encode(x=time),
        line.mark_text(color=ACCENT, align="left", dx=5, fontSize=12).encode(x=time, y=rows, text="text:N"),
    ]
    if best is not None and best != end:
        layers.append(
            alt.Chart(alt.Data(values=[{"start": best}])).mark_rule(color=INK, strokeDash=[4, 3]).encode(x=time)
        )
    return layers


def _beside(request: Request, response: Response, best: int | None, late: Mapping[str, int]) -> str:
    said = []
    if best is not None:
        said.append(_("dashed: best known {best} min", best=best))
    if response.lower_bound is not None and request.objective == "makespan":
        said.append(_("proved: no plan ends before {bound} min", bound=response.lower_bound))
    elif response.lower_bound is not None:
        said.append(_("proved: no plan has a weighted tardiness below {bound} min", bound=response.lower_bound))
    if late:
        said.append(_("late (!): {count} jobs, {minutes} min in all", count=len(late), minutes=sum(late.values())))
    return " · ".join(said)
