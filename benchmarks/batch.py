"""A table of patients answered through a hub: seconds from sending it to having the answers, and the memory that it takes.

    python benchmarks/batch.py [--rows 100000] [--forms csv,xlsx,parquet] [--out benchmarks/results/batch.csv]

The heart model, promoted, and today's practice behind it, as every answer has them. Every line is a table sent, answered row by row by a
worker's process and fetched again, over HTTP on this machine; the memory is the peak of the hub with its worker, and of the process
that answers.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import polars as pl
import psutil
from rows import save

from dure.client import Client

PROJECT = "gangwon.heart"


def patients(rows: int) -> pl.DataFrame:
    """As many as are wanted, as a clinic might keep them; some were not exercised."""
    draw = random.Random(1)
    pain = ("typical angina", "atypical angina", "non-anginal", "asymptomatic")
    return pl.DataFrame(
        [
            {
                "patient": f"P{number:07}",
                "age": draw.randint(30, 80),
                "sex": draw.choice(("male", "female")),
                "chest_pain": draw.choice(pain),
                "max_heart_rate": draw.randint(90, 190) if draw.random() < 0.8 else None,
                "exercise_angina": draw.random() < 0.3,
                "st_depression": round(draw.uniform(0, 4), 1),
            }
            for number in range(rows)
        ]
    )


class Peak:
    """The most memory of the hub and of the process that answers, looked at twenty times a second."""

    def __init__(self, pid: int) -> None:
        self.top, self.own, self.answering, self.over = psutil.Process(pid), 0, 0, threading.Event()
        self.thread = threading.Thread(target=self._look)
        self.thread.start()

    def _look(self) -> None:
        while not self.over.wait(0.05):
            self.own = max(self.own, self.top.memory_info().rss)
            for each in self.top.children(recursive=True):
                try:
                    self.answering = max(self.answering, each.memory_info().rss)
                except psutil.Error:
                    continue

    def end(self) -> None:
        self.over.set()
        self.thread.join()


def once(client: Client, pid: int, folder: Path, frame: pl.DataFrame, form: str) -> dict[str, Any]:
    """One table there and back."""
    table, out = folder / f"patients.{form}", folder / f"risks.{form}"
    {"csv": frame.write_csv, "xlsx": frame.write_excel, "parquet": frame.write_parquet}[form](table)
    peak, begun = Peak(pid), time.perf_counter()
    run = client.answer_table(PROJECT, table, out)
    seconds = time.perf_counter() - begun
    peak.end()
    assert run["result"]["rows"] == frame.height
    assert run["result"]["causes"] == {}, run["result"]["causes"]
    return {
        "form": form, "rows": frame.height, "seconds": round(seconds, 2), "answering_seconds": round(run["ended"] - run["began"], 2),
        "rows_per_second": round(frame.height / seconds), "hub_megabytes": peak.own // 1_000_000,
        "answering_megabytes": peak.answering // 1_000_000,
    }  # fmt: skip


def main() -> None:
    """Every form in turn, with one hub."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--forms", default="csv,xlsx,parquet")
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    dure, rows, frame = [sys.executable, "-m", "dure"], [], patients(given.rows)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ |= {"DURE_HOME": str(folder / "home")}
        subprocess.run([*dure, "promote", PROJECT, "--reason", "measured"], check=True, stdout=subprocess.DEVNULL)
        up = subprocess.Popen(
            [*dure, "up", "--port", "0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        try:
            assert up.stdout is not None
            found = re.search(r"(http://[^/]+)/enter\?token=(\S+)", up.stdout.readline())
            assert found is not None
            client = Client(found[1], found[2])
            for form in given.forms.split(","):
                rows.append(once(client, up.pid, folder, frame, form))
                print(rows[-1], flush=True)
        finally:
            up.terminate()
            up.wait()
    if given.out:
        save(given.out, rows)


if __name__ == "__main__":
    main()
