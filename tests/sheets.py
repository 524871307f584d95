"""Five sheets laid out as Korean plants, utilities, weather services and farms lay them out. The values are invented."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import xlsxwriter

ASOS_HEADER = (
    "지점,지점명,일시,기온(°C),기온 QC플래그,강수량(mm),강수량 QC플래그,풍속(m/s),풍속 QC플래그,풍향(16방위),풍향 QC플래그,습도(%),습도 QC플래그,"
    "증기압(hPa),이슬점온도(°C),현지기압(hPa),현지기압 QC플래그,해면기압(hPa),해면기압 QC플래그,일조(hr),일조 QC플래그,일사(MJ/m2),일사 QC플래그,"
    "적설(cm),3시간신적설(cm),전운량(10분위),중하층운량(10분위),운형(운형약어),최저운고(100m ),시정(10m),지면상태(지면상태코드),현상번호(국내식),"
    "지면온도(°C),지면온도 QC플래그,5cm 지중온도(°C),10cm 지중온도(°C),20cm 지중온도(°C),30cm 지중온도(°C)"
)


def asos(folder: Path, days: int = 2) -> Path:
    """Hourly weather as data.kma.go.kr hands it out: cp949, no rain is an empty cell, no sun at night is one too."""
    rows = [ASOS_HEADER]
    for hour in range(days * 24):
        moment = dt.datetime(2026, 7, 1) + dt.timedelta(hours=hour)
        day = 6 <= moment.hour <= 19
        rain = "2.5" if hour % 24 in (3, 4) else ""
        sun = f"{1.0 if day else ''},,{round(0.3 * (moment.hour - 5), 2) if day else ''}," if day else ",9,,9"
        temperature = 20 + 5 * (moment.hour / 24)
        rows.append(
            f"184,제주,{moment:%Y-%m-%d %H:%M},{temperature:.1f},,{rain},{'' if rain else '9'},3.2,,230,,81,,22.8,19.4,1004.2,,1008.9,,{sun},,,7,5,ScAs,12,2000,,,"
            f"{temperature + 2:.1f},,24.1,24.3,24.0,23.2"
        )
    path = folder / "OBS_ASOS_TIM_20260703101112.csv"
    path.write_bytes(("\r\n".join(rows) + "\r\n").encode("cp949"))
    return path


def generation(folder: Path, days: int = 5) -> Path:
    """Hourly generation of a solar plant: a day a row, 24 columns under one merged header, row and column totals."""
    path = folder / "시간대별 발전량_2026년 7월.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("7월")
        head = book.add_format({"bold": True, "align": "center", "border": 1})
        number = book.add_format({"num_format": "#,##0.0"})
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        sheet.merge_range(0, 0, 0, 27, "2026년 7월 태양광발전소 시간대별 발전량", head)
        sheet.write(1, 26, "(단위 : kWh)")
        sheet.merge_range(2, 0, 3, 0, "일자", head)
        sheet.merge_range(2, 1, 3, 1, "발전소명", head)
        sheet.merge_range(2, 2, 3, 2, "설비용량\n(MW)", head)
        sheet.merge_range(2, 3, 2, 26, "시간대별 발전량", head)
        sheet.merge_range(2, 27, 3, 27, "합계", head)
        for hour in range(1, 25):
            sheet.write(3, 2 + hour, f"{hour}시", head)
        for row in range(days * 2):
            at = 4 + row
            if row % 2 == 0:
                sheet.merge_range(at, 0, at + 1, 0, "", day)
                sheet.write_datetime(at, 0, dt.datetime(2026, 7, 1 + row // 2), day)
            sheet.write(at, 1, ("삼천포태양광", "영흥태양광#1")[row % 2])
            sheet.write(at, 2, (2.0, 1.5)[row % 2])
            values = [max(0.0, 1200.5 - 200 * abs(hour - 13)) for hour in range(1, 25)]
            for hour, value in enumerate(values, start=1):
                sheet.write(at, 2 + hour, value, number)
            sheet.write(at, 27, sum(values), number)
        for offset, name in enumerate(("합 계", "평 균")):
            sheet.write(4 + days * 2 + offset, 0, name)
            for column in range(3, 28):
                sheet.write(4 + days * 2 + offset, column, 1234.5 * (2 - offset), number)
    return path


def orders(folder: Path) -> Path:
    """Work orders of a machining plant: headers of two rows, merged line cells, subtotals, a note below."""
    path = folder / "작업지시서(7월).xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("작업지시")
        sheet.merge_range(0, 0, 0, 11, "작 업 지 시 서")
        sheet.write(1, 0, "공장 : 창원1공장")
        sheet.write(1, 8, "작성일 : 2026.6.30")
        sheet.write(1, 10, "작성자 : 김 반장")
        for column, name in {
            0: "라인",
            1: "지시번호",
            5: "설비",
            8: "착수예정일",
            9: "납기일",
            10: "우선\n순위",
            11: "비고",
        }.items():
            sheet.merge_range(3, column, 4, column, name)
        sheet.merge_range(3, 2, 3, 4, "품목")
        sheet.merge_range(3, 6, 3, 7, "작업량")
        for column, name in {2: "품번", 3: "품명", 4: "규격", 6: "지시수량\n(EA)", 7: "표준공수(분/EA)"}.items():
            sheet.write(4, column, name)
        at = 5
        for line, count in (("A라인", 4), ("B라인", 3)):
            sheet.merge_range(at, 0, at + count - 1, 0, line)
            for job in range(count):
                key = at - 5 + job
                cells = [
                    f"WO-2607-{key + 1:03d}",
                    f"SH-{100 + key}",
                    "샤프트",
                    "Ø25×120",
                    ("CNC-01", "MCT-02")[key % 2],
                    1200 + 10 * key,
                    1.5 + key / 4,
                ]
                for column, cell in enumerate(cells, start=1):
                    sheet.write(at + job, column, cell)
                sheet.write(at + job, 8, f"2026.7.{1 + key}")
                sheet.write(at + job, 9, f"2026.7.{10 + key}")
                sheet.write(at + job, 10, 1 + key % 3)
            at += count
            sheet.write(at, 0, "소계")
            sheet.write(at, 6, 4860)
            at += 1
        sheet.write(at, 0, "합  계")
        sheet.write(at, 6, 8500)
        sheet.write(at + 2, 0, "※ 우선순위 1은 긴급")
        book.add_worksheet("코드").write(0, 0, "내부 사용")
    return path


def machines(folder: Path, days: int = 4) -> Path:
    """Running of machines: a unit row under two header rows, merged dates, a day's total after each day."""
    path = folder / "설비가동현황_26년7월.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("가동일보")
        day = book.add_format({"num_format": "m/d"})
        sheet.merge_range(0, 0, 0, 9, "설비 가동 현황")
        for column, name in {0: "일자", 1: "설비명", 9: "가동율"}.items():
            sheet.merge_range(1, column, 2, column, name)
        sheet.merge_range(1, 2, 1, 3, "가동시간")
        sheet.merge_range(1, 4, 1, 6, "비가동시간")
        sheet.merge_range(1, 7, 1, 8, "생산수량")
        for column, name in enumerate(("계획", "실가동", "고장", "준비교체", "대기", "양품", "불량"), start=2):
            sheet.write(2, column, name)
        for column, unit in {
            2: "(분)",
            3: "(분)",
            4: "(분)",
            5: "(분)",
            6: "(분)",
            7: "(개)",
            8: "(개)",
            9: "(%)",
        }.items():
            sheet.write(3, column, unit)
        at = 4
        for number in range(days):
            sheet.merge_range(at, 0, at + 2, 0, "", day)
            sheet.write_datetime(at, 0, dt.datetime(2026, 7, 1 + number), day)
            for machine in range(3):
                down = (20 * machine, 30, 10 + number)
                for column, cell in enumerate(
                    [
                        f"{machine + 1}호기",
                        480,
                        480 - sum(down),
                        *down,
                        1000 - 50 * machine,
                        machine,
                        round((480 - sum(down)) / 4.8, 1),
                    ],
                    start=1,
                ):
                    sheet.write(at + machine, column, cell)
            sheet.write(at + 3, 0, "일계")
            sheet.write(at + 3, 2, 1440)
            at += 5
    return path


def growth(folder: Path) -> Path:
    """A growth survey of garlic: years of two digits, merged dates and plots, a mean after each plot, blank rows."""
    path = folder / "마늘 생육조사표.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("생육조사")
        sheet.merge_range(0, 0, 0, 9, "마늘 생육조사 (품종 : 남도)")
        sheet.write(1, 0, "조사지 : 제주 대정읍")
        names = ("조사일", "시험구", "개체번호", "초장", "엽수", "엽장", "엽폭", "엽초경", "구중", "비고")
        units = ("", "", "", "(cm)", "(매)", "(cm)", "(cm)", "(mm)", "(g)", "")
        for column, (name, unit) in enumerate(zip(names, units, strict=True)):
            sheet.write(3, column, name)
            sheet.write(4, column, unit) if unit else None
        at = 5
        for survey, text in enumerate(("'26.3.10", "'26.3.24", "'26.4.7")):
            sheet.merge_range(at, 0, at + 6, 0, text)
            for plot in range(2):
                sheet.merge_range(at, 1, at + 2, 1, ("관행구", "처리구")[plot])
                for plant in range(3):
                    cells = [
                        plant + 1,
                        40.5 + 8 * survey + plant,
                        6 + survey,
                        33.2 + survey,
                        2.1,
                        14.5 + survey,
                        12.0 * (1 + survey) if plant else "-",
                    ]
                    for column, cell in enumerate(cells, start=2):
                        sheet.write(at + plant, column, cell)
                sheet.write(at + 3, 1, "평균")
                sheet.write(at + 3, 3, 41.5)
                at += 4
            at += 1
    return path


ALL = {"weather": asos, "generation": generation, "orders": orders, "machines": machines, "growth": growth}
