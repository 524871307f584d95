"""The process of one service: `python -m dure.hub.models.model_process`, alone with a project's code; it answers until its hub is gone.

Frames both ways: four bytes of length, then so many bytes. The first one in says what to serve (JSON), the first one out what is
served, or why nothing is. Then one out for one in, in their order: in the reader's language (two letters), a letter for what is
wanted and JSON, out a letter for what came of it and JSON.
"""

from __future__ import annotations

import json
import os
import queue
import struct
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import IO, TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    from dure.errors import UserError
    from dure.serving.service import Service

ANSWERED, REFUSED, UNANSWERED = b"a", b"r", b"u"  # an answer; the request cannot be used; nobody has an answer
REQUEST, TRUTH = b"q", b"t"  # answer it; score an answer by what really happened
LENGTH = struct.Struct("!I")
ORPHANED = 75  # exit code where the hub is gone (EX_TEMPFAIL)


class Job(TypedDict):
    """What to serve: see `dure.hub.models.process_pool.Asked`."""

    project: str
    method: str
    settings: dict[str, str]
    version: int
    code: str
    practice: bool
    data: dict[str, str]
    language: str


def main() -> int:
    """Serve what the first frame asks for."""
    frames, say = _pipes()
    from pydantic_core import to_json

    from dure.errors import UserError
    from dure.i18n.texts import speak

    job: Job = json.loads(next(frames))
    speak(job["language"])
    try:
        service = _built(job)
    except UserError as error:
        say(REFUSED + _plainly(error))
        return 2
    except Exception as error:  # noqa: BLE001 - a project's code may raise anything
        traceback.print_exc()
        say(REFUSED + _plainly(UserError(f"{type(error).__name__}: {error}")))
        return 1
    say(ANSWERED + to_json(service.versions))
    for frame in frames:
        speak(frame[:2].decode())
        say((_score if frame[2:3] == TRUTH else _answer)(service, frame[3:]))
    return 0


def _built(job: Job) -> Service:
    """The project's method, or today's practice alone where that is wanted."""
    from dure.content_store import stored
    from dure.errors import UserError
    from dure.i18n.texts import _
    from dure.project.code_hash import project_hash
    from dure.project.loader import load
    from dure.runs import run
    from dure.serving.service import open_service
    from dure.trial import types

    project = load(job["project"])
    method = project.practice.__name__ if job["practice"] else job["method"]
    assert project.folder is not None
    if job["code"] and project_hash(project.folder) != job["code"]:
        raise UserError(
            _(
                "{project} has changed since version {version} was accepted",
                project=job["project"],
                version=job["version"],
            )
        )
    own = {source: stored(sha256) for source, sha256 in job["data"].items()}
    inputs = run.Inputs(settings=job["settings"], data=own)
    # how the headers of files of one's own are read was confirmed when the method was tried on them
    made = open_service(project, method=method, inputs=inputs, tell=types.quiet, confirm=lambda _text: True)
    return replace(made, versions={**made.versions, "service": job["version"]})


def _answer(service: Service, raw: bytes) -> bytes:
    from pydantic_core import to_json

    from dure.errors import UserError
    from dure.serving.request import read_request

    try:
        request = read_request(service.project, raw, "")
    except UserError as error:
        return REFUSED + _plainly(error)
    try:
        return ANSWERED + to_json(service.answer(request, where="").said)
    except UserError as error:
        return UNANSWERED + _plainly(error)


def _score(service: Service, raw: bytes) -> bytes:
    """The project's sums of an answer that was given, and of the practice's answer to the same request."""
    from pydantic_core import from_json, to_json

    from dure.errors import UserError
    from dure.serving.service import scored

    feedback = from_json(raw)
    try:
        return ANSWERED + to_json(scored(service, feedback["request"], feedback["response"], feedback["truth"]))
    except UserError as error:
        return REFUSED + _plainly(error)


def _plainly(error: UserError) -> bytes:
    return json.dumps({"what": error.what, "where": error.where, "cure": error.cure}).encode()


def _pipes() -> tuple[Iterator[bytes], Callable[[bytes], None]]:
    """Frames in and out. Nothing else is written there: what a project prints goes to the log, and it reads nothing."""
    source, target = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    waiting: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(source, waiting), daemon=True).start()

    def say(frame: bytes) -> None:
        target.write(LENGTH.pack(len(frame)) + frame)
        target.flush()

    return iter(waiting.get, None), say


def _read(source: IO[bytes], waiting: queue.SimpleQueue[bytes]) -> None:
    """Frames into the queue; the process ends with its input, whatever it is at."""
    while len(head := source.read(LENGTH.size)) == LENGTH.size:
        (length,) = LENGTH.unpack(head)
        waiting.put(source.read(length))
    os._exit(ORPHANED)


if __name__ == "__main__":
    sys.exit(main())
