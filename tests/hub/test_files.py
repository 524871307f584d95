"""Files: kept by their content, refused where they are not what they are called, deleted so that nothing is left; tables answered."""

from __future__ import annotations

import hashlib
import io
import os
import random
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import polars as pl
import psutil
import pytest
import requests

import clients
from dure import tables
from dure.hub.db import store
from dure.hub.jobs import queue
from dure.hub.models import promotion
from dure.hub.models.promotion import Accepted
from dure.hub.uploads import retention, uploads

PROJECTS = Path(__file__).parents[1] / "projects"
DAYS = "판장,week_ago,change\n목포,10,1\n여수,ten,1\n완도,30,-1\n"
ANSWER = "/api/v1/projects/honam.tide/answer"


@pytest.fixture
def client(engine, projects):
    with clients.hub_of(engine) as made:
        made.headers["authorization"] = f"Bearer {clients.TOKEN}"
        yield made


def left(home):
    """Whatever lies in the hub's folders of what was sent."""
    return [each for name in ("hub/incoming", "content") for each in (home / name).rglob("*") if each.is_file()]


# ---- kept and deleted ---------------------------------------------------------------------------------------------------


def test_a_file_is_kept_by_its_content_listed_fetched_and_deleted(client, dure_home):
    got = client.post("/api/v1/files", params={"name": "위판.csv"}, content=DAYS.encode())
    assert got.status_code == 201, got.text
    told = got.json()
    assert told["sha256"] == hashlib.sha256(DAYS.encode()).hexdigest()
    assert (told["kind"], told["sheets"][0]["headers"], told["sheets"][0]["rows"]) == (
        "table",
        ["판장", "week_ago", "change"],
        3,
    )
    place = got.headers["location"]
    assert [each["name"] for each in client.get("/api/v1/files").json()] == ["위판.csv"]
    fetched = client.get(place)
    assert (fetched.text, fetched.headers["etag"]) == (DAYS, f'"{told["sha256"]}"')
    assert client.delete(place).status_code == 204
    assert client.get(place).status_code == 404
    assert left(dure_home) == []


def test_what_two_organisations_send_lies_once_and_is_each_ones_own(engine, client, dure_home):
    county = clients.known(engine, "kim", "member", "county")
    harbour = clients.known(engine, "lee", "member", "harbour")
    client.headers.pop("authorization")
    first = client.post("/api/v1/files", params={"name": "a.csv"}, content=DAYS.encode(), headers=county).json()
    place = f"/api/v1/files/{first['sha256']}"
    assert client.get(place, headers=harbour).status_code == 404
    assert client.get("/api/v1/files", headers=harbour).json() == []
    client.post("/api/v1/files", params={"name": "b.csv"}, content=DAYS.encode(), headers=harbour)
    assert len(left(dure_home)) == 1
    assert client.delete(place, headers=county).status_code == 204
    assert client.get(place, headers=harbour).status_code == 200
    assert client.delete(place, headers=harbour).status_code == 204
    assert left(dure_home) == []


def test_a_file_on_which_a_service_stands_is_not_deleted(engine, client):
    name = clients.sent(client, "landings.csv", (PROJECTS / "honam/tide/data/landings.csv").read_bytes())
    given = {"method": "regression", "reason": "on trial", "data": {"landings": name}}
    assert client.post("/api/v1/projects/honam.tide/services", json=given).status_code == 201
    refused = client.delete(f"/api/v1/files/{name}")
    assert (refused.status_code, "stands on this file" in refused.json()["title"]) == (422, True)
    retention.sweep(engine, 0.0)
    assert client.get(f"/api/v1/files/{name}").status_code == 200
    assert client.post(ANSWER, json={"week_ago": 10, "change": 1}).json()["method"] == "regression"
    client.post("/api/v1/projects/honam.tide/rollback", json={})
    assert client.delete(f"/api/v1/files/{name}").status_code == 204


def test_what_a_person_has_sent_is_really_gone_and_said(engine, client, dure_home):
    secret = "목포 김씨네 위판장"
    clients.sent(client, "days.csv", DAYS.replace("목포", secret).encode())
    asked = client.post(ANSWER, json={"week_ago": 12345.678, "change": 1}).json()
    name = client.post("/api/v1/runs", json={"project": "honam.tide", "seeds": [0]}).json()["id"]
    busy = client.delete("/api/v1/mine")
    assert (busy.status_code, "Cancel it first" in busy.json()["cure"]) == (422, True)
    clients.work(engine)
    assert (dure_home / "hub" / "runs" / name).is_dir()
    assert client.delete("/api/v1/mine").json() == {"answers": 1, "files": 1, "runs": 1}
    assert client.get(f"/api/v1/runs/{name}").status_code == 404
    assert not (dure_home / "hub" / "runs" / name).exists()
    told = client.post("/api/v1/projects/honam.tide/feedback", json=[{"id": asked["id"], "truth": 1.0}]).json()
    assert "no answer with the id" in told["refused"][asked["id"]]
    (event,) = client.get("/api/v1/events").json()
    assert (event["kind"], "1 answers, 1 files and 1 runs" in event["said"]) == ("deleted", True)
    for each in dure_home.rglob("*"):
        if each.is_file():
            held = each.read_bytes()
            assert secret.encode() not in held, each
            assert b"12345.678" not in held, each


def test_what_was_kept_for_long_enough_is_swept_away(engine, client, dure_home):
    clients.sent(client, "days.csv", DAYS.encode())
    asked = client.post(ANSWER, json={"week_ago": 10, "change": 1}).json()
    client.post("/api/v1/projects/honam.tide/feedback", json=[])  # what waits is written down
    retention.sweep(engine, 1.0)
    assert len(left(dure_home)) == 1
    retention.sweep(engine, 0.0)
    assert left(dure_home) == []
    told = client.post("/api/v1/projects/honam.tide/feedback", json=[{"id": asked["id"], "truth": 1.0}]).json()
    assert asked["id"] in told["refused"]


# ---- what is not what it is called --------------------------------------------------------------------------------------


def workbook():
    out = io.BytesIO()
    pl.DataFrame({"week_ago": [1.0] * 50, "change": [2.0] * 50, "note": ["위판"] * 50}).write_excel(out)
    return out.getvalue()


def parquet():
    out = io.BytesIO()
    pl.DataFrame({"week_ago": [1.0] * 50, "change": [2.0] * 50}).write_parquet(out)
    return out.getvalue()


def bomb(megabytes):
    """A workbook whose only sheet unpacks to so much."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(workbook())) as real,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as made,
    ):
        for name in real.namelist():
            if not name.endswith("sheet1.xml"):
                made.writestr(name, real.read(name))
        with made.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet:
            head, tail = real.read("xl/worksheets/sheet1.xml").split(b"</sheetData>")
            sheet.write(head)
            row = b'<row r="99"><c r="A99" t="inlineStr"><is><t>' + b"A" * 1_000_000 + b"</t></is></c></row>"
            for _each in range(megabytes):
                sheet.write(row)
            sheet.write(b"</sheetData>" + tail)
    return out.getvalue()


def lying(content):
    """The same zip, its directory claiming that everything is small."""
    at, changed = 0, bytearray(content)
    while (at := changed.find(b"PK\x01\x02", at)) >= 0:
        changed[at + 24 : at + 28] = (100).to_bytes(4, "little")
        at += 4
    return bytes(changed)


def malformed():
    """A hundred files that are not what they are called, kind by kind: (name, content)."""
    draw, book, columns = random.Random(7), workbook(), parquet()
    yield [("a.xlsx", book[: len(book) * part // 12]) for part in range(1, 12)]
    yield [("a.parquet", columns[: len(columns) * part // 12]) for part in range(1, 12)]
    yield [("a.xlsx", book[: draw.randrange(40, len(book) - 30)]) for _number in range(16)]
    yield [("a.parquet", b"PAR1" + draw.randbytes(draw.randrange(4, 4000)) + b"PAR1") for _number in range(16)]
    yield [("a.csv", draw.randbytes(2_000)) for _number in range(16)]
    yield [
        ("a.csv", b""), ("a.csv", b"\n\n\n"), ("a.csv", b"\xff\xfe"), ("a.csv", b"a,b\n\xed\xa0\x80,1\n"), ("a.csv", b"\0" * 5000),
        ("a.csv", b"<html><table><tr><td>1</td></tr></table></html>"), ("a.csv", b"PK\x05\x06" + bytes(18)), ("a.txt", b"GIF89a" + bytes(900)),
        ("a.xlsx", b"PK\x03\x04" + bytes(900)), ("a.xlsx", b"\xd0\xcf\x11\xe0" + bytes(4000)), ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + draw.randbytes(4000)),
        ("a.ods", b"PK\x03\x04" + draw.randbytes(900)),
    ]  # fmt: skip
    large = bomb(1_100)
    yield [("a.xlsx", lying(bomb(300))), ("a.xlsx", large), ("a.xlsx", lying(large))]
    names = ["../a.csv", "/etc/passwd.csv", "a/b.csv", "a\\b.csv", "..", ".bashrc", "a\0b.csv", "a\nb.csv", "C:a.csv", "a*.csv", "x" * 300 + ".csv",
             "a?.csv", "\u202ecsv.exe.csv", "a|b.csv", "", "<script>.csv", "~/\x07.csv"]  # fmt: skip
    yield [(name, DAYS.encode()) for name in names]


@pytest.mark.parametrize("address", ["sqlite"], indirect=True)  # no word of it depends on the store
@pytest.mark.parametrize("every", [pytest.param(1, marks=pytest.mark.long), 4], ids=["all", "some of each kind"])
def test_a_hundred_files_that_are_not_what_they_are_called_leave_nothing(client, dure_home, every):
    kinds = list(malformed())
    assert sum(map(len, kinds)) >= 100
    before, most = psutil.Process().memory_info().rss, 0
    for name, content in [file for kind in kinds for file in kind[::every]]:  # each is read in a process of its own
        got = client.post("/api/v1/files", params={"name": name}, content=content)
        assert got.status_code in (400, 422), (name, content[:40], len(content), got.text[:200])
        assert len(got.json()["title"]) > 5
        assert left(dure_home) == []
        most = max(most, psutil.Process().memory_info().rss)
    assert client.get("/api/v1/files").json() == []
    assert most - before < 150_000_000  # the hub's own process


@pytest.mark.parametrize("address", ["sqlite"], indirect=True)  # no word of it depends on the store
def test_a_stream_of_a_gigabyte_is_refused_within_little_memory(engine, address, projects, dure_home):
    environment = {**os.environ, "DURE_STORE": address}
    command = [sys.executable, "-m", "dure", "up", "--port", "0", "--workers", "0"]
    up = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    block, held, status = bytes(1_000_000), [], None
    try:
        base, token = re.search(r"(http://[^/]+)/enter\?token=(\S+)", up.stdout.readline()).groups()
        known = {"authorization": f"Bearer {token}"}

        def stream():
            for number in range(1_000):
                if number % 20 == 0:
                    held.append(psutil.Process(up.pid).memory_info().rss)
                yield block

        try:
            got = requests.post(
                f"{base}/api/v1/files", params={"name": "signal.bin"}, data=stream(), headers=known, timeout=60
            )
            status = got.status_code
        except requests.ConnectionError:
            pass  # the hub has closed before it was told everything
        assert status in (413, None)
        assert requests.get(f"{base}/api/v1/files", headers=known, timeout=30).json() == []
    finally:
        up.terminate()
        up.communicate(timeout=30)
    assert left(dure_home) == []
    assert len(held) >= uploads.LARGEST / 20e6  # it was heard up to the limit
    assert max(held) < 250_000_000


def test_an_organisation_keeps_no_more_than_its_quota(client, monkeypatch, dure_home):
    monkeypatch.setattr(uploads, "QUOTA", 1_500)
    clients.sent(client, "a.bin", bytes(1_000))
    got = client.post("/api/v1/files", params={"name": "b.bin"}, content=b"1" * 1_000)
    assert (got.status_code, "Delete what is not needed" in got.json()["cure"]) == (422, True)
    assert len(left(dure_home)) == 1
    clients.sent(client, "again.bin", bytes(1_000))  # the same content is no more of it


def test_where_there_is_no_room_for_the_answers_the_run_fails_and_the_worker_goes_on(engine, client, monkeypatch):
    name = clients.sent(client, "days.csv", DAYS.encode())
    first = client.post("/api/v1/projects/honam.tide/batches", json={"file": name}).json()["id"]
    second = client.post("/api/v1/runs", json={"project": "honam.tide", "seeds": [0]}).json()["id"]
    monkeypatch.setattr(uploads, "QUOTA", len(DAYS.encode()) + 1)
    clients.work(engine)
    states = [client.get(f"/api/v1/runs/{each}").json() for each in (first, second)]
    assert [each["state"] for each in states] == ["failed", "done"]
    assert "would keep more than" in states[0]["said"]


# ---- tables answered ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("to", ["csv", "xlsx", "parquet"])
def test_a_table_is_answered_by_what_is_promoted(engine, client, tmp_path, to):
    promotion.promote(engine, "honam.tide", Accepted("regression", {}, "", "", {"en": "tried", "ko": "시험"}), "kim")
    name = clients.sent(client, "어제.csv", DAYS.encode())
    made = client.post("/api/v1/projects/honam.tide/batches", json={"file": name, "to": to})
    assert made.status_code == 201, made.text
    clients.work(engine)
    run = client.get(made.headers["location"]).json()
    assert (run["state"], run["kind"], run["said"]) == ("done", "batch", "3 rows answered"), run
    result = run["result"]
    assert (result["rows"], result["causes"], result["service"], result["name"]) == (
        3,
        {"refused": 1},
        1,
        f"어제 answers.{to}",
    )
    got = client.get(f"/api/v1/files/{result['sha256']}").content
    assert hashlib.sha256(got).hexdigest() == result["sha256"]
    (tmp_path / "got").write_bytes(got)
    frame = tables.read(tmp_path / "got").cells
    assert frame["판장"].to_list() == ["목포", "여수", "완도"]
    assert frame["method"].fill_null("").to_list() == ["regression", "", "regression"]
    assert sorted(each.name for each in (store.folder() / "runs" / run["id"] / "attempt-1").iterdir()) == ["log.txt"]


def test_a_table_that_was_deleted_meanwhile_ends_its_run_with_the_reason(engine, client):
    name = clients.sent(client, "days.csv", DAYS.encode())
    made = client.post("/api/v1/projects/honam.tide/batches", json={"file": name}).json()["id"]
    client.delete(f"/api/v1/files/{name}")
    clients.work(engine)
    run = client.get(f"/api/v1/runs/{made}").json()
    assert (run["state"], "there is no file" in run["said"]) == ("failed", True)


def test_a_table_of_another_organisation_is_not_there(engine, client):
    name = clients.sent(client, "days.csv", DAYS.encode())
    strange = clients.known(engine, "kim", "member", "county")
    got = client.post("/api/v1/projects/honam.tide/batches", json={"file": name}, headers=strange)
    assert got.status_code == 404
    own = client.post("/api/v1/projects/honam.tide/batches", json={"file": name}).json()["id"]
    for method, path in (("GET", ""), ("POST", "/cancel"), ("GET", "/log"), ("GET", "/events"), ("POST", "/publish")):
        hidden = client.request(method, f"/api/v1/runs/{own}{path}", headers=strange)
        assert (hidden.status_code, own in hidden.json().get("cure", "")) == (404, False), path
    assert client.get("/api/v1/runs", headers=strange).json() == []
    assert queue.one(engine, own).state == "queued"


@pytest.mark.parametrize("address", ["sqlite"], indirect=True)  # no word of it depends on the store
def test_a_file_that_is_not_here_is_told_with_what_to_do(client):
    got = client.get(f"/api/v1/files/{'0' * 64}")
    assert (got.status_code, "Send it first" in got.json()["cure"]) == (404, True)
    assert client.get("/api/v1/files/..%2F..%2Fkey.pem").status_code == 404
