"""JSON Schemas as pydantic writes them: the keys that forms, cards and checks read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal, TypedDict, cast

if TYPE_CHECKING:
    from pydantic import BaseModel, JsonValue

Schema = TypedDict(
    "Schema",
    {
        "$ref": str, "$defs": "dict[str, Schema]", "type": str, "title": str, "description": str, "unit": str, "format": str,
        "default": "JsonValue", "const": "JsonValue", "enum": "list[JsonValue]", "anyOf": "list[Schema]", "oneOf": "list[Schema]",
        "properties": "dict[str, Schema]", "required": list[str], "items": "Schema", "minItems": int, "minLength": int,
        "minimum": float, "maximum": float, "exclusiveMinimum": float, "exclusiveMaximum": float,
    },
    total=False,
)  # fmt: skip
"""A JSON Schema, or a part of one."""
Bound = Literal["minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum"]
BOUNDS: Mapping[Bound, str] = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}


def schema_of(form: type[BaseModel], mode: Literal["validation", "serialization"] = "validation") -> Schema:
    """The JSON Schema of a form, as it is asked or as it is answered."""
    return cast("Schema", form.model_json_schema(mode=mode))
