"""What `dure check` looks at: the promises of a project, each a small function from the subject to an outcome.

A module a level: bronze (it runs), silver (it is honest), gold (it helps), platinum (others can rely on it). Nothing here is a
wall against harm; it finds what honest people overlook. Sealed rounds are played only by code that has already been looked at
with (the hash in trial.json is this code's), or when the whole check is asked for.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

if TYPE_CHECKING:
    from dure.checks.subject import Subject

KEPT, BROKEN, EXEMPT, ABSENT = "kept", "broken", "exempt", "does not apply"
Outcome = tuple[str, str]  # one of the states above, and a sentence: what, where, what to do


def kept(reason: str = "") -> Outcome:
    """The promise is kept."""
    return KEPT, reason


def broken(reason: str) -> Outcome:
    """The promise is broken."""
    return BROKEN, reason


def absent(reason: str) -> Outcome:
    """What the promise is about is not there."""
    return ABSENT, reason


def steps(subject: Subject) -> Iterator[tuple[str, str, tuple[str, str]]]:
    """(method, case, (request, response)) of everything that was answered."""
    for name, transcripts in subject.transcripts.items():
        for transcript in transcripts:
            for step in transcript.steps:
                yield name, transcript.case, step


def inner_form(annotation: Any) -> type[BaseModel] | None:
    """The form a field holds, alone or in a list."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if typing.get_origin(annotation) in (list, tuple, typing.Union, types.UnionType):
        return next((form for argument in typing.get_args(annotation) if (form := inner_form(argument))), None)
    return None
