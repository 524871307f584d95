"""Work orders (작업지시) and the running of machines (설비 가동), as factories write them."""

from __future__ import annotations

from dure.mapping import Column

WORK_ORDERS = (
    Column("order", "text", names=("지시번호", "작업지시번호", "작업지시", "작지번호", "오더번호", "작업번호", "제조번호",
           "지시서번호", "생산지시번호", "LOT번호", "LOT NO", "work order", "order no", "WO NO"),
           key=True, title=("지시번호", "order")),
    Column("line", "category", names=("라인", "라인명", "생산라인", "작업장", "작업장명", "공장", "line", "work center"),
           required=False, title=("라인", "line")),
    Column("item", "text", names=("품번", "품목코드", "품목번호", "제품코드", "자재코드", "도번", "품목 품번", "item code",
           "part no"), required=False, title=("품번", "item")),
    Column("item_name", "text", names=("품명", "품목명", "제품명", "품목", "모델", "모델명", "item name", "product"),
           required=False, title=("품명", "item name")),
    Column("operation", "category", names=("공정", "공정명", "작업공정", "공정순서", "operation", "process"), required=False,
           key=True, title=("공정", "operation")),
    Column("machine", "category", names=("설비", "설비명", "설비번호", "설비코드", "기계", "기계명", "장비", "장비명", "호기",
           "작업설비", "machine", "equipment"), title=("설비", "machine")),
    Column("quantity", "number", "개", 0, None, ("지시수량", "계획수량", "수량", "작업수량", "작업지시수량", "생산계획수량",
           "작업량", "오더수량", "수량 계획", "지시량", "qty", "quantity", "order qty"), title=("지시수량", "quantity")),
    Column("minutes_each", "number", "분/개", 0, None, ("표준공수", "표준시간", "개당시간", "사이클타임", "C/T", "S/T", "표준 공수",
           "단위공수", "cycle time", "standard time"), required=False, title=("표준공수", "standard time")),
    Column("minutes", "number", "min", 0, None, ("작업시간", "소요시간", "예상시간", "총공수", "가공시간", "계획시간",
           "processing time", "duration"), required=False, title=("작업시간", "processing time")),
    Column("set_up", "number", "min", 0, None, ("준비시간", "준비교체", "준비교체시간", "셋업", "셋업시간", "교체시간", "setup",
           "set-up time"), required=False, title=("준비시간", "set-up time")),
    Column("release", "time", names=("착수예정일", "착수일", "착수예정일시", "시작예정일", "시작일", "시작일시", "투입일",
           "투입예정일", "작업예정일", "작업시작", "계획시작", "지시일", "지시일자", "작업일자", "start", "start date", "release"),
           required=False, title=("착수 예정", "release")),
    Column("due", "time", names=("납기", "납기일", "납기일자", "납품일", "납품예정일", "완료예정일", "완료요구일", "요구일",
           "출하일", "출하예정일", "마감일", "종료예정일", "due date", "due", "deadline"),
           title=("납기", "due")),
    Column("priority", "number", "", 0, None, ("우선순위", "긴급도", "중요도", "순위", "가중치", "priority", "weight"),
           required=False, title=("우선순위", "priority")),
)  # fmt: skip
"""One row an order (or an order's operation)."""

MACHINE_RUNNING = (
    Column("machine", "category", names=("설비", "설비명", "설비번호", "설비코드", "기계", "기계명", "장비", "장비명", "호기",
           "라인", "machine", "equipment"), key=True, title=("설비", "machine")),
    Column("time", "time", names=("일자", "가동일", "가동일자", "작업일", "작업일자", "생산일", "생산일자", "일시", "날짜",
           "년월일", "기준일", "date"), key=True, title=("일자", "date")),
    Column("shift", "category", names=("조", "근무조", "교대", "주야", "주야구분", "근무", "작업조", "shift"), required=False,
           key=True, title=("근무조", "shift")),
    Column("planned", "number", "min", 0, 1440, ("가동시간 계획", "계획가동시간", "계획시간", "부하시간", "조업시간", "근무시간",
           "계획", "가동계획", "planned time", "loading time"), required=False, title=("계획 가동 시간", "planned time")),
    Column("running", "number", "min", 0, 1440, ("가동시간", "실가동시간", "가동시간 실가동", "가동시간 실적", "실가동",
           "실제가동시간", "운전시간", "작업시간", "가동", "running time", "run time", "operating time"), title=("가동 시간",
           "running time")),
    Column("down", "number", "min", 0, 1440, ("비가동시간", "비가동", "정지시간", "유실시간", "휴지시간", "비가동 계",
           "비가동시간 계", "downtime", "stop time"), required=False, title=("비가동 시간", "down time")),
    Column("breakdown", "number", "min", 0, 1440, ("고장", "고장시간", "설비고장", "비가동시간 고장", "비가동 고장", "고장정지",
           "breakdown"), required=False, title=("고장 시간", "breakdown time")),
    Column("set_up", "number", "min", 0, 1440, ("준비교체", "준비교체시간", "셋업", "셋업시간", "기종변경", "기종교체", "금형교체",
           "모델교체", "준비",
           "비가동시간 준비교체", "setup", "changeover"), required=False, title=("준비 교체 시간", "set-up time")),
    Column("idle", "number", "min", 0, 1440, ("대기", "대기시간", "자재대기", "작업대기", "비가동시간 대기", "idle", "waiting"),
           required=False, title=("대기 시간", "idle time")),
    Column("good", "number", "개", 0, None, ("양품", "양품수량", "양품수", "생산수량 양품", "생산수량", "생산량", "실적수량",
           "생산실적", "good", "good count", "output"), required=False, title=("양품", "good pieces")),
    Column("bad", "number", "개", 0, None, ("불량", "불량수량", "불량수", "생산수량 불량", "부적합", "부적합수량", "defect",
           "defects", "reject"), required=False, title=("불량", "defects")),
    Column("rate", "number", "%", 0, 100, ("가동율", "가동률", "시간가동율", "설비가동율", "시간가동률", "availability",
           "utilization"), required=False, title=("가동률", "running rate")),
)  # fmt: skip
"""One row a machine and day (or shift)."""

MACHINE_EVENTS = (
    Column("machine", "category", names=("설비", "설비명", "설비번호", "설비코드", "기계", "장비", "장비명", "호기", "라인",
           "machine", "equipment"), title=("설비", "machine")),
    Column("start", "time", names=("시작일시", "시작", "비가동 시작일시", "가동 시작일시", "시작시각", "시작시간", "발생일시",
           "발생시각", "가동시작", "정지시작",
           "발생시간", "start", "start time", "from"), title=("시작", "start")),
    Column("end", "time", names=("종료일시", "종료", "비가동 종료일시", "가동 종료일시", "종료시각", "종료시간", "해제일시",
           "복구일시", "가동종료", "완료일시", "복구시각",
           "end", "end time", "to"), required=False, title=("종료", "end")),
    Column("state", "category", names=("상태", "설비상태", "가동상태", "구분", "가동구분", "비가동구분", "state", "status"),
           required=False, title=("상태", "state")),
    Column("reason", "category", names=("사유", "비가동사유", "정지사유", "원인", "고장원인", "비가동내용", "reason", "cause"),
           required=False, title=("사유", "reason")),
    Column("minutes", "number", "min", 0, None, ("시간", "지속시간", "경과시간", "비가동시간", "정지시간", "소요시간", "가동시간",
           "duration", "minutes"), required=False, title=("지속 시간", "duration")),
)  # fmt: skip
"""One row a span in which a machine ran or stood."""
