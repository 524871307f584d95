"""Pictures: two days of a roof as a fan with today's practice and what came; a trial month by month, and its calibration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import polars as pl

from .forms import LEVELS, MEDIAN, _

if TYPE_CHECKING:
    import altair as alt

    from .forms import Request, Response

PRACTICE, MODEL = "yesterday", "clear_sky_memory"
INK, SOFT, LINE, ACCENT, OTHER, MORE = "#1c2321", "#8a6d1d", "#d9dedb", "#22577a", "#7a827e", "#a9b0ac"
BANDS = ((0, 18, 0.15), (1, 17, 0.22), (4, 14, 0.3))  # lowest and highest level of a band, and how dark it is


def _named(method: str) -> str:
    """A method's short name on a chart; a stranger's own."""
    names = {
        PRACTICE: _("yesterday's curve"), MODEL: _("our proposal"), "week_mean": _("mean of a week"),
        "plain_lightgbm": _("LightGBM on lags"),
    }  # fmt: skip
    return names.get(method, method.replace("_", " "))


def _colours(methods: list[str]) -> alt.Scale:
    import altair as alt

    known = {PRACTICE: SOFT, MODEL: ACCENT, "week_mean": OTHER, "plain_lightgbm": MORE}
    return alt.Scale(
        domain=[_named(method) for method in methods], range=[known.get(method, INK) for method in methods]
    )


def _finished(chart: Any) -> Any:
    """Quiet paper: no frame, soft axes."""
    axis = {"labelColor": INK, "titleColor": INK, "gridColor": LINE, "domainColor": LINE, "tickColor": LINE,
            "titleFontWeight": "normal", "labelFontSize": 11, "titleFontSize": 12}  # fmt: skip
    chart = chart.configure(font="Noto Sans KR, Noto Sans CJK KR, sans-serif").configure_view(stroke=None)
    chart = chart.configure_axis(**axis).configure_legend(labelColor=INK, titleColor=INK, labelFontSize=12)
    return chart.configure_title(anchor="start", fontWeight="normal", color=INK, fontSize=14, subtitleColor=INK)


def figure(
    request: Request, answers: Mapping[str, Response], truth: Mapping[str, Any] | None, trace: object = None
) -> Any:  # fmt: skip
    """The hours asked: our bands of 90, 80 and 50 %, the median, today's practice as a line, and what came where it is known."""
    import altair as alt

    del trace
    scale, unit = (request.capacity_kw, "kW") if request.capacity_kw else (1.0, "kW/kW")
    begin = request.first.replace(tzinfo=None)
    times = [(begin + timedelta(hours=hour, minutes=30)).isoformat() for hour in range(request.hours)]
    main = MODEL if MODEL in answers else next(iter(answers))
    x = alt.X("time:T", title=None, axis=alt.Axis(format="%m-%d %H", tickCount=8, grid=False, labelAngle=0))
    y = alt.Y("low:Q", title=_("power [{unit}]", unit=unit), scale=alt.Scale(domainMin=0))
    rows = answers[main].power
    curves = {_("{method}, median", method=_named(main)): ([scale * row[MEDIAN] for row in rows], ACCENT, [1, 0])}
    if PRACTICE in answers and main != PRACTICE:
        curves[_named(PRACTICE)] = ([scale * row[MEDIAN] for row in answers[PRACTICE].power], SOFT, [5, 3])
    if truth is not None:
        curves[_("what came")] = ([scale * value for value in truth["power"]], INK, [1, 0])
    layers = [*_bands(times, scale, rows, x, y), _lines(times, curves, x, y)]
    title = alt.Title(
        _("{hours} hours from {first}", hours=request.hours, first=f"{begin:%Y-%m-%d %H:%M}"),
        subtitle=_("bands: 50, 80 and 90 % of {method}", method=_named(main)),
    )
    return _finished(alt.layer(*layers).properties(width=560, height=260, title=title))


def _bands(times: list[str], scale: float, rows: Sequence[Sequence[float]], x: alt.X, y: alt.Y) -> list[Any]:
    """The middle 90, 80 and 50 % as areas, the narrower the darker."""
    import altair as alt

    areas = []
    for low, high, shade in BANDS:
        band = pl.DataFrame(
            {"time": times, "low": [scale * row[low] for row in rows], "high": [scale * row[high] for row in rows]}
        )
        areas.append(
            alt.Chart(band).mark_area(color=ACCENT, opacity=shade, interpolate="monotone").encode(x=x, y=y, y2="high:Q")
        )
    return areas


def _lines(times: list[str], curves: Mapping[str, tuple[list[float], str, list[int]]], x: alt.X, y: alt.Y) -> Any:
    """Curves by name, each with its colour and dash."""
    import altair as alt

    long = pl.DataFrame(
        [
            {"time": at, "low": value, "name": name}
            for name, (values, _colour, _dash) in curves.items()
            for at, value in zip(times, values, strict=True)
        ]
    )
    domain = list(curves)
    colour = alt.Color("name:N", title=None, legend=alt.Legend(orient="top", labelLimit=300, symbolType="stroke"),
                       scale=alt.Scale(domain=domain, range=[colour for _values, colour, _dash in curves.values()]))  # fmt: skip
    dash = alt.StrokeDash(
        "name:N", title=None, scale=alt.Scale(domain=domain, range=[dash for _values, _colour, dash in curves.values()])
    )
    return (
        alt.Chart(long).mark_line(strokeWidth=2, interpolate="monotone").encode(x=x, y=y, color=colour, strokeDash=dash)
    )


def figures(rows: pl.DataFrame, _rounds: object) -> dict[str, Any]:
    """Charts of a whole trial: pinball loss month by month, and how often the truth lay below each level.

    `rows` is the frame of cases: round, method and the sums of the score.
    """
    answered = rows.filter(pl.col("hours").is_not_null())
    return {
        _("Mean pinball loss in daylight, month by month"): _monthly(answered),
        _("Calibration: how often did the truth lie below a level?"): _calibration(answered),
    }


def _monthly(rows: pl.DataFrame) -> Any:
    import altair as alt

    methods = rows["method"].unique(maintain_order=True).to_list()
    sums = rows.group_by("round", "method", maintain_order=True).agg(
        loss=pl.col("pinball").sum() / pl.col("hours").sum()
    )
    named = sums.with_columns(name=pl.Series([_named(method) for method in sums["method"]], dtype=pl.String))
    base = alt.Chart(named).encode(
        x=alt.X("round:O", title=_("month (nominal year)"), axis=alt.Axis(labelAngle=0)),
        y=alt.Y("loss:Q", title=_("pinball loss [% of installed power]"), scale=alt.Scale(domainMin=0)),
        color=alt.Color("name:N", title=None, scale=_colours(methods), legend=alt.Legend(orient="top")),
    )
    lines = base.mark_line(strokeWidth=2) + base.mark_circle(size=60, opacity=1)
    return _finished(lines.properties(width=alt.Step(56), height=240))


def _calibration(rows: pl.DataFrame) -> Any:
    import altair as alt

    methods = rows["method"].unique(maintain_order=True).to_list()
    shown = [round(100 * level) for level in LEVELS[1::2]]
    sums = rows.group_by("method", maintain_order=True).agg(
        pl.col("hours").sum(), *(pl.col(f"below_{level:02d}").sum() for level in shown)
    )
    points = [
        {"name": _named(row["method"]), "level": level, "seen": 100 * row[f"below_{level:02d}"] / row["hours"]}
        for row in sums.to_dicts() for level in shown
    ]  # fmt: skip
    share = alt.Scale(domain=[0, 100])
    x = alt.X("level:Q", scale=share, title=_("level of the quantile [%]"))
    y = alt.Y("seen:Q", scale=share, title=_("truths below it [%]"))
    ideal = (
        alt.Chart(pl.DataFrame({"level": [0, 100], "seen": [0, 100]}))
        .mark_line(color=LINE, strokeDash=[4, 4])
        .encode(x=x, y=y)
    )
    curve = alt.Chart(pl.DataFrame(points)).encode(
        x=x, y=y, color=alt.Color("name:N", title=None, scale=_colours(methods), legend=alt.Legend(orient="right"))
    )
    return _finished(
        (ideal + curve.mark_line(strokeWidth=2) + curve.mark_circle(size=50, opacity=1)).properties(
            width=320, height=320
        )
    )
