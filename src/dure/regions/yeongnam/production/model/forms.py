"""What is asked of a planner, and what is answered. Time is in whole minutes from the beginning of the plan."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, Self

from pydantic import Field, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from dure import Form

from .faults import MOST_OPERATIONS, faults
from .jobs import LONGEST, MINUTES, Closed, Job, Name, Pin, Placed, SetUp

MOST_JOBS = 5_000


class Request(Form):
    """A shop, its jobs, and what is to be made small."""

    machines: list[Name] = Field(description="machines of the shop", min_length=1, max_length=1000)
    jobs: list[Job] = Field(description="jobs or orders", min_length=1, max_length=MOST_JOBS)
    set_ups: list[SetUp] = Field([], description="set-ups between families", max_length=20_000)
    closed: list[Closed] = Field([], description="when machines are closed", max_length=20_000)
    pins: list[Pin] = Field([], description="operations that stay where they are", max_length=20_000)
    objective: Literal["makespan", "weighted tardiness", "both"] = Field(
        "makespan", description="what is to be made small"
    )
    makespan_weight: int = Field(
        1, description="where both count: weighted minutes late that a minute of makespan is worth", ge=0, le=100_000
    )
    begins: datetime | None = Field(None, description="date and time of minute 0")
    now: int = Field(
        0, description="nothing begins before, unless it is pinned", ge=0, le=LONGEST, json_schema_extra=MINUTES
    )
    previous: list[Placed] = Field([], description="the plan in force", max_length=MOST_OPERATIONS)
    move_weight: int = Field(
        0,
        description="what an operation on another machine or at another time than in the plan in force costs",
        ge=0,
        le=1_000_000,
    )
    seconds: float | None = Field(
        None,
        description="time to plan; the same seed may then give another plan",
        gt=0,
        le=86_400,
        json_schema_extra={"unit": "s"},
    )
    work: float | None = Field(
        None, description="work to plan, in million steps; the same seed gives the same plan", gt=0, le=1_000_000
    )

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        """The first thing that does not fit together is refused with its field."""
        for loc, problem in faults(self):
            error = InitErrorDetails(type=PydanticCustomError("shop", "{what}", {"what": problem}), loc=loc, input=None)
            raise ValidationError.from_exception_data(type(self).__name__, [error])
        return self


class Link(Form):
    """An operation in the chain that makes an order late, and what it waited for."""

    job: Name = Field(description="name of the job or order")
    operation: int = Field(description="number of the operation in its job, from 1", ge=1, le=1000)
    machine: Name = Field(description="machine")
    start: int = Field(description="start", ge=0, json_schema_extra=MINUTES)
    end: int = Field(description="end", ge=0, json_schema_extra=MINUTES)
    waits: Literal["release", "operation before", "machine", "set-up", "closed", "pinned", "now", "nothing"] = Field(
        description="what it waited for: the link before ends (operation before, machine, set-up), or the reason itself"
    )


class Late(Form):
    """An order that is late, and why: the chain from what begins it to its last operation, no gap between the links."""

    job: Name = Field(description="name of the job or order")
    minutes: int = Field(description="late by", ge=1, json_schema_extra=MINUTES)
    chain: list[Link] = Field(description="each link waits for the one before it", max_length=MOST_OPERATIONS)


class Step(Form):
    """How far the planning had come."""

    work: float = Field(description="work done, in million steps", ge=0)
    objective: int = Field(description="objective of the best plan so far", ge=0)


class Response(Form):
    """A plan. Only the operations are wanted; the rest is checked where it is given."""

    operations: list[Placed] = Field(description="every operation in its place", max_length=MOST_OPERATIONS)
    makespan: int | None = Field(None, description="end of the last operation", ge=0, json_schema_extra=MINUTES)
    weighted_tardiness: int | None = Field(None, description="minutes late times weight, all jobs", ge=0)
    lower_bound: int | None = Field(None, description="no plan can have a smaller objective than this", ge=0)
    late: list[Late] = Field([], description="orders that are late, and why", max_length=MOST_JOBS)
    moved: int | None = Field(
        None, description="operations on another machine or at another time than in the plan in force", ge=0
    )
    progress: list[Step] = Field([], description="the objective while planning", max_length=1000)
