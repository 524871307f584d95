"""Two hubs and four workers share one PostgreSQL: is every run played exactly once, also when a worker is killed in the middle?

    python benchmarks/shared_queue.py [--runs 300] [--workers 4] [--out benchmarks/results/queue.csv]

Half of the runs are asked for through each hub's API at once. When half of them have ended, one worker that is at a run is killed
(SIGKILL); its run waits until its lease is over, and another worker plays it. At the end every run must be done and have ended once,
begun once but for the one of the killed worker, with one folder, its evidence whole. How often a run was begun and ended is counted
from what the workers themselves have said, apart from what the store says. The database is made on the server of DURE_TEST_POSTGRES
and dropped again.
"""

from __future__ import annotations

import argparse
import os
import re
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import requests
from rows import save
from sqlalchemy import create_engine, text

from dure import evidence
from dure.hub.db import store
from dure.hub.jobs import queue

if TYPE_CHECKING:
    from sqlalchemy import Engine

SERVER = os.environ.get("DURE_TEST_POSTGRES", "postgresql+pg8000://postgres@127.0.0.1:5432/test")
PROJECTS = Path(__file__).parents[1] / "tests" / "projects"
PROJECT = "honam.tide"
ASKED = {"project": PROJECT, "profile": "quick", "seeds": [0]}
HUBS = 2
MANY = 100_000


class Hub(NamedTuple):
    """Where it is, and who its owner is."""

    address: str
    known: dict[str, str]

    def submit(self, count: int) -> list[str]:
        """Ask for so many runs; their ids."""
        with requests.Session() as session:
            session.headers.update(self.known)
            asked = [session.post(f"{self.address}/api/v1/runs", json=ASKED, timeout=60) for _each in range(count)]
        assert {each.status_code for each in asked} == {201}, asked[0].text
        return [each.json()["id"] for each in asked]

    def listed(self, count: int) -> list[dict[str, Any]]:
        """Every run, page by page."""
        found: list[dict[str, Any]] = []
        while len(found) < count:
            page = {"limit": 200, "before": found[-1]["id"]} if found else {"limit": 200}
            got = requests.get(f"{self.address}/api/v1/runs", params=page, headers=self.known, timeout=60).json()
            assert got, found
            found += got
        return found


@contextmanager
def database() -> Iterator[str]:
    """One of its own; its URL."""
    server = create_engine(SERVER, isolation_level="AUTOCOMMIT")
    name = f"dure_{secrets.token_hex(6)}"
    with server.connect() as connection:
        connection.execute(text(f"create database {name}"))
    try:
        yield server.url.set(database=name).render_as_string(hide_password=False)
    finally:
        with server.connect() as connection:
            connection.execute(text(f"drop database {name} with (force)"))
        server.dispose()


@contextmanager
def started(*words: str, said: Any) -> Iterator[subprocess.Popen[str]]:
    """A command of Dure's, ended afterwards."""
    process = subprocess.Popen(
        [sys.executable, "-m", "dure", *words], stdout=said, stderr=subprocess.DEVNULL, text=True
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


@contextmanager
def hub() -> Iterator[Hub]:
    """One without workers of its own."""
    with started("up", "--port", "0", "--workers", "0", said=subprocess.PIPE) as process:
        assert process.stdout is not None
        found = re.search(r"(http://[^/]+)/enter\?token=(\S+)", process.stdout.readline())
        assert found is not None
        yield Hub(found[1], {"authorization": f"Bearer {found[2]}"})


def kill_one(engine: Engine, workers: Sequence[subprocess.Popen[str]], ended: int) -> set[str]:
    """Kill a worker that is at a run once so many have ended; what it leaves (nothing, where it was just between two runs)."""
    while True:
        found = queue.listed(engine, MANY)
        names = [each.worker for each in found if each.state == "running"]
        if names and sum(each.ended is not None for each in found) >= ended:
            break
        time.sleep(0.2)
    victim = next(each for each in workers if names[0].endswith(f":{each.pid}"))
    victim.send_signal(signal.SIGKILL)
    victim.wait()
    return {each.id for each in queue.listed(engine, MANY) if each.state == "running" and each.worker == names[0]}


def check(engine: Engine, names: Sequence[str], left: set[str], said: str) -> None:
    """Every run was played once: by the store, by what the workers said, and by what lies in the folders."""
    found = queue.listed(engine, MANY)
    assert {each.state for each in found} == {"done"}, [each.said for each in found if each.state != "done"]
    begun = Counter(re.findall(rf"^(\w+): {PROJECT}, attempt \d+$", said, re.MULTILINE))
    done = Counter(re.findall(r"^(\w+): done\.", said, re.MULTILINE))
    assert done == dict.fromkeys(names, 1)
    assert begun == {name: 2 if name in left else 1 for name in names}
    for each in found:
        assert each.attempt == begun[each.id], each
        (only,) = (store.folder() / "runs" / each.id).iterdir()
        assert (only / "evidence") == store.folder() / each.evidence, each
        assert evidence.verify(only / "evidence").faults == (), each


def measured(count: int, crew: int, folder: Path, *, kill: bool) -> dict[str, object]:
    """Play so many runs by so many workers; `kill`: one of them is killed when half of the runs have ended."""
    with ExitStack() as stack:
        engine = store.opened()
        stack.callback(engine.dispose)
        hubs = [stack.enter_context(hub()) for _each in range(HUBS)]
        logs = [folder / f"worker-{number}" for number in range(crew)]
        files = [stack.enter_context(log.open("w", encoding="utf-8")) for log in logs]
        parts = [count // HUBS + (number < count % HUBS) for number in range(HUBS)]
        with ThreadPoolExecutor(HUBS) as pool:
            names = [name for each in pool.map(Hub.submit, hubs, parts) for name in each]
        workers = [stack.enter_context(started("worker", "--idle", said=file)) for file in files]
        left = kill_one(engine, workers, count // 2) if kill else set()
        for each in workers:  # each ends once nothing waits any more, and has told of all it did
            each.wait()
        told = [each.listed(count) for each in hubs]
        assert told[0] == told[1]
        assert {each["id"] for each in told[0]} == set(names)
        check(engine, names, left, "".join(log.read_text(encoding="utf-8") for log in logs))
        found = queue.listed(engine, MANY)
    seconds = max(each.ended for each in found) - min(each.created for each in found)
    return {
        "runs": count, "hubs": HUBS, "workers": crew, "killed": int(kill), "left_unfinished": len(left), "done_once": len(found),
        "begun_again": sum(each.attempt > 1 for each in found), "seconds": round(seconds, 1),
        "runs_per_second": round(count / seconds, 2),
        "longest_wait_seconds": round(max(each.began - each.created for each in found), 1),
    }  # fmt: skip


def main(argv: Sequence[str] | None = None) -> None:
    """One measurement, a row."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=300)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as name, database() as address:
        os.environ |= {"DURE_STORE": address, "DURE_HOME": name, "DURE_PROJECTS": str(PROJECTS), "DURE_LANG": "en"}
        row = measured(given.runs, given.workers, Path(name), kill=True)
    print(row)
    if given.out:
        save(given.out, [row])


if __name__ == "__main__":
    main()
