"""One answer to one request: the model answers, or today's practice when it cannot, and the response says so."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from dure.ask import Ask, Unanswered
from dure.data import home
from dure.errors import Invalid, UserError, nearest, refusal
from dure.manifest import load
from dure.project import Project, Work, project_hash
from dure.run import Inputs, opened
from dure.trial import project_settings
from dure.words import _

if TYPE_CHECKING:
    from dure.trial import Tell

LARGEST = 50_000_000  # bytes of one request; larger things travel as Table or File


def answer_to(name: str, raw: bytes, *, where: str, method: str | None, inputs: Inputs, tell: Tell) -> dict[str, Any]:
    """Answer the request in `raw` (JSON).

    Returns the response with the method that gave it, the project's version, and the cause where the practice had to answer.
    Raises UserError naming the field that is wrong, before anything is built.
    """
    project = load(name)
    request = read_request(project, raw, where)
    builders = project.builders()
    wanted = method or project.model.__name__
    if wanted not in builders:
        close = nearest(wanted, tuple(builders))
        cure = _("Did you mean {name}?", name=close) if close else ", ".join(builders)
        raise UserError(_("there is no method called {name}", name=wanted), where="--method", cure=cure)
    data = opened(project, inputs)
    history = project.history(data, None)
    fitted_on = json.dumps(
        [project_hash(project.folder) if project.folder else "", project_settings(data), data.opened]
    )
    place = home() / "services" / project.manifest.id / hashlib.sha256(fitted_on.encode()).hexdigest()[:16]  # type: ignore[union-attr]

    def built(each: str) -> Any:
        folder = place / each
        folder.mkdir(parents=True, exist_ok=True)
        return builders[each](history, 0, Work(folder=folder, tell=tell))

    practice = built(project.practice.__name__)
    ask = Ask(project, built(wanted), practice)
    ask.begin("")
    try:
        response = ask(request)
    except Unanswered as failed:  # the practice itself has no answer
        raise UserError(_("no method has an answer: {why}", why=str(failed)), where=where) from None
    about = project.manifest
    assert about is not None
    by = project.practice.__name__ if ask.cause else wanted
    said = {"project": about.id, "version": about.version, "method": by, "response": response.model_dump(mode="json")}
    return said | ({"instead_of": wanted, "cause": ask.cause, "why": ask.why} if ask.cause else {})


def read_request(project: Project, raw: bytes, where: str) -> Any:
    """The request in `raw`. Raises UserError: not JSON, an unknown field, a wrong type, a value out of bounds."""
    if len(raw) > LARGEST:
        raise UserError(_("{size} MB is more than a request may hold", size=len(raw) // 1_000_000), where=where)
    try:
        return project.request.model_validate_json(raw)
    except ValidationError as error:
        raise refusal(error, where=where, names=_names(project.request)) from None
    except Invalid as error:
        raise UserError(str(error), where=where) from None


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
