"""Options and arguments that several commands share, and how they are read."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dure.errors import UserError, nearest
from dure.i18n.texts import _

if TYPE_CHECKING:
    from dure.runs.run import Inputs

REFUSED, MISTAKE = 1, 2  # exit codes: a requirement not met or evidence refused; the user's mistake
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON for scripts.")
out_option = click.option("--out", type=click.Path(path_type=Path), help="Folder for the evidence.")
yes_option = click.option("--yes", is_flag=True, help="Take every proposal as confirmed.")
require = click.option("--require", type=click.Choice(["better"]), help="Exit with 1 unless the verdict is better.")


def confirmer(*, yes: bool) -> Callable[[str], bool] | None:
    """Asks the person; with --yes everything is confirmed; where nobody can answer, None."""
    if yes:

        def confirmed(text: str) -> bool:
            click.echo(text, err=True)
            return True

        return confirmed
    if not sys.stdin.isatty():
        return None
    return lambda text: click.confirm(text, default=True, err=True)


def pairs(options: Sequence[str], option: str) -> dict[str, str]:
    """``NAME=VALUE`` options as a mapping; of a name given twice, the last."""
    return dict(every_pair(options, option))


def every_pair(options: Sequence[str], option: str) -> list[tuple[str, str]]:
    """``NAME=VALUE`` options in their order."""
    result = []
    for text in options:
        name, sign, value = text.partition("=")
        if not sign or not name or not value:
            raise UserError(_("{given} is not NAME=VALUE", given=text), where=option)
        result.append((name.strip(), value.strip()))
    return result


def existing(path: str | Path, *, folder: bool = False) -> Path:
    """The path of a file that is there; or of a folder, where one may be given."""
    place = Path(path)
    if place.is_file() or (folder and place.is_dir()):
        return place
    beside = place.parent if place.parent.is_dir() else Path()
    close = nearest(place.name, [entry.name for entry in beside.iterdir() if folder or entry.is_file()])
    raise UserError(
        _("there is no such file"), where=str(path), cure=_("Did you mean {name}?", name=close) if close else ""
    )


def inputs_of(
    data: Sequence[str] = (), maps: Sequence[str] = (), settings: Sequence[str] = (), practice: Path | None = None,
    offers: Sequence[str] = (),
) -> Inputs:  # fmt: skip
    """What was given on the command line, files looked for."""
    from dure.runs.run import Inputs

    own: dict[str, list[Path]] = {}
    for name, path in every_pair(data, "--data"):
        own.setdefault(name, []).append(existing(path, folder=True))
    mappings = [mapping if "=" in mapping else f"{next(iter(own), '')}={mapping}" for mapping in maps]
    return Inputs(
        data=own,
        maps={name: existing(path) for name, path in pairs(mappings, "--map").items()},
        settings=pairs(settings, "--set"),
        practice=existing(practice) if practice else None,
        offers={
            name: where if "://" in where else str(existing(where)) for name, where in pairs(offers, "--offer").items()
        },
    )
