"""The OpenAPI fuzzed against a hub that runs: no failure of the server, nothing that is not described, every operation hit."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

import browsing

pytestmark = pytest.mark.slow
PROJECTS = Path(__file__).parents[1] / "projects"
REQUIRE_ALL = os.environ.get("DURE_REQUIRE") == "all"  # every project's data lie here
PATIENCE = 120  # s: a project's first answer is given after it has learnt, as project.toml's deadline allows
EXAMPLES = int(os.environ.get("DURE_FUZZ", "6"))  # of each operation


def no_failure_of_the_server(context, response, case):
    """A project whose data cannot be had here says so (503, as described): that is an answer, whatever else is a failure."""
    without_data = response.status_code == 503 and "cannot be had here" in response.json()["title"]
    if not without_data or REQUIRE_ALL:
        not_a_server_error(context, response, case)


CHECKS = [no_failure_of_the_server, status_code_conformance, content_type_conformance, response_schema_conformance]


@schemathesis.serializer("application/zip")
def as_it_is(_context, value):
    """What is generated for a zip is sent as it is."""
    return value if isinstance(value, bytes) else str(value).encode()


@pytest.fixture(scope="module")
def up(tmp_path_factory, described):
    """A hub on a store of its own: (address, headers of its owner)."""
    home = browsing.knows(tmp_path_factory.mktemp("fuzzed") / "home", described)
    environment = {**os.environ, "DURE_HOME": str(home), "DURE_PROJECTS": str(PROJECTS), "DURE_STORE": ""}
    command = [sys.executable, "-m", "dure", "up", "--port", "0", "--workers", "0"]
    server = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    base, token = re.search(r"(http://[^/]+)/enter\?token=(\S+)", server.stdout.readline()).groups()
    known = {"authorization": f"Bearer {token}"}
    assert requests.get(f"{base}/api/v1/openapi.json", headers=known, timeout=120).ok  # every project described, once
    yield base, known
    server.terminate()
    server.communicate(timeout=30)


def each_operation(up, examples, tried):
    """Try every operation of the API with requests made from its own description."""
    base, known = up
    described = schemathesis.openapi.from_url(f"{base}/api/v1/openapi.json", headers=known)
    for found in described.get_all_operations():
        operation = found.ok()
        relaxed = settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))
        relaxed(given(case=operation.as_strategy(generation_mode=GenerationMode.POSITIVE))(tried))()
        with suppress(Unsatisfiable):  # a body that is taken as it is has nothing that is not described
            relaxed(given(case=operation.as_strategy(generation_mode=GenerationMode.NEGATIVE))(tried))()


def all_hit(base, known):
    """Every operation of the API has been asked."""
    told = requests.get(f"{base}/api/v1/openapi.json", headers=known, timeout=60).json()
    counted = requests.get(f"{base}/metrics", headers=known, timeout=60).text
    hit = set(re.findall(r'dure_requests_total\{method="(\w+)",route="([^"]+)"', counted))
    own = "/api/v1/projects/{project}/answer"
    wanted = {
        (method.upper(), own if path.endswith("/answer") else path)
        for path, operations in told["paths"].items()
        for method in operations
    }
    assert wanted <= hit, wanted - hit


@pytest.mark.long
@pytest.mark.parametrize("examples", [EXAMPLES])
def test_whatever_the_owner_sends_is_answered_as_described(up, examples):
    def tried(case):
        case.call_and_validate(headers=up[1], checks=CHECKS, timeout=PATIENCE)

    each_operation(up, examples, tried)
    all_hit(*up)


# What people who are not signed in are answered where not everything is refused.
TO_STRANGERS = {
    "/health": {200}, "/api/v1/keys": {200}, "/api/v1/verify": {422}, "/api/v1/session": {401, 422, 429},
    "/api/v1/evidence/{name}/zip": {401, 404}, "/api/v1/evidence/{name}/files/{file}": {401, 404},
}  # fmt: skip


@pytest.mark.parametrize("examples", [1, pytest.param(3, marks=pytest.mark.long)])
def test_whatever_a_stranger_sends_is_refused(up, examples):
    def tried(case):
        got = case.call(headers={"authorization": "Bearer nobody"}, timeout=PATIENCE)
        # 400: an address that no store can look for is refused whoever sends it
        allowed = (
            TO_STRANGERS.get(case.path, set()) if (case.method, case.path) != ("DELETE", "/api/v1/session") else set()
        )
        assert got.status_code in (allowed or {401}) | {400}

    each_operation(up, examples, tried)
