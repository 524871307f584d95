"""Nouns from JSON and back: frozen dataclasses, every field checked, nothing unknown taken."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from dure.i18n.texts import _

if TYPE_CHECKING:
    from pydantic import TypeAdapter

Noun = TypeVar("Noun")
STRICT: Mapping[str, Any] = {"extra": "forbid", "strict": True, "allow_inf_nan": False}


def from_json(noun: type[Noun], value: Any) -> Noun:
    """A noun from parsed JSON. Raises UserError naming the field that is missing, unknown or of another type."""
    from pydantic import ValidationError

    from dure.errors import UserError, refusal

    try:
        adapter = _adapter(noun)  # type: ignore[arg-type]  # a class is hashable
        read: Noun = adapter.validate_json(json.dumps(value, default=number))  # strictly, as JSON has types
    except RecursionError:
        raise UserError(_("this is not what a trial writes")) from None
    except ValidationError as error:
        names = getattr(noun, "__dataclass_fields__", ())
        raise refusal(error, names=tuple(names)) from None
    return read


@cache
def _adapter(noun: Any) -> TypeAdapter[Any]:
    from pydantic import TypeAdapter

    return TypeAdapter(noun)


def to_json(noun: Any) -> dict[str, Any]:
    """A noun as JSON has it. A field that has a default is left out where it holds nothing else."""
    return {
        field.name: _plain(value) for field in fields(noun) if (value := getattr(noun, field.name)) != _default(field)
    }


def _default(field: Field[Any]) -> Any:
    return field.default if field.default_factory is MISSING else field.default_factory()


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return to_json(value)
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else number(value)


def number(value: Any) -> Any:
    """A number of another library as Python has it; a path or a moment as text."""
    if value is None or isinstance(value, str | bool | int | float):
        return value
    return value.item() if hasattr(value, "item") else str(value)
