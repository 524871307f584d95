"""The columns of a short-term forecast of the Korea Meteorological Administration, and what its values may be."""

from __future__ import annotations

from datetime import timedelta

import polars as pl

from dure.mapping import Column
from dure.tables import spelled

KST = timedelta(hours=9)  # ahead of UTC; Korea has no summer time
FORECAST = (
    Column("grid", "category", names=("격자", "grid"), required=False, key=True, title=("격자", "grid")),
    Column("issued", "time", names=("발표시각", "발표일시", "발표시간", "tmFc", "base time", "issued"), key=True,
           title=("발표시각", "issued")),
    Column("valid", "time", names=("예보시각", "예보일시", "예보시간", "예측일시", "tmEf", "fcst time", "forecast time", "valid"),
           key=True, title=("예보시각", "valid")),
    Column("lead", "number", "h", 0, 240, ("선행시간", "예보선행시간", "리드타임", "forecast", "lead time", "lead"),
           required=False, title=("선행시간", "lead time")),
    Column("temperature", "number", "°C", -50, 50, ("TMP", "1시간기온", "기온", "T3H", "3시간기온", "temperature"),
           required=False, title=("기온", "temperature")),
    Column("minimum_temperature", "number", "°C", -50, 50, ("TMN", "일최저기온", "아침최저기온", "최저기온"), required=False,
           title=("일 최저기온", "minimum temperature")),
    Column("maximum_temperature", "number", "°C", -50, 50, ("TMX", "일최고기온", "낮최고기온", "최고기온"), required=False,
           title=("일 최고기온", "maximum temperature")),
    Column("wind_u", "number", "m/s", -100, 100, ("UUU", "동서바람성분", "풍속동서성분", "동서성분"), required=False,
           title=("동서바람성분", "wind towards east")),
    Column("wind_v", "number", "m/s", -100, 100, ("VVV", "남북바람성분", "풍속남북성분", "남북성분"), required=False,
           title=("남북바람성분", "wind towards north")),
    Column("wind_speed", "number", "m/s", 0, 100, ("WSD", "풍속", "wind speed"), required=False, title=("풍속",
           "wind speed")),
    Column("wind_speed_low", "number", "m/s", 0, 100, ("풍속 하한",), required=False, title=("풍속 하한", "wind speed, at least")),
    Column("wind_speed_high", "number", "m/s", 0, 100, ("풍속 상한",), required=False, title=("풍속 상한", "wind speed, below")),
    Column("wind_direction", "number", "°", 0, 360, ("VEC", "풍향", "wind direction"), required=False, title=("풍향",
           "wind direction")),
    Column("sky", "number", "", 1, 4, ("SKY", "하늘상태", "sky"), required=False, title=("하늘상태", "sky")),
    Column("precipitation_type", "number", "", 0, 7, ("PTY", "강수형태"), required=False, title=("강수형태",
           "kind of precipitation")),
    Column("precipitation_probability", "number", "%", 0, 100, ("POP", "강수확률"), required=False, title=("강수확률",
           "probability of precipitation")),
    Column("rain", "number", "mm", 0, 500, ("PCP", "1시간강수량", "강수량", "rain"), required=False, title=("1시간 강수량",
           "rain")),
    Column("rain_low", "number", "mm", 0, 500, ("1시간 강수량 하한",), required=False, title=("1시간 강수량 하한", "rain, at least")),
    Column("rain_high", "number", "mm", 0, 500, ("1시간 강수량 상한",), required=False, title=("1시간 강수량 상한", "rain, below")),
    Column("snow", "number", "cm", 0, 200, ("SNO", "1시간신적설", "1시간적설", "신적설", "snow"), required=False,
           title=("1시간 신적설", "new snow")),
    Column("snow_low", "number", "cm", 0, 200, ("1시간 신적설 하한",), required=False, title=("1시간 신적설 하한", "new snow, at least")),
    Column("snow_high", "number", "cm", 0, 200, ("1시간 신적설 상한",), required=False, title=("1시간 신적설 상한", "new snow, below")),
    Column("humidity", "number", "%", 0, 100, ("REH", "습도", "humidity"), required=False, title=("습도", "humidity")),
    Column("wave_height", "number", "m", 0, 30, ("WAV", "파고"), required=False, title=("파고", "wave height")),
)  # fmt: skip
"""One row a grid cell, issue and hour foretold. Moments are Korean time; rain and snow fall in the hour that ends there."""
_WHEN = ("grid", "issued", "valid", "lead")
RANGED = ("wind_speed", "rain", "snow")
BOUNDS = {
    column.name: column
    for column in FORECAST
    if column.name not in _WHEN and not column.name.endswith(("_low", "_high"))
}
COLUMN_NAMES = {spelled(name): column.name for column in BOUNDS.values() for name in (*column.names, column.name)}
SCHEMA = pl.Schema({
    "grid": pl.String(), "issued": pl.Datetime("us"), "valid": pl.Datetime("us"),
    **{column.name: pl.Float64() for column in FORECAST if column.name not in ("grid", "issued", "valid")},
})  # fmt: skip
ITEM_SCHEMA = pl.Schema({
    "grid": pl.String(), "issued": pl.Datetime("us"), "valid": pl.Datetime("us"), "name": pl.String(), "text": pl.String(),
    "file": pl.String(), "row": pl.Int64(),
})  # fmt: skip
