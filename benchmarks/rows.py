"""The results that benchmarks keep."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dure.content_store import write_atomically


def save(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """All rows as CSV, written aside and renamed."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_atomically(path, text.getvalue())
