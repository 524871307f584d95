"""Molecules: reading them, counting their parts, how alike two are, and what a chemist looks at first.

A count fingerprint is kept as a set: a part that occurs c times gives the c features (part, 1) ... (part, c). Then the
sum of the smaller counts of two molecules is the size of an intersection, and the min-max Tanimoto similarity of their
counts (Ralaivola et al. 2005, Neural Networks 18:1093) is the plain Tanimoto similarity of the sets.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Any

import numpy as np

KINDS = ("ECFP4", "FCFP6", "atom pairs", "torsions")
LEVELS = 1024  # above every count there is: a molecule with a part a thousand times is no drug
MOST_ATOMS = 300  # heavy atoms; beyond, atom pairs alone take seconds
KEPT = 60_000  # molecules whose parts stay in memory: about 6 kB each
COMMON = 0.08  # share of the molecules above which a feature is common
_FILTERS = {"Brenk": "BRENK"}  # RDKit's name of a filter set: ours; the others are the families of PAINS
BLOCK = 256  # molecules compared at once


def molecule(smiles: str) -> Any:
    """The RDKit molecule; None where the text is no molecule with a heavy atom, or one of more than MOST_ATOMS."""
    from rdkit import Chem, rdBase

    with rdBase.BlockLogs():  # RDKit would write each fault to the terminal: ours are told with their row
        mol = Chem.MolFromSmiles(smiles) if smiles.strip() else None
    return mol if mol is not None and 0 < mol.GetNumHeavyAtoms() <= MOST_ATOMS else None


@cache
def _generators() -> tuple[Any, ...]:
    from rdkit.Chem import rdFingerprintGenerator

    features = rdFingerprintGenerator.GetMorganFeatureAtomInvGen()
    return (
        rdFingerprintGenerator.GetMorganGenerator(radius=2, includeChirality=True),
        rdFingerprintGenerator.GetMorganGenerator(radius=3, atomInvariantsGenerator=features),
        rdFingerprintGenerator.GetAtomPairGenerator(),
        rdFingerprintGenerator.GetTopologicalTorsionGenerator(),
    )


def parts_of(mol: Any) -> tuple[np.ndarray, ...]:
    """The features of an RDKit molecule, one sorted array of int64 a kind of KINDS.

    Chiral ECFP4 and FCFP6 are Morgan fingerprints (Rogers and Hahn 2010, J. Chem. Inf. Model. 50:742), atom pairs are
    Carhart's (1985, J. Chem. Inf. Comput. Sci. 25:64), torsions Nilakantan's (1987, 27:82); none is folded.
    """
    features = []
    for generator in _generators():
        counts = generator.GetSparseCountFingerprint(mol).GetNonzeroElements()
        names = np.fromiter(counts.keys(), np.int64, len(counts))
        times = np.fromiter(counts.values(), np.int64, len(counts))
        levels = np.arange(times.sum()) - np.repeat(np.cumsum(times) - times, times)
        features.append(np.sort(np.repeat(names, times) * LEVELS + levels))
    return tuple(features)


@lru_cache(maxsize=KEPT)
def parts(smiles: str) -> tuple[np.ndarray, ...]:
    """`parts_of` a SMILES. Raises ValueError where it cannot be read."""
    mol = molecule(smiles)
    if mol is None:
        raise ValueError(f"not a molecule: {smiles[:80]}")
    return parts_of(mol)


class Library:
    """Molecules that others are compared with, kind by kind.

    Features that many molecules have are compared by one dense product, the rest by a sparse one: on 2,000 molecules
    that is about ten times faster than either alone.

    Parameters
    ----------
    known
        A tuple of feature arrays a molecule, as `parts` gives them.
    """

    def __init__(self, known: Sequence[tuple[np.ndarray, ...]]) -> None:
        self.kinds = len(known[0])
        self.sizes = np.array([[array.size for array in features] for features in known], dtype=np.float32)
        self._common, self._rare = [], []
        for kind in range(self.kinds):
            arrays = [features[kind] for features in known]
            names, counts = np.unique(np.concatenate(arrays), return_counts=True)
            often = counts > COMMON * len(known)
            common, rare = names[often], names[~often]
            self._common.append((common, np.ascontiguousarray(_matrix(arrays, common).toarray().T)))
            self._rare.append((rare, _matrix(arrays, rare).T.tocsr()))

    def similarities(self, asked: Sequence[tuple[np.ndarray, ...]]) -> np.ndarray:
        """Min-max Tanimoto similarities, (kinds, asked, known), float32."""
        similarities = np.empty((self.kinds, len(asked), len(self.sizes)), dtype=np.float32)
        for start in range(0, len(asked), BLOCK):
            block = asked[start : start + BLOCK]
            for kind in range(self.kinds):
                arrays = [features[kind] for features in block]
                both = _matrix(arrays, self._common[kind][0]).toarray() @ self._common[kind][1]
                both += (_matrix(arrays, self._rare[kind][0]) @ self._rare[kind][1]).toarray()
                sizes = np.array([array.size for array in arrays], dtype=np.float32)[:, None]
                either = np.maximum(sizes + self.sizes[None, :, kind] - both, 1)
                similarities[kind, start : start + BLOCK] = both / either
        return similarities


def _matrix(arrays: Sequence[np.ndarray], names: np.ndarray) -> Any:
    """(molecules, names) of ones where a molecule has a feature; features that are not in `names` are left out."""
    from scipy.sparse import csr_matrix

    features = np.concatenate(arrays)
    ends = np.cumsum([array.size for array in arrays])
    places = np.minimum(np.searchsorted(names, features), max(names.size - 1, 0))
    present = names[places] == features if names.size else np.zeros(features.size, dtype=bool)
    starts = np.concatenate([[0], np.concatenate([[0], np.cumsum(present)])[ends]])
    columns = places[present]
    shape = (len(arrays), max(names.size, 1))
    return csr_matrix((np.ones(columns.size, np.float32), columns, starts), shape=shape)


# ---- what a chemist looks at first -------------------------------------------------------------------------------------


@lru_cache(maxsize=KEPT)
def scaffold(smiles: str) -> str:
    """The Bemis-Murcko scaffold (1996, J. Med. Chem. 39:2887) as SMILES without stereo; empty for a molecule without rings."""
    from rdkit import Chem
    from rdkit.Chem.Scaffolds import MurckoScaffold

    mol = molecule(smiles)
    core = MurckoScaffold.GetScaffoldForMol(mol) if mol is not None else None
    return str(Chem.MolToSmiles(core, isomericSmiles=False)) if core is not None else ""


@lru_cache(maxsize=KEPT)
def bits(smiles: str) -> np.ndarray:
    """ECFP4 of 1,024 bits, packed: what the rivals are fitted on, as in van Tilborg et al. 2022."""
    from rdkit.Chem import rdFingerprintGenerator

    return np.packbits(
        rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=1024).GetFingerprintAsNumPy(molecule(smiles))
    )


def properties_of(mol: Any) -> np.ndarray:
    """Ten properties of a whole RDKit molecule, whose names stand below; log P is Wildman and Crippen's (1999, 39:868 of JCICS)."""
    from rdkit import Chem
    from rdkit.Chem import Crippen, Descriptors, rdMolDescriptors

    values = (
        Descriptors.MolWt(mol),  # type: ignore[attr-defined]  # RDKit makes these names when it is imported
        Crippen.MolLogP(mol),  # type: ignore[attr-defined]  # as above
        rdMolDescriptors.CalcTPSA(mol),
        rdMolDescriptors.CalcNumRotatableBonds(mol),
        rdMolDescriptors.CalcNumHBD(mol),
        rdMolDescriptors.CalcNumHBA(mol),
        rdMolDescriptors.CalcFractionCSP3(mol),
        rdMolDescriptors.CalcNumAromaticRings(mol),
        rdMolDescriptors.CalcNumRings(mol),
        Chem.GetFormalCharge(mol),
    )
    return np.array(values, dtype=np.float64)


@lru_cache(maxsize=KEPT)
def properties(smiles: str) -> np.ndarray:
    """`properties_of` a SMILES that can be read."""
    return properties_of(molecule(smiles))


@lru_cache(maxsize=KEPT)
def rules(smiles: str) -> tuple[tuple[str, ...], int, bool]:
    """Structural alerts, broken limits of Lipinski's rule of five, and whether Veber's rule is kept.

    PAINS: Baell and Holloway 2010, J. Med. Chem. 53:2719. BRENK: Brenk et al. 2008, ChemMedChem 3:435. Lipinski et al.
    1997, Adv. Drug Deliv. Rev. 23:3. Veber et al. 2002, J. Med. Chem. 45:2615. All as RDKit has them.
    """
    from rdkit.Chem import rdMolDescriptors

    mol = molecule(smiles)
    alerts = sorted(
        {
            f"{_FILTERS.get(alert.GetProp('FilterSet'), 'PAINS')}: {alert.GetDescription()}"
            for alert in _alerts().GetMatches(mol)
        }
    )
    weight, log_p, surface, rotatable, *_others = properties(smiles)
    broken = (
        weight > 500,
        log_p > 5,
        rdMolDescriptors.CalcNumLipinskiHBD(mol) > 5,
        rdMolDescriptors.CalcNumLipinskiHBA(mol) > 10,
    )
    veber = rotatable <= 10 and surface <= 140
    return tuple(alerts), sum(map(bool, broken)), bool(veber)


@cache
def _alerts() -> Any:
    from rdkit.Chem import FilterCatalog

    wanted = FilterCatalog.FilterCatalogParams()
    for name in ("PAINS", "BRENK"):
        wanted.AddCatalog(getattr(FilterCatalog.FilterCatalogParams.FilterCatalogs, name))
    return FilterCatalog.FilterCatalog(wanted)


@cache
def _chooser() -> Any:
    from rdkit.Chem.MolStandardize import rdMolStandardize

    return rdMolStandardize.LargestFragmentChooser(preferOrganic=True), rdMolStandardize.Uncharger()


def parent(mol: Any) -> Any:
    """The largest organic part of a molecule, uncharged where that is possible: a salt without its counter-ion."""
    from rdkit import rdBase

    largest, uncharged = _chooser()
    with rdBase.BlockLogs():
        return uncharged.uncharge(largest.choose(mol))


def same(mol: Any) -> str:
    """A text that tautomers of one compound share (RDKit's HetAtomTautomer hash of the parent, stereo kept)."""
    from rdkit import rdBase
    from rdkit.Chem import rdMolHash

    with rdBase.BlockLogs():
        return str(rdMolHash.MolHash(mol, rdMolHash.HashFunction.HetAtomTautomer))
