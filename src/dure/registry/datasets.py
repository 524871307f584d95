"""The data of all projects: list, origin and licence, fetch, and templates for a person's own files."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from dure.content_store import write_atomically
from dure.errors import UserError, nearest
from dure.i18n.texts import _, language
from dure.project.loader import found, load
from dure.registry.describe import source_row
from dure.trial.recorded import rows_field

if TYPE_CHECKING:
    from rich.table import Table

    from dure.registry.describe import SourceRow
    from dure.trial.types import Tell


def sources(project: str | None = None) -> list[SourceRow]:
    """Every source of one project, or of all; a project whose extra is not installed is left out and said by its name."""
    rows: list[SourceRow] = []
    for name in [project] if project else list(found()):
        try:
            loaded = load(name)
        except UserError as error:
            if project:
                raise
            rows.append(
                {
                    "project": name,
                    "name": "",
                    "title": {"ko": str(error), "en": str(error)},
                    "origin": "",
                    "licence": "",
                }
            )
            continue
        rows += [{"project": name, **source_row(source)} for source in loaded.sources]
    return rows


def table(rows: list[SourceRow]) -> Table:
    """The list for a terminal."""
    from rich.table import Table as Sheet

    sheet = Sheet(box=None, header_style="bold")
    for header in (_("project"), _("data"), _("title"), _("origin"), _("licence")):
        sheet.add_column(header, overflow="fold")
    for row in rows:
        sheet.add_row(row["project"], row["name"], row["title"][language()], row["origin"], row["licence"])
    return sheet


def in_words(rows: list[SourceRow]) -> str:
    """Each source in full."""
    return "\n\n".join(
        "\n".join(f"{key:10} {value}" for key, value in row.items() if value and key not in ("project", "title"))
        for row in rows
    )


def fetch(project: str, source: str | None, tell: Tell) -> dict[str, Path]:
    """Get a project's data into the cache; files of one's own are passed over."""
    from dure.datasets.sources import Own

    loaded = load(project)
    chosen = [entry for entry in loaded.sources if source in (None, entry.name) and not isinstance(entry.origin, Own)]
    if source and not chosen:
        _unknown(source, [entry.name for entry in loaded.sources])
    places = {}
    for number, entry in enumerate(chosen):
        tell(number / len(chosen), entry.name)
        places[entry.name] = entry.fetch(loaded.folder)
    return places


def template(project: str, source: str | None, out: Path) -> Path:
    """An empty CSV to fill in: a source's columns, or, without a source, today's answers (the response's columns with `case`).

    The first line holds the headers; what each means is `dure show`. UTF-8 with a byte order mark, so that spreadsheets open it.
    """
    loaded = load(project)
    if source is None:
        rows = rows_field(loaded.response)
        headers = ["case", *(rows[1] if rows else loaded.response).model_fields]
    else:
        chosen = next((entry for entry in loaded.sources if entry.name == source), None)
        if chosen is None:
            _unknown(source, [entry.name for entry in loaded.sources if entry.columns])
        if not chosen.columns:
            raise UserError(
                _("{name} is read as it comes: there is no table to fill in", name=source), where=project,
                cure=_("What such a file may look like stands in the project's README."),
            )  # fmt: skip
        headers = [f"{column.name} ({column.unit})" if column.unit else column.name for column in chosen.columns]
    if out.exists():
        raise UserError(_("there is a file already"), where=str(out), cure=_("Name another one with --out."))
    buffer = io.StringIO()
    csv.writer(buffer).writerow(headers)
    return write_atomically(out, "﻿" + buffer.getvalue())


def _unknown(source: str, names: list[str]) -> NoReturn:
    close = nearest(source, names)
    raise UserError(
        _("there is no data called {name}", name=source),
        cure=_("Did you mean {name}?", name=close) if close else ", ".join(names) or _("This project takes no files."),
    )
