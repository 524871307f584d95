"""A table judged by the hub, its evidence handed on, and anybody's evidence checked."""

from __future__ import annotations

import io
import zipfile

import polars as pl
import pytest

import clients
from dure import evidence
from dure.hub.board import board

COLUMNS = "일시,실적(t),현행(t),업체A(t),비고"
ROWS = [
    f"2026-0{5 + day // 30}-{day % 30 + 1:02d},{50 + day % 7},{50 + day % 7 + (-1) ** day * 6},{50 + day % 7 + (-1) ** day * 2},"
    for day in range(84)
]
PARTS = {"truth": "실적", "practice": "현행", "offers": ["업체A"], "time": "일시"}


@pytest.fixture
def client(engine, projects):
    with clients.hub_of(engine) as opened:
        opened.headers |= {"authorization": f"Bearer {clients.TOKEN}", "accept-language": "en"}
        yield opened


def table(client, rows=ROWS, columns=COLUMNS, name="answers.csv"):
    return clients.sent(client, name, "\n".join([columns, *rows]).encode())


def read(client, sha256, **how):
    got = client.get(f"/api/v1/judge/{sha256}", params=how)
    assert got.status_code == 200, got.text
    return got.json()


@pytest.fixture
def judged(engine, client):
    """A run that has judged a table: its id."""
    made = client.post("/api/v1/judge", json={"file": table(client), "roles": PARTS})
    assert made.status_code == 201, made.text
    clients.work(engine)
    found = client.get(made.headers["location"]).json()
    assert (found["state"], "**better**" in found["said"]) == ("done", True), found
    return found["id"]


# ---- which column is which ----------------------------------------------------------------------------------------------


def test_columns_are_proposed_and_shown_with_the_rows_that_are_none(client):
    sha256 = table(client, [*ROWS, "합계,4452,4452,4452,"])
    found = read(client, sha256)
    assert (found["name"], found["roles"]["truth"], found["roles"]["practice"], found["roles"]["offers"], found["roles"]["time"]) == (
        "answers.csv", "실적", "현행", ["업체A"], "일시",
    )  # fmt: skip
    assert (found["cases"], found["block"], found["missing"], found["fault"], found["kpi"]) == (
        84,
        "week",
        [],
        None,
        "mae",
    )
    assert found["dropped_count"] == 1
    assert found["dropped"][0][0] == 86  # as the spreadsheet counts
    assert found["columns"][1] == {"name": "실적", "unit": "t"}
    assert found["preview"][0] == ["2", "2026-05-01", "50", "56", "52", ""]


def test_a_person_says_which_column_is_which(client):
    sha256 = table(client)
    found = read(client, sha256, role=["time", "truth", "offer", "practice", ""])
    assert (found["roles"]["practice"], found["roles"]["offers"]) == ("업체A", ["현행"])
    found = read(client, sha256, role=["", "truth", "", "offer", ""])
    assert found["missing"] == ["practice"]
    twice = client.get(f"/api/v1/judge/{sha256}", params={"role": ["", "truth", "truth", "offer", ""]})
    assert (twice.status_code, twice.json()["where"]) == (422, "현행")
    assert client.get(f"/api/v1/judge/{sha256}", params={"role": ["king"]}).status_code == 422


def test_a_cell_that_cannot_be_read_is_named_with_its_row_and_a_cure(client):
    rows = [*ROWS]
    rows[11] = rows[11].replace(",", ",점검중,", 1).rsplit(",", 1)[0]
    fault = read(client, table(client, rows))["fault"]
    assert "점검중" in fault["what"]
    assert "answers.csv" in fault["where"]
    assert "13" in fault["where"]
    assert fault["cure"]


def test_another_unit_is_a_question_and_the_answer_is_kept(engine, client):
    rows = [
        f"{day},{truth},{today},{1000 * float(offer)},"
        for day, truth, today, offer, _rest in (row.split(",") for row in ROWS)
    ]
    sha256 = table(client, rows)
    found = read(client, sha256)
    assert len(found["asks"]) == 1
    assert found["scale"] == {"업체A": 0.001}
    made = client.post("/api/v1/judge", json={"file": sha256, "roles": PARTS, "scale": found["scale"]})
    clients.work(engine)
    assert "**better**" in client.get(made.headers["location"]).json()["said"]
    unsaid = client.post("/api/v1/judge", json={"file": sha256, "roles": PARTS})
    clients.work(engine)
    assert client.get(unsaid.headers["location"]).json()["state"] == "failed"


def test_a_price_that_cannot_be_read_is_refused_before_anything_runs(client):
    got = client.post("/api/v1/judge", json={"file": table(client), "roles": PARTS, "worth": "dear"})
    assert got.status_code == 422
    assert client.get("/api/v1/runs").json() == []


def test_nobody_judges_a_file_of_another_organisation(engine, client):
    sha256 = table(client)
    stranger = clients.known(engine, "kim", "member", "elsewhere")
    assert client.get(f"/api/v1/judge/{sha256}", headers=stranger).status_code == 404
    assert client.post("/api/v1/judge", json={"file": sha256, "roles": PARTS}, headers=stranger).status_code == 404


# ---- evidence handed on -------------------------------------------------------------------------------------------------


def unzipped(content, place):
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        packed.extractall(place)
    return place


def test_what_is_handed_on_holds_no_row_and_no_block_of_few(client, judged, tmp_path):
    handed = client.get(f"/api/v1/runs/{judged}/evidence")
    assert handed.headers["content-type"] == "application/zip"
    place = unzipped(handed.content, tmp_path / "handed")
    assert evidence.verify(place).intact
    assert not (place / "private").exists()
    assert min(evidence.outcomes(place)["cases"]) >= evidence.FEWEST
    whole = unzipped(client.get(f"/api/v1/runs/{judged}/evidence", params={"whole": True}).content, tmp_path / "whole")
    assert not (whole / "private").exists()
    assert evidence.verify(whole).intact


def test_a_file_of_evidence_is_fetched_by_its_name_and_no_other(client, judged):
    report = client.get(f"/api/v1/runs/{judged}/evidence/report.html")
    assert report.headers["content-type"].startswith("text/html")
    assert "sandbox" in report.headers["content-security-policy"]
    assert "script-src" not in report.headers["content-security-policy"]
    assert client.get(f"/api/v1/runs/{judged}/evidence/trial.json").json()["project"] == "judge.table"
    for name in (
        "private/salt",
        "../log.txt",
        "%2e%2e/log.txt",
        "evidence.json/",
        "/etc/passwd",
        "private/cases.parquet",
    ):
        assert client.get(f"/api/v1/runs/{judged}/evidence/{name}").status_code == 404, name


def test_published_evidence_is_read_without_signing_in_only_where_its_owner_wants_that(engine, client, judged):
    name = client.post(f"/api/v1/runs/{judged}/publish").json()["id"]
    nobody = {"authorization": ""}
    places = [f"/evidence/{name}", f"/api/v1/evidence/{name}/zip", f"/api/v1/evidence/{name}/files/trial.json"]
    assert [client.get(each, headers=nobody).status_code for each in places] == [401] * 3
    other = clients.known(engine, "kim", "steward", "elsewhere")
    assert client.put(f"/api/v1/evidence/{name}/public", json={"public": True}, headers=other).status_code == 404
    assert client.put(f"/api/v1/evidence/{name}/public", json={"public": True}).status_code == 204
    assert [client.get(each, headers=nobody).status_code for each in places] == [200] * 3
    assert client.get(f"/api/v1/evidence/{name}").json()["run"] == judged
    client.put(f"/api/v1/evidence/{name}/public", json={"public": False})
    assert [client.get(each, headers=nobody).status_code for each in places] == [401] * 3


# ---- anybody's evidence -------------------------------------------------------------------------------------------------


def check(client, content):
    return client.post("/api/v1/verify", content=content, headers={"authorization": ""})


def again(packed, change):
    """A zip packed anew, each file as `change(name, content)` gives it; None leaves it out."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(packed)) as given, zipfile.ZipFile(out, "w") as made:
        for name in given.namelist():
            if (content := change(name, given.read(name))) is not None:
                made.writestr(name, content)
    return out.getvalue()


def one_more(name, content):
    if name != "outcomes.parquet":
        return content
    frame, out = pl.read_parquet(io.BytesIO(content)), io.BytesIO()
    last = frame.columns[-1]
    frame.with_row_index().with_columns(pl.col(last) + (pl.col("index") == 3)).drop("index").write_parquet(out)
    return out.getvalue()


def test_anybody_checks_evidence_and_nothing_of_it_is_kept(client, judged, dure_home):
    packed = client.get(f"/api/v1/runs/{judged}/evidence").content
    found = check(client, packed).json()
    assert (found["intact"], found["signed"], found["faults"]) == (True, True, [])
    assert found["said"]["verdicts"][0]["verdict"] == "better"
    assert "answers.csv" in found["missing"]
    nested = again(packed, lambda _name, content: content)
    assert check(client, nested).json()["intact"]
    assert list((dure_home / "hub" / "incoming").iterdir()) == []


def test_a_digit_that_was_changed_is_found_and_its_row_named(client, judged):
    packed = client.get(f"/api/v1/runs/{judged}/evidence").content
    found = check(client, again(packed, one_more)).json()
    assert (found["intact"], found["said"]) == (False, None)
    (fault,) = (each for each in found["faults"] if each["rows"])
    assert fault["file"] == "outcomes.parquet"
    assert len(fault["rows"]) == 1


def test_what_is_no_evidence_is_refused_in_words(client, judged):
    packed = client.get(f"/api/v1/runs/{judged}/evidence").content
    for content in (
        b"",
        b"hello",
        packed[:2000],
        again(packed, lambda name, content: None if name == "evidence.json" else content),
    ):
        got = check(client, content)
        assert (got.status_code, got.headers["content-type"]) == (422, "application/problem+json")
        assert len(got.json()["title"]) > 10


def test_few_checks_wait_at_a_time(client, monkeypatch):
    client.app.app.state.hub.checks = 8
    assert check(client, b"x").status_code == 503


def test_a_signer_is_named_by_a_steward_of_whoever_runs_the_hub(engine, client, judged):
    packed = client.get(f"/api/v1/runs/{judged}/evidence").content
    digits = check(client, packed).json()["signer"]["fingerprint"]
    given = {"fingerprint": digits, "name": "Harbour office"}
    for role, organisation in (("member", "hub"), ("steward", "elsewhere")):
        stranger = clients.known(engine, f"{role} kim", role, organisation)
        assert client.put("/api/v1/signers", json=given, headers=stranger).status_code == 403
    assert client.put("/api/v1/signers", json=given).status_code == 204
    assert check(client, packed).json()["signer"]["name"] == "Harbour office"
    assert [each["name"] for each in client.get("/api/v1/signers").json() if each["fingerprint"] == digits] == [
        "Harbour office"
    ]


def test_evidence_that_was_handed_over_is_run_again(engine, client):
    made = client.post("/api/v1/runs", json={"project": "honam.tide", "sealed": True, "seeds": [0]}).json()["id"]
    clients.work(engine)
    packed = client.get(f"/api/v1/runs/{made}/evidence").content
    rerun = client.post("/api/v1/reruns", content=packed)
    assert rerun.status_code == 201, rerun.text
    clients.work(engine)
    found = client.get(rerun.headers["location"]).json()
    assert (found["state"], found["said"]) == ("done", "it comes out the same on this machine")
    assert board.listed(engine) == []  # it was a check, not a publication
    refused = client.post("/api/v1/reruns", content=again(packed, one_more))
    assert (refused.status_code, refused.json()["where"]) == (422, "outcomes.parquet")
    assert "not whole" in refused.json()["title"]
    client.app.app.state.hub.checks = 8
    assert client.post("/api/v1/reruns", content=packed).status_code == 503
