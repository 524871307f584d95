"""The report: one page in Korean and English that opens without a network.

Sentence, picture, table, how it was measured, what was left out, who signed. Every number on it comes from the same
content that stands in its JSON island, which `dure verify` compares with what was signed.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from dure.i18n.texts import LANGUAGES, language, per_language
from dure.report import interval_plot, vocabulary
from dure.report.body import body, own

if TYPE_CHECKING:
    from markupsafe import Markup
    from pydantic import JsonValue

    from dure.record import TrialRecord
    from dure.report.charts import Chart

MOVING = "-moving.svg"
_ISLAND = re.compile(r'<script type="application/json" id="trial">(.*?)</script>', re.DOTALL)


class Drawn(NamedTuple):
    """A chart of a trial: SVG text, and the name of the file in which it moves, where it has a slider."""

    svg: str
    moving: str = ""


def report_html(record: TrialRecord, fingerprint: str, charts: Mapping[str, Drawn] | None = None) -> str:
    """The page as text.

    Parameters
    ----------
    record
        The content of the evidence.
    fingerprint
        Of the key it will be signed with.
    charts
        Charts by title; shown as pictures, so that nothing in them can run.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    folder = Path(__file__).parent / "templates"
    loader = FileSystemLoader(folder)
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    style = (folder / "report.css").read_text(encoding="utf-8") + interval_plot.STYLE
    return environment.get_template("report.html").render(
        bodies=per_language(lambda: body(record, fingerprint)),
        chosen=language(),
        languages=LANGUAGES,
        title=vocabulary.localised(record.about.title),
        charts=_pictures(charts or {}),
        island=_json(record),
        style=own(style),
        style_hash="sha256-" + base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
    )


def island(page: str) -> JsonValue:
    """The numbers of a page: what stands in its JSON island. Raises ValueError where there is not exactly one."""
    islands = _ISLAND.findall(page)
    if len(islands) != 1:
        raise ValueError("the page holds no numbers")
    numbers: JsonValue = json.loads(islands[0])
    return numbers


def draw(charts: Mapping[str, Chart], folder: Path) -> dict[str, Drawn]:
    """Altair charts as SVG, written into `folder` as well; none where the extra `figures` is not installed.

    A chart with a slider is written a second time as it moves: 02-moving.svg.
    """
    if not charts:
        return {}
    try:
        import vl_convert  # noqa: F401 - asked for before anything is written
    except ModuleNotFoundError:
        return {}
    from dure.report.charts import moving, svg

    folder.mkdir()
    drawn = {}
    for number, (title, chart) in enumerate(charts.items(), start=1):
        files = {f"{number:02d}.svg": svg(chart), f"{number:02d}{MOVING}": moving(chart)}
        for name, text in files.items():
            if text is not None:
                (folder / name).write_text(text, encoding="utf-8", newline="\n")
        still, moves = files
        drawn[str(title)] = Drawn(str(files[still]), f"{folder.name}/{moves}" if files[moves] else "")
    return drawn


def _json(record: TrialRecord) -> Markup:
    """The content for a script element: nothing in it can end the element."""
    from markupsafe import Markup

    text = json.dumps(record.to_json(), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    escaped = (
        text.replace("<", "\\u003c")
        .replace(">", "\\u003e")
        .replace("&", "\\u0026")
        .replace("\u2028", "\\u2028")
        .replace("\u2029", "\\u2029")
    )
    return Markup(escaped)  # noqa: S704 - no sign of HTML is left in it


def _pictures(charts: Mapping[str, Drawn]) -> list[tuple[str, str, str]]:
    """Title and data address of each chart, and where it moves: an SVG in an img runs no script and loads nothing."""
    return [
        (title, "data:image/svg+xml;base64," + base64.b64encode(drawn.svg.encode()).decode(), drawn.moving)
        for title, drawn in charts.items()
    ]
