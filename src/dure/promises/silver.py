"""Silver: it is honest."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError

from dure.i18n.texts import _, translated
from dure.project.case import Case, Round, Work
from dure.promises import Outcome, absent, broken, inner_form, kept, steps
from dure.statistics import formula
from dure.subject import (
    CONSTANTS,
    answers_of,
    cases_in,
    differs,
    frames_in,
    made,
    number_field,
    numbers_in,
    permuted,
    size_of,
)
from dure.trial.ask import Ask, AskMany
from dure.witness import ask_all

if TYPE_CHECKING:
    from dure.project.case import History
    from dure.subject import Subject

ROUNDING = 1e-9  # two sums of the same numbers in another order


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
    request = next((request for _name, _case, (request, _answer) in steps(subject)), None)
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
        inner, here = inner_form(field.annotation), value.get(name)
        if inner is None or not here:
            continue
        if isinstance(here, list) and isinstance(here[0], dict):
            yield from _places(inner, here[0], (*path, name, 0))
        elif isinstance(here, dict) and set(inner.model_fields) >= set(here):
            yield from _places(inner, here, (*path, name))


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
    """The 95th percentile of the seconds an answer takes; the slowest is told too: a first answer may have had to fit."""
    told = []
    for name, asked in subject.asked.items():
        seconds = sorted(second for each in asked for second in each.seconds)
        if not seconds:
            continue
        late = seconds[math.ceil(0.95 * len(seconds)) - 1]
        if late > subject.manifest.deadline:
            return broken(_("{method} takes {late} s, {deadline} s are allowed",
                            method=name, late=f"{late:.3g}", deadline=f"{subject.manifest.deadline:g}"))  # fmt: skip
        told.append(f"{name} {late:.2g} s (max {seconds[-1]:.2g} s)")
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
