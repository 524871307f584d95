"""Charts: the house's look on Altair, and a way to SVG and PNG that reaches no network.

Altair and vl-convert come with the extra `figures` and are imported when a chart is drawn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar
from xml.etree import ElementTree

from dure.errors import UserError
from dure.i18n.texts import _

if TYPE_CHECKING:
    from types import ModuleType

    import altair as alt
    from pydantic import JsonValue

__all__ = ["ACCENT", "FONT", "INK", "LINE", "PAPER", "SOFT", "finished", "html", "moving", "save", "svg"]

Chart: TypeAlias = "alt.TopLevelMixin | dict[str, JsonValue]"
"""An Altair chart, or its specification."""
Drawn = TypeVar("Drawn", bound="alt.TopLevelMixin")
INK, SOFT, LINE, PAPER, ACCENT = "#1c2321", "#5c6663", "#d9dedb", "#fbfbf9", "#22577a"
FONT = "Noto Sans KR, Noto Sans CJK KR, system-ui, sans-serif"
SVG = "http://www.w3.org/2000/svg"
MOMENTS, SLOW = 41, 0.2  # places of a slider that are drawn, and the seconds that each is seen
_FONT_FILES = (
    "NotoSansKR*.[to]tf",
    "NotoSansCJK*.tt[cf]",
    "NanumGothic*.ttf",
    "malgun*.ttf",
    "AppleSDGothicNeo*.tt[cf]",
)
_FONT_FOLDERS = (
    "/usr/share/fonts", "/usr/local/share/fonts", "~/.local/share/fonts", "~/.fonts", "/Library/Fonts", "/System/Library/Fonts",
    "~/Library/Fonts", "C:/Windows/Fonts", "~/AppData/Local/Microsoft/Windows/Fonts",
)  # fmt: skip


def finished(chart: Drawn) -> Drawn:
    """An Altair chart in the house's look: quiet paper, soft axes, no frame, Korean letters."""
    chart = chart.configure(font=FONT, background=PAPER, padding=12).configure_view(stroke=None)
    chart = chart.configure_axis(
        gridColor=LINE, domainColor=LINE, tickColor=LINE, labelColor=SOFT, titleColor=SOFT, titleFontWeight="normal", labelFontSize=12,
        titleFontSize=12,
    )  # fmt: skip
    chart = chart.configure_header(labelColor=INK, titleColor=SOFT).configure_legend(labelColor=SOFT, titleColor=SOFT)
    chart = chart.configure_title(anchor="start", color=INK, fontWeight="normal", fontSize=14, subtitleColor=SOFT)
    return chart  # noqa: RET504 - Altair's hints lose the chart's own type on the way


def save(chart: Chart, path: Path) -> Path:
    """Write a chart as .svg, .png or .html (one page that opens without a network); returns the path.

    Raises UserError for another kind of file, for a chart that wants data from an address, and where the extra
    `figures` is not installed.
    """
    from dure.content_store import write_atomically

    if path.suffix == ".svg":
        return write_atomically(path, svg(chart))
    if path.suffix == ".html":
        return write_atomically(path, html(chart))
    if path.suffix != ".png":
        raise UserError(_("a chart is written as .svg, .png or .html"), where=str(path))
    return write_atomically(path, _converter().vegalite_to_png(_closed(chart), scale=2, allowed_base_urls=[]))


def svg(chart: Chart) -> str:
    """A chart as SVG. Raises UserError as `save` does."""
    text: str = _converter().vegalite_to_svg(_closed(chart), allowed_base_urls=[])
    return text


def moving(chart: Chart) -> str | None:
    """A chart with a slider as SVG that runs along it and begins again, without a script; None for a chart without one.

    What the slider does not change is drawn once. Raises UserError as `save` does.
    """
    spec = _closed(chart)
    slider = next((param for param in spec.get("params", ()) if param.get("bind", {}).get("input") == "range"), None)
    if slider is None:
        return None
    low, high = float(slider["bind"]["min"]), float(slider["bind"]["max"])
    count = min(MOMENTS, 1 + round((high - low) / float(slider["bind"].get("step") or (high - low) / MOMENTS)))
    drawn = []
    for place in range(count):
        value = low + (high - low) * place / max(count - 1, 1)
        params = [param | {"value": value} if param is slider else param for param in spec["params"]]
        drawn.append(ElementTree.fromstring(svg(spec | {"params": params})))  # noqa: S314 - drawn here, by vl-convert
    ElementTree.register_namespace("", SVG)
    size = {side: f"{max(float(drawing.get(side, 0)) for drawing in drawn):g}" for side in ("width", "height")}
    picture = ElementTree.Element(
        f"{{{SVG}}}svg", size
    )  # where the chart grows along the slider, each moment is a whole drawing
    picture.append(_together(drawn, [*range(count), *[count - 1] * (count // 2)]))
    return ElementTree.tostring(picture, encoding="unicode")


def _together(moments: Sequence[ElementTree.Element], order: Sequence[int]) -> ElementTree.Element:
    """One drawing of several: what is alike stands there once, the rest is seen in turns, in this order."""
    first = moments[0]
    texts = [ElementTree.tostring(moment) for moment in moments]
    if len(set(texts)) == 1:
        return first
    if len({(moment.tag, str(moment.attrib), moment.text, len(moment)) for moment in moments}) == 1 and len(first):
        merged = ElementTree.Element(first.tag, first.attrib)
        merged.text, merged.tail = first.text, first.tail
        merged.extend([_together([moment[place] for moment in moments], order) for place in range(len(first))])
        return merged
    frames = ElementTree.Element(f"{{{SVG}}}g")
    for text in dict.fromkeys(texts):
        visibility = ["visible" if texts[index] == text else "hidden" for index in order]
        frame = ElementTree.SubElement(frames, f"{{{SVG}}}g", visibility=visibility[-1])
        frame.append(moments[texts.index(text)])
        animation = {"attributeName": "visibility", "values": ";".join(visibility), "dur": f"{SLOW * len(order):g}s"}
        ElementTree.SubElement(frame, f"{{{SVG}}}animate", animation, calcMode="discrete", repeatCount="indefinite")
    return frames


def html(chart: Chart) -> str:
    """A chart as one page with its script in it. Raises UserError as `save` does."""
    page: str = _converter().vegalite_to_html(_closed(chart), bundle=True)
    # The library writes the texts of a chart into a script as they are: none of them may end the script.
    library, place, tail = page.partition('<div id="vega-chart"></div>')
    begin, tag, script = tail.partition('<script type="text/javascript">')
    script, *end = script.rpartition("</script>")
    if not (place and tag and script):
        raise RuntimeError("vl-convert writes its pages in another way than it did")
    return "".join([library, place, begin, tag, script.replace("<", "\\u003c"), *end])


def _closed(chart: Chart) -> dict[str, Any]:
    """The chart's specification, refused where any part of it would be loaded from an address."""
    spec = chart if isinstance(chart, dict) else chart.to_dict()
    waiting: list[JsonValue] = [{name: value for name, value in spec.items() if name != "datasets"}]
    while waiting:
        part = waiting.pop()
        if isinstance(part, Mapping):
            if "url" in part:
                raise UserError(_("a chart may not load anything: {address}", address=str(part["url"])[:80]))
            waiting += [value for name, value in part.items() if name != "values"]  # rows may hold a field called url
        elif isinstance(part, list):
            waiting += part
    return spec


@cache
def _converter() -> ModuleType:
    """vl-convert with a Korean font of this machine registered, where there is one."""
    try:
        import vl_convert
    except ModuleNotFoundError:
        raise _missing() from None
    folder = _korean_font()
    if folder is not None:
        vl_convert.register_font_directory(str(folder))
    return vl_convert


def _korean_font() -> Path | None:
    """The folder of the first Korean font found in the usual places."""
    for name in _FONT_FOLDERS:
        root = Path(name).expanduser()
        for pattern in _FONT_FILES if root.is_dir() else ():
            file = next(root.rglob(pattern), None)
            if file is not None:
                return file.parent
    return None


def _missing() -> UserError:
    return UserError(
        _("charts need the libraries Altair and vl-convert"), cure=_("Install them with: pip install 'dure[figures]'")
    )
