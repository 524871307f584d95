"""What commands print: results, tables, JSON, progress, one error."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from dure.cli.options import MISTAKE, REFUSED
from dure.i18n.texts import _

if TYPE_CHECKING:
    from dure.trial.types import Tell, Trial


def fail(text: str) -> NoReturn:
    """Print one error and end with exit code 2."""
    click.echo(click.style(_("Error") + ": ", fg="red", bold=True) + text, err=True)
    sys.exit(MISTAKE)


@contextmanager
def progress(*, quiet: bool) -> Iterator[Tell]:
    """A bar on standard error, where a person is looking."""
    if quiet or not sys.stderr.isatty():
        yield lambda share, text: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        BarColumn(bar_width=24),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
        TextColumn("{task.description}"),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=1.0)
        yield lambda share, text: bar.update(task, completed=share, description=text)


def dump(value: Any) -> None:
    """One JSON document on standard output."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2, default=str))


def show_result(
    result: Trial, place: Path | None, *, json_wanted: bool, required: str | None, kept: Path | None = None
) -> None:
    """The sentence, the picture, the table, in this order; or JSON. Exit code 1 where `required` is not met."""
    from dure.record import deciding
    from dure.report.terminal import trial_lines
    from dure.report.vocabulary import localised

    if json_wanted:
        written = {"evidence": str(place) if place else None} | ({"kept": str(kept)} if kept else {})
        dump({**written, "verdicts": [verdict.to_json() for verdict in result.verdicts]})
    else:
        click.echo("\n".join(trial_lines(result)))
        for note in result.about.notes:
            click.echo(f"· {localised(note)}")
        if place:
            click.echo(_("Evidence: {place}  (open report.html; check it with: dure verify {place})", place=str(place)))
        if kept:
            click.echo(_("Kept: {place}", place=str(kept)))
    verdicts = [verdict.verdict for verdict in deciding(result.verdicts)]
    if required == "better" and "better" not in verdicts:
        sys.exit(REFUSED)


def stamped(name: str) -> Path:
    """A new folder's name for evidence nobody named."""
    return Path("dure-evidence") / f"{name}-{datetime.now().astimezone():%Y%m%d-%H%M%S}"


def show_table(table: Any) -> None:
    """Print a rich table."""
    from rich.console import Console

    Console().print(table)
