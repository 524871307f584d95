"""Every text that people read, in Korean and English."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from dure.checks.outcome import Outcome, broken, inner_form, kept
from dure.checks.source_code import dotted_name, syntax_trees
from dure.i18n.texts import LANGUAGES, _, catalogue, per_language, translated
from dure.project.project import label

if TYPE_CHECKING:
    from pydantic import BaseModel

    from dure.checks.subject import Subject

LIBRARY = Path(__file__).parents[1] / "i18n"
HANGUL = re.compile("[가-힣]")


def both_languages(subject: Subject) -> Outcome:
    """Every text a person reads has its Korean; a text in Hangul is a person's own word and needs none."""
    texts = list(_texts(subject))
    for where, text in texts:
        if not text.strip():
            return broken(_("{where}: a text is empty in one language", where=where))
        if HANGUL.search(text):
            continue
        korean = per_language(lambda text=text: translated(text, subject.folder))["ko"]  # type: ignore[misc]
        if korean == text and not _has_entry(subject.folder, text):
            return broken(_("{where}: no Korean for “{text}”; add it to locale/ko.po", where=where, text=text))
        if _holes(korean) != _holes(text):
            return broken(_("{where}: the Korean of “{text}” has other places to fill", where=where, text=text))
    return kept(_("{count} texts", count=len(texts)))


def _texts(subject: Subject) -> Iterator[tuple[str, str]]:
    """(file:line, text) of every text that a person reads; sources give theirs in both languages already."""
    project, folder = subject.project, subject.folder
    for path, tree in syntax_trees(folder):
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.Call)
                and dotted_name(node.func) == "_"
                and node.args
                and isinstance(node.args[0], ast.Constant)
            ):
                yield f"{path.relative_to(folder).as_posix()}:{node.lineno}", str(node.args[0].value)
    labels = [kpi.name for kpi in project.kpis] + [label(builder) for builder in project.builders().values()]
    for form in {
        *_forms(project.request),
        *_forms(project.response),
        *(_forms(project.settings) if project.settings else ()),
    }:
        for field in form.model_fields.values():
            labels += [text for text in (field.title, field.description) if text]
    yield from sorted((_line_of(folder, text), text) for text in set(labels))
    for source in project.sources:
        for lang, text in zip(LANGUAGES, source.title, strict=True):
            if lang == "ko" or not text.strip():
                yield _line_of(folder, source.name), text if HANGUL.search(text) or not text.strip() else f"{text} (ko)"


def _has_entry(folder: Path, text: str) -> bool:
    return text in catalogue(folder, "ko") or text in catalogue(LIBRARY, "ko")


def _holes(text: str) -> set[str]:
    return set(re.findall(r"\{(\w+)", text))


def _line_of(folder: Path, text: str) -> str:
    """file:line where a text is written, else the project's file."""
    start = text.splitlines()[0][:40] if text else ""
    for path, _tree in syntax_trees(folder):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if start and start in line:
                return f"{path.relative_to(folder).as_posix()}:{number}"
    return "project.py"


def _forms(form: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """A form and the forms inside it."""
    yield form
    for field in form.model_fields.values():
        if inner := inner_form(field.annotation):
            yield from _forms(inner)
