"""A person's own sheet as a request, and the answer as a table to keep."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl

from dure import Opened, UserError, mapping, tables

from .data import Settings, columns, past_of, request_winds, tidy
from .forms import HOUR, LEVELS, Request, Response, _

SHOWN = (0.5, 0.1, 0.9)  # levels that are read; the others are kept too


def opens(paths: Sequence[Path], given: Mapping[str, Any]) -> Opened:
    """The hours of a sheet that have forecast wind and no power yet, as a request; what is known before them is its past.

    Where every hour's power is known already, the last run is asked once more. Raises UserError for a sheet that cannot be read,
    and where no capacity is known.
    """
    if len(paths) != 1:
        raise UserError(_("one sheet at a time: the farm's hours with forecast wind"), where=", ".join(map(str, paths)))
    path, notes = Path(paths[0]), list[str]()
    headers = [name for sheet in tables.sheets(path) for name in sheet.headers]
    wanted = [replace(column, required=False) if column.name == "power" else column for column in columns(headers)]

    def note(text: str) -> bool:
        notes.append(text)
        return True

    sheet = mapping.open_known(path, wanted, confirm=note)
    settings = Settings.model_validate({"capacity_kw": given["capacity"]} if given.get("capacity") else {})
    if not settings.capacity_kw and not ("capacity" in sheet.columns and sheet["capacity"].count()):
        raise UserError(
            _("the capacity of the farm is not known"), where=path.name, cure=_("Add --set capacity=20000, in kW.")
        )
    rows = tidy(str(given.get("farm", "")), sheet, settings, notes)
    measured = rows.filter(pl.col("truth_power").is_not_null())
    ahead = rows.filter(pl.col("time") > measured["time"][-1]) if measured.height else rows
    if not ahead.height:
        ahead = rows.filter(pl.col("issued") == rows["issued"][-1])
        notes.append(_("Every hour's power is known: the last run is asked once more."))
    run = ahead.filter(pl.col("issued") == ahead["issued"][0])
    capacity, until = run["capacity"][0], run["past_until"][0]
    request = Request(
        farm=run["farm"][0], issued=run["issued"][0], time=run["time"].to_list(), wind=request_winds(run), capacity=capacity,
        past=past_of(rows, run["farm"][0], until, capacity), past_until=until,
    )  # fmt: skip
    return Opened(request, notes=tuple(notes))


def rows_of(request: Request, response: Response) -> pl.DataFrame:
    """A row an hour: from, to, the median, the middle 80 %, then every level [kW]."""
    place = {level: number for number, level in enumerate(LEVELS)}
    power = response.power
    return pl.DataFrame(
        {
            _("from"): request.time,
            _("to"): [hour + HOUR for hour in request.time],
            _("median [kW]"): [levels[place[0.5]] for levels in power],
            _("lower 10 % [kW]"): [levels[place[0.1]] for levels in power],
            _("upper 90 % [kW]"): [levels[place[0.9]] for levels in power],
            **{f"q{100 * level:02.0f}": [levels[number] for levels in power] for number, level in enumerate(LEVELS)},
        }
    )


def save_csv(request: Request, response: Response, path: Path) -> None:
    """The rows as CSV, with a mark that lets spreadsheets read Korean."""
    path.write_bytes(b"\xef\xbb\xbf" + rows_of(request, response).write_csv(datetime_format="%Y-%m-%d %H:%M").encode())


def save_xlsx(request: Request, response: Response, path: Path) -> None:
    """The rows as a workbook."""
    rows_of(request, response).write_excel(
        path, worksheet=_("forecast"), autofit=True, dtype_formats={pl.Datetime: "yyyy-mm-dd hh:mm"}
    )


def says(request: Request, response: Response) -> str:
    """The day in one line, then a line an hour: median and the middle 80 %."""
    return "\n".join(_lines(request, response))


def _lines(request: Request, response: Response) -> Iterator[str]:
    middle, low, high = (LEVELS.index(level) for level in SHOWN)
    total = sum(levels[middle] for levels in response.power)
    share = 100 * total / request.capacity / len(request.time)
    yield _(
        "{first} to {last}: about {energy} kWh, {share} % of what the capacity could give",
        first=f"{request.time[0]:%Y-%m-%d %H:%M}", last=f"{request.time[-1] + HOUR:%m-%d %H:%M}",
        energy=f"{total:,.0f}", share=f"{share:.0f}",
    )  # fmt: skip
    for hour, levels in zip(request.time, response.power, strict=True):
        bar = "█" * round(24 * levels[middle] / request.capacity)
        yield f"  {hour:%m-%d %H}h {levels[middle]:>10,.0f} kW  ({levels[low]:,.0f} - {levels[high]:,.0f})  {bar}"
