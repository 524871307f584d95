"""Services: for each one a process alone with its project's code, begun at the first request, ended when idle.

Where a process ends, hangs or holds too much, the request it was at is answered by today's practice, in a process of its own, and
the answer says so.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections import deque
from contextlib import suppress
from typing import NamedTuple

from dure.errors import UserError
from dure.hub.db.store import folder
from dure.hub.jobs.process import PATIENCE, environment, kill_group, memory
from dure.hub.models.model_process import ANSWERED, LENGTH, REFUSED, REQUEST, TRUTH
from dure.i18n.texts import _, language

BEAT = 0.5  # seconds between two looks at a process
IDLE = 600.0  # seconds without a request after which a process ends
START = 600.0  # seconds that a process may take to be ready: what a method fits is fitted then
REST = 30.0  # seconds that a service which could not be started is left alone
MOST_WAITING = 1000  # requests that wait for one process


class Asked(NamedTuple):
    """What is served.

    Attributes
    ----------
    project, method, settings, data
        A project's method as it is set at a site, with files of one's own by source (their SHA-256).
    version
        Of the service; part of every answer. 0: nothing was promoted.
    code
        SHA-256 of the project as it was accepted: no other is served. Empty: whatever is installed.
    practice
        Today's practice in the method's place.
    """

    project: str
    method: str
    settings: tuple[tuple[str, str], ...] = ()
    version: int = 0
    code: str = ""
    practice: bool = False
    data: tuple[tuple[str, str], ...] = ()


class Limits(NamedTuple):
    """Seconds an answer may take, and megabytes that the process may hold."""

    seconds: float = 60.0
    megabytes: int = 4096


class Gone(Exception):
    """The process has no answer any more: why, and in words.

    The cause is "crashed" or "late" as in `dure.trial.ask.CAUSES`, "unavailable" where it cannot be started, "idle" where it may be asked
    anew.
    """

    def __init__(self, cause: str, reason: str) -> None:
        super().__init__(reason)
        self.cause, self.reason = cause, reason


class Busy(Exception):
    """More requests wait than a process takes."""


class Services:
    """The processes of a hub; to be used within one event loop."""

    def __init__(self) -> None:
        self._running: dict[Asked, asyncio.Task[_Process]] = {}
        self._resting: dict[Asked, tuple[float, str]] = {}

    async def answer(self, asked: Asked, limits: Limits, request: bytes) -> tuple[bytes, bytes]:
        """(what came of it, JSON): an answer with its versions, or why there is none.

        Raises Busy, and UserError where not even the practice can be asked.
        """
        frame = language().encode() + REQUEST + request
        try:
            return await self._ask(asked, limits, frame)
        except Gone as gone:
            if asked.practice:
                raise UserError(_("no method has an answer: {why}", why=gone.reason)) from None
            cause, reason = gone.cause, gone.reason
        try:
            kind, reply = await self._ask(asked._replace(practice=True, code=""), limits, frame)
        except Gone as gone:
            raise UserError(_("no method has an answer: {why}", why=gone.reason)) from None
        if kind != ANSWERED:
            return kind, reply
        record = json.loads(reply) | {"instead_of": asked.method, "cause": cause, "why": reason}
        return kind, json.dumps(record, ensure_ascii=False).encode()

    async def score(self, project: str, limits: Limits, feedback: bytes) -> tuple[bytes, bytes]:
        """(what came of it, JSON): sums of an answer and of the practice's, by the project's own score.

        Raises Busy, and UserError where the project cannot be asked.
        """
        try:
            return await self._ask(Asked(project, "", practice=True), limits, language().encode() + TRUTH + feedback)
        except Gone as gone:
            raise UserError(_("no answer can be scored: {why}", why=gone.reason)) from None

    async def _ask(self, asked: Asked, limits: Limits, frame: bytes) -> tuple[bytes, bytes]:
        while True:
            process = await self._process(asked, limits)
            try:
                reply = await process.ask(frame)
            except Gone as gone:
                if gone.cause != "idle":
                    raise
                continue
            return reply[:1], reply[1:]

    async def _process(self, asked: Asked, limits: Limits) -> _Process:
        """The one that runs, or a new one. Raises Gone where it cannot be started."""
        now = asyncio.get_running_loop().time()
        until, reason = self._resting.get(asked, (0.0, ""))
        if now < until:
            raise Gone("unavailable", reason)
        task = self._running.get(asked)
        if task is None or (task.done() and (task.cancelled() or task.exception() or task.result().over)):
            task = self._running[asked] = asyncio.create_task(_Process.started(asked, limits))
        try:
            return await asyncio.shield(task)
        except Gone as gone:
            self._resting[asked] = (asyncio.get_running_loop().time() + REST, gone.reason)
            raise

    async def close(self) -> None:
        """End them all."""
        for task in self._running.values():
            if task.done() and not task.cancelled() and not task.exception():
                await task.result().close()
            else:
                task.cancel()
                with suppress(asyncio.CancelledError, Gone):
                    await task
        self._running.clear()


class _Process:
    """A service's process: requests go in and answers come out in their order."""

    def __init__(self, process: asyncio.subprocess.Process, limits: Limits) -> None:
        self.process, self.limits, self.over = process, limits, False
        self.waiting: deque[asyncio.Future[bytes]] = deque()
        self.loop = asyncio.get_running_loop()
        self.since = self.loop.time()
        self.gone = Gone("crashed", "")
        self.tasks: list[asyncio.Task[None]] = []
        self.ending: asyncio.Task[None] | None = None

    @classmethod
    async def started(cls, asked: Asked, limits: Limits) -> _Process:
        """Ready to be asked. Raises Gone."""
        place = folder() / "services"
        place.mkdir(parents=True, exist_ok=True)
        with (place / f"{asked.project}.log").open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "dure.hub.models.model_process", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
                stderr=log, cwd=place, env=environment(), start_new_session=True,
            )  # fmt: skip
        made = cls(process, limits)
        try:
            job = asked._asdict() | {"settings": dict(asked.settings), "data": dict(asked.data), "language": language()}
            made._write(json.dumps(job).encode())
            reply = await asyncio.wait_for(made._frame(), START)
            if reply[:1] == REFUSED:
                raise Gone("unavailable", json.loads(reply[1:])["what"])
        except (asyncio.IncompleteReadError, OSError):
            await made.close()
            raise Gone("crashed", _("its process ended")) from None
        except TimeoutError:
            await made.close()
            raise Gone("late", _("it took more than {seconds} s", seconds=int(START))) from None
        except BaseException:
            await made.close()
            raise
        made.since = made.loop.time()
        made.tasks = [asyncio.create_task(made._listen()), asyncio.create_task(made._watch())]
        return made

    async def ask(self, frame: bytes) -> bytes:
        """The answer to a request. Raises Gone and Busy."""
        if self.over:
            raise self.gone
        if len(self.waiting) >= MOST_WAITING:
            raise Busy
        if not self.waiting:
            self.since = self.loop.time()
        answer: asyncio.Future[bytes] = self.loop.create_future()
        self.waiting.append(answer)
        try:
            self._write(frame)
            assert self.process.stdin is not None
            await self.process.stdin.drain()
        except OSError:
            self._give_up(Gone("crashed", _("its process ended")))
        return await answer

    def _write(self, frame: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(LENGTH.pack(len(frame)) + frame)

    async def _frame(self) -> bytes:
        assert self.process.stdout is not None
        (length,) = LENGTH.unpack(await self.process.stdout.readexactly(LENGTH.size))
        return await self.process.stdout.readexactly(length)

    async def _listen(self) -> None:
        try:
            while True:
                frame = await self._frame()
                self.since = self.loop.time()
                answer = self.waiting.popleft()
                if not answer.done():  # whoever asked may have gone
                    answer.set_result(frame)
        except (asyncio.IncompleteReadError, OSError):
            self._give_up(Gone("crashed", _("its process ended")))

    async def _watch(self) -> None:
        """End it when it is idle, at one request for too long, or holds too much."""
        most = self.limits.megabytes * 1_000_000
        while not self.over:
            await asyncio.sleep(min(BEAT, self.limits.seconds / 4))
            quiet = self.loop.time() - self.since
            if self.waiting and quiet > self.limits.seconds:
                self._give_up(Gone("late", _("it took more than {seconds} s", seconds=f"{self.limits.seconds:g}")))
            elif not self.waiting and quiet > IDLE:
                self._give_up(Gone("idle", ""))
            elif await asyncio.to_thread(memory, self.process.pid) > most:
                reason = _("it held more than {megabytes} MB", megabytes=self.limits.megabytes)
                self._give_up(Gone("crashed", reason))

    def _give_up(self, gone: Gone) -> None:
        """Whoever waits hears why; nothing is asked of it any more."""
        if self.over:
            return
        self.over, self.gone = True, gone
        while self.waiting:
            answer = self.waiting.popleft()
            if not answer.done():
                answer.set_exception(Gone(gone.cause, gone.reason))
        self.ending = asyncio.create_task(self._end())

    async def _end(self) -> None:
        """Nothing of it is left."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        with suppress(TimeoutError):
            await asyncio.wait_for(self.process.wait(), PATIENCE)
        kill_group(self.process.pid)
        await self.process.wait()

    async def close(self) -> None:
        """End it, and wait until nothing of it is left."""
        self._give_up(Gone("idle", ""))
        for task in self.tasks:
            task.cancel()
        assert self.ending is not None
        await self.ending
