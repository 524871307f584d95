"""The board's pages: what stands on them, the map, another plan, and an empty board that one click fills."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from html import unescape
from types import SimpleNamespace

import pytest

pytest.importorskip("uvicorn", reason="the hub needs the extra dure[hub]")

import uvicorn

import browsing
import clients
import trials
from dure import evidence
from dure.hub.api import app
from dure.hub.auth.accounts import HUB, Caller
from dure.hub.auth.middleware import Guard
from dure.hub.board import board, overview
from dure.hub.context import Hub
from dure.hub.jobs import queue
from dure.hub.pages import layout
from dure.hub.workers import worker
from dure.registry import plan
from dure.statistics import rules

OWNER = {"authorization": f"Bearer {clients.TOKEN}"}
sqlite = pytest.mark.parametrize("address", ["sqlite"], indirect=True)  # no word of it depends on the store
FACILITY = """
source = "Agrifood testing facility, service catalogue 2026"
[[strategy]]
id = 1
en = "Services of the nodes"
[[region]]
id = "dk"
en = "Nordic node"
provinces = ["Aarhus", "Skejby"]
[[region]]
id = "it"
en = "Southern node"
provinces = [{ en = "Milan", ko = "밀라노" }]
[[line]]
id = "dk.weeding"
region = "dk"
strategy = 1
title = "Weeding robots in the field"
asks = "Is the robot better than the hoe in use?"
gives = "A trial on twelve plots, with a report"
price = 940
unit = "EUR a day"
[[line]]
id = "it.tide"
region = "it"
strategy = 1
title = "Forecasts of landings"
asks = "Is the forecast better than last week's landings?"
gives = "A trial on a season of landings"
price = 1250.5
unit = { en = "EUR a trial", ko = "유로/회" }
"""


def read(text):
    """A page as a reader has it: without tags, one space between words."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", text)).split())


@pytest.fixture
def client(engine, projects):
    with clients.hub_of(engine) as made:
        made.headers |= OWNER
        yield made


def page(client, path, lang="en"):
    got = client.get(path, headers={"accept-language": lang})
    assert got.status_code == 200, got.text
    return got.text


@pytest.fixture
def filled(client, tried):
    """The board with the quick forecast's evidence; its id."""
    return client.post("/api/v1/evidence", content=evidence.packed(tried, sums=False)).json()["id"]


# ---- project by place ---------------------------------------------------------------------------------------------------


@sqlite
def test_a_row_says_the_verdict_in_words_and_what_stands_behind_it(client, filled):
    text = page(client, "/board")
    row = next(each for each in text.split("<tr")[1:] if "/projects/honam.tide" in each)
    assert row.count(f'href="/evidence/{filled}"') >= 2
    said = read("<tr" + row)
    for each in ("Tomorrow's landings", "better", "self-run", "open data", "sealed round", "12 weeks", "Least squares"):
        assert each in said, each
    assert "quick profile" not in said
    assert not re.search(r"not tried:\s*<", page(client, "/board"))  # a place without a name is no place
    assert "not tried: Hungary, Long Beach, Switzerland" in read(
        text
    )  # of a project with a committed trial and no evidence here
    assert "내일의 위판량" in page(client, "/board", "ko")
    assert '<th scope="row"' in text
    assert "<caption>" in text


@sqlite
def test_the_front_page_has_the_same_table_in_short_and_the_part_alone_is_the_same(client, filled):
    front = page(client, "/")
    assert f"/evidence/{filled}" in front
    assert 'data-piece="/board/cells?short=true"' in front
    for path, part in (("/", "/board/cells?short=true"), ("/board", "/board/cells")):
        assert page(client, part).strip() in page(client, path)


def cell(site, method="model", assurance="self-run", created=1.0, evidence="a", project="honam.tide", **more):
    about = trials.about(assurance=assurance, title={"ko": "a", "en": "a"}, profile="quick", date="2026-11-28")
    return board.Cell(trials.verdict(site=site, method=method, **more), project, evidence, created, "1", about)


def test_of_several_methods_a_place_shows_what_vouches_most_and_then_what_is_newest():
    cells = [
        cell("all"),
        cell("Mokpo"),
        cell("Mokpo", "vendor", "hub-witnessed", 0.5, "b"),
        cell("Muan"),
        cell("Muan", "other", created=2.0, evidence="c"),
    ]
    (row,) = overview.rows(cells, [], {})
    assert row["over"] == cells[0]
    shown = {each.verdict.site: each.evidence for group in row["stands"] for each in group["cells"]}
    assert shown == {"Mokpo": "b", "Muan": "c"}
    assert [len(group["cells"]) for group in row["stands"]] == [0, 1, 1]
    assert (row["more"], row["linked"]) == (0, False)


def test_a_verdict_by_an_older_rule_gives_way_and_is_grey(monkeypatch):
    old, new = cell("Mokpo", created=2.0), cell("Mokpo", "vendor", evidence="b", rule=2, verdict="not shown")
    monkeypatch.setitem(rules.RULES, 2, rules.RULES[1])
    (row,) = overview.rows([old, new], [], {})
    assert [each.evidence for group in row["stands"] for each in group["cells"]] == ["b"]
    assert (layout.kind(old.verdict), layout.glyph(old.verdict)) == ("shown", "")
    counted = overview.states([_line("better", 1), _line("better", 2)])
    assert [(state, count) for state, count, _kind in counted] == [("better", 1), ("by an older rule", 1)]


def _line(word, rule):
    """A line of the plan whose one project was measured by a rule."""
    served = plan.Served("honam.tide", "", plan.Measured(trials.verdict(verdict=word, rule=rule), {}))
    return SimpleNamespace(projects=(served,), state="measured")


@sqlite
def test_twenty_projects_are_a_row_each_and_the_front_page_stays_short(client, engine, monkeypatch):
    cells = [
        cell("", project=f"honam.p{number}", evidence="e" * 64, verdict="worse", against="practice", unit="t", kpi="error", better="lower",
             gain={"low": -2.0, "mean": -1.0, "high": -0.5}, methods={"practice": 10.0})
        for number in range(20)
    ]  # fmt: skip
    monkeypatch.setattr(board, "cells", lambda _engine: cells)
    text = page(client, "/board")
    assert text.count('role="rowheader"') == 20 + len(client.get("/api/v1/projects").json())
    assert "quick profile" in text
    front = page(client, "/")
    assert front.count('role="rowheader"') == 8
    assert "more projects" in front


# ---- the plan: map and lines ----------------------------------------------------------------------------------------------


@sqlite
def test_every_province_is_on_the_map_and_in_the_list_beside_it(client):
    text = page(client, "/board?view=map", "ko")
    picture, _sign, beside = text.partition("</svg>")
    names = {each.ko for line in plan.lines() for each in line.provinces}
    assert len(names) == 17
    links = re.compile(r'href="/board\?view=lines&amp;province=([^"]+)"')
    assert len(set(links.findall(picture))) == len(set(links.findall(beside))) == 17
    assert "국토지리정보원" in beside
    assert 'aria-hidden="true"' in picture.rpartition("<svg")[2]
    chosen = page(client, "/board?view=lines&province=강원", "ko")
    assert "병원에서 먼 곳의 진료" in chosen
    assert "신약 후보 물질" not in chosen


def test_a_province_is_marked_by_what_was_measured_for_its_lines(monkeypatch):
    lines = plan.lines()
    told = {str(each["name"].ko): each for each in overview.drawn(lines)["provinces"]}
    measured = {line.region.id for line in lines if line.state == "measured"}
    assert measured  # the projects that come with Dure have their trial.json
    for line in lines:
        for province in line.provinces:
            regions = {each.region.id for each in overview.of_province(lines, province.ko)}
            assert (told[province.ko]["kind"] != "none") == bool(regions & measured)
    assert overview.MAP.stat().st_size < 40_000


@sqlite
def test_the_lines_say_what_is_measured_built_and_what_nobody_has_tried(client, engine):
    text = read(page(client, "/board?view=lines"))
    assert len(client.get("/api/v1/plan").json()) == 25
    assert all(line.title.en in text for line in plan.lines())
    for each in ("not measured yet", "not built yet", "a room of the hub ■ built", "There is none. Whoever has cases"):
        assert each in text, each
    content = b"day,tonnes\n2023-01-02,93.9\n"
    sha256 = clients.sent(client, "landings.csv", content)
    given = {
        "project": "honam.tide",
        "title": "<b>How much ice?</b>",
        "hurts": "ice melts",
        "today": "by eye",
        "data": {"landings": sha256},
    }
    name = client.post("/api/v1/problems", json=given).json()["id"]
    text = page(client, "/board?view=lines")
    assert f'href="/problems/{name}">&lt;b&gt;How much ice?' in text
    entry = {"name": "vendor", "url": "https://example.org/x"}
    assert client.post(f"/api/v1/problems/{name}/entries", json=entry).status_code == 201
    assert f"/problems/{name}" not in page(client, "/board?view=lines")


@pytest.fixture
def facility(tmp_path):
    """The plan of a testing facility elsewhere: services with prices, nodes, places; in English."""
    path = tmp_path / "facility.toml"
    path.write_text(FACILITY, encoding="utf-8")
    return path


@sqlite
def test_the_plan_of_a_facility_elsewhere_has_lines_with_prices_and_no_map(engine, projects, facility):
    from fastapi.testclient import TestClient

    hub = Hub(engine, clients.TOKEN, facility)
    with TestClient(Guard(app(hub), (clients.HOST,)), base_url=f"http://{clients.HOST}:8080", headers=OWNER) as client:
        text = read(page(client, "/board?view=lines"))
        for each in (
            "Services of the nodes",
            "Weeding robots in the field",
            "Nordic node · Aarhus, Skejby",
            "940 EUR a day",
            "1,250.50",
        ):
            assert each in text, each
        assert "1,250.50 유로/회" in read(page(client, "/board?view=lines", "ko"))
        assert [each["price"] for each in client.get("/api/v1/plan").json()] == [940, 1250.5]
        for view in ("", "?view=lines", "?view=map"):
            assert "view=map" not in page(client, f"/board{view}")
        assert "Tomorrow's landings" in read(page(client, "/board"))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('region = "it"', 'region = "itt"', "[it.tide]: there is no region called itt. Did you mean it"),
        pytest.param("price = 940\n", "", "[line[1]]: price and unit go together", marks=pytest.mark.long),
        pytest.param("price = 940", "price = -1", "[line[1].price]: -1 is below 0", marks=pytest.mark.long),
        pytest.param("[[strategy]]", "[[strategy", "line 3", marks=pytest.mark.long),
    ],
)
def test_a_faulty_plan_ends_the_start_with_its_place(dure_home, facility, old, new, said):
    facility.write_text(FACILITY.replace(old, new), encoding="utf-8")
    command = [sys.executable, "-m", "dure", "up", "--port", "0", "--workers", "0", "--plan", str(facility)]
    done = subprocess.run(
        command, env=os.environ | {"DURE_STORE": ""}, capture_output=True, text=True, check=False, timeout=120
    )
    assert (done.returncode, said in done.stderr) == (2, True), done.stderr
    assert "facility.toml" in done.stderr


# ---- one click ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def small(engine, projects):
    """A hub that knows the small projects of the tests alone."""
    hub = Hub(engine, clients.TOKEN)
    hub.manifests = {name: hub.manifests[name] for name in ("honam.tide", "jeju.battery")}
    return hub


def test_one_click_tries_what_needs_no_file_and_publishes_it(engine, small):
    from fastapi.testclient import TestClient

    with TestClient(Guard(app(small), (clients.HOST,)), base_url=f"http://{clients.HOST}:8080") as client:
        client.headers |= OWNER
        assert "Try them now" in page(client, "/board")
        viewer = clients.known(engine, "kim", "viewer") | {"accept-language": "en"}
        assert "Try them now" not in client.get("/board", headers=viewer).text
        assert client.post("/api/v1/start", headers=viewer).status_code == 403
        got = client.post("/api/v1/start")
        assert (got.status_code, [each["project"] for each in got.json()]) == (201, ["jeju.battery"]), got.text
        again = client.post("/api/v1/start")
        assert (again.status_code, "already" in again.json()["title"]) == (422, True)
        assert "Being tried" in page(client, "/board")
        assert "Being tried" in page(client, "/")
        clients.work(engine)
        (one,) = client.get("/api/v1/board").json()
        assert (one["project"], one["profile"], one["sealed"]) == ("jeju.battery", "quick", True)
        text = page(client, "/board")
        assert "quick profile" in text
        assert "Being tried" not in text
        done = client.post("/api/v1/start")
        assert (done.status_code, "no project left" in done.json()["title"]) == (422, True)


@sqlite
def test_what_could_not_be_tried_is_said_with_its_reason(engine, small):
    from fastapi.testclient import TestClient

    with TestClient(
        Guard(app(small), (clients.HOST,)), base_url=f"http://{clients.HOST}:8080", headers=OWNER
    ) as client:
        client.post("/api/v1/start")
        mine = queue.claim(engine, "a worker")
        queue.end(engine, mine, "failed", {"ko": "메모리가 모자랐습니다", "en": "it held too much"})
        text = read(page(client, "/board"))
        for each in ("Nothing has been tried here yet", "Could not be tried", "it held too much", "Try them now"):
            assert each in text, each
        assert client.post("/api/v1/start").status_code == 201  # another try


@pytest.fixture
def served(small):
    """That hub on a port, with a worker; its address."""
    server = uvicorn.Server(
        uvicorn.Config(Guard(app(small), (clients.HOST,)), host=clients.HOST, port=0, log_config=None)
    )
    stop, started = threading.Event(), threading.Event()
    server.startup = _then(server.startup, started)
    threads = [
        threading.Thread(target=server.run),
        threading.Thread(target=worker.work, args=(small.engine,), kwargs={"stop": stop, "tell": lambda _text: None}),
    ]
    for each in threads:
        each.start()
    assert started.wait(30)
    yield f"http://{clients.HOST}:{server.servers[0].sockets[0].getsockname()[1]}"
    small.ending = True
    server.should_exit = True
    stop.set()
    for each in threads:
        each.join()


def _then(begin, started):
    async def began(sockets=None):
        await begin(sockets)
        started.set()

    return began


@pytest.fixture
def tab(served):
    """A page of a browser that is signed in."""
    with browsing.browser() as browser:
        made = browser.new_context(locale="en-GB", base_url=served).new_page()
        made.faults = []
        made.on("pageerror", lambda error: made.faults.append(str(error)))
        made.on("console", lambda said: made.faults.append(said.text) if said.type == "error" else None)
        made.goto(f"/enter?token={clients.TOKEN}")
        yield made


@pytest.mark.long
@browsing.needs_chromium
@sqlite
def test_the_board_fills_while_somebody_looks_at_it(tab):
    tab.goto("/board")
    tab.get_by_role("button", name="Try them now").click()
    tab.locator("[data-run]").wait_for(timeout=120_000)
    tab.evaluate("window.same = true")
    row = tab.get_by_role("row", name="A battery's day")
    row.locator("a[href^='/evidence/']").first.wait_for(timeout=120_000)
    assert tab.evaluate("window.same") is True  # nobody has loaded it again
    assert "quick profile" in row.inner_text()
    tab.locator("[data-run]").wait_for(state="detached", timeout=60_000)
    assert tab.faults == []


@browsing.needs_chromium
@sqlite
@pytest.mark.parametrize("scheme", ["light", pytest.param("dark", marks=pytest.mark.long)])
def test_the_boards_pages_can_be_read_by_everybody_and_on_a_phone(tab, engine, tried, scheme):
    from axe_playwright_python.sync_playwright import Axe

    board.publish_run(engine, tried, Caller("kim", HUB, "member"), "a run")
    tab.emulate_media(color_scheme=scheme)
    for path in ("/board", "/board?view=map", "/board?view=lines", "/"):
        tab.set_viewport_size({"width": 1200, "height": 900})
        tab.goto(path)
        found = Axe().run(tab, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]})
        assert found.response["violations"] == [], found.generate_report()
        tab.set_viewport_size({"width": 375, "height": 800})
        assert tab.evaluate("document.documentElement.scrollWidth") <= 375, path
    assert tab.faults == []
