"""Picture: today's practice above ours as Gantt charts on one time axis, then the orders, then how the planning went."""

from __future__ import annotations

import json
import math
import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dure import texts
from dure.report.charts import ACCENT, INK, LINE, PAPER, SOFT, finished

from ..explain.chains import explained
from ..explain.lines import lateness
from ..explain.wording import clock, objective, span
from ..model.plan import plan_of, value
from ..model.shop import aim_of, shop_of
from .gantt import (
    EVEN,
    LATE,
    LATE_INK,
    LOCK,
    WIDTH,
    View,
    along,
    datasets,
    gantt,
    hatched,
    row_axis,
    standing_out,
    time_axis,
    view_of,
)

if TYPE_CHECKING:
    from ..model.forms import Request, Response

_ = texts(__file__)

PRACTICE, MODEL = "best_rule", "tabu_search"
MOST_ORDERS = 40
# A canvas draws thousands of operations at once; a plan is nothing to send to an editor on somebody else's site.
IN_A_BROWSER = {"renderer": "canvas", "actions": {"export": True, "source": False, "compiled": False, "editor": False}}
HIGH, ASIDE = 150, 230  # pixels: height of the chart of the work, room beside it for the names of its lines


def _named(method: str) -> str:
    names = {
        PRACTICE: _("today's practice, best dispatching rule"),
        MODEL: _("our proposal, tabu search"),
        "cp_sat": _("another solver, CP-SAT"),
    }
    return names.get(method, method.replace("_", " "))


def figure(request: Request, answers: Mapping[str, Response], truth: Any = None, trace: object = None) -> Any:
    """One Gantt chart a method, the practice first; below them the orders of our plan, and the work that the plans took.

    In a browser the time zooms and pans in all of them together, and the operations of the order under the pointer stand
    out. `truth` may hold the best makespan known, which is a dashed line.
    """
    import altair as alt

    methods = sorted(answers, key=lambda name: (name != PRACTICE, name != MODEL))
    view = view_of(request, [answers[name] for name in methods])
    best = truth.get("best_known") if isinstance(truth, Mapping) else None
    rows: dict[str, list[dict[str, Any]]] = {}
    panels: list[Any] = []  # with the time as their horizontal axis
    for number, name in enumerate(methods):
        rows |= datasets(view, f"plan{number}", answers[name])
        title = _title(view, name, answers[name], best)
        panels.append(gantt(view, f"plan{number}", answers[name], title=title, labels=name == methods[-1], best=best))
    shown = MODEL if MODEL in answers else methods[-1]
    if any(job.due is not None for job in request.jobs):
        panels.append(orders(view, answers[shown], answers.get(PRACTICE) if shown != PRACTICE else None))
    worked = any(step.work for answer in answers.values() for step in answer.progress)
    curves = [convergence(request, answers)] if worked else []
    with warnings.catch_warnings():
        # Altair warns that the panels share one zoom, which is what is wanted.
        warnings.simplefilter("ignore", UserWarning)
        timed = [panel.add_params(view.zoom, view.hover) for panel in panels]
        chart = finished(alt.vconcat(_legend(rows), *timed, *curves, spacing=16))
    # One text a dataset: Altair would look at every row, which takes longer than drawing them.
    chart.datasets = {name: json.dumps(table, ensure_ascii=False) for name, table in rows.items()}
    chart.usermeta = {"embedOptions": IN_A_BROWSER}
    return chart


def _title(view: View, method: str, response: Response, best: int | None) -> Any:
    """The method with what its plan comes to; below, what is proved, moved and left out of the picture."""
    import altair as alt

    request = view.request
    answer = explained(request, response.operations)
    end = answer.makespan or 0
    parts = [
        _("{minutes} min", minutes=f"{end:,}") if request.begins is None else _("ends {at}", at=clock(request, end))
    ]
    due = sum(job.due is not None for job in request.jobs)
    if answer.late:
        minutes = span(sum(order.minutes for order in answer.late))
        parts.append(
            _("{count} of {all} orders late, {minutes} in all", count=len(answer.late), all=due, minutes=minutes)
        )
    elif due:
        parts.append(_("no order late"))
    title = _("{method}: {what}", method=_named(method), what=", ".join(parts))
    return alt.Title(title, subtitle=_beside(view, response, answer, best), frame="group")


def _beside(view: View, response: Response, answer: Response, best: int | None) -> str:
    request, parts = view.request, []
    if best is not None:
        parts.append(_("dashed: best known {best} min", best=f"{best:,}"))
    bound = response.lower_bound or 0
    if response.lower_bound is not None and bound >= _reached(request, answer):
        parts.append(_("proved: no plan is better"))
    elif bound and request.objective == "makespan" and answer.moved is None:
        parts.append(_("proved: no plan ends before {bound} min", bound=f"{bound:,}"))
    elif bound:
        parts.append(_("proved: no plan has an objective below {bound}", bound=f"{bound:,}"))
    if answer.moved is not None:
        moved, count = f"{answer.moved:,}", f"{len(request.previous):,}"
        parts.append(_("{moved} of {all} operations moved against the plan in force", moved=moved, all=count))
    if len(view.machines) < len(request.machines):
        shown, machines = len(view.machines), len(request.machines)
        parts.append(_("the {shown} machines with the most work of {all}", shown=shown, all=machines))
    return " · ".join(parts)


# ---- what the marks mean ------------------------------------------------------------------------------------------------


def _legend(rows: Mapping[str, Sequence[Mapping[str, Any]]]) -> Any:
    """One line that shows each mark that occurs, with its word. Places are pixels."""
    import altair as alt

    work = [bar for name, table in rows.items() if "-" not in name for bar in table]
    marks = {
        "work": (_("operation"), True),
        "set-up": (_("set-up"), any(table for name, table in rows.items() if name.endswith("-set-ups"))),
        "closed": (_("closed"), any(table for name, table in rows.items() if name.endswith("-closed"))),
        "late": (_("order late (!)"), any(bar["colour"] == LATE for bar in work)),
        "pinned": (_("pinned"), any(bar["pinned"] for bar in work)),
        "moved": (_("moved against the plan in force"), any(bar["moved"] for bar in work)),
    }
    swatches: dict[str, dict[str, Any]] = {}
    left = 0.0
    for kind, (word, occurs) in marks.items():
        if occurs:
            place = {"start": left, "middle": left + 13, "end": left + 26, "y": 0, "y2": 1}
            swatches[kind] = {**place, "text": word}
            left += 48 + sum(11.5 if ord(letter) > 0x1100 else 6.4 for letter in word)
    return alt.layer(*_swatches(swatches)).properties(width=WIDTH, height=12)


def _swatches(swatches: Mapping[str, Mapping[str, Any]]) -> list[Any]:
    import altair as alt

    x = alt.X("start:Q", scale=alt.Scale(domain=[0, WIDTH], nice=False), axis=None)
    y = alt.Y("y:Q", scale=alt.Scale(domain=[0, 1]), axis=None)

    def base(values: Sequence[Mapping[str, Any]]) -> Any:
        return alt.Chart(alt.Data(values=list(values))).encode(x=x, x2="end", y=y, y2="y2:Q")

    looks: dict[str, dict[str, Any]] = {
        "work": {"color": EVEN}, "set-up": {"fill": PAPER, "stroke": SOFT, "strokeWidth": 0.6}, "closed": {"color": LINE},
        "late": {"color": LATE}, "pinned": {"color": EVEN}, "moved": {"fill": EVEN, "stroke": ACCENT, "strokeWidth": 1.8},
    }  # fmt: skip
    layers = [base([swatch]).mark_rect(**looks[kind]) for kind, swatch in swatches.items()]
    if "set-up" in swatches:
        box = swatches["set-up"]
        strokes = [*hatched(box["start"], box["end"], 0, 1, wide=1, high=12)]
        layers.append(base(strokes).mark_rule(color=SOFT, strokeWidth=0.9))
    if "pinned" in swatches:
        lock = alt.Chart(alt.Data(values=[swatches["pinned"]])).encode(x=alt.X("middle:Q", axis=None), y=alt.datum(0.5))
        layers.append(lock.mark_point(shape=LOCK, size=50, fill=INK, strokeWidth=0, opacity=1))
    words = alt.Chart(alt.Data(values=list(swatches.values()))).encode(
        x=alt.X("end:Q", axis=None), text="text:N", y=alt.datum(0.5)
    )
    return [*layers, words.mark_text(align="left", dx=5, fontSize=12, color=SOFT, baseline="middle")]


# ---- the orders ---------------------------------------------------------------------------------------------------------


def orders(view: View, response: Response, practice: Response | None = None) -> Any:
    """One row an order, worst first: thin from its release, thick while it is worked on, red from its due date on.

    A hollow dot is where the practice's plan ends the order.
    """
    import altair as alt

    values = order_rows(view, response, practice)
    time = time_axis(view, labels=False)
    row = max(13, min(20, 400 // len(values)))
    clipped: dict[str, Any] = {"clip": True}
    data = alt.InlineData(values=json.dumps(values, ensure_ascii=False), format=alt.JsonDataFormat(type="json"))
    base = alt.Chart(data).encode(x=time, y=row_axis([order["job"] for order in values], row))
    tips = {"job": _("job"), "release": _("not before"), "due": _("due"), "done": _("end"), "late": _("order late by")}
    tooltip = [alt.Tooltip(f"{field}:N", title=label) for field, label in tips.items()]
    spans = base.encode(opacity=standing_out(), tooltip=tooltip)
    ticks = base.mark_tick(color=INK, thickness=1.8, size=row * 0.8, orient="vertical", **clipped)
    layers = [
        # The first layer is the one whose field zooms: it must be that of the other panels.
        spans.mark_bar(color=EVEN, size=row * 0.5, **clipped).encode(x2="until"),
        spans.mark_rule(color=SOFT, strokeWidth=1, **clipped).encode(x=along(time, "from"), x2="start"),
        spans.mark_bar(color=LATE, size=row * 0.5, **clipped)
        .transform_filter("datum.late")
        .encode(x=along(time, "until"), x2="end"),
        ticks.transform_filter("isValid(datum.at)").encode(x=along(time, "at")),
        base.transform_filter("isValid(datum.other)")
        .mark_point(color=SOFT, size=row * 1.8, strokeWidth=1.2, opacity=1, **clipped)
        .encode(x=along(time, "other")),
        base.transform_filter("datum.late")
        .mark_text(align="left", dx=6, fontSize=min(11, row - 2), color=LATE_INK, **clipped)
        .encode(x=along(time, "right"), text="late:N"),
    ]
    title = alt.Title(
        _("Orders, worst first"), subtitle=_orders_beside(view.request, len(values), practice), frame="group"
    )
    return alt.layer(*layers).properties(width=WIDTH, height=row * len(values), title=title)


def _orders_beside(request: Request, shown: int, practice: Response | None) -> str:
    parts = [_("tick: due")] + ([_("dot: end in today's practice")] if practice else [])
    parts += [_("{shown} of {all}", shown=shown, all=len(request.jobs))] if shown < len(request.jobs) else []
    return " · ".join(parts)


def order_rows(view: View, response: Response, practice: Response | None) -> list[dict[str, Any]]:
    """What `orders` draws of each order, worst first, at most MOST_ORDERS; those without a due date by their end."""
    request, late = view.request, lateness(view.request, response)
    first, ends, other = _firsts(response), _ends(response), _ends(practice) if practice else {}
    by_worst = sorted(request.jobs, key=lambda job: (-late.get(job.name, -(10**9)), -ends[job.name]))
    rows = []
    for number, job in enumerate(by_worst[:MOST_ORDERS]):
        start, end, minutes = first[job.name], ends[job.name], max(0, late.get(job.name, 0))
        rows.append({
            "job": job.name,
            "y": number + 0.5,
            "from": view.at(max(view.since, min(job.release, start))),
            "start": view.at(start),
            "until": view.at(max(start, end - minutes)),
            "end": view.at(end),
            "at": None if job.due is None else view.at(job.due),
            "other": view.at(other[job.name]) if job.name in other else None,
            "right": view.at(max(end, other.get(job.name, end))),
            "release": clock(request, job.release),
            "due": "" if job.due is None else clock(request, job.due),
            "done": clock(request, end),
            "late": f"+{span(minutes)}" if minutes else "",
        })  # fmt: skip
    return rows


def _firsts(response: Response) -> dict[str, int]:
    return {placed.job: placed.start for placed in sorted(response.operations, key=lambda placed: -placed.start)}


def _ends(response: Response) -> dict[str, int]:
    return {placed.job: placed.end for placed in sorted(response.operations, key=lambda placed: placed.end)}


# ---- how the planning went ----------------------------------------------------------------------------------------------


def convergence(request: Request, answers: Mapping[str, Response]) -> Any:
    """Objective against work as steps, for the answers that tell their progress; the practice dashed, what is proved dotted."""
    import altair as alt

    curves = {name: answer.progress for name, answer in answers.items() if answer.progress}
    last = max(steps[-1].work for steps in curves.values())
    values = [
        {"method": name, "work": work, "objective": reached}
        for name, steps in curves.items()
        for work, reached in [*((step.work, step.objective) for step in steps), (last, steps[-1].objective)]
    ]
    title = alt.Title(_("What the work brought"), subtitle=objective(request), frame="group")
    return alt.layer(*_curves(values, _flat(request, answers), last)).properties(
        width=WIDTH - ASIDE, height=HIGH, title=title
    )


def _reached(request: Request, response: Response) -> int:
    shop = shop_of(request)
    return value(shop, plan_of(shop, request, response.operations), aim_of(request))


def _flat(request: Request, answers: Mapping[str, Response]) -> list[dict[str, Any]]:
    """Lines across: the practice's objective and the best bound."""
    flat: list[dict[str, Any]] = []
    if PRACTICE in answers:
        reached = _reached(request, answers[PRACTICE])
        flat.append({"objective": reached, "text": f"{_named(PRACTICE)} {reached:,}", "dash": [5, 4]})
    bounds = [answer.lower_bound for answer in answers.values() if answer.lower_bound]
    if bounds:
        bound = max(bounds)
        flat.append({"objective": bound, "text": _("proved bound {bound}", bound=f"{bound:,}"), "dash": [1, 3]})
    return flat


def _curves(values: Sequence[Mapping[str, Any]], flat: Sequence[Mapping[str, Any]], last: float) -> list[Any]:
    import altair as alt

    heights = [line["objective"] for line in [*values, *flat]]
    room = max(1, max(heights) - min(heights)) * 0.14
    low, high = min(heights) - room, max(heights) + room
    x = alt.X(
        "work:Q", title=_("work [million steps]"), scale=alt.Scale(domain=[0, last], nice=False),
        axis=alt.Axis(grid=False, tickCount=6),
    )  # fmt: skip
    y = alt.Y(
        "objective:Q",
        title=None,
        scale=alt.Scale(domain=[low, high], nice=False),
        axis=alt.Axis(tickCount=4, tickMinStep=1, format=",d"),
    )
    colour = alt.condition(f"datum.method == '{MODEL}'", alt.value(ACCENT), alt.value(SOFT))
    reached = {point["method"]: point["objective"] for point in values}
    ends = [
        {"objective": height, "method": name, "text": f"{_named(name)} {height:,}"} for name, height in reached.items()
    ]  # the last step of each
    steps = alt.Chart(alt.Data(values=list(values))).encode(x=x, y=y, detail="method:N", color=colour)
    labels = alt.Chart(alt.Data(values=_apart([*ends, *flat], (high - low) / HIGH)))
    across = [
        alt.Chart(alt.Data(values=[line])).mark_rule(color=INK, strokeDash=line["dash"]).encode(y=y) for line in flat
    ]
    return [
        steps.mark_line(interpolate="step-after", strokeWidth=2),
        *across,
        labels.mark_text(align="left", baseline="middle", dx=8, fontSize=11).encode(
            x=alt.value(WIDTH - ASIDE), y=alt.Y("label:Q", title=None), text="text:N", color=colour
        ),
    ]


def _apart(labels: Sequence[Mapping[str, Any]], pixel: float) -> list[dict[str, Any]]:
    """Labels at their lines, from the lowest line up, none over another; `pixel` is the objective of one."""
    placed: list[dict[str, Any]] = []
    for label in sorted(labels, key=lambda label: label["objective"]):
        lowest = placed[-1]["label"] + 14 * pixel if placed else -math.inf
        placed.append({**label, "label": max(label["objective"], lowest)})
    return placed
