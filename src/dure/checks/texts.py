"""Every text that people read, in Korean and English."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from dure.checks.outcome import Outcome, broken, inner_form, kept
from dure.checks.source_code import dotted_name, syntax_trees
from dure.i18n.texts import _, catalogue, per_language, translated
from dure.project.project import label

if TYPE_CHECKING:
    from pydantic import BaseModel

    from dure.checks.subject import Subject

LIBRARY = Path(__file__).parents[1] / "i18n"
HANGUL = re.compile("[가-힣]")


def both_languages(subject: Subject) -> Outcome:
    """Every text a person reads has its Korean; a text in Hangul is a person's own word and needs none. All faults at once."""
    folder = subject.folder
    texts = list(_texts(subject))
    faults = [*_titles(subject), *(fault for where, text in texts if (fault := _fault(folder, where, text)))]
    lacking = {text: where for where, text in reversed(texts) if _lacks_korean(folder, text)}
    if lacking:
        head = _("No Korean yet ({count}); add to locale/ko.po:", count=len(lacking))
        faults.append(f"{head}\n\n{_entries(lacking)}")
    return broken("\n".join(faults)) if faults else kept(_("{count} texts", count=len(texts)))


def _fault(folder: Path, where: str, text: str) -> str:
    """What else is wrong with a text than that it has no Korean; empty: nothing."""
    if not text.strip():
        return _("{where}: a text is empty in one language", where=where)
    if HANGUL.search(text) or _lacks_korean(folder, text) or _holes(_korean(folder, text)) == _holes(text):
        return ""
    return _("{where}: the Korean of “{text}” has other places to fill", where=where, text=text)


def _lacks_korean(folder: Path, text: str) -> bool:
    needed = text.strip() and not HANGUL.search(text)
    return bool(needed) and _korean(folder, text) == text and not _has_entry(folder, text)


def _korean(folder: Path, text: str) -> str:
    return per_language(lambda: translated(text, folder))["ko"]


def _entries(lacking: Mapping[str, str]) -> str:
    """Entries of a po file, to be pasted and filled in."""
    import polib

    places = [(*where.partition(":")[::2], text) for text, where in lacking.items()]
    places.sort(key=lambda place: (place[0], int(place[1] or 0), place[2]))
    entries = [polib.POEntry(msgid=text, occurrences=[(file, line)]) for file, line, text in places]
    return "\n".join(entry.__unicode__(wrapwidth=0) for entry in entries)


def _titles(subject: Subject) -> Iterator[str]:
    """Sources whose title is not in both languages."""
    for source in subject.project.sources:
        korean, english = source.title
        if not HANGUL.search(korean) or not english.strip():
            where = _line_of(subject.folder, source.name)
            yield _(
                "{where}: the title of source {name} is wanted in Korean and English", where=where, name=source.name
            )


def _texts(subject: Subject) -> Iterator[tuple[str, str]]:
    """(file:line, text) of every text that a person reads; sources give their titles in both languages already."""
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
