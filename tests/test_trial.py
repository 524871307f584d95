"""The trial: the same cases for every method, sums a block, and what a stranger can recompute."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from dure import record
from dure.datasets.data import Data
from dure.errors import UserError
from dure.evidence import content
from dure.project import loader, manifest
from dure.project.case import Case, Kpi, Round
from dure.project.code_hash import project_hash
from dure.project.form import Form
from dure.project.project import Project
from dure.record import TrialRecord
from dure.statistics import formula
from dure.trial import trial, types, verdicts
from dure.trial.charts import charts_of

PROJECTS = Path(__file__).parent / "projects"


class Request(Form):
    today: float


class Response(Form):
    tomorrow: float


def cases(count=60, first=0, **about):
    truth = [3.0 + day % 3 for day in range(first, first + count)]
    return [
        Case(f"day {first + n}", Request(today=3.0), truth[n], block=f"week {(first + n) // 5}", **about)
        for n in range(count)
    ]


def same(_history, _seed, _work):
    """Same as today."""
    return lambda request: Response(tomorrow=request.today)


def better(_history, _seed, _work):
    """One more than today."""
    return lambda request: Response(tomorrow=request.today + 1)


def tiny(turns=None, **changed):
    about = manifest.Manifest(
        id="test.tiny", title={"ko": "아주 작은 과제", "en": "Tiny"}, summary={"ko": "시험용", "en": "For tests"}, version="1",
        practice={"source": "-", "who": {"ko": "-", "en": "-"}, "year": 2020, "stronger": {"ko": "-", "en": "-"}},
    )  # fmt: skip
    project = Project(
        request=Request, response=Response, sources=(), history=lambda _data, _until=None: (),
        rounds=lambda _data: turns or [Round("open", (), cases()), Round("sealed", (), cases(60, 60), sealed=True)],
        practice=same, model=better, score=lambda case, got: {"errors": abs(got.tomorrow - case.truth)},
        kpis=(Kpi("mean absolute error", "t", "lower", "errors / cases"),), manifest=about,
    )  # fmt: skip
    return replace(project, **changed)


def named(**words):
    project = tiny()
    return replace(project, manifest=project.manifest.model_copy(update={"words": manifest.Words(**words)}))


def run(project, folder, **options):
    return trial.run(project, Data(project.sources, project.folder), folder, **options)


def deciding(found):
    return record.deciding(found.verdicts)[0]


def test_every_method_is_asked_the_same_cases_and_the_sums_are_theirs(tmp_path):
    found = run(tiny(), tmp_path)
    assert found.outcomes.columns == [*types.KEYS, "cases", "unanswered", "errors"]
    assert found.outcomes.group_by("method").agg(pl.col("cases").sum()).sort("method").rows() == [
        ("better", 60),
        ("same", 60),
    ]
    numbers = dict(found.outcomes.group_by("method").agg(pl.col("errors").sum()).rows())
    assert numbers == {"same": 60.0, "better": 40.0}
    assert deciding(found).methods == {"same": 1.0, "better": pytest.approx(2 / 3)}


def test_sealed_rounds_stay_shut_until_asked_for_and_then_decide(tmp_path):
    assert run(tiny(), tmp_path / "1").about.rounds == ("open",)
    found = run(tiny(), tmp_path / "2", sealed=True)
    assert found.about.rounds == ("open", "sealed")
    assert deciding(found).round == "sealed"
    assert {one.round for one in found.verdicts} == {"open", "sealed"}


def test_the_outcomes_and_formulas_alone_give_every_verdict_again(tmp_path):
    found = run(tiny(), tmp_path, sealed=True)
    path = tmp_path / "outcomes.parquet"
    found.outcomes.write_parquet(path)
    said = TrialRecord.from_json(json.loads(json.dumps(content(found).to_json())))
    assert verdicts.verdicts(pl.read_parquet(path), said.kpis, said.about) == found.verdicts


def test_a_case_the_practice_cannot_answer_leaves_the_comparison_named(tmp_path):
    def sometimes(_history, _seed, _work):
        asked = iter(range(60))
        return lambda request: None if next(asked) == 7 else Response(tomorrow=request.today)

    found = run(tiny(practice=sometimes), tmp_path)
    assert [(each.case, each.cause) for each in found.about.left_out] == [("day 7", "declined")]
    assert found.outcomes.group_by("method").agg(pl.col("cases").sum())["cases"].to_list() == [59, 59]


def test_unanswered_cases_get_the_practices_answer_and_are_counted_by_cause(tmp_path):
    def broken(_history, _seed, _work):
        asked = iter(range(60))

        def answer(request):
            number = next(asked)
            if number < 6:
                raise ValueError("no idea")
            return None if number == 6 else Response(tomorrow=request.today + 1)

        return answer

    found = run(tiny(model=broken), tmp_path)
    assert found.about.unanswered_by == {"broken": {"crashed": 6, "declined": 1}}
    first = found.cases.filter(pl.col("method") == "broken")
    assert first["errors"].to_list()[:6] == found.cases.filter(pl.col("method") == "same")["errors"].to_list()[:6]
    one = deciding(found)
    assert (one.verdict, one.because, one.unanswered.share) == ("lost", "unanswered", pytest.approx(7 / 60))


def test_a_limit_crossed_loses_the_trial(tmp_path):
    kpis = (Kpi("mean absolute error", "t", "lower", "errors / cases", limit=(None, 0.5)),)
    one = deciding(run(tiny(kpis=kpis), tmp_path))
    assert (one.verdict, one.because) == ("lost", "limit")


def test_a_score_that_is_not_a_number_names_its_case(tmp_path):
    with pytest.raises(UserError, match="day 3"):
        run(tiny(score=lambda case, _got: {"errors": float("nan") if case.id == "day 3" else 1.0}), tmp_path)


def test_a_kpi_nobody_scores_is_named_with_its_sum(tmp_path):
    with pytest.raises(UserError, match="late"):
        run(tiny(kpis=(Kpi("late", "", "lower", "late / cases"),)), tmp_path)


def test_nothing_to_play_says_how_sealed_rounds_are_opened(tmp_path):
    with pytest.raises(UserError, match="--sealed"):
        run(tiny([Round("sealed", (), cases(), sealed=True)]), tmp_path)


def test_finished_parts_are_taken_up_and_not_built_again(tmp_path):
    built = []

    def counted(_history, _seed, work):
        built.append(work.folder)
        return lambda request: Response(tomorrow=request.today + 1)

    before = run(tiny(model=counted), tmp_path)
    after = run(tiny(model=counted), tmp_path)
    assert len(built) == 1
    assert before.outcomes.equals(after.outcomes)
    assert before.verdicts == after.verdicts


def test_figures_are_handed_what_was_played_taken_up_or_not(tmp_path):
    class Course(Form):
        asked: list[float]

    def play(case, ask):
        return Course(asked=[ask(case.request).tomorrow, 0.5])

    def figures(rows, rounds):
        truths = {case.id: case.truth for played in rounds for case in played.cases}
        return {
            (method, truths[case]): Course.model_validate_json(answer).asked
            for method, case, answer in rows.select("method", "case", "answer").iter_rows()
        }

    project = tiny(play=play, figures=figures, score=lambda case, got: {"errors": abs(got.asked[0] - case.truth)})
    drawn = charts_of(project, trial.run(project, Data(()), tmp_path))
    assert drawn == {(name, 3.0 + n): [3.0 + (name == "better"), 0.5] for name in ("same", "better") for n in range(3)}
    taken_up = replace(project, play=lambda _case, _ask: pytest.fail("it was played before"))
    assert charts_of(project, trial.run(taken_up, Data(()), tmp_path)) == drawn


def test_seeds_are_averaged_a_block_before_one_verdict(tmp_path):
    def dice(_history, seed, _work):
        return lambda request: Response(tomorrow=request.today + seed)

    found = run(tiny(model=dice), tmp_path, seeds=(0, 2))
    sums = found.outcomes.filter(pl.col("method") == "dice")
    assert sums["cases"].sum() == 60
    assert sums["errors"].sum() == pytest.approx((60 + 60) / 2)  # |0 - t| and |2 - t| over t in 0, 1, 2
    assert len(record.deciding(found.verdicts)) == 1


def test_each_site_has_its_verdict_and_all_sites_the_mean_of_theirs(tmp_path):
    turns = [Round("open", (), [*cases(60, site="north"), *cases(30, 60, site="south")])]
    found = run(tiny(turns), tmp_path)
    assert [one.site for one in found.verdicts] == ["all", "north", "south"]
    numbers = {one.site: one.methods["better"] for one in found.verdicts}
    assert numbers["all"] == pytest.approx((numbers["north"] + numbers["south"]) / 2)


def test_a_census_is_counted_and_has_no_interval(tmp_path):
    whole = [replace(case, block=None) for case in cases()]
    one = deciding(run(tiny([Round("all there are", (), whole)]), tmp_path))
    assert one.gain.low is None
    assert one.gain.mean == pytest.approx(1 / 3)


def timed(count, first=0):
    began = datetime(2025, 1, 1)
    return [
        replace(case, block=None, time=began + timedelta(days=first + n)) for n, case in enumerate(cases(count, first))
    ]


@pytest.mark.parametrize("kind", [cases, timed], ids=["declared blocks", "blocks cut from time"])
def test_the_quick_part_of_a_full_trial_is_what_a_quick_trial_finds(tmp_path, kind):
    turns = [Round(f"round {n}", (), kind(150, 150 * n), sealed=n == 2) for n in range(3)]
    full = run(tiny(turns), tmp_path / "full", sealed=True)
    quick = run(tiny(turns), tmp_path / "quick", sealed=True, profile="quick")
    assert quick.about.quick == full.about.quick
    assert len(full.about.quick) == 6
    assert quick.outcomes["cases"].sum() < full.outcomes["cases"].sum()


def test_the_code_that_is_signed_is_the_code_that_was_loaded(tmp_path):
    place = tmp_path / "project"
    place.mkdir()
    (place / "project.toml").write_text("")
    (place / "model.py").write_text("one = 1\n")
    before = project_hash(place)

    def edited(history, seed, work):
        """Somebody edits the project while its trial runs."""
        (place / "model.py").write_text("one = 2\n")
        return better(history, seed, work)

    found = run(tiny(model=edited, folder=place), tmp_path / "work")
    assert found.about.code == before != project_hash(place)


def test_evidence_carries_a_trades_words_with_all_their_forms(tmp_path):
    assert run(named(block="week"), tmp_path / "one").about.block_word == "week"
    flock = {"ko": "무리", "en": "flock", "many": "flocks", "counted": "{count}무리", "one": "한 무리에서", "at": "at"}
    given = manifest.Word(ko="무리", en="flock", counted="{count}무리")
    assert deciding(run(named(block=given), tmp_path / "two")).block_word == flock
    assert "site_word" not in run(tiny(), tmp_path / "three").about.to_json()  # a place
    farms = run(named(site=given), tmp_path / "four")
    assert (farms.about.site_word, deciding(farms).site_word) == (flock, flock)


def test_progress_only_moves_forward_and_ends_at_one(tmp_path):
    shares = []
    run(tiny(), tmp_path, sealed=True, tell=lambda share, _text: shares.append(share))
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_the_vectorised_twin_gives_the_same_trial(tmp_path):
    project = loader.load(PROJECTS / "jeju" / "battery")
    together = run(project, tmp_path / "together", sealed=True)
    one_by_one = run(replace(project, play_many=None), tmp_path / "one by one", sealed=True)
    assert together.outcomes.drop("bill").equals(one_by_one.outcomes.drop("bill"))
    assert together.outcomes["bill"].to_list() == pytest.approx(one_by_one.outcomes["bill"].to_list())
    assert [one.verdict for one in together.verdicts] == [one.verdict for one in one_by_one.verdicts]


def test_a_simulator_that_fails_midway_goes_on_with_the_practice_from_that_step(tmp_path):
    project = loader.load(PROJECTS / "jeju" / "battery")

    def fails_at_noon(history, seed, work):
        clock = project.practice(history, seed, work)
        return lambda asked: None if asked.hour == 12 else clock(asked)

    found = run(replace(project, model=fails_at_noon), tmp_path)
    sums = found.outcomes.partition_by("method", as_dict=True)
    assert sums["clock",]["bill"].to_list() == pytest.approx(sums["fails_at_noon",]["bill"].to_list())
    assert sums["fails_at_noon",]["unanswered"].sum() == 40


def test_the_deciding_number_is_the_formula_over_the_sums(tmp_path):
    found = run(loader.load(PROJECTS / "chungcheong" / "kiln"), tmp_path, sealed=True)
    one = deciding(found)
    for name, number in one.methods.items():
        sites = (
            found.outcomes.filter((pl.col("method") == name) & pl.col("sealed"))
            .group_by("site")
            .agg(pl.col("cases", "squares").sum())
        )
        means = [formula.evaluate("sqrt(squares / cases)", {"squares": s, "cases": c}) for _site, c, s in sites.rows()]
        assert number == pytest.approx(sum(means) / len(means))
