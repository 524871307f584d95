"""The promises a project keeps; its level is computed from them, never typed."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dure.checks.outcome import BROKEN, EXEMPT, KEPT, Outcome
from dure.checks.promises import EXEMPTABLE, PROMISES
from dure.checks.subject import CommandFault, Subject
from dure.errors import UserError
from dure.i18n.texts import _
from dure.project.code_hash import project_hash

if TYPE_CHECKING:
    from dure.checks.promises import Promise
    from dure.project.project import Project
    from dure.trial.types import Tell

LEVELS = ("bronze", "silver", "gold", "platinum")
MARKS = {"kept": "✓", "broken": "✗", "exempt": "○", "does not apply": "–"}


@dataclass(frozen=True)
class Found:
    """One promise and what came of it: `state` is kept, broken, exempt or does not apply."""

    name: str
    level: str
    title: str
    state: str
    reason: str


@dataclass(frozen=True)
class Report:
    """A project's level and its promises, in the order of the table, for its code by its hash (`dure.project.code_hash.project_hash`)."""

    project: str
    code: str
    level: str
    promises: tuple[Found, ...]

    def to_dict(self) -> dict[str, Any]:
        """What is kept as check.json: the same for the same code, so no measurements.

        A promise is a name and a state, with the reason where it is not kept; title and level are those of `promises.PROMISES`.
        """
        summary = {"project": self.project, "code": self.code, "level": self.level}
        return {**summary, "promises": [_entry(finding) for finding in self.promises]}

    def in_words(self) -> str:
        """For a terminal: the level, then each promise with its reason."""
        lines = [_("{project}: {level}", project=self.project, level=_(self.level))]
        for level in LEVELS:
            lines.append(_(level))
            for finding in self.promises:
                if finding.level == level:
                    reason = f" · {finding.reason}" if finding.reason else ""
                    lines.append(
                        f"  {MARKS[finding.state]} {_(finding.title)} [{finding.name}]: {_(finding.state)}{reason}"
                    )
        return "\n".join(lines)


def check(
    project: Project, *, command_fault: CommandFault, full: bool = False, tell: Tell = lambda share, text: None
) -> Report:
    """Examine a loaded project.

    Parameters
    ----------
    command_fault
        What is wrong with the words of a command (behind `dure`); empty where the command line takes them.
    full
        Play a sealed round even of changed code (a look, written down) and run the README's commands.
    tell
        Progress.
    """
    findings = []
    assert project.manifest is not None
    with tempfile.TemporaryDirectory(prefix="dure-check-", ignore_cleanup_errors=True) as place:
        subject = Subject(project, Path(place), EXEMPTABLE, command_fault, full=full, tell=tell)
        for number, promise in enumerate(PROMISES):
            share = number / len(PROMISES)

            def tell_part(part: float, text: str, share: float = share) -> None:
                tell(share + part / len(PROMISES), text)

            subject.tell = tell_part
            tell(share, _(promise.title))
            state, reason = _outcome(promise, subject)
            findings.append(Found(promise.name, promise.level, promise.title, state, reason))
    tell(1.0, "")
    code = project_hash(project.folder) if project.folder else ""
    return Report(project.manifest.id, code, level_of(findings), tuple(findings))


def _entry(finding: Found) -> dict[str, str]:
    reason = {"reason": finding.reason} if finding.state != KEPT else {}
    return {"name": finding.name, "state": finding.state, **reason}


def _outcome(promise: Promise, subject: Subject) -> Outcome:
    exempt = subject.manifest.exempt.get(promise.name)
    if exempt and promise.can_be_exempt:
        return EXEMPT, str(exempt)
    try:
        return promise.of(subject)
    except UserError as error:
        return BROKEN, str(error)
    except Exception as error:  # noqa: BLE001 - a stranger's project; what it raised is the finding
        return BROKEN, _("could not be tried: {why}", why=f"{type(error).__name__}: {error}")


def level_of(findings: list[Found]) -> str:
    """The highest level up to which no promise is broken; "none" below bronze."""
    reached = "none"
    for level in LEVELS:
        if any(finding.state == BROKEN for finding in findings if finding.level == level):
            break
        reached = level
    return reached
