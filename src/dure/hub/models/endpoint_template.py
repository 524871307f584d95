"""How a method behind a URL is written for a project: what it is asked, what it must answer, and a server to begin with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from dure.i18n.texts import _, translated

if TYPE_CHECKING:
    from pathlib import Path

    from pydantic import JsonValue

    from dure.project.json_schema import Schema

SERVER = """\
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

def answer(asked):  # {comment}
    return {response}

class Method(BaseHTTPRequestHandler):
    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        body = json.dumps(answer(asked)).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.end_headers()
        self.wfile.write(body)

ThreadingHTTPServer(("", 8000), Method).serve_forever()
"""
TYPES = {
    "number": "real number", "integer": "whole number", "string": "text", "boolean": "yes or no", "array": "list", "object": "object",
    "null": "nothing",
}  # fmt: skip


class Field(NamedTuple):
    """A field of a request or a response, in the reader's words."""

    name: str
    kind: str
    unit: str
    meaning: str
    required: bool


def server(response: Schema) -> str:
    """A server in Python that answers every request in the form of this schema, with a constant."""
    return SERVER.format(response=repr(instance(response)), comment=_("your method in place of this constant"))


def fields(schema: Schema, folder: Path) -> list[Field]:
    """The fields of a JSON Schema, its texts translated as the project in `folder` translates them."""
    needed = schema.get("required", ())
    listed = []
    for name, part in schema.get("properties", {}).items():
        inner = _resolved(part, schema)
        meaning = part.get("description") or part.get("title") or ""
        kind = _kind(inner, schema)
        listed.append(Field(name, kind, str(part.get("unit", "")), translated(meaning, folder), name in needed))
    return listed


def _kind(schema: Schema, document: Schema) -> str:
    if "enum" in schema:
        return _("one of {words}", words=", ".join(map(str, schema["enum"])))
    several = schema.get("anyOf") or schema.get("oneOf")
    if several:
        return _(" or ").join(_kind(_resolved(choice, document), document) for choice in several)
    kind = _(TYPES.get(schema.get("type", ""), "any JSON"))
    least, most = schema.get("minimum"), schema.get("maximum")
    if least is not None and most is not None:
        return _("{kind} from {least} to {most}", kind=kind, least=f"{least:,g}", most=f"{most:,g}")
    return _("{kind} from {least}", kind=kind, least=f"{least:,g}") if least is not None else kind


def instance(schema: Schema, document: Schema | None = None) -> JsonValue:
    """The least that a JSON Schema lets pass, by its types, bounds and words; rules between fields are beyond it."""
    document = schema if document is None else document
    schema = _resolved(schema, document)
    if "default" in schema:
        return schema["default"]
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][0]
    if several := schema.get("anyOf") or schema.get("oneOf"):
        return instance(several[0], document)
    least = LEAST.get(schema.get("type", ""))
    return least(schema, document) if least else None


def _object(schema: Schema, document: Schema) -> dict[str, JsonValue]:
    properties = schema.get("properties", {})
    return {name: instance(properties[name], document) for name in schema.get("required", ()) if name in properties}


def _list(schema: Schema, document: Schema) -> list[JsonValue]:
    return [instance(schema.get("items", {}), document) for _number in range(schema.get("minItems", 0))]


def _near_zero(schema: Schema, step: float) -> float:
    """The number nearest to zero between the bounds."""
    least = max(schema.get("minimum", -1e30), schema.get("exclusiveMinimum", -1e30 - step) + step)
    most = min(schema.get("maximum", 1e30), schema.get("exclusiveMaximum", 1e30 + step) - step)
    return float(min(max(0.0, least), most))


def _text(schema: Schema) -> str:
    known = {"date-time": "2026-01-01T00:00:00", "date": "2026-01-01", "time": "00:00:00"}
    return known.get(schema.get("format", ""), "x" * int(schema.get("minLength", 0)))


LEAST: Mapping[str, Callable[[Schema, Schema], JsonValue]] = {
    "object": _object,
    "array": _list,
    "integer": lambda schema, _document: int(_near_zero(schema, 1)),
    "number": lambda schema, _document: _near_zero(schema, 1e-6),
    "boolean": lambda _schema, _document: False,
    "string": lambda schema, _document: _text(schema),
}


def _resolved(schema: Schema, document: Schema) -> Schema:
    """What a reference stands for, among the definitions of the same document."""
    while "$ref" in schema:
        schema = document["$defs"][schema["$ref"].rpartition("/")[2]]
    return schema
