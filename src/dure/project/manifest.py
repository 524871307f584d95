"""project.toml: what a project says of itself; finding projects and loading one."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, WrapValidator, field_validator

from dure.errors import UserError, refusal
from dure.i18n.block_words import completed
from dure.i18n.texts import _, language

BLOCKS = ("block", "day", "week", "month", "row", "group of rows")  # words of Dure's own for a block; `site` for a site


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


class Word(Text):
    """A word of the trade for a block or a site, counted; forms left out are made from the noun (`dure.i18n.block_words`)."""

    many: str = Field(default="", description="English plural; the noun with -s")
    counted: str = Field(default="", description="so many in Korean: 환자 {count}명; the noun, the number and 개")
    one: str = Field(default="", description="in one more of them, in Korean: 환자 한 명에게서; 한 (noun)에서")
    at: Literal["at", "in"] = Field(default="at", description="this holds at, or in, these")

    @field_validator("counted")
    @classmethod
    def _has_a_number(cls, text: str) -> str:
        if text and (text.count("{count}") != 1 or {"{", "}"} & set(text.replace("{count}", ""))):
            raise ValueError(_("{text} has no place for the number: write {hole} there", text=text, hole="{count}"))
        return text

    def forms(self) -> dict[str, str]:
        """Every form, as evidence carries it."""
        return completed({name: form for name, form in self.model_dump().items() if form})


EXAMPLE = 'block = { ko = "환자", en = "patient", counted = "환자 {count}명" }'


def _named(word: Any, _union: object) -> str | Word:
    """A word of Dure's own as it is, the trade's with its forms."""
    if not isinstance(word, str):
        return Word.model_validate(word)
    if word not in (*BLOCKS, "site"):
        message = _("{word} is none of Dure's own words ({words})", word=word, words=", ".join(BLOCKS))
        raise ValueError(message + ". " + _("Give it in both languages, as {example}.", example=EXAMPLE))
    return word


NamedWord = Annotated[str | Word, WrapValidator(_named)]  # instead of a union's own two faults for one mistake


class Words(BaseModel):
    """What a block and a site are called."""

    model_config = ConfigDict(extra="forbid")
    block: NamedWord = "block"
    site: NamedWord = "site"

    def carried(self) -> dict[str, Any]:
        """As evidence carries them: a word of Dure's own by itself, the trade's with all its forms; a site is not named."""
        named = {"block_word": self.block} | ({} if self.site == "site" else {"site_word": self.site})
        return {key: word if isinstance(word, str) else word.forms() for key, word in named.items()}


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
    words: Words = Words()
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
