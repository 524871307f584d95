"""Machines as rows, their plan along time: work, set-ups hatched, closed times grey; what is late, pinned or moved is marked.

Rows are numbers on the vertical axis, so that a set-up can be hatched with strokes cut to its box: Vega has no patterns.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from dure import texts
from dure.report.charts import ACCENT, INK, LINE, PAPER, SOFT

from ..explain.chains import waits
from ..explain.lines import lines, moved
from ..explain.wording import clock, reason, span
from ..model.intervals import merged
from ..model.plan import plan_of
from ..model.shop import shop_of

if TYPE_CHECKING:
    from ..explain.lines import Line
    from ..model.forms import Request, Response

_ = texts(__file__)

WIDTH, MOST_MACHINES = 820, 40
EVEN, ODD, LATE = "#8fb0c4", "#c3d3dc", "#dd9c92"  # neighbours are told apart by two shades and the line between them
LATE_INK = "#a63d2f"
GAP = 5  # pixels from one stroke of a hatch to the next
LOCK = "M-.55,-.1H.55V.8H-.55ZM-.36,-.1V-.4A.36,.36,0,0,1,.36,-.4V-.1H.2V-.4A.2,.2,0,0,0,-.2,-.4V-.1Z"


class View(NamedTuple):
    """What all panels of a figure share: rows, the time they show, and what a reader's pointer does.

    Attributes
    ----------
    machines
        Names of the rows, from the top.
    row
        Height of a row in pixels.
    since, until
        Minutes at the ends of the time axis.
    zoom, hover
        Altair's parameters: the part of the time that is shown, and the order under the pointer.
    """

    request: Request
    machines: tuple[str, ...]
    row: int
    since: int
    until: int
    zoom: Any
    hover: Any

    def at(self, minute: float) -> float:
        """A minute on the time axis: itself, or milliseconds of its clock where minute 0 is known."""
        begins = self.request.begins
        if begins is None:
            return minute
        return (begins.replace(tzinfo=UTC) + timedelta(minutes=minute)).timestamp() * 1000

    @property
    def scale(self) -> float:
        """Pixels a minute."""
        return WIDTH / (self.until - self.since)


def view_of(request: Request, answers: Sequence[Response]) -> View:
    """A view wide enough for all answers; of more than MOST_MACHINES machines, those with the most work in the last one."""
    import altair as alt

    operations = [placed for answer in answers for placed in answer.operations]
    first, last = min(placed.start for placed in operations), max(1, *(placed.end for placed in operations))
    work = dict.fromkeys(request.machines, 0)
    for placed in answers[-1].operations:
        work[placed.machine] += placed.end - placed.start
    busiest = set(sorted(request.machines, key=lambda name: -work[name])[:MOST_MACHINES])
    machines = tuple(name for name in request.machines if name in busiest)
    since = first if first > 0.2 * last else 0
    return View(
        request,
        machines,
        row=max(13, min(34, 360 // len(machines))),
        since=since,
        until=last + max(1, round(0.11 * (last - since))),
        zoom=alt.selection_interval(name="zoom", bind="scales", encodings=["x"]),
        hover=alt.selection_point(name="hover", fields=["job"], on="pointerover", clear="pointerout"),
    )


def time_axis(view: View, *, labels: bool) -> Any:
    """The horizontal axis of every panel: clock times where minute 0 is known, else minutes."""
    import altair as alt

    domain = [view.at(view.since), view.at(view.until)]
    quiet: dict[str, Any] = {"grid": False, "labels": labels, "ticks": labels}
    if view.request.begins is None:
        title, scale = _("time [min]") if labels else None, alt.Scale(domain=domain, nice=False)
        return alt.X("start:Q", scale=scale, title=title, axis=alt.Axis(**quiet))
    weekdays = json.dumps(_("Sun Mon Tue Wed Thu Fri Sat").split(), ensure_ascii=False)
    midnight = "utchours(datum.value) == 0 && utcminutes(datum.value) == 0"
    shown = f"utcFormat(datum.value, '%m-%d') + ' ' + {weekdays}[utcday(datum.value)]"
    label = f"{midnight} ? {shown} : utcFormat(datum.value, '%H:%M')"
    # So few that none has to make way: it could be the date.
    axis = alt.Axis(labelExpr=label, labelOverlap=False, tickCount=8, **quiet)
    return alt.X("start:T", scale=alt.Scale(type="utc", domain=domain, nice=False), title=None, axis=axis)


def row_axis(names: Sequence[str], row: int) -> Any:
    """The vertical axis: a name in the middle of each row, `row` pixels high."""
    import altair as alt

    values = [number + 0.5 for number in range(len(names))]
    axis = alt.Axis(
        values=values,
        labelExpr=f"{json.dumps(list(names), ensure_ascii=False)}[floor(datum.value)]",
        grid=False,
        ticks=False,
        domain=False,
        labelOverlap=False,
        labelFontSize=min(12, row - 2),
    )
    return alt.Y("y:Q", scale=alt.Scale(domain=[0, len(names)], reverse=True, nice=False), title=None, axis=axis)


def hatched(
    left: float, right: float, top: float, bottom: float, *, wide: float, high: float
) -> Iterator[dict[str, float]]:
    """Strokes at 45 degrees within a box; `wide` and `high` are pixels a unit."""
    width, height = (right - left) * wide, (bottom - top) * high
    for number in range(max(1, round((width + height) / GAP))):
        begin = number * GAP - height + GAP / 2  # where the stroke meets the bottom
        start, end = max(0.0, begin), min(width, begin + height)
        if start < end:
            yield {
                "start": left + start / wide,
                "end": left + end / wide,
                "y": bottom - (start - begin) / high,
                "y2": bottom - (end - begin) / high,
            }


def standing_out() -> Any:
    """The opacity of an order's marks: what is no mark of the order under the pointer is pale."""
    import altair as alt

    # Closed times and set-ups are of no order: over them all stand out.
    over = "isArray(hover.job) && isValid(hover.job[0])"
    return alt.condition(f"!({over}) || hover.job[0] == datum.job", alt.value(1), alt.value(0.3))


def rows_of(name: str) -> Any:
    """The dataset of this name, a JSON text."""
    import altair as alt

    return alt.NamedData(name, format=alt.JsonDataFormat(type="json"))


def gantt(view: View, name: str, response: Response, *, title: Any, labels: bool, best: int | None) -> Any:
    """The panel of one answer; its rows are the `datasets` of this name."""
    import altair as alt

    time, rows = time_axis(view, labels=labels), row_axis(view.machines, view.row)

    def chart(kind: str) -> Any:
        return alt.Chart(rows_of(name + kind)).encode(x=time, x2="end", y=rows, y2="y2:Q")

    # Where bars are a few pixels wide, the lines between them would be wider than they are.
    clipped: dict[str, Any] = {"clip": True}
    work, line = chart(""), 0.7 if _mean(view, response) > 8 else 0.15
    tips = [alt.Tooltip(f"{field}:N", title=label) for field, label in _tips().items()]
    layers = [
        chart("-closed").mark_rect(color=LINE, **clipped),
        chart("-set-ups").mark_rect(fill=PAPER, stroke=SOFT, strokeWidth=line, **clipped),
        chart("-hatch").mark_rule(color=SOFT, strokeWidth=min(0.9, 3 * line), **clipped),
        work.mark_rect(**clipped).encode(
            color=alt.Color("colour:N", scale=None),
            stroke=alt.condition("datum.moved", alt.value(ACCENT), alt.value("white")),
            strokeWidth=alt.condition("datum.moved", alt.value(1.5), alt.value(line)),
            opacity=standing_out(),
            tooltip=tips,
        ),
        # What lies on top of a bar answers the pointer as the bar does.
        _names(view, name, time, rows).encode(tooltip=tips),
        _locks(view, name, time, rows).encode(tooltip=tips),
        *_limits(view, response, best, time),
    ]
    return alt.layer(*layers).properties(width=WIDTH, height=view.row * len(view.machines), title=title)


def _mean(view: View, response: Response) -> float:
    """Mean width of a bar in pixels."""
    return view.scale * sum(placed.end - placed.start for placed in response.operations) / len(response.operations)


def _tips() -> dict[str, str]:
    return {
        "job": _("job"), "operation": _("operation"), "machine": _("machine"), "from": _("start"), "to": _("end"),
        "set_up": _("set-up before"), "fixed": _("pinned"), "late": _("order late by"), "waits": _("waits for"),
        "was": _("in the plan in force"),
    }  # fmt: skip


def _fits(view: View, field: str) -> str:
    """Whether what needs so much of the whole time fits into its bar in the part that is shown."""
    total = view.at(view.until) - view.at(view.since)
    shown = f"(isValid(zoom) && isValid(zoom.start) ? zoom.start[1] - zoom.start[0] : {total})"
    return f"datum.{field} * {shown} <= {total}"


def _names(view: View, name: str, time: Any, rows: Any) -> Any:
    """The order's name in its bar wherever it fits."""
    import altair as alt

    base = alt.Chart(rows_of(name)).transform_filter(_fits(view, "need"))
    return (
        base.transform_calculate(middle="(+datum.start + +datum.end) / 2", centre="(datum.y + datum.y2) / 2")
        .mark_text(fontSize=min(11, view.row - 3), color=INK, clip=True, baseline="middle")
        .encode(x=along(time, "middle"), y=along(rows, "centre"), text="text:N")
    )


def _locks(view: View, name: str, time: Any, rows: Any) -> Any:
    import altair as alt

    size = min(60, view.row * 3)
    return (
        alt.Chart(rows_of(name))
        .transform_filter(f"datum.pinned && {_fits(view, 'room')}")
        .mark_point(shape=LOCK, size=size, fill=INK, strokeWidth=0, opacity=1, clip=True, xOffset=6)
        .encode(x=time, y=along(rows, "lock"))
    )


def along(axis: Any, field: str) -> Any:
    """The same axis for another field."""
    copy = axis.copy()
    copy.shorthand = f"{field}:{axis.shorthand[-1]}"
    return copy


def _limits(view: View, response: Response, best: int | None, time: Any) -> list[Any]:
    """The end of the plan with its number, the best one known, and now."""
    import altair as alt

    end = max(placed.end for placed in response.operations)
    label = f"{end:,}" if view.request.begins is None else clock(view.request, end)
    limits = [_rule(view, time, end, label, color=ACCENT, strokeWidth=2)]
    if best is not None and best != end:
        limits.append(_rule(view, time, best, "", color=INK, strokeDash=[4, 3]))
    if view.since < view.request.now < view.until:
        limits.append(_rule(view, time, view.request.now, _("now"), color=LATE_INK, strokeWidth=1.2))
    return [alt.layer(*pair) for pair in limits]


def _rule(view: View, time: Any, minute: int, label: str, **look: Any) -> list[Any]:
    import altair as alt

    base = alt.Chart(alt.Data(values=[{"start": view.at(minute), "text": label}])).encode(x=time)
    text = base.mark_text(color=look["color"], align="left", baseline="bottom", dx=3, dy=-1, fontSize=11, clip=False)
    return [base.mark_rule(clip=True, **look), text.encode(y=alt.value(0), text="text:N")]


# ---- rows ---------------------------------------------------------------------------------------------------------------


def datasets(view: View, name: str, response: Response) -> dict[str, list[dict[str, Any]]]:
    """The rows that `gantt` draws, by the name of their dataset."""
    row = {machine: number for number, machine in enumerate(view.machines)}
    plan = {machine: tasks for machine, tasks in lines(view.request, response).items() if machine in row}
    reasons, in_force = _reasons(view.request, response), _in_force(view.request, response)
    shade = {job.name: (EVEN, ODD)[number % 2] for number, job in enumerate(view.request.jobs)}
    work, boxes = [], []
    strokes: list[dict[str, float]] = []
    for machine, tasks in plan.items():
        for line in tasks:
            placed, y = line.placed, row[machine]
            work.append(_bar(view, line, y, shade[placed.job]) | _marks(line, reasons, in_force))
            if line.set_up:
                left, right = view.at(placed.start - line.set_up), view.at(placed.start)
                wide = WIDTH / (view.at(view.until) - view.at(view.since))
                boxes.append({"start": left, "end": right, "y": y + 0.12, "y2": y + 0.88})
                strokes += hatched(left, right, y + 0.12, y + 0.88, wide=wide, high=view.row)
    closed = list(_closed(view, row))
    work.sort(key=lambda bar: bar["moved"])  # an outline lies above the lines of its neighbours
    return {name: work, f"{name}-set-ups": boxes, f"{name}-hatch": strokes, f"{name}-closed": closed}


def _bar(view: View, line: Line, y: int, shade: str) -> dict[str, Any]:
    """An operation's place, colour and name; the name needs `need` bars, a lock `room`."""
    placed = line.placed
    text = f"{placed.job}!" if line.late else placed.job
    size = min(11, view.row - 3) / 10
    letters = size * sum(10.5 if ord(letter) > 0x1100 else 6.2 for letter in text)
    wide = letters + (22 if line.pinned else 4)  # a lock needs room on both sides, as the name stays in the middle
    pixels = max(1e-9, (placed.end - placed.start) * view.scale)
    return {
        "start": view.at(placed.start),
        "end": view.at(placed.end),
        "y": y + 0.08,
        "y2": y + 0.92,
        "lock": y + 0.5,
        "text": text,
        "need": wide / pixels,
        "room": 10 / pixels,
        "colour": LATE if line.late else shade,
        "pinned": line.pinned,
        "from": clock(view.request, placed.start),
        "to": clock(view.request, placed.end),
        **placed.model_dump(include={"job", "operation", "machine"}),
    }


def _marks(line: Line, reasons: Mapping[Any, str], in_force: Mapping[Any, str]) -> dict[str, Any]:
    """What a pointer is told of an operation besides its place."""
    key = (line.placed.job, line.placed.operation)
    return {
        "set_up": span(line.set_up) if line.set_up else "–",
        "fixed": _("yes") if line.pinned else "–",
        "late": span(line.late) if line.late else "–",
        "waits": reasons[key],
        "was": in_force.get(key, "–"),
        "moved": key in in_force,
    }


def _reasons(request: Request, response: Response) -> dict[tuple[str, int], str]:
    """What each operation waited for, in words."""
    shop = shop_of(request)
    place = {job.name: int(shop.first[j]) for j, job in enumerate(request.jobs)}
    operations = sorted(response.operations, key=lambda placed: place[placed.job] + placed.operation)
    waited = waits(shop, plan_of(shop, request, operations))
    return {
        (placed.job, placed.operation): reason(
            request, placed, wait.reason, operations[wait.before] if wait.before >= 0 else None
        )
        for placed, wait in zip(operations, waited, strict=True)
    }


def _in_force(request: Request, response: Response) -> dict[tuple[str, int], str]:
    return {
        (new.job, new.operation): f"{old.machine}, {clock(request, old.start)}"
        for old, new in moved(request, response.operations)
    }


def _closed(view: View, row: Mapping[str, int]) -> Iterator[dict[str, Any]]:
    for machine, y in row.items():
        for start, end in merged(
            [(closing.start, closing.end) for closing in view.request.closed if closing.machine == machine]
        ):
            if start < view.until and end > view.since:
                yield {
                    "start": view.at(max(start, view.since)),
                    "end": view.at(min(end, view.until)),
                    "y": y,
                    "y2": y + 1,
                }
