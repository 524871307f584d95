"""Every page in both languages, on a desk and in a hand, in light and in dark: nothing wrong with any; kept as pictures where wanted."""

from __future__ import annotations

import itertools
import os
import re
from pathlib import Path

import pytest
import requests

import browsing

pytest.importorskip("uvicorn", reason="the hub needs the extra dure[hub]")
pytestmark = [pytest.mark.slow, browsing.needs_chromium]

PROJECTS = Path(__file__).parents[1] / "projects"
# Where the pictures are kept to be looked at: DURE_ARTIFACTS=FOLDER pytest tests/hub/test_every_page.py
KEPT = os.environ.get("DURE_ARTIFACTS", "")
# Each language, width and light is in one of the first two guises; all that meet are in the eight.
FIRST = [("ko", 375, True), ("en", 1200, False)]
EIGHT = itertools.product(("ko", "en"), (375, 1200), (True, False))
GUISES = [*FIRST, *(pytest.param(*guise, marks=pytest.mark.long) for guise in EIGHT if guise not in FIRST)]
HEAVIEST = 60_000  # bytes of a page with its style sheet and script


@pytest.fixture(scope="module")
def up(tmp_path_factory, described):
    """A hub on which things have happened: a table judged, a trial tried and published, a problem put, a method promoted and asked."""
    home = browsing.knows(tmp_path_factory.mktemp("hub") / "home", described)
    with browsing.hub(home, DURE_PROJECTS=str(PROJECTS)) as hub:
        yield hub


@pytest.fixture(scope="module")
def pages(up):
    """Addresses of pages, by a name for their pictures."""
    known = {"authorization": f"Bearer {up.token}"}

    def ask(method, path, **how):
        got = requests.request(method, f"{up.base}/api/v1{path}", headers=known, timeout=120, **how)
        assert got.ok, (path, got.text)
        return got.json() if got.content else None

    def done(run):
        with requests.get(f"{up.base}/api/v1/runs/{run}/events", headers=known, stream=True, timeout=300) as told:
            list(told.iter_lines())  # until it has ended
        assert ask("GET", f"/runs/{run}")["state"] == "done"
        return run

    table = ask("POST", "/judge/example")["sha256"]
    roles = {"truth": "actual", "practice": "today", "offers": ["offer"], "time": "time"}
    judged = done(ask("POST", "/judge", json={"file": table, "roles": roles})["id"])
    tried = done(ask("POST", "/runs", json={"project": "honam.tide", "sealed": True, "seeds": [0]})["id"])
    shown = ask("POST", f"/runs/{tried}/publish")["id"]
    landings = (PROJECTS / "honam/tide/data/landings.csv").read_bytes()
    cases = ask("POST", "/files?name=landings.csv", data=landings)["sha256"]
    card = {
        "project": "honam.tide",
        "title": "내일 위판량",
        "hurts": "얼음이 모자라거나 남습니다.",
        "today": "경매사가 어림합니다.",
        "data": {"landings": cases},
    }
    problem = ask("POST", "/problems", json=card)["id"]
    ask("POST", "/projects/honam.tide/services", json={"method": "regression", "run": tried})
    for change in range(3):
        ask("POST", "/projects/honam.tide/answer", json={"week_ago": 12, "change": change})
    asked = done(ask("POST", "/projects/honam.tide/asks", json={"fields": {"week_ago": 12, "change": 1}})["id"])
    return {
        "front": "/", "judge": f"/judge/{table}", "board": "/board", "map": "/board?view=map", "lines": "/board?view=lines",
        "projects": "/projects", "project": "/projects/honam.tide", "ask": "/projects/honam.tide/ask",
        "asked": f"/projects/honam.tide/asks/{asked}", "data": "/projects/honam.tide/data", "problems": "/problems",
        "problem": f"/problems/{problem}", "new-problem": "/problems/new", "runs": "/runs", "run": f"/runs/{judged}",
        "trial": f"/runs/{tried}", "services": "/services", "service": "/services/honam.tide", "evidence": f"/evidence/{shown}",
        "verify": "/verify", "me": "/me", "people": "/people", "nothing": "/nothing-is-here",
    }  # fmt: skip


@pytest.fixture(scope="module")
def chromium():
    with browsing.browser() as opened:
        yield opened


@pytest.mark.parametrize(("language", "width", "dark"), GUISES)
def test_every_page_can_be_read(chromium, up, pages, language, width, dark):
    reader = browsing.Reader(chromium, up, language, width=width, dark=dark)
    for name, path in pages.items():
        got = reader.go(path)
        wanted = 404 if name == "nothing" else 200
        assert (got.status, name) == (wanted, name)
        reader.page.wait_for_load_state("networkidle")
        across = reader.page.evaluate("document.documentElement.scrollWidth")
        assert (name, across <= width) == (name, True), across
        assert (name, reader.page.locator("h1").count()) == (name, 1)
        assert (name, reader.page.evaluate("document.documentElement.lang")) == (name, language)
        assert (name, reader.serious()) == (name, [])
        if KEPT:
            picture = f"{name}-{language}-{width}-{'dark' if dark else 'light'}.png"
            reader.page.screenshot(path=Path(KEPT) / picture, full_page=True)
    assert [each for each in reader.wrong if "404" not in each] == []  # the page that is not there
    reader.context.close()


def test_every_page_has_a_twin_a_title_a_help_line_and_links_that_lead_somewhere(up, pages):
    known = {"cookie": f"dure={up.token}", "accept-language": "en"}
    titles, linked = {}, set()
    for name, path in pages.items():
        if name == "nothing":
            continue
        page = requests.get(up.base + path, headers=known, timeout=60).text
        (title,) = re.findall(r"<title>(.+) · Dure</title>", page)
        (help_line,) = re.findall(r'<meta name="description" content="([^"]+)"', page)
        assert len(help_line) > 3, name
        titles[name] = title
        (twin,) = re.findall(r'<link rel="alternate" type="application/json" href="([^"]+)"', page)
        got = requests.get(up.base + twin.replace("&amp;", "&"), headers=known, timeout=60)
        assert (name, got.status_code, got.headers["content-type"]) == (name, 200, "application/json")
        linked |= set(re.findall(r'<a [^>]*href="(/[^"#]*)', page))
    for link in sorted(linked):
        got = requests.get(up.base + link.replace("&amp;", "&"), headers=known, timeout=120, allow_redirects=False)
        assert got.status_code in (200, 303), link


def test_no_page_is_heavy(up, pages):
    known = {"cookie": f"dure={up.token}", "accept-encoding": "gzip", "accept-language": "ko"}
    for name, path in pages.items():
        page = requests.get(up.base + path, headers=known, timeout=60)
        loaded = set(re.findall(r'(?:href|src)="(/assets/[^"]+)"', page.text))
        weight = len(page.content) + sum(
            int(requests.get(up.base + each, headers=known, timeout=60).headers["content-length"]) for each in loaded
        )
        assert (name, weight < HEAVIEST) == (name, True), weight
