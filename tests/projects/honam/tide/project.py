"""A quick forecast: tomorrow's landings from the same weekday a week before, and what has changed since."""

import numpy as np
import polars as pl
from pydantic import Field

from dure import Case, Form, Kpi, Own, Project, Round, Source

LANDINGS = Source(
    "landings", ("위판량", "Landings"), Own("data/landings.csv"), licence="CC0-1.0", licensor="the authors"
)


class Request(Form):
    week_ago: float = Field(ge=0, title="landings on tomorrow's weekday last week", json_schema_extra={"unit": "t"})
    change: float = Field(
        title="change since", description="today against a week before", json_schema_extra={"unit": "t"}
    )


class Response(Form):
    landings: float = Field(title="tomorrow's landings", json_schema_extra={"unit": "t"})


def history(data, until=None):
    days = data["landings"].with_columns(pl.col("day").str.to_datetime("%Y-%m-%d"))
    tonnes, cases = days["tonnes"].to_list(), []
    for number, day in list(enumerate(days["day"]))[8:]:
        asked = Request(week_ago=tonnes[number - 7], change=tonnes[number - 1] - tonnes[number - 8])
        cases.append(Case(f"{day:%Y-%m-%d}", asked, tonnes[number], block=f"{day:%G-%V}", time=day))
    return [case for case in cases if until is None or case.time < until]


def rounds(data):
    every = history(data)
    weeks = sorted({case.block for case in every})
    for name, part, sealed in (("third quarter", weeks[-24:-12], False), ("fourth quarter", weeks[-12:], True)):
        asked = [case for case in every if case.block in part]
        yield Round(name, history(data, asked[0].time), asked, sealed=sealed)


def last_week(_history, _seed, _work):
    """As a week before."""
    return lambda asked: Response(landings=asked.week_ago)


def regression(history, _seed, _work):
    """Least squares on last week and the change since."""
    rows = np.array([[1, case.request.week_ago, case.request.change] for case in history])
    weights = np.linalg.lstsq(rows, np.array([case.truth for case in history]), rcond=None)[0]
    return lambda asked: Response(landings=float(weights @ [1, asked.week_ago, asked.change]))


PROJECT = Project(
    request=Request, response=Response, sources=(LANDINGS,), history=history, rounds=rounds,
    practice=last_week, model=regression,
    score=lambda case, got: {"errors": abs(got.landings - case.truth)},
    kpis=(Kpi("mean absolute error", "t", "lower", "errors / cases"),),
)  # fmt: skip
