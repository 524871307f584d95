"""A project described: what it asks, answers, opens and measures, as data and in words."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal, NotRequired, TypedDict

from dure.errors import UserError
from dure.i18n.texts import _, language
from dure.project.project import Project, label
from dure.trial.types import bilingual, text_of

if TYPE_CHECKING:
    from pydantic import JsonValue

    from dure.datasets.sources import Source
    from dure.project.form import Form
    from dure.project.json_schema import Schema

TEXTS = ("title", "description", "unit")  # of a JSON Schema: what people read


class SourceRow(TypedDict):
    """A source as data; in a list of all, with its project. Of a project that cannot be loaded its `title` says why."""

    project: NotRequired[str]
    name: str
    title: dict[str, str]
    origin: str
    where: NotRequired[str]
    sha256: NotRequired[str]
    licence: str
    licensor: NotRequired[str]
    credit: NotRequired[str]
    access: NotRequired[str]
    columns: NotRequired[list[str]]


class DescribedKpi(TypedDict):
    """A KPI as a project declares it, its name by language."""

    name: dict[str, str]
    unit: str
    better: Literal["lower", "higher"]
    of: str
    limit: list[float | None] | None


class Description(TypedDict):
    """A project described, as JSON has it; texts by language, methods by name with what they are called."""

    id: str
    line: str
    title: dict[str, str]
    summary: dict[str, str]
    version: str
    ground: str
    replay: float
    unanswered: float
    deadline: float
    seeds: int
    extra: str
    practice: dict[str, JsonValue]
    words: dict[str, JsonValue]
    exempt: dict[str, dict[str, str]]
    request: Schema
    response: Schema
    settings: Schema | None
    texts: dict[str, dict[str, str]]
    opens: bool
    says: bool
    figure: bool
    endings: list[str]
    sources: list[SourceRow]
    methods: dict[str, dict[str, str]]
    kpis: list[DescribedKpi]
    example: JsonValue


def describe(project: Project) -> dict[str, Any]:
    """Everything a page, a form or an API needs to know of a project, without its code: a `Description`."""
    from dure.serving.save import endings

    manifest = project.manifest
    assert manifest is not None
    schemas: dict[str, JsonValue] = {
        "request": project.request.model_json_schema(),
        "response": project.response.model_json_schema(mode="serialization"),
        "settings": project.settings.model_json_schema() if project.settings else None,
    }
    return {
        **manifest.model_dump(mode="json"),
        **schemas,
        "texts": texts(project, schemas),
        "opens": project.opens is not None,
        "says": project.says is not None,
        "figure": project.figure is not None,
        "endings": endings(project),
        "sources": [source_row(source) for source in project.sources],
        "methods": {name: bilingual(project, label(builder)) for name, builder in project.builders().items()},
        "kpis": [
            {
                "name": bilingual(project, kpi.name),
                "unit": kpi.unit,
                "better": kpi.better,
                "of": kpi.of,
                "limit": kpi.limit,
            }
            for kpi in project.kpis
        ],
        "example": example(project),
    }


def texts(project: Project, schema: JsonValue) -> dict[str, dict[str, str]]:
    """Every text of a JSON Schema that people read, in both languages, by how it stands there: names, meanings, units, choices."""
    translations: dict[str, dict[str, str]] = {}
    waiting = [schema]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            choices = part.get("enum")
            words = [*(part.get(name) for name in TEXTS), *(choices if isinstance(choices, list) else ())]
            translations |= {text: bilingual(project, text) for text in words if isinstance(text, str) and text}
        waiting += part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()
    return translations


def example(project: Project) -> JsonValue:
    """A request to begin with, as JSON; None where the data it is taken from cannot be had here.

    The project's example.json, for a project whose rounds take long to make; else the shortest request of the first round.
    """
    from dure.runs.run import Inputs, opened

    request: JsonValue
    path = project.folder / "example.json" if project.folder else None
    if path and path.is_file():
        request = project.request.model_validate_json(path.read_bytes()).model_dump(mode="json", exclude_defaults=True)
        return request
    try:
        first = next(iter(project.rounds(opened(project, Inputs()))), None)
    except UserError:
        return None
    requests = [case.request.model_dump_json(exclude_defaults=True) for case in first.cases] if first else []
    request = json.loads(min(requests, key=len)) if requests else None
    return request


def source_row(source: Source) -> SourceRow:
    """A source's origin, licence and credit as data."""
    where = getattr(source.origin, "where", lambda: "")()
    return {
        "name": source.name, "title": {"ko": source.title[0], "en": source.title[1]}, "origin": type(source.origin).__name__.lower(),
        "where": where, "sha256": source.sha256, "licence": source.licence, "licensor": source.licensor, "credit": source.credit,
        "access": source.access, "columns": [column.name for column in source.columns],
    }  # fmt: skip


def in_words(project: Project) -> str:
    """The same for a reader at a terminal."""
    manifest = project.manifest
    assert manifest is not None
    lines = [f"{manifest.id} {manifest.version}  {manifest.title}", str(manifest.summary), ""]
    lines.append(_("Today's practice: {label}", label=text_of(project, label(project.practice))))
    lines.append(
        "  " + _("source: {source}; used by: {who}", source=manifest.practice.source, who=str(manifest.practice.who))
    )
    lines.append("  " + _("stronger practice: {stronger}", stronger=str(manifest.practice.stronger)))
    lines.append(_("Model: {label}", label=text_of(project, label(project.model))))
    lines += [_("Rival: {label}", label=text_of(project, label(rival))) for rival in project.rivals]
    lines += [
        "",
        _("Asked:"),
        *_fields(project, project.request),
        _("Answered:"),
        *_fields(project, project.response),
        "",
    ]
    for number, kpi in enumerate(project.kpis):
        decides = " " + _("(decides)") if number == 0 else ""
        lines.append(
            _("KPI: {name} = {of}", name=" ".join(filter(None, (text_of(project, kpi.name), kpi.unit))), of=kpi.of)
            + decides
        )
    for source in project.sources:
        row = source_row(source)
        details = [source.name, row["title"][language()], row["licence"], row["credit"]]
        lines.append(_("Data: {what}", what=", ".join(detail for detail in details if detail)))
    return "\n".join(lines)


def _fields(project: Project, form: type[Form]) -> list[str]:
    """One line a field: name, unit, meaning."""
    lines = []
    for name, field in form.model_fields.items():
        extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
        meaning = text_of(project, field.description) if field.description else ""
        lines.append(f"  {name:20} {extra.get('unit', '')!s:8} {meaning}".rstrip())
    return lines
