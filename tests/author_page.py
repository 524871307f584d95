"""What docs/project.md must say, taken from the code: files of its examples, signatures, promises, open rooms."""

import inspect
import re
from importlib import import_module
from operator import attrgetter
from pathlib import Path

import dure
import dure.tables
from dure.checks.promises import PROMISES

PAGE = Path(__file__).resolve().parent.parent / "docs" / "project.md"
SIGNED = (
    "Source", "Own", "Wheel", "Git", "Made", "Column", "Case", "Round", "Kpi", "Work", "UserError", "texts", "write_atomically",
    "tables.read", "tables.numbers", "tables.times", "tables.texts",
)  # fmt: skip


def files(text):
    """The files the page shows: path -> content. A block of code belongs to the path in backticks on the line before it."""
    return dict(re.findall(r"^`([\w/.]+)`\n+```\w+\n(.*?)^```$", text, re.MULTILINE | re.DOTALL))


def signature(name):
    """One of the names a project imports with its parameters, as a person writes them."""
    shown: list[str] = []
    named = attrgetter(name)(dure)
    found = inspect.signature(named)
    for parameter in found.parameters.values():
        if parameter.kind is parameter.KEYWORD_ONLY and "*" not in shown:
            shown.append("*")
        default = parameter.default
        text = f"{parameter.name}: {parameter.annotation}"
        if default is not parameter.empty:
            text += " = ..." if callable(default) else f" = {default!r}"
        shown.append(text.replace("'", '"'))
    gives = "" if inspect.isclass(named) else f" -> {found.return_annotation}"
    return f"{name}({', '.join(shown)}){gives}"


def promises():
    """A row of the page's table for each promise."""
    return [
        f"| {promise.level} | `{promise.name}` | {promise.title} | {'yes' if promise.can_be_exempt else 'no'} |"
        for promise in PROMISES
    ]


def rooms():
    """A row of the page's table for each open room: its name and what it shows."""
    return [
        f"| `{name}` | {', '.join(f'`{one}`' for one in import_module(name).__all__)} |" for name in dure.OPEN_ROOMS
    ]


if __name__ == "__main__":
    print(*map(signature, SIGNED), *promises(), *rooms(), sep="\n")
