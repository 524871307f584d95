"""A person's own sheet of load and sun as a request; the day's plan as a sheet; and what it comes to, in words."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from dure import Opened, UserError
from dure.mapping import apply, propose
from dure.tables import read

from .dates import HOUR
from .forms import AHEAD, PAST, Request, Response, _
from .homes import USUAL_BATTERY, hourly
from .sources import COLUMNS
from .tariff import PUBLISHED, tariff

if TYPE_CHECKING:
    from pathlib import Path

BOM = "\ufeff"  # spreadsheets take a text file for UTF-8 by this


def opens(paths: Sequence[Path], options: Mapping[str, Any]) -> Opened:
    """Load and sun until now from one sheet; battery, charge and tariff from what is given beside it.

    The hour to decide is the one after the sheet's last. Raises UserError where the sheet has no time or load, or there are two.
    """
    if len(paths) != 1:
        raise UserError(_("one sheet of load and sun is wanted, {count} were given", count=len(paths)))
    sheet = read(paths[0])
    proposal = propose(sheet, COLUMNS)
    if proposal.missing:
        names = ", ".join(proposal.labels.get(name, name) for name in proposal.missing)
        raise UserError(
            _("no column was found for: {names}", names=names), where=paths[0].name,
            cure=_("Name the columns time and load (일시, 부하), and sun (태양광 발전량) where there are panels."),
        )  # fmt: skip
    hours = hourly(apply(sheet, proposal, COLUMNS), paths[0].name)[-PAST:]
    begin = hours["time"][-1] + HOUR
    costs = tariff(str(options.get("tariff") or "kepco-jeju"))
    if costs.name == PUBLISHED:
        raise UserError(_("the prices published with the homes serve the trial alone"), where="tariff")
    buy = costs.buys([begin + timedelta(hours=hour) for hour in range(AHEAD)])
    fields = {name: getattr(USUAL_BATTERY, name) for name in ("capacity", "power", "efficiency")}
    fields |= {"time": begin, "load": hours["load"].to_list(), "sun": hours["sun"].to_list(), "tariff": costs.name}
    fields |= {"buy": buy.tolist(), "sell": costs.sells(buy).tolist(), "demand_price": costs.demand_price}
    request = {**fields, **options}
    request.setdefault("charge", float(request["capacity"]) / 2)
    notes = [proposal.text()]
    if defaults := [name for name in ("capacity", "power", "efficiency", "charge") if name not in options]:
        values = ", ".join(f"{name}={float(request[name]):g}" for name in defaults)
        notes.append(_("Not given, so taken as: {values}. Set them with --set NAME=VALUE.", values=values))
    return Opened(Request.model_validate(request), notes=tuple(notes))


def says(request: Request, response: Response) -> str:
    """The hour's order to the inverter, why, and what the day's plan comes to."""
    lines = [_order(request, response), _reason(request, response)]
    if response.at_most is not None:
        lines.append(
            _(
                "No more than {power} kW is drawn from the grid while there is energy: the month's peak is paid.",
                power=f"{response.at_most:.1f}",
            )
        )
    if response.plan:
        with_it, without = costs(request, response)
        values = {
            "hours": len(response.plan),
            "cost": f"{with_it:,.0f}",
            "unit": _("won"),
            "by": f"{abs(without - with_it):,.0f}",
        }
        if without >= with_it:
            text = _(
                "The next {hours} hours cost {cost} {unit} as expected, {by} less than without the battery (its charge counted in).",
                **values,
            )
        else:
            text = _(
                "The next {hours} hours cost {cost} {unit} as expected, {by} more than without the battery (its charge counted in).",
                **values,
            )
        lines.append(text)
    return "\n".join(lines)


def _order(request: Request, response: Response) -> str:
    time = request.time.strftime("%Y-%m-%d %H:%M")
    if response.from_grid:
        return _("{time}: charge {energy} kWh from the grid now.", time=time, energy=f"{response.from_grid:.1f}")
    if response.to_grid:
        return _("{time}: sell {energy} kWh now.", time=time, energy=f"{response.to_grid:.1f}")
    cover = (
        _("cover the house up to {power} kW", power=f"{response.cover:.1f}")
        if response.cover
        else _("leave the house to the grid")
    )
    store = (
        _("store the sun up to {power} kW", power=f"{response.store:.1f}")
        if response.store
        else _("sell what the sun leaves over")
    )
    return _("{time}: {cover}; {store}.", time=time, cover=cover, store=store)


def _reason(request: Request, response: Response) -> str:
    """Why, by what a stored kWh is worth later."""
    explanation = response.why
    time = (request.time + timedelta(hours=explanation.hour)).strftime("%H:%M")
    values = {
        "price": f"{explanation.price:.0f}",
        "then": f"{explanation.price_then:.0f}",
        "time": time,
        "worth": f"{explanation.worth:.0f}",
    }
    texts = {
        "charge from the grid": _(
            "A kWh costs {price} won now and {then} won from {time}, and the sun is not expected to fill the battery.",
            **values,
        ),
        "sell": _("A kWh sold now brings more than the {worth} won it would be worth later.", **values),
        "store the sun": _(
            "A stored kWh is worth {worth} won; it is needed from {time}, when a kWh costs {then} won.", **values
        ),
        "use now": _(
            "A kWh from the grid costs {price} won now; kept for later it would be worth {worth} won.", **values
        ),
        "keep for later": _(
            "A kWh from the grid costs {price} won now; kept until {time} it saves {then} won.", **values
        ),
        "rest": _("There is nothing to store and nothing to give."),
        "a rule": _("A rule without a forecast: it does not look ahead."),
    }
    return texts[explanation.reason]


def costs(request: Request, response: Response) -> tuple[float, float]:
    """What the planned hours cost with the battery and without [won]; the charge's change counts at the cheapest price."""
    with_it = without = 0.0
    for step, buy, sell in zip(response.plan, request.buy, request.sell, strict=False):
        need = step.load - step.sun
        for_house, net = need, need - step.battery
        without += for_house * (buy if for_house > 0 else sell)
        with_it += net * (buy if net > 0 else sell) + max(step.battery, 0.0) * request.cycle_cost
    worth = min(request.buy) * request.one_way
    return with_it + (request.charge - response.plan[-1].charge) * worth, without


def _rows(request: Request, response: Response) -> tuple[list[str], list[list[Any]]]:
    """The plan as a table: headers and rows."""
    headers = [
        _("time"), _("load [kWh]"), _("sun [kWh]"), _("from the battery [kWh]"), _("from the grid [kWh]"),
        _("charge at the end [kWh]"), _("price [won/kWh]"),
    ]  # fmt: skip
    rows = []
    for hour, step in enumerate(response.plan):
        time = request.time.replace(tzinfo=None) + timedelta(hours=hour)
        numbers = (
            step.load,
            step.sun,
            step.battery,
            step.load - step.sun - step.battery,
            step.charge,
            request.buy[hour],
        )
        rows.append([time, *(round(number, 3) + 0.0 for number in numbers)])
    return headers, rows


def save_csv(request: Request, response: Response, path: Path) -> None:
    """The plan as a text file that spreadsheets open."""
    headers, rows = _rows(request, response)
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow(headers)
    writer.writerows([[row[0].isoformat(sep=" ", timespec="minutes"), *row[1:]] for row in rows])
    path.write_text(BOM + buffer.getvalue(), encoding="utf-8", newline="")


def save_xlsx(request: Request, response: Response, path: Path) -> None:
    """The plan as a workbook, the order and its reason above it."""
    import xlsxwriter  # type: ignore[import-untyped]  # it ships no types

    headers, rows = _rows(request, response)
    with xlsxwriter.Workbook(
        str(path), {"default_date_format": "yyyy-mm-dd hh:mm", "strings_to_formulas": False}
    ) as book:
        sheet = book.add_worksheet(_("plan"))
        bold = book.add_format({"bold": True})
        texts = says(request, response).splitlines()
        for number, text in enumerate(texts):
            sheet.write_string(number, 0, text)
        top = len(texts) + 1
        sheet.write_row(top, 0, headers, bold)
        for number, row in enumerate(rows, start=top + 1):
            sheet.write_row(number, 0, row)
        sheet.set_column(0, 0, 18)
        sheet.set_column(1, len(headers) - 1, 14)


SAVES = {".xlsx": save_xlsx, ".csv": save_csv}
