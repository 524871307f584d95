"""Requests that make no sense are refused, naming the field."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError

from dure.checks.outcome import Outcome, broken, inner_form, kept, steps
from dure.i18n.texts import _

if TYPE_CHECKING:
    from dure.checks.subject import Subject


def refuses_nonsense(subject: Subject) -> Outcome:
    """Mutations of a real request: each is refused, and the field is named."""
    project = subject.project
    request = next((request for _name, _case, (request, _answer) in steps(subject)), None)
    if request is None:
        return broken(_("no method has answered a case"))
    mutations = 0
    for path, form, value in _places(project.request, json.loads(request), ()):
        for field, nonsense, fault in _nonsense(form, value):
            mutations += 1
            spoilt = json.loads(request)
            _put(spoilt, (*path, field), nonsense)
            named = ".".join(map(str, (*path, field)))
            try:
                project.request.model_validate_json(json.dumps(spoilt))
            except ValidationError as error:
                if not any(field in detail["loc"] for detail in error.errors()):
                    return broken(_("{field} {what}: refused, but the field is not named", field=named, what=fault))
            except ValueError:  # json.dumps writes NaN; a parser that refuses it has refused it
                continue
            else:
                return broken(_("{field} {what}: taken for good", field=named, what=fault))
    return kept(_("{count} requests refused", count=mutations))


_GONE = object()


def _nonsense(form: type[BaseModel], value: Mapping[str, Any]) -> Iterator[tuple[str, Any, str]]:
    """(field, value, what is wrong) for each field of a form."""
    yield "no_such_field", 1, _("is unknown")
    schema = form.model_json_schema()
    for name, field in form.model_fields.items():
        kinds = list(_kinds(schema["properties"].get(field.alias or name, {})))
        if field.is_required():
            yield name, _GONE, _("is missing")
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


def _kinds(schema: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield from schema.get("anyOf", schema.get("oneOf", [schema]))


def _places(
    form: type[BaseModel], value: Any, path: tuple[str | int, ...]
) -> Iterator[tuple[tuple[str | int, ...], type[BaseModel], Any]]:
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


def _put(value: Any, path: tuple[str | int, ...], new: Any) -> None:
    *way, last = path
    for step in way:
        value = value[step]
    if new is _GONE:
        value.pop(last, None)
    else:
        value[last] = new
