"""Whatever is killed under load: no run is lost or done twice, no answer lacks its versions, the store stays whole.

DURE_KILLS=30 pytest tests/hub/test_killed.py
"""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress

import psutil
import pytest
import requests
from sqlalchemy import text, update

from dure import evidence
from dure.hub.db import schema, store
from dure.hub.jobs import queue
from dure.hub.models import promotion
from dure.hub.models.promotion import Accepted

KILLS = int(os.environ.get("DURE_KILLS", "3"))  # rounds of a kill each
CALM = {"week_ago": 10, "change": 1}
VERSIONS = {"project", "version", "code", "data", "service", "method", "response"}
ALL = ("worker", "server", "service", "all")


def serves(process):
    """Whether it is a service; one that has just ended is none."""
    try:
        return "dure.hub.models.model_process" in process.cmdline()
    except psutil.Error:
        return False


class Load:
    """A hub and a worker beside it, asked without end; `answers` holds what came."""

    def __init__(self, environment):
        self.environment, self.answers, self.over = environment, [], threading.Event()
        self.start()
        self.threads = [threading.Thread(target=self.ask) for _each in range(3)]
        for thread in self.threads:
            thread.start()

    def dure(self, *words, **how):
        return subprocess.Popen([sys.executable, "-m", "dure", *words], env=self.environment, **how)

    def start(self):
        quiet = {"stderr": subprocess.DEVNULL, "text": True}
        self.server = self.dure("up", "--port", "0", stdout=subprocess.PIPE, **quiet)
        self.worker = self.dure("worker", stdout=subprocess.DEVNULL, **quiet)
        self.base, token = re.search(r"(http://[^/]+)/enter\?token=(\S+)", self.server.stdout.readline()).groups()
        self.known = {"authorization": f"Bearer {token}"}

    def ask(self):
        while not self.over.is_set():
            with suppress(requests.RequestException):
                where = f"{self.base}/api/v1/projects/honam.tide/answer"
                got = requests.post(where, json=CALM, headers=self.known, timeout=30)
                self.answers.append((got.status_code, got.json()))

    def kill(self, what):
        """Kill -9 at once, and begin again what is gone. Ids of the workers that are gone."""
        services = [each for each in psutil.Process(self.server.pid).children() if serves(each)]
        gone = {
            "worker": [self.worker.pid],
            "server": [self.server.pid],
            "service": [each.pid for each in services],
            "all": [self.worker.pid, self.server.pid, *(each.pid for each in services)],
        }[what]
        for pid in gone:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if what != "service":
            self.stop()
            self.start()
        return [self.worker.pid, self.server.pid]

    def stop(self):
        for each in (self.worker, self.server):
            each.kill()
            each.wait()
        self.server.stdout.close()

    def end(self):
        self.over.set()
        for thread in self.threads:
            thread.join()
        self.stop()


def lapse_but(engine, pids):
    """The claims of workers that are gone end."""
    with engine.begin() as connection:
        for each in connection.execute(schema.run.select().where(schema.run.c.state == "running")).all():
            if int(each.worker.rpartition(":")[2]) not in pids:
                connection.execute(update(schema.run).where(schema.run.c.id == each.id).values(claimed_until=0.0))


@pytest.mark.long
@pytest.mark.parametrize("seed", [0])
def test_nothing_is_lost_whatever_is_killed(engine, address, projects, seed):
    draw = random.Random(seed)
    environment = {**os.environ, "DURE_STORE": address}
    promotion.promote(engine, "honam.tide", Accepted("regression", {}, "", "", {"en": "tried", "ko": "시험"}), "kim")
    load, names = Load(environment), []
    try:
        for number in range(KILLS):
            names += [
                queue.submit(engine, "honam.tide", {"seeds": [0]}, seconds=600, megabytes=4096) for _each in range(2)
            ]
            threading.Event().wait(draw.uniform(0.2, 3.0))  # a random moment is what is tried
            lapse_but(engine, load.kill(ALL[number % len(ALL)]))
        end = time.monotonic() + 60 + 10 * KILLS
        while queue.waiting(engine):
            assert time.monotonic() < end, [each.state for each in queue.listed(engine)]
            lapse_but(engine, [load.worker.pid, load.server.pid])
            threading.Event().wait(0.2)
    finally:
        load.end()
    found = {each.id: each for each in queue.listed(engine, 1000)}
    assert set(found) == set(names)
    for each in found.values():
        kept = list((store.folder() / "runs" / each.id).glob("*/evidence"))
        if each.state == "done":
            assert [place.relative_to(store.folder()).as_posix() for place in kept] == [each.evidence]
            assert evidence.verify(store.folder() / each.evidence).faults == ()
        else:
            assert (each.state, each.lost) == ("failed", queue.LOSSES), each.said
    assert load.answers
    for status, said in load.answers:
        assert (status, set(said) >= VERSIONS) == (200, True), said
    if engine.dialect.name == "sqlite":
        with engine.begin() as connection:
            assert connection.execute(text("pragma integrity_check")).scalar() == "ok"
