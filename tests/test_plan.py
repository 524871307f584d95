"""The plan: 25 lines, joined with the projects found and what their trials measured; no project's code is run."""

import json
import tomllib
from pathlib import Path

import pytest
from rich.console import Console

import trials
from dure.errors import UserError
from dure.i18n.texts import speak
from dure.record import TrialRecord
from dure.registry import plan

TOML = """
id = "{id}"
line = "{line}"
version = "1"
title.ko = "밭"
title.en = "A field"
summary.ko = "밭"
summary.en = "A field"
practice = {{source = "a book", year = 2020, who.ko = "농가", who.en = "farmers", stronger.ko = "없음", stronger.en = "none"}}
"""
OTHER = """
[source]
ko = "우리 계획"
en = "Our plan"
[[strategy]]
id = 1
ko = "하나"
en = "One"
[[region]]
id = "here"
ko = "여기"
en = "Here"
[[line]]
id = "here.field"
region = "here"
strategy = 1
title = {ko = "밭", en = "Field"}
asks = {ko = "밭을 본다", en = "Look at the field"}
gives = {ko = "본다", en = "Looks"}
"""


def verdict(site, said, **more):
    values = {
        "kpi": {"ko": "평균 절대 오차", "en": "mean absolute error"}, "unit": "kg", "method": "model", "against": "practice",
        "site": site, "verdict": said, "decides": False, "methods": {"model": 1.2, "practice": 1.6}, **more,
    }  # fmt: skip
    return trials.verdict(**values)


def tried(folder, *verdicts):
    """A project's trial.json with these verdicts."""
    found = TrialRecord("here.field", "1", (), trials.about(code="old"), verdicts, "0" * 64)
    (folder / "trial.json").write_text(json.dumps(found.to_json()), encoding="utf-8")


@pytest.fixture
def field_project(tmp_path, monkeypatch):
    """A project whose code must not be run, found through DURE_PROJECTS."""
    folder = tmp_path / "projects" / "here" / "field"
    folder.mkdir(parents=True)
    (folder / "project.toml").write_text(TOML.format(id="here.field", line="jeju.wintercrops"), encoding="utf-8")
    (folder / "project.py").write_text("raise SystemExit('imported')", encoding="utf-8")
    monkeypatch.setenv("DURE_PROJECTS", str(tmp_path / "projects"))
    monkeypatch.chdir(tmp_path)
    return folder


def line(name, path=None):
    return next(each for each in plan.lines(path) if each.id == name)


def shown(lines, lang="en"):
    speak(lang)
    console = Console(width=240)
    with console.capture() as captured:
        console.print(plan.table(lines))
    speak(None)
    return captured.get()


def test_the_plan_has_its_25_lines_in_both_languages():
    lines = plan.lines()
    assert len(lines) == len({each.id for each in lines}) == 25
    assert all(
        text.ko != text.en for each in lines for text in (each.title, each.asks, each.gives, each.region, each.strategy)
    )
    assert "2021" in lines[0].source.en


def test_the_file_reads_as_data_alone():
    said = tomllib.loads(Path(plan.__file__).with_name("plan.toml").read_text(encoding="utf-8"))
    assert {each["region"] for each in said["line"]} == {each["id"] for each in said["region"]}


def test_what_is_not_there_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr(plan, "found", dict)
    states = {each.id: each.state for each in plan.lines()}
    assert states["plan.portfolio"] == "built"
    assert states["yeongnam.production"] == "not measured yet"
    assert all(each.state in ("not built yet", "built") for each in plan.lines() if each.room)
    assert "not measured yet" in shown(plan.lines())


def test_a_project_without_a_trial_is_not_measured_yet(field_project):
    found = line("jeju.wintercrops")
    assert [each.id for each in found.projects] == ["here.field"]
    assert found.state == "not measured yet"


def test_the_last_number_and_the_sites_come_from_the_trial(field_project):
    tried(field_project, verdict("all", "better", decides=True), verdict("Jeju", "better"), verdict("Muan", "not shown"),
          verdict("Jeju", "worse", method="rival"), verdict("Jeju", "worse", round="open"))  # fmt: skip
    found = line("jeju.wintercrops")
    assert found.state == "measured"
    (project,) = found.projects
    assert project.stale
    assert project.measured.verdict.verdict == "better"
    assert project.measured.sites == {
        "better": ("Jeju",),
        "worse": (),
        "not shown": ("Muan",),
        "too few": (),
        "lost": (),
    }
    text = shown([found])
    assert "mean absolute error 1.2 kg, today 1.6" in text
    assert "○ not shown 1" in text
    assert "평균 절대 오차" in shown([found], "ko")


def test_the_lines_are_json(field_project):
    tried(field_project, verdict("", "lost", decides=True))
    said = json.loads(json.dumps([each.to_dict() for each in plan.lines()]))
    one = next(each for each in said if each["id"] == "jeju.wintercrops")
    assert one["title"] == {"ko": "월동 작물", "en": "Winter crops"}
    assert one["projects"][0]["measured"]["verdict"] == "lost"


def test_a_damaged_trial_is_named(field_project):
    (field_project / "trial.json").write_text("{", encoding="utf-8")
    with pytest.raises(UserError, match=r"trial\.json"):
        plan.lines()


def test_another_plan_works_too(tmp_path):
    file = tmp_path / "ours.toml"
    file.write_text(OTHER, encoding="utf-8")
    (found,) = plan.lines(file)
    assert found.title.ko == "밭"
    assert found.state == "not measured yet"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('region = "here"', 'region = "hare"', "Did you mean here"),
        ("strategy = 1", "strategy = 7", "no strategy 7"),
        ('asks = {ko = "밭을 본다", en = "Look at the field"}', "", "asks"),
        ("[source]", "[source", "ours.toml"),
    ],
)
def test_a_faulty_plan_is_refused_where_it_is_faulty(old, new, said, tmp_path):
    file = tmp_path / "ours.toml"
    file.write_text(OTHER.replace(old, new), encoding="utf-8")
    with pytest.raises(UserError) as refused:
        plan.lines(file)
    assert said in str(refused.value)
