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
from pathlib import Path
from typing import TYPE_CHECKING, NotRequired, TypedDict

from dure.i18n.texts import _

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from polars._typing import PythonLiteral
    from pydantic import JsonValue

    from dure.errors import UserError
    from dure.evidence.verify import FaultRecord, SignerRecord
    from dure.hub.jobs.job import AskedRoles, Fault
    from dure.judge import Roles
    from dure.record import About
    from dure.tables import Sheet

LONGEST = 60  # letters of a cell that are shown
SHOWN, LISTED = 6, 20  # rows of a table that are shown; rows without use that are listed
MOST = 1_000_000_000  # bytes that a workbook may unpack to
WHOLE = 30_000_000  # bytes of a text file that is read as people write them; a larger one is plain: headers, then rows


class SheetSummary(TypedDict):
    """A sheet: its headers, and how many rows are below them."""

    sheet: str
    headers: list[str]
    rows: int


class TableSummary(TypedDict):
    """A table."""

    sheets: list[SheetSummary]


class SignedEvidence(TypedDict):
    """Evidence that is whole: who signed it (fingerprint), and what it says."""

    signer: str
    said: dict[str, JsonValue]


class EvidenceCheck(TypedDict):
    """What a check of evidence found, what it says where it is whole, and what is missing here to run it again."""

    intact: bool
    faults: list[FaultRecord]
    signed: bool
    signer: SignerRecord
    written: str
    private: bool
    rules: list[int]
    otherwise: list[str]
    said: dict[str, JsonValue] | None
    missing: str


class ReadingOptions(TypedDict):
    """How a table is to be judged; `role` of each column, or None: to be proposed."""

    sheet: str
    role: list[str] | None
    kpi: str
    block: str


class JudgeReading(TypedDict):
    """How a table would be judged; the last four only where it can be."""

    sheets: list[str]
    sheet: str
    rows: int
    notes: list[str]
    columns: list[dict[str, str]]
    preview: list[list[str]]
    dropped: list[tuple[int, str]]
    dropped_count: int
    roles: AskedRoles
    missing: list[str]
    fault: Fault | None
    kpis: dict[str, str]
    asks: list[str]
    scale: dict[str, float]
    kpi: NotRequired[str]
    cases: NotRequired[int]
    blocks: NotRequired[int]
    block: NotRequired[str]


class SourceChoice(TypedDict):
    """The source in whose place a file is to be read."""

    project: str
    source: str


class SourceReading(TypedDict):
    """How a file would be read in the place of a source: `rows` are header, what it becomes, conversion, first values, why."""

    sheet: str
    rows: list[tuple[str, str, str, str, str]]
    missing: list[str]
    absent: list[str]
    left: list[str]
    asks: list[str]
    notes: list[str]
    headers: list[str]
    preview: list[list[str]]
    count: int
    fault: Fault | None


def main() -> int:
    """What is known of it, or what is wrong with it."""
    from dure.errors import UserError

    try:
        text = json.dumps(KINDS[sys.argv[1]](Path(sys.argv[2]), *map(json.loads, sys.argv[3:])))
    except UserError as error:
        text = json.dumps(_fault(error))
    sys.stdout.write(text)
    return 0


def _fault(error: UserError) -> Fault:
    return {"what": error.what, "where": error.where, "cure": error.cure}


def _evidence(folder: Path) -> SignedEvidence:
    """Who signed it, and what it says."""
    from dure import evidence
    from dure.errors import UserError
    from dure.i18n.texts import _

    report = evidence.verify(folder)
    if report.faults:
        fault = report.faults[0]
        row = f" {fault.rows[0]}" if fault.rows else ""
        raise UserError(_("this evidence is not whole: {fault}", fault=f"{fault.what}{row}"), where=fault.file)
    if (folder / evidence.PRIVATE).exists() or evidence.predicate(folder).about.joined != evidence.FEWEST:
        message = _("this evidence holds more than others may see")
        raise UserError(message, cure=_("Send it with `dure publish`: it joins small blocks and leaves rows out."))
    return {"signer": report.fingerprint, "said": evidence.predicate(folder).to_json()}


def _verified(folder: Path) -> EvidenceCheck:
    """Is it intact, who signed it, what does it say, and what is missing here to run it again?"""
    from dure import evidence
    from dure.errors import UserError
    from dure.i18n.texts import _

    envelopes = sorted(folder.rglob(evidence.ENVELOPE))
    if len(envelopes) != 1:
        message = _("there is no evidence in it") if not envelopes else _("there is more than one evidence in it")
        raise UserError(message, cure=_("Pack the folder that Dure wrote."))
    place = envelopes[0].parent
    report = evidence.verify(place)
    result = report.found()
    if not report.intact:
        return {**result, "said": None, "missing": ""}
    predicate = evidence.predicate(place)
    return {**result, "said": predicate.to_json(), "missing": _missing(predicate.about)}


def _missing(about: About) -> str:
    """What is not here that running it again would need; empty: nothing."""
    from dure.i18n.texts import _
    from dure.project.code_hash import project_hash
    from dure.project.loader import found

    if about.id == "judge.table":
        return _("the table that was judged ({name})", name=about.data[0].name)
    place = found().get(about.id)
    if place is None:
        return _("the project {name}", name=about.id)
    if project_hash(place) != about.code:
        return _("version {version} of {name}; here is another one", version=about.version, name=about.id)
    return ", ".join(about.given)


def _table(path: Path) -> TableSummary:
    """Its sheets with headers and rows."""
    from dure import tables
    from dure.errors import UserError
    from dure.i18n.texts import _
    from dure.serving import batch

    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as book:
            if sum(member.file_size for member in book.infolist()) > MOST:
                raise UserError(_("it unpacks to more than {megabytes} MB", megabytes=MOST // 1_000_000))
    with path.open("rb") as file:
        start = file.read(4)
    if start.startswith((b"PK", b"\xd0\xcf")) or path.stat().st_size < WHOLE:
        sheets: list[SheetSummary] = [
            {"sheet": sheet.sheet, "headers": list(sheet.headers), "rows": sheet.cells.height}
            for sheet in tables.sheets(path)
        ]
        if not sheets:
            raise UserError(
                _("there is no table in this file"), cure=_("A table has a row of headers and rows below it.")
            )
        return {"sheets": sheets}
    headers: list[str] = []
    rows = 0
    for piece in batch.pieces(path):
        headers, rows = piece.frame.columns, rows + piece.frame.height
    if not headers:
        raise UserError(_("there is no table in this file"), cure=_("A table has a row of headers and rows below it."))
    return {"sheets": [{"sheet": "", "headers": headers, "rows": rows}]}


def judged(path: Path, asked: ReadingOptions) -> JudgeReading:
    """How a table would be judged: headers with units, first rows, which column plays which role, what cannot be used and why."""
    from dure import judge, tables
    from dure.errors import UserError
    from dure.report.vocabulary import localised

    visible = [tab for tab in tables.sheets(path) if not tab.hidden]
    sheet = tables.read(path, asked["sheet"] or (visible[0].sheet if len(visible) > 1 else None))
    kpi, block = asked["kpi"] or None, asked["block"] or None
    if asked["role"] is None:
        roles = judge.likely(sheet, judge.Roles(block=block), kpi)
    else:
        roles = judge.by_column(sheet.headers, asked["role"], block)
    reading: JudgeReading = {
        "sheets": [tab.sheet for tab in visible], "sheet": sheet.sheet, "rows": len(sheet.rows), "notes": list(sheet.notes),
        "columns": [{"name": name, "unit": sheet.units.get(name, "")} for name in sheet.headers],
        "preview": _preview(sheet), "dropped": list(sheet.dropped[:LISTED]), "dropped_count": len(sheet.dropped),
        "roles": _by_role(roles), "missing": judge.unfilled(roles, kpi), "fault": None,
        "kpis": {name: _(label) for name, label in judge.KPIS.items()}, "asks": [], "scale": {},
    }  # fmt: skip
    if reading["missing"]:
        return reading
    asks: list[str] = []

    def confirm(text: str) -> bool:
        asks.append(text)
        return True

    try:
        question = judge.question(sheet, roles, kpi=kpi, confirm=confirm)
    except UserError as error:
        reading["fault"] = _fault(error)
        return reading
    answers = question.answers.frame
    reading["notes"] = [localised(note) for note in question.notes]
    reading |= {
        "cases": answers.height,
        "blocks": answers["block"].n_unique(),
        "block": str(question.project.words.block),
        "kpi": question.reading.kpi,
    }
    return reading | {"asks": asks, "scale": dict(question.reading.scale)}


def _by_role(roles: Roles) -> AskedRoles:
    return {
        "truth": roles.truth, "practice": roles.practice, "offers": list(roles.offers), "id": roles.id, "time": roles.time,
        "site": roles.site, "block": roles.block,
    }  # fmt: skip


def mapped(path: Path, asked: SourceChoice) -> SourceReading:
    """How a file would be read in the place of a project's source: header by header, or what is wrong with it."""
    from dure import mapping
    from dure.datasets.data import Data
    from dure.errors import UserError
    from dure.project.loader import load

    project = load(asked["project"])
    source = next((known for known in project.sources if known.name == asked["source"]), None)
    if source is None:
        names = ", ".join(known.name for known in project.sources)
        raise UserError(_("there is no data called {name}", name=asked["source"]), cure=names)
    reading: SourceReading = {
        "sheet": "", "rows": [], "missing": [], "absent": [], "left": [], "asks": [], "notes": [], "headers": [], "preview": [],
        "count": 0, "fault": None,
    }  # fmt: skip
    try:
        if source.columns:
            sheets = mapping.meant(path, source.columns)
            proposal, labels = (
                mapping.propose(sheets[0], source.columns),
                {column.name: column.label for column in source.columns},
            )
            reading |= {
                "sheet": ", ".join(sheet.sheet for sheet in sheets), "rows": proposal.table(), "left": list(proposal.left),
                "missing": [labels[name] for name in proposal.missing], "absent": [labels[name] for name in proposal.absent],
                "asks": list(proposal.asks), "notes": list(proposal.notes), "headers": list(sheets[0].headers),
                "preview": _preview(sheets[0]), "count": sum(sheet.cells.height for sheet in sheets),
            }  # fmt: skip
            for sheet in sheets if proposal.complete else ():
                mapping.apply(sheet, proposal, source.columns)
            return reading
        frame = Data((source,), project.folder, own={source.name: path})[source.name]
    except UserError as error:
        return reading | {"fault": _fault(error)}
    rows = [[str(number), *map(_short, row)] for number, row in enumerate(frame.head(SHOWN).iter_rows(), 1)]
    return reading | {"headers": frame.columns, "preview": rows, "count": frame.height}


def _short(cell: PythonLiteral | None) -> str:
    text = "" if cell is None else str(cell)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def _preview(sheet: Sheet) -> list[list[str]]:
    """The first rows as text, each with its number in the spreadsheet before it."""
    rows = zip(sheet.rows, sheet.cells.head(SHOWN).iter_rows(), strict=False)
    return [[str(number), *("" if cell is None else str(cell) for cell in row)] for number, row in rows]


KINDS: Mapping[str, Callable[..., TableSummary | SignedEvidence | EvidenceCheck | JudgeReading | SourceReading]] = {
    "table": _table,
    "evidence": _evidence,
    "verified": _verified,
    "judged": judged,
    "mapped": mapped,
}

if __name__ == "__main__":
    sys.exit(main())
