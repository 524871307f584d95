"""A project's model card: CARD.md and CARD.ko.md, written from its trial.json and its own texts.

The sections answer what Mitchell et al. [1]_ ask of a card: the model, its intended use, the factors (here: the places), the
metrics, the data, the numbers with their intervals, ethics and caveats. Every number comes from trial.json, every text from
project.toml, the forms' fields, the methods' docstrings and the sources. Only what stands between `BY_HAND` and `END` is a
person's: no trial can know who must not use a model. It is kept when the card is written again.

.. [1] M. Mitchell et al., Model Cards for Model Reporting, FAT* '19, pp. 220-229, 2019, doi:10.1145/3287560.3287596.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dure.errors import UserError
from dure.i18n.texts import LANGUAGES, _, language, per_language
from dure.report import interval_plot, numbers, sentence, vocabulary
from dure.report.body import body
from dure.trial.types import text_of
from dure.trial.verdicts import deciding

if TYPE_CHECKING:
    from dure.project.project import Project

FILES = {"en": "CARD.md", "ko": "CARD.ko.md"}
OTHER = {"en": "한국어: [CARD.ko.md](CARD.ko.md)", "ko": "English: [CARD.md](CARD.md)"}
BY_HAND, END = "<!-- by hand -->", "<!-- end -->"
SOURCE = "M. Mitchell et al., Model Cards for Model Reporting, FAT* '19, 2019, doi:10.1145/3287560.3287596"
Verdict = Mapping[str, Any]
Content = Mapping[str, Any]  # what trial.json holds: `dure.evidence.content`


def files(project: Project) -> dict[Path, str]:
    """Both files as they should be now, by path. Raises UserError where the project has no trial.json."""
    assert project.folder is not None
    folder, said = project.folder, _said(project)
    texts = per_language(lambda: _page(project, said, by_hand(folder / FILES[language()])))
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
    found = re.search(rf"^{BY_HAND}$(.*?)^{END}$", text, re.DOTALL | re.MULTILINE)
    return found[1].strip() if found else ""


def _first_difference(one: str, other: str) -> int:
    """Number of the first line that differs; 0 where none does."""
    lines = zip_longest(one.splitlines(), other.splitlines())
    return next((number for number, (a, b) in enumerate(lines, 1) if a != b), 0)


def _said(project: Project) -> Content:
    assert project.manifest is not None
    assert project.folder is not None
    path = project.folder / "trial.json"
    if not path.is_file():
        raise UserError(
            _("there is no trial.json"),
            cure=_(
                "Run `dure run {project} --sealed --out DIR` and put DIR/trial.json beside project.toml.",
                project=project.manifest.id,
            ),
        )
    try:
        said: Content = json.loads(path.read_text(encoding="utf-8"))
        complete = {"project", "version", "kpis", "about", "verdicts", "replay"} <= said.keys() and said["verdicts"]
    except (ValueError, AttributeError):
        complete = False
    if not complete:
        raise UserError(_("this is not what a trial writes"), where=str(path), cure=_("Run the project again."))
    return said


# ---- the page --------------------------------------------------------------------------------------------------------


def _page(project: Project, said: Content, passage: str) -> str:
    """The card in the reader's language."""
    shown = body(said, "")  # what the report says already
    sections = (
        (_("What it is for"), _purpose(project, said)),
        (_("Who must not use it, and what else must be known"), [BY_HAND, *([passage] if passage else []), END]),
        (_("What came out"), _results(said)),
        (_("How it was tried"), _trial(said, shown)),
        (_("Today's practice"), [_listed(shown["practice"])]),
        (_("Data and licences"), _data(project, said, shown)),
        (_("What is asked and answered"), _forms(project)),
        (_("How to compute it again"), _again(said)),
    )
    head = [f"# {_('{title}: model card', title=shown['title'])}", OTHER[language()], _written_by(said)]
    text = [line for title, lines in sections for line in (f"## {title}", *lines)]
    return "\n\n".join([*head, *text]) + "\n"


def _written_by(said: Content) -> str:
    return _(
        "Written by `dure card {project} --write` from the trial and the project's own texts; only the passage "
        "“{passage}” is a person's. The sections follow {source}.",
        project=said["project"],
        passage=_("Who must not use it, and what else must be known"),
        source=SOURCE,
    )


def _purpose(project: Project, said: Content) -> list[str]:
    """What the question is, what answers it, in the place of what, and for whom."""
    assert project.manifest is not None
    about, labels = said["about"], {name: vocabulary.localised(each) for name, each in said["about"]["labels"].items()}
    today, model = list(labels.values())[:2]
    lines = [
        (_("model"), model),
        (_("in the place of"), today),
        (_("for whom"), vocabulary.localised(about["practice"]["who"])),
        (_("rivals"), "; ".join(labels[name] for name in about["rivals"])),
        (_("answers within"), _("{seconds} s (95 of 100 answers)", seconds=f"{project.manifest.deadline:g}")),
        (_("version"), f"{said['project']} {said['version']}"),
    ]
    return [_plain(str(project.manifest.summary)), _listed(lines)]


def _trial(said: Content, shown: Mapping[str, Any]) -> list[str]:
    """How it was measured, and what does not stand in the numbers."""
    date = said["about"].get("date", "")
    counts = [f"{each['method']}: {each['cause']} {each['count']}" for each in shown["unanswered"]]
    return [
        _listed([*shown["measured"], (_("date"), date)]),
        f"### {_('What was left out')}",
        _bullets(shown["left_out"]) or _("Nothing: the practice answered every case."),
        f"### {_('Unanswered')}",
        _bullets(counts) or _("Nothing: every case was answered."),
    ]


def _data(project: Project, said: Content, shown: Mapping[str, Any]) -> list[str]:
    """What the trial opened, and what was found odd in it, over all and place by place."""
    about = said["about"]
    titles = {source.name: source.title[LANGUAGES.index(language())] for source in project.sources}
    rows = [
        (
            titles.get(each["name"], each["name"]),
            *(each[name] for name in ("origin", "licence", "access", "credit")),
            each["sha256"][:12],
        )
        for each in shown["data"]
    ]
    heads = (_("data"), _("origin"), _("licence"), _("access"), _("credit"), "SHA-256")
    odd = []
    for site, texts in about.get("remarks", {}).items():
        name = vocabulary.localised(about.get("sites", {}).get(site, site))
        odd += [f"{name}: {vocabulary.localised(each)}" if name else vocabulary.localised(each) for each in texts]
    learnt = _("What a method may learn from, and what it is asked afterwards, both come from these data.")
    opened = [_table(heads, rows), learnt] if rows else [_("it opens no data")]
    told = [*opened, _bullets([*shown["notes"], *odd])]
    return [each for each in told if each]


def _again(said: Content) -> list[str]:
    name, sealed = said["project"], any(each["round"] == "sealed" for each in said["verdicts"])
    run = f"dure run {name} --sealed --out trial" if sealed else f"dure run {name} --out trial"
    return [
        f"```sh\n{run}\ndure verify trial\ndure verify trial --rerun\n```",
        f"{_('A replay on any machine must come to')}: `{said['replay']}`.",
    ]


# ---- the numbers -----------------------------------------------------------------------------------------------------


def _results(said: Content) -> list[str]:
    """The sentence of each offer, then its numbers place by place, KPI by KPI, and every other comparison."""
    about, found = {**said["about"], "kpis": said["kpis"]}, []
    for one in deciding(said["verdicts"]):
        told = sentence.sentence(one, about).replace("<", "\\<").splitlines()
        found += ["\n>\n".join(f"> {line}" for line in told), *_tables(said["verdicts"], one, about)]
    return found


def _tables(verdicts: Sequence[Verdict], one: Verdict, about: Mapping[str, Any]) -> Iterator[str]:
    pair = [each for each in verdicts if all(each[key] == one[key] for key in ("method", "against"))]
    way = _("lower is better") if one["better"] == "lower" else _("higher is better")
    yield f"### {vocabulary.one_by_one(about)}"
    yield f"{_plain(vocabulary.localised(one['kpi']))} ({way})"
    yield _compared([each for each in pair if each["kpi"] == one["kpi"]], about, "round", "place", "seen")
    kpis = [each for each in over_all(pair) if each["round"] == one["round"]]
    if len(kpis) > 1:
        yield f"### {_('KPI by KPI')}"
        yield _compared(kpis, about, "KPI")
    rest = [each for each in over_all(verdicts) if each["kpi"] == one["kpi"] and each not in pair]
    if rest:
        yield f"### {_('Other comparisons')}"
        yield _compared(rest, about, "round", named=True)


def over_all(verdicts: Iterable[Verdict]) -> list[Verdict]:
    """Those over all sites of their rounds: of the one site where there is but one."""
    every, sites = list(verdicts), dict[str, set[str]]()
    for each in every:
        sites.setdefault(each["round"], set()).add(each["site"])
    return [each for each in every if each["site"] == "all" or len(sites[each["round"]]) == 1]


def _compared(verdicts: Iterable[Verdict], about: Mapping[str, Any], *first: str, named: bool = False) -> str:
    """A row a verdict: the columns `first`, both numbers (with the methods' names), gain, interval, verdict."""
    rows = []
    for each in verdicts:
        told = {
            "round": _("sealed rounds") if each["round"] == "sealed" else _("open rounds"),
            "place": vocabulary.place(each, about) or "–",
            "seen": sentence.blocks(each),
            "KPI": vocabulary.localised(each["kpi"]),
        }
        today, offered = (
            numbers.amount(each["methods"].get(each[role]), vocabulary.localised_unit(each["unit"]))
            for role in ("against", "method")
        )
        if named:
            today, offered = (
                f"{vocabulary.against(each, about)}: {today}",
                f"{vocabulary.offer(each, about)}: {offered}",
            )
        gain = numbers.scale(each)(each["gain"]["mean"]) if each["gain"]["mean"] is not None else "–"
        ends = f"{interval_plot.ends(each)} ({100 * each['level']:.0f} %)" if interval_plot.ends(each) else "–"
        rows.append([*(told[name] for name in first), today, offered, gain, ends, vocabulary.word(each)])
    heads = (*first, "against" if named else "today", "offer", "gain", "interval", "verdict")
    return _table([_(head) for head in heads], rows)


# ---- what is asked and answered --------------------------------------------------------------------------------------


def _forms(project: Project) -> list[str]:
    """The fields of request and response, those of forms inside them by their path."""
    heads = (_("field"), _("needed"), _("unit"), _("allowed"), _("meaning"))
    asked, answered = project.request.model_json_schema(), project.response.model_json_schema(mode="serialization")
    found = []
    for title, schema in ((_("Asked"), asked), (_("Answered"), answered)):
        found += [f"### {title}", _table(heads, _fields(project, schema, schema.get("$defs", {})))]
    return found


def _fields(
    project: Project, form: Mapping[str, Any], known: Mapping[str, Any], path: str = "", within: tuple[str, ...] = ()
) -> Iterator[list[str]]:
    """A row a field of a JSON Schema: path, whether it is needed, unit, allowed values, meaning."""
    for name, field in form.get("properties", {}).items():
        kinds = field.get("anyOf", [field])
        listed = any("items" in each for each in kinds)
        kinds = [each.get("items", each) for each in kinds]
        place, meaning = f"{path}{name}{'[]' if listed else ''}", field.get("description", "")
        allowed = "; ".join(filter(None, map(_allowed, kinds)))
        needed = "✓" if name in form.get("required", ()) else ""
        yield [place, needed, str(field.get("unit", "")), allowed, text_of(project, meaning) if meaning else ""]
        for inner in (each["$ref"].rpartition("/")[2] for each in kinds if "$ref" in each):
            if inner not in within:  # a form may hold itself
                yield from _fields(project, known[inner], known, f"{place}.", (*within, inner))


_BOUNDS = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}


def _allowed(kind: Mapping[str, Any]) -> str:
    """The values or bounds of one kind of value."""
    if "enum" in kind or "const" in kind:
        return ", ".join(str(each) for each in kind.get("enum", [kind.get("const")]))
    return ", ".join(f"{sign} {kind[name]:,.10g}" for name, sign in _BOUNDS.items() if name in kind).replace("-", "−")


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
