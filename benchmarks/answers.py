"""Answers through the hub beside the same function behind a minimal FastAPI route, on the same machine in the same run.

    python benchmarks/answers.py [--requests 3000] [--rounds 3] [--out benchmarks/results/answers.csv]

The minimal route is what an engineer writes who needs a service by tonight: the project's forms, its method, nothing else. The hub
adds who may ask, which version answers, a process of the service's own, today's practice behind it, a line of log and its metrics.
Two methods: the heart model as it is, and the same one made to cost a millisecond. Each side is a server process with one client
process that keeps its connections busy; the sides take turns, and the ratio is that of the medians.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import io
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from dure.data import write_atomically

PROJECT = "gangwon.heart"
ASKED = json.dumps(
    {"age": 58, "sex": "male", "chest_pain": "atypical angina", "max_heart_rate": 132, "exercise_angina": True}
).encode()
BUSY = 16  # connections
MINIMAL = """
import sys, time
from pathlib import Path
import uvicorn
from fastapi import FastAPI
from dure import Work, run
from dure.data import Data
from dure.manifest import load

project = load("{project}")
method = project.model(project.history(run.opened(project, run.Inputs()), None), 0, Work(folder=Path("{folder}"), tell=lambda *_: None))
app = FastAPI()

@app.post("/answer")
def answer(asked: project.request) -> project.response:
    return method(asked)

uvicorn.run(app, port={port}, log_level="warning")
"""
SLOW = '''
from dure.regions.gangwon.heart.project import PROJECT as HEART
from dataclasses import replace
import time

def exercise_test(history, seed, work):
    """The heart model, a millisecond later."""
    quick = HEART.model(history, seed, work)

    def answer(asked):
        end = time.perf_counter() + 0.001
        answered = quick(asked)
        while time.perf_counter() < end:
            pass
        return answered

    return answer

PROJECT = replace(HEART, model=exercise_test)
'''


def slowed(folder: Path) -> str:
    """The heart model made to cost a millisecond, as a project of its own; its id."""
    from dure.manifest import found

    place = folder / "projects" / "gangwon" / "slowheart"
    place.mkdir(parents=True)
    about = (found()[PROJECT] / "project.toml").read_text(encoding="utf-8").replace(PROJECT, "gangwon.slowheart")
    (place / "project.toml").write_text(about, encoding="utf-8")
    (place / "project.py").write_text(SLOW, encoding="utf-8")
    return "gangwon.slowheart"


@contextmanager
def minimal(project: str, folder: Path) -> Iterator[tuple[int, str, dict[str, str], int]]:
    """The plain route: port, path, headers, process."""
    port = _free()
    code = MINIMAL.format(project=project, folder=folder, port=port)
    server = subprocess.Popen([sys.executable, "-c", code])
    try:
        yield port, "/answer", {}, server.pid
    finally:
        server.kill()
        server.wait()


@contextmanager
def hub(project: str, _folder: Path) -> Iterator[tuple[int, str, dict[str, str], int]]:
    """The hub, with the method promoted."""
    dure = [sys.executable, "-m", "dure"]
    subprocess.run([*dure, "promote", project, "--reason", "measured"], check=True, stdout=subprocess.DEVNULL)
    up = subprocess.Popen(
        [*dure, "up", "--port", "0", "--workers", "0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        assert up.stdout is not None
        found = re.search(r":(\d+)/enter\?token=(\S+)", up.stdout.readline())
        assert found is not None
        known = {"authorization": f"Bearer {found[2]}"}
        yield int(found[1]), f"/api/v1/projects/{project}/answer", known, up.pid
    finally:
        up.kill()
        up.wait()


def _free() -> int:
    import socket

    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


async def asked(port: int, path: str, headers: dict[str, str], count: int) -> list[float]:
    """Seconds of each of so many requests, on connections that are kept."""
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    raw = (
        f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\ncontent-type: application/json\r\n{head}content-length: {len(ASKED)}\r\n\r\n"
    ).encode() + ASKED
    left, spent = iter(range(count)), []

    async def client() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _each in left:
            begun = time.perf_counter()
            writer.write(raw)
            said = await reader.readuntil(b"\r\n\r\n")
            found = re.search(rb"content-length: (\d+)", said, re.IGNORECASE)
            assert said.startswith(b"HTTP/1.1 200"), said
            assert found is not None
            await reader.readexactly(int(found[1]))
            spent.append(time.perf_counter() - begun)
        writer.close()

    await asyncio.gather(*(client() for _each in range(BUSY)))
    return spent


def measured(side: Any, project: str, folder: Path, count: int) -> dict[str, float]:
    """Requests a second, latencies, memory of one side."""
    with side(project, folder) as (port, path, headers, pid):
        _wait(port)
        asyncio.run(asked(port, path, headers, 200))  # everything is loaded, fitted and warm
        begun = time.perf_counter()
        spent = sorted(asyncio.run(asked(port, path, headers, count)))
        seconds = time.perf_counter() - begun
        top = psutil.Process(pid)
        held = {"own": top.memory_info().rss / 1e6}
        held["all"] = held["own"] + sum(each.memory_info().rss for each in top.children(recursive=True)) / 1e6
    return {
        "per_second": count / seconds, "p50_ms": 1e3 * spent[count // 2], "p99_ms": 1e3 * spent[int(count * 0.99)],
        "own_megabytes": held["own"], "all_megabytes": held["all"],
    }  # fmt: skip


def _wait(port: int) -> None:
    import socket

    end = time.monotonic() + 120
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)
        else:
            return


def main(argv: Sequence[str] | None = None) -> None:
    """Both sides in turn, both methods."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=3000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args(argv)
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        slow = slowed(folder)
        os.environ |= {"DURE_PROJECTS": str(folder / "projects"), "DURE_HOME": str(folder / "home")}
        for project in (PROJECT, slow):
            found: dict[str, list[dict[str, float]]] = {"minimal": [], "hub": []}
            for _round in range(given.rounds):
                for side in (minimal, hub):
                    found[side.__name__].append(measured(side, project, folder, given.requests))
            middle = {
                side: {key: statistics.median(each[key] for each in each_of) for key in each_of[0]}
                for side, each_of in found.items()
            }
            ratio = middle["hub"]["per_second"] / middle["minimal"]["per_second"]
            for side, numbers in middle.items():
                rows.append(
                    {"method": project, "side": side, **{key: round(value, 2) for key, value in numbers.items()}}
                    | {
                        "ratio": round(ratio, 3) if side == "hub" else 1.0,
                        "requests": given.requests,
                        "rounds": given.rounds,
                    }
                )
                print(rows[-1], flush=True)
    if given.out:
        text = io.StringIO()
        writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        write_atomically(given.out, text.getvalue())


if __name__ == "__main__":
    main()
