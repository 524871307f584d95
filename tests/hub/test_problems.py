"""Problems: what their card says and gives away, looks that stay counted, and a page from which a method can be entered."""

from __future__ import annotations

import html
import json
import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import JSON, column, inspect, select, table

import clients
from dure.hub.models import endpoint_template

LANDINGS = (Path(__file__).parents[1] / "projects/honam/tide/data/landings.csv").read_bytes()
SAMPLE = b"day,tonnes\n2022-01-03,10\n"
CARD = {
    "project": "honam.tide",
    "title": "내일 얼음",
    "hurts": "ice melts",
    "today": "as last week",
    "gain": 2.0,
    "site": "목포",
}
sqlite = pytest.mark.parametrize("address", ["sqlite"], indirect=True)  # no word of it depends on the store


@pytest.fixture
def client(engine, projects):
    with clients.hub_of(engine, "") as made:
        yield made


@pytest.fixture
def owner(engine):
    return clients.known(engine, "lee", "steward", "harbour")


@pytest.fixture
def entrant(engine):
    return clients.known(engine, "kim", "member", "vendor")


def put(client, owner, **more):
    """A problem put here; what came of it."""
    cases = clients.sent(client, "landings.csv", LANDINGS, owner)
    return client.post("/api/v1/problems", json=CARD | {"data": {"landings": cases}} | more, headers=owner)


# ---- the card -----------------------------------------------------------------------------------------------------------


def test_the_card_is_read_by_everybody_the_sample_too_and_the_cases_by_nobody_else(client, owner, entrant):
    sample = clients.sent(client, "sample.csv", SAMPLE, owner)
    made = put(client, owner, sample=sample)
    assert made.status_code == 201, made.text
    (card,) = client.get("/api/v1/problems", headers=entrant).json()
    assert card == made.json()
    assert {name: card[name] for name in CARD} == CARD
    assert (card["kpi"], card["entries"], card["sample"]) == (
        {"name": {"ko": "평균 절대 오차", "en": "mean absolute error"}, "unit": "t", "better": "lower"}, 0, True,
    )  # fmt: skip
    got = client.get(f"/api/v1/problems/{card['id']}/sample", headers=entrant)
    assert (got.status_code, got.content) == (200, SAMPLE)
    assert client.get(f"/api/v1/files/{sample}", headers=entrant).status_code == 404  # by its problem alone
    page = client.get(f"/problems/{card['id']}", headers=entrant).text
    assert "ice melts" in page
    assert "at least 2 t lower" in page
    assert sample not in page


def test_what_would_give_the_cases_away_or_is_no_card_is_refused(client, owner):
    cases = clients.sent(client, "landings.csv", LANDINGS, owner)
    given = put(client, owner, sample=cases)
    assert (given.status_code, given.json()["where"]) == (422, "sample")
    for wrong, where in (
        ({"hurts": ""}, "[hurts]"),
        ({"gain": 0}, "[gain]"),
        ({"data": {}}, "data"),
        ({"sample": "nothing"}, ""),
    ):
        got = put(client, owner, **wrong)
        assert (got.status_code, got.json().get("where", "")) == (404 if not where else 422, where), got.text


def test_files_that_an_open_problem_shows_are_kept_until_it_is_closed(client, owner):
    sample = clients.sent(client, "sample.csv", SAMPLE, owner)
    name = put(client, owner, sample=sample).json()["id"]
    assert client.delete(f"/api/v1/files/{sample}", headers=owner).status_code == 422
    assert client.post(f"/api/v1/problems/{name}/close", headers=owner).json()["open"] is False
    assert client.delete(f"/api/v1/files/{sample}", headers=owner).status_code == 204
    assert client.get(f"/api/v1/problems/{name}/sample", headers=owner).status_code == 404
    listed = client.get("/problems", headers=owner).text
    assert "Closed problems (1)" in listed
    assert "Nobody has put a problem here yet." in listed


@sqlite
def test_what_an_owner_writes_is_text_and_nothing_more(client, owner, entrant):
    evil = "<script>alert(1)</script>"
    name = put(client, owner, title=evil, hurts=evil, today=f'"{evil}', site=evil).json()["id"]
    for path in ("/problems", f"/problems/{name}"):
        page = client.get(path, headers=entrant).text
        assert evil not in page
        assert html.escape(evil) in page


# ---- entries ------------------------------------------------------------------------------------------------------------


def test_looks_stay_counted_whatever_becomes_of_the_runs(client, owner, entrant):
    name = put(client, owner).json()["id"]
    entry = {"name": "업체A", "url": "https://example.org/forecast"}

    def entered(headers):
        made = client.post(f"/api/v1/problems/{name}/entries", json=entry, headers=headers)
        client.post(f"{made.headers['location']}/cancel", headers=headers)
        return made.json()["asked"]["looks"]

    assert [entered(entrant), entered(entrant), entered(owner)] == [1, 2, 1]
    assert client.delete("/api/v1/mine", headers=entrant).json()["runs"] == 2
    assert entered(entrant) == 3
    told = client.get(f"/api/v1/problems/{name}/entries", headers=owner).json()
    assert [(each["organisation"], each["look"], each["state"]) for each in told] == [
        ("vendor", 3, "cancelled"), ("harbour", 1, "cancelled"), ("vendor", 2, "deleted"), ("vendor", 1, "deleted"),
    ]  # fmt: skip
    assert "vendor 3, harbour 1." in client.get(f"/problems/{name}", headers=owner).text
    assert "example.org" not in client.get(f"/problems/{name}", headers=owner).text


def test_entries_that_only_runs_told_of_are_counted_when_the_store_is_brought_up(client, engine, owner, entrant):
    name = put(client, owner).json()["id"]
    entry = {"name": "업체A", "url": "https://example.org/forecast"}
    for _each in range(2):
        assert client.post(f"/api/v1/problems/{name}/entries", json=entry, headers=entrant).status_code == 201
    with engine.begin() as connection:
        config = clients.migrations(connection)
        command.downgrade(config, "0005")
        before = table("problem", column("text"), column("id"))
        assert connection.execute(select(before.c.text)).scalar_one() == "ice melts"
        assert "entry" not in inspect(connection).get_table_names()
        run = table("run", column("id"), column("asked", JSON))
        assert connection.execute(select(run)).all()
        command.upgrade(config, "head")
    (card,) = client.get("/api/v1/problems", headers=entrant).json()
    assert (card["hurts"], card["today"], card["kpi"], card["entries"]) == ("ice melts", "", None, 2)
    told = client.get(f"/api/v1/problems/{name}/entries", headers=owner).json()
    assert sorted((each["look"], each["name"], each["state"]) for each in told) == [
        (1, "업체A", "queued"),
        (2, "업체A", "queued"),
    ]
    assert client.get(f"/problems/{name}", headers=owner).status_code == 200


@pytest.fixture
def served(tmp_path):
    """Runs code that serves on port 8000, on a free one; its address."""
    running = []

    def serve(code):
        with socket.socket() as one:
            one.bind(("127.0.0.1", 0))
            port = one.getsockname()[1]
        place = tmp_path / "method.py"
        place.write_text(code.replace('("", 8000)', f'("127.0.0.1", {port})'), encoding="utf-8")
        running.append(subprocess.Popen([sys.executable, str(place)], stderr=subprocess.DEVNULL))
        end = time.monotonic() + 30
        while True:  # until it listens
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
            except OSError:
                assert time.monotonic() < end, "the server never listened"
                assert running[-1].poll() is None, "the server has ended"
                time.sleep(0.02)
            else:
                return f"http://127.0.0.1:{port}/"

    yield serve
    for each in running:
        each.terminate()
        each.wait(30)


@sqlite
def test_the_server_on_the_page_works_as_it_stands_there(client, engine, owner, entrant, served, monkeypatch):
    inside = str(Path(__file__).parent / "inside")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([inside, os.environ.get("PYTHONPATH", "")]))
    name = put(client, owner).json()["id"]
    page = client.get(f"/problems/{name}", headers=entrant | {"accept-language": "ko"}).text
    code = html.unescape(re.search(r'<code id="server">(.*?)</code>', page, re.DOTALL)[1])
    assert len([line for line in code.splitlines() if line.strip()]) <= 15
    example = json.loads(html.unescape(re.search(r'<code id="example">(.*?)</code>', page, re.DOTALL)[1]))
    assert set(example) == {"week_ago", "change"}
    entry = {"name": "시작", "url": served(code)}
    made = client.post(f"/api/v1/problems/{name}/entries", json=entry, headers=entrant)
    clients.work(engine)
    assert client.get(made.headers["location"], headers=entrant).json()["state"] == "done"
    (told,) = client.get(f"/api/v1/problems/{name}/entries", headers=owner).json()
    verdict = told["verdict"]
    assert (verdict["verdict"], verdict["unanswered"]["share"], verdict["assurance"]) == ("worse", 0, "hub-witnessed")
    page = client.get(f"/problems/{name}", headers=owner).text
    assert 'class="mark worse"' in page
    assert f"/evidence/{told['evidence']}" in page
    assert made.json()["id"] not in page  # the run is the entrant's own


@sqlite
def test_why_an_entry_failed_is_on_the_page_of_the_cases_owner_alone(client, engine, owner, entrant):
    bad = clients.sent(client, "bad.csv", LANDINGS + b"2024-01-02,kim owes lee\n", owner)
    name = put(client, owner, data={"landings": bad}).json()["id"]
    client.post(f"/api/v1/problems/{name}/entries", json={"name": "x", "url": "https://example.org/"}, headers=entrant)
    clients.work(engine)
    (event,) = client.get("/api/v1/events", headers=owner).json()
    assert event["said"] in html.unescape(client.get(f"/problems/{name}", headers=owner).text)
    theirs = client.get(f"/problems/{name}", headers=entrant).text
    assert event["said"] not in html.unescape(theirs)
    assert "their owner can read why" in theirs


@pytest.mark.parametrize(
    ("schema", "least"),
    [
        ({"type": "number", "minimum": 2, "maximum": 9}, 2.0),
        ({"type": "integer", "exclusiveMinimum": 0}, 1),
        ({"type": "number", "maximum": -3}, -3.0),
        ({"anyOf": [{"type": "null"}, {"type": "number"}]}, None),
        ({"type": "array", "minItems": 2, "items": {"enum": ["left", "right"]}}, ["left", "left"]),
        ({"type": "string", "format": "date-time"}, "2026-01-01T00:00:00"),
        ({"$ref": "#/$defs/Plan", "$defs": {"Plan": {"type": "object", "required": ["start"], "properties": {
            "start": {"$ref": "#/$defs/Minute"}, "note": {"type": "string"}}}, "Minute": {"type": "integer", "minimum": 5}}},
         {"start": 5}),
    ],
)  # fmt: skip
def test_the_least_that_a_schema_lets_pass(schema, least):
    assert endpoint_template.instance(schema) == least


@sqlite
def test_the_form_asks_for_what_the_project_opens(client, owner):
    clients.sent(client, "landings.csv", LANDINGS, owner)
    first = client.get("/problems/new", headers=owner).text
    assert 'value="honam.tide"' in first
    assert "data-send" not in first
    page = client.get("/problems/new", params={"project": "honam.tide"}, headers=owner).text
    assert 'name="data.landings" required' in page
    assert "Smallest gain worth having (t)" in page
    assert "landings.csv" in page
    assert "This project opens no data." in client.get("/problems/new?project=jeju.battery", headers=owner).text
    assert client.get("/problems/new?project=nothing", headers=owner).status_code == 404
