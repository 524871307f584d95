"""Answers through the hub beside the same function behind a minimal FastAPI route and behind MLflow's model server, in one run.

    python benchmarks/answers.py [--requests 3000] [--rounds 3] [--mlflow PYTHON] [--out benchmarks/results/answers.csv]

The minimal route is what an engineer writes who needs a service by tonight: the project's forms, its method, nothing else. The hub
adds who may ask, which version answers, a process of the service's own, today's practice behind it, a line of log and its metrics.
MLflow serves the same fitted method as a model of its own kind (`mlflow models serve --env-manager local`, one worker, as it is by
default), asked in its own format; PYTHON is one that has mlflow and what Dure stands on, and without it that side is left out.
Two methods: the heart model as it is, and the same one made to cost a millisecond. Each side is a server process with one client
process that keeps its connections busy; the sides take turns, and the ratio is that of the medians. Every side gives the same answer,
or nothing is measured. The start is from the server's process to its first answer; what the method fits is there from the second round on.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from http.client import HTTPConnection
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import psutil
from load import asked
from rows import save

import dure

PROJECT = "gangwon.heart"
PATIENT = {"age": 58, "sex": "male", "chest_pain": "atypical angina", "max_heart_rate": 132, "exercise_angina": True}
MINIMAL = """
import sys, time
from pathlib import Path
import uvicorn
from fastapi import FastAPI
from dure import Data, Work
from dure.runs import run

from dure.project.loader import load

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


MODEL = """
from pathlib import Path
import mlflow
from dure import Work
from dure.project.loader import load

class Model(mlflow.pyfunc.PythonModel):
    def load_context(self, context):
        project = load("{project}")
        self.request = project.request
        self.method = project.model((), 0, Work(folder=Path(context.artifacts["fitted"])))  # taken up, not fitted

    def predict(self, context, model_input, params=None):
        asked = [self.request.model_validate(each) for each in model_input.to_dict("records")]
        return [self.method(each).model_dump() for each in asked]

mlflow.models.set_model(Model())
"""
SAVING = """
import sys
import mlflow
code, fitted, model = sys.argv[1:]
mlflow.pyfunc.save_model(model, python_model=code, artifacts={"fitted": fitted}, pip_requirements=[])
"""


class Served(NamedTuple):
    """A side that has been started: its process, since when, and how it is asked."""

    process: subprocess.Popen[str]
    begun: float
    port: int
    path: str
    version: str
    headers: Mapping[str, str] = {}
    body: bytes = json.dumps(PATIENT).encode()


Side = Callable[[str, Path], AbstractContextManager[Served]]


def slowed(folder: Path) -> str:
    """The heart model made to cost a millisecond, as a project of its own; its id."""
    from dure.project.loader import found

    place = folder / "projects" / "gangwon" / "slowheart"
    place.mkdir(parents=True)
    about = (found()[PROJECT] / "project.toml").read_text(encoding="utf-8").replace(PROJECT, "gangwon.slowheart")
    (place / "project.toml").write_text(about, encoding="utf-8")
    (place / "project.py").write_text(SLOW, encoding="utf-8")
    return "gangwon.slowheart"


@contextmanager
def minimal(project: str, folder: Path) -> Iterator[Served]:
    """The plain route."""
    port, begun = _free(), time.perf_counter()
    code = MINIMAL.format(project=project, folder=folder / project, port=port)
    with _ended(subprocess.Popen([sys.executable, "-c", code], text=True)) as process:
        yield Served(process, begun, port, "/answer", f"fastapi {version('fastapi')}")


@contextmanager
def hub(project: str, _folder: Path) -> Iterator[Served]:
    """The hub, with the method promoted."""
    command = [sys.executable, "-m", "dure"]
    subprocess.run([*command, "promote", project, "--reason", "measured"], check=True, stdout=subprocess.DEVNULL)
    begun = time.perf_counter()
    command += ["up", "--port", "0", "--workers", "0"]
    up = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    with _ended(up):
        assert up.stdout is not None
        found = re.search(r":(\d+)/enter\?token=(\S+)", up.stdout.readline())
        assert found is not None
        known = {"authorization": f"Bearer {found[2]}"}
        yield Served(up, begun, int(found[1]), f"/api/v1/projects/{project}/answer", f"dure {dure.__version__}", known)


def mlflow(python: Path) -> Side:
    """MLflow's model server, as that Python has it."""
    environment = os.environ | {
        "PATH": f"{python.parent}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": str(Path(dure.__file__).parents[1]),
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }  # fmt: skip
    told = subprocess.run(
        [python, "-m", "mlflow", "--version"], env=environment, capture_output=True, text=True, check=True
    )

    @contextmanager
    def side(project: str, folder: Path) -> Iterator[Served]:
        code, model = folder / f"{project}.py", folder / f"{project}.model"
        code.write_text(MODEL.format(project=project), encoding="utf-8")
        if not model.exists():
            command = [python, "-c", SAVING, code, folder / project, model]
            subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        port, begun = _free(), time.perf_counter()
        command = [python, "-m", "mlflow", "models", "serve", "--model-uri", model, "--env-manager", "local"]
        command += ["--host", "127.0.0.1", "--port", str(port)]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        with _ended(subprocess.Popen(command, env=environment, text=True, **quiet)) as process:
            body = json.dumps({"dataframe_records": [PATIENT]}).encode()
            yield Served(process, begun, port, "/invocations", f"mlflow {told.stdout.split()[-1]}", body=body)

    return side


@contextmanager
def _ended(process: subprocess.Popen[str]) -> Iterator[subprocess.Popen[str]]:
    """Nothing of it is left afterwards."""
    try:
        yield process
    finally:
        for each in (*psutil.Process(process.pid).children(recursive=True), process):
            with suppress(psutil.NoSuchProcess):
                each.kill()
        process.wait()


def _free() -> int:
    import socket

    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def first(side: Served) -> float:
    """The risk in its first answer, as soon as there is one."""
    end = time.monotonic() + 120
    while True:
        connection = HTTPConnection("127.0.0.1", side.port, timeout=120)
        try:
            connection.request("POST", side.path, side.body, {"content-type": "application/json", **side.headers})
            said = connection.getresponse()
            text = said.read().decode()
        except ConnectionRefusedError:
            assert time.monotonic() < end, side
            time.sleep(0.02)
            continue
        finally:
            connection.close()
        found = re.search(r'"risk":\s*([-+.e\d]+)', text)
        assert said.status == 200, text
        assert found is not None, text
        return float(found[1])


def raw(side: Served) -> bytes:
    """One request, as it goes over the wire."""
    head = "".join(f"{name}: {value}\r\n" for name, value in side.headers.items())
    return (
        f"POST {side.path} HTTP/1.1\r\nhost: 127.0.0.1:{side.port}\r\ncontent-type: application/json\r\n{head}"
        f"content-length: {len(side.body)}\r\n\r\n"
    ).encode() + side.body


class Measured(NamedTuple):
    """One side once."""

    start_seconds: float
    per_second: float
    p50_ms: float
    p99_ms: float
    own_megabytes: float
    all_megabytes: float


def measured(made: Side, project: str, folder: Path, count: int) -> tuple[Measured, float, str]:
    """Its numbers, its answer, and what it is."""
    with made(project, folder) as side:
        risk = first(side)
        start = time.perf_counter() - side.begun
        asyncio.run(asked(side.port, raw(side), 200))  # everything is warm
        begun = time.perf_counter()
        spent = sorted(asyncio.run(asked(side.port, raw(side), count)))
        seconds = time.perf_counter() - begun
        top = psutil.Process(side.process.pid)
        own = top.memory_info().rss / 1e6
        all_ = own + sum(each.memory_info().rss for each in top.children(recursive=True)) / 1e6
    numbers = Measured(start, count / seconds, 1e3 * spent[count // 2], 1e3 * spent[int(count * 0.99)], own, all_)
    return numbers, risk, side.version


def compared(
    project: str, sides: Mapping[str, Side], folder: Path, requests: int, rounds: int
) -> list[dict[str, object]]:
    """A row a side: medians over the rounds."""
    found: dict[str, list[Measured]] = {name: [] for name in sides}
    risks, versions = set(), {}
    for _round in range(rounds):
        for name, side in sides.items():
            numbers, risk, versions[name] = measured(side, project, folder, requests)
            found[name].append(numbers)
            risks.add(round(risk, 9))
    assert len(risks) == 1, risks
    middle = {name: Measured(*map(statistics.median, zip(*each, strict=True))) for name, each in found.items()}
    for name in middle.keys() - {"hub"}:
        ours, theirs = middle["hub"], middle[name]
        print(
            f"{project}: the hub against {versions[name]}: {ours.per_second / theirs.per_second:.2f} times its requests a second, "
            f"{ours.start_seconds / theirs.start_seconds:.2f} of its start, {ours.all_megabytes / theirs.all_megabytes:.2f} of its memory"
        )
    return [
        {
            "method": project, "side": name, "version": versions[name],
            **{key: round(value, 2) for key, value in numbers._asdict().items()},
            "ratio": round(numbers.per_second / middle["minimal"].per_second, 3), "requests": requests, "rounds": rounds,
        }
        for name, numbers in middle.items()
    ]  # fmt: skip


def main(argv: Sequence[str] | None = None) -> None:
    """Every side in turn, both methods."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=3000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--mlflow", type=Path, metavar="PYTHON")
    parser.add_argument("--out", type=Path)
    given = parser.parse_args(argv)
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        slow = slowed(folder)
        os.environ |= {"DURE_PROJECTS": str(folder / "projects"), "DURE_HOME": str(folder / "home")}
        sides: dict[str, Side] = {"minimal": minimal, "hub": hub}
        sides |= {"mlflow": mlflow(given.mlflow)} if given.mlflow else {}
        for project in (PROJECT, slow):
            found = compared(project, sides, folder, given.requests, given.rounds)
            for row in found:
                print(row, flush=True)
            rows += found
    if given.out:
        save(given.out, rows)


if __name__ == "__main__":
    main()
