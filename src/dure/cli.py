"""The command line. Entry points only translate: each command reads what was given, calls one room and prints.

Heavy imports stand inside the commands, so that `dure --help` starts at once.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from dure.errors import UserError, nearest
from dure.i18n.texts import LANGUAGES, _, language, multilingual, speak

if TYPE_CHECKING:
    import threading

    from dure.project.case import Opened
    from dure.project.project import Project
    from dure.runs.run import Inputs
    from dure.trial.types import Tell, Trial

ROOMS = "dure.commands"
REFUSED, MISTAKE = 1, 2  # exit codes: a requirement not met or evidence refused; the user's mistake
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON for scripts.")
out_option = click.option("--out", type=click.Path(path_type=Path), help="Folder for the evidence.")
yes_option = click.option("--yes", is_flag=True, help="Take every proposal as confirmed.")
require = click.option("--require", type=click.Choice(["better"]), help="Exit with 1 unless the verdict is better.")


class Commands(click.Group):
    """Has the commands of other rooms too (entry points `dure.commands`), and proposes the nearest for an unknown one."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names of all commands."""
        return sorted({*super().list_commands(ctx), *entry_points(group=ROOMS).names})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """A command of this file, else of a room that is here."""
        found = super().get_command(ctx, cmd_name)
        if found is None:
            for point in entry_points(group=ROOMS, name=cmd_name):
                with suppress(ModuleNotFoundError):
                    found = point.load()
        return found

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command called, or a usage error with the nearest name."""
        if args and self.get_command(ctx, args[0]) is None and not args[0].startswith("-"):
            close = nearest(args[0], self.list_commands(ctx))
            hint = " " + _("Did you mean {name}?", name=close) if close else ""
            ctx.fail(_("There is no command {name}.", name=args[0]) + hint)
        return super().resolve_command(ctx, args)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("--lang", type=click.Choice(LANGUAGES), help="Language of texts (else DURE_LANG, else the locale's).")
@click.version_option(package_name="dure")
def cli(lang: str | None) -> None:
    """Is the AI you are offered better than what you do today? Drop the table: actual, today's, offered."""
    if lang:
        speak(lang)


def command_fault(words: Sequence[str]) -> str:
    """What is wrong with the words of a command (behind `dure`); empty where they are taken. Nothing is run."""
    try:
        name, command, rest = cli.resolve_command(cli.make_context("dure", ["list"]), list(words))
        assert command is not None
        command.make_context(name, rest)
    except Exception as error:  # noqa: BLE001 - click's errors, and whatever a parameter's own reading raises
        return getattr(error, "message", "") or str(error) or type(error).__name__
    return ""


def main() -> None:
    """Run the command line: a mistake of the user's is one clear error and exit code 2, never a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")  # a Korean console on Windows may be cp949
    try:
        cli(standalone_mode=False)
    except UserError as error:
        fail(str(error))
    except click.ClickException as error:
        error.show()
        sys.exit(MISTAKE)
    except (click.Abort, KeyboardInterrupt):
        click.echo(_("Stopped. What was finished is kept; the same command goes on from there."), err=True)
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()  # the reader of a pipe has gone: nothing more to say to anybody
        sys.exit(0)


def fail(text: str) -> NoReturn:
    """Print one error and end with exit code 2."""
    click.echo(click.style(_("Error") + ": ", fg="red", bold=True) + text, err=True)
    sys.exit(MISTAKE)


# ---- shared pieces ---------------------------------------------------------------------------------------------------------


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


def confirmer(*, yes: bool) -> Callable[[str], bool] | None:
    """Asks the person; with --yes everything is confirmed; where nobody can answer, None."""
    if yes:

        def shown(text: str) -> bool:
            click.echo(text, err=True)
            return True

        return shown
    if not sys.stdin.isatty():
        return None
    return lambda text: click.confirm(text, default=True, err=True)


def dump(value: Any) -> None:
    """One JSON document on standard output."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2, default=str))


def pairs(given: Sequence[str], option: str) -> dict[str, str]:
    """``NAME=VALUE`` options as a mapping; of a name given twice, the last."""
    return dict(every_pair(given, option))


def every_pair(given: Sequence[str], option: str) -> list[tuple[str, str]]:
    """``NAME=VALUE`` options in their order."""
    found = []
    for each in given:
        name, sign, value = each.partition("=")
        if not sign or not name or not value:
            raise UserError(_("{given} is not NAME=VALUE", given=each), where=option)
        found.append((name.strip(), value.strip()))
    return found


def existing(path: str | Path, *, folder: bool = False) -> Path:
    """The path of a file that is there; or of a folder, where one may be given."""
    place = Path(path)
    if place.is_file() or (folder and place.is_dir()):
        return place
    beside = place.parent if place.parent.is_dir() else Path()
    close = nearest(place.name, [each.name for each in beside.iterdir() if folder or each.is_file()])
    raise UserError(
        _("there is no such file"), where=str(path), cure=_("Did you mean {name}?", name=close) if close else ""
    )


def show_result(result: Trial, place: Path | None, *, json_wanted: bool, required: str | None) -> None:
    """The sentence, the picture, the table, in this order; or JSON. Exit code 1 where `required` is not met."""
    from dure.report.terminal import shown
    from dure.trial.verdicts import deciding

    if json_wanted:
        dump({"evidence": str(place) if place else None, "verdicts": result.verdicts})
    else:
        click.echo("\n".join(shown(result)))
        for note in result.about.get("notes", []):
            click.echo(f"· {note[language()]}")
        if place:
            click.echo(_("Evidence: {place}  (open report.html; check it with: dure verify {place})", place=str(place)))
    answers = [one["verdict"] for one in deciding(result.verdicts)]
    if required == "better" and "better" not in answers:
        sys.exit(REFUSED)


def stamped(name: str) -> Path:
    """A new folder's name for evidence nobody named."""
    return Path("dure-evidence") / f"{name}-{datetime.now().astimezone():%Y%m%d-%H%M%S}"


# ---- commands --------------------------------------------------------------------------------------------------------------


@cli.command()
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

    read = tables.read(existing(file), sheet)
    files = pairs([each for each in offers if _is_file(each)], "--offer")
    others = {name: tables.read(existing(path)) for name, path in files.items()}
    given = judging.Roles(
        truth, practice, tuple(each for each in offers if not _is_file(each)), id_, time_, site, block
    )
    confirm = confirmer(yes=yes)
    given = judging.named(read, given)
    roles = given if others and given.truth and given.practice else judging.propose(read, given, kpi)
    note = settle(file, given, roles, confirm) if roles != given else None
    factors = {name: _number(value, "--scale") for name, value in pairs(scale, "--scale").items()}
    asked = judging.question(read, roles, kpi=kpi, scale=factors, confirm=confirm, others=others)
    notes = [*asked.notes, *([note] if note else [])]
    about = {"worth": price(worth) if worth else None, "goal": goal, "notes": notes}
    with progress(quiet=as_json) as tell:
        result, place = running.judge(asked, file, about=about, out=out or stamped(file.stem), tell=tell)
    show_result(result, place, json_wanted=as_json, required=require)


def settle(file: Path, given: Any, roles: Any, confirm: Callable[[str], bool] | None) -> dict[str, str] | None:
    """Have the proposed columns confirmed.

    Where nobody can answer: the truth, the practice and the offer must have been named, and the error says the whole
    command; ids, times and sites are taken as proposed, and the note returned is signed with the evidence.
    """
    proposal = roles.words()
    if confirm is None and given.practice and given.offers:
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


@cli.command("plan")
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


def show_table(table: Any) -> None:
    """Print a rich table."""
    from rich.console import Console

    Console().print(table)


@cli.command("list")
@as_json
def list_(as_json: bool) -> None:
    """The projects that can be had here."""
    from dure.project.loader import found
    from dure.project.manifest import manifest

    projects = [manifest(folder) for folder in found().values()]
    if as_json:
        dump(
            [
                {"id": each.id, "line": each.line, "title": each.title.model_dump(), "version": each.version}
                for each in projects
            ]
        )
    for each in projects if not as_json else []:
        click.echo(f"{each.id:28} {each.title}")


@cli.command()
@click.argument("project")
@as_json
def show(project: str, as_json: bool) -> None:
    """What a project asks, answers, opens and measures."""
    from dure.project.loader import load
    from dure.registry.describe import describe, in_words

    loaded = load(project)
    if as_json:
        dump(describe(loaded))
    else:
        click.echo(in_words(loaded))


@cli.command()
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


def inputs_of(
    data: Sequence[str] = (), maps: Sequence[str] = (), settings: Sequence[str] = (), practice: Path | None = None,
    offers: Sequence[str] = (),
) -> Inputs:  # fmt: skip
    """What was given on the command line, files looked for."""
    from dure.runs.run import Inputs

    own: dict[str, list[Path]] = {}
    for name, path in every_pair(data, "--data"):
        own.setdefault(name, []).append(existing(path, folder=True))
    kept = [each if "=" in each else f"{next(iter(own), '')}={each}" for each in maps]
    return Inputs(
        data=own,
        maps={name: existing(path) for name, path in pairs(kept, "--map").items()},
        settings=pairs(settings, "--set"),
        practice=existing(practice) if practice else None,
        offers={
            name: where if "://" in where else str(existing(where)) for name, where in pairs(offers, "--offer").items()
        },
    )


@cli.command()
@click.argument("project")
@click.option(
    "--data", multiple=True, help="NAME=FILE: a file of your own in the place of a source; again for another place."
)
@click.option("--practice", type=click.Path(path_type=Path), help="File of today's answers (see `dure data template`).")
@click.option("--offer", "offers", multiple=True, help="NAME=FILE or NAME=URL: another method.")
@click.option("--map", "maps", multiple=True, help="[NAME=]FILE: a saved mapping of headers.")
@click.option("--set", "settings", multiple=True, help="NAME=VALUE of the site.")
@click.option("--sealed", is_flag=True, help="Open the sealed rounds too: a look, written down.")
@click.option("--newer", is_flag=True, help="Only sealed rounds that nobody has looked at yet.")
@click.option("--profile", type=click.Choice(["quick", "full"]), default="full", show_default=True)
@click.option("--seed", type=int, help="One seed instead of the project's own.")
@require
@out_option
@yes_option
@as_json
def run(
    project: str, data: tuple[str, ...], practice: Path | None, offers: tuple[str, ...], maps: tuple[str, ...],
    settings: tuple[str, ...], sealed: bool, newer: bool, profile: str, seed: int | None, require: str | None, out: Path | None,
    yes: bool, as_json: bool,
) -> None:  # fmt: skip
    """Try a project's methods against today's practice and write the evidence."""
    from dure.runs import run as running

    given = inputs_of(data, maps, settings, practice, offers)
    seeds = None if seed is None else [seed]
    confirm = confirmer(yes=yes)
    with progress(quiet=as_json) as tell:
        result, place = running.run(
            project,
            given,
            sealed=sealed,
            newer=newer,
            profile=profile,
            seeds=seeds,
            out=out or stamped(project),
            tell=tell,
            confirm=confirm,
        )
    show_result(result, place, json_wanted=as_json, required=require)


@cli.command()
@click.argument("one", type=click.Path(path_type=Path))
@click.argument("other", type=click.Path(path_type=Path))
@click.option("--method", help="Another method than the model.")
@require
@out_option
@as_json
def compare(one: Path, other: Path, method: str | None, require: str | None, out: Path | None, as_json: bool) -> None:
    """Compare two runs of one project: what another forecast or setting is worth.

    ONE and OTHER are folders of evidence. The same method of both runs is compared, case by case the same questions.
    """
    from dure import evidence
    from dure.runs import compare as comparing

    result = comparing.compare(one, other, method=method)
    place = evidence.write(result, out or stamped("compare"))
    show_result(result, place, json_wanted=as_json, required=require)


@cli.command()
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
    wanted = [(path, save.saver(loaded, path)) for path in outs]
    fields, site = request.fields_and_settings(loaded, pairs(settings, "--set"))
    opened = request_of(loaded, files or ("-",), fields)
    left = list(left_out(opened, rest=rest))
    with progress(quiet=as_json) as tell:
        inputs = inputs_of(data, maps, [f"{name}={value}" for name, value in site.items()])
        service = open_service(loaded, method=method, inputs=inputs, tell=tell, confirm=confirmer(yes=yes))
        compare = any(path.suffix.lower() in save.PICTURES for path in outs)
        answer = service.answer(opened.request, where=files[0] if files else "-", compare=compare)
        save.keep(answer, wanted)
    if as_json or loaded.says is None:
        dump(answer.said | ({"left_out": left} if left else {}))
    else:
        click.echo(loaded.says(answer.request, answer.response))
    if not as_json:
        show_kept(outs, save.endings(loaded), previewed=loaded.says is not None)


@cli.command()
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
        more = _("Mend them, or go on without them: --rest leaves out {names}.", names=names)
        mistakes = _("{count} mistakes.", count=len(opened.faults)) if len(opened.faults) > 1 else _("1 mistake.")
        click.echo(f"{mistakes} {more}" if opened.request is not None else mistakes, err=True)
        sys.exit(MISTAKE)
    click.echo(_("Left out ({count}): {names}", count=len(opened.left), names=names), err=True)
    return opened.left


def show_kept(outs: Sequence[Path], endings: Sequence[str], *, previewed: bool) -> None:
    """Where the answer is kept, or how to keep it."""
    for path in outs:
        click.echo(_("Written: {place}", place=str(path)), err=not previewed)
    if not outs and previewed:
        click.echo(_("Nothing is saved yet. Keep it with --out FILE ({endings}).", endings=" ".join(endings)))


@cli.group(invoke_without_command=True)
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
        found = datasets.fetch(project, source, tell)
    dump({name: str(path) for name, path in found.items()}) if as_json else click.echo(
        "\n".join(f"{n}  {p}" for n, p in found.items())
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
    found = watching.once()
    if stop.is_set():
        raise click.Abort
    if as_json:
        dump({"folder": str(folder), **found.to_dict()})
    else:
        click.echo(_("Kept in {place}: {count} more.", place=str(folder), count=len(found.kept)))
    if found.failed:
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


@cli.command()
@click.argument("project")
@click.option("--full", is_flag=True, help="Everything, sealed rounds included.")
@as_json
def check(project: str, full: bool, as_json: bool) -> None:
    """The promises a project keeps; its level is computed from them."""
    from dure.checks import report as checking
    from dure.project.loader import load

    with progress(quiet=as_json) as tell:
        report = checking.check(load(project), command_fault=command_fault, full=full, tell=tell)
    if as_json:
        dump(report.to_dict())
    else:
        click.echo(report.in_words())


@cli.command()
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


@cli.command()
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
        told = publishing.publish(packed, url, token)
    if as_json:
        dump(told)
    else:
        click.echo(_("Published: {url}", url=f"{url.rstrip('/')}/api/v1/evidence/{told['id']}"))


@cli.command()
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


@cli.command()
@out_option
@as_json
def demo(out: Path | None, as_json: bool) -> None:
    """Two minutes, everything computed live: a verdict not shown, a plan that is better, a model that travels, a forgery."""
    from dure.demo import demo as play

    with progress(quiet=as_json) as tell:
        result = play(out or stamped("demo"), tell, say=(lambda text: None) if as_json else click.echo)
    if as_json:
        dump(result)
