"""People, passwords and tokens: what is kept of them, what they allow, and where the hub refuses to start without them."""

from __future__ import annotations

import datetime
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
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from fastapi.testclient import TestClient
from sqlalchemy import select, update

from dure.errors import Unknown, UserError
from dure.hub import api, people, store
from dure.hub.api import Hub, app
from dure.hub.guard import Guard
from dure.hub.people import ROLES, digest

PASSWORD = "three tides a day"


def role_of(engine, secret):
    found = people.who(engine, digest(secret))
    return found and found[1]


# ---- what is kept -------------------------------------------------------------------------------------------------------


def test_a_token_says_who_until_it_ends_is_revoked_or_its_person_is_gone(engine):
    people.keep(engine, "kim", "steward")
    first, second = people.issue(engine, "kim", "member", 1), people.issue(engine, "kim", "steward", 1)
    assert [role_of(engine, each) for each in (first, second)] == ["member", "steward"]
    (kim,) = people.listed(engine)
    people.revoke(engine, kim["tokens"][0]["id"])
    assert [role_of(engine, each) for each in (first, second)] == [None, "steward"]
    people.remove(engine, "kim")
    assert role_of(engine, second) is None
    assert people.listed(engine) == []


def test_a_token_is_never_more_than_its_person(engine):
    people.keep(engine, "kim", "steward")
    with pytest.raises(UserError, match="kim is steward"):
        people.issue(engine, "kim", "admin", 1)
    held = {role: people.issue(engine, "kim", role, 1) for role in ROLES[:3]}
    people.keep(engine, "kim", "member")
    assert {role: role_of(engine, each) for role, each in held.items()} == {
        "viewer": "viewer",
        "member": "member",
        "steward": None,
    }


def test_nothing_of_a_secret_is_kept(engine):
    people.keep(engine, "kim", "admin", PASSWORD)
    secrets = [people.issue(engine, "kim", "admin", 1), people.sign_in(engine, "kim", PASSWORD), PASSWORD]
    with engine.begin() as connection:
        kept = str([connection.execute(select(table)).all() for table in (store.person, store.token)])
    assert "$argon2id$" in kept
    assert not [each for each in secrets if each in kept]
    assert not [each for each in secrets if each in str(people.listed(engine))]


def test_what_cannot_be_used_or_is_not_there_is_told(engine):
    people.keep(engine, "kim", "viewer")
    with pytest.raises(UserError, match="12 letters at least"):
        people.keep(engine, "lee", "viewer", "short")
    with pytest.raises(UserError, match="no name"):
        people.keep(engine, " ", "viewer")
    for act in (lambda: people.remove(engine, "kimm"), lambda: people.issue(engine, "kimm", "viewer", 1)):
        with pytest.raises(Unknown, match="Did you mean kim"):
            act()
    with pytest.raises(Unknown, match="no token"):
        people.revoke(engine, "0123456789abcdef")


def test_only_the_right_password_signs_in(engine):
    people.keep(engine, "kim", "member", PASSWORD)
    people.keep(engine, "robot", "member")  # by token alone
    assert role_of(engine, people.sign_in(engine, "kim", PASSWORD)) == "member"
    assert people.sign_in(engine, "kim", PASSWORD + "s") is None
    assert people.sign_in(engine, "lee", PASSWORD) is None
    assert people.sign_in(engine, "robot", "nobody has this password") is None
    people.keep(engine, "kim", "member", "another one, longer")
    assert people.sign_in(engine, "kim", PASSWORD) is None


# ---- what it allows -----------------------------------------------------------------------------------------------------


@pytest.fixture
def client(engine, projects):
    """Of a hub where people sign in."""
    with TestClient(Guard(app(Hub(engine)), ("dure.example",)), base_url="https://dure.example") as made:
        yield made


def test_somebody_signs_in_asks_and_signs_out(engine, client):
    people.keep(engine, "kim", "member", PASSWORD)
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
    people.keep(engine, "kim", "member", PASSWORD)
    got = [client.post("/api/v1/session", json={"name": name, "password": "wrong"}) for name in ("kim", "lee")]
    assert {(each.status_code, each.text) for each in got} == {(401, got[0].text)}


def test_after_ten_wrong_passwords_no_more_are_looked_at(engine, client, monkeypatch):
    people.keep(engine, "kim", "member", PASSWORD)

    def tried(password):
        return client.post("/api/v1/session", json={"name": "kim", "password": password}).status_code

    assert [tried("wrong") for _each in range(10)] == [401] * 10
    assert tried(PASSWORD) == 429
    monkeypatch.setattr(api, "WAIT", 0.0)
    assert tried(PASSWORD) == 204


def test_a_token_is_worth_nothing_after_its_days(engine, client):
    people.keep(engine, "kim", "viewer")
    known = {"authorization": f"Bearer {people.issue(engine, 'kim', 'viewer', 1)}"}
    assert client.get("/api/v1/projects", headers=known).status_code == 200
    with engine.begin() as connection:
        connection.execute(update(store.token).values(expires=time.time() - 1))
    assert client.get("/api/v1/projects", headers=known).status_code == 401


# ---- where the hub refuses to start -------------------------------------------------------------------------------------


@pytest.fixture
def https(tmp_path):
    """A certificate for localhost and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    paths = tmp_path / "certificate.pem", tmp_path / "key.pem"
    paths[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    form = serialization.PrivateFormat.PKCS8
    paths[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()))
    return paths


def dure(environment, *words, **how):
    command = [sys.executable, "-m", "dure", *map(str, words)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, **how)


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
