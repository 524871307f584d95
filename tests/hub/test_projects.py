"""The pages of projects, and one question asked: of a form, of files, beside today's practice, from programs."""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import clients
from dure.hub.auth import accounts
from dure.hub.auth.accounts import Caller
from dure.project.code_hash import project_hash

PROJECTS = Path(__file__).parents[1] / "projects"
ASKS = "/api/v1/projects/honam.tide/asks"
KOREAN = {"accept-language": "ko"}
ONE_STORE = pytest.mark.parametrize("address", ["sqlite"], indirect=True)  # no word of it depends on the store
CLINIC = "나이,성별,흉통 유형,안정 시 혈압,협착\n61,남,전형적,140,있음\n55,여,무증상,{pressure},없음\n"

# The quick forecast with files of one's own: a line each of name=number; a picture and words that a stranger may have written.
OPENING = """
from dure import Opened, UserError


class Placed(Form):
    boat: str
    start: int = Field(json_schema_extra={"unit": "min"})


class Stays(Form):
    boat: str
    start: int = Field(json_schema_extra={"unit": "min"})


class Landed(Form):
    boats: list[Placed]
    landings: float = 0.0


class Wanted(Form):
    week_ago: float = 0
    change: float = 0
    begins: datetime | None = None
    names: list[str] = []
    closed: list[Stays] = Field([], description="boats that stay in")
    previous: list[Placed] = []


def is_plan(path):
    return path.name.startswith("plan") or path.suffix == ".plan"


def opens(paths, given):
    boats, faults = [], []
    for path in paths:
        for number, line in enumerate(path.read_text().splitlines(), 1):
            boat, _sign, minute = line.partition("=")
            if minute.isdigit():
                boats.append((path, {"boat": boat, "start": int(minute)}))
            else:
                faults.append(UserError(f"{minute} is no minute", where=f"{path.name} row {number}", cure="Write a number."))
    plan = [each for path, each in boats if is_plan(path)]
    rows = [each["boat"] for path, each in boats if not is_plan(path)]
    fields = {"begins": "2026-07-01T00:00:00", "names": rows, "previous": plan, **given}
    request = Wanted.model_validate(fields) if rows else None
    return Opened(request, tuple(faults), tuple(str(each.where) for each in faults), ("read as it stands",))


def sails(request, _shift=10):
    late = {each.boat: each.start for each in request.closed}
    return [Placed(boat=name, start=late.get(name, 0) + _shift) for name in request.names]


def last_week(_history, _seed, _work):
    \"\"\"As a week before.\"\"\"
    return lambda asked: Landed(boats=sails(asked))


def regression(_history, _seed, _work):
    \"\"\"Sooner.\"\"\"
    return lambda asked: Landed(boats=sails(asked, 0))


def check(request, response):
    if {each.boat for each in response.boats} != set(request.names):
        raise Invalid("a boat is missing")


def save(request, response, path):
    path.write_text("".join(f"{each.boat}={each.start}\\n" for each in response.boats))


def figure(request, answers, truth, trace):
    rows = [{"who": name, "boats": len(each.boats)} for name, each in answers.items()]
    return {"$schema": "https://vega.github.io/schema/vega-lite/v5.json", "data": {"values": rows}, "mark": "bar",
            "encoding": {"y": {"field": "who", "sort": None}, "x": {"field": "boats", "type": "quantitative"}}}


def says(request, response):
    return "<script>alert(1)</script> " + " ".join(f"{each.boat}@{each.start}" for each in response.boats)


PROJECT = Project(
    opens=opens, saves={".plan": save}, figure=figure, says=says, check=check, request=Wanted, response=Landed,
    history=lambda _data, _until=None: (), rounds=lambda _data: [],"""


@pytest.fixture
def client(engine, projects):
    with clients.hub_of(engine) as made:
        made.headers["authorization"] = f"Bearer {clients.TOKEN}"
        yield made


@pytest.fixture
def fleet(engine, altered):
    """A hub whose quick forecast reads files of one's own."""
    place = altered("PROJECT = Project(\n    request=Request, response=Response, ", "PROJECT = Project(\n    ")
    code = place / "project.py"
    text = code.read_text(encoding="utf-8").replace("history=history, rounds=rounds,", "")
    text = text.replace("PROJECT = Project(", OPENING).replace(
        "import numpy", "from datetime import datetime\n\nimport numpy"
    )
    code.write_text(text.replace("from dure import Case", "from dure import Invalid, Case"), encoding="utf-8")
    with clients.hub_of(engine) as made:
        made.headers["authorization"] = f"Bearer {clients.TOKEN}"
        yield made


def asked(engine, client, **given):
    """A request asked, and its run once it has ended."""
    made = client.post(ASKS, json=given)
    assert made.status_code == 201, made.text
    clients.work(engine)
    return client.get(made.headers["location"]).json()


def page_of(client, run, **how):
    got = client.get(f"/projects/{run['project']}/asks/{run['id']}", **how)
    assert got.status_code == 200, got.text
    return got.text


# ---- pages --------------------------------------------------------------------------------------------------------------


@ONE_STORE
def test_every_page_has_its_twin_and_speaks_both_languages(client):
    pages = [
        "/projects",
        *(f"/projects/{name}{part}" for name in ("honam.tide", "gangwon.heart") for part in ("", "/ask", "/data")),
    ]
    for page in pages:
        got = client.get(page, headers=KOREAN)
        assert got.status_code == 200, got.text
        assert client.get(re.search(r'type="application/json" href="([^"]+)"', got.text)[1]).status_code == 200
        heading = re.search(r"<h1[^>]*>(.*?)</h1>", got.text, re.DOTALL)[1]
        assert re.search("[가-힣]", heading), page
        assert not re.search("[가-힣]", re.search(r"<h1[^>]*>(.*?)</h1>", client.get(page).text, re.DOTALL)[1]), page
    told = client.get("/projects").text
    assert (
        "A heart risk model that travels" in told,
        "Gangwon" in told,
        "A fish market&#39;s landings, a day ahead." in told,
    ) == (True,) * 3
    assert "12.2 to 20.7" in told  # the mark of the plant's own trial
    assert client.get("/projects/honam.nothing").status_code == 404


@ONE_STORE
def test_a_project_says_what_its_trial_came_to_and_when_its_code_has_changed_since(engine, tried, altered):
    place = altered("asked.change", "asked.change + 0.0")
    with clients.hub_of(engine) as client:
        client.headers["authorization"] = f"Bearer {clients.TOKEN}"
        told = client.get("/projects/honam.tide").text
        assert "Not measured yet" in told
        assert "dure check honam.tide --json" in told
        shutil.copy(tried / "trial.json", place)
        (place / "check.json").write_text(json.dumps({
            "code": project_hash(place), "level": "silver", "promises": [{"name": "better", "state": "broken", "reason": "it is not"}],
        }))  # fmt: skip
        told = looked(client)
        assert "is <em>better</em> than today" in re.sub(r"\s+", " ", told)
        assert (
            "The code has changed since it was measured" in told,
            "silver" in told,
            "better on sealed rounds" in told,
        ) == (True,) * 3
        assert client.get("/api/v1/projects/honam.tide").json()["tried"]["stale"] is True
        shutil.copy(PROJECTS / "honam/tide/project.py", place)  # the code that was measured
        told = looked(client)
        assert ("The code has changed" in told, "silver" in told) == (False, False)  # and not the one that was examined


def looked(client):
    """The project's page after something was written: pages are kept until then."""
    clients.sent(client, "anything.txt.json", b"{}")
    return client.get("/projects/honam.tide").text


@ONE_STORE
def test_the_form_is_the_requests_own_in_the_readers_language_filled_with_the_example(client):
    about = client.get("/api/v1/projects/gangwon.heart").json()
    if about["example"] is None:
        pytest.skip("the example is of data that cannot be had here: gangwon.heart's hospitals")
    told = html.unescape(client.get("/projects/gangwon.heart/ask", headers=KOREAN).text)
    form = told[told.index('id="fields"') :]
    assert re.search(r"나이 <small>18–110 세</small>", form)
    age = re.search(r'<input name="fields.age"[^>]*>', form)[0]
    assert (
        'min="18"' in age,
        'max="110"' in age,
        'step="1"' in age,
        f'value="{about["example"]["age"]}"' in age,
        "required" in age,
    ) == (True,) * 5
    sex = about["example"]["sex"]
    assert f"""value="\"{sex}\"" selected""" in form
    assert ("여성" in form, "남성" in form) == (True, True)
    assert all(f'name="fields.{name}"' in form for name in about["request"]["properties"])


# ---- asked --------------------------------------------------------------------------------------------------------------


def test_an_answer_stands_beside_todays_and_says_that_an_ai_gave_it(engine, client):
    run = asked(engine, client, fields={"week_ago": 10, "change": 2}, method="regression")
    result = run["result"]
    assert (run["state"], result["answered"], result["practice"]) == ("done", True, False), run
    assert result["practice_response"] == {"landings": 10}
    assert result["response"]["landings"] != 10
    told = page_of(client, run)
    assert ("AI Basic Act" in told, "not promoted: to look at" in told, "Least squares" in told) == (True, True, True)
    (kept,) = result["files"]
    assert json.loads(client.get(f"/api/v1/files/{kept['sha256']}").content)["response"] == result["response"]
    today = asked(engine, client, fields={"week_ago": 10, "change": 2})  # nothing is promoted: today's practice answers
    assert (today["result"]["practice"], today["result"]["response"]) == (True, {"landings": 10})
    assert "AI Basic Act" not in page_of(client, today)
    client.post("/api/v1/projects/honam.tide/services", json={"method": "regression", "reason": "on trial"})
    promoted = asked(engine, client, fields={"week_ago": 10, "change": 2})
    assert (promoted["result"]["by"]["method"], promoted["asked"]["service"]) == ("regression", 1)
    assert "service 1" in page_of(client, promoted)


@ONE_STORE
def test_what_cannot_be_answered_is_told_with_its_field(engine, client):
    run = asked(engine, client, fields={"week_ago": -1, "change": 2})
    assert (run["state"], "[week_ago]: -1 is below 0" in run["said"]) == ("failed", True), run
    assert "-1 is below 0" in page_of(client, run)
    assert client.post(ASKS, json={"fields": {}, "method": "nothing"}).json()["where"] == "method"
    assert client.post(ASKS, json={"files": ["0" * 64]}).json()["where"] == "files"
    assert client.post("/api/v1/projects/honam.nothing/asks", json={}).status_code == 404
    assert client.get(f"/projects/jeju.battery/asks/{run['id']}").status_code == 404


@ONE_STORE
def test_the_example_is_drawn_on_the_projects_page_once_somebody_has_asked_it(engine, client):
    example = client.get("/api/v1/projects/honam.tide").json()["example"]
    assert "Nobody has asked it here yet" in client.get("/projects/honam.tide").text
    asked(engine, client, fields=example | {"change": example["change"] + 1}, method="regression")
    assert "Nobody has asked it here yet" in client.get("/projects/honam.tide").text
    run = asked(engine, client, fields=example, method="regression")
    told = client.get("/projects/honam.tide").text
    assert ("Nobody has asked it here yet" in told, f"/projects/honam.tide/asks/{run['id']}" in told) == (False, True)
    assert (
        run["id"]
        not in client.get("/projects/honam.tide", headers=clients.known(engine, "kim", "member", "county")).text
    )


# ---- of one's own files -------------------------------------------------------------------------------------------------


@ONE_STORE
def test_mistakes_in_files_are_told_with_their_place_and_the_rest_is_answered_where_that_is_wanted(engine, fleet):
    files = [clients.sent(fleet, "boats.list", b"red=5\nblue=soon\n")]
    run = asked(engine, fleet, files=files, method="regression")
    (fault,) = run["result"]["faults"]
    assert (fault["what"], fault["where"], fault["cure"]) == (
        "soon is no minute",
        "boats.list row 2",
        "Write a number.",
    )
    assert (run["state"], run["result"]["answered"], run["result"]["rest"]) == ("done", False, True)
    told = page_of(fleet, run)
    assert ("soon is no minute" in told, "boats.list row 2" in told, "Answer the rest" in told) == (True, True, True)
    rest = asked(engine, fleet, files=files, rest=True, method="regression")["result"]
    assert (rest["answered"], rest["left"], rest["response"]["boats"]) == (
        True,
        ["boats.list row 2"],
        [{"boat": "red", "start": 0}],
    )


@ONE_STORE
def test_a_figure_and_files_come_with_the_answer_and_nothing_in_them_runs(engine, fleet):
    pytest.importorskip("vl_convert", reason="figures need the extra dure[figures]")
    files = [clients.sent(fleet, "boats.list", b"red=5\nblue=7\n")]
    run = asked(engine, fleet, files=files, method="regression")
    assert [each["name"].rpartition(".")[2] for each in run["result"]["files"]] == ["plan", "json"], run
    assert fleet.get(f"/api/v1/files/{run['result']['files'][0]['sha256']}").content == b"red=0\nblue=0\n"
    got = fleet.get(f"/api/v1/runs/{run['id']}/figure.svg")
    assert (got.status_code, got.headers["content-type"]) == (200, "image/svg+xml")
    assert {"default-src 'none'", "sandbox"} <= set(got.headers["content-security-policy"].split("; "))
    assert got.text.index("last_week") < got.text.index("regression")  # today's above ours
    told = page_of(fleet, run)
    assert ("<script>alert" in told, "&lt;script&gt;alert" in told) == (False, True)
    stranger = clients.known(engine, "kim", "member", "county")
    for path in (f"/api/v1/runs/{run['id']}/figure.svg", f"/projects/honam.tide/asks/{run['id']}"):
        assert fleet.get(path, headers=stranger).status_code == 404
    assert fleet.post(ASKS, json={"files": files}, headers=stranger).status_code == 404
    assert fleet.post(ASKS, json={"after": run["id"]}, headers=stranger).status_code == 404


@ONE_STORE
def test_what_was_really_done_stands_above_the_answer_or_says_why_it_cannot(engine, fleet):
    files = [clients.sent(fleet, "boats.list", b"red=5\nblue=7\n")]
    done = clients.sent(fleet, "plan of june.list", b"red=30\nblue=40\n")
    run = asked(engine, fleet, files=files, practice=done, method="regression")
    result = run["result"]
    assert result["own_practice"], run
    assert result["practice_response"]["boats"] == [{"boat": "red", "start": 30}, {"boat": "blue", "start": 40}]
    if result["figure"]:
        drawn = fleet.get(f"/api/v1/runs/{run['id']}/figure.svg").text
        assert "last_week" not in drawn
        assert drawn.index("what was really done") < drawn.index("Sooner")
    part = clients.sent(fleet, "plan of may.list", b"red=30\n")
    result = asked(engine, fleet, files=files, practice=part, method="regression")["result"]
    assert result["own_practice"] is False
    assert "plan of may.list does not stand beside the answer: a boat is missing" in result["notes"]


@ONE_STORE
def test_what_has_happened_since_is_added_and_holds_on(engine, fleet):
    files = [clients.sent(fleet, "boats.list", b"red=5\nblue=7\n")]
    first = asked(engine, fleet, files=files, method="regression")
    told = page_of(fleet, first)
    assert ("boats that stay in" in told, 'name="add.closed.0.start" type="datetime-local"' in told) == (True, True)
    moved = {"closed": [{"boat": "red", "start": "2026-07-01T02:00"}]}
    second = asked(engine, fleet, after=first["id"], add=moved)
    assert second["result"]["response"]["boats"] == [{"boat": "red", "start": 120}, {"boat": "blue", "start": 0}], (
        second
    )
    third = asked(engine, fleet, after=second["id"], add={"closed": [{"boat": "blue", "start": 60}]})
    assert third["result"]["response"]["boats"] == [{"boat": "red", "start": 120}, {"boat": "blue", "start": 60}]
    assert third["asked"]["method"] == "regression"
    preview = page_of(fleet, third)
    assert ("nothing has changed yet" in preview, f"/projects/honam.tide/asks/{second['id']}" in preview) == (
        True,
        True,
    )
    unknown = asked(engine, fleet, after=first["id"], add={"closd": [{}]})
    assert unknown["result"]["faults"][0]["cure"] == "Did you mean closed?"
    refused = fleet.post(ASKS, json={"after": unknown["id"]})
    assert (refused.status_code, refused.json()["where"]) == (422, "after")


# ---- data of one's own --------------------------------------------------------------------------------------------------


@ONE_STORE
def test_headers_of_ones_own_are_shown_as_they_are_read_and_a_cell_that_cannot_be(client):
    good = clients.sent(client, "환자.csv", CLINIC.format(pressure=130).encode())
    told = client.get(f"/api/v1/projects/gangwon.heart/sources/clinic/{good}").json()
    assert [row[:2] for row in told["rows"]][:2] == [["나이", "age"], ["성별", "sex"]]
    assert (told["count"], told["missing"], told["fault"]) == (2, [], None)
    page = client.get("/projects/gangwon.heart/data", params={"clinic": good}, headers=KOREAN).text
    assert ("안정 시 수축기 혈압" in page, f'name="data.clinic" value="{good}"' in page) == (True, True)
    bad = clients.sent(client, "환자.csv", CLINIC.format(pressure="높음").encode())
    fault = client.get(f"/api/v1/projects/gangwon.heart/sources/clinic/{bad}").json()["fault"]
    assert ("환자.csv" in fault["where"], "3" in fault["where"], "높음" in fault["what"]) == (True, True, True), fault
    page = client.get("/projects/gangwon.heart/data", params={"clinic": bad}).text
    assert ("높음" in page, 'id="trial"' in page) == (True, False)
    short = clients.sent(client, "short.csv", "나이,성별\n61,남\n62,여\n".encode())
    assert client.get(f"/api/v1/projects/gangwon.heart/sources/clinic/{short}").json()["missing"] == [
        "chest pain type",
        "coronary narrowing above 50 %",
    ]
    gone = client.get("/projects/gangwon.heart/data", params={"clinic": "a" * 64})
    assert (gone.status_code, "there is no file aaaa" in gone.text, 'id="trial"' in gone.text) == (200, True, False)
    assert client.get(f"/api/v1/projects/gangwon.heart/sources/nothing/{good}").status_code == 422
    strange = clients.known(engine_of(client), "kim", "member", "county")
    assert client.get(f"/api/v1/projects/gangwon.heart/sources/clinic/{good}", headers=strange).status_code == 404


def engine_of(client):
    return client.app.app.state.hub.engine


@ONE_STORE
def test_answers_that_were_really_given_stand_in_the_practices_place(engine, client):
    days = (PROJECTS / "honam/tide/data/landings.csv").read_text(encoding="utf-8").splitlines()[1:]
    rows = "\n".join(f"{day},{float(tonnes) + 5}" for day, tonnes in (line.split(",") for line in days))
    practice = clients.sent(client, "june.csv", f"case,landings\n{rows}\n".encode())
    made = client.post("/api/v1/runs", json={"project": "honam.tide", "practice": practice, "seeds": [0]})
    clients.work(engine)
    run = client.get(made.headers["location"]).json()
    assert run["state"] == "done", run
    from dure import evidence
    from dure.hub.jobs import queue

    about = evidence.predicate(queue.evidence_of(queue.one(engine, run["id"]))).about
    assert next(iter(about.labels)) == "practice"
    assert client.post("/api/v1/runs", json={"project": "honam.tide", "practice": "0" * 64}).status_code == 404


# ---- from programs ------------------------------------------------------------------------------------------------------


@ONE_STORE
def test_what_a_page_offers_to_paste_works_when_pasted(engine, address, projects, dure_home):
    accounts.keep(engine, "kim", "member")
    token = accounts.issue(engine, Caller("kim", accounts.HUB, "member"), 1)
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {**os.environ, "DURE_STORE": address, "PATH": path}
    up = subprocess.Popen(
        [sys.executable, "-m", "dure", "up", "--port", "0", "--workers", "0"], env=environment, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    try:
        base = re.search(r"http://[^/]+", up.stdout.readline())[0]
        got = clients_get(f"{base}/projects/honam.tide/ask", token)
        texts = {
            name: html.unescape(text)
            for name, text in re.findall(r'<code id="text-(\w+)">(.*?)</code>', got, re.DOTALL)
        }
        assert set(texts) == {"curl", "python", "cli"}
        commands = {"curl": ["bash", "-c"], "python": [sys.executable, "-c"], "cli": ["bash", "-c"]}
        if shutil.which("curl") is None:
            commands.pop("curl")
        for name, command in commands.items():
            done = subprocess.run(
                [*command, texts[name]],
                env=environment | {"DURE_TOKEN": token},
                capture_output=True,
                text=True,
                check=False,
            )
            assert (done.returncode, "landings" in done.stdout) == (0, True), (name, done.stdout, done.stderr)
    finally:
        up.terminate()
        up.communicate(timeout=30)


def clients_get(address, token):
    import requests

    got = requests.get(address, headers={"authorization": f"Bearer {token}"}, timeout=60)
    assert got.ok, got.text
    return got.text
