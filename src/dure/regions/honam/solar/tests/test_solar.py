"""What must hold of a roof's forecast: dates, copies, methods by hand, a person's own sheet, pictures."""

from __future__ import annotations

import calendar
import csv
import json
import math
import random
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from dure import Data, Invalid, UserError, Work, tables
from dure.i18n.texts import per_language
from dure.methods import pinball
from dure.project.loader import load
from dure.regions.honam.solar import analogues, sun
from dure.regions.honam.solar.data import copies, grid, hourly, read, together
from dure.regions.honam.solar.forms import LEVELS, MEDIAN, Settings
from dure.regions.honam.solar.roof import look
from dure.statistics import formula

HERE = Path(__file__).parent
PROJECT = load(HERE.parent)
BUILDERS = PROJECT.builders()

# Small homes in the published layout, made by hand: a clear-sky bell, weather that comes again, no two days next to each
# other alike.
MONTHS = (7, 8, 9, 10)
WEATHER = (1.0, 1.0, 0.9, 0.3, 0.6, 1.0, 0.2, 0.8)  # clearness of the days, again and again


def rows(months=MONTHS, size=800.0, shift=0.0):
    """(month, hour, W per kW) in the published order: the first row is the midnight that ends the month before the first whole one."""
    yield months[0], 24, 0.0
    day = 0
    for month in months[1:]:
        for _number in range(calendar.monthrange(2021, month)[1]):
            clear = WEATHER[(day * 5 + day // 8) % len(WEATHER)]
            for hour in range(1, 25):
                yield month, hour, round(size * clear * max(0.0, math.cos((hour - 12.5 - shift) / 12 * math.pi)), 3)
            day += 1


def write(path: Path, table) -> Path:
    """One home's file, with a column nobody asked for."""
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(["month", "hour", "day_type", "solar_generation"])
        out.writerows((month, hour, 1, value) for month, hour, value in table)
    return path


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Three kinds of roof in eight homes: 1 to 6 look south at two sizes, 7 and 8 to the west."""
    folder = tmp_path_factory.mktemp("homes")
    own = {
        f"home-{number}": write(folder / f"{number}.csv", rows(size=700 + 20 * number, shift=2 if number > 6 else 0))
        for number in range(1, 9)
    }
    return Data(PROJECT.sources, own=own)


@pytest.fixture(scope="module")
def last_round(data):
    return list(PROJECT.rounds(data))[-1]


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    return {name: tmp_path_factory.mktemp(name) for name in BUILDERS}


@pytest.fixture(scope="module")
def methods(last_round, folders):
    pytest.importorskip("lightgbm", reason="methods need the extra dure[solar]")
    return {name: build(name, folder, last_round.history) for name, folder in folders.items()}


def build(name, folder, history):
    return BUILDERS[name](history, 0, Work(folder=folder))


def bell(days, clear=lambda day: 1.0, first=0):
    """Hours of days of 12 hours of light around 12:00."""
    return [
        clear(day) * max(0.0, float(np.cos((hour - 11.5) / 12 * np.pi)))
        for day in range(first, days)
        for hour in range(24)
    ]


def asked(past, hours=48, **fields):
    return PROJECT.request(first=datetime(2026, 3, 21), hours=hours, past=past, **fields)


# ---- dates --------------------------------------------------------------------------------------------------------------


def times(tmp_path, table):
    return read(write(tmp_path / "home.csv", table))


def test_the_first_row_is_the_midnight_that_ends_the_month_before(tmp_path):
    frame = times(tmp_path, rows())
    assert frame["time"][0] == datetime(2021, 7, 31, 23)
    assert frame["time"][1] == datetime(2021, 8, 1)
    assert frame["time"].diff().drop_nulls().unique().to_list() == [timedelta(hours=1)]


def test_watts_become_kilowatts(tmp_path):
    assert times(tmp_path, [(8, 12, 800.0)])["power"].to_list() == [0.8]


def whole_year():
    """A year as published: it begins with the last hour of July and ends one hour before the end of July."""
    year_rows = [*rows((7, 8, 9, 10, 11, 12, 1, 2, 3, 4, 5, 6, 7))]
    return year_rows[:-1]


@pytest.mark.parametrize("start", range(1, 13))
def test_a_year_that_begins_with_any_month_has_no_gap(tmp_path, start):
    order = [(start + number - 1) % 12 + 1 for number in range(12)]
    frame = times(tmp_path, [row for month in order for row in whole_year() if row[0] == month])
    assert frame.height == 8760
    assert frame["time"].diff().drop_nulls().unique().to_list() == [timedelta(hours=1)]
    assert frame["time"][0].month == start


def test_months_that_are_missing_are_gaps(tmp_path):
    frame = times(tmp_path, [row for row in whole_year() if row[0] in (8, 9, 11, 12, 1, 3, 4, 5, 7)])
    assert frame["time"].n_unique() == frame.height
    steps = sorted(step.days for step in frame["time"].diff().drop_nulls().unique())
    assert steps == [0, 28, 30, 31]  # February, June, October


def test_an_hour_that_is_none_is_named_with_its_row(tmp_path):
    with pytest.raises(UserError, match=r"home.csv, row 3: month 8, hour 25"):
        times(tmp_path, [(7, 24, 0.0), (8, 25, 0.0)])


def test_a_month_with_too_many_days_is_named(tmp_path):
    with pytest.raises(UserError, match=r"month 8 has 32 days"):
        times(tmp_path, [(7, 24, 0.0)] + [(8, hour, 0.0) for _day in range(32) for hour in range(1, 25)])


# ---- rounds ---------------------------------------------------------------------------------------------------------------


def test_rounds_are_whole_months_after_the_first(data):
    found = list(PROJECT.rounds(data))
    assert [(round_.name, round_.sealed) for round_ in found] == [("2021-09", False), ("2021-10", True)]
    for round_ in found:
        assert round_.history["time"].max() < min(case.time for case in round_.cases)


def test_a_case_is_named_by_home_and_day_and_asks_two_days(last_round):
    case = last_round.cases[0]
    assert case.id == "home-1 2021-10-01"
    assert case.time == case.request.first == datetime(2021, 10, 1)
    assert len(case.truth["power"]) == case.request.hours == 48


def test_a_day_is_asked_only_where_yesterday_and_the_days_asked_are_known(data):
    frame = together(data).filter(~((pl.col("home") == "home-1") & (pl.col("time") == datetime(2021, 9, 10, 12))))
    from dure.regions.honam.solar.project import cases

    missing = {case.id for case in cases(together(data))} - {case.id for case in cases(frame)}
    assert missing == {f"home-1 2021-09-{day:02d}" for day in (9, 10, 11)}


def test_a_week_of_all_roofs_is_one_block(last_round):
    by_week = {}
    for case in last_round.cases:
        by_week.setdefault(case.block, set()).add(case.id.split()[0])
    assert all(len(homes) == 8 for homes in by_week.values())
    assert {case.site for case in last_round.cases} == {""}


def test_copies_weigh_together_as_one_roof(last_round):
    weights = {case.id.split()[0]: case.truth["weight"] for case in last_round.cases}
    assert [weights[f"home-{number}"] for number in range(1, 9)] == pytest.approx([1 / 6] * 6 + [1 / 2] * 2)


def test_different_roofs_are_no_copies():
    roof = np.array(bell(10, lambda day: 0.5 + 0.05 * day))
    assert copies({"a": roof, "b": 0.7 * roof, "c": np.roll(roof, 2)}) == [["a", "b"], ["c"]]


def test_one_month_is_too_few_for_a_trial(tmp_path):
    own = {f"home-{number}": write(tmp_path / f"{number}.csv", rows(MONTHS[:2])) for number in range(1, 9)}
    with pytest.raises(UserError, match="whole months are too few"):
        list(PROJECT.rounds(Data(PROJECT.sources, own=own)))


def test_what_is_odd_is_said_in_both_languages(data):
    remarks = per_language(lambda: PROJECT.remarks(data)[""])
    assert any("8 roofs are 2 different ones" in text for text in remarks["en"])
    assert any("지붕 8개는 실제로 서로 다른 2개" in text for text in remarks["ko"])


def test_a_clock_that_is_set_is_found():
    from dure.regions.honam.solar.remarks import _clock

    steady, late = np.array(bell(60)), np.array(bell(60))
    late[30 * 24 :] = np.roll(late[30 * 24 :], 1)
    assert _clock(datetime(2026, 1, 1), [steady]) == []
    (text,) = _clock(datetime(2026, 1, 1), [late])
    assert "01-31 (+1.0 h)" in text


# ---- the sun ---------------------------------------------------------------------------------------------------------------


def test_day_and_night_are_equal_at_the_equinox_and_long_in_summer():
    assert sun.length(np.array([81]), 37.5)[0] == pytest.approx(12, abs=0.05)
    assert sun.length(np.array([172]), 37.5)[0] == pytest.approx(14.6, abs=0.2)  # Seoul: 14 h 46 min with refraction


def test_the_sun_at_noon_stands_as_high_as_the_latitude_says():
    noon = sun.height(np.array([81.0]), np.array([11.5]), 12.0, 37.5)[0]
    assert noon == pytest.approx(np.cos(np.radians(37.5)), abs=0.01)


@settings(max_examples=30)
@given(st.integers(0, 120).map(lambda half: half / 2))
def test_a_latitude_is_found_again_from_the_days_length(latitude):
    days = np.arange(1, 366, 7)
    assert sun.latitude_of(days, sun.length(days, latitude)) == pytest.approx(latitude, abs=0.5)


# ---- methods ----------------------------------------------------------------------------------------------------------------


def test_weighted_quantiles_follow_the_weights():
    values = np.array([1.0, 2.0, 3.0, np.nan])
    assert analogues.weighted(values, np.ones(4))[MEDIAN] == pytest.approx(2)
    assert analogues.weighted(values, np.array([0.0, 0.0, 1.0, 1.0])).tolist() == [3.0] * 19


def test_a_clear_roof_is_its_envelope():
    roof = look(np.array(bell(28)), datetime(2026, 3, 21), 48, 35.0)
    light = np.array(bell(2)) > 0.5
    assert roof.envelope[light] == pytest.approx(np.array(bell(2))[light], rel=0.15)  # 28 days of March lie between
    assert roof.clearness[-1][10:14] == pytest.approx(1, abs=0.1)


def test_the_score_counts_daylight_alone(last_round):
    case = last_round.cases[0]
    right = PROJECT.response(power=[[value] * 19 for value in case.truth["power"]])
    sums = PROJECT.score(case, right)
    light = sum(value > 0 for value in case.truth["power"])
    assert sums["hours"] == pytest.approx(light / 6)
    assert sums["pinball"] == 0
    assert formula.evaluate(PROJECT.kpis[2].of, {**sums, "cases": 1}) == pytest.approx(100)


def test_practice_is_yesterday_where_it_never_erred(tmp_path):
    steady = pl.DataFrame({
        "home": "a", "time": [datetime(2026, 1, 1) + timedelta(hours=hour) for hour in range(60 * 24)], "truth": bell(60),
    })  # fmt: skip
    answer = build("yesterday", tmp_path, steady)(asked(bell(3)))
    assert [row[MEDIAN] for row in answer.power] == pytest.approx(bell(2), abs=1e-4)
    assert [row[0] for row in answer.power] == [row[-1] for row in answer.power]


def test_practice_declines_without_a_past(methods):
    assert methods["yesterday"](asked([None] * 24)) is None
    assert methods["clear_sky_memory"](asked([None] * 24)) is None


def test_practice_takes_the_day_before_where_yesterday_has_a_hole(methods):
    past = bell(5)
    past[-12] = None
    assert methods["yesterday"](asked(past)) is not None


def test_every_method_answers_every_case_within_its_form(methods, last_round):
    for method in methods.values():
        for case in random.Random(1).sample(list(last_round.cases), 10):
            answer = method(case.request)
            PROJECT.check(case.request, answer)
            assert all(low <= high for row in answer.power for low, high in pairwise(row))


def test_as_many_hours_are_answered_as_were_asked(methods, last_round):
    request = last_round.cases[0].request.model_copy(update={"hours": 5})
    with pytest.raises(Invalid, match="5 were asked"):
        PROJECT.check(request, methods["yesterday"](last_round.cases[0].request))
    for method in methods.values():
        PROJECT.check(request, method(request))


def test_a_method_comes_back_from_its_folder_without_the_history(methods, folders, last_round):
    nothing, request = last_round.history.clear(), last_round.cases[3].request
    for name, method in methods.items():
        assert build(name, folders[name], nothing)(request) == method(request)


PAST = st.integers(1, 30).flatmap(
    lambda days: st.lists(st.none() | st.floats(0, 1.2), min_size=24 * days, max_size=24 * days + 5)
)


@settings(max_examples=30)  # each asks two methods
@given(PAST, st.integers(1, 72), st.integers(0, 23))
def test_whatever_a_roof_has_seen_the_answer_keeps_its_form(methods, past, hours, hour):
    request = PROJECT.request(first=datetime(2026, 6, 1, hour), hours=hours, past=past)
    for name in ("clear_sky_memory", "yesterday"):
        answer = methods[name](request)
        if answer is not None:
            PROJECT.check(request, answer)


def test_levels_move_towards_what_the_last_days_showed():
    """A roof whose last weeks were steadily dull lies below the middle of its own past: the middle is read lower."""
    from dure.regions.honam.solar.methods import _levels

    levels = np.array(LEVELS)
    dull = asked(bell(28, lambda day: 0.9 if day < 21 else 0.9 - 0.1 * (day - 20)))
    bright = asked(bell(28, lambda day: 0.2 if day < 21 else 0.2 + 0.1 * (day - 20)))
    assert _levels(dull, 35.0, None)[MEDIAN] < 0.5 < _levels(bright, 35.0, None)[MEDIAN]
    assert _levels(asked(bell(1)), 35.0, None).tolist() == levels.tolist()


def test_a_dark_roof_stays_dark(methods):
    answer = methods["clear_sky_memory"](asked([0.0] * 24 * 7))
    assert max(max(row) for row in answer.power) == 0


# ---- weather, when a person has it ------------------------------------------------------------------------------------------


def sky_of(days, seed=3):
    mix = random.Random(seed)
    return [mix.choice([0.1, 0.5, 0.9]) for _day in range(days)]


def test_a_true_forecast_moves_the_answer_and_a_false_one_does_not(methods):
    clear = sky_of(30)
    past = bell(28, lambda day: clear[day])
    cloud = [1 - clear[hour // 24] for hour in range(30 * 24)]
    shuffled = random.Random(0).sample(cloud, len(cloud))
    model = methods["clear_sky_memory"]
    bare, informed, misled = (model(asked(past, **fields)) for fields in ({}, {"cloud": cloud}, {"cloud": shuffled}))
    truth = [clear[28 + hour // 24] * value for hour, value in enumerate(bell(2))]

    def loss(answer):
        return pinball(np.array(answer.power), np.array(truth), LEVELS).mean()

    assert loss(informed) < 0.5 * loss(bare)
    assert misled == bare


def test_weather_must_cover_the_past_and_the_hours_asked():
    with pytest.raises(ValidationError, match="cloud has 24 hours, past and hours asked are 72"):
        asked(bell(1), cloud=[0.5] * 24)


# ---- a person's own sheet ---------------------------------------------------------------------------------------------------


def sheet(path, days=10, *, header="발전량(kWh)", stop=None, extra=()):
    """Hours as a Korean meter writes them: the end of the hour, 24:00 at midnight."""
    begin, values = datetime(2026, 3, 1), [round(3 * value, 3) for value in bell(days)]
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        out = csv.writer(file)
        out.writerow(["일시", header])
        for hour, value in enumerate(values):
            day = begin + timedelta(days=hour // 24)
            out.writerow([f"{day:%Y-%m-%d} {hour % 24 + 1:02d}:00", "" if stop is not None and hour >= stop else value])
        out.writerows(extra)
    return path


def test_a_sheet_becomes_the_hours_to_the_end_of_tomorrow(tmp_path):
    opened = PROJECT.opens([sheet(tmp_path / "mine.csv")], {"capacity_kw": "3"})
    assert opened.request.first == datetime(2026, 3, 11)
    assert opened.request.hours == 48
    assert opened.request.past == pytest.approx(bell(10), abs=1e-3)


def test_a_sheet_that_ends_at_noon_is_asked_from_noon(tmp_path):
    opened = PROJECT.opens([sheet(tmp_path / "mine.csv", stop=9 * 24 + 12)], {"capacity_kw": "3"})
    assert opened.request.first == datetime(2026, 3, 10, 12)
    assert opened.request.hours == 36


def test_hours_that_stand_twice_with_two_values_are_unknown(tmp_path):
    extra = [["2026-03-05 12:00", 0.5], ["2026-03-05 13:00", round(3 * bell(1)[12], 3)]]
    opened = PROJECT.opens([sheet(tmp_path / "mine.csv", extra=extra)], {"capacity_kw": "3"})
    assert [number for number, value in enumerate(opened.request.past) if value is None] == [4 * 24 + 11]
    assert any("2 times stand twice" in note for note in opened.notes)


def test_an_unknown_capacity_and_a_wrong_one_are_said(tmp_path):
    with pytest.raises(UserError, match=r"installed power is not known.*capacity_kw"):
        PROJECT.opens([sheet(tmp_path / "mine.csv")], {})
    with pytest.raises(UserError, match="more, or less, than a roof gives"):
        PROJECT.opens([sheet(tmp_path / "mine.csv")], {"capacity_kw": "0.3"})


def test_quarter_hours_become_hours():
    begin = datetime(2026, 3, 1)
    frame = pl.DataFrame({
        "time": [begin + timedelta(minutes=15 * (step + 1)) for step in range(8)], "power": [1.0] * 4 + [2.0] * 3 + [None],
        "energy": [None] * 8, "capacity": [4.0] * 8, "irradiance": [None] * 8, "cloud": [None] * 8,
    }, schema_overrides={"energy": pl.Float64, "irradiance": pl.Float64, "cloud": pl.Float64})  # fmt: skip
    table = hourly(frame, None, "made")
    assert table["time"].to_list() == [begin, begin + timedelta(hours=1)]
    assert table["power"].to_list() == [0.25, None]  # an hour that is not whole is not known


def test_own_roofs_take_the_place_of_the_published_homes(tmp_path):
    own = {"roofs": [sheet(tmp_path / "동쪽.csv", days=90), sheet(tmp_path / "서쪽.csv", days=90)]}
    own_roofs = Data(PROJECT.sources, own=own, settings=Settings(capacity_kw=3), confirm=lambda _text: True)
    assert together(own_roofs)["home"].unique(maintain_order=True).to_list() == ["동쪽", "서쪽"]
    found = list(PROJECT.rounds(own_roofs))
    assert [round_.sealed for round_ in found] == [False, True][: len(found)]
    assert found[0].cases[0].id == "동쪽 2026-04-01"


def test_an_answer_is_kept_in_kilowatts_and_said_in_words(methods, tmp_path):
    request = PROJECT.opens([sheet(tmp_path / "mine.csv")], {"capacity_kw": "3"}).request
    answer = methods["clear_sky_memory"](request)
    words = per_language(lambda: PROJECT.says(request, answer))
    assert "2026-03-11: about" in words["en"]
    assert "기상 자료 없이" in words["ko"]
    for ending, save in PROJECT.saves.items():
        save(request, answer, tmp_path / f"a{ending}")
    table = pl.read_csv(tmp_path / "a.csv")
    assert table.height == 48
    assert table["quantile 50 %"].max() == pytest.approx(3 * max(row[MEDIAN] for row in answer.power), abs=1e-3)
    kept = tables.read(tmp_path / "a.xlsx")
    assert kept.cells.height == 48


# ---- pictures -----------------------------------------------------------------------------------------------------------------


def test_pictures_draw(methods, last_round):
    pytest.importorskip("altair", reason="pictures need the extra dure[solar]")
    cases = last_round.cases[:3]
    for case in cases[:1]:
        answers = {name: method(case.request) for name, method in methods.items()}
        for truth in (case.truth, None):
            json.dumps(PROJECT.figure(case.request, answers, truth, None).to_dict())
    frame = pl.DataFrame([
        {"round": last_round.name, "method": name, **PROJECT.score(case, method(case.request))}
        for name, method in methods.items() for case in cases
    ])  # fmt: skip
    assert len(PROJECT.figures(frame, ())) == 2
    for chart in PROJECT.figures(frame, ()).values():
        chart.to_dict()


def test_the_grid_leaves_gaps_unknown(data):
    start, hours = grid(together(data))
    assert start == datetime(2021, 7, 31)
    assert np.isnan(hours["home-1"][:23]).all()
    assert np.isfinite(hours["home-1"][23:]).all()
