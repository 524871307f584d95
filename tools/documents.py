"""Check what people read: links resolve, every text has its Korean, commands shown exist, both READMEs show the same.

    python tools/documents.py

Prints each finding as file:line and exits with 1 when there is one. Docstrings are ruff's (D), see pyproject.toml.
"""

import ast
import json
import re
import shlex
import string
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "dure"
NOT_OURS = {".git", ".venv", "dist", "build", "node_modules"}
HANGUL = re.compile("[가-힣]")
FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)[^)]*\)")


def pages(root: Path) -> list[Path]:
    """Every Markdown file of the repository."""
    return sorted(path for path in root.rglob("*.md") if not NOT_OURS & set(path.relative_to(root).parts))


def lines_of(page: Path) -> Iterator[tuple[int, str, bool]]:
    """(line number, line, inside a code block?)"""
    fence = ""
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
        mark = FENCE.match(line)
        if mark and not fence:
            fence = mark[1]
        elif mark and mark[1].startswith(fence):
            fence = ""
        else:
            yield number, line, bool(fence)


# ---- links -----------------------------------------------------------------------------------------------------------


@cache
def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as the usual Markdown hosts make them."""
    headings = [line.lstrip("#").strip() for _, line, code in lines_of(page) if line.startswith("#") and not code]
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def links(root: Path) -> Iterator[str]:
    """Links to files that are not there, and to headings that are not in them."""
    for page in pages(root):
        for number, line, code in lines_of(page):
            for target in () if code else LINK.findall(re.sub(r"`[^`]*`", "", line)):
                name, _, anchor = target.partition("#")
                aim = page.parent / name if name else page
                if re.match(r"[a-z]+:", target):
                    continue
                if not aim.exists():
                    yield f"{page.relative_to(root)}:{number}: there is no {target}"
                elif anchor and aim.suffix == ".md" and anchor not in anchors(aim.resolve()):
                    yield f"{page.relative_to(root)}:{number}: {name or page.name} has no heading #{anchor}"


# ---- texts and their Korean ------------------------------------------------------------------------------------------


def texts(folder: Path, files: list[Path]) -> Iterator[tuple[str, str]]:
    """(where, text) of every `_("...")` in these files."""
    for path in files:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id in ("_", "multilingual")
                and node.args
            ):
                first = node.args[0]
                if isinstance(first, ast.Constant) and isinstance(first.value, str):
                    yield f"{path.relative_to(folder)}:{node.lineno}", first.value


def constants(files: list[Path]) -> set[str]:
    """Every text in these files, and every docstring's first line: what `_` may be handed when the program runs."""
    found: set[str] = set()
    for path in files:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found |= {node.value, node.value.strip().split("\n")[0].rstrip(".")}
    return found


def fields(text: str) -> set[str]:
    """The names between braces, without the Korean particle that may follow: `{name|은/는}` is `name`."""
    plain = re.sub(r"\{(\w+)\|[^}]*\}", r"{\1}", text)
    return {name for _, name, _, _ in string.Formatter().parse(plain) if name}


def catalogue(path: Path) -> dict[str, str]:
    """msgid to msgstr; empty where there is no such file."""
    import polib

    return {entry.msgid: entry.msgstr for entry in polib.pofile(str(path))} if path.is_file() else {}


def missing(
    folder: Path, used: list[tuple[str, str]], known: dict[str, str], lent: dict[str, str], shown: set[str]
) -> Iterator[str]:
    """Texts without Korean, translations that fill other names than the text has, translations of no text."""
    for where, text in used:
        korean = known.get(text) or lent.get(text)
        if not korean and not HANGUL.search(text):
            yield f"{where}: no Korean for {text!r}"
        elif korean and (wrong := fields(korean) - fields(text)):
            yield f"{where}: the Korean of {text!r} fills {', '.join(sorted(wrong))}, which the text does not have"
    for text in sorted(known.keys() - {text for _, text in used} - shown):
        yield f"{folder.name}/locale/ko.po: nothing says {text!r} any more"


def korean(package: Path) -> Iterator[str]:
    """What lacks Korean in the library and in each project that comes with it."""
    projects = [found.parent for found in sorted(package.glob("regions/*/*/project.toml"))]
    own = [path for path in package.rglob("*.py") if not any(path.is_relative_to(folder) for folder in projects)]
    library = catalogue(package / "i18n" / "locale" / "ko.po")
    templates = "".join(path.read_text(encoding="utf-8") for path in sorted(package.rglob("*.html*")))
    used = [*texts(package, own), *in_templates(templates)]
    yield from missing(package, used, library, {}, constants(own) | _planned(package))
    for folder in projects:
        files = [path for path in folder.rglob("*.py") if "tests" not in path.parts]
        used = list(texts(folder, files))
        shown = constants(files) | _places(folder)
        for finding in missing(folder, used, catalogue(folder / "locale" / "ko.po"), library, shown):
            yield f"{folder.parent.name}/{folder.name}/{finding}"


def _places(folder: Path) -> set[str]:
    """The places of a project's trial, whose names come from its data."""
    said = folder / "trial.json"
    return set(json.loads(said.read_text(encoding="utf-8"))["about"]["sites"]) if said.is_file() else set()


def _planned(package: Path) -> set[str]:
    """Texts of the templates that `dure new` fills: they are a new project's, and may lean on the library's Korean."""
    return set(
        re.findall(r"""["']([^"'\n]+)["']""", "".join(p.read_text(encoding="utf-8") for p in package.rglob("*.j2")))
    )


def in_templates(source: str) -> Iterator[tuple[str, str]]:
    """(where, text) of every `_("...")` in the pages' templates."""
    for quote, text in re.findall(r"""\b_\(\s*(["'])(.*?)(?<!\\)\1""", source, re.DOTALL):
        yield "a template", text.replace("\\" + quote, quote)


# ---- commands --------------------------------------------------------------------------------------------------------


def commands(page: Path) -> Iterator[tuple[int, str]]:
    """(line number, command) of every line in a code block that calls dure or make."""
    for number, line, code in lines_of(page):
        shown = line.strip().removeprefix("$ ")
        if code and re.match(r"(dure|make)( |$)", shown):
            yield number, shown.split("  #")[0].rstrip("\\ ")


def unknown_in(command: str) -> str:
    """What of a `dure ...` command the command line does not have; empty when it has everything."""
    import click

    from dure.cli.app import cli

    here: click.Command = cli
    context = click.Context(here)
    try:
        words = shlex.split(command, comments=True)[1:]
    except ValueError as error:
        return f"cannot be read: {error}"
    for word in words:
        if word in {"|", ">", "&&", ";"}:
            break
        if word.startswith("--") or re.fullmatch(r"-[a-z]", word):
            options = {name for option in here.get_params(context) for name in [*option.opts, *option.secondary_opts]}
            if word.split("=")[0] not in options:
                return f"no option {word}"
        elif isinstance(here, click.Group):
            found = here.get_command(context, word)
            if found is None:
                return f"no command {word}"
            here = found
    return ""


def shown_commands(root: Path) -> Iterator[str]:
    """Commands shown on a page that do not exist."""
    targets = set(re.findall(r"^([\w-]+):", (root / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for page in pages(root):
        for number, command in commands(page):
            tool, *words = command.split()
            goal = next((word for word in words if "=" not in word and not word.startswith("-")), "help")
            wrong = unknown_in(command) if tool == "dure" else "" if goal in targets else f"no target {goal}"
            if wrong:
                yield f"{page.relative_to(root)}:{number}: {command}: {wrong}"


def same_commands(root: Path) -> Iterator[str]:
    """README.md and README.ko.md show the same commands in the same order (words of the table may differ)."""
    shape = {
        name: [command.split()[:2] for _, command in commands(root / name)] for name in ("README.md", "README.ko.md")
    }
    if shape["README.md"] != shape["README.ko.md"]:
        yield "README.ko.md: shows other commands than README.md"


def reachable(root: Path) -> Iterator[str]:
    """Pages of docs/ that docs/index.md does not link to."""
    index = (root / "docs" / "index.md").read_text(encoding="utf-8")
    for page in sorted((root / "docs").glob("*.md")):
        if page.name != "index.md" and f"({page.name}" not in index:
            yield f"docs/index.md: does not name {page.name}"


def main() -> int:
    """Print every finding; 1 when there is one."""
    findings = [*links(ROOT), *korean(PACKAGE), *shown_commands(ROOT), *same_commands(ROOT), *reachable(ROOT)]
    print(*findings, f"{len(findings)} findings in {len(pages(ROOT))} pages and the texts of the package", sep="\n")
    return int(bool(findings))


if __name__ == "__main__":
    sys.exit(main())
