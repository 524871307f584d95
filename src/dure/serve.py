"""One answer to one request: the model answers, or today's practice when it cannot, and the response says so."""

from __future__ import annotations

import hashlib
import json
import math
import secrets
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError

from dure.content_store import home
from dure.errors import Invalid, UserError, nearest, refusal
from dure.i18n.texts import _
from dure.project.case import Case, Opened, Work, once
from dure.project.code_hash import project_hash
from dure.runs.run import Confirm, Inputs, opened
from dure.trial.ask import Ask, Unanswered, answer
from dure.trial.types import project_settings

if TYPE_CHECKING:
    from dure.project.case import Builder, Method
    from dure.project.project import Project
    from dure.trial.types import Tell

LARGEST = 50_000_000  # bytes of one request; larger things travel as Table or File
PICTURES = (".svg", ".png", ".html")


@dataclass(frozen=True)
class Answer:
    """An answer, by whom it was given, and today's practice beside it where it was wanted.

    Parameters
    ----------
    said
        As JSON: versions, method, response; where the practice had to answer, in whose place and why.
    request, response
        The project's forms.
    practice
        The practice's own answer; None where it has none.
    """

    said: dict[str, Any]
    request: Any
    response: Any
    practice: Any = None


Save = Callable[[Answer, Path], None]


def asked(
    project: Project, own: Sequence[Path], fields: Mapping[str, str], raw: bytes | None = None, where: str = "-"
) -> Opened:
    """The request of a JSON text, a person's own files and ``--set`` values together.

    Raises UserError naming the field that is wrong. Mistakes inside a person's own files are returned, all of them.
    """
    if raw is not None and not own and not fields:
        return Opened(read_request(project, raw, where))
    try:
        given = {**(TypeAdapter(dict[str, Any]).validate_json(_sized(raw, where)) if raw else {}), **fields}
        if not own:
            return Opened(project.request.model_validate(given))
        if project.opens is None:
            raise UserError(_("only JSON can be asked here"), where=own[0].name)
        return project.opens(own, given)
    except ValidationError as error:
        named = {str(fault["loc"][0]) for fault in error.errors() if fault["loc"]} & set(fields)
        place = "--set" if named else where if raw else own[0].name
        raise refusal(error, where=place, names=_names(project.request)) from None
    except Invalid as error:
        raise UserError(str(error), where=where) from None


def fields_and_settings(project: Project, given: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """``--set`` values apart: fields of the request, and settings of the site. Raises UserError with the nearest name."""
    fields, settings = set(project.request.model_fields), set(project.settings.model_fields if project.settings else ())
    for name in given:
        if name not in fields | settings:
            close = nearest(name, sorted(fields | settings))
            cure = _("Did you mean {name}?", name=close) if close else ", ".join(sorted(fields | settings))
            raise UserError(_("there is nothing called {name} to set", name=name), where="--set", cure=cure)
    return (
        {name: value for name, value in given.items() if name in fields},
        {name: value for name, value in given.items() if name not in fields},
    )


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

    def answer(self, request: Any, *, where: str, compare: bool = False) -> Answer:
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
        said = {**self.versions, "method": by, "response": response.model_dump(mode="json")}
        said |= {"instead_of": self.wanted, "cause": ask.cause, "why": ask.why} if ask.cause else {}
        beside = None
        if compare and by != project.practice.__name__:
            with suppress(Unanswered):
                beside = answer(project, self.practice, request)
        return Answer(said, request, response, beside)


def _alone(project: Project, method: Method, request: Any, where: str) -> Any:
    """The method's answer without a practice that could take over."""
    try:
        return answer(project, method, request)
    except Unanswered as failed:
        why = failed.why if failed.cause == "declined" and failed.why else str(failed)
        raise UserError(_("no method has an answer: {why}", why=why), where=where) from None


def scored(service: Service, request: Any, response: Any, truth: Any) -> dict[str, Any]:
    """The project's sums of an answer that was given, by what really happened, and of the practice's own answer.

    Returns
    -------
    ``{"sums": {name: number}, "practice": {name: number} or None}``; None where the practice has no answer to this request.

    Raises UserError where the project plays its cases step by step, or cannot score this truth.
    """
    project = service.project
    if project.play is not once:
        what = _("{project} plays its cases step by step: one answer has no score", project=service.versions["project"])
        raise UserError(what)
    try:
        asked, given = project.request.model_validate(request), project.response.model_validate(response)
    except (ValidationError, Invalid) as error:
        raise UserError(_("the project's forms have changed since this answer was given ({why})", why=error)) from None
    case = Case("live", asked, truth)
    try:
        sums = {name: float(value) for name, value in project.score(case, given).items()}
        own = None
        with suppress(Unanswered):
            today = answer(project, service.practice, asked)
            own = {name: float(value) for name, value in project.score(case, today).items()}
    except Exception as error:  # noqa: BLE001 - a project's score may raise anything for a truth of another kind
        why = f"{type(error).__name__}: {error}"
        raise UserError(_("the project cannot score this truth ({why})", why=why[:200]), where="truth") from None
    if not all(math.isfinite(each) for side in (sums, own or {}) for each in side.values()):
        raise UserError(_("the project cannot score this truth ({why})", why="NaN"), where="truth")
    return {"sums": sums, "practice": own}


def service(
    project: Project, *, method: str | None, inputs: Inputs, tell: Tell, confirm: Confirm | None = None
) -> Service:
    """A method built on everything known here; what it fits is kept and found again.

    Raises UserError naming the method that does not exist.
    """
    wanted = method or project.model.__name__
    builder = builder_of(project, wanted)
    about = project.manifest
    assert about is not None
    data = opened(project, inputs, confirm)
    history = project.history(data, None)
    code = project_hash(project.folder) if project.folder else ""
    settings = project_settings(data)
    fitted_on = _digest([code, settings, data.opened])
    place = home() / "services" / about.id / fitted_on

    def build(builder: Builder) -> Method:
        folder = place / builder.__name__
        folder.mkdir(parents=True, exist_ok=True)
        return builder(history, 0, Work(folder=folder, tell=tell))

    versions = {
        "project": about.id,
        "version": about.version,
        "code": code[:16],
        "data": _digest([settings, data.opened]),
    }
    return Service(project, wanted, build(builder), build(project.practice), versions)


def builder_of(project: Project, method: str) -> Builder:
    """A method by its name. Raises UserError with the nearest."""
    builders = project.builders()
    if method not in builders:
        close = nearest(method, tuple(builders))
        cure = _("Did you mean {name}?", name=close) if close else ", ".join(builders)
        raise UserError(_("there is no method called {name}", name=method), where="--method", cure=cure)
    return builders[method]


def _digest(what: Any) -> str:
    """Sixteen hexadecimal digits that stand for what the JSON says."""
    return hashlib.sha256(json.dumps(what).encode()).hexdigest()[:16]


def read_request(project: Project, raw: bytes, where: str) -> Any:
    """The request in `raw`. Raises UserError: not JSON, an unknown field, a wrong type, a value out of bounds."""
    try:
        return project.request.model_validate_json(_sized(raw, where))
    except ValidationError as error:
        raise refusal(error, where=where, names=_names(project.request)) from None
    except Invalid as error:
        raise UserError(str(error), where=where) from None


def _sized(raw: bytes | None, where: str) -> bytes:
    if raw is None or len(raw) <= LARGEST:
        return raw or b""
    raise UserError(_("{size} MB is more than a request may hold", size=len(raw) // 1_000_000), where=where)


def _names(form: Any) -> tuple[str, ...]:
    """Field names of a form and of the forms inside it."""
    from typing import get_args

    names: list[str] = []
    for name, field in form.model_fields.items():
        names.append(name)
        for inner in (field.annotation, *get_args(field.annotation)):
            if hasattr(inner, "model_fields"):
                names.extend(_names(inner))
    return tuple(names)


# ---- keeping an answer ------------------------------------------------------------------------------------------------------


def endings(project: Project) -> list[str]:
    """Endings of the files an answer can be kept in."""
    return [*project.saves, ".json", *(PICTURES if project.figure else ())]


def saver(project: Project, path: Path) -> Save:
    """How an answer is kept in a file of this ending. Raises UserError with the endings there are."""
    ending = path.suffix.lower()
    if ending in project.saves:
        return lambda kept, place: project.saves[ending](kept.request, kept.response, place)
    if ending == ".json":
        return _as_json
    if ending in PICTURES and project.figure:
        return lambda kept, place: _as_picture(project, kept, place)
    cure = _("Give it one of these endings: {endings}.", endings=", ".join(endings(project)))
    raise UserError(_("an answer cannot be kept in such a file"), where=str(path), cure=cure)


def _as_json(kept: Answer, place: Path) -> None:
    place.write_text(json.dumps(kept.said, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def _as_picture(project: Project, kept: Answer, place: Path) -> None:
    from dure.report import charts

    answers = {} if kept.practice is None else {project.practice.__name__: kept.practice}
    assert project.figure is not None
    charts.save(project.figure(kept.request, {**answers, kept.said["method"]: kept.response}, None, None), place)


def keep(kept: Answer, wanted: Sequence[tuple[Path, Save]]) -> None:
    """Write every file aside, then rename them all: where one fails, none is there.

    Raises UserError where a file cannot be written, and what the savers raise.
    """
    aside = [path.with_name(f".{secrets.token_hex(4)}{path.suffix.lower()}") for path, _save in wanted]
    path = Path()
    try:
        for (path, save), place in zip(wanted, aside, strict=True):
            path.parent.mkdir(parents=True, exist_ok=True)
            save(kept, place)
        for (path, _save), place in zip(wanted, aside, strict=True):
            place.replace(path)
    except OSError as error:
        what = _("the file cannot be written ({why})", why=error.strerror or type(error).__name__)
        cure = _("Close it where it is open, or give another place.")
        raise UserError(what, where=str(path), cure=cure) from None
    finally:
        for place in aside:
            with suppress(OSError):
                place.unlink(missing_ok=True)
