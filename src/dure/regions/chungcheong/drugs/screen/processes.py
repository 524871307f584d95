"""The processes of a screening: they take its pieces in order, and end with it."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Any, TypeVar

from dure import UserError

from ..forms import _

T = TypeVar("T")
AHEAD = 32  # pieces on their way: while one process computes, another does not wait for the reading


@contextmanager
def processes(jobs: int) -> Iterator[Executor]:
    """So many processes of this program; they end with it, even if it is killed."""
    spawned = multiprocessing.get_context("spawn")  # a fork would take over locks of threads that it does not have
    try:
        with ProcessPoolExecutor(jobs, mp_context=spawned, initializer=_begin_process) as pool:
            yield pool
    except BrokenProcessPool:
        raise UserError(
            _("a process was ended from outside, perhaps for want of memory"),
            cure=_("Call it again, it goes on; with --jobs 1 it needs less memory."),
        ) from None


def _begin_process() -> None:
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # it ships no types

    threadpool_limits(1)  # the processes are the threads
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the first process stops, and says so
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def in_order(pool: Executor, work: Callable[..., T], calls: Iterable[tuple[Any, ...]]) -> Iterator[T]:
    """Results of `work(*call)` in the order of the calls, of which few are taken ahead."""
    waiting: deque[Future[T]] = deque()
    for call in calls:
        waiting.append(pool.submit(work, *call))
        if len(waiting) > AHEAD:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()
