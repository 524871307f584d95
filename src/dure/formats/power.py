"""Electricity by the hour and the quarter of an hour, as generating companies, the exchange and the utility report it.

A moment is the end of its interval, in Korean time: 1시 is 00:00 to 01:00, 24시 (and 24:00) ends at the next day's 00:00.
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
"""Generation: one row an hour, or a day a row with 24 columns."""

SETTLEMENT = (
    Column("plant", "category", names=("발전기명", "발전기", "발전소명", "발전소", "회원사명", "사업소", "자원명", "자원", "설비명",
           "plant", "generator"), required=False, key=True, title=("발전기", "plant")),
    Column("time", "time", names=("거래일시", "거래일자", "거래일", "거래년월일", "일시", "일자", "날짜", "trade date", "date"), key=True,
           title=("거래일시", "time")),
    Column("energy", "number", "kWh", None, None, ("전력거래량", "거래량", "거래전력량", "정산전력량", "계량전력량", "계량값",
           "계량량", "발전량", "송전량", "전력량", "energy"), title=("전력거래량", "energy traded")),
    Column("price", "number", "원/kWh", -1000, 2000, ("SMP", "계통한계가격", "시장가격", "정산단가", "SMP 단가", "단가", "price"),
           required=False, title=("계통한계가격", "system marginal price")),
    Column("payment", "number", "원", None, None, ("정산금", "정산금액", "전력량정산금", "전력량 정산금", "정산금 계", "정산금 합계",
           "전력거래금액", "거래금액", "거래대금", "금액", "payment", "amount"), title=("정산금", "payment")),
)  # fmt: skip
"""The Korea Power Exchange's settlement (전력거래 정산): one row a generator and trading hour; payments may be corrected downwards."""

QUARTER_HOURLY_USE = (
    Column("customer", "category", names=("고객번호", "고객명", "계기번호", "customer"), required=False, key=True,
           title=("고객번호", "customer")),
    Column("time", "time", names=("일자/시간", "일시", "측정일시", "검침일시", "일자", "날짜", "년월일", "시간", "시각", "datetime",
           "timestamp"), key=True, title=("일시", "time")),
    Column("energy", "number", "kWh", 0, None, ("순방향 유효전력", "순방향유효전력량", "유효전력", "유효전력량", "사용량",
           "전력사용량", "사용전력량", "전력량", "usage"), title=("사용량", "energy used")),
    Column("reactive_lagging", "number", "kvarh", 0, None, ("지상무효전력", "지상무효전력량", "무효전력 지상", "지상무효", "지상"),
           required=False, title=("지상 무효전력량", "reactive energy, lagging")),
    Column("reactive_leading", "number", "kvarh", 0, None, ("진상무효전력", "진상무효전력량", "무효전력 진상", "진상무효", "진상"),
           required=False, title=("진상 무효전력량", "reactive energy, leading")),
    Column("power_factor_lagging", "number", "%", 0, 100, ("지상역률", "역률 지상", "역률", "power factor"), required=False,
           title=("지상 역률", "power factor, lagging")),
    Column("power_factor_leading", "number", "%", 0, 100, ("진상역률", "역률 진상"), required=False, title=("진상 역률",
           "power factor, leading")),
    Column("carbon", "number", "tCO2", 0, None, ("탄소배출량(tCO2)", "탄소배출량", "CO2(tCO2)", "CO2", "이산화탄소"), required=False,
           title=("탄소 배출량", "carbon dioxide")),
    Column("demand", "number", "kW", 0, None, ("최대수요", "최대수요전력", "수요전력", "피크", "peak", "demand"), required=False,
           title=("최대수요", "peak demand")),
)  # fmt: skip
"""The utility's meter (한국전력 15분 사용량): one row a quarter of an hour, 00:15 to 24:00."""
