"""Any table a person has is read, and what cannot be read is said with file, sheet, row, column and cure."""

from __future__ import annotations

import csv
import datetime as dt
import io
import tempfile
import unicodedata
from itertools import zip_longest
from pathlib import Path

import polars as pl
import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

import sheets
from dure import tables
from dure.errors import UserError
from dure.i18n.texts import speak
from dure.tables import text_file as text_reader


@pytest.fixture(autouse=True)
def _english():
    speak("en")
    yield
    speak(None)


def text_file(folder: Path, content: str, encoding: str = "utf-8", name: str = "발전량.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode(encoding))
    return path


def workbook(folder: Path, *pages: list[list[object]], name: str = "표.xlsx") -> Path:
    path = folder / name
    with xlsxwriter.Workbook(path) as book:
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        for number, rows in enumerate(pages, start=1):
            sheet = book.add_worksheet(f"{number}월")
            for row, cells in enumerate(rows):
                for column, cell in enumerate(cells):
                    if isinstance(cell, dt.date):
                        sheet.write_datetime(row, column, cell, day)
                    elif cell is not None:
                        sheet.write(row, column, cell)
    return path


def numbers_of(folder: Path, *cells: str, separator: str = ",") -> list[float | None]:
    rows = "".join(f'{number}{separator}"{cell}"\n' for number, cell in enumerate(cells))
    return tables.numbers(tables.read(text_file(folder, f"번호{separator}발전량\n{rows}")), "발전량").to_list()


def times_of(folder: Path, *cells: str, name: str = "t.csv", **options: object) -> list[dt.datetime | None]:
    rows = "".join(f'{number},"{cell}"\n' for number, cell in enumerate(cells))
    return tables.times(tables.read(text_file(folder, f"번호,일시\n{rows}", name=name)), "일시", **options).to_list()


# --- files -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp949"])
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_every_encoding_and_separator(tmp_path, encoding, separator):
    content = "\n".join(
        separator.join(row)
        for row in (("일시", "지점", "값"), ("2026-07-01", "제주", "1.5"), ("2026-07-02", "고산", "2"))
    )
    sheet = tables.read(text_file(tmp_path, content, encoding))
    assert sheet.headers == ("일시", "지점", "값")
    assert tables.numbers(sheet, "값").to_list() == [1.5, 2.0]
    assert tables.texts(sheet, "지점").to_list() == ["제주", "고산"]


WORDS = st.text(
    st.characters(codec="cp949", exclude_categories=("Cc", "Cs", "Zs", "Zl", "Zp", "Cf")), min_size=1, max_size=8
).filter(lambda text: unicodedata.normalize("NFC", text) == text and not text.startswith(("※", "*", "<")))


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(
    texts=st.lists(WORDS, min_size=2, max_size=6),
    values=st.lists(st.floats(-1e9, 1e9, allow_subnormal=False), min_size=6, max_size=6),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp949"]),
    separator=st.sampled_from(list(",;\t|")),
)
def test_what_was_written_is_read_back(texts, values, encoding, separator):
    out = io.StringIO()
    rows = [(f"이름{text}", value) for text, value in zip(texts, values, strict=False)]
    csv.writer(out, delimiter=separator).writerows([("이름", "값"), *rows])
    with tempfile.TemporaryDirectory() as folder:
        sheet = tables.read(text_file(Path(folder), out.getvalue(), encoding))
    dropped = {row for row, _why in sheet.dropped}
    kept = [row for number, row in enumerate(rows, start=2) if number not in dropped]
    assert all(
        text.rstrip("])>】:：").endswith(("계", "총", "합", "평균", "합산"))
        for number, (text, _value) in enumerate(rows, start=2)
        if number in dropped
    )
    assert tables.texts(sheet, "이름").to_list() == [text for text, _value in kept]
    assert tables.numbers(sheet, "값").to_list() == [value for _text, value in kept]


CELLS = st.text(
    st.sampled_from(["a", "1", ".", " ", "\t", "한", "#", "\u2028", "\x0b", "\x1c", "'", "-", '"', "\r"]), max_size=3
)


@settings(max_examples=400, deadline=None)
@given(
    rows=st.lists(st.lists(CELLS, min_size=1, max_size=4), min_size=1, max_size=9),
    even=st.booleans(),
    quoted=st.booleans(),
    end=st.sampled_from(["\n", "\r\n"]),
    piece=st.sampled_from([2, 50_000]),
)
def test_cells_are_cut_as_the_csv_module_cuts_them(rows, even, quoted, end, piece):
    width = len(rows[0])
    lines = [",".join((row + [""] * 4)[:width] if even else row) for row in rows]
    text = end.join([*lines, ""])
    if not quoted:
        text = text.replace('"', "").replace("\r", "").replace("\n", end)
    wanted = [list(column) for column in zip_longest(*csv.reader(io.StringIO(text, newline="")), fillvalue="")]
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(text_reader, "_PIECE", piece)
        patch.setattr(text_reader, "separator_of", lambda _text: ",")
        grid = text_reader.text_grid(text_file(Path(folder), text))
    assert [column.to_list() for column in grid.columns] == (wanted or [[""] * text.count("\n")])


def test_decomposed_hangul_is_composed(tmp_path):
    content = unicodedata.normalize("NFD", "일시,발전량(kWh)\n2026-07-01,12\n")
    sheet = tables.read(text_file(tmp_path, content))
    assert sheet.headers == ("일시", "발전량")
    path = workbook(
        tmp_path,
        [[unicodedata.normalize("NFD", text) for text in ("이름", "비고")], [unicodedata.normalize("NFD", "제주"), 1]],
    )
    assert tables.texts(tables.read(path), "이름").to_list() == ["제주"]


def test_bytes_of_no_encoding_name_the_row(tmp_path):
    path = tmp_path / "x.csv"
    path.write_bytes("이름,값\n가,1\n".encode() + b"\xff\xff,2\n")
    with pytest.raises(UserError, match="row 3 is neither UTF-8 nor cp949"):
        tables.read(path)


def test_broken_files_are_one_clear_error(tmp_path):
    for name, content in {
        "a.xlsx": b"PK\x03\x04 nonsense",
        "b.xls": b"\xd0\xcf\x11\xe0 nonsense",
        "c.xls": b"<html><table></table></html>",
        "d.parquet": b"PAR1 no",
    }.items():
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(UserError) as caught:
            tables.read(path)
        assert name in str(caught.value)
    with pytest.raises(UserError, match="no such file"):
        tables.read(tmp_path / "none.csv")
    empty = tmp_path / "e.csv"
    empty.write_bytes(b"")
    with pytest.raises(UserError, match="no table"):
        tables.read(empty)


def test_parquet_keeps_its_types(tmp_path):
    pl.DataFrame({"일시": [dt.datetime(2026, 7, 1, 1)], "값(kWh)": [3]}).write_parquet(tmp_path / "p.parquet")
    sheet = tables.read(tmp_path / "p.parquet")
    assert sheet.headers == ("일시", "값")
    assert sheet.units == {"값": "kWh"}
    assert tables.times(sheet, "일시").to_list() == [dt.datetime(2026, 7, 1, 1)]


def test_several_sheets_are_named(tmp_path):
    page = [["이름", "값"], ["가", 1], ["나", 2]]
    path = workbook(tmp_path, page, page, [["표지"]])
    with pytest.raises(UserError, match=r"2 sheets hold a table: 1월 \(2\), 2월 \(2\).*--sheet 1월"):
        tables.read(path)
    assert tables.read(path, "2월").sheet == "2월"
    with pytest.raises(UserError, match=r"no sheet 2 월.*Did you mean 2월"):
        tables.read(path, "2 월")
    assert tables.read(workbook(tmp_path, page, [["표지"]], name="one.xlsx")).sheet == "1월"


# --- layout ----------------------------------------------------------------------------------------------------------


def test_titles_groups_units_totals_and_notes(tmp_path):
    sheet = tables.read(sheets.orders(tmp_path))
    assert sheet.titles[0] == "작 업 지 시 서"
    assert sheet.headers[2:5] == ("품목 / 품번", "품목 / 품명", "품목 / 규격")
    assert sheet.units["작업량 / 지시수량"] == "개"
    assert sheet.cells["라인"].to_list() == ["A라인"] * 4 + ["B라인"] * 3
    assert list(sheet.rows) == [6, 7, 8, 9, 11, 12, 13]
    assert sheet.dropped == ((10, "total"), (14, "total"), (15, "total"), (16, "blank"), (17, "note"))


def test_a_unit_row_below_merged_headers(tmp_path):
    sheet = tables.read(sheets.machines(tmp_path))
    assert sheet.headers[2:4] == ("가동시간 / 계획", "가동시간 / 실가동")
    assert sheet.units["비가동시간 / 고장"] == "min"
    assert tables.times(sheet, "일자").to_list()[:4] == [dt.datetime(2026, 7, 1)] * 3 + [dt.datetime(2026, 7, 2)]


def test_group_names_without_merged_cells_are_carried_to_the_right(tmp_path):
    sheet = tables.read(
        text_file(tmp_path, "일시,실적,,제안,,비고\n,오전,오후,오전,오후,\n2026-07-01,1,2,3,4,\n2026-07-02,5,6,7,8,\n")
    )
    assert sheet.headers == ("일시", "실적 / 오전", "실적 / 오후", "제안 / 오전", "제안 / 오후", "비고")


def test_headers_that_repeat_are_told_apart_and_said(tmp_path):
    sheet = tables.read(text_file(tmp_path, "일시,값,값\n2026-07-01,1,2\n"))
    assert sheet.headers == ("일시", "값", "값 (2)")
    assert "more than once" in sheet.notes[0]


def test_two_units_of_one_name_keep_their_brackets(tmp_path):
    sheet = tables.read(text_file(tmp_path, "일시,발전량(kWh),발전량(MWh),업체(A),업체(B)\n2026-07-01,1,2,3,4\n"))
    assert sheet.headers == ("일시", "발전량(kWh)", "발전량(MWh)", "업체(A)", "업체(B)")
    assert sheet.units == {"발전량(kWh)": "kWh", "발전량(MWh)": "MWh"}


def test_headers_printed_again_on_each_page_are_left_out(tmp_path):
    sheet = tables.read(text_file(tmp_path, "일시,값\n2026-07-01,1\n일시,값\n2026-07-02,2\n"))
    assert sheet.dropped == ((3, "header again"),)
    assert tables.numbers(sheet, "값").to_list() == [1.0, 2.0]


def test_blanks_left_by_merged_cells_in_an_export_are_filled_and_said(tmp_path):
    sheet = tables.read(
        text_file(tmp_path, "일자,호기,값\n2026-07-01,1호기,1\n,2호기,2\n2026-07-02,1호기,3\n,2호기,4\n")
    )
    assert sheet.cells["일자"].to_list() == ["2026-07-01", "2026-07-01", "2026-07-02", "2026-07-02"]
    assert "2 rows" in sheet.notes[0]


def test_hours_and_years_as_plain_numbers_are_headers(tmp_path):
    rows = [["제목"], ["일자", *range(1, 25)], [dt.date(2026, 7, 1), *[0.5] * 24], [dt.date(2026, 7, 2), *[1.5] * 24]]
    assert tables.read(workbook(tmp_path, rows)).headers == ("일자", *map(str, range(1, 25)))
    rows = [["시군", 2023, 2024, 2025], ["제주", 10, 20, 30], ["서귀포", 11, 21, 31]]
    assert tables.read(workbook(tmp_path, rows)).headers == ("시군", "2023", "2024", "2025")


# --- numbers ---------------------------------------------------------------------------------------------------------


def test_numbers_as_people_write_them(tmp_path):
    assert numbers_of(tmp_path, "1,234.5", "１２", "12.3kWh", "", "-", "N/A", "−3", "+4", "1e3") == [
        1234.5,
        12,
        12.3,
        None,
        None,
        None,
        -3,
        4,
        1000,
    ]
    assert numbers_of(tmp_path, "△1,234", "▲ 5", "(1,000)", "₩3,000") == [-1234, -5, -1000, 3000]
    assert numbers_of(tmp_path, "12.5%", "100 %") == [12.5, 100]
    assert numbers_of(tmp_path, "1.234,5", "0,5", "2", separator=";") == [1234.5, 0.5, 2]
    assert numbers_of(tmp_path, "1.234,5", "1.234", separator=";") == [1234.5, 1234]


@settings(max_examples=60, deadline=None)
@given(
    values=st.lists(st.decimals(-(10**9), 10**9, places=2), min_size=1, max_size=8),
    style=st.sampled_from(["plain", "thousands", "european", "wide", "unit", "triangle", "won"]),
)
def test_a_number_in_any_style_is_read_back(values, style):
    def written(value):
        text = f"{abs(value):,.2f}" if style != "plain" else f"{abs(value):.2f}"
        sign = "-" if value < 0 else ""
        if style == "european":
            return sign + text.translate(str.maketrans(",.", ".,"))
        if style == "wide":
            return (sign + text).translate({ord(sign): ord(sign) + 0xFEE0 for sign in "0123456789,.-"})
        return {"unit": f"{sign}{text} ㎾h", "triangle": f"{'△' if sign else ''}{text}", "won": f"₩{sign}{text}"}.get(
            style, sign + text
        )

    with tempfile.TemporaryDirectory() as folder:
        assert numbers_of(Path(folder), *map(written, values), separator=";") == [float(value) for value in values]


def test_text_in_a_number_column_names_sheet_row_column_and_cure(tmp_path):
    path = workbook(
        tmp_path,
        [
            ["일자", "설비용량"],
            *[[dt.date(2026, 7, day), 10.5] for day in range(1, 9)],
            [dt.date(2026, 7, 9), "점검중"],
        ],
        name="발전량.xlsx",
    )
    with pytest.raises(UserError) as caught:
        tables.numbers(tables.read(path), "설비용량")
    assert (
        str(caught.value)
        == "‘발전량.xlsx’ sheet ‘1월’ row 10 ‘설비용량’: ‘점검중’ is not a number. Leave the cell empty or put the number there, then give the file again."
    )


def test_units_and_decimal_signs_that_contradict_each_other(tmp_path):
    with pytest.raises(UserError, match=r"row 2 ‘kWh’, row 3 ‘MWh’"):
        numbers_of(tmp_path, "12kWh", "1MWh")
    with pytest.raises(UserError, match="several units"):
        numbers_of(tmp_path, "12%", "0.12")
    with pytest.raises(UserError, match=r"point in row 2 \(‘1,234.5’\) and a comma in row 3 \(‘3,5’\)"):
        numbers_of(tmp_path, "1,234.5", "3,5")
    for nonsense in ("1,23,4", "12..3", "3호기", "2026-07-01", "inf", "--3"):
        with pytest.raises(UserError):
            numbers_of(tmp_path, "1", nonsense)


def test_an_unknown_column_is_met_with_the_nearest(tmp_path):
    with pytest.raises(UserError, match=r"no column 발전랑.*Did you mean 발전량"):
        tables.numbers(tables.read(text_file(tmp_path, "번호,발전량\n1,2\n")), "발전랑")


# --- times -----------------------------------------------------------------------------------------------------------

STYLES = {
    "2026-07-01": "%Y-%m-%d", "2026.7.1": "{y}.{m}.{d}", "2026. 7. 1.": "{y}. {m}. {d}.", "2026/07/01": "%Y/%m/%d", "20260701": "%Y%m%d",
    "'26.7.1": "'{yy}.{m}.{d}", "26.07.01": "%y.%m.%d", "2026년 7월 1일": "{y}년 {m}월 {d}일",
}  # fmt: skip
CLOCKS = ["", " %H:%M", " %H:%M:%S", "T%H:%M:%S", " {h}시 {mi}분", "12"]


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(
    moments=st.lists(st.datetimes(dt.datetime(2001, 1, 1), dt.datetime(2068, 12, 31)), min_size=1, max_size=6),
    style=st.sampled_from(sorted(STYLES)),
    clock=st.sampled_from(CLOCKS),
)
def test_a_moment_in_any_style_is_read_back(moments, style, clock):
    def written(at, pattern):
        filled = pattern.format(y=at.year, yy=f"{at:%y}", m=at.month, d=at.day, h=at.hour, mi=at.minute)
        return at.strftime(filled) if "%" in filled else filled

    def half(at):
        return f" {'오전' if at.hour < 12 else '오후'} {(at.hour - 1) % 12 + 1}:{at:%M}"

    unit = {"": {"hour": 0, "minute": 0, "second": 0}, " %H:%M:%S": {}, "T%H:%M:%S": {}}.get(clock, {"second": 0})
    moments = [at.replace(microsecond=0, **unit) for at in moments]
    cells = [written(at, STYLES[style]) + (half(at) if clock == "12" else written(at, clock)) for at in moments]
    with tempfile.TemporaryDirectory() as folder:
        assert times_of(Path(folder), *cells, midnight=False) == moments


def test_other_ways_to_write_a_moment(tmp_path):
    first = dt.datetime(2026, 7, 1)
    assert times_of(tmp_path, "2026.7.1(수)", "2026.7.2.(목)") == [first, dt.datetime(2026, 7, 2)]
    assert times_of(tmp_path, "46204", "46204.5") == [first, dt.datetime(2026, 7, 1, 12)]
    assert times_of(tmp_path, "2026-06-30T15:00:00Z", "2026-07-01T01:00:00+09:00") == [
        first,
        dt.datetime(2026, 7, 1, 1),
    ]
    assert times_of(tmp_path, "2026070113", "2026070124") == [dt.datetime(2026, 7, 1, 13), dt.datetime(2026, 7, 2)]
    assert times_of(tmp_path, "2026-07-01 24:00", "2026-07-02 1:00") == [
        dt.datetime(2026, 7, 2),
        dt.datetime(2026, 7, 2, 1),
    ]
    assert times_of(tmp_path, "13/07/2026", "01/07/2026") == [dt.datetime(2026, 7, 13), first]
    assert times_of(tmp_path, "26/07/01", "26/07/02") == [first, dt.datetime(2026, 7, 2)]
    assert times_of(tmp_path, "01-Jul-2026", "") == [first, None]
    assert times_of(tmp_path, "2026-07", "2026-08") == [first, dt.datetime(2026, 8, 1)]


def test_days_without_a_year_take_it_from_titles_or_the_file_and_go_over_new_year(tmp_path):
    expected = [dt.datetime(2025, 12, 30), dt.datetime(2026, 1, 6)]
    assert times_of(tmp_path, "12월 30일", "1월 6일", name="생육조사_2025년.csv") == expected
    assert times_of(tmp_path, "12/30", "1/6", name="생육조사_202512.csv") == expected
    assert times_of(tmp_path, "12.30", "1.6", year=2025) == expected
    with pytest.raises(UserError, match=r"no year \(‘7월 1일’\)"):
        times_of(tmp_path, "7월 1일")


def test_a_midnight_that_carries_the_old_day_is_moved_on(tmp_path):
    """As in the Gwangyang steel plant's table, where 24:00 of the first of January is written 01/01/2018 00:00."""
    cells = [
        "01/01/2018 22:00",
        "01/01/2018 23:00",
        "01/01/2018 00:00",
        "02/01/2018 01:00",
        "02/01/2018 23:00",
        "02/01/2018 00:00",
        "13/01/2018 01:00",
    ]
    assert times_of(tmp_path, *cells)[2] == dt.datetime(2018, 1, 2)
    assert times_of(tmp_path, *cells, midnight=False)[2] == dt.datetime(2018, 1, 1)
    ordinary = ["2026-07-01 00:00", "2026-07-01 01:00", "2026-07-02 00:00"]
    assert times_of(tmp_path, *ordinary)[0] == dt.datetime(2026, 7, 1)
    stacked = [
        "2026-07-01 00:00",
        "2026-07-01 23:00",
        "2026-07-01 00:00",
        "2026-07-01 23:00",
    ]  # two sites, one above the other
    assert times_of(tmp_path, *stacked)[2] == dt.datetime(2026, 7, 1)


def test_three_styles_in_one_column_name_a_row_of_each(tmp_path):
    with pytest.raises(UserError) as caught:
        times_of(tmp_path, "2026-07-01", "2026-07-02", "2026.7.3", "20260704")
    assert str(caught.value) == (
        "‘t.csv’ ‘일시’: dates are written in 3 styles: row 2 ‘2026-07-01’, row 4 ‘2026.7.3’, row 5 ‘20260704’. "
        "Write all of them as 2026-07-01 and give the file again."
    )
    path = workbook(tmp_path, [["일자", "값"], [dt.date(2026, 7, 1), 1], ["2026.7.2", 2], ["7월 3일", 3]])
    with pytest.raises(UserError, match=r"2026.7.2.*7월 3일"):
        tables.times(tables.read(path), "일자")


def test_day_and_month_that_cannot_be_told_apart_are_asked(tmp_path):
    with pytest.raises(UserError, match="day and month cannot be told apart: ‘01/07/2026’"):
        times_of(tmp_path, "01/07/2026", "02/07/2026")
    assert times_of(tmp_path, "01/07/2026", order="dmy") == [dt.datetime(2026, 7, 1)]
    with pytest.raises(UserError, match="styles"):
        times_of(tmp_path, "13/07/2026", "07/13/2026")


@pytest.mark.parametrize("cell", ["점검", "2026-02-30", "2026-13-01", "2026-07-01 25:00", "2026-07-01 24:30", "7"])
def test_what_is_no_moment_names_the_row(tmp_path, cell):
    with pytest.raises(UserError, match=f"row 3 ‘일시’: ‘{cell}’ is not a date or time"):
        times_of(tmp_path, "2026-07-01", cell)


def test_days_and_hours_in_two_columns(tmp_path):
    sheet = tables.read(
        text_file(tmp_path, "일자,시,시각,교대\n20260701,1,01:00,오전 1시\n20260701,24,24:00,오후 12시\n")
    )
    assert tables.times(sheet, "일자", clock="시").to_list() == [dt.datetime(2026, 7, 1, 1), dt.datetime(2026, 7, 2)]
    assert tables.times(sheet, "일자", clock="시각").to_list() == [dt.datetime(2026, 7, 1, 1), dt.datetime(2026, 7, 2)]
    assert tables.times(sheet, "일자", clock="교대").to_list() == [
        dt.datetime(2026, 7, 1, 1),
        dt.datetime(2026, 7, 1, 12),
    ]


def test_a_column_is_found_as_a_person_writes_it(tmp_path):
    sheet = tables.read(
        text_file(tmp_path, "일시,실적,,비고\n,발전량(kWh),Usage_kWh,\n2026-07-01,1,2,\n2026-07-02,1,2,\n")
    )
    for name in ("실적 / 발전량", "발전량", "실적 / 발전량 (kWh)", "실적/발전량(kWh)"):
        assert tables.named(sheet, name) == "실적 / 발전량"
    assert tables.numbers(sheet, "usage").to_list() == [2.0, 2.0]


CELLS = st.one_of(
    st.just(""),
    st.integers(-5, 30).map(str),
    st.sampled_from(
        ["합계", "일시", "값(kWh)", "2026-07-01", "7/1", "1시", "(kWh)", "-", "※ 주", "1,234", "점검", "\x00", " "]
    ),
    st.text(max_size=4),
)


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(CELLS, max_size=6), max_size=9))
def test_whatever_is_in_the_file_it_is_read_or_refused(rows):
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    with tempfile.TemporaryDirectory() as folder:
        try:
            sheet = tables.read(text_file(Path(folder), out.getvalue().encode("utf-8", "replace").decode()))
        except UserError:
            return
    assert len(sheet.rows) == sheet.cells.height
    assert len(set(sheet.headers)) == len(sheet.headers) == sheet.cells.width
    for header in sheet.headers:
        for read in (tables.numbers, tables.times, tables.texts, tables.hours):
            try:
                assert read(sheet, header).len() == sheet.cells.height
            except UserError:
                continue


def test_a_first_row_full_of_mistakes_is_no_header(tmp_path):
    sheet = tables.read(
        text_file(
            tmp_path, "일시,설비용량,날\n2026-07-01,점검중,2026.7.1\n2026-07-02,3,2026-07-01\n2026-07-03,4,20260703\n"
        )
    )
    assert sheet.headers == ("일시", "설비용량", "날")
    with pytest.raises(UserError, match="row 2 ‘설비용량’: ‘점검중’"):
        tables.numbers(sheet, "설비용량")
