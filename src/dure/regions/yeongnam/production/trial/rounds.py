"""The rounds of the trial: which shops are open to work on, which are sealed, and what is measured on each kind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from dure import Case, Round, texts

from ..model.forms import Request
from .instances import case, shop
from .variants import WORKED, draws, with_alternatives, with_arrivals, with_due_dates, with_set_ups, with_shifts

if TYPE_CHECKING:
    from typing import Any

    from dure import Data

_ = texts(__file__)
# What the methods' recipes were chosen on, and Taillard's shops, on which nothing was chosen: they decide.
OPEN = {
    "job shops": "orb01 orb02 orb03 orb04 orb05 orb06 orb07 orb08 orb09 orb10",
    "flexible job shops": "la21 la26 la36",
    "due dates": "la18 la28 abz7",
    "set-ups and closed times": "la22 la27 la37",
}
SEALED = {
    "job shops": "ta02 ta07 ta12 ta17 ta22 ta27 ta32 ta37 ta42 ta47",
    "flexible job shops": "ta03 ta08 ta09 ta13 ta18 ta23 ta28 ta33 ta38 ta43",
    "due dates": "ta01 ta04 ta06 ta11 ta14 ta16 ta21 ta24 ta31 ta34",
    "set-ups and closed times": "ta05 ta10 ta15 ta19 ta20 ta25 ta29 ta30 ta35 ta40",
}


def job_shop(row: Mapping[str, Any], number: int) -> Case:
    """A standard shop as it is, against the best makespan known."""
    return case(row["name"], shop(row), "job shops", row["upper"])


def flexible(row: Mapping[str, Any], number: int) -> Case:
    """Alternative machines, in turn as fast as the first and slower ones."""
    name = f"{row['name']} flexible"
    return case(name, with_alternatives(shop(row), draws(name), alike=number % 2 == 0), "flexible job shops")


def due(row: Mapping[str, Any], number: int) -> Case:
    """In turn tight and loose due dates."""
    return case(f"{row['name']} due", with_due_dates(shop(row), (1.3, 1.5)[number % 2]), "due dates")


def plant(row: Mapping[str, Any], number: int) -> Case:
    """Arrivals, set-ups, shifts; in turn without and with alternative machines; makespan, lateness or both are made small."""
    name = f"{row['name']} shifts"
    draw, request = draws(name), shop(row)
    if number % 2:
        request = with_alternatives(request, draw, alike=False)
    request = with_shifts(with_set_ups(with_arrivals(request, draw, WORKED), draw, families=5, share=0.25), draw)
    if number % 3:
        request = with_due_dates(request, 2.4)  # 1.6, and half as long again: two of three shifts are worked
    if number % 3 == 2:
        request = request.model_copy(update={"objective": "both", "makespan_weight": 10})
    return case(name, request, "set-ups and closed times")


KINDS = dict(zip(OPEN, (job_shop, flexible, due, plant), strict=True))


def history(data: Data, until: datetime | None = None) -> tuple[Case, ...]:
    """Nothing: no method learns from other shops."""
    return ()


def rounds(data: Data) -> Iterator[Round]:
    """Each kind of shop, open and sealed; with a plant's own sheets its weeks and nothing else."""
    if data.has("plant"):
        weeks = data["plant"].iter_rows(named=True)
        cases = [case(week["week"], Request.model_validate_json(week["request"]), "") for week in weeks]
        yield Round("own weeks", (), cases)
        return
    rows = {row["name"]: row for row in data["instances"].iter_rows(named=True)}
    for sealed, named in ((False, OPEN), (True, SEALED)):
        for kind, make in KINDS.items():
            cases = [make(rows[name], number) for number, name in enumerate(named[kind].split())]
            yield Round(f"{kind}, sealed" if sealed else kind, (), cases, sealed=sealed)


def remarks(data: Data) -> dict[str, Sequence[str]]:
    """What 100 % are, kind by kind."""
    if data.has("plant"):
        return {}
    return {
        "job shops": [_("measured from the best makespan known")],
        "flexible job shops": [_("measured from a lower bound of the makespan, which no plan may reach")],
        "due dates": [_("minutes late times weight in percent of all work times weight: 0 % is nothing late")],
        "set-ups and closed times": [
            _("measured from a lower bound and from nothing late, as the shop's objective has it")
        ],
    }
