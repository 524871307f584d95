"""A stranger's method behind a URL: asked within one deadline, read up to one limit, followed nowhere else.

Whatever the server does (hangs, trickles, streams for ever, redirects, lies) costs the case it was asked about and no more.
The bounds hold where bytes come in, at the socket: nothing above it can be kept waiting, or be made to keep more, by a line,
a header, a chunk or a handshake that does not end. Where the URL came from a stranger too (`public`), every address of
its name must be one of the public internet, and the connection goes to an address that was looked at.
"""

from __future__ import annotations

import json
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
from typing import TYPE_CHECKING, Any

import requests
from pydantic_core import to_json
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.util import parse_url
from urllib3.util.ssl_ import create_urllib3_context

from dure.ask import Unanswered
from dure.errors import UserError
from dure.i18n.texts import _

if TYPE_CHECKING:
    from dure.project.form import Form

LIMIT = 10_000_000  # bytes that one request may bring in, headers and all
VALUES = 100_000  # in one answer: two bytes on the wire are a hundred once read, and a thousand where they are refused
MOST = 1e30  # no quantity of a trade is larger; its square, and the variance of squares, are still numbers
PIECE = 65_536
HEADERS = {"content-type": "application/json", "accept": "application/json", "accept-encoding": "identity"}

UNICAST = IPv6Network("2000::/3")  # all of IPv6 that is given out as global unicast (RFC 4291, IANA)
NAT64 = IPv6Network("64:ff9b::/96")  # an IPv4 address in its last 32 bits (RFC 6052)
# answers on every machine rented at Azure, with what that machine is told in confidence; a global address all the same
AZURE = IPv4Address("168.63.129.16")


class Remote:
    """A method behind a URL: the request is posted as JSON, the response comes back as JSON; 204 declines.

    Another status (a redirect too, it is not followed) or a broken connection counts as crashed, no answer in time as late,
    what is no JSON, too large or says one thing twice as invalid.

    Parameters
    ----------
    url
        As `usable` lets it pass.
    deadline
        Seconds for a request in all: looking up the name, connecting, sending, reading.
    public
        Reach addresses of the public internet only, directly: a URL that a stranger gave.
    """

    def __init__(self, url: str, deadline: float, *, public: bool = False) -> None:
        self.url, self.deadline, self.public = url, deadline, public
        self._session = session(public=public)

    def __call__(self, request: Form) -> Any:
        """The server's answer. Raises Unanswered, and nothing else."""
        with bounded(self.deadline, public=self.public):
            body = self._asked(request.model_dump_json().encode())
        return None if body is None else parsed(body)

    def _asked(self, data: bytes) -> bytes | None:
        """The body, asked for anew where a connection kept from before was closed unanswered.

        A server may close one at any time, also while a request is under way to it (RFC 9112, 9.5).
        """
        try:
            return self._posted(data)
        except requests.ConnectionError:
            bounds = _BOUNDS.get()
            if bounds.connected or bounds.more < LIMIT:
                raise
        return self._posted(data)

    def _posted(self, data: bytes) -> bytes | None:
        """The body of the answer; None where the server declines. The connection is kept where it was read to its end."""
        got = self._session.post(
            self.url, data=data, headers=HEADERS, timeout=self.deadline, allow_redirects=False, stream=True
        )
        with got:
            declined = got.status_code == requests.codes.no_content
            if got.status_code // 100 != 2:
                raise Unanswered("crashed", f"HTTP {got.status_code}")
            kind = got.headers.get("content-type", "").partition(";")[0].strip().lower()
            if not declined and kind != "application/json" and not kind.endswith("+json"):
                raise Unanswered("invalid", f"not JSON: content-type {kind[:60]!r}")
            if (packed := got.headers.get("content-encoding", "identity").lower()) != "identity":
                raise Unanswered("invalid", f"not asked for: content-encoding {packed[:60]!r}")
            body = read(got)
        return None if declined else body


def session(*, public: bool) -> requests.Session:
    """A session whose requests are made within `bounded`; without a memory from one to the next."""
    made = _Session()
    made.trust_env = not public  # neither proxies nor .netrc: an inner proxy would fetch inner addresses
    made.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
    adapter = _Adapter(pool_connections=1, pool_maxsize=1)
    made.mount("http://", adapter)
    made.mount("https://", adapter)
    return made


@contextmanager
def bounded(deadline: float, *, public: bool) -> Iterator[None]:
    """One request, with all that it waits for, within `deadline` seconds and LIMIT bytes. Raises Unanswered, and nothing else."""
    bounds = _Bounds(time.monotonic() + deadline, LIMIT, public)
    before = _BOUNDS.set(bounds)
    try:
        yield
    except Unanswered:
        raise
    except Exception as error:  # noqa: BLE001 - whatever the libraries make of a stranger's bytes, it is the stranger's failure
        if time.monotonic() >= bounds.until:
            raise Unanswered("late", f"{deadline} s") from None
        raise Unanswered("crashed", type(error).__name__) from None
    finally:
        _BOUNDS.reset(before)


def read(got: requests.Response) -> bytes:
    """The body of an answer that was asked for with `stream`.

    In pieces: read in one go, a length that is only claimed would be set aside in memory.
    """
    return b"".join(iter(lambda: got.raw.read(PIECE, decode_content=False), b""))


def usable(url: str, name: str) -> str:
    """The URL of the method called `name`. Raises UserError where it is none of HTTP, names no host or holds a password."""
    try:
        parts = parse_url(requests.Request("POST", url).prepare().url or "")
    except (requests.RequestException, ValueError):
        parts = parse_url("")
    if parts.scheme not in ("http", "https") or not parts.host:
        what = _("{url} is not the address of a method", url=url)
        raise UserError(what, where=name, cure=_("Give it as http://HOST/PATH or https://HOST/PATH."))
    if parts.auth is not None:
        what = _("this URL holds a user's name or password")
        raise UserError(what, where=name, cure=_("Leave out what stands before the @."))
    return url


# ---- what an answer may be ------------------------------------------------------------------------------------------


def parsed(body: bytes) -> Any:
    """The answer in `body` (JSON in UTF-8).

    Raises Unanswered ("invalid") where it is no JSON, says one thing twice, holds a number that cannot be reckoned with or
    more than VALUES values, or could not be written down again (half a letter, nested too deep).
    """
    try:
        text = body.decode("utf-8-sig")
        if text.count(",") >= VALUES:
            raise ValueError(f"more than {VALUES} values")
        given = json.loads(
            text, object_pairs_hook=_object, parse_int=_whole, parse_float=_number, parse_constant=_number
        )
        to_json(given)
    except (ValueError, RecursionError) as error:
        raise Unanswered("invalid", f"not JSON: {error}") from None
    return given


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("an object has a key twice")
    return made


def _whole(text: str) -> int:
    """Of 64 bits; the length is looked at first, since a long one takes its time to read."""
    if len(text) > 20 or not -(2**63) <= int(text) < 2**63:
        raise ValueError(f"{text[:20]}... is too large")
    return int(text)


def _number(text: str) -> float:
    if not abs(number := float(text)) <= MOST:  # NaN is not either
        raise ValueError(f"{text[:20]} is too large, or no number")
    return number


# ---- what a request may cost, and where it may go -----------------------------------------------------------------------


@dataclass
class _Bounds:
    """Of the request under way: its end by time.monotonic(), the bytes it may still bring in, where it may go."""

    until: float
    more: int
    public: bool
    connected: bool = False  # anew, and not over a connection kept from before


_BOUNDS: ContextVar[_Bounds] = ContextVar("bounds")


def _left() -> float:
    """Seconds until the end of the request under way. Raises TimeoutError where there are none."""
    left = _BOUNDS.get().until - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


class _Socket(socket.socket):
    """Waits for the request's own end and not anew at each read, and brings in no more than its bytes."""

    def recv_into(self, *given: Any) -> int:
        """As the socket's. Raises Unanswered where too much has come."""
        self.settimeout(_left())
        got = super().recv_into(*given)
        bounds = _BOUNDS.get()
        bounds.more -= got
        if bounds.more < 0:
            raise Unanswered("invalid", f"more than {LIMIT} bytes")
        return got

    def send(self, *given: Any) -> int:
        """As the socket's."""
        self.settimeout(_left())
        return super().send(*given)

    def sendall(self, *given: Any) -> None:
        """As the socket's."""
        self.settimeout(_left())
        super().sendall(*given)


class _Tls(_Socket, ssl.SSLSocket):
    """The same, encrypted."""


def is_public(address: str) -> bool:
    """Whether an address is a global unicast one; one that wraps an IPv4 address is what it wraps (mapped, 6to4, NAT64)."""
    found = ip_address(address)
    if isinstance(found, IPv6Address):
        wrapped = IPv4Address(int(found) & 0xFFFFFFFF) if found in NAT64 else found.ipv4_mapped or found.sixtofour
        if wrapped is None:
            return found in UNICAST and found.is_global
        found = wrapped
    return found.is_global and not found.is_multicast and found != AZURE


def _addresses(host: str, port: int) -> list[Any]:
    """What the name resolves to, as socket.getaddrinfo tells it; nothing where there is no such name.

    Raises TimeoutError: the look-up cannot be given a time, so it is left behind in a thread that ends with it.
    """
    found: queue.SimpleQueue[list[Any]] = queue.SimpleQueue()

    def look_up() -> None:
        try:
            found.put(list(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)))
        except (OSError, ValueError):  # the latter for a label that no name can have
            found.put([])

    threading.Thread(target=look_up, daemon=True).start()
    try:
        return found.get(timeout=_left())
    except queue.Empty:
        raise TimeoutError from None


def _connected(host: str, port: int, options: Any) -> socket.socket:
    """A connection to the first address of the name that takes one. Raises Unanswered, or TimeoutError.

    It goes to the very addresses that were looked at: a second look-up might be answered otherwise (DNS rebinding).
    """
    bounds = _BOUNDS.get()
    bounds.connected = True
    found = _addresses(host, port)
    if bounds.public and not (found and all(is_public(place[0]) for *_how, place in found)):
        # the same for a name that is not there: a stranger learns nothing of the names inside
        raise Unanswered("crashed", "no public address")
    for number, (family, kind, protocol, _name, place) in enumerate(found):
        made = _Socket(family, kind, protocol)
        try:
            for option in options or ():
                made.setsockopt(*option)
            made.settimeout(_left() / (len(found) - number))  # one that is silent leaves time for the others
            made.connect(place)
            made.settimeout(_left())  # for the handshake of TLS
        except OSError:
            made.close()
        else:
            return made
    _left()
    raise Unanswered("crashed", "no connection" if found else "no such host")


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

    def init_poolmanager(self, *given: Any, **more: Any) -> None:
        """As the adapter's."""
        self._tls = create_urllib3_context()
        self._tls.sslsocket_class = _Tls
        super().init_poolmanager(*given, **more, ssl_context=self._tls)
        self.poolmanager.pool_classes_by_scheme = POOLS

    def proxy_manager_for(self, proxy: str, **more: Any) -> Any:
        """As the adapter's; a SOCKS proxy connects in its own way."""
        manager = super().proxy_manager_for(proxy, **more, ssl_context=self._tls)
        if not proxy.lower().startswith("socks"):
            manager.pool_classes_by_scheme = POOLS
        return manager


class _Session(requests.Session):
    """Does not look where a redirect leads: even where it follows none, requests would read its body whole."""

    def get_redirect_target(self, resp: requests.Response) -> str | None:  # noqa: ARG002 - as requests calls it
        """Nowhere."""
        return None
