"""Will the angiogram show a narrowed coronary artery? A risk model developed in one hospital, tried in three others."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from dure import Case, Kpi, Project, Round

from .chart import figure, figures
from .data import CLINIC, HOME, HOSPITALS, cases, patients, remarks
from .forms import Request, Response
from .methods import all_columns, exercise_test, gradient_boosting, pretest_probability

if TYPE_CHECKING:
    from dure import Data

FOLDS = 5


def history(data: Data, until: datetime | None = None) -> tuple[Case[Request], ...]:
    """Cleveland's patients, always: what is served is what was tried. A fit on all hospitals would be a model nobody tried.

    The records carry no time, so there is nothing before `until` to tell apart.
    """
    del until
    return tuple(case for case in cases(patients(data)) if case.site == HOME)


def rounds(data: Data) -> Iterator[Round[Request]]:
    """Open: Cleveland in five parts, each asked of what was learnt from the others. Sealed: every other hospital."""
    cleveland = history(data)
    blocks = list(dict.fromkeys(case.block for case in cleveland))
    part = {block: number % FOLDS for number, block in enumerate(blocks)}  # in the order of a hash: as good as drawn
    for fold in range(FOLDS):
        rest = tuple(case for case in cleveland if part[case.block] != fold)
        yield Round(
            f"Cleveland, part {fold + 1} of {FOLDS}", rest, [case for case in cleveland if part[case.block] == fold]
        )
    yield Round(
        "other hospitals", cleveland, [case for case in cases(patients(data)) if case.site != HOME], sealed=True
    )


def score(case: Case[Request], outcome: Response) -> dict[str, float]:
    """The squared distance of the risk from what the angiogram showed; risk and truth themselves are for the curves."""
    truth = float(case.truth)
    return {"squares": (outcome.risk - truth) ** 2, "risk": outcome.risk, "narrowed": truth}


PROJECT = Project[Request, Response](
    request=Request,
    response=Response,
    sources=(HOSPITALS, CLINIC),
    history=history,
    rounds=rounds,
    practice=pretest_probability,
    model=exercise_test,
    rivals=(gradient_boosting, all_columns),
    score=score,
    kpis=(Kpi("Brier score", "", "lower", of="squares / cases"),),
    figure=figure,
    figures=figures,
    remarks=remarks,
)
