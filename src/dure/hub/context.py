"""What the routes share, and what came with a request."""

from __future__ import annotations

import asyncio
import getpass
import json
import time
from typing import TYPE_CHECKING, Annotated, TypeVar

from fastapi import Depends, Request
from pydantic import BaseModel, ConfigDict, model_validator
from pydantic_core import PydanticCustomError

from dure.hub.db import store
from dure.hub.models import projects
from dure.hub.models.prediction_log import Book
from dure.hub.models.process_pool import Services
from dure.registry.plan import lines

if TYPE_CHECKING:
    from pathlib import Path

    from pydantic import JsonValue
    from sqlalchemy import Engine

    from dure.project.manifest import Manifest

OFFER = "^[a-zA-Z0-9가-힣][a-zA-Z0-9가-힣 ._-]{0,60}$"  # what a method of somebody's may be called
T = TypeVar("T")
MOST_WRONG, WAIT, MOST_NAMES = 10, 600.0, 10_000


class Hub:
    """What the routes share.

    Attributes
    ----------
    token
        Of this start: whoever holds it is the owner. Empty: people sign in.
    book
        The answers that are given.
    checking, checks
        One check of a stranger's evidence at a time, and how many there are with those that wait.
    plan, lines
        The file of the plan (None: the one that comes with Dure), and its lines with what was last measured.
    ending
        Whether it is about to end: who follows something is let go.
    """

    def __init__(self, engine: Engine, token: str = "", plan: Path | None = None) -> None:
        self.engine, self.token, self.owner = engine, token, getpass.getuser()
        self.throttle = Throttle()
        self.checking, self.checks = asyncio.Semaphore(), 0
        self.services, self.fresh, self.book = Services(), store.Fresh(engine), Book(engine)
        self.manifests = projects.manifests()
        self.plan, self.lines, self.ending = plan, lines(plan, leave_out=True), False

    def look_again(self) -> None:
        """See what has changed among the projects that are installed here."""
        self.manifests = projects.manifests()
        current = lines(self.plan, leave_out=True)
        if current != self.lines:
            self.lines = current
            self.fresh.forget()

    def manifest(self, name: str) -> Manifest:
        """What a project says of itself. Raises Unknown."""
        if name not in self.manifests:
            projects.place_of(name)
            self.manifests = projects.manifests()
        return self.manifests[name]


async def _hub(request: Request) -> Hub:
    hub: Hub = request.app.state.hub
    return hub


Here = Annotated[Hub, Depends(_hub)]


class Given(BaseModel):
    """What is sent with a request; an unknown field is a mistake, and so is a text that no store can keep."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _without_nul(cls, value: T) -> T:
        if "\\u0000" in json.dumps(value, default=str):
            raise PydanticCustomError("nul", "a text holds the character NUL")
        return value


def sent_as(media: str) -> dict[str, JsonValue]:
    """For the OpenAPI: a body that is taken as it is."""
    content: dict[str, JsonValue] = {media: {"schema": {"type": "string", "format": "binary"}}}
    return {"requestBody": {"required": True, "content": content}}


class Throttle:
    """Passwords tried in vain: after MOST_WRONG of a name within WAIT seconds no more are looked at."""

    def __init__(self) -> None:
        self.wrong: dict[str, list[float]] = {}

    def tired(self, name: str) -> bool:
        """Whether too many were wrong lately."""
        if len(self.wrong) > MOST_NAMES:
            self.wrong.clear()
        recent = [moment for moment in self.wrong.get(name, ()) if moment > time.monotonic() - WAIT]
        self.wrong[name] = recent
        return len(recent) >= MOST_WRONG
