"""What something is that a stranger sent, as JSON.

    python -m dure.hub.uploads.inspect table FILE
    python -m dure.hub.uploads.inspect evidence FOLDER
    python -m dure.hub.uploads.inspect verified FOLDER

What it would be judged as, or read as in the place of a project's source: `... judged FILE JSON`, `... mapped FILE JSON`.
"""

from __future__ import annotations

import json
import sys
import zipfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from dure.i18n.texts import _, language

LONGEST = 60  # letters of a cell that are shown
SHOWN, LISTED = 6, 20  # rows of a table that are shown; rows without use that are listed
MOST = 1_000_000_000  # bytes that a workbook may unpack to
WHOLE = 30_000_000  # bytes of a text file that is read as people write them; a larger one is plain: headers, then rows


def main() -> int:
    """What is known of it, or what is wrong with it."""
    from dure.errors import UserError

    try:
        told = KINDS[sys.argv[1]](Path(sys.argv[2]), *map(json.loads, sys.argv[3:]))
    except UserError as error:
        told = {"what": error.what, "where": error.where, "cure": error.cure}
    sys.stdout.write(json.dumps(told))
    return 0


def _evidence(folder: Path) -> dict[str, Any]:
    """Who signed it, and what it says."""
    from dure import evidence
    from dure.errors import UserError
    from dure.i18n.texts import _

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


def _verified(folder: Path) -> dict[str, Any]:
    """Is it intact, who signed it, what does it say, and what is missing here to run it again?"""
    from dure import evidence
    from dure.errors import UserError
    from dure.i18n.texts import _

    found = sorted(folder.rglob(evidence.ENVELOPE))
    if len(found) != 1:
        what = _("there is no evidence in it") if not found else _("there is more than one evidence in it")
        raise UserError(what, cure=_("Pack the folder that Dure wrote."))
    place = found[0].parent
    report = evidence.verify(place)
    told = {name: value for name, value in report.to_dict().items() if name != "folder"}
    if not report.intact:
        return {**told, "said": None, "missing": ""}
    said = evidence.predicate(place)
    return {**told, "said": said, "missing": _missing(said["about"])}


def _missing(about: dict[str, Any]) -> str:
    """What is not here that running it again would need; empty: nothing."""
    from dure.i18n.texts import _
    from dure.project.code_hash import project_hash
    from dure.project.loader import found

    if about["id"] == "judge.table":
        return _("the table that was judged ({name})", name=about["data"][0]["name"])
    place = found().get(about["id"])
    if place is None:
        return _("the project {name}", name=about["id"])
    if project_hash(place) != about["code"]:
        return _("version {version} of {name}; here is another one", version=about["version"], name=about["id"])
    return ", ".join(about.get("given", {}))


def _table(path: Path) -> dict[str, Any]:
    """Its sheets with headers and rows."""
    from dure import tables
    from dure.errors import UserError
    from dure.i18n.texts import _
    from dure.serving import batch

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


def judged(path: Path, asked: dict[str, Any]) -> dict[str, Any]:
    """How a table would be judged: headers with units, first rows, which column plays which role, what cannot be used and why.

    Parameters
    ----------
    asked
        ``sheet``; ``role`` of each column, or None: to be proposed; ``block``; ``kpi``.
    """
    from dure import judge, tables
    from dure.errors import UserError

    every = [each for each in tables.sheets(path) if not each.hidden]
    sheet = tables.read(path, asked["sheet"] or (every[0].sheet if len(every) > 1 else None))
    kpi, block = asked["kpi"] or None, asked["block"] or None
    if asked["role"] is None:
        roles = judge.likely(sheet, judge.Roles(block=block), kpi)
    else:
        roles = judge.by_column(sheet.headers, asked["role"], block)
    told: dict[str, Any] = {
        "sheets": [each.sheet for each in every], "sheet": sheet.sheet, "rows": len(sheet.rows), "notes": list(sheet.notes),
        "columns": [{"name": name, "unit": sheet.units.get(name, "")} for name in sheet.headers],
        "preview": _preview(sheet), "dropped": [list(each) for each in sheet.dropped[:LISTED]], "dropped_count": len(sheet.dropped),
        "roles": asdict(roles), "missing": judge.unfilled(roles, kpi), "fault": None,
        "kpis": {name: _(label) for name, label in judge.KPIS.items()}, "asks": [], "scale": {},
    }  # fmt: skip
    if told["missing"]:
        return told
    asks: list[str] = []

    def confirm(what: str) -> bool:
        asks.append(what)
        return True

    try:
        question = judge.question(sheet, roles, kpi=kpi, confirm=confirm)
    except UserError as error:
        told["fault"] = {"what": error.what, "where": error.where, "cure": error.cure}
        return told
    turn = question.project.rounds(None)[0]  # type: ignore[arg-type, index]  # a table's rounds need no data
    blocks = len({case.block for case in turn.cases})
    told["notes"] = [each[language()] for each in question.notes]
    told |= {
        "cases": len(turn.cases),
        "blocks": blocks,
        "block": question.project.block_word,
        "kpi": question.about["judge"]["kpi"],
    }
    return told | {"asks": asks, "scale": question.about["judge"]["scale"]}


def mapped(path: Path, asked: dict[str, Any]) -> dict[str, Any]:
    """How a file would be read in the place of a project's source: header by header, or what is wrong with it.

    Parameters
    ----------
    asked
        ``project``, ``source``.
    """
    from dure import mapping
    from dure.datasets.data import Data
    from dure.errors import UserError
    from dure.project.loader import load

    project = load(asked["project"])
    source = next((each for each in project.sources if each.name == asked["source"]), None)
    if source is None:
        names = ", ".join(each.name for each in project.sources)
        raise UserError(_("there is no data called {name}", name=asked["source"]), cure=names)
    told: dict[str, Any] = {
        "sheet": "", "rows": [], "missing": [], "absent": [], "left": [], "asks": [], "notes": [], "headers": [], "preview": [],
        "count": 0, "fault": None,
    }  # fmt: skip
    try:
        if source.columns:
            sheets = mapping.meant(path, source.columns)
            proposal, labels = (
                mapping.propose(sheets[0], source.columns),
                {each.name: each.label for each in source.columns},
            )
            told |= {
                "sheet": ", ".join(each.sheet for each in sheets), "rows": proposal.table(), "left": list(proposal.left),
                "missing": [labels[name] for name in proposal.missing], "absent": [labels[name] for name in proposal.absent],
                "asks": list(proposal.asks), "notes": list(proposal.notes), "headers": list(sheets[0].headers),
                "preview": _preview(sheets[0]), "count": sum(each.cells.height for each in sheets),
            }  # fmt: skip
            for each in sheets if proposal.complete else ():
                mapping.apply(each, proposal, source.columns)
            return told
        frame = Data((source,), project.folder, own={source.name: path})[source.name]
    except UserError as error:
        return told | {"fault": {"what": error.what, "where": error.where, "cure": error.cure}}
    rows = [[str(number), *map(_short, row)] for number, row in enumerate(frame.head(SHOWN).iter_rows(), 1)]
    return told | {"headers": frame.columns, "preview": rows, "count": frame.height}


def _short(cell: Any) -> str:
    text = "" if cell is None else str(cell)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def _preview(sheet: Any) -> list[list[str]]:
    """The first rows as text, each with its number in the spreadsheet before it."""
    rows = zip(sheet.rows, sheet.cells.head(SHOWN).iter_rows(), strict=False)
    return [[str(number), *("" if cell is None else str(cell) for cell in row)] for number, row in rows]


KINDS: dict[str, Any] = {
    "table": _table,
    "evidence": _evidence,
    "verified": _verified,
    "judged": judged,
    "mapped": mapped,
}

if __name__ == "__main__":
    sys.exit(main())
