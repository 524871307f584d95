"""Every verdict names its rule: evidence of older rules stays what it was, a rule nobody knows is refused."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from dure import evidence
from dure.errors import UserError
from dure.record import TrialRecord, Verdict
from dure.runs.rerun import rerun
from dure.runs.run import Inputs
from dure.statistics import rules
from dure.trial.verdicts import verdicts
from trials import outcomes, trial, verdict

HERE = Path(__file__).parent
OLD = sorted((HERE / "evidence").glob("*-0.1.0"))


@pytest.fixture
def second_rule(monkeypatch):
    """A rule 2 to which nothing is enough."""

    def compare(pairs, of, better, **options):
        return replace(
            rules.RULES[1].compare(pairs, of, better, **options), verdict="too few", because="under six blocks"
        )

    monkeypatch.setitem(rules.RULES, 2, replace(rules.RULES[1], number=2, compare=compare))


def written(folder, rule):
    """Evidence whose verdicts say that they were taken by this rule."""
    made = trial()
    return evidence.write(replace(made, verdicts=tuple(replace(one, rule=rule) for one in made.verdicts)), folder)


@pytest.mark.parametrize("folder", OLD, ids=lambda folder: folder.name)
def test_evidence_of_an_older_dure_is_intact_by_its_rule(folder):
    assert "rule" not in json.loads((folder / "trial.json").read_text(encoding="utf-8"))["verdicts"][0]
    report = evidence.verify(folder)
    assert report.intact, report.in_words()
    assert {one.rule for one in report.record.verdicts} == {1}


def test_evidence_of_an_older_dure_comes_out_again():
    table = HERE.parent / "examples" / "answers.csv"
    assert rerun(HERE / "evidence" / "judged-0.1.0", Inputs(data={"table": table})) == []


def test_a_rule_nobody_knows_is_refused(tmp_path):
    folder = written(tmp_path / "new", 7)
    report = evidence.verify(folder)
    assert not report.intact
    assert "rule 7 of verdicts is not known here; known are 1" in report.in_words()


def test_verdicts_by_several_rules_are_refused(second_rule, tmp_path):
    made = trial()
    mixed = (replace(made.verdicts[0], rule=2), *(replace(one, rule=1) for one in made.verdicts[1:]))
    report = evidence.verify(evidence.write(replace(made, verdicts=mixed), tmp_path / "new"))
    assert "taken by several rules: 1, 2" in report.in_words()


def test_todays_rule_is_told_beside_the_one_that_was_signed(second_rule, tmp_path):
    report = evidence.verify(HERE / "evidence" / "judged-0.1.0")
    assert report.intact
    assert "By rule 2, today's, it is: too few to say (not shown by rule 1)." in report.in_words()
    assert "otherwise" in report.to_dict()
    assert evidence.verify(evidence.write(trial(), tmp_path / "new")).otherwise == ()


def test_a_trial_is_decided_by_todays_rule(second_rule):
    made = trial()
    assert {one.rule for one in made.verdicts} == {2}
    assert {one.rule for one in verdicts(made.outcomes, made.kpis, made.about, 1)} == {1}


def test_a_verdict_without_a_rule_was_taken_by_the_first():
    said = verdict().to_json()
    assert said["rule"] == 1
    assert Verdict.from_json({name: value for name, value in said.items() if name != "rule"}) == verdict()


@pytest.mark.parametrize(
    ("change", "said"),
    [({"gian": {}}, r"\[gian\]: there is no such field\. Did you mean gain"), ({"level": "0.95"}, r"\[level\]: 0\.95 is not a number"),
     ({"verdict": "splendid"}, r"\[verdict\]: splendid is not one of")],
)  # fmt: skip
def test_what_is_no_verdict_is_refused_by_the_field(change, said):
    with pytest.raises(UserError, match=said):
        Verdict.from_json({**verdict().to_json(), **change})


def test_a_record_is_the_same_after_it_was_written():
    record = evidence.content(trial(outcomes(), goal=4.7, worth={"won": 120.0, "unit": "kWh"}, date="2026-11-30"))
    assert TrialRecord.from_json(json.loads(json.dumps(record.to_json()))) == record


@pytest.mark.parametrize("depth", [300, 995, 5000])
def test_what_is_nested_without_end_is_refused(depth):
    said = evidence.content(trial()).to_json()
    for _ in range(depth):
        said["about"]["settings"] = {"x": said["about"].get("settings", {})}
    with pytest.raises(UserError):
        TrialRecord.from_json(said)


def test_of_two_kpis_of_one_name_the_first_decides():
    made = trial()
    twin = replace(made.kpis[1], name=made.kpis[0].name)
    (one,) = [taken for taken in verdicts(made.outcomes, (made.kpis[0], twin), made.about) if taken.decides]
    assert one.of == made.kpis[0].of
