"""Growth surveys (생육조사) of field crops, after the survey standards of the Rural Development Administration."""

from __future__ import annotations

from dure.mapping import Column

GROWTH_SURVEY = (
    Column("date", "date", names=("조사일", "조사일자", "조사 날짜", "조사년월일", "측정일", "측정일자", "일자", "날짜", "조사시기",
           "survey date", "date"), title=("조사일", "survey date")),
    Column("farm", "category", names=("농가", "농가명", "농장", "농장명", "조사지", "지역", "포장", "포장명", "온실", "온실번호",
           "하우스", "farm", "site"), required=False, title=("농가", "farm")),
    Column("variety", "category", names=("품종", "품종명", "작물", "품목", "variety", "cultivar"), required=False, title=("품종",
           "variety")),
    Column("plot", "category", names=("시험구", "처리", "처리구", "처리명", "처리내용", "구분", "구", "재배방법", "파종기",
           "treatment", "plot"), required=False, title=("시험구", "plot")),
    Column("replicate", "category", names=("반복", "반복수", "블록", "replicate", "rep", "block"), required=False, title=("반복",
           "replicate")),
    Column("plant", "text", names=("개체번호", "개체", "주번호", "표본", "표본번호", "조사주", "조사주수", "번호", "plant no",
           "sample"), required=False, title=("개체번호", "plant")),
    Column("height", "number", "cm", 0, 500, ("초장", "키", "간장", "생장길이", "초고", "plant height", "height"), required=False,
           title=("초장", "plant height")),
    Column("leaves", "number", "매", 0, 500, ("엽수", "잎수", "생엽수", "출엽수", "leaf number", "leaf count", "leaves"),
           required=False, title=("엽수", "leaves")),
    Column("leaf_length", "number", "cm", 0, 200, ("엽장", "잎길이", "최대엽장", "leaf length"), required=False, title=("엽장",
           "leaf length")),
    Column("leaf_width", "number", "cm", 0, 100, ("엽폭", "잎너비", "잎폭", "최대엽폭", "leaf width"), required=False,
           title=("엽폭", "leaf width")),
    Column("stem_diameter", "number", "mm", 0, 100, ("엽초경", "경경", "줄기굵기", "줄기직경", "경태", "경직경", "엽초직경",
           "stem diameter"), required=False, title=("엽초경", "stem diameter")),
    Column("bulb_height", "number", "mm", 0, 300, ("구고", "구높이", "구장", "bulb height"), required=False, title=("구고",
           "bulb height")),
    Column("bulb_diameter", "number", "mm", 0, 300, ("구경", "구직경", "구폭", "bulb diameter"), required=False, title=("구경",
           "bulb diameter")),
    Column("bulb_weight", "number", "g", 0, 5000, ("구중", "평균구중", "구무게", "개체중", "bulb weight"), required=False,
           title=("구중", "bulb weight")),
    Column("fresh_weight", "number", "g", 0, 20000, ("생체중", "생중", "지상부생체중", "생체무게", "fresh weight"), required=False,
           title=("생체중", "fresh weight")),
    Column("dry_weight", "number", "g", 0, 5000, ("건물중", "건중", "지상부건물중", "dry weight"), required=False, title=("건물중",
           "dry weight")),
    Column("fruits", "number", "개", 0, 2000, ("착과수", "과수", "열매수", "fruit number", "fruits"), required=False,
           title=("착과수", "fruits")),
    Column("yield", "number", "kg/10a", 0, 30000, ("수량", "상품수량", "10a당 수량", "수확량", "총수량", "yield"), required=False,
           title=("수량", "yield")),
)  # fmt: skip
"""One row a plant (or a plot's mean) and survey."""
