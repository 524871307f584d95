"""What the tests of the hub share: a store of either kind, and projects to try it with."""

from __future__ import annotations

import os
import secrets
import shutil
from pathlib import Path

import pytest

pytest.importorskip("sqlalchemy", reason="the hub needs the extra dure[hub]")

from sqlalchemy import create_engine, text

import browsing
from dure.hub.db import store
from dure.runs import run

SERVER = os.environ.get("DURE_TEST_POSTGRES", "postgresql+pg8000://postgres@127.0.0.1:5432/test")
PROJECTS = Path(__file__).parents[1] / "projects"


@pytest.fixture(scope="session")
def described(tmp_path_factory):
    """Descriptions of projects, kept for all tests: to make one takes a process, and each is kept by the code it is of."""
    base = tmp_path_factory.getbasetemp()
    place = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "described"
    place.mkdir(exist_ok=True)
    return place


@pytest.fixture
def dure_home(dure_home, described):
    """A fresh folder that knows the projects."""
    return browsing.knows(dure_home, described)


@pytest.fixture
def server():
    """The PostgreSQL server of the tests, to make databases in."""
    made = create_engine(SERVER, isolation_level="AUTOCOMMIT")
    yield made
    made.dispose()


def pytest_collection_modifyitems(items):
    """To open a store and a hub on it takes its time: each such test is slow, and on a PostgreSQL it is long."""
    for item in items:
        if "address" in item.fixturenames:
            item.add_marker("long" if item.callspec.params["address"] == "postgresql" else "slow")


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request, dure_home, server):
    """A store of its own, gone after the test; its URL."""
    if request.param == "sqlite":
        yield f"sqlite:///{dure_home / 'hub' / 'hub.sqlite'}"
        return
    try:
        server.connect().close()
    except Exception as error:  # noqa: BLE001 - whatever keeps it from answering
        pytest.skip(f"no PostgreSQL at {server.url}: {error}")
    name = f"dure_{secrets.token_hex(6)}"
    with server.connect() as connection:
        connection.execute(text(f"create database {name}"))
    yield server.url.set(database=name).render_as_string(hide_password=False)
    with server.connect() as connection:
        connection.execute(text(f"drop database {name} with (force)"))


@pytest.fixture
def engine(address):
    """The store, opened."""
    opened = store.opened(address)
    yield opened
    opened.dispose()


@pytest.fixture
def projects(monkeypatch):
    """The projects of the tests."""
    monkeypatch.setenv("DURE_PROJECTS", str(PROJECTS))


@pytest.fixture(scope="module")
def tried(tmp_path_factory):
    """Evidence of the quick forecast, which is better; its folder."""
    out = tmp_path_factory.mktemp("tried") / "evidence"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DURE_PROJECTS", str(PROJECTS))
        run.run("honam.tide", run.Inputs(), sealed=True, seeds=[0], out=out)
    return out


@pytest.fixture
def altered(tmp_path, monkeypatch):
    """Copies the quick forecast with a piece of its code in another's place; its folder."""

    def alter(piece: str, by: str) -> Path:
        place = tmp_path / "projects" / "honam" / "tide"
        shutil.copytree(PROJECTS / "honam" / "tide", place)
        code = place / "project.py"
        was = code.read_text(encoding="utf-8")
        assert piece in was
        code.write_text(was.replace(piece, by), encoding="utf-8")
        monkeypatch.setenv("DURE_PROJECTS", str(tmp_path / "projects"))
        return place

    return alter
