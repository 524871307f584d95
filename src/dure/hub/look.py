"""What something is that a stranger sent: `python -m dure.hub.look table FILE`, `... evidence FOLDER`; JSON out."""

from __future__ import annotations

import json
import sys
import zipfile
from pathlib import Path
from typing import Any

MOST = 1_000_000_000  # bytes that a workbook may unpack to
WHOLE = 30_000_000  # bytes of a text file that is read as people write them; a larger one is plain: headers, then rows


def main() -> int:
    """What is known of it, or what is wrong with it."""
    from dure.errors import UserError

    try:
        told = {"table": _table, "evidence": _evidence}[sys.argv[1]](Path(sys.argv[2]))
    except UserError as error:
        told = {"what": error.what, "where": error.where, "cure": error.cure}
    sys.stdout.write(json.dumps(told))
    return 0


def _evidence(folder: Path) -> dict[str, Any]:
    """Who signed it, and what it says."""
    from dure import evidence
    from dure.errors import UserError
    from dure.words import _

    report = evidence.verify(folder)
    if report.faults:
        fault = report.faults[0]
        row = f" {fault.rows[0]}" if fault.rows else ""
        raise UserError(_("this evidence is not whole: {fault}", fault=f"{fault.what}{row}"), where=fault.file)
    if (folder / evidence.PRIVATE).exists() or evidence.loaded(folder).about.get("joined") != evidence.FEWEST:
        what = _("this evidence holds more than others may see")
        raise UserError(what, cure=_("Send it with `dure publish`: it joins small blocks and leaves rows out."))
    said = evidence.predicate(folder)
    return {
        "signer": report.fingerprint,
        "said": {name: said[name] for name in ("project", "version", "about", "verdicts", "replay")},
    }


def _table(path: Path) -> dict[str, Any]:
    """Its sheets with headers and rows."""
    from dure import batch, tables
    from dure.errors import UserError
    from dure.words import _

    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as book:
            if sum(each.file_size for each in book.infolist()) > MOST:
                raise UserError(_("it unpacks to more than {megabytes} MB", megabytes=MOST // 1_000_000))
    with path.open("rb") as file:
        start = file.read(4)
    if start.startswith((b"PK", b"\xd0\xcf")) or path.stat().st_size < WHOLE:
        found = [
            {"sheet": each.sheet, "headers": each.headers, "rows": each.cells.height} for each in tables.sheets(path)
        ]
        if not found:
            raise UserError(
                _("there is no table in this file"), cure=_("A table has a row of headers and rows below it.")
            )
        return {"sheets": found}
    headers: list[str] = []
    rows = 0
    for piece in batch.pieces(path):
        headers, rows = piece.frame.columns, rows + piece.frame.height
    if not headers:
        raise UserError(_("there is no table in this file"), cure=_("A table has a row of headers and rows below it."))
    return {"sheets": [{"sheet": "", "headers": headers, "rows": rows}]}


if __name__ == "__main__":
    sys.exit(main())
