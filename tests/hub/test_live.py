"""What becomes of answers: the truth told, numbers beside today's practice, drift seen; new data tried before they answer."""

from __future__ import annotations

import json
import random
from datetime import date, timedelta
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import column, inspect, select, table, update

import clients
from dure.hub.db import schema, store
from dure.hub.models import monitoring, promotion
from dure.hub.models.promotion import Accepted

PROJECTS = Path(__file__).parents[1] / "projects"
HERE = "/api/v1/projects/honam.tide"
TRIED = Accepted("regression", {}, "", "", {"en": "tried", "ko": "시험"})


@pytest.fixture
def client(engine, projects):
    promotion.promote(engine, "honam.tide", TRIED, "kim")
    with clients.hub_of(engine) as made:
        made.headers["authorization"] = f"Bearer {clients.TOKEN}"
        yield made


def answered(client, week_ago, change=1.0):
    got = client.post(f"{HERE}/answer", json={"week_ago": week_ago, "change": change})
    assert got.status_code == 200, got.text
    return got.json()


def test_the_truth_told_later_scores_the_answer_and_the_practice_beside_it(client):
    given = [answered(client, 10 * number) for number in range(1, 5)]
    told = client.post(
        f"{HERE}/feedback", json=[{"id": each["id"], "truth": each["response"]["landings"]} for each in given]
    )
    assert told.json() == {"scored": 4, "refused": {}}, told.text
    found = client.get(f"{HERE}/live").json()
    assert (found["service"], found["answers"], found["causes"], found["scored"]) == (1, 4, {"": 4}, 4)
    (kpi,) = found["kpis"]
    assert (kpi["name"], kpi["service"], kpi["verdict"], kpi["because"]) == (
        "mean absolute error",
        0.0,
        "too few",
        "under six blocks",
    )
    apart = [abs(each["response"]["landings"] - 10 * number) for number, each in enumerate(given, 1)]
    assert kpi["practice"] == pytest.approx(sum(apart) / 4)


def test_over_the_days_a_verdict_comes(client, engine):
    draw = random.Random(1)
    given = [answered(client, draw.uniform(5, 50)) for _each in range(60)]
    truths = [{"id": each["id"], "truth": each["response"]["landings"] + draw.gauss(0, 0.1)} for each in given]
    assert client.post(f"{HERE}/feedback", json=truths).json()["scored"] == 60
    for number, each in enumerate(given):
        with engine.begin() as connection:
            moment = 1.7e9 + 86_400 * (number // 3)
            connection.execute(update(schema.answer).where(schema.answer.c.id == each["id"]).values(created=moment))
    (kpi,) = client.get(f"{HERE}/live").json()["kpis"]
    assert (kpi["verdict"], kpi["blocks"], kpi["cases"]) == ("better", 20, 60)
    assert 0 < kpi["gain"]["low"] < kpi["gain"]["mean"]


def test_what_cannot_be_scored_is_told_answer_by_answer(client):
    first, second = answered(client, 10), answered(client, 20)
    sent = [{"id": first["id"], "truth": "a lot"}, {"id": second["id"], "truth": 20.0}, {"id": "nothing", "truth": 1.0}]
    told = client.post(f"{HERE}/feedback", json=sent).json()
    assert (told["scored"], set(told["refused"])) == (1, {first["id"], "nothing"})
    assert "cannot score this truth" in told["refused"][first["id"]]
    again = client.post(f"{HERE}/feedback", json=[{"id": second["id"], "truth": 30.0}])
    assert again.json()["scored"] == 1  # the newest word counts
    assert client.get(f"{HERE}/live").json()["scored"] == 1


def test_another_organisations_answers_are_not_there(client, engine):
    mine = answered(client, 10)
    strange = clients.known(engine, "lee", "member", "county")
    told = client.post(f"{HERE}/feedback", json=[{"id": mine["id"], "truth": 1.0}], headers=strange).json()
    assert told["scored"] == 0
    assert client.get(f"{HERE}/live", headers=strange).json()["answers"] == 0


def test_an_organisation_is_answered_by_what_it_has_promoted_or_else_by_the_hubs(client, engine):
    county = clients.known(engine, "lee", "steward", "county")
    calm = {"week_ago": 10, "change": 1}

    def by(headers=None):
        return client.post(f"{HERE}/answer", json=calm, headers=headers).json()["method"]

    assert (by(), by(county)) == ("regression", "regression")
    promoted = client.post(f"{HERE}/services", json={"method": "last_week", "reason": "as we know it"}, headers=county)
    assert promoted.status_code == 201
    assert (by(), by(county)) == ("regression", "last_week")
    client.post(f"{HERE}/rollback", json={}, headers=county)
    assert (by(), by(county)) == ("regression", "last_week")  # version 0 is their word as well
    assert len(client.get(f"{HERE}/services", headers=county).json()) == 2
    assert len(client.get(f"{HERE}/services").json()) == 1


def test_the_answers_of_two_services_are_not_summed_up_because_both_are_version_one(client, engine):
    county = clients.known(engine, "lee", "steward", "county")
    calm = {"week_ago": 10, "change": 1}
    client.post(f"{HERE}/answer", json=calm, headers=county)  # by the hub's version 1
    client.post(f"{HERE}/services", json={"method": "last_week", "reason": "as we know it"}, headers=county)
    client.post(f"{HERE}/feedback", json=[], headers=county)
    found = client.get(f"{HERE}/live", headers=county).json()
    assert (found["service"], found["answers"]) == (1, 0)


def test_whose_service_answered_is_found_out_when_a_store_is_brought_up(engine):
    for organisation in ("hub", "harbour"):
        promotion.promote(
            engine, "honam.tide", Accepted("regression", {}, "", "", {"en": "", "ko": ""}), "lee", organisation
        )
    values = {"project": "honam.tide", "person": "kim", "created": 1.0, "cause": "", "request": "{}", "response": "{}"}
    rows = [("a", "harbour", 1), ("b", "inland", 1), ("c", "harbour", 2), ("d", "inland", 0)]
    with engine.begin() as connection:
        config = clients.migrations(connection)
        command.downgrade(config, "0004")
        before = table("answer", *map(column, ("id", "organisation", "service", *values)))
        assert "owner" not in {each["name"] for each in inspect(connection).get_columns("answer")}
        for name, organisation, version in rows:
            connection.execute(before.insert().values(id=name, organisation=organisation, service=version, **values))
        command.upgrade(config, "head")
        found = dict(connection.execute(select(schema.answer.c.id, schema.answer.c.owner)).all())
    assert found == {"a": "harbour", "b": "hub", "c": "hub", "d": ""}


def test_drift_is_seen_told_once_and_counted(client, engine):
    draw = random.Random(2)
    for _each in range(300):
        answered(client, draw.gauss(30, 5))
    client.post(f"{HERE}/feedback", json=[])  # what waits is written down
    monitoring.alarm(engine)
    assert client.get(f"{HERE}/live").json()["drift"] == []
    for _each in range(300):
        answered(client, draw.gauss(60, 5))
    client.post(f"{HERE}/feedback", json=[])
    monitoring.alarm(engine)
    monitoring.alarm(engine)
    found = client.get(f"{HERE}/live").json()["drift"]
    assert {each["field"] for each in found} == {"request.week_ago", "response.landings"}
    (event,) = client.get("/api/v1/events").json()
    assert event["kind"] == "drift"
    assert "request.week_ago" in event["said"]
    assert client.get("/api/v1/events", headers={"accept-language": "ko"}).json()[0]["said"] != event["said"]
    assert 'dure_drift_fields{organisation="hub",project="honam.tide"} 2.0' in client.get("/metrics").text


def later(weeks):
    """The landings of the quick forecast, gone on for some weeks as they were in the last ones."""
    lines = (PROJECTS / "honam/tide/data/landings.csv").read_text(encoding="utf-8").splitlines()
    days = [line.split(",") for line in lines[1:]]
    last, again = date.fromisoformat(days[-1][0]), days[-7 * weeks :]
    days += [[str(last + timedelta(days=number)), tonnes] for number, (_day, tonnes) in enumerate(again, 1)]
    return "\n".join([lines[0], *map(",".join, days)]).encode()


NAMED = '("third quarter", weeks[-24:-12], False), ("fourth quarter", weeks[-12:], True)'
BY_WEEK = '("first weeks", weeks[-24:-12], False), (f"weeks to {weeks[-1]}", weeks[-12:], True)'


def tried(client, engine, **more):
    """A run played to its end."""
    wanted = {"project": "honam.tide", "seeds": [0]} | more
    made = client.post("/api/v1/runs", json=wanted)
    assert made.status_code == 201, made.text
    clients.work(engine)
    return client.get(made.headers["location"]).json()


def test_when_data_move_on_only_rounds_that_nobody_has_seen_decide(engine, altered, dure_home):
    altered(NAMED, BY_WEEK)
    with clients.hub_of(engine) as client:
        client.headers["authorization"] = f"Bearer {clients.TOKEN}"
        assert tried(client, engine, sealed=True)["state"] == "done"
        again = tried(client, engine, newer=True)
        assert (again["state"], "every sealed round has been looked at" in again["said"]) == ("failed", True)
        name = clients.sent(client, "landings.csv", later(13))
        newer = tried(client, engine, newer=True, data={"landings": name})
        assert newer["state"] == "done", newer
        given = {"method": "regression", "run": newer["id"]}
        promoted = client.post(f"{HERE}/services", json=given)
        assert promoted.status_code == 201, promoted.text
        found = answered(client, 10)
        assert (found["method"], found["service"]) == ("regression", 1)
        (row,) = [each for each in client.get("/api/v1/runs").json() if each["id"] == newer["id"]]
        assert row["asked"]["data"] == {"landings": name}
    evidence = store.folder() / "runs" / newer["id"] / "attempt-1" / "evidence" / "trial.json"
    assert json.loads(evidence.read_text(encoding="utf-8"))["about"]["rounds"] == ["first weeks", "weeks to 2024-13"]
