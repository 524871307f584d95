"""Hourly power of eight homes' roofs, or of a person's own: read, dated, looked through for gaps and copies."""

from __future__ import annotations

import calendar
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from dure import Column, Git, Own, Source, UserError

from .forms import Settings, _

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from dure import Data

REPOSITORY, COMMIT = "intelligent-environments-lab/CityLearn", "b8bad3141f5efca1a78ed94090af1820b541e467"
HASHES = (
    "7c80028c65f636dfdaea168447fddc1cd71da4cc16329e2e0fba1f723d2c916e",
    "9742af5be4e83606b0f0c9a83ecc6312b860a049cbced7e6142a169769b57cf9",
    "981b24cd13fdfc1ffc688fa7a96e83e138be073b5ec3e27cd4ce3e457bbe87f1",
    "eff80b585e2e839b95f591914c83e6daefad01884ab8acdd381cc0ba5134a530",
    "0579790ee34c11b8ba6b7430e1b85d0506353399da76621d018b552f8d5d62d9",
    "ead9a4c2a6c5ca2526dbf747584a84c06d5990eb62c9482db607dc5719c02176",
    "d140651d84c05dbd1f9a32a17fba5aaa21204685d37d508ebd17398783ccd1dc",
    "a912f82d8e11aef7e40f6e1af087ac975c5d41dd570dbba50eb5ac0a5f715db5",
)
# The file has no year. Three years in a row without a 29 February, so that no start month makes a gap of it.
FIRST_YEAR = 2021
W_PER_KW = 1000  # the published columns are watts for each kilowatt installed
ALIKE = 0.999  # two roofs whose hours correlate above this are copies of one
HOUR = timedelta(hours=1)


# ---- the published homes ------------------------------------------------------------------------------------------------


def read(path: Path) -> pl.DataFrame:
    """A home's published file: `time` (the beginning of the hour) and `power` (kW per kW installed).

    Columns month and hour (1 to 24, the end of the hour) are all it says of time: days, months and years are counted in
    the order of the rows, the first year as FIRST_YEAR. Raises UserError for an hour outside 1 to 24, or a month that
    has more days than a calendar.
    """
    table = pl.read_csv(path, infer_schema_length=None, columns=["month", "hour", "solar_generation"])
    months, hours = table["month"].to_list(), table["hour"].to_list()
    for row, (month, hour) in enumerate(zip(months, hours, strict=True), start=2):
        if not (isinstance(hour, int) and 1 <= hour <= 24 and isinstance(month, int) and 1 <= month <= 12):
            raise UserError(
                _("month {month}, hour {hour} is no hour of a year", month=month, hour=hour),
                where=_("{file}, row {row}", file=path.name, row=row),
                cure=_("Months are 1 to 12, hours 1 to 24 (the end of the hour)."),
            )
    times = [day + (hour - 1) * HOUR for day, hour in zip(_days(months, hours, path.name), hours, strict=True)]
    power = table["solar_generation"].cast(pl.Float64) / W_PER_KW
    return pl.DataFrame({"time": times, "power": power}).sort("time")


def _days(months: Sequence[int], hours: Sequence[int], file: str) -> list[datetime]:
    """The day of every row: hours rise within a day, and a month's days are counted from the first.

    A first month that is cut, as the published one (its only row is the last midnight of July), ends with its last day.
    """
    days: list[datetime] = []
    year, before = FIRST_YEAR, 0
    for month, runs in _by_month(months, hours):
        year += month <= before
        length = calendar.monthrange(year, month)[1]
        row = len(days)
        followed = sum(map(len, runs)) < len(months)
        numbers = _numbers(runs, length, cut=not row and followed)
        if numbers[-1] > length:
            raise UserError(
                _("month {month} has {found} days", month=month, found=len(runs)),
                where=_("{file}, row {row}", file=file, row=row + 2),
                cure=_("A month's rows stand together, and a day's hours rise from 1 to 24."),
            )
        for number, run in zip(numbers, runs, strict=True):
            days += [datetime(year, month, number)] * len(run)  # noqa: DTZ001 - local time, as meters write it
        before = month
    return days


def _by_month(months: Sequence[int], hours: Sequence[int]) -> list[tuple[int, list[list[int]]]]:
    """(month, its days) in the order of the rows; a day is its hours, which rise."""
    by_month: list[tuple[int, list[list[int]]]] = []
    for row, (month, hour) in enumerate(zip(months, hours, strict=True)):
        if not row or month != months[row - 1]:
            by_month.append((month, []))
        runs = by_month[-1][1]
        if not runs or hour <= runs[-1][-1]:
            runs.append([])
        runs[-1].append(hour)
    return by_month


def _numbers(runs: Sequence[Sequence[int]], length: int, *, cut: bool) -> list[int]:
    """The day of the month of each run of hours.

    A file that was cut at its first row and put together by months has the rest of a month's last day before its first
    day: those hours are moved to where they are missing. A month that is cut at its beginning ends with its last day.
    """
    count = len(runs)
    if count == length + 1 and runs[-1][-1] + 1 == runs[0][0]:
        return [length, *range(1, length + 1)]
    first = length - count + 1 if cut and count < length else 1
    return list(range(first, first + count))


def _home(number: int, sha256: str) -> Source:
    return Source(
        name=f"home-{number}",
        title=(f"주택 {number}의 지붕 태양광", f"roof of home {number}"),
        origin=Git(REPOSITORY, COMMIT, f"data/datasets/citylearn_challenge_2022_phase_all/Building_{number}.csv"),
        sha256=sha256,
        licence="MIT",
        licensor="CityLearn's repository",
        credit="CityLearn Challenge 2022: load and photovoltaics of homes in Fontana, California",
        read=read,
        headers=("month", "hour", "solar_generation"),
    )


HOMES = tuple(_home(number, sha256) for number, sha256 in enumerate(HASHES, start=1))
# ---- a person's own roofs -----------------------------------------------------------------------------------------------

COLUMNS = (
    Column("time", "time", names=("일시", "time", "시각", "측정일시", "일자", "날짜", "거래일시", "거래일자", "datetime", "timestamp",
           "date"), title=("일시", "time")),
    Column("power", "number", "kW", names=("출력", "power", "발전 출력", "순시 출력", "인버터 출력", "AC 출력", "유효전력", "ac power",
           "active power"), required=False, title=("출력", "power")),
    Column("energy", "number", "kWh", names=("발전량", "energy", "태양광 발전량", "시간별 발전량", "전력량", "거래량", "generation",
           "yield"), required=False, title=("발전량", "energy")),
    Column("capacity", "number", "kW", 0, None, ("설비용량", "capacity", "용량", "설치용량", "정격용량", "installed capacity"),
           required=False, title=("설비용량", "capacity")),
    Column("irradiance", "number", "W/m2", 0, 1500, ("예보 일사량", "irradiance forecast", "일사량", "수평면일사량", "예측 일사량",
           "irradiance", "ghi"), required=False, title=("예보 일사량", "irradiance forecast")),
    Column("cloud", "number", "%", 0, 100, ("예보 운량", "cloud forecast", "구름양", "cloud cover", "cloud"),
           required=False, title=("예보 운량", "cloud forecast")),
)  # fmt: skip
WEATHER = ("irradiance", "cloud")
MOST = 1.5  # kW for each kW installed; more is another unit or another roof
STANDBY = 0.02  # what an inverter draws at night, as a share of its rating: read as 0; more is refused

ROOFS = Source(
    name="roofs",
    title=("내 지붕의 발전 기록", "records of one's own roofs"),
    origin=Own(),
    columns=COLUMNS,
    access="restricted",
)


def hourly(frame: pl.DataFrame, capacity_kw: float | None, file: str) -> pl.DataFrame:
    """A person's sheet as `time` (the beginning of the hour), `power` (kW per kW installed) and the weather it has.

    A time in a sheet is the end of its hour, as Korean meters write it. Rows within an hour become their mean (power) or
    their sum (energy) where all of them are there. An hour that stands twice with two values is not known. Rows without
    power are the hours to come. Raises UserError where there is neither power nor energy, no installed power, or more
    power than a roof can give.
    """
    frame = frame.drop_nulls("time").sort("time")
    if not frame.height:
        raise UserError(_("there is no row with a time"), where=file)
    steps = frame["time"].unique().sort().diff().drop_nulls()
    step = min(steps.mode()) if len(steps) else HOUR
    if step > HOUR:
        raise UserError(
            _("the rows are {minutes} minutes apart", minutes=round(step.total_seconds() / 60)), where=file,
            cure=_("A roof is read by the hour or finer."),
        )  # fmt: skip
    rows = frame.with_columns(
        (pl.col("time") - step).dt.truncate("1h"),
        power=_kilowatts(frame, step, file) / _capacity(frame, capacity_kw, file),
    )
    once = pl.col("power").drop_nulls().n_unique() <= 1
    moments = rows.with_columns(at=frame["time"]).group_by("at", maintain_order=True).agg(
        pl.col("time").first(), pl.when(once).then(pl.col("power").drop_nulls().first()).alias("power"),
        pl.col(*WEATHER).mean(),
    )  # fmt: skip
    hour_mean = pl.when(pl.col("power").count() >= int(HOUR / step)).then(pl.col("power").mean())
    table = moments.group_by("time", maintain_order=True).agg(
        hour_mean.alias("power"), pl.col("irradiance").mean(), pl.col("cloud").mean() / 100
    )
    odd = table.filter((pl.col("power") > MOST) | (pl.col("power") < -STANDBY))
    if odd.height:
        raise UserError(
            _("{value} kW for each kW installed at {time} is more, or less, than a roof gives",
              value=f"{odd['power'][0]:.3g}", time=odd["time"][0]),
            where=file, cure=_("Look at the unit of the column and at the installed power (--set capacity_kw=NUMBER)."),
        )  # fmt: skip
    return table.with_columns(pl.col("power").clip(0, None))


def doubled(frame: pl.DataFrame) -> int:
    """How many moments of a person's sheet stand there more than once."""
    times = frame["time"].drop_nulls()
    return len(times) - times.n_unique()


def _kilowatts(frame: pl.DataFrame, step: timedelta, file: str) -> pl.Series:
    if frame["power"].count():
        return frame["power"]
    if frame["energy"].count():
        return frame["energy"] / (step / HOUR)
    raise UserError(
        _("there is neither a column of power nor one of energy"), where=file,
        cure=_("Call it 출력 (kW) or 발전량 (kWh)."),
    )  # fmt: skip


def _capacity(frame: pl.DataFrame, capacity_kw: float | None, file: str) -> pl.Series | float:
    if capacity_kw is not None:
        return capacity_kw
    if frame["capacity"].count() and float(frame["capacity"].min() or 0) > 0:  # type: ignore[arg-type]  # a number
        return frame["capacity"].fill_null(strategy="forward").fill_null(strategy="backward")
    raise UserError(
        _("the installed power is not known"), where=file,
        cure=_("Give it with --set capacity_kw=NUMBER, or as a column 설비용량."),
    )  # fmt: skip


# ---- all roofs of a trial -----------------------------------------------------------------------------------------------


def roofs(data: Data) -> dict[str, pl.DataFrame]:
    """Each roof's hours by its name: a person's own where given, else the published homes."""
    if data.has("roofs"):
        capacity_kw = data.settings.capacity_kw if isinstance(data.settings, Settings) else None
        return {name: hourly(frame, capacity_kw, name) for name, frame in data.several("roofs").items()}
    return {source.name: data[source.name] for source in HOMES}


def together(data: Data) -> pl.DataFrame:
    """All roofs' hours: `home`, `time` (the beginning), `truth` (kW per kW installed, null where unknown), weather if any."""
    frames = [
        frame.with_columns(
            pl.lit(name).alias("home"),
            *(pl.lit(None, pl.Float64).alias(column) for column in WEATHER if column not in frame.columns),
        ).select("home", "time", pl.col("power").alias("truth"), *WEATHER)
        for name, frame in roofs(data).items()
    ]
    return pl.concat(frames)


def grid(frame: pl.DataFrame) -> tuple[datetime, dict[str, np.ndarray]]:
    """(first midnight, matrix by home): hours from that midnight to the last whole day, NaN where nothing is known."""
    start = frame["time"].min()
    end = frame["time"].max()
    assert isinstance(start, datetime)
    assert isinstance(end, datetime)
    start = start.replace(hour=0, minute=0)
    length = ((end - start) // timedelta(days=1) + 1) * 24
    matrix = {}
    for (home,), part in frame.group_by("home", maintain_order=True):
        values = np.full(length, np.nan)
        at = ((part["time"] - start).dt.total_hours()).to_numpy()
        values[at] = part["truth"].cast(pl.Float64).fill_null(np.nan).to_numpy()
        matrix[str(home)] = values
    return start, matrix


def copies(matrix: dict[str, np.ndarray]) -> list[list[str]]:
    """Groups of roofs that are one roof at several sizes: every pair of a group correlates above ALIKE."""
    groups: list[list[str]] = []
    for name, values in matrix.items():
        group = next((group for group in groups if all(_alike(values, matrix[other]) for other in group)), None)
        if group is None:
            groups.append([name])
        else:
            group.append(name)
    return groups


def _alike(first: np.ndarray, second: np.ndarray) -> bool:
    both = np.isfinite(first) & np.isfinite(second)
    if both.sum() < 24 * 7 or not first[both].std() or not second[both].std():
        return False
    return bool(np.corrcoef(first[both], second[both])[0, 1] > ALIKE)
