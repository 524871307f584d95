"""Pictures: a day's plan by source with charge and price; a trial's bills; what another battery would save."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from dure.report.charts import ACCENT, INK, SOFT, finished

from .forms import Request, Response, _
from .truth import SIZES

if TYPE_CHECKING:
    from .truth import Truth

SUN, GRID, SOLD, BEST = "#d9a441", "#8a8f8c", "#c9cfcc", "#0b6e4f"
PRACTICE, MODEL = "self_consumption", "rolling_mpc"


def _label(method: str) -> str:
    names = {
        PRACTICE: _("self-consumption rule"),
        MODEL: _("our proposal"),
        "time_of_use_timer": _("timer"),
        "mpc_on_yesterday": _("same control, yesterday's curve"),
    }
    return names.get(method, method.replace("_", " "))


def figure(request: Request, answers: Mapping[str, Response], truth: Truth | None, trace: object = None) -> Any:
    """The plan of the next day, stacked: where the load is met from and where the sun goes, with charge and price below.

    Of several answers the first that carries a plan is drawn; rules have none.
    """
    del truth, trace
    planned = next(((name, answer) for name, answer in answers.items() if answer.plan), None)
    if planned is None:
        return _bounds(request, answers)
    import altair as alt

    name, answer = planned
    bars, (charge, price) = _energy_bars(request, answer), _charge_and_price(request, answer)
    title = alt.Title(
        _("{method}: plan from {time}", method=_label(name), time=request.time.strftime("%m-%d %H:%M")), offset=10
    )
    stacked = alt.vconcat(
        bars.properties(width=520, height=210),
        charge.properties(width=520, height=90),
        price.properties(width=520, height=90),
        spacing=14,
    )
    return finished(stacked.properties(title=title))


def _clock(request: Request, hour: int) -> str:
    return (request.time + timedelta(hours=hour)).strftime("%H")


def _hour_axis() -> Any:
    import altair as alt

    return alt.X("time:O", title=_("hour"), sort=None, axis=alt.Axis(labelAngle=0, labelOverlap=True, grid=False))


def _energy_bars(request: Request, answer: Response) -> Any:
    """Bars of each planned hour: what the load is met from above the line, where the rest of the sun goes below it."""
    import altair as alt

    rows: list[dict[str, Any]] = []
    for hour, step in enumerate(answer.plan):
        time = _clock(request, hour)
        out, into = max(step.battery, 0.0), max(-step.battery, 0.0)
        grid = step.load - step.sun - step.battery
        parts = {_("sun, used at once"): min(step.sun, step.load), _("battery"): out, _("grid"): max(grid, 0.0),
                 _("into the battery"): -into, _("sold"): min(grid, 0.0)}  # fmt: skip
        rows += [
            {"time": time, "part": part, "energy": value, "order": n} for n, (part, value) in enumerate(parts.items())
        ]
    names = list(dict.fromkeys(str(row["part"]) for row in rows))
    colours = alt.Scale(domain=names, range=[SUN, ACCENT, GRID, "#7fb0c9", SOLD])
    return alt.Chart(pl.DataFrame(rows)).mark_bar().encode(
        x=_hour_axis(), y=alt.Y("energy:Q", title=_("energy [kWh]"), stack="zero"),
        color=alt.Color("part:N", scale=colours, title=None, legend=alt.Legend(orient="top", columns=3, labelLimit=200)),
        order="order:Q",
    )  # fmt: skip


def _charge_and_price(request: Request, answer: Response) -> tuple[Any, Any]:
    """Lines over the planned hours: the battery's charge, and the price of energy from the grid."""
    import altair as alt

    lines = [
        {
            "time": _clock(request, hour),
            "charge": 100 * step.charge / request.capacity,
            "price": request.buy[hour],
            "load": step.load,
        }
        for hour, step in enumerate(answer.plan)
    ]
    base, x = alt.Chart(pl.DataFrame(lines)), _hour_axis()
    charge = base.mark_line(color=ACCENT, strokeWidth=2).encode(
        x=x, y=alt.Y("charge:Q", title=_("charge [%]"), scale=alt.Scale(domain=[0, 100]))
    )
    price = base.mark_line(color=INK, interpolate="step-after").encode(
        x=x, y=alt.Y("price:Q", title=_("price [{unit}/kWh]", unit=_("won")))
    )
    return charge, price


def _bounds(request: Request, answers: Mapping[str, Response]) -> Any:
    """What each answer allows the inverter in this hour, where none has a plan."""
    import altair as alt

    words = {
        "cover": _("cover the house"),
        "store": _("store the sun"),
        "from_grid": _("charge from the grid"),
        "to_grid": _("sell"),
    }
    rows = [
        {"method": _label(name), "use": word, "power": getattr(answer, field)}
        for name, answer in answers.items()
        for field, word in words.items()
    ]
    chart = alt.Chart(pl.DataFrame(rows)).mark_bar(color=ACCENT, height=10).encode(
        x=alt.X("power:Q", title=_("up to [kW]"), scale=alt.Scale(domain=[0, request.power])),
        y=alt.Y("use:N", title=None, sort=list(words.values())),
        row=alt.Row("method:N", title=None, header=alt.Header(labelAngle=0, labelAlign="left", labelOrient="top")),
    )  # fmt: skip
    return finished(chart.properties(width=360, height=alt.Step(20)))


def figures(rows: pl.DataFrame, _rounds: object) -> dict[str, Any]:
    """Charts of a whole trial. `rows` is the frame of cases: site, method, cost, none, rule, best."""
    answers = rows.filter(pl.col("cost").is_not_null())
    if not answers.height:
        return {}
    return {
        _("Bill of a month: without a battery, by each method, and the least that was possible"): _bills(answers),
        _("Sizing: what a smaller or larger battery saves"): _sizing(answers),
        _(
            "Share of the gap between the self-consumption rule and perfect foresight that is closed, home by home"
        ): _shares(answers),
    }


def _bills(rows: pl.DataFrame) -> Any:
    import altair as alt

    methods = rows["method"].unique(maintain_order=True).to_list()
    one = rows.filter(pl.col("method") == methods[0])
    bars = [(_("no battery"), _mean(one["none"]), SOLD)]
    for method in methods:
        mean = _mean(rows.filter(pl.col("method") == method)["cost"])
        bars.append((_label(method), mean, ACCENT if method == MODEL else SOFT if method == PRACTICE else GRID))
    bars.append((_("perfect foresight"), _mean(one["best"]), BEST))
    frame = pl.DataFrame(
        [{"name": name, "cost": cost, "colour": colour, "text": f"{cost:,.0f}"} for name, cost, colour in bars]
    )
    base = alt.Chart(frame).encode(y=alt.Y("name:N", sort=None, title=None, axis=alt.Axis(labelLimit=260)))
    length = alt.X("cost:Q", title=_("mean bill of a month [{unit}]", unit=_("won")), axis=alt.Axis(tickCount=5))
    drawn = base.mark_bar(height=18).encode(x=length, color=alt.Color("colour:N", scale=None))
    texts = base.mark_text(align="left", dx=5, color=INK).encode(x=length, text="text:N")
    return finished((drawn + texts).properties(width=420, height=alt.Step(30)))


def _shares(rows: pl.DataFrame) -> Any:
    import altair as alt

    summed = rows.filter(pl.col("method") != PRACTICE).group_by("site", "method", maintain_order=True).agg(
        pl.col("cost").sum(), pl.col("rule").sum(), pl.col("best").sum()
    )  # fmt: skip
    spoken = {method: _label(method) for method in summed["method"].unique(maintain_order=True)}
    shares = summed.with_columns(
        share=100 * (pl.col("rule") - pl.col("cost")) / (pl.col("rule") - pl.col("best")),
        name=pl.col("method").replace_strict(spoken, return_dtype=pl.String),
    ).filter(pl.col("share").is_finite())
    names = shares["name"].unique(maintain_order=True).to_list()
    colours = alt.Scale(
        domain=names,
        range=[ACCENT if name == _label(MODEL) else [GRID, SUN, SOFT][n % 3] for n, name in enumerate(names)],
    )
    base = alt.Chart(shares.select("site", "name", "share"))
    dots = base.mark_circle(size=110, opacity=0.9).encode(
        x=alt.X("share:Q", title=_("share of the gap closed [%]")),
        y=alt.Y("site:N", title=None),
        color=alt.Color(
            "name:N", scale=colours, title=None, legend=alt.Legend(orient="top", labelLimit=260, columns=2)
        ),
    )
    zero = alt.Chart(pl.DataFrame({"at": [0, 100]})).mark_rule(color=SOFT, strokeDash=[4, 4]).encode(x="at:Q")
    return finished((zero + dots).properties(width=420, height=alt.Step(26)))


def _mean(column: pl.Series) -> float:
    return float(np.mean(column.to_numpy()))


def _sizing(rows: pl.DataFrame) -> Any:
    """What batteries of other sizes save a month against none, by the rule and at best; capacity and power grow together."""
    import altair as alt

    one = rows.filter(pl.col("method") == rows["method"][0])
    kinds = {"rule": _("self-consumption rule"), "best": _("perfect foresight")}
    saved = []
    for size in (*SIZES, 1.0):
        name = "" if size == 1 else f"_{size:g}".replace(".", "_")
        saved += [
            {"size": size, "name": label, "saved": _mean(one["none"] - one[f"{kind}{name}"])}
            for kind, label in kinds.items()
        ]
    colours = alt.Scale(domain=list(kinds.values()), range=[SOFT, BEST])
    chart = alt.Chart(pl.DataFrame(saved).sort("size")).mark_line(point=True, strokeWidth=2).encode(
        x=alt.X("size:Q", title=_("size of the battery [times its own]"), axis=alt.Axis(values=[0.5, 1, 2, 3])),
        y=alt.Y("saved:Q", title=_("saved a month [{unit}]", unit=_("won"))),
        color=alt.Color("name:N", title=None, sort=None, scale=colours, legend=alt.Legend(orient="top", labelLimit=260)),
    )  # fmt: skip
    model = rows.filter(pl.col("method") == MODEL)
    if model.height:
        at = [{"size": 1.0, "saved": _mean(model["none"] - model["cost"]), "text": _label(MODEL)}]
        dot = alt.Chart(pl.DataFrame(at)).encode(x="size:Q", y="saved:Q")
        name = dot.mark_text(align="left", dx=10, dy=12, color=ACCENT).encode(text="text:N")
        chart = chart + dot.mark_circle(size=120, color=ACCENT, opacity=1) + name
    return finished(chart.properties(width=420, height=240))
