"""Two runs of one project side by side: what another forecast, sheet or setting is worth."""

import json

import polars as pl
import pytest
from click.testing import CliRunner

from dure import evidence
from dure.cli.app import cli
from dure.errors import UserError
from dure.i18n.texts import per_language
from dure.record import deciding
from dure.report.sentence import plain
from dure.runs.compare import compare
from dure.runs.rerun import rerun
from trials import outcomes, trial


@pytest.fixture
def runs(tmp_path):
    """The same cases twice; in the second run the model's errors are 8 kWh a week smaller, the practice's are the same."""
    table = outcomes()
    better = table.with_columns(
        pl.when(pl.col("method") == "ours")
        .then(pl.col("errors") - 8 - pl.col("errors") % 1)
        .otherwise(pl.col("errors"))
        .alias("errors")
    )
    one = evidence.write(trial(table, settings={"pv_method": "yesterday"}), tmp_path / "yesterday")
    other = evidence.write(trial(better, settings={"pv_method": "envelope"}), tmp_path / "envelope")
    return one, other


@pytest.mark.slow
def test_what_the_other_run_is_worth_with_an_interval(runs):
    result = compare(*runs)
    (one,) = deciding(result.verdicts)
    assert one.verdict == "better"
    assert one.methods == pytest.approx({
        "pv_method yesterday": one.methods["pv_method yesterday"],
        "pv_method envelope": one.methods["pv_method yesterday"] - one.gain.mean,
    })  # fmt: skip
    assert 8 / 20 < one.gain.low < one.gain.mean < one.gain.high < 9 / 20
    said = plain(one, result.about)
    assert said.startswith("Patient model · pv_method envelope is better than Patient model · pv_method yesterday")
    korean = per_language(lambda: plain(one, result.about))["ko"]
    assert "빠진 값을 견디는 모델 · pv_method yesterday보다 낫습니다" in korean


@pytest.mark.slow
def test_nobody_has_vouched_for_the_comparison_and_the_line_is_named(tmp_path):
    folders = [evidence.write(trial(assurance="hub-witnessed"), tmp_path / name) for name in ("one", "other")]
    result = compare(*folders)
    assert result.about.assurance == "self-run"
    assert {each.assurance for each in result.verdicts} == {"self-run"}
    assert result.about.remarks[""][0]["en"] == "What is called today here is the first run: one."
    assert result.about.practice is None


@pytest.mark.slow
def test_it_is_evidence_like_any_other_and_names_both_runs(runs, tmp_path):
    place = evidence.write(compare(*runs), tmp_path / "both")
    assert evidence.verify(place).intact
    about = evidence.predicate(place).about
    assert about.compared == {f"pv_method {each.name}": evidence.replay_hash(evidence.outcomes(each)) for each in runs}
    with pytest.raises(UserError, match="compares two runs"):
        rerun(place)


@pytest.mark.slow
def test_another_method_and_a_name_that_is_close(runs):
    (one,) = deciding(compare(*runs, method="basic").verdicts)
    assert (one.verdict, one.gain.mean) == ("not shown", 0)
    with pytest.raises(UserError, match="Did you mean ours"):
        compare(*runs, method="our")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("more", "table", "says"),
    [
        ({"code": "cd" * 32}, outcomes(), "not of the same code"),
        ({"version": "2"}, outcomes(), "not of the same version"),
        ({}, outcomes(blocks=11), "did not ask the same cases"),
    ],
)
def test_runs_that_cannot_be_compared_are_refused(runs, tmp_path, more, table, says):
    odd = evidence.write(trial(table, **more), tmp_path / "odd")
    with pytest.raises(UserError, match=says):
        compare(runs[0], odd)


@pytest.mark.slow
def test_evidence_that_was_changed_is_refused(runs):
    path = runs[1] / "trial.json"
    path.write_text(path.read_text(encoding="utf-8").replace("Patient", "patient"), encoding="utf-8")
    with pytest.raises(UserError, match="not whole"):
        compare(*runs)


@pytest.mark.slow
def test_runs_with_the_same_settings_are_called_by_their_folders(tmp_path):
    folders = [evidence.write(trial(), tmp_path / name) for name in ("summer", "winter")]
    assert list(compare(*folders).about.compared) == ["summer", "winter"]


@pytest.mark.slow
def test_the_command(runs, tmp_path):
    done = CliRunner().invoke(cli, ["compare", *map(str, runs), "--out", str(tmp_path / "out"), "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.output)["verdicts"][0]["verdict"] == "better"
    assert (
        CliRunner()
        .invoke(cli, ["compare", str(runs[1]), str(runs[0]), "--out", str(tmp_path / "out"), "--require", "better"])
        .exit_code
        == 1
    )
