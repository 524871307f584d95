"""How heavy is an installation? Packages and megabytes in an empty environment, for the core and with each extra.

    python benchmarks/install_size.py            the core and every extra (a few minutes, from the package index)
    python benchmarks/install_size.py core       only the core

Each environment is made anew with pip, from the lock. A megabyte is 10^6 bytes; pip itself is not counted.
"""

import re
import subprocess
import sys
import tempfile
import time
import tomllib
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PIP = ("-m", "pip", "--disable-pip-version-check", "--quiet")


def site_packages(folder: Path) -> Path:
    return next(folder.glob("lib/python*/site-packages"), folder / "Lib" / "site-packages")


def installed(extra: str, wheel: Path, folder: Path) -> tuple[int, float, float]:
    """(packages, megabytes, seconds) of dure with one extra; the versions are the lock's."""
    venv.create(folder, with_pip=True, clear=True)
    python = next(path for path in (folder / "bin/python", folder / "Scripts/python.exe") if path.exists())
    place = site_packages(folder)
    before, bytes_before = names(place), size(place)
    began = time.monotonic()
    if extra:
        pins = re.sub(r" \\\n\s+--hash=\S+|\\\n\s+--hash=\S+", "", (ROOT / "requirements.lock").read_text("utf-8"))
        (folder / "pins.txt").write_text(pins, encoding="utf-8")
        wish = ["--constraint", str(folder / "pins.txt"), f"dure[{extra}] @ {wheel.as_uri()}"]
        subprocess.run([python, *PIP, "install", *wish], check=True)
    else:
        lock = ROOT / "requirements-core.lock"
        subprocess.run([python, *PIP, "install", "--require-hashes", "--only-binary=:all:", "-r", lock], check=True)
        subprocess.run([python, *PIP, "install", "--no-deps", wheel], check=True)
    seconds = time.monotonic() - began
    subprocess.run([folder / python.parent / "dure", "--version"], check=True, stdout=subprocess.DEVNULL)
    return len(names(place) - before), (size(place) - bytes_before) / 1e6, seconds


def names(place: Path) -> set[str]:
    return {path.name for path in place.glob("*.dist-info")}


def size(place: Path) -> int:
    return sum(path.stat().st_size for path in place.rglob("*") if path.is_file())


def main() -> None:
    extras = list(tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"])
    wanted = ["", *extras] if not sys.argv[1:] else ["" if name == "core" else name for name in sys.argv[1:]]
    with tempfile.TemporaryDirectory() as made:
        build = [sys.executable, *PIP, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", made, ROOT]
        subprocess.run(build, check=True)
        wheel = next(Path(made).glob("dure-*.whl"))
        print("| installed | packages | MB | seconds |\n|---|---|---|---|")
        for extra in wanted:
            count, megabytes, seconds = installed(extra, wheel, Path(made) / "environment")
            label = f"`dure[{extra}]`" if extra else "`dure` (the core)"
            print(f"| {label} | {count} | {megabytes:.0f} | {seconds:.0f} |", flush=True)


if __name__ == "__main__":
    main()
