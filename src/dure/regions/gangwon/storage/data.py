"""Homes: the published ones and a person's own; their calendar; their months as cases."""

from __future__ import annotations

import calendar
import itertools
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from pydantic import ValidationError

from dure import Case, Column, Git, Own, Round, Source, UserError, nearest, refusal

from .battery import Battery
from .forms import AHEAD, PAST, Settings, _
from .month import request
from .tariff import PUBLISHED, tariff
from .truth import Truth

if TYPE_CHECKING:
    from pathlib import Path

    from dure import Data

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
# pricing.csv and carbon_intensity.csv have no calendar of their own: row by row they follow the published homes, whose first
# row is the hour that ends at midnight of 31 July.
FIRST_OF_SERIES = datetime.fromisoformat("2001-07-31T23:00")
NOMINAL = range(2023, 1999, -1)  # years tried for data without a year
NO_YEAR = 2000  # stands for every year where none is known
HOUR = timedelta(hours=1)
WHOLE = 0.95  # share of a month's hours that must be there
MANY, SEALED = 10, 6  # whole months from which the last six are sealed; below, the last half
EMPTY = Battery(
    capacity=6.4, power=5.0, efficiency=0.9
)  # the published homes' battery, where a home of one's own sets nothing


def _json(path: Path) -> pl.DataFrame:
    """Battery and panels of each published home: what schema.json says of them."""
    buildings = json.loads(path.read_text(encoding="utf-8"))["buildings"]
    rows = []
    for name, each in buildings.items():
        battery = each["electrical_storage"]["attributes"]
        rows.append(
            {
                "home": name.replace("Building_", "home-"),
                "capacity": float(battery["capacity"]),
                "power": float(battery["nominal_power"]),
                "efficiency": float(battery["efficiency"]),
                "panels": float(each["pv"]["attributes"]["nominal_power"]),
            }
        )
    return pl.DataFrame(rows)


def _csv(path: Path) -> pl.DataFrame:
    """The published columns; those that hold the future are not read."""
    frame = pl.read_csv(path, infer_schema_length=None)
    return frame.select(name for name in frame.columns if "predicted" not in name)


def _git(name: str, file: str, title: tuple[str, str], **more: Any) -> Source:
    return Source(
        name=name, title=title, origin=Git(REPOSITORY, COMMIT, f"{FOLDER}/{file}"), sha256=SHA256[file], licence="MIT",
        licensor="intelligent-environments-lab/CityLearn", credit=CREDIT, **more,
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


@dataclass(frozen=True)
class Home:
    """A home's hours. `frame` has time (beginning of the hour), load, sun [kWh] and filled (a gap, filled from the day before)."""

    name: str
    frame: pl.DataFrame
    battery: Battery
    panels: float | None
    dropped: int = 0
    invented_year: bool = False


def site(data: Data) -> Settings:
    """The site's settings, or those by default."""
    return data.settings if isinstance(data.settings, Settings) else Settings()


def homes(data: Data) -> list[Home]:
    """Every home: a person's own where they were given, else the published ones. Raises UserError naming file and field."""
    said = site(data)
    if data.has("homes"):
        found = data.several("homes")
        return [Home(name, hourly(frame, name), _battery(said, name, {}), said.panels) for name, frame in found.items()]
    schema = {row["home"]: row for row in data["schema"].iter_rows(named=True)}
    made = []
    for name in HOMES:
        frame, dropped = dated(data[name], name)
        panels = said.panels or float(schema[name]["panels"])
        sun = pl.col("solar_generation") * panels / 1000  # published in W per kW of panels
        hours = frame.select("time", load=pl.col("non_shiftable_load").cast(pl.Float64), sun=sun)
        made.append(
            Home(name, hourly(hours, name), _battery(said, name, schema[name]), panels, dropped, invented_year=True)
        )
    return made


def _battery(said: Settings, name: str, published: dict[str, Any]) -> Battery:
    """What the site sets, else what is published, else the published homes' usual battery."""
    fields = {
        field: getattr(said, field) or published.get(field) or getattr(EMPTY, field)
        for field in ("capacity", "power", "efficiency")
    }
    shares = {field: getattr(said, field) for field in ("charge_min", "charge_max", "reserve", "cycle_cost")}
    try:
        return Battery(**fields, **shares)
    except ValidationError as error:
        raise refusal(error, where=name) from None


def hourly(frame: pl.DataFrame, name: str) -> pl.DataFrame:
    """One row an hour without gaps inside a stretch: quarter hours are added up, a gap of up to a day is filled."""
    if not frame.height:
        raise UserError(_("there is no row with a time and a load"), where=name)
    by_hour = (
        frame.drop_nulls(["time", "load"])
        .with_columns(
            pl.col("time").dt.truncate("1h"), pl.col("sun").fill_null(0.0).clip(0.0), pl.col("load").clip(0.0)
        )
        .group_by("time")
        .agg(pl.col("load").sum(), pl.col("sun").sum())
        .sort("time")
    )
    every = by_hour.select(pl.datetime_range(pl.col("time").min(), pl.col("time").max(), "1h").alias("time"))
    joined = every.join(by_hour, on="time", how="left", maintain_order="left")
    filled = joined.with_columns(
        pl.col("load").is_null().alias("filled"),
        *(pl.coalesce(pl.col(each), pl.col(each).shift(24)).alias(each) for each in ("load", "sun")),
    )
    return filled.drop_nulls("load")


# ---- a calendar for data without days and years ---------------------------------------------------------------------------


def dated(frame: pl.DataFrame, name: str) -> tuple[pl.DataFrame, int]:
    """The published layout with `time`, the beginning of each hour, and how many rows have no place in the calendar.

    Rows carry month and hour (1 to 24, the hour's end) alone. Days are counted by midnights passed, months by their change; the
    year is invented: the latest whose weekdays agree with day_type and whose February is as long as the file's. Raises
    UserError where month or hour is none.
    """
    months, hours = frame["month"].to_list(), frame["hour"].to_list()
    bad = next(
        (
            n
            for n, (m, h) in enumerate(zip(months, hours, strict=True))
            if m not in range(1, 13) or h not in range(1, 25)
        ),
        None,
    )
    if bad is not None:
        raise UserError(
            _("month {month} and hour {hour} are no place in a year", month=months[bad], hour=hours[bad]),
            where=_("{name}, row {row}", name=name, row=bad + 2), cure=_("Months run from 1 to 12, hours from 1 to 24."),
        )  # fmt: skip
    runs = list(_runs(months, hours))
    kinds = frame["day_type"].to_list() if "day_type" in frame.columns else []
    year = _year(runs, kinds)
    times: list[datetime | None] = [None] * frame.height
    last_month = 0
    for begin, month, days in runs:
        if last_month and month <= last_month:
            year += 1
        last_month = month
        length = calendar.monthrange(year, month)[1]
        for row, day in enumerate(days, start=begin):
            if 1 <= day <= length:
                times[row] = datetime(year, month, day, hours[row] - 1)  # noqa: DTZ001 - the house's own clock
    kept = (
        frame.with_columns(pl.Series("time", times, dtype=pl.Datetime("us")))
        .drop_nulls("time")
        .unique("time", keep="first", maintain_order=True)
    )
    return kept, frame.height - kept.height


def _runs(months: Sequence[int], hours: Sequence[int]) -> Iterator[tuple[int, int, list[int]]]:
    """(first row, month, day of each row) of every run of rows of one month.

    A run begins on the first of its month, unless the next month follows it at once: then it ends on its last day. Where it has
    more days than the month, the rows too many come out as days below 1.
    """
    edges = [0, *(row for row in range(1, len(months)) if months[row] != months[row - 1]), len(months)]
    for begin, end in itertools.pairwise(edges):
        day, days = 1, []
        for row in range(begin, end):
            if row > begin and hours[row] <= hours[row - 1]:
                day += 1
            days.append(day)
        month = months[begin]
        follows = end < len(months) and months[end] == month % 12 + 1 and hours[end] == 1 and hours[end - 1] == 24
        length = 28 if month == 2 and day <= 28 else calendar.monthrange(2000, month)[1]
        if (follows and begin == 0) or day > length:
            days = [each + length - day for each in days]
        yield begin, month, days


def _year(runs: Sequence[tuple[int, int, list[int]]], kinds: Sequence[int]) -> int:
    """The invented year of the first row."""
    february = max((max(days) for _begin, month, days in runs if month == 2), default=0)

    def fits(year: int) -> bool:
        begin, month, days = runs[0]
        later, last = year, 0
        for _begin, each, _days in runs:
            later += 1 if last and each <= last else 0
            last = each
            if each == 2 and february >= 28 and calendar.isleap(later) != (february == 29):
                return False
        day = next((day for day in days if day >= 1), 1)
        kind = kinds[begin + days.index(day)] if kinds and day in days else None
        return kind not in range(1, 8) or date(year, month, day).isoweekday() == kind

    return next((year for year in NOMINAL if fits(year)), NOMINAL[0])


# ---- series that are known beforehand ---------------------------------------------------------------------------------------


def _series(data: Data, name: str, column: str) -> dict[tuple[int, int, int], float]:
    """A published series by (month, day, hour)."""
    values = data[name][column].cast(pl.Float64).to_list()
    keyed = {}
    for step, value in enumerate(values):
        time = FIRST_OF_SERIES + step * HOUR
        keyed[time.month, time.day, time.hour] = value
    return keyed


def _looked_up(keyed: dict[tuple[int, int, int], float], times: Sequence[datetime]) -> np.ndarray:
    """The series at these hours of the year; 29 February is as the 28th."""
    usual = float(np.mean(list(keyed.values())))
    found = (keyed.get((t.month, 28 if (t.month, t.day) == (2, 29) else t.day, t.hour), usual) for t in times)
    return np.array(list(found))


# ---- months as cases --------------------------------------------------------------------------------------------------------


def history(data: Data, until: datetime | None = None) -> pl.DataFrame:
    """Hours of every home (site, time, load, sun) before `until`."""
    parts = [home.frame.select(pl.lit(home.name).alias("site"), "time", "load", "sun") for home in homes(data)]
    known = pl.concat(parts)
    return known if until is None else known.filter(pl.col("time") < until)


def months(home: Home) -> list[datetime]:
    """First moments of the home's whole months."""
    counted = home.frame.filter(~pl.col("filled")).group_by(pl.col("time").dt.truncate("1mo")).len().sort("time")
    return [
        first
        for first, count in counted.iter_rows()
        if count >= WHOLE * 24 * calendar.monthrange(first.year, first.month)[1]
    ]


def rounds(data: Data) -> Iterator[Round]:
    """A round a month: each is asked with what was known before it; the last six months are sealed, of under ten the last half.

    The first whole month of a home is history alone. Raises UserError where there are fewer than two whole months.
    """
    every = homes(data)
    forecasts = _forecasts(data, every)
    wanted = {home.name: months(home)[1:] for home in every}
    spans = sorted({month for each in every for month in months(each)})
    if not any(wanted.values()):
        raise UserError(
            _("there is no month to play: {count} whole months are there", count=len(spans)),
            cure=_("Give at least two whole months of hours."),
        )
    sealed = set(spans[-SEALED:] if len(spans) >= MANY else spans[len(spans) - len(spans) // 2 :])
    make = _Maker(data, forecasts)
    known = history(data)
    for month in spans:
        cases = [made for home in every if month in wanted[home.name] and (made := make.case(home, month))]
        if cases:
            label = month.strftime("%Y-%m")
            yield Round(label, known.filter(pl.col("time") < month), cases, sealed=month in sealed)


class _Maker:
    """Makes cases; holds the tariff and the published series."""

    def __init__(self, data: Data, forecasts: dict[str, dict[datetime, Any]] | None) -> None:
        said = site(data)
        self.tariff, self.forecasts = tariff(said.tariff, said.sell), forecasts
        self.carbon = _series(data, "carbon", "carbon_intensity")
        self.prices = _series(data, "pricing", "electricity_pricing") if self.tariff.name == PUBLISHED else None

    def case(self, home: Home, month: datetime) -> Case | None:
        """The home's month; None where a forecast from elsewhere does not cover it."""
        frame = home.frame
        inside = frame.filter(pl.col("time").dt.truncate("1mo") == month)
        times = inside["time"].to_list()
        ahead = [*times, *(times[-1] + HOUR * n for n in range(1, AHEAD + 1))]
        buy = _looked_up(self.prices, ahead) if self.prices else self.tariff.buys(ahead)
        foreseen = self._foreseen(home, times)
        if foreseen is None:
            return None
        first = times[0]
        past = frame.filter((pl.col("time") < first) & (pl.col("time") >= first - PAST * HOUR))
        past = past.filter(_unbroken(past["time"], first))
        truth = Truth(
            battery=home.battery, first=first, past_load=past["load"].to_numpy(), past_sun=past["sun"].to_numpy(),
            load=inside["load"].to_numpy(), sun=inside["sun"].to_numpy(), buy=buy, sell=self.tariff.sells(buy),
            carbon=_looked_up(self.carbon, times), tariff=self.tariff,
            start=max(home.battery.capacity / 2, home.battery.floor), left_worth=float(buy[len(times) - 24 : len(times)].min()),
            peak_before=self._ratchet(home, month), sun_ahead=foreseen,
        )  # fmt: skip
        label = month.strftime("%Y-%m")
        begin = request(truth, 0, truth.start, truth.peak_before, truth.past_load.tolist(), truth.past_sun.tolist())
        return Case(id=f"{home.name} {label}", request=begin, truth=truth, block=label, site=home.name, time=first)

    def _ratchet(self, home: Home, month: datetime) -> float:
        """The peak that is paid for when the month begins: of the ratchet's months before, with the house alone.

        With the house alone, so that each month is the same case for every method.
        """
        if not self.tariff.ratchet_months:
            return 0.0
        since = month - timedelta(days=31 * self.tariff.ratchet_months)
        before = home.frame.filter((pl.col("time") < month) & (pl.col("time") >= since))
        highest = (before["load"] - before["sun"]).max()
        return max(0.0, float(highest)) if isinstance(highest, int | float) else 0.0

    def _foreseen(self, home: Home, times: Sequence[datetime]) -> Any:
        """For each hour the forecast from elsewhere: () without one; None where it leaves an hour out."""
        if self.forecasts is None:
            return ()
        days = self.forecasts[home.name]
        if home.invented_year:  # another project may have invented another year for the same hours
            days = {issued.replace(year=NO_YEAR): bands for issued, bands in days.items()}
        found = []
        for time in times:
            midnight = time.replace(hour=0)
            for late in (0, 24):  # that day's forecast, else the second day of the one before
                issued = midnight - late * HOUR
                bands = days.get(issued.replace(year=NO_YEAR) if home.invented_year else issued)
                if bands is not None and bands.shape[1] > late + time.hour:
                    break
            else:
                return None
            found.append(tuple((row[late + time.hour :] * (home.panels or 1.0)).round(6).tolist() for row in bands))
        return tuple(found)


def _unbroken(times: pl.Series, until: datetime) -> pl.Series:
    """Which of the hours before `until` follow one another without a gap up to it."""
    count = times.len()
    reach = pl.Series([until - (count - n) * HOUR for n in range(count)], dtype=times.dtype)
    return times == reach


# ---- forecasts from another project's evidence --------------------------------------------------------------------------------


def _forecasts(data: Data, every: Sequence[Home]) -> dict[str, dict[datetime, np.ndarray]] | None:
    """By home and midnight: (3, 48) the middle, a tenth and nine tenths of what the panels make [kWh per kW installed]."""
    if not data.has("pv-forecast"):
        return None
    frame, said = data["pv-forecast"], site(data)
    needed = {"site", "case", "time", "method", "answer"}
    if lacking := sorted(needed - set(frame.columns)):
        raise UserError(
            _("these are no answers of honam.solar: the column {name} is missing", name=lacking[0]), where="pv-forecast",
            cure=_("Give the folder that `dure run honam.solar` wrote."),
        )  # fmt: skip
    frame = frame.filter(pl.col("answer") != "").filter(pl.col("method") == _method(frame, said.pv_method))
    if "seed" in frame.columns:
        frame = frame.filter(pl.col("seed") == frame["seed"].min())
    found: dict[str, dict[datetime, np.ndarray]] = {}
    for site_name, case, moment, text in frame.select("site", "case", "time", "answer").iter_rows():
        place = (
            site_name or str(case).rpartition(" ")[0]
        )  # a project of one sky names the home in the case: "home-1 2021-04-01"
        time = datetime.fromisoformat(str(moment)).replace(tzinfo=None)
        found.setdefault(place, {})[time] = _bands(text, where=f"{place} {moment}")
    for home in every:
        if home.name not in found:
            close = nearest(home.name, sorted(found))
            cure = (
                _("Did you mean {name}?", name=close)
                if close
                else _("There are: {names}.", names=", ".join(sorted(found)))
            )
            raise UserError(
                _("the forecasts have no home called {name}", name=home.name), where="pv-forecast",
                cure=cure + " " + _("Run honam.solar on the same homes."),
            )  # fmt: skip
        if home.panels is None:
            raise UserError(
                _("the forecasts are per kW of panels, and the panels of {name} are not known", name=home.name), where="panels",
                cure=_("Say their nominal power with --set panels=KW."),
            )  # fmt: skip
    return found


def _method(frame: pl.DataFrame, wanted: str) -> str:
    """The method whose answers are used: as wanted, else the second in the file, which is the model (the first is the practice)."""
    there = list(dict.fromkeys(frame["method"].to_list()))
    if wanted and wanted not in there:
        close = nearest(wanted, there)
        cure = _("Did you mean {name}?", name=close) if close else _("There are: {names}.", names=", ".join(there))
        raise UserError(_("there are no answers of a method called {name}", name=wanted), where="pv_method", cure=cure)
    if not there:
        raise UserError(_("there are no answers in it"), where="pv-forecast")
    return wanted or there[min(1, len(there) - 1)]


def _bands(text: str, *, where: str) -> np.ndarray:
    """(3, hours) middle, tenth and nine tenths of an answer's quantiles. Raises UserError where it holds none."""
    try:
        quantiles = np.array(json.loads(text)["power"], dtype=float)
        if (
            quantiles.ndim != 2
            or quantiles.shape[0] < 24
            or quantiles.shape[1] != 19
            or not np.isfinite(quantiles).all()
        ):
            raise ValueError(quantiles.shape)
    except (ValueError, KeyError, TypeError):
        raise UserError(
            _("this answer has no power with 19 quantiles an hour"), where=f"pv-forecast, {where}",
            cure=_("Give the folder that `dure run honam.solar` wrote."),
        ) from None  # fmt: skip
    bands: np.ndarray = np.maximum(np.sort(quantiles, axis=1)[:, [9, 1, 17]].T, 0.0)
    return bands


# ---- remarks ------------------------------------------------------------------------------------------------------------------


def remarks(data: Data) -> dict[str, list[str]]:
    """What must be read beside a home's verdict."""
    every, said = homes(data), site(data)
    costs = tariff(said.tariff, said.sell)
    general = [
        _("The tariff: {title}, as of {date}.", title=_title(costs.title), date=costs.as_of.isoformat()),
        _("Load and sun are hourly: what happens inside an hour is not seen, the peak is the highest hour, and an advantage over rules "
          "shrinks by up to 69 % on minute data (arXiv 2510.25373)."),
    ]  # fmt: skip
    if costs.unit != "won":
        general.append(_("Money is in {unit} here, whatever unit stands beside it.", unit=costs.unit))
    if any(home.invented_year for home in every):
        general.append(_("The published files have months and hours but no year: the years are invented."))
    if not data.has("homes"):
        general.append(_("Carbon is that of the homes' own grid in California."))
    else:
        general.append(
            _(
                "Carbon is counted with the intensity published for California at the same hour of the year; it is not this grid's."
            )
        )
    found: dict[str, list[str]] = {"": general}
    forecasts = _forecasts(data, every)
    make = _Maker(data, forecasts)
    for home in every:
        texts = []
        if count := int(home.frame["filled"].sum()):
            texts.append(_("Missing hours, filled from the day before: {count}.", count=count))
        if home.dropped:
            texts.append(_("Rows without a place in the calendar, left out: {count}.", count=home.dropped))
        left = [month for month in months(home)[1:] if make.case(home, month) is None] if forecasts else []
        if left:
            names = ", ".join(month.strftime("%Y-%m") for month in left)
            texts.append(_("Left out, because the forecast of the panels does not cover them: {months}.", months=names))
        if texts:
            found[home.name] = texts
    return found


def _title(both: tuple[str, str]) -> str:
    from dure import language

    return both[0 if language() == "ko" else 1]
