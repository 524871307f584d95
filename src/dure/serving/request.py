"""A request read from a file or from fields, with what is wrong and where."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError

from dure.errors import Invalid, UserError, nearest, refusal
from dure.i18n.texts import _
from dure.project.case import Opened

if TYPE_CHECKING:
    from pydantic import BaseModel

    from dure.project.form import Form
    from dure.project.project import Project

LARGEST = 50_000_000  # bytes of one request; larger things travel as Table or File


def request_from(
    project: Project, own: Sequence[Path], fields: Mapping[str, str], raw: bytes | None = None, where: str = "-"
) -> Opened:
    """The request of a JSON text, a person's own files and ``--set`` values together.

    Raises UserError naming the field that is wrong. Mistakes inside a person's own files are returned, all of them.
    """
    if raw is not None and not own and not fields:
        return Opened(read_request(project, raw, where))
    try:
        values = {**(TypeAdapter(dict[str, Any]).validate_json(_sized(raw, where)) if raw else {}), **fields}
        if not own:
            return Opened(project.request.model_validate(values))
        if project.opens is None:
            raise UserError(_("only JSON can be asked here"), where=own[0].name)
        return project.opens(own, values)
    except ValidationError as error:
        named = {str(fault["loc"][0]) for fault in error.errors() if fault["loc"]} & set(fields)
        place = "--set" if named else where if raw else own[0].name
        raise refusal(error, where=place, names=field_names(project.request)) from None
    except Invalid as error:
        raise UserError(str(error), where=where) from None


def fields_and_settings(project: Project, values: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """``--set`` values apart: fields of the request, and settings of the site. Raises UserError with the nearest name."""
    fields, settings = set(project.request.model_fields), set(project.settings.model_fields if project.settings else ())
    for name in values:
        if name not in fields | settings:
            close = nearest(name, sorted(fields | settings))
            cure = _("Did you mean {name}?", name=close) if close else ", ".join(sorted(fields | settings))
            raise UserError(_("there is nothing called {name} to set", name=name), where="--set", cure=cure)
    return (
        {name: value for name, value in values.items() if name in fields},
        {name: value for name, value in values.items() if name not in fields},
    )


def read_request(project: Project, raw: bytes, where: str) -> Form:
    """The request in `raw`. Raises UserError: not JSON, an unknown field, a wrong type, a value out of bounds."""
    try:
        request: Form = project.request.model_validate_json(_sized(raw, where))
    except ValidationError as error:
        raise refusal(error, where=where, names=field_names(project.request)) from None
    except Invalid as error:
        raise UserError(str(error), where=where) from None
    return request


def _sized(raw: bytes | None, where: str) -> bytes:
    if raw is None or len(raw) <= LARGEST:
        return raw or b""
    raise UserError(_("{size} MB is more than a request may hold", size=len(raw) // 1_000_000), where=where)


def field_names(form: type[BaseModel]) -> tuple[str, ...]:
    """Field names of a form and of the forms inside it."""
    from typing import get_args

    names: list[str] = []
    for name, field in form.model_fields.items():
        names.append(name)
        for inner in (field.annotation, *get_args(field.annotation)):
            if hasattr(inner, "model_fields"):
                names.extend(field_names(inner))
    return tuple(names)
