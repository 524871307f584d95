"""The energy trade's files: five layouts, read as they are; a mistake is told with its row; no layout minds NFD or 24:00."""

from __future__ import annotations

import datetime as dt
import tempfile
import unicodedata
from contextlib import suppress
from pathlib import Path

import polars as pl
import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

import energy
import sheets
from dure import formats, tables
from dure.errors import Unknown, UserError
from dure.formats import kma_amount, kma_columns
from dure.i18n.texts import speak

HEAD = " format: day,hour,forecast,value  location:60_74 Start : 20210101 \r\n"


@pytest.fixture(autouse=True)
def _english():
    speak("en")
    yield
    speak(None)


LAYOUTS = {
    "forecast": energy.portal,
    "hourly-weather": sheets.asos,
    "hourly-generation": energy.day_sheet,
    "settlement": energy.settlement,
    "quarter-hourly-use": energy.meter,
}


@pytest.mark.parametrize("name", sorted(LAYOUTS))
def test_each_layout_is_read_without_a_question(tmp_path, name) -> None:
    frame = formats.read(name, LAYOUTS[name](tmp_path))
    assert frame.height
    assert frame.columns == [column.name for column in formats.SHEETS[name]]
    kinds = {"number": pl.Float64, "time": pl.Datetime("us"), "date": pl.Date, "text": pl.String, "category": pl.String}
    assert dict(frame.schema) == {column.name: kinds[column.type] for column in formats.SHEETS[name]}
    assert not list(tmp_path.glob("*.json"))  # nothing is left beside the file


@pytest.mark.parametrize("name", sorted(LAYOUTS))
def test_decomposed_letters_change_nothing(tmp_path, name) -> None:
    """macOS writes Hangul in parts, in files' names and in what they hold."""
    path = LAYOUTS[name](tmp_path)
    apart = path.with_name(unicodedata.normalize("NFD", path.name))
    if path.suffix == ".csv":
        text = path.read_bytes().decode(tables.encoding_of(path))
        apart.write_text(unicodedata.normalize("NFD", text), encoding="utf-8", newline="")
    else:
        sheet = tables.read(path)
        headers = [f"{header} ({sheet.units[header]})" if header in sheet.units else header for header in sheet.headers]
        with xlsxwriter.Workbook(apart) as book:
            page = book.add_worksheet(unicodedata.normalize("NFD", "시간대별"))
            page.write_row(0, 0, [unicodedata.normalize("NFD", header) for header in headers])
            for column, header in enumerate(sheet.headers):
                page.write_column(
                    1, column, [unicodedata.normalize("NFD", cell or "") for cell in tables.texts(sheet, header)]
                )
    assert not unicodedata.is_normalized("NFC", tables.sheets(apart)[0].file) or path.name.isascii()
    assert formats.read(name, apart).equals(formats.read(name, path))


def test_an_unknown_layout_is_answered_with_the_nearest() -> None:
    with pytest.raises(Unknown, match="Did you mean settlement"):
        formats.read("setlement", Path("x.csv"))


# ---- forecasts ------------------------------------------------------------------------------------------------------


def test_issues_in_utc_become_korean_time(tmp_path) -> None:
    frame = formats.forecast(energy.portal(tmp_path))
    first = frame.row(0, named=True)
    assert first["issued"] == dt.datetime(2021, 1, 1, 11)  # 02:00 UTC
    assert first["valid"] == dt.datetime(2021, 1, 1, 17)
    assert (first["grid"], first["lead"], first["wind_speed"], first["temperature"]) == ("60_74", 6, 3, None)
    assert frame.height == 2 * 8 * 4
    assert (frame["valid"] - frame["issued"]).dt.total_hours().cast(pl.Float64).equals(frame["lead"])


def test_a_month_begins_within_the_file(tmp_path) -> None:
    frame = formats.forecast(energy.portal(tmp_path, months=("202012", "202101", "202102"), days=3))
    days = (frame["issued"] - kma_columns.KST).dt.date().unique().sort()
    assert days.to_list() == [
        dt.date(year, month, day) for year, month in ((2020, 12), (2021, 1), (2021, 2)) for day in (1, 2, 3)
    ]


def test_files_of_one_place_become_one_frame(tmp_path) -> None:
    speed, east = energy.portal(tmp_path), energy.portal(tmp_path, "동서바람성분", value=lambda lead: -lead)
    frame = formats.forecast([speed, east])
    assert frame.height == 2 * 8 * 4
    assert frame["wind_speed"][0] == 3
    assert frame["wind_u"][0] == -6
    assert formats.forecast(tmp_path).equals(frame)


def test_several_values_a_row(tmp_path) -> None:
    frame = formats.forecast(energy.several(tmp_path))
    assert frame.select("wind_u", "wind_v", "wind_speed").unique().rows() == [(3, -4, 5)]
    assert frame["rain"].to_list() == [float(each) for each in "01201200" * 2]


def test_a_table_that_says_utc(tmp_path) -> None:
    frame = formats.forecast(energy.table(tmp_path))
    assert frame["issued"].unique().to_list() == [dt.datetime(2026, 7, 2, 5)]
    assert frame["valid"].to_list() == [dt.datetime(2026, 7, 2, 5 + lead) for lead in range(1, 9)]  # one is 24:00
    assert frame.select("rain_low", "rain", "rain_high").rows() == [
        (0, 0, 0), (0.1, 0.55, 1), (6.2, 6.2, 6.2), (30, 40, 50), (50, 50, None), (None, None, None), (0, 0, 0), (0, 0, 0)
    ]  # fmt: skip


@pytest.mark.parametrize("zone", ["", "(KST)", "(UTC)"])
def test_hours_ahead_instead_of_a_moment(tmp_path, zone) -> None:
    path = tmp_path / "예보.csv"
    path.write_text(f"발표일자{zone},발표시각,선행시간,풍속\n2026-07-01,24,6,3.5\n", encoding="utf-8")
    frame = formats.forecast(path)
    issued = dt.datetime(2026, 7, 2, 9 if "UTC" in zone else 0)
    assert frame.select("issued", "valid", "lead", "wind_speed").rows() == [
        (issued, issued + dt.timedelta(hours=6), 6, 3.5)
    ]


def test_other_units_and_headers_of_two_rows(tmp_path) -> None:
    path = tmp_path / "예보.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        for column, name in ((0, "발표시각"), (1, "예보시각")):
            sheet.merge_range(0, column, 1, column, name)
        sheet.merge_range(0, 2, 0, 3, "예보")
        sheet.write_row(1, 2, ["풍속(km/h)", "기온(℃)"])
        sheet.write_row(2, 0, ["2026-07-01 02:00", "2026-07-01 24:00", 36, 20])
        sheet.write_row(3, 0, ["2026-07-01 02:00", "2026-07-02 01:00", 18, 21])
    frame = formats.forecast(path)
    assert frame["wind_speed"].to_list() == pytest.approx([10, 5])
    assert frame["valid"][0] == dt.datetime(2026, 7, 2)
    path = tmp_path / "예보.csv"
    path.write_text("발표시각,예보시각,풍속(kWh)\n2026-07-01 02:00,2026-07-01 03:00,3\n", encoding="utf-8")
    with pytest.raises(UserError, match="‘풍속’ is in kWh; m/s belongs here"):
        formats.forecast(path)


def test_items_as_the_service_answers_them(tmp_path) -> None:
    path = tmp_path / "수집.csv"
    rows = ["20260701,200,TMP,20260702,0,21,60,74", "20260701,200,WSD,20260701,2400,3.1,60,74",
            "20260701,200,LGT,20260702,0,0,60,74"]  # fmt: skip
    path.write_text(
        "baseDate,baseTime,category,fcstDate,fcstTime,fcstValue,nx,ny\n" + "\n".join(rows), encoding="utf-8"
    )
    frame = formats.forecast(path)
    assert frame.select("grid", "issued", "valid", "temperature", "wind_speed").rows() == [
        ("60_74", dt.datetime(2026, 7, 1, 2), dt.datetime(2026, 7, 2), 21.0, 3.1)
    ]


def test_a_column_that_no_name_explains_is_asked_for(tmp_path) -> None:
    path = energy.portal(tmp_path).rename(tmp_path / "자료.csv")
    with pytest.raises(UserError, match="what is foretold here"):
        formats.forecast(path)
    assert formats.forecast(path, variable="WSD")["wind_speed"][0] == 3
    assert formats.forecast(path, variable="1시간 기온")["temperature"][0] == 3
    with pytest.raises(UserError, match="Did you mean 풍속"):
        formats.forecast(path, variable="풍속도")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("32,0200,+6,1.0", "row 3 ‘day’: ‘32’ is no day of 2021-01"),
        ("x,0200,+6,1.0", "row 3 ‘day’: ‘x’ is no day"),
        ("1,2500,+6,1.0", "row 3 ‘hour’: ‘2500’ is no hour"),
        ("1,0230,+6,1.0", "row 3 ‘hour’"),
        ("1,0200,six,1.0", "row 3 ‘forecast’: ‘six’ is no number of hours"),
        ("1,0200,-6,1.0", "row 3 ‘forecast’"),
        ("1,0200,+6", "row 3: 3 values stand here, 4 belong here"),
        ("1,0200,+6,1.0,2.0", "row 3: 5 values"),
        ("1,0200,+6,wind", "row 3 ‘wind speed’: ‘wind’ is no wind speed"),
        ("1,0200,+6,nan", "row 3 ‘wind speed’"),
        ("1,0200,+6,-3", "row 3 ‘wind speed’: ‘-3’ is outside 0 to 100 m/s"),
        ("2,0200,+6,1.0\r\n1,0200,+6,1.0", "row 4 ‘day’: day 1 stands after a later one"),
        ("1,0200,+6,1.0\r\n1,0200,+6,2.0", "row 3 ‘wind speed’: ‘1.0’ here and ‘2.0’ in .* row 4"),
    ],
)  # fmt: skip
def test_a_row_that_is_wrong_is_named(tmp_path, line, said) -> None:
    path = tmp_path / "한림읍_풍속_202101_202101.csv"
    path.write_text(HEAD + " 1,0500,+6,1.0 \r\n" + line + "\r\n", encoding="utf-8", newline="")
    with pytest.raises(UserError, match=said) as refused:
        formats.forecast(path)
    assert path.name in str(refused.value)
    assert refused.value.cure


@pytest.mark.parametrize(
    ("head", "said"),
    [
        (" format: day,hour,forecast,value  location:60_74", "does not name place and month"),
        (" format: day,hour,forecast,value  Start : 20210101", "does not name place and month"),
        (" format: day,hour,value location:60_74 Start : 20210101", "are no forecast"),
        (" format: day,hour,forecast,value,value location:60_74 Start : 20210101", "what is foretold"),
    ],
)
def test_a_first_line_that_is_wrong_is_explained(tmp_path, head, said) -> None:
    path = tmp_path / "한림읍_풍속_202101_202101.csv"
    path.write_text(head + "\n 1,0500,+6,1.0 \n", encoding="utf-8")
    with pytest.raises(UserError, match=said):
        formats.forecast(path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("발표시각,풍속\n2026-07-01 02:00,3\n", "when a forecast was issued and for when"),
        ("발표시각,예보시각,메모\n2026-07-01 02:00,2026-07-01 03:00,3\n", "no column is a forecast's variable"),
        ("발표시각,예보시각,풍속,WSD\n2026-07-01 02:00,2026-07-01 03:00,3,3\n", "say the same: 풍속, WSD"),
        (
            "발표시각,예보시각,풍속\n2026-07-01 02:00,2026-07-01 03:00,3\n2026-07-01 02:00,,4\n",
            "row 3 ‘예보시각’: the cell is empty",
        ),
        ("발표시각,예보시각,풍속\n2026-07-01 02:00,2026-13-01 03:00,3\n", "row 2 ‘예보시각’"),
    ],
)
def test_a_table_that_is_no_forecast_is_explained(tmp_path, text, said) -> None:
    path = tmp_path / "예보.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=said):
        formats.forecast(path)


def test_nothing_there(tmp_path) -> None:
    with pytest.raises(UserError, match="no forecast is kept here"):
        formats.forecast(tmp_path)
    with pytest.raises(UserError, match="no such file"):
        formats.forecast(tmp_path / "x.csv")


GUIDE = [
    ("rain", "강수없음", (0, 0, 0)), ("rain", "-", (0, 0, 0)), ("rain", "null", (0, 0, 0)), ("rain", "0", (0, 0, 0)),
    ("rain", "1mm 미만", (0.1, 0.55, 1)), ("rain", "1.0mm 미만", (0.1, 0.55, 1)), ("rain", "6.2mm", (6.2, 6.2, 6.2)),
    ("rain", "30.0~50.0mm", (30, 40, 50)), ("rain", "30.0mm~50.0mm", (30, 40, 50)), ("rain", "50.0mm 이상", (50, 50, None)),
    ("snow", "적설없음", (0, 0, 0)), ("snow", "0.5cm 미만", (0.1, 0.3, 0.5)), ("snow", "4.9cm", (4.9, 4.9, 4.9)),
    ("snow", "5.0cm 이상", (5, 5, None)), ("wind_u", "-3.1", (-3.1, -3.1, -3.1)), ("wave_height", "-998.9", None),
    ("temperature", "900", None), ("temperature", "-900", None), ("temperature", "899.9", (899.9, 899.9, 899.9)),
    ("humidity", "", None), ("humidity", "null", None), ("wind_speed", "2", (2, 2, 2)), ("rain", "-999", None),
]  # fmt: skip


@pytest.mark.parametrize(("name", "text", "wanted"), GUIDE)
def test_values_as_the_guide_says(name, text, wanted) -> None:
    assert kma_amount.amount(name, text) == wanted


@pytest.mark.parametrize(
    ("name", "text", "wanted"),
    [
        ("rain", "1", (0, None, 3)), ("rain", "2", (3, None, 15)), ("rain", "3", (15, None, None)), ("rain", "강수없음", (0, 0, 0)),
        ("snow", "1", (0, None, 1)), ("snow", "2", (1, None, None)), ("wind_speed", "1", (0, None, 4)),
        ("wind_speed", "2.000000", (4, None, 9)), ("wind_speed", "3", (9, None, None)), ("wind_speed", "2.5", (2.5, 2.5, 2.5)),
        ("temperature", "1", (1, 1, 1)),
    ],
)  # fmt: skip
def test_numbers_for_words_on_the_last_day(name, text, wanted) -> None:
    assert kma_amount.amount(name, text, in_words=True) == wanted


@pytest.mark.parametrize(
    ("issued", "valid", "wanted"),
    [
        ("2026-07-01 14:00", "2026-07-03 23:00", False), ("2026-07-01 14:00", "2026-07-04 00:00", True),
        ("2026-07-01 17:00", "2026-07-04 23:00", False), ("2026-07-01 17:00", "2026-07-05 00:00", True),
        ("2024-11-28 14:00", "2024-12-01 03:00", True), ("2024-11-28 11:00", "2024-12-01 03:00", False),
    ],
)  # fmt: skip
def test_the_last_day_by_the_hour_of_issue(issued, valid, wanted) -> None:
    moments = [pl.lit(dt.datetime.fromisoformat(each)) for each in (issued, valid)]
    assert pl.select(kma_amount.in_words(*moments)).item() is wanted


@pytest.mark.parametrize("text", ["wind", "1mm", "mm", "1~2", "1 미만 2", "nan", "inf", "1e", "++1", "비"])
def test_what_says_nothing_of_the_wind_is_refused(text) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the text is its message
        kma_amount.amount("wind_speed", text)


@given(st.text(max_size=12), st.sampled_from(["rain", "snow", "wind_speed", "temperature"]), st.booleans())
def test_any_text_is_an_amount_missing_or_refused(text, name, in_words) -> None:
    try:
        found = kma_amount.amount(name, text, in_words=in_words)
    except ValueError:
        return
    assert found is None or found.high is None or found.low <= found.high
    assert found is None or found.value is None or found.low <= found.value <= (found.high or found.value)


@given(
    st.floats(0, 29.9).map(lambda each: round(each, 1)), st.sampled_from(["", " "]), st.sampled_from(["mm", "㎜", ""])
)
def test_an_exact_amount_is_itself(amount, space, unit) -> None:
    assert kma_amount.amount("rain", f"{amount:.1f}{space}{unit}") == (amount, amount, amount)


MONTHS = st.tuples(st.integers(2005, 2030), st.integers(1, 12))
ROWS = st.lists(
    st.tuples(st.integers(1, 28), st.integers(0, 24), st.integers(0, 100), st.integers(0, 900)), min_size=1, max_size=30,
    unique_by=lambda row: (row[0] * 24 + row[1], row[2]),
)  # fmt: skip


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(MONTHS, ROWS), min_size=1, max_size=3, unique_by=lambda part: part[0]),
    st.sampled_from(["\n", "\r\n"]), st.sampled_from(["", "+"]), st.sampled_from(["", " "]), st.booleans(),
)  # fmt: skip
def test_what_is_written_as_the_portal_writes_it_is_read(parts, end, plus, space, padded) -> None:
    lines, wanted = [], {}
    for (year, month), rows in parts:
        start = f"Start : {year}{month:02d}01"
        lines.append(f"{space}{start}" if lines else f"{space}format: day,hour,forecast,value location:60_74 {start}")
        for day, hour, lead, tenths in sorted(rows):
            clock = f"{hour:02d}00" if padded else f"{hour * 100}"
            lines.append(f"{space}{day},{space}{clock},{space}{plus}{lead},{space}{tenths / 10:f}{space}")
            issued = dt.datetime(year, month, day) + dt.timedelta(hours=hour + 9)
            wanted.setdefault((issued, issued + dt.timedelta(hours=lead)), set()).add(tenths / 10)
    if any(len(each) > 1 for each in wanted.values()):  # the last hour of a month is the next one's first
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "한림읍_습도.csv"
        path.write_text(end.join(lines).replace("900.0", "100"), encoding="utf-8", newline="")
        frame = formats.forecast(path)
    got = {(issued, valid): value for issued, valid, value in frame.select("issued", "valid", "humidity").rows()}
    assert got == {key: next(iter(each)) for key, each in wanted.items()}


@settings(max_examples=80, deadline=None)
@given(st.binary(max_size=300), st.sampled_from([".csv", ".parquet", ".xlsx"]), st.booleans())
def test_any_file_is_a_frame_or_one_clear_error(raw, ending, headed) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"한림읍_풍속{ending}"
        path.write_bytes((HEAD.encode() if headed else b"") + raw)
        with suppress(UserError):  # nothing else
            assert formats.forecast(path).columns == [column.name for column in formats.FORECAST]


# ---- electricity ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["cp949", "utf-8", "utf-8-sig", "utf-16"])
def test_a_day_of_24_columns(tmp_path, encoding) -> None:
    frame = formats.read("hourly-generation", energy.day_sheet(tmp_path, encoding))
    assert frame.height == 2 * 2 * 24
    first = frame.filter(plant="한경풍력", unit="1")
    assert first["time"][0] == dt.datetime(2026, 7, 1, 1)
    assert first["time"][23] == dt.datetime(2026, 7, 2)  # 24시
    assert first["energy"].to_list()[:2] == [1101, 1102]


def test_an_observation_at_24_is_the_next_days_first(tmp_path) -> None:
    path = tmp_path / "OBS_ASOS_TIM.csv"
    rows = [f"184,제주,2026-07-01 {hour:02d}:00,{20 + hour / 10:.1f},3.2" for hour in (22, 23, 24)]
    path.write_bytes("\r\n".join(["지점,지점명,일시,기온(°C),풍속(m/s)", *rows]).encode("cp949"))
    frame = formats.read("hourly-weather", path)
    assert frame["time"].to_list() == [
        dt.datetime(2026, 7, 1, 22),
        dt.datetime(2026, 7, 1, 23),
        dt.datetime(2026, 7, 2),
    ]


def test_settlement_by_trading_hour(tmp_path) -> None:
    frame = formats.read("settlement", energy.settlement(tmp_path))
    assert frame.height == 48
    assert frame["time"].to_list()[:1] == [dt.datetime(2026, 7, 1, 1)]
    assert frame["time"].to_list()[-1] == dt.datetime(2026, 7, 3)  # 24
    assert frame["energy"][0] == 1600  # from MWh
    assert frame.select((pl.col("energy") * pl.col("price") - pl.col("payment")).abs().max()).item() <= 0.5


@pytest.mark.parametrize("as_text", [True, False])
def test_quarters_of_an_hour_end_at_midnight(tmp_path, as_text) -> None:
    frame = formats.read("quarter-hourly-use", energy.meter(tmp_path, as_text=as_text))
    assert frame["time"].to_list() == [dt.datetime(2026, 7, 1) + dt.timedelta(minutes=15 * at) for at in range(1, 97)]
    row = frame.row(95, named=True)
    assert (row["energy"], row["demand"], row["reactive_lagging"], row["reactive_leading"]) == (106, 424, 2.5, 0)
    assert (row["power_factor_lagging"], row["power_factor_leading"], row["carbon"]) == (97.1, 100, 0.004)


def test_96_columns_of_a_day(tmp_path) -> None:
    path = energy.meter_by_day(tmp_path)
    frame = formats.read("quarter-hourly-use", path, confirm=lambda _text: True)  # the unit stands in a title alone
    assert frame["time"].to_list() == [dt.datetime(2026, 7, 1) + dt.timedelta(minutes=15 * at) for at in range(1, 193)]
    assert frame["energy"].to_list() == [day * 1000 + at for day in (1, 2) for at in range(1, 97)]
    assert frame["customer"].unique().to_list() == ["0123456789"]


def test_a_mistake_in_a_settlement_is_named(tmp_path) -> None:
    path = tmp_path / "정산.csv"
    path.write_text(
        "거래일,거래시간,전력거래량(MWh),정산금(원)\n20260701,1,1.5,100\n20260701,25,1.5,100\n", encoding="utf-8"
    )
    with pytest.raises(UserError, match=r"row 3 ‘거래시간’"):
        formats.read("settlement", path)
    path.write_text(
        "거래일,거래시간,전력거래량(MWh),정산금(원)\n20260701,1,1.5,100\n20260701,1,1.5,100\n", encoding="utf-8"
    )
    with pytest.raises(UserError, match="row 3 has the same"):
        formats.read("settlement", path)


def test_a_doubtful_unit_is_asked_about(tmp_path) -> None:
    path = tmp_path / "정산.csv"
    rows = [f"20260701,{hour},1500,{120_000 + hour},180000" for hour in range(1, 25)]
    path.write_text("거래일,거래시간,전력거래량(kWh),SMP,정산금(원)\n" + "\n".join(rows), encoding="utf-8")
    with pytest.raises(UserError, match="원/MWh"):
        formats.read("settlement", path)
    asked = []
    frame = formats.read("settlement", path, confirm=lambda text: asked.append(text) or True)
    assert len(asked) == 1
    assert frame["price"][0] == pytest.approx(120.001)
