"""Answers that were given elsewhere: in a file (Recorded, here) or behind a URL (dure.trial.remote). Both are methods."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args, get_origin

from dure.errors import UserError, nearest
from dure.i18n.texts import _

if TYPE_CHECKING:
    import polars as pl

    from dure.project.case import Builder, History, Method, Work
    from dure.project.form import Form


class Recorded:
    """A method that gives the answer written down for the case; it declines where there is none."""

    def __init__(self, answers: Mapping[str, Any]) -> None:
        self._answers = answers
        self._case = ""

    def start(self, case_id: str) -> None:
        """Pick the case's row."""
        self._case = case_id

    def __call__(self, _request: Form) -> Any:
        """The recorded answer, or None."""
        return self._answers.get(self._case)


def offer(name: str, where: str, response: type[Form], deadline: float, *, public: bool = False) -> Builder:
    """A builder for `--offer NAME=FILE|URL`: recorded answers, or a method behind a URL, asked within `deadline` seconds.

    With `public` the URL may lead to the public internet alone. Raises UserError: a URL or file that cannot be used.
    """
    if "://" in where:
        from dure.trial.remote import Remote, usable

        method: Method = Remote(usable(where, name), deadline, public=public)
    else:
        method = Recorded(answers(Path(where), response))

    def build(_history: History, _seed: int, _work: Work) -> Method:
        return method

    build.__name__ = build.__doc__ = name
    return build


def answers(path: Path, response: type[Form]) -> dict[str, Any]:
    """Answers by case from a table whose columns are the response's fields and `case` (CSV, XLSX, Parquet).

    Where the response is a list of rows (a schedule's operations), several rows of the file make one answer.
    Raises UserError naming the column that is missing.
    """
    table_field = rows_field(response)
    form = table_field[1] if table_field else response
    frame, columns = _plain(path, form), list(form.model_fields)
    required = [name for name, field in form.model_fields.items() if field.is_required()]
    for name in ("case", *required):
        if name not in frame.columns:
            close = nearest(name, frame.columns)
            cure = (
                _("Is it {name}?", name=close)
                if close
                else _("Columns needed: {names}.", names=", ".join(["case", *columns]))
            )
            raise UserError(_("there is no column {name}", name=name), where=str(path), cure=cure)
    present = [name for name in columns if name in frame.columns]
    rows = frame.select("case", *present).to_dicts()
    if not table_field:
        return {str(row.pop("case")): {name: value for name, value in row.items() if value is not None} for row in rows}
    by_case: dict[str, Any] = {}
    for row in rows:
        by_case.setdefault(str(row.pop("case")), {table_field[0]: []})[table_field[0]].append(row)
    return by_case


def rows_field(response: type[Form]) -> tuple[str, type[Form]] | None:
    """The first field that is a list of forms, where the response is a table."""
    from pydantic import BaseModel

    for name, field in response.model_fields.items():
        inner = get_args(field.annotation)
        if (
            get_origin(field.annotation) in (list, tuple)
            and isinstance(inner[0], type)
            and issubclass(inner[0], BaseModel)
        ):
            return name, inner[0]  # type: ignore[return-value]  # a Form, or a row inside one
    return None


def _plain(path: Path, form: type[Form]) -> pl.DataFrame:
    """The file's table, numbers as numbers where the form wants no text."""
    import polars as pl

    from dure import tables

    sheet = tables.read(path)
    fields = form.model_fields
    columns = {}
    for header in sheet.headers:
        as_text = header == "case" or (header in fields and fields[header].annotation is str)
        columns[header] = (
            tables.texts(sheet, header) if as_text or header not in fields else tables.numbers(sheet, header)
        )
    return pl.DataFrame(columns)
