"""Where two answers, written as JSON, differ."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, TypeGuard

if TYPE_CHECKING:
    from pydantic import JsonValue


def differs(first: str, second: str, tolerance: float = 0.0) -> str | None:
    """The first place where two JSON texts differ, as words; None where they agree within the relative tolerance."""
    return _differs(json.loads(first), json.loads(second), tolerance, "")


_MISSING = "(missing)"


def _differs(first: JsonValue, second: JsonValue, tolerance: float, place: str) -> str | None:
    if isinstance(first, dict) and isinstance(second, dict):
        for key in sorted({*first, *second}):
            if difference := _differs(
                first.get(key, _MISSING), second.get(key, _MISSING), tolerance, f"{place}.{key}" if place else key
            ):
                return difference
        return None
    if isinstance(first, list) and isinstance(second, list) and len(first) == len(second):
        pairs = enumerate(zip(first, second, strict=True))
        return next(
            (
                difference
                for number, (a, b) in pairs
                if (difference := _differs(a, b, tolerance, f"{place}[{number + 1}]"))
            ),
            None,
        )
    if first == second:
        return None
    if _is_number(first) and _is_number(second) and math.isclose(first, second, rel_tol=tolerance, abs_tol=tolerance):
        return None
    return f"{place} {_short(first)} ≠ {_short(second)}".strip()


def _is_number(value: JsonValue) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _short(value: JsonValue) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 40 else text[:37] + "..."
