"""The only way to a method: the trial, a play loop and a live service all ask through here.

A request goes in as a copy, the response comes out validated and feasible, or today's practice answers instead and the
cause is kept. From the first failed step of a case on the practice answers every step, so a method cannot profit from
failing at the right moment; the practice is asked at every step, so that its memory is right when it takes over.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError

from dure.errors import Invalid, UserError
from dure.project.case import feasible

if TYPE_CHECKING:
    import numpy as np

    from dure.project.case import Method
    from dure.project.form import Form
    from dure.project.project import Project

CAUSES = ("declined", "crashed", "invalid", "infeasible", "late")
FAULTS = 1000  # above, none is told: to tell one, pydantic lists them all, and a stranger may send a hundred thousand


class Unanswered(Exception):
    """A step without a usable answer: its cause (one of CAUSES) and what was said."""

    def __init__(self, cause: str, reason: str = "") -> None:
        super().__init__(f"{cause}: {reason}" if reason else cause)
        self.cause, self.why = cause, reason


def answer(project: Project, method: Method, request: Any) -> Form:
    """One usable answer of `method` to a copy of `request`. Raises Unanswered with the cause."""
    copy = project.request.model_validate(request)
    try:
        output = method(copy)
    except Unanswered:
        raise
    except UserError as error:  # it says why it has no answer
        raise Unanswered("declined", str(error)) from None
    except Exception as error:
        raise Unanswered("crashed", f"{type(error).__name__}: {error}") from error
    if output is None:
        raise Unanswered("declined")
    try:
        response: Form = project.response.model_validate(output)
    except ValidationError as error:
        if error.error_count() > FAULTS:
            raise Unanswered("invalid", f"{error.error_count()} faults") from None
        fault = error.errors()[0]
        raise Unanswered("invalid", f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}") from None
    try:
        project.check(request, response)
    except Invalid as error:
        raise Unanswered("infeasible", str(error)) from None
    return response


class Ask:
    """Asks one method, case after case; `cause` is empty while the case is answered.

    Parameters
    ----------
    project
        Whose types and rules hold.
    method
        The method asked.
    practice
        Takes over from the first failed step; None when the method is the practice itself, whose failure is raised.
    """

    def __init__(self, project: Project, method: Method, practice: Method | None) -> None:
        self.project, self.method, self.practice = project, method, practice
        self.cause = self.why = ""
        self.steps = 0
        self._recorded = ""
        self._starts = [start for candidate in (method, practice) if (start := getattr(candidate, "start", None))]

    def begin(self, case_id: str, recorded: str = "") -> None:
        """Start a case. `recorded` is the practice's answer (JSON) where the case is one question already put to it."""
        self.cause = self.why = ""
        self.steps = 0
        self._recorded = recorded
        for start in self._starts:
            start(case_id)

    def __call__(self, request: Any) -> Form:
        """The method's answer, or the practice's from the first failed step on."""
        self.steps += 1
        known = self._recorded
        safe = None if known or self.practice is None else answer(self.project, self.practice, request)
        if not self.cause:
            try:
                return answer(self.project, self.method, request)
            except Unanswered as failed:
                if safe is None and not known:
                    raise
                self.cause, self.why = failed.cause, failed.why
        return safe if safe is not None else self.project.response.model_validate_json(known)


class AskMany:
    """The same for many cases at once, as columns: the vectorised twin of `Ask`."""

    def __init__(self, project: Project, method: Method, practice: Method | None) -> None:
        self.project, self.method, self.practice = project, method, practice
        self.causes: list[str] = []
        self.steps = 0
        self._rows: TypeAdapter[list[Form]] = TypeAdapter(list[project.response])  # type: ignore[name-defined]
        self._bounds = _bounds(project.response)

    def begin(self, case_ids: Sequence[str]) -> None:
        """Start these cases together; a method with memory of its own carries `start_many`."""
        self.causes = [""] * len(case_ids)
        for method in (self.method, self.practice):
            if start := getattr(method, "start_many", None):
                start(case_ids)

    def __call__(self, columns: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Columns of responses, one entry a case; the practice's in the rows that have failed."""
        import numpy as np

        self.steps += 1
        safe = self._answers(self.practice, columns) if self.practice is not None else None
        if safe is not None and any(safe[1]):
            raise Unanswered(next(cause for cause in safe[1] if cause), "the practice")
        answers, causes = self._answers(self.method, columns)
        if safe is None:
            if any(causes):
                raise Unanswered(next(cause for cause in causes if cause))
            return answers
        if not any(causes) and not any(self.causes):
            return answers
        self.causes = [old or new for old, new in zip(self.causes, causes, strict=True)]
        failed = np.array([bool(cause) for cause in self.causes])
        return {name: np.where(failed, safe[0][name], answers[name]) for name in safe[0]}

    def _answers(self, method: Method, columns: Mapping[str, np.ndarray]) -> tuple[dict[str, np.ndarray], list[str]]:
        """The method's columns and a cause for each row; a row of nothing but NaN declines."""
        import numpy as np

        names, length = list(self.project.response.model_fields), len(self.causes)
        blank = {name: np.full(length, np.nan) for name in names}
        try:
            output = method.many({name: np.array(column) for name, column in columns.items()})  # type: ignore[attr-defined]
            answered = {name: np.asarray(output[name]) for name in names}
        except Exception:  # noqa: BLE001 - a stranger's method
            return blank, ["crashed"] * length
        if any(column.shape[:1] != (length,) for column in answered.values()):
            return blank, ["invalid"] * length
        causes = [""] * length
        doubtful = range(length) if self._bounds is None else np.flatnonzero(~_within(answered, self._bounds)).tolist()
        rows = [{name: answered[name][row].tolist() for name in names} for row in doubtful]
        try:
            self._rows.validate_python(rows)
        except ValidationError as error:
            for fault in error.errors():
                row = rows[int(fault["loc"][0])]
                blank_row = all(isinstance(value, float) and value != value for value in row.values())  # noqa: PLR0124 - NaN
                causes[doubtful[int(fault["loc"][0])]] = "declined" if blank_row else "invalid"
        if self.project.check is not feasible:
            answer_rows = zip(*(answered[name].tolist() for name in names), strict=True)
            self._rule(columns, [dict(zip(names, row, strict=True)) for row in answer_rows], causes)
        return answered, causes

    def _rule(self, columns: Mapping[str, np.ndarray], rows: Sequence[Mapping[str, Any]], causes: list[str]) -> None:
        """The project's own rule, row by row: only a project that has one pays for it."""
        requests = [
            dict(zip(columns, row, strict=True)) for row in zip(*(c.tolist() for c in columns.values()), strict=True)
        ]
        for number, row in enumerate(rows):
            if causes[number]:
                continue
            try:
                request = self.project.request.model_validate(requests[number])
                self.project.check(request, self.project.response.model_validate(row))
            except Invalid:
                causes[number] = "infeasible"


def _bounds(form: type[Form]) -> dict[str, tuple[float, float]] | None:
    """Lowest and highest value of each field where all are plain numbers with inclusive bounds: whole columns are checked at once."""
    bounds: dict[str, tuple[float, float]] = {}
    validators = form.__pydantic_decorators__
    if (
        validators.field_validators
        or validators.model_validators
        or validators.validators
        or validators.root_validators
    ):
        return None
    for name, field in form.model_fields.items():
        if field.annotation is not float or not all(
            hasattr(constraint, "ge") != hasattr(constraint, "le") for constraint in field.metadata
        ):
            return None
        low = [float(constraint.ge) for constraint in field.metadata if hasattr(constraint, "ge")]
        high = [float(constraint.le) for constraint in field.metadata if hasattr(constraint, "le")]
        bounds[name] = (max(low, default=-math.inf), min(high, default=math.inf))
    return bounds


def _within(answered: Mapping[str, np.ndarray], bounds: Mapping[str, tuple[float, float]]) -> np.ndarray:
    """The rows whose every value is a finite number within its bounds; none where a column is of another kind."""
    import numpy as np

    columns = [(answered[name], *edges) for name, edges in bounds.items()]
    if any(column.ndim != 1 or column.dtype.kind != "f" for column, _low, _high in columns):
        return np.zeros(len(columns[0][0]), dtype=bool)
    sound = np.ones(len(columns[0][0]), dtype=bool)
    for column, low, high in columns:
        sound &= np.isfinite(column) & (column >= low) & (column <= high)
    return sound
