"""A person's own roof: a sheet of power becomes a request, an answer becomes words and files to keep."""

from __future__ import annotations

import csv
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from dure import Opened, UserError
from dure.mapping import apply, confirm, meant, open_own, propose, saved

from . import analogues
from .data import COLUMNS, HOUR, WEATHER, doubled, hourly
from .forms import DAY, LEVELS, MEDIAN, MOST_HOURS, PAST, Request, Response, _
from .roof import roof_of
from .sun import MIDDLE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

LOW, HIGH = LEVELS.index(0.1), LEVELS.index(0.9)


# ---- in -------------------------------------------------------------------------------------------------------------------


def opens(paths: Sequence[Path], given: Mapping[str, Any]) -> Opened:
    """One sheet as a request: the hours after its last known power, to the end of the day after.

    Raises UserError where there is more than one sheet, a column is missing, or the last day is not known at all.
    """
    if len(paths) > 1:
        raise UserError(
            _("one roof at a time: {files}", files=", ".join(path.name for path in paths)),
            cure=_("Several roofs are tried with `dure run honam.solar --data roofs=FILE --data roofs=FILE`."),
        )
    path = paths[0]
    frame, notes = _read(path)
    capacity = given.get("capacity_kw")
    table = hourly(frame, None if capacity is None else _number(capacity), path.name)
    power = table.drop_nulls("power")
    if not power.height:
        raise UserError(_("no hour has a power"), where=path.name)
    first = power["time"][-1] + HOUR
    begin = max(power["time"][0], first - PAST * HOUR)
    if first - begin < DAY * HOUR:
        raise UserError(
            _("{count} hours are known, a day is needed", count=power.height), where=path.name,
            cure=_("Give at least a day, better four weeks."),
        )  # fmt: skip
    fields: dict[str, Any] = {
        "first": first, "hours": _to_the_end_of_tomorrow(first), "capacity_kw": capacity or _last(frame["capacity"]), **given,
    }  # fmt: skip
    hours = int(fields["hours"])
    length = (first - begin) // HOUR
    fields["past"] = _series(table, "power", begin, length)
    for name in WEATHER:
        if table[name].count():
            fields[name] = _series(table, name, begin, length + hours)
    if count := doubled(frame):
        notes.append(_("{count} times stand twice; where they differ the hour counts as unknown.", count=count))
    if unknown := sum(value is None for value in fields["past"]):
        notes.append(_("{count} of the last {hours} hours are not known.", count=unknown, hours=length))
    return Opened(Request.model_validate(fields), notes=tuple(notes))


def _read(path: Path) -> tuple[pl.DataFrame, list[str]]:
    """The sheet in our columns, and how its headers were understood; a mapping kept beside the file counts."""
    if saved(path).is_file():
        return open_own(path, COLUMNS)[0], []
    sheets = meant(path, COLUMNS)
    proposal = confirm(propose(sheets[0], COLUMNS), lambda _text: True)
    return pl.concat([apply(sheet, proposal, COLUMNS) for sheet in sheets]), [proposal.text()]


def _number(text: Any) -> float:
    try:
        return float(text)
    except (TypeError, ValueError):
        raise UserError(_("{text} is not a number", text=text), where="--set capacity_kw") from None


def _last(column: pl.Series) -> float | None:
    known = column.drop_nulls()
    return float(known[-1]) if len(known) else None


def _to_the_end_of_tomorrow(first: datetime) -> int:
    return min(2 * DAY - first.hour, MOST_HOURS)


def _series(table: pl.DataFrame, name: str, begin: datetime, count: int) -> list[float | None]:
    by_hour = dict(table.select("time", name).iter_rows())
    return [by_hour.get(begin + hour * HOUR) for hour in range(count)]


# ---- out ------------------------------------------------------------------------------------------------------------------


def says(request: Request, response: Response) -> str:
    """Each day's energy and best hours, then the hours of light with their band; whether weather was used."""
    scale, unit = (request.capacity_kw, "kW") if request.capacity_kw else (1.0, "kW/kW")
    rows = [(request.first + hour * HOUR, scale * np.array(quantiles)) for hour, quantiles in enumerate(response.power)]
    lines = []
    for day in dict.fromkeys(at.date() for at, _quantiles in rows):
        medians = {at: quantiles[MEDIAN] for at, quantiles in rows if at.date() == day}
        best = max(medians, key=lambda at: medians[at])
        if not medians[best]:
            continue
        lines.append(
            _("{day}: about {energy} {unit}h (sum of the hours' medians), most from {start} to {end}", day=f"{day:%Y-%m-%d}",
              energy=f"{sum(medians.values()):.1f}", unit=unit, start=f"{best:%H:%M}", end=f"{best + HOUR:%H:%M}")
        )  # fmt: skip
    lines += ["", _("hour, median and band of 80 % [{unit}]", unit=unit)]
    lines += [
        f"  {at:%m-%d %H:%M}  {quantiles[MEDIAN]:7.3f}  ({quantiles[LOW]:.3f} – {quantiles[HIGH]:.3f})"
        for at, quantiles in rows
        if quantiles[HIGH] > 0
    ]
    return "\n".join([*lines, "", _weather(request)])


def _weather(request: Request) -> str:
    roof = roof_of(request, MIDDLE)
    sky = analogues.skies(request, roof)
    if sky is None:
        return _("No weather was given: the roof's own past and the calendar alone.")
    share = analogues.worth(roof, sky)
    if not share:
        return _("The weather given would not have helped on this roof's last days: it is not used.")
    return _(
        "The weather given would have cut the loss on this roof's last days by {share} %: it is used.",
        share=round(100 * share),
    )


def table(request: Request, response: Response) -> pl.DataFrame:
    """An hour a row: its beginning and end, then its quantiles in kW, or kW per kW where the installed power is not known."""
    scale = request.capacity_kw or 1.0
    begin = [request.first.replace(tzinfo=None) + hour * HOUR for hour in range(len(response.power))]
    columns = {
        _("quantile {level} %", level=round(100 * level)): [round(scale * row[at], 4) for row in response.power]
        for at, level in enumerate(LEVELS)
    }
    ends = [start + timedelta(hours=1) for start in begin]
    unit = "kW" if request.capacity_kw else "kW/kW"
    return pl.DataFrame({_("begins"): begin, _("ends"): ends, _("unit"): [unit] * len(begin), **columns})


def to_csv(request: Request, response: Response, path: Path) -> None:
    """A sheet that spreadsheet programs open with its Korean headers (UTF-8 with a mark)."""
    rows = table(request, response)
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(rows.columns)
        writer.writerows(
            [f"{cell:%Y-%m-%d %H:%M}" if isinstance(cell, datetime) else cell for cell in row]
            for row in rows.iter_rows()
        )


def to_xlsx(request: Request, response: Response, path: Path) -> None:
    """A workbook of one sheet."""
    table(request, response).write_excel(path, autofit=True, dtype_formats={pl.Datetime: "yyyy-mm-dd hh:mm"})


SAVES: dict[str, Callable[[Any, Any, Path], None]] = {".csv": to_csv, ".xlsx": to_xlsx}
