"""The API: who may do what, what is no request for this hub, answers with their versions, runs followed to their end."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import requests
from fastapi.testclient import TestClient

from dure.hub.api import app
from dure.hub.auth import middleware, permissions
from dure.hub.auth.accounts import HUB, ROLES, Caller
from dure.hub.auth.middleware import Guard
from dure.hub.context import Hub
from dure.hub.jobs import queue

TOKEN = "the token of this start"
OPEN = {
    ("GET", "/health"),
    ("GET", "/enter"),
    ("GET", "/api/v1/keys"),
    ("POST", "/api/v1/session"),
    ("POST", "/api/v1/verify"),
}
# What asks itself: open where the owner of the evidence has made it public.
OPENED = {
    ("GET", "/api/v1/evidence/{name}/zip"),
    ("GET", "/api/v1/evidence/{name}/files/{file}"),
    ("GET", "/evidence/{name}"),
}
PAGES = {("GET", "/language/{code}"), ("GET", "/assets/{name}"), ("GET", "/verify"), ("POST", "/verify")}
ANSWER = "/api/v1/projects/honam.tide/answer"
CALM = {"week_ago": 10, "change": 1}
PROJECTS = Path(__file__).parents[1] / "projects"


@pytest.fixture
def hub(engine, projects):
    return Hub(engine, TOKEN)


@pytest.fixture
def made(hub):
    return app(hub)


@pytest.fixture
def stranger(made):
    """A client that nobody knows."""
    with TestClient(Guard(made, ("127.0.0.1",)), base_url="http://127.0.0.1:8080") as client:
        yield client


@pytest.fixture
def client(stranger):
    """The owner's client."""
    stranger.headers["authorization"] = f"Bearer {TOKEN}"
    return stranger


@pytest.fixture
def operations(client):
    """Every operation of the API and the role it needs, from its own description: (method, path, role or None)."""
    told = client.get("/api/v1/openapi.json").json()
    del client.headers["authorization"]
    return [
        (method.upper(), path, operation.get("x-role"))
        for path, methods in told["paths"].items()
        for method, operation in methods.items()
    ]


def asked(client, operation, headers=None):
    """One request to an operation, as strangers send it."""
    method, path, _role = operation
    path = re.sub(r"\{\w+\}", "honam.tide", path)
    return client.request(method, path, headers=headers, json={} if method in ("POST", "PUT") else None)


# ---- who may do what ----------------------------------------------------------------------------------------------------


def test_every_route_says_who_may_use_it(made):
    ruled = {
        (*each.methods, each.path_format): permissions.rule(each)
        for each in made.routes
        if isinstance(each, permissions.Ruled)
    }
    assert len(ruled) == len(made.routes) > 40  # asked before anything is read
    assert {each for each, rule in ruled.items() if rule is None} == OPEN | OPENED | PAGES


def test_a_stranger_learns_nothing(stranger, operations):
    closed = [each for each in operations if each[:2] not in OPEN | OPENED]
    assert len(closed) > 40
    for each in closed:
        got = asked(stranger, each)
        assert (got.status_code, got.headers["content-type"]) == (401, "application/problem+json"), each
        assert got.json() == {"type": "about:blank", "title": "sign in first", "status": 401}
        assert asked(stranger, each, {"authorization": "Bearer wrong"}).status_code == 401
    assert stranger.get("/enter", params={"token": "wrong"}).status_code == 401


@pytest.mark.parametrize("role", ROLES)
def test_each_role_may_do_what_its_routes_say_and_nothing_else(stranger, operations, monkeypatch, role):
    async def known(_request):
        return Caller("kim", HUB, role)

    monkeypatch.setattr(permissions, "caller_of", known)
    answers = [each for each in operations if each[1].endswith("/answer")]
    assert len({(method, role) for method, _path, role in answers}) == 1  # one route, asked of one project
    for each in operations:
        if each[:2] in OPEN | OPENED or (each in answers and each[1] != ANSWER):
            continue
        allowed = ROLES.index(role) >= ROLES.index(each[2])
        got = asked(stranger, each)
        assert (got.status_code == 403) == (not allowed), each
        if not allowed:
            assert got.json() == {"type": "about:blank", "title": "this is not for you to do", "status": 403}


def test_the_printed_address_becomes_a_cookie(stranger):
    got = stranger.get("/enter", params={"token": TOKEN}, follow_redirects=False)
    assert got.status_code == 303
    said = got.headers["set-cookie"].lower()
    assert "httponly" in said
    assert "samesite=strict" in said
    assert stranger.get("/api/v1/projects").status_code == 200


# ---- what is no request for this hub ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"host": "evil.example"}, 421),
        ({"host": "evil.example:8080"}, 421),
        ({"host": "127.0.0.1.evil.example"}, 421),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "http://127.0.0.1:9999"}, 403),
        ({"origin": "null"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"x-forwarded-for": "10.0.0.1"}, 400),
        ({"forwarded": "for=10.0.0.1"}, 400),
    ],
)
def test_what_a_strange_page_or_proxy_sends_is_refused(client, headers, status):
    got = client.post(ANSWER, json=CALM, headers=headers)
    assert (got.status_code, got.headers["content-type"]) == (status, "application/problem+json")


def test_a_page_of_the_hub_may_write(client):
    headers = {"origin": "http://127.0.0.1:8080", "sec-fetch-site": "same-origin"}
    assert client.post(ANSWER, json=CALM, headers=headers).status_code == 200


def test_a_body_too_large_is_refused_before_it_is_whole(client, monkeypatch):
    monkeypatch.setattr(middleware, "LARGEST", 100_000)
    sent = []

    def endless():
        while len(sent) < 1000:
            sent.append(1)
            yield b" " * 10_000

    assert client.post(ANSWER, content=endless()).status_code == 413


def test_every_answer_carries_its_request_and_what_browsers_must_know(client):
    got = client.get("/health")
    assert got.json()["status"] == "ok"
    assert len(got.headers["x-request-id"]) == 16
    assert "default-src 'self'" in got.headers["content-security-policy"]
    assert got.headers["x-content-type-options"] == "nosniff"
    assert 'dure_requests_total{method="GET",route="/health",status="200"}' in client.get("/metrics").text


def test_what_is_read_again_and_has_not_changed_is_not_sent_again(client):
    first = client.get("/api/v1/projects/honam.tide")
    again = client.get("/api/v1/projects/honam.tide", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])
    assert client.get("/api/v1/projects/honam.tide", headers={"if-none-match": '"another"'}).status_code == 200
    runs_ = client.get("/api/v1/runs").headers["etag"]
    client.post("/api/v1/runs", json={"project": "honam.tide"})
    assert client.get("/api/v1/runs", headers={"if-none-match": runs_}).status_code == 200


# ---- answers ------------------------------------------------------------------------------------------------------------


def test_the_practice_answers_until_a_method_is_promoted_and_after_it_is_rolled_back(client):
    def answered():
        got = client.post(ANSWER, json=CALM)
        assert got.status_code == 200, got.text
        return got.json()["method"], got.json()["service"]

    assert answered() == ("last_week", 0)
    given = {"method": "regression", "reason": "on trial at the market"}
    promoted = client.post("/api/v1/projects/honam.tide/services", json=given)
    assert (promoted.status_code, promoted.json()["version"]) == (201, 1), promoted.text
    assert answered() == ("regression", 1)
    back = client.post("/api/v1/projects/honam.tide/rollback", json={"reason": "it rained"})
    assert (back.status_code, back.json()["version"]) == (200, 0)
    assert answered() == ("last_week", 0)
    told = client.get("/api/v1/projects/honam.tide/services").json()
    assert [(each["version"], each["why"]) for each in told] == [(0, "it rained"), (1, "on trial at the market")]
    assert client.post("/api/v1/projects/honam.tide/rollback", json={}).status_code == 422


def test_a_method_is_promoted_by_a_run_that_says_better_and_by_nothing_less(client, hub):
    from dure.hub.workers import worker

    name = client.post("/api/v1/runs", json={"project": "honam.tide", "sealed": True, "seeds": [0]}).json()["id"]
    given = {"method": "regression", "run": name}
    early = client.post("/api/v1/projects/honam.tide/services", json=given)
    assert (early.status_code, early.json()["where"]) == (422, "run")
    worker.work(hub.engine, until=lambda: not queue.waiting(hub.engine), tell=lambda _text: None)
    assert client.get(f"/api/v1/runs/{name}").json()["state"] == "done"
    done = client.post("/api/v1/projects/honam.tide/services", json=given)
    assert done.status_code == 201, done.text
    assert "mean absolute error" in done.json()["why"]
    assert client.post(ANSWER, json=CALM).json()["method"] == "regression"
    nothing = client.post("/api/v1/projects/honam.tide/services", json={"method": "regression"})
    assert (nothing.status_code, nothing.json()["where"]) == (422, "reason")
    unknown = client.post("/api/v1/projects/honam.tide/services", json={"method": "magic", "reason": "it is new"})
    assert (unknown.status_code, unknown.json()["where"]) == (422, "method")


def test_a_project_that_has_changed_since_is_answered_by_the_practice(altered, engine):
    place = altered("float(weights @", "0.0 + float(weights @")
    with TestClient(Guard(app(Hub(engine, TOKEN)), ("127.0.0.1",)), base_url="http://127.0.0.1:8080") as client:
        client.headers["authorization"] = f"Bearer {TOKEN}"
        client.post("/api/v1/projects/honam.tide/services", json={"method": "regression", "reason": "on trial"})
        code = place / "project.py"
        code.write_text(code.read_text(encoding="utf-8") + "\n# another word\n", encoding="utf-8")
        told = client.post(ANSWER, json=CALM).json()
    assert (told["method"], told["instead_of"], told["cause"]) == ("last_week", "regression", "unavailable")
    assert "has changed since version 1 was accepted" in told["why"]


@pytest.mark.parametrize(("language", "what"), [("ko-KR,ko;q=0.9,en;q=0.5", "숫자가 아닙니다"), ("en", "not a number")])
def test_a_request_that_cannot_be_used_is_told_in_the_readers_language(client, language, what):
    got = client.post(ANSWER, json=CALM | {"change": "ten"}, headers={"accept-language": language})
    assert (got.status_code, got.json()["where"]) == (422, "[change]")
    assert what in got.json()["title"]


def test_what_is_not_there_is_told_with_the_nearest_name(client):
    got = client.post("/api/v1/projects/honam.tyde/answer", json=CALM)
    assert (got.status_code, got.json()["cure"]) == (404, "Did you mean honam.tide?")
    assert client.get("/api/v1/projects/..%2F..%2Fetc").status_code == 404
    assert client.get("/api/v1/runs/nothing").status_code == 404
    assert client.get("/api/v1/nothing").status_code == 404
    assert client.put("/health").status_code == 405


def test_what_no_store_can_keep_is_refused(client):
    for sent in (
        {"method": "regression", "reason": "a\0b"},
        {"method": "regression", "reason": "x", "settings": {"a\0": "b"}},
    ):
        got = client.post("/api/v1/projects/honam.tide/services", json=sent)
        assert (got.status_code, "NUL" in got.json()["title"]) == (422, True), got.text
    surrogate = client.post(
        "/api/v1/projects/honam.tide/services", content=b'{"method": "regression", "reason": "\\ud800"}'
    )
    assert surrogate.status_code == 422
    for path in ("/api/v1/runs/a%00b", "/api/v1/runs?before=%00", "/api/v1/files?name=%00", "/api/v1/evidence/%00"):
        assert client.get(path).status_code == 400, path


# ---- runs ---------------------------------------------------------------------------------------------------------------


def test_runs_are_asked_for_listed_page_by_page_and_cancelled(client):
    made = [client.post("/api/v1/runs", json={"project": "honam.tide"}) for _each in range(5)]
    assert {each.status_code for each in made} == {201}
    names = [each.json()["id"] for each in made]
    assert made[0].headers["location"] == f"/api/v1/runs/{names[0]}"
    page = client.get("/api/v1/runs", params={"limit": 2}).json()
    rest = client.get("/api/v1/runs", params={"limit": 200, "before": page[-1]["id"]}).json()
    assert [each["id"] for each in page + rest] == names[::-1]
    assert client.post(f"/api/v1/runs/{names[0]}/cancel").json()["state"] == "cancelled"
    assert client.post(f"/api/v1/runs/{names[0]}/cancel").status_code == 422
    assert client.get(f"/api/v1/runs/{names[0]}/log").text == "There is no log here."
    wrong = client.post("/api/v1/runs", json={"project": "honam.tide", "sealled": True})
    assert (wrong.status_code, "sealled" in wrong.json()["where"]) == (422, True)
    assert client.post("/api/v1/runs", json={"project": "honam.tyde"}).status_code == 404


def test_a_run_is_followed_to_its_end(client):
    name = client.post("/api/v1/runs", json={"project": "honam.tide"}).json()["id"]
    told = []
    with client.stream("GET", f"/api/v1/runs/{name}/events") as got:
        assert got.headers["content-type"].startswith("text/event-stream")
        client.post(f"/api/v1/runs/{name}/cancel")
        told = [json.loads(line.removeprefix("data: ")) for line in got.iter_lines() if line]
    assert told[-1]["state"] == "cancelled"


# ---- the API described --------------------------------------------------------------------------------------------------


def test_every_project_has_a_path_whose_example_works_when_pasted(client):
    told = client.get("/api/v1/openapi.json").json()
    paths = [path for path in told["paths"] if path.endswith("/answer") and "{" not in path]
    assert {"/api/v1/projects/honam.tide/answer", "/api/v1/projects/jeju.battery/answer"} <= set(paths)
    for path in paths:
        if path.split("/")[4] not in {"honam.tide", "jeju.battery"}:  # the shipped ones are asked by their own tests
            continue
        example = told["paths"][path]["post"]["requestBody"]["content"]["application/json"]["example"]
        got = client.post(path, json=example)
        assert got.status_code == 200, got.text
    operations = [each["operationId"] for path in told["paths"].values() for each in path.values()]
    assert len(set(operations)) == len(operations)
    named = set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(told)))
    assert named <= set(told["components"]["schemas"])


# ---- dure up ------------------------------------------------------------------------------------------------------------


@pytest.mark.long
def test_dure_up_answers_plays_the_queue_and_ends(address, projects, tmp_path):
    environment = {**os.environ, "DURE_STORE": address, "DURE_PROJECTS": str(PROJECTS)}
    up = subprocess.Popen(
        [sys.executable, "-m", "dure", "up", "--port", "0"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        where = re.search(r"http://127\.0\.0\.1:(\d+)/enter\?token=\S+", up.stdout.readline())
        taken = subprocess.run(
            [sys.executable, "-m", "dure", "up", "--port", where[1]],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (taken.returncode, "--port" in taken.stderr) == (2, True)
        session, base = requests.Session(), f"http://127.0.0.1:{where[1]}"
        assert session.get(where[0], timeout=30).status_code == 200
        assert session.post(base + ANSWER, json=CALM, timeout=30).json()["method"] == "last_week"
        name = session.post(f"{base}/api/v1/runs", json={"project": "honam.tide", "seeds": [0]}, timeout=30).json()[
            "id"
        ]
        with session.get(f"{base}/api/v1/runs/{name}/events", stream=True, timeout=60) as got:
            last = [line for line in got.iter_lines() if line][-1]
        assert json.loads(last.removeprefix(b"data: "))["state"] == "done"
    finally:
        up.send_signal(signal.SIGINT)
        _out, log = up.communicate(timeout=30)
    assert up.returncode in (0, 130), log
    lines = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
    assert {"request", "method", "path", "status", "ms"} <= set(lines[0])
    assert "token" not in log
