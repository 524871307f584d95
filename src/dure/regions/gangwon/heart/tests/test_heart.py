"""The heart project on a few real records of each hospital (UCI Heart Disease, CC BY 4.0) and a made-up sheet of a clinic."""

import shutil
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dure import Case, Data, Own, UserError, Work
from dure.i18n.texts import per_language
from dure.project.loader import load
from dure.statistics import formula

HERE = Path(__file__).parent
PROJECT = load(HERE.parent)
HOSPITALS, CLINIC = PROJECT.sources
FEW = replace(HOSPITALS, origin=Own("few_of_each.csv"), sha256="")
DATA = Data((FEW, CLINIC), HERE)
ROUNDS = list(PROJECT.rounds(DATA))
SEALED = ROUNDS[-1]
BUILDERS = PROJECT.builders()


@pytest.fixture(scope="module")
def methods(tmp_path_factory):
    pytest.importorskip("sklearn", reason="the rival needs the extra dure[heart]")
    return {name: build(name, tmp_path_factory.mktemp(name)) for name in BUILDERS}


def build(name, folder, history=SEALED.history):
    return BUILDERS[name](history, 0, Work(folder=folder))


def patient(**fields):
    return PROJECT.request(**{"age": 55, "sex": "male", "chest_pain": "typical angina", **fields})


# ---- data ---------------------------------------------------------------------------------------------------------------


def test_cleveland_is_open_and_the_others_are_sealed():
    assert [trial_round.sealed for trial_round in ROUNDS] == [False] * 5 + [True]
    assert {case.site for trial_round in ROUNDS[:-1] for case in trial_round.cases} == {"Cleveland"}
    assert {case.site for case in SEALED.cases} == {"Hungary", "Long Beach", "Switzerland"}


def test_every_cleveland_patient_is_asked_once_and_never_of_a_fit_that_knew_them():
    ids = [case.id for trial_round in ROUNDS[:-1] for case in trial_round.cases]
    assert sorted(ids) == sorted(case.id for case in PROJECT.history(DATA, None))
    for trial_round in ROUNDS:
        assert not {case.block for case in trial_round.cases} & {case.block for case in trial_round.history}


def test_what_is_served_is_what_was_tried():
    assert PROJECT.history(DATA, None) == SEALED.history


def test_a_cholesterol_of_zero_was_not_measured():
    assert all(case.request.cholesterol is None for case in SEALED.cases if case.site == "Switzerland")
    assert any(case.request.resting_blood_pressure is None for case in SEALED.cases if case.site == "Long Beach")


def test_the_stray_record_is_hungarys():
    assert len(SEALED.history) == 60
    assert any(case.request.age == 28 for case in SEALED.cases if case.site == "Hungary")


def test_records_alike_in_everything_share_a_block():
    shared = [case for case in SEALED.cases if case.id != case.block]
    assert sorted(case.site for case in shared) == ["Hungary", "Long Beach"]


def test_the_order_of_the_file_does_not_show():
    """Hungary's file is sorted by outcome: neither ids nor the order of cases may follow it."""
    frame = FEW.read(HERE / "few_of_each.csv").filter(site="Hungary")
    assert [case.request.age for case in SEALED.cases if case.site == "Hungary"] != frame["age"].to_list()


def test_what_is_odd_is_said_in_both_languages():
    remarks = per_language(lambda: PROJECT.remarks(DATA))
    assert remarks["en"]["Switzerland"][0].startswith("Only 1 of 8 patients have no narrowing")
    assert any("In every patient total cholesterol is 0" in text for text in remarks["en"]["Switzerland"])
    assert any("총콜레스테롤이 모든 환자에서 0" in text for text in remarks["ko"]["Switzerland"])
    assert any("Record 304" in text for text in remarks["en"]["Hungary"])
    assert {site: len(texts) for site, texts in remarks["en"].items()} == {
        site: len(texts) for site, texts in remarks["ko"].items()
    }


# ---- a hospital's own sheet -------------------------------------------------------------------------------------------


def own(tmp_path, text=None):
    sheet = tmp_path / "own_hospital.csv"
    shutil.copy(HERE / "own_hospital.csv", sheet)
    if text:
        sheet.write_text(sheet.read_text(encoding="utf-8").replace(*text), encoding="utf-8")
    return Data((FEW, CLINIC), HERE, own={"clinic": sheet}, confirm=lambda proposal: True)


def test_an_own_hospital_is_one_more_site(tmp_path):
    cases = [case for case in list(PROJECT.rounds(own(tmp_path)))[-1].cases if case.site == "own hospital"]
    assert sorted((case.request.age, case.truth) for case in cases) == [
        (44, False),
        (58, True),
        (71, True),
    ]  # one is not known yet
    oldest = max(cases, key=lambda case: case.request.age).request
    assert (oldest.chest_pain, oldest.cholesterol, oldest.resting_blood_pressure, oldest.max_heart_rate) == (
        "asymptomatic",
        233,
        None,
        None,
    )


def test_a_word_nobody_knows_is_named_with_its_row(tmp_path):
    with pytest.raises(
        UserError, match=r"row 2, chest_pain: “비전형 협심증” is not known here. Did you mean 비전형적 협심증"
    ):
        list(PROJECT.rounds(own(tmp_path, ("비전형적 협심증", "비전형 협심증"))))


def test_a_value_out_of_bounds_is_named_with_its_row(tmp_path):
    with pytest.raises(UserError, match=r"own hospital, row 2 \[resting_blood_pressure\]"):
        list(PROJECT.rounds(own(tmp_path, (",120,201,", ",12,201,"))))


# ---- methods ------------------------------------------------------------------------------------------------------------


def test_the_brier_score_by_hand():
    cases = [Case("1", patient(), truth=True), Case("2", patient(), truth=False)]
    scores = [PROJECT.score(case, PROJECT.response(risk=risk)) for case, risk in zip(cases, (0.8, 0.3), strict=True)]
    sums = {"squares": sum(row["squares"] for row in scores), "cases": 2}
    assert formula.evaluate(PROJECT.kpis[0].of, sums) == pytest.approx((0.2**2 + 0.3**2) / 2)


def test_practice_reads_age_sex_and_pain_as_its_source_does(tmp_path):
    """Ten made patients of each kind, of whom more are narrowed the older, the more male, the more typical."""
    pains = ("asymptomatic", "non-anginal", "atypical angina", "typical angina")
    cases = tuple(
        Case("", patient(age=age, sex=sex, chest_pain=pain), truth=number < 1 + (age == 70) + 2 * (sex == "male") + pains.index(pain))
        for age in (40, 70) for sex in ("female", "male") for pain in pains for number in range(10)
    )  # fmt: skip
    practice = build("pretest_probability", tmp_path, cases)

    def risk(**fields):
        return practice(patient(**fields)).risk

    assert risk(age=70) > risk(age=40)
    assert risk(sex="male") > risk(sex="female")
    assert risk(chest_pain="typical angina") > risk(chest_pain="atypical angina")


def test_everything_missing_is_still_answered(methods):
    for method in methods.values():
        assert 0 <= method(patient()).risk <= 1


def test_that_a_value_is_missing_says_nothing(methods):
    """What the model does not use may be missing or not: the answer stays."""
    model = methods["exercise_test"]
    assert model(patient(max_heart_rate=150)) == model(
        patient(max_heart_rate=150, cholesterol=240, thallium="normal", vessels=0)
    )


def test_beyond_what_was_seen_the_edge_counts(methods):
    model = methods["exercise_test"]
    assert model(patient(st_depression=-3)) == model(patient(st_depression=0))


def test_a_method_comes_back_from_its_folder_without_the_history(methods, tmp_path):
    for name, method in methods.items():
        (tmp_path / name).mkdir()
        first = build(name, tmp_path / name)
        again = build(name, tmp_path / name, history=())
        requests = [case.request for case in SEALED.cases]
        assert (
            [first(request) for request in requests]
            == [again(request) for request in requests]
            == [method(request) for request in requests]
        )


def test_our_logistic_regression_is_scikit_learns(methods):
    """Same penalty, same weights; and the copied trees are checked against scikit-learn whenever they are fitted."""
    linear = pytest.importorskip("sklearn.linear_model", reason="the comparison needs the extra dure[heart]")
    import numpy as np

    from dure.regions.gangwon.heart import methods as methods_module

    rows, truth = methods_module.table(SEALED.history, methods_module.BASIC), methods_module.truths(SEALED.history)
    fit = methods_module.logistic(rows, truth, penalty=1.0)
    reference = linear.LogisticRegression(C=1.0, tol=1e-10, max_iter=1000).fit(
        (rows - fit["centre"]) / np.array(fit["scale"]), truth
    )
    assert fit["weights"] == pytest.approx(reference.coef_[0].tolist(), abs=1e-4)


REQUESTS = st.builds(
    patient,
    age=st.integers(18, 109),
    sex=st.sampled_from(["female", "male"]),
    chest_pain=st.sampled_from(["typical angina", "atypical angina", "non-anginal", "asymptomatic"]),
    cholesterol=st.none() | st.floats(40, 1000),
    max_heart_rate=st.none() | st.floats(30, 260),
    exercise_angina=st.none() | st.booleans(),
    st_depression=st.none() | st.floats(-10, 15),
    st_slope=st.none() | st.sampled_from(["upsloping", "flat", "downsloping"]),
    vessels=st.none() | st.integers(0, 3),
)


@given(REQUESTS)
def test_every_risk_is_one_and_practice_rises_with_age(methods, patient_request):
    for method in methods.values():
        assert 0 <= method(patient_request).risk <= 1
    older = patient_request.model_copy(update={"age": patient_request.age + 1})
    assert methods["pretest_probability"](older).risk >= methods["pretest_probability"](patient_request).risk


# ---- pictures -----------------------------------------------------------------------------------------------------------


def test_pictures_draw_with_and_without_an_outcome(methods):
    pytest.importorskip("altair", reason="pictures need the extra dure[heart]")
    for case in SEALED.cases[:1]:
        answers = {name: method(case.request) for name, method in methods.items()}
        for truth in (True, False, None):
            PROJECT.figure(case.request, answers, truth, None).to_dict()


def test_a_trials_pictures_draw_even_where_nobody_is_well(methods):
    pytest.importorskip("altair", reason="pictures need the extra dure[heart]")
    rows = pl.DataFrame(
        [
            {"site": case.site, "method": name, "risk": method(case.request).risk, "narrowed": float(case.truth)}
            for name, method in methods.items()
            for case in SEALED.cases
        ]
    )
    assert len(PROJECT.figures(rows, ())) == 2
    assert len(PROJECT.figures(rows.filter(pl.col("narrowed") == 1), ())) == 1
    for chart in PROJECT.figures(rows, ()).values():
        chart.to_dict()


def test_the_c_statistic_by_hand():
    pytest.importorskip("altair", reason="pictures need the extra dure[heart]")
    import numpy as np

    from dure.regions.gangwon.heart.chart import c_statistic

    c, _error = c_statistic(np.array([0.9, 0.4, 0.4, 0.1]), np.array([1.0, 1.0, 0.0, 0.0]))
    assert c == pytest.approx(3.5 / 4)
