"""`dure run` and `dure compare`: trials."""

from __future__ import annotations

from pathlib import Path

import click

from dure.cli.options import as_json, confirmer, inputs_of, out_option, require, yes_option
from dure.cli.output import progress, show_result, stamped


@click.command()
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
@click.option("--keep", is_flag=True, help="Write trial.json beside the project's project.toml.")
@require
@out_option
@yes_option
@as_json
def run(
    project: str, data: tuple[str, ...], practice: Path | None, offers: tuple[str, ...], maps: tuple[str, ...],
    settings: tuple[str, ...], sealed: bool, newer: bool, profile: str, seed: int | None, keep: bool,
    require: str | None, out: Path | None, yes: bool, as_json: bool,
) -> None:  # fmt: skip
    """Try a project's methods against today's practice and write the evidence."""
    from dure.runs import keep as keeping
    from dure.runs import run as running

    inputs = inputs_of(data, maps, settings, practice, offers)
    whole = profile == "full" and seed is None and not newer
    beside = keeping.keepable(project, inputs, sealed=sealed, whole=whole) if keep else None
    seeds = None if seed is None else [seed]
    confirm = confirmer(yes=yes)
    with progress(quiet=as_json) as tell:
        result, place = running.run(
            project,
            inputs,
            sealed=sealed,
            newer=newer,
            profile=profile,
            seeds=seeds,
            out=out or stamped(project),
            tell=tell,
            confirm=confirm,
        )
    kept = keeping.keep(place, beside) if place and beside else None
    show_result(result, place, json_wanted=as_json, required=require, kept=kept)


@click.command()
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
