"""`dure up`: the hub on this machine, for whoever started it."""

from __future__ import annotations

import json
import logging
import socket
import sys
import threading
from typing import TYPE_CHECKING, Any

import uvicorn

from dure.errors import UserError
from dure.words import _

from . import store, worker
from .api import Hub, app
from .guard import Guard

if TYPE_CHECKING:
    from collections.abc import Callable

ADDRESS = "127.0.0.1"  # this machine alone: elsewhere people have to sign in
HOSTS = (ADDRESS, "localhost")
PATIENCE = 5  # seconds that requests have to end when the hub does


def serve(port: int, *, workers: int, tell: Callable[[str], None]) -> None:
    """Serve until the process is told to end. Raises UserError where the port is taken."""
    listening = _bound(port)
    hub = Hub(store.opened())
    stop = threading.Event()
    threads = [
        threading.Thread(target=worker.work, args=(hub.engine,), kwargs={"stop": stop, "tell": _log})
        for _n in range(workers)
    ]
    _write_down()
    config = uvicorn.Config(
        Guard(app(hub), HOSTS), log_config=None, access_log=False, server_header=False,
        timeout_graceful_shutdown=PATIENCE, lifespan="on",
    )  # fmt: skip
    for thread in threads:
        thread.start()
    tell(_("Dure is at {address}", address=f"http://{ADDRESS}:{listening.getsockname()[1]}/enter?token={hub.token}"))
    try:
        uvicorn.Server(config).run(sockets=[listening])
    finally:
        stop.set()
        for thread in threads:
            thread.join()
        hub.engine.dispose()


def _bound(port: int) -> socket.socket:
    # Named as TCP, or asyncio leaves Nagle on: every answer would wait 40 ms for the acknowledgement of its headers.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((ADDRESS, port))
    except OSError as error:
        listening.close()
        what = _("port {port} cannot be had ({why})", port=port, why=error.strerror)
        raise UserError(what, where="--port", cure=_("Give another one, or 0 for any that is free.")) from None
    listening.listen()  # who comes before the server is up waits
    return listening


def _log(text: str) -> None:
    logging.getLogger("dure.hub").info(text)


class _Lines(logging.Formatter):
    """Each record a line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        told: dict[str, Any] = {"time": round(record.created, 3), "level": record.levelname.lower()}
        told |= getattr(record, "told", None) or {"said": record.getMessage()}
        if record.exc_info:
            told["trace"] = self.formatException(record.exc_info)
        return json.dumps(told, ensure_ascii=False)


def _write_down() -> None:
    """The log goes to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Lines())
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    # Ctrl-C twice breaks off what uvicorn is about to end in order: it would tell of that as an error, with its trace.
    logging.getLogger("uvicorn.error").addFilter(lambda record: "CancelledError" not in record.getMessage())
