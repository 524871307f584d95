"""Looks at sealed rounds: counted by what they showed, written down before anything is shown."""

import itertools
import shutil
from datetime import date

import pytest

import broken
from dure import evidence
from dure.errors import UserError
from dure.project.code_hash import project_hash
from dure.runs.run import Inputs, run
from dure.trial.access_log import opened_rounds

COMMENT = broken.Change('"""A forecast of the day\'s catch."""', '"""A forecast of the catch of a day."""')
MODEL = broken.Change("start + slope * asked.before)", "start + slope * asked.before + 0.5)")
LONGER = broken.Change("range(2, 211)", "range(2, 500)")  # more weeks than a quick trial plays


@pytest.fixture
def catch(tmp_path, dure_home):
    """Makes the sound project with changes, each time in a folder of its own: one that was loaded is not loaded again."""
    places = (tmp_path / str(number) for number in itertools.count())
    return lambda *changes: broken.project(next(places), "catch", *changes)


def looks(folder, **options):
    """What a sealed run says of its looks: the predicate and every verdict say the same."""
    found, _place = run(folder, sealed=True, **options)
    assert {verdict.looks for verdict in found.verdicts} == {found.about.looks}
    return found.about.looks


def admitted(tried, *folders):
    """The trial.json of a run of the first, put beside project.toml of all."""
    _found, place = run(tried, sealed=True, out=tried / "evidence")
    for folder in (tried, *folders):
        shutil.copy(place / "trial.json", folder)


def killed(folder):
    """A sealed run that ends midway, as by Ctrl-C."""

    def tell(share, _text):
        if share > 0.3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(folder, sealed=True, tell=tell)


def log(dure_home):
    """The lines without their moments."""
    return [line.split("\t")[1:] for line in (dure_home / "looks.tsv").read_text(encoding="utf-8").splitlines()]


def test_a_changed_comment_is_no_further_look_and_a_changed_model_is_one(catch):
    first = catch()
    assert [looks(first), looks(first)] == [1, 1]
    assert looks(catch(COMMENT)) == 1
    assert looks(catch(MODEL)) == 2
    assert looks(first) == 2


def test_sums_that_nobody_has_seen_are_a_look_of_changed_code(catch):
    assert looks(catch(LONGER)) == 1
    changed = catch(LONGER, COMMENT)
    assert looks(changed) == 1
    assert (
        looks(changed, profile="quick") == 2
    )  # the first code never played this part: it cannot be known for the same
    assert looks(catch(LONGER), profile="quick") == 2


def test_what_trial_json_shows_is_known_on_a_machine_that_never_opened_the_rounds(catch, dure_home):
    tried, comment, model = catch(), catch(COMMENT), catch(MODEL)
    admitted(tried, comment, model)
    (dure_home / "looks.tsv").unlink()
    assert looks(comment) == 1
    assert log(dure_home)[-1][-1] == "replay"
    assert looks(model) == 2


def test_what_another_trial_json_does_not_show_is_counted_beside_it(catch, dure_home):
    tried, comment, model = catch(), catch(COMMENT), catch(MODEL)
    admitted(tried, comment)
    (dure_home / "looks.tsv").unlink()
    assert looks(comment) == 1
    admitted(model, comment)
    assert looks(comment) == 2  # the look that it admits, and the first one


def test_a_run_that_was_killed_stays_a_look(catch, dure_home):
    assert looks(catch()) == 1
    comment = catch(COMMENT)
    killed(comment)
    assert [len(line) for line in log(dure_home)] == [4, 6, 4]  # opened, finished, opened
    assert looks(catch(MODEL)) == 3
    assert looks(comment) == 2  # taken up and finished: it showed nothing new


def test_what_was_killed_is_not_known_from_another_run_of_the_same_code(catch):
    first, comment = catch(LONGER), catch(LONGER, COMMENT)
    assert [looks(first), looks(first, profile="quick")] == [1, 1]
    killed(comment)
    assert looks(comment, profile="quick") == 2


def test_a_run_that_cannot_begin_opens_nothing(catch, dure_home, tmp_path):
    with pytest.raises(UserError, match="no such file"):
        run(catch(), Inputs(offers={"ours": str(tmp_path / "not-there.csv")}), sealed=True)
    assert not (dure_home / "looks.tsv").exists()


def test_lines_of_older_versions_are_looks(catch, dure_home):
    lines = [f"2026-11-0{day}T10:00:00+00:00\tsample.catch\tsealed\t{day * 64}\n" for day in ("1", "2")]
    dure_home.mkdir(exist_ok=True)
    (dure_home / "looks.tsv").write_text("".join(lines), encoding="utf-8", newline="\n")
    assert opened_rounds("sample.catch", catch()) == {"sealed"}
    assert opened_rounds("sample.other", catch()) == set()
    assert looks(catch()) == 3


def test_every_line_says_when_what_and_by_which_code(catch, dure_home):
    folder = catch()
    found, _place = run(folder, sealed=True)
    opened, settled = (line.split("\t") for line in (dure_home / "looks.tsv").read_text(encoding="utf-8").splitlines())
    assert date.fromisoformat(opened[0][:10])
    assert opened[1:4] == ["sample.catch", "sealed", project_hash(folder)]
    assert settled[1:5] == opened[1:5]
    assert settled[5:] == [evidence.replay_hash(found.outcomes), "look"]


def test_another_mapping_is_another_run(catch, tmp_path):
    """What a killed run has played is not taken up where the columns mean something else."""
    from dure.project.loader import load
    from dure.runs.run import Inputs, _key

    project, first, second = load(catch()), tmp_path / "a.json", tmp_path / "b.json"
    first.write_text("{}", encoding="utf-8")
    second.write_text("[]", encoding="utf-8")
    asked = {"sealed": False, "newer": False, "profile": "full", "seeds": (0,)}
    keys = [_key(project, Inputs(maps={"catch": path}), **asked) for path in (first, first, second)]
    assert keys[0] == keys[1] != keys[2]
