"""`dure judge`: answers that stand in a table."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dure.cli.options import as_json, confirmer, existing, out_option, pairs, require, yes_option
from dure.cli.output import progress, show_result, stamped
from dure.errors import UserError
from dure.i18n.texts import _, multilingual

if TYPE_CHECKING:
    from dure.record import Particulars


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--truth", help="Column of what really happened.")
@click.option("--practice", help="Column of today's answers.")
@click.option("--offer", "offers", multiple=True, help="Column of the offered answers, or NAME=FILE joined by --id.")
@click.option("--id", "id_", help="Column of case ids.")
@click.option("--time", "time_", help="Column of times.")
@click.option("--site", help="Column of sites; each has a verdict of its own.")
@click.option("--block", help="day, week, month, or a column: cases that depend on each other.")
@click.option("--sheet", help="Sheet of a workbook.")
@click.option("--kpi", type=click.Choice(["mae", "rmse", "wape", "hit", "brier", "cost"]), help="What decides.")
@click.option("--worth", help="Price of one unit of the KPI, such as 120원/kWh.")
@click.option("--goal", type=float, help="Target of the KPI, for the R&D table.")
@click.option("--scale", multiple=True, help="COLUMN=FACTOR where a column has another unit.")
@require
@out_option
@yes_option
@as_json
def judge(
    file: Path, truth: str | None, practice: str | None, offers: tuple[str, ...], id_: str | None, time_: str | None,
    site: str | None, block: str | None, sheet: str | None, kpi: str | None, worth: str | None, goal: float | None,
    scale: tuple[str, ...], require: str | None, out: Path | None, yes: bool, as_json: bool,
) -> None:  # fmt: skip
    """Judge answers that stand in a table: better, worse or not shown, by how much."""
    from dure import judge as judging
    from dure import tables
    from dure.report.worth import worth as price
    from dure.runs import run as running

    table = tables.read(existing(file), sheet)
    files = pairs([offer for offer in offers if _is_file(offer)], "--offer")
    offer_tables = {name: tables.read(existing(path)) for name, path in files.items()}
    columns = tuple(offer for offer in offers if not _is_file(offer))
    named = judging.named(table, judging.Roles(truth, practice, columns, id_, time_, site, block))
    complete = offer_tables and named.truth and named.practice
    roles = named if complete else judging.propose(table, named, kpi)
    confirm = confirmer(yes=yes)
    note = settle(file, named, roles, confirm) if roles != named else None
    factors = {name: _number(value, "--scale") for name, value in pairs(scale, "--scale").items()}
    question = judging.question(table, roles, kpi=kpi, scale=factors, confirm=confirm, others=offer_tables)
    del table, offer_tables  # the answers are all that is needed of a million rows
    notes = [*question.notes, *([note] if note else [])]
    particulars: Particulars = {"worth": price(worth) if worth else None, "goal": goal, "notes": tuple(notes)}
    with progress(quiet=as_json) as tell:
        result, place = running.judge(question, file, particulars=particulars, out=out or stamped(file.stem), tell=tell)
    show_result(result, place, json_wanted=as_json, required=require)


def settle(file: Path, named_roles: Any, roles: Any, confirm: Callable[[str], bool] | None) -> dict[str, str] | None:
    """Have the proposed columns confirmed.

    Where nobody can answer: the truth, the practice and the offer must have been named, and the error says the whole
    command; ids, times and sites are taken as proposed, and the note returned is signed with the evidence.
    """
    proposal = roles.words()
    if confirm is None and named_roles.practice and named_roles.offers:
        return multilingual("taken as proposed, confirmed by nobody: {said}", said=proposal)
    if confirm is None:
        raise UserError(
            _("not every column was named; the proposal is: {said}", said=proposal),
            where=str(file),
            cure=_("Run again with these options, or with --yes to take the proposal."),
        )
    if not confirm(_("Columns: {said}. Is that right?", said=proposal)):
        raise UserError(_("the columns were not confirmed"), cure=_("Name them: --truth, --practice, --offer."))
    return None


def _is_file(offer: str) -> bool:
    name, sign, where = offer.partition("=")
    return bool(sign and name and where)


def _number(text: str, where: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise UserError(_("{text} is not a number", text=text), where=where) from None
