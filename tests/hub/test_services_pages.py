"""What answers and how it does, on its pages: promoted by a run, rolled back with a reason, the truth told, days drawn."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
from sqlalchemy import update

import clients
from dure.hub.db import schema, store
from dure.hub.models import monitoring
from dure.hub.pages import charts, services

HERE = "/api/v1/projects/honam.tide"
DAY = 86_400.0
sqlite = pytest.mark.parametrize("address", ["sqlite"], indirect=True)  # no word of it depends on the store


@pytest.fixture
def client(engine, projects):
    with clients.hub_of(engine) as made:
        made.headers["authorization"] = f"Bearer {clients.TOKEN}"
        yield made


def promoted(client, method="regression", reason="as we know it"):
    assert client.post(f"{HERE}/services", json={"method": method, "reason": reason}).status_code == 201


def answered(client, count=1):
    """Answers given; each as it came."""
    return [client.post(f"{HERE}/answer", json={"week_ago": 10 + each, "change": 1}).json() for each in range(count)]


def page(client, path="/services/honam.tide", **how):
    got = client.get(path, **how)
    assert got.status_code == 200, got.text
    return got.text


def test_what_answers_is_listed_with_how_often_the_practice_had_to(client, engine):
    assert client.get("/api/v1/services").json() == []
    assert "Today&#39;s practice answers everywhere." in page(client, "/services")
    promoted(client)
    names = [each["id"] for each in answered(client, 4)]
    client.post(f"{HERE}/feedback", json=[])  # what waits is written down
    with engine.begin() as connection:
        connection.execute(update(schema.answer).where(schema.answer.c.id == names[0]).values(cause="late"))
    (told,) = client.get("/api/v1/services").json()
    assert (told["project"], told["method"], told["version"], told["why"]) == (
        "honam.tide",
        "regression",
        1,
        "as we know it",
    )
    assert (told["answers"], told["causes"]) == (4, {"": 3, "late": 1})
    shown = page(client, "/services")
    assert "25.0 %" in shown
    assert "too late 1" in shown
    county = clients.known(engine, "lee", "viewer", "county")
    (theirs,) = client.get("/api/v1/services", headers=county).json()  # the hub's word counts where they have none
    assert (theirs["owner"], theirs["answers"]) == ("hub", 0)
    client.post(f"{HERE}/rollback", json={"reason": "it was late"})
    (back,) = client.get("/api/v1/services").json()
    assert (back["version"], back["method"], back["why"]) == (0, None, "it was late")
    assert "Today&#39;s practice answers again since" in page(client)


def test_answers_are_listed_page_by_page_for_their_organisation_alone(client, engine):
    given = [each["id"] for each in answered(client, 5)]
    first = client.get(f"{HERE}/answers", params={"limit": 2}).json()
    rest = client.get(f"{HERE}/answers", params={"before": first[-1]["id"]}).json()
    assert sorted(each["id"] for each in [*first, *rest]) == sorted(given)
    assert {each["truth"] for each in rest} == {None}
    assert "week_ago" in first[0]["request"]
    county = clients.known(engine, "lee", "member", "county")
    assert client.get(f"{HERE}/answers", headers=county).json() == []
    refused = client.put(f"{HERE}/answers/{given[0]}/truth", json={"truth": 1.0}, headers=county)
    assert refused.status_code == 404
    assert given[0] not in page(client, headers=county)


def test_the_truth_of_one_answer_is_told_told_again_and_refused_where_it_cannot_be_scored(client):
    (given,) = answered(client)
    where = f"{HERE}/answers/{given['id']}/truth"
    wrong = client.put(where, json={"truth": "a lot"})
    assert (wrong.status_code, wrong.json()["where"]) == (422, "truth")
    for truth in (12.0, 13.5):
        assert client.put(where, json={"truth": truth}).status_code == 204
    (told,) = client.get(f"{HERE}/answers").json()
    assert told["truth"] == "13.5"
    assert 'value="13.5"' in page(client)
    assert client.put(f"{HERE}/answers/nothing/truth", json={"truth": 1}).status_code == 404


def test_days_tell_causes_and_both_numbers(client, engine):
    promoted(client)
    given = answered(client, 6)
    client.post(
        f"{HERE}/feedback", json=[{"id": each["id"], "truth": each["response"]["landings"] + 1} for each in given[:5]]
    )
    with engine.begin() as connection:
        for number, each in enumerate(given):
            values = {"created": 1.75e9 + DAY * (number // 2), "cause": "late" if number == 3 else ""}
            connection.execute(update(schema.answer).where(schema.answer.c.id == each["id"]).values(**values))
    days = client.get(f"{HERE}/live").json()["days"]
    assert [each["day"] for each in days] == ["2025-06-15", "2025-06-16", "2025-06-17"]
    assert [each["causes"] for each in days] == [{"": 2}, {"": 1, "late": 1}, {"": 2}]
    assert [(each["scored"], round(each["service"], 9)) for each in days] == [(2, 1.0), (2, 1.0), (1, 1.0)]
    assert all(each["practice"] > 0 for each in days)
    shown = page(client)
    pictures = re.findall(r'<svg class="days".*?</svg>', shown, re.DOTALL)
    assert len(pictures) == 2
    labels = [ElementTree.fromstring(each).get("aria-label") for each in pictures]
    assert labels[0].startswith("mean absolute error, 2025-06-15 to 2025-06-17, day by day: on the last one 1.00 t")
    assert labels[1] == (
        "Answers a day, 2025-06-15 to 2025-06-17: 5 by what is promoted, 1 by today's practice in its place."
    )
    assert "<td>2025-06-16</td>" in shown


@sqlite
def test_a_run_that_says_better_is_offered_and_promoted_and_offered_no_more(client, engine):
    assert "No run of yours says better" in page(client)
    quick = {"project": "honam.tide", "seeds": [0], "sealed": True, "profile": "quick"}
    for given in (quick, quick | {"profile": "full"}):
        assert client.post("/api/v1/runs", json=given).status_code == 201
    clients.work(engine)
    (found,) = client.get(f"{HERE}/services/candidates").json()
    run = client.get("/api/v1/runs").json()[0]
    assert (found["run"], found["method"]) == (run["id"], "regression")
    shown = page(client)
    fields = dict(re.findall(r'<input type="hidden" name="(run|method)" value="([^"]*)">', shown))
    assert client.post(f"{HERE}/services", json=fields).status_code == 201
    assert "No run of yours says better" in page(client)
    reader = clients.known(engine, "lee", "viewer")
    assert found["said"].split("\n")[0] in page(client, headers=reader)
    assert client.get(f"{HERE}/services/candidates", headers=reader).status_code == 200


@sqlite
def test_alarms_and_deletions_are_told_in_words(client, engine):
    promoted(client)
    with engine.begin() as connection:
        words = {"ko": "1판이 달라졌습니다", "en": "version 1 drifts: request.week_ago"}
        store.happened(connection, "hub", "honam.tide", "drift", words)
        store.happened(connection, "county", "honam.tide", "drift", {"ko": "남의 일", "en": "not ours"})
        store.happened(connection, "hub", "", "deleted", {"ko": "지웠습니다", "en": "lee has had 3 answers deleted"})
    listed, alone = page(client, "/services"), page(client)
    assert "version 1 drifts" in alone
    assert "lee has had" not in alone
    assert all(each in listed for each in ("version 1 drifts", "lee has had 3 answers deleted", "drift alarm"))
    assert "not ours" not in listed + alone
    assert "1판이 달라졌습니다" in page(client, headers={"accept-language": "ko"})


@sqlite
def test_what_was_asked_is_shown_as_text(client):
    client.post(f"{HERE}/answer", json={"week_ago": 10, "change": 1})
    assert services.brief('{"week_ago": 10.123456, "name": "<b>"}') == "week_ago 10.12, name <b>"
    assert services.brief('{"orders": [{"a": 1}, {"b') == '{"orders": [{"a": 1}, {"b …'
    shown = charts.against(
        [{"day": f"2026-01-0{day}", "service": 1.0 * day, "practice": -2.0} for day in (1, 4)],
        {"name": "<i>won</i>", "unit": "원"},
    )
    ElementTree.fromstring(shown)
    assert "<i>" not in shown


@sqlite
def test_one_day_alone_is_drawn(client, engine):
    answered(client, 1)
    shown = page(client)
    (picture,) = re.findall(r'<svg class="days".*?</svg>', shown, re.DOTALL)
    assert "1 by today's practice, 0 by" in ElementTree.fromstring(picture).get("aria-label")
    assert monitoring.SHOWN == 60
