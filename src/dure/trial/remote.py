"""A stranger's method behind a URL: asked within one deadline, read up to one limit, followed nowhere else.

Whatever the server does (hangs, trickles, streams for ever, redirects, lies) costs the case it was asked about and no more.
The bounds hold where bytes come in, at the socket: nothing above it can be kept waiting, or be made to keep more, by a line,
a header, a chunk or a handshake that does not end. Where the URL came from a stranger too (`public`), every address of
its name must be one of the public internet, and the connection goes to an address that was looked at.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import requests
from pydantic_core import to_json
from urllib3.util import parse_url

from dure.errors import UserError
from dure.i18n.texts import _
from dure.trial.ask import Unanswered
from dure.trial.own_network_guard import BOUNDS, LIMIT, PIECE, bounded, session

if TYPE_CHECKING:
    from dure.project.form import Form

VALUES = 100_000  # in one answer: two bytes on the wire are a hundred once read, and a thousand where they are refused
MOST = 1e30  # no quantity of a trade is larger; its square, and the variance of squares, are still numbers
HEADERS = {"content-type": "application/json", "accept": "application/json", "accept-encoding": "identity"}


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
            body = self._post_anew(request.model_dump_json().encode())
        return None if body is None else parsed(body)

    def _post_anew(self, data: bytes) -> bytes | None:
        """The body, asked for anew where a connection kept from before was closed unanswered.

        A server may close one at any time, also while a request is under way to it (RFC 9112, 9.5).
        """
        try:
            return self._post(data)
        except requests.ConnectionError:
            bounds = BOUNDS.get()
            if bounds.connected or bounds.more < LIMIT:
                raise
        return self._post(data)

    def _post(self, data: bytes) -> bytes | None:
        """The body of the answer; None where the server declines. The connection is kept where it was read to its end."""
        response = self._session.post(
            self.url, data=data, headers=HEADERS, timeout=self.deadline, allow_redirects=False, stream=True
        )
        with response:
            declined = response.status_code == requests.codes.no_content
            if response.status_code // 100 != 2:
                raise Unanswered("crashed", f"HTTP {response.status_code}")
            kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
            if not declined and kind != "application/json" and not kind.endswith("+json"):
                raise Unanswered("invalid", f"not JSON: content-type {kind[:60]!r}")
            if (packed := response.headers.get("content-encoding", "identity").lower()) != "identity":
                raise Unanswered("invalid", f"not asked for: content-encoding {packed[:60]!r}")
            body = read(response)
        return None if declined else body


def read(response: requests.Response) -> bytes:
    """The body of an answer that was asked for with `stream`.

    In pieces: read in one go, a length that is only claimed would be set aside in memory.
    """
    return b"".join(iter(lambda: response.raw.read(PIECE, decode_content=False), b""))


def usable(url: str, name: str) -> str:
    """The URL of the method called `name`. Raises UserError where it is none of HTTP, names no host or holds a password."""
    try:
        parts = parse_url(requests.Request("POST", url).prepare().url or "")
    except (requests.RequestException, ValueError):
        parts = parse_url("")
    if parts.scheme not in ("http", "https") or not parts.host:
        message = _("{url} is not the address of a method", url=url)
        raise UserError(message, where=name, cure=_("Give it as http://HOST/PATH or https://HOST/PATH."))
    if parts.auth is not None:
        message = _("this URL holds a user's name or password")
        raise UserError(message, where=name, cure=_("Leave out what stands before the @."))
    return url


def parsed(body: bytes) -> Any:
    """The answer in `body` (JSON in UTF-8).

    Raises Unanswered ("invalid") where it is no JSON, says one thing twice, holds a number that cannot be reckoned with or
    more than VALUES values, or could not be written down again (half a letter, nested too deep).
    """
    try:
        text = body.decode("utf-8-sig")
        if text.count(",") >= VALUES:
            raise ValueError(f"more than {VALUES} values")
        answer = json.loads(
            text, object_pairs_hook=_object, parse_int=_integer, parse_float=_number, parse_constant=_number
        )
        to_json(answer)
    except (ValueError, RecursionError) as error:
        raise Unanswered("invalid", f"not JSON: {error}") from None
    return answer


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("an object has a key twice")
    return members


def _integer(text: str) -> int:
    """Of 64 bits; the length is looked at first, since a long one takes its time to read."""
    if len(text) > 20 or not -(2**63) <= int(text) < 2**63:
        raise ValueError(f"{text[:20]}... is too large")
    return int(text)


def _number(text: str) -> float:
    if not abs(number := float(text)) <= MOST:  # NaN is not either
        raise ValueError(f"{text[:20]} is too large, or no number")
    return number
