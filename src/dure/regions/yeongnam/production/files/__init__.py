"""What a planner of a small plant drops: own sheets or standard texts, as a request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import sheets, standard

if TYPE_CHECKING:
    from dure import Opened


def opens(paths: Sequence[Path], given: Mapping[str, Any]) -> Opened:
    """The files as a request: standard texts where all of them are, else a plant's sheets.

    Raises UserError as `sheets.opens` and `standard.opens` do.
    """
    plain = all(standard.is_standard(path) for path in paths)
    return standard.opens(paths, given) if plain else sheets.opens(paths, given)
