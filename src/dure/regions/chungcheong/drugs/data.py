"""Twenty targets of ChEMBL, and compounds of one's own: where they come from, how they are split, what each case asks."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from dure import Case, Git, Own, Round, Source, UserError

from . import chem
from .compounds import NOTES, faults_of
from .compounds import read as read_compounds
from .forms import Request, _

if TYPE_CHECKING:
    from dure import Data

COMMIT = "7e6de0bd2968c56589c580f2a397f01c531ede26"
# Target (ChEMBL id and what was measured): protein in Korean and English, SHA-256 of the file.
TARGETS = {
    "CHEMBL1862_Ki": (
        "티로신 키나아제 ABL1",
        "Tyrosine-protein kinase ABL1",
        "c69adcbb021591ba2c564df1e9eb55d465b3c51e78d0237ec0527942eb20cfdb",
    ),
    "CHEMBL1871_Ki": (
        "안드로겐 수용체",
        "Androgen Receptor",
        "49d7f824fdbbc1c87fc69e239934558ac7e8612ca4c7e034314600b0b7c51821",
    ),
    "CHEMBL2034_Ki": (
        "글루코코르티코이드 수용체",
        "Glucocorticoid receptor",
        "9b9f4cca381cfd9e240603b0af24d9de742e421b984daf08c7c2458132eb3e4b",
    ),
    "CHEMBL204_Ki": ("트롬빈", "Thrombin", "54da2410087fb6a7d39e327e06af9b63044121bffbae9e3a8b61589217544e05"),
    "CHEMBL214_Ki": (
        "세로토닌 1A 수용체",
        "Serotonin 1A receptor",
        "6d412099986b7b9769d878a6fd9a6cf137f257455a87610a4f35b00daa86758f",
    ),
    "CHEMBL218_EC50": (
        "칸나비노이드 수용체 1",
        "Cannabinoid receptor 1",
        "2cad0b9bde956e6ce9b0cff150f674270bebf4c52afce7aaa74abdaaccc192c2",
    ),
    "CHEMBL219_Ki": (
        "도파민 D4 수용체",
        "Dopamine D4 receptor",
        "12bdaa25aff44ec4abef3b09199338405074ef39677843b7f46a006b8938f307",
    ),
    "CHEMBL228_Ki": (
        "세로토닌 수송체",
        "Serotonin transporter",
        "7251c50e7eb40080edb762b3ee5bd37e10046ea121a52ff8e0e9eb0a7a0b76c2",
    ),
    "CHEMBL231_Ki": (
        "히스타민 H1 수용체",
        "Histamine H1 receptor",
        "878adc58fce97794d5df1352c2f17631906007d8228c7f7f132360e49e811260",
    ),
    "CHEMBL233_Ki": (
        "뮤 오피오이드 수용체",
        "Mu opioid receptor",
        "1bcbc97887a9dbffd51088fd3a77bd66b65ff9d050046a4dfc0003bae85b5670",
    ),
    "CHEMBL234_Ki": (
        "도파민 D3 수용체",
        "Dopamine D3 receptor",
        "447d38f659b86c7177f022b16f028db6828ab09c80051e74dad420168970f657",
    ),
    "CHEMBL235_EC50": (
        "퍼옥시좀 증식체 활성화 수용체 감마",
        "Peroxisome proliferator-activated receptor gamma",
        "48f9eae7eea5e1241fbd2bb8d936a323a93562275c4d4de746d644d76dadb66e",
    ),
    "CHEMBL236_Ki": (
        "델타 오피오이드 수용체",
        "Delta opioid receptor",
        "c40c6e987e6caf5019faf7aa19eee82ec9b500d51650d031bab473c6425601ee",
    ),
    "CHEMBL237_Ki": (
        "카파 오피오이드 수용체",
        "Kappa opioid receptor",
        "20474e12e78596d28cd238cfde693dd476d29797c54efcb60ff0276c345592f1",
    ),
    "CHEMBL238_Ki": (
        "도파민 수송체",
        "Dopamine transporter",
        "305d33df171e112c1cd75855c12377b0096e4e3726b910339169b1ab982a2c05",
    ),
    "CHEMBL244_Ki": (
        "혈액 응고 인자 X",
        "Coagulation factor X",
        "b296c5956c9b3659fa039f057ebcb617919acd759c9255ed72bee917d99b4ef2",
    ),
    "CHEMBL262_Ki": (
        "글리코겐 합성효소 키나아제 3베타",
        "Glycogen synthase kinase-3 beta",
        "8b6df9f67a87855d4fda89d1bd977cf2f3b71327387d2e0ba6c8673640fb94dd",
    ),
    "CHEMBL2835_Ki": (
        "야누스 키나아제 1",
        "Janus kinase 1",
        "0c2226e533a9aad3ce59c48f90fca3b13910764dbc030ae4cdcb2f656cad5ec6",
    ),
    "CHEMBL287_Ki": (
        "시그마 오피오이드 수용체",
        "Sigma opioid receptor",
        "e857875848bb64dc6e327e6c42fe9fd36526bbee1b976de4521b55c4c6629894",
    ),
    "CHEMBL4792_Ki": (
        "오렉신 수용체 2",
        "Orexin receptor 2",
        "7fca442ad925803a72f9285b01d28a7b32372466a61183a0d5f2cdc4be90eb5e",
    ),
}
HEADERS = ("smiles", "y [pEC50/pKi]", "cliff_mol", "split")
SHARE = 5  # one row of so many is asked
TOP = 50  # places of a ranked list that a laboratory can afford to test
FEWEST = 50  # compounds of one's own below which nothing can be learnt and tried
PUBLISHED, SCAFFOLDS = "published split", "new scaffolds"
GIVEN, DRAWN = "split of the file", "a fifth, drawn"  # of one's own compounds: with a column that says test, or without


def read(path: Path) -> pl.DataFrame:
    """One target's file with our names: row, smiles, potency, cliff, split."""
    frame = pl.read_csv(path, infer_schema_length=None)
    return frame.with_row_index("row", offset=2).select(
        "row",
        "smiles",
        potency=pl.col("y [pEC50/pKi]").cast(pl.Float64),
        cliff=pl.col("cliff_mol").cast(pl.Boolean),
        split="split",
    )


def title_of(target: str) -> str:
    """A target for people: its protein and what was measured; one's own is called as its file is."""
    _korean, protein, _sha256 = TARGETS.get(target, ("", "", ""))
    return f"{protein}, {target.rpartition('_')[2]}" if protein else target


def _source(target: str, korean: str, protein: str, sha256: str) -> Source:
    number, _line, kind = target.partition("_")
    return Source(
        name=target,
        title=(f"{korean} ({kind}, {number})", f"{protein} ({kind}, {number})"),
        origin=Git("molML/MoleculeACE", COMMIT, f"MoleculeACE/Data/benchmark_data/{target}.csv"),
        sha256=sha256,
        licence="CC-BY-SA-3.0",
        licensor="ChEMBL",
        credit="MoleculeACE, D. van Tilborg, A. Alenicheva, F. Grisoni (2022), J. Chem. Inf. Model. 62:5938; from ChEMBL (EMBL-EBI)",
        package_licence="MIT",
        read=read,
        headers=HEADERS,
    )


SOURCES = tuple(_source(target, *about) for target, about in TARGETS.items())
COMPOUNDS = Source(
    name="compounds",
    title=("우리 화합물", "compounds of one's own"),
    origin=Own(),
    access="restricted",
    read=read_compounds,
)


def targets(data: Data) -> dict[str, pl.DataFrame]:
    """The compounds of each target: a person's own where given, else the twenty; row, smiles, potency, cliff, split.

    Raises UserError where a file of one's own has fewer than FEWEST usable compounds.
    """
    if not data.has("compounds"):
        return {target: data[target] for target in TARGETS}
    own = {}
    for name, frame in data.several("compounds").items():
        usable = frame.filter(pl.col("problem") == "")
        if usable.height < FEWEST:
            raise UserError(
                _(
                    "{count} compounds can be used; {few} are needed to learn from and to be tried on",
                    count=usable.height,
                    few=FEWEST,
                ),
                where=name,
                cure=_("Add measured compounds, or ask about these with `dure ask`."),
            )
        own[name] = usable
    return own


def mark(*parts: str) -> str:
    """A text as good as drawn at random, and always the same."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def new_scaffolds(target: str, scaffolds: Sequence[str]) -> set[str]:
    """The scaffolds that are held out: in the order of a hash, each that still fits into a fifth of the rows."""
    sizes = Counter(scaffolds)
    room, chosen = len(scaffolds) // SHARE, set()
    for scaffold in sorted(sizes, key=lambda scaffold: mark(target, scaffold)):
        if sizes[scaffold] <= room:
            chosen.add(scaffold)
            room -= sizes[scaffold]
    return chosen


def held_out(target: str, frame: pl.DataFrame, name: str) -> list[bool]:
    """Which rows a round asks: the test rows that the file names (without any, a fifth as good as drawn), or new scaffolds."""
    if name != SCAFFOLDS:
        if "test" in frame["split"]:
            return [part == "test" for part in frame["split"]]
        drawn = sorted(range(frame.height), key=lambda row: mark(target, frame["smiles"][row]))
        chosen = set(drawn[: frame.height // SHARE])
        return [row in chosen for row in range(frame.height)]
    scaffolds = [chem.scaffold(smiles) for smiles in frame["smiles"]]
    new = new_scaffolds(target, scaffolds)
    return [scaffold in new for scaffold in scaffolds]


def known_cases(target: str, frame: pl.DataFrame, *, block: str = "") -> list[Case]:
    """A case a compound, with its truth."""
    return [
        _case(
            f"{target} {row}",
            target,
            [smiles],
            [potency],
            [cliff],
            f"{block} {chem.scaffold(smiles)}" if block else None,
        )
        for row, smiles, potency, cliff in frame.select("row", "smiles", "potency", "cliff").iter_rows()
    ]


def asked_cases(target: str, frame: pl.DataFrame, *, block: str) -> list[Case]:
    """First the whole list as one case, then a case a compound; compounds of one scaffold are a block."""
    smiles, potency, cliff = (frame[name].to_list() for name in ("smiles", "potency", "cliff"))
    ranking = _case(f"{target} list", target, smiles, potency, cliff, f"{block} list")
    return [ranking, *known_cases(target, frame, block=block)]


def _case(
    name: str, target: str, smiles: list[str], potency: list[float], cliff: list[bool], block: str | None
) -> Case:
    truth = {"potency": potency, "cliff": cliff}
    return Case(
        id=name, request=Request(target=target, molecules=smiles), truth=truth, block=block, site=title_of(target)
    )


def rounds(data: Data) -> Iterator[Round]:
    """Open: the split the compounds came with. Sealed: a fifth of each target's compounds, of scaffolds not known.

    A block is named after its round: the same scaffold is held out in one and may be known in the other.
    """
    by_target = targets(data)
    for name, sealed in ((_open_round(data, by_target), False), (SCAFFOLDS, True)):
        history: list[Case] = []
        cases: list[Case] = []
        for target, frame in by_target.items():
            out = pl.Series(held_out(target, frame, name))
            history += known_cases(target, frame.filter(~out), block=name if sealed else "")
            cases += asked_cases(target, frame.filter(out), block=name)
        yield Round(name, tuple(history), cases, sealed=sealed)


def _open_round(data: Data, by_target: Mapping[str, pl.DataFrame]) -> str:
    if not data.has("compounds"):
        return PUBLISHED
    return GIVEN if any("test" in frame["split"] for frame in by_target.values()) else DRAWN


def score(case: Case, outcome: Any) -> Mapping[str, float]:
    """Squared errors, cliffs and coverage of single compounds; hits of a list."""
    truth, cliff = case.truth["potency"], case.truth["cliff"]
    sums = dict.fromkeys(("squares", "molecules", "cliff_squares", "cliffs", "covered", "hits", "lists"), 0.0)
    if len(truth) > 1:
        return sums | {"hits": float(hits(truth, [estimate.potency for estimate in outcome.estimates])), "lists": 1.0}
    (estimate,) = outcome.estimates
    squares = (estimate.potency - truth[0]) ** 2
    return sums | {
        "squares": squares, "molecules": 1.0, "cliff_squares": squares * cliff[0], "cliffs": float(cliff[0]),
        "covered": float(estimate.low <= truth[0] <= estimate.high),
    }  # fmt: skip


def hits(truth: Sequence[float], predicted: Sequence[float]) -> int:
    """How many of the first 50 by what was said are among the 50 most potent; in a short list, of its better half.

    Compounds as potent as the last of the fifty count too: which of equals is named is chance.
    """
    top = min(TOP, len(truth) // 2)
    bound = sorted(truth, reverse=True)[top - 1]
    first = sorted(range(len(predicted)), key=lambda place: -predicted[place])[:top]
    return sum(truth[place] >= bound for place in first)


def remarks(data: Data) -> dict[str, list[str]]:
    """What must be read beside a verdict: how much of the published split is known already; what was wrong in one's own file."""
    own, by_target = data.has("compounds"), targets(data)
    notes: dict[str, list[str]] = {}
    shared, asked_in_all, opened = 0, 0, _open_round(data, by_target)
    for target, frame in by_target.items():
        out = held_out(target, frame, opened)
        scaffolds = [chem.scaffold(smiles) for smiles in frame["smiles"]]
        known_scaffolds = {scaffold for scaffold, is_out in zip(scaffolds, out, strict=True) if not is_out}
        shared += sum(is_out and scaffold in known_scaffolds for scaffold, is_out in zip(scaffolds, out, strict=True))
        asked_in_all += sum(out)
    notes[""] = [
        _(
            "In the round “{round}” {share} % of the molecules asked share their scaffold with a known compound: it does not decide.",
            round=_(opened), share=round(100 * shared / max(1, asked_in_all)),
        )
    ]  # fmt: skip
    for name, frame in data.several("compounds").items() if own else ():
        notes[name] = [*_kept_and_left(frame), *(str(fault) for fault in faults_of(frame))]
    return notes


def _kept_and_left(frame: pl.DataFrame) -> list[str]:
    usable = frame.filter(pl.col("problem") == "")
    texts = [_("{count} of {rows} rows are used.", count=usable.height, rows=frame.height)]
    for note, text in NOTES.items():
        rows = usable.filter(pl.col("note") == note)["row"].to_list()
        if rows:
            texts.append(_(text) + ": " + _("{count} rows ({rows})", count=len(rows), rows=", ".join(map(str, rows))))
    return texts
