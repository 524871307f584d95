"""A worker: claims runs and does each in a process of its own, within its time and memory."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, NamedTuple

from sqlalchemy.exc import DBAPIError

from dure.content_store import sha256_of
from dure.errors import UserError
from dure.hub.auth.accounts import Caller
from dure.hub.db.store import folder, happened
from dure.hub.jobs import queue
from dure.hub.jobs.process import PATIENCE, environment, kill_group, memory
from dure.hub.uploads import uploads
from dure.i18n.texts import LANGUAGES, _, language, multilingual

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from sqlalchemy import Engine

    from dure.hub.jobs.job import Job, JobFiles, Report, Result
    from dure.hub.jobs.queue import Claim

AT_ONCE = ("judge", "ask")  # kinds that somebody sits and waits for: a trial that takes hours is not before them
BEAT = 1.0  # seconds between two looks at a run
LOOKS_AGAIN = 0.5  # seconds after which an idle worker looks for a run


class Outcome(NamedTuple):
    """What came of a run's process: in words, by language; as data; the names of the files that an answer was written into."""

    state: queue.Ended
    sentence: Mapping[str, str]
    result: Result | None = None
    written: Sequence[str] = ()


def work(
    engine: Engine,
    *,
    kinds: Collection[str] = (),
    until: Callable[[], bool] = lambda: False,
    stop: threading.Event | None = None,
    tell: Callable[[str], None] = print,
) -> None:
    """Do one run after the other.

    Parameters
    ----------
    kinds
        Of the runs; none: every kind.
    until
        Asked between two runs whether to end.
    stop
        Ends it at once; a run that it is at waits for another worker.
    """
    name = f"{socket.gethostname()}:{os.getpid()}"
    stop = stop or threading.Event()
    while True:
        try:
            if stop.is_set() or until():
                return
            claim = queue.claim(engine, name, kinds)
        except DBAPIError as error:
            tell(_("the store does not answer ({why}); trying again", why=_plain(error)))
            claim = None
        if claim is None:
            stop.wait(LOOKS_AGAIN)
            continue
        tell(_("{id}: {project}, attempt {attempt}", id=claim.id, project=claim.project, attempt=claim.attempt))
        try:
            tell(f"{claim.id}: {do(engine, claim, stop)}")
        except Stopped:
            with suppress(DBAPIError):
                queue.give_back(engine, claim)
            return
        except DBAPIError as error:  # the store is away at the wrong moment: the claim ends, and the run is another's
            tell(_("the store does not answer ({why}); trying again", why=_plain(error)))
            with suppress(DBAPIError):
                queue.give_back(engine, claim)
        except BaseException:  # whatever stops the worker, the run does not have to wait for its claim to end
            with suppress(DBAPIError):
                queue.give_back(engine, claim)
            raise


def do(engine: Engine, claim: Claim, stop: threading.Event) -> str:
    """Do a claimed run to its end; what came of it, in words. Raises Stopped."""
    place = folder() / "runs" / claim.id / f"attempt-{claim.attempt}"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    evidence = result = None
    try:
        outcome = _Run(engine, claim, place, stop).done()
        outcome, evidence, result = _products(engine, claim, place, outcome)
    except Lost:
        return _("it is another worker's now")
    except UserError as error:  # a file that it needs has been deleted since, or there is no room for what came out
        outcome = Outcome("failed", dict.fromkeys(LANGUAGES, str(error)))
    if not _ended(engine, claim, outcome, evidence, result):
        return _("it is another worker's now")
    _passed_on(engine, claim, outcome, evidence)
    for attempt in place.parent.iterdir():  # what a lost worker left
        if attempt != place:
            shutil.rmtree(attempt, ignore_errors=True)
    for leftover in ("work", "given"):
        shutil.rmtree(place / leftover, ignore_errors=True)
    return f"{_(outcome.state)}. {outcome.sentence.get(language(), '')}".strip()


def _passed_on(engine: Engine, claim: Claim, outcome: Outcome, evidence: str | None) -> None:
    """What others learn of a run: its evidence, where the hub vouches for it or it was asked for.

    An owner is told why their cases failed.

    Whoever entered a method on a problem must not read what is wrong with its cases.
    """
    from dure.hub.board import board, hidden_cases

    words, of = outcome.sentence, claim.asked.get("owner", claim.organisation)
    entered = "problem" in claim.asked
    if evidence is not None and (entered or "of" in claim.asked or claim.asked.get("publish")):
        try:
            made = board.publish_run(
                engine, folder() / evidence, Caller(claim.person, claim.organisation, ""), claim.id
            )
        except UserError as error:
            words = dict.fromkeys(LANGUAGES, str(error))
        else:
            hidden_cases.published(engine, claim.id, made.id)
            return
    elif not (entered and outcome.state == "failed"):
        return
    with engine.begin() as connection:
        happened(connection, of, claim.project, "entry", words)


def _products(engine: Engine, claim: Claim, place: Path, outcome: Outcome) -> tuple[Outcome, str | None, Result | None]:
    """What is left of a run that is done: evidence, if it is whole, or a table of answers."""
    if outcome.state != "done":
        return outcome, None, None
    if claim.kind == "batch":
        return outcome, None, _table(engine, claim, place, outcome.result or {})
    if claim.kind == "ask":
        return outcome, None, _answer(engine, claim, place, outcome)
    from dure import evidence

    faults = evidence.verify(place / "evidence").faults
    if faults:
        return Outcome("failed", multilingual("its evidence is not whole: {fault}", fault=str(faults[0]))), None, None
    return outcome, (place / "evidence").relative_to(folder()).as_posix(), None


def _table(engine: Engine, claim: Claim, place: Path, result: Result) -> Result:
    """Keep a table of answers among the files of whoever asked; what is known of it."""
    name, to = claim.asked["name"], claim.asked["to"]
    path = place / f"answers.{to}"
    caller = Caller(claim.person, claim.organisation, "")
    file = uploads.keep(engine, path, sha256_of(path), f"{Path(name).stem[:150]} answers.{to}", caller, ours=True)
    return {**result, **file}


def _answer(engine: Engine, claim: Claim, place: Path, outcome: Outcome) -> Result:
    """Keep the files that an answer was written into among those of whoever asked; what is known of it."""
    caller = Caller(claim.person, claim.organisation, "")
    written = [place / "answer" / Path(name).name for name in outcome.written]
    files = [uploads.keep(engine, path, sha256_of(path), path.name, caller, ours=True) for path in written]
    result: Result = outcome.result or {}
    return {**result, "files": files}


def _job_files(engine: Engine, claim: Claim, place: Path) -> JobFiles:
    """The files that a run may read.

    ``files``: those in the place of a source, by its name; a table to be answered or judged by none. ``own``: a person's own files
    that are a request. ``practice``: what was done in the practice's place.

    Cases that a problem's owner has put here are the owner's: whoever has asked for the run does not see them.
    """
    owner = claim.asked.get("owner") or claim.organisation
    by_source = {name: (owner, sha256) for name, sha256 in (claim.asked.get("data") or {}).items()}
    by_source |= {"": (claim.organisation, claim.asked["file"])} if "file" in claim.asked else {}

    def handed(organisation: str, sha256: str) -> str:
        return str(uploads.handed(engine, organisation, sha256, place / "given"))

    practice, plan = claim.asked.get("practice"), claim.asked.get("plan")
    own = [*(claim.asked.get("files") or ()), *([plan] if plan else [])]
    return {
        "files": {name: handed(*file) for name, file in by_source.items()},
        "own": [handed(claim.organisation, sha256) for sha256 in own],
        "practice": handed(claim.organisation, practice) if practice else None,
    }


def _ended(engine: Engine, claim: Claim, outcome: Outcome, evidence: str | None, result: Result | None) -> bool:
    """End the run, however long the store needs to answer again: if another worker has had it by then, that one counts."""
    while True:
        try:
            return queue.end(engine, claim, outcome.state, outcome.sentence, evidence=evidence, result=result)
        except DBAPIError:
            time.sleep(LOOKS_AGAIN)


def _plain(error: DBAPIError) -> str:
    return str(error.orig).strip().partition("\n")[0]


class Lost(Exception):
    """The claim was over, and another worker has the run."""


class Stopped(Exception):
    """The worker is to end, and its run goes back into the queue."""


class _Run:
    """A run's process while it is watched."""

    def __init__(self, engine: Engine, claim: Claim, place: Path, stop: threading.Event) -> None:
        self.engine, self.claim, self.place, self.stop = engine, claim, place, stop
        self.words: Report = {"share": 0.0, "doing": ""}

    def done(self) -> Outcome:
        """Wait for it. Raises Lost and Stopped, and UserError where a file is not here that it needs."""
        job: Job = {
            "kind": self.claim.kind,
            "project": self.claim.project,
            "asked": self.claim.asked,
            "place": str(self.place),
            **_job_files(self.engine, self.claim, self.place),
        }
        with (self.place / "log.txt").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "dure.hub.workers.job_process"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
                cwd=self.place, env=environment(), start_new_session=True,
            )  # fmt: skip
            try:
                assert process.stdin is not None
                assert process.stdout is not None
                process.stdin.write(json.dumps(job).encode() + b"\n")
                process.stdin.flush()
                reader = threading.Thread(target=self._listen, args=(process.stdout,), daemon=True)
                reader.start()
                stopped = self._watch(process)
                if stopped is None:
                    reader.join(PATIENCE)
            finally:
                _end(process)
        if stopped is not None:
            return stopped
        if process.returncode == 0 and "said" in self.words:
            return Outcome("done", self.words["said"], self.words.get("result"), self.words.get("written", ()))
        return Outcome("failed", self.words.get("refused") or _died(process.returncode))

    def _listen(self, lines: IO[bytes]) -> None:
        for line in lines:
            try:
                self.words |= json.loads(line)
            except ValueError:
                continue

    def _watch(self, process: subprocess.Popen[bytes]) -> Outcome | None:
        """Until the process has ended, or must: its outcome then. Raises Lost and Stopped."""
        begun, most = time.monotonic(), self.claim.megabytes * 1_000_000
        spoken = begun
        while True:
            try:
                process.wait(BEAT)
            except subprocess.TimeoutExpired:
                pass
            else:
                return None
            if self.stop.is_set():
                raise Stopped
            heard = "go on"
            with suppress(DBAPIError):  # a store that is away for less than the claim lasts costs nothing
                heard = queue.held(self.engine, self.claim, float(self.words["share"]), str(self.words["doing"]))
                spoken = time.monotonic()
            if heard == "lost" or time.monotonic() - spoken > queue.CLAIM_SECONDS:
                raise Lost
            if heard == "stop":
                return Outcome("cancelled", {})
            if time.monotonic() - begun > self.claim.seconds:
                return Outcome("failed", multilingual("it took more than {seconds} s", seconds=self.claim.seconds))
            if memory(process.pid) > most:
                return Outcome(
                    "failed", multilingual("it held more than {megabytes} MB", megabytes=self.claim.megabytes)
                )


def _end(process: subprocess.Popen[bytes]) -> None:
    """Nothing of the process is left, its own children included."""
    if process.stdin is not None:
        process.stdin.close()
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
    kill_group(process.pid)
    process.wait()
    if process.stdout is not None:
        process.stdout.close()


def _died(code: int) -> dict[str, str]:
    if code < 0:
        return multilingual("its process was ended by signal {number}", number=-code)
    return multilingual("its process ended with code {code}", code=code)
