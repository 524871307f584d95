"""A forecast of the day's catch."""

import math
from statistics import linear_regression

from pydantic import Field

from dure import Case, Form, Kpi, Project, Round


class Request(Form):
    yesterday: float = Field(title="yesterday's catch")
    before: float = Field(ge=0, title="catch the day before")


class Response(Form):
    catch: float = Field(title="catch")


def catch(day):
    return 60 + 30 * math.sin(day / 19) + 6 * (day % 2) + math.sin(day * day)


def days():
    for day in range(2, 211):
        asked = Request(yesterday=round(catch(day - 1), 3), before=round(catch(day - 2), 3))
        yield Case(str(day), asked, round(catch(day), 3), block=f"week {day // 7}")


def rounds(_data):
    every = list(days())
    yield Round("open", every[:103], every[103:152])
    yield Round("sealed", every[:152], every[152:], sealed=True)


def as_yesterday(_history, _seed, _work):
    """As yesterday."""
    return lambda asked: Response(catch=asked.yesterday)


def line(history, _seed, _work):
    """A line through two days ago."""
    slope, start = linear_regression([case.request.before for case in history], [case.truth for case in history])
    return lambda asked: Response(catch=start + slope * asked.before)


PROJECT = Project(
    request=Request, response=Response, sources=(), history=lambda _data, _until=None: list(days()), rounds=rounds,
    practice=as_yesterday, model=line, score=lambda case, got: {"errors": abs(got.catch - case.truth)},
    kpis=(Kpi("mean absolute error", "kg", "lower", "errors / cases"),),
)  # fmt: skip
