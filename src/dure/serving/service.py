"""One answer to one request: the model answers, or today's practice when it cannot, and the response says so."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

from pydantic import ValidationError

from dure.content_store import home
from dure.errors import Invalid, UserError, nearest
from dure.i18n.texts import _
from dure.project.case import Case, Work, once
from dure.project.code_hash import project_hash
from dure.record import plain
from dure.runs.run import Confirm, Inputs, opened
from dure.trial.ask import Ask, Unanswered, answer
from dure.trial.types import project_settings

if TYPE_CHECKING:
    from pydantic import JsonValue

    from dure.project.case import Builder, Method
    from dure.project.form import Form
    from dure.project.project import Project
    from dure.trial.types import Tell


class Score(TypedDict):
    """The project's sums of an answer, and of the practice's own; None where that has no answer to the request."""

    sums: dict[str, float]
    practice: dict[str, float] | None


@dataclass(frozen=True)
class Answer:
    """An answer, by whom it was given, and today's practice beside it where it was wanted.

    Parameters
    ----------
    versions
        Of what answered: see `Service`.
    by
        The method that answered.
    request, response
        The project's forms.
    practice
        The practice's own answer; None where it has none.
    instead_of, cause, why
        Where the practice had to answer: in whose place, and why.
    """

    versions: Mapping[str, str | int]
    by: str
    request: Form
    response: Form
    practice: Form | None = None
    instead_of: str = ""
    cause: str = ""
    why: str = ""

    @property
    def said(self) -> dict[str, JsonValue]:
        """As JSON: versions, method, response; where the practice had to answer, in whose place and why."""
        document: dict[str, JsonValue] = {
            **self.versions,
            "method": self.by,
            "response": self.response.model_dump(mode="json"),
        }
        if self.cause:
            document |= {"instead_of": self.instead_of, "cause": self.cause, "why": self.why}
        return document


@dataclass(frozen=True)
class Service:
    """A method of a project, built once, with today's practice behind it: answers one request after the other.

    Attributes
    ----------
    wanted
        The method's name.
    versions
        Of the project, its code and the data that the method was built on: part of every answer.
    """

    project: Project
    wanted: str
    method: Method
    practice: Method
    versions: Mapping[str, str | int]

    def answer(self, request: Form, *, where: str, compare: bool = False) -> Answer:
        """Answer a request; `compare` asks today's practice for its own answer as well.

        Raises UserError where neither the method nor the practice has an answer.
        """
        project = self.project
        ask = Ask(project, self.method, self.practice)
        ask.begin("")
        try:
            response = ask(request)
        except Unanswered:  # the practice itself has no answer
            response = _alone(project, self.method, request, where)
        by = project.practice.__name__ if ask.cause else self.wanted
        beside = None
        if compare and by != project.practice.__name__:
            with suppress(Unanswered):
                beside = answer(project, self.practice, request)
        instead_of = self.wanted if ask.cause else ""
        return Answer(self.versions, by, request, response, beside, instead_of=instead_of, cause=ask.cause, why=ask.why)


def _alone(project: Project, method: Method, request: Form, where: str) -> Form:
    """The method's answer without a practice that could take over."""
    try:
        return answer(project, method, request)
    except Unanswered as failed:
        reason = failed.why if failed.cause == "declined" and failed.why else str(failed)
        raise UserError(_("no method has an answer: {why}", why=reason), where=where) from None


def scored(service: Service, request: JsonValue, response: JsonValue, truth: JsonValue) -> Score:
    """The project's sums of an answer that was given, by what really happened, and of the practice's own answer.

    Raises UserError where the project plays its cases step by step, or cannot score this truth.
    """
    project = service.project
    if project.play is not once:
        name = service.versions["project"]
        raise UserError(_("{project} plays its cases step by step: one answer has no score", project=name))
    try:
        valid_request = project.request.model_validate(request)
        valid_response = project.response.model_validate(response)
    except (ValidationError, Invalid) as error:
        raise UserError(_("the project's forms have changed since this answer was given ({why})", why=error)) from None
    case = Case("live", valid_request, truth)
    try:
        sums = {name: float(value) for name, value in project.score(case, valid_response).items()}
        practice_sums = None
        with suppress(Unanswered):
            practice_answer = answer(project, service.practice, valid_request)
            practice_sums = {name: float(value) for name, value in project.score(case, practice_answer).items()}
    except Exception as error:  # noqa: BLE001 - a project's score may raise anything for a truth of another kind
        reason = f"{type(error).__name__}: {error}"
        raise UserError(_("the project cannot score this truth ({why})", why=reason[:200]), where="truth") from None
    if not all(math.isfinite(number) for side in (sums, practice_sums or {}) for number in side.values()):
        raise UserError(_("the project cannot score this truth ({why})", why="NaN"), where="truth")
    return {"sums": sums, "practice": practice_sums}


def open_service(
    project: Project, *, method: str | None, inputs: Inputs, tell: Tell, confirm: Confirm | None = None
) -> Service:
    """A method built on everything known here; what it fits is kept and found again.

    Raises UserError naming the method that does not exist.
    """
    name = method or project.model.__name__
    builder = builder_of(project, name)
    manifest = project.manifest
    assert manifest is not None
    data = opened(project, inputs, confirm)
    history = project.history(data, None)
    code = project_hash(project.folder) if project.folder else ""
    settings: JsonValue = project_settings(data)
    sources: JsonValue = {name: plain.to_json(file) for name, file in data.opened.items()}
    fitted_on = _digest([code, settings, sources])
    place = home() / "services" / manifest.id / fitted_on

    def build(builder: Builder) -> Method:
        folder = place / builder.__name__
        folder.mkdir(parents=True, exist_ok=True)
        return builder(history, 0, Work(folder=folder, tell=tell))

    versions: dict[str, str | int] = {
        "project": manifest.id,
        "version": manifest.version,
        "code": code[:16],
        "data": _digest([settings, sources]),
    }
    return Service(project, name, build(builder), build(project.practice), versions)


def builder_of(project: Project, method: str) -> Builder:
    """A method by its name. Raises UserError with the nearest."""
    builders = project.builders()
    if method not in builders:
        close = nearest(method, tuple(builders))
        cure = _("Did you mean {name}?", name=close) if close else ", ".join(builders)
        raise UserError(_("there is no method called {name}", name=method), where="--method", cure=cure)
    return builders[method]


def _digest(value: JsonValue) -> str:
    """Sixteen hexadecimal digits that stand for what the JSON says."""
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()[:16]
