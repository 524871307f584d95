"""How a table is split into rounds: by time, or by texts that come again."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import polars as pl

from dure.project.manifest import Word
from dure.scaffold.types import DAY, FEWEST_BLOCKS, Split, number, texts_of

if TYPE_CHECKING:
    from dure.scaffold.types import Survey

_PLACE = re.compile(
    r"농가|농장|포장|필지|시설|지점|지역|시군|공장|현장|병원|학교|점포|매장|설비|호기|라인|로트|farm|field|site|plant|store|"
    r"station|hospital|machine|unit|lot|facility|school|region",
    re.IGNORECASE,
)


def split(survey: Survey) -> Split:
    """Whole periods where there is time, else whole groups, else stretches of rows in the order of the sheet.

    Raises UserError where not even these give four blocks.
    """
    by_time = _by_time(survey)
    if by_time is not None:
        return by_time
    places = {name: texts_of(survey, header).n_unique() for name, header in survey.names.items()}
    fit = {name: count for name, count in places.items() if count >= FEWEST_BLOCKS}
    if fit:
        name = max(fit, key=lambda field: (bool(_PLACE.search(survey.names[field])), fit[field]))
        header = survey.names[name]
        others = tuple(field for field in survey.names if field != name)
        return Split("groups", Word(ko=header, en="group"), fit[name], block=name, same=_alike(survey, others, 5))
    count = int(survey.rows.sum())
    return Split(
        "rows",
        Word(ko="행 묶음", en="stretch of rows", many="stretches of rows"),
        min(30, count // 3),
        same=_alike(survey, tuple(survey.names), 5),
    )


def _by_time(survey: Survey) -> Split | None:
    if survey.moment is None:
        return None
    times = survey.moment.values.filter(survey.rows)
    moments = times.unique().sort()
    if moments.len() < FEWEST_BLOCKS:
        return None
    gaps = moments.diff().drop_nulls().dt.total_seconds()
    step = number(gaps.median())  # seconds
    span = float((moments[-1] - moments[0]).total_seconds())
    word, period = _periods(step, span)
    blocks = times.dt.to_string(period).n_unique()
    if blocks < FEWEST_BLOCKS:
        return None
    return Split("time", word, blocks, period, same=_recurring(survey), step=step, span=span)


def _periods(step: float, span: float) -> tuple[Word, str]:
    """What a block of time is: a year, month or date of the records themselves, a week of daily ones, a day of a short log."""
    if step >= 350 * DAY:
        return Word(ko="해", en="year", counted="{count}년"), "%Y"
    if step >= 27 * DAY:
        return Word(ko="달", en="month"), "%Y-%m"
    if step >= 4 * DAY:
        return Word(ko="조사일", en="survey date"), "%Y-%m-%d"
    if span >= 12 * 7 * DAY:
        return Word(ko="주", en="week"), "%G-W%V"
    return Word(ko="날", en="day"), "%Y-%m-%d"


def _recurring(survey: Survey) -> tuple[str, ...]:
    """Names that come back at three moments or more, all together if they do, else the finest one, else none."""
    assert survey.moment is not None
    times = survey.moment.values.filter(survey.rows)

    def comes_back(names: Sequence[str]) -> bool:
        frame = pl.DataFrame({**{name: texts_of(survey, survey.names[name]) for name in names}, "time": times})
        counts = frame.group_by(list(names)).agg(pl.col("time").n_unique())["time"]
        return number(counts.median()) >= 3 and number((counts >= 2).mean()) > 0.8

    return _finest(survey, tuple(survey.names), comes_back)


def _alike(survey: Survey, names: tuple[str, ...], rows: int) -> tuple[str, ...]:
    """Names whose groups hold `rows` rows or more, all together if they do, else the finest one, else none."""

    def holds(chosen: Sequence[str]) -> bool:
        frame = pl.DataFrame({name: texts_of(survey, survey.names[name]) for name in chosen})
        return number(frame.group_by(list(chosen)).len()["len"].median()) >= rows

    return _finest(survey, names, holds)


def _finest(survey: Survey, names: tuple[str, ...], fits: Callable[[Sequence[str]], bool]) -> tuple[str, ...]:
    if not names:
        return ()
    if fits(names):
        return names
    single = [name for name in names if fits((name,))]
    return (max(single, key=lambda name: texts_of(survey, survey.names[name]).n_unique()),) if single else ()
