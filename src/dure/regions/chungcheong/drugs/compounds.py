"""Compounds of one's own: tables with any headers, SDF, downloads of ChEMBL; what is wrong with each row, and what is left.

One row can hold at most one problem that keeps it out; what is merely changed (a salt without its counter-ion, repeats
averaged) is a note. Nothing is guessed silently.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from dure import UserError, nearest, tables

from . import chem
from .forms import _

SMILES = (
    "smiles",
    "canonical smiles",
    "canonical_smiles",
    "isomeric smiles",
    "structure",
    "구조",
    "구조식",
    "분자",
    "molecule smiles",
)
# Headers of a potency that is already minus the decimal logarithm of a molar concentration.
LOGARITHM = (
    "pchembl value", "pchembl", "pic50", "pki", "pec50", "pkd", "potency", "y [pec50/pki]", "활성", "활성도", "역가",
    "activity", "y",
)  # fmt: skip
CONCENTRATION = ("standard value", "ic50", "ki", "ec50", "kd", "농도", "value", "측정값", "값")
UNITS = ("standard units", "units", "unit", "단위")
SPLIT = ("split", "set", "partition", "구분", "분할")  # a split of one's own, by time or by project
HELD_OUT = ("test", "testing", "hold-out", "holdout", "시험", "평가")
RELATION = ("standard relation", "relation", "부등호", "관계")
MOLAR = {"m": 1.0, "mm": 1e-3, "um": 1e-6, "µm": 1e-6, "μm": 1e-6, "nm": 1e-9, "pm": 1e-12, "mol/l": 1.0}
PLAUSIBLE = (1.0, 12.0)  # a potency outside is another unit: below a picomolar, or weaker than a tenth of a mole
TENFOLD = 1.0  # log10; repeats further apart contradict each other (van Tilborg et al. 2022 leave out the spread above)
_NUMBER = re.compile(r"([<>=~≤≥]*)\s*([-+]?\d+(?:[.,]\d+)?(?:[eE][-+]?\d+)?)\s*([^\d\s].*)?")


@dataclass
class Row:
    """A row as it was found: the number a person sees, texts, and what came of it."""

    row: int
    structure: str
    value: str = ""
    unit: str = ""
    relation: str = ""
    split: str = ""
    smiles: str = ""
    key: str = ""
    potency: float | None = None
    problem: str = ""
    note: str = ""
    about: str = ""


# Codes of problems and notes, and what they say; `about` is the other row, the unit, the value.
PROBLEMS: Mapping[str, tuple[str, str]] = {
    "empty": ("there is no structure", "Write the molecule as SMILES."),
    "unreadable": (
        "the structure cannot be read as a molecule: {about}",
        "Correct the SMILES, or draw it again and export it.",
    ),
    "no value": ("there is no measured value", "Fill it in; it can still be asked about."),
    "no number": ("the value is no number: {about}", "Write a number."),
    "censored": ("the value is a bound ({about}), not a measurement", "Give the measured value, or leave the row out."),
    "unit": ("the unit {about} is not known here", "Write M, mM, µM, nM or pM, or a logarithm such as pIC50."),
    "not a logarithm": (
        "{about} cannot be a pIC50: it looks like a concentration",
        "In nM, write it into a column named e.g. IC50 (nM), or give its unit beside it.",
    ),
    "implausible": ("{about} comes to a potency no assay measures", "Check the unit."),
    "conflict": (
        "measured more than tenfold apart from the same compound in row {about}",
        "Keep the value that is right: all its rows are left out.",
    ),
    "repeat": ("the same compound as in row {about}: their mean is used there", "Nothing need be done."),
    "asked": (
        "the same compound as in row {about}, or its tautomer or salt: it is asked once",
        "Nothing need be done.",
    ),
    "repeat tautomer": (
        "a tautomer or salt of the compound in row {about}: their mean is used there",
        "Nothing need be done.",
    ),
}
NOTES: Mapping[str, str] = {
    "salt": "a salt or mixture: its largest organic part is used",
    "converted": "a concentration, converted into a logarithm",
}


def faults_of(frame: pl.DataFrame) -> Iterator[UserError]:
    """What keeps each row out, with its number and what to do."""
    for row, problem, about in frame.filter(pl.col("problem") != "").select("row", "problem", "about").iter_rows():
        text, cure = PROBLEMS[problem]
        yield UserError(_(text, about=about) if about else _(text), where=_("row {row}", row=row), cure=_(cure))


def read(path: Path) -> pl.DataFrame:
    """Every row of a file: row, smiles (of the parent), potency, cliff, problem, split, note, about; usable without a problem.

    Raises UserError where the file has no column of structures or none of measured values.
    """
    return _frame(_judged(rows_in(path, measured=True)))


def rows_in(path: Path, *, measured: bool) -> list[Row]:
    """The rows of a table or SDF as they stand there. Raises UserError without structures, or without the values `measured` asks for."""
    return (
        _from_sdf(path, measured=measured)
        if path.suffix.lower() in (".sdf", ".sd", ".mol")
        else _from_table(path, measured=measured)
    )


def _from_table(path: Path, *, measured: bool) -> list[Row]:
    if path.suffix.lower() in (".smi", ".ism"):  # SMILES and a name, without a header
        lines = path.read_text(encoding="utf-8-sig", errors="replace").splitlines()
        return [Row(number, line.split()[0]) for number, line in enumerate(lines, start=1) if line.strip()]
    sheet = tables.read(path)
    columns = {header: tables.texts(sheet, header).fill_null("").to_list() for header in sheet.headers}
    structure = _header(columns, SMILES) or _by_content(columns)
    if structure is None:
        raise UserError(
            _("no column holds structures"),
            where=sheet.where,
            cure=_("Name one SMILES. Headers: {names}", names=", ".join(columns)),
        )
    value = _value_header(columns)
    if value is None and measured:
        close = nearest("pIC50", [header for header in columns if header != structure])
        raise UserError(
            _("no column holds a measured potency"),
            where=sheet.where,
            cure=_("Name one pIC50, pKi or pEC50, or IC50 (nM). Headers: {names}", names=close or ", ".join(columns)),
        )
    unit, relation, split = (_header(columns, names) for names in (UNITS, RELATION, SPLIT))
    own_unit = _unit_in(value, sheet.units.get(value, "")) if value else ""
    beside = (
        _header(columns, CONCENTRATION) if own_unit == "log" else None
    )  # ChEMBL has both: the units are then its own

    def cell(header: str | None, place: int) -> str:
        return columns[header][place].strip() if header else ""

    def row(place: int, number: int) -> Row:
        details = cell(relation, place).strip("'\""), cell(split, place)
        if beside and (cell(value, place) or not cell(beside, place)):
            return Row(number, cell(structure, place), cell(value, place), "log", *details)
        return Row(
            number, cell(structure, place), cell(beside or value, place), cell(unit, place) or own_unit, *details
        )

    return [row(place, number) for place, number in enumerate(sheet.rows)]


def _plain(header: str) -> str:
    return re.sub(r"[\s_]+", " ", re.sub(r"[(\[].*?[)\]]", "", header)).strip().lower()


def _header(columns: Mapping[str, list[str]], names: Sequence[str]) -> str | None:
    """The first header that is one of the names, in the order of the names."""
    plain = {_plain(header): header for header in reversed(list(columns))} | {
        header.lower(): header for header in columns
    }
    return next((plain[name] for name in names if name in plain), None)


def _by_content(columns: Mapping[str, list[str]]) -> str | None:
    """A column whose first texts are mostly molecules of several atoms, whatever it is called."""
    for header, cells in columns.items():
        texts = [cell for cell in cells if cell.strip()][:50]
        read_well = sum((mol := chem.molecule(text)) is not None and mol.GetNumHeavyAtoms() > 3 for text in texts)
        if texts and read_well > 0.5 * len(texts):
            return header
    return None


def _value_header(columns: Mapping[str, list[str]]) -> str | None:
    """The column of the potency; in ChEMBL's own download its logarithm wherever any row has one."""
    header = _header(columns, LOGARITHM)
    if header and any(columns[header]):
        return header
    return _header(columns, CONCENTRATION)


def _unit_in(header: str, unit: str) -> str:
    """The unit a header gives: ``IC50 (nM)``; "log" for pIC50 and its like."""
    inside = unit or next(iter(re.findall(r"[(\[]\s*([^)\]]+?)\s*[)\]]", header)), "")
    return (
        inside
        if inside.lower() in MOLAR
        else "log"
        if _plain(header) in LOGARITHM or header.lower() in LOGARITHM
        else ""
    )


def _from_sdf(path: Path, *, measured: bool) -> list[Row]:
    """A row a record; the potency stands in one of its properties."""
    from rdkit import Chem, rdBase

    records: list[tuple[str, dict[str, str]]] = []
    with rdBase.BlockLogs(), path.open("rb") as file:
        for record in Chem.ForwardSDMolSupplier(file, sanitize=True):
            properties = (
                {name: str(value) for name, value in record.GetPropsAsDict().items()} if record is not None else {}
            )
            records.append((Chem.MolToSmiles(record) if record is not None else "(record)", properties))
    columns = {
        name: [properties.get(name, "") for _smiles, properties in records]
        for name in dict.fromkeys(n for _s, p in records for n in p)
    }
    value = _value_header(columns)
    if value is None and measured:
        raise UserError(
            _("no property holds a measured potency"),
            where=path.name,
            cure=_("Name one pIC50, pKi or pEC50, or IC50 (nM)."),
        )
    unit, relation, split = (_header(columns, names) for names in (UNITS, RELATION, SPLIT))
    own_unit = _unit_in(value, "") if value else ""

    def cell(header: str | None, place: int) -> str:
        return columns[header][place] if header else ""

    return [
        Row(
            place + 1,
            smiles,
            cell(value, place),
            cell(unit, place) or own_unit,
            cell(relation, place),
            cell(split, place),
        )
        for place, (smiles, _properties) in enumerate(records)
    ]


# ---- judging -----------------------------------------------------------------------------------------------------------


def _judged(rows: list[Row]) -> list[Row]:
    for row in rows:
        judge_structure(row)
        if not row.problem:
            _potency(row)
    _repeats(rows)
    return rows


def judge_structure(row: Row) -> None:
    """Read the structure: the parent's canonical SMILES, and the key that its tautomers share."""
    from rdkit import Chem

    if not row.structure:
        row.problem = "empty"
        return
    mol = chem.molecule(row.structure)
    if mol is None:
        row.problem, row.about = "unreadable", row.structure[:40]
        return
    parent = chem.parent(mol)
    if parent.GetNumHeavyAtoms() < mol.GetNumHeavyAtoms():
        row.note = "salt"
    row.smiles, row.key = Chem.MolToSmiles(parent), chem.same(parent)


def _potency(row: Row) -> None:
    """The value as a logarithm. What is a bound, has no known unit or is no logarithm is a problem."""
    if not row.value:
        row.problem = "no value"
        return
    parts = _NUMBER.fullmatch(row.value)
    number = float(parts[2].replace(",", ".")) if parts else math.nan
    if not parts or not math.isfinite(number):
        row.problem, row.about = "no number", row.value[:40]
        return
    if (sign := parts[1] or row.relation) and sign != "=":
        row.problem, row.about = "censored", f"{sign}{parts[2]}"
        return
    unit = (parts[3] or row.unit or "log").strip()
    if unit.lower() in MOLAR:
        _converted(row, number, unit)
    elif unit.lower() in ("log", "-", "", *LOGARITHM) or unit.lower().startswith(("-log", "p")):
        row.potency = number
        if not PLAUSIBLE[0] <= number <= PLAUSIBLE[1]:
            row.problem, row.about = "not a logarithm", f"{number:g}"
    else:
        row.problem, row.about = "unit", unit[:20]


def _converted(row: Row, number: float, unit: str) -> None:
    """Minus the decimal logarithm of the molar concentration."""
    row.potency = -math.log10(number * MOLAR[unit.lower()]) if number > 0 else None
    if row.potency is None or not PLAUSIBLE[0] <= row.potency <= PLAUSIBLE[1]:
        row.problem, row.about = "implausible", f"{number:g} {unit}"
    elif not row.note:
        row.note, row.about = "converted", f"{number:g} {unit}"


def _repeats(rows: list[Row]) -> None:
    """Rows of one compound become one with their mean; where they contradict each other all are left out."""
    by_key: dict[str, list[Row]] = {}
    for row in rows:
        if not row.problem:
            by_key.setdefault(row.key, []).append(row)
    for first, *others in (group for group in by_key.values() if len(group) > 1):
        values = [float(repeat.potency or 0.0) for repeat in (first, *others)]
        if max(values) - min(values) > TENFOLD:
            for repeat in (first, *others):
                other = others[0] if repeat is first else first
                repeat.problem, repeat.about = "conflict", str(other.row)
            continue
        first.potency = sum(values) / len(values)
        for repeat in others:
            repeat.problem = "repeat" if repeat.structure == first.structure else "repeat tautomer"
            repeat.about = str(first.row)


def _frame(rows: Sequence[Row]) -> pl.DataFrame:
    usable = [row for row in rows if not row.problem]
    cliffs = dict(zip((row.row for row in usable), _cliffs(usable), strict=True))
    columns: dict[str, Callable[[Row], Any]] = {
        "row": lambda row: row.row, "smiles": lambda row: row.smiles, "potency": lambda row: row.potency,
        "cliff": lambda row: cliffs.get(row.row, False), "problem": lambda row: row.problem,
        "split": lambda row: "test" if row.split.strip().lower() in HELD_OUT else "",
        "note": lambda row: row.note, "about": lambda row: row.about,
    }  # fmt: skip
    types = {"row": pl.Int64, "potency": pl.Float64, "cliff": pl.Boolean}
    return pl.DataFrame(
        {
            name: pl.Series(name, [make(row) for row in rows], dtype=types.get(name, pl.String))
            for name, make in columns.items()
        }
    )


def _cliffs(rows: Sequence[Row]) -> list[bool]:
    """Whether another compound at least 0.9 alike (ECFP4) is tenfold more or less potent (van Tilborg et al. 2022)."""
    if not rows:
        return []
    import numpy as np

    prints = [chem.parts(row.smiles)[:1] for row in rows]
    values, library = np.array([row.potency for row in rows], dtype=float), chem.Library(prints)
    cliffs: list[bool] = []
    for start in range(0, len(rows), chem.BLOCK):
        block = slice(start, start + chem.BLOCK)
        near = library.similarities(prints[block])[0] >= 0.9
        cliffs += (near & (np.abs(values[block, None] - values[None, :]) > TENFOLD)).any(axis=1).tolist()
    return cliffs
