"""Moments as people write them: one style a column, recognised on the whole column at once."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

_CLOCK = (
    r"(?:[T\s]*(?P<h>\d{1,2})\s*(?::\s*(?P<mi>\d{1,2})(?:\s*:\s*(?P<s>\d{1,2})(?P<f>\.\d+)?)?|시\s*(?:(?P<mi2>\d{1,2})\s*분)?\s*(?:(?P<s2>\d{1,2})\s*초)?)"
    r"|T(?P<h2>\d{2})(?P<mi3>\d{2})(?P<s3>\d{2})?|\s+(?P<h3>\d{2}))?\s*(?P<zone>Z|[+-]\d{2}:?\d{2})?$"
)
# Order matters only for reading; a text fits at most one style of a kind (the day-first and month-first ones apart).
STYLES: dict[str, str] = {
    "2026-07-01": r"^(?P<y>\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2})",
    "2026.7.1": r"^(?P<y>\d{4})\s?\.\s*(?P<m>\d{1,2})\s?\.\s*(?P<d>\d{1,2})\s?\.?",
    "2026/7/1": r"^(?P<y>\d{4})/(?P<m>\d{1,2})/(?P<d>\d{1,2})",
    "2026년 7월 1일": r"^(?P<y>\d{4})년\s*(?P<m>\d{1,2})월\s*(?P<d>\d{1,2})일",
    "'26.7.1": r"^['’‘`´]?\s?(?P<y>\d{2})\s?\.\s*(?P<m>\d{1,2})\s?\.\s*(?P<d>\d{1,2})\s?\.?",
    "'26년 7월 1일": r"^['’‘`´]?(?P<y>\d{2})년\s*(?P<m>\d{1,2})월\s*(?P<d>\d{1,2})일",
    "26-07-01": r"^['’‘`´]?(?P<a>\d{1,2})-(?P<b>\d{1,2})-(?P<c>\d{2})",
    "26/7/1": r"^['’‘`´]?(?P<a>\d{1,2})/(?P<b>\d{1,2})/(?P<c>\d{2})",
    "1/7/2026": r"^(?P<a>\d{1,2})/(?P<b>\d{1,2})/(?P<c>\d{4})",
    "1-7-2026": r"^(?P<a>\d{1,2})-(?P<b>\d{1,2})-(?P<c>\d{4})",
    "1.7.2026": r"^(?P<a>\d{1,2})\.(?P<b>\d{1,2})\.(?P<c>\d{4})",
    "20260701": r"^(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})(?:(?P<h4>\d{2})(?:(?P<mi4>\d{2})(?P<s4>\d{2})?)?)?",
    "260701": r"^(?P<y>\d{2})(?P<m>\d{2})(?P<d>\d{2})",
    "7월 1일": r"^(?P<m>\d{1,2})월\s*(?P<d>\d{1,2})일",
    "7/1": r"^(?P<m>\d{1,2})/(?P<d>\d{1,2})",
    "7.1": r"^(?P<m>\d{1,2})\.(?P<d>\d{1,2})\.?",
    "07-01": r"^(?P<m>\d{1,2})-(?P<d>\d{1,2})",
    "2026-07": r"^(?P<y>\d{4})[-./](?P<m>\d{1,2})",
    "2026년 7월": r"^(?P<y>\d{4})년\s*(?P<m>\d{1,2})월",
    "1-Jul-2026": r"^(?P<d>\d{1,2})[- ](?P<month>[A-Za-z]{3})[A-Za-z]*[- ,]+(?P<y>\d{4}|\d{2})",
    "Jul 1, 2026": r"^(?P<month>[A-Za-z]{3})[A-Za-z]*\.? (?P<d>\d{1,2}),? (?P<y>\d{4})",
    "46204": r"^(?P<serial>[2-7]\d{4}(?:\.\d+)?)",
}
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")

_PIECE = 100_000  # texts that are taken apart at once: a text becomes twenty


@dataclass
class Parsed:
    """Each text with the first style it fits, and its parts: year, month, day (or first, second, third), seconds, zone."""

    frame: pl.DataFrame
    styles: list[str]


def parse(text: pl.Series) -> Parsed:
    """Try every style on a column of normalised texts; the one that fits most texts first.

    The frame has style (null where none fits), y, m, d, a, b, c, seconds since midnight, offset (minutes east), serial.
    """
    written = text.unique(maintain_order=True)
    plain, half = _simplified(written)
    distinct = pl.DataFrame({"written": written, "text": plain, "half": half})
    style = pl.Series("style", [None] * distinct.height, dtype=pl.String)
    parts: dict[str, pl.DataFrame] = {}
    for name, pattern in STYLES.items():
        fits = style.is_null() & distinct["text"].str.contains(pattern + _CLOCK).fill_null(value=False)
        if fits.any():
            style = style.set(fits, name)
            pieces = distinct.filter(fits).iter_slices(_PIECE)
            parts[name] = pl.concat([_parts(piece, pattern + _CLOCK) for piece in pieces])
        if style.null_count() == distinct["text"].null_count():
            break
    empty = pl.DataFrame(schema={"written": pl.String, "style": pl.String, **_SCHEMA})
    parsed = pl.concat(
        [empty, *(part.with_columns(style=pl.lit(name)).select(empty.columns) for name, part in parts.items())]
    )
    frame = text.to_frame("written").join(parsed, on="written", how="left", maintain_order="left")
    counts = frame["style"].drop_nulls().value_counts(sort=True)["style"].to_list()
    return Parsed(frame.drop("written"), counts)


_SCHEMA = {
    **dict.fromkeys(("y", "m", "d", "a", "b", "c", "offset"), pl.Int64),
    "seconds": pl.Float64,
    "serial": pl.Float64,
}


def _simplified(plain: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Normalised texts without weekdays and halves of the day; the second is am, pm or empty."""
    if plain.str.contains(r"[월화수목금토일]\)|[월화수목금토일]요일").any():
        plain = plain.str.replace(r"\s*\(?[월화수목금토일]\)|\s*\(?[월화수목금토일]요일\)?", "").str.strip_chars()
    low = plain.str.to_lowercase()
    half = low.str.extract(r"(오전|오후|\bam\b|\bpm\b|\d[ap]m\b)", 1)
    if half.null_count() < half.len():
        half = half.str.replace(r"오후|.*pm", "pm").str.replace(r"오전|.*am", "am")
        plain = plain.str.replace(r"(?i)오전|오후|\s*[ap]m\b", " ").str.replace_all(r"\s+", " ").str.strip_chars()
    return plain, half.fill_null("")


def _parts(texts: pl.DataFrame, pattern: str) -> pl.DataFrame:
    """Named parts of texts that fit `pattern`, as numbers."""
    groups = texts["text"].str.extract_groups(pattern).struct.unnest()
    none = pl.lit(None, dtype=pl.String)
    have = {name: pl.col(name) for name in groups.columns}

    def first(*names: str) -> pl.Expr:
        return pl.coalesce([have[name] for name in names if name in have] or [none])

    hour = first("h", "h2", "h3", "h4").cast(pl.Float64).fill_null(0.0)
    pm, am = pl.lit(texts["half"] == "pm"), pl.lit(texts["half"] == "am")
    hour = pl.when(pm & (hour < 12)).then(hour + 12).when(am & (hour == 12)).then(0.0).otherwise(hour)  # noon
    minute = first("mi", "mi2", "mi3", "mi4").cast(pl.Float64).fill_null(0.0)
    second = first("s", "s2", "s3", "s4").cast(pl.Float64).fill_null(0.0) + first("f").cast(pl.Float64).fill_null(0.0)
    inside = (minute < 60) & (second < 60) & ((hour < 24) | ((hour == 24) & (minute == 0) & (second == 0)))  # a clock
    zone = first("zone").replace("Z", "+0000").str.replace(":", "")
    east = zone.str.slice(1, 2).cast(pl.Int64) * 60 + zone.str.slice(3, 2).cast(pl.Int64)
    numbers = [first(name).cast(pl.Int64).alias(name) for name in ("y", "d", "a", "b", "c")]
    month = (
        first("month")
        .str.to_lowercase()
        .replace_strict(_MONTHS, list(range(1, 13)), default=None, return_dtype=pl.Int64)
    )
    return texts.hstack(
        groups.select(
            *numbers,
            pl.coalesce(first("m").cast(pl.Int64), month).alias("m"),
            pl.when(inside).then(hour * 3600 + minute * 60 + second).alias("seconds"),
            pl.when(zone.str.starts_with("-")).then(-east).otherwise(east).alias("offset"),
            first("serial").cast(pl.Float64).alias("serial"),
        ).with_columns(
            d=pl.when(pl.lit("d" in have))
            .then(pl.col("d"))
            .otherwise(pl.lit(None if "a" in have else 1, dtype=pl.Int64))
        )
    )


def orders(frame: pl.DataFrame) -> list[str]:
    """Which of ymd, dmy, mdy a column of three numbers can be; two-digit years that hold still tell where the year is."""
    a, b, c = (frame[name].drop_nulls() for name in "abc")
    can = {"ymd": (b, c), "dmy": (b, a), "mdy": (a, b)}
    possible = [
        name for name, (month, day) in can.items() if (month <= 12).all() and (day <= 31).all() and (month > 0).all()
    ]  # a calendar
    if (c > 99).any():  # four digits
        return [name for name in possible if name != "ymd"]
    if "ymd" in possible and a.n_unique() <= c.n_unique():
        return ["ymd"]
    return [name for name in possible if name != "ymd"] or possible


def moments(frame: pl.DataFrame, order: str, year: int | None) -> pl.Series:
    """Local moments of parsed texts (microseconds; null where the day does not exist); 24:00 is the next day's 00:00.

    Parameters
    ----------
    frame
        From `parse`, of one style.
    order
        ymd, dmy or mdy, where the style leaves it open.
    year
        Where the texts have none; it goes up by one where the months start again.
    """
    named = dict(zip(order, "abc", strict=True))
    split = frame.with_columns(*(pl.coalesce(pl.col(to), pl.col(place)).alias(to) for to, place in named.items()))
    if year is not None:
        month = split["m"].fill_null(strategy="forward")
        step = month.diff().fill_null(0)
        split = split.with_columns(
            y=year + (step <= -6).cast(pl.Int64).cum_sum() - (step >= 6).cast(pl.Int64).cum_sum()
        )  # half a year
    split = split.with_columns(
        y=pl.when(pl.col("y") < 100).then(pl.col("y") + 2000).otherwise(pl.col("y"))
    )  # two digits
    day = (pl.col("y") * 10000 + pl.col("m") * 100 + pl.col("d")).cast(pl.String).str.to_date("%Y%m%d", strict=False)
    written = day.cast(pl.Datetime("us")) + pl.duration(microseconds=(pl.col("seconds") * 1e6).round().cast(pl.Int64))
    return split.select(pl.coalesce(written, serial(pl.col("serial")))).to_series()


def serial(days: pl.Expr) -> pl.Expr:
    """Spreadsheet day numbers (1 is 1900-01-01, as all spreadsheets count after February 1900) to moments, to the second."""
    start = pl.lit("1899-12-30").str.to_datetime("%Y-%m-%d", time_unit="us")
    return start + pl.duration(seconds=(days * 86400).round().cast(pl.Int64))


def old_midnights(times: pl.Series) -> pl.Series:
    """Rows at 00:00 that carry the day they end instead of the day they begin: moving them restores the order.

    True where a row should be one day later. All or none: it is a habit of the file, seen from the order of the rows.
    """
    midnight = (times.dt.hour() == 0) & (times.dt.minute() == 0) & (times.dt.second() == 0)
    back = (times.diff().dt.total_microseconds() < 0).fill_null(value=False)
    suspects = int((midnight & back).sum())
    if not suspects or suspects < 0.5 * int(midnight.sum()):
        return pl.Series([False] * times.len())
    moved = pl.select(pl.when(midnight).then(times.dt.offset_by("1d")).otherwise(times)).to_series()
    back_then = (moved.diff().dt.total_microseconds() < 0).fill_null(value=False)
    better = int(back_then.sum()) <= int(back.sum()) - suspects
    return midnight if better else pl.Series([False] * times.len())
