"""What a trial asks and who answers: cases, rounds, KPIs, methods and how they are built."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Literal, Protocol

from typing_extensions import TypeVar

if TYPE_CHECKING:
    from dure.errors import UserError
    from dure.project.form import Form

# With defaults: a Case, a Round or a Project without types in brackets is one of Any.
Request = TypeVar("Request", bound="Form", default=Any)
Response = TypeVar("Response", bound="Form", default=Any)
Request_contra = TypeVar("Request_contra", bound="Form", contravariant=True, default=Any)
Response_co = TypeVar("Response_co", bound="Form", covariant=True, default=Any)
Question = TypeVar("Question", default=Any)
Answer = TypeVar("Answer", default=Any)
Answer_co = TypeVar("Answer_co", covariant=True, default=Any)


@dataclass(frozen=True)
class Case(Generic[Request]):
    """One question with a known outcome. `truth` never reaches a method.

    Parameters
    ----------
    id
        Unique in its round. Must not hold the truth.
    request
        What a method is asked.
    truth
        What became known later, with whatever a KPI must be compared with (best known value, perfect foresight's bill).
    block
        Cases of one block (a week, a patient, a lot) are not independent of each other. None: an enumerated census.
    site
        Where; verdicts are given for each site.
    time
        When it was asked, where that is known; it prices a gain by the month and lets leaks be found.
    """

    id: str
    request: Request
    truth: Any = None
    block: str | None = None
    site: str = ""
    time: datetime | None = None


# What was known before a round: cases with their truth, or a frame with a column `id` or `time` and columns whose names
# begin with `truth`, so that `dure check` can look for leaks and permute the truth without knowing the trade.
History = Any


@dataclass(frozen=True)
class Round(Generic[Request]):
    """One honest split: what was known before, what is asked after. Sealed rounds decide, open ones are for working on."""

    name: str
    history: History
    cases: Sequence[Case[Request]]
    sealed: bool = False


@dataclass(frozen=True)
class Kpi:
    """A performance indicator made from sums over cases. The first one of a project decides.

    Parameters
    ----------
    name, unit
        As the trade says them.
    better
        Which way is better.
    of
        Formula over the sums that `score` returns and `cases`, for example ``sqrt(squares / cases)``
        (see `dure.statistics.formula`). A formula, not a function: it travels in the evidence, so a stranger without the project's
        code can compute every number again.
    limit
        (low, high) the model's number must stay within, or the trial is lost. None on a side: no limit there.
    """

    name: str
    unit: str
    better: Literal["lower", "higher"]
    of: str
    limit: tuple[float | None, float | None] | None = None


Method = Callable[[Question], Answer]
"""request -> response, or None to decline: `Method[Request, Response]`, or `Method[Request, Response | None]`.

May carry `start(case_id)`, called before each case (memory begins there), and `many(columns)`, which answers thousands at once: a
mapping of request field to array -> the same of response fields."""


@dataclass(frozen=True)
class Work:
    """What a builder may use while it fits.

    Parameters
    ----------
    folder
        The builder's own. It keeps here all it fits, in native formats; called again on a full folder it returns the
        same method without fitting, on a half-full one it goes on. That is save, load, checkpoint and resume.
    budget
        Work allowed, in the method's own deterministic unit (rounds, nodes, CP-SAT's deterministic seconds); None: its
        own default.
    threads
        Threads it may use.
    tell
        Progress: `tell(share, text)` with share in 0..1.
    cancelled
        True once somebody has asked to stop.
    """

    folder: Path
    budget: float | None = None
    threads: int = 1
    tell: Callable[[float, str], None] = lambda share, text: None
    cancelled: Callable[[], bool] = lambda: False


class Builder(Protocol[Request_contra, Response_co]):
    """(history, seed, work) -> Method. The first line of its docstring is the label people read."""

    __name__: str

    def __call__(self, history: History, seed: int, work: Work, /) -> Method[Request_contra, Response_co | None]:
        """Fit, or take up what `work.folder` holds."""
        ...


@dataclass(frozen=True)
class Opened(Generic[Answer_co]):
    """A person's own files as a request, with every mistake found in them.

    Parameters
    ----------
    request
        Of all that is without fault; None where nothing is left to ask.
    faults
        Each with what is wrong, where (file, sheet, row, column) and what to do.
    left
        Names of what the faults keep out of the request: orders, patients.
    notes
        How the files were read, for the person.
    """

    request: Answer_co
    faults: tuple[UserError, ...] = ()
    left: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def once(case: Case, ask: Method) -> Any:
    """Play a case by asking once: the outcome is the response."""
    return ask(case.request)


def feasible(request: Any, response: Any) -> None:
    """No rule beyond the response's own type and bounds."""
