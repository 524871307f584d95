"""A form of a JSON Schema: what a project asks of people, in the reader's language, with units, bounds and choices."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from dure.i18n.texts import _, language
from dure.project.json_schema import BOUNDS, Schema
from dure.report import numbers

if TYPE_CHECKING:
    from pydantic import JsonValue

Texts = Mapping[str, Mapping[str, str]]  # by their English: `dure.registry.describe.texts`
MOMENTS = ("start", "end", "now")  # what a field is called that is a point in time, not a length


class Field(NamedTuple):
    """One field as a page shows it.

    Attributes
    ----------
    kind
        number, choice, moment, text or json.
    help
        What it means, where its name does not say so already.
    choices
        (value as JSON, text) of a choice.
    value
        What it is filled with: text of a number, JSON of everything else; empty: nothing.
    allowed
        Its unit, with the bounds of a number before it.
    listed
        The name of a list of names in the request that it is one of (`machine`: machines).
    """

    name: str
    label: str
    kind: str
    unit: str = ""
    help: str = ""
    required: bool = False
    choices: tuple[tuple[str, str], ...] = ()
    step: str = "any"
    low: float | None = None
    high: float | None = None
    value: str = ""
    allowed: str = ""
    listed: str = ""


def fields(schema: Schema, texts: Texts, filled: Mapping[str, JsonValue] | None = None) -> list[Field]:
    """The fields of a form, filled with an example."""
    values = filled or {}
    needed = schema.get("required", ())
    return [
        _field(name, part, schema, texts, values.get(name), required=name in needed)
        for name, part in schema.get("properties", {}).items()
    ]


def plain(schema: Schema, texts: Texts) -> list[Field]:
    """Those fields of a request that are one value, none of them wanted: what stands beside files of one's own."""
    every = [_as_moment(field, schema, schema) for field in fields(schema, texts)]
    return [field._replace(required=False) for field in every if field.kind != "json"]


def lists(schema: Schema, texts: Texts, *, without: str = "") -> Iterator[tuple[str, str, list[Field]]]:
    """Lists of rows whose every field is one value: (name, what it is, a row's fields); spans of time first.

    Parameters
    ----------
    without
        A list that is left out: the answer in force.
    """
    groups = []
    for name, part in schema.get("properties", {}).items():
        row = _resolved(part.get("items", {}), schema)
        inside = fields(row, texts) if row.get("properties") and name != without else []
        if inside and all(field.kind != "json" for field in inside):
            moments = [_as_moment(field, row, schema) for field in inside]
            spans = sum(field.kind == "moment" for field in moments)
            groups.append((-spans, name, _label(name, part, texts)[0], [_listed(field, schema) for field in moments]))
    groups.sort(key=lambda group: group[0])
    for _spans, name, label, inside in groups:
        yield name, label, inside


def _resolved(part: Schema, schema: Schema) -> Schema:
    if "$ref" in part:
        definition: Schema = schema.get("$defs", {}).get(part["$ref"].rpartition("/")[2], {})
        return {**definition, "$defs": schema.get("$defs", {})}
    return part


def _label(name: str, part: Schema, texts: Texts) -> tuple[str, str]:
    """What a field is called, and what else is said of it. A title that pydantic made of the name says nothing."""
    title = part.get("title", "")
    own = title if title and title.casefold() != name.replace("_", " ").casefold() else ""
    meaning = part.get("description", "")
    return (_translated(own, texts), _translated(meaning, texts)) if own else (_translated(meaning, texts) or name, "")


def _translated(text: str, texts: Texts) -> str:
    return texts.get(text, {}).get(language(), text)


def _field(name: str, part: Schema, schema: Schema, texts: Texts, value: JsonValue, *, required: bool) -> Field:
    label, meaning = _label(name, part, texts)
    kinds = [_resolved(option, schema) for option in part.get("anyOf", [part]) if option.get("type") != "null"]
    inner = kinds[0] if len(kinds) == 1 else {}
    choices = _choices(inner, texts)
    kind = "choice" if choices else _kind(inner)
    unit = _translated(part.get("unit", inner.get("unit", "")), texts)
    return Field(
        name, label, kind, unit, meaning, required, choices, "1" if inner.get("type") == "integer" else "any", inner.get("minimum"),
        inner.get("maximum"), _filled(value, kind), _allowed(inner, unit) if kind == "number" else unit,
    )  # fmt: skip


def _filled(value: JsonValue, kind: str) -> str:
    if value is None:
        return ""
    if kind == "number" and isinstance(value, int | float):
        return f"{value:.15g}"
    return (
        json.dumps(value, ensure_ascii=False, indent=1 if kind == "json" else None)
        if kind in ("choice", "json")
        else str(value)
    )


def _allowed(part: Schema, unit: str) -> str:
    """Bounds and unit as people say them: 18–110 years."""
    if "minimum" in part and "maximum" in part:
        bounds = f"{numbers.figure(part['minimum'], 0)}–{numbers.figure(part['maximum'], 0)}"
    else:
        bounds = ", ".join(f"{sign} {part[bound]:,g}" for bound, sign in BOUNDS.items() if bound in part)
    return f"{bounds} {unit}".strip()


def _choices(part: Schema, texts: Texts) -> tuple[tuple[str, str], ...]:
    if part.get("type") == "boolean":
        return (("true", _("yes")), ("false", _("no")))
    values = part.get("enum", [part["const"]] if "const" in part else [])
    return tuple((json.dumps(value, ensure_ascii=False), _translated(str(value), texts)) for value in values)


def _kind(part: Schema) -> str:
    if part.get("type") in ("number", "integer"):
        return "number"
    if part.get("type") == "string":
        return "moment" if part.get("format") == "date-time" else "text"
    return "json"


def _as_moment(field: Field, form: Schema, schema: Schema) -> Field:
    """A minute of the plan as a date and time, where the request says when its minute 0 is (`begins`)."""
    unit = form["properties"][field.name].get("unit")
    clock = field.name in MOMENTS and unit == "min" and "begins" in schema.get("properties", {})
    return field._replace(kind="moment", unit="", allowed="", value="") if clock else field


def _listed(field: Field, schema: Schema) -> Field:
    """Names that the request lists are proposed."""
    many = f"{field.name}s"
    return field._replace(listed=many) if many in schema.get("properties", {}) else field
