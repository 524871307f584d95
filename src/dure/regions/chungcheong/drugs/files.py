"""A file of molecules as a request; answers as a table to keep, and in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from dure import Opened, UserError

from .compounds import Row, faults_of, judge_structure, rows_in
from .data import title_of
from .forms import MOST, Estimate, Request, Response, _

SHOWN = 10


def opens(paths: Sequence[Path], given: Mapping[str, Any]) -> Opened:
    """Molecules of a file as a request for the target given beside it (``--set target=CHEMBL234_Ki``); no values are needed.

    Raises UserError where the target is missing, or the file has no column of structures.
    """
    if len(paths) != 1:
        raise UserError(_("one file of molecules at a time"), where=", ".join(map(str, paths)))
    if not given.get("target"):
        raise UserError(_("the target is not given"), cure=_("Add --set target=NAME, for example CHEMBL234_Ki."))
    path = Path(paths[0])
    rows, first_rows = rows_in(path, measured=False), dict[str, Row]()
    for row in rows:
        judge_structure(row)
        if not row.problem and (first := first_rows.setdefault(row.key, row)) is not row:
            row.problem, row.about = "asked", str(first.row)
    good = [row for row in rows if not row.problem]
    if len(good) > MOST:
        raise UserError(
            _("{count} molecules; one request holds {most}", count=len(good), most=MOST), where=path.name,
            cure=_("Rank them as a stream: python -m dure.regions.chungcheong.drugs.screen --help"),
        )  # fmt: skip
    faults = tuple(
        UserError(fault.what, where=f"{path.name} {fault.where}", cure=fault.cure)
        for fault in faults_of(_frame_of(rows))
    )
    salts = ", ".join(str(row.row) for row in good if row.note == "salt")
    notes = (
        (_("Salts and mixtures, of which the largest organic part is asked: rows {rows}", rows=salts),) if salts else ()
    )
    request = Request(target=str(given["target"]), molecules=[row.smiles for row in good]) if good else None
    return Opened(request, faults, tuple(_("row {row}", row=row.row) for row in rows if row.problem), notes)


def _frame_of(rows: Sequence[Row]) -> pl.DataFrame:
    return pl.DataFrame({name: [getattr(row, name) for row in rows] for name in ("row", "problem", "about")})


def ranked(request: Request, response: Response) -> list[tuple[str, Estimate]]:
    """Molecules and their estimates, the most potent first."""
    pairs = zip(request.molecules, response.estimates, strict=True)
    return sorted(pairs, key=lambda pair: -pair[1].potency)


def rows_of(request: Request, response: Response) -> pl.DataFrame:
    """A row a molecule, the most potent first."""
    ranking = ranked(request, response)
    columns = {
        _("rank"): list(range(1, len(ranking) + 1)),
        "SMILES": [smiles for smiles, _estimate in ranking],
        _("potency"): [round(estimate.potency, 2) for _smiles, estimate in ranking],
        _("80 % from"): [round(estimate.low, 2) for _smiles, estimate in ranking],
        _("80 % to"): [round(estimate.high, 2) for _smiles, estimate in ranking],
        _("nearest known"): [estimate.nearest for _smiles, estimate in ranking],
        _("its potency"): [estimate.nearest_potency for _smiles, estimate in ranking],
        _("similarity"): [round(estimate.similarity, 2) for _smiles, estimate in ranking],
        _("nearest active"): [estimate.active for _smiles, estimate in ranking],
        _("its similarity"): [round(estimate.active_similarity, 2) for _smiles, estimate in ranking],
        _("in the domain"): [_("yes") if estimate.in_domain else _("no") for _smiles, estimate in ranking],
        _("activity cliff near"): [_("yes") if estimate.cliff else _("no") for _smiles, estimate in ranking],
        _("alerts"): ["; ".join(estimate.alerts) for _smiles, estimate in ranking],
        _("broken limits of Lipinski"): [estimate.lipinski for _smiles, estimate in ranking],
        _("keeps Veber's rule"): [_("yes") if estimate.veber else _("no") for _smiles, estimate in ranking],
    }
    return pl.DataFrame(columns)


def save_csv(request: Request, response: Response, path: Path) -> None:
    """The rows as CSV, with a mark that lets spreadsheets read Korean. No cell begins as a formula: SMILES never do."""
    path.write_bytes(b"\xef\xbb\xbf" + rows_of(request, response).write_csv().encode())


def save_xlsx(request: Request, response: Response, path: Path) -> None:
    """The rows as a workbook."""
    rows_of(request, response).write_excel(path, worksheet=_("ranked"), autofit=True)


def says(request: Request, response: Response) -> str:
    """The ten most potent, and how many lie outside what is known."""
    return "\n".join(_lines(request, response))


def _lines(request: Request, response: Response) -> Iterator[str]:
    ranking = ranked(request, response)
    outside = sum(not estimate.in_domain for _smiles, estimate in ranking)
    yield _(
        "{count} molecules at {target}; {outside} of them outside the domain: their potency is a guess",
        count=len(ranking), target=_(title_of(request.target)), outside=outside,
    )  # fmt: skip
    for place, (smiles, estimate) in enumerate(ranking[:SHOWN], start=1):
        signs = (
            [_("outside the domain")] * (not estimate.in_domain)
            + [_("activity cliff near")] * estimate.cliff
            + estimate.alerts
        )
        yield f"{place:>3}  {estimate.potency:5.2f}  ({estimate.low:.2f} - {estimate.high:.2f})  {smiles}"
        yield (
            "     "
            + _(
                "nearest known {potency} at similarity {similarity}",
                potency=f"{estimate.nearest_potency:.2f}",
                similarity=f"{estimate.similarity:.2f}",
            )
            + (f" · {' · '.join(signs)}" if signs else "")
        )
    if len(ranking) > SHOWN:
        yield _("{count} more: keep them with --out ranked.csv or ranked.xlsx", count=len(ranking) - SHOWN)
