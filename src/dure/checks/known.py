"""What the last `dure check` on this machine found of a project as it stands now, and what its next level lacks."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from dure import __version__
from dure.checks.outcome import BROKEN
from dure.checks.promises import PROMISES
from dure.checks.report import LEVELS, MARKS, Found, Report
from dure.content_store import home, write_atomically
from dure.i18n.texts import _, language
from dure.project.code_hash import project_hash

TABLE = {promise.name: promise for promise in PROMISES}


def remember(report: Report, folder: Path) -> None:
    """Keep a report on this machine, for the folder as it is now."""
    kept = {"state": _state(folder), "report": report.to_dict()}
    write_atomically(_place(folder), json.dumps(kept, ensure_ascii=False))


def known(folder: Path) -> Report | None:
    """The report that was kept while no file of the project has changed, else its check.json while its code is the same, else None."""
    kept = _read(_place(folder))
    report = kept.get("report") if kept.get("state") == _state(folder) else None
    beside = report or _read(folder / "check.json")
    if not report and beside.get("code") != project_hash(folder):
        return None
    try:
        findings = tuple(_found(**finding) for finding in beside["promises"])
        return Report(beside["project"], beside["code"], beside["level"], findings)
    except (KeyError, TypeError):  # of a Dure with other promises
        return None


def _found(name: str, state: str, reason: str = "") -> Found:
    promise = TABLE[name]
    return Found(name, promise.level, promise.title, state, reason)


def _read(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return {}


def _place(folder: Path) -> Path:
    return home() / "checks" / f"{hashlib.sha256(str(folder).encode()).hexdigest()[:32]}.json"


def _state(folder: Path) -> str:
    """One hash of what the project's files are (by size and time), of this Dure and of the language of the reasons."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and "__pycache__" not in path.parts]
    stamps = [f"{path.relative_to(folder)} {path.stat().st_size} {path.stat().st_mtime_ns}" for path in files]
    return hashlib.sha256("\n".join([__version__, language(), *stamps]).encode()).hexdigest()


def next_level(report: Report) -> tuple[str, list[Found]]:
    """The level above a project's own, and the promises it breaks there; an empty name above the highest."""
    above = LEVELS[LEVELS.index(report.level) + 1 :] if report.level in LEVELS else LEVELS
    level = next(iter(above), "")
    return level, [finding for finding in report.promises if finding.level == level and finding.state == BROKEN]


def as_data(report: Report | None) -> dict[str, Any] | None:
    """The level and what the next one lacks, for scripts."""
    if report is None:
        return None
    level, missing = next_level(report)
    lacking = [
        {"name": finding.name, "reason": finding.reason, "step": _step(finding, report.project)} for finding in missing
    ]
    return {"level": report.level, "next": level, "missing": lacking}


def in_words(report: Report | None, project: str) -> str:
    """The same for a terminal; where nothing is known, how it is found out."""
    if report is None:
        return _("Level: `dure check {project}` finds out what the next one needs.", project=project)
    level, missing = next_level(report)
    lines = [_("Level: {level}", level=_(report.level))]
    lines += [_("Missing for {level}:", level=_(level))] if level else []
    for finding in missing:
        lines.append(f"  {MARKS[BROKEN]} {_(finding.title)} [{finding.name}]: {finding.reason}")
        lines.append(f"    → {_step(finding, project)}")
    return "\n".join(lines)


def _step(finding: Found, project: str) -> str:
    return _(TABLE[finding.name].step, project=project)
