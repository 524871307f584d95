"""Jobs and their operations, what a machine asks of them, and where they are placed. Time is in whole minutes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

from pydantic import Field, StringConstraints

from dure import Form

if TYPE_CHECKING:
    from pydantic.config import JsonDict

MINUTES: JsonDict = {"unit": "min"}
LONGEST = 1_000_000  # minutes: almost two years
Name = Annotated[str, StringConstraints(min_length=1, max_length=100)]
Minutes = Annotated[int, Field(ge=0, le=LONGEST, json_schema_extra=MINUTES)]


class Operation(Form):
    """One step of a job, done in one piece on one machine."""

    machines: dict[Name, Minutes] = Field(
        description="minutes on each machine that can do it", min_length=1, max_length=1000, json_schema_extra=MINUTES
    )
    family: str = Field("", description="family for set-ups", max_length=100)
    name: str = Field("", description="what the operation is called", max_length=100)


class Job(Form):
    """Operations in the order in which they must be done."""

    name: Name = Field(description="name of the job or order")
    item: str = Field("", description="what is made", max_length=200)
    operations: list[Operation] = Field(description="operations in their order", min_length=1, max_length=1000)
    release: int = Field(0, description="not before", ge=0, le=LONGEST, json_schema_extra=MINUTES)
    due: int | None = Field(None, description="due", ge=-LONGEST, le=LONGEST, json_schema_extra=MINUTES)
    weight: int = Field(1, description="weight of a minute late", ge=0, le=1000)


class SetUp(Form):
    """Minutes right before an operation of one family when the machine's last one was of another; elsewhere none.

    The first operation on a machine needs none. Set-ups are done in open time only. An operation of 0 minutes needs none and
    leaves the machine set as it was.
    """

    before: str = Field(description="family before", max_length=100)
    after: str = Field(description="family after", max_length=100)
    minutes: int = Field(description="minutes of set-up", ge=0, le=LONGEST, json_schema_extra=MINUTES)
    machine: Name | None = Field(None, description="only on this machine")


class Closed(Form):
    """A machine stands still from `start` to `end`: no operation and no set-up runs into it."""

    machine: Name = Field(description="machine")
    start: int = Field(description="closed from", ge=0, le=LONGEST, json_schema_extra=MINUTES)
    end: int = Field(description="closed until", ge=0, le=LONGEST, json_schema_extra=MINUTES)


class Pin(Form):
    """An operation that is already running or promised: it stays where it is."""

    job: Name = Field(description="name of the job or order")
    operation: int = Field(description="number of the operation in its job, from 1", ge=1, le=1000)
    machine: Name = Field(description="machine")
    start: int = Field(description="start", ge=0, le=LONGEST, json_schema_extra=MINUTES)


class Placed(Form):
    """An operation in its place."""

    job: Name = Field(description="name of the job or order")
    operation: int = Field(description="number of the operation in its job, from 1", ge=1, le=1000)
    machine: Name = Field(description="machine")
    start: int = Field(description="start", ge=0, json_schema_extra=MINUTES)
    end: int = Field(description="end", ge=0, json_schema_extra=MINUTES)


def changes(set_ups: Sequence[SetUp], machine: str) -> dict[tuple[str, str], int]:
    """Minutes of set-up on a machine by (family before, family after): its own, else those of every machine."""
    everywhere = {(set_up.before, set_up.after): set_up.minutes for set_up in set_ups if set_up.machine is None}
    return everywhere | {
        (set_up.before, set_up.after): set_up.minutes for set_up in set_ups if set_up.machine == machine
    }
