"""`dure ask` and `dure batch`: a project's answers."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dure.cli.options import MISTAKE, as_json, confirmer, existing, inputs_of, pairs, yes_option
from dure.cli.output import dump, progress
from dure.errors import UserError
from dure.i18n.texts import _

if TYPE_CHECKING:
    from dure.project.case import Opened
    from dure.project.project import Project


@click.command()
@click.argument("project")
@click.argument("files", nargs=-1)
@click.option("--method", help="Another method than the model.")
@click.option("--data", multiple=True, help="NAME=FILE: a file of your own in the place of a source it learns from.")
@click.option("--map", "maps", multiple=True, help="[NAME=]FILE: a saved mapping of headers.")
@click.option("--set", "settings", multiple=True, help="NAME=VALUE of the request or of the site.")
@click.option(
    "--out", "outs", multiple=True, type=click.Path(path_type=Path), help="File to keep it in, by its ending."
)
@click.option("--rest", is_flag=True, help="Answer what is without fault; what is left out is named.")
@yes_option
@as_json
def ask(
    project: str, files: tuple[str, ...], method: str | None, data: tuple[str, ...], maps: tuple[str, ...],
    settings: tuple[str, ...], outs: tuple[Path, ...], rest: bool, yes: bool, as_json: bool,
) -> None:  # fmt: skip
    """Answer one request with the model; the practice answers if it cannot.

    FILES: JSON (- or nothing: standard input), or your own files where the project reads them. Without --out the answer is
    shown and nothing is saved.
    """
    from dure.project.loader import load
    from dure.serving import request, save
    from dure.serving.service import open_service

    loaded = load(project)
    savers = [(path, save.saver(loaded, path)) for path in outs]
    fields, site = request.fields_and_settings(loaded, pairs(settings, "--set"))
    opened = request_of(loaded, files or ("-",), fields)
    left = list(left_out(opened, rest=rest))
    with progress(quiet=as_json) as tell:
        inputs = inputs_of(data, maps, [f"{name}={value}" for name, value in site.items()])
        service = open_service(loaded, method=method, inputs=inputs, tell=tell, confirm=confirmer(yes=yes))
        compare = any(path.suffix.lower() in save.PICTURES for path in outs)
        answer = service.answer(opened.request, where=files[0] if files else "-", compare=compare)
        save.keep(answer, savers)
    if as_json or loaded.says is None:
        dump(answer.said | ({"left_out": left} if left else {}))
    else:
        click.echo(loaded.says(answer.request, answer.response))
    if not as_json:
        show_kept(outs, save.endings(loaded), previewed=loaded.says is not None)


@click.command()
@click.argument("project")
@click.argument("table", type=click.Path(path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path), help="CSV, XLSX or Parquet, by its ending.")
@click.option("--method", help="Another method than the model.")
@click.option("--set", "settings", multiple=True, help="NAME=VALUE of the site.")
@click.option("--sheet", help="Sheet of a workbook.")
@as_json
def batch(
    project: str,
    table: Path,
    out: Path,
    method: str | None,
    settings: tuple[str, ...],
    sheet: str | None,
    as_json: bool,
) -> None:
    """Answer every row of a table; what is no request keeps its place and says why."""
    from dure.project.loader import load
    from dure.serving import batch as batches
    from dure.serving.service import open_service

    with progress(quiet=as_json) as tell:
        service = open_service(load(project), method=method, inputs=inputs_of(settings=settings), tell=tell)
        counted = batches.answer_table(service, existing(table), out, sheet=sheet, tell=tell)
    if as_json:
        dump({"rows": counted.rows, "causes": dict(counted.causes), "out": str(out)})
        return
    click.echo(_("{count} rows answered: {place}", count=counted.rows, place=str(out)))
    for cause, count in counted.causes.most_common():
        click.echo(f"  {_(cause)}: {count}")


def request_of(project: Project, files: Sequence[str], fields: Mapping[str, str]) -> Opened:
    """What the files ask together with ``--set``: at most one of JSON, the others a person's own."""
    from dure.serving import request

    plain = [file for file in files if file == "-" or project.opens is None or file.lower().endswith(".json")]
    if len(plain) > 1:
        raise UserError(_("one request at a time: {files}", files=", ".join(plain)))
    raw = None
    if plain:
        raw = sys.stdin.buffer.read() if plain[0] == "-" else existing(plain[0]).read_bytes()
    own = [existing(file) for file in files if file not in plain]
    return request.request_from(project, own, fields, raw, *plain)


def left_out(opened: Opened, *, rest: bool) -> tuple[str, ...]:
    """Say how the files were read and every mistake in them, one a line; names of what is left out.

    Ends with exit code 2 where there are mistakes, unless the rest is wanted and something is left.
    """
    for note in opened.notes:
        click.echo(f"· {note}", err=True)
    for fault in opened.faults:
        click.echo(click.style(_("Error") + ": ", fg="red", bold=True) + str(fault), err=True)
    if not opened.faults:
        return ()
    names = ", ".join(opened.left) or "-"
    if not rest or opened.request is None:
        hint = _("Mend them, or go on without them: --rest leaves out {names}.", names=names)
        mistakes = _("{count} mistakes.", count=len(opened.faults)) if len(opened.faults) > 1 else _("1 mistake.")
        click.echo(f"{mistakes} {hint}" if opened.request is not None else mistakes, err=True)
        sys.exit(MISTAKE)
    click.echo(_("Left out ({count}): {names}", count=len(opened.left), names=names), err=True)
    return opened.left


def show_kept(outs: Sequence[Path], endings: Sequence[str], *, previewed: bool) -> None:
    """Where the answer is kept, or how to keep it."""
    for path in outs:
        click.echo(_("Written: {place}", place=str(path)), err=not previewed)
    if not outs and previewed:
        click.echo(_("Nothing is saved yet. Keep it with --out FILE ({endings}).", endings=" ".join(endings)))
