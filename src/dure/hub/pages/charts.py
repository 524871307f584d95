"""Small pictures of a service's days, drawn on the server: how many answers, and how near they were to the truth.

Colours are the page's own (`page.css`); each picture has a text alternative, and its data stand below it as a table.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from html import escape
from typing import TYPE_CHECKING

from dure.hub.models.monitoring import SIDES
from dure.i18n.texts import _
from dure.report import numbers, vocabulary

if TYPE_CHECKING:
    from collections.abc import Callable

    from markupsafe import Markup

    from dure.hub.models.monitoring import Day, NamedKpi

WIDTH, HEIGHT = 640, 170  # of a picture, in its own units
LEFT, RIGHT, TOP, FOOT = 52, 8, 30, 24  # room around it
WIDEST = 22  # of a bar
LABEL = 132  # room right of lines for what they are


def answers(days: Sequence[Day], *, promoted: bool) -> Markup:
    """Answers a day: what was promoted answered itself (filled), and today's practice in its place (hollow).

    Parameters
    ----------
    promoted
        Whether anything is: else every answer is today's practice's own.
    """
    own = [day["causes"].get("", 0) for day in days]
    instead = [sum(day["causes"].values()) - count for day, count in zip(days, own, strict=True)]
    most = max(count + practice_count for count, practice_count in zip(own, instead, strict=True))
    x, y = _across(days, WIDTH - RIGHT), _up(most)
    wide = min(WIDEST, max(2.0, 0.8 * (WIDTH - LEFT - RIGHT) / _span(days)))
    drawn = [*_axis([0, most], y, 0, WIDTH - RIGHT), *_ends(days, x)]
    for day, count, practice_count in zip(days, own, instead, strict=True):
        left = x(day) - wide / 2
        drawn.append(_bar("own", left, y(count), wide, y(0) - y(count)))
        drawn.append(_bar("instead", left, y(count + practice_count), wide, y(count) - y(count + practice_count)))
    names = [("own", _("what is promoted") if promoted else _("today's practice"))]
    names += [("instead", _("today's practice in its place"))] if sum(instead) else []
    alternative = _(
        "Answers a day, {first} to {last}: {own} by {name}, {instead} by today's practice in its place.", first=days[0]["day"],
        last=days[-1]["day"], own=f"{sum(own):,}", name=names[0][1], instead=f"{sum(instead):,}",
    )  # fmt: skip
    return _svg(alternative, [*drawn, *_key(names)])


def against(days: Sequence[Day], kpi: NamedKpi) -> Markup:
    """The KPI day by day where the truth is known: what is promoted (filled dots), today's practice (hollow dots)."""
    scored = [day for day in days if day["service"] is not None and day["practice"] is not None]
    values = {side: [day[side] or 0.0 for day in scored] for side in SIDES}
    least, most = min(0.0, *values["service"], *values["practice"]), max(0.0, *values["service"], *values["practice"])
    x, y = _across(scored, WIDTH - LABEL), _up(most, least)
    places = numbers.decimals(max(abs(least), abs(most)))
    drawn = [*_axis([least, most] if least else [0.0, most], y, places, WIDTH - LABEL), *_ends(scored, x)]
    ends = {side: y(values[side][-1]) for side in SIDES}
    if abs(ends["practice"] - ends["service"]) < 15:  # their words would lie on each other
        middle, up = sum(ends.values()) / 2, 7.5 if ends["practice"] > ends["service"] else -7.5
        ends = {"practice": middle + up, "service": middle - up}
    names = {"service": _("what is promoted"), "practice": _("today's practice")}
    for side in reversed(SIDES):
        points = [(x(day), y(value)) for day, value in zip(scored, values[side], strict=True)]
        drawn.append(f'<polyline class="{side}" points="{" ".join(f"{a:.1f},{b:.1f}" for a, b in points)}"/>')
        drawn += [f'<circle class="{side}" cx="{a:.1f}" cy="{b:.1f}" r="3.5"/>' for a, b in points]
        drawn.append(_word(WIDTH - LABEL + 12, ends[side] + 4, names[side], side))
    unit = vocabulary.localised_unit(kpi["unit"])
    alternative = _(
        "{kpi}, {first} to {last}, day by day: on the last one {service} with what is promoted, {practice} with today's practice.",
        kpi=kpi["name"], first=scored[0]["day"], last=scored[-1]["day"], service=numbers.amount(scored[-1]["service"], unit),
        practice=numbers.amount(scored[-1]["practice"], unit),
    )  # fmt: skip
    title = f"{kpi['name']} ({unit})" if unit else kpi["name"]
    return _svg(alternative, [*drawn, _word(LEFT, 14, title, "")])


def _svg(alternative: str, drawn: Sequence[str]) -> Markup:
    from markupsafe import Markup

    head = f'<svg class="days" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(alternative)}">'
    return Markup(f"{head}{''.join(drawn)}</svg>")  # noqa: S704 - numbers, and words that `_word` escapes


def _number(day: Day) -> int:
    return date.fromisoformat(day["day"]).toordinal()


def _span(days: Sequence[Day]) -> int:
    return _number(days[-1]) - _number(days[0]) + 1


def _across(days: Sequence[Day], right: int) -> Callable[[Day], float]:
    """Where a day stands."""
    first, step = _number(days[0]), (right - LEFT) / _span(days)
    return lambda day: LEFT + step * (_number(day) - first + 0.5)


def _up(most: float, least: float = 0.0) -> Callable[[float], float]:
    """Where a number stands."""
    room = (HEIGHT - TOP - FOOT) / ((most - least) or 1.0)
    return lambda value: HEIGHT - FOOT - room * (value - least)


def _axis(values: Sequence[float], y: Callable[[float], float], places: int, right: int) -> list[str]:
    drawn = []
    for value in values:
        drawn.append(f'<line class="rule" x1="{LEFT}" x2="{right}" y1="{y(value):.1f}" y2="{y(value):.1f}"/>')
        drawn.append(_word(LEFT - 8, y(value) + 4, numbers.figure(value, places), "", anchor="end"))
    return drawn


def _ends(days: Sequence[Day], x: Callable[[Day], float]) -> list[str]:
    """The first day and the last one, below."""
    first, last = days[0], days[-1]
    labels = [(first, "middle" if first is last else "start")] + ([(last, "end")] if first is not last else [])
    return [_word(x(day), HEIGHT - 6, day["day"][5:].replace("-", "/"), "", anchor=anchor) for day, anchor in labels]


def _bar(kind: str, left: float, top: float, wide: float, high: float) -> str:
    return f'<rect class="{kind}" x="{left:.1f}" y="{top:.1f}" width="{wide:.1f}" height="{high:.1f}"/>' if high else ""


def _key(names: Sequence[tuple[str, str]]) -> list[str]:
    """What the bars are, above them."""
    drawn, left = [], float(LEFT)
    for kind, name in names:
        drawn += [f'<rect class="{kind}" x="{left:.1f}" y="5" width="10" height="10"/>', _word(left + 16, 14, name, "")]
        left += 40 + 9 * sum(2 if letter > "ᄀ" else 1 for letter in name)
    return drawn


def _word(x: float, y: float, text: str, kind: str, *, anchor: str = "start") -> str:
    name = f' class="{kind}"' if kind else ""
    return f'<text{name} x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'
