"""The guard against requests into the own network: what a stranger's URL may be connected to, and for how long."""

from __future__ import annotations

import queue
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.util.ssl_ import create_urllib3_context

from dure.trial.ask import Unanswered

LIMIT = 10_000_000  # bytes that one request may bring in, headers and all
PIECE = 65_536
UNICAST = IPv6Network("2000::/3")  # all of IPv6 that is given out as global unicast (RFC 4291, IANA)
NAT64 = IPv6Network("64:ff9b::/96")  # an IPv4 address in its last 32 bits (RFC 6052)
# answers on every machine rented at Azure, with what that machine is told in confidence; a global address all the same
AZURE = IPv4Address("168.63.129.16")


def session(*, public: bool) -> requests.Session:
    """A session whose requests are made within `bounded`; without a memory from one to the next."""
    client = _Session()
    client.trust_env = not public  # neither proxies nor .netrc: an inner proxy would fetch inner addresses
    client.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
    adapter = _Adapter(pool_connections=1, pool_maxsize=1)
    client.mount("http://", adapter)
    client.mount("https://", adapter)
    return client


@contextmanager
def bounded(deadline: float, *, public: bool) -> Iterator[None]:
    """One request, with all that it waits for, within `deadline` seconds and LIMIT bytes. Raises Unanswered, and nothing else."""
    bounds = Bounds(time.monotonic() + deadline, LIMIT, public)
    before = BOUNDS.set(bounds)
    try:
        yield
    except Unanswered:
        raise
    except Exception as error:  # noqa: BLE001 - whatever the libraries make of a stranger's bytes, it is the stranger's failure
        if time.monotonic() >= bounds.until:
            raise Unanswered("late", f"{deadline} s") from None
        raise Unanswered("crashed", type(error).__name__) from None
    finally:
        BOUNDS.reset(before)


@dataclass
class Bounds:
    """Of the request under way: its end by time.monotonic(), the bytes it may still bring in, where it may go."""

    until: float
    more: int
    public: bool
    connected: bool = False  # anew, and not over a connection kept from before


BOUNDS: ContextVar[Bounds] = ContextVar("bounds")


def seconds_left() -> float:
    """Seconds until the end of the request under way. Raises TimeoutError where there are none."""
    seconds = BOUNDS.get().until - time.monotonic()
    if seconds <= 0:
        raise TimeoutError
    return seconds


class _Socket(socket.socket):
    """Waits for the request's own end and not anew at each read, and brings in no more than its bytes."""

    def recv_into(self, *args: Any) -> int:
        """As the socket's. Raises Unanswered where too much has come."""
        self.settimeout(seconds_left())
        received = super().recv_into(*args)
        bounds = BOUNDS.get()
        bounds.more -= received
        if bounds.more < 0:
            raise Unanswered("invalid", f"more than {LIMIT} bytes")
        return received

    def send(self, *args: Any) -> int:
        """As the socket's."""
        self.settimeout(seconds_left())
        return super().send(*args)

    def sendall(self, *args: Any) -> None:
        """As the socket's."""
        self.settimeout(seconds_left())
        super().sendall(*args)


class _Tls(_Socket, ssl.SSLSocket):
    """The same, encrypted."""


def is_public(address: str) -> bool:
    """Whether an address is a global unicast one; one that wraps an IPv4 address is what it wraps (mapped, 6to4, NAT64)."""
    ip = ip_address(address)
    if isinstance(ip, IPv6Address):
        wrapped = IPv4Address(int(ip) & 0xFFFFFFFF) if ip in NAT64 else ip.ipv4_mapped or ip.sixtofour
        if wrapped is None:
            return ip in UNICAST and ip.is_global
        ip = wrapped
    return ip.is_global and not ip.is_multicast and ip != AZURE


def _addresses(host: str, port: int) -> list[Any]:
    """What the name resolves to, as socket.getaddrinfo tells it; nothing where there is no such name.

    Raises TimeoutError: the look-up cannot be given a time, so it is left behind in a thread that ends with it.
    """
    resolved: queue.SimpleQueue[list[Any]] = queue.SimpleQueue()

    def look_up() -> None:
        try:
            resolved.put(list(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)))
        except (OSError, ValueError):  # the latter for a label that no name can have
            resolved.put([])

    threading.Thread(target=look_up, daemon=True).start()
    try:
        return resolved.get(timeout=seconds_left())
    except queue.Empty:
        raise TimeoutError from None


def _connected(host: str, port: int, options: Any) -> socket.socket:
    """A connection to the first address of the name that takes one. Raises Unanswered, or TimeoutError.

    It goes to the very addresses that were looked at: a second look-up might be answered otherwise (DNS rebinding).
    """
    bounds = BOUNDS.get()
    bounds.connected = True
    addresses = _addresses(host, port)
    if bounds.public and not (addresses and all(is_public(place[0]) for *_how, place in addresses)):
        # the same for a name that is not there: a stranger learns nothing of the names inside
        raise Unanswered("crashed", "no public address")
    for number, (family, kind, protocol, _name, place) in enumerate(addresses):
        connection = _Socket(family, kind, protocol)
        try:
            for option in options or ():
                connection.setsockopt(*option)
            # one that is silent leaves time for the others
            connection.settimeout(seconds_left() / (len(addresses) - number))
            connection.connect(place)
            connection.settimeout(seconds_left())  # for the handshake of TLS
        except OSError:
            connection.close()
        else:
            return connection
    seconds_left()
    raise Unanswered("crashed", "no connection" if addresses else "no such host")


class _Http(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        return _connected(self._dns_host.strip("[]"), self.port, self.socket_options)


class _Https(_Http, HTTPSConnection):
    """The name still goes into the handshake, and the certificate must be its: only the way to the address is ours."""


class _HttpPool(HTTPConnectionPool):
    ConnectionCls = _Http


class _HttpsPool(HTTPSConnectionPool):
    ConnectionCls = _Https


POOLS = {"http": _HttpPool, "https": _HttpsPool}


class _Adapter(HTTPAdapter):
    """Connects through the classes above, also to a proxy of HTTP."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """As the adapter's."""
        self._tls = create_urllib3_context()
        self._tls.sslsocket_class = _Tls
        super().init_poolmanager(*args, **kwargs, ssl_context=self._tls)
        self.poolmanager.pool_classes_by_scheme = POOLS

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        """As the adapter's; a SOCKS proxy connects in its own way."""
        manager = super().proxy_manager_for(proxy, **kwargs, ssl_context=self._tls)
        if not proxy.lower().startswith("socks"):
            manager.pool_classes_by_scheme = POOLS
        return manager


class _Session(requests.Session):
    """Does not look where a redirect leads: even where it follows none, requests would read its body whole."""

    def get_redirect_target(self, resp: requests.Response) -> str | None:  # noqa: ARG002 - as requests calls it
        """Nowhere."""
        return None
