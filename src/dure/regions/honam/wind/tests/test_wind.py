"""The wind project on made-up sheets of a few months, and truths of the trade by hand."""

import sys
import unicodedata
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from dure import Case, Data, Invalid, UserError, Work
from dure.i18n.texts import per_language
from dure.mapping import propose
from dure.methods import load_arrays, save_arrays
from dure.project.loader import load
from dure.tables import read

pytest.importorskip("lightgbm", reason="needs the extra dure[wind]")
PROJECT = load(Path(__file__).parents[1])
BUILDERS = PROJECT.builders()
PARTS = {name: sys.modules[f"{PROJECT.model.__module__.rpartition('.')[0]}.{name}"]
         for name in ("data", "ensemble", "forms", "methods", "network", "runs", "score")}  # fmt: skip
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _small_networks(monkeypatch):
    """Two small networks, shortly trained: here it is asked whether they keep the rules, not how good they are."""
    few = replace(PARTS["ensemble"].RECIPE, members=2, epochs=2)
    monkeypatch.setattr(PARTS["ensemble"], "RECIPE", few)


def farm(first="2021-01-01", days=182, seed=0):
    """Hours of a made-up farm: wind that wanders, power by its cube."""
    rng = np.random.default_rng(seed)
    start = datetime.fromisoformat(first)
    hours = days * 24
    speed = np.clip(6 + np.cumsum(rng.normal(0, 0.4, hours)) * 0.3 + 3 * np.sin(np.arange(hours) / 40), 0.1, 24)
    angle = (200 + np.cumsum(rng.normal(0, 4, hours))) % 360
    power = np.clip((np.clip(speed + rng.normal(0, 0.8, hours), 0, 12) / 12) ** 3, 0, 1) * 20_000
    return pl.DataFrame(
        {
            "일시": [f"{start + (number + 1) * HOUR:%Y-%m-%d %H:%M}" for number in range(hours)],
            "풍속(10m)(km/h)": (speed * 3.6).round(2),
            "풍향(10m)(°)": angle.round(1),
            "발전량(kWh)": power.round(0),
        }
    )


def data_of(*frames, names=("mine", "other"), folder, settings=None):
    """The project's data with these sheets in the place of the published farm."""
    places = []
    for name, frame in zip(names, frames, strict=False):
        frame.write_csv(folder / f"{name}.csv")
        places.append(folder / f"{name}.csv")
    return Data(PROJECT.sources, PROJECT.folder, own={"farm": places}, confirm=lambda _text: True,
                settings=PROJECT.settings.model_validate(settings or {}))  # fmt: skip


@pytest.fixture(scope="module")
def own_data(tmp_path_factory):
    return data_of(farm(), folder=tmp_path_factory.mktemp("mine"))


@pytest.fixture(scope="module")
def rounds(own_data):
    return list(PROJECT.rounds(own_data))


# ---- truths of the trade ------------------------------------------------------------------------------------------------


def test_quantiles_between_the_levels_are_straight_and_level_beyond():
    fine = PARTS["score"].fine(np.array([[number / 20 for number in range(1, 20)]]))[0]
    assert fine[0] == fine[4] == pytest.approx(0.05)
    assert fine[6] == pytest.approx(0.07)
    assert fine[-1] == pytest.approx(0.95)


def test_climatology_has_no_skill(rounds, tmp_path):
    round_ = rounds[-1]
    usual = BUILDERS["climatology"](round_.history, 0, Work(folder=tmp_path))
    sums = [PROJECT.score(case, usual(case.request)) for case in round_.cases]
    skill = 1 - sum(case_sums["pinball"] for case_sums in sums) / sum(case_sums["climatology"] for case_sums in sums)
    assert abs(skill) < 0.01  # 19 levels in the place of 99


def test_the_forecast_scheme_by_hand():
    settlement = PARTS["score"].settlement
    may, june = datetime(2025, 5, 31, 12), datetime(2025, 6, 1, 12)
    came = np.array([0.50, 0.50, 0.50, 0.05])
    forecast = np.array([0.555, 0.57, 0.60, 0.05])
    assert settlement(forecast, came, [may] * 4) == pytest.approx(
        (0.5 * 4 + 0.5 * 3, 1.5)
    )  # 5.5, 7, 10 %; idle left out
    assert settlement(forecast, came, [june] * 4) == pytest.approx((0.5 * 3, 1.5))


def test_a_day_before_the_scheme_is_settled_by_the_newest_rule():
    assert PARTS["score"].in_force(date(2013, 7, 1))["bands"][0]["error"] == 0.04
    assert PARTS["score"].in_force(date(2021, 10, 1))["bands"][0]["error"] == 0.06


def test_a_direction_is_where_the_wind_comes_from():
    wind = PARTS["forms"].Wind(height=10, speed=[5.0, 5.0], direction=[270.0, 360.0])
    assert PARTS["runs"].in_parts(wind) == pytest.approx(np.array([[5, 5, 0], [5, 0, -5]]), abs=1e-9)


@given(st.floats(-30, 30), st.floats(-30, 30))
def test_components_and_speed_with_direction_are_one_wind(u, v):
    speed, angle = float(np.hypot(u, v)), float(np.degrees(np.arctan2(-u, -v)) % 360)
    polar = PARTS["forms"].Wind(height=80, speed=[speed], direction=[angle])
    both = PARTS["forms"].Wind(height=80, u=[u], v=[v])
    assert PARTS["runs"].in_parts(polar) == pytest.approx(PARTS["runs"].in_parts(both), abs=1e-6)


# ---- rounds come from the data ----------------------------------------------------------------------------------------


def months(first, days):
    start = datetime.fromisoformat(first)
    return pl.DataFrame({"time": [start + number * HOUR for number in range(days * 24)]})


def test_only_whole_months_count():
    found = PARTS["data"].whole_months(months("2021-01-02", 90))  # to the end of the first of April
    assert found == [date(2021, 2, 1), date(2021, 3, 1)]


@pytest.mark.parametrize("year", [2021, 2023])
def test_rounds_are_the_last_months_wherever_the_years_are(year, tmp_path):
    trial_rounds = list(PROJECT.rounds(data_of(farm(f"{year}-01-01", 426), folder=tmp_path)))  # fourteen months
    assert [round_.name for round_ in trial_rounds][:2] == [f"{year}-04", f"{year}-05"]
    assert [round_.sealed for round_ in trial_rounds] == [False] * 6 + [True] * 5
    for round_ in trial_rounds:
        assert round_.history["time"].max() < min(case.time for case in round_.cases)


def test_too_few_months_are_refused_with_the_cure(tmp_path):
    with pytest.raises(UserError, match="2 whole months are too few: 4 are needed"):
        list(PROJECT.rounds(data_of(farm(days=70), folder=tmp_path)))


def test_a_case_is_a_day_and_a_week_is_a_block(rounds):
    round_ = rounds[-1]
    assert len({case.id for case in round_.cases}) == len(round_.cases) == 30
    assert {len(case.request.time) for case in round_.cases} == {24}
    assert all(case.block == "{}-W{:02d}".format(*case.time.isocalendar()[:2]) for case in round_.cases)


def test_what_is_known_of_the_past_ends_at_the_gate(own_data, tmp_path):
    frame = PROJECT.history(own_data, None)
    for gate in (0, 7):
        data = data_of(farm(), folder=tmp_path, settings={"gate": gate})
        case = list(PROJECT.rounds(data))[-1].cases[3]
        until = case.time - gate * HOUR
        assert case.request.past_until == until
        last = frame.filter(pl.col("time") == until - HOUR)["truth_power"][0] * 20_000
        assert case.request.past[-1] == pytest.approx(last, abs=1)


# ---- a sheet of one's own -----------------------------------------------------------------------------------------------


def test_a_rough_sheet_is_read_and_everything_odd_is_said(tmp_path):
    sheet = farm()
    rough = pl.concat([sheet[:1000], sheet[990:1000], sheet[1000:2000], sheet[2030:]])
    rough = rough.with_row_index().with_columns(
        pl.when(pl.col("index") == 1005).then(99.0).otherwise(pl.col("풍속(10m)(km/h)")).alias("풍속(10m)(km/h)")
    ).drop("index")  # fmt: skip
    rough = rough.rename({name: unicodedata.normalize("NFD", name) for name in rough.columns})
    data = data_of(rough, folder=tmp_path)
    remarks = PROJECT.remarks(data)["mine"]
    assert any(
        text.startswith("10 hours stand more than once, the first 2021-02-11 07:00; in 1 of them") for text in remarks
    )
    assert "30 hours are missing, the first from 2021-03-25 09:00; gaps: 1." in remarks
    assert (
        f"No capacity was given: the largest hour, {sheet['발전량(kWh)'].max():,.0f} kW, stands for it (--set capacity_kw=...)."
        in remarks
    )
    korean = per_language(lambda: PROJECT.remarks(data))["ko"]["mine"]
    assert len(korean) == len(remarks)
    frame = PROJECT.history(data, None)
    first = farm().row(0, named=True)
    assert frame["speed 10"][0] == pytest.approx(first["풍속(10m)(km/h)"] / 3.6)


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        (("일시", "발전량(MWh)", "풍속(10m)", "풍향(10m)"), {"speed 10", "direction 10"}),
        (("시각", "출력[kW]", "80m 풍속", "120m 풍속", "80m 풍향"), {"speed 80", "speed 120", "direction 80"}),
        (("TIMESTAMP", "TARGETVAR", "U10", "V10", "U100", "V100"), {"u 10", "v 10", "u 100", "v 100"}),
        (("time", "power", "wind_speed_100m", "wind_direction_100m"), {"speed 100", "direction 100"}),
        (("일시", "발전량", "예측풍속", "예측풍향"), {"speed 10", "direction 10"}),
        (("일시", "발전량", "풍속 97.5m(m/s)"), {"speed 97.5"}),
    ],
)
def test_wind_is_found_at_whatever_heights_a_sheet_names(headers, found, tmp_path):
    rows = [[f"2021-01-{1 + n // 24:02d} {n % 24:02d}:00", 0.3, *[5.0 + n % 7] * (len(headers) - 2)] for n in range(72)]
    pl.DataFrame(rows, schema=list(headers), orient="row").write_csv(tmp_path / "sheet.csv")
    columns = PROJECT.sources[0].wanted(tmp_path / "sheet.csv")
    proposal = propose(read(tmp_path / "sheet.csv"), columns)
    assert proposal.complete
    assert {name for name in proposal.matches if " " in name} == found


def test_a_sheet_without_wind_says_what_it_lacks(tmp_path):
    with pytest.raises(UserError, match="there is no forecast wind"):
        PROJECT.remarks(data_of(farm().select("일시", "발전량(kWh)"), folder=tmp_path))


def test_minutes_are_refused(tmp_path):
    odd = farm().with_columns(pl.col("일시").str.replace(":00", ":10"))
    with pytest.raises(UserError, match="no whole hours, the first 2021-01-01 01:10"):
        PROJECT.remarks(data_of(odd, folder=tmp_path))


# ---- requests and answers -------------------------------------------------------------------------------------------------


def request(**fields):
    issued = datetime(2021, 5, 1)
    asked = {"issued": issued, "time": [issued + n * HOUR for n in range(3)], "capacity": 100.0,
             "wind": [{"height": 10, "speed": [3.0, 4.0, 5.0]}]}  # fmt: skip
    return PROJECT.request.model_validate(asked | fields)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"wind": [{"height": 10, "speed": [3.0]}]}, "1 values for 3 hours"),
        ({"wind": [{"height": 10, "u": [1.0, 1.0, 1.0]}]}, "u and v belong together"),
        ({"wind": [{"height": 10}]}, "there is no wind"),
        ({"wind": [{"height": 10, "u": [1.0] * 3, "v": [1.0] * 3, "speed": [1.0] * 3}]}, "not both"),
        ({"time": [datetime(2021, 5, 1), datetime(2021, 5, 1), datetime(2021, 5, 1, 2)]}, "none twice"),
        ({"time": [datetime(2021, 5, 1, hour, 30) for hour in range(3)]}, "whole hour"),
        ({"time": [datetime(2021, 5, 9, hour) for hour in range(3)]}, "within 72 hours"),
        ({"past_until": datetime(2021, 5, 1, 1)}, "ends at the issue or before"),
    ],
)
def test_a_request_that_makes_no_sense_is_refused(fields, says):
    with pytest.raises(ValidationError, match=says):
        request(**fields)


@pytest.mark.parametrize(
    ("power", "says"),
    [
        ([[0.0] * 19] * 2, "2 hours were answered, 3 asked"),
        ([[0.0] * 18] * 3, "18 quantiles, not 19"),
        ([[*[5.0] * 18, 4.0]] * 3, "lies below a lower one"),
        ([[101.0] * 19] * 3, "above the capacity"),
    ],
)
def test_an_answer_that_breaks_a_rule_is_named(power, says):
    with pytest.raises(Invalid, match=says):
        PROJECT.check(request(), PROJECT.response(power=power))


@given(st.lists(st.lists(st.floats(-2, 2), min_size=19, max_size=19), min_size=3, max_size=3))
def test_whatever_a_model_says_the_answer_keeps_the_rules(shares):
    asked = request()
    PROJECT.check(asked, PROJECT.response(power=PARTS["methods"].to_power(asked, np.array(shares))))


def test_hours_may_be_missing(rounds, tmp_path):
    """A run with a gap is answered for the hours that are there; the wind between is read in between."""
    round_ = rounds[-1]
    method = BUILDERS["quantile_networks"](round_.history, 0, Work(folder=tmp_path))
    day = round_.cases[0].request
    kept = [0, 1, 2, 6, 7, 12]
    part = day.model_copy(update={
        "time": [day.time[n] for n in kept],
        "wind": [PARTS["forms"].Wind(height=10, u=[day.wind[0].u[n] for n in kept], v=[day.wind[0].v[n] for n in kept])],
    })  # fmt: skip
    answer = method(part)
    PROJECT.check(part, answer)


# ---- methods ------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def small(rounds):
    """The last round's history, so short that fitting takes a moment, and two of its cases."""
    round_ = rounds[-1]
    return round_.history.tail(60 * 24), list(round_.cases[:2])


@pytest.mark.parametrize("name", list(BUILDERS))
def test_a_full_folder_gives_the_same_method_again(name, small, tmp_path):
    history, cases = small
    first = BUILDERS[name](history, 3, Work(folder=tmp_path))
    again = BUILDERS[name](history, 3, Work(folder=tmp_path))
    for case in cases:
        answer = first(case.request)
        PROJECT.check(case.request, answer)
        assert again(case.request) == answer


def test_a_network_cut_off_goes_on_where_it_was(small, tmp_path):
    history, cases = small
    reference = BUILDERS["quantile_networks"](history, 1, Work(folder=tmp_path / "whole"))

    class Killed(Exception):
        """As a process ends."""

    def tell(share, _text):
        if share >= 0.5:
            raise Killed

    with pytest.raises(Killed):
        BUILDERS["quantile_networks"](history, 1, Work(folder=tmp_path / "cut", tell=tell))
    assert 0 < len(list((tmp_path / "cut").rglob("member-*/fit.npz"))) < PARTS["ensemble"].RECIPE.members
    after = BUILDERS["quantile_networks"](history, 1, Work(folder=tmp_path / "cut"))
    assert after(cases[0].request) == reference(cases[0].request)


def test_the_slopes_are_those_of_the_loss():
    """Against differences of the smoothed loss, weight by weight."""
    network = PARTS["network"]
    rng = np.random.default_rng(0)
    recipe = replace(network.Recipe(), dropout=0.0, smooth=0.1)
    rows, power = rng.normal(size=(20, 4)), rng.random(20)
    weights = [weight.astype(float) for weight in network.begun(4, power, rng, (6, 5))]
    levels = np.array(PARTS["forms"].LEVELS)

    def loss():
        layers = rows
        for matrix, offset in zip(weights[:-2:2], weights[1:-2:2], strict=True):
            layers = network._leaky(layers @ matrix + offset)
        error = power[:, None] - network._stacked(layers @ weights[-2] + weights[-1])
        smooth = recipe.smooth * np.logaddexp(0, -error / recipe.smooth)  # its slope by the error is -(1 - above)
        return float((levels * error + smooth).mean())

    slopes = network._slopes(weights, rows, power, rng, recipe)
    for weight, slope in zip(weights, slopes, strict=True):
        place = np.unravel_index(np.abs(slope).argmax(), slope.shape)
        kept = weight[place]
        weight[place] = kept + 1e-5
        above = loss()
        weight[place] = kept - 1e-5
        below = loss()
        weight[place] = kept
        assert slope[place] == pytest.approx((above - below) / 2e-5, rel=1e-3, abs=1e-7)


def test_the_networks_quantiles_never_cross():
    network = PARTS["network"]
    rng = np.random.default_rng(1)
    weights = network.begun(7, rng.random(100), rng, (8,))
    weights[-1] += rng.normal(0, 5, weights[-1].shape).astype(np.float32)
    assert (np.diff(network.quantiles(weights, rng.normal(size=(50, 7)).astype(np.float32)), axis=1) >= 0).all()


def test_a_band_is_stretched_by_what_left_out_hours_would_have_needed(small, tmp_path):
    answers = np.tile(np.linspace(0.1, 1.0, 19), (3, 1))  # 10 % at 0.15, middle 0.55, 90 % at 0.95
    needed = PARTS["ensemble"]._stretch(answers, np.array([0.55, 0.95, 0.05]))
    assert np.allclose(needed, [0.0, 1.0, 1.25])
    history, cases = small
    method = BUILDERS["quantile_networks"](history, 0, Work(folder=tmp_path / "a"))
    first = method(cases[0].request).power[5]
    kept = load_arrays(tmp_path / "a" / "0" / "fit.npz")
    save_arrays(tmp_path / "a" / "0" / "fit.npz", **(kept | {"stretch": 0.5 * kept["stretch"]}))
    narrow = BUILDERS["quantile_networks"](history, 0, Work(folder=tmp_path / "a"))(cases[0].request).power[5]
    assert narrow[9] == pytest.approx(first[9])
    assert narrow[17] - narrow[1] < 0.9 * (first[17] - first[1])


def test_farms_share_their_forecasts_and_one_is_foreseen_without_the_others(tmp_path):
    both = data_of(farm(), farm(seed=5), folder=tmp_path)
    round_ = list(PROJECT.rounds(both))[-1]
    assert {case.site for case in round_.cases} == {"mine", "other"}
    case = next(case for case in round_.cases if case.site == "mine")
    assert [neighbour.name for neighbour in case.request.neighbours] == ["other"]
    small = round_.history.group_by("farm", maintain_order=True).tail(60 * 24)
    alone = case.request.model_copy(update={"neighbours": []})
    for name in ("quantile_networks", "lightgbm_quantiles"):
        method = BUILDERS[name](small, 0, Work(folder=tmp_path / name))
        for asked in (case.request, alone):
            PROJECT.check(asked, method(asked))
        assert method(case.request) != method(alone)
        assert method(case.request.model_copy(update={"farm": "third"})) is None


def test_heights_that_were_never_seen_are_declined(small, tmp_path):
    history, cases = small
    asked = cases[0].request
    higher = asked.model_copy(update={"wind": [asked.wind[0].model_copy(update={"height": 140.0})]})
    for name in ("power_curve", "quantile_networks", "lightgbm_quantiles"):
        method = BUILDERS[name](history, 0, Work(folder=tmp_path / name))
        assert method(higher) is None


@settings(max_examples=25)
@given(st.floats(0, 1))
def test_the_sums_of_a_case_are_what_the_kpis_need(share):
    asked = request()
    case = Case("day", asked, {"power": [50.0, None, 100.0], "climatology": 0.3})
    sums = PROJECT.score(case, PROJECT.response(power=[[100.0 * share] * 19] * 3))
    assert sums["hours"] == 2
    assert sums["absolute"] == pytest.approx(abs(0.5 - share) + abs(1 - share))
    assert sums["energy"] == pytest.approx(1.5)


# ---- pictures -----------------------------------------------------------------------------------------------------------


def test_pictures_draw_with_and_without_an_outcome(rounds, tmp_path):
    round_ = rounds[-1]
    practice = BUILDERS["power_curve"](round_.history, 0, Work(folder=tmp_path))
    case = round_.cases[0]
    answers = {"power_curve": practice(case.request)}
    for truth in (case.truth, None):
        for shown in (answers, {}):
            PROJECT.figure(case.request, shown, truth, None).to_dict()


def test_a_trials_pictures_draw():
    rows = pl.DataFrame(
        [
            {
                "site": "mine",
                "round": month,
                "method": name,
                "pinball": 1.0,
                "climatology": 2.0,
                "covered": 8.0,
                "hours": 10.0,
            }
            for month in ("2021-05", "2021-06")
            for name in BUILDERS
        ]
    )
    for charts in per_language(lambda: list(PROJECT.figures(rows, ()).values())).values():
        for chart in charts:
            chart.to_dict()


# ---- the published farm ---------------------------------------------------------------------------------------------------


def test_the_published_farm_and_the_trials_number():
    from dure import CannotBeHad

    try:
        trial_rounds = list(PROJECT.rounds(Data(PROJECT.sources, PROJECT.folder)))
    except CannotBeHad as error:
        pytest.skip(f"the published farm is not here: {error}")
    assert [round_.name for round_ in trial_rounds] == [f"2013-{month:02d}" for month in range(1, 12)]
    assert sum(len(round_.cases) for round_ in trial_rounds) == 334
    assert trial_rounds[0].history.height == 366 * 24


# ---- a sheet asked, an answer kept ------------------------------------------------------------------------------------------


def tomorrow(folder, known=48):
    """Three days of a sheet, whose power is known for the first hours."""
    sheet = farm(days=3).with_row_index().with_columns(
        pl.when(pl.col("index") < known).then(pl.col("발전량(kWh)")).alias("발전량(kWh)")
    ).drop("index")  # fmt: skip
    sheet.write_csv(folder / "tomorrow.csv")
    return folder / "tomorrow.csv"


def test_the_hours_without_power_are_asked_and_the_day_before_is_their_past(tmp_path):
    opened = PROJECT.opens([tomorrow(tmp_path)], {"capacity": "20000", "farm": "mine"})
    asked = opened.request
    assert (asked.issued, len(asked.time), asked.farm) == (datetime(2021, 1, 3), 24, "mine")
    assert asked.past == pytest.approx(farm(days=3)["발전량(kWh)"][24:48].to_list())
    assert any("24 hours have no measured power" in note for note in opened.notes)


def test_a_day_that_is_known_is_asked_once_more(tmp_path):
    opened = PROJECT.opens([tomorrow(tmp_path, known=72)], {"capacity": "20000"})
    assert opened.request.issued == datetime(2021, 1, 3)
    assert any("asked once more" in note for note in opened.notes)


def test_without_a_capacity_nothing_is_guessed(tmp_path):
    with pytest.raises(UserError, match=r"capacity of the farm is not known.*--set capacity"):
        PROJECT.opens([tomorrow(tmp_path)], {})


def test_an_answer_is_kept_as_a_table_and_told_hour_by_hour(tmp_path):
    asked = request()
    answer = PROJECT.response(power=[[float(n) for n in range(19)]] * 3)
    for ending, save in PROJECT.saves.items():
        save(asked, answer, tmp_path / f"answer{ending}")
    kept = pl.read_csv(tmp_path / "answer.csv")
    assert kept["median [kW]"].to_list() == [9.0] * 3
    assert kept["q95"].to_list() == [18.0] * 3
    assert read(tmp_path / "answer.xlsx").cells.height == 3
    words = per_language(lambda: PROJECT.says(asked, answer))
    assert words["en"].startswith("2021-05-01 00:00 to 05-01 03:00: about 27 kWh, 9 %")
    assert len(words["ko"].splitlines()) == 4
