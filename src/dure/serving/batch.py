"""A table of requests answered: a row in, a row out, as many at once as fit into little memory.

CSV and Parquet are read and written piece by piece; a workbook is read whole, as a sheet has a million rows at most.
"""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar, Union, get_args, get_origin

from pydantic import TypeAdapter, ValidationError

from dure import tables
from dure.errors import Invalid, UserError, nearest, refusal
from dure.i18n.texts import _
from dure.project.case import once
from dure.trial.ask import AskMany, Unanswered

if TYPE_CHECKING:
    import polars as pl
    from polars._typing import PythonLiteral
    from pydantic import JsonValue

    from dure.project.form import Form
    from dure.serving.service import Service
    from dure.trial.types import Tell

T = TypeVar("T")
Cell = str | float | bool | None  # of an answer
PIECE = 5_000  # rows that are read, answered and written at once
ENDINGS = (".csv", ".xlsx", ".parquet")
REFUSED = "refused"  # the cause of a row that is no request
BESIDE = ("method", "cause", "why")  # columns beside those of the response
MOST_ROWS = 1_048_575  # of a sheet below its headers
PLAIN = (str, int, float, bool)
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet program takes for the beginning of a formula (OWASP)


@dataclass
class Counted:
    """What came of a table: its rows, and by cause those that were refused or answered by the practice."""

    rows: int = 0
    causes: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class Piece:
    """Some rows of a table, and the share of it that is read with them."""

    frame: pl.DataFrame
    share: float


def answer_table(service: Service, source: Path, out: Path, *, sheet: str | None = None, tell: Tell) -> Counted:
    """Answer every row of a table and write them with the response's columns beside; nothing half-written is left.

    A row that is no request keeps its place, with what is wrong in it; where the method fails the practice answers, as everywhere.
    Columns that the request does not know are carried along.

    Parameters
    ----------
    source
        CSV, a workbook or Parquet, with the request's fields as headers; what is no number or text is JSON in its cell.
    out
        Its ending says the form: one of ENDINGS.

    Raises
    ------
    UserError
        The table cannot be read, a column that every request needs is missing, or `out` has another ending.
    """
    kind = out.suffix.lower()
    if kind not in ENDINGS:
        cure = _("Give it one of these endings: {endings}.", endings=", ".join(ENDINGS))
        raise UserError(_("answers cannot be kept in such a file"), where=str(out), cure=cure)
    counted, aside, answers = Counted(), out.with_name(f".{out.name}.part"), Answers(service)
    writer: Writer | None = None
    try:
        for piece in pieces(source, sheet):
            columns = answers.columns(piece.frame.columns, source.name)
            if writer is None:
                writer = WRITERS[kind](aside, piece.frame, columns)
            writer.write(piece.frame, answers.rows(piece, columns, counted))
            tell(piece.share, _("{count} rows", count=counted.rows))
        if writer is None:
            raise UserError(_("there is no row below the headers"), where=source.name)
        writer.close()
        aside.replace(out)
    finally:
        if writer is not None:
            writer.close()
        aside.unlink(missing_ok=True)
    return counted


# ---- reading ------------------------------------------------------------------------------------------------------------


def pieces(path: Path, sheet: str | None = None) -> Iterator[Piece]:
    """A table, PIECE rows at a time. Raises UserError where it cannot be read."""
    with path.open("rb") as file:
        start = file.read(8)
    if start.startswith(b"PAR1"):
        yield from _from_parquet(path)
    elif start.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        table = tables.read(path, sheet)
        for at in range(0, table.cells.height, PIECE):
            frame = table.cells.slice(at, PIECE)
            yield Piece(frame, (at + frame.height) / table.cells.height)
    else:
        yield from _from_text(path)


def _from_parquet(path: Path) -> Iterator[Piece]:
    import polars as pl

    try:
        lazy = pl.scan_parquet(path)
        height = lazy.select(pl.len()).collect().item()
        for at in range(0, height, PIECE):
            yield Piece(lazy.slice(at, PIECE).collect(), min(1.0, (at + PIECE) / height))
    except (pl.exceptions.PolarsError, OSError) as error:
        message = _("the Parquet file cannot be read ({why})", why=str(error)[:120])
        raise UserError(message, where=f"‘{path.name}’") from None


def _from_text(path: Path) -> Iterator[Piece]:
    import polars as pl

    encoding, size = tables.encoding_of(path), path.stat().st_size
    with path.open("rb") as raw, io.TextIOWrapper(raw, encoding, newline="") as text:
        head = text.read(40_000)
        separator = tables.separator_of(head)
        text.seek(0)
        lines = csv.reader(text, delimiter=separator, strict=True)
        try:
            headers = [header.strip() for header in next(lines, [])]
            _check_headers(headers, path)
            while numbered := [(lines.line_num, row) for row in islice(lines, PIECE)]:
                rows = [_filled_up(row, headers, number, path) for number, row in numbered if row]
                frame = pl.DataFrame(rows, schema=dict.fromkeys(headers, pl.String), orient="row")
                yield Piece(frame, min(1.0, raw.tell() / size))
        except (csv.Error, UnicodeDecodeError) as error:
            raise UserError(_("the text file cannot be read ({why})", why=error), where=f"‘{path.name}’") from None


def _check_headers(headers: Sequence[str], path: Path) -> None:
    twice = [name for name, count in Counter(headers).items() if count > 1 or not name]
    if not headers or twice:
        message = _("two columns are called {name}", name=twice[0]) if any(twice) else _("a column has no header")
        raise UserError(message, where=f"‘{path.name}’", cure=_("The first row holds the headers."))


def _filled_up(row: list[str], headers: Sequence[str], number: int, path: Path) -> list[str]:
    """A row as long as the headers: one that ends early is filled up, of one that goes on it cannot be told what is what."""
    if len(row) > len(headers):
        message = _("the row has {count} cells, but there are {headers} headers", count=len(row), headers=len(headers))
        raise UserError(message, where=_("‘{file}’ row {row}", file=path.name, row=number))
    return row + [""] * (len(headers) - len(row))


# ---- answering ----------------------------------------------------------------------------------------------------------


class Answers:
    """Rows answered by a service."""

    def __init__(self, service: Service) -> None:
        project = service.project
        self.service, self.request, self.response = service, project.request, project.response
        self.forms: TypeAdapter[list[Form]] = TypeAdapter(list[self.request])  # type: ignore[name-defined]
        self.nested = {
            name for name, model_field in self.request.model_fields.items() if not plain(model_field.annotation)
        }
        self.together = project.play is once and all(
            hasattr(method, "many") for method in (service.method, service.practice)
        )

    def columns(self, headers: Sequence[str], where: str) -> dict[str, str]:
        """The response's fields and BESIDE, each with its column: `answer_` before a name that the table has itself.

        Raises UserError where a column that every request needs is missing.
        """
        for name, model_field in self.request.model_fields.items():
            if model_field.is_required() and name not in headers:
                close = nearest(name, list(headers))
                needed = [name for name, model_field in self.request.model_fields.items() if model_field.is_required()]
                cure = (
                    _("Is it {name}?", name=close) if close else _("Columns needed: {names}.", names=", ".join(needed))
                )
                raise UserError(_("there is no column {name}", name=name), where=f"‘{where}’", cure=cure)
        names = [*self.response.model_fields, *BESIDE]
        return {name: f"answer_{name}" if name in headers else name for name in names}

    def rows(self, piece: Piece, columns: Mapping[str, str], counted: Counted) -> list[dict[str, Cell]]:
        """The answers to a piece, by column."""
        requests, faults = self._requests(piece)
        replies = iter(self._answer_together(requests) if self.together else map(self._answer, requests))
        rows = []
        for number in range(piece.frame.height):
            response, method, cause, why = (None, "", REFUSED, faults[number]) if number in faults else next(replies)
            counted.rows += 1
            if cause:
                counted.causes[cause] += 1
            values = response.model_dump(mode="json") if response is not None else {}
            beside = dict(zip(BESIDE, (method, cause, why), strict=True))
            rows.append({columns[name]: _cell(value) for name, value in (values | beside).items()})
        return rows

    def _requests(self, piece: Piece) -> tuple[list[Form], dict[int, str]]:
        """The requests in order, and what is wrong in the rows that are none, by their place in the piece."""
        names = [name for name in piece.frame.columns if name in self.request.model_fields]
        rows = [self._cells(row) for row in piece.frame.select(names).iter_rows(named=True)]
        faults: dict[int, str] = {}
        try:
            return self.forms.validate_python(rows), faults
        except (ValidationError, Invalid):
            requests = []
            for number, row in enumerate(rows):
                try:
                    requests.append(self.request.model_validate(row))
                except ValidationError as error:
                    faults[number] = str(refusal(error))
                except Invalid as error:
                    faults[number] = str(error)
            return requests, faults

    def _cells(self, row: Mapping[str, PythonLiteral | None]) -> dict[str, PythonLiteral]:
        """A row's cells as a request has them; an empty one says nothing."""
        cells = {name: value for name, value in row.items() if value is not None and value != ""}
        for name in self.nested & cells.keys():
            if isinstance(text := cells[name], str):
                try:
                    cells[name] = json.loads(text)
                except (ValueError, RecursionError):
                    continue  # the form says what it wants there
        return cells

    def _answer(self, request: Form) -> tuple[Form | None, str, str, str]:
        """Response, method, cause and why."""
        try:
            answer = self.service.answer(request, where="")
        except UserError as error:
            return None, "", "unanswered", error.what
        return answer.response, answer.by, answer.cause, answer.why

    def _answer_together(self, requests: Sequence[Form]) -> Iterator[tuple[Form | None, str, str, str]]:
        """The same, all of them at once."""
        import numpy as np

        service = self.service
        alone = service.wanted == service.project.practice.__name__
        ask = AskMany(service.project, service.method, None if alone else service.practice)
        ask.begin([""] * len(requests))
        columns = {
            name: np.array([getattr(request, name) for request in requests]) for name in self.request.model_fields
        }
        try:
            answers = ask(columns)
        except Unanswered:  # the practice has no answer somewhere: one by one it is told where
            yield from map(self._answer, requests)
            return
        cells = zip(*(answers[name].tolist() for name in answers), strict=True)
        for row, cause in zip(cells, ask.causes, strict=True):
            response = self.response.model_validate(dict(zip(answers, row, strict=True)))
            yield response, service.project.practice.__name__ if cause else service.wanted, cause, ""


def plain(annotation: Any) -> bool:
    """Whether a field is one cell of a table: text, a number, a truth, one of several words, or nothing."""
    if get_origin(annotation) in (Union, UnionType):
        return all(plain(choice) for choice in get_args(annotation) if choice is not NoneType)
    if get_origin(annotation) is Literal:
        return True
    return isinstance(annotation, type) and issubclass(annotation, PLAIN)


def _cell(value: JsonValue) -> Cell:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else value


# ---- writing ------------------------------------------------------------------------------------------------------------


class Writer(Protocol):
    """A file that grows by pieces; made with the first one and the names of the answers' columns."""

    def write(self, frame: pl.DataFrame, answers: Sequence[Mapping[str, Cell]], /) -> None:
        """A piece and its answers."""

    def close(self) -> None:
        """The file is whole; again: nothing."""


class _Csv:
    def __init__(self, path: Path, frame: pl.DataFrame, columns: Mapping[str, str]) -> None:
        self.names = list(columns.values())
        self.file = path.open("w", encoding="utf-8-sig", newline="")  # with the mark that spreadsheet programs look for
        self.lines = csv.writer(self.file, lineterminator="\r\n")  # RFC 4180
        self.lines.writerow([harmless(header) for header in (*frame.columns, *self.names)])

    def write(self, frame: pl.DataFrame, answers: Sequence[Mapping[str, Cell]]) -> None:
        for row, answer in zip(frame.iter_rows(), answers, strict=True):
            cells = (*row, *(answer.get(name) for name in self.names))
            self.lines.writerow([harmless(cell) for cell in cells])

    def close(self) -> None:
        self.file.close()


def harmless(cell: T) -> T | str:
    """A cell that no spreadsheet program takes for a formula: text that begins like one gets an apostrophe before it."""
    if not isinstance(cell, str) or not cell.startswith(FORMULA):
        return cell
    try:
        float(cell)
    except ValueError:
        return f"'{cell}"
    return cell


class _Workbook:
    def __init__(self, path: Path, frame: pl.DataFrame, columns: Mapping[str, str]) -> None:
        import xlsxwriter  # type: ignore[import-untyped]  # it ships no types

        self.names, self.at, self.open = list(columns.values()), 0, True
        # nothing in a cell becomes a formula or a link; a row goes to the disk once it is written
        options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        self.book = xlsxwriter.Workbook(str(path), options)
        self.sheet = self.book.add_worksheet()
        self._row([*frame.columns, *self.names])

    def write(self, frame: pl.DataFrame, answers: Sequence[Mapping[str, Cell]]) -> None:
        if self.at + frame.height > MOST_ROWS + 1:
            message = _("a sheet holds {most} rows at most", most=MOST_ROWS)
            raise UserError(message, cure=_("Ask for CSV or Parquet."))
        for row, answer in zip(frame.iter_rows(), answers, strict=True):
            self._row([*row, *(answer.get(name) for name in self.names)])

    def _row(self, cells: Sequence[PythonLiteral | None]) -> None:
        plainly = [cell if cell is None or isinstance(cell, PLAIN) else str(cell) for cell in cells]
        self.sheet.write_row(self.at, 0, plainly)
        self.at += 1

    def close(self) -> None:
        if self.open:
            self.open = False
            self.book.close()


class _Parquet:
    """Pieces in a folder, joined at the end: one row group each would need a writer of its own."""

    def __init__(self, path: Path, frame: pl.DataFrame, columns: Mapping[str, str]) -> None:
        self.path, self.names, self.number = path, list(columns.values()), 0
        self.folder = path.with_name(f"{path.name}.pieces")
        self.folder.mkdir()
        self.schema = frame.schema

    def write(self, frame: pl.DataFrame, answers: Sequence[Mapping[str, Cell]]) -> None:
        import polars as pl

        beside = pl.DataFrame(
            [{name: answer.get(name) for name in self.names} for answer in answers], infer_schema_length=None
        )
        rows = frame.hstack(beside)
        rows.write_parquet(self.folder / f"{self.number:06}.parquet")
        self.number += 1

    def close(self) -> None:
        import polars as pl

        if self.folder.is_dir():
            try:
                parts = [pl.scan_parquet(part) for part in sorted(self.folder.iterdir())]
                pl.concat(parts, how="diagonal_relaxed").sink_parquet(self.path)
            finally:
                shutil.rmtree(self.folder)


WRITERS: Mapping[str, Callable[[Path, pl.DataFrame, Mapping[str, str]], Writer]] = {
    ".csv": _Csv,
    ".xlsx": _Workbook,
    ".parquet": _Parquet,
}
