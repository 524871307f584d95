"""Asking a project's methods for `dure check`, here and in a fresh process that watches what else they do.

`python -m dure.checks.sandbox JOB RESULT` builds and asks in a process of its own, JSON in and JSON out, with an audit hook that
writes down and refuses every reach for the network or for another program. It shows what a project does, and is no wall
against one that means harm: strangers' code belongs behind a URL or on the hub.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, NotRequired, TypedDict

from dure.content_store import write_atomically
from dure.datasets.data import Data
from dure.project.case import Case, Method, Round, Work
from dure.project.loader import load
from dure.trial.ask import Ask, Unanswered
from dure.trial.trial import chosen

if TYPE_CHECKING:
    from dure.project.form import Form
    from dure.project.project import Project
    from dure.trial.types import Tell

MOST = 200  # cases asked at most
SECONDS = 5.0  # a slow method is asked fewer of them ...
LEAST = 2  # ... but never fewer than this

KILLED = 9  # exit code of a process that ended itself without farewell

_NETWORK = ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr", "socket.sendto",
            "socket.sendmsg", "urllib.Request", "http.client.connect", "ftplib.connect", "smtplib.connect", "webbrowser.open")  # fmt: skip
_PROGRAMS = ("subprocess.Popen", "os.system", "os.exec", "os.spawn", "os.posix_spawn", "os.startfile")
# Questions about this machine that numerical libraries ask of the system before they choose their threads.
_HARMLESS = {"lscpu", "sysctl", "ldconfig", "uname", "wmic"}


@dataclass
class Transcript:
    """What came of one case: each step's request and response as JSON, or the cause that ended it.

    `touched` is a request (as it was, as the method left it) that the method changed; `seconds` one number a step.
    """

    case: str
    cause: str = ""
    why: str = ""
    steps: list[tuple[str, str]] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    touched: tuple[str, str] | None = None


class Part(TypedDict):
    """A method to be built in a folder and asked so many cases; `kill`: the share of its progress at which the process ends itself."""

    method: str
    folder: str
    cases: NotRequired[int]
    kill: NotRequired[float]


class Job(TypedDict):
    """What the fresh process is told: the project's folder, a seed, what to build."""

    project: str
    seed: int
    parts: list[Part]


class CaseAnswers(TypedDict):
    """A case: the cause that ended it, if any, and its answers, each as JSON."""

    case: str
    cause: str
    answers: list[str]


class PartResult(TypedDict):
    """What came of a part: why it could not be built, or its cases."""

    method: str
    error: str
    answers: list[CaseAnswers]
    folder: NotRequired[str]


class Event(TypedDict):
    """A reach for the network or another program: what for, and from which line of the project."""

    event: str
    what: str
    where: str


class Findings(TypedDict):
    """What a fresh, watched process found."""

    parts: list[PartResult]
    events: list[Event]


def case_answers(transcript: Transcript) -> CaseAnswers:
    """A transcript as the fresh process tells it."""
    answers = [answer for _request, answer in transcript.steps]
    return {"case": transcript.case, "cause": transcript.cause, "answers": answers}


class _Watched:
    """A method that is timed and whose request is compared before and after."""

    def __init__(self, method: Method) -> None:
        self.method, self.transcript = method, Transcript("")
        if start := getattr(method, "start", None):
            self.start = start

    def __call__(self, request: Form) -> Form | None:
        before, started = request.model_dump_json(), time.perf_counter()
        try:
            answer: Form | None = self.method(request)
        finally:
            self.transcript.seconds.append(time.perf_counter() - started)
            # model_construct'ed or broken on purpose: what cannot be dumped any more has been changed as well
            after = _dumped(request)
            if after != before:
                self.transcript.touched = (before, after)
        return answer


def _dumped(request: Form) -> str:
    try:
        return request.model_dump_json(warnings=False)
    except Exception as error:  # noqa: BLE001 - a method may leave anything in its request
        return json.dumps({"unreadable": str(error)[:200]})


def ask_all(
    project: Project,
    method: Method,
    cases: Sequence[Case],
    *,
    seconds: float | None = SECONDS,
    names: Sequence[str] = (),
) -> list[Transcript]:
    """Play `cases` with `method` alone, until `seconds` are spent (None: all of them).

    `names` are the ids to give instead of the cases' own.
    """
    watched, transcripts, deadline = _Watched(method), [], time.perf_counter() + (seconds or 0)
    for number, case in enumerate(cases[:MOST]):
        if seconds is not None and number >= LEAST and time.perf_counter() > deadline:
            break
        watched.transcript = transcript = Transcript(case.id)
        ask = Ask(project, watched, None)
        ask.begin(names[number] if names else case.id)

        def spy(request: Form, ask: Ask = ask, transcript: Transcript = transcript) -> Form:
            response = ask(request)
            transcript.steps.append(
                (project.request.model_validate(request).model_dump_json(), response.model_dump_json())
            )
            return response

        try:
            project.play(case, spy)
        except Unanswered as failed:
            transcript.cause, transcript.why = failed.cause, failed.why
        transcripts.append(transcript)
    return transcripts


def first_round(project: Project, data: Data) -> Round:
    """The round whose first cases are asked: an open one where there is one."""
    rounds = list(project.rounds(data))
    return (chosen(rounds, "quick", sealed=False) or chosen(rounds, "quick", sealed=True))[0]


def settings_of(project: Project) -> Form | None:
    """A site's settings as they are by default."""
    return project.settings() if project.settings else None


# ---- the fresh process ----------------------------------------------------------------------------------------------------


def _watch(folder: Path, events: list[Event]) -> None:
    """Write down, and refuse, every reach for the network or for a program; write down what pickle loads."""

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        if event in _NETWORK or (event in _PROGRAMS and _program(event, arguments) not in _HARMLESS):
            target = _program(event, arguments) if event in _PROGRAMS else _target(arguments)
            events.append({"event": event, "what": target[:120], "where": _where(folder)})
            raise PermissionError(f"dure check: {event} {target[:120]}")
        if event == "pickle.find_class" and (where := _where(folder)):
            events.append({"event": event, "what": ".".join(map(str, arguments)), "where": where})

    sys.addaudithook(hook)


def _target(arguments: tuple[object, ...]) -> str:
    """The address an event is about: its first text, or what stands in its address."""
    for argument in arguments:
        if isinstance(argument, tuple):
            return ":".join(map(str, argument[:2]))
        if isinstance(argument, str | bytes) and argument:
            return str(argument)
    return ""


def _program(event: str, arguments: tuple[object, ...]) -> str:
    if event == "subprocess.Popen" and isinstance(arguments[1], list | tuple) and arguments[1]:
        return Path(str(arguments[1][0])).name
    return Path(str(arguments[0])).name


def _where(folder: Path) -> str:
    """file:line of the project that is at work now."""
    frame: FrameType | None = sys._getframe(2)  # noqa: SLF001 - an audit hook is given no frame of its own
    while frame is not None:
        path = Path(frame.f_code.co_filename)
        if path.is_relative_to(folder):
            return f"{path.relative_to(folder).as_posix()}:{frame.f_lineno}"
        frame = frame.f_back
    return ""


def _work(job: Job) -> Findings:
    """Build and ask what the job names; what went wrong stands in `error`."""
    folder = Path(job["project"])
    events: list[Event] = []
    _watch(folder, events)
    project = load(folder)
    data = Data(project.sources, project.folder, settings=settings_of(project))
    trial_round = first_round(project, data)
    parts: list[PartResult] = []
    for part in job["parts"]:
        part_result: PartResult = {"method": part["method"], "error": "", "answers": []}
        try:
            work = Work(folder=Path(part["folder"]), tell=_killer(part.get("kill")))
            method = project.builders()[part["method"]](trial_round.history, job["seed"], work)
            transcripts = ask_all(project, method, trial_round.cases[: part["cases"]], seconds=None)
            part_result["answers"] = [case_answers(transcript) for transcript in transcripts]
        except Exception as error:  # noqa: BLE001 - a stranger's builder; what it said is the finding
            part_result["error"] = f"{type(error).__name__}: {error}"
        parts.append(part_result)
    return {"parts": parts, "events": events}


def _killer(share: float | None) -> Tell:
    """Progress that ends this process on the spot once `share` is reached, as a power cut would."""
    import os

    def tell(done: float, _text: str) -> None:
        if share is not None and done >= share:
            os._exit(KILLED)

    return tell


def main() -> None:
    """Read the job, work, write the result."""
    job, result = map(Path, sys.argv[1:3])
    write_atomically(result, json.dumps(_work(json.loads(job.read_text(encoding="utf-8")))))


if __name__ == "__main__":
    main()
