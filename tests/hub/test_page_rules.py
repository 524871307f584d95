"""Pages and roles: every page says who may read it, and shows nobody a button that they may not press."""

from __future__ import annotations

import re
from html import unescape

import pytest
from starlette.routing import Match

import clients
from dure.hub.api import app
from dure.hub.auth import accounts, permissions
from dure.hub.auth.accounts import HUB, ROLES, Caller
from dure.hub.auth.permissions import Ruled, rule
from dure.hub.board import hidden_cases
from dure.hub.board.hidden_cases import Card, Cases
from dure.hub.context import Hub

OPEN = {"/enter", "/language/{code}", "/assets/{name}", "/verify", "/evidence/{name}"}  # to whoever is not known
FORM = re.compile(r'data-(?:send|drop)="(\w+) ([^"?]+)')
LINK = re.compile(r'href="(/[^"#?]*)')

pytestmark = pytest.mark.parametrize("address", ["sqlite"], indirect=True)  # no word of it depends on the store


@pytest.fixture
def made(engine, projects):
    return app(Hub(engine))


@pytest.fixture
def pages(made):
    """Every page's route by its path."""
    found = [each for each in made.routes if isinstance(each, Ruled) and not each.include_in_schema]
    return {each.path: each for each in found if not each.path.startswith("/api/")}


@pytest.fixture
def filled(engine, projects):
    """A hub in use, so that every part of a page is shown: what stands for the names in addresses."""
    with clients.hub_of(engine) as client:
        steward = clients.known(engine, "kim", "steward")
        sha256 = clients.sent(client, "landings.csv", b"day,tonnes\n2023-01-02,93.9\n2023-01-03,80\n", steward)
        card, cases = Card("ice", "too little", "by feeling"), Cases("honam.tide", {"landings": sha256}, {})
        kpi = {"name": {"ko": "오차", "en": "error"}, "unit": "t", "better": "lower"}
        name = hidden_cases.put(engine, Caller("kim", HUB, "steward"), card, cases, kpi)
        asked = {"method": "regression", "reason": "as we know it"}
        assert client.post("/api/v1/projects/honam.tide/services", json=asked, headers=steward).status_code == 201
        got = client.post("/api/v1/projects/honam.tide/answer", json={"week_ago": 10, "change": 1}, headers=steward)
        assert got.status_code == 200
    accounts.keep(engine, "lee", "member")
    accounts.issue(engine, Caller("lee", HUB, "member"), 1, "a script")
    return {
        "/problems/{name}": f"/problems/{name}",
        "/services/{project}": "/services/honam.tide",
        "/judge/{sha256}": f"/judge/{sha256}",
    }


def route_of(made, method, path):
    """The route that a request would take; None: there is none."""
    scope = {"type": "http", "method": method, "path": path, "headers": [], "root_path": ""}
    return next((each for each in made.routes if each.matches(scope)[0] is Match.FULL), None)


def test_every_page_says_who_may_read_it(pages):
    assert {path for path, page in pages.items() if rule(page) is None} == OPEN
    assert len(pages) > 10


def test_a_stranger_is_led_to_the_way_in_and_told_nothing(engine, projects, filled, pages):
    with clients.hub_of(engine, "") as client:
        for path in pages.keys() - OPEN:
            got = client.get(filled.get(path, path).replace("{", "x").replace("}", "x"))
            assert got.status_code == 401, path
            assert "kim" not in got.text


@pytest.mark.parametrize("role", ROLES)
def test_nobody_sees_a_button_that_they_may_not_press(engine, made, pages, filled, monkeypatch, role):
    me = Caller("kim", HUB, role)

    async def known(_request):
        return me

    monkeypatch.setattr(permissions, "caller_of", known)
    seen, pressed = set(), set()
    with clients.hub_of(engine, "") as client:
        for path, page in pages.items():
            at = filled.get(path, path)
            if "{" in at or path in OPEN:
                continue
            got = client.get(at)
            needed = rule(page)
            assert needed is not None
            assert (got.status_code == 403) == (not me.may(needed.role)), (path, got.status_code)
            if got.status_code == 403:
                continue
            assert got.status_code == 200, (path, got.text)
            seen.add(path)
            for method, address in FORM.findall(got.text):
                target = route_of(made, method, unescape(address))
                assert target is not None, f"{path} sends {method} {address}, where nothing is"
                ruled = rule(target)
                assert ruled is None or me.may(ruled.role), f"{path} shows {role} {method} {address}"
                pressed.add((method, target.path))
            for address in LINK.findall(got.text):
                target = route_of(made, "GET", unescape(address))
                ruled = rule(target) if isinstance(target, Ruled) else None
                assert ruled is None or me.may(ruled.role), f"{path} leads {role} to {address}"
    assert {"/problems", "/problems/{name}", "/services", "/services/{project}", "/me"} <= seen
    expected = {
        "viewer": {("DELETE", "/api/v1/session"), ("POST", "/api/v1/tokens"), ("PUT", "/api/v1/me/password")},
        "member": {
            ("POST", "/api/v1/problems/{name}/entries"), ("PUT", "/api/v1/projects/{project}/answers/{name}/truth"),
            ("DELETE", "/api/v1/mine"), ("DELETE", "/api/v1/files/{sha256}"),
        },
        "steward": {
            ("POST", "/api/v1/problems/{name}/close"), ("POST", "/api/v1/projects/{project}/services"),
            ("POST", "/api/v1/projects/{project}/rollback"),
        },
        "admin": {
            ("PUT", "/api/v1/people/{name}"), ("DELETE", "/api/v1/people/{name}"),
            ("DELETE", "/api/v1/people/{name}/tokens/{token}"),
        },
    }  # fmt: skip
    for each, buttons in expected.items():
        if me.may(each):
            assert buttons <= pressed, buttons - pressed
