"""Pictures: one run as a fan with what came; the skill of every method month by month."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from .forms import HOUR, LEVELS, Request, Response, _

PRACTICE, MODEL = "power_curve", "quantile_networks"
INK, SOFT, LINE, PAPER, ACCENT = "#1c2321", "#5c6663", "#d9dedb", "#fbfbf9", "#22577a"
BANDS = ((0.05, 0.95, 0.12), (0.1, 0.9, 0.2), (0.25, 0.75, 0.32))  # levels, and how dark


def _named(method: str) -> str:
    """A method's short name on a chart; a stranger's own."""
    names = {
        PRACTICE: _("power curve (today)"),
        MODEL: _("quantile networks"),
        "climatology": _("climatology"),
        "lightgbm_quantiles": _("LightGBM"),
    }
    return names.get(method, method.replace("_", " "))


def figure(request: Request, answers: Mapping[str, Response], truth: Any, _trace: Any) -> Any:
    """The proposal's bands over the hours, today's median as a dashed line, what came as dots."""
    import altair as alt

    shown = MODEL if MODEL in answers else next(iter(answers), "")
    ahead = [(hour - request.issued) / HOUR + 1 for hour in request.time]
    layers: list[Any] = []
    captions: list[str] = []
    if shown:
        layers += [*_bands(ahead, answers[shown], request.capacity), _line(ahead, answers[shown], ACCENT, [1, 0])]
        captions.append(_("{method}: median and the middle 50, 80 and 90 %", method=_named(shown)))
    if PRACTICE in answers and shown != PRACTICE:
        layers.append(_line(ahead, answers[PRACTICE], SOFT, [5, 4]))
        captions.append(_("dashed: {method}", method=_named(PRACTICE)))
    if truth:
        measured = [
            {"ahead": hour, "power": power}
            for hour, power in zip(ahead, truth["power"], strict=True)
            if power is not None
        ]
        dots = alt.Chart(alt.Data(values=measured)).mark_circle(color=INK, size=46, opacity=1)
        layers.append(dots.encode(x="ahead:Q", y="power:Q"))
        captions.append(_("dots: what came"))
    axis = alt.Axis(grid=False, tickMinStep=1)
    start = alt.Chart(
        alt.Data(values=[{"ahead": ahead[0], "power": 0}, {"ahead": ahead[-1], "power": request.capacity}])
    ).mark_point(opacity=0)  # the axes, whatever is answered
    frame = start.encode(
        x=alt.X("ahead:Q", title=_("hours after {issued}", issued=f"{request.issued:%Y-%m-%d %H:%M}"), axis=axis,
                scale=alt.Scale(domain=[ahead[0], ahead[-1] + 1e-9], nice=False)),
        y=alt.Y("power:Q", title=_("power [{unit}]", unit="kW")),
    )  # fmt: skip
    title = alt.Title(request.farm or _("a wind farm"), subtitle=" · ".join(captions), subtitleColor=SOFT)
    return _finished(alt.layer(frame, *layers).properties(width=620, height=260, title=title))


def _bands(ahead: list[float], answer: Response, capacity: float) -> list[Any]:
    """The middle 90, 80 and 50 % as areas, the narrower the darker."""
    import altair as alt

    areas = []
    for low, high, dark in BANDS:
        rows = [
            {"ahead": hour, "power": levels[LEVELS.index(low)], "high": levels[LEVELS.index(high)]}
            for hour, levels in zip(ahead, answer.power, strict=True)
        ]
        area = alt.Chart(alt.Data(values=rows)).mark_area(color=ACCENT, opacity=dark)
        areas.append(area.encode(x="ahead:Q", y=alt.Y("power:Q", scale=alt.Scale(domain=[0, capacity])), y2="high:Q"))
    return areas


def _line(ahead: list[float], answer: Response, colour: str, dash: list[int]) -> Any:
    """The median."""
    import altair as alt

    middle = LEVELS.index(0.5)
    rows = [{"ahead": hour, "power": levels[middle]} for hour, levels in zip(ahead, answer.power, strict=True)]
    line = alt.Chart(alt.Data(values=rows)).mark_line(color=colour, strokeDash=dash, strokeWidth=2)
    return line.encode(x="ahead:Q", y="power:Q")


def figures(rows: pl.DataFrame, _rounds: object) -> dict[str, Any]:
    """Charts of a whole trial; `rows` is the frame of cases: site, round, method and the sums."""
    answered = rows.filter(pl.col("pinball").is_not_null())
    months = _monthly(answered)
    return {
        _("Skill by month, 1 - pinball loss / climatology's"): _skill(months),
        _("Share of the hours inside the 80 % band, by month"): _coverage(months),
    }


def _monthly(rows: pl.DataFrame) -> pl.DataFrame:
    """Skill and coverage of each site, month and method, seeds together."""
    summed = rows.group_by("site", "round", "method", maintain_order=True).agg(
        pl.col("pinball", "climatology", "covered", "hours").sum()
    )
    return summed.with_columns(
        skill=1 - pl.col("pinball") / pl.col("climatology"), coverage=100 * pl.col("covered") / pl.col("hours")
    )


def _skill(months: pl.DataFrame) -> Any:
    import altair as alt

    panels = []
    for site in months["site"].unique(maintain_order=True):
        part = months.filter((pl.col("site") == site) & (pl.col("method") != "climatology"))
        means = part.group_by("method", maintain_order=True).agg(pl.col("skill").mean())
        names = {name: f"{_named(name)} {mean:.3f}" for name, mean in means.iter_rows()}
        panels.append(_by_month(part, "skill", names, _("skill"), site))
    return _finished(alt.vconcat(*panels))


def _coverage(months: pl.DataFrame) -> Any:
    import altair as alt

    panels = []
    for site in months["site"].unique(maintain_order=True):
        part = months.filter((pl.col("site") == site) & pl.col("method").is_in([PRACTICE, MODEL, "lightgbm_quantiles"]))
        names = {name: _named(name) for name in part["method"].unique(maintain_order=True)}
        chart = _by_month(part, "coverage", names, _("inside [%]"), site)
        limit = (
            alt.Chart(alt.Data(values=[{"at": 76}, {"at": 84}]))
            .mark_rule(color=SOFT, strokeDash=[4, 4])
            .encode(y="at:Q")
        )
        panels.append(chart + limit)
    return _finished(alt.vconcat(*panels))


def _by_month(part: pl.DataFrame, value: str, names: dict[str, str], title: str, site: str) -> Any:
    """One line a method, named at its right end by its mean over the months."""
    import altair as alt

    colours = {PRACTICE: SOFT, MODEL: ACCENT, "climatology": LINE}
    others = iter(("#b5651d", "#6a4c93", "#0b6e4f", "#a63d2f"))
    paint = {name: colours.get(name) or next(others, INK) for name in names}
    rows = part.select("round", "method", pl.col(value).round(5)).with_columns(
        pl.col("method").replace(names).alias("name")
    )
    colour = alt.Color(
        "name:N", scale=alt.Scale(domain=list(names.values()), range=list(paint.values())), title=None,
        legend=alt.Legend(orient="right", symbolType="stroke", labelLimit=320),
    )  # fmt: skip
    base = alt.Chart(alt.Data(values=rows.to_dicts())).encode(
        x=alt.X("round:O", title=None, axis=alt.Axis(labelAngle=0, grid=False)),
        y=alt.Y(f"{value}:Q", title=title, scale=alt.Scale(zero=False)), color=colour,
    )  # fmt: skip
    lines = base.mark_line(strokeWidth=2) + base.mark_circle(size=44, opacity=1)
    return lines.properties(width=620, height=220, title=alt.Title(_(site) if site else ""))


def _finished(chart: Any) -> Any:
    from dure.report.charts import finished

    return finished(chart)
