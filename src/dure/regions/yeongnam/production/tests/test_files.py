"""A plant's own sheets become a request, every mistake is named with its cell, and plans come out as files people use."""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dure import UserError, tables
from dure.i18n.texts import speak
from dure.regions.yeongnam.production import files
from dure.regions.yeongnam.production.explain import lines
from dure.regions.yeongnam.production.files import saves, sheets, standard
from dure.regions.yeongnam.production.files.cells import clock, minutes, spans, weekdays
from dure.regions.yeongnam.production.model.forms import Request, Response
from dure.regions.yeongnam.production.model.jobs import Placed

ROOT = Path(__file__).resolve().parents[6]
DAY = dt.date


@pytest.fixture(autouse=True)
def _english():
    speak("en")
    yield
    speak(None)


# ---- two plants, as they lay out their sheets ----------------------------------------------------------------------------

ORDERS = [
    ["W-2601", "SH-10", "구동축", 40, DAY(2026, 7, 1), DAY(2026, 7, 3), "A", None],
    ["W-2602", "FL-22", "플랜지", 60, DAY(2026, 7, 1), DAY(2026, 7, 6), "B", None],
    ["W-2603", "BR-05", "브래킷", 25, DAY(2026, 7, 2), DAY(2026, 7, 6), "C", "긴급"],
    ["W-2604", "SH-10", "구동축", 20, DAY(2026, 7, 2), DAY(2026, 7, 7), "A", None],
    ["W-2605", "HS-31", "하우징", 12, DAY(2026, 7, 1), DAY(2026, 7, 7), "B", None],
    ["W-2606", "FL-22", "플랜지", 30, DAY(2026, 7, 3), DAY(2026, 7, 8), "C", None],
    ["W-2607", "SH-12", "종동축", 35, DAY(2026, 7, 1), DAY(2026, 7, 8), "B", None],
    ["W-2608", "BR-05", "브래킷", 50, DAY(2026, 7, 6), DAY(2026, 7, 10), "C", None],
]
# The same plant in a busy week, for the examples: (quantity, due) of each order.
BUSY = [
    *((80, DAY(2026, 7, 3)), (100, DAY(2026, 7, 2)), (40, DAY(2026, 7, 6)), (60, DAY(2026, 7, 6))),
    *((30, DAY(2026, 7, 3)), (80, DAY(2026, 7, 8)), (80, DAY(2026, 7, 6)), (60, DAY(2026, 7, 7))),
]
BOOK = [
    ["S-101", "Cover", 400, "2026-06-29 06:00", "2026-07-01 14:00", 1],
    ["S-102", "Lid", 250, "2026-06-29 06:00", "2026-07-01 22:00", 2],
    ["S-103", "Cover", 300, "2026-06-30 06:00", "2026-07-02 14:00", 2],
]
FULL_BOOK = [
    ["S-101", "Cover", 400, "2026-06-29 06:00", "2026-06-29 15:00", 2],
    ["S-102", "Lid", 250, "2026-06-29 08:00", "2026-06-29 13:00", 1],
    ["S-103", "Cover", 300, "2026-06-29 08:00", "2026-06-29 15:00", 2],
    ["S-104", "Lid", 200, "2026-06-29 06:00", "2026-06-29 14:00", 1],
    ["S-105", "Cover", 500, "2026-06-29 06:00", "2026-06-29 17:00", 3],
    ["S-106", "Lid", 250, "2026-06-29 10:00", "2026-06-29 11:00", 3],
    ["S-107", "Cover", 350, "2026-06-29 10:00", "2026-06-29 13:00", 1],
    ["S-108", "Lid", 150, "2026-06-29 06:00", "2026-06-29 11:00", 2],
]
ROUTINGS = [
    ["SH-10", 10, "선삭", "선반 1호", 4, 20],
    ["SH-10", 10, "선삭", "선반 2호", 4.5, 20],
    ["SH-10", 20, "키홈 가공", "MCT 1호", 3.5, 30],
    ["SH-10", 30, "연삭", "연삭기", 5, 15],
    ["SH-12", 10, "선삭", "선반 1호/선반 2호", 5, 20],
    ["SH-12", 20, "연삭", "연삭기", 4, 15],
    ["FL-22", 10, "선삭", "선반 1호", 3, 20],
    ["FL-22", 10, "선삭", "선반 2호", 3.5, 20],
    ["FL-22", 20, "구멍 가공", "MCT 1호", 2, 30],
    ["BR-05", 10, "윤곽 가공", "MCT 1호", 6, 30],
    ["BR-05", 20, "연삭", "연삭기", 4, 15],
    ["HS-31", 10, "선삭", "선반 2호", 9, 30],
    ["HS-31", 20, "구멍 가공", "MCT 1호", 8, 30],
]
HOURS = [["전체", "월~금", "08:00-18:00", "12:00-13:00"], ["MCT 1호", "월~금", "08:00-22:00", "12:00-13:00"]]
CLOSED = [
    ["연삭기", dt.datetime(2026, 7, 2, 13), dt.datetime(2026, 7, 2, 17), "숫돌 교체 점검"],
    ["전체", DAY(2026, 7, 17), DAY(2026, 7, 17), "제헌절"],
    ["선반 1호", dt.datetime(2026, 7, 4, 8), dt.datetime(2026, 7, 4, 12), "토요 특근"],
]


def busy() -> openpyxl.Workbook:
    """The Korean plant with more to do than it can in time."""
    rows = zip(ORDERS, BUSY, strict=True)
    return korean([[*row[:3], quantity, row[4], due, *row[6:]] for row, (quantity, due) in rows])


def korean(orders=ORDERS) -> openpyxl.Workbook:
    """A machining shop: titles above, units in brackets, a total below, hours and days off in two sheets."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "수주현황"
    for row in (["7월 수주 현황"], ["공장: 창원 1공장", None, None, None, None, "작성: 생산관리"],
                ["주문번호", "품번", "품명", "수량(EA)", "소재입고일", "납기", "고객등급", "긴급"], *orders,
                ["합계", None, None, sum(row[3] for row in orders)]):  # fmt: skip
        sheet.append(row)
    for title, header, rows in (
        ("공정표", ["품번", "공정순서", "공정명", "설비", "표준시간(분/개)", "준비시간(분)"], ROUTINGS),
        ("근무시간", ["설비", "요일", "근무시간", "휴게시간"], HOURS),
        ("휴무", ["설비", "시작", "종료", "사유"], CLOSED),
    ):
        sheet = book.create_sheet(title)
        sheet.append([f"표준 {title}"])
        for row in (header, *rows):
            sheet.append(row)
    return book


def english(orders=BOOK) -> openpyxl.Workbook:
    """A moulding and painting shop: colours are set up, the whole lot's minutes are given, one order is running."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Order book"
    for row in (
        ["Open orders, week 27"],
        ["Order No", "Product", "Qty", "Available", "Due Date", "Priority"],
        *orders,
        ["Total", None, sum(row[2] for row in orders)],
    ):
        sheet.append(row)
    for title, rows in {
        "Routing": [
            ["Product", "Step", "Operation", "Machine group", "Run time (h/lot)", "Colour"],
            ["Cover", 1, "Mould", "Presses", 2.5, "natural"], ["Cover", 2, "Paint", "Paint line", 1.5, "red"],
            ["Lid", 1, "Mould", "Presses", 1, "natural"], ["Lid", 2, "Paint", "Paint line", 0.75, "blue"],
        ],
        "Machines": [["Machine", "Group"], ["Press A", "Presses"], ["Press B", "Presses"], ["Paint 1", "Paint line"]],
        "Changeover": [["From", "To", "Changeover time (min)"], ["red", "blue", 25], ["blue", "red", 40], ["red", "gold", 60]],
        "Shifts": [["Days", "Hours"], ["Mon-Fri", "06:00-14:00, 14:00-22:00"]],
        "Closed": [["Machine", "From", "To", "Reason"],
                   ["Press A", "2026-06-30 08:00", "2026-06-30 10:00", "mould repair"],
                   ["Paint 1", "2026-07-04 06:00", "2026-07-04 12:00", "Saturday overtime"]],
        "Running": [["Order", "Step", "Machine", "Started", "Status"], ["S-101", 1, "Press B", "2026-06-29 06:00", "running"]],
    }.items():  # fmt: skip
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    return book


def saved(book: openpyxl.Workbook, folder: Path, name: str = "plant.xlsx") -> Path:
    book.save(folder / name)
    return folder / name


def opened(book: openpyxl.Workbook, folder: Path, **given):
    return files.opens([saved(book, folder)], given)


def put(book: openpyxl.Workbook, sheet: str, cell: str, value) -> openpyxl.Workbook:
    book[sheet][cell] = value
    return book


def minute(day: int, hour: int = 0, month: int = 7) -> int:
    return int((dt.datetime(2026, month, day, hour) - dt.datetime(2026, 7, 1)).total_seconds() // 60)


# ---- clean sheets ---------------------------------------------------------------------------------------------------------


def test_a_korean_plants_workbook_is_a_request_without_a_fault(tmp_path):
    reading = opened(korean(), tmp_path)
    assert reading.faults == ()
    assert reading.left == ()
    shop = reading.request
    assert shop.machines == ["선반 1호", "선반 2호", "MCT 1호", "연삭기"]
    first = shop.jobs[0]
    assert (first.name, first.release, first.due, first.weight) == ("W-2601", 0, minute(4), 5)
    assert [operation.machines for operation in first.operations] == [
        {"선반 1호": 180, "선반 2호": 200}, {"MCT 1호": 170}, {"연삭기": 215},
    ]  # fmt: skip
    assert (shop.objective, shop.begins) == ("both", dt.datetime(2026, 7, 1))
    assert (first.item, [operation.name for operation in first.operations]) == (
        "SH-10 구동축 × 40",
        ["10 선삭", "20 키홈 가공", "30 연삭"],
    )
    assert [job.weight for job in shop.jobs] == [5, 3, 10, 5, 3, 1, 3, 1]


def test_hours_days_off_repairs_and_overtime_become_closed_times(tmp_path):
    shop = opened(korean(), tmp_path).request

    def is_open(machine: str, day: int, hour: int) -> bool:
        at = minute(day, hour)
        return not any(closing.machine == machine and closing.start <= at < closing.end for closing in shop.closed)

    assert [is_open("선반 2호", 1, hour) for hour in (7, 8, 12, 13, 17, 18)] == [False, True, False, True, True, False]
    assert is_open("MCT 1호", 1, 21)
    assert not is_open("연삭기", 2, 14)
    assert is_open("연삭기", 2, 17)
    assert is_open("선반 1호", 4, 9)  # Saturday overtime
    assert not is_open("선반 2호", 4, 9)
    assert not is_open("MCT 1호", 17, 9)  # a day off


def test_an_english_plants_workbook_with_groups_colours_and_a_running_order(tmp_path):
    reading = opened(english(), tmp_path)
    assert reading.faults == ()
    shop = reading.request
    cover = shop.jobs[0]
    assert [operation.machines for operation in cover.operations] == [{"Press A": 150, "Press B": 150}, {"Paint 1": 90}]
    assert [operation.family for operation in cover.operations] == ["natural", "red"]
    assert {(set_up.before, set_up.after): set_up.minutes for set_up in shop.set_ups} == {
        ("red", "blue"): 25,
        ("blue", "red"): 40,
    }
    assert [(pin.job, pin.operation, pin.machine, pin.start) for pin in shop.pins] == [("S-101", 1, "Press B", 360)]
    assert [job.weight for job in shop.jobs] == [2, 1, 1]
    assert shop.jobs[0].due == 2 * 1440 + 14 * 60


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp949"])
def test_three_csv_files_are_the_same_plant(tmp_path, encoding):
    book = korean()
    paths = []
    for title in ("수주현황", "공정표", "휴무"):
        path = tmp_path / f"{title}.csv"
        with path.open("w", encoding=encoding, newline="") as file:
            csv.writer(file).writerows([["" if cell is None else cell for cell in row] for row in book[title].values])
        paths.append(path)
    reading = files.opens(paths, {})
    assert reading.faults == ()
    assert len(reading.request.jobs) == 8
    assert reading.request.jobs[0] == opened(book, tmp_path).request.jobs[0]


def test_work_orders_with_a_row_an_operation_are_orders_and_routings(tmp_path):
    book = openpyxl.Workbook()
    for row in (["작업지시번호", "품번", "공정", "설비", "지시수량", "작업시간(분)", "납기"],
                ["A1", "X", "절단", "톱", 10, 30, "2026-07-02"], ["A1", "X", "용접", "용접기", 10, "1시간 30분", "2026-07-02"],
                ["A2", "Y", "절단", "톱", 5, 20, "2026-07-03"]):  # fmt: skip
        book.active.append(row)
    reading = opened(book, tmp_path)
    assert reading.faults == ()
    assert [[operation.machines for operation in job.operations] for job in reading.request.jobs] == [
        [{"톱": 30}, {"용접기": 90}], [{"톱": 20}],
    ]  # fmt: skip


def test_a_lot_longer_than_a_machine_works_in_one_piece_is_planned_in_parts(tmp_path):
    reading = opened(put(korean(), "수주현황", "D8", 110), tmp_path)  # W-2605: 110 pieces of 9 minutes on the lathe
    assert reading.faults == ()
    parts = next(job for job in reading.request.jobs if job.name == "W-2605").operations
    assert sum(part.machines.get("선반 2호", 0) for part in parts) == 110 * 9 + 30
    assert max(minutes for part in parts for minutes in part.machines.values()) <= 300
    assert any("in parts" in note for note in reading.notes)


def test_begins_now_and_any_field_of_the_request_can_be_given(tmp_path):
    reading = opened(
        korean(), tmp_path, begins="2026-06-29T00:00", now="2026-07-01 10:00", seconds="5", objective="makespan"
    )
    assert (reading.request.now, reading.request.seconds, reading.request.objective) == (
        2 * 1440 + 600,
        5.0,
        "makespan",
    )
    assert reading.request.jobs[0].release == 2 * 1440


def test_blank_machines_of_the_calendar_are_all_machines_and_not_the_one_above(tmp_path):
    book = korean()
    sheet = book["휴무"]
    sheet["A4"], sheet["A5"] = None, None  # a day off, and overtime: for the whole plant
    reading = opened(book, tmp_path)
    assert reading.faults == ()
    for machine in reading.request.machines:
        of_one = [(closing.start, closing.end) for closing in reading.request.closed if closing.machine == machine]
        assert any(start <= minute(17, 9) < end for start, end in of_one)
        assert not any(start <= minute(4, 9) < end for start, end in of_one)


def test_a_night_shift_of_one_machine_comes_to_the_hours_of_all(tmp_path):
    book = korean()
    book["근무시간"]["C4"], book["근무시간"]["D4"] = "20:00~02:00", None
    of_one = [
        (closing.start, closing.end)
        for closing in opened(book, tmp_path).request.closed
        if closing.machine == "MCT 1호"
    ]
    open_hours = [hour for hour in range(24, 48) if not any(start <= hour * 60 < end for start, end in of_one)]
    assert open_hours == [24, 25, 32, 33, 34, 35, 37, 38, 39, 40, 41, 44, 45, 46, 47]


def test_a_running_operation_on_a_machine_that_is_down_is_planned_again(tmp_path):
    book = english()
    book["Running"]["C2"], book["Running"]["D2"] = "Press A", "2026-06-30 07:30"  # until 10:00; closed from 8:00
    reading = opened(book, tmp_path)
    assert reading.faults == ()
    assert reading.request.pins == []
    assert any(note.startswith("S-101, operation 1 on Press A is planned again") for note in reading.notes)


def test_operations_before_a_running_one_are_done_and_what_is_done_is_left_out(tmp_path):
    book = english()
    book["Running"]["B2"], book["Running"]["C2"] = "Paint", "Paint 1"
    book["Running"].append(["S-102", 1, "Press A", "2026-06-29 06:00", "done"])
    reading = opened(book, tmp_path)
    assert [len(job.operations) for job in reading.request.jobs] == [1, 1, 2]
    assert [(pin.job, pin.operation, pin.machine) for pin in reading.request.pins] == [("S-101", 1, "Paint 1")]


def test_names_that_differ_in_a_dash_alone_are_two(tmp_path):
    book = korean()
    for row, name in ((4, "A-11"), (5, "A1-1")):
        book["수주현황"].cell(row, 2).value = name
    routing(book, ["A-11", 10, "선삭", "선반 1호", 1, 0], ["A1-1", 10, "선삭", "선반 2호", 2, 0])
    shop = opened(book, tmp_path).request
    assert [job.operations[0].machines for job in shop.jobs[:2]] == [{"선반 1호": 40}, {"선반 2호": 120}]


@pytest.mark.parametrize("name", ["begins", "now"])
def test_a_given_moment_that_is_none_is_refused(tmp_path, name):
    with pytest.raises(UserError, match=f"--set {name}: ‘soon’ is not a date"):
        opened(korean(), tmp_path, **{name: "soon"})


# ---- ten kinds of mistake -------------------------------------------------------------------------------------------------


def routing(book: openpyxl.Workbook, *rows: list) -> openpyxl.Workbook:
    for row in rows:
        book["공정표"].append(row)
    return book


def predecessors(book: openpyxl.Workbook) -> openpyxl.Workbook:
    """Key seats of SH-10 wait for its grinding, and that for the key seats."""
    sheet = book["공정표"]
    sheet["G2"] = "선행공정"
    sheet["G5"], sheet["G6"] = "30", "20"
    return book


def in_hours(book: openpyxl.Workbook) -> openpyxl.Workbook:
    book["공정표"]["E2"] = "표준시간(시간/개)"
    for row in range(3, 16):
        book["공정표"].cell(row, 5).value = 45
    return book


def overlapping(book: openpyxl.Workbook) -> openpyxl.Workbook:
    book["휴무"].append(["연삭기", dt.datetime(2026, 7, 2, 16), dt.datetime(2026, 7, 2, 18), "청소"])
    return book


def doubled(book: openpyxl.Workbook) -> openpyxl.Workbook:
    sheet = book["수주현황"]
    sheet.insert_rows(12)
    for column, cell in enumerate(ORDERS[0], 1):
        sheet.cell(12, column).value = cell
    return book


def merged_over_two_orders(book: openpyxl.Workbook) -> openpyxl.Workbook:
    book["수주현황"].merge_cells("D5:D6")
    return book


MISTAKES = {
    "unknown machine": (
        lambda book: put(book, "공정표", "D6", "연식기"), "‘공정표’ row 6 ‘설비’", "no machine called 연식기", "연삭기", {"W-2601", "W-2604"}),
    "unknown machine of the calendar": (
        lambda book: put(book, "휴무", "A3", "연삭기2"), "‘휴무’ row 3 ‘설비’", "no machine called 연삭기2", "Did you mean 연삭기?", set()),
    "circle": (predecessors, "‘공정표’ row 5 ‘선행공정’", "run in a circle", "Correct the operation before", {"W-2601", "W-2604"}),
    "overlapping calendar rows": (overlapping, "‘휴무’ row 6 ‘시작’", "overlaps with", "row 3", set()),
    "hours among minutes": (
        lambda book: put(book, "공정표", "E4", 0.075), "‘공정표’ row 4 ‘표준시간’", "out of scale beside ‘4’ in row 3",
        "Write 4.5 min", {"W-2601", "W-2604"}),
    "minutes under hours": (in_hours, "‘공정표’ row 3 ‘표준시간’", "look like minutes", "(min)", {row[0] for row in ORDERS}),
    "duplicate order": (
        doubled, "‘수주현황’ row 12 ‘주문번호’", "W-2601 is there twice", "number them apart", {"W-2601"}),
    "due before release": (
        lambda book: put(book, "수주현황", "F5", DAY(2026, 6, 12)), "‘수주현황’ row 5 ‘납기’", "before the release", "Correct one",
        {"W-2602"}),
    "missing routing": (
        lambda book: put(book, "수주현황", "B6", "BR-50"), "‘수주현황’ row 6 ‘품번’", "no routing for BR-50", "BR-05", {"W-2603"}),
    "text in minutes": (
        lambda book: put(book, "공정표", "E12", "점검중"), "‘공정표’ row 12 ‘표준시간’", "‘점검중’ is no time", "close the machine",
        {"W-2603", "W-2608"}),
    "merged cells": (
        merged_over_two_orders, "‘수주현황’ row 6 ‘수량’", "merged cells D5:D6", "into every row", {"W-2603"}),
    "after 24:00": (
        lambda book: put(book, "근무시간", "C4", "08:00-25:00"), "‘근무시간’ row 4 ‘근무시간’", "08:00-25:00", "24:00", set()),
    "no date": (
        lambda book: put(book, "수주현황", "F9", "미정"), "‘수주현황’ row 9 ‘납기’", "‘미정’ is not a date", "2026-07-01", {"W-2606"}),
    "no pieces": (lambda book: put(book, "수주현황", "D9", None), "‘수주현황’ row 9 ‘수량’", "missing", "how many", {"W-2606"}),
}  # fmt: skip


@pytest.mark.parametrize("kind", sorted(MISTAKES))
def test_each_mistake_is_named_with_sheet_row_and_cure_and_the_rest_is_planned(tmp_path, kind):
    spoil, where, problem, cure, left = MISTAKES[kind]
    reading = opened(spoil(korean()), tmp_path)
    assert len(reading.faults) == 1, [str(fault) for fault in reading.faults]
    fault = str(reading.faults[0])
    assert where in fault
    assert problem in fault
    assert cure in fault
    assert "\n" not in fault
    assert set(reading.left) == left
    if len(left) < len(ORDERS):
        assert {job.name for job in reading.request.jobs} == {row[0] for row in ORDERS} - left
    else:
        assert reading.request is None


def test_all_mistakes_of_a_workbook_are_told_at_once(tmp_path):
    book = korean()
    for kind in (
        "unknown machine",
        "hours among minutes",
        "duplicate order",
        "due before release",
        "missing routing",
        "text in minutes",
    ):
        MISTAKES[kind][0](book)
    assert len(opened(book, tmp_path).faults) == 6


def test_merged_cells_that_can_mean_one_thing_only_are_filled_and_said(tmp_path):
    book = korean()
    sheet = book["공정표"]
    sheet["E4"] = 4
    sheet.merge_cells("A3:A6")
    sheet.merge_cells("E3:E4")  # one operation on two lathes
    reading = opened(book, tmp_path)
    assert reading.faults == ()
    assert reading.request.jobs[0].operations[0].machines == {"선반 1호": 180, "선반 2호": 180}
    assert any("‘표준시간’: merged cells E3:E4 hold" in note for note in reading.notes)
    assert any("merged cells A3:A6 (‘SH-10’) hold" in note for note in reading.notes)


@pytest.mark.parametrize("cell", ["2026-07-03 24:00", "2026년 7월 3일 24시"])
def test_24_00_is_the_next_days_midnight_and_said(tmp_path, cell):
    book = korean()
    for row in range(4, 12):
        book["수주현황"].cell(row, 6).value = cell
    reading = opened(book, tmp_path)
    assert reading.request.jobs[0].due == minute(4)
    assert any("row 4 ‘납기’: 24:00 is taken as 00:00 of the next day" in note for note in reading.notes)


def test_24_00_in_a_cell_of_clock_times(tmp_path):
    book = english()
    sheet = book["Shifts"]
    sheet["A1"], sheet["B1"], sheet["C1"] = "Days", "From", "To"
    sheet["A2"], sheet["B2"], sheet["C2"] = "Mon-Fri", dt.time(6), 1.0
    sheet["C2"].number_format = "hh:mm"
    reading = opened(book, tmp_path)
    assert reading.faults == ()
    assert any("24:00" in note for note in reading.notes)
    late = [closing for closing in reading.request.closed if closing.machine == "Paint 1" and closing.start == 24 * 60]
    assert [closing.end for closing in late] == [30 * 60]


def test_what_is_no_plants_sheet_is_refused_with_what_is_wanted(tmp_path):
    book = openpyxl.Workbook()
    for row in (["이름", "나이"], ["김", 33], ["이", 44]):
        book.active.append(row)
    with pytest.raises(UserError, match="no sheet of orders"):
        opened(book, tmp_path)
    book = korean()
    del book["공정표"]
    with pytest.raises(UserError, match="no sheet of routings"):
        opened(book, tmp_path)


# ---- cells ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "unit", "spent"),
    [("90", "min", 90), ("90분", "min", 90), ("1시간 30분", "min", 90), ("1:30", "min", 90), ("1.5h", "min", 90), ("1.5", "h", 90),
     ("2 hr 15 min", "min", 135), ("30초", "min", 0.5), ("1,200", "min", 1200), ("１２", "min", 12), ("점검중", "min", None),
     ("-5", "min", None), ("", "min", None), ("30분/개", "h", 30)],
)  # fmt: skip
def test_minutes_as_people_write_them(text, unit, spent):
    read = minutes(text, unit)
    assert (read and read[0]) == (pytest.approx(spent) if spent is not None else None)


@pytest.mark.parametrize(
    ("text", "clock_time"),
    [("08:00", 480), ("8시", 480), ("8시 반", 510), ("오후 1시", 780), ("24:00", 1440), ("12:30 pm", 750), ("0.5", 720), ("8", 480),
     ("1900-01-01", 1440), ("휴무", None)],
)  # fmt: skip
def test_clock_times_as_people_write_them(text, clock_time):
    assert clock(text) == clock_time


def test_spans_and_days_of_the_week_as_people_write_them():
    assert spans("주간 (08:00~17:00)") == [(480, 1020)]
    assert spans("08:00-12:00, 13:00-17:00") == [(480, 720), (780, 1020)]
    assert spans("20:00~05:00") == [(1200, 1740)]
    assert spans("휴무") is None
    assert weekdays("월~금") == weekdays("평일") == weekdays("Mon-Fri") == weekdays("월화수목금") == {0, 1, 2, 3, 4}
    assert weekdays("토요일") == weekdays("Sat") == weekdays("Saturday") == {5}
    assert weekdays("금~월") == {4, 5, 6, 0}
    assert weekdays("휴무") is None


# ---- standard texts -------------------------------------------------------------------------------------------------------

CLASSIC = "# two jobs\n2 3\n0 3 1 2 2 2\n0 2 2 1 1 4\n"
FLEXIBLE = "2 2 1.5\n2 2 1 3 2 4 1 2 5\n1 1 2 7\n"
FROM_ZERO = "2 2\n2 2 0 3 1 4 1 1 5\n1 1 1 7\n"


def text(folder: Path, content: str, name: str = "shop.txt") -> Path:
    (folder / name).write_text(content, encoding="utf-8")
    return folder / name


def test_a_classic_job_shop_counts_machines_from_zero(tmp_path):
    shop = files.opens([text(tmp_path, CLASSIC)], {}).request
    assert shop.machines == ["M01", "M02", "M03"]
    assert [operation.machines for operation in shop.jobs[1].operations] == [{"M01": 2}, {"M03": 1}, {"M02": 4}]


@pytest.mark.parametrize("content", [FLEXIBLE, FROM_ZERO])
def test_flexible_shops_count_machines_as_their_numbers_say(tmp_path, content):
    shop = files.opens([text(tmp_path, content, "shop.fjs")], {"objective": "makespan"}).request
    assert [[operation.machines for operation in job.operations] for job in shop.jobs] == [
        [{"M01": 3, "M02": 4}, {"M02": 5}], [{"M02": 7}],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("content", "where", "problem"),
    [
        (CLASSIC.replace("1 4", "1 x"), "line 4 column 11", "‘x’ is not a whole number"),
        (CLASSIC.replace("0 3 1 2", "0 3 7 2"), "line 3 column 5", "no machine 7: they are 0 to 2"),
        (CLASSIC.replace("2 2 2\n", "2 2\n"), "line 3 column 9", "a machine without its minutes"),
        (CLASSIC.replace("2 3\n", "3 3\n"), "line 4 column 11", "3 jobs are announced"),
        (FLEXIBLE.replace("1 2 5", "2 2 5"), "line 2 column 17", "the line ends before"),
        (FLEXIBLE.replace("1 1 2 7", "1 1 2 7 9"), "line 3 column 9", "the line goes on"),
    ],
)
def test_a_mistake_in_a_text_is_named_with_line_and_column(tmp_path, content, where, problem):
    name = "shop.fjs" if content[4:7] == "1.5" else "shop.jsp"
    with pytest.raises(UserError) as error:
        standard.opens([text(tmp_path, content, name)], {})
    assert where in str(error.value)
    assert problem in str(error.value)


LEKIN_JOBS = """Shop: Job
Job: Job01
  RGB: 255;0;0
  Release: 0
  Due: 12
  Weight: 2
  Oper: Wkc000;5;A
  Oper: Wkc001;3;B

Job: Job02
  Release: 1
  Due: 9
  Weight: 1
  Oper: Wkc001;4;A
"""
LEKIN_SHOP = """Flexible:
Workcenter: Wkc000
  Setup: A;B;2
         B;A;1
  Machine: Wkc000.000
    Release: 3
    Status: A
  Machine: Wkc000.001
    Release: 0
    Status: A
Workcenter: Wkc001
  Setup: A;B;2 B;A;4
  Machine: Wkc001.000
    Release: 0
    Status: A
"""


def test_lekin_jobs_and_workcentres(tmp_path):
    jobs, shop = text(tmp_path, LEKIN_JOBS, "_user.job"), text(tmp_path, LEKIN_SHOP, "_user.mch")
    request = files.opens([jobs, shop], {}).request
    assert request == files.opens([jobs], {}).request  # found beside it
    assert request.machines == ["Wkc000.000", "Wkc000.001", "Wkc001.000"]
    assert request.jobs[0].operations[0].machines == {"Wkc000.000": 5, "Wkc000.001": 5}
    assert (request.jobs[1].release, request.jobs[1].due, request.jobs[0].weight) == (1, 9, 2)
    assert [(closing.machine, closing.start, closing.end) for closing in request.closed] == [("Wkc000.000", 0, 3)]
    assert {(set_up.before, set_up.after, set_up.minutes) for set_up in request.set_ups if set_up.machine == "Wkc001.000"} == {
        ("A", "B", 2), ("B", "A", 4),
    }  # fmt: skip


def test_lekin_jobs_alone_are_an_ordinary_shop_and_mistakes_have_their_line(tmp_path):
    assert files.opens([text(tmp_path, LEKIN_JOBS, "alone.jsp")], {}).request.machines == ["Wkc000", "Wkc001"]
    shop = text(tmp_path, LEKIN_SHOP, "bad.mch")
    bad = text(tmp_path, LEKIN_JOBS.replace("Wkc001;4", "Wck001;4"), "bad.job")
    with pytest.raises(
        UserError, match=r"line 14 column 9: there is no workcentre called Wck001\. Did you mean Wkc001\?"
    ):
        files.opens([bad, shop], {})
    with pytest.raises(UserError, match="line 7"):
        files.opens([text(tmp_path, LEKIN_JOBS.replace("Wkc000;5", "Wkc000;soon"), "worse.job")], {})


# ---- plans as files -------------------------------------------------------------------------------------------------------


def planned(shop: Request) -> Response:
    """Each order in turn at the first time at which its machines are free and open."""
    free = dict.fromkeys(shop.machines, 0)
    placed = []
    for job in shop.jobs:
        ready = job.release
        for number, operation in enumerate(job.operations, 1):
            machine, spent = min(operation.machines.items(), key=lambda pair: (free[pair[0]], pair[1]))
            start = max(ready, free[machine])
            for closed in sorted((c for c in shop.closed if c.machine == machine), key=lambda c: c.start):
                start = closed.end if start < closed.end and closed.start < start + spent else start
            ready = free[machine] = start + spent
            placed.append(Placed(job=job.name, operation=number, machine=machine, start=start, end=ready))
    return Response(operations=placed)


@pytest.fixture
def plan(tmp_path):
    shop = opened(korean(), tmp_path).request
    return shop, planned(shop)


def test_the_workbook_has_orders_a_page_a_machine_and_the_plan(tmp_path, plan):
    shop, response = plan
    saves.SAVES[".xlsx"](shop, response, tmp_path / "plan.xlsx")
    book = openpyxl.load_workbook(tmp_path / "plan.xlsx")
    assert book.sheetnames == ["Orders", *shop.machines, "plan"]
    page = book["선반 1호"]
    assert page.print_title_rows == "$3:$3"
    assert (page.sheet_properties.pageSetUpPr.fitToPage, page.page_setup.fitToHeight) == (True, 0)
    assert "선반 1호" in page.oddHeader.left.text
    rows = [row for row in page.iter_rows(min_row=4, values_only=True) if row[4]]
    assert len(rows) == sum(placed.machine == "선반 1호" for placed in response.operations)
    assert all(row[0] == "☐" for row in rows)
    assert rows[0][1] == dt.datetime(2026, 7, 1, 8)
    assert rows[0][5:7] == ("SH-10 구동축 × 40", "10 선삭")
    overview = {row[0]: row for row in book["Orders"].iter_rows(min_row=4, values_only=True)}
    late = lines.lateness(shop, response)
    assert {name: row[4] for name, row in overview.items() if row[4]} == {n: m for n, m in late.items() if m > 0}
    assert len(overview) == 8


@pytest.mark.parametrize("suffix", [".xlsx", ".csv"])
@pytest.mark.parametrize("lang", ["ko", "en"])
def test_the_plan_is_read_back_as_the_plan_in_force_and_what_has_begun_is_pinned(tmp_path, plan, suffix, lang):
    shop, response = plan
    speak(lang)
    saves.SAVES[suffix](shop, response, tmp_path / f"plan{suffix}")
    reading = files.opens([saved(korean(), tmp_path), tmp_path / f"plan{suffix}"], {"now": "2026-07-02 09:00"})
    assert reading.faults == ()
    by_name = sorted(response.operations, key=lambda placed: (placed.job, placed.operation))
    assert sorted(reading.request.previous, key=lambda placed: (placed.job, placed.operation)) == by_name
    now = 1440 + 540
    begun = {
        (placed.job, placed.operation, placed.machine, placed.start)
        for placed in response.operations
        if placed.start < now
    }
    assert {(pin.job, pin.operation, pin.machine, pin.start) for pin in reading.request.pins} == begun
    assert reading.request.now == now


def test_orders_that_have_left_the_plan_are_said(tmp_path, plan):
    shop, response = plan
    saves.SAVES[".csv"](shop, response, tmp_path / "plan.csv")
    book = korean()
    book["수주현황"].delete_rows(4)
    reading = files.opens([saved(book, tmp_path), tmp_path / "plan.csv"], {})
    assert "W-2601" not in {placed.job for placed in reading.request.previous}
    assert any("1 orders that are no longer there" in note for note in reading.notes)


def test_calendar_events_open_in_another_program(tmp_path, plan):
    import icalendar

    shop, response = plan
    saves.SAVES[".ics"](shop, response, tmp_path / "plan.ics")
    events = icalendar.Calendar.from_ical((tmp_path / "plan.ics").read_bytes()).walk("VEVENT")
    assert len(events) == len(response.operations)
    assert {str(event["LOCATION"]) for event in events} == {placed.machine for placed in response.operations}
    assert len({str(event["UID"]) for event in events}) == len(events)
    first = min(events, key=lambda event: event.decoded("DTSTART"))
    assert first.decoded("DTSTART") == dt.datetime(2026, 7, 1, 8)


def test_a_plan_without_dates_is_no_calendar_and_its_workbook_has_minutes(tmp_path):
    shop = files.opens([text(tmp_path, CLASSIC)], {}).request
    response = planned(shop)
    with pytest.raises(UserError, match="begins="):
        saves.SAVES[".ics"](shop, response, tmp_path / "plan.ics")
    saves.SAVES[".xlsx"](shop, response, tmp_path / "plan.xlsx")
    book = openpyxl.load_workbook(tmp_path / "plan.xlsx")
    starts = [row[3] for row in book["plan"].iter_rows(min_row=2, values_only=True)]
    assert sorted(starts) == sorted(placed.start for placed in response.operations)


def test_set_ups_are_printed_before_their_operation_and_odd_names_do_no_harm(tmp_path):
    shop = Request(
        machines=["a/b", "A?B"],
        jobs=[{"name": "=1+1", "operations": [{"machines": {"a/b": 5}, "family": "red"}], "due": 3},
              {"name": "B", "operations": [{"machines": {"a/b": 5}, "family": "blue"}, {"machines": {"A?B": 1}, "family": "red"}]}],
        set_ups=[{"before": "red", "after": "blue", "minutes": 7}],
    )  # fmt: skip
    response = Response(operations=[
        Placed(job="=1+1", operation=1, machine="a/b", start=0, end=5), Placed(job="B", operation=1, machine="a/b", start=12, end=17),
        Placed(job="B", operation=2, machine="A?B", start=17, end=18),
    ])  # fmt: skip
    first, second = lines.lines(shop, response)["a/b"]
    assert (first.set_up, first.late, second.set_up, second.late) == (0, 2, 7, 0)
    saves.SAVES[".xlsx"](shop, response, tmp_path / "plan.xlsx")
    book = openpyxl.load_workbook(tmp_path / "plan.xlsx")
    assert book.sheetnames == ["Orders", "a-b", "A-B (2)", "plan"]
    assert book["a-b"]["E4"].data_type == "s"
    saves.SAVES[".csv"](shop, response, tmp_path / "plan.csv")
    assert "'=1+1" in (tmp_path / "plan.csv").read_text(encoding="utf-8-sig")


# ---- whatever stands in the cells ------------------------------------------------------------------------------------------

ODD = [None, 0, -1, -0.5, 1e18, 3.999, True, "nan", "inf", "1e400", "24:00", "25:61", "22:00-06:00", "08:00-08:00", "8-18", "월~",
       "~", "-", "/", "M1/", "전체", "선반 1호", "선반 3호", "SH-10", "W-2601", "S-101", "=1+1", "긴급", "합계", "Total", "(분)", "h",
       "1시간 30분", "1,000", "１２", "10%", "7/3", "7월 3일", "2026-02-30", "2026-07-01 24:00", "20260703", 20260703, 45000,
       DAY(1900, 1, 1), dt.time(8), dt.timedelta(hours=26), dt.datetime(2026, 7, 1, 8)]  # fmt: skip


@pytest.mark.long
@settings(max_examples=25, deadline=None)
@given(
    st.sampled_from((korean, english)),
    st.lists(st.tuples(*[st.integers(0, 40)] * 3, st.sampled_from(ODD)), min_size=1, max_size=5),
)
def test_whatever_stands_in_the_cells_there_is_a_request_or_a_mistake_with_its_place(tmp_path_factory, make, puts):
    book = make()
    for sheet, row, column, value in puts:
        cells = book[book.sheetnames[sheet % len(book.sheetnames)]]
        cells.cell(row % (cells.max_row + 1) + 1, column % (cells.max_column + 1) + 1).value = value
    try:
        reading = opened(book, tmp_path_factory.mktemp("odd"))
    except UserError:
        return
    assert reading.request is not None or reading.faults
    assert all(fault.where and fault.cure for fault in reading.faults)


def test_a_cell_of_machines_that_holds_a_sign_alone_is_a_mistake_and_one_sign_too_many_is_none(tmp_path):
    reading = opened(put(korean(), "공정표", "D6", "/"), tmp_path)
    (fault,) = reading.faults
    assert (fault.where, "no machine called /" in fault.what, bool(fault.cure)) == (
        "‘plant.xlsx’ sheet ‘공정표’ row 6 ‘설비’",
        True,
        True,
    )
    assert opened(put(korean(), "공정표", "D6", "연삭기/"), tmp_path).faults == ()


# ---- the examples of the README -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "book"), [("plant.xlsx", busy), ("plant-en.xlsx", lambda: english(FULL_BOOK))])
def test_the_examples_are_what_is_made_here(tmp_path, name, book):
    committed, fresh = (tables.sheets(path) for path in (ROOT / "examples" / name, saved(book(), tmp_path, name)))
    assert [sheet.cells.rows() for sheet in committed] == [sheet.cells.rows() for sheet in fresh]
    assert [(sheet.sheet, sheet.headers) for sheet in committed] == [(sheet.sheet, sheet.headers) for sheet in fresh]
    assert sheets.opens([ROOT / "examples" / name], {}).faults == ()


if __name__ == "__main__":
    busy().save(ROOT / "examples" / "plant.xlsx")
    english(FULL_BOOK).save(ROOT / "examples" / "plant-en.xlsx")
