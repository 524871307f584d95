"""Leaks: the truth in a history, a block on both sides of a split, an id that says the answer."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from dure.checks.outcome import Outcome, absent, broken, kept
from dure.checks.sandbox import ask_all
from dure.checks.subject import answers_of, cases_in, frames_in, size_of
from dure.i18n.texts import _

if TYPE_CHECKING:
    from dure.checks.subject import Subject
    from dure.project.case import Case, History, Round


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
