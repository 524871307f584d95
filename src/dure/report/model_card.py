"""A project's model card: CARD.md and CARD.ko.md, written from its trial.json and its own texts.

The sections answer what Mitchell et al. [1]_ ask of a card: the model, its intended use, the factors (here: the places), the
metrics, the data, the numbers with their intervals, ethics and caveats. Every number comes from trial.json, every text from
project.toml, the forms' fields, the methods' docstrings and the sources. Only what stands between `BY_HAND` and `END` is a
person's: no trial can know who must not use a model. It is kept when the card is written again.

.. [1] M. Mitchell et al., Model Cards for Model Reporting, FAT* '19, pp. 220-229, 2019, doi:10.1145/3287560.3287596.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING

from dure.errors import UserError
from dure.i18n.texts import LANGUAGES, _, language, per_language
from dure.project.json_schema import BOUNDS, schema_of
from dure.record import committed
from dure.report import interval_plot, numbers, sentence, vocabulary
from dure.report.body import body
from dure.trial.types import text_of

if TYPE_CHECKING:
    from dure.project.json_schema import Schema
    from dure.project.project import Project
    from dure.record import About, TrialRecord, Verdict
    from dure.report.body import Report

FILES = {"en": "CARD.md", "ko": "CARD.ko.md"}
OTHER = {"en": "한국어: [CARD.ko.md](CARD.ko.md)", "ko": "English: [CARD.md](CARD.md)"}
BY_HAND, END = "<!-- by hand -->", "<!-- end -->"
SOURCE = "M. Mitchell et al., Model Cards for Model Reporting, FAT* '19, 2019, doi:10.1145/3287560.3287596"


def files(project: Project) -> dict[Path, str]:
    """Both files as they should be now, by path. Raises UserError where the project has no trial.json."""
    assert project.folder is not None
    folder, record = project.folder, _record(project)
    texts = per_language(lambda: _page(project, record, by_hand(folder / FILES[language()])))
    return {folder / FILES[lang]: texts[lang] for lang in FILES}


def fault(project: Project) -> str:
    """What the first card that is not as it should be lacks, and the cure; empty where there is nothing.

    A card is to be there, to say what trial.json says, and to hold a person's passage.
    """
    assert project.manifest is not None
    command = f"dure card {project.manifest.id} --write"
    for path, text in files(project).items():
        if not path.is_file():
            return _("no model card is written from the trial yet; run `{command}`", command=command)
        if line := _first_difference(path.read_text(encoding="utf-8"), text):
            return _(
                "{where} is not what trial.json and the project say now; run `{command}`",
                where=f"{path.name}:{line}",
                command=command,
            )
        if not by_hand(path):
            return _(
                "{where}: nobody has said yet who must not use the model; write it between {start} and {end}",
                where=path.name,
                start=BY_HAND,
                end=END,
            )
    return ""


def by_hand(path: Path) -> str:
    """The passage of a card that a person wrote; empty where there is none."""
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    match = re.search(rf"^{BY_HAND}$(.*?)^{END}$", text, re.DOTALL | re.MULTILINE)
    return match[1].strip() if match else ""


def _first_difference(current: str, expected: str) -> int:
    """Number of the first line that differs; 0 where none does."""
    lines = zip_longest(current.splitlines(), expected.splitlines())
    return next((number for number, (a, b) in enumerate(lines, 1) if a != b), 0)


def _record(project: Project) -> TrialRecord:
    assert project.manifest is not None
    assert project.folder is not None
    record = committed(project.folder)
    if record is None:
        raise UserError(
            _("there is no trial.json"),
            cure=_("Run `dure run {project} --sealed --keep`.", project=project.manifest.id),
        )
    return record


# ---- the page --------------------------------------------------------------------------------------------------------


def _page(project: Project, record: TrialRecord, passage: str) -> str:
    """The card in the reader's language."""
    report = body(record, "")  # what the report says already
    sections = (
        (_("What it is for"), _purpose(project, record)),
        (_("Who must not use it, and what else must be known"), [BY_HAND, *([passage] if passage else []), END]),
        (_("What came out"), _results(record)),
        (_("How it was tried"), _trial(record, report)),
        (_("Today's practice"), [_listed(report["practice"])]),
        (_("Data and licences"), _data(project, record, report)),
        (_("What is asked and answered"), _forms(project)),
        (_("How to compute it again"), _replay(record)),
    )
    head = [f"# {_('{title}: model card', title=report['title'])}", OTHER[language()], _written_by(record)]
    text = [line for title, lines in sections for line in (f"## {title}", *lines)]
    return "\n\n".join([*head, *text]) + "\n"


def _written_by(record: TrialRecord) -> str:
    return _(
        "Written by `dure card {project} --write` from the trial and the project's own texts; only the passage "
        "“{passage}” is a person's. The sections follow {source}.",
        project=record.project,
        passage=_("Who must not use it, and what else must be known"),
        source=SOURCE,
    )


def _purpose(project: Project, record: TrialRecord) -> list[str]:
    """What the question is, what answers it, in the place of what, and for whom."""
    assert project.manifest is not None
    about = record.about
    labels = {name: vocabulary.localised(label) for name, label in about.labels.items()}
    today, model = list(labels.values())[:2]
    lines = [
        (_("model"), model),
        (_("in the place of"), today),
        (_("for whom"), vocabulary.localised(about.practice.who) if about.practice else ""),
        (_("rivals"), "; ".join(labels[name] for name in about.rivals)),
        (_("answers within"), _("{seconds} s (95 of 100 answers)", seconds=f"{project.manifest.deadline:g}")),
        (_("version"), f"{record.project} {record.version}"),
    ]
    return [_plain(str(project.manifest.summary)), _listed(lines)]


def _trial(record: TrialRecord, report: Report) -> list[str]:
    """How it was measured, and what does not stand in the numbers."""
    date = record.about.date
    counts = [f"{entry['method']}: {entry['cause']} {entry['count']}" for entry in report["unanswered"]]
    return [
        _listed([*report["measured"], (_("date"), date)]),
        f"### {_('What was left out')}",
        _bullets(report["left_out"]) or _("Nothing: the practice answered every case."),
        f"### {_('Unanswered')}",
        _bullets(counts) or _("Nothing: every case was answered."),
    ]


def _data(project: Project, record: TrialRecord, report: Report) -> list[str]:
    """What the trial opened, and what was found odd in it, over all and place by place."""
    about = record.about
    titles = {source.name: source.title[LANGUAGES.index(language())] for source in project.sources}
    rows = [
        (
            titles.get(source["name"], source["name"]),
            *(source[name] for name in ("origin", "licence", "access", "credit")),
            source["sha256"][:12],
        )
        for source in report["data"]
    ]
    heads = (_("data"), _("origin"), _("licence"), _("access"), _("credit"), "SHA-256")
    odd = []
    for site, texts in about.remarks.items():
        name = vocabulary.localised(about.sites.get(site, site))
        odd += [f"{name}: {vocabulary.localised(remark)}" if name else vocabulary.localised(remark) for remark in texts]
    learnt = _("What a method may learn from, and what it is asked afterwards, both come from these data.")
    opened = [_table(heads, rows), learnt] if rows else [_("it opens no data")]
    paragraphs = [*opened, _bullets([*report["notes"], *odd])]
    return [paragraph for paragraph in paragraphs if paragraph]


def _replay(record: TrialRecord) -> list[str]:
    name, sealed = record.project, any(verdict.round == "sealed" for verdict in record.verdicts)
    run = f"dure run {name} --sealed --out trial" if sealed else f"dure run {name} --out trial"
    return [
        f"```sh\n{run}\ndure verify trial\ndure verify trial --rerun\n```",
        f"{_('A replay on any machine must come to')}: `{record.replay}`.",
    ]


# ---- the numbers -----------------------------------------------------------------------------------------------------


def _results(record: TrialRecord) -> list[str]:
    """The sentence of each offer, then its numbers place by place, KPI by KPI, and every other comparison."""
    about, paragraphs = record.about, []
    for verdict in record.deciding:
        lines = sentence.sentence(verdict, about).replace("<", "\\<").splitlines()
        paragraphs += ["\n>\n".join(f"> {line}" for line in lines), *_tables(record.verdicts, verdict, about)]
    return paragraphs


def _tables(verdicts: Sequence[Verdict], decisive: Verdict, about: About) -> Iterator[str]:
    pair = [verdict for verdict in verdicts if (verdict.method, verdict.against) == (decisive.method, decisive.against)]
    way = _("lower is better") if decisive.better == "lower" else _("higher is better")
    yield f"### {vocabulary.sites_heading(about)}"
    yield f"{_plain(vocabulary.localised(decisive.kpi))} ({way})"
    yield _compared([verdict for verdict in pair if verdict.kpi == decisive.kpi], about, "round", "place", "seen")
    kpis = [verdict for verdict in over_all(pair) if verdict.round == decisive.round]
    if len(kpis) > 1:
        yield f"### {_('KPI by KPI')}"
        yield _compared(kpis, about, "KPI")
    others = [verdict for verdict in over_all(verdicts) if verdict.kpi == decisive.kpi and verdict not in pair]
    if others:
        yield f"### {_('Other comparisons')}"
        yield _compared(others, about, "round", named=True)


def over_all(verdicts: Iterable[Verdict]) -> list[Verdict]:
    """Those over all sites of their rounds: of the one site where there is but one."""
    every, sites = list(verdicts), dict[str, set[str]]()
    for verdict in every:
        sites.setdefault(verdict.round, set()).add(verdict.site)
    return [verdict for verdict in every if verdict.site == "all" or len(sites[verdict.round]) == 1]


def _compared(verdicts: Iterable[Verdict], about: About, *columns: str, named: bool = False) -> str:
    """A row a verdict: the named columns, both numbers (with the methods' names), gain, interval, verdict."""
    rows = []
    for verdict in verdicts:
        cells = {
            "round": _("sealed rounds") if verdict.round == "sealed" else _("open rounds"),
            "place": vocabulary.place(verdict, about) or "–",
            "seen": sentence.blocks(verdict),
            "KPI": vocabulary.localised(verdict.kpi),
        }
        today, offered = (
            numbers.amount(verdict.number(method), vocabulary.localised_unit(verdict.unit))
            for method in (verdict.against, verdict.method)
        )
        if named:
            today, offered = (
                f"{vocabulary.against(verdict, about)}: {today}",
                f"{vocabulary.offer(verdict, about)}: {offered}",
            )
        gain = numbers.scale(verdict)(verdict.gain.mean) if verdict.gain.mean is not None else "–"
        ends = f"{interval_plot.ends(verdict)} ({100 * verdict.level:.0f} %)" if interval_plot.ends(verdict) else "–"
        rows.append([*(cells[name] for name in columns), today, offered, gain, ends, vocabulary.word(verdict)])
    heads = (*columns, "against" if named else "today", "offer", "gain", "interval", "verdict")
    return _table([_(head) for head in heads], rows)


# ---- what is asked and answered --------------------------------------------------------------------------------------


def _forms(project: Project) -> list[str]:
    """The fields of request and response, those of forms inside them by their path."""
    heads = (_("field"), _("needed"), _("unit"), _("allowed"), _("meaning"))
    request, response = schema_of(project.request), schema_of(project.response, "serialization")
    paragraphs = []
    for title, schema in ((_("Asked"), request), (_("Answered"), response)):
        paragraphs += [f"### {title}", _table(heads, _fields(project, schema, schema.get("$defs", {})))]
    return paragraphs


def _fields(
    project: Project, form: Schema, known: Mapping[str, Schema], path: str = "", within: tuple[str, ...] = ()
) -> Iterator[list[str]]:
    """A row a field of a JSON Schema: path, whether it is needed, unit, allowed values, meaning."""
    for name, field in form.get("properties", {}).items():
        kinds = field.get("anyOf", [field])
        listed = any("items" in kind for kind in kinds)
        kinds = [kind.get("items", kind) for kind in kinds]
        place, meaning = f"{path}{name}{'[]' if listed else ''}", field.get("description", "")
        allowed = "; ".join(filter(None, map(_allowed, kinds)))
        needed = "✓" if name in form.get("required", ()) else ""
        yield [place, needed, str(field.get("unit", "")), allowed, text_of(project, meaning) if meaning else ""]
        for inner in (kind["$ref"].rpartition("/")[2] for kind in kinds if "$ref" in kind):
            if inner not in within:  # a form may hold itself
                yield from _fields(project, known[inner], known, f"{place}.", (*within, inner))


def _allowed(kind: Schema) -> str:
    """The values or bounds of one kind of value."""
    if "enum" in kind or "const" in kind:
        return ", ".join(str(value) for value in kind.get("enum", [kind.get("const")]))
    return ", ".join(f"{sign} {kind[name]:,.10g}" for name, sign in BOUNDS.items() if name in kind).replace("-", "−")


# ---- Markdown --------------------------------------------------------------------------------------------------------


def _plain(text: str) -> str:
    """A text of others on one line: nothing in it can end a cell, begin a mark or be HTML."""
    return re.sub(r"([\\|<*`])", r"\\\1", " ".join(text.split()))


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *([_plain(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _listed(lines: Iterable[tuple[str, str]]) -> str:
    return "\n".join(f"- {name}: {_plain(text)}" for name, text in lines if text)


def _bullets(texts: Iterable[str]) -> str:
    return "\n".join(f"- {_plain(text)}" for text in texts)
