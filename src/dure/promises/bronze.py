"""Bronze: it runs."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, ValidationError

from dure.datasets.sources import Made, Own
from dure.errors import nearest, refusal
from dure.i18n.texts import LANGUAGES, _, catalogue, per_language, translated
from dure.project.project import label
from dure.promises import Outcome, absent, broken, inner_form, kept, steps
from dure.subject import differs, environment

if TYPE_CHECKING:
    from dure.project.form import Form
    from dure.subject import Subject

LIBRARY = Path(__file__).parents[1]
BLOCK_WORDS = {
    "block",
    "day",
    "week",
    "month",
    "lot",
    "patient",
    "order",
    "instance",
    "site",
}  # in Dure's own catalogue
HANGUL = re.compile("[가-힣]")


def manifest_complete(subject: Subject) -> Outcome:
    """project.toml was read already; what it says must fit its folder and the promises there are."""
    from dure.check import PROMISES

    where, folder = "project.toml", subject.folder
    if subject.manifest.id != (named := f"{folder.parent.name}.{folder.name}"):
        return broken(
            _(
                "{where}: the id is {found}, the folder says {named}",
                where=where,
                found=subject.manifest.id,
                named=named,
            )
        )
    names = {promise.name: promise for promise in PROMISES}
    for name in subject.manifest.exempt:
        if name not in names:
            close = nearest(name, tuple(names))
            why = _(
                "{where}: exempt names {name}, which is no promise (did you mean {close}?)",
                where=where,
                name=name,
                close=close,
            )
            return broken(why)
        if not names[name].can_be_exempt:
            return broken(_("{where}: {name} cannot be exempted", where=where, name=name))
    return kept()


def both_languages(subject: Subject) -> Outcome:
    """Every text a person reads has its Korean; a text in Hangul is a person's own word and needs none."""
    texts = list(_texts(subject))
    for where, text in texts:
        if not text.strip():
            return broken(_("{where}: a text is empty in one language", where=where))
        if HANGUL.search(text):
            continue
        korean = per_language(lambda text=text: translated(text, subject.folder))["ko"]  # type: ignore[misc]
        if korean == text and not _has_entry(subject.folder, text):
            return broken(_("{where}: no Korean for “{text}”; add it to locale/ko.po", where=where, text=text))
        if _holes(korean) != _holes(text):
            return broken(_("{where}: the Korean of “{text}” has other places to fill", where=where, text=text))
    return kept(_("{count} texts", count=len(texts)))


def _texts(subject: Subject) -> Iterator[tuple[str, str]]:
    """(file:line, text) of every text that a person reads; sources give theirs in both languages already."""
    project, folder = subject.project, subject.folder
    for path, tree in _code(folder):
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.Call)
                and _name(node.func) == "_"
                and node.args
                and isinstance(node.args[0], ast.Constant)
            ):
                yield f"{path.relative_to(folder).as_posix()}:{node.lineno}", str(node.args[0].value)
    shown = [kpi.name for kpi in project.kpis] + [label(each) for each in project.builders().values()]
    shown += [] if project.block_word in BLOCK_WORDS else [project.block_word]
    for form in {
        *_forms(project.request),
        *_forms(project.response),
        *(_forms(project.settings) if project.settings else ()),
    }:
        for field in form.model_fields.values():
            shown += [text for text in (field.title, field.description) if text]
    yield from sorted((_line_of(folder, text), text) for text in set(shown))
    for source in project.sources:
        for lang, text in zip(LANGUAGES, source.title, strict=True):
            if lang == "ko" or not text.strip():
                yield _line_of(folder, source.name), text if HANGUL.search(text) or not text.strip() else f"{text} (ko)"


def _has_entry(folder: Path, text: str) -> bool:
    return text in catalogue(folder, "ko") or text in catalogue(LIBRARY, "ko")


def _holes(text: str) -> set[str]:
    return set(re.findall(r"\{(\w+)", text))


def survives_json(subject: Subject) -> Outcome:
    """What travels as JSON comes back as it was."""
    project = subject.project
    for name, case, (request, response) in steps(subject):
        for form, text in ((project.request, request), (project.response, response)):
            try:
                back = form.model_validate_json(text).model_dump_json()
            except ValidationError as error:
                return broken(_("case {case}, {method}: {why}", case=case, method=name, why=_first(form, error)))
            if other := differs(text, back):
                return broken(_("case {case}, {method}: after JSON, {other}", case=case, method=name, other=other))
    return kept()


def answers(subject: Subject) -> Outcome:
    """Every method has an answer of the right type; it may decline some cases, not all."""
    for name, asked in subject.asked.items():
        for each in asked:
            if each.cause not in ("", "declined"):
                return broken(
                    _(
                        "{method}, case {case}: {cause} ({why})",
                        method=name,
                        case=each.case,
                        cause=_(each.cause),
                        why=each.why,
                    )
                )
        if asked and all(each.cause for each in asked):
            return broken(_("{method} declines all of the first {count} cases", method=name, count=len(asked)))
    if not any(subject.asked.values()):
        return broken(_("the round {round} has no case", round=subject.turn.name))
    return kept(_("{count} cases", count=max(map(len, subject.asked.values()))))


def request_untouched(subject: Subject) -> Outcome:
    """A method that writes into its request would change what the next one is asked."""
    for name, asked in subject.asked.items():
        for each in asked:
            if each.touched:
                other = differs(*each.touched) or ""
                return broken(
                    _("{method} changes its request, case {case}: {other}", method=name, case=each.case, other=other)
                )
    return kept()


def same_seed(subject: Subject) -> Outcome:
    """Built in another folder, in another process, with the same seed."""
    return _same(subject, "anew")


def rebuilt(subject: Subject) -> Outcome:
    """Built again from its own full folder in a fresh process: save and load."""
    return _same(subject, "first")


def _same(subject: Subject, folder: str) -> Outcome:
    for part in subject.again["parts"]:
        if part["folder"] != folder:
            continue
        name, asked = part["method"], subject.asked[part["method"]]
        if part["error"]:
            return broken(_("{method} could not be built in a fresh process: {why}", method=name, why=part["error"]))
        for one, (case, cause, again) in zip(asked, part["answers"], strict=True):
            given = [answer for _request, answer in one.steps]
            why = f"{one.cause or '-'} ≠ {cause or '-'}" if one.cause != cause else None
            why = why or _first_other(given, again, subject.manifest.replay)
            if why:
                return broken(_("{method}, case {case}, same seed: {why}", method=name, case=case, why=why))
    return kept()


def _first_other(one: Sequence[str], other: Sequence[str], tolerance: float) -> str | None:
    """The first step whose answer differs."""
    if len(one) != len(other):
        return _("{count} steps, then {other}", count=len(one), other=len(other))
    return next((found for a, b in zip(one, other, strict=True) if (found := differs(a, b, tolerance))), None)


def no_call_home(subject: Subject) -> Outcome:
    """Neither building nor asking reaches for the network (this machine's own included) or starts another program."""
    for seen in subject.again["events"]:
        if seen["event"] != "pickle.find_class":
            return broken(
                _("{where}: {event} ({what})", where=seen["where"] or "?", event=seen["event"], what=seen["what"])
            )
    return kept()


def no_pickle(subject: Subject) -> Outcome:
    """Neither its code nor what it calls unpickles; no text becomes code."""
    for path, tree in _code(subject.folder):
        for node in ast.walk(tree):
            if found := _forbidden(node):
                where = f"{path.relative_to(subject.folder).as_posix()}:{getattr(node, 'lineno', 0)}"
                return broken(
                    _(
                        "{where}: {found} runs code from data; keep what is fitted in a native format",
                        where=where,
                        found=found,
                    )
                )
    for seen in subject.again["events"]:
        if seen["event"] == "pickle.find_class":
            found = f"pickle ({seen['what']})"
            where = seen["where"]
            return broken(
                _(
                    "{where}: {found} runs code from data; keep what is fitted in a native format",
                    where=where,
                    found=found,
                )
            )
    return kept()


_FORBIDDEN_MODULES = {"pickle", "cloudpickle", "joblib", "dill", "shelve", "marshal"}
_FORBIDDEN_CALLS = {"eval", "exec", "__import__", "torch.load", "pd.read_pickle", "pandas.read_pickle"}


def _forbidden(node: ast.AST) -> str:
    if isinstance(node, ast.Import):
        return next((f"import {each.name}" for each in node.names if each.name.split(".")[0] in _FORBIDDEN_MODULES), "")
    if isinstance(node, ast.ImportFrom) and not node.level and (node.module or "").split(".")[0] in _FORBIDDEN_MODULES:
        return f"from {node.module} import"
    if isinstance(node, ast.Call):
        if (name := _name(node.func)) in _FORBIDDEN_CALLS:
            return name
        loose = any(
            each.arg == "allow_pickle" and getattr(each.value, "value", None) is not False for each in node.keywords
        )
        return f"{name}(allow_pickle=True)" if loose else ""
    return ""


def sources_hold(subject: Subject) -> Outcome:
    """Every source opens by its name, has a licence, and is the file that was declared."""
    if not subject.project.sources:
        return absent(_("it opens no data"))
    for source in subject.project.sources:
        own, generated = isinstance(source.origin, Own), isinstance(source.origin, Made)
        if isinstance(source.origin, Own) and source.origin.path is None:
            continue
        if not generated and not source.licence:
            return broken(_("the source {name} has no licence", name=source.name))
        if not generated and not own and not source.sha256:
            return broken(_("the source {name} has no SHA-256", name=source.name))
        subject.data.path(source.name)  # raises with what is wrong and the cure
    return kept(", ".join(subject.data.opened))


def readme_runs(subject: Subject) -> Outcome:
    """The commands its README shows are commands Dure has; the whole check runs them too, but for looks and itself."""
    path = subject.folder / "README.md"
    if not path.is_file():
        return absent(_("it has no README.md"))
    from dure.cli import cli

    commands = list(_commands(path))
    for line, words in commands:
        try:
            name, command, rest = cli.resolve_command(cli.make_context("dure", ["list"]), words)
            assert command is not None
            command.make_context(name, list(rest))
        except Exception as error:  # noqa: BLE001 - click's errors, and whatever a parameter's own reading raises
            return broken(_("README.md:{line}: {why}", line=line, why=getattr(error, "message", "") or str(error)))
        if (
            subject.full
            and words[0] not in ("check", "serve")
            and "--sealed" not in words
            and (why := _ran(subject, words))
        ):
            return broken(_("README.md:{line}: {why}", line=line, why=why))
    return kept(_("{count} commands", count=len(commands)))


def _commands(path: Path) -> Iterator[tuple[int, list[str]]]:
    """(line, words after `dure`) of the commands in a page's code blocks."""
    import shlex

    inside = False
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if line.lstrip().startswith("```"):
            inside = not inside
        elif inside and (said := line.strip().removeprefix("$ ")).startswith("dure "):
            yield number, shlex.split(re.split(r"[|>]", said)[0], comments=True)[1:]


def _ran(subject: Subject, words: Sequence[str]) -> str:
    """Why the command failed, empty where it ran."""
    place = subject.place / "readme"
    place.mkdir(exist_ok=True)
    projects = os.pathsep.join(filter(None, [str(subject.folder.parent.parent), os.environ.get("DURE_PROJECTS", "")]))
    command = [sys.executable, "-c", "from dure.cli import main; main()", *words]
    env = {**environment(), "DURE_PROJECTS": projects}
    done = subprocess.run(command, cwd=place, env=env, capture_output=True, text=True, encoding="utf-8", check=False)  # noqa: S603 - the project's own README
    return "" if done.returncode in (0, 1) else (done.stderr.strip().splitlines() or ["?"])[-1]


# ---- what stands in a project's files -----------------------------------------------------------------------------------


def _first(form: type[Form], error: ValidationError) -> str:
    return str(refusal(error, names=tuple(form.model_fields)))


def _code(folder: Path) -> Iterator[tuple[Path, ast.Module]]:
    """The project's own files, parsed; its tests are no part of it."""
    for path in sorted(folder.rglob("*.py")):
        if "tests" not in path.relative_to(folder).parts:
            yield path, ast.parse(path.read_text(encoding="utf-8"))


def _line_of(folder: Path, text: str) -> str:
    """file:line where a text is written, else the project's file."""
    start = text.splitlines()[0][:40] if text else ""
    for path, _tree in _code(folder):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if start and start in line:
                return f"{path.relative_to(folder).as_posix()}:{number}"
    return "project.py"


def _name(node: ast.expr) -> str:
    return (
        f"{_name(node.value)}.{node.attr}"
        if isinstance(node, ast.Attribute)
        else node.id
        if isinstance(node, ast.Name)
        else ""
    )


def _forms(form: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """A form and the forms inside it."""
    yield form
    for field in form.model_fields.values():
        if inner := inner_form(field.annotation):
            yield from _forms(inner)
