"""The one small interface a project implements: cases, rounds, methods, KPIs.

A project answers one question of a trade, again and again: a *request* goes to a *method*, a *response* comes back, and
later the *truth* is known. Everything Dure does - the trial, the check, the service, the page - is written against the
names in this file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Literal, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler
from pydantic_core import core_schema

if TYPE_CHECKING:
    import polars as pl

    from dure.datasets.data import Data
    from dure.datasets.sources import Source
    from dure.errors import UserError
    from dure.manifest import Manifest


class Form(BaseModel):
    """Base of every request and response: unknown fields, NaN and infinity are refused.

    An instance is validated again whenever it passes through `ask`. That is both the check and the copy: what a method
    does to its request reaches nobody else.
    """

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, revalidate_instances="always")


@dataclass(frozen=True, slots=True)
class Case:
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
    request: Any
    truth: Any = None
    block: str | None = None
    site: str = ""
    time: datetime | None = None


# What was known before a round: cases with their truth, or a frame with a column `id` or `time` and columns whose names
# begin with `truth`, so that `dure check` can look for leaks and permute the truth without knowing the trade.
History = Any


@dataclass(frozen=True)
class Round:
    """One honest split: what was known before, what is asked after. Sealed rounds decide, open ones are for working on."""

    name: str
    history: History
    cases: Sequence[Case]
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
        (see `dure.formula`). A formula, not a function: it travels in the evidence, so a stranger without the project's
        code can compute every number again.
    limit
        (low, high) the model's number must stay within, or the trial is lost. None on a side: no limit there.
    """

    name: str
    unit: str
    better: Literal["lower", "higher"]
    of: str
    limit: tuple[float | None, float | None] | None = None


SiteWord = Literal["site", "hospital", "home", "target", "situation"]
"""What a project may call a site (people read a site as a place)."""

Method = Callable[[Any], Any]
"""request -> response, or None to decline. May carry `start(case_id)`, called before each case (memory begins there), and
`many(columns)`, which answers thousands at once: a mapping of request field to array -> the same of response fields."""


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


class Builder(Protocol):
    """(history, seed, work) -> Method. The first line of its docstring is the label people read."""

    __name__: str

    def __call__(self, history: History, seed: int, work: Work, /) -> Method:
        """Fit, or take up what `work.folder` holds."""
        ...


@dataclass(frozen=True)
class Opened:
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

    request: Any
    faults: tuple[UserError, ...] = ()
    left: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def once(case: Case, ask: Method) -> Any:
    """Play a case by asking once: the outcome is the response."""
    return ask(case.request)


def feasible(request: Any, response: Any) -> None:
    """No rule beyond the response's own type and bounds."""


@dataclass(frozen=True)
class Project:
    """Everything executable about one question of a trade.

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
        ``play(case, ask)`` -> outcome; a simulator loops over `ask`.
    play_many
        The vectorised twin of `play`, used when every method has `many`:
        ``play_many(cases, ask)`` -> one outcome a case, where `ask` takes and returns mappings of field to array.
    settings
        Scalars of a site a person may set (``--set capacity_kw=20000``), with defaults.
    figure
        ``figure(request, answers, truth, trace)`` -> an Altair chart of one case; `answers` maps method to response.
    figures
        ``figures(rows)`` -> {title: chart} of a whole trial; `rows` is the frame of cases. A chart with a slider lies in the
        evidence as it moves, too.
    remarks
        ``remarks(data)`` -> what must be read beside a site's verdict, by site ("" for all): a column that is absurd
        there, a group that is tiny. Computed from the data; signed in the evidence.
    block_word
        What a block is, in English singular: block, day, week, lot, patient, order, instance, site; another word needs its
        translation in the project's locale.
    site_word
        What a site is, of `SiteWord`.
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

    request: type[Form]
    response: type[Form]
    sources: tuple[Source, ...]
    history: Callable[[Data, datetime | None], History]
    rounds: Callable[[Data], Iterable[Round]]
    practice: Builder
    model: Builder
    score: Callable[[Case, Any], Mapping[str, float]]
    kpis: tuple[Kpi, ...]
    rivals: tuple[Builder, ...] = ()
    check: Callable[[Any, Any], None] = feasible
    play: Callable[[Case, Method], Any] = once
    play_many: Callable[[Sequence[Case], Method], Sequence[Any]] | None = None
    settings: type[Form] | None = None
    figure: Callable[..., Any] | None = None
    figures: Callable[[pl.DataFrame], Mapping[str, Any]] | None = None
    remarks: Callable[[Data], Mapping[str, Sequence[str]]] | None = None
    block_word: str = "block"
    site_word: SiteWord = "site"
    opens: Callable[[Sequence[Path], Mapping[str, Any]], Opened] | None = None
    saves: Mapping[str, Callable[[Any, Any, Path], None]] = field(default_factory=dict)
    says: Callable[[Any, Any], str] | None = None
    manifest: Manifest | None = None  # read from project.toml by `dure.manifest.load`
    folder: Path | None = field(default=None, compare=False)

    def builders(self) -> dict[str, Builder]:
        """Every method's builder by name, the practice first, then the model, then the rivals."""
        return {builder.__name__: builder for builder in (self.practice, self.model, *self.rivals)}


def label(builder: Builder) -> str:
    """What people read as the method's name: the first line of its docstring, else its name."""
    doc = (builder.__doc__ or "").strip()
    return doc.splitlines()[0].rstrip(".") if doc else builder.__name__


Row = TypeVar("Row", bound=BaseModel)


class Table(Generic[Row]):
    """A large table inside a request or response: rows of one Form, carried by the hash of their content.

    `Table[Row]` accepts a Polars frame, a list of rows, or ``{"sha256": ...}`` of content already stored; as JSON it is
    its hash and number of rows. The frame is read when asked for.
    """

    def __init__(self, sha256: str, rows: int) -> None:
        self.sha256, self.rows = sha256, rows

    @property
    def frame(self) -> pl.DataFrame:
        """The rows, one column a field."""
        import polars as pl

        from dure.content_store import stored

        return pl.read_parquet(stored(self.sha256))

    @classmethod
    def of(cls, frame: pl.DataFrame) -> Table[Any]:
        """Store `frame` and carry it by its hash."""
        import io

        from dure.content_store import store

        buffer = io.BytesIO()
        frame.write_parquet(buffer)
        return cls(store(buffer.getvalue()), frame.height)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        """Validate rows against the Row type, once, when the table comes in."""
        import typing

        from pydantic import TypeAdapter

        (row,) = typing.get_args(source)
        rows = TypeAdapter(list[row])  # type: ignore[valid-type]

        def come_in(value: Any) -> Table[Any]:
            import polars as pl

            if isinstance(value, Table):
                return value
            if isinstance(value, Mapping) and set(value) <= {"sha256", "rows"} and "sha256" in value:
                return _known_table(str(value["sha256"]))
            plain = value.to_dicts() if isinstance(value, pl.DataFrame) else value
            given = rows.validate_python(plain)
            return cls.of(pl.DataFrame([each.model_dump() for each in given]))  # type: ignore[attr-defined]  # Row is a form

        return core_schema.no_info_plain_validator_function(
            come_in,
            serialization=core_schema.plain_serializer_function_ser_schema(
                lambda table: {"sha256": table.sha256, "rows": table.rows}
            ),
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, _core: Any, _handler: Any) -> dict[str, Any]:
        """An object with the hash; a form shows it as an upload."""
        return {
            "type": "object",
            "properties": {"sha256": {"type": "string"}, "rows": {"type": "integer"}},
            "required": ["sha256"],
            "contentMediaType": "application/vnd.apache.parquet",
        }


def _known_table(sha256: str) -> Table[Any]:
    import polars as pl

    from dure.content_store import stored

    return Table(sha256, pl.scan_parquet(stored(sha256)).select(pl.len()).collect().item())


class File:
    """A file inside a request or response (an image, a signal), carried by the hash of its content."""

    def __init__(self, sha256: str) -> None:
        self.sha256 = sha256

    @property
    def path(self) -> Path:
        """Where the content lies on this machine."""
        from dure.content_store import stored

        return stored(self.sha256)

    @classmethod
    def of(cls, content: bytes) -> File:
        """Store `content` and carry it by its hash."""
        from dure.content_store import store

        return cls(store(content))

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        """Accept bytes, a path's content is never read from a string, or ``{"sha256": ...}``."""

        def come_in(value: Any) -> File:
            if isinstance(value, File):
                return value
            if isinstance(value, bytes):
                return cls.of(value)
            if isinstance(value, Mapping) and set(value) == {"sha256"}:
                from dure.content_store import stored

                stored(str(value["sha256"]))
                return cls(str(value["sha256"]))
            raise ValueError('a file is given as its content or as {"sha256": ...}')

        return core_schema.no_info_plain_validator_function(
            come_in,
            serialization=core_schema.plain_serializer_function_ser_schema(lambda file: {"sha256": file.sha256}),
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, _core: Any, _handler: Any) -> dict[str, Any]:
        """An object with the hash; a form shows it as an upload."""
        return {"type": "object", "properties": {"sha256": {"type": "string"}}, "required": ["sha256"]}


def project_hash(folder: Path) -> str:
    """SHA-256 over the project's *.py files and project.toml: which code was looked at with."""
    digest = hashlib.sha256()
    files = [path for path in folder.rglob("*.py") if "tests" not in path.relative_to(folder).parts]
    for path in sorted([*files, folder / "project.toml"]):
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0")
        digest.update(path.read_bytes().replace(b"\r\n", b"\n") + b"\0")
    return digest.hexdigest()
