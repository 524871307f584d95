"""project.toml: what a project says of itself; finding projects and loading one."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from dure.errors import UserError, refusal
from dure.i18n.texts import _, language


class Text(BaseModel):
    """One text in both languages."""

    model_config = ConfigDict(extra="forbid")
    ko: str = Field(min_length=1)
    en: str = Field(min_length=1)

    def __str__(self) -> str:
        return self.ko if language() == "ko" else self.en


class Practice(BaseModel):
    """Where today's practice comes from."""

    model_config = ConfigDict(extra="forbid")
    source: str = Field(min_length=1, description="publication, regulation or manual")
    who: Text = Field(description="who works like this")
    year: int
    stronger: Text = Field(description="a stronger practice we know of and did not run, or that none is known")


class Manifest(BaseModel):
    """The contents of project.toml. Everything executable is in the Project."""

    model_config = ConfigDict(extra="forbid")
    id: str = Field(pattern=r"^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$")
    line: str = ""
    title: Text
    summary: Text
    version: str
    ground: Literal["benchmark", "field", "live"] = "benchmark"
    replay: float = Field(default=0.0, ge=0, description="relative tolerance of a replay; 0 is exact")
    unanswered: float = Field(default=0.05, ge=0, le=1)
    deadline: float = Field(default=60.0, gt=0, description="seconds an answer may take (95th percentile)")
    seeds: int = Field(default=1, ge=1)
    extra: str = ""
    practice: Practice
    exempt: dict[str, Text] = {}


def manifest(folder: Path) -> Manifest:
    """Read and check project.toml. Raises UserError naming the field."""
    path = folder / "project.toml"
    try:
        return Manifest.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise UserError(
            _("there is no project.toml here"), where=str(folder), cure=_("Give a project's id or folder.")
        ) from None
    except tomllib.TOMLDecodeError as error:
        raise UserError(str(error), where=str(path)) from None
    except ValidationError as error:
        raise refusal(error, where=str(path), names=tuple(Manifest.model_fields)) from None
