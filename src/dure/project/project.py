"""The one small interface a project implements: cases, rounds, methods, KPIs.

A project answers one question of a trade, again and again: a *request* goes to a *method*, a *response* comes back, and
later the *truth* is known. Everything Dure does - the trial, the check, the service, the page - is written against the
names in this file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic

from typing_extensions import TypeVar

from dure.project.case import Request, Response, feasible, once
from dure.project.manifest import Words

if TYPE_CHECKING:
    import polars as pl

    from dure.datasets.data import Data
    from dure.datasets.sources import Source
    from dure.project.case import Builder, Case, History, Kpi, Method, Opened, Round
    from dure.project.form import Form
    from dure.project.manifest import Manifest


Outcome = TypeVar("Outcome", default=Response)


@dataclass(frozen=True)
class Project(Generic[Request, Response, Outcome]):
    """Everything executable about one question of a trade.

    ``Project[Request, Response](...)`` lets a type checker see that every method, `score`, `check`, `says` and `saves` take and
    give these types; ``Project[Request, Response, Outcome](...)`` where `play` comes to something else than a response.

    Parameters
    ----------
    request, response
        `Form` types: type, bounds, unit (``json_schema_extra={"unit": "kWh"}``) of every field.
    sources
        The data it opens, by name.
    history
        ``history(data, until)``: everything known (to serve), or known before the moment `until`.
    rounds
        Derived from the data itself, never from a year written in code.
    practice
        How it is done today: mandatory, and asked like any other method.
    model
        The proposal. `rivals` is what a user would pick instead.
    score
        ``score(case, outcome)`` -> named sums.
    kpis
        Numbers made from the sums; the first decides.
    check
        ``check(request, response)`` raises `Invalid` with the reason when the response breaks a rule.
    play
        ``play(case, ask)`` -> outcome; a simulator loops over `ask`. An outcome that is a `Form` is kept as it is.
    play_many
        The vectorised twin of `play`, used when every method has `many`:
        ``play_many(cases, ask)`` -> one outcome a case, where `ask` takes and returns mappings of field to array.
    settings
        Scalars of a site a person may set (``--set capacity_kw=20000``), with defaults.
    figure
        ``figure(request, answers, truth, trace)`` -> an Altair chart of one case; `answers` maps method to response.
    figures
        ``figures(rows, rounds)`` -> {title: chart} of a whole trial. `rows`: a row a seed, round, method and case with its
        sums, its cause if unanswered, and in `answer` the outcome as JSON where it is a `Form`; `rounds`: as they were played.
        A chart with a slider lies in the evidence as it moves, too.
    remarks
        ``remarks(data)`` -> what must be read beside a site's verdict, by site ("" for all): a column that is absurd
        there, a group that is tiny. Computed from the data; signed in the evidence.
    opens
        ``opens(paths, given)`` -> `Opened`: a person's own files as a request. `given` holds fields of the request that
        were given beside them, by name: as text from ``--set``, or as JSON has them. Raises UserError, or pydantic's
        ValidationError for what was given.
    saves
        Ending of a file (``".xlsx"``) -> ``save(request, response, path)``, which writes an answer for people to keep.
        It writes where it is told; the core sees to it that nothing half-written is left.
    says
        ``says(request, response)`` -> what the answer comes to, for people to read in a terminal before they keep it.
    """

    request: type[Request]
    response: type[Response]
    sources: tuple[Source, ...]
    history: Callable[[Data, datetime | None], History]
    rounds: Callable[[Data], Iterable[Round[Request]]]
    practice: Builder[Request, Response]
    model: Builder[Request, Response]
    score: Callable[[Case[Request], Outcome], Mapping[str, float]]
    kpis: tuple[Kpi, ...]
    rivals: tuple[Builder[Request, Response], ...] = ()
    check: Callable[[Request, Response], None] = feasible
    play: Callable[[Case[Request], Method[Request, Response]], Outcome] = once
    play_many: Callable[[Sequence[Case[Request]], Method], Sequence[Outcome]] | None = None
    settings: type[Form] | None = None
    figure: Callable[..., Any] | None = None
    figures: Callable[[pl.DataFrame, Sequence[Round]], Mapping[str, Any]] | None = None
    remarks: Callable[[Data], Mapping[str, Sequence[str]]] | None = None
    opens: Callable[[Sequence[Path], Mapping[str, Any]], Opened[Request | None]] | None = None
    saves: Mapping[str, Callable[[Request, Response, Path], None]] = field(default_factory=dict)
    says: Callable[[Request, Response], str] | None = None
    manifest: Manifest | None = None  # read from project.toml by `dure.project.loader.load`
    folder: Path | None = field(default=None, compare=False)

    @property
    def words(self) -> Words:
        """What a block and a site are called (`[words]` of project.toml)."""
        return self.manifest.words if self.manifest else Words()

    def builders(self) -> dict[str, Builder[Request, Response]]:
        """Every method's builder by name, the practice first, then the model, then the rivals."""
        return {builder.__name__: builder for builder in (self.practice, self.model, *self.rivals)}


def label(builder: Builder) -> str:
    """What people read as the method's name: the first line of its docstring, else its name."""
    doc = (builder.__doc__ or "").strip()
    return doc.splitlines()[0].rstrip(".") if doc else builder.__name__
