"""A new project from a person's own sheet, or a skeleton on made data: one folder that runs at once."""

from __future__ import annotations

import hashlib
import inspect
import json
import random
import re
import shutil
import tempfile
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from dure import tables
from dure.errors import UserError
from dure.i18n.texts import _, particle
from dure.project.manifest import BLOCKS, Text, Word
from dure.scaffold.practice import practice, year_before
from dure.scaffold.split import split
from dure.scaffold.survey import survey
from dure.scaffold.types import NEAR, Known, Split, Survey, bounds

TEMPLATES = Path(__file__).parent / "templates"
MADE_TARGET = "harvest"
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_PRACTICES = {
    "last_value": Text(ko="직전 값", en="the last value"),
    "same_time_last_year": Text(ko="지난해 같은 때의 값", en="the value of the same time last year"),
    "group_mean": Text(ko="지난 값들의 평균", en="the mean of the values so far"),
}


def new(
    region: str, noun: str, into: Path, *, survey: Path | None = None, target: str | None = None, sheet: str | None = None
) -> Path:  # fmt: skip
    """Write the project ``region.noun`` as the folder ``into/region/noun``; nothing else is touched.

    Parameters
    ----------
    region, noun
        Names in small Latin letters.
    into
        Folder of projects, such as ``regions``.
    survey
        A table of one's own, copied into the project; None: made data.
    target
        Header of the column to be foreseen.
    sheet
        Sheet of a workbook that has several.

    Returns
    -------
    Path
        The project's folder.

    Raises
    ------
    UserError
        A name that cannot be one, a folder that is there already, a sheet or target that cannot be used.
    """
    for name in (region, noun):
        if not _NAME.fullmatch(name):
            cure = _("Use small Latin letters, digits and _, such as jeju onion.")
            raise UserError(_("{name} cannot be the name of a project", name=name), cure=cure)
    place = into / region / noun
    if place.exists():
        raise UserError(
            _("this folder is there already"), where=str(place), cure=_("Choose another noun, or remove it first.")
        )
    if survey is None and target is not None:
        raise UserError(_("a target needs a table"), where="--target", cure=_("Give one with --from FILE."))
    with tempfile.TemporaryDirectory() as aside:
        folder = Path(aside) / noun
        _write(folder, region, noun, survey, target, sheet)
        place.parent.mkdir(parents=True, exist_ok=True)
        _move(folder, place)
    return place


def _move(folder: Path, place: Path) -> None:
    """Copied beside its place, then renamed: never half a project, on whatever disk the temporary folder lies."""
    beside = Path(tempfile.mkdtemp(dir=place.parent, prefix=f".{place.name}."))
    try:
        shutil.copytree(folder, beside / place.name)
        (beside / place.name).rename(place)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _write(
    folder: Path, region: str, noun: str, survey_file: Path | None, target: str | None, sheet_name: str | None
) -> None:
    """Write every file of the project into `folder`."""
    (folder / "data").mkdir(parents=True)
    if survey_file is None:
        file, target = folder / "data" / "made.csv", MADE_TARGET
        file.write_bytes(made())
    else:
        file = folder / "data" / f"survey{survey_file.suffix.lower()}"
        shutil.copyfile(survey_file, file)
    sheet = tables.read(survey_file or file, sheet_name)
    if target is None:
        raise UserError(
            _("which column is to be foreseen?"), where=sheet.where,
            cure=_("Name it with --target. Columns: {names}.", names=", ".join(sheet.headers)),
        )  # fmt: skip
    table_survey = survey(sheet, target)
    words = _words(region, noun, table_survey, file, survey_file)
    if survey_file is None:
        shutil.rmtree(folder / "data")
    for template, name in (
        ("project.toml.j2", "project.toml"), ("project.py.j2", "project.py"), ("README.md.j2", "README.md"),
        ("README.ko.md.j2", "README.ko.md"), ("test.py.j2", f"tests/test_{noun}.py"),
    ):  # fmt: skip
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(_rendered(template, words), encoding="utf-8", newline="\n")
    _catalogue(folder / "locale" / "ko.po", words)


def made() -> bytes:
    """Two years of weekly harvests on three farms, from a seed: made, no measurement."""
    chance = random.Random(20211028)  # noqa: S311 - a toy, no secret
    lines = ["date,farm,rain (mm),harvest (kg)"]
    level = {"A": 40.0, "B": 55.0, "C": 70.0}
    for week in range(104):
        day = date(2024, 1, 1) + timedelta(weeks=week)
        rain = round(max(0.0, chance.gauss(20, 12)), 1)
        for farm, before in level.items():
            level[farm] = before + 0.1 * (55 - before) + chance.gauss(0, 4)
            lines.append(f"{day},{farm},{rain},{round(max(0.0, level[farm] + 0.3 * (rain - 20)), 1)}")
    return "\n".join(lines).encode()


# ---- words for the templates ------------------------------------------------------------------------------------------------


def _words(region: str, noun: str, survey: Survey, file: Path, survey_file: Path | None) -> dict[str, Any]:
    """Everything the templates say."""
    chosen = split(survey)
    method, errors = practice(survey, chosen)
    base = {"last_value": "last", "same_time_last_year": "last_year"}.get(method, "")
    unit = tables.cell_unit(survey.sheet, survey.target)
    low, high = bounds(survey.truth)
    shift, tolerance = year_before(chosen.step)
    target = _plain(survey.target)
    practice_text = _PRACTICES[method]
    times = survey.moment.headers if survey.moment else ()
    alike = [_plain(survey.names[name]) for name in chosen.same]
    title = Text(ko=f"{target} 예측 ({region} {noun})", en=f"{target} foreseen ({region} {noun})")
    words = {
        "region": region, "noun": noun, "id": f"{region}.{noun}", "year": datetime.now().astimezone().year,
        "made": inspect.getsource(made).strip() if survey_file is None else "", "file": file.name,
        "sha256": hashlib.sha256(file.read_bytes()).hexdigest(), "sheet": survey.sheet.sheet or None,
        "target": target, "target_header": survey.target, "target_field": survey.target_field, "unit": unit,
        "bounds": _bounded(low, high), "extra": _extra(unit), "low": low, "high": high,
        "kind": chosen.kind, "period": chosen.period, "block": chosen.block, "blocks": chosen.blocks,
        "known": [_known_words(column) for column in survey.known], "names": survey.names, "since": survey.since,
        "headers": [survey.target, *(column.header for column in survey.known), *survey.names.values(), *times],
        "left": survey.left, "same": chosen.same, "same_words": ", ".join(alike),
        "alike": f" of the same {', '.join(alike)}" if alike else "", "time": _time_words(survey),
        "season": chosen.span >= 300 * 86400, "weekday": 0 < chosen.step <= 86400 and chosen.span >= 21 * 86400,
        "hourly": 0 < chosen.step < 86400, "last_year": "same_time_last_year" in errors,
        "year_shift": f".dt.offset_by({shift!r})", "tolerance": tolerance,
        "practice": method, "base": base, "practice_label": practice_text.en, "practice_label_ko": practice_text.ko,
        "practice_doc": practice_text.en[0].upper() + practice_text.en[1:],
        "practice_words": practice_text.en, "practice_words_ko": practice_text.ko,
        "start_words": "the practice's answer" if base else "the mean of the history",
        "practice_source": f"{practice_text.en}: common practice where no model is used, chosen by `dure new` from the file; name your own",
        "title_ko": title.ko, "title_en": title.en,
        "rows": int(survey.rows.sum()), "without": survey.sheet.cells.height - int(survey.rows.sum()),
        "sealed_blocks": chosen.held[1], "block_word_ko": chosen.word.ko,
        "block_words": chosen.word.forms()["many"], "named_block": _named(chosen.word),
    }  # fmt: skip
    return (
        words
        | _split_words(survey, chosen)
        | _practice_words(survey, errors, method)
        | _source_words(survey, survey_file, words)
    )


def _named(word: Word) -> str:
    """A block's word as project.toml has it: one of Dure's own, or its noun and what is not made from it."""
    if word.en in BLOCKS:
        return _python(word.en)
    given = word.model_dump(exclude_unset=True)
    return "{ " + ", ".join(f"{name} = {_toml(form)}" for name, form in given.items()) + " }"


def _plain(header: str) -> str:
    """A header inside a sentence, a comment or a docstring: nothing that could end one."""
    return re.sub(r"[\"\\`|<>{}\x00-\x1f]+", " ", header).strip()


def _bounded(low: float, high: float) -> str:
    return f", ge={low:g}, le={high:g}"


def _extra(unit: str) -> str:
    return f', json_schema_extra={{"unit": {_python(unit)}}}' if unit else ""


def _known_words(column: Known) -> dict[str, Any]:
    near = column.correlation is not None and abs(column.correlation) > NEAR
    correlation = "–" if column.correlation is None else f"{column.correlation:.2f}"
    return {"field": column.field, "header": column.header, "bounds": _bounded(column.low, column.high), "extra": _extra(column.unit),
            "correlation": correlation, "near": near}  # fmt: skip


def _time_words(survey: Survey) -> dict[str, Any] | None:
    """How project.py reads the time."""
    if survey.moment is None:
        return None
    headers = survey.moment.headers
    clock = f", clock={_python(survey.moment.clock)}" if survey.moment.clock else ""
    names = ", ".join(map(_python, headers))
    read = f"_dated(sheet, {names})" if survey.moment.apart else f"tables.times(sheet, {names}{clock})"
    return {"field": survey.moment.field, "header": " ".join(headers), "read": read, "apart": survey.moment.apart}


def _split_words(survey: Survey, chosen: Split) -> dict[str, str]:
    """What is held out and which cases depend on each other, in both languages."""
    opened, sealed = chosen.held
    values = {
        "word": chosen.word.en, "ko": chosen.word.ko, "count": chosen.blocks, "held": opened + sealed,
        "header": _plain(survey.names[chosen.block]) if chosen.block else "",
        "ends": f"the first {f'{opened} ' if opened > 1 else ''}of them open, the {sealed} after sealed",
        "ends_ko": f"그 가운데 처음 {opened}개는 공개, 나머지 {sealed}개는 봉인 회차입니다",
    }  # fmt: skip
    return {name: sentence.format(**values) for name, sentence in _SPLITS[chosen.kind].items()}


_SPLITS = {
    "time": {
        "why_block": "One block is one {word}: rows of one {word} share its weather, its market and whoever measured.",
        "why_block_ko": "묶음 하나는 {ko} 하나입니다. 같은 {ko}의 행은 날씨와 시장과 잰 사람이 같습니다.",
        "split_words": "the last {held} of {count} {word}s, whole: {ends}. "
        "Each is answered with all that was known before it.",
        "split_words_ko": "{ko} {count}개 가운데 마지막 {held}개를 통째로 떼었습니다. {ends_ko}. "
        "그 전에 알던 것만으로 답합니다.",
        "rounds_words": "The last third of the {word}s, whole, one round each: the first open, the rest sealed.",
        "order_words": "in the order of time",
    },
    "groups": {
        "why_block": "One block is one {header}: rows of one are alike, so whole ones are held out.",
        "why_block_ko": "묶음 하나는 {header} 하나입니다. 같은 {header}의 행은 서로 닮아서 통째로 떼었습니다.",
        "split_words": "{held} of {count} by {header}, whole, drawn by the hash of their names: {ends}.",
        "split_words_ko": "{header} {count}개 가운데 {held}개를 이름의 해시로 뽑아 통째로 떼었습니다. {ends_ko}.",
        "rounds_words": "A third of the groups by {header}, whole, one round each: the first open, the rest sealed.",
        "order_words": "{header} after {header}, in the order of their names' hashes",
    },
    "rows": {
        "why_block": "The sheet has neither time nor groups: neighbouring rows are taken to depend on each other.",
        "why_block_ko": "표에 시각도 집단도 없어 이웃한 행끼리 서로 얽혀 있다고 봅니다.",
        "split_words": "the last {held} of {count} stretches of rows, in the order of the sheet: {ends}. "
        "If that order means nothing, so does the split: a column of dates or farms would make it honest.",
        "split_words_ko": "표의 순서대로 나눈 행 묶음 {count}개 가운데 마지막 {held}개를 떼었습니다. {ends_ko}. "
        "순서에 뜻이 없다면 이 나눔에도 뜻이 없습니다. 날짜나 농가 열이 있으면 제대로 나눌 수 있습니다.",
        "rounds_words": "The last third of the stretches of rows, one round each: the first open, the rest sealed.",
        "order_words": "in the order of the sheet",
    },
}


def _practice_words(survey: Survey, errors: Mapping[str, float], method: str) -> dict[str, str]:
    """Why this practice, and what the model adds."""
    listed = ", ".join(f"{_PRACTICES[name].en} {error:.4g}" for name, error in errors.items())
    listed_ko = ", ".join(f"{_PRACTICES[name].ko} {error:.4g}" for name, error in errors.items())
    reason = f"It had the smallest mean absolute error before the held-out part ({listed})." if len(errors) > 1 else ""
    reason_ko = f"떼어 둔 자료 이전에서 평균 절대 오차가 가장 작았습니다 ({listed_ko})." if len(errors) > 1 else ""
    if not errors:
        reason = "Without time there is no last value: rows that are alike are averaged."
        reason_ko = "시각이 없어 직전 값이 없으므로 닮은 행을 평균합니다."
    timed = survey.moment is not None and method != "group_mean"
    return {
        "practice_why": reason, "practice_why_ko": reason_ko,
        "model_words": ", as a correction of the practice's answer" if timed else "",
        "model_words_ko": "로 현행의 답을 고칩니다" if timed else "입니다",
    }  # fmt: skip


def _source_words(survey: Survey, survey_file: Path | None, words: Mapping[str, Any]) -> dict[str, Any]:
    """Where the rows come from and what the project is for."""
    name = _plain(survey_file.name) if survey_file else ""
    sheet = f" ({_plain(survey.sheet.sheet)})" if survey.sheet.sheet else ""
    dropped = [row for row, reason in survey.sheet.dropped if reason == "total"]
    notes = [_plain(note) for note in survey.sheet.notes]
    return {
        "source_words": f"`{name}`{sheet}" if name else "data it made up itself",
        "source_words_ko": f"`{name}`{sheet}" if name else "스스로 지어낸 자료",
        "notes": [*notes, *([f"rows of totals and means left out: {', '.join(map(str, dropped))}"] if dropped else [])],
        "notes_ko": [*notes, *([f"합계와 평균 행은 뺐습니다: {', '.join(map(str, dropped))}"] if dropped else [])],
        "place_words": "Made data show nothing." if not name else "One sheet from one place.",
        "place_words_ko": "지어낸 자료는 아무것도 보여 주지 않습니다." if not name else "한 곳의 표 하나입니다.",
        "summary_en": f"{words['target']} foreseen from what is known beforehand, against {words['practice_label']}."
        + ("" if name else " Made data, never a proof."),
        "summary_ko": f"미리 아는 것으로 {words['target']}{particle(words['target'], '을', '를')} 예측해 "
        f"현행({words['practice_label_ko']})과 견줍니다." + ("" if name else " 지어낸 자료라 증거가 되지 않습니다."),
    }


def _rendered(template: str, words: Mapping[str, Any]) -> str:
    import jinja2

    environment = jinja2.Environment(  # noqa: S701 - Python, TOML and Markdown, no HTML; values are quoted by `py` and `toml`
        loader=jinja2.FileSystemLoader(TEMPLATES), undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True,
        keep_trailing_newline=True,
    )  # fmt: skip
    environment.filters |= {
        "py": _python,
        "toml": _toml,
        "particle": particle,
    }
    return environment.get_template(template).render(d=words)


def _toml(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _python(value: object) -> str:
    """A literal of Python; texts in double quotes, as people write them."""
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False) if value.isprintable() else repr(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_python(key)}: {_python(item)}" for key, item in value.items()) + "}"
    if isinstance(value, (tuple, list)):
        return "(" + "".join(f"{_python(item)}, " for item in value).rstrip(" ") + ")"
    return repr(value)


def _catalogue(path: Path, words: Mapping[str, Any]) -> None:
    """The project's Korean: every text that its code marks or that people read as a label."""
    import polib

    texts = {
        words["practice_doc"]: words["practice_label_ko"],
        "Ridge regression on what is known beforehand": "미리 아는 값으로 하는 능형 회귀",
        "mean absolute error": "평균 절대 오차",
        "root mean square error": "평균 제곱근 오차",
        f"{words['target']}: mean at the time before{words['alike']}": f"{words['target']}: 직전 조사의 평균",
        f"{words['target']}: mean at the same time last year{words['alike']}": f"{words['target']}: 지난해 같은 때의 평균",
        **{f"days since {header}": f"{header}부터 지난 날수" for header in words["since"].values()},
        "Taken as known before the answer, confirmed by nobody yet: {columns}.":
            "답하기 전에 안다고 보았으나 아직 아무도 확인하지 않은 열: {columns}.",
        **{header: header for header in words["headers"]},  # a person's own header is its own translation
        "Made data: nothing was measured, nothing is proven.": "지어낸 자료: 잰 것이 없으니 증명하는 것도 없습니다.",
    }  # fmt: skip
    catalogue = polib.POFile(wrapwidth=120)
    catalogue.metadata = {"Language": "ko", "MIME-Version": "1.0", "Content-Type": "text/plain; charset=utf-8",
                          "Content-Transfer-Encoding": "8bit"}  # fmt: skip
    catalogue.extend(polib.POEntry(msgid=msgid, msgstr=msgstr) for msgid, msgstr in texts.items())
    path.parent.mkdir(parents=True)
    path.write_text(str(catalogue), encoding="utf-8", newline="\n")
