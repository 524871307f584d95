"""A form of a JSON Schema: what a project asks of people, in the reader's language, with units, bounds and choices."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from dure.i18n.texts import _, language
from dure.report import numbers

Schema = Mapping[str, Any]
Texts = Mapping[str, Mapping[str, str]]  # by their English: `dure.registry.describe.texts`
MOMENTS = ("start", "end", "now")  # what a field is called that is a point in time, not a length
BOUNDS = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}


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


def fields(schema: Schema, texts: Texts, filled: Mapping[str, Any] | None = None) -> list[Field]:
    """The fields of a form, filled with an example."""
    given = filled or {}
    needed = schema.get("required", ())
    return [
        _field(name, each, schema, texts, given.get(name), required=name in needed)
        for name, each in schema.get("properties", {}).items()
    ]


def plain(schema: Schema, texts: Texts) -> list[Field]:
    """Those fields of a request that are one value, none of them wanted: what stands beside files of one's own."""
    every = [_as_moment(each, schema, schema) for each in fields(schema, texts)]
    return [each._replace(required=False) for each in every if each.kind != "json"]


def lists(schema: Schema, texts: Texts, *, without: str = "") -> Iterator[tuple[str, str, list[Field]]]:
    """Lists of rows whose every field is one value: (name, what it is, a row's fields); spans of time first.

    Parameters
    ----------
    without
        A list that is left out: the answer in force.
    """
    found = []
    for name, each in schema.get("properties", {}).items():
        row = _resolved(each.get("items", {}), schema)
        inside = fields(row, texts) if row.get("properties") and name != without else []
        if inside and all(one.kind != "json" for one in inside):
            moments = [_as_moment(one, row, schema) for one in inside]
            spans = sum(one.kind == "moment" for one in moments)
            found.append((-spans, name, _label(name, each, texts)[0], [_listed(one, schema) for one in moments]))
    found.sort(key=lambda each: each[0])
    for _spans, name, label, inside in found:
        yield name, label, inside


def _resolved(part: Schema, schema: Schema) -> Schema:
    if "$ref" in part:
        found: Schema = schema.get("$defs", {}).get(part["$ref"].rpartition("/")[2], {})
        return {**found, "$defs": schema.get("$defs", {})}
    return part


def _label(name: str, part: Schema, texts: Texts) -> tuple[str, str]:
    """What a field is called, and what else is said of it. A title that pydantic made of the name says nothing."""
    title = part.get("title", "")
    own = title if title and title.casefold() != name.replace("_", " ").casefold() else ""
    meaning = part.get("description", "")
    return (_said(own, texts), _said(meaning, texts)) if own else (_said(meaning, texts) or name, "")


def _said(text: str, texts: Texts) -> str:
    return texts.get(text, {}).get(language(), text)


def _field(name: str, part: Schema, schema: Schema, texts: Texts, value: Any, *, required: bool) -> Field:
    label, meaning = _label(name, part, texts)
    kinds = [_resolved(each, schema) for each in part.get("anyOf", [part]) if each.get("type") != "null"]
    one = kinds[0] if len(kinds) == 1 else {}
    choices = _choices(one, texts)
    kind = "choice" if choices else _kind(one)
    unit = _said(part.get("unit", one.get("unit", "")), texts)
    return Field(
        name, label, kind, unit, meaning, required, choices, "1" if one.get("type") == "integer" else "any", one.get("minimum"),
        one.get("maximum"), _filled(value, kind), _allowed(one, unit) if kind == "number" else unit,
    )  # fmt: skip


def _filled(value: Any, kind: str) -> str:
    if value is None:
        return ""
    if kind == "number":
        return f"{value:.15g}"
    return (
        json.dumps(value, ensure_ascii=False, indent=1 if kind == "json" else None)
        if kind in ("choice", "json")
        else str(value)
    )


def _allowed(one: Schema, unit: str) -> str:
    """Bounds and unit as people say them: 18–110 years."""
    if "minimum" in one and "maximum" in one:
        bounds = f"{numbers.figure(one['minimum'], 0)}–{numbers.figure(one['maximum'], 0)}"
    else:
        bounds = ", ".join(f"{sign} {one[bound]:,g}" for bound, sign in BOUNDS.items() if bound in one)
    return f"{bounds} {unit}".strip()


def _choices(one: Schema, texts: Texts) -> tuple[tuple[str, str], ...]:
    if one.get("type") == "boolean":
        return (("true", _("yes")), ("false", _("no")))
    values = one.get("enum", [one["const"]] if "const" in one else [])
    return tuple((json.dumps(each, ensure_ascii=False), _said(str(each), texts)) for each in values)


def _kind(one: Schema) -> str:
    if one.get("type") in ("number", "integer"):
        return "number"
    if one.get("type") == "string":
        return "moment" if one.get("format") == "date-time" else "text"
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
