"""Which method answers: promoted by evidence or for a reason, rolled back, today's practice before and after."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from dure.errors import UserError
from dure.hub.auth.accounts import HUB
from dure.hub.models import promotion
from dure.hub.models.promotion import Accepted
from dure.project.code_hash import project_hash
from dure.project.loader import load
from dure.runs import run

PROJECTS = Path(__file__).parents[1] / "projects"
CODE = "ab" * 32
REASON = Accepted("regression", {}, CODE, "", {"ko": "시험 삼아", "en": "on trial"})


def code_of(name):
    return project_hash(load(name).folder)


def by_evidence(folder, project="honam.tide", method="regression", code=None):
    return promotion.by_evidence(folder, project, method, code or code_of("honam.tide"))


def test_todays_practice_answers_until_something_is_promoted(engine):
    assert promotion.active(engine, HUB, "honam.tide") is None
    assert promotion.all_active(engine) == []
    with pytest.raises(UserError, match="today's practice answers"):
        promotion.rollback(engine, "honam.tide", "kim", "")


def test_versions_count_up_and_roll_back_down_to_the_practice(engine):
    for version, method in enumerate(("first", "second", "third"), 1):
        assert promotion.promote(engine, "honam.tide", REASON._replace(method=method), "kim") == version
        assert promotion.active(engine, HUB, "honam.tide").method == method
    promotion.promote(engine, "jeju.battery", REASON, "lee")
    assert promotion.rollback(engine, "honam.tide", "kim", "it rained") == 2
    assert promotion.active(engine, HUB, "honam.tide").method == "second"
    assert promotion.promote(engine, "honam.tide", REASON._replace(method="fourth"), "kim") == 4
    assert [promotion.rollback(engine, "honam.tide", "kim", "") for _ in range(4)] == [3, 2, 1, 0]
    assert promotion.active(engine, HUB, "honam.tide") is None
    assert [(each.project, each.version) for each in promotion.all_active(engine)] == [
        ("honam.tide", 0),
        ("jeju.battery", 1),
    ]
    told = promotion.history(engine, "honam.tide")
    assert [each.version for each in told] == [0, 1, 2, 3, 4, 2, 3, 2, 1]
    assert (told[5].reason, told[5].who, told[5].method) == ("it rained", "kim", "second")


def test_evidence_that_says_better_is_enough(engine, tried, projects):
    accepted = by_evidence(tried)
    assert accepted.method == "regression"
    assert "mean absolute error" in accepted.why["en"]
    assert accepted.why["ko"] != accepted.why["en"]
    assert accepted.evidence == json.loads((tried / "trial.json").read_text(encoding="utf-8"))["replay"]
    promotion.promote(engine, "honam.tide", accepted, "kim")
    assert promotion.active(engine, HUB, "honam.tide").code == code_of("honam.tide")


def test_evidence_of_something_else_is_refused_and_says_what(tried, tmp_path, projects):
    with pytest.raises(UserError, match=r"is of honam\.tide"):
        by_evidence(tried, project="jeju.battery")
    with pytest.raises(UserError, match="of other code"):
        by_evidence(tried, code=CODE)
    with pytest.raises(UserError, match="no verdict on last_week"):
        by_evidence(tried, method="last_week")
    changed = tmp_path / "changed"
    shutil.copytree(tried, changed)
    told = (changed / "rows.txt").read_text(encoding="utf-8")
    (changed / "rows.txt").write_text(told.replace("0", "1", 1), encoding="utf-8")
    with pytest.raises(UserError, match="is not whole"):
        by_evidence(changed)
    with pytest.raises(UserError, match="evidence"):
        by_evidence(tmp_path / "nothing")


def test_evidence_of_the_quick_profile_or_of_a_lost_trial_is_refused(tmp_path, altered):
    altered("float(weights @ [1, asked.week_ago, asked.change])", "1e6 + float(weights[0])")
    run.run("honam.tide", run.Inputs(), profile="quick", seeds=[0], out=tmp_path / "quick")
    with pytest.raises(UserError, match="quick profile"):
        by_evidence(tmp_path / "quick")
    run.run("honam.tide", run.Inputs(), seeds=[0], out=tmp_path / "lost")
    with pytest.raises(UserError, match=r"the trial says: worse.*written reason"):
        by_evidence(tmp_path / "lost")


@pytest.mark.long
def test_the_commands_promote_tell_and_roll_back(address, tried, projects):
    environment = {**os.environ, "DURE_STORE": address, "DURE_PROJECTS": str(PROJECTS)}

    def dure(*words):
        command = [sys.executable, "-m", "dure", *map(str, words)]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    assert "Today's practice answers everywhere" in dure("services").stdout
    refused = dure("promote", "honam.tide")
    assert (refused.returncode, "or a reason" in refused.stderr) == (2, True)
    unknown = dure("promote", "honam.tide", "--method", "regresion", "--reason", "why not")
    assert (unknown.returncode, "Did you mean regression?" in unknown.stderr) == (2, True)
    done = dure("promote", "honam.tide", tried)
    assert (done.returncode, done.stdout) == (0, "honam.tide: version 1, regression, answers from now on.\n"), (
        done.stderr
    )
    assert "1 regression" in dure("services").stdout
    assert (
        dure("rollback", "honam.tide", "--reason", "it rained").stdout
        == "honam.tide: today's practice answers again.\n"
    )
    assert [each["version"] for each in json.loads(dure("services", "honam.tide", "--json").stdout)] == [0, 1]
    assert dure("rollback", "honam.tide").returncode == 2
