"""What every page is made with: templates, the reader's language, dates and numbers, and the files that pages load.

No page loads anything from elsewhere, and none holds a script or a style of its own: the policy that the hub sends forbids both.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastapi import Response

from dure.i18n.texts import LANGUAGES, _, language
from dure.registry.plan import MARKS
from dure.report import interval_plot, numbers, sentence, vocabulary
from dure.statistics.rules import newest

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup
    from pydantic import JsonValue

    from dure.hub.auth.accounts import Caller
    from dure.record import Verdict

HERE = Path(__file__).parent
SHARED = HERE.parents[1] / "report" / "templates"  # the report's: a verdict looks the same on a page and in a report
KINDS = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
DAYS = {"ko": "월화수목금토일", "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")}
OPTIONS = {
    "kpi": "judged by",
    "block": "rows belong together by",
}  # what they are called on a page, where not so
# Pages that stand in every header: address, name.
PLACES = (
    ("/", "Judge"),
    ("/board", "Board"),
    ("/projects", "Projects"),
    ("/problems", "Problems"),
    ("/runs", "Runs"),
    ("/services", "Services"),
    ("/verify", "Verify"),
)


def page(
    template: str, caller: Caller | None, *, title: str, lead: str, twin: str = "", here: str = "", status: int = 200,
    **values: Any,
) -> Response:  # fmt: skip
    """A page of a template.

    Parameters
    ----------
    caller
        Who reads it; None: nobody who is known.
    title, lead
        What it is, and one line that somebody understands who sees it for the first time.
    twin
        Where the same stands as JSON.
    here
        Which of `PLACES` it belongs to.
    """
    return sent(html(template, caller, title=title, lead=lead, twin=twin, here=here, **values), status)


def sent(text: str, status: int = 200) -> Response:
    """A page's text as a response."""
    return Response(text, status, {"vary": "accept-language, cookie"}, "text/html; charset=utf-8")


def html(template: str, caller: Caller | None, **values: Any) -> str:
    """The text of a page; what it is made of is told at `page`."""
    places = [{"at": at, "name": _(name), "here": at == values["here"]} for at, name in PLACES]
    return _environment().get_template(template).render(caller=caller, places=places, lang=language(), **values)


def piece(template: str, **values: Any) -> Response:
    """A part of a page, for a script that puts it into one."""
    return Response(part(template, **values), media_type="text/html; charset=utf-8")


def part(template: str, **values: Any) -> Markup:
    """The same to be kept and put into pages: for what every page of many readers shows alike."""
    from markupsafe import Markup

    text = _environment().get_template(template).render(lang=language(), caller=None, **values)
    return Markup(text)  # noqa: S704 - made and escaped by the template


@cache
def assets() -> dict[str, tuple[bytes, bytes, str]]:
    """The files that pages load: (content, the same packed with gzip, type) by a name that holds the content's hash."""
    style = (SHARED / "report.css").read_text(encoding="utf-8") + interval_plot.STYLE
    texts = {path.name: path.read_text(encoding="utf-8") for path in sorted((HERE / "assets").iterdir())}
    texts["page.css"] = style + texts["page.css"]
    files = {}
    for name, text in texts.items():
        raw, path = text.encode(), Path(name)
        stamped = f"{path.stem}-{hashlib.sha256(raw).hexdigest()[:12]}{path.suffix}"
        files[stamped] = (raw, gzip.compress(raw, mtime=0), KINDS[path.suffix])
    return files


@cache
def asset(name: str) -> str:
    """Where a page finds one of its files."""
    path = Path(name)
    return "/assets/" + next(
        candidate for candidate in assets() if candidate.startswith(f"{path.stem}-") and candidate.endswith(path.suffix)
    )


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader([HERE / "templates", SHARED]), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True, auto_reload=False,
    )  # fmt: skip
    made.globals |= {
        "_": _,
        "languages": LANGUAGES,
        "asset": asset,
        "drawn": drawn,
        "kind": kind,
        "older": older,
        "ends": interval_plot.ends,
    }
    made.globals |= {"amount": lambda value, unit: numbers.amount(value, vocabulary.localised(unit))}
    made.globals |= {
        "word": vocabulary.word,
        "offer": vocabulary.offer,
        "place": vocabulary.place,
        "blocks": sentence.blocks,
    }
    made.globals |= {"assurance": vocabulary.ASSURANCE, "ground": vocabulary.GROUND, "glyph": glyph, "sign": sign}
    made.filters |= {
        "moment": moment,
        "day": day,
        "size": size,
        "number": number,
        "said": vocabulary.localised,
        "json": readable_json,
        "plain": plain,
        "head": head,
        "cause": vocabulary.cause,
        "in_page": in_page,
    }
    made.filters |= {"plain": plain, "cause": vocabulary.cause}
    return made


# ---- how things are told --------------------------------------------------------------------------------------------------


def drawn(verdict: Verdict, ends_at: tuple[float, float] | None = None) -> Markup:
    """The mark of a verdict."""
    from markupsafe import Markup

    return Markup(interval_plot.svg(verdict, ends_at))  # noqa: S704 - its words are escaped where it is drawn


def kind(verdict: Verdict) -> str:
    """The class of a verdict: better, worse, or shown (grey) for all else, and for what an older rule has said."""
    return "shown" if older(verdict) else interval_plot.COLOURS.get(verdict.verdict, "shown")


def older(verdict: Verdict) -> bool:
    """Whether it was taken by another rule than today's."""
    return verdict.rule != newest()


def glyph(verdict: Verdict) -> str:
    """What stands in a verdict's cell: a tick or a cross; of the others the ring alone."""
    return "" if older(verdict) else {"better": "✓", "worse": "✕", "lost": "✕"}.get(verdict.verdict, "")


def sign(state: str) -> str:
    """The mark of a verdict or of a line's state within a text."""
    return MARKS.get(state, "■" if state == "built" else "□" if state == "not built yet" else "–")


def moment(seconds: float | None) -> Markup:
    """A moment (seconds since 1970) as a time element: 11월 22일(일) 14:03; the browser shows it in the reader's time."""
    from markupsafe import Markup

    if seconds is None:
        return Markup("–")
    at = datetime.fromtimestamp(seconds, UTC)
    return Markup('<time datetime="{}">{} {:%H:%M} UTC</time>').format(
        at.isoformat(timespec="seconds"), day(seconds), at
    )


def day(seconds: float) -> str:
    """A day: 2026년 11월 22일(일), Sun 22 Nov 2026."""
    at = datetime.fromtimestamp(seconds, UTC)
    if language() == "ko":
        return f"{at.year}년 {at.month}월 {at.day}일({DAYS['ko'][at.weekday()]})"
    return f"{DAYS['en'][at.weekday()]} {at.day} {at:%b %Y}"


def size(count: int) -> str:
    """Bytes as people say them."""
    for unit, worth in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= worth:
            return f"{numbers.figure(count / worth, numbers.decimals(count / worth, 1))} {unit}"
    return f"{count} B"


def number(value: float | None, places: int = 0) -> str:
    """A number with its thousands apart."""
    return "–" if value is None else numbers.figure(value, places)


def head(text: str) -> str:
    """The sentence that holds the deciding word, without marks."""
    end = text.find(". ", text.rfind("**"))
    return plain(text if end < 0 else text[: end + 1])


def plain(text: str) -> str:
    """A sentence without the marks of its deciding word."""
    return text.replace("**", "")


OPTION = re.compile(r"--(\w+)(?: [A-Z]+(?:=[A-Z]+)?)?")


def in_page(text: str) -> str:
    """A text that names an option of the command line, for somebody who sees a page: what it is called there."""
    return OPTION.sub(lambda option: f"‘{_(OPTIONS.get(option[1], option[1]))}’", text)


def readable_json(value: JsonValue) -> str:
    """As JSON that people read."""
    return json.dumps(value, ensure_ascii=False, indent=2)
