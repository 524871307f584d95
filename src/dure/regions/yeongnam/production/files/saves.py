"""Endings of the files that a plan is saved as, and what writes each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from . import workbook
from .exports import save_csv, save_ics

if TYPE_CHECKING:
    from ..model.forms import Request, Response

SAVES: Mapping[str, Callable[[Request, Response, Path], None]] = {
    ".xlsx": workbook.save,
    ".csv": save_csv,
    ".ics": save_ics,
}
