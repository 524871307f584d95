"""The command line. Entry points only translate: each command reads what was given, calls one room and prints.

Heavy imports stand inside the commands, so that `dure --help` starts at once.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from importlib.metadata import entry_points

import click

from dure import __version__
from dure.cli.options import MISTAKE
from dure.cli.output import fail
from dure.errors import UserError, nearest
from dure.i18n.texts import LANGUAGES, _, speak

ROOMS = "dure.commands"
COMMANDS = {
    "ask": "answer:ask",
    "batch": "answer:batch",
    "card": "projects:card",
    "check": "projects:check",
    "compare": "trial:compare",
    "data": "data:data",
    "demo": "projects:demo",
    "judge": "judge:judge",
    "list": "projects:list_",
    "new": "projects:new",
    "plan": "projects:plan_",
    "publish": "evidence:publish",
    "run": "trial:run",
    "show": "projects:show",
    "verify": "evidence:verify",
}
"""Where each command of this package stands: file and function."""


class Commands(click.Group):
    """Loads a command when it is used; those of other rooms are entry points `dure.commands`. Proposes the nearest name."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names of all commands."""
        return sorted({*super().list_commands(ctx), *COMMANDS, *entry_points(group=ROOMS).names})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """A command of this package, else of a room that is here."""
        if cmd_name in COMMANDS:
            module, _sign, function = COMMANDS[cmd_name].partition(":")
            command: click.Command = getattr(import_module(f"dure.cli.{module}"), function)
            return command
        for point in entry_points(group=ROOMS, name=cmd_name):
            with suppress(ModuleNotFoundError):
                loaded: click.Command = point.load()
                return loaded
        return super().get_command(ctx, cmd_name)

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
@click.version_option(__version__)
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
