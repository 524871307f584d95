"""Text files: their encoding, what separates their cells, their rows."""

from __future__ import annotations

import codecs
import csv
import io
import re
import unicodedata
from itertools import islice, zip_longest
from pathlib import Path
from typing import IO

import polars as pl

from dure.errors import UserError
from dure.i18n.texts import _
from dure.tables.grid import Grid

_PIECE = 50_000  # rows that are in memory as Python's own texts at once


def text_grid(path: Path) -> Grid:
    """The rows of a text file as columns. Raises UserError where the file is no text or no table of text."""
    text = _decoded(path)
    if re.match(r"\s*<(!doctype|html|table|\?xml)", text[:500], re.IGNORECASE):
        raise UserError(
            _("this is a web page saved under a spreadsheet's name"),
            where=f"‘{path.name}’",
            cure=_("Open it in a spreadsheet program and save it as .xlsx or .csv."),
        )
    if "\0" in text:
        raise UserError(_("this is no text file"), where=f"‘{path.name}’")
    if not unicodedata.is_normalized("NFC", text):
        text = unicodedata.normalize("NFC", text)
    separator, quoted = separator_of(text), '"' in text or text.count("\r") != text.count("\r\n")
    content = text.encode()
    del text  # a large file is in memory once at a time
    frame = None if quoted else _even_rows(content, separator)
    try:
        cells = _rows(content, separator) if frame is None else frame
    except csv.Error as error:
        raise UserError(_("the text file cannot be read ({why})", why=error), where=f"‘{path.name}’") from None
    return Grid("", cells.get_columns(), foreign=separator in ";\t")


def _even_rows(content: bytes, separator: str) -> pl.DataFrame | None:
    """Rows without quotes that hold the same number of cells, cut by Polars as `csv` cuts them; None: they are not so."""
    lines = content.count(b"\n") + (not content.endswith(b"\n"))
    try:
        frame = pl.read_csv(content, has_header=False, separator=separator, quote_char=None, infer_schema=False)
    except pl.exceptions.PolarsError:  # a longer row, or none at all
        return None
    if frame.height != lines or content.count(separator.encode()) != lines * (frame.width - 1):
        return None
    longest = frame.select(pl.max_horizontal(pl.all().str.len_bytes().max())).item() or 0
    return frame.fill_null("") if longest <= csv.field_size_limit() else None


def _rows(content: bytes, separator: str) -> pl.DataFrame:
    """Rows as `csv` reads them, the shorter ones filled up with blanks. Raises csv.Error."""
    reader, pieces = csv.reader(io.TextIOWrapper(io.BytesIO(content), "utf-8", newline=""), delimiter=separator), []
    while rows := list(islice(reader, _PIECE)):
        columns = zip_longest(*rows, [""], fillvalue="")  # one row more: blank lines alone are rows, too
        pieces.append(pl.DataFrame({str(place): cells for place, cells in enumerate(columns)}).head(len(rows)))
    return pl.concat(pieces, how="diagonal").fill_null("") if pieces else pl.DataFrame()


def _decoded(path: Path) -> str:
    """The text of a file. Raises UserError naming the row that is no text."""
    return path.read_bytes().decode(encoding_of(path), errors="replace")


def encoding_of(path: Path) -> str:
    """UTF-8 with or without a mark, UTF-16, else cp949 (which holds EUC-KR); little of the file is in memory at once.

    Raises UserError naming the row that is neither.
    """
    with path.open("rb") as file:
        start = file.read(200)
        if start.startswith((b"\xff\xfe", b"\xfe\xff")):
            return "utf-16"
        if start[1::2].count(0) > len(start[1::2]) * 0.6:
            return "utf-16-le"
        failed = 0
        for encoding in ("utf-8-sig", "cp949"):
            row = _undecodable(file, encoding)
            if row is None:
                return encoding
            failed = max(failed, row)
    raise UserError(
        _("row {row} is neither UTF-8 nor cp949 text", row=failed),
        where=f"‘{path.name}’",
        cure=_("Open it in a spreadsheet program and save it as .xlsx or .csv."),
    )


def _undecodable(file: IO[bytes], encoding: str) -> int | None:
    """The row in which a file is not text of this encoding; None: it is."""
    decoder, row = codecs.getincrementaldecoder(encoding)(), 1
    file.seek(0)
    while True:
        block = file.read(1 << 20)
        try:
            decoder.decode(block, final=not block)
        except UnicodeDecodeError as error:
            return row + error.object.count(b"\n", 0, error.start)
        if not block:
            return None
        row += block.count(b"\n")


def separator_of(text: str) -> str:
    """The separator that cuts most rows into the same number of cells."""
    head = [line for line in text[:40000].splitlines()[:80] if line.strip()][:60]
    best, most = ",", (0.0, 0)
    for order, separator in enumerate("|;\t,"):
        try:
            widths = [len(row) for row in csv.reader(head, delimiter=separator)]
        except csv.Error:
            continue
        cut = [width for width in widths if width > 1]
        usual = max(set(cut), key=cut.count, default=1)
        score = (widths.count(usual) / max(1, len(widths)) if usual > 1 else 0.0, -order if separator != "," else -9)
        if score > most:
            best, most = separator, score
    return best
