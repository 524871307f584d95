"""Pictures: where each own speed crashes, the worst cases seen from above, one step played on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from dure import texts

from .cases import OWN, Driven
from .data import USUAL
from .drivers import RULES, Array, Rule, staged_rule
from .forms import STEP, Request, Response
from .grid import cut_ins
from .policy import anticipating_rule
from .world import Other, Scenario, World

if TYPE_CHECKING:
    import altair as alt

    from dure import Round

    from .cases import Truth

_ = texts(__file__)
INK, SOFT, LINE, PAPER, ACCENT, RED, GOLD = "#1c2321", "#7a827e", "#d9dedb", "#fbfbf9", "#22577a", "#a63d2f", "#d8b365"
PRACTICE, MODEL = "human_driver", "anticipation"
DRIVERS: dict[str, Rule] = RULES | {MODEL: anticipating_rule, "staged_braking": staged_rule(USUAL)}
COLOURS = {
    MODEL: ACCENT,
    PRACTICE: SOFT,
    "rss": "#b5651d",
    "fuzzy_safety": "#5b8c5a",
    "lane_intrusion": "#9a6fb0",
    "car_following": "#c9a227",
    "staged_braking": "#d96f8e",
}
FAR, NEAR, LONG = 10.0, 2.0, 12.0  # s of time to collision drawn; worst cases: s before the crash; s played on
WORST = 5


def _named(method: str) -> str:
    """A method's short name on a chart; a stranger's own."""
    names = {
        PRACTICE: _("human driver"), MODEL: _("our proposal"), "rss": "RSS", "fuzzy_safety": "FSM",
        "lane_intrusion": "5.2.5.2", "car_following": "IDM",
        "staged_braking": _("stages"),
    }  # fmt: skip
    return names.get(method, method.replace("_", " "))


def _finished(chart: Any) -> Any:
    """Quiet paper: no frame, soft axes."""
    lines = {"gridColor": LINE, "domainColor": LINE, "tickColor": LINE}
    axis = {"labelColor": INK, "titleColor": INK, "titleFontWeight": "normal", **lines}
    chart = chart.configure(font="Noto Sans KR, Noto Sans CJK KR, sans-serif", background=PAPER, padding=12)
    chart = chart.configure_view(stroke=None).configure_axis(**axis).configure_legend(labelFontSize=12, labelLimit=400)
    return chart.configure_title(anchor="start", fontWeight="normal", color=INK).configure_header(labelColor=INK)


# ---- the grid as a map ------------------------------------------------------------------------------------------------------


def figures(rows: pl.DataFrame, rounds: Sequence[Round]) -> dict[str, Any]:
    """Charts of a whole trial: the cut-in grid as a map for each own speed, and the worst cases seen from above.

    A person's own scenarios are drawn each, with every driver. `rows` is the frame of cases: seed, site, case, method, crash,
    impact, answer.
    """
    scenarios = {case.id: case.truth.scenario for trial_round in rounds for case in trial_round.cases}
    played = rows.filter(pl.col("crash").is_not_null() & (pl.col("seed") == pl.col("seed").min()))
    charts = {
        _("Cut-ins at 10 km/h, by own speed: who crashes?"): _map(played),
        _("The worst crashes left, seen from above: move the time"): _worst(played, scenarios),
    }
    own = played.filter(pl.col("site") == OWN)
    for name in own["case"].unique(maintain_order=True)[:WORST]:
        driven = own.filter(pl.col("case") == name)
        charts[_("{scenario}, with every driver: move the time", scenario=name)] = _own(driven, scenarios[name])
    return {title: chart for title, chart in charts.items() if chart is not None}


def _map(played: pl.DataFrame) -> Any:
    """Gap and lateral speed for each own speed, the other vehicle at 10 km/h (the slowest: the most crashes)."""
    import altair as alt

    crashes = played.filter(pl.col("crash") > 0)
    crashed = {name: set(crashes.filter(pl.col("method") == name)["case"]) for name in (PRACTICE, MODEL)}
    cases = set(played.filter(pl.col("method") == MODEL)["case"])
    words = [_("both avoid it"), _("avoided, the human driver crashes")]
    words += [_("the human driver crashes too"), _("crash, the human driver avoids it")]
    cells = [
        {"own": own, "x": gap, "w": gap + (1 if own <= 60 else 2), "y": lateral, "h": lateral + 0.1,
         "what": words[_state(name in crashed[MODEL], name in crashed[PRACTICE])]}
        for name, (own, other, gap, lateral) in cut_ins().items() if other == 10 and name in cases
    ]  # fmt: skip
    if not cells:
        return None
    frame, panels = pl.DataFrame(cells), []
    colour = alt.Color("what:N", title=None, scale=alt.Scale(domain=words, range=["#dfe7e2", "#8fb8d4", INK, RED]),
                       legend=alt.Legend(orient="top", columns=2, symbolType="square"))  # fmt: skip
    for own in frame["own"].unique(maintain_order=True).sort():
        part = frame.filter(pl.col("own") == own)
        base = alt.Chart(part).mark_rect().encode(
            x=alt.X("x:Q", title=_("gap [m]"), scale=alt.Scale(domain=[0, 60 if own <= 60 else 120])), x2="w:Q",
            y=alt.Y("y:Q", title=_("across [m/s]"), scale=alt.Scale(domain=[0, 1.8])), y2="h:Q", color=colour,
        )  # fmt: skip
        panels.append(base.properties(width=210, height=130, title=f"{own} km/h"))
    return _finished(alt.concat(*panels, columns=3, spacing=18))


def _state(ours: bool, human: bool) -> int:  # noqa: FBT001 - two answers, one table
    return {(False, False): 0, (False, True): 1, (True, True): 2, (True, False): 3}[ours, human]


# ---- cases played ------------------------------------------------------------------------------------------------------------


def trace(scenario: Scenario, rule: Rule, seconds: float = 60.0) -> pl.DataFrame:
    """A case step by step: time, own speed and acceleration, and of each vehicle gap, offset and time to collision."""
    world, memory, rows = World([scenario]), {}, []  # type: World, dict[str, Array], list[dict[str, Any]]
    while True:
        around = world.others()
        for slot, other in enumerate(scenario.others):
            gap, closing = float(around["gap"][slot, 0]), float(world.own_speed[0] - around["speed"][slot, 0])
            left = gap / closing if gap > 0 and closing > 0.1 else None
            rows.append({
                "time": round(world.now, 1), "slot": slot, "gap": gap, "rear": gap + other.length,
                "left": float(around["offset"][slot, 0]) - other.width / 2, "right": float(around["offset"][slot, 0]) + other.width / 2,
                "collision": left if left is not None and left <= FAR else None,
                "speed": 3.6 * float(world.own_speed[0]), "acceleration": float(world.own_acceleration[0]),
            })  # fmt: skip
        if world.done[0] or world.now > seconds:
            return pl.DataFrame(rows, infer_schema_length=None).with_columns(pl.col("collision").cast(pl.Float64))
        world.move(rule(world.seen(), memory))


def _worst(played: pl.DataFrame, scenarios: Mapping[str, Scenario]) -> Any:
    """The crashes of our proposal with the highest speed of impact, one for each own speed: from above, and the time to collision."""
    import altair as alt

    crashes = played.filter((pl.col("method") == MODEL) & (pl.col("crash") > 0)).sort(
        "impact", "case", descending=[True, False]
    )
    own_speed = pl.col("case").str.extract(r"^(?:cut-in|cut-out|braking) (\S+) \S+ \S+( \S+)?$")
    first = crashes.with_columns(pl.coalesce(own_speed, "case").alias("own")).unique("own", maintain_order=True)
    worst = [(name, impact, scenarios[name]) for name, impact in first.head(WORST).select("case", "impact").iter_rows()]
    if not worst:
        return None
    ways = [trace(scenario, anticipating_rule) for _name, _impact, scenario in worst]
    lasts = [float(way["time"].max()) for way in ways]  # type: ignore[arg-type]
    reach = min(NEAR, max(lasts))  # the worst crashes come soon
    now = alt.param(
        "now",
        value=-0.5,
        bind=alt.binding_range(min=-reach, max=0.0, step=STEP, name=_("seconds from the crash") + " "),
    )
    panels = []
    for (name, impact, scenario), way, last in zip(worst, ways, lasts, strict=True):
        late = way.with_columns((pl.col("time") - last).round(1).alias("after")).filter(pl.col("after") >= -reach)
        title = _("{case}: impact at {speed} km/h", case=_spoken(name), speed=f"{3.6 * impact:.0f}")
        panels.append(_from_above(late, scenario, "after", now).properties(title=title) & _collision(late, now, reach))
    return _finished(alt.vconcat(*panels, spacing=22).add_params(now))


def _spoken(name: str) -> str:
    """A grid's name in words."""
    kind, _space, rest = name.partition(" ")
    parts = rest.split()
    if kind == "cut-in" and len(parts) == 4:
        return _("own {own} km/h, the other {other} km/h, {gap} m ahead, {lateral} m/s across", own=parts[0], other=parts[1],
                 gap=parts[2], lateral=parts[3])  # fmt: skip
    if kind == "cut-out" and len(parts) == 4:
        return _("{own} km/h, the vehicle ahead leaves {room} s before a standing one", own=parts[0], room=parts[2])
    return name


def _from_above(way: pl.DataFrame, scenario: Scenario, clock: str, now: alt.Parameter) -> Any:
    """Bodies in the own car's frame: pale every half second, full at the chosen moment."""
    import altair as alt

    far = max(15.0, min(60.0, float(way["rear"].max()) + 2))  # type: ignore[arg-type]
    x = alt.X("gap:Q", title=_("ahead of the own car [m]"), scale=alt.Scale(domain=[-8, far], clamp=True))
    y = alt.Y(
        "left:Q", title=_("across [m]"), scale=alt.Scale(domain=[-2, 5]), axis=alt.Axis(values=[0, 3.5], format=".1f")
    )
    own = pl.DataFrame(
        [{"gap": -scenario.length, "rear": 0.0, "left": -scenario.width / 2, "right": scenario.width / 2}]
    )
    pale = way.filter(((pl.col(clock) * 10).round().cast(pl.Int64) % 5) == 0)
    bodies = {"x": x, "x2": "rear:Q", "y": y, "y2": "right:Q"}
    trail = alt.Chart(pale).mark_rect(color=GOLD, fillOpacity=0.1, stroke=GOLD, strokeOpacity=0.7).encode(**bodies)
    present = (
        alt.Chart(way)
        .transform_filter(f"abs(datum.{clock} - {now.name}) < 0.05")
        .mark_rect(color=GOLD)
        .encode(**bodies)
    )
    own_body = alt.Chart(own).mark_rect(color=ACCENT).encode(**bodies)
    marking = alt.Chart(pl.DataFrame([{"left": 1.75}])).mark_rule(color=SOFT, strokeDash=[10, 8]).encode(y=y)
    return alt.layer(marking, trail, present, own_body).properties(width=560, height=90)


def _collision(way: pl.DataFrame, now: alt.Parameter, reach: float) -> Any:
    """Time to collision of the nearest vehicle, and the braking, over the last seconds; a rule at the chosen moment."""
    import altair as alt

    x = alt.X("after:Q", title=_("seconds from the crash"), scale=alt.Scale(domain=[-reach, 0]))
    nearest = (
        way.filter(pl.col("collision").is_not_null()).group_by("after").agg(pl.col("collision").min()).sort("after")
    )
    left = alt.Chart(nearest).mark_line(color=INK).encode(x=x, y=alt.Y("collision:Q", title=_("time to collision [s]")))
    braking = alt.Chart(way.filter(pl.col("slot") == 0)).mark_line(color=ACCENT).encode(
        x=x, y=alt.Y("acceleration:Q", title=_("acceleration [m/s²]"), scale=alt.Scale(domain=[-8, 0]))
    )  # fmt: skip
    times = way.filter(pl.col("slot") == 0).select("after")
    moment = (
        alt.Chart(times).transform_filter(f"abs(datum.after - {now.name}) < 0.05").mark_rule(color=GOLD).encode(x=x)
    )
    panels = [(moment + curve).properties(width=250, height=70) for curve in (left, braking)]
    return alt.hconcat(*panels, spacing=20)


# ---- one request, played on ---------------------------------------------------------------------------------------------------


def played_on(request: Request) -> Scenario:
    """What the request shows, going on as it is: a vehicle that drifts comes in or leaves, one that brakes does so to a stop."""
    others = tuple(
        Other(vehicle.gap, vehicle.speed, offset=vehicle.offset, end=0.0 if vehicle.drift <= 0 else vehicle.offset + 3.5,
              lateral_speed=abs(vehicle.drift), braking=max(-vehicle.acceleration, 0.0), length=vehicle.length, width=vehicle.width)
        for vehicle in request.vehicles
    )  # fmt: skip
    return Scenario(request.own_speed, others, request.own_length, request.own_width)


def _held_answers(wanted: Sequence[float]) -> Rule:
    """A driver of whom some answers are known, a step each: the last is held."""

    def rule(seen: Mapping[str, Array], memory: dict[str, Array]) -> Array:
        step = memory.setdefault("step", np.zeros(1, dtype=int))
        memory["step"] = step + 1
        return np.full(np.shape(seen["own_speed"]), wanted[min(int(step[0]), len(wanted) - 1)])

    return rule


def _own(driven: pl.DataFrame, scenario: Scenario) -> Any:
    """One of a person's own scenarios, as each driver drove it."""
    wanted = {
        method: Driven.model_validate_json(answer).wanted
        for method, answer in driven.select("method", "answer").iter_rows()
    }
    return _side_by_side(scenario, {name: trace(scenario, _held_answers(way), LONG) for name, way in wanted.items()})


def figure(request: Request, answers: Mapping[str, Response], truth: Truth | None, trace_: object = None) -> Any:
    """The step played on by each method: from above, the time to collision and the braking.

    With a truth its scenario is played, else what the request shows goes on. A method that is not one of this project's is known
    by one answer, which is held.
    """
    del trace_
    scenario = truth.scenario if truth is not None else played_on(request)
    if not scenario.others:
        scenario = Scenario(scenario.speed, (Other(200.0, scenario.speed),), scenario.length, scenario.width)
    ways = {
        name: trace(scenario, DRIVERS.get(name) or _held_answers([answer.acceleration]), LONG)
        for name, answer in answers.items()
    }
    return _side_by_side(scenario, ways)


def _side_by_side(scenario: Scenario, ways: Mapping[str, pl.DataFrame]) -> Any:
    """A scenario from above as our proposal drives it, or the first driver; the time to collision and the braking of all."""
    import altair as alt

    shown = MODEL if MODEL in ways else next(iter(ways))
    names = [_named(name) for name in ways]
    colour = alt.Color("name:N", title=None, legend=alt.Legend(orient="top"),
                       scale=alt.Scale(domain=names, range=[COLOURS.get(name, INK) for name in ways]))  # fmt: skip
    lines = pl.concat([way.with_columns(pl.lit(_named(name)).alias("name")) for name, way in ways.items()])
    end = float(lines["time"].max()) or STEP  # type: ignore[arg-type]
    x = alt.X("time:Q", title=_("time [s]"), scale=alt.Scale(domain=[0, end]))
    nearest = (
        lines.filter(pl.col("collision").is_not_null())
        .group_by("name", "time", maintain_order=True)
        .agg(pl.col("collision").min())
        .sort("time")
    )
    first = lines.filter(pl.col("slot") == 0)
    height = alt.Y("collision:Q", title=_("time to collision [s]"), scale=alt.Scale(domain=[0, FAR]))
    left = alt.Chart(nearest).mark_line().encode(x=x, color=colour, y=height)
    braking = (
        alt.Chart(first)
        .mark_line()
        .encode(x=x, color=colour, y=alt.Y("acceleration:Q", title=_("acceleration [m/s²]")))
    )
    now = alt.param(
        "now", value=min(1.0, end), bind=alt.binding_range(min=0.0, max=end, step=STEP, name=_("time [s]") + " ")
    )
    above = _from_above(ways[shown], scenario, "time", now)
    heading = _("{method}: {what}", method=_named(shown), what=_outcome(ways[shown]))
    title = alt.Title(heading, subtitle=_other_outcomes(ways, shown), subtitleColor=INK)
    both = alt.hconcat(left.properties(width=250, height=150), braking.properties(width=250, height=150), spacing=20)
    return _finished(alt.vconcat(above.properties(title=title), both, spacing=16).add_params(now))


def _outcome(way: pl.DataFrame) -> str:
    """Crash or not, and the strongest braking."""
    last = way.filter(pl.col("time") == way["time"].max())
    touched = last.filter((pl.col("gap") <= 0) & (pl.col("left") < 0.95) & (pl.col("rear") > -4.3)).height > 0
    hardest = f"{-float(way['acceleration'].min()):.1f}"  # type: ignore[arg-type]
    if touched:
        return _(
            "crash after {seconds} s, braking up to {hardest} m/s²",
            seconds=f"{float(last['time'][0]):.1f}",
            hardest=hardest,
        )
    return _("no crash, braking up to {hardest} m/s²", hardest=hardest)


def _other_outcomes(ways: Mapping[str, pl.DataFrame], shown: str) -> list[str]:
    return [
        _("{method}: {what}", method=_named(name), what=_outcome(way)) for name, way in ways.items() if name != shown
    ]
