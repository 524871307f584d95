"""Pictures: one patient's risk by method; calibration and discrimination hospital by hospital."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from .forms import Request, Response, _

if TYPE_CHECKING:
    import altair as alt

PRACTICE, MODEL = "pretest_probability", "exercise_test"
INK, SOFT, LINE, ACCENT = "#1c2321", "#7a827e", "#d9dedb", "#22577a"
GROUPS = 5  # calibration: patients by fifths of their risk


def _label(method: str) -> str:
    """A method's short name on a chart; a stranger's own."""
    names = {
        PRACTICE: _("today's practice"),
        MODEL: _("our proposal"),
        "gradient_boosting": _("boosting"),
        "all_columns": _("all columns"),
    }
    return names.get(method, method.replace("_", " "))


def _colour(methods: list[str]) -> alt.Color:
    import altair as alt

    colours = {PRACTICE: SOFT, MODEL: ACCENT}
    return alt.Color(
        "name:N",
        legend=None,
        scale=alt.Scale(
            domain=[_label(method) for method in methods], range=[colours.get(method, INK) for method in methods]
        ),
    )


def _finished(chart: Any) -> Any:
    """Quiet paper: no frame, soft axes."""
    axis = {
        "labelColor": INK,
        "titleColor": INK,
        "gridColor": LINE,
        "domainColor": LINE,
        "tickColor": LINE,
        "titleFontWeight": "normal",
    }
    chart = chart.configure(font="Noto Sans KR, Noto Sans CJK KR, sans-serif")
    return (
        chart.configure_view(stroke=None)
        .configure_axis(**axis)
        .configure_title(anchor="start", fontWeight="normal", color=INK)
    )


def figure(
    request: Request,
    answers: Mapping[str, Response],
    truth: bool | None,  # noqa: FBT001 - the order in which every project's figure is called
    trace: object = None,
) -> Any:
    """The risk each method gives one patient, as dots on the line from 0 to 100 %, with what the angiogram showed."""
    import altair as alt

    del trace
    rows = pl.DataFrame(
        [
            {"name": _label(method), "risk": 100 * answer.risk, "text": f"{100 * answer.risk:.0f} %"}
            for method, answer in answers.items()
        ]
    )
    line = alt.X(
        "risk:Q",
        title=_("risk of a narrowing above 50 % [%]"),
        scale=alt.Scale(domain=[0, 100]),
        axis=alt.Axis(values=[0, 25, 50, 75, 100]),
    )
    base = alt.Chart(rows).encode(
        x=line,
        y=alt.Y("name:N", title=None, sort=None, axis=alt.Axis(grid=True, ticks=False)),
        color=_colour(list(answers)),
    )
    layers = [base.mark_circle(size=140, opacity=1, clip=False), base.mark_text(dy=-13).encode(text="text:N")]
    if truth is not None:
        layers.insert(
            0, alt.Chart(pl.DataFrame({"risk": [100.0 * truth]})).mark_rule(color=INK, strokeWidth=2).encode(x=line)
        )
    outcome = {
        True: _("the angiogram showed a narrowing"),
        False: _("the angiogram showed none"),
        None: _("the angiogram is not known"),
    }[truth]
    sexes, pains = {"female": _("woman"), "male": _("man")}, {
        "typical angina": _("typical angina"), "atypical angina": _("atypical angina"),
        "non-anginal": _("non-anginal chest pain"), "asymptomatic": _("no chest pain"),
    }  # fmt: skip
    patient = _("{sex} of {age}, {pain}", sex=sexes[request.sex], age=request.age, pain=pains[request.chest_pain])
    chart = alt.layer(*layers).properties(
        width=420, height=alt.Step(38), title=alt.Title(patient, subtitle=outcome, subtitleColor=INK)
    )
    return _finished(chart)


def figures(rows: pl.DataFrame, _rounds: object) -> dict[str, Any]:
    """Charts of a whole trial: calibration of practice and model in each hospital, discrimination of every method.

    `rows` is the frame of cases: site, method, cause, risk, narrowed.
    """
    answers = rows.filter(pl.col("risk").is_not_null())
    charts = {
        _("Calibration: of the patients given this risk, how many had a narrowing?"): _calibration(answers),
        _(
            "Discrimination: c-statistic with its 95 % interval (Hanley and McNeil 1982); a figure, not a verdict"
        ): _discrimination(answers),
    }
    return {title: chart for title, chart in charts.items() if chart is not None}


def _calibration(rows: pl.DataFrame) -> Any:
    import altair as alt

    methods = [method for method in (PRACTICE, MODEL) if method in rows["method"]] or rows["method"].unique(
        maintain_order=True
    ).to_list()[:2]
    ideal = pl.DataFrame({"risk": [0, 100], "seen": [0, 100]})
    panels = []
    for site in rows["site"].unique(maintain_order=True):
        hospital = rows.filter(pl.col("site") == site)
        points, slopes = [], []
        for method in methods:
            risk, narrowed = _columns(hospital, method)
            points += [{"name": _label(method), **point} for point in _fifths(risk, narrowed)]
            slopes.append(f"{_label(method)} {_slope(risk, narrowed):.2f}")
        share = alt.Scale(domain=[0, 100])
        x = alt.X("risk:Q", scale=share, title=_("risk given [%]"))
        y = alt.Y("seen:Q", scale=share, title=_("narrowed [%]"))
        curve = alt.Chart(pl.DataFrame(points)).encode(x=x, y=y, color=_colour(methods))
        ends = curve.transform_filter("datum.last").encode(text="name:N")
        above = ends.transform_filter(alt.datum.name == _label(methods[-1])).mark_text(dy=-12)
        below = ends.transform_filter(alt.datum.name != _label(methods[-1])).mark_text(dy=14)
        diagonal = alt.Chart(ideal).mark_line(color=LINE, strokeDash=[4, 4]).encode(x=x, y=y)
        title = alt.Title(
            _("{site}, {patients} patients", site=_(site), patients=risk.size),
            subtitle=_("slope: ") + ", ".join(slopes),
            subtitleColor=INK,
        )
        layers = alt.layer(
            diagonal, curve.mark_line(strokeWidth=2), curve.mark_circle(size=60, opacity=1), above, below
        )
        panels.append(layers.properties(width=240, height=240, title=title))
    return _finished(alt.concat(*panels, columns=2, spacing=28)) if panels else None


def _columns(rows: pl.DataFrame, method: str) -> tuple[np.ndarray, np.ndarray]:
    answers = rows.filter(pl.col("method") == method)
    return answers["risk"].to_numpy(), answers["narrowed"].to_numpy()


def _fifths(risk: np.ndarray, narrowed: np.ndarray) -> list[dict[str, Any]]:
    """Mean risk and share of narrowings, in percent, in fifths of the patients by risk."""
    groups = [group for group in np.array_split(np.argsort(risk, kind="stable"), GROUPS) if group.size]
    return [
        {
            "risk": 100 * float(risk[group].mean()),
            "seen": 100 * float(narrowed[group].mean()),
            "last": group is groups[-1],
        }
        for group in groups
    ]


def _slope(risk: np.ndarray, narrowed: np.ndarray) -> float:
    """Calibration slope (Cox 1958): 1 is right, below 1 the risks are too far apart, above 1 too close together."""
    from .methods import logistic

    edge = np.clip(risk, 1e-6, 1 - 1e-6)
    fit = logistic(np.log(edge / (1 - edge))[:, None], narrowed, penalty=0.0)
    return float(fit["weights"][0] / fit["scale"][0])


def c_statistic(risk: np.ndarray, narrowed: np.ndarray) -> tuple[float, float]:
    """Chance that a narrowed patient has the higher risk of a pair, and its standard error (Hanley and McNeil 1982).

    Not a number where one of the two groups is empty.
    """
    sick, well = risk[narrowed > 0.5], risk[narrowed < 0.5]
    if not sick.size or not well.size:
        return math.nan, math.nan
    c = float(np.mean((sick[:, None] > well) + 0.5 * (sick[:, None] == well)))
    spread = (sick.size - 1) * (c / (2 - c) - c**2) + (well.size - 1) * (2 * c**2 / (1 + c) - c**2)
    return c, math.sqrt((c * (1 - c) + spread) / (sick.size * well.size))


def _discrimination(rows: pl.DataFrame) -> Any:
    import altair as alt

    methods = rows["method"].unique(maintain_order=True).to_list()
    scale, panels = alt.Scale(domain=[0.4, 1]), []
    for site in rows["site"].unique(maintain_order=True):
        intervals = []
        for method in methods:
            c, error = c_statistic(*_columns(rows.filter(pl.col("site") == site), method))
            if not math.isnan(c):
                low, high = max(0.4, c - 1.96 * error), min(1.0, c + 1.96 * error)
                intervals.append({"name": _label(method), "c": c, "low": low, "high": high, "text": f"{c:.2f}"})
        if not intervals:  # everybody, or nobody, is narrowed: there is no pair to compare
            continue
        base = alt.Chart(pl.DataFrame(intervals)).encode(
            y=alt.Y("name:N", title=None, sort=None), color=_colour(methods)
        )
        bars = base.mark_rule(strokeWidth=2).encode(
            x=alt.X("low:Q", scale=scale, title=_("c-statistic (0.5: a coin)")), x2="high:Q"
        )
        dots = base.mark_circle(size=90, opacity=1).encode(x="c:Q")
        texts = base.mark_text(dy=-11).encode(x="c:Q", text="text:N")
        panels.append((bars + dots + texts).properties(width=240, height=alt.Step(32), title=_(site)))
    return _finished(alt.concat(*panels, columns=2, spacing=28)) if panels else None
