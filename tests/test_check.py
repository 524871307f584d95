"""The promises: three good projects keep them, eight broken ones are caught, each by the promise it breaks."""

import json
import shutil
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import broken
from dure import evidence
from dure.checks import differences, leaks, promises, subject
from dure.checks.report import LEVELS, Found, _outcome, check, level_of
from dure.cli.app import command_fault
from dure.datasets.data import Data
from dure.project import loader
from dure.project.case import Case, Round
from dure.trial import trial, types

HERE = Path(__file__).parent
GOOD = ("honam/tide", "chungcheong/kiln", "jeju/battery")


def copied(place, tmp_path, *, tried=False):
    """A project of these tests in a folder of its own, with its trial.json when it is wanted."""
    folder = tmp_path / Path(place).parent.name / Path(place).name
    shutil.copytree(HERE / place, folder)
    if tried:
        project = loader.load(HERE / place)  # the copy may be edited before it is loaded
        found = trial.run(project, Data(project.sources, project.folder), tmp_path / "trial", sealed=True)
        (folder / "trial.json").write_text(json.dumps(evidence.content(found).to_json()), encoding="utf-8")
    return folder


def edited(folder, *changes, name="project.py"):
    """A file of the project with texts replaced."""
    return broken.edited(folder, [broken.Change(before, after, name) for before, after in changes])


def states(report):
    return {each.name: (each.state, each.reason) for each in report.promises}


def one_promise(folder, name, tmp_path, *, full=False):
    """What came of one promise alone."""
    place = tmp_path / "place"
    place.mkdir(exist_ok=True)
    examined = subject.Subject(
        loader.load(folder), place, promises.EXEMPTABLE, command_fault, full=full, tell=types.quiet
    )
    promise = next(each for each in promises.PROMISES if each.name == name)
    return _outcome(promise, examined)


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.long if name == "chungcheong/kiln" else ()) for name in GOOD]
)
def test_a_good_project_is_silver_and_none_of_its_promises_fails(name, tmp_path):
    report = check(loader.load(copied(f"projects/{name}", tmp_path, tried=True)), command_fault=command_fault)
    wrong = [each for each in report.promises if each.state == "broken" and each.level in ("bronze", "silver")]
    assert wrong == []
    assert report.level == "silver"
    assert {each.name: each.reason for each in report.promises if each.state == "broken" and each.level == "gold"} == {
        "card": f"no model card is written from the trial yet; run `dure card {name.replace('/', '.')} --write`"
    }


BROKEN = {
    "leak": ("leak", "bronze", ["round open", "case 105"]),
    "told": ("ids", "bronze", ["round open", "105-44.49"]),
    "unscored": ("kpis", "bronze", ["the KPI late needs late", "errors"]),
    "mutated": ("request", "none", ["line", "case 105", "yesterday"]),
    "dice": ("seed", "none", ["line", "case 105", "catch"]),
    "pickled": ("pickle", "none", ["project.py:4", "import pickle"]),
    "caller": ("home", "none", ["project.py:47", "127.0.0.1"]),
    "speechless": ("languages", "none", ["project.py:13", "catch the day before", "locale/ko.po"]),
}
# What else the same fault breaks; everything beyond is a false alarm.
WITH_IT = {"leak": {"blocks"}, "unscored": {"constant", "permuted", "replay"}, "dice": {"rebuilt"}}


@pytest.mark.slow
@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_project_is_caught_with_what_and_where(name, tmp_path):
    report = check(loader.load(broken.by(name, tmp_path)), command_fault=command_fault)
    promise, level, words = BROKEN[name]
    state, reason = states(report)[promise]
    assert state == "broken"
    assert [word for word in words if word not in reason] == []
    assert report.level == level
    others = {each.name for each in report.promises if each.state == "broken" and each.level in ("bronze", "silver")}
    assert others - {promise, "replay"} == WITH_IT.get(name, set()) - {"replay"}


def test_every_broken_project_is_tried():
    assert set(broken.FAULTS) == set(BROKEN)


@pytest.mark.slow
def test_without_its_fault_none_of_them_would_be_caught(tmp_path):
    report = check(loader.load(broken.project(tmp_path, "catch")), command_fault=command_fault)
    caught = {each.name for each in report.promises if each.state == "broken" and each.level in ("bronze", "silver")}
    assert caught == {"replay"}  # it has no trial of its own, as the broken ones have none


def test_without_a_trial_the_cure_is_said(tmp_path):
    state, reason = one_promise(copied("projects/honam/tide", tmp_path), "replay", tmp_path)
    assert state == "broken"
    assert "dure run honam.tide --sealed --keep" in reason


def test_a_changed_project_is_stale_and_keeps_its_level_while_the_numbers_agree(tmp_path):
    folder = edited(copied("projects/honam/tide", tmp_path, tried=True), ("A quick forecast", "A very quick forecast"))
    state, reason = one_promise(folder, "replay", tmp_path)
    assert (state, reason[:6]) == ("kept", "stale:")


def test_a_changed_project_whose_numbers_differ_is_told_which(tmp_path):
    folder = copied("projects/honam/tide", tmp_path, tried=True)
    edited(folder, ("abs(got.landings - case.truth)", "2 * abs(got.landings - case.truth)"))
    state, reason = one_promise(folder, "replay", tmp_path)
    assert state == "broken"
    assert "third quarter: errors" in reason


@pytest.mark.slow
def test_changed_code_does_not_open_sealed_rounds(tmp_path, dure_home):
    folder = edited(copied("projects/honam/tide", tmp_path, tried=True), ("A quick forecast", "A very quick forecast"))
    check(loader.load(folder), command_fault=command_fault)
    assert not (dure_home / "looks.tsv").exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "kind"),
    [(("A slow learner", "A very slow learner"), "replay"), (("w - 0.5 * sum", "w - 0.4 * sum"), "look")],
)
def test_the_whole_check_opens_them_and_writes_down_whether_they_show_what_trial_json_shows(
    change, kind, tmp_path, dure_home
):
    folder = edited(copied("projects/chungcheong/kiln", tmp_path, tried=True), change)
    one_promise(folder, "replay", tmp_path, full=True)
    opened, settled = (line.split("\t") for line in (dure_home / "looks.tsv").read_text(encoding="utf-8").splitlines())
    assert opened[1:3] == ["chungcheong.kiln", "fourth quarter"]
    assert settled[-1] == kind


def test_an_exemption_is_a_sentence_and_bronze_has_none(tmp_path):
    folder = broken.by("leak", tmp_path)
    toml = folder / "project.toml"
    plain = toml.read_text(encoding="utf-8")
    toml.write_text(
        plain + '[exempt]\nleak = { ko = "교과서 예제입니다.", en = "A textbook example." }\n', encoding="utf-8"
    )
    assert one_promise(folder, "leak", tmp_path) == ("exempt", "A textbook example.")
    toml.write_text(plain + '[exempt]\nseed = { ko = "-", en = "-" }\n', encoding="utf-8")
    assert "seed cannot be exempted" in one_promise(folder, "manifest", tmp_path)[1]
    toml.write_text(plain + '[exempt]\nleaks = { ko = "-", en = "-" }\n', encoding="utf-8")
    assert "did you mean leak?" in one_promise(folder, "manifest", tmp_path)[1]


def test_the_level_is_the_last_one_before_a_broken_promise():
    def found(**state):
        return [Found(name, name, "", state.get(name, "kept"), "") for name in LEVELS]

    assert level_of(found()) == "platinum"
    assert level_of(found(silver="exempt", gold="does not apply", platinum="broken")) == "gold"
    assert level_of(found(silver="broken")) == "bronze"
    assert level_of(found(bronze="broken")) == "none"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("place", "promise", "change", "words"),
    [
        ("honam/tide", "leak", ("history(data, asked[0].time)", "history(data, asked[1].time)"), ["begins"]),
        ("honam/tide", "leak", ("case.time < until", "case.time <= until"), ["begins"]),
        ("honam/tide", "nonsense", ("class Request(Form):", "class Request(Form):\n    model_config = {'extra': 'allow'}\n"),
         ["no_such_field is unknown", "taken for good"]),
        ("honam/tide", "constant", ("landings=asked.week_ago)", "landings=0 * asked.week_ago)"), ["constant mean"]),
        ("honam/tide", "answers", ("landings=asked.week_ago)", "landings='many')"), ["last_week", "landings"]),
        ("honam/tide", "sources", ('licence="CC0-1.0", ', ""), ["landings", "licence"]),
        ("honam/tide", "pickle", ("import numpy as np", "import numpy as np\nx = eval('1')"), ["project.py:4", "eval"]),
        ("honam/tide", "figures", ("PROJECT = Project(", "PROJECT = Project(figures=lambda rows, rounds: {'': rows['no_such_sum']},"),
         ["whole trial", "no_such_sum"]),
        ("chungcheong/kiln", "blocks", ("number // 8}", "number % 60}"), ["lot"]),
        ("chungcheong/kiln", "rebuilt", ('kept["weights"]', '[w + kept["step"] / 1e3 for w in kept["weights"]]'), ["descent"]),
        ("jeju/battery", "ids", ('self.start_many([""])', 'self.start_many([""])\n        self.total += 50 * len(_case)'), ["seen", "day 0"]),
        ("jeju/battery", "twin", ("self.count + 1", "self.count + 1 + (len(asked['hour']) > 1)"), ["seen", "bill"]),
        ("jeju/battery", "home", ("    return Clock()", "    import os\n    os.system('exit 0')\n    return Clock()"), ["os.system", "project.py"]),
    ],
)  # fmt: skip
def test_other_faults_are_named(place, promise, change, words, tmp_path):
    state, reason = one_promise(edited(copied(f"projects/{place}", tmp_path), change), promise, tmp_path)
    assert state == "broken"
    assert [word for word in words if word not in reason] == []


@pytest.mark.slow
def test_charts_of_a_whole_trial_are_drawn_from_one(tmp_path):
    drawn = ("class Drawn(dict):\n    def to_dict(self):\n        return dict(self)\n\n\n"
             "def figures(rows, rounds):\n    return {r.name: Drawn(rows=rows['answer'].len()) for r in rounds if r.cases}\n\n\n")  # fmt: skip
    change = ("PROJECT = Project(", drawn + "PROJECT = Project(figures=figures,")
    folder = edited(copied("projects/honam/tide", tmp_path), change)
    assert one_promise(folder, "figures", tmp_path) == ("kept", "")


@pytest.mark.slow
@pytest.mark.parametrize("promise", ["manifest", "languages"])
@pytest.mark.parametrize("name", [name for name in loader.found() if name.startswith(("gangwon.", "yeongnam."))])
def test_the_projects_that_come_with_dure_are_complete_in_both_languages(name, promise, tmp_path):
    assert one_promise(name, promise, tmp_path)[0] == "kept", one_promise(name, promise, tmp_path)[1]


@pytest.mark.slow
def test_what_numba_kept_before_is_not_read_where_a_project_is_watched(tmp_path):
    folder = edited(
        copied("projects/honam/tide", tmp_path),
        ("import numpy as np", "import numpy as np\nfrom numba import njit"),
        ("def last_week(", "@njit(cache=True)\ndef kept(tonnes):\n    return tonnes\n\n\ndef last_week("),
        ("landings=asked.week_ago)", "landings=kept(asked.week_ago))"),
    )
    for _compiled_then_read in range(2):
        assert one_promise(folder, "pickle", tmp_path)[0] == "kept"
    assert list(folder.glob("__pycache__/*.nbi"))


def test_late_answers_are_measured(tmp_path):
    folder = edited(
        copied("projects/honam/tide", tmp_path),
        ('version = "1"', 'version = "1"\ndeadline = 1e-9'),
        name="project.toml",
    )
    state, reason = one_promise(folder, "time", tmp_path)
    assert state == "broken"
    assert "1e-09 s are allowed" in reason


def test_a_command_the_readme_shows_must_exist(tmp_path):
    folder = edited(copied("projects/honam/tide", tmp_path), ("--sealed", "--seeled"), name="README.md")
    state, reason = one_promise(folder, "readme", tmp_path)
    assert state == "broken"
    assert "README.md:4" in reason
    assert "--seeled" in reason


@pytest.mark.slow
def test_the_whole_check_runs_the_readmes_commands_as_well(tmp_path):
    folder = copied("projects/honam/tide", tmp_path)
    assert one_promise(folder, "readme", tmp_path, full=True)[0] == "kept"
    edited(folder, ("dure show honam.tide", "dure show honam.tied"), name="README.md")
    state, reason = one_promise(folder, "readme", tmp_path, full=True)
    assert state == "broken"
    assert "README.md:6" in reason
    assert "honam.tide" in reason  # the name that was meant


def asked(first, count, **about):
    began = datetime(2025, 1, 1)
    return [Case(str(n), {"n": n}, n % 3, time=began + timedelta(days=n), **about) for n in range(first, first + count)]


def test_a_leak_through_a_frame_or_under_another_name_is_found():
    cases = asked(10, 5)
    frame = pl.DataFrame({"time": [case.time for case in asked(0, 11)], "truth": range(11)})
    assert "begins" in leaks._leak(Round("r", (), cases), {"plant": frame})
    assert leaks._leak(Round("r", (), cases), {"plant": frame.head(10)}) == ""
    assert "case 12" in leaks._leak(Round("r", (), cases), pl.DataFrame({"id": ["12"], "truth": [0]}))
    renamed = [Case(f"again {case.id}", case.request, case.truth) for case in cases]
    assert "again 10" in leaks._leak(Round("r", (), cases), renamed)


def test_small_whole_numbers_that_repeat_by_chance_are_no_leak():
    cases = [Case(f"asked {n}", {"n": n % 4}, n % 2) for n in range(40)]
    known = [Case(f"known {n}", {"n": n % 4}, n % 2) for n in range(400)]
    assert leaks._leak(Round("r", (), cases), known) == ""


@given(st.lists(st.floats(allow_nan=False), max_size=30))
def test_permuting_moves_truths_and_nothing_else(truths):
    known = [Case(str(n), {"n": n}, truth, f"b{n}") for n, truth in enumerate(truths)]
    mixed = subject.permute(known)
    assert [(case.id, case.request, case.block) for case in mixed] == [
        (case.id, case.request, case.block) for case in known
    ]
    assert sorted(case.truth for case in mixed) == sorted(truths)
    frame = pl.DataFrame(
        {"id": [str(n) for n in range(len(truths))], "truth": truths}, schema={"id": pl.String, "truth": pl.Float64}
    )
    after = subject.permute(frame)
    assert after["id"].equals(frame["id"])
    assert sorted(after["truth"]) == sorted(truths)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.floats(-9, 9) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3),
    max_leaves=8,
)


@given(JSON, JSON)
def test_two_answers_differ_only_where_they_do(one, other):
    assert differences.differs(json.dumps(one), json.dumps(one)) is None
    forth = differences.differs(json.dumps(one), json.dumps(other))
    assert (forth is None) == (differences.differs(json.dumps(other), json.dumps(one)) is None)
    if forth is None:
        assert one == other


# ---- gold on a decision project with several places ---------------------------------------------------------------------

# What a day costs by whom, at each place, and by how much it varies from day to day.
COSTS = {
    "yard": {"today": 20, "model": 7, "first": 8, "second": 9},
    "north": {"today": 20, "model": 7, "first": 8, "second": 6},
    "south": {"today": 20, "model": 7, "first": 8, "second": 6},
    "east": {"today": 20, "model": 7, "first": 8, "second": 6},
}
DECISION = """
import random
from typing import Literal
from dure import Case, Form, Kpi, Project, Round

COSTS = {costs}

class Request(Form):
    day: int

class Response(Form):
    who: Literal["today", "model", "first", "second"]
    chance: float = 0

def cases(site):
    mix = random.Random(site)
    for day in range(12):
        truth = {{who: cost + mix.gauss(0, 0.2) for who, cost in COSTS[site].items()}}
        yield Case(f"{{site}} day {{day}}", Request(day=day), truth, f"{{site}} {{day}}", site)

def rounds(_data):
    yield Round("open", (), list(cases("yard")))
    yield Round("sealed", (), [case for site in ("north", "south", "east") for case in cases(site)], sealed=True)

def practice(_history, _seed, _work):
    return lambda asked: Response(who="today")

def model(_history, seed, _work):
    return lambda asked: Response(who="model", chance=random.Random(seed).random())

def first(_history, _seed, _work):
    return lambda asked: Response(who="first")

def second(_history, _seed, _work):
    return lambda asked: Response(who="second")

PROJECT = Project(
    request=Request, response=Response, sources=(), history=lambda _data, _until=None: (), rounds=rounds,
    practice=practice, model=model, rivals=(second, first),
    score=lambda case, got: {{"cost": case.truth[got.who]}}, kpis=(Kpi("cost of a day", "won", "lower", "cost / cases"),),
)
"""


def decided(tmp_path, *, sealed=True, seeds=(0,), spoil=lambda said: None, **costs):
    """A decision project tried with these costs; `spoil` edits its trial.json."""
    folder = tmp_path / "jeju" / "carts"
    folder.mkdir(parents=True)
    plain = (HERE / "projects" / "jeju" / "battery" / "project.toml").read_text(encoding="utf-8")
    (folder / "project.toml").write_text(plain.replace("jeju.battery", "jeju.carts"), encoding="utf-8")
    by_site = {site: each | costs.get(site, {}) for site, each in COSTS.items()}
    (folder / "project.py").write_text(DECISION.format(costs=by_site), encoding="utf-8")
    project = loader.load(folder)
    found = trial.run(project, Data((), folder), tmp_path / "trial", sealed=sealed, seeds=seeds)
    said = evidence.content(found).to_json()
    spoil(said)
    (folder / "trial.json").write_text(json.dumps(said), encoding="utf-8")
    return folder


def test_a_decision_is_judged_against_the_rival_that_was_best_on_open_rounds(tmp_path):
    folder = decided(
        tmp_path
    )  # on sealed rounds the other rival is better than the model: nobody could know that before
    assert one_promise(folder, "better", tmp_path) == ("kept", "against first: better")


def test_a_decision_that_loses_against_that_rival_is_not_better(tmp_path):
    folder = decided(tmp_path, yard={"second": 5})
    assert one_promise(folder, "better", tmp_path) == ("broken", "against second: worse")


def test_a_rival_that_is_better_anywhere_is_named_with_the_kpi_and_the_place(tmp_path):
    folder = decided(tmp_path, yard={"second": 5})
    assert one_promise(folder, "rivals", tmp_path) == ("broken", "against second: worse (cost of a day, north)")


def test_the_rival_is_met_over_all_places_not_at_one(tmp_path):
    cheap = {"first": 4}
    folder = decided(tmp_path, south=cheap, east=cheap)  # better than the rival in the north, worse over all
    assert one_promise(folder, "better", tmp_path) == ("broken", "against first: worse")


def test_a_decision_without_open_rounds_has_no_strongest_rival(tmp_path):
    def spoil(said):
        said["verdicts"] = [each for each in said["verdicts"] if each["round"] == "sealed"]

    state, reason = one_promise(decided(tmp_path, spoil=spoil), "better", tmp_path)
    assert state == "broken"
    assert "no open round says which rival" in reason


@pytest.mark.parametrize(("seeds", "found"), [((0,), "broken"), ((0, 1), "broken"), ((0, 1, 2), "kept")])
def test_chance_is_tried_with_three_seeds_at_every_place(seeds, found, tmp_path):
    state, reason = one_promise(decided(tmp_path, seeds=seeds), "seeds", tmp_path)
    assert state == found
    assert str(len(seeds)) in reason


def test_several_sealed_places_agree(tmp_path):
    assert one_promise(decided(tmp_path), "place", tmp_path) == ("kept", "sites: east, north, south")


def test_a_gain_shown_over_all_places_only_is_joined_by_the_open_rounds(tmp_path):
    def spoil(said):
        for each in said["verdicts"]:
            each["verdict"] = "better" if each["site"] in ("all", "yard") else "not shown"

    assert one_promise(decided(tmp_path, spoil=spoil), "place", tmp_path) == ("kept", "the open rounds agree: open")


def test_open_rounds_do_not_agree_with_themselves(tmp_path):
    state, reason = one_promise(decided(tmp_path, sealed=False), "place", tmp_path)
    assert state == "broken"
    assert "only yard" in reason


@pytest.mark.slow
def test_the_command_prints_the_level_and_the_promises(tmp_path, monkeypatch):
    from click.testing import CliRunner

    from dure.cli.app import cli

    monkeypatch.setenv("DURE_PROJECTS", str(HERE / "projects"))
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(cli, ["check", "jeju.battery", "--json"], catch_exceptions=False)
    said = json.loads(done.stdout)
    assert said["level"] == "bronze"  # no trial.json lies beside it
    assert [each["name"] for each in said["promises"]] == [each.name for each in promises.PROMISES]
    kept, broken_ = [[each for each in said["promises"] if each["state"] == state] for state in ("kept", "broken")]
    assert {frozenset(each) for each in kept} == {frozenset({"name", "state"})}
    assert all(each["reason"] for each in broken_)
    assert done.stdout.count("\n") == len(promises.PROMISES) + 7  # a promise a line
    assert CliRunner().invoke(cli, ["check", "jeju.battery", "--json"], catch_exceptions=False).stdout == done.stdout
    assert "✗" in CliRunner().invoke(cli, ["check", "jeju.battery"], catch_exceptions=False).stdout
