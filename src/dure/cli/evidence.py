"""`dure verify` and `dure publish`: evidence."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from dure.cli.options import REFUSED, as_json, inputs_of
from dure.cli.output import dump, progress
from dure.errors import UserError
from dure.i18n.texts import _


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--rerun", "again", is_flag=True, help="Run the trial again and compare.")
@click.option("--data", multiple=True, help="NAME=FILE the trial was given (table=FILE for a judged table).")
@click.option("--trust", help="Remember the signer under this name.")
@as_json
def verify(folder: Path, again: bool, data: tuple[str, ...], trust: str | None, as_json: bool) -> None:
    """Is this evidence intact, who signed it, and does it come out again?"""
    from dure import evidence

    if not folder.is_dir():
        raise UserError(_("there is no such folder"), where=str(folder))
    report = evidence.verify(folder)
    differing = None
    if again and report.intact:
        from dure.runs.rerun import rerun

        with progress(quiet=as_json) as tell:
            differing = rerun(folder, inputs_of(data), tell=tell)
    if trust and report.intact:
        evidence.trust(report.fingerprint, trust)
        report = evidence.verify(folder)
    if as_json:
        dump(
            {
                **report.to_dict(),
                "rerun": None if differing is None else {"reproduced": not differing, "differing": differing},
            }
        )
    else:
        click.echo(report.in_words())
        if differing is not None:
            click.echo(
                _("Re-run: it comes out again.")
                if not differing
                else _("Re-run: {count} rows differ.", count=len(differing))
            )
            click.echo("\n".join(f"  {row}" for row in differing[:20]))
    if not report.intact or differing:
        sys.exit(REFUSED)


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--to", "url", required=True, help="Address of a hub.")
@click.option("--sums", is_flag=True, help="Of restricted data too: sums of blocks of five cases or more go with it.")
@as_json
def publish(folder: Path, url: str, sums: bool, as_json: bool) -> None:
    """Put evidence on a hub's board: verdicts and sums of blocks, no row, no answer. The token stands in DURE_TOKEN."""
    import os

    from dure import evidence as publishing

    token = os.environ.get("DURE_TOKEN", "")
    if not token:
        cure = _("Make one: `dure token NAME`, or POST /api/v1/tokens; then: export DURE_TOKEN=...")
        raise UserError(_("the hub wants to know who you are"), where="DURE_TOKEN", cure=cure)
    with progress(quiet=as_json) as tell:
        tell(0.1, _("packing"))
        packed = publishing.packed(folder, sums=sums)
        tell(0.5, _("sending"))
        receipt = publishing.publish(packed, url, token)
    if as_json:
        dump(receipt)
    else:
        click.echo(_("Published: {url}", url=f"{url.rstrip('/')}/api/v1/evidence/{receipt['id']}"))
