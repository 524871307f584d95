"""A method behind a stranger's URL: whatever its server does costs the case it was asked about; nothing inside is reached."""

import gzip
import ipaddress
import json
import math
import select
import socket
import socketserver
import ssl
import threading
import time
import tracemalloc
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import certificates
from dure.datasets.data import Data
from dure.errors import UserError
from dure.project import loader
from dure.project.form import Form
from dure.runs import run
from dure.trial import own_network_guard, trial
from dure.trial.ask import CAUSES, Unanswered, answer
from dure.trial.own_network_guard import LIMIT, is_public
from dure.trial.recorded import offer
from dure.trial.remote import VALUES, Remote, parsed

TIDE = Path(__file__).parent / "projects" / "honam" / "tide"
DEADLINE = 1.5
SLACK = 15  # seconds beyond the deadline that two busy cores may take


class Asked(Form):
    amount: float = 1


# ---- servers, honest and not ------------------------------------------------------------------------------------------


class Server(socketserver.ThreadingTCPServer):
    """On loopback: `behave(peer, number)` answers each request, its number counted from 0."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, behave, tls=None):
        self.behave, self.tls, self.heads, self.bodies, self.connections = behave, tls, [], [], 0
        super().__init__(("127.0.0.1", 0), Peer)

    @property
    def port(self):
        return self.server_address[1]

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/method"

    def handle_error(self, request, client_address):
        """A peer that went away is what these tests are about."""


class Peer(socketserver.StreamRequestHandler):
    def setup(self):
        self.server.connections += 1
        if self.server.tls:
            self.request = self.server.tls.wrap_socket(self.request, server_side=True)
        super().setup()

    def handle(self):
        while head := self.head():
            length = next(int(line[15:]) for line in head if line.lower().startswith(b"content-length:"))
            self.server.bodies.append(self.rfile.read(length))
            self.server.heads.append(b"".join(head))
            if not self.server.behave(self.request, len(self.server.heads) - 1):
                return

    def head(self):
        lines = []
        while (line := self.rfile.readline()) not in (b"", b"\r\n"):
            lines.append(line)
        return lines


@contextmanager
def serving(behave, tls=None):
    with Server(behave, tls) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield server
        server.shutdown()


def http(body=b"", status="200 OK", kind="application/json", length=None, **headers):
    lines = [
        f"HTTP/1.1 {status}",
        f"content-type: {kind}",
        f"content-length: {len(body) if length is None else length}",
    ]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


CHUNKED = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n"
GOOD = http(b'{"landings": 1.5}')


def says(data, *, stays=False):
    """Sends it, and closes."""

    def behave(peer, _number):
        peer.sendall(data)
        return stays

    return behave


def hangs(data=b""):
    """Sends it, and nothing more until the other side has gone."""

    def behave(peer, _number):
        peer.sendall(data)
        peer.recv(1)

    return behave


def trickles(start, drop):
    """Sends a drop every twentieth of a second until the other side has gone."""

    def behave(peer, _number):
        peer.sendall(start)
        while not select.select([peer], [], [], 0.05)[0]:
            peer.sendall(drop)

    return behave


def streams(start, wave):
    """Sends as fast as it can, for ever."""

    def behave(peer, _number):
        peer.sendall(start)
        while True:
            peer.sendall(wave)

    return behave


closes = says(b"")

# what a server does, and the cause and words it must come to; {inner} is the address of a server that nobody may reach
HOSTILE = {
    "hangs before it says anything": (hangs(), "late", "1.5 s"),
    "hangs in the headers": (hangs(b"HTTP/1.1 200 OK\r\ncontent-"), "late", ""),
    "hangs in the body": (hangs(http(b'{"landings"', length=17)), "late", ""),
    "trickles headers": (trickles(b"HTTP/1.1 200 OK\r\nx: ", b"y"), "late", ""),
    "trickles one header after the other": (trickles(b"HTTP/1.1 200 OK\r\n", b"x: y\r\n"), "late", ""),
    "trickles interim answers": (trickles(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), "late", ""),
    "trickles the body": (trickles(http(b'{"landings": 1.', length=10**6), b"5"), "late", ""),
    "trickles chunks": (trickles(CHUNKED, b"1\r\n5\r\n"), "late", ""),
    "streams chunks for ever": (streams(CHUNKED, b"10000\r\n" + b"5" * 65536 + b"\r\n"), "invalid", f"more than {LIMIT}"),
    "streams a body without an end": (streams(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n", b" " * 65536), "invalid", f"more than {LIMIT}"),
    "streams a status line": (streams(b"HTTP/1.1 200 ", b"O" * 65536), "crashed", ""),
    "streams a header": (streams(b"HTTP/1.1 200 OK\r\nx: ", b"y" * 65536), "crashed", ""),
    "streams headers": (streams(b"HTTP/1.1 200 OK\r\n", b"x: y\r\n" * 1000), "crashed", ""),
    "streams the length of a chunk": (streams(CHUNKED, b"0" * 65536), "crashed", ""),
    "streams what follows the last chunk": (streams(CHUNKED + b"0\r\n", (b"x: " + b"y" * 60000 + b"\r\n") * 4), "invalid", f"more than {LIMIT}"),
    "sends too much": (says(http(b" " * LIMIT + b"1")), "invalid", f"more than {LIMIT}"),
    "claims a terabyte": (says(http(b"[1", length=10**12)), "crashed", ""),
    "claims half a gigabyte": (says(http(b"[1", length=500_000_000)), "crashed", ""),
    "claims a chunk of a terabyte": (says(CHUNKED + b"FFFFFFFFFF\r\n[1"), "crashed", ""),
    "claims two lengths": (says(http(b"[1", content_length=7)), "crashed", ""),
    "a gzip bomb": (says(http(gzip.compress(bytes(50_000_000)), content_encoding="gzip")), "invalid", "content-encoding 'gzip'"),
    "packed twice": (says(http(b"1", content_encoding="identity, br")), "invalid", "content-encoding"),
    "redirects inside": (says(http(status="302 Found", location="{inner}")), "crashed", "HTTP 302"),
    "redirects the request inside": (says(http(status="307 Temporary Redirect", location="{inner}")), "crashed", "HTTP 307"),
    "redirects to the metadata of a cloud": (says(http(status="301 Moved", location="http://169.254.169.254/latest/meta-data/")), "crashed", "HTTP 301"),
    "redirects to itself": (says(http(status="308 Permanent Redirect", location="/method")), "crashed", "HTTP 308"),
    "redirects nowhere": (says(http(status="302 Found", location="http://[/")), "crashed", "HTTP 302"),
    "redirects with an endless body": (streams(b"HTTP/1.1 302 Found\r\nlocation: {inner}\r\n\r\n", b" " * 65536), "crashed", "HTTP 302"),
    "says who else to ask": (says(http(b'{"landings": 1.5}', status="300 Multiple Choices", refresh="0; url={inner}")), "crashed", "HTTP 300"),
    "fails": (says(http(b"{}", status="500 Internal Server Error")), "crashed", "HTTP 500"),
    "refuses": (says(http(b"{}", status="403 Forbidden")), "crashed", "HTTP 403"),
    "changes to another protocol": (says(b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n"), "crashed", "HTTP 101"),
    "speaks no HTTP": (says(b"SSH-2.0-OpenSSH_9.6\r\n"), "crashed", ""),
    "a bad status line": (says(b"HTTP/1.1 twohundred OK\r\n\r\n"), "crashed", ""),
    "closes at once": (closes, "crashed", ""),
    "closes in the headers": (says(b"HTTP/1.1 200 OK\r\ncontent-type: applica"), "invalid", "content-type"),
    "closes in the body": (says(http(b'{"landings": 1.5', length=17)), "crashed", ""),
    "closes in a chunk": (says(CHUNKED + b"11\r\n{"), "crashed", ""),
    "answers a page": (says(http(b"<p>1.5</p>", kind="text/html; charset=utf-8")), "invalid", "content-type 'text/html'"),
    "says nothing of its kind": (says(b"HTTP/1.1 200 OK\r\n\r\n1.5"), "invalid", "content-type ''"),
    "an empty body": (says(http()), "invalid", "not JSON"),
    "half an answer": (says(http(b'{"landings": 1.5')), "invalid", "not JSON"),
    "not UTF-8": (says(http(b'{"landings": "\xff"}')), "invalid", "not JSON"),
    "half a letter": (says(http(b'{"\\ud800": 1.5}')), "invalid", "not JSON"),
    "a number as such": (says(http(b"1.5")), "invalid", ""),
    "a list": (says(http(b"[1.5]")), "invalid", ""),
    "a word for a number": (says(http(b'{"landings": "many"}')), "invalid", "landings"),
    "a field too many": (says(http(b'{"landings": 1.5, "more": 1}')), "invalid", "more"),
    "fields too many": (says(http(json.dumps({f"f{n}": n for n in range(VALUES - 1)}).encode())), "invalid", "faults"),
    "values too many": (says(http(json.dumps([1] * (VALUES + 1)).encode())), "invalid", "values"),
    "NaN": (says(http(b'{"landings": NaN}')), "invalid", "NaN"),
    "infinity": (says(http(b'{"landings": -Infinity}')), "invalid", "Infinity"),
    "beyond what a number holds": (says(http(b'{"landings": 1e999}')), "invalid", "1e999"),
    "beyond what can be squared": (says(http(b'{"landings": 1e308}')), "invalid", "1e308"),
    "an integer of a million digits": (says(http(b'{"landings": 1' + b"0" * 10**6 + b"}")), "invalid", "too large"),
    "an integer of 65 bits": (says(http(b'{"landings": 18446744073709551616}')), "invalid", "too large"),
    "the same thing twice": (says(http(b'{"landings": 1.5, "landings": 1.6}')), "invalid", "twice"),
    "lists nested without an end": (says(http(b"[" * 100_000)), "invalid", "not JSON"),
    "objects nested deep": (says(http(b'{"landings": ' * 100_000 + b"1" + b"}" * 100_000)), "invalid", "not JSON"),
    "nested as deep as can be read": (says(http(b"[" * 500 + b"]" * 500)), "invalid", "not JSON"),
    "nothing": (says(http(b"null")), "declined", ""),
    "declines": (says(b"HTTP/1.1 204 No Content\r\n\r\n", stays=True), "declined", ""),
}  # fmt: skip


def filled(behave, inner):
    """The behaviour with the inner server's address in it."""

    class Filling:
        def __init__(self, peer):
            self._peer = peer

        def sendall(self, data):
            self._peer.sendall(data.replace(b"{inner}", inner.url.encode()))

        def __getattr__(self, name):
            return getattr(self._peer, name)

    return lambda peer, number: behave(Filling(peer), number)


def tide():
    """The first five cases of its first open round."""
    project = loader.load(TIDE)

    def five(data):
        turn = next(iter(project.rounds(data)))
        return [replace(turn, cases=turn.cases[:5])]

    return replace(project, rounds=five)


def tried(project, url, folder, deadline=DEADLINE):
    """The rows of the practice and of the method behind the URL."""
    offers = [offer("vendor", url, project.response, deadline)]
    found = trial.run(project, Data(project.sources, project.folder), folder, offers=offers)
    rows = found.cases.join(found.answers.select("method", "case", "answer"), on=["method", "case"])
    return [rows.filter(pl.col("method") == name).to_dicts() for name in ("last_week", "vendor")]


@pytest.mark.parametrize(("bad", "cause", "said"), HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_answer_costs_its_own_case_and_no_other(tmp_path, bad, cause, said):
    good = says(GOOD, stays=True)

    def behave(peer, _number):  # badly where the third case is asked, however often it is
        third = len(set(server.bodies)) == 3
        return (filled(bad, inner) if third else good)(peer, _number)

    with serving(good) as inner, serving(behave) as server:
        began = time.monotonic()
        practice, vendor = tried(tide(), server.url, tmp_path)
        took = time.monotonic() - began
        assert (inner.connections, inner.heads) == (0, [])
    assert [row["cause"] for row in vendor] == ["", "", cause, "", ""]
    assert said in vendor[2]["why"]
    assert vendor[2]["answer"] == practice[2]["answer"]
    assert [json.loads(row["answer"]) for row in vendor if not row["cause"]] == [{"landings": 1.5}] * 4
    assert len(set(server.bodies)) == 5
    assert len(server.bodies) == (6 if bad is closes else 5)  # closed unanswered, a kept connection is made anew, once
    assert took < DEADLINE + SLACK


@pytest.mark.parametrize("name", ["sends too much", "claims half a gigabyte", "claims a terabyte", "claims a chunk of a terabyte", "a gzip bomb", "streams chunks for ever", "streams a header",
                                  "redirects with an endless body"])  # fmt: skip
def test_what_is_sent_is_not_kept_beyond_the_limit(name):
    with serving(HOSTILE[name][0]) as server:
        ask = Remote(server.url, 20 * DEADLINE)
        tracemalloc.start()
        try:
            with pytest.raises(Unanswered):
                ask(Asked())
            most = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert most < 4 * LIMIT


def test_a_server_that_is_not_there_costs_each_of_its_cases(tmp_path):
    with serving(says(GOOD)) as gone:
        url = gone.url
    _practice, vendor = tried(tide(), url, tmp_path)
    assert {(row["cause"], row["why"]) for row in vendor} == {("crashed", "no connection")}


def test_an_honest_server_answers_over_one_connection(tmp_path):
    with serving(lambda peer, number: says(GOOD if number % 2 else b"HTTP/1.1 204 No Content\r\n\r\n", stays=True)(peer, number)) as server:  # fmt: skip
        _practice, vendor = tried(tide(), server.url, tmp_path)
    assert [row["cause"] for row in vendor] == ["declined", "", "declined", "", "declined"]
    assert (server.connections, len(server.heads)) == (1, 5)
    assert b"accept-encoding: identity" in server.heads[0].lower()


def test_a_connection_that_a_bad_answer_broke_is_not_used_again():
    def behave(peer, number):  # what comes after the bad answer must not be taken for the next one
        peer.sendall(http(status="500 Broken", length=10**6) + GOOD if number == 0 else http(b"2"))
        return True

    with serving(behave) as server:
        ask = Remote(server.url, DEADLINE)
        with pytest.raises(Unanswered, match="HTTP 500"):
            ask(Asked())
        assert ask(Asked()) == 2
    assert server.connections == 2


def test_a_kept_connection_that_was_closed_costs_no_case():
    def behave(peer, number):  # the second request finds it closing
        return number != 1 and says(http(str(number).encode()), stays=True)(peer, number)

    with serving(behave) as server:
        ask = Remote(server.url, DEADLINE)
        assert [ask(Asked()), ask(Asked())] == [0, 2]
    assert server.connections == 2


def test_nothing_is_remembered_from_case_to_case():
    with serving(says(http(b"1", set_cookie="case=1"), stays=True)) as server:
        ask = Remote(server.url, DEADLINE)
        assert [ask(Asked()), ask(Asked())] == [1, 1]
    assert b"cookie" not in server.heads[1].lower()


def test_a_request_nobody_reads_is_late():
    with socket.create_server(("127.0.0.1", 0)) as silent:  # its backlog takes the connection, nobody takes the bytes
        large = Asked.model_construct(amount="1" * 30_000_000)
        began = time.monotonic()
        with pytest.warns(UserWarning, match="serializ"), pytest.raises(Unanswered) as failed:
            Remote(f"http://127.0.0.1:{silent.getsockname()[1]}/", DEADLINE)(large)
    assert failed.value.cause == "late"
    assert time.monotonic() - began < DEADLINE + SLACK


def test_a_name_that_is_looked_up_for_ever_is_late(monkeypatch):
    over = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_given, **_more: over.wait(60) and [])
    began = time.monotonic()
    with pytest.raises(Unanswered) as failed:
        Remote("http://method.example/", 0.2)(Asked())
    over.set()
    assert failed.value.cause == "late"
    assert time.monotonic() - began < SLACK


@pytest.mark.parametrize(("public", "said"), [(False, "no such host"), (True, "no public address")])
@pytest.mark.parametrize("fault", [socket.gaierror(-2, "Name or service not known"), UnicodeError("label too long")])
def test_a_name_that_is_not_there_says_so_to_its_owner_alone(monkeypatch, fault, public, said):
    def look_up(*_given, **_more):
        raise fault

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    with pytest.raises(Unanswered, match=said):
        Remote("http://method.example/", 20 * DEADLINE, public=public)(Asked())


# ---- whatever it sends ------------------------------------------------------------------------------------------------


BODIES = st.binary(max_size=60) | st.sampled_from(
    [b"{}", b"null", b"[1,2", b"NaN", b"\x1f\x8b\x08", b"5\r\n[1,2]\r\n0\r\n\r\n", b"-1\r\n"]
)
HEADER = st.sampled_from([b"content-type: application/json", b"content-length: 2", b"content-length: -1", b"content-length: 1_0", b"transfer-encoding: chunked",
                          b"connection: close", b"location: //[", b"set-cookie: a=b; expires=\xff", b"content-encoding: gzip", b"x" * 70000, b"", b" y",
                          b"\xff: \x00", b"content-type: a/b+json;"])  # fmt: skip
STATUS = st.sampled_from([b"HTTP/1.1 200 OK", b"HTTP/1.0 200", b"HTTP/1.1 204 -", b"HTTP/1.1 302 -", b"HTTP/1.1 100 -", b"HTTP/9 200 OK", b"HTTP/1.1 -5 x", b"HTTP/1.1 1000 x"])  # fmt: skip
ANSWERS = st.binary(max_size=200) | st.builds(
    lambda status, headers, gap, body: status + b"\r\n" + b"".join(each + b"\r\n" for each in headers) + gap + body,
    STATUS, st.lists(HEADER, max_size=5), st.sampled_from([b"\r\n", b"\n", b""]), BODIES,
)  # fmt: skip


@pytest.fixture(scope="module")
def parrot():
    """A server that says what it is told to say, and closes."""
    told = []
    with serving(lambda peer, _number: peer.sendall(told[-1])) as server:
        yield lambda data: told.append(data) or server.url


@given(data=ANSWERS)
def test_whatever_a_server_sends_is_an_answer_or_a_known_cause(parrot, data):
    ask = Remote(parrot(data), 20 * DEADLINE)
    try:
        json.dumps(ask(Asked()))
    except Unanswered as unanswered:
        assert unanswered.cause in set(CAUSES) - {"late"}  # noqa: PT017 - there may be none


@given(body=st.binary() | st.text().map(str.encode))
def test_whatever_a_body_holds_is_an_answer_or_invalid(body):
    try:
        given_ = parsed(body)
    except Unanswered as unanswered:
        assert unanswered.cause == "invalid"  # noqa: PT017 - there may be none
    else:
        assert given_ == json.loads(body)


VALUE = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(-1e30, 1e30) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@pytest.mark.slow
@given(value=VALUE, bom=st.booleans())
def test_what_can_be_reckoned_with_comes_through_unchanged(value, bom):
    assert parsed(b"\xef\xbb\xbf" * bom + json.dumps(value).encode()) == value


def test_a_great_many_wrong_rows_are_refused_in_one_word():
    class Row(Form):
        job: int
        start: float

    class Plan(Form):
        rows: list[Row]

    project = replace(loader.load(TIDE), response=Plan)
    with pytest.raises(Unanswered) as failed:
        answer(project, lambda _request: {"rows": [{}] * 2000}, project.request(week_ago=1, change=0))
    assert (failed.value.cause, failed.value.why) == ("invalid", "4000 faults")


# ---- where it may go ------------------------------------------------------------------------------------------------


PUBLIC = ["1.1.1.1", "8.8.8.8", "211.249.220.24", "2606:4700:4700::1111", "2001:4860:4860::8888"]
INNER = [
    "127.0.0.1", "127.255.255.254", "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.0.1", "169.254.169.254",
    "100.64.0.1", "100.100.100.200", "192.0.2.1", "198.18.0.1", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255", "168.63.129.16",
    "::", "::1", "::127.0.0.1", "fe80::1", "fe80::1%1", "fc00::1", "fd00:ec2::254", "fec0::1", "ff02::1", "ff0e::1", "2001:db8::1", "2001:0:7f00:1::",
    "64:ff9b:1::1", "5f00::1", "100::1",
]  # fmt: skip


@pytest.mark.parametrize("address", PUBLIC)
def test_the_public_internet_is_open(address):
    assert is_public(address)


@pytest.mark.parametrize("address", INNER)
def test_what_is_inside_or_special_is_shut(address):
    assert not is_public(address)


@given(number=st.integers(0, 2**32 - 1) | st.sampled_from([int(ipaddress.ip_address(each)) for each in INNER[:19]]))
def test_an_address_in_a_wrapping_is_what_it_is_without(number):
    plain = is_public(str(ipaddress.IPv4Address(number)))
    for wrapped in (0xFFFF << 32 | number, 0x64FF9B << 96 | number, 0x2002 << 112 | number << 80):
        assert is_public(str(ipaddress.IPv6Address(wrapped))) == plain


@pytest.fixture
def tries(monkeypatch):
    """Addresses to which a connection was tried; none is made."""
    found = []

    def connect(_self, place):
        found.append(place[0])
        raise ConnectionRefusedError

    monkeypatch.setattr(own_network_guard._Socket, "connect", connect)
    return found


SPELT = [
    "127.0.0.1",
    "127.1",
    "2130706433",
    "0x7f000001",
    "0x7f.1",
    "0177.0.0.1",
    "017700000001",
    "localhost",
    "LOCALHOST",
    "localhost.",
]
LITERAL = [f"[{each}]" if ":" in each else each for each in INNER if "%" not in each]
WRAPPED = [
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::ffff:169.254.169.254]",
    "[64:ff9b::7f00:1]",
    "[2002:7f00:1::]",
]


@pytest.mark.parametrize("host", [*SPELT, *LITERAL, *WRAPPED])
def test_a_strangers_url_that_leads_inside_is_not_followed_there(tries, host):
    with serving(says(GOOD)) as inner:
        with pytest.raises(Unanswered) as failed:
            Remote(f"http://{host}:{inner.port}/", 20 * DEADLINE, public=True)(Asked())
        assert (inner.connections, tries) == (0, [])
    assert (failed.value.cause, failed.value.why) == ("crashed", "no public address")


@pytest.mark.parametrize(
    "url",
    [
        "http://1.1.1.1\\@{inside}/",
        "http://{inside}\\@1.1.1.1/",
        "http://1.1.1.1#@{inside}/",
        "http://1.1.1.1?@{inside}/",
        "http://1.1.1.1/@{inside}/",
        "http:\\\\{inside}/",
        "http://[fe80::1%251]/",
        "http://1.1.1.1\r\nhost: {inside}/",
        "http://1.1.1.1\t{inside}/",
    ],
)
def test_a_url_that_readers_take_in_different_ways_leads_inside_in_none(tries, url):
    with serving(says(GOOD)) as inner:
        ask = Remote(url.format(inside=f"127.0.0.1:{inner.port}"), 20 * DEADLINE, public=True)
        with pytest.raises(Unanswered):
            ask(Asked())
        assert inner.connections == 0
    assert set(tries) <= {"1.1.1.1"}


def names(*answers):
    """A getaddrinfo that answers with these addresses, at each look-up with the next; the last one stays."""
    left = list(answers)

    def look_up(_host, port, **_more):
        found = left.pop(0) if len(left) > 1 else left[0]
        return [
            (socket.AF_INET6 if ":" in each else socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port))
            for each in found
        ]

    return look_up


@pytest.mark.parametrize(
    "found", [["127.0.0.1"], ["1.1.1.1", "127.0.0.1"], ["10.0.0.1", "1.1.1.1"], ["1.1.1.1", "::1"]]
)
def test_a_name_of_which_one_address_is_inside_is_not_followed_to_any(monkeypatch, tries, found):
    monkeypatch.setattr(socket, "getaddrinfo", names(found))
    for url in ("http://method.example/", "https://method.example/"):
        with pytest.raises(Unanswered, match="no public address"):
            Remote(url, 20 * DEADLINE, public=True)(Asked())
    assert tries == []


def test_a_name_that_changes_its_address_is_asked_at_the_one_that_was_looked_at(monkeypatch, tries):
    monkeypatch.setattr(socket, "getaddrinfo", names(["1.1.1.1", "8.8.8.8"], ["127.0.0.1"]))
    ask = Remote("http://method.example/", 20 * DEADLINE, public=True)
    with pytest.raises(Unanswered, match="no connection"):
        ask(Asked())
    assert tries == ["1.1.1.1", "8.8.8.8"]
    with pytest.raises(Unanswered, match="no public address"):  # looked up again, looked at again
        ask(Asked())
    assert tries == ["1.1.1.1", "8.8.8.8"]


@pytest.fixture
def opened(monkeypatch):
    """method.example is at 127.0.0.1, and that passes for public: only the guarded way to it is left as it is."""
    monkeypatch.setattr(own_network_guard, "is_public", lambda address: address == "127.0.0.1")
    monkeypatch.setattr(socket, "getaddrinfo", names(["127.0.0.1"]))
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):  # of the machine the tests run on
        monkeypatch.delenv(name, raising=False)


def test_the_guarded_way_leads_to_a_public_server(opened):
    with serving(says(GOOD, stays=True)) as server:
        ask = Remote(f"http://method.example:{server.port}/", DEADLINE, public=True)
        assert [ask(Asked()), ask(Asked())] == [{"landings": 1.5}] * 2
    assert server.connections == 1
    assert f"host: method.example:{server.port}".encode() in server.heads[0].lower()


def test_neither_proxies_nor_passwords_of_the_hubs_own_go_with_a_strangers_url(opened, monkeypatch, tmp_path):
    (tmp_path / "netrc").write_text("default login kim password secret\n", encoding="utf-8")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with serving(says(GOOD)) as proxy, serving(says(GOOD)) as server:
        for name in ("http_proxy", "https_proxy", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        ask = Remote(f"http://method.example:{server.port}/", DEADLINE, public=True)
        assert ask(Asked()) == {"landings": 1.5}
        assert proxy.connections == 0
        assert b"authorization" not in server.heads[0].lower()
        mine = Remote("http://method.example/", DEADLINE)  # of one's own, the machine's proxy is used as everywhere
        assert mine(Asked()) == {"landings": 1.5}
        assert proxy.heads[0].startswith(b"POST http://method.example/ ")


def test_behind_a_proxy_the_deadline_is_the_same(monkeypatch):
    with serving(trickles(CHUNKED, b"1\r\n5\r\n")) as proxy:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.port}")
        with pytest.raises(Unanswered, match="late"):
            Remote("http://method.example/", 0.3)(Asked())
    assert len(proxy.heads) == 1


# ---- encrypted --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """The paths of certificate and key of method.example."""
    return certificates.certificate(tmp_path_factory.mktemp("certificate"), "method.example")


@pytest.fixture
def tls(certificate):
    """The server's side; the names it was called by are in `called`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    called = []
    context.sni_callback = lambda _socket, name, _context: called.append(name)
    return context, called


def encrypted(url, certificate, deadline=DEADLINE, *, public=True):
    """A Remote that knows this authority."""
    ask = Remote(url, deadline, public=public)
    ask._session.verify = str(certificate[0])
    return ask


@pytest.mark.parametrize("public", [True, False])
def test_an_encrypted_server_is_known_by_its_name(opened, certificate, tls, public):
    context, called = tls
    with serving(says(GOOD, stays=True), context) as server:
        ask = encrypted(f"https://method.example:{server.port}/", certificate, 20 * DEADLINE, public=public)
        assert [ask(Asked()), ask(Asked())] == [{"landings": 1.5}] * 2
    assert (server.connections, called) == (1, ["method.example"])


@pytest.mark.parametrize("known", [True, False], ids=["another name", "an unknown authority"])
def test_an_encrypted_server_of_another_name_or_authority_is_not_asked(opened, certificate, tls, known):
    with serving(says(GOOD), tls[0]) as server:
        url = f"https://{'other' if known else 'method'}.example:{server.port}/"
        ask = encrypted(url, certificate, 20 * DEADLINE) if known else Remote(url, 20 * DEADLINE, public=True)
        with pytest.raises(Unanswered) as failed:
            ask(Asked())
    assert (failed.value.cause, failed.value.why) == ("crashed", "SSLError")
    assert server.heads == []


@pytest.mark.parametrize(
    "name", ["hangs before it says anything", "trickles headers", "trickles chunks", "streams chunks for ever"]
)
def test_the_bounds_hold_within_the_encryption(opened, certificate, tls, name):
    behave, cause, said = HOSTILE[name]
    with serving(behave, tls[0]) as server:
        began = time.monotonic()
        with pytest.raises(Unanswered) as failed:
            encrypted(f"https://method.example:{server.port}/", certificate)(Asked())
    assert failed.value.cause == cause
    assert said in failed.value.why
    assert time.monotonic() - began < DEADLINE + SLACK


def test_a_handshake_that_never_comes_is_late():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        began = time.monotonic()
        with pytest.raises(Unanswered, match="late"):
            Remote(f"https://127.0.0.1:{silent.getsockname()[1]}/", 0.3)(Asked())
    assert time.monotonic() - began < SLACK


# ---- how it is given --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://kim:secret@method.example/", "stands before the @"),
        ("https://kim@method.example/", "stands before the @"),
        ("ftp://method.example/", "http://HOST/PATH"),
        ("file:///etc/passwd", "http://HOST/PATH"),
        ("gopher://127.0.0.1:6379/_x", "http://HOST/PATH"),
        ("http://", "http://HOST/PATH"),
        ("http:///method", "http://HOST/PATH"),
        ("http://method.example:99999/", "http://HOST/PATH"),
        ("http://[::1/", "http://HOST/PATH"),
        ("http://.example/", "http://HOST/PATH"),
        ("http://①②⑦.0.0.1/", "http://HOST/PATH"),
    ],
)
def test_a_url_that_cannot_be_asked_is_refused_before_anything_runs(url, said):
    with pytest.raises(UserError, match=said) as refused:
        run.run(TIDE, run.Inputs(offers={"vendor": url}))
    assert refused.value.where == "vendor"
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(("public", "causes"), [(False, {""}), (True, {"crashed"})])
def test_a_hub_reaches_nothing_inside_for_a_stranger(public, causes):
    with serving(says(GOOD, stays=True)) as server:
        given_ = run.Inputs(offers={"vendor": server.url}, public=public)
        found, _place = run.run(TIDE, given_, seeds=[0])
    vendor = found.cases.filter(pl.col("method") == "vendor")
    assert set(vendor["cause"]) == causes
    assert server.connections == (0 if public else 1)
    assert all(map(math.isfinite, vendor["errors"]))


def test_a_redirect_is_not_even_looked_at(monkeypatch):
    reached = []
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda host, port, **_more: reached.append(host) or names(["127.0.0.1"])(host, port)
    )
    with serving(says(http(status="302 Found", location="http://elsewhere.example/"))) as server, suppress(Unanswered):
        Remote(server.url, DEADLINE)(Asked())
    assert reached == ["127.0.0.1"]
