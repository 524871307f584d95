"""`dure list`, `show`, `card`, `check`, `new`, `plan` and `demo`: the projects that are here."""

from __future__ import annotations

from pathlib import Path

import click

from dure.cli.app import command_fault
from dure.cli.options import as_json, existing, out_option
from dure.cli.output import dump, progress, show_table, stamped
from dure.i18n.texts import _, language
from dure.json_text import json_text


@click.command("plan")
@click.option("--file", "path", type=click.Path(path_type=Path), help="Another plan.")
@as_json
def plan_(path: Path | None, as_json: bool) -> None:
    """The plan, line by line, with what was last measured."""
    from dure.registry import plan

    lines = plan.lines(existing(path) if path else None)
    if as_json:
        dump([line.to_dict() for line in lines])
    else:
        show_table(plan.table(lines))


@click.command("list")
@as_json
def list_(as_json: bool) -> None:
    """The projects that can be had here."""
    from dure.project.loader import found
    from dure.project.manifest import manifest

    projects = [manifest(folder) for folder in found().values()]
    if as_json:
        dump(
            [
                {
                    "id": project.id,
                    "line": project.line,
                    "title": project.title.model_dump(),
                    "version": project.version,
                }
                for project in projects
            ]
        )
    for project in projects if not as_json else []:
        click.echo(f"{project.id:28} {project.title}")


@click.command()
@click.argument("project")
@as_json
def show(project: str, as_json: bool) -> None:
    """What a project asks, answers, opens and measures; what its next level needs."""
    from dure.checks import known
    from dure.project.loader import load
    from dure.registry.describe import describe, in_words

    loaded = load(project)
    assert loaded.folder is not None
    assert loaded.manifest is not None
    report = known.known(loaded.folder)
    if as_json:
        dump({**describe(loaded), "check": known.as_data(report)})
    else:
        click.echo(in_words(loaded) + "\n\n" + known.in_words(report, loaded.manifest.id))


@click.command()
@click.argument("project")
@click.option("--write", is_flag=True, help="Write CARD.md and CARD.ko.md into the project's folder.")
def card(project: str, write: bool) -> None:
    """A project's model card, written from its trial.json: what it is for, for whom not, what came out."""
    from dure.content_store import write_atomically
    from dure.project.loader import load
    from dure.report import model_card as cards

    loaded = load(project)
    pages = cards.files(loaded)
    if not write:
        click.echo(next(text for path, text in pages.items() if path.name == cards.FILES[language()]), nl=False)
        return
    for path, text in pages.items():
        click.echo(_("Written: {place}", place=str(write_atomically(path, text))))
    if lacking := cards.fault(loaded):
        click.echo(f"· {lacking}")


@click.command()
@click.argument("project")
@click.option("--full", is_flag=True, help="Everything, sealed rounds included.")
@as_json
def check(project: str, full: bool, as_json: bool) -> None:
    """The promises a project keeps; its level is computed from them."""
    from dure.checks import known
    from dure.checks import report as checking
    from dure.project.loader import load

    loaded = load(project)
    assert loaded.folder is not None
    with progress(quiet=as_json) as tell:
        report = checking.check(loaded, command_fault=command_fault, full=full, tell=tell)
    known.remember(report, loaded.folder)
    if as_json:
        click.echo(json_text(report.to_dict()))
    else:
        click.echo(report.in_words())


@click.command()
@click.argument("region")
@click.argument("noun")
@click.option("--from", "survey", type=click.Path(path_type=Path), help="A table of your own to start from.")
@click.option("--target", help="Its column to be foreseen.")
@click.option("--sheet", help="Sheet of a workbook.")
@click.option("--into", type=click.Path(path_type=Path), default=Path("regions"), show_default=True)
@as_json
def new(
    region: str, noun: str, survey: Path | None, target: str | None, sheet: str | None, into: Path, as_json: bool
) -> None:
    """Write a new project that runs at once."""
    from dure.scaffold.new import new as write

    place = write(region, noun, into, survey=existing(survey) if survey else None, target=target, sheet=sheet)
    dump({"folder": str(place)}) if as_json else click.echo(
        _("Written: {place}. Try it: dure run {name}", place=str(place), name=f"{region}.{noun}")
    )


@click.command()
@out_option
@as_json
def demo(out: Path | None, as_json: bool) -> None:
    """Two minutes, everything computed live: a verdict not shown, a plan that is better, a model that travels, a forgery."""
    from dure.runs.demo import demo as play

    with progress(quiet=as_json) as tell:
        result = play(out or stamped("demo"), tell, say=(lambda text: None) if as_json else click.echo)
    if as_json:
        dump(result)
