"""People, passwords and tokens: what is kept of them, what they allow, and where the hub refuses to start without them."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time

import pytest
import requests
from fastapi.testclient import TestClient
from sqlalchemy import select, update

import certificates
import clients
from dure.errors import Unknown, UserError
from dure.hub import context
from dure.hub.api import app
from dure.hub.auth import accounts
from dure.hub.auth.accounts import HUB, ROLES, Caller, digest
from dure.hub.auth.middleware import Guard
from dure.hub.context import Hub
from dure.hub.db import schema

PASSWORD = "three tides a day"


def role_of(engine, secret):
    found = accounts.who(engine, digest(secret))
    return found and found.caller.role


def issued(engine, name, role, organisation=HUB):
    return accounts.issue(engine, Caller(name, organisation, role), 1)


# ---- what is kept -------------------------------------------------------------------------------------------------------


def test_a_token_says_who_until_it_ends_is_revoked_or_its_person_is_gone(engine):
    accounts.keep(engine, "kim", "steward")
    first, second = issued(engine, "kim", "member"), issued(engine, "kim", "steward")
    assert [role_of(engine, each) for each in (first, second)] == ["member", "steward"]
    (kim,) = accounts.listed(engine)
    accounts.revoke(engine, kim["tokens"][0]["id"])
    assert [role_of(engine, each) for each in (first, second)] == [None, "steward"]
    accounts.remove(engine, "kim")
    assert role_of(engine, second) is None
    assert accounts.listed(engine) == []


def test_a_token_is_never_more_than_its_person(engine):
    accounts.keep(engine, "kim", "steward")
    with pytest.raises(UserError, match="kim is steward"):
        issued(engine, "kim", "admin")
    held = {role: issued(engine, "kim", role) for role in ROLES[:3]}
    accounts.keep(engine, "kim", "member")
    assert {role: role_of(engine, each) for role, each in held.items()} == {
        "viewer": "viewer",
        "member": "member",
        "steward": None,
    }


def test_nothing_of_a_secret_is_kept(engine):
    accounts.keep(engine, "kim", "admin", PASSWORD)
    secrets = [issued(engine, "kim", "admin"), accounts.sign_in(engine, "kim", PASSWORD), PASSWORD]
    with engine.begin() as connection:
        kept = str([connection.execute(select(table)).all() for table in (schema.person, schema.token)])
    assert "$argon2id$" in kept
    assert not [each for each in secrets if each in kept]
    assert not [each for each in secrets if each in str(accounts.listed(engine))]


def test_what_cannot_be_used_or_is_not_there_is_told(engine):
    accounts.keep(engine, "kim", "viewer")
    with pytest.raises(UserError, match="12 letters at least"):
        accounts.keep(engine, "lee", "viewer", "short")
    with pytest.raises(UserError, match="no name"):
        accounts.keep(engine, " ", "viewer")
    for act in (lambda: accounts.remove(engine, "kimm"), lambda: issued(engine, "kimm", "viewer")):
        with pytest.raises(Unknown, match="Did you mean kim"):
            act()
    with pytest.raises(Unknown, match="no token"):
        accounts.revoke(engine, "0123456789abcdef")


def test_only_the_right_password_signs_in(engine):
    accounts.keep(engine, "kim", "member", PASSWORD)
    accounts.keep(engine, "robot", "member")  # by token alone
    assert role_of(engine, accounts.sign_in(engine, "kim", PASSWORD)) == "member"
    assert accounts.sign_in(engine, "kim", PASSWORD + "s") is None
    assert accounts.sign_in(engine, "lee", PASSWORD) is None
    assert accounts.sign_in(engine, "robot", "nobody has this password") is None
    accounts.keep(engine, "kim", "member", "another one, longer")
    assert accounts.sign_in(engine, "kim", PASSWORD) is None


# ---- what it allows -----------------------------------------------------------------------------------------------------


@pytest.fixture
def client(engine, projects):
    """Of a hub where people sign in."""
    with TestClient(Guard(app(Hub(engine)), ("dure.example",)), base_url="https://dure.example") as made:
        yield made


def test_somebody_signs_in_asks_and_signs_out(engine, client):
    accounts.keep(engine, "kim", "member", PASSWORD)
    assert client.get("/api/v1/projects").status_code == 401
    got = client.post("/api/v1/session", json={"name": "kim", "password": PASSWORD})
    assert got.status_code == 204
    said = got.headers["set-cookie"].lower()
    assert all(each in said for each in ("httponly", "samesite=strict", "secure"))
    assert client.get("/api/v1/projects").status_code == 200
    assert client.post("/api/v1/projects/honam.tide/rollback", json={}).status_code == 403  # a member
    (cookie,) = client.cookies.values()
    assert client.delete("/api/v1/session").status_code == 204
    assert client.get("/api/v1/projects", headers={"cookie": f"dure={cookie}"}).status_code == 401


def test_there_is_no_token_of_a_start_where_people_sign_in(client):
    assert client.get("/enter", params={"token": ""}).status_code == 401
    assert client.get("/api/v1/projects", headers={"authorization": "Bearer "}).status_code == 401


def test_who_is_unknown_and_whose_password_is_wrong_hear_the_same(engine, client):
    accounts.keep(engine, "kim", "member", PASSWORD)
    got = [client.post("/api/v1/session", json={"name": name, "password": "wrong"}) for name in ("kim", "lee")]
    assert {(each.status_code, each.text) for each in got} == {(401, got[0].text)}


def test_after_ten_wrong_passwords_no_more_are_looked_at(engine, client, monkeypatch):
    accounts.keep(engine, "kim", "member", PASSWORD)

    def tried(password):
        return client.post("/api/v1/session", json={"name": "kim", "password": password}).status_code

    assert [tried("wrong") for _each in range(10)] == [401] * 10
    assert tried(PASSWORD) == 429
    monkeypatch.setattr(context, "WAIT", 0.0)
    assert tried(PASSWORD) == 204


def test_a_token_is_worth_nothing_after_its_days(engine, client):
    accounts.keep(engine, "kim", "viewer")
    known = {"authorization": f"Bearer {issued(engine, 'kim', 'viewer')}"}
    assert client.get("/api/v1/projects", headers=known).status_code == 200
    with engine.begin() as connection:
        connection.execute(update(schema.token).values(expires=time.time() - 1))
    assert client.get("/api/v1/projects", headers=known).status_code == 401


# ---- organisations ------------------------------------------------------------------------------------------------------


def test_a_person_of_several_organisations_says_for_which(engine, client):
    accounts.keep(engine, "kim", "member", PASSWORD, "harbour")
    accounts.keep(engine, "kim", "steward", organisation="county")
    given = {"name": "kim", "password": PASSWORD}
    which = client.post("/api/v1/session", json=given)
    assert (which.status_code, which.json()["where"], which.json()["cure"]) == (
        422,
        "organisation",
        "There are: county, harbour.",
    )
    wrong = client.post("/api/v1/session", json=given | {"password": "wrong"})
    assert (wrong.status_code, "county" in wrong.text) == (401, False)
    assert client.post("/api/v1/session", json=given | {"organisation": "hub"}).status_code == 422
    assert client.post("/api/v1/session", json=given | {"organisation": "county"}).status_code == 204
    assert client.get("/api/v1/me").json() == {"name": "kim", "organisation": "county", "role": "steward"}


def test_an_admin_lets_people_into_their_own_organisation_alone(engine, client):
    accounts.keep(engine, "lee", "viewer", organisation="harbour")
    admin = clients.known(engine, "kim", "admin", "county")
    put = client.put("/api/v1/people/park", json={"role": "member", "password": PASSWORD}, headers=admin)
    assert put.status_code == 204
    found = client.get("/api/v1/people", headers=admin).json()
    assert [(each["name"], each["organisation"], each["role"]) for each in found] == [
        ("kim", "county", "admin"), ("park", "county", "member"),
    ]  # fmt: skip
    assert "secret" not in str(found)
    assert client.delete("/api/v1/people/lee", headers=admin).status_code == 404
    assert client.post("/api/v1/session", json={"name": "park", "password": PASSWORD}).status_code == 204
    assert client.delete("/api/v1/people/park", headers=admin).status_code == 204
    assert client.get("/api/v1/me").status_code == 401
    assert accounts.listed(engine, "harbour")[0]["name"] == "lee"
    assert client.put("/api/v1/people/park", json={"role": "owner"}, headers=admin).status_code == 422


def test_nobodys_password_is_changed_by_the_admin_of_another_organisation(engine, client):
    accounts.keep(engine, "lee", "admin", PASSWORD, "harbour")
    admin = clients.known(engine, "kim", "admin", "county")
    taken = client.put("/api/v1/people/lee", json={"role": "viewer", "password": "mine from now on"}, headers=admin)
    assert (taken.status_code, taken.json()["where"]) == (422, "password")
    assert client.put("/api/v1/people/lee", json={"role": "viewer"}, headers=admin).status_code == 204
    again = client.put("/api/v1/people/lee", json={"role": "viewer", "password": "mine from now on"}, headers=admin)
    assert again.status_code == 422
    assert accounts.sign_in(engine, "lee", "mine from now on", "harbour") is None
    assert role_of(engine, accounts.sign_in(engine, "lee", PASSWORD, "harbour")) == "admin"


def test_tokens_of_ones_own_are_issued_listed_and_revoked(engine, client):
    member, other = clients.known(engine, "kim", "member"), clients.known(engine, "lee", "member")
    made = client.post("/api/v1/tokens", json={"role": "viewer", "days": 1, "label": "a script"}, headers=member)
    assert made.status_code == 201
    script = {"authorization": f"Bearer {made.json()['token']}"}
    assert client.get("/api/v1/me", headers=script).json()["role"] == "viewer"
    assert client.post("/api/v1/runs", json={"project": "honam.tide"}, headers=script).status_code == 403
    assert (
        client.post("/api/v1/tokens", json={"role": "member"}, headers=script).status_code == 403
    )  # no more than itself
    assert client.post("/api/v1/tokens", json={"role": "admin"}, headers=member).status_code == 403
    (name,) = [
        each["id"] for each in client.get("/api/v1/tokens", headers=member).json() if each["label"] == "a script"
    ]
    assert client.delete(f"/api/v1/tokens/{name}", headers=other).status_code == 404
    assert client.delete(f"/api/v1/tokens/{name}", headers=member).status_code == 204
    assert client.get("/api/v1/me", headers=script).status_code == 401


# ---- where the hub refuses to start -------------------------------------------------------------------------------------


@pytest.fixture
def https(tmp_path):
    """A certificate for localhost and its key."""
    return certificates.certificate(tmp_path, "localhost")


def dure(environment, *words, **how):
    command = [sys.executable, "-m", "dure", *map(str, words)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, **how)


@pytest.mark.long
def test_elsewhere_than_on_this_machine_it_starts_only_where_people_can_sign_in_safely(address, projects, https):
    environment = {**os.environ, "DURE_STORE": address}
    safe = ["--certificate", https[0], "--key", https[1]]
    for words, said in (
        (["--host", "0.0.0.0"], "under which name"),
        (["--host", "0.0.0.0", "--name", "localhost"], "travel in the open"),
        (["--host", "0.0.0.0", "--name", "localhost", "--certificate", https[0]], "travel in the open"),
        (["--host", "0.0.0.0", "--name", "localhost", *safe], "nobody could sign in"),
        (["--name", "localhost", "--proxy"], "nobody could sign in"),
    ):
        refused = dure(environment, "up", "--port", "0", *words)
        assert (refused.returncode, said in refused.stderr) == (2, True), refused.stderr


@pytest.mark.long
def test_people_sign_in_over_https(address, projects, https):
    environment = {**os.environ, "DURE_STORE": address}
    added = dure(environment, "person", "kim", "--role", "admin", "--password", input=f"{PASSWORD}\n{PASSWORD}\n")
    assert (added.returncode, "kim is admin." in added.stdout) == (0, True), added.stderr
    issued = dure(environment, "token", "kim", "--days", "1", "--label", "for a script")
    secret = issued.stdout.strip()
    assert secret.startswith("dure_")
    told = json.loads(dure(environment, "people", "--json").stdout)
    assert [each["label"] for each in told[0]["tokens"]] == ["for a script"]
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    words = ["up", "--port", port, "--name", "localhost", "--certificate", https[0], "--key", https[1]]
    up = subprocess.Popen(
        [sys.executable, "-m", "dure", *map(str, words)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert up.stdout.readline() == "Dure is at https://localhost\n"
        base, session = f"https://localhost:{port}", requests.Session()
        safely = {"verify": str(https[0]), "timeout": 30}
        assert session.get(f"{base}/api/v1/projects", **safely).status_code == 401
        signed_in = session.post(f"{base}/api/v1/session", json={"name": "kim", "password": PASSWORD}, **safely)
        assert signed_in.status_code == 204
        assert session.get(f"{base}/api/v1/projects", **safely).status_code == 200
        known = {"authorization": f"Bearer {secret}"}
        assert requests.get(f"{base}/metrics", headers=known, **safely).status_code == 200
    finally:
        up.send_signal(signal.SIGINT)
        _out, log = up.communicate(timeout=30)
    assert not re.search(f"{PASSWORD}|{secret}", log)
    gone = dure(environment, "token", told[0]["tokens"][0]["id"], "--revoke")
    assert (gone.returncode, "worth nothing" in gone.stdout) == (0, True)
    assert dure(environment, "person", "kim", "--remove").returncode == 0
    assert json.loads(dure(environment, "people", "--json").stdout) == []
