"""The only way to a method: what goes in, what comes out, and who answers when it fails."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

from dure.errors import Invalid
from dure.project.case import Kpi
from dure.project.form import Form
from dure.project.project import Project
from dure.trial.ask import Ask, AskMany, Unanswered, answer


class Request(Form):
    amount: float
    parts: tuple[float, ...] = ()


class Response(Form):
    share: float = Field(ge=0, le=1)


def never_above_amount(request, response):
    if response.share > request.amount:
        raise Invalid("more than there is")


def project(check=never_above_amount):
    def build(_history, _seed, _work):
        """Never built here."""

    return Project(
        request=Request, response=Response, sources=(), history=lambda _data, _until: (), rounds=lambda _data: (),
        practice=build, model=build, score=lambda _case, _got: {}, kpis=(Kpi("k", "", "lower", "x"),), check=check,
    )  # fmt: skip


def half(_request):
    return Response(share=0.5)


def boom(_request):
    raise ValueError("no idea")


@pytest.mark.parametrize(
    ("method", "cause", "said"),
    [
        (lambda _request: None, "declined", ""),
        (boom, "crashed", "ValueError: no idea"),
        (lambda _request: {"share": 2}, "invalid", "share"),
        (lambda _request: {"share": math.nan}, "invalid", "share"),
        (lambda _request: {"share": 0.5, "more": 1}, "invalid", "more"),
        (lambda _request: "half", "invalid", ""),
        (lambda _request: Response.model_construct(share=7), "invalid", "share"),
        (lambda _request: Response(share=0.9), "infeasible", "more than there is"),
    ],
    ids=["declined", "crashed", "above its bound", "NaN", "unknown field", "no form", "smuggled", "infeasible"],
)
def test_a_step_without_a_usable_answer_has_its_cause(method, cause, said):
    with pytest.raises(Unanswered) as failed:
        answer(project(), method, Request(amount=0.8))
    assert failed.value.cause == cause
    assert said in failed.value.why


def test_a_method_gets_a_copy_and_reaches_nobody_else():
    def greedy(request):
        request.amount = 0
        request.parts = ()
        return half(request)

    request = Request(amount=1, parts=(1.0, 2.0))
    assert Ask(project(), greedy, half)(request).share == 0.5
    assert request == Request(amount=1, parts=(1.0, 2.0))


def test_a_request_given_as_a_dictionary_is_checked_as_well():
    with pytest.raises(ValueError, match="amount"):
        answer(project(), half, {"amount": "much"})


class Steps:
    """Answers 0.1 a step more than before, and fails at the steps named; memory begins at `start`."""

    def __init__(self, fails=(), base=0.0):
        self.fails, self.base, self.step = set(fails), base, 0

    def start(self, _case):
        self.step = 0

    def __call__(self, _request):
        self.step += 1
        return None if self.step in self.fails else Response(share=self.base + self.step / 100)


@given(fails=st.sets(st.integers(1, 12)), steps=st.integers(1, 12))
def test_from_the_first_failed_step_on_the_practice_answers_with_its_memory_right(fails, steps):
    ask = Ask(project(), Steps(fails, base=0.5), Steps())
    ask.begin("a case")
    given_ = [ask(Request(amount=1)).share for _ in range(steps)]
    until = min([step for step in fails if step <= steps], default=steps + 1)
    assert given_ == [(0.5 if step < until else 0.0) + step / 100 for step in range(1, steps + 1)]
    assert ask.cause == ("declined" if until <= steps else "")
    assert ask.steps == steps
    ask.begin("the next")
    assert ask.cause == ""


def test_the_practice_has_nobody_behind_it():
    ask = Ask(project(), boom, None)
    ask.begin("a case")
    with pytest.raises(Unanswered, match="crashed"):
        ask(Request(amount=1))


def test_a_recorded_answer_of_the_practice_is_not_asked_for_again():
    ask = Ask(project(), boom, boom)
    ask.begin("a case", recorded=Response(share=0.25).model_dump_json())
    assert ask(Request(amount=1)).share == 0.25
    assert (ask.cause, ask.why) == ("crashed", "ValueError: no idea")


class Columns:
    """The column form of `Steps`: row `i` fails from the step in `fails[i]` on."""

    def __init__(self, fails=(), base=0.0, how=np.nan):
        self.fails, self.base, self.how, self.step = np.array(fails), base, how, 0

    def start_many(self, _cases):
        self.step = 0

    def many(self, columns):
        self.step += 1
        share = np.full(len(columns["amount"]), self.base + self.step / 100)
        if self.fails.size:
            share[self.fails == self.step] = self.how
        return {"share": share}


def asked_together(method, practice, rows, steps):
    ask = AskMany(project(), method, practice)
    ask.begin([str(row) for row in range(rows)])
    return ask, [ask({"amount": np.ones(rows)})["share"].tolist() for _ in range(steps)]


@given(fails=st.lists(st.integers(1, 6), min_size=1, max_size=5), steps=st.integers(1, 6))
def test_columns_are_answered_as_one_by_one(fails, steps):
    ask, together = asked_together(Columns(fails, base=0.5), Columns(), len(fails), steps)
    for row, step in enumerate(fails):
        alone = Ask(project(), Steps({step}, base=0.5), Steps())
        alone.begin(str(row))
        assert [given_[row] for given_ in together] == [alone(Request(amount=1)).share for _ in range(steps)]
        assert ask.causes[row] == alone.cause


def test_a_row_out_of_bounds_is_invalid_and_only_that_row_goes_to_the_practice():
    ask, together = asked_together(Columns([9, 1], base=0.5, how=7.0), Columns(), 2, 1)
    assert together == [[0.51, 0.01]]
    assert ask.causes == ["", "invalid"]


def test_a_crash_or_a_wrong_length_costs_every_row():
    class Short:
        def many(self, _columns):
            return {"share": np.zeros(1)}

    class Crash:
        def many(self, _columns):
            raise ValueError("no idea")

    for method, cause in ((Short(), "invalid"), (Crash(), "crashed")):
        ask, together = asked_together(method, Columns(), 3, 1)
        assert together == [[0.01] * 3]
        assert ask.causes == [cause] * 3


def test_a_row_the_practice_cannot_answer_is_raised():
    with pytest.raises(Unanswered, match="practice"):
        asked_together(Columns(), Columns([1]), 1, 1)


def test_the_rule_of_feasibility_holds_for_columns_as_well():
    ask = AskMany(project(), Columns(base=0.5), Columns())
    ask.begin(["a", "b"])
    assert ask({"amount": np.array([1.0, 0.2])})["share"].tolist() == [0.51, 0.01]
    assert ask.causes == ["", "infeasible"]
