"""Farms: forecast wind and power hour by hour, published or one's own; months, rounds and cases made from them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
from pydantic import Field

from dure import Case, Column, Form, Git, Round, Source, UserError

from .forms import HOUR, KNOWN, LONGEST, Neighbour, Request, Wind, _
from .runs import PARTS, heights
from .score import climatology_loss

if TYPE_CHECKING:
    from dure import Data

PUBLISHED = "GEFCom2014 zone 1"
MONTHS, OPEN = 11, 6  # as many whole months as there are, at most; of eleven the first six are open
HISTORY = 2  # whole months that must lie before the first round
UNNAMED = 10.0  # m: wind whose height a sheet does not name, as weather services give it
LEAST = 500  # hours of a farm's power that must be known before it is asked


class Settings(Form):
    """What a farm's sheet does not say."""

    capacity_kw: float | None = Field(
        None, description="capacity of the farm; without it the sheet's own, else its largest hour", gt=0,
        json_schema_extra={"unit": "kW"},
    )  # fmt: skip
    gate: int = Field(
        0, description="hours before the issue at which the last measured power is known", ge=0, le=48,
        json_schema_extra={"unit": "h"},
    )  # fmt: skip


def read(path: Path) -> pl.DataFrame:
    """A farm of the GEFCom2014 wind track as R keeps it: hour-ending stamps in UTC, power as a share of capacity."""
    import warnings

    import rdata

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # R's moments come as plain seconds, which is what is wanted
        frame = next(iter(rdata.read_rda(path).values()))

    def moment(name: str) -> pl.Series:
        return pl.Series(name, frame[name].to_numpy().astype("int64"))

    return pl.DataFrame(
        {
            "end": pl.from_epoch(moment("TARGETdtm"), time_unit="s"),
            "issued": pl.from_epoch(moment("ISSUEdtm"), time_unit="s"),
            "share": frame["TARGETVAR"].to_numpy(),
            **{
                f"{part} {height}": frame[f"{part.upper()}{height}"].to_numpy() for height in (10, 100) for part in "uv"
            },
        },
        nan_to_null=True,
    )


# ---- columns of a sheet of one's own ---------------------------------------------------------------------------------

_HEIGHT = re.compile(r"(?<![0-9.])(\d{1,3}(?:\.\d)?)\s*(?:m|미터|ｍ)(?![a-z/0-9가-힣^])", re.IGNORECASE)
_SHORT = re.compile(r"^\s*(?:ws|wd|u|v|speed|dir|풍속|풍향)[\s_]*(\d{1,3})(?!\d)", re.IGNORECASE)
_FORMS: dict[str, tuple[str, float, float, tuple[str, ...], tuple[str, str]]] = {
    "speed": (
        "m/s",
        0,
        75,
        ("풍속", "예측 풍속", "예보 풍속", "wind speed", "windspeed", "ws", "speed"),
        ("풍속", "wind speed"),
    ),
    "direction": (
        "°",
        0,
        360,
        ("풍향", "예측 풍향", "예보 풍향", "wind direction", "wd", "dir"),
        ("풍향", "wind direction"),
    ),
    "u": ("m/s", -75, 75, ("u", "동서 바람", "u wind", "UUU", "u성분", "동서바람성분"), ("동서 바람(u)", "u wind")),
    "v": ("m/s", -75, 75, ("v", "남북 바람", "v wind", "VVV", "v성분", "남북바람성분"), ("남북 바람(v)", "v wind")),
}
BASE = (
    Column("end", "time", names=("일시", "시각", "측정일시", "발전일시", "거래일시", "시간", "TIMESTAMP", "time", "datetime", "date"),
           title=("시각(끝)", "end of the hour")),
    # energy of the hour, which is its mean power: a column in kW becomes it one to one, in MWh a thousandfold
    Column("power", "number", "kWh", -1e6, 1e7, ("발전량", "발전 출력", "출력", "발전전력", "전력량", "TARGETVAR", "power", "generation"),
           title=("발전량", "power")),
    Column("capacity", "number", "kW", 0, 1e7, ("설비용량", "정격용량", "용량", "capacity", "installed capacity"), required=False,
           title=("설비용량", "capacity")),
    Column("issued", "time", names=("발표시각", "발표일시", "예보시각", "ISSUEdtm", "issued", "issue time", "run"), required=False,
           title=("예보 발표 시각", "issue of the forecast")),
)  # fmt: skip


def columns(headers: Sequence[str]) -> tuple[Column, ...]:
    """What a sheet with these headers may hold: wind at every height they name, and at an unnamed one (10 m)."""
    mentioned = {float(height) for header in headers for height in (*_HEIGHT.findall(header), *_SHORT.findall(header))}
    named = sorted(height for height in mentioned if 2 <= height <= 300)
    heights_named: list[float | None] = [*named] or [None]
    return (*BASE, *(column for height in heights_named for column in _wind(height)))


def _wind(height: float | None) -> Iterator[Column]:
    for form, (unit, low, high, names, (ko, en)) in _FORMS.items():
        at = "" if height is None else f"{height:g}m"
        spelled = names if height is None else tuple(
            spelling for name in names
            for spelling in (f"{name} {at}", f"{at} {name}", f"{name}{height:g}", f"{name}_{at}")
        )  # fmt: skip
        label = f"{form} {UNNAMED if height is None else height:g}"
        where = (at, at) if at else ("(높이가 없어 10 m로 읽음)", "(no height: read as 10 m)")
        yield Column(label, "number", unit, low, high, spelled, False, (f"{ko} {where[0]}", f"{en} {where[1]}"))


FARM = Source(
    name="farm",
    title=("풍력단지의 바람 예보와 발전량", "forecast wind and power of a farm"),
    origin=Git(
        "jbrowell/ProbCast", "dcc84852344087b0a1e94a162cf336a95fbc1065", "data/Wind_GEFcom14_Task15_W_Zone1.rda"
    ),
    sha256="94a3ff905148d467452c361ed276d77a8cc2b8bb5f821be769a61f8465c308c6",
    licence="MIT",
    licensor="ProbCast (J. Browell), which ships this excerpt",
    credit="GEFCom2014 wind track: T. Hong et al. (2016), International Journal of Forecasting 32(3), 896-913",
    columns=(*BASE, *_wind(10), *_wind(100)),
    columns_of=columns,
    read=read,
)


# ---- farms as one frame ----------------------------------------------------------------------------------------------


def farms(data: Data) -> tuple[pl.DataFrame, dict[str, list[str]]]:
    """Every farm's hours, and what was found and done while reading them, by farm.

    Returns
    -------
    frame
        ``farm, issued, time`` (beginning of the hour), ``past_until``, ``truth_power`` (share of capacity, null where not
        measured), ``capacity`` [kW] and, for each height of any farm, ``speed H, u H, v H`` [m/s]; sorted by farm and time.
    notes
        Duplicates, gaps, what stands for the capacity: nothing is mended without a word.

    Raises
    ------
    UserError
        No wind in the sheet, or stamps that are no whole hours.
    """
    frames, notes = [], {}
    for name, sheet in data.several("farm").items():
        farm = name if data.has("farm") else PUBLISHED
        farm_notes: list[str] = []
        frames.append(tidy(farm, sheet, _settings(data), farm_notes))
        notes[farm] = farm_notes
    return pl.concat(frames, how="diagonal").sort("farm", "time", maintain_order=True), notes


def _settings(data: Data) -> Settings:
    return data.settings if isinstance(data.settings, Settings) else Settings()


def tidy(farm: str, sheet: pl.DataFrame, settings: Settings, notes: list[str]) -> pl.DataFrame:
    """One farm's rows of `farms`; what was found and done is added to `notes`."""
    rows = sheet.drop_nulls("end").with_columns(time=pl.col("end").cast(pl.Datetime("us")) - HOUR)
    uneven = rows.filter(pl.col("time") != pl.col("time").dt.truncate("1h"))
    if uneven.height:
        raise UserError(
            _("{count} stamps are no whole hours, the first {time}", count=uneven.height, time=f"{uneven['end'][0]:%Y-%m-%d %H:%M}"),
            where=farm,
            cure=_("Give the mean of each hour, stamped with its end."),
        )  # fmt: skip
    rows = _once(_issued(rows), notes)
    rows = rows.with_columns(_power(rows, settings, notes))
    winds = _winds(farm, rows, notes)
    columns = [f"{part} {height:g}" for height in winds for part in PARTS]
    rows = rows.with_columns(part for parts in winds.values() for part in parts)
    lacking = rows.filter(pl.any_horizontal(pl.col(f"speed {height:g}").is_null() for height in winds)).height
    if lacking:
        notes.append(_("{count} hours have no forecast wind: they are not asked.", count=lacking))
    rows = rows.drop_nulls([f"speed {height:g}" for height in winds]).sort("time")
    _gaps(rows, notes)
    return rows.select(
        pl.lit(farm).alias("farm"), "issued", "time", (pl.col("issued") - timedelta(hours=settings.gate)).alias("past_until"),
        "truth_power", "capacity", *columns,
    )  # fmt: skip


def _issued(rows: pl.DataFrame) -> pl.DataFrame:
    """With `issued`: the sheet's own, else the midnight before; of several runs for an hour the latest is kept."""
    midnight = pl.col("time").dt.truncate("1d")
    own = pl.col("issued").cast(pl.Datetime("us")) if "issued" in rows.columns else pl.lit(None, pl.Datetime("us"))
    return rows.with_columns(issued=pl.coalesce(own, midnight)).filter(
        (pl.col("time") >= pl.col("issued")) & (pl.col("time") < pl.col("issued") + LONGEST * HOUR)
    )


def _once(rows: pl.DataFrame, notes: list[str]) -> pl.DataFrame:
    """Each hour once: the latest run's; of one run, the row that stands first."""
    same = rows.group_by("time", "issued").len().filter(pl.col("len") > 1).sort("time")
    if same.height:
        differing = rows.unique().group_by("time", "issued").len().filter(pl.col("len") > 1).height
        notes.append(
            _("{count} hours stand more than once, the first {time}; in {differing} of them the rows differ. The row that stands "
              "first is used.", count=same.height, time=f"{same['time'][0] + HOUR:%Y-%m-%d %H:%M}", differing=differing)
        )  # fmt: skip
    first = rows.unique(["time", "issued"], keep="first", maintain_order=True)
    return first.sort("issued", maintain_order=True).unique("time", keep="last", maintain_order=True)


def _power(rows: pl.DataFrame, settings: Settings, notes: list[str]) -> list[pl.Expr]:
    """`truth_power` as a share, and `capacity`. What stands for a capacity that nobody gave is said."""
    if "share" in rows.columns:
        return [pl.col("share").alias("truth_power"), pl.lit(1.0).alias("capacity")]
    largest = float(rows["power"].max() or 0.0)  # type: ignore[arg-type]  # a frame's numbers
    own = rows["capacity"].max() if "capacity" in rows.columns else None
    capacity = settings.capacity_kw or own
    if capacity is None and largest <= 1:
        capacity = 1.0
        notes.append(_("No power is above 1: it is read as a share of capacity."))
    elif capacity is None:
        capacity = largest
        notes.append(
            _(
                "No capacity was given: the largest hour, {power} kW, stands for it (--set capacity_kw=...).",
                power=f"{largest:,.0f}",
            )
        )
    share = pl.col("power") / float(capacity)  # type: ignore[arg-type]
    outside = rows.filter((pl.col("power") < 0) | (share > 1)).height
    if outside:
        notes.append(_("{count} hours lie below 0 or above the capacity: counted as its edge.", count=outside))
    return [share.clip(0, 1).alias("truth_power"), pl.lit(float(capacity)).alias("capacity")]  # type: ignore[arg-type]


def _winds(farm: str, rows: pl.DataFrame, notes: list[str]) -> dict[float, list[pl.Expr]]:
    """speed, u and v by height, from whatever form a sheet has."""
    named = {float(name.split(" ", 1)[1]) for name in rows.columns if name.split(" ", 1)[0] in _FORMS and " " in name}
    winds: dict[float, list[pl.Expr]] = {}
    for height in sorted(named):
        has = {form for form in _FORMS if f"{form} {height:g}" in rows.columns and rows[f"{form} {height:g}"].count()}
        at = lambda form, height=height: pl.col(f"{form} {height:g}")  # noqa: E731
        if {"u", "v"} <= has:
            parts = {"speed": (at("u") ** 2 + at("v") ** 2).sqrt(), "u": at("u"), "v": at("v")}
        elif "speed" in has:
            angle = at("direction").radians() if "direction" in has else pl.lit(None, pl.Float64)
            parts = {"speed": at("speed"), "u": -at("speed") * angle.sin(), "v": -at("speed") * angle.cos()}
        else:
            continue
        winds[height] = [expression.alias(f"{part} {height:g}") for part, expression in parts.items()]
    if not winds:
        raise UserError(
            _("there is no forecast wind"), where=farm,
            cure=_("Give a column of wind speed, or of u and v, with its height: 풍속(10m), U100."),
        )  # fmt: skip
    notes.append(_("Forecast wind at {heights} m.", heights=", ".join(f"{height:g}" for height in winds)))
    return winds


def _gaps(rows: pl.DataFrame, notes: list[str]) -> None:
    """Hours that are missing between the first and the last, and hours without a measured power."""
    step = rows["time"].diff()
    missing = int((step / HOUR - 1).sum() or 0) if rows.height > 1 else 0
    if missing:
        first = rows["time"].shift(1).filter(step > HOUR)[0] + 2 * HOUR
        notes.append(
            _("{count} hours are missing, the first from {time}; gaps: {gaps}.",
              count=missing, gaps=int((step > HOUR).sum()), time=f"{first:%Y-%m-%d %H:%M}")
        )  # fmt: skip
    if unknown := rows["truth_power"].null_count():
        notes.append(_("{count} hours have no measured power: not learnt from and not scored.", count=unknown))


# ---- months, rounds, cases -------------------------------------------------------------------------------------------


def known(frame: pl.DataFrame, until: datetime | None) -> pl.DataFrame:
    """The rows known at a moment: their run was issued and their hour begun before it."""
    return frame if until is None else frame.filter((pl.col("time") < until) & (pl.col("issued") < until))


def whole_months(frame: pl.DataFrame) -> list[date]:
    """First days of the months that lie wholly between the first and the last hour of the data."""
    hours = frame["time"].sort().to_list()
    first, last = hours[0], hours[-1] + HOUR
    month, months = first.date().replace(day=1), []
    while (following := (month + timedelta(days=32)).replace(day=1)) <= last.date():
        if datetime.combine(month, datetime.min.time()) >= first:
            months.append(month)
        month = following
    return months


def rounds(frame: pl.DataFrame) -> Iterator[Round]:
    """A round a month: the last eleven whole months, or as many as leave a history; the first six of eleven are open.

    Raises UserError where there is no month to try on.
    """
    months = whole_months(frame)
    asked = months[max(HISTORY, len(months) - MONTHS) :]
    if len(asked) < 2:
        raise UserError(
            _("{count} whole months are too few: {least} are needed", count=len(months), least=HISTORY + 2), where="farm",
            cure=_("Give hourly rows of more months; a month counts from its first to its last day."),
        )  # fmt: skip
    opened = max(1, len(asked) * OPEN // MONTHS)
    for number, month in enumerate(asked):
        start = datetime.combine(month, datetime.min.time())
        end = datetime.combine((month + timedelta(days=32)).replace(day=1), datetime.min.time())
        history = known(frame, start)
        cases = list(_cases(frame.filter(pl.col("issued").is_between(start, end, closed="left")), history))
        yield Round(f"{month:%Y-%m}", history, cases, sealed=number >= opened)


def _cases(rows: pl.DataFrame, history: pl.DataFrame) -> Iterator[Case]:
    """A case for each run and farm with a measured hour, where enough of the farm is known already."""
    before = pl.concat([history.filter(pl.col("time") >= rows["issued"].sort()[0] - timedelta(days=4)), rows])
    several = rows["farm"].n_unique() > 1
    runs = dict(rows.group_by("farm", "issued", maintain_order=True))
    for (farm, issued), run in runs.items():
        truth = run["truth_power"]
        usual = history.filter(pl.col("farm") == farm)["truth_power"].drop_nulls()
        if truth.count() == 0 or usual.len() < LEAST:
            continue
        capacity = run["capacity"][0]
        others = [(name, other) for (name, when), other in runs.items() if when == issued and name != farm]
        request = Request(
            farm=farm, issued=issued, time=run["time"].to_list(), wind=request_winds(run), capacity=capacity,
            past=past_of(before, farm, run["past_until"][0], capacity), past_until=run["past_until"][0],
            neighbours=[
                Neighbour(name=name, wind=request_winds(other))
                for name, other in others if other["time"].equals(run["time"])
            ],
        )  # fmt: skip
        year, week, _day = issued.isocalendar()
        yield Case(
            id=f"{farm} {issued:%Y-%m-%d %H}h" if several else f"{issued:%Y-%m-%d %H}h",
            request=request,
            truth={
                "power": [None if share is None else share * capacity for share in truth],
                "climatology": climatology_loss(usual.to_numpy(), truth.drop_nulls().to_numpy()),
            },
            block=f"{year}-W{week:02d}", site=farm, time=issued,
        )  # fmt: skip


def request_winds(run: pl.DataFrame) -> list[Wind]:
    """The wind of a run as a request has it."""
    winds = []
    for height in heights(run):
        u, v = run[f"u {height:g}"], run[f"v {height:g}"]
        has_direction = not (u.null_count() or v.null_count())
        parts: dict[str, Any] = (
            {"u": u.to_list(), "v": v.to_list()} if has_direction else {"speed": run[f"speed {height:g}"].to_list()}
        )
        winds.append(Wind(height=height, **parts))
    return winds


def past_of(rows: pl.DataFrame, farm: str, until: datetime, capacity: float) -> list[float | None]:
    """Power [kW] of a farm's hours before `until`, oldest first; None where it is not known."""
    near = rows.filter((pl.col("farm") == farm) & pl.col("time").is_between(until - KNOWN * HOUR, until, closed="left"))
    known = dict(zip(near["time"].to_list(), near["truth_power"].to_list(), strict=True))
    shares = [known.get(until - number * HOUR) for number in range(KNOWN, 0, -1)]
    return [None if share is None else share * capacity for share in shares]
