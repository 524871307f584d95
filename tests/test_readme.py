"""Every command of the README runs as it stands, in order, as a stranger would type it; its numbers are the trials'."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import absent

ROOT = Path(__file__).parent.parent


def commands(page: Path) -> list[str]:
    """The lines of the page's sh blocks that call dure, comments taken off."""
    blocks = re.findall(r"```sh\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    lines = [line.partition("  #")[0].strip() for block in blocks for line in block.splitlines()]
    return [line for line in lines if line.startswith("dure ")]


@pytest.mark.long
@pytest.mark.parametrize("name", ["README.md", "README.ko.md"])
def test_every_command_runs(name: str, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    environment = {**os.environ, "DURE_HOME": str(tmp_path / "home"), "DURE_LANG": "ko" if "ko" in name else "en"}
    found = commands(ROOT / name)
    assert len(found) >= 8
    for line in found:
        evidence = next((tmp_path / "dure-evidence").glob("answers-*"), None) if "EVIDENCE" in line else None
        words = shlex.split(line.replace("EVIDENCE", str(evidence)))[1:]
        more = ["--data", f"table={tmp_path / 'examples' / 'answers.csv'}"] if "--rerun" in line else []
        done = subprocess.run(
            [sys.executable, "-m", "dure", *words, *more],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        absent.skip_if_said(done.stderr)
        assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"


@pytest.mark.slow
def test_the_numbers_are_the_trials() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "readme.py"), "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
