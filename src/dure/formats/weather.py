"""Weather of the Korea Meteorological Administration as data.kma.go.kr hands it out (ASOS, AWS), and as stations log it.

Bounds are a little wider than Korea's records. An empty cell of rain means that none was measured: what to make of it is
for whoever opens the file.
"""

from __future__ import annotations

from dure.mapping import Column

_STATION = (
    Column(
        "station",
        "category",
        names=("지점", "지점번호", "관측소번호", "지점코드", "stn", "stnId", "station id"),
        required=False,
        key=True,
        title=("지점", "station"),
    ),
    Column(
        "station_name",
        "category",
        names=("지점명", "관측소", "관측지점", "관측소명", "지역", "site", "station name"),
        required=False,
        title=("지점명", "station name"),
    ),
)

HOURLY_WEATHER = (
    *_STATION,
    Column("time", "time", names=("일시", "시각", "관측시각", "관측일시", "측정일시", "측정시각", "일자", "날짜", "datetime",
           "timestamp", "tm", "date time"),
           key=True, title=("일시", "time")),
    Column("temperature", "number", "°C", -45, 50, ("기온", "온도", "외기온", "외기온도", "외부온도", "대기온도", "평균기온",
           "temp", "ta", "air temperature"), title=("기온", "temperature")),
    Column("rain", "number", "mm", 0, 200, ("강수량", "강우량", "시간강수량", "강수", "우량", "rn", "precipitation", "rainfall"),
           required=False, title=("강수량", "rain")),
    Column("wind_speed", "number", "m/s", 0, 90, ("풍속", "평균풍속", "ws", "wind"), required=False, title=("풍속", "wind speed")),
    Column("wind_direction", "number", "°", 0, 360, ("풍향", "wd", "wind direction"), required=False, title=("풍향",
           "wind direction")),
    Column("humidity", "number", "%", 0, 100, ("습도", "상대습도", "외부습도", "hm", "rh", "relative humidity"), required=False,
           title=("습도", "humidity")),
    Column("vapour_pressure", "number", "hPa", 0, 60, ("증기압", "수증기압", "pv"), required=False, title=("증기압",
           "vapour pressure")),
    Column("dew_point", "number", "°C", -60, 40, ("이슬점온도", "이슬점", "노점", "노점온도", "td", "dew point"), required=False,
           title=("이슬점온도", "dew point")),
    Column("pressure", "number", "hPa", 700, 1090, ("현지기압", "기압", "대기압", "pa", "air pressure"), required=False,
           title=("현지기압", "pressure")),
    Column("sea_level_pressure", "number", "hPa", 850, 1090, ("해면기압", "ps", "mslp", "sea level pressure"), required=False,
           title=("해면기압", "sea-level pressure")),
    Column("sunshine", "number", "h", 0, 1, ("일조", "일조시간", "ss", "sunshine duration"), required=False, title=("일조",
           "sunshine")),
    Column("radiation", "number", "MJ/m2", 0, 5, ("일사", "일사량", "전천일사량", "수평면일사량", "icsr", "si", "ghi",
           "solar radiation"),
           required=False, title=("일사", "solar radiation")),
    Column("snow", "number", "cm", 0, 300, ("적설", "적설량", "적설깊이", "dsnw", "snow depth"), required=False, title=("적설",
           "snow")),
    Column("cloud", "number", "10분위", 0, 10, ("전운량", "운량", "dc10Tca", "cloud cover"), required=False, title=("전운량",
           "cloud cover")),
    Column("ground_temperature", "number", "°C", -45, 80, ("지면온도", "ts", "ground temperature"), required=False,
           title=("지면온도", "ground temperature")),
)  # fmt: skip
"""Hourly observations; a stamp is the end of its hour for rain, sunshine and radiation."""

DAILY_WEATHER = (
    *_STATION,
    Column("date", "date", names=("일시", "일자", "날짜", "관측일", "관측일자", "측정일", "tm", "date"), key=True, title=("일자",
           "date")),
    Column("mean_temperature", "number", "°C", -40, 45, ("평균기온", "일평균기온", "평균온도", "기온", "avgTa", "mean temperature"),
           title=("평균기온", "mean temperature")),
    Column("minimum_temperature", "number", "°C", -45, 40, ("최저기온", "최저온도", "일최저기온", "minTa", "minimum temperature",
           "tmin"), required=False, title=("최저기온", "minimum temperature")),
    Column("maximum_temperature", "number", "°C", -35, 50, ("최고기온", "최고온도", "일최고기온", "maxTa", "maximum temperature",
           "tmax"), required=False, title=("최고기온", "maximum temperature")),
    Column("rain", "number", "mm", 0, 1000, ("일강수량", "강수량", "강우량", "합계강수량", "sumRn", "rainfall"), required=False,
           title=("강수량", "rain")),
    Column("wind_speed", "number", "m/s", 0, 60, ("평균풍속", "풍속", "avgWs", "mean wind speed"), required=False,
           title=("평균풍속", "wind speed")),
    Column("humidity", "number", "%", 0, 100, ("평균상대습도", "평균습도", "상대습도", "습도", "avgRhm", "humidity"),
           required=False, title=("평균상대습도", "humidity")),
    Column("sunshine", "number", "h", 0, 16, ("합계일조시간", "일조시간", "일조", "합계일조", "sumSsHr"), required=False,
           title=("일조시간", "sunshine")),
    Column("radiation", "number", "MJ/m2", 0, 40, ("합계일사량", "합계일사", "일사량", "일사", "sumGsr", "solar radiation"),
           required=False, title=("일사량", "solar radiation")),
)  # fmt: skip
"""Daily summaries."""
