"""yeongnam.production against CP-SAT alone and the best rule, at the same wall seconds on the same machine, instance by instance.

    python benchmarks/schedule.py makespan  --instances ta01-ta50 --seconds 60 --out benchmarks/results/makespan.csv
    python benchmarks/schedule.py flexible  --instances mk01-mk15 --seconds 15 --out benchmarks/results/flexible.csv
    python benchmarks/schedule.py tardiness --instances ta01-ta20 --seconds 15 --out benchmarks/results/tardiness.csv
    python benchmarks/schedule.py makespan  --out benchmarks/results/makespan.csv            # only the summary
    python benchmarks/schedule.py makespan  --out benchmarks/results/makespan.csv --check 5 --seed 1

One run each with the seed that is stated, nothing is chosen afterwards. Rows of a method stay as long as its files are the
same and are written again otherwise, so a benchmark that was stopped goes on. `--check` does some of the file's instances,
drawn at random, once more and compares. A plan counts once the independent checker has accepted it. Before the first clock
runs, both methods have answered once, so that nothing is compiled or loaded on time.
"""

from __future__ import annotations

import argparse
import ast
import csv
import datetime
import hashlib
import importlib.metadata
import os
import random
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import brandimarte
import numpy as np
from rows import save

from dure import Case, Work
from dure.datasets.data import Data
from dure.regions.yeongnam.production.methods.best_rule import best_rule
from dure.regions.yeongnam.production.methods.cp_sat import cp_sat
from dure.regions.yeongnam.production.methods.tabu_search import tabu_search
from dure.regions.yeongnam.production.model import feasible
from dure.regions.yeongnam.production.trial.instances import INSTANCES, case, score, shop
from dure.regions.yeongnam.production.trial.variants import with_due_dates
from dure.statistics.rules.rule_1 import compare
from dure.statistics.types import Pair

if TYPE_CHECKING:
    from dure.regions.yeongnam.production.model.forms import Request

FOLDER = Path(feasible.__file__).parent
RULE, MODEL, RIVAL = METHODS = (best_rule, tabu_search, cp_sat)
FACTOR = 1.3  # due dates: Singer and Pinedo's tight ones
# Modules that plan other suites than this one: a change in them leaves its rows as they are. `row` sees that none is loaded.
ELSEWHERE: dict[str, set[str]] = {"makespan": {"search"}, "flexible": {"search"}, "tardiness": set()}
AWAY = 1.0  # points by which the mean gap of instances done once more may be away from the file's
Row = dict[str, str]


# ---- suites -------------------------------------------------------------------------------------------------------------


def standard() -> dict[str, dict[str, Any]]:
    """The 162 standard job shops by name."""
    return {row["name"]: row for row in Data((INSTANCES,))["instances"].iter_rows(named=True)}


def makespan(names: Sequence[str]) -> Iterator[Case]:
    """Job shops against the best makespan known."""
    rows = standard()
    for name in names:
        yield case(name, shop(rows[name]), "job shops", rows[name]["upper"])


def flexible(names: Sequence[str]) -> Iterator[Case]:
    """Flexible job shops against the best makespan known."""
    best = brandimarte.best_known()
    for name in names:
        yield case(name, brandimarte.shop(name), "flexible job shops", best[name])


def tardiness(names: Sequence[str]) -> Iterator[Case]:
    """Job shops with due dates and weights by Singer and Pinedo's rule, against nothing late."""
    rows = standard()
    for name in names:
        yield case(name, with_due_dates(shop(rows[name]), FACTOR), "due dates")


SUITES: dict[str, Callable[[Sequence[str]], Iterator[Case]]] = {
    each.__name__: each for each in (makespan, flexible, tardiness)
}


def names_in(text: str) -> list[str]:
    """`ta01-ta03,mk01` as ta01, ta02, ta03, mk01."""
    found = []
    for part in filter(None, text.split(",")):
        first, _dash, last = part.partition("-")
        stem, low = re.fullmatch(r"([a-z]+)(\d+)", first).groups()  # type: ignore[union-attr]  # names are made so
        high = re.sub(r"\D", "", last) or low
        found += [f"{stem}{number:0{len(low)}d}" for number in range(int(low), int(high) + 1)]
    return found


# ---- one method on one instance -----------------------------------------------------------------------------------------


def files_of(method: Any, suite: str) -> set[Path]:
    """The project's files that a method is made of: its own, and what they import of each other."""
    todo, seen = {FOLDER / f"{method.__module__.rpartition('.')[2]}.py"}, set[Path]()
    while todo:
        path = todo.pop()
        seen.add(path)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.level:
                module = path.parents[node.level - 1].joinpath(*(node.module or "").split("."))
                named = [module, *(module / each.name for each in node.names), module / "__init__"]
                todo |= {each.with_suffix(".py") for each in named if each.stem not in ELSEWHERE[suite]} - seen
        todo = {each for each in todo if each.is_file()}
    return seen


def code_of(method: Any, suite: str) -> str:
    """SHA-256 over those files: the rows of other code are done again."""
    digest = hashlib.sha256()
    for path in sorted(files_of(method, suite)):
        digest.update(path.name.encode() + b"\0" + path.read_bytes().replace(b"\r\n", b"\n") + b"\0")
    return digest.hexdigest()


def versions() -> str:
    """Of what the methods stand on."""
    known = [f"{name} {importlib.metadata.version(name)}" for name in ("ortools", "numba", "numpy")]
    return ", ".join([f"Python {sys.version.split()[0]}", *known])


def planned(method: Any, one: Case, seconds: float, seed: int) -> tuple[Any, float]:
    """The method's checked answer (None: declined) and the wall seconds it took."""
    request: Request = one.request.model_copy(update={"seconds": seconds})
    with tempfile.TemporaryDirectory() as folder:
        ask = method((), seed, Work(folder=Path(folder)))
        begun = time.perf_counter()
        response = ask(request)
        used = time.perf_counter() - begun
    if response is not None:
        feasible.check(request, response)
    return response, used


def row(suite: str, method: Any, one: Case, seconds: float, seed: int) -> Row:
    """What came of it."""
    response, used = planned(method, one, seconds, seed)
    package = method.__module__.rpartition(".")[0]
    loaded = [each for each in ELSEWHERE[suite] if f"{package}.{each}" in sys.modules]
    assert not loaded, f"{loaded} must be imported only where it plans, or its file belongs to the code of this suite"
    objective, bound, sums = "", None, {"gap": ""}
    if response is not None:
        sums = {"gap": f"{score(one, response)['gap']:.4f}"}
        late = one.request.objective == "weighted tardiness"
        objective, bound = str(response.weighted_tardiness if late else response.makespan), response.lower_bound
    return {
        "suite": suite,
        "instance": one.id,
        "method": method.__name__,
        "seed": str(seed),
        "asked_seconds": f"{seconds:g}",
        "used_seconds": f"{used:.2f}",
        "objective": objective,
        "bound": "" if bound is None else str(bound),
        "status": "none" if response is None else "proved" if objective == str(bound) else "feasible",
        "best_known": str(one.truth.get("best_known", "")),
        "gap": sums["gap"],
        "cores": str(os.cpu_count()),
        "versions": versions(),
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "code": code_of(method, suite),
    }


# ---- the file -----------------------------------------------------------------------------------------------------------


def load(path: Path) -> list[Row]:
    """Rows written before."""
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def key(each: Mapping[str, str]) -> tuple[str, ...]:
    """One row for each of these; the rule needs neither seconds nor seed."""
    chance = () if each["method"] == RULE.__name__ else (each["seed"], each["asked_seconds"])
    return (each["suite"], each["instance"], each["method"], *chance)


def go_on(suite: str, cases: Iterable[Case], seconds: float, seed: int, path: Path) -> None:
    """Do what is not in the file yet, or was done by other code."""
    rows, codes, warm = load(path), {method.__name__: code_of(method, suite) for method in METHODS}, False
    for one in cases:
        for method in METHODS:
            wanted = {"suite": suite, "instance": one.id, "method": method.__name__, "seed": str(seed),
                      "asked_seconds": f"{seconds:g}"}  # fmt: skip
            same = [each for each in rows if key(each) == key(wanted)]
            if same and same[0]["code"] == codes[method.__name__]:
                continue
            if not warm:
                warm_up(one)
                warm = True
            rows = [each for each in rows if each not in same] + [row(suite, method, one, seconds, seed)]
            save(path, sorted(rows, key=key))
            print(told(rows[-1]), flush=True)


def warm_up(one: Case) -> None:
    """Every method answers without a clock, until it keeps to its second: then all that it needs is compiled."""
    for method in METHODS:
        for _attempt in range(5):
            _response, used = planned(method, one, 1.0, 0)
            if used < 1.5:
                break


def told(each: Row) -> str:
    """A row for people."""
    known = f" (best known {each['best_known']})" if each["best_known"] else ""
    return f"{each['instance']} {each['method']}: {each['objective']}{known}, gap {each['gap']} %, {each['used_seconds']} s, {each['status']}"


def again(rows: Sequence[Row], count: int, draw: int) -> bool:
    """Do some instances of the file once more, both methods; whether they agree with what the file says."""
    named = sorted({each["instance"] for each in rows})
    drawn = random.Random(draw).sample(named, min(count, len(named)))
    suite, fine = SUITES[rows[0]["suite"]], True
    cases = {one.id: one for one in suite(drawn)}
    warm_up(cases[drawn[0]])
    for method in (MODEL, RIVAL):
        before = [each for each in rows if each["instance"] in drawn and each["method"] == method.__name__]
        if any(each["code"] != code_of(method, each["suite"]) for each in before):
            print(f"{method.__name__}: the rows are of other code: run the benchmark again")
            fine = False
            continue
        done = [row(each["suite"], method, cases[each["instance"]], float(each["asked_seconds"]), int(each["seed"]))
                for each in before]  # fmt: skip
        for old, new in zip(before, done, strict=True):
            print(f"{told(new)}; before {old['objective']}")
        away = mean(gaps(done).values()) - mean(gaps(before).values())
        print(f"{method.__name__}: mean gap {away:+.2f} points against the file")
        fine = fine and abs(away) <= AWAY
    return fine


# ---- the summary --------------------------------------------------------------------------------------------------------


def mean(values: Iterable[float]) -> float:
    """Their mean."""
    found = list(values)
    return sum(found) / len(found)


def gaps(rows: Iterable[Row]) -> dict[str, float]:
    """Percent above the reference, by instance."""
    return {each["instance"]: float(each["gap"]) for each in rows if each["gap"]}


def summary(rows: Sequence[Row]) -> None:
    """The figures by which the methods are compared, over the instances that all of them have done."""
    by = {method: {each["instance"]: each for each in rows if each["method"] == method.__name__} for method in METHODS}
    done = sorted(set.intersection(*(set(each) for each in by.values())))
    if not done:
        print("nothing to sum up yet")
        return
    found = {method: gaps(each[name] for name in done) for method, each in by.items()}
    for method in METHODS:
        stale = sum(each["code"] != code_of(method, each["suite"]) for each in by[method].values())
        print(f"{method.__name__}: mean gap {mean(found[method].values()):.2f} % on {len(done)} instances"
              + (f"; {stale} rows are of other code" if stale else ""))  # fmt: skip
    ours, theirs, rule = found[MODEL], found[RIVAL], found[RULE]
    opened = [name for name in done if by[RIVAL][name]["status"] != "proved"]
    below = sum(ours[name] < theirs[name] for name in opened)
    print(f"not above {RIVAL.__name__}: {sum(ours[name] <= theirs[name] for name in done)} of {len(done)}")
    print(f"below {RIVAL.__name__} where it proved nothing: {below} of {len(opened)}")
    print(f"never above {RULE.__name__}: {all(ours[name] <= rule[name] for name in done)}")
    for other in (RULE, RIVAL):
        sums = [
            {"gap": np.array([each[name] for name in done]), "cases": np.ones(len(done))}
            for each in (ours, found[other])
        ]
        finding = compare([Pair(*sums)], "gap / cases", "lower")
        print(f"verdict against {other.__name__}: {finding.verdict} ({finding.because}), gain {finding.mean:.2f} points, "
              f"95 % interval {_points(finding.low)} to {_points(finding.high)}")  # fmt: skip


def _points(edge: float | None) -> str:
    return "?" if edge is None else f"{edge:.2f}"


def main() -> int:
    """Go on with the benchmark, or check it, and sum it up."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("suite", choices=SUITES)
    parser.add_argument("--instances", default="", help="such as ta01-ta50; none: the summary alone")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=0, help="of the methods; with --check of the draw")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--check", type=int, default=0, help="instances to do once more")
    given = parser.parse_args()
    if given.check:
        return (
            0
            if again([each for each in load(given.out) if each["suite"] == given.suite], given.check, given.seed)
            else 1
        )
    go_on(given.suite, SUITES[given.suite](names_in(given.instances)), given.seconds, given.seed, given.out)
    summary([each for each in load(given.out) if each["suite"] == given.suite])
    return 0


if __name__ == "__main__":
    sys.exit(main())
