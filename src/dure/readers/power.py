"""Generation by the hour, as generating companies and plants report it: one row an hour, or a day a row with 24 columns.

A moment is the end of its hour: 1시 is 00:00 to 01:00, 24시 ends at the next day's 00:00.
"""

from __future__ import annotations

from dure.mapping import Column

HOURLY_GENERATION = (
    Column("plant", "category", names=("발전소", "발전소명", "발전기명", "발전기", "사업소", "발전구분", "설비명", "현장", "사이트",
           "지역", "plant", "site"),
           required=False, key=True, title=("발전소", "plant")),
    Column("unit", "category", names=("호기", "호기명", "발전기번호", "인버터", "인버터번호", "inverter", "unit no"),
           required=False, key=True, title=("호기", "unit")),
    Column("time", "time", names=("일시", "거래일시", "거래시간", "일자", "날짜", "년월일", "발전일", "발전일자", "거래일",
           "거래일자", "측정일시", "측정일자", "시각", "기준일", "datetime", "timestamp", "date"),
           key=True, title=("일시", "time")),
    Column("energy", "number", "kWh", 0, None, ("발전량", "시간대별 발전량", "시간별 발전량", "태양광 발전량", "풍력 발전량",
           "전력량", "전력거래량", "거래량", "송전량", "발전 실적", "발전전력량", "계량값", "값", "value", "generation", "energy",
           "amount"),
           title=("발전량", "energy")),
    Column("capacity", "number", "kW", 0, None, ("설비용량", "용량", "발전용량", "정격용량", "시설용량", "설치용량", "capacity",
           "installed capacity"), required=False, title=("설비용량", "capacity")),
)  # fmt: skip
