"""What `dure check` looks at: the promises of a project, each a small function from the subject to an outcome.

Nothing here is a wall against harm; it finds what honest people overlook. Sealed rounds are played only by code that has
already been looked at with (the hash in trial.json is this code's), or when the whole check is asked for.
"""

from __future__ import annotations

import ast
import json
import math
import os
import re
import subprocess
import sys
import types
import typing
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError

from dure import formula
from dure.ask import Ask, AskMany
from dure.data import Made, Own
from dure.errors import nearest
from dure.project import Case, Form, Round, Work, label
from dure.subject import (
    CONSTANTS,
    Subject,
    answers_of,
    cases_in,
    differs,
    environment,
    frames_in,
    made,
    number_field,
    numbers_in,
    permuted,
    size_of,
    witnessed,
)
from dure.witness import ask_all
from dure.words import LANGUAGES, _, catalogue, in_each, translated

if TYPE_CHECKING:
    from dure.project import History

KEPT, BROKEN, EXEMPT, ABSENT = "kept", "broken", "exempt", "does not apply"
Outcome = tuple[str, str]  # one of the states above, and a sentence: what, where, what to do
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
SEVERAL_SEEDS = 3
ROUNDING = 1e-9  # two sums of the same numbers in another order


def kept(why: str = "") -> Outcome:
    """The promise is kept."""
    return KEPT, why


def broken(why: str) -> Outcome:
    """The promise is broken."""
    return BROKEN, why


def absent(why: str) -> Outcome:
    """What the promise is about is not there."""
    return ABSENT, why


# ---- bronze: it runs -------------------------------------------------------------------------------------------------------


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
        korean = in_each(lambda text=text: translated(text, subject.folder))["ko"]  # type: ignore[misc]
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
    return text in catalogue(folder, "ko") or text in catalogue(Path(__file__).parent, "ko")


def _holes(text: str) -> set[str]:
    return set(re.findall(r"\{(\w+)", text))


def survives_json(subject: Subject) -> Outcome:
    """What travels as JSON comes back as it was."""
    project = subject.project
    for name, case, (request, response) in _steps(subject):
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
        for one, (case, cause, steps) in zip(asked, part["answers"], strict=True):
            given = [answer for _request, answer in one.steps]
            why = f"{one.cause or '-'} ≠ {cause or '-'}" if one.cause != cause else None
            why = why or _first_other(given, steps, subject.manifest.replay)
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


# ---- silver: it is honest ------------------------------------------------------------------------------------------------


def no_leak(subject: Subject) -> Outcome:
    """No case of a round, and nothing at or after its beginning, stands in its history."""
    looked = 0
    for turn in subject.rounds:
        times = [case.time for case in turn.cases if case.time]
        histories = [(turn.history, "")]
        if times:
            histories.append((subject.project.history(subject.data, min(times)), "history(until) · "))
        for history, whose in histories:
            looked += size_of(history)
            if why := _leak(turn, history):
                return broken(_("round {round}: {why}", round=turn.name, why=whose + why))
    return kept() if looked else absent(_("the history is no list of cases and no frame, or empty"))


def _leak(turn: Round, history: History) -> str:
    """What of the round stands in the history, in words; empty where nothing does."""
    times = [case.time for case in turn.cases if case.time]
    first, asked = min(times, default=None), {case.id: case for case in turn.cases}
    known = cases_in(history)
    for case in known:
        if first and case.time and case.time >= first:
            return _(
                "the history holds {time} (case {case}), the round begins {first}",
                time=case.time,
                case=case.id,
                first=first,
            )
        if case.id in asked and asked[case.id].request == case.request:
            return _("the history holds the case {case} with its truth", case=case.id)
    for name, frame in frames_in(history):
        if first and "time" in frame.columns and (late := frame.filter(frame["time"] >= first)).height:
            return _(
                "the history holds {time} ({name}), the round begins {first}",
                time=late["time"][0],
                name=name,
                first=first,
            )
        if "id" in frame.columns and (both := sorted(set(map(str, frame["id"])) & set(asked))):
            return _("the history holds the case {case} with its truth", case=both[0])
    return _twins(turn, known)


def _twins(turn: Round, known: Sequence[Case]) -> str:
    """Cases renamed: the same question with the same truth in the history, more often than inside the round itself."""
    before: dict[str, str] = {_content(case): case.id for case in known}
    inside: dict[str, int] = {}
    for case in turn.cases:
        inside[_content(case)] = inside.get(_content(case), 0) + 1
    found = [case for case in turn.cases if _content(case) in before]
    repeated = sum(count for count in inside.values() if count > 1)
    chance = repeated * max(1.0, len(known) / max(1, len(turn.cases)))  # small whole numbers repeat by themselves
    if len(found) <= max(0.05 * len(turn.cases), 3 * chance):
        return ""
    case = found[0]
    return _("{count} cases are asked that the history answers (case {case} is {other} there)",
             count=len(found), case=case.id, other=before[_content(case)])  # fmt: skip


def _content(case: Case) -> str:
    return f"{case.request!r} {case.truth!r}"


def blocks_whole(subject: Subject) -> Outcome:
    """What belongs together stands on one side of a split. Where cases carry time, order guards: a block is cut at the edge."""
    homes: dict[tuple[str, str], str] = {}
    blocks = 0
    for turn in subject.rounds:
        own = {(case.site, case.block) for case in turn.cases if case.block is not None and case.time is None}
        blocks += len(own)
        for site, block in sorted(own & {(case.site, case.block) for case in cases_in(turn.history)}):
            return broken(
                _(
                    "round {round}: block {block} is in its history too",
                    round=turn.name,
                    block=f"{block} {site}".strip(),
                )
            )
        for key in sorted(own):  # a block asked in two open rounds is work; one known before a sealed round is not
            if turn.sealed and key in homes:
                return broken(
                    _(
                        "round {round}: block {block} was in {other} already",
                        round=turn.name,
                        block=key[1],
                        other=homes[key],
                    )
                )
            homes[key] = turn.name
    return kept(_("{count} blocks", count=blocks)) if blocks else absent(_("cases have no blocks, or carry time"))


def refuses_nonsense(subject: Subject) -> Outcome:
    """Mutations of a real request: each is refused, and the field is named."""
    project = subject.project
    request = next((request for _name, _case, (request, _answer) in _steps(subject)), None)
    if request is None:
        return broken(_("no method has answered a case"))
    tried = 0
    for path, form, value in _places(project.request, json.loads(request), ()):
        for field, nonsense, what in _nonsense(form, value):
            tried += 1
            spoilt = json.loads(request)
            _put(spoilt, (*path, field), nonsense)
            named = ".".join(map(str, (*path, field)))
            try:
                project.request.model_validate_json(json.dumps(spoilt))
            except ValidationError as error:
                if not any(field in each["loc"] for each in error.errors()):
                    return broken(_("{field} {what}: refused, but the field is not named", field=named, what=what))
            except ValueError:  # json.dumps writes NaN; a parser that refuses it has refused it
                continue
            else:
                return broken(_("{field} {what}: taken for good", field=named, what=what))
    return kept(_("{count} requests refused", count=tried))


_GONE = object()


def _nonsense(form: type[BaseModel], value: Mapping[str, Any]) -> Iterator[tuple[str, Any, str]]:
    """(field, value, what is wrong) for each field of a form."""
    yield "no_such_field", 1, _("is unknown")
    schema = form.model_json_schema()
    for name, field in form.model_fields.items():
        kinds = list(_kinds(schema["properties"].get(field.alias or name, {})))
        if field.is_required():
            yield name, _GONE, _("is missing")
        if not any(
            kind.get("type") is None and "$ref" not in kind and "enum" not in kind and "const" not in kind
            for kind in kinds
        ):
            yield (
                name,
                [["nonsense"]] if any(kind.get("type") == "string" for kind in kinds) else "nonsense",
                _("has a wrong type"),
            )
        if any(kind.get("type") == "number" for kind in kinds) and name in value:
            yield name, math.nan, _("is not a number")
        for kind in kinds if len(kinds) == 1 else ():
            low, high = (
                kind.get("minimum", kind.get("exclusiveMinimum")),
                kind.get("maximum", kind.get("exclusiveMaximum")),
            )
            if low is not None:
                yield name, low - 1, _("is below its bound")
            if high is not None:
                yield name, high + 1, _("is above its bound")


def _kinds(schema: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield from schema.get("anyOf", schema.get("oneOf", [schema]))


def _places(
    form: type[BaseModel], value: Any, path: tuple[str | int, ...]
) -> Iterator[tuple[tuple[str | int, ...], type[BaseModel], Any]]:
    """The request itself and the first of each form inside it."""
    yield path, form, value
    for name, field in form.model_fields.items():
        inner, here = _inner(field.annotation), value.get(name)
        if inner is None or not here:
            continue
        if isinstance(here, list) and isinstance(here[0], dict):
            yield from _places(inner, here[0], (*path, name, 0))
        elif isinstance(here, dict) and set(inner.model_fields) >= set(here):
            yield from _places(inner, here, (*path, name))


def _inner(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if typing.get_origin(annotation) in (list, tuple, typing.Union, types.UnionType):
        return next((found for each in typing.get_args(annotation) if (found := _inner(each))), None)
    return None


def _put(value: Any, path: tuple[str | int, ...], new: Any) -> None:
    *way, last = path
    for step in way:
        value = value[step]
    if new is _GONE:
        value.pop(last, None)
    else:
        value[last] = new


def ids_are_names(subject: Subject) -> Outcome:
    """An id does not spell the truth, and no answer depends on it."""
    for turn in subject.rounds:
        every, scalars = list(turn.cases), [_scalars(case.truth) for case in turn.cases]
        spelt = [case for case, truth in zip(every, scalars, strict=True) if _spells(case.id, truth)]
        # The same with everybody's truth moved by one: what chance alone spells
        chance = sum(_spells(case.id, truth) for case, truth in zip(every, [*scalars[1:], *scalars[:1]], strict=True))
        if len(spelt) - chance > 0.3 * len(every):
            return broken(_("round {round}: the id {case} holds the truth", round=turn.name, case=spelt[0].id))
    for name, asked in subject.asked.items():
        method = subject.build(name)
        if not hasattr(method, "start") or name in subject.chancy:  # ids never reach it, or it seeds itself with them
            continue
        cases = subject.turn.cases[: len(asked)]
        renamed = ask_all(
            subject.project, method, cases, seconds=None, names=[f"renamed {i}" for i in range(len(cases))]
        )
        for before, after in zip(asked, renamed, strict=True):
            if answers_of([before]) != answers_of([after]):
                return broken(
                    _("{method} answers case {case} differently when its id is another", method=name, case=before.case)
                )
    return kept()


def _spells(name: str, truths: Sequence[Any]) -> bool:
    tokens = {token for token in re.split(r"[^\w.+]+|_", name.lower()) if token}
    numbers = {float(token) for token in re.findall(r"\d+(?:\.\d+)?", name)}
    for truth in truths:
        if isinstance(truth, bool | str):
            if str(truth).lower() in tokens:
                return True
        elif any(math.isclose(number, abs(truth), rel_tol=0.005) for number in numbers):
            return True
    return False


def _scalars(truth: Any) -> list[Any]:
    """Numbers and texts a truth is made of; long ones (a day's prices) are no more than a name could hold."""
    if isinstance(truth, str | bool | int | float):
        return [truth]
    if isinstance(truth, BaseModel):
        truth = truth.model_dump()
    inner = truth.values() if isinstance(truth, Mapping) else truth if isinstance(truth, list | tuple) else ()
    return [scalar for each in inner for scalar in _scalars(each)][:8]


def practice_known(subject: Subject) -> Outcome:
    """Who works like this, since when, and where it is written."""
    import datetime

    practice = subject.manifest.practice
    if not 1800 <= practice.year <= datetime.datetime.now(datetime.UTC).year:
        return broken(_("project.toml: the practice's year is {year}", year=practice.year))
    return kept(f"{practice.source} ({practice.who}, {practice.year})")


def beats_constant(subject: Subject) -> Outcome:
    """The practice is better than always saying the mean, or the median, of what was known."""
    if number_field(subject.project) is None or not numbers_in(subject.turn.history):
        return absent(_("there is no truth in the history, or no answer of one number"))
    kpi, told = subject.project.kpis[0], []
    for name in (f"constant {each}" for each in CONSTANTS):
        verdict = _open_verdict(subject, name)
        ours, constant = (verdict["methods"][each] for each in (subject.project.practice.__name__, name))
        if verdict["because"] == "unanswered" or ours is None or constant is None:
            continue
        if ours == constant or (ours > constant) == (kpi.better == "lower"):
            return broken(_("today's practice has {ours} {unit}, the {name} has {constant}: choose a practice worth beating",
                            ours=f"{ours:.4g}", unit=kpi.unit, name=_(name), constant=f"{constant:.4g}"))  # fmt: skip
        told.append(f"{ours:.4g} / {constant:.4g} {kpi.unit}".strip())
    return kept(told[0]) if told else absent(_("no constant is a possible answer"))


def no_luck(subject: Subject) -> Outcome:
    """A model rebuilt on permuted truth has nothing to learn from; where it still wins, something leaks."""
    if not size_of(subject.turn.history):
        return absent(_("there is no truth in the history to permute"))
    name = subject.project.model.__name__
    rebuilt_model = permuted(subject.project)(subject.turn.history, 0, Work(folder=made(subject.place / "permuted")))
    cases = subject.turn.cases[: len(subject.asked[name])]
    if answers_of(ask_all(subject.project, rebuilt_model, cases, seconds=None)) == answers_of(subject.asked[name]):
        return absent(_("the model does not learn from the history: permuting it changes no answer"))
    verdict = _open_verdict(subject, "permuted")
    if verdict["verdict"] == "better":
        return broken(
            _(
                "the model rebuilt on permuted truth still beats today's practice: look for a leak, or say in "
                "project.toml (exempt.permuted) what it wins with without the truth"
            )
        )
    return kept()


def _open_verdict(subject: Subject, name: str) -> dict[str, Any]:
    """The method's verdict against the practice on the open rounds, first KPI, over all sites."""
    practice, first = subject.project.practice.__name__, subject.tried.kpis[0]["name"]
    found = [
        each for each in subject.tried.verdicts
        if each["method"] == name and each["against"] == practice and each["round"] == "open" and each["kpi"] == first
    ]  # fmt: skip
    return next((each for each in found if each["site"] == "all"), found[0])


def kpis_scored(subject: Subject) -> Outcome:
    """Every KPI is made of sums that the score gives, and a limit leaves room."""
    project = subject.project
    scored = subject.once("scored", partial(_scored, subject))
    for kpi in project.kpis:
        missing = sorted(formula.names(kpi.of) - scored - {"cases"})
        if missing:
            return broken(_("the KPI {kpi} needs {name}, which the score does not give ({sums})",
                            kpi=translated(kpi.name, subject.folder), name=missing[0], sums=", ".join(sorted(scored))))  # fmt: skip
        low, high = kpi.limit or (None, None)
        if low is not None and high is not None and low > high:
            return broken(_("the KPI {kpi} has a limit that nothing keeps", kpi=translated(kpi.name, subject.folder)))
    return kept(", ".join(translated(kpi.name, subject.folder) for kpi in project.kpis))


def _scored(subject: Subject) -> set[str]:
    """The names of the sums of a case that the practice answers."""
    project, name = subject.project, subject.project.practice.__name__
    answered = {each.case for each in subject.asked[name] if not each.cause}
    case = next(case for case in subject.turn.cases if case.id in answered)
    ask = Ask(project, subject.build(name), None)
    ask.begin(case.id)
    return set(project.score(case, project.play(case, ask)))


def in_time(subject: Subject) -> Outcome:
    """The 95th percentile of the seconds an answer takes."""
    told = []
    for name, asked in subject.asked.items():
        seconds = sorted(second for each in asked for second in each.seconds)
        if not seconds:
            continue
        late = seconds[math.ceil(0.95 * len(seconds)) - 1]
        if late > subject.manifest.deadline:
            return broken(_("{method} takes {late} s, {deadline} s are allowed",
                            method=name, late=f"{late:.3g}", deadline=f"{subject.manifest.deadline:g}"))  # fmt: skip
        told.append(f"{name} {late:.2g} s")
    return kept(", ".join(told))


def replay_agrees(subject: Subject) -> Outcome:
    """The quick part of trial.json comes out again."""
    if subject.said is None:
        return broken(
            _(
                "there is no trial.json; run `dure run {project} --sealed --out DIR` and put DIR/trial.json beside project.toml",
                project=subject.manifest.id,
            )
        )
    before, now = subject.said["about"].get("quick") or {}, subject.tried.about["quick"]
    rounds = set(subject.tried.about["rounds"])
    expected = {key: sums for key, sums in before.items() if key.split(" · ", 1)[-1] in rounds}
    if not expected:
        return broken(
            _("trial.json has none of the rounds {rounds}; run the trial again", rounds=", ".join(sorted(rounds)))
        )
    for key, sums in expected.items():
        if other := differs(json.dumps(sums), json.dumps(now.get(key, {})), max(subject.manifest.replay, ROUNDING)):
            return broken(_("{key}: {other} (trial.json, now); run the trial again", key=key, other=other))
    return kept(_("stale: the code has changed since {code}, the numbers agree", code=str(subject.said["about"].get("code", ""))[:12])
                if subject.stale else "")  # fmt: skip


def twin_agrees(subject: Subject) -> Outcome:
    """Played as columns and played one by one, every case has the same sums."""
    project, compared = subject.project, 0
    if project.play_many is None:
        return absent(_("it has no vectorised twin"))
    for name, asked in subject.asked.items():
        method = subject.build(name)
        cases = [case for case, each in zip(subject.turn.cases, asked, strict=False) if not each.cause]
        if not hasattr(method, "many") or not cases:
            continue
        many = AskMany(project, method, None)
        many.begin([case.id for case in cases])
        together = project.play_many(cases, many)
        ask = Ask(project, method, None)
        for case, outcome in zip(cases, together, strict=True):
            ask.begin(case.id)
            one, twin = project.score(case, project.play(case, ask)), project.score(case, outcome)
            if other := differs(json.dumps(dict(one)), json.dumps(dict(twin)), ROUNDING):
                return broken(
                    _("{method}, case {case}: {other} (one by one, together)", method=name, case=case.id, other=other)
                )
            compared += 1
    return kept(_("{count} cases", count=compared)) if compared else absent(_("no method answers many at once"))


# ---- gold: it helps ------------------------------------------------------------------------------------------------------


def better(subject: Subject) -> Outcome:
    """Better on the first KPI on sealed rounds; a decision project's model also than the strongest rival."""
    said = subject.said
    one = next((each for each in said["verdicts"] if each["decides"]), None) if said else None
    if said is None or one is None:
        return broken(_("there is no trial.json with a verdict"))
    if one["round"] != "sealed":
        return broken(
            _("trial.json has no sealed round; run `dure run {project} --sealed`", project=subject.manifest.id)
        )
    if one["verdict"] != "better":
        return broken(_("sealed rounds: {verdict}", verdict=_(one["verdict"])))
    rival = _strongest_rival(subject, said, one)
    if rival and rival["verdict"] != "better":
        return broken(_("against {rival}: {verdict}", rival=rival["against"], verdict=_(rival["verdict"])))
    return kept()


def _strongest_rival(subject: Subject, said: Mapping[str, Any], one: Mapping[str, Any]) -> dict[str, Any] | None:
    """The sealed verdict against the rival that was best on open rounds, where nothing is learnt from a history (a decision)."""
    if size_of(subject.turn.history):
        return None
    first = [each for each in said["verdicts"] if each["kpi"] == one["kpi"] and each["site"] == one["site"]]
    rivals = [
        each for each in first if each["method"] == one["method"] and each["against"] in said["about"].get("rivals", ())
    ]
    opened = [each for each in rivals if each["round"] == "open" and each["methods"].get(each["against"]) is not None]
    sign = 1 if one["better"] == "lower" else -1
    best = min(opened, key=lambda each: sign * each["methods"][each["against"]], default=None)
    return next(
        (each for each in rivals if best and each["round"] == "sealed" and each["against"] == best["against"]), None
    )


def no_limit(subject: Subject) -> Outcome:
    """The model crosses no KPI's limit."""
    if not any(kpi.limit for kpi in subject.project.kpis):
        return absent(_("no KPI has a limit"))
    if subject.said is None:
        return broken(_("there is no trial.json with a verdict"))
    name = subject.project.model.__name__
    for each in subject.said["verdicts"]:
        if each["because"] == "limit" and each["method"] == name:
            return broken(_("{kpi} crosses its limit at {site}", kpi=_kpi_name(each), site=each["site"] or "–"))
    return kept()


def enough_seeds(subject: Subject) -> Outcome:
    """A method that depends on chance is tried with several seeds."""
    if not subject.chancy:
        return absent(_("no answer depends on the seed"))
    seeds = len(subject.said["about"].get("seeds", ())) if subject.said else subject.manifest.seeds
    if seeds < SEVERAL_SEEDS:
        return broken(_("{method} depends on the seed, and {seeds} of {wanted} seeds were tried: set seeds in project.toml",
                        method=subject.chancy[0], seeds=seeds, wanted=SEVERAL_SEEDS))  # fmt: skip
    return kept(_("{count} seeds", count=seeds))


def another_place(subject: Subject) -> Outcome:
    """A second site, or another period, agrees."""
    said = subject.said
    one = next((each for each in said["verdicts"] if each["decides"]), None) if said else None
    if said is None or one is None:
        return broken(_("there is no trial.json with a verdict"))
    same = [each for each in said["verdicts"] if all(each[key] == one[key] for key in ("kpi", "method", "against"))]
    found = [each for each in same if each["verdict"] == "better" and each["site"] != "all"]
    sites = sorted({each["site"] for each in found if each["round"] == one["round"]})
    if len(sites) > 1:
        return kept(_("sites: {names}", names=", ".join(sites)))
    if sites and any(each["round"] == "open" for each in found):
        return kept(
            _("the open rounds agree: {names}", names=", ".join(_rounds_of(said, opened=True, subject=subject)))
        )
    return broken(
        _("only {names} is shown better: try a second site, period or data set", names=", ".join(sites) or "–")
    )


def _rounds_of(said: Mapping[str, Any], *, opened: bool, subject: Subject) -> list[str]:
    kinds = {turn.name: turn.sealed for turn in subject.rounds}
    return [name for name in said["about"].get("rounds", ()) if kinds.get(name, False) != opened]


def figures_draw(subject: Subject) -> Outcome:
    """The smallest and the largest case have their picture."""
    project = subject.project
    if project.figure is None:
        return absent(_("it draws no figure"))
    cases = sorted(subject.turn.cases, key=lambda case: len(repr(case.request)))
    methods = {name: subject.build(name) for name in project.builders()}
    for case in (cases[0], cases[-1]):
        answered = {
            name: ask_all(project, method, [case], seconds=None)[0].steps[-1:] for name, method in methods.items()
        }
        given = {name: project.response.model_validate_json(steps[0][1]) for name, steps in answered.items() if steps}
        try:
            project.figure(case.request, given, case.truth, None).to_dict()
        except ModuleNotFoundError as error:
            return broken(_("case {case}: the library {library} is missing", case=case.id, library=error.name))
        except Exception as error:  # noqa: BLE001 - a stranger's chart
            return broken(_("case {case}: {why}", case=case.id, why=f"{type(error).__name__}: {error}"))
    return kept(f"{cases[0].id}, {cases[-1].id}")


def model_card(subject: Subject) -> Outcome:
    """Its README says what the trial found."""
    del subject
    return broken(_("no model card is written from the trial yet"))


# ---- platinum: others can rely on it -------------------------------------------------------------------------------------


def no_rival_better(subject: Subject) -> Outcome:
    """Better than, or tied with, every rival."""
    rivals = [builder.__name__ for builder in subject.project.rivals]
    if not rivals:
        return absent(_("it has no rival"))
    if subject.said is None:
        return broken(_("there is no trial.json with a verdict"))
    for each in subject.said["verdicts"]:
        against = each["against"] in rivals and each["method"] == subject.project.model.__name__
        if against and each["round"] == "sealed" and each["verdict"] in ("worse", "lost"):
            return broken(_("against {rival}: {verdict}", rival=each["against"], verdict=_(each["verdict"])))
    return kept(", ".join(rivals))


def properties_tested(subject: Subject) -> Outcome:
    """Its tests state properties."""
    tests = sorted((subject.folder / "tests").glob("test_*.py"))
    if any("from hypothesis import" in path.read_text(encoding="utf-8") for path in tests):
        return kept()
    return broken(_("no test of its own states a property (hypothesis)"))


def survives_kill(subject: Subject) -> Outcome:
    """The model's fitting is ended halfway, started again, and answers the same."""
    name = subject.project.model.__name__
    cut = witnessed(subject, [{"method": name, "folder": "killed", "kill": 0.5}])
    if cut is not None:
        return absent(_("it fits without telling progress: there is no halfway"))
    after = witnessed(subject, [{"method": name, "folder": "killed"}])
    part = after["parts"][0] if after else {"error": "?", "answers": []}
    given = [[each.case, each.cause, [answer for _request, answer in each.steps]] for each in subject.asked[name]]
    if part["error"] or part["answers"] != given:
        return broken(
            _("{method}, ended halfway and started again: {why}", method=name, why=part["error"] or _("other answers"))
        )
    return kept()


def drift_alarm(subject: Subject) -> Outcome:
    """The alarm fires on a shifted stream."""
    del subject
    return broken(_("no drift alarm watches it yet"))


def run_elsewhere(subject: Subject) -> Outcome:
    """Another machine gives the same verdict."""
    if subject.said and subject.said["about"].get("assurance", "self-run") != "self-run":
        return kept(str(subject.said["about"]["assurance"]))
    return broken(_("its trial was run on one machine only"))


# ---- shared pieces -------------------------------------------------------------------------------------------------------


def _steps(subject: Subject) -> Iterator[tuple[str, str, tuple[str, str]]]:
    """(method, case, (request, response)) of everything that was answered."""
    for name, asked in subject.asked.items():
        for each in asked:
            for step in each.steps:
                yield name, each.case, step


def _first(form: type[Form], error: ValidationError) -> str:
    from dure.errors import refusal

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
        if inner := _inner(field.annotation):
            yield from _forms(inner)


def _kpi_name(verdict: Mapping[str, Any]) -> str:
    from dure.words import language

    name = verdict["kpi"]
    return str(name.get(language(), "")) if isinstance(name, Mapping) else str(name)
