"""A person's own headers are proposed, confirmed once, kept and used again."""

from __future__ import annotations

import datetime as dt
import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

import sheets
from dure import formats, mapping, tables
from dure import tables as shapes
from dure.errors import UserError
from dure.i18n.texts import speak
from dure.mapping import Column

if TYPE_CHECKING:
    import polars as pl

WANTED = {
    "weather": formats.HOURLY_WEATHER,
    "generation": formats.HOURLY_GENERATION,
    "orders": formats.WORK_ORDERS,
    "machines": formats.MACHINE_RUNNING,
    "growth": formats.GROWTH_SURVEY,
}
POWER = (
    Column("time", "time", names=("일시",), key=True),
    Column("energy", "number", "kWh", 0, 5000, ("발전량",), title=("발전량", "energy")),
)


@pytest.fixture(autouse=True)
def _english():
    speak("en")
    yield
    speak(None)


def never(text: str) -> bool:
    raise AssertionError(text)


class Asked:
    """Confirms, and remembers what was asked."""

    def __init__(self):
        self.texts = []

    def __call__(self, text: str) -> bool:
        self.texts.append(text)
        return True


def text_file(folder: Path, content: str, encoding: str = "utf-8", name: str = "발전량.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode(encoding))
    return path


def opened(path: Path, columns) -> pl.DataFrame:
    return mapping.open_own(path, columns, confirm=Asked())[0]


# --- the five sheets -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(sheets.ALL))
def test_each_sheet_is_mapped_by_one_confirmation_and_then_without_asking(tmp_path, name):
    path, asked = sheets.ALL[name](tmp_path), Asked()
    frame, used = mapping.open_own(path, WANTED[name], confirm=asked)
    assert len(asked.texts) == 1
    assert used.confirmed
    assert not used.asks
    assert frame.columns == [column.name for column in WANTED[name]]
    assert mapping.saved(path).name == f"{path.name}.dure-map.json"
    again, _used = mapping.open_own(path, WANTED[name], confirm=never)
    assert again.equals(frame)


def test_weather(tmp_path):
    frame = opened(sheets.asos(tmp_path), formats.HOURLY_WEATHER)
    assert frame.height == 48
    assert frame["temperature"][:2].to_list() == [20.0, 20.2]
    assert frame["rain"].to_list()[2:5] == [None, 2.5, 2.5]
    assert frame["radiation"][12] == pytest.approx(2.1)
    assert frame["time"][47] == dt.datetime(2026, 7, 2, 23)
    assert frame["station"].unique().to_list() == ["184"]


def test_generation_of_24_columns_becomes_hours_that_end(tmp_path):
    frame = opened(sheets.generation(tmp_path), formats.HOURLY_GENERATION)
    assert frame.height == 240
    first = frame.filter(plant="삼천포태양광")
    assert first["time"][0] == dt.datetime(2026, 7, 1, 1)
    assert first["time"][23] == dt.datetime(2026, 7, 2)
    assert first.filter(time=dt.datetime(2026, 7, 1, 13))["energy"].to_list() == [1200.5]
    assert frame["capacity"].unique().sort().to_list() == [1500.0, 2000.0]  # from MW


def test_work_orders(tmp_path):
    frame = opened(sheets.orders(tmp_path), formats.WORK_ORDERS)
    assert frame.height == 7
    assert frame["line"].to_list() == ["A라인"] * 4 + ["B라인"] * 3
    assert frame["quantity"][0] == 1200
    assert frame["minutes_each"][0] == 1.5
    assert frame["due"][0] == dt.datetime(2026, 7, 10)
    assert frame["set_up"].null_count() == 7


def test_machine_running(tmp_path):
    frame = opened(sheets.machines(tmp_path), formats.MACHINE_RUNNING)
    assert frame.height == 12
    assert frame["machine"].unique().sort().to_list() == ["1호기", "2호기", "3호기"]
    assert frame.row(1, named=True) | {"running": 420.0, "breakdown": 20.0, "good": 950.0} == frame.row(1, named=True)


def test_growth_survey(tmp_path):
    frame = opened(sheets.growth(tmp_path), formats.GROWTH_SURVEY)
    assert frame.height == 18
    assert frame["date"].unique().sort().to_list() == [dt.date(2026, 3, 10), dt.date(2026, 3, 24), dt.date(2026, 4, 7)]
    assert frame["plot"][:4].to_list() == ["관행구"] * 3 + ["처리구"]
    assert frame["bulb_weight"][:3].to_list() == [None, 12, 12]


# --- the same trades, laid out by others -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "hours",
    [
        [f"{h}시 발전량(MWh)" for h in range(1, 25)],
        [f"{h:02d}시(MWh)" for h in range(1, 25)],
        [f"{h}~{h + 1}시(MWh)" for h in range(24)],
        [f"H{h}(MWh)" for h in range(1, 25)],
    ],
)
def test_hours_under_other_headers(tmp_path, hours):
    values = ",".join(f"{hour / 10}" for hour in range(24))
    path = text_file(
        tmp_path,
        f"발전구분,호기,일자,{','.join(hours)},계\n영흥,1,2026.7.1,{values},0\n영흥,2,2026.7.1,{values},0\n",
        "cp949",
    )
    frame = opened(path, formats.HOURLY_GENERATION)
    assert frame["time"][0] == dt.datetime(2026, 7, 1, 1)
    assert frame["energy"][23] == pytest.approx(2300)
    assert frame["unit"].unique().sort().to_list() == ["1", "2"]


def test_hours_that_begin_are_moved_to_their_end_and_said(tmp_path):
    path, asked = (
        text_file(tmp_path, f"일자,{','.join(f'{h}시' for h in range(24))}\n2026-07-01,{','.join('5' * 24)}\n"),
        Asked(),
    )
    frame, _used = mapping.open_own(path, formats.HOURLY_GENERATION, confirm=asked)
    assert frame["time"][0] == dt.datetime(2026, 7, 1, 1)
    assert frame["time"][23] == dt.datetime(2026, 7, 2)
    assert "0 to 23" in asked.texts[0]


def test_two_groups_of_24_columns(tmp_path):
    header = ",".join([*(f"실적 {h}시" for h in range(1, 25)), *(f"예측 {h}시" for h in range(1, 25))])
    path = text_file(tmp_path, f"일자,{header}\n2026-07-01,{','.join(['1'] * 24 + ['2'] * 24)}\n")
    sheet = shapes.wide_hours(tables.read(path))
    assert sheet.headers == ("일자", "실적", "예측")
    assert sheet.cells["예측"].unique().to_list() == [2.0]


def test_text_among_the_24_columns_names_its_hour(tmp_path):
    cells = ["1"] * 24
    path = text_file(
        tmp_path,
        f"일자,{','.join(f'{h}시' for h in range(1, 25))}\n2026-07-01,{','.join(cells)}\n2026-07-02,{','.join([*cells[:12], '점검', *cells[13:]])}\n",
    )
    with pytest.raises(UserError, match=r"row 3 ‘13시’: ‘점검’ is not a number"):
        opened(path, formats.HOURLY_GENERATION)


def test_days_and_hours_apart_and_power_over_an_hour(tmp_path):
    rows = "".join(f"2026-07-01\t{hour:02d}:00\t{20 + hour}\t80\t{hour * 30}\t1.2\n" for hour in range(24))
    path, asked = (
        text_file(
            tmp_path, f"측정일자\t측정시간\t외부온도(℃)\t외부습도(%RH)\t일사량(W/㎡)\t풍속(㎧)\n{rows}", "utf-16"
        ),
        Asked(),
    )
    frame, _used = mapping.open_own(path, formats.HOURLY_WEATHER, confirm=asked)
    assert frame["time"][13] == dt.datetime(2026, 7, 1, 13)
    assert frame["radiation"][20] == pytest.approx(2.16)
    assert "taken as means over one hour" in asked.texts[0]


def test_durations_and_shares_as_spreadsheets_hold_them(tmp_path):
    path = tmp_path / "가동률.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet, clock, share = (
            book.add_worksheet(),
            book.add_format({"num_format": "[h]:mm"}),
            book.add_format({"num_format": "0.0%"}),
        )
        sheet.write_row(0, 0, ["월간 설비 가동률 현황"])
        sheet.write_row(2, 0, ["설비번호", "작업일자", "주/야", "부하시간", "가동시간", "가동률", "생산량"])
        for row in range(6):
            sheet.write_row(3 + row, 0, [f"P-{row % 3 + 1}", f"2026-07-{1 + row // 3:02d}", "주간"])
            sheet.write(3 + row, 3, 8 / 24, clock)
            sheet.write(3 + row, 4, 7.5 / 24, clock)
            sheet.write(3 + row, 5, 7.5 / 8, share)
            sheet.write(3 + row, 6, 1200)
    frame, used = mapping.open_own(path, formats.MACHINE_RUNNING, confirm=Asked())
    assert frame["running"].to_list() == [450.0] * 6
    assert frame["rate"].to_list() == [93.75] * 6
    assert "share of 1" in used.asks[0]


def test_orders_of_another_plant(tmp_path):
    path = text_file(
        tmp_path,
        '생산계획 및 작업지시 현황,,,,,,,,,\n,,,,,,,,"작성: 생산관리팀",\nNo,작지번호,거래처,품목,,수량,,공정명,설비코드,납기\n,,,품번,품명,지시,완료,,,\n'
        '1,W26-0701,현대,AB-1,브라켓,"1,200",0,CNC가공,M-01,7/15\n2,W26-0702,기아,AB-2,커버,800,100,연마,M-02,7/16\n합계,,,,,"2,000",100,,,\n',
        "cp949",
        "작업지시_202607.csv",
    )
    frame = opened(path, formats.WORK_ORDERS)
    assert frame.select("order", "item", "quantity", "machine", "due").rows() == [
        ("W26-0701", "AB-1", 1200.0, "M-01", dt.datetime(2026, 7, 15)),
        ("W26-0702", "AB-2", 800.0, "M-02", dt.datetime(2026, 7, 16)),
    ]


# --- units and ranges ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "values", "expected"),
    [
        ("발전량(MWh)", (1.2, 3.4), (1200, 3400)),
        ("발전량 [Wh]", (1.2e6, 3.4e6), (1200, 3400)),
        ("발전량(㎾h)", (12, 34), (12, 34)),
        ("발전량", (1.2e6, 3.4e6), (1200, 3400)),  # no unit: the range says Wh, and it is asked
    ],
)
def test_units_are_converted_and_doubtful_ones_asked(tmp_path, header, values, expected):
    asked = Asked()
    path = text_file(
        tmp_path, f"일시,{header}\n" + "".join(f"2026-07-01 0{row}:00,{value}\n" for row, value in enumerate(values))
    )
    frame, used = mapping.open_own(path, POWER, confirm=asked)
    assert frame["energy"].to_list() == pytest.approx(list(expected))
    assert bool(used.asks) == (header == "발전량")


@pytest.mark.parametrize("factor", [10, 60, 1000])
def test_a_wrong_factor_is_asked_about(tmp_path, factor):
    wanted = (Column("time", "time", names=("일시",)), Column("speed", "number", "rpm", 900 * 1, 1100, ("회전수",)))
    path, asked = text_file(tmp_path, f"일시,회전수\n2026-07-01,{1000 * factor}\n2026-07-02,{1010 * factor}\n"), Asked()
    frame, _used = mapping.open_own(path, wanted, confirm=asked)
    assert f"÷ {factor}" in asked.texts[0]
    assert frame["speed"].to_list() == pytest.approx([1000, 1010])


def test_kelvin_is_seen_from_the_range(tmp_path):
    wanted = (Column("time", "time", names=("일시",)), Column("temperature", "number", "°C", -40, 50, ("기온",)))
    frame, used = mapping.open_own(
        text_file(tmp_path, "일시,기온\n2026-07-01,295.15\n2026-07-02,300.15\n"), wanted, confirm=Asked()
    )
    assert frame["temperature"].to_list() == pytest.approx([22, 27])
    assert "K" in used.asks[0]


def test_a_value_out_of_range_names_row_and_column(tmp_path):
    rows = "".join(f"2026-07-01 {hour:02d}:00,{9999999 if hour == 7 else 100}\n" for hour in range(24))
    with pytest.raises(UserError, match=r"‘발전량.csv’ row 9 ‘발전량’: ‘9999999’ is outside 0 to 5000 kWh"):
        opened(text_file(tmp_path, f"일시,발전량(kWh)\n{rows}"), POWER)


def test_doubled_and_empty_keys_name_both_rows(tmp_path):
    with pytest.raises(UserError, match=r"row 4 has the same ‘일시’ as row 2: 2026-07-01"):
        opened(text_file(tmp_path, "일시,발전량\n2026-07-01,1\n2026-07-02,1\n2026-07-01,2\n"), POWER)
    with pytest.raises(UserError, match=r"row 3 ‘일시’: the cell is empty"):
        opened(text_file(tmp_path, "일시,발전량\n2026-07-01,1\n,1\n2026-07-03,2\n"), POWER)


# --- confirming and keeping ------------------------------------------------------------------------------------------


def test_nothing_is_used_without_a_yes(tmp_path):
    path = text_file(tmp_path, "일시,발전량\n2026-07-01,1\n")
    with pytest.raises(UserError, match="has not been confirmed"):
        mapping.open_own(path, POWER)
    with pytest.raises(UserError, match="was refused"):
        mapping.open_own(path, POWER, confirm=lambda _text: False)
    assert not mapping.saved(path).exists()


def test_what_is_missing_and_what_else_could_be_meant_is_said(tmp_path):
    with pytest.raises(UserError, match=r"columns were not found: energy(.|\n)*not used: 이름"):
        opened(text_file(tmp_path, "일시,이름\n2026-07-01,가\n"), POWER)
    asked = Asked()
    mapping.open_own(text_file(tmp_path, "일시,발전량1,발전량2\n2026-07-01,1,2\n"), POWER, confirm=asked)
    assert "energy could also be ‘발전량2’" in asked.texts[0]


def test_a_kept_mapping_is_readable_and_can_be_given_to_another_file(tmp_path):
    first = text_file(tmp_path, "일시,발전량(MWh)\n2026-07-01,1\n", name="7월.csv")
    opened(first, POWER)
    kept = json.loads(mapping.saved(first).read_text(encoding="utf-8"))
    assert kept["columns"]["energy"] == {"header": "발전량", "unit": "MWh", "factor": 1000.0}
    second = text_file(tmp_path, "일시,발전량(MWh)\n2026-08-01,2\n", name="8월.csv")
    frame, _used = mapping.open_own(second, POWER, map_file=mapping.saved(first), confirm=never)
    assert frame["energy"].to_list() == [2000.0]


def test_changed_headers_are_asked_again(tmp_path):
    path = text_file(tmp_path, "일시,발전량(MWh)\n2026-07-01,1\n")
    opened(path, POWER)
    kept = mapping.saved(path)
    text_file(tmp_path, "일시,발전량(kWh)\n2026-07-01,1\n")
    with pytest.raises(UserError, match=r"gone: 발전량 \(MWh\); new: 발전량 \(kWh\)"):
        mapping.open_own(path, POWER, map_file=kept)
    asked = Asked()
    assert mapping.open_own(path, POWER, confirm=asked)[0]["energy"].to_list() == [1.0]
    assert len(asked.texts) == 1


def test_a_mapping_that_is_none_is_one_clear_error(tmp_path):
    path = text_file(tmp_path, "일시,발전량\n2026-07-01,1\n")
    for nonsense in ("", "[]", "{}", '{"columns": {"energy": {"no": 1}}}', '{"columns": 3}'):
        mapping.saved(path).write_text(nonsense, encoding="utf-8")
        with pytest.raises(UserError, match="no saved mapping"):
            opened(path, POWER)


def test_of_several_sheets_the_one_that_fits_is_taken(tmp_path):
    path = tmp_path / "책.xlsx"
    with xlsxwriter.Workbook(path) as book:
        codes, data = book.add_worksheet("코드표"), book.add_worksheet("자료")
        for row, cells in enumerate((["코드", "이름"], [1, "정상"], [2, "고장"])):
            codes.write_row(row, 0, cells)
        for row, cells in enumerate((["일시", "발전량"], ["2026-07-01", 1], ["2026-07-02", 2])):
            data.write_row(row, 0, cells)
    frame, used = mapping.open_own(path, POWER, confirm=Asked())
    assert used.sheet == "자료"
    assert frame.height == 2


def test_every_declared_column_has_both_titles_and_names_that_find_it():
    for columns in formats.SHEETS.values():
        assert len({column.name for column in columns}) == len(columns)
        for column in columns:
            assert all(column.title)
            assert column.names


def test_year_month_day_and_hour_in_four_columns(tmp_path):
    path, asked = text_file(tmp_path, "년,월,일,시,발전량(kWh)\n2026,7,1,1,5\n2026,7,1,24,6\n"), Asked()
    frame, _used = mapping.open_own(path, POWER, confirm=asked)
    assert frame["time"].to_list() == [dt.datetime(2026, 7, 1, 1), dt.datetime(2026, 7, 2)]
    assert "년, 월, 일 became one date" in asked.texts[0]
    with pytest.raises(UserError, match="row 3 ‘년, 월, 일’: ‘2026-2-30’ is not a date"):
        opened(text_file(tmp_path, "년,월,일,시,발전량(kWh)\n2026,2,1,1,5\n2026,2,30,24,6\n"), POWER)


def test_months_in_sheets_of_their_own_become_one_table(tmp_path):
    def book(days):
        path = tmp_path / "연간.xlsx"
        with xlsxwriter.Workbook(path) as book:
            for month, day in enumerate(days, start=1):
                sheet = book.add_worksheet(f"{month}월")
                for row, cells in enumerate((["일시", "발전량"], [day, month], [f"2026-{month:02d}-20", month])):
                    sheet.write_row(row, 0, cells)
        return path

    asked = Asked()
    frame, _used = mapping.open_own(book(["2026-01-01", "2026-02-01", "2026-03-01"]), POWER, confirm=asked)
    assert frame["energy"].to_list() == [1, 1, 2, 2, 3, 3]
    assert "3 sheets with the same headers become one table: 1월, 2월, 3월" in asked.texts[0]
    with pytest.raises(UserError, match=r"2026-01-01 00:00:00 stands in the sheets 1월 and 2월"):
        opened(book(["2026-01-01", "2026-01-01"]), POWER)


@pytest.mark.parametrize(
    ("header", "cell"), [("표준공수(분)", "1.5"), ("C/T(초)", "90"), ("표준시간(분/EA)", "1.5"), ("개당시간", "1.5분")]
)
def test_times_of_a_piece(tmp_path, header, cell):
    path = text_file(tmp_path, f"지시번호,설비,지시수량,{header},납기\nW1,M1,10,{cell},2026-07-01\n")
    assert opened(path, formats.WORK_ORDERS)["minutes_each"].to_list() == pytest.approx([1.5])


def test_a_group_s_name_is_not_given_to_one_of_its_columns(tmp_path):
    rows = "".join(f"A,M{day},2026-07-{day:02d},8,0.2,0.3,0.1,7.4\n" for day in range(1, 6))
    path = text_file(
        tmp_path, f"라인,설비,날짜,조업시간(H),유실시간(H),,,실가동시간(H)\n,,,,고장,기종교체,기타,\n{rows}"
    )
    frame, used = mapping.open_own(path, formats.MACHINE_RUNNING, confirm=Asked())
    assert frame.row(0, named=True) | {"machine": "M1", "planned": 480.0, "down": None} == frame.row(0, named=True)
    assert used.matches["breakdown"].header == "유실시간 / 고장"
    assert used.matches["set_up"].header == "유실시간 / 기종교체"


def test_a_sign_for_missing_is_no_wrong_unit(tmp_path):
    path = text_file(tmp_path, "TM,STN,TA(℃)\n202607010100,184,20.1\n202607010200,184,-99.9\n202607010300,184,20.2\n")
    with pytest.raises(UserError, match=r"row 3 ‘TA’: ‘-99.9’ is outside -45 to 50 °C"):
        opened(path, formats.HOURLY_WEATHER)


CELLS = st.sampled_from(["", "1", "24", "0.5", "2026-07-01", "7/1", "01:00", "12kWh", "점검", "합계", "제주", "-"])
HEADERS = st.sampled_from(
    [
        "일시",
        "일자",
        "시간",
        "발전량(kWh)",
        "발전량(MWh)",
        "1시",
        "값",
        "용량(kW)",
        "",
        "호기",
        "기온(℃)",
        "일사량(W/㎡)",
    ]
)


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(
    headers=st.lists(HEADERS, min_size=1, max_size=6),
    rows=st.lists(st.lists(CELLS, min_size=6, max_size=6), min_size=1, max_size=5),
    name=st.sampled_from(sorted(WANTED)),
)
def test_any_sheet_is_opened_or_refused_with_a_reason(headers, rows, name):
    content = "\n".join(",".join(row[: len(headers)]) for row in [headers, *rows])
    with tempfile.TemporaryDirectory() as folder:
        path = text_file(Path(folder), content)
        try:
            frame = opened(path, WANTED[name])
        except UserError:
            return
        assert frame.columns == [column.name for column in WANTED[name]]
        assert mapping.open_own(path, WANTED[name], confirm=never)[0].equals(frame)
