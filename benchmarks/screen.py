"""A million made molecules ranked for one target: seconds, memory, what the cheap first pass loses; killed and resumed.

    python benchmarks/screen.py [--count 1000000] [--target CHEMBL204_Ki] [--keep 100000] [--out benchmarks/results/screen.csv]

The molecules are made from the target's own scaffolds and side chains: each scaffold with two of the side chains at two of its
places. They are for load and for ranking alone, never a proof. The screening is the command a person runs; it is killed when half of
the molecules are read and again when the model has been asked twice, and taken up each time. Memory is that of all its processes.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from rdkit import Chem
from rows import save

from dure import Case, Data
from dure.project.loader import load
from dure.regions.chungcheong.drugs import chem
from dure.regions.chungcheong.drugs.screen.first_pass import State
from dure.regions.chungcheong.drugs.screen.ranking import DRAWN

PROJECT = load("chungcheong.drugs")
LARGEST = 8  # heavy atoms of a side chain


def known_cases(target: str) -> tuple[Case, ...]:
    """The target's compounds."""
    every = Data(PROJECT.sources, PROJECT.folder)
    return tuple(case for case in PROJECT.history(every, None) if case.request.target == target)


def side_chains(smiles: list[str]) -> list[str]:
    """What hangs on rings, as SMILES whose first atom takes the bond, most frequent first."""
    counts: dict[str, int] = {}
    for each in smiles:
        found = chem.molecule(each)
        cut = Chem.ReplaceCore(found, Chem.MolFromSmiles(chem.scaffold(each))) if chem.scaffold(each) else None
        for chain in Chem.MolToSmiles(cut).split(".") if cut is not None else ():
            plain = re.sub(r"\[\d*\*\]", "", chain)
            held = chem.molecule(plain) if chain.count("*") == 1 and chain[0] == "[" and "*" in chain[:5] else None
            if (
                held is not None
                and held.GetNumHeavyAtoms() <= LARGEST
                and not plain.startswith(("=", "#", "/", "\\", "("))
            ):
                counts[plain] = counts.get(plain, 0) + 1
    return sorted(counts, key=lambda each: (-counts[each], each))


def templates(smiles: list[str]) -> list[str]:
    """Scaffolds with two open bonds, %90 and %91, at carbons that carry hydrogen."""
    found: list[str] = []
    for core in dict.fromkeys(chem.scaffold(each) for each in smiles):
        places = (
            [
                atom.GetIdx()
                for atom in Chem.MolFromSmiles(core).GetAtoms()
                if atom.GetTotalNumHs() and atom.GetSymbol() == "C"
            ]
            if core
            else []
        )
        for one, other in zip(places[::2], places[1::2], strict=False):
            open_ = Chem.RWMol(Chem.MolFromSmiles(core))
            for place, mark in ((one, 90), (other, 91)):
                open_.AddBond(place, open_.AddAtom(Chem.Atom(0)), Chem.BondType.SINGLE)
                open_.GetAtomWithIdx(open_.GetNumAtoms() - 1).SetAtomMapNum(mark)
            text = re.sub(
                r"\(\[\*:(\d+)\]\)|\[\*:(\d+)\]",
                lambda hit: f"%{hit[1] or hit[2]}",
                Chem.MolToSmiles(open_, rootedAtAtom=0),
            )
            if chem.molecule(f"{text}.C%90.C%91") is not None:
                found.append(text)
    return found


def molecules(smiles: list[str], count: int) -> Iterator[str]:
    """`count` different ways to put two side chains on a scaffold, spread over all there are."""
    cores, chains = templates(smiles), side_chains(smiles)
    total = len(cores) * len(chains) ** 2
    step = next(each for each in range(total // max(count, 1) | 1, total, 2) if np.gcd(each, total) == 1)
    for number in range(min(count, total)):
        place = number * step % total
        core, rest = divmod(place, len(chains) ** 2)
        one, other = divmod(rest, len(chains))
        yield ".".join((cores[core], _bound(chains[one], 90), _bound(chains[other], 91)))


def _bound(chain: str, mark: int) -> str:
    """A side chain whose first atom closes the open bond."""
    first = re.match(r"\[[^\]]+\]|Br|Cl|[A-Za-z]", chain)
    assert first is not None, chain
    return f"{chain[: first.end()]}%{mark}{chain[first.end() :]}"


def resident(pid: int) -> int:
    """Bytes of a process and all it started."""
    import psutil

    total = 0
    try:
        first = psutil.Process(pid)
        every = [first, *first.children(recursive=True)]
    except psutil.Error:
        return 0
    for each in every:
        with contextlib.suppress(psutil.Error):  # it has just ended
            total += each.memory_info().rss
    return total


def measured(given: argparse.Namespace, folder: Path) -> dict[str, object]:
    """Make the molecules, screen, kill, resume."""
    path = folder / "made.smi"
    with path.open("w", encoding="utf-8") as file:
        smiles = [case.request.molecules[0] for case in known_cases(given.target)]
        file.writelines(f"{each}\n" for each in molecules(smiles, given.count))
    command = [
        sys.executable, "-m", "dure.regions.chungcheong.drugs.screen", str(path), "--target", given.target, "--keep", str(given.keep),
        "--out", str(folder / "ranked.csv"),
    ]  # fmt: skip
    state, seconds, peak, kills, unread = folder / ".ranked.csv.part" / "first-pass.npz", 0.0, 0, 0, 0
    while True:
        begun = time.perf_counter()
        running = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ | {"DURE_LANG": "en"})
        while running.poll() is None:
            time.sleep(0.2)
            peak = max(peak, resident(running.pid))
            said = State.read(state)
            unread = max(unread, said.unread)
            asked = len(list(state.parent.glob("potencies-*")))
            if (not kills and said.lines >= given.count // 2) or (kills == 1 and asked >= 2):
                os.kill(running.pid, signal.SIGKILL)
                kills += 1
        seconds += time.perf_counter() - begun
        if running.returncode == 0:
            break
        assert running.returncode == -signal.SIGKILL, running.returncode
    assert running.stdout is not None
    judged = re.search(r"of the model's best (\d+) it kept (\d+)", running.stdout.read())
    assert judged, "the command says what its first pass lost"
    return {
        "target": given.target, "molecules": given.count, "unreadable": unread, "asked_of_the_model": given.keep,
        "kills": kills, "seconds": round(seconds), "megabytes": peak // 1_000_000,
        "best_drawn": int(judged[1]), "kept_by_first_pass": int(judged[2]), "drawn": DRAWN // 2,
    }  # fmt: skip


def main() -> None:
    """One screening, measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--target", default="CHEMBL204_Ki")
    parser.add_argument("--keep", type=int, default=100_000)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        row = measured(given, Path(folder))
    print(row)
    if given.out:
        save(given.out, [row])


if __name__ == "__main__":
    main()
