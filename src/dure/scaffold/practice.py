"""What today's practice may be: a column of the table, or the year before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from dure.scaffold.types import DAY, FEWEST_ROWS, number, texts_of

if TYPE_CHECKING:
    from dure.scaffold.types import Split, Survey


def practice(survey: Survey, chosen: Split) -> tuple[str, dict[str, float]]:
    """The practice with the smallest mean absolute error before the held-out part, and each one's error.

    Where the sheet has no usable time it is the mean of rows that are alike.
    """
    if chosen.kind != "time":
        return "group_mean", {}
    assert survey.moment is not None
    frame = pl.DataFrame({
        **{name: texts_of(survey, survey.names[name]) for name in chosen.same},
        "time": survey.moment.values.filter(survey.rows), "truth": survey.truth.filter(survey.rows),
    }).sort("time", maintain_order=True)  # fmt: skip
    frame = _with_practices(frame, chosen)
    blocks = frame["time"].dt.to_string(chosen.period)
    names = blocks.unique(maintain_order=True)
    early = frame.filter(blocks.is_in(names[: -sum(chosen.held)].to_list()))
    errors = {}
    for name in ("last_value", "same_time_last_year", "group_mean"):
        late = frame.filter(blocks.is_in(names[-sum(chosen.held) :].to_list()))
        both = early.filter(pl.all_horizontal(pl.col(column).is_not_null() for column in ("last_value", name)))
        if name == "same_time_last_year" and (late[name].null_count() > 0.2 * late.height or both.height < FEWEST_ROWS):
            continue
        if both.height:
            errors[name] = number((both["truth"] - both[name]).abs().mean())
    return min(errors, key=lambda name: errors[name], default="last_value"), errors


def _with_practices(frame: pl.DataFrame, chosen: Split) -> pl.DataFrame:
    """Add what each practice would have said of every row."""
    same = list(chosen.same)
    means = (
        frame.group_by(*same, "time", maintain_order=True)
        .agg(pl.col("truth").sum().alias("sum"), pl.len().alias("n"))
        .sort("time")
    )

    def over(expression: pl.Expr) -> pl.Expr:
        return expression.over(same) if same else expression

    value = pl.col("sum") / pl.col("n")
    means = means.with_columns(
        last_value=over(value.shift(1)),
        group_mean=over(pl.col("sum").cum_sum().shift(1)) / over(pl.col("n").cum_sum().shift(1)),
        value=value,
    )
    shift, tolerance = year_before(chosen.step)
    year = means.select(*same, pl.col("time").dt.offset_by(shift), same_time_last_year="value").sort("time")
    means = means.join_asof(
        year, on="time", by=same or None, strategy="nearest", tolerance=tolerance, check_sortedness=False
    )
    return frame.join(means.drop("sum", "n", "value"), on=[*same, "time"], how="left", maintain_order="left")


def year_before(step: float) -> tuple[str, str]:
    """How a moment is moved a year on, and how far from it a record may lie: 52 weeks keep the day of the week."""
    if step < 2 * DAY:
        return "364d", "1s"
    return ("1y", "16d") if step >= 27 * DAY else ("364d", f"{max(1, int(step / DAY / 2))}d")
