"""`dure data`: what projects open."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dure.cli.options import REFUSED, as_json
from dure.cli.output import dump, progress, show_table
from dure.i18n.texts import _

if TYPE_CHECKING:
    import threading


@click.group(invoke_without_command=True)
@as_json
@click.pass_context
def data(ctx: click.Context, as_json: bool) -> None:
    """The data projects open: list, show one's origin and licence, fetch it, write a template for your own, watch a service."""
    if ctx.invoked_subcommand is None:
        list_data(None, as_json)
    elif as_json:
        ctx.fail(_("Put --json behind {name}.", name=ctx.invoked_subcommand))


def list_data(project: str | None, as_json: bool) -> None:
    """The data of one project or of all."""
    from dure.registry import datasets

    rows = datasets.sources(project)
    if as_json:
        dump(rows)
    else:
        show_table(datasets.table(rows))


@data.command("list")
@click.argument("project", required=False)
@as_json
def data_list(project: str | None, as_json: bool) -> None:
    """The data of one project, or of all."""
    list_data(project, as_json)


@data.command("show")
@click.argument("project")
@click.argument("source", required=False)
@as_json
def data_show(project: str, source: str | None, as_json: bool) -> None:
    """Origin, licence and columns of a project's data."""
    from dure.registry import datasets

    rows = [row for row in datasets.sources(project) if source in (None, row["name"])]
    dump(rows) if as_json else click.echo(datasets.in_words(rows))


@data.command("fetch")
@click.argument("project")
@click.argument("source", required=False)
@as_json
def data_fetch(project: str, source: str | None, as_json: bool) -> None:
    """Get a project's data into the cache."""
    from dure.registry import datasets

    with progress(quiet=as_json) as tell:
        files = datasets.fetch(project, source, tell)
    dump({name: str(path) for name, path in files.items()}) if as_json else click.echo(
        "\n".join(f"{n}  {p}" for n, p in files.items())
    )


@data.command("template")
@click.argument("project")
@click.argument("source", required=False)
@click.option("--out", type=click.Path(path_type=Path), help="The file.")
def data_template(project: str, source: str | None, out: Path | None) -> None:
    """An empty table to fill in: a source's columns, or today's answers."""
    from dure.registry import datasets

    click.echo(str(datasets.template(project, source, out or Path(f"{project}-{source or 'answers'}.csv"))))


@data.command("watch")
@click.argument("service", type=click.Choice(["kma"]))
@click.option("--grid", required=True, help="nx,ny of a cell of the service's grid, such as 60,74.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Folder of the archive, one within for each cell.  [default: forecasts/kma]",
)
@click.option("--once", is_flag=True, help="Fetch what is missing and end, for a timer.")
@as_json
def data_watch(service: str, grid: str, out: Path | None, once: bool, as_json: bool) -> None:
    """Keep every forecast a weather service issues, from now on, until Ctrl-C.

    kma: short-term forecasts (단기예보) of the Korea Meteorological Administration. Your key stands in KMA_KEY; another
    address of the service (a proxy) in KMA_URL. The service keeps about three days: what was missed in them is fetched.
    """
    import os

    from dure.trial import remote
    from dure.weather import archive, kma_service

    cell = kma_service.grid_of(grid)
    key = kma_service.key_of(os.environ.get("KMA_KEY"))
    url = remote.usable(os.environ.get("KMA_URL") or kma_service.URL, "KMA_URL")
    folder = (out or Path("forecasts") / service) / f"{cell[0]}_{cell[1]}"
    stop = stopped_by_signals()
    watching = archive.Watch(
        kma_service.Service(key, url),
        archive.Archive(folder, cell),
        say=lambda text: click.echo(text, err=as_json),
        stop=stop,
    )
    if not once:
        watching.forever()
        click.echo(_("Stopped. What was finished is kept; the same command goes on from there."), err=True)
        return
    fetched = watching.once()
    if stop.is_set():
        raise click.Abort
    if as_json:
        dump({"folder": str(folder), **fetched.to_dict()})
    else:
        click.echo(_("Kept in {place}: {count} more.", place=str(folder), count=len(fetched.kept)))
    if fetched.failed:
        sys.exit(REFUSED)


def stopped_by_signals() -> threading.Event:
    """Is set by Ctrl-C or SIGTERM, so that what is under way ends in its own order; a second one ends it at once."""
    import signal
    import threading

    stop = threading.Event()
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def ask(_number: int, _frame: object) -> None:
        stop.set()
        for number, handler in before.items():
            signal.signal(number, handler)

    for number in before:
        signal.signal(number, ask)
    return stop
