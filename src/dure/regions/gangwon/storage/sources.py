"""The published homes and the sheets of one's own: where each source comes from, how it is read, which columns it has."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import polars as pl

from dure import Column, Git, Own, Source

if TYPE_CHECKING:
    from pathlib import Path

REPOSITORY = "intelligent-environments-lab/CityLearn"
COMMIT = "b8bad3141f5efca1a78ed94090af1820b541e467"
FOLDER = "data/datasets/citylearn_challenge_2022_phase_all"
CREDIT = "CityLearn Challenge 2022 data (K. Nweye, S. Sankaranarayanan, G. Z. Nagy), homes in Fontana, California"
SHA256 = {
    "Building_1.csv": "7c80028c65f636dfdaea168447fddc1cd71da4cc16329e2e0fba1f723d2c916e",
    "Building_2.csv": "9742af5be4e83606b0f0c9a83ecc6312b860a049cbced7e6142a169769b57cf9",
    "Building_3.csv": "981b24cd13fdfc1ffc688fa7a96e83e138be073b5ec3e27cd4ce3e457bbe87f1",
    "Building_4.csv": "eff80b585e2e839b95f591914c83e6daefad01884ab8acdd381cc0ba5134a530",
    "Building_5.csv": "0579790ee34c11b8ba6b7430e1b85d0506353399da76621d018b552f8d5d62d9",
    "Building_6.csv": "ead9a4c2a6c5ca2526dbf747584a84c06d5990eb62c9482db607dc5719c02176",
    "Building_7.csv": "d140651d84c05dbd1f9a32a17fba5aaa21204685d37d508ebd17398783ccd1dc",
    "Building_8.csv": "a912f82d8e11aef7e40f6e1af087ac975c5d41dd570dbba50eb5ac0a5f715db5",
    "carbon_intensity.csv": "3f54295997075a3643a7e5ddee8d8b56fc1c63531ab4387cac77ae1888e1dd93",
    "pricing.csv": "bb94629d83146658c38015ebf8dade815c2557cd8a6c1abb7e1edc5012a483c6",
    "schema.json": "b1c3546de688298f428ca61d6300826dba0f73147534d3953b9378db789db6c3",
}

HOMES = tuple(f"home-{number}" for number in range(1, 9))
LAYOUT = ("month", "hour", "non_shiftable_load", "solar_generation")


def _json(path: Path) -> pl.DataFrame:
    """Battery and panels of each published home: what schema.json says of them."""
    buildings = json.loads(path.read_text(encoding="utf-8"))["buildings"]
    rows = []
    for name, building in buildings.items():
        battery = building["electrical_storage"]["attributes"]
        rows.append(
            {
                "home": name.replace("Building_", "home-"),
                "capacity": float(battery["capacity"]),
                "power": float(battery["nominal_power"]),
                "efficiency": float(battery["efficiency"]),
                "panels": float(building["pv"]["attributes"]["nominal_power"]),
            }
        )
    return pl.DataFrame(rows)


def _csv(path: Path) -> pl.DataFrame:
    """The published columns; those that hold the future are not read."""
    frame = pl.read_csv(path, infer_schema_length=None)
    return frame.select(name for name in frame.columns if "predicted" not in name)


def _git(name: str, file: str, title: tuple[str, str], **options: Any) -> Source:
    return Source(
        name=name, title=title, origin=Git(REPOSITORY, COMMIT, f"{FOLDER}/{file}"), sha256=SHA256[file], licence="MIT",
        licensor="intelligent-environments-lab/CityLearn", credit=CREDIT, **options,
    )  # fmt: skip


PUBLISHED_HOMES = tuple(
    _git(
        f"home-{n}",
        f"Building_{n}.csv",
        (f"가구 {n}의 부하와 태양광", f"load and panels of home {n}"),
        read=_csv,
        headers=LAYOUT,
    )
    for n in range(1, 9)
)
SCHEMA = _git("schema", "schema.json", ("가구별 배터리와 태양광 설비", "battery and panels of each home"), read=_json)
PRICING = _git(
    "pricing",
    "pricing.csv",
    ("가구 자료에 딸린 요금", "prices published with the homes"),
    read=_csv,
    headers=("electricity_pricing",),
)
CARBON = _git(
    "carbon",
    "carbon_intensity.csv",
    ("전력 탄소 집약도", "carbon intensity of the grid"),
    read=_csv,
    headers=("carbon_intensity",),
)

COLUMNS = (
    Column("time", "time", names=("일시", "time", "날짜", "시각", "일자", "측정일시", "datetime", "timestamp", "date"),
           key=True, title=("일시", "time")),
    Column("load", "number", "kWh", 0, None,
           ("부하", "load", "전력사용량", "사용량", "소비전력량", "전력 사용량", "사용전력량", "수전량", "consumption", "usage", "demand"),
           title=("부하", "load")),
    Column("sun", "number", "kWh", 0, None,
           ("태양광 발전량", "PV generation", "발전량", "태양광", "generation", "solar", "PV", "sun"), required=False,
           title=("태양광 발전량", "PV generation")),
)  # fmt: skip
OWN_HOMES = Source(
    name="homes", title=("우리 집(현장)의 부하와 태양광", "load and panels of one's own homes"), origin=Own(), columns=COLUMNS,
    access="restricted",
)  # fmt: skip
FORECAST = Source(
    name="pv-forecast",
    title=("태양광 예측: honam.solar의 답", "forecasts of the panels: honam.solar's answers"),
    origin=Own(),
)
SOURCES = (*PUBLISHED_HOMES, SCHEMA, PRICING, CARBON, OWN_HOMES, FORECAST)
