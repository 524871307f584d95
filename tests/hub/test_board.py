"""The board: published evidence, what is refused of it, evidence run again, methods tried on cases they do not see."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import zipfile
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

import clients
from dure import evidence
from dure.errors import UserError
from dure.hub.auth import accounts
from dure.hub.board import board
from dure.hub.board import evidence_zip as zips
from dure.hub.uploads import uploads
from dure.runs import run

PROJECTS = Path(__file__).parents[1] / "projects"
ROWS = re.compile(rb"private/|cases\.parquet|answers\.parquet|salt")


@pytest.fixture(scope="module")
def packed(tried):
    """The same, as others may see it: a zip."""
    return evidence.packed(tried, sums=False)


@pytest.fixture
def client(engine, projects):
    with clients.hub_of(engine) as made:
        made.headers["authorization"] = f"Bearer {clients.TOKEN}"
        yield made


def sent(client, content, **how):
    return client.post("/api/v1/evidence", content=content, **how)


def nothing_kept(client, dure_home):
    left = list((dure_home / "hub" / "incoming").rglob("*"))
    return left == [] and client.get("/api/v1/evidence").json() == [] and client.get("/api/v1/board").json() == []


def with_members(content, change):
    """The zip with its members changed: {name: bytes}."""
    with zipfile.ZipFile(io.BytesIO(content)) as source:
        members = {name: source.read(name) for name in source.namelist()}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, each in change(members).items():
            made.writestr(name, each)
    return out.getvalue()


# ---- published ----------------------------------------------------------------------------------------------------------


def test_a_cell_of_the_board_fills_and_no_row_was_sent(client, packed, dure_home):
    assert client.get("/api/v1/board").json() == []
    got = sent(client, packed)
    assert got.status_code == 201, got.text
    (cell,) = client.get("/api/v1/board").json()
    assert (cell["project"], cell["site"], cell["verdict"], cell["assurance"]) == (
        "honam.tide",
        "",
        "better",
        "self-run",
    )
    assert (cell["evidence"], cell["sealed"]) == (got.json()["id"], True)
    assert [each["id"] for each in client.get("/api/v1/evidence", params={"project": "honam.tide"}).json()] == [
        got.json()["id"]
    ]
    assert client.get("/api/v1/evidence", params={"project": "jeju.battery"}).json() == []
    assert sent(client, packed).json()["id"] == got.json()["id"]  # once more: the same
    assert len(client.get("/api/v1/evidence").json()) == 1
    with zipfile.ZipFile(io.BytesIO(packed)) as zipped:
        assert not [name for name in zipped.namelist() if ROWS.search(name.encode())]
    place = board.folder_of(got.json()["id"])
    assert evidence.verify(place).faults == ()
    assert client.delete(f"/api/v1/evidence/{got.json()['id']}").status_code == 204
    assert nothing_kept(client, dure_home)
    assert not place.exists()


def test_only_its_own_organisation_takes_evidence_off_the_board(engine, client, packed):
    name = sent(client, packed).json()["id"]
    strange = clients.known(engine, "kim", "steward", "county")
    assert client.delete(f"/api/v1/evidence/{name}", headers=strange).status_code == 404
    assert client.get(f"/api/v1/evidence/{name}", headers=strange).status_code == 200


def more(members):
    return members | {f"figures/{number}.svg": b"<svg/>" for number in range(300)}


def rows_too(members):
    return members | {"private/cases.parquet": b"PAR1"}


def changed(members):
    return members | {"trial.json": members["trial.json"].replace(b'"better"', b'"bettor"')}


def changed_sums(members):
    return members | {"outcomes.parquet": members["outcomes.parquet"][:-9] + b"123456789"}


@pytest.mark.parametrize("address", ["sqlite"], indirect=True)  # no word of it depends on the store
@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda _members: {}, "no evidence.json"),
        (lambda members: {"../evidence.json": members["evidence.json"]}, "a file in it is called"),
        (lambda members: {"/etc/passwd": b"x", **members}, "a file in it is called"),
        (lambda members: {"C:\\x": b"x", **members}, "a file in it is called"),
        (lambda members: {"a/b/c": b"x", **members}, "a file in it is called"),
        (lambda members: {"a\nb": b"x", **members}, "a file in it is called"),
        (more, "more than"),
        (lambda members: {"big": bytes(70_000_000), **members}, "more than"),
        (rows_too, "not whole"),
        (changed, "not whole"),
        (changed_sums, "not whole"),
        (lambda members: members | {"evidence.json": b"{}"}, "not whole"),
        (lambda members: members | {"evidence.json": b"[" * 100_000}, "not whole"),
    ],
)
def test_what_is_not_whole_or_more_than_evidence_is_refused(client, packed, dure_home, change, said):
    got = sent(client, with_members(packed, change))
    assert (got.status_code, said in got.json()["title"]) == (422, True), got.text
    assert nothing_kept(client, dure_home)


@pytest.mark.parametrize("address", ["sqlite"], indirect=True)  # no word of it depends on the store
def test_what_is_no_zip_is_refused(client, packed, dure_home, monkeypatch):
    for content in (b"", b"PK", b"PK\x05\x06" + bytes(18), packed[: len(packed) // 2], os.urandom(5000)):
        got = sent(client, content)
        assert got.status_code == 422, got.text
    monkeypatch.setattr(zips, "LARGEST", 100)
    assert sent(client, packed).status_code == 413
    assert nothing_kept(client, dure_home)


@pytest.mark.parametrize("address", ["sqlite"], indirect=True)  # no word of it depends on the store
def test_what_was_not_made_for_others_is_refused(client, tried, tmp_path, dure_home):
    whole = tmp_path / "whole"
    shutil.copytree(tried, whole)
    shutil.rmtree(whole / "private")
    got = sent(client, evidence.zipped(whole))  # blocks as the verdict was taken on them
    assert (got.status_code, "more than others may see" in got.json()["title"]) == (422, True), got.text
    assert "dure publish" in got.json()["cure"]
    assert nothing_kept(client, dure_home)


@pytest.mark.parametrize("address", ["sqlite"], indirect=True)  # no word of it depends on the store
def test_nobody_vouches_for_themselves_as_a_hub_would(client, tried, dure_home, tmp_path):
    trial = evidence.published(evidence.loaded(tried))
    about = replace(trial.about, assurance="hub-witnessed")
    from dure.trial.verdicts import verdicts

    made = replace(trial, about=about, verdicts=verdicts(trial.outcomes, trial.kpis, about))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DURE_KEY", str(tmp_path / "another.pem"))
        place = evidence.write(made, tmp_path / "boast")
    got = sent(client, evidence.zipped(place))
    assert (got.status_code, "can vouch" in got.json()["title"]) == (422, True), got.text
    assert nothing_kept(client, dure_home)


def test_sums_of_restricted_data_go_only_where_their_owner_says_so(tried, tmp_path, projects):
    own = tmp_path / "landings.csv"
    shutil.copy(PROJECTS / "honam/tide/data/landings.csv", own)
    out = tmp_path / "evidence"
    run.run("honam.tide", run.Inputs(data={"landings": own}), sealed=True, seeds=[0], out=out)
    with pytest.raises(UserError, match=r"restricted data \(landings\).*--sums"):
        evidence.packed(out, sums=False)
    assert evidence.packed(out, sums=True)


def test_the_hubs_keys_are_public(engine, client):
    client.headers.pop("authorization")
    (key,) = client.get("/api/v1/keys").json()
    assert key["fingerprint"] == evidence.fingerprint(evidence.signing_key().public_key())
    assert bytes.fromhex(key["public"]) == evidence.signing_key().public_key().public_bytes_raw()


@pytest.mark.long
def test_the_command_publishes_to_a_hub_that_runs(engine, address, projects, tried, tmp_path):
    accounts.keep(engine, "kim", "member")
    token = accounts.issue(engine, accounts.Caller("kim", accounts.HUB, "member"), 1)
    environment = {**os.environ, "DURE_STORE": address}
    command = [sys.executable, "-m", "dure"]
    up = subprocess.Popen(
        [*command, "up", "--port", "0", "--workers", "0"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        base = re.search(r"http://[^/]+", up.stdout.readline())[0]

        def published(**more):
            return subprocess.run(
                [*command, "publish", str(tried), "--to", base],
                env=environment | more,
                capture_output=True,
                text=True,
                check=False,
            )

        unknown = published()
        assert (unknown.returncode, "DURE_TOKEN" in unknown.stderr) == (2, True)
        refused = published(DURE_TOKEN="dure_nobody")
        assert (refused.returncode, "sign in first" in refused.stderr) == (2, True)
        done = published(DURE_TOKEN=token)
        assert (done.returncode, f"{base}/api/v1/evidence/" in done.stdout) == (0, True), done.stderr
    finally:
        up.terminate()
        up.communicate(timeout=30)
    assert [each.project for each in board.listed(engine)] == ["honam.tide"]


# ---- run again, witnessed -----------------------------------------------------------------------------------------------


def test_evidence_that_comes_out_the_same_here_is_vouched_for(engine, client, packed):
    name = sent(client, packed).json()["id"]
    made = client.post(f"/api/v1/evidence/{name}/rerun")
    assert made.status_code == 201, made.text
    clients.work(engine)
    found = client.get(made.headers["location"]).json()
    assert (found["state"], found["said"]) == ("done", "it comes out the same on this machine"), found
    (cell,) = client.get("/api/v1/board").json()
    assert (cell["assurance"], cell["verdict"], cell["evidence"] != name) == ("re-run", "better", True)
    told = client.get(f"/api/v1/evidence/{cell['evidence']}").json()
    assert told["signer"] in {each["fingerprint"] for each in client.get("/api/v1/keys").json()}


def test_evidence_of_other_code_is_not_vouched_for(engine, packed, altered):
    altered("float(weights @", "0.5 * float(weights @")
    with clients.hub_of(engine) as client:
        client.headers["authorization"] = f"Bearer {clients.TOKEN}"
        name = sent(client, packed).json()["id"]
        made = client.post(f"/api/v1/evidence/{name}/rerun").json()["id"]
        clients.work(engine)
        found = client.get(f"/api/v1/runs/{made}").json()
        assert (found["state"], "not the code that was run" in found["said"]) == ("failed", True), found
        assert [each["assurance"] for each in client.get("/api/v1/board").json()] == ["self-run"]


class Vendor(BaseHTTPRequestHandler):
    """A method that looks at a week ago and at nothing else of ours; it writes down what it was asked."""

    heard: list[bytes] = []  # noqa: RUF012 - one list for all requests

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.heard.append(json.dumps([self.path, dict(self.headers), asked]).encode())
        body = json.dumps({"landings": asked["week_ago"] + 0.5 * asked["change"]}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_given):
        pass


@pytest.fixture
def vendor():
    Vendor.heard.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Vendor)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/forecast"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def problem(engine, client):
    """An owner's problem; (its id, headers of the owner's steward, of a stranger)."""
    owner, entrant = (
        clients.known(engine, "lee", "steward", "harbour"),
        clients.known(engine, "kim", "member", "vendor"),
    )
    client.headers.pop("authorization")
    content = (PROJECTS / "honam/tide/data/landings.csv").read_bytes()
    name = client.post("/api/v1/files", params={"name": "landings.csv"}, content=content, headers=owner).json()[
        "sha256"
    ]
    given = {
        "project": "honam.tide",
        "title": "내일 위판량",
        "hurts": "얼음을 얼마나 준비할지 모릅니다.",
        "today": "지난주 같은 요일만큼 준비합니다.",
        "data": {"landings": name},
    }
    assert client.post("/api/v1/problems", json=given, headers=entrant).status_code == 403
    made = client.post("/api/v1/problems", json=given, headers=owner)
    assert made.status_code == 201, made.text
    return made.json()["id"], owner, entrant


def test_a_method_is_tried_on_cases_it_does_not_see_and_the_hub_vouches(engine, client, vendor, problem, monkeypatch):
    monkeypatch.setenv(
        "PYTHONPATH", os.pathsep.join([str(Path(__file__).parent / "inside"), os.environ.get("PYTHONPATH", "")])
    )
    name, owner, entrant = problem
    assert [each["id"] for each in client.get("/api/v1/problems", headers=entrant).json()] == [name]
    made = client.post(f"/api/v1/problems/{name}/entries", json={"name": "업체A", "url": vendor}, headers=entrant)
    assert made.status_code == 201, made.text
    assert "data" not in made.json()["asked"]
    clients.work(engine)
    found = client.get(made.headers["location"], headers=entrant).json()
    assert found["state"] == "done", found
    assert "data" not in found["asked"]
    steward = clients.known(engine, "park", "steward", "vendor")
    stolen = {"method": "regression", "run": found["id"]}  # fitted on the owner's cases
    refused = client.post("/api/v1/projects/honam.tide/services", json=stolen, headers=steward)
    assert (refused.status_code, "another's" in refused.json()["title"]) == (422, True)
    cells = {each["method"]: each for each in client.get("/api/v1/board", headers=owner).json()}
    assert (cells["업체A"]["assurance"], cells["업체A"]["sealed"]) == ("hub-witnessed", True)
    assert cells["업체A"]["verdict"] in {"better", "not shown"}
    told = client.get(f"/api/v1/evidence/{cells['업체A']['evidence']}", headers=entrant).json()
    assert {each["looks"] for each in told["verdicts"]} == {1}
    assert client.get(f"{made.headers['location']}/log", headers=entrant).status_code == 403
    again = client.post(f"/api/v1/problems/{name}/entries", json={"name": "업체A", "url": vendor}, headers=entrant)
    assert again.json()["asked"]["looks"] == 2  # whoever comes again has seen how the first try ended
    client.post(f"{again.headers['location']}/cancel", headers=entrant)
    assert len(Vendor.heard) > 80
    assert not [each for each in Vendor.heard if b"truth" in each.lower() or b"dure_" in each]
    (sha256,) = [each["sha256"] for each in client.get("/api/v1/files", headers=owner).json()]
    assert client.get(f"/api/v1/files/{sha256}", headers=entrant).status_code == 404
    assert uploads.listed(engine, "vendor") == []
    closed = client.post(f"/api/v1/problems/{name}/close", headers=owner)
    assert closed.json()["open"] is False
    late = client.post(f"/api/v1/problems/{name}/entries", json={"name": "업체A", "url": vendor}, headers=entrant)
    assert (late.status_code, late.json()["title"]) == (422, "this problem is closed")


def test_what_cannot_be_published_is_told_and_the_worker_goes_on(engine, client, packed, monkeypatch):
    name = sent(client, packed).json()["id"]
    monkeypatch.setattr(board, "SECONDS", 0.0)
    first = client.post(f"/api/v1/evidence/{name}/rerun").json()["id"]
    second = client.post("/api/v1/runs", json={"project": "honam.tide", "seeds": [0]}).json()["id"]
    clients.work(engine)
    assert [client.get(f"/api/v1/runs/{each}").json()["state"] for each in (first, second)] == ["done", "done"]
    (event,) = client.get("/api/v1/events").json()
    assert "it took more than" in event["said"]


def test_a_method_inside_is_never_reached(engine, client, vendor, problem):
    name, _owner, entrant = problem
    made = client.post(f"/api/v1/problems/{name}/entries", json={"name": "inside", "url": vendor}, headers=entrant)
    clients.work(engine)
    found = client.get(made.headers["location"], headers=entrant).json()
    assert Vendor.heard == []
    assert found["state"] == "done", found  # its own cases are unanswered, the trial is not broken
    cells = {each["method"]: each for each in client.get("/api/v1/board", headers=entrant).json()}
    assert cells["inside"]["verdict"] == "lost"


def test_what_is_wrong_with_the_cases_is_told_to_their_owner_alone(engine, client, vendor, problem):
    _name, owner, entrant = problem
    secret = b"day,tonnes\n2023-01-02,93.9\n2023-01-03,kim owes lee\n"
    sha256 = client.post("/api/v1/files", params={"name": "bad.csv"}, content=secret, headers=owner).json()["sha256"]
    given = {
        "project": "honam.tide",
        "title": "broken",
        "hurts": "ice",
        "today": "a guess",
        "data": {"landings": sha256},
    }
    broken = client.post("/api/v1/problems", json=given, headers=owner).json()["id"]
    made = client.post(f"/api/v1/problems/{broken}/entries", json={"name": "업체A", "url": vendor}, headers=entrant)
    clients.work(engine)
    found = client.get(made.headers["location"], headers=entrant)
    assert (found.json()["state"], "their owner can read why" in found.json()["said"]) == ("failed", True)
    assert "kim owes" not in found.text
    (event,) = client.get("/api/v1/events", headers=owner).json()
    assert event["kind"] == "entry"
    assert client.get("/api/v1/events", headers=entrant).json() == []


def test_what_is_no_url_of_a_method_is_refused_at_once(client, problem):
    name, _owner, entrant = problem
    for url in ("ftp://example.org/x", "file:///etc/passwd", "http://kim:secret@example.org/", "http:///x", "nothing"):
        got = client.post(f"/api/v1/problems/{name}/entries", json={"name": "x", "url": url}, headers=entrant)
        assert got.status_code == 422, url
        own = client.post("/api/v1/runs", json={"project": "honam.tide", "offers": {"x": url}}, headers=entrant)
        assert own.status_code == 422, url
