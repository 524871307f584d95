"""What the answers come to, case by case: the frames that `dure.trial.play` makes of a project, made of whole columns."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import polars as pl

from dure.errors import UserError
from dure.i18n.texts import _
from dure.judge.forms import KINDS
from dure.trial.play import Part

if TYPE_CHECKING:
    from dure.judge.forms import Answers, Sums

NOT_FINITE = "value: Input should be a finite number"  # what `dure.trial.ask` says of such an answer


def parts(answers: Answers) -> Iterator[Part]:
    """Each method's cases with their sums, the practice first.

    An answer that is no finite number is none: the practice's stands in its place, and nobody is asked what the practice
    itself did not answer. Raises UserError where a sum is no finite number.
    """
    cases = answers.frame.select("site", "block", "case", _iso(answers.frame["time"]))
    practice = answers.of(answers.methods[0])
    failed = ~_usable(practice)
    for method in answers.methods:
        started = time.perf_counter()
        first = method == answers.methods[0]
        invalid = ~_usable(answers.of(method)) & (failed if first else ~failed)
        answer = practice.zip_with(invalid, answers.of(method))
        sums = KINDS[answers.kpi].sums(answers.frame["truth"], answer)
        _finite(sums, cases["case"], failed)
        rows = cases.hstack(_outcomes(answer, sums, failed, invalid))
        cost = {
            "seed": 0, "round": answers.name, "method": method, "steps": rows.height - (0 if first else failed.sum()),
            "build_seconds": 0.0, "play_seconds": time.perf_counter() - started,
        }  # fmt: skip
        yield Part(method, answers.name, 0, rows, cost)


def _outcomes(answer: pl.Series, sums: Sums, failed: pl.Series, invalid: pl.Series) -> pl.DataFrame:
    """Cause and reason, the answer as JSON, and the sums, which are null where the practice had no answer."""
    frame = pl.DataFrame({"value": answer, "failed": failed, "invalid": invalid, **sums})
    answered, nothing = ~pl.col("failed"), pl.lit("")
    return frame.select(
        cause=pl.when("invalid").then(pl.lit("invalid")).when("failed").then(pl.lit("declined")).otherwise(nothing),
        why=pl.when("invalid").then(pl.lit(NOT_FINITE)).otherwise(nothing),
        answer=pl.when(answered).then(pl.struct("value").struct.json_encode()).otherwise(nothing),
        **{name: pl.when(answered).then(name) for name in sums},
    )


def _usable(answers: pl.Series) -> pl.Series:
    return answers.is_finite() if answers.dtype.is_float() else answers.is_not_null()


def _finite(sums: Sums, cases: pl.Series, failed: pl.Series) -> None:
    """Raises UserError for the first case with a sum that is no finite number."""
    endless = {name: (~(column.is_finite() | failed)).arg_true() for name, column in sums.items()}
    broken = {name: places[0] for name, places in endless.items() if places.len()}
    if broken:
        name = min(broken, key=lambda name: broken[name])
        raise UserError(
            _("the score {name} is not a number", name=name), where=_("case {case}", case=cases[broken[name]])
        )


def _iso(times: pl.Series) -> pl.Series:
    """Moments as Python writes them: parts of a second only where there are some."""
    whole = (times.dt.microsecond() == 0).fill_null(value=True)
    text = times.dt.strftime("%Y-%m-%dT%H:%M:%S")
    return (text if whole.all() else text.zip_with(whole, times.dt.strftime("%Y-%m-%dT%H:%M:%S%.6f"))).alias("time")
