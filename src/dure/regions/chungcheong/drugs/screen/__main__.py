"""A million molecules ranked in a stream: a cheap first pass, the model's potency of the best of it, all it says of the best of these.

Killed, it is resumed where it was.

    python -m dure.regions.chungcheong.drugs.screen molecules.smi --target CHEMBL204_Ki --out ranked.csv
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import click

from dure import Data, UserError, Work, write_atomically

from ..forms import _
from ..methods import by_target, unknown
from .ranking import Limits, Screened, screen


@click.command()
@click.argument("molecules", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--target", required=True, help="Target, or the name of the file of one's own compounds.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="CSV to write.")
@click.option(
    "--compounds", multiple=True, type=click.Path(exists=True, path_type=Path), help="One's own known compounds."
)
@click.option(
    "--keep",
    type=click.IntRange(min=1),
    default=100_000,
    show_default=True,
    help="Molecules whose potency the model is asked for.",
)
@click.option("--show", type=click.IntRange(min=1), default=5_000, show_default=True, help="Molecules in the table.")
@click.option("--jobs", type=click.IntRange(min=1), default=2, show_default=True, help="Processes.")
def command(
    molecules: Path, target: str, out: Path, compounds: tuple[Path, ...], keep: int, show: int, jobs: int
) -> None:
    """Rank MOLECULES, a SMILES a line, for one target. Called again after a stop, it goes on from there."""
    try:
        screened = _screened(molecules, target, out, compounds, Limits(keep, show, jobs))
    except UserError as error:
        click.echo(str(error), err=True)
        sys.exit(2)
    click.echo(_("{count} molecules ranked: {place}", count=screened.ranked.height, place=str(out)))
    if screened.best:
        click.echo(
            _(
                "The quick pass was judged by molecules drawn from the file: of the model's best {best} it kept {kept}.",
                best=screened.best,
                kept=screened.kept,
            )
        )


def _screened(molecules: Path, target: str, out: Path, compounds: tuple[Path, ...], limits: Limits) -> Screened:
    from ..project import PROJECT

    project_folder = Path(__file__).parents[1]
    data = Data(PROJECT.sources, project_folder, own={"compounds": list(compounds)} if compounds else {})
    cases = PROJECT.history(data, None)
    targets = by_target(cases)
    if target not in targets:
        raise unknown(target, list(targets))
    folder = out.with_name(f".{out.name}.part")
    with click.progressbar(length=1000, file=sys.stderr) as bar:

        def tell(share: float, text: str) -> None:
            bar.label = text
            bar.update(max(0, round(1000 * share) - bar.pos))

        model = PROJECT.model(cases, 0, Work(folder=folder))
        screened = screen(molecules, targets[target], model, target=target, folder=folder, limits=limits, tell=tell)
    write_atomically(out, screened.ranked.write_csv())
    shutil.rmtree(folder)
    return screened


if __name__ == "__main__":
    command()
