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
    examined = 0
    for trial_round in subject.rounds:
        times = [case.time for case in trial_round.cases if case.time]
        histories = [(trial_round.history, "")]
        if times:
            histories.append((subject.project.history(subject.data, min(times)), "history(until) · "))
        for history, prefix in histories:
            examined += size_of(history)
            if leak := _leak(trial_round, history):
                return broken(_("round {round}: {why}", round=trial_round.name, why=prefix + leak))
    return kept() if examined else absent(_("the history is no list of cases and no frame, or empty"))


def _leak(trial_round: Round, history: History) -> str:
    """What of the round stands in the history, in words; empty where nothing does."""
    times = [case.time for case in trial_round.cases if case.time]
    first, cases_by_id = min(times, default=None), {case.id: case for case in trial_round.cases}
    known = cases_in(history)
    for case in known:
        if first and case.time and case.time >= first:
            return _(
                "the history holds {time} (case {case}), the round begins {first}",
                time=case.time,
                case=case.id,
                first=first,
            )
        if case.id in cases_by_id and cases_by_id[case.id].request == case.request:
            return _("the history holds the case {case} with its truth", case=case.id)
    for name, frame in frames_in(history):
        if first and "time" in frame.columns and (late := frame.filter(frame["time"] >= first)).height:
            return _(
                "the history holds {time} ({name}), the round begins {first}",
                time=late["time"][0],
                name=name,
                first=first,
            )
        if "id" in frame.columns and (shared := sorted(set(map(str, frame["id"])) & set(cases_by_id))):
            return _("the history holds the case {case} with its truth", case=shared[0])
    return _twins(trial_round, known)


def _twins(trial_round: Round, known: Sequence[Case]) -> str:
    """Cases renamed: the same question with the same truth in the history, more often than inside the round itself."""
    known_ids: dict[str, str] = {_content(case): case.id for case in known}
    counts: dict[str, int] = {}
    for case in trial_round.cases:
        counts[_content(case)] = counts.get(_content(case), 0) + 1
    twins = [case for case in trial_round.cases if _content(case) in known_ids]
    repeated = sum(count for count in counts.values() if count > 1)
    # small whole numbers repeat by themselves
    chance = repeated * max(1.0, len(known) / max(1, len(trial_round.cases)))
    if len(twins) <= max(0.05 * len(trial_round.cases), 3 * chance):
        return ""
    case = twins[0]
    return _("{count} cases are asked that the history answers (case {case} is {other} there)",
             count=len(twins), case=case.id, other=known_ids[_content(case)])  # fmt: skip


def _content(case: Case) -> str:
    return f"{case.request!r} {case.truth!r}"


def blocks_whole(subject: Subject) -> Outcome:
    """What belongs together stands on one side of a split. Where cases carry time, order guards: a block is cut at the edge."""
    homes: dict[tuple[str, str], str] = {}
    blocks = 0
    for trial_round in subject.rounds:
        own = {(case.site, case.block) for case in trial_round.cases if case.block is not None and case.time is None}
        blocks += len(own)
        for site, block in sorted(own & {(case.site, case.block) for case in cases_in(trial_round.history)}):
            return broken(
                _(
                    "round {round}: block {block} is in its history too",
                    round=trial_round.name,
                    block=f"{block} {site}".strip(),
                )
            )
        for key in sorted(own):  # a block asked in two open rounds is work; one known before a sealed round is not
            if trial_round.sealed and key in homes:
                return broken(
                    _(
                        "round {round}: block {block} was in {other} already",
                        round=trial_round.name,
                        block=key[1],
                        other=homes[key],
                    )
                )
            homes[key] = trial_round.name
    return kept(_("{count} blocks", count=blocks)) if blocks else absent(_("cases have no blocks, or carry time"))


def ids_are_names(subject: Subject) -> Outcome:
    """An id does not spell the truth, and no answer depends on it."""
    for trial_round in subject.rounds:
        cases, scalars = list(trial_round.cases), [_scalars(case.truth) for case in trial_round.cases]
        spelt = [case for case, truth in zip(cases, scalars, strict=True) if _spells(case.id, truth)]
        # The same with everybody's truth moved by one: what chance alone spells
        chance = sum(_spells(case.id, truth) for case, truth in zip(cases, [*scalars[1:], *scalars[:1]], strict=True))
        if len(spelt) - chance > 0.3 * len(cases):
            return broken(_("round {round}: the id {case} holds the truth", round=trial_round.name, case=spelt[0].id))
    for name, transcripts in subject.transcripts.items():
        method = subject.build(name)
        # ids never reach it, or it seeds itself with them
        if not hasattr(method, "start") or name in subject.stochastic:
            continue
        names = [f"renamed {number}" for number in range(len(transcripts))]
        first = subject.trial_round.cases[: len(transcripts)]
        renamed = ask_all(subject.project, method, first, seconds=None, names=names)
        for before, after in zip(transcripts, renamed, strict=True):
            if answers_of([before]) != answers_of([after]):
                return broken(
                    _("{method} answers case {case} differently when its id is another", method=name, case=before.case)
                )
    return kept()


def _spells(name: str, truths: Sequence[str | float]) -> bool:
    tokens = {token for token in re.split(r"[^\w.+]+|_", name.lower()) if token}
    numbers = {float(token) for token in re.findall(r"\d+(?:\.\d+)?", name)}
    for truth in truths:
        if isinstance(truth, bool | str):
            if str(truth).lower() in tokens:
                return True
        elif any(math.isclose(number, abs(truth), rel_tol=0.005) for number in numbers):
            return True
    return False


def _scalars(truth: Any) -> list[str | float]:
    """Numbers and texts a truth is made of; long ones (a day's prices) are no more than a name could hold."""
    if isinstance(truth, str | bool | int | float):
        return [truth]
    if isinstance(truth, BaseModel):
        truth = truth.model_dump()
    inner = truth.values() if isinstance(truth, Mapping) else truth if isinstance(truth, list | tuple) else ()
    return [scalar for part in inner for scalar in _scalars(part)][:8]
