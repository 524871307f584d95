"""The cells of one sheet before its table was found."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dure.tables import cells


@dataclass
class Grid:
    """Cells of one sheet by column, before the table in it was found."""

    name: str
    columns: Sequence[cells.Cells]
    merges: list[cells.Merge] = field(default_factory=list)
    hidden: bool = False
    foreign: bool = False  # separated by semicolons or tabs: decimal commas are likely
