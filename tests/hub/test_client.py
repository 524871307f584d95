"""The Python client against a hub that runs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import clients
from dure import tables
from dure.client import Client
from dure.errors import UserError

PROJECTS = Path(__file__).parents[1] / "projects"


@pytest.fixture
def up(engine, address, projects):
    """A hub that plays its queue; its address."""
    environment = {**os.environ, "DURE_STORE": address}
    command = [sys.executable, "-m", "dure", "up", "--port", "0"]
    server = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    yield re.search(r"http://[^/]+", server.stdout.readline())[0]
    server.terminate()
    server.communicate(timeout=30)


@pytest.mark.long
def test_a_page_of_python_asks_everything(engine, up, tmp_path):
    client = Client(up, clients.known(engine, "kim", "member")["authorization"].removeprefix("Bearer "))
    answer = client.answer("honam.tide", {"week_ago": 10, "change": 1})
    assert answer["method"] == "last_week"
    assert client.feedback("honam.tide", {answer["id"]: 11.0}) == {"scored": 1, "refused": {}}
    table = tmp_path / "내일.csv"
    table.write_text("week_ago,change\n10,1\n20,2\n", encoding="utf-8")
    run = client.answer_table("honam.tide", table, tmp_path / "answers.xlsx")
    assert run["result"]["rows"] == 2
    assert [float(each) for each in tables.read(tmp_path / "answers.xlsx").cells["landings"]] == [10.0, 20.0]
    seen = list(client.follow(client.run("honam.tide", seeds=[0])))
    assert seen[-1]["state"] == "done"
    assert [each["share"] for each in seen] == sorted(each["share"] for each in seen)
    assert client.ask("GET", "/me") == {"name": "kim", "organisation": "hub", "role": "member"}
    for wrong, said in (
        (lambda: client.answer("honam.tyde", {}), "Did you mean honam.tide?"),
        (lambda: client.answer("honam.tide", {"week_ago": "ten"}), "not a number"),
        (lambda: Client(up, "nobody").run("honam.tide"), "sign in first"),
        (lambda: Client("http://127.0.0.1:9", "nobody").run("honam.tide"), "cannot be reached"),
        (lambda: Client("http://dure.example.org", "nobody"), "would travel in the open"),
    ):
        with pytest.raises(UserError, match=re.escape(said)):
            wrong()
