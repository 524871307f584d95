"""Answers as a table to keep, and in words."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from .data import title_of
from .forms import Estimate, Request, Response, _

SHOWN = 10


def ranked(request: Request, response: Response) -> list[tuple[str, Estimate]]:
    """Molecules and their estimates, the most potent first."""
    pairs = zip(request.molecules, response.estimates, strict=True)
    return sorted(pairs, key=lambda pair: -pair[1].potency)


def rows_of(request: Request, response: Response) -> pl.DataFrame:
    """A row a molecule, the most potent first."""
    every = ranked(request, response)
    columns = {
        _("rank"): list(range(1, len(every) + 1)),
        "SMILES": [smiles for smiles, _each in every],
        _("potency"): [round(each.potency, 2) for _smiles, each in every],
        _("80 % from"): [round(each.low, 2) for _smiles, each in every],
        _("80 % to"): [round(each.high, 2) for _smiles, each in every],
        _("nearest known"): [each.nearest for _smiles, each in every],
        _("its potency"): [each.nearest_potency for _smiles, each in every],
        _("similarity"): [round(each.similarity, 2) for _smiles, each in every],
        _("nearest active"): [each.active for _smiles, each in every],
        _("its similarity"): [round(each.active_similarity, 2) for _smiles, each in every],
        _("in the domain"): [_("yes") if each.in_domain else _("no") for _smiles, each in every],
        _("activity cliff near"): [_("yes") if each.cliff else _("no") for _smiles, each in every],
        _("alerts"): ["; ".join(each.alerts) for _smiles, each in every],
        _("broken limits of Lipinski"): [each.lipinski for _smiles, each in every],
        _("keeps Veber's rule"): [_("yes") if each.veber else _("no") for _smiles, each in every],
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
    every = ranked(request, response)
    outside = sum(not each.in_domain for _smiles, each in every)
    yield _(
        "{count} molecules at {target}; {outside} of them outside the domain: their potency is a guess",
        count=len(every), target=_(title_of(request.target)), outside=outside,
    )  # fmt: skip
    for place, (smiles, each) in enumerate(every[:SHOWN], start=1):
        signs = [_("outside the domain")] * (not each.in_domain) + [_("activity cliff near")] * each.cliff + each.alerts
        yield f"{place:>3}  {each.potency:5.2f}  ({each.low:.2f} - {each.high:.2f})  {smiles}"
        yield (
            "     "
            + _(
                "nearest known {potency} at similarity {similarity}",
                potency=f"{each.nearest_potency:.2f}",
                similarity=f"{each.similarity:.2f}",
            )
            + (f" · {' · '.join(signs)}" if signs else "")
        )
    if len(every) > SHOWN:
        yield _("{count} more: keep them with --out ranked.csv or ranked.xlsx", count=len(every) - SHOWN)
