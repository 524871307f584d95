"""One request answered in the process of a run: a person's own files opened, the answer in words, as a figure and as files.

Nothing here runs in the hub's own process: a stranger's files and a project's code meet only here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from dure.errors import Invalid, UserError, nearest
from dure.i18n.texts import _, per_language
from dure.project.case import Opened
from dure.project.project import label
from dure.serving import save
from dure.serving.request import request_from
from dure.trial.recorded import rows_field
from dure.trial.types import bilingual, text_of

if TYPE_CHECKING:
    from pydantic import JsonValue

    from dure.hub.jobs.job import Report, Result
    from dure.project.form import Form
    from dure.project.project import Project
    from dure.serving.service import Answer, Service
    from dure.trial.types import Tell

SMALL = 20_000  # letters of a response as JSON that stands in the store; a larger one is in its file alone
MOST_NAMES = 200  # names of a request that a form proposes
FIGURE = "figure.svg"


@dataclass(frozen=True)
class Asked:
    """What somebody asks.

    Parameters
    ----------
    files
        A person's own; without any, `fields` are the whole request.
    fields
        Fields of the request by name, as JSON.
    add
        Rows by the name of a list of the request: they come behind what the files say. Where the request says when its minute 0 is
        (`begins`), a row may give a date and time in the place of a minute.
    rest
        Whether to answer what is without fault.
    practice
        File of what was really done, in the practice's place beside the answer; read as the other files are.
    """

    files: Sequence[Path]
    fields: Mapping[str, JsonValue]
    add: Mapping[str, Sequence[Mapping[str, JsonValue]]]
    rest: bool = False
    practice: Path | None = None


def answered(service: Callable[[], Service], asked: Asked, place: Path, tell: Tell) -> Report:
    """Answer it; what is told of the run, and what came of it.

    The figure lies in `place`, files of the answer in its folder ``answer``. Mistakes in a person's files are part of what came of it;
    whatever else keeps it from being answered is raised as UserError.
    """
    tell(0.0, _("building what answers"))
    built = service()
    project = built.project
    tell(0.1, _("reading"))
    done = None
    try:
        opening = opened(project, asked)
        if asked.practice and opening.request is not None:
            opening, done = _beside(project, asked, opening)
    except UserError as error:
        if not asked.files:
            raise
        opening = Opened(None, (error,))
    result: Result = {
        "notes": list(opening.notes), "left": list(opening.left), "answered": False, "files": [],
        "faults": [{"what": fault.what, "where": fault.where, "cure": fault.cure} for fault in opening.faults],
        "rest": bool(opening.faults) and opening.request is not None,
    }  # fmt: skip
    if opening.request is None or (opening.faults and not asked.rest):
        sentence = per_language(lambda: _("{count} mistakes in the files", count=len(opening.faults)))
        return {"said": sentence, "result": result}
    tell(0.2, _("answering"))
    answer = built.answer(opening.request, where="", compare=done is None)
    tell(0.8, _("drawing and writing"))
    result |= _answer_record(built, answer, done)
    figure, notes = _drawn(project, answer, done, place)
    written, missing = _written(
        project, answer, place / "answer", stem=asked.files[0].stem if asked.files else project_id(project)
    )
    result["again"] = result["again"] if asked.files else ""
    result |= {"figure": figure, "notes": [*result["notes"], *notes, *missing]}
    return {"said": per_language(lambda: _("answered")), "result": result, "written": written}


def project_id(project: Project) -> str:
    """The id of a project that was loaded."""
    assert project.manifest is not None
    return project.manifest.id


# ---- opening ------------------------------------------------------------------------------------------------------------


def opened(project: Project, asked: Asked) -> Opened:
    """The request of files, fields and rows. Raises UserError where it cannot be read at all."""
    opening = _read(project, asked.files, asked.fields)
    if not asked.add or opening.request is None:
        return opening
    # Rows come behind what the files say: those are read first, and then given back with the rows behind them.
    longer = {name: _longer(opening.request, name, rows) for name, rows in asked.add.items()}
    return _read(project, asked.files, {**asked.fields, **longer})


def _read(project: Project, files: Sequence[Path], fields: Mapping[str, JsonValue]) -> Opened:
    return request_from(project, files, {}, json.dumps(dict(fields)).encode() if fields or not files else None, "")


def _longer(request: Form, name: str, rows: Sequence[Mapping[str, JsonValue]]) -> list[JsonValue]:
    fields = type(request).model_fields
    if name not in fields or not isinstance(getattr(request, name), list):
        close = nearest(name, list(fields))
        cure = _("Did you mean {name}?", name=close) if close else ", ".join(fields)
        raise UserError(_("there is no such list in the request"), where=name, cure=cure)
    (inner,) = get_args(fields[name].annotation)
    held: list[JsonValue] = request.model_dump(mode="json")[name]
    return [*held, *(_minutes(request, inner, name, row) for row in rows)]


def _minutes(request: Form, row_form: Any, name: str, row: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """A row with minutes where dates and times were given. Raises UserError where nobody has said when minute 0 is."""
    begins = getattr(request, "begins", None)
    converted = dict(row)
    for field, value in row.items():
        known = getattr(row_form, "model_fields", {}).get(field)
        if known is None or known.annotation is not int or not isinstance(value, str):
            continue
        with suppress(ValueError):
            moment = datetime.fromisoformat(value).replace(tzinfo=None)
            if not isinstance(begins, datetime):
                cure = _("Give the minute as a number.")
                raise UserError(_("nobody has said when minute 0 is"), where=f"{name}.{field}", cure=cure)
            converted[field] = int((moment - begins.replace(tzinfo=None)) / timedelta(minutes=1))
    return converted


# ---- what was really done -----------------------------------------------------------------------------------------------


def in_force(project: Project, request: Form) -> tuple[str, Form | None]:
    """The field of a request that holds an answer in force, as rows of the response's own form, and that answer.

    Empty where the request has no such field; None where it is empty.
    """
    rows = rows_field(project.response)
    for name, field in project.request.model_fields.items() if rows else ():
        if rows and get_args(field.annotation)[:1] == (rows[1],):
            held = getattr(request, name)
            return name, project.response.model_validate({rows[0]: held}) if held else None
    return "", None


def _beside(project: Project, asked: Asked, opening: Opened) -> tuple[Opened, Form | None]:
    """The request, and what was really done with it, in the time of the same minute 0; a note where it cannot stand beside.

    Raises UserError where the project has no such thing.
    """
    assert asked.practice is not None
    name, _held = in_force(project, opening.request)
    if not name or not asked.files:
        message = _("{project} cannot read what was really done", project=project_id(project))
        raise UserError(message, where=asked.practice.name, cure=_("Leave the file out."))
    together = replace(asked, files=[*asked.files, asked.practice])
    both_read = opened(project, together)
    begins = getattr(both_read.request, "begins", None)
    if begins is not None and begins != getattr(opening.request, "begins", None):
        fields = {**asked.fields, "begins": begins.isoformat()}
        opening, both_read = (
            opened(project, replace(asked, fields=fields)),
            opened(project, replace(together, fields=fields)),
        )
    reason = _("no row of it belongs to these orders")
    if both_read.request is not None and opening.request is not None:
        done = in_force(project, both_read.request)[1]
        try:
            if done is not None:
                project.check(opening.request, done)
                return opening, done
        except Invalid as error:
            reason = str(error)
    note = _("{file} does not stand beside the answer: {why}", file=asked.practice.name, why=reason)
    return replace(opening, notes=(*opening.notes, note)), None


# ---- told ---------------------------------------------------------------------------------------------------------------


def _answer_record(service: Service, answer: Answer, done: Form | None) -> Result:
    """Who answered, and what."""
    project, record = service.project, answer.said
    builders, today = project.builders(), project.practice.__name__
    response, beside = answer.response.model_dump(mode="json"), done or answer.practice
    practice = None if beside is None else beside.model_dump(mode="json")
    small = len(json.dumps([response, practice])) <= SMALL
    return {
        "answered": True,
        "by": {
            "instead_of": "",
            "cause": "",
            "why": "",
            **{name: value for name, value in record.items() if name != "response"},
        },
        "label": bilingual(project, label(builders[answer.by])),
        "instead_of": bilingual(project, label(builders[answer.instead_of])) if answer.instead_of else None,
        "practice": answer.by == today,
        "own_practice": done is not None,
        "text": project.says(answer.request, answer.response) if project.says else "",
        "response": response if small else None,
        "practice_response": practice if small else None,
        "again": in_force(project, answer.request)[0] if project.opens and project.saves else "",
        "begins": _begins(answer.request),
        "names": _names(answer.request),
    }


def _begins(request: Form) -> str | None:
    begins = getattr(request, "begins", None)
    return begins.isoformat() if isinstance(begins, datetime) else None


def _names(request: Form) -> dict[str, list[str]]:
    """Lists of names that the request holds: what a form proposes where one of them is wanted."""
    held = {name: getattr(request, name) for name in type(request).model_fields}
    return {
        name: values
        for name, values in held.items()
        if isinstance(values, list)
        and 0 < len(values) <= MOST_NAMES
        and all(isinstance(value, str) for value in values)
    }


def _drawn(project: Project, answer: Answer, done: Form | None, place: Path) -> tuple[bool, list[str]]:
    """Draw it, with what is done today above it; whether there is a figure, and why not."""
    from dure.report import charts

    if project.figure is None:
        return False, []
    by = answer.by
    if done is not None:
        # under the names that people read: this is no method's answer
        answers = {_("what was really done"): done, text_of(project, label(project.builders()[by])): answer.response}
    else:
        today = {} if answer.practice is None else {project.practice.__name__: answer.practice}
        answers = {**today, by: answer.response}
    try:
        charts.save(project.figure(answer.request, answers, None, None), place / FIGURE)
    except UserError as error:
        return False, [str(error)]
    except ModuleNotFoundError:
        return False, [_("charts need the libraries Altair and vl-convert")]
    return True, []


def _written(project: Project, answer: Answer, folder: Path, stem: str) -> tuple[list[str], list[str]]:
    """Write the answer into a file of every ending that is no picture; their names, and why one is missing."""
    folder.mkdir()
    names, notes = [], []
    for ending in save.endings(project):
        if ending in save.PICTURES:
            continue
        path = folder / f"{stem[:150]} {_('answer')}{ending}"
        try:
            save.keep(answer, [(path, save.saver(project, path))])
        except UserError as error:
            notes.append(f"{ending}: {error}")
        else:
            names.append(path.name)
    return names, notes
