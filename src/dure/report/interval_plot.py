"""The one picture: a dot with its interval against the line of today's practice.

Filled and coloured = better or worse, hollow and grey = not shown; the word stands beside it, so that colour is never
alone. `svg` for pages and reports, `terminal` for a line of text. To the right is better.
"""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING

from dure.i18n.texts import _
from dure.report import vocabulary
from dure.report.numbers import scale

if TYPE_CHECKING:
    from dure.record import About, Verdict

WIDTH, HEIGHT, MIDDLE = 420, 44, 18  # of the picture, in its own units; MIDDLE: height of the dot
EDGE = 60  # room beside the furthest bound, for words under the dot
CELLS = 33  # of the line of text, odd so that the practice stands in the middle
SIGNS = {"line": "│", "bar": "─", "left": "├", "right": "┤", "dot": "●", "ring": "○", "out_left": "←", "out_right": "→"}
ASCII = {"line": "|", "bar": "-", "left": "[", "right": "]", "dot": "*", "ring": "o", "out_left": "<", "out_right": ">"}
COLOURS = {"better": "better", "worse": "worse", "lost": "worse"}  # verdict -> colour; grey for all else


def reach(verdicts: Sequence[Verdict]) -> tuple[float, float]:
    """The lowest and the highest of bounds, dots and the practice (0): one scale for marks that stand under each other.

    In per cent of the practice, or in the KPI's unit (see `dure.report.numbers.scale`); an eighth at least on either side of 0.
    """
    values = [value for verdict in verdicts for value in _drawn_values(verdict)]
    low, high = min([0.0, *values]), max([0.0, *values])
    room = (high - low) / 8 or 1.0
    return min(low, -room), max(high, room)


def _drawn_values(verdict: Verdict) -> list[float]:
    factor = scale(verdict).factor
    return [value * factor for value in verdict.gain.bounds()]


def under(verdict: Verdict) -> str:
    """The short text below the dot: 12.3 % smaller."""
    if verdict.gain.mean is None or verdict.verdict == "too few":
        return ""
    much = scale(verdict)(abs(verdict.gain.mean))
    return _("{much} better", much=much) if verdict.gain.mean > 0 else _("{much} worse", much=much)


def ends(verdict: Verdict) -> str:
    """The interval of the gain as text: −4.1 to 1.5 %; empty where there is none."""
    low, high = verdict.gain.low, verdict.gain.high
    if low is None and high is None:
        return ""
    display = scale(verdict)
    return _("{low} to {high}", low="−∞" if low is None else display.number(low), high=display(high))


def alternative(verdict: Verdict) -> str:
    """What the picture shows, in words: for whoever does not see it."""
    phrases = [vocabulary.word(verdict)]
    if under(verdict):
        phrases.append(under(verdict))
    if ends(verdict):
        level = f"{100 * verdict.level:.0f}"
        phrases.append(_("{level} % interval of the gain {ends}", level=level, ends=ends(verdict)))
    return ", ".join(phrases)


# ---- for pages and reports -------------------------------------------------------------------------------------------


def svg(verdict: Verdict, ends_at: tuple[float, float] | None = None, *, alone: bool = False) -> str:
    """The picture as an SVG element.

    Colours are the page's tokens (``--better``, ``--worse``, ``--shown``, ``--ink``, ``--paper``) with fallbacks.

    Parameters
    ----------
    ends_at
        From `reach`, where several marks share one scale; None: this mark's own.
    alone
        As a file of its own (a README's picture): with its style inside.
    """
    colour = COLOURS.get(verdict.verdict, "shown")
    gain, factor = verdict.gain, scale(verdict).factor
    least, most = ends_at or reach([verdict])

    def place(value: float) -> float:
        return EDGE + (WIDTH - 2 * EDGE) * (value - least) / (most - least)

    practice = place(0.0)
    drawn = [f'<line class="practice" x1="{practice:.1f}" y1="3" x2="{practice:.1f}" y2="31"/>']
    low, high = (None if bound is None else place(bound * factor) for bound in (gain.low, gain.high))
    drawn += _bar(low, high)
    texts = [(practice, _("today"), "practice-word")]
    if gain.mean is not None and verdict.verdict != "too few":
        dot = place(gain.mean * factor)
        drawn.append(f'<circle class="dot" cx="{dot:.1f}" cy="{MIDDLE}" r="6"/>')
        apart = abs(dot - practice) > (_wide(under(verdict)) + _wide(_("today"))) / 2 + 8
        texts += [(dot, under(verdict), "dot-word")] if apart and colour != "shown" else []
    words = "".join(
        f'<text class="{kind}" x="{x:.1f}" y="42" text-anchor="middle">{escape(text)}</text>' for x, text, kind in texts
    )
    label = escape(alternative(verdict))
    name = ' xmlns="http://www.w3.org/2000/svg"' if alone else ""
    head = f'<svg{name} class="mark {colour}" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{label}">'
    head += f"<style>{STYLE}</style>" if alone else ""
    return f"{head}{''.join(drawn)}{words}</svg>"


def _wide(text: str) -> float:
    """How wide a text below the picture is, about; a Korean letter is twice a Latin one."""
    return 6.2 * _cells_of(text)


# What the classes of `svg` look like; a page puts it into its own style sheet.
STYLE = """
.mark{display:block;width:100%;max-width:30rem;height:auto;overflow:visible}
.mark .practice{stroke:var(--ink,#1c2321);stroke-opacity:.4}
.mark text{fill:var(--soft,#5c6663);font-size:12px}
.mark .bar{stroke-width:3;stroke-linecap:round}
.mark .dot{stroke-width:3}
.mark.better .bar,.mark.better .dot{stroke:var(--better,#0b6e4f)}
.mark.worse .bar,.mark.worse .dot{stroke:var(--worse,#a63d2f)}
.mark.shown .bar,.mark.shown .dot{stroke:var(--shown,#8a8f8c)}
.mark.better .dot{fill:var(--better,#0b6e4f)}
.mark.worse .dot{fill:var(--worse,#a63d2f)}
.mark.shown .dot{fill:var(--paper,#fbfbf9)}
.mark .open{stroke-dasharray:2 5}
"""


def _bar(low: float | None, high: float | None) -> list[str]:
    """The interval; dotted towards a side without a bound."""
    if low is None and high is None:
        return []
    kind = "bar" if low is not None and high is not None else "bar open"
    start, end = 4.0 if low is None else low, WIDTH - 4.0 if high is None else high
    return [f'<line class="{kind}" x1="{start:.1f}" y1="{MIDDLE}" x2="{end:.1f}" y2="{MIDDLE}"/>']


# ---- for a terminal --------------------------------------------------------------------------------------------------


def terminal(verdict: Verdict, about: About, *, widest: float | None = None, encoding: str | None = None) -> str:
    """One line of text: the place (or what was offered), the picture, the word, the numbers.

    Parameters
    ----------
    widest
        How far from the practice the line reaches to either side; None: as far as this mark needs.
    encoding
        Of the terminal (None: standard output's); where it has no box-drawing signs, plain ASCII is used.
    """
    signs = SIGNS if _can(encoding or sys.stdout.encoding or "ascii") else ASCII
    name = place(verdict, about)
    drawn = _cells(verdict, widest or _furthest([verdict]), signs)
    numbers = f"{under(verdict)} ({ends(verdict)})" if under(verdict) and ends(verdict) else under(verdict)
    return f"{padded(name, 16)} {drawn}  {padded(vocabulary.word(verdict), 16)} {numbers}".rstrip()


def lines(verdicts: Sequence[Verdict], about: About, *, encoding: str | None = None) -> list[str]:
    """`terminal` for marks that stand under each other: one scale for all of them."""
    widest = _furthest(verdicts)
    return [terminal(verdict, about, widest=widest, encoding=encoding) for verdict in verdicts]


def _furthest(verdicts: Sequence[Verdict]) -> float:
    return max((abs(value) for verdict in verdicts for value in _drawn_values(verdict)), default=0.0) or 1.0


def header() -> str:
    """A line that stands above `lines`: what the upright stroke is, and which side is better."""
    centre = 17 + CELLS // 2  # the name's cells before it
    practice = _("today")
    indent = centre - _cells_of(practice) // 2
    return padded("", indent) + practice + "  " + _("better →")


def place(verdict: Verdict, about: About) -> str:
    """Where the verdict holds, in the reader's language; where there is one place without a name, what was offered."""
    return vocabulary.place(verdict, about) or vocabulary.offer(verdict, about)


def _can(encoding: str) -> bool:
    try:
        "".join(SIGNS.values()).encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _cells(verdict: Verdict, widest: float, signs: Mapping[str, str]) -> str:
    gain, factor, centre = verdict.gain, scale(verdict).factor, CELLS // 2

    def cell(value: float | None, otherwise: int) -> int:
        return (
            otherwise if value is None else centre + round((centre - 1) * max(-1.0, min(1.0, value * factor / widest)))
        )

    row = [" "] * CELLS
    if gain.low is not None or gain.high is not None:
        low, high = cell(gain.low, 0), cell(gain.high, CELLS - 1)
        row[low : high + 1] = [signs["bar"]] * (high + 1 - low)
        row[low] = signs["left" if gain.low is not None else "out_left"]
        row[high] = signs["right" if gain.high is not None else "out_right"]
    row[centre] = signs["line"]
    if gain.mean is not None and verdict.verdict != "too few":
        row[cell(gain.mean, centre)] = signs["dot" if verdict.verdict in COLOURS else "ring"]
    return "".join(row)


def padded(text: str, width: int) -> str:
    """`text` filled or cut to so many cells; a Korean letter takes two.

    >>> padded("현장", 6) + "|"
    '현장  |'
    """
    prefix, used = "", 0
    for letter in unicodedata.normalize("NFC", text):
        size = 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        if used + size > width:
            return prefix[:-1] + "…" + " " * (width - _cells_of(prefix[:-1]) - 1) if prefix else prefix
        prefix, used = prefix + letter, used + size
    return prefix + " " * (width - used)


def _cells_of(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)
