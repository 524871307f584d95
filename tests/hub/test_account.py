"""One's own account and the people of one's organisation; the way in, with a real browser."""

from __future__ import annotations

import re
import threading
import time

import pytest
import uvicorn

import browsing
import clients
from dure.hub import context
from dure.hub.api import app
from dure.hub.auth import accounts
from dure.hub.auth.accounts import HUB, Caller, digest
from dure.hub.auth.middleware import Guard
from dure.hub.context import Hub
from dure.hub.pages import front

PASSWORD = "three tides a day"
sqlite = pytest.mark.parametrize("address", ["sqlite"], indirect=True)  # no word of it depends on the store


@pytest.fixture
def client(engine, projects):
    """Of a hub where people sign in."""
    with clients.hub_of(engine, "") as made:
        yield made


# ---- what the API does for these pages ----------------------------------------------------------------------------------


def test_what_would_be_deleted_is_counted_before(client, engine):
    kim = clients.known(engine, "kim", "member")
    clients.sent(client, "a.csv", b"a\n1\n", kim)
    asked = {"week_ago": 10, "change": 1}
    assert client.post("/api/v1/projects/honam.tide/answer", json=asked, headers=kim).status_code == 200
    counted = client.get("/api/v1/mine", headers=kim).json()
    assert counted == {"answers": 1, "files": 1, "runs": 0}
    assert client.get("/api/v1/mine", headers=clients.known(engine, "lee", "member")).json()["files"] == 0
    page = client.get("/me", headers=kim).text
    assert "answers given to you, with what really happened: 1" in page
    assert client.delete("/api/v1/mine", headers=kim).json() == counted
    page = client.get("/me", headers=kim).text
    assert "Nothing of yours is kept." in page
    assert "No file is kept." in page


def test_a_password_is_changed_by_whoever_knows_it(client, engine):
    accounts.keep(engine, "kim", "member", PASSWORD)
    kim = clients.known(engine, "kim", "member")

    def changed(old, new):
        return client.put("/api/v1/me/password", json={"old": old, "new": new}, headers=kim)

    wrong = changed("wrong", "another one, longer")
    assert (wrong.status_code, wrong.json()["where"]) == (422, "old")
    assert changed(PASSWORD, "short").json()["where"] == "password"
    assert changed(PASSWORD, "another one, longer").status_code == 204
    assert accounts.sign_in(engine, "kim", PASSWORD) is None
    assert accounts.sign_in(engine, "kim", "another one, longer")
    by_token = clients.known(engine, "robot", "member")  # without a password: nobody knows it
    refused = client.put("/api/v1/me/password", json={"old": "", "new": "a password for a robot"}, headers=by_token)
    assert refused.status_code == 422


@sqlite
def test_passwords_guessed_on_the_accounts_page_are_counted_too(client, engine):
    kim = clients.known(engine, "kim", "member")
    given = {"old": "wrong", "new": "another one, longer"}
    got = [
        client.put("/api/v1/me/password", json=given, headers=kim).status_code
        for _each in range(context.MOST_WRONG + 1)
    ]
    assert got == [422] * context.MOST_WRONG + [429]


def test_an_admin_revokes_a_token_of_their_own_people_alone(client, engine):
    admin = clients.known(engine, "kim", "admin", "county")
    lent = clients.known(engine, "lee", "member", "county")
    strange = clients.known(engine, "lee", "member", "harbour")
    tokens = {
        each["organisation"]: each["tokens"][0]["id"] for each in accounts.listed(engine) if each["name"] == "lee"
    }
    assert client.delete(f"/api/v1/people/lee/tokens/{tokens['harbour']}", headers=admin).status_code == 404
    assert client.delete(f"/api/v1/people/kim/tokens/{tokens['county']}", headers=admin).status_code == 404
    assert client.delete(f"/api/v1/people/lee/tokens/{tokens['county']}", headers=admin).status_code == 204
    assert client.get("/api/v1/me", headers=lent).status_code == 401
    assert client.get("/api/v1/me", headers=strange).status_code == 200


# ---- pages --------------------------------------------------------------------------------------------------------------


@sqlite
def test_the_account_says_who_one_is_and_offers_no_more_than_ones_role(client, engine):
    page = client.get("/me", headers=clients.known(engine, "kim", "member", "harbour")).text
    assert "harbour" in page
    assert re.findall(r'<option value="(\w+)">', page) == ["viewer", "member"]
    assert "/people" not in page
    assert "/people" in client.get("/me", headers=clients.known(engine, "lee", "admin", "harbour")).text


@sqlite
def test_people_are_those_of_ones_organisation_and_nobody_removes_themselves(client, engine):
    admin = clients.known(engine, "kim", "admin", "county")
    accounts.keep(engine, "lee", "viewer", organisation="county")
    accounts.keep(engine, "park", "viewer", organisation="harbour")
    page = client.get("/people", headers=admin).text
    assert "/api/v1/people/lee" in page
    assert "park" not in page
    assert 'data-send="DELETE /api/v1/people/kim"' not in page
    assert 'data-send="PUT /api/v1/people/kim"' not in page


@sqlite
def test_on_this_machine_alone_there_is_one_owner_and_nothing_to_sign_out_of(engine, projects):
    with clients.hub_of(engine) as client:
        owner = {"authorization": f"Bearer {clients.TOKEN}"}
        me, everybody = (client.get(path, headers=owner).text for path in ("/me", "/people"))
        for page in (me, everybody):
            assert "alone" in page
            assert "dure up --name" in page
        assert not [
            each
            for each in ("/api/v1/session", "/api/v1/tokens", "/api/v1/me/password", 'href="/people"')
            if each in me
        ]
        assert "data-send" not in everybody
        entered = client.get("/services")
        assert (entered.status_code, "password" in entered.text) == (401, False)


@sqlite
def test_the_way_in_leads_to_the_address_asked_for_and_nowhere_else(client):
    for asked, then in (
        ("/problems/new?project=honam.tide", "/problems/new?project=honam.tide"),
        ("/enter?token=x", "/"), ('/me?"><script>', "/me?"),
    ):  # fmt: skip
        got = client.get(asked)
        assert got.status_code == 401
        (found,) = re.findall(r'data-send="POST /api/v1/session" data-then="([^"]*)"', got.text)
        assert found.startswith(then)
        assert "<script>" not in found
    assert front._within("//evil.example/") == "/"  # no route begins so; nobody is led there all the same


# ---- with a browser -----------------------------------------------------------------------------------------------------


@pytest.fixture
def base(engine, projects):
    """A hub where people sign in, on this machine; its address."""
    server = uvicorn.Server(uvicorn.Config(Guard(app(Hub(engine)), ("127.0.0.1",)), port=0, log_level="warning"))
    thread = threading.Thread(target=server.run)
    thread.start()
    end = time.monotonic() + 60
    while not server.started:
        assert time.monotonic() < end, "the hub never started"
        time.sleep(0.02)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(30)


@pytest.fixture
def tab():
    """A browser's page that fails the test where its script does."""
    with browsing.browser() as browser:
        page = browser.new_context(locale="en-GB").new_page()
        broken = []
        page.on("pageerror", lambda error: broken.append(str(error)))
        yield page
    assert broken == []


@browsing.needs_chromium
@sqlite
def test_somebody_signs_in_by_keyboard_and_sees_what_was_asked_for(engine, base, tab):
    accounts.keep(engine, "kim", "member", PASSWORD, "harbour")
    accounts.keep(engine, "kim", "steward", organisation="county")
    tab.goto(f"{base}/problems/new?project=honam.tide")
    fault, keys = tab.locator(".fault"), tab.keyboard

    def said(text):
        tab.wait_for_function(
            "text => document.querySelector('.fault:not([hidden])')?.textContent.includes(text)", arg=text
        )
        assert fault.get_attribute("role") == "alert"

    keys.type("kim")  # the first field has the focus
    keys.press("Tab")
    keys.type("a wrong one")
    keys.press("Enter")
    said("name or password is wrong")
    tab.fill("[name=password]", PASSWORD)
    keys.press("Enter")
    said("Organisation: for which organisation?")
    assert tab.evaluate("document.activeElement.name") == "organisation"  # opened, and ready to be filled
    keys.type("county")
    keys.press("Enter")
    tab.wait_for_url(f"{base}/problems/new?project=honam.tide")
    tab.wait_for_selector("h1:has-text('Put a problem here')")
    assert tab.locator("header a[href='/me']").inner_text() == "kim"
    tab.goto(f"{base}/me")
    tab.locator("button:has-text('Sign out')").click()
    tab.wait_for_selector("[name=password]")
    for _each in range(context.MOST_WRONG - 1):  # one was wrong above
        tab.evaluate("""() => fetch("/api/v1/session", {method: "POST", headers: {"content-type": "application/json"},
          body: JSON.stringify({name: "kim", password: "wrong"})})""")
    tab.fill("[name=name]", "kim")
    tab.fill("[name=password]", PASSWORD)
    keys.press("Enter")
    said("try again in ten minutes")


@browsing.needs_chromium
@sqlite
def test_a_token_is_shown_once_and_revoked_after_a_question(engine, base, tab):
    accounts.keep(engine, "kim", "member", PASSWORD)
    tab.goto(f"{base}/me")
    tab.fill("[name=name]", "kim")
    tab.fill("[name=password]", PASSWORD)
    tab.keyboard.press("Enter")
    tab.locator("summary:has-text('Issue a token')").click()
    tab.fill("[name=label]", "a script")
    tab.locator("button:has-text('Issue')").click()
    tab.locator("#secret:not(:empty)").wait_for()
    secret = tab.locator("#secret").inner_text()
    assert accounts.who(engine, digest(secret)).caller == Caller("kim", HUB, "viewer")
    tab.goto(f"{base}/me")
    assert secret not in tab.content()
    row = tab.locator("tr:has-text('a script')")
    tab.once("dialog", lambda asked: asked.dismiss())
    row.locator("button").click()
    assert accounts.who(engine, digest(secret)) is not None
    tab.once("dialog", lambda asked: asked.accept())
    row.locator("button").click()
    row.wait_for(state="detached")
    assert accounts.who(engine, digest(secret)) is None


@browsing.needs_chromium
@sqlite
def test_a_problem_is_put_here_and_the_truth_told_with_the_pages_alone(engine, base, tab):
    accounts.keep(engine, "kim", "steward", PASSWORD)
    tab.goto(f"{base}/problems/new?project=honam.tide")
    tab.fill("[name=name]", "kim")
    tab.fill("[name=password]", PASSWORD)
    tab.keyboard.press("Enter")
    tab.fill("[name=title]", "Ice for tomorrow")
    tab.fill("[name=hurts]", "too little of it")
    tab.fill("[name=today]", "as last week")
    tab.fill("[name=gain]", "2.5")
    landings = {
        "name": "landings.csv",
        "mimeType": "text/csv",
        "buffer": b"day,tonnes\n2023-01-02,93.9\n2023-01-03,80\n",
    }
    tab.set_input_files("#source-1-file", landings)
    tab.locator("#source-1 option:has-text('landings.csv')").wait_for(state="attached")
    tab.locator("button:has-text('Put it here')").click()
    tab.wait_for_selector("h2:has-text('Enter a method')")
    assert "at least 2.5 t lower" in tab.inner_text("main")
    tab.evaluate("""() => fetch("/api/v1/projects/honam.tide/answer", {method: "POST", body: '{"week_ago": 10, "change": 1}',
      headers: {"content-type": "application/json"}})""")
    tab.goto(f"{base}/services/honam.tide")
    tab.fill("[name=truth]", "a lot")
    tab.locator("button:has-text('Tell')").click()
    tab.locator("td .fault:not([hidden])").wait_for()
    assert "cannot score this truth" in tab.locator("td .fault").inner_text()
    tab.fill("[name=truth]", "11.5")
    with tab.expect_navigation():
        tab.locator("button:has-text('Tell')").click()
    assert tab.input_value("[name=truth]") == "11.5"
