"""What the trades' shared sheets hold, as columns with the headers people use for them.

A new layout is one file that declares its columns and one line in SHEETS; where declared columns are not enough to read it,
one function and one line in READERS.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from dure import mapping
from dure.errors import Unknown, nearest
from dure.formats.farm import GROWTH_SURVEY
from dure.formats.kma_columns import FORECAST
from dure.formats.kma_forecast import forecast
from dure.formats.plant import MACHINE_EVENTS, MACHINE_RUNNING, WORK_ORDERS
from dure.formats.power import HOURLY_GENERATION, QUARTER_HOURLY_USE, SETTLEMENT
from dure.formats.weather import DAILY_WEATHER, HOURLY_WEATHER
from dure.i18n.texts import _

if TYPE_CHECKING:
    import polars as pl

__all__ = [
    "DAILY_WEATHER",
    "FORECAST",
    "GROWTH_SURVEY",
    "HOURLY_GENERATION",
    "HOURLY_WEATHER",
    "MACHINE_EVENTS",
    "MACHINE_RUNNING",
    "QUARTER_HOURLY_USE",
    "READERS",
    "SETTLEMENT",
    "SHEETS",
    "WORK_ORDERS",
    "forecast",
    "read",
]

SHEETS = {
    "forecast": FORECAST,
    "hourly-weather": HOURLY_WEATHER,
    "daily-weather": DAILY_WEATHER,
    "hourly-generation": HOURLY_GENERATION,
    "settlement": SETTLEMENT,
    "quarter-hourly-use": QUARTER_HOURLY_USE,
    "work-orders": WORK_ORDERS,
    "machine-running": MACHINE_RUNNING,
    "machine-events": MACHINE_EVENTS,
    "growth-survey": GROWTH_SURVEY,
}
"""Every declared sheet by the name people ask for it."""

READERS: dict[str, Callable[[Path], pl.DataFrame]] = {"forecast": forecast}
"""Sheets that take more than their columns to be read."""


def read(
    name: str, path: Path, *, sheet: str | None = None, confirm: Callable[[str], bool] | None = None
) -> pl.DataFrame:
    """A file of a known layout as the frame its columns promise: their names, types and units, one row a case.

    Parameters
    ----------
    name
        Of SHEETS.
    sheet
        Of a workbook with several.
    confirm
        Is asked where something is doubtful: a unit that the file does not say, two headers for one column.

    Raises UserError with file, sheet, row, column and cure for what cannot be read, Unknown for a name that is not there.
    """
    if name not in SHEETS:
        close = nearest(name, tuple(SHEETS))
        cure = _("Did you mean {name}?", name=close) if close else ", ".join(SHEETS)
        raise Unknown(_("there is no sheet called {name}", name=name), cure=cure)
    if name in READERS:
        return READERS[name](path)
    return mapping.open_known(path, SHEETS[name], sheet=sheet, confirm=confirm)
