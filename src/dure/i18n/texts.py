"""Korean and English: texts are marked `_("...")` where they are written and looked up when shown."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import TypeVar

LANGUAGES = ("ko", "en")
T = TypeVar("T")
_FOLDER = Path(__file__).parent
_chosen: list[str] = []
_context_language: ContextVar[str] = ContextVar("language", default="")
_PARTICLE = re.compile(r"\{(\w+)\|([^/}]+)/([^}]+)\}")


def language() -> str:
    """The reader's language: chosen here, else in this process, else `DURE_LANG`, else the locale's (`ko` or `en`)."""
    if chosen := _context_language.get() or next(iter(_chosen), ""):
        return chosen
    named = os.environ.get("DURE_LANG") or os.environ.get("LC_ALL") or os.environ.get("LANG") or ""
    return "ko" if named.lower().startswith("ko") else "en"


def speak(lang: str | None) -> None:
    """Show texts in `lang` from now on in this process; None returns to the environment's."""
    _chosen[:] = [lang] if lang else []


@contextmanager
def speaking(lang: str) -> Iterator[None]:
    """Show texts in `lang` within, in this thread or task alone: a server answers several readers at once."""
    before = _context_language.set(lang)
    try:
        yield
    finally:
        _context_language.reset(before)


@cache
def catalogue(folder: Path, lang: str) -> dict[str, str]:
    """Translations of `folder/locale/<lang>.po`, msgid to msgstr; empty where there is no such file."""
    path = folder / "locale" / f"{lang}.po"
    if not path.is_file():
        return {}
    import polib

    return {entry.msgid: entry.msgstr for entry in polib.pofile(str(path)) if entry.msgstr and not entry.obsolete}


def per_language(make: Callable[[], T]) -> dict[str, T]:
    """What `make` gives in every language, by language: for texts that are signed and read by others later."""
    by_language = {}
    for lang in LANGUAGES:
        with speaking(lang):
            by_language[lang] = make()
    return by_language


def multilingual(text: str, /, **values: object) -> dict[str, str]:
    """`text` in every language, its values translated where they are texts of ours."""
    return per_language(
        lambda: _(text, **{name: _(value) if isinstance(value, str) else value for name, value in values.items()})
    )


def _(text: str, /, **values: object) -> str:
    """`text` in the reader's language with `values` filled in; English is the text itself."""
    return fill(_find(text, _FOLDER), **values)


def translated(text: str, folder: Path, /, **values: object) -> str:
    """The same for a project's own texts, looked up in the project's folder first."""
    own = catalogue(folder, language()).get(text)
    return fill(own, **values) if own else _(text, **values)


def texts(file: str) -> Callable[..., str]:
    """The `_` of a project: `_ = texts(__file__)`, in any file of it, looks up the project's own locale folder first."""
    parents = Path(file).parents
    folder = next((parent for parent in parents[:3] if (parent / "project.toml").is_file()), parents[0])
    return lambda text, /, **values: translated(text, folder, **values)


def _find(text: str, folder: Path) -> str:
    lang = language()
    return text if lang == "en" else catalogue(folder, lang).get(text, text)


def fill(text: str, /, **values: object) -> str:
    """Put `values` into `text`; `{name|은/는}` adds the Korean particle that fits the word before it."""

    def with_particle(match: re.Match[str]) -> str:
        return "{" + match[1] + "}" + particle(str(values[match[1]]), match[2], match[3])

    return _PARTICLE.sub(with_particle, text).format(**values) if values else text


_ASIDE = re.compile(r"\s*\([^()]*\)\s*$")


def particle(word: str, closed: str, opened: str) -> str:
    """The Korean particle after `word`: `closed` after a final consonant, `opened` after a vowel.

    은/는, 이/가, 을/를, 과/와 and 으로/로 (ㄹ takes 로). Digits, Latin letters and signs are read aloud as in Korean; what stands
    in brackets at the end is not read.
    """
    spoken = _ASIDE.sub("", word) or word
    last = next((letter for letter in reversed(spoken) if letter.isalnum() or letter == "%"), "")
    if "가" <= last <= "힣":
        final = (ord(last) - ord("가")) % 28
        ends, rieul = final != 0, final == 8
    else:
        ends, rieul = last.lower() in "013678lmnr", last.lower() in "178lr"
    return opened if not ends or (rieul and closed == "으로") else closed
