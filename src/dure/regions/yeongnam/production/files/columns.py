"""Which sheet is which: columns of orders, routings, calendars and what else a plant keeps, under its own headers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from dure import Column, UserError, tables
from dure.formats import MACHINE_EVENTS, WORK_ORDERS
from dure.mapping import propose
from dure.tables import long

from .cells import Rows, _, weekdays

PLAN_SHEET = "plan"  # the sheet of a plan that is read back
_WORK = {column.name: column for column in WORK_ORDERS}
_EVENT = {column.name: column for column in MACHINE_EVENTS}


def _from(column: Column, *aliases: str, required: bool = False) -> Column:
    """A shared column. But for dates it is read as text: every cell is looked at, so that every mistake can be named."""
    return replace(column, type="time" if column.type == "time" else "text", low=None, high=None, key=False, required=required,
                   names=(*column.names, *aliases))  # fmt: skip


def _time(name: str, *names: str, required: bool = False) -> Column:
    return Column(name, "time", names=names, required=required)


def _text(name: str, *names: str, required: bool = False, unit: str = "") -> Column:
    return Column(name, "text", unit, names=names, required=required)


_ORDER = _from(_WORK["order"], "주문번호", "주문", "수주번호", "주문 번호", "오더", "관리번호", "P/O", "job", "job no",
               "order", "sales order", "WO", "W/O", "PO", "SO", "job number", "order number")  # fmt: skip
_ITEM = _from(_WORK["item"], "제품", "제품번호", "부품번호", "item", "product code", "part number", "part", "SKU")
_ITEM_NAME = _from(_WORK["item_name"], "제품 이름", "description", "part name")
_MACHINE = _from(
    _WORK["machine"], "기계번호", "기계 이름", "설비 이름", "가능설비", "사용설비", "투입설비", "resource", "workcentre"
)
_NUMBER = _text("number", "공정순서", "공정번호", "공정순번", "작업순서", "공정 순서", "공정 번호", "순서", "순번", "공순",
                "op no", "operation no", "operation number", "op", "op.", "seq", "sequence", "step")  # fmt: skip
_OPERATION = _text("operation", "공정명", "공정", "작업공정", "작업명", "공정 이름", "작업내용", "operation", "operation name",
                   "process")  # fmt: skip
# Columns that are known and not used: without them their headers would be taken for something like them.
_NOT_USED = (
    _text(
        "customer",
        "거래처",
        "거래처명",
        "고객",
        "고객사",
        "고객명",
        "업체",
        "업체명",
        "발주처",
        "customer",
        "client",
        "buyer",
    ),
    _text("person", "담당자", "담당", "작성자", "작업자", "person", "responsible", "operator"),
    _text("count", "NO", "No.", "연번", "번호", "#"),
    _text("remark", "비고", "메모", "특이사항", "remark", "remarks", "note", "notes", "comment"),
    _text("ordered", "주문일", "수주일", "주문일자", "수주일자", "발주일", "order date", "ordered"),
)
_FAMILY = _text("family", "셋업그룹", "준비교체그룹", "교체그룹", "셋업군", "품종", "색상", "금형", "재질", "setup group",
                "set-up family", "setup family", "family", "colour", "color", "mould", "tool")  # fmt: skip

KINDS: dict[str, tuple[Column, ...]] = {
    "plan": (
        replace(_ORDER, required=True), replace(_NUMBER, required=True), replace(_MACHINE, required=True),
        _time("start", "시작", "시작 일시", "시작일시", "start", required=True),
        _time("end", "끝", "종료", "종료일시", "완료", "end", "finish", required=True),
    ),
    "pins": (
        replace(_ORDER, required=True), _NUMBER, _OPERATION, replace(_MACHINE, required=True),
        _time("start", "시작", "시작일시", "착수일시", "실제 시작", "시작시각", "start", "started", "actual start", required=True),
        _text("state", "상태", "진행상태", "진행", "진행현황", "status", "state", required=True),
    ),
    "set_ups": (
        _text("before", "이전품종", "전품종", "이전", "앞 품종", "변경전", "변경 전", "교체전", "from family", "from", "before", "previous",
              required=True),
        _text("after", "다음품종", "후품종", "이후", "다음", "뒤 품종", "변경후", "변경 후", "교체후", "to family", "to", "after", "next",
              required=True),
        _text("minutes", "준비시간", "교체시간", "준비교체시간", "셋업시간", "소요시간", "시간", "set-up time", "setup time",
              "setup minutes",
              "changeover", "changeover time", "minutes", "setup", unit="min", required=True),
        _MACHINE,
    ),
    "orders": (
        replace(_ORDER, required=True), _ITEM, _ITEM_NAME,
        _text("line", "항번", "행번", "주문항번", "line no", "line item", "pos"),
        _from(_WORK["quantity"], "주문수량", "수주수량", "생산수량", "주문량", "개수", "pieces", "pcs"),
        _from(_WORK["release"], "착수가능일", "착수가능", "착수 가능", "자재입고일", "자재입고", "소재입고", "소재입고일", "투입가능일",
              "가공가능일", "release date", "available", "material date", "earliest start", "not before"),
        _from(_WORK["due"], "납기요청일", "고객납기", "납품기한", "납기 일시", "필요일", "ship date", "ship by", "delivery date"),
        _text("weight", "중요도", "가중치", "weight", "importance"),
        _text("rank", "우선순위", "순위", "priority", "rank"),
        _text("urgent", "긴급", "긴급여부", "긴급도", "특급", "급행", "urgent", "rush", "expedite"),
        _text("grade", "고객등급", "거래처등급", "등급", "customer class", "customer grade", "class", "grade"),
        *_NOT_USED,
    ),
    "routings": (
        _ORDER, _ITEM, _ITEM_NAME, _NUMBER, _OPERATION, replace(_MACHINE, required=True),
        replace(_from(_WORK["minutes_each"], "개당 가공시간", "개당가공시간", "개당 시간", "단위시간", "사이클 타임", "run time per piece",
                      "time per piece", "minutes per piece", "분/개", "분/EA", "개당", "min/pc", "cycle"), unit="분/개"),
        _from(_WORK["minutes"], "시간", "가공 시간", "LOT당 시간", "분/LOT", "분", "로트시간", "로트당시간", "배치시간",
              "run time", "run", "time",
              "minutes", "time per lot", "lot time", "batch time", "hours"),
        _from(_WORK["set_up"], "준비", "준비 시간", "set-up", "setup time", "setup minutes"),
        _FAMILY,
        _text("before", "선행공정", "선행", "선행 공정", "앞공정", "전공정", "predecessor", "predecessors", "after operation"),
        *_NOT_USED,
    ),
    "machines": (
        replace(_MACHINE, required=True),
        _text("group", "설비군", "기계군", "설비그룹", "그룹", "작업장", "공정군", "machine group", "group", "work center", "workcenter",
              "cell", required=True),
    ),
    "calendar": (
        replace(_MACHINE, required=False),
        _time("date", "날짜", "일자", "휴일", "휴무일", "공휴일", "일", "date", "day off", "holiday"),
        _time("from", *_EVENT["start"].names, "휴무시작", "휴무 시작", "정지 시작", "부터", "closed from", "from", "시작일"),
        _time("to", *_EVENT["end"].names, "휴무종료", "휴무 끝", "휴무 종료", "정지 종료", "까지", "closed until", "until", "종료일",
              "끝"),
        _text("weekday", "요일", "근무요일", "weekday", "weekdays", "day", "days"),
        _text("hours", "근무시간", "가동시간", "근무 시간", "조업시간", "운영시간", "working hours", "work hours", "hours", "shift hours",
              "shift"),
        _text("break", "휴게시간", "휴게", "점심", "점심시간", "휴식", "식사", "break", "lunch"),
        _text("kind", "구분", "종류", "유형", "type", "kind"),
        _text("reason", *_EVENT["reason"].names, "내용", "비고", "명칭", "휴일명", "note", "remark", "remarks"),
    ),
}  # fmt: skip
"""Columns by kind of sheet; the kinds stand in the order in which a sheet is tried."""


def by_kind(paths: Sequence[Path]) -> dict[str, list[Rows]]:
    """The sheets of all files by kind.

    A workbook that holds a plan of ours is that plan and nothing else. Raises UserError where a file cannot be read,
    and where a sheet with a table is none that is known.
    """
    sheets: dict[str, list[Rows]] = defaultdict(list)
    unknown = []
    for path in paths:
        candidates = [sheet for sheet in tables.sheets(path) if sheet.cells.height and len(sheet.headers) > 1]
        plans = [sheet for sheet in candidates if sheet.sheet == PLAN_SHEET]
        merges = _merges(path)
        for sheet in plans or [sheet for sheet in candidates if not sheet.hidden]:
            kinds = list(_kinds(sheet))
            unknown += [] if kinds else [sheet]
            for kind, table, headers in kinds:
                sheets[kind].append(Rows(table, headers, merges.get(sheet.sheet, ())))
    if not sheets:
        raise _unknown(unknown, paths)
    return sheets


def unused(paths: Sequence[Path], sheets: dict[str, list[Rows]]) -> Iterator[str]:
    """Sheets with a table that is none of the known kinds: where, and their headers."""
    used = {(rows.sheet.file, rows.sheet.sheet) for group in sheets.values() for rows in group}
    files = {file for file, sheet in used if sheet == PLAN_SHEET}
    for path in paths:
        for sheet in tables.sheets(path):
            if (
                sheet.cells.height
                and not sheet.hidden
                and (sheet.file, sheet.sheet) not in used | {(file, sheet.sheet) for file in files}
            ):
                yield f"{sheet.where} ({', '.join(sheet.headers[:8])})"


def _kinds(sheet: tables.Sheet) -> Iterator[tuple[str, tables.Sheet, dict[str, str]]]:
    """The kind of a sheet with its headers; a work order with its operations is orders and routings."""
    offers = {kind: propose(sheet, columns) for kind, columns in KINDS.items()}
    headers = {kind: {name: match.header for name, match in offer.matches.items()} for kind, offer in offers.items()}
    needs = _needs(sheet, headers)
    kind = next((kind for kind, offer in offers.items() if offer.complete and needs.get(kind, True)), None)
    if kind is None:
        return
    rows = kind == "orders" and "machine" in headers["routings"] and _timed(headers)  # a row an operation
    extra = {"machine": headers["routings"]["machine"]} if rows else {}
    yield kind, long(sheet) if offers[kind].long else sheet, headers[kind] | extra
    if rows:
        yield "routings", sheet, headers["routings"]


def _timed(headers: Mapping[str, Mapping[str, str]]) -> bool:
    return bool({"minutes", "minutes_each"} & set(headers["routings"]))


def _needs(sheet: tables.Sheet, headers: Mapping[str, Mapping[str, str]]) -> dict[str, bool]:
    """What a kind needs beyond its required columns, and whether the sheet has it."""
    columns = {kind: set(names) for kind, names in headers.items()}
    timed = _timed(headers)
    return {
        "plan": sheet.sheet == PLAN_SHEET or not timed or "due" not in columns["orders"],
        "pins": bool({"number", "operation"} & columns["pins"]),
        "orders": bool({"due", "quantity", "release"} & columns["orders"])
        and ("due" in columns["orders"] or not timed),
        "routings": timed and bool({"item", "item_name", "order"} & columns["routings"]),
        "machines": not timed and not {"from", "to", "hours", "date"} & columns["calendar"],
        "calendar": bool({"date", "from", "hours"} & columns["calendar"]) or len(week_headers(sheet)) >= 5,
    }


def week_headers(sheet: tables.Sheet) -> dict[str, int]:
    """Headers that are days of the week, as in 월 화 수 목 금."""
    named = {header: weekdays(header) for header in sheet.headers}
    return {header: min(days) for header, days in named.items() if days and len(days) == 1}


def _merges(path: Path) -> dict[str, list[tuple[int, int, str, str]]]:
    """Tall merged ranges by sheet: first row, last row, column's letter, what stands in it."""
    if path.read_bytes()[:4] != b"PK\x03\x04":
        return {}
    import python_calamine

    from dure.tables import letter

    merges = {}
    with python_calamine.CalamineWorkbook.from_path(path) as book:
        for name in book.sheet_names:
            sheet = book.get_sheet_by_name(name)
            ranges = sheet.merged_cell_ranges or ()
            cells = sheet.to_python(skip_empty_area=False) if ranges else []
            merges[name] = [
                (top + 1, bottom + 1, letter(left), tables.written(cells[top][left]) or "")
                for (top, left), (bottom, _right) in ranges
                if bottom > top and top < len(cells) and left < len(cells[top])
            ]
    return merges


def _unknown(sheets: Sequence[tables.Sheet], paths: Sequence[Path]) -> UserError:
    headers = "; ".join(f"{sheet.where}: {', '.join(sheet.headers[:8])}" for sheet in sheets[:4])
    return UserError(
        _("no sheet of orders, routings or working hours is found here ({said})", said=headers or "-"),
        where=", ".join(path.name for path in paths),
        cure=_("Orders need an order number and a due date; routings a product, a machine and minutes."),
    )
