"""`dure up`: the hub for whoever starts it on this machine, or for people who sign in from others."""

from __future__ import annotations

import json
import logging
import secrets
import socket
import sys
import threading
from typing import TYPE_CHECKING, NamedTuple

import uvicorn

from dure.errors import UserError
from dure.hub.api import app
from dure.hub.auth import accounts
from dure.hub.auth.middleware import Guard
from dure.hub.context import Hub
from dure.hub.db import store
from dure.hub.workers import worker
from dure.i18n.texts import _

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pydantic import JsonValue
    from sqlalchemy import Engine

LOOPBACK = ("127.0.0.1", "localhost")  # this machine alone: whoever starts the hub is its owner
PATIENCE = 5  # seconds that requests have to end when the hub does


class Front(NamedTuple):
    """How the hub is reached.

    Attributes
    ----------
    host, port
        Where it listens.
    names
        Under which it answers to other machines.
    certificate, key
        Files of its own, for HTTPS.
    proxied
        Whether a proxy before it speaks HTTPS.
    """

    host: str
    port: int
    names: tuple[str, ...] = ()
    certificate: Path | None = None
    key: Path | None = None
    proxied: bool = False


class _Server(uvicorn.Server):
    """Says that it is about to end to whoever is followed without an end: it would wait for them."""

    def __init__(self, config: uvicorn.Config, hub: Hub) -> None:
        super().__init__(config)
        self.hub = hub

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn's."""
        self.hub.ending = True
        await super().shutdown(sockets)


def serve(front: Front, *, workers: int, plan: Path | None, tell: Callable[[str], None]) -> None:
    """Serve until the process is told to end.

    Raises UserError where the plan's file is faulty, the port is taken, and where the hub would answer to other machines without
    HTTPS, a name, or anybody who could sign in.
    """
    alone = front.host in LOOPBACK and not front.names
    engine = store.opened()
    if not alone:
        _fit(front, engine)
    hub = Hub(engine, secrets.token_urlsafe(32) if alone else "", plan)
    listening = _bound(front)
    stop = threading.Event()
    lanes = [*([()] * workers), *([worker.AT_ONCE] if workers else [])]
    threads = [
        threading.Thread(target=worker.work, args=(engine,), kwargs={"kinds": kinds, "stop": stop, "tell": _log})
        for kinds in lanes
    ]
    _write_down()
    config = uvicorn.Config(
        Guard(app(hub), LOOPBACK if alone else front.names, proxied=front.proxied), log_config=None, access_log=False,
        server_header=False, timeout_graceful_shutdown=PATIENCE, lifespan="on", proxy_headers=False,
        ssl_certfile=front.certificate, ssl_keyfile=front.key,
    )  # fmt: skip
    for thread in threads:
        thread.start()
    port = listening.getsockname()[1]
    tell(
        _(
            "Dure is at {address}",
            address=f"http://{front.host}:{port}/enter?token={hub.token}" if alone else f"https://{front.names[0]}",
        )
    )
    try:
        _Server(config, hub).run(sockets=[listening])
    finally:
        stop.set()
        for thread in threads:
            thread.join()
        engine.dispose()


def _fit(front: Front, engine: Engine) -> None:
    """Raise UserError unless the hub may answer to other machines."""
    if not front.names:
        message = _("under which name do other machines reach this hub?")
        raise UserError(message, where="--name", cure=_("Write it like {example}.", example="--name dure.example.org"))
    if not front.proxied and not (front.certificate and front.key):
        message = _("passwords and answers would travel in the open")
        cure = _("Give --certificate and --key, or --proxy where one before it speaks HTTPS.")
        raise UserError(message, where="dure up", cure=cure)
    if not accounts.known(engine):
        cure = _("Add somebody: `dure person NAME --role admin`.")
        raise UserError(_("nobody could sign in"), where="dure up", cure=cure)


def _bound(front: Front) -> socket.socket:
    # Named as TCP, or asyncio leaves Nagle on: every answer would wait 40 ms for the acknowledgement of its headers.
    family = socket.AF_INET6 if ":" in front.host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((front.host, front.port))
    except OSError as error:
        listening.close()
        message = _("port {port} cannot be had ({why})", port=front.port, why=error.strerror)
        raise UserError(message, where="--port", cure=_("Give another one, or 0 for any that is free.")) from None
    listening.listen()  # who comes before the server is up waits
    return listening


def _log(text: str) -> None:
    logging.getLogger("dure.hub").info(text)


class _Lines(logging.Formatter):
    """Each record a line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, JsonValue] = {"time": round(record.created, 3), "level": record.levelname.lower()}
        entry |= getattr(record, "told", None) or {"said": record.getMessage()}
        if record.exc_info:
            entry["trace"] = self.formatException(record.exc_info)
        return json.dumps(entry, ensure_ascii=False)


def _write_down() -> None:
    """The log goes to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Lines())
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    # Ctrl-C twice breaks off what uvicorn is about to end in order: it would tell of that as an error, with its trace.
    logging.getLogger("uvicorn.error").addFilter(lambda record: "CancelledError" not in record.getMessage())
