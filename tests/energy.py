"""Files of the energy trade, laid out as the weather service, generating companies, exchange and utility lay theirs out.

The values are invented.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import xlsxwriter

KST = dt.timedelta(hours=9)
HOURS = ("0200", "0500", "0800", "1100", "1400", "1700", "2000", "2300")  # of the portal, in UTC


def portal(
    folder: Path, name: str = "풍속", months: tuple[str, ...] = ("202101",), days: int = 2, value=lambda lead: lead / 2
) -> Path:
    """A forecast archive of data.kma.go.kr: one variable a file, CRLF, a space before the day, a line where a month begins."""
    lines = []
    for month in months:
        start = f"Start : {month}01"
        lines.append(f" {start} " if lines else f" format: day,hour,forecast,value  location:60_74 {start} ")
        for day in range(1, days + 1):
            for hour in HOURS:
                lines += [f" {day},{hour},+{lead},{value(lead):f} " for lead in (6, 7, 8, 9)]
    path = folder / f"한림읍_{name}_{months[0]}_{months[-1]}.csv"
    path.write_bytes(("\r\n".join(lines) + "\r\n").encode())
    return path


def several(folder: Path) -> Path:
    """The same with several values a row."""
    lines = [" format: day,hour,forecast,UUU,VVV,WSD,1시간강수량  location:60_74 Start : 20210101 "]
    lines += [
        f" {day},{hour},+6,3.0,-4.0,5.0,{rain} " for day in (1, 2) for hour, rain in zip(HOURS, "01201200", strict=True)
    ]
    path = folder / "한림읍_202101_202101.csv"
    path.write_bytes(("\r\n".join(lines) + "\r\n").encode())
    return path


def table(folder: Path) -> Path:
    """A forecast as a table: issued in UTC, several values a row, texts for rain; cp949."""
    lines = ["발표시각(UTC),예보시각(UTC),격자,기온(℃),풍속(m/s),풍향(deg),1시간 강수량,하늘상태"]
    rain = ("강수없음", "1mm 미만", "6.2mm", "30.0~50.0mm", "50.0mm 이상", "", "-", "0")
    issued = dt.datetime(2026, 7, 1, 20)
    for lead, text in enumerate(rain, start=1):
        valid = issued + dt.timedelta(hours=lead)
        clock = f"{valid:%Y-%m-%d %H:%M}" if valid.hour else f"{valid - dt.timedelta(days=1):%Y-%m-%d} 24:00"
        lines.append(
            f"{issued:%Y-%m-%d %H:%M},{clock},60_74,{20 + lead},{lead / 2},{lead * 30},{text},{(1, 3, 4)[lead % 3]}"
        )
    path = folder / "예보.csv"
    path.write_bytes(("\r\n".join(lines) + "\r\n").encode("cp949"))
    return path


def day_sheet(folder: Path, encoding: str = "cp949") -> Path:
    """A generating company's open file: a day a row, hours 1 to 24, two plants."""
    lines = ["발전구분,호기,년월일," + ",".join(f"{hour}시" for hour in range(1, 25)) + ",총량"]
    for day in (1, 2):
        for unit, plant in enumerate(("한경풍력", "성산풍력"), start=1):
            values = [day * 1000 + unit * 100 + hour for hour in range(1, 25)]
            lines.append(f"{plant},{unit},2026-07-{day:02d}," + ",".join(map(str, values)) + f",{sum(values)}")
    path = folder / "한국남부발전(주)_시간대별 풍력발전량_20260702.csv"
    path.write_bytes(("\r\n".join(lines) + "\r\n").encode(encoding))
    return path


def settlement(folder: Path) -> Path:
    """The exchange's settlement: titles above, trading hours 1 to 24, MWh and won, a total below."""
    path = folder / "정산내역_202607.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("정산내역")
        head, number = book.add_format({"bold": True, "border": 1}), book.add_format({"num_format": "#,##0"})
        sheet.merge_range(0, 0, 0, 5, "2026년 7월 전력거래 정산내역", head)
        sheet.write(1, 0, "회원사 : 두레풍력(주)")
        names = ("거래일", "거래시간", "발전기명", "전력거래량(MWh)", "SMP(원/kWh)", "정산금(원)")
        for column, name in enumerate(names):
            sheet.write(3, column, name, head)
        at = 4
        for day in (1, 2):
            for hour in range(1, 25):
                energy, price = round(1.5 + hour / 10, 3), 100 + hour
                cells = [f"202607{day:02d}", hour, "두레풍력#1", energy, price]
                for column, cell in enumerate(cells):
                    sheet.write(at, column, cell)
                sheet.write(at, 5, round(energy * 1000 * price), number)
                at += 1
        sheet.write(at, 0, "합계")
        sheet.write(at, 3, 132.0)
        sheet.write(at, 5, 15_000_000, number)
    return path


def meter(folder: Path, *, as_text: bool = True) -> Path:
    """The utility's quarter hours: two header rows, times 00:15 to 24:00 as text, or as a spreadsheet's times of day."""
    path = folder / "15분 사용량_20260701.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("시간대별")
        clock, day = book.add_format({"num_format": "hh:mm"}), book.add_format({"num_format": "yyyy-mm-dd"})
        sheet.write(0, 0, "고객명 : 두레정밀(주)")
        names = {0: "일자", 1: "시간", 2: "순방향 유효전력(kWh)", 5: "탄소배출량(tCO2)", 8: "최대수요(kW)"}
        for column, name in names.items():
            sheet.merge_range(2, column, 3, column, name)
        sheet.merge_range(2, 3, 2, 4, "무효전력(kVarh)")
        sheet.merge_range(2, 6, 2, 7, "역률(%)")
        for column, name in {3: "지상", 4: "진상", 6: "지상", 7: "진상"}.items():
            sheet.write(3, column, name)
        for at in range(1, 97):
            row = 3 + at
            sheet.write_datetime(row, 0, dt.datetime(2026, 7, 1), day)
            if as_text:
                sheet.write(row, 1, f"{at // 4:02d}:{at % 4 * 15:02d}")
            else:
                sheet.write_number(row, 1, at / 96, clock)
            for column, cell in enumerate((10 + at, 2.5, 0, 0.004, 97.1, 100, 4 * (10 + at)), start=2):
                sheet.write(row, column, cell)
    return path


def meter_by_day(folder: Path) -> Path:
    """The same a day a row: 96 columns, 00:15 to 24:00, and the day's sum."""
    path = folder / "15분 사용량_202607.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("일별")
        sheet.write(0, 0, "(단위 : kWh)")
        clocks = [f"{at // 4:02d}:{at % 4 * 15:02d}" for at in range(1, 97)]
        sheet.write_row(2, 0, ["고객번호", "일자", *clocks, "합계"])
        for day in (1, 2):
            values = [day * 1000 + at for at in range(1, 97)]
            sheet.write_row(2 + day, 0, ["0123456789", f"2026-07-{day:02d}", *values, sum(values)])
    return path
