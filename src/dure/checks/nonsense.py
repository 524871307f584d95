"""Requests that make no sense are refused, naming the field."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from pydantic import BaseModel, ValidationError

from dure.checks.outcome import Outcome, broken, inner_form, kept, steps
from dure.i18n.texts import _
from dure.project.json_schema import Schema, schema_of

if TYPE_CHECKING:
    from pydantic import JsonValue

    from dure.checks.subject import Subject


def refuses_nonsense(subject: Subject) -> Outcome:
    """Mutations of a real request: each is refused, and the field is named."""
    project = subject.project
    request = next((request for _name, _case, (request, _answer) in steps(subject)), None)
    if request is None:
        return broken(_("no method has answered a case"))
    mutations, whole = 0, json.loads(request)
    for path, form, value in _places(project.request, whole, ()):
        for field, nonsense, fault in _nonsense(form, value):
            mutations += 1
            spoilt = _spoilt(whole, value, field, nonsense)
            named = ".".join(map(str, (*path, field)))
            try:
                project.request.model_validate_json(spoilt)
            except ValidationError as error:
                if not any(field in detail["loc"] for detail in error.errors()):
                    return broken(_("{field} {what}: refused, but the field is not named", field=named, what=fault))
            except ValueError:  # json.dumps writes NaN; a parser that refuses it has refused it
                continue
            else:
                return broken(_("{field} {what}: taken for good", field=named, what=fault))
    return kept(_("{count} requests refused", count=mutations))


def _spoilt(whole: Mapping[str, JsonValue], value: dict[str, JsonValue], field: str, nonsense: JsonValue) -> str:
    """The whole request with a field of an object in it spoilt (None: taken away), as JSON; the object is as it was again."""
    before = dict(value)
    value[field] = nonsense
    if nonsense is None:
        del value[field]
    text = json.dumps(whole)
    value.clear()
    value.update(before)
    return text


def _nonsense(form: type[BaseModel], value: Mapping[str, JsonValue]) -> Iterator[tuple[str, JsonValue, str]]:
    """(field, value, what is wrong) for each field of a form; None: the field is missing."""
    yield "no_such_field", 1, _("is unknown")
    schema = schema_of(form)
    for name, field in form.model_fields.items():
        kinds = list(_kinds(schema["properties"].get(field.alias or name, {})))
        if field.is_required():
            yield name, None, _("is missing")
        if not any(
            kind.get("type") is None and "$ref" not in kind and "enum" not in kind and "const" not in kind
            for kind in kinds
        ):
            yield (
                name,
                [["nonsense"]] if any(kind.get("type") == "string" for kind in kinds) else "nonsense",
                _("has a wrong type"),
            )
        if any(kind.get("type") == "number" for kind in kinds) and name in value:
            yield name, math.nan, _("is not a number")
        for kind in kinds if len(kinds) == 1 else ():
            low, high = (
                kind.get("minimum", kind.get("exclusiveMinimum")),
                kind.get("maximum", kind.get("exclusiveMaximum")),
            )
            if low is not None:
                yield name, low - 1, _("is below its bound")
            if high is not None:
                yield name, high + 1, _("is above its bound")


def _kinds(schema: Schema) -> Iterator[Schema]:
    yield from schema.get("anyOf", schema.get("oneOf", [schema]))


def _places(
    form: type[BaseModel], value: dict[str, JsonValue], path: tuple[str | int, ...]
) -> Iterator[tuple[tuple[str | int, ...], type[BaseModel], dict[str, JsonValue]]]:
    """The request itself and the first of each form inside it."""
    yield path, form, value
    for name, field in form.model_fields.items():
        inner, inner_value = inner_form(field.annotation), value.get(name)
        if inner is None or not inner_value:
            continue
        if isinstance(inner_value, list) and isinstance(inner_value[0], dict):
            yield from _places(inner, inner_value[0], (*path, name, 0))
        elif isinstance(inner_value, dict) and set(inner.model_fields) >= set(inner_value):
            yield from _places(inner, inner_value, (*path, name))
