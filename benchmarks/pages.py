"""Pages of the hub under load: 16 connections, cold (every page made and sent whole) and with the ETag of the one before (304).

    python benchmarks/pages.py [--requests 3000] [--out benchmarks/results/pages.csv]

A hub of its own with the evidence of the projects that come with Dure on its board (their quick profiles, played before the clock
runs). Weight: the page with its style sheet and script, as they go over the wire (the page as it is, what it loads packed), without a
chart. The bare route of
the same framework, `/health`, is asked in the same run: what the machine and the framework cost by themselves.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import requests
from load import asked
from rows import save

PROJECTS = ("gangwon.heart", "yeongnam.production")
PAGES = ("/", "/board", "/projects", "/projects/gangwon.heart", "/projects/yeongnam.production", "/health")


def measured(base: str, token: str, path: str, count: int) -> list[dict[str, Any]]:
    """A row cold, and one with its ETag where it has one."""
    port, known = int(base.rpartition(":")[2]), {"cookie": f"dure={token}", "accept-language": "ko"}
    page = requests.get(base + path, headers=known, timeout=60)
    assert page.ok, page.text
    loaded = re.findall(r'(?:href|src)="(/assets/[^"]+\.(?:css|js))"', page.text)
    weight = sum(
        int(requests.get(base + each, headers=known, timeout=60).headers["content-length"]) for each in (path, *loaded)
    )
    rows = []
    for kind, more, status in (("cold", "", 200), ("etag", f"if-none-match: {page.headers.get('etag')}\r\n", 304)):
        if status == 304 and "etag" not in page.headers:
            continue
        head = "".join(f"{name}: {value}\r\n" for name, value in known.items()) + more
        raw = f"GET {path} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\n{head}\r\n".encode()
        asyncio.run(asked(port, raw, 200, status))  # everything is warm
        begun = time.perf_counter()
        spent = sorted(asyncio.run(asked(port, raw, count, status)))
        seconds = time.perf_counter() - begun
        rows.append({
            "page": path, "kind": kind, "per_second": round(count / seconds), "p50_ms": round(1e3 * spent[count // 2], 1),
            "p99_ms": round(1e3 * spent[int(count * 0.99)], 1), "kilobytes": round(weight / 1e3, 1), "requests": count,
        })  # fmt: skip
        print(rows[-1], flush=True)
    return rows


def main(argv: Sequence[str] | None = None) -> None:
    """Every page in turn."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=3000)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as home:
        os.environ["DURE_HOME"] = home
        command = [sys.executable, "-m", "dure"]
        up = subprocess.Popen(
            [*command, "up", "--port", "0", "--workers", "0"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        try:
            assert up.stdout is not None
            found = re.search(r"(http://[^/]+)/enter\?token=(\S+)", up.stdout.readline())
            assert found is not None
            base, token = found.groups()
            for project in PROJECTS:
                place = Path(home) / project
                played = [
                    *command,
                    "run",
                    project,
                    "--profile",
                    "quick",
                    "--sealed",
                    "--seed",
                    "0",
                    "--out",
                    str(place),
                ]
                subprocess.run(played, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                sent = [*command, "publish", str(place), "--to", base]
                subprocess.run(sent, check=True, stdout=subprocess.DEVNULL, env=os.environ | {"DURE_TOKEN": token})
            rows = [row for path in PAGES for row in measured(base, token, path, given.requests)]
        finally:
            up.terminate()
            up.wait(60)
    if given.out:
        save(given.out, rows)


if __name__ == "__main__":
    main()
