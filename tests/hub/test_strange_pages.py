"""A hub, a real browser that is signed in to it, and strangers: pages of other sites, names bound to this machine, other users.

What a page has tried is read from the hub's own log: that it arrived, and what came of it.
"""

from __future__ import annotations

import json
import os
import re
import select
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple

import pytest
import requests

import browsing
from dure import evidence

pytest.importorskip("uvicorn", reason="the hub needs the extra dure[hub]")

pytestmark = pytest.mark.slow
PROJECTS = Path(__file__).parents[1] / "projects"
TIDE = "/api/v1/projects/honam.tide"
NOBODY = 65534
# A browser is told what to do over the descriptors 3 and 4, which Popen alone cannot promise.
PIPED = (
    "import os, sys; os.dup2(int(sys.argv[1]), 3); os.dup2(int(sys.argv[2]), 4); os.execv(sys.argv[3], sys.argv[3:])"
)


class Up(NamedTuple):
    """A hub that runs: what its owner knows, and where it writes."""

    port: int
    token: str
    home: Path
    pid: int

    def ask(self, method, path, **how):
        """As its owner."""
        known = {"authorization": f"Bearer {self.token}"}
        got = requests.request(method, f"http://127.0.0.1:{self.port}{path}", headers=known, timeout=60, **how)
        assert got.ok, got.text
        return got.json()

    def state(self):
        """Whatever the strangers want to change."""
        return self.ask("GET", "/api/v1/runs"), self.ask("GET", f"{TIDE}/services")

    def log(self):
        """Requests so far: (method, path, status)."""
        lines = [json.loads(line) for line in (self.home.parent / "log").read_text(encoding="utf-8").splitlines()]
        return [(each["method"], each["path"], each["status"]) for each in lines if "path" in each]


@pytest.fixture(scope="module")
def up(described):
    """A hub with a method promoted and a run that waits, in a folder where everybody may look as far as the hub lets them."""
    with tempfile.TemporaryDirectory() as place:
        home = Path(place, "home")
        home.parent.chmod(0o755)
        browsing.knows(home, described)
        environment = {**os.environ, "DURE_HOME": str(home), "DURE_PROJECTS": str(PROJECTS), "DURE_STORE": ""}
        command = [sys.executable, "-m", "dure", "up", "--port", "0", "--workers", "0"]
        with (home.parent / "log").open("wb") as log:
            server = subprocess.Popen(
                command, env=environment, stdout=subprocess.PIPE, stderr=log, text=True, umask=0o022
            )
        port, token = re.search(r"http://127.0.0.1:(\d+)/enter\?token=(\S+)", server.stdout.readline()).groups()
        made = Up(int(port), token, home, server.pid)
        made.ask("POST", f"{TIDE}/services", json={"method": "regression", "reason": "on trial"})
        made.ask("POST", "/api/v1/runs", json={"project": "honam.tide"})
        made.ask("POST", f"{TIDE}/answer", json={"week_ago": 10, "change": 1})
        yield made
        server.terminate()
        server.communicate(timeout=30)


class Browser:
    """Chromium, told what to do over a pipe (the DevTools protocol)."""

    def __init__(self, profile, *options):
        theirs, self.to = os.pipe()
        self.heard, back = os.pipe()
        command = [browsing.CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
                   "--remote-debugging-pipe", f"--user-data-dir={profile}", *options]  # fmt: skip
        self.process = subprocess.Popen(
            [sys.executable, "-c", PIPED, str(theirs), str(back), *command], pass_fds=(theirs, back),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(theirs)
        os.close(back)
        self.number, self.rest = 0, b""

    def tell(self, method, session="", **given):
        """Have something done; what came of it."""
        self.number += 1
        message = {"id": self.number, "method": method, "params": given} | ({"sessionId": session} if session else {})
        os.write(self.to, json.dumps(message).encode() + b"\0")
        said = self.answer()
        assert "error" not in said, said
        return said["result"]

    def answer(self):
        """What it says to what it was told last."""
        while True:
            while b"\0" not in self.rest:
                assert select.select([self.heard], [], [], 60)[0], "the browser says nothing"
                more = os.read(self.heard, 1 << 16)
                assert more, "the browser has ended"
                self.rest += more
            line, _end, self.rest = self.rest.partition(b"\0")
            if (said := json.loads(line)).get("id") == self.number:
                return said

    def visit(self, url):
        """Open a page in a tab of its own, as if its address had been typed; the tab."""
        target = self.tell("Target.createTarget", url="about:blank")["targetId"]
        tab = self.tell("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        gone = self.tell("Page.navigate", tab, url=url)
        assert "errorText" not in gone, gone
        self.run(
            tab,
            "() => document.readyState === 'complete' || new Promise((done) => addEventListener('load', () => done()))",
        )
        return tab

    def run(self, tab, code, *given):
        """What an asynchronous function returns that a page runs."""
        call = f"({code})(...{json.dumps(given)})"
        said = self.tell("Runtime.evaluate", tab, expression=call, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in said, said
        return said["result"].get("value")

    def end(self):
        self.tell("Browser.close")
        self.process.wait(30)
        os.close(self.to)
        os.close(self.heard)


@pytest.fixture(scope="module")
def browser(up, tmp_path_factory):
    """Signed in to the hub under both of its names."""
    names = "MAP evil.example 127.0.0.1, MAP rebound.example 127.0.0.2"
    made = Browser(tmp_path_factory.mktemp("profile"), f"--host-resolver-rules={names}")
    for name in ("127.0.0.1", "localhost"):
        tab = made.visit(f"http://{name}:{up.port}/enter?token={up.token}")
        assert made.run(tab, "async () => (await fetch('/api/v1/projects')).status") == 200
    yield made
    made.end()


@contextmanager
def served(answer, host="127.0.0.1", port=0):
    """A server whose GET and POST are ``answer(handler)``; its port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            answer(self)

        do_POST = do_GET  # noqa: N815 - http.server wants it so

        def log_message(self, *_words):
            pass

    server = ThreadingHTTPServer((host, port), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def page(handler):
    """An empty page: what it does is run in it by `Browser.run`."""
    body = b"<!doctype html><title>strange</title><body>"
    handler.send_response(200)
    handler.send_header("content-type", "text/html")
    handler.send_header("content-length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def writes(up):
    """What changes something at the hub, by path: a body that it takes."""
    run = up.ask("GET", "/api/v1/runs")[-1]["id"]
    return {
        f"{TIDE}/answer": {"week_ago": 10, "change": 1},
        f"{TIDE}/services": {"method": "regression", "reason": "a stranger says so"},
        f"{TIDE}/rollback": {"reason": "a stranger says so"},
        "/api/v1/runs": {"project": "honam.tide", "seeds": [0]},
        f"/api/v1/runs/{run}/cancel": {},
    }


def until(true, seconds=30):
    """Wait for something that must come true."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.02)


# ---- pages of other sites ----------------------------------------------------------------------------------------------

# Every way a page has to write elsewhere: by what the page could read of it.
WRITE = """async (hub, path, body) => {
  const url = hub + path, read = {};
  document.body.replaceChildren();
  const text = {method: "POST", credentials: "include", headers: {"content-type": "text/plain"}, body};
  const fetched = async (how) => { try { return (await fetch(url, how)).status } catch { return 0 } };
  read.fetch = await fetched(text);
  read.blind = await fetched({...text, mode: "no-cors"});
  read.json = await fetched({...text, headers: {"content-type": "application/json"}});
  for (const kind of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"]) {
    const frame = Object.assign(document.createElement("iframe"), {name: kind});
    const form = Object.assign(document.createElement("form"), {method: "POST", action: url, enctype: kind, target: kind});
    form.append(Object.assign(document.createElement("input"), {name: body.slice(0, -1) + ', "x', value: '": 1}'}));
    document.body.append(frame, form);
    read[kind] = await new Promise((done) => {
      frame.onload = () => done(frame.contentDocument?.body.innerText ?? "");
      form.submit();
    });
  }
  const box = Object.assign(document.createElement("iframe"), {sandbox: "allow-scripts"});
  const told = new Promise((done) => addEventListener("message", (said) => done(said.data), {once: true}));
  box.srcdoc = `<script>fetch(${JSON.stringify(url)}, ${JSON.stringify(text)}).then((got) => got.status, () => 0)
    .then((status) => parent.postMessage(status, "*"))</scr` + `ipt>`;
  document.body.append(box);
  read.sandboxed = await told;
  navigator.sendBeacon(url, body);
  return read;
}"""
ARRIVING = 7  # of these ways; the one that asks before it sends JSON is not allowed to send it

# Every way it has to read elsewhere.
READ = """async (hub, path, follow) => {
  const url = hub + path, read = {};
  const fetched = async (how) => { try { return await (await fetch(url, how)).text() } catch { return "" } };
  const loaded = (kind, given) => new Promise((done) => {
    const made = Object.assign(document.createElement(kind), given);
    made.onload = () => done(kind === "iframe" ? made.contentDocument?.body.innerText ?? "" : "loaded");
    made.onerror = () => done("");
    document.body.append(made);
  });
  read.fetch = await fetched({credentials: "include"});
  read.blind = await fetched({credentials: "include", mode: "no-cors"});
  read.image = await loaded("img", {src: url});
  read.script = await loaded("script", {src: url});
  read.frame = await loaded("iframe", {src: url});
  for (const withCredentials of [false, true]) {
    read["events " + withCredentials] = await new Promise((done) => {
      const events = new EventSource(hub + follow, {withCredentials});
      events.onmessage = (said) => done(said.data);
      events.onerror = () => { events.close(); done("") };
    });
  }
  return read;
}"""


@browsing.needs_chromium
@pytest.mark.parametrize(("strange", "name"), [
    ("evil.example", "127.0.0.1"),
    ("localhost", "127.0.0.1"), ("localhost", "localhost"),
    ("127.0.0.1", "127.0.0.1"), ("127.0.0.1", "localhost"),
])  # fmt: skip
def test_a_page_of_another_site_writes_and_reads_nothing(up, browser, strange, name):
    """The cookie comes along where page and hub have the same name: the browser takes them for one site, whatever the port."""
    before, hub = up.state(), f"http://{name}:{up.port}"
    wanted, run = writes(up), before[0][-1]["id"]
    known = len(up.log())
    with served(page) as port:
        tab = browser.visit(f"http://{strange}:{port}/")
        written = {path: browser.run(tab, WRITE, hub, path, json.dumps(body)) for path, body in wanted.items()}
        until(lambda: all(len([e for e in up.log()[known:] if e[:2] == ("POST", path)]) >= ARRIVING for path in wanted))
        read = browser.run(tab, READ, hub, "/api/v1/projects", f"/api/v1/runs/{run}/events")
    assert [each for ways in written.values() for each in ways.items() if each[1]] == []
    assert [each for each in read.items() if each[1]] == []
    tried = Counter(up.log()[known:])
    posted = {(path, status): number for (method, path, status), number in tried.items() if method == "POST"}
    assert posted == {(path, 403): ARRIVING for path in wanted}
    asked = {status for method, path, status in tried if (method, path) == ("GET", "/api/v1/projects")}
    assert asked
    assert asked <= ({200, 304} if strange == name else {401})  # 304: the browser has it, and keeps it from the page
    assert up.state() == before


@browsing.needs_chromium
def test_the_hubs_own_page_may_do_all_of_it(up, browser):
    tab = browser.visit(f"http://127.0.0.1:{up.port}/api/v1/projects")
    code = """async (path, body) => {
      const how = {method: "POST", headers: {"content-type": "application/json"}, body};
      return (await fetch(path, how)).status }"""
    done = [browser.run(tab, code, path, json.dumps(body)) for path, body in writes(up).items()]
    assert done == [200, 201, 200, 201, 200]


# ---- a name that is bound to this machine once its page is loaded ---------------------------------------------------------


def rebound(up):
    """What answers behind a stranger's name: the page first, then the hub itself, to which every byte is passed on."""

    def answer(handler):
        if handler.path == "/":
            page(handler)
            return
        connection = HTTPConnection("127.0.0.1", up.port, timeout=30)
        sent = handler.rfile.read(int(handler.headers.get("content-length", 0)))
        connection.putrequest(handler.command, handler.path, skip_host=True, skip_accept_encoding=True)
        for name, value in handler.headers.items():
            connection.putheader(name, value)
        connection.endheaders(sent)
        got = connection.getresponse()
        body = got.read()
        handler.send_response(got.status)
        handler.send_header("content-type", got.headers["content-type"])
        handler.send_header("content-length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)
        connection.close()

    return answer


@browsing.needs_chromium
def test_a_name_that_is_bound_to_this_machine_later_reaches_nothing(up, browser):
    before, wanted, known = up.state(), writes(up), len(up.log())
    code = """async (asked) => {
      const said = [];
      for (const [method, path, body] of asked) {
        const how = method === "GET" ? {} : {method, body, headers: {"content-type": "application/json"}};
        const got = await fetch(path, how);
        said.push([got.status, (await got.json()).title]);
      }
      return said;
    }"""
    asked = [("POST", path, json.dumps(body)) for path, body in wanted.items()]
    asked += [
        ("GET", path, None) for path in ("/health", "/api/v1/projects", "/api/v1/runs", f"/enter?token={up.token}")
    ]
    with served(rebound(up), "127.0.0.2", up.port):
        said = browser.run(browser.visit(f"http://rebound.example:{up.port}/"), code, asked)
    assert said == [[421, f"this hub does not answer to rebound.example:{up.port}"]] * len(asked)
    refused = {(method, path.partition("?")[0], 421) for method, path, _body in asked}
    until(lambda: refused <= set(up.log()[known:]))
    assert up.state() == before


# ---- another user of this machine ----------------------------------------------------------------------------------------

# It becomes nobody once it has started: this Python may lie where nobody may read.
STRANGER = """
import encodings.idna, encodings.latin_1, json, os, sys
from http.client import HTTPConnection
from pathlib import Path
nobody, port, asked, paths = json.loads(sys.argv[1])
os.setgroups([])
os.setgid(nobody)
os.setuid(nobody)

def answered(method, path, body):
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request(method, path, body, {"content-type": "application/json", "cookie": "dure=guessed"})
    return connection.getresponse().status

def read(path):
    try:
        return " ".join(os.listdir(path)) if os.path.isdir(path) else Path(path).read_text("latin-1")
    except OSError as error:
        return type(error).__name__

print(json.dumps([[answered(*each) for each in asked], {path: read(path) for path in paths}]))
"""


def may_become(user):
    """Whether root is here, and not that of a container in which nobody else is known."""
    users = Path("/proc/self/uid_map")
    if not hasattr(os, "geteuid") or os.geteuid() != 0 or not users.exists():
        return False
    ranges = [tuple(map(int, line.split())) for line in users.read_text().splitlines()]
    return any(first <= user < first + count for first, _outside, count in ranges)


@pytest.mark.skipif(not may_become(NOBODY), reason="only root can become another user")
def test_another_user_of_this_machine_learns_nothing(up, monkeypatch):
    monkeypatch.setenv("DURE_HOME", str(up.home))
    evidence.signing_key()
    address = f"http://127.0.0.1:{up.port}/enter"
    requests.get(address, params={"token": up.token}, timeout=60)  # so that it stands in an address once
    before = up.state()
    told = up.ask("GET", "/api/v1/openapi.json")["paths"]
    run, guess = before[0][-1]["id"], json.dumps({"name": "root", "password": "it may be this one"})
    asked = [
        (method.upper(), re.sub(r"{\w+}", run, path.replace("{project}", "honam.tide")), guess)
        for path, operations in told.items()
        for method in operations
    ]
    asked += [("GET", "/api/v1/openapi.json", None), ("GET", "/enter?token=guessed", None), ("GET", "/health", None)]
    closed = [str(each) for each in (up.home / "key.pem", up.home / "hub", *(up.home / "hub").rglob("*"))]
    closed.append(f"/proc/{up.pid}/environ")
    open_ = [str(up.home), str(up.home.parent / "log"), f"/proc/{up.pid}/cmdline"]
    given = json.dumps([NOBODY, up.port, asked, closed + open_])
    done = subprocess.run([sys.executable, "-c", STRANGER, given], capture_output=True, text=True, check=True)
    statuses, read = json.loads(done.stdout)
    told = {
        path.rsplit("/", 1)[-1]: status
        for (_method, path, _body), status in zip(asked, statuses, strict=True)
        if status != 401
    }
    # what is open to everybody; of evidence and its files, what its owner has made public: here nothing is
    assert told == {"health": 200, "keys": 200, "verify": 422, "zip": 404, run: 404}
    assert len(closed) > 5
    assert {read.pop(path) for path in closed} == {"PermissionError"}
    assert ["hub" in read[str(up.home)], *(text.count(up.token) for text in read.values())] == [True, 0, 0, 0]
    assert up.state() == before
