"""The file that is screened: a molecule a line, read piece by piece."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from .. import chem

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np

PIECE = 250  # molecules a process takes at once
WRITTEN = 10_000  # molecules after which the state is written
LONGEST = 2_000  # letters of a SMILES
ENDS = re.compile(r"[\s,;]")  # of a SMILES: what follows on its line is the molecule's name


def pieces(path: Path) -> Iterator[tuple[int, list[str]]]:
    """(number of the first line from zero, SMILES) of each piece."""
    with path.open(encoding="utf-8", errors="replace") as file:
        number = 0
        while piece := [ENDS.split(line, maxsplit=1)[0] for line in itertools.islice(file, PIECE)]:
            yield number, piece
            number += len(piece)


def read(path: Path, lines: np.ndarray) -> list[str]:
    """The molecules of these lines. The file is read through again: a second of a million lines, and none need stay in memory."""
    wanted = set(lines.tolist())
    return [
        smiles for number, piece in pieces(path) for line, smiles in enumerate(piece, start=number) if line in wanted
    ]


def molecule(smiles: str) -> Any:
    """The RDKit molecule, of several parts its largest organic one; None where it cannot be read."""
    from rdkit.Chem import rdmolops

    mol = chem.molecule(smiles) if len(smiles) <= LONGEST else None
    several = mol is not None and "." in smiles and len(rdmolops.GetMolFrags(mol)) > 1
    return chem.parent(mol) if several else mol


def parent_smiles(smiles: str) -> str:
    """The SMILES that is asked: a single molecule's is left as it is."""
    from rdkit import Chem

    return str(Chem.MolToSmiles(molecule(smiles))) if "." in smiles else smiles
