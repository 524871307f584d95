"""`dure judge` on 100,000 rows: seconds of the whole command and its peak memory, XLSX and cp949 CSV.

    python benchmarks/judge.py [--rows 100000]

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
from pathlib import Path

HEADERS = ("번호", "일시", "현장", "실적(kWh)", "현행(kWh)", "업체A(kWh)")


def rows(count: int) -> list[tuple[object, ...]]:
    """Hourly answers at two sites; the offer is a little nearer to the truth. Made: for timing only."""
    draw = random.Random(1)
    start = datetime.datetime(2020, 1, 1, 0, 0)
    found: list[tuple[object, ...]] = []
    for number in range(count):
        truth = round(draw.uniform(50, 1500), 1)
        when = start + datetime.timedelta(hours=number // 2)
        found.append((f"A{number:06d}", when, ("동해", "서귀포")[number % 2], truth,
                      round(truth + draw.gauss(0, 60), 1), round(truth + draw.gauss(0, 55), 1)))  # fmt: skip
    return found


def write_csv(path: Path, table: list[tuple[object, ...]]) -> Path:
    """As an older program saves it: cp949."""
    with path.open("w", encoding="cp949", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADERS)
        writer.writerows([(a, f"{when:%Y-%m-%d %H:%M}", *rest) for a, when, *rest in table])  # type: ignore[str-format]
    return path


def write_xlsx(path: Path, table: list[tuple[object, ...]]) -> Path:
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


def main() -> None:
    """Write the tables, judge each, print seconds."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--keep", type=Path, help="write the tables here and leave them")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = given.keep or Path(folder)
        place.mkdir(parents=True, exist_ok=True)
        table = rows(given.rows)
        for path in (write_csv(place / "answers.csv", table), write_xlsx(place / "answers.xlsx", table)):
            columns = [
                "--truth",
                HEADERS[3],
                "--practice",
                HEADERS[4],
                "--offer",
                HEADERS[5],
                "--id",
                "번호",
                "--time",
                "일시",
            ]
            command = [
                sys.executable,
                "-m",
                "dure",
                "judge",
                str(path),
                *columns,
                "--site",
                "현장",
                "--out",
                str(place / f"out-{path.suffix[1:]}"),
                "--yes",
            ]
            start = time.perf_counter()
            done = subprocess.run(
                command,
                check=False,
                capture_output=True,
                text=True,
                env={**os.environ, "DURE_HOME": str(place / "home")},
            )
            print(f"{path.name}: {given.rows:,} rows in {time.perf_counter() - start:.1f} s, exit {done.returncode}")
            print(done.stdout.strip()[:1000] or done.stderr.strip()[-1500:])


if __name__ == "__main__":
    main()
