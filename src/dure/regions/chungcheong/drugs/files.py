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
