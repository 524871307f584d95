"""`dure judge` on a large table: seconds of the whole command and its peak memory, cp949 CSV and XLSX.

    python benchmarks/judge.py [--rows 100000,1000000] [--out benchmarks/results/judge.csv]

Needs XlsxWriter to write the workbook. The command runs in the same Python that runs this file.
"""

from __future__ import annotations

import argparse
import csv
import datetime
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rows import save

HEADERS = ("번호", "일시", "현장", "실적(kWh)", "현행(kWh)", "업체A(kWh)")
ROLES = {"id": HEADERS[0], "time": HEADERS[1], "site": HEADERS[2], "truth": HEADERS[3], "practice": HEADERS[4],
         "offer": HEADERS[5]}  # fmt: skip


def rows(count: int) -> Iterator[tuple[Any, ...]]:
    """Hourly answers at two sites; the offer is a little nearer to the truth. Made: for timing only."""
    draw = random.Random(1)
    start = datetime.datetime(2020, 1, 1, 0, 0)
    for number in range(count):
        truth = round(draw.uniform(50, 1500), 1)
        when = start + datetime.timedelta(hours=number // 2)
        yield (f"A{number:06d}", when, ("동해", "서귀포")[number % 2], truth,
               round(truth + draw.gauss(0, 60), 1), round(truth + draw.gauss(0, 55), 1))  # fmt: skip


def write_csv(path: Path, table: Iterator[tuple[Any, ...]]) -> Path:
    """As an older program saves it: cp949."""
    with path.open("w", encoding="cp949", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADERS)
        writer.writerows((case, f"{when:%Y-%m-%d %H:%M}", *rest) for case, when, *rest in table)
    return path


def write_xlsx(path: Path, table: Iterator[tuple[Any, ...]]) -> Path:
    """As a spreadsheet saves it, times as serial numbers with a format."""
    import xlsxwriter

    book = xlsxwriter.Workbook(str(path), {"constant_memory": True})
    sheet = book.add_worksheet("7월")
    style = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
    sheet.write_row(0, 0, HEADERS)
    for number, (case, when, *rest) in enumerate(table, start=1):
        sheet.write(number, 0, case)
        sheet.write_datetime(number, 1, when, style)
        sheet.write_row(number, 2, rest)
    book.close()
    return path


def judged(path: Path, count: int) -> dict[str, Any]:
    """One table judged by the command, in a process of its own; this one is small, since a child begins with its parent's peak."""
    columns = [part for role, column in ROLES.items() for part in (f"--{role}", column)]
    out = path.with_name(f"out-{path.suffix[1:]}-{count}")
    command = [sys.executable, "-m", "dure", "judge", str(path), *columns, "--out", str(out), "--yes"]
    start = time.perf_counter()
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, env={**os.environ, "DURE_HOME": str(path.with_name("home"))}
    )
    _pid, status, used = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, command
    return {
        "form": path.suffix[1:], "rows": count, "seconds": round(seconds, 1), "cpu_seconds": round(used.ru_utime + used.ru_stime, 1),
        "megabytes": used.ru_maxrss * 1024 // 1_000_000,
    }  # fmt: skip


def main() -> None:
    """Write each table, judge it, print what it took."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", default="100000")
    parser.add_argument("--keep", type=Path, help="write the tables here and leave them")
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    results = []
    with tempfile.TemporaryDirectory() as folder:
        place = given.keep or Path(folder)
        place.mkdir(parents=True, exist_ok=True)
        for count in map(int, given.rows.split(",")):
            for write, name in ((write_csv, "answers.csv"), (write_xlsx, "answers.xlsx")):
                results.append(judged(write(place / name, rows(count)), count))
                print(results[-1], flush=True)
    if given.out:
        save(given.out, results)


if __name__ == "__main__":
    main()
