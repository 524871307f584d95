"""Clients of a hub, as its tests ask it."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path

from alembic.config import Config
from fastapi.testclient import TestClient

from dure.hub.api import app
from dure.hub.auth import accounts
from dure.hub.auth.accounts import HUB, Caller
from dure.hub.auth.middleware import Guard
from dure.hub.context import Hub
from dure.hub.db import store
from dure.hub.jobs import queue
from dure.hub.workers import worker

TOKEN = "the token of this start"
HOST = "127.0.0.1"


@contextmanager
def hub_of(engine, token=TOKEN):
    """A hub's client without anybody's token."""
    with TestClient(Guard(app(Hub(engine, token)), (HOST,)), base_url=f"http://{HOST}:8080") as client:
        yield client


def migrations(connection):
    """The hub's migrations, for a connection to a store."""
    config = Config()
    config.set_main_option("script_location", str(Path(store.__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    return config


def known(engine, name, role="member", organisation=HUB):
    """The headers of a person who may do so much."""
    accounts.keep(engine, name, role, organisation=organisation)
    return {"authorization": f"Bearer {accounts.issue(engine, Caller(name, organisation, role), 1)}"}


def work(engine):
    """Play what waits."""
    worker.work(engine, until=lambda: not queue.waiting(engine), tell=lambda _text: None)


def sent(client, name, content, headers=None):
    """A file sent; its SHA-256."""
    got = client.post("/api/v1/files", params={"name": name}, content=content, headers=headers)
    assert got.status_code == 201, got.text
    return got.json()["sha256"]
