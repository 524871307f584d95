"""The queue of runs: claimed once, never lost with its worker, ended once; on SQLite and on PostgreSQL."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest
import shared_queue
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text, update

from dure import UserError, evidence
from dure.hub.db import rows, schema, store
from dure.hub.jobs import queue
from dure.hub.workers import worker

QUICK = {"profile": "full", "seeds": [0]}
LIMITS = {"seconds": 600, "megabytes": 4096}


def lapse(engine):
    """Every claim is over."""
    with engine.begin() as connection:
        connection.execute(update(schema.run).values(claimed_until=0.0))


# ---- the store ----------------------------------------------------------------------------------------------------------


def test_the_migrations_make_the_tables_that_the_code_names(engine):
    with engine.begin() as connection:
        assert compare_metadata(MigrationContext.configure(connection), schema.metadata) == []
    assert {"run", "alembic_version"} <= set(inspect(engine).get_table_names())


@pytest.mark.parametrize(
    "row", [kind for kind in vars(rows).values() if hasattr(kind, "_fields")], ids=lambda row: row.__name__
)
def test_a_row_has_the_columns_of_its_table_in_their_order(row):
    columns = schema.metadata.tables[row.__name__.removesuffix("Row").lower()].columns.keys()
    assert list(row._fields[: len(columns)]) == columns


def test_several_hubs_open_a_new_store_at_once(address):
    with ThreadPoolExecutor(4) as pool:
        for engine in [each.result() for each in [pool.submit(store.opened, address) for _ in range(4)]]:
            assert queue.listed(engine) == []
            engine.dispose()


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("nonsense", "not the address of a store"),
        ("mysql://localhost/x", "mysql"),
        ("postgresql://x@127.0.0.1:1/x", "cannot be opened"),
    ],
)
def test_a_store_that_cannot_be_had_is_one_clear_error(where, said):
    with pytest.raises(UserError, match=said):
        store.opened(where)


# ---- the queue ----------------------------------------------------------------------------------------------------------


def test_every_run_is_claimed_once_and_in_turn(engine):
    asked = [queue.submit(engine, "honam.tide", {}, **LIMITS) for _ in range(40)]
    claimed, lock = [], threading.Lock()

    def claim_all(name):
        while (mine := queue.claim(engine, name)) is not None:
            with lock:
                claimed.append(mine.id)
            assert queue.end(engine, mine, "done", {})

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(claim_all, "abcd"))
    assert sorted(claimed) == sorted(asked)
    assert {each.state for each in queue.listed(engine)} == {"done"}
    assert {each.attempt for each in queue.listed(engine)} == {1}


def test_the_oldest_waits_no_longer_than_others(engine):
    first, second = (queue.submit(engine, "honam.tide", {}, **LIMITS) for _ in range(2))
    assert [queue.claim(engine, "a").id, queue.claim(engine, "b").id] == [first, second]
    assert queue.claim(engine, "c") is None


def test_a_lost_workers_run_is_anothers_and_only_the_newest_is_heard(engine):
    name = queue.submit(engine, "honam.tide", {}, **LIMITS)
    first = queue.claim(engine, "a")
    assert queue.held(engine, first, 0.5, "half") == "go on"
    assert queue.claim(engine, "b") is None  # the claim holds
    lapse(engine)
    second = queue.claim(engine, "b")
    assert (second.id, second.attempt) == (name, 2)
    assert queue.held(engine, first, 0.9, "") == "lost"
    assert not queue.end(engine, first, "done", {"en": "by the first"})
    assert queue.end(engine, second, "done", {"en": "by the second"})
    assert not queue.end(engine, second, "failed", {})
    found = queue.one(engine, name)
    assert (found.state, found.said["en"], found.lost, found.share) == ("done", "by the second", 1, 1.0)


def test_after_three_lost_workers_a_run_has_failed_and_says_so(engine):
    name = queue.submit(engine, "honam.tide", {}, **LIMITS)
    for _attempt in range(queue.LOSSES):
        assert queue.claim(engine, "a").id == name
        lapse(engine)
    assert queue.claim(engine, "a") is None
    found = queue.one(engine, name)
    assert (found.state, found.said["en"]) == ("failed", "its worker was lost 3 times")
    assert found.said["ko"] != found.said["en"]
    assert found.ended is not None


def test_a_run_given_back_waits_again_and_has_lost_nothing(engine):
    name = queue.submit(engine, "honam.tide", {}, **LIMITS)
    for _attempt in range(5):
        queue.give_back(engine, queue.claim(engine, "a"))
    assert (queue.one(engine, name).state, queue.one(engine, name).lost) == ("queued", 0)


def test_cancelling_what_waits_what_runs_and_what_has_ended(engine):
    waits, runs_ = (queue.submit(engine, "honam.tide", {}, **LIMITS) for _ in range(2))
    assert queue.cancel(engine, waits) == "cancelled"
    mine = queue.claim(engine, "a")
    assert mine.id == runs_
    assert queue.cancel(engine, runs_) == "running"
    assert queue.held(engine, mine, 0.1, "") == "stop"
    lapse(engine)  # its worker is gone before it could stop it
    assert queue.claim(engine, "b") is None
    assert queue.one(engine, runs_).state == "cancelled"
    with pytest.raises(UserError, match="ended already"):
        queue.cancel(engine, runs_)
    with pytest.raises(UserError, match=f"Did you mean {waits}"):
        queue.cancel(engine, waits[:-1] + ("0" if waits[-1] != "0" else "1"))


# ---- workers ------------------------------------------------------------------------------------------------------------

GATED = '''
def regression(history, _seed, work):
    """Least squares, once the gate is open."""
    import os, time
    from pathlib import Path
    here = Path(__file__).parent
    (here / "began").write_text(str(os.getpid()))
    held = bytearray(int((here / "hold").read_text())) if (here / "hold").exists() else None
    work.tell(0.5, "before the gate")
    while not (here / "gate").exists():
        time.sleep(0.02)
    return ungated(history, _seed, work)


def ungated('''


@pytest.fixture
def tide(altered):
    """A quick forecast whose model is not fitted before a gate is open; its folder."""
    return altered("\ndef regression(", GATED)


def until(true, seconds=60):
    """Wait for something that must come true."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.02)


def working(engine):
    """A worker in a thread that ends once nothing waits."""
    thread = threading.Thread(
        target=worker.work,
        args=(engine,),
        kwargs={"until": lambda: not queue.waiting(engine), "tell": lambda _text: None},
    )
    thread.start()
    return thread


def test_a_worker_plays_a_run_and_keeps_whole_evidence(engine, tide):
    (tide / "gate").touch()
    name = queue.submit(engine, "honam.tide", QUICK, **LIMITS)
    working(engine).join()
    found = queue.one(engine, name)
    assert (found.state, found.share, found.attempt) == ("done", 1.0, 1), found.said
    assert "mean absolute error" in found.said["en"]
    assert evidence.verify(store.folder() / found.evidence).faults == ()
    assert sorted(each.name for each in (store.folder() / "runs" / name / "attempt-1").iterdir()) == [
        "evidence",
        "log.txt",
    ]


def test_what_the_project_refuses_ends_the_run_with_its_reason(engine, tide):
    name = queue.submit(engine, "honam.tyde", QUICK, **LIMITS)
    working(engine).join()
    assert queue.one(engine, name).state == "failed"
    assert "honam.tide" in queue.one(engine, name).said["en"]  # the nearest name


@pytest.mark.parametrize(
    ("limit", "said"), [({"seconds": 1}, "more than 1 s"), ({"megabytes": 400}, "more than 400 MB")]
)
def test_a_run_beyond_its_time_or_memory_is_stopped(engine, tide, limit, said):
    (tide / "hold").write_text("600000000" if "megabytes" in limit else "0")
    name = queue.submit(engine, "honam.tide", QUICK, **LIMITS | limit)
    working(engine).join()
    assert queue.one(engine, name).state == "failed"
    assert said in queue.one(engine, name).said["en"]
    assert not psutil.pid_exists(int((tide / "began").read_text()))


def test_a_running_run_is_cancelled(engine, tide):
    name = queue.submit(engine, "honam.tide", QUICK, **LIMITS)
    thread = working(engine)
    until(lambda: queue.one(engine, name).doing == "before the gate" or queue.one(engine, name).share > 0)
    queue.cancel(engine, name)
    thread.join()
    assert queue.one(engine, name).state == "cancelled"
    assert not psutil.pid_exists(int((tide / "began").read_text()))


@pytest.mark.long
def test_a_worker_killed_in_the_middle_loses_nothing(engine, address, tide):
    environment = {**os.environ, "DURE_STORE": address}
    command = [sys.executable, "-m", "dure", "worker", "--idle"]
    name = queue.submit(engine, "honam.tide", QUICK, **LIMITS)
    first = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until(lambda: (tide / "began").exists() and (tide / "began").read_text())
    played = int((tide / "began").read_text())
    first.send_signal(signal.SIGKILL)
    first.wait()
    until(
        lambda: not psutil.pid_exists(played) or psutil.Process(played).status() == psutil.STATUS_ZOMBIE
    )  # it goes with its worker
    assert queue.one(engine, name).state == "running"
    lapse(engine)
    (tide / "gate").touch()
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = queue.one(engine, name)
    assert (found.state, found.attempt, found.lost) == ("done", 2, 1), found.said
    assert evidence.verify(store.folder() / found.evidence).faults == ()
    assert not (store.folder() / "runs" / name / "attempt-1").exists()


@pytest.mark.parametrize("address", ["postgresql"], indirect=True)
def test_a_store_that_is_away_for_a_while_costs_nothing(engine, address, server, tide):
    name = queue.submit(engine, "honam.tide", QUICK, **LIMITS)
    thread = working(engine)
    until((tide / "began").exists)
    database = engine.url.database
    with server.connect() as connection:
        connection.execute(text(f"alter database {database} allow_connections false"))
        connection.execute(text(f"select pg_terminate_backend(pid) from pg_stat_activity where datname = '{database}'"))
        (tide / "gate").touch()  # the run ends while nobody can be told
        until(lambda: not psutil.pid_exists(int((tide / "began").read_text())))
        assert thread.is_alive()
        connection.execute(text(f"alter database {database} allow_connections true"))
    thread.join()
    assert (queue.one(engine, name).state, queue.one(engine, name).attempt) == ("done", 1)


@pytest.mark.parametrize("address", ["postgresql"], indirect=True)
def test_two_hubs_and_two_workers_play_every_run_once(address, projects, tmp_path, monkeypatch):
    monkeypatch.setenv("DURE_STORE", address)
    row = shared_queue.measured(12, 2, tmp_path, kill=False)  # which looks at every run, as at the 300 of the benchmark
    assert (row["done_once"], row["begun_again"]) == (12, 0)


@pytest.fixture
def heard_interrupt():
    """A shell has what runs in its background ignore SIGINT, and children inherit that: here it is heard."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("heard_interrupt")
def test_a_worker_that_is_stopped_gives_its_run_back(engine, address, tide):
    environment = {**os.environ, "DURE_STORE": address}
    name = queue.submit(engine, "honam.tide", QUICK, **LIMITS)
    first = subprocess.Popen(
        [sys.executable, "-m", "dure", "worker"], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    until((tide / "began").exists)
    first.send_signal(signal.SIGINT)
    assert first.wait(30) == 130
    assert (queue.one(engine, name).state, queue.one(engine, name).lost) == ("queued", 0)


def test_what_a_run_knows_of_the_machine_holds_no_secret(monkeypatch):
    monkeypatch.setenv("DURE_STORE", "postgresql://me:secret@db/hub")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    assert "secret" not in str(worker.environment())


# ---- the commands -------------------------------------------------------------------------------------------------------


@pytest.mark.long
def test_the_commands_queue_list_and_tell(address, tide, tmp_path):
    environment = {**os.environ, "DURE_STORE": address}
    (tide / "gate").touch()

    def dure(*words):
        return subprocess.run(
            [sys.executable, "-m", "dure", *words],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            cwd=tmp_path,
        )

    asked = dure("queue", "honam.tide", "--seed", "0")
    assert asked.returncode == 0, asked.stderr
    name = asked.stdout.strip()
    assert f"{name}  honam.tide  queued" in dure("runs").stdout
    assert dure("worker", "--idle").returncode == 0
    assert f"{name}  honam.tide  done" in dure("runs", name).stdout
    assert dure("runs", name, "--log").returncode == 0
    refused = dure("runs", name, "--cancel")
    assert (refused.returncode, "ended already" in refused.stderr) == (2, True)
    assert {"queue", "runs", "worker"} <= {
        line.split()[0] for line in dure("--help").stdout.splitlines() if line.startswith("  ")
    }
