"""XML read safely: a file's root, its elements' attributes with parameters filled in, and the refusal that names an element."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError

from dure import UserError, texts

_ = texts(__file__)
LARGEST = 5_000_000  # bytes of a file


class Document:
    """One file; what must be said about how it was read is in `notes`."""

    def __init__(self, path: Path, parameters: Mapping[str, str]) -> None:
        self.path, self.parameters = path, parameters
        self.notes: list[str] = []

    def text(self, element: Element, name: str, default: str | None = None) -> str:
        """An attribute with its parameter filled in."""
        value = element.get(name, default)
        if value is None:
            raise self.refused(element.tag, _("its attribute {name} is missing", name=name))
        if value.startswith("$"):
            if value[1:] not in self.parameters:
                raise self.refused(
                    element.tag, _("{value} is no parameter of the file (expressions are not read)", value=value)
                )
            value = self.parameters[value[1:]]
        return value

    def number(self, element: Element, name: str, default: str | None = None) -> float:
        """An attribute as a finite number."""
        value = self.text(element, name, default)
        if not re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", value.strip()):
            raise self.refused(element.tag, _("{name} is {value}, which is no number", name=name, value=value))
        return float(value)

    def only(self, parent: Element) -> Element:
        """The one element inside."""
        children = list(parent)
        if len(children) != 1:
            raise self.refused(parent.tag, _("one element is expected in it, here are {count}", count=len(children)))
        return children[0]

    def inner(self, action: Element) -> Element:
        """What stands in a PrivateAction; any other action itself."""
        return self.only(action) if action.tag == "PrivateAction" else action

    def refused(self, element: str, reason: str = "") -> UserError:
        """The error about an element of this file."""
        return refused(self.path, element, reason)


def parsed(path: Path) -> Element:
    """The root of a file. Raises UserError where there is none, or one that is too large, no XML or has entities of its own."""
    import defusedxml  # type: ignore[import-untyped]  # it comes without stubs
    from defusedxml.ElementTree import parse  # type: ignore[import-untyped]  # it comes without stubs

    if not path.is_file():
        raise UserError(_("there is no such file"), where=str(path))
    if path.stat().st_size > LARGEST:
        raise UserError(_("the file is larger than {limit} MB", limit=LARGEST // 1_000_000), where=path.name)
    try:
        root: Element = parse(path).getroot()
    except ParseError as error:
        raise UserError(_("this is no XML: {why}", why=str(error)), where=path.name) from None
    except defusedxml.DefusedXmlException as error:
        raise UserError(
            _("an XML file with entities of its own is not read: {why}", why=type(error).__name__), where=path.name
        ) from None
    return root


def refused(path: Path, element: str, reason: str = "") -> UserError:
    """The error about an element of a file: without a reason, that what it does is not understood."""
    return UserError(
        reason or _("this is not understood: what it does to the vehicles would be lost"), where=f"{path.name} <{element}>",
        cure=_("Read are positions by lane, speeds, lane changes and changes of speed on a straight road."),
    )  # fmt: skip
