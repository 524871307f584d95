"""JSON as text that is kept under version control: one entry a line, so that a difference shows what has changed."""

from __future__ import annotations

import json
from typing import Any

WIDTH = 120  # characters: what fits is not opened
LEVELS = 3


def json_text(value: Any, levels: int = LEVELS, indent: str = "") -> str:
    """A mapping opened down to `levels` where it does not fit into a line; the entries of a list are a line each, however long.

    Raises ValueError for NaN and infinity.
    """
    whole = json.dumps(value, ensure_ascii=False, allow_nan=False)
    if not levels or not isinstance(value, dict | list) or len(indent) + len(whole) <= WIDTH:
        return whole
    inner = indent + "  "
    if isinstance(value, list):
        entries = [json_text(entry, 0) for entry in value]
    else:
        entries = [
            f"{json.dumps(name, ensure_ascii=False)}: {json_text(entry, levels - 1, inner)}"
            for name, entry in value.items()
        ]
    first, last = whole[0], whole[-1]
    return f"{first}\n{inner}" + f",\n{inner}".join(entries) + f"\n{indent}{last}"
