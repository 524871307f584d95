"""What an author of a project meets: the words of a trade, mistakes told in one line, types, the page that teaches it all."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from dataclasses import fields, replace
from pathlib import Path

import polars as pl
import polib
import pytest

import author_page
import trials
from dure import Column, Data, Own, Source, Work, tables
from dure.checks.promises import PROMISES
from dure.checks.subject import Subject
from dure.checks.texts import LIBRARY, both_languages
from dure.cli.app import cli
from dure.errors import UserError
from dure.i18n.texts import _, catalogue, per_language
from dure.project.loader import load
from dure.project.manifest import BLOCKS, Manifest, Practice, Word, Words, manifest
from dure.project.project import Project
from dure.trial.types import quiet

ROOT = Path(__file__).resolve().parent.parent
TIDE = ROOT / "tests" / "projects" / "honam" / "tide"


def dure(projects, *words):
    """The command line in a process of its own, with the projects of a folder."""
    return subprocess.run(
        [sys.executable, "-m", "dure", "--lang", "en", *words], cwd=projects,
        env={**os.environ, "DURE_PROJECTS": str(projects)}, capture_output=True, encoding="utf-8", check=False,
    )  # fmt: skip


@pytest.fixture
def tide(tmp_path):
    folder = tmp_path / "honam" / "tide"
    shutil.copytree(TIDE, folder)
    return folder


# ---- words of a trade ------------------------------------------------------------------------------------------------


def manifest_with(folder, words):
    given = (TIDE / "project.toml").read_text(encoding="utf-8")
    (folder / "project.toml").write_text(given.replace('block = "week"', words), encoding="utf-8")
    return manifest(folder)


@pytest.mark.parametrize(
    ("words", "place", "message"),
    [
        ('block = "district"', "words.block", "district is none of Dure's own words (block, day, week,"),
        ('block = { ko = "환자" }', "words.block.en", "missing"),
        ('site = { ko = "환자", en = "patient", meny = "x" }', "words.site.meny", "no such field"),
        ('block = { ko = "환자", en = "patient", counted = "명" }', "words.block.counted", "write {count} there"),
        ('block = { ko = "환자", en = "patient", counted = "{n}명 {count}" }', "words.block.counted", "write {count}"),
    ],
)
def test_a_wrong_word_is_told_by_its_field(tmp_path, words, place, message):
    with pytest.raises(UserError, match=r"project\.toml") as caught:
        manifest_with(tmp_path, words)
    assert f"[{place}]" in caught.value.where
    assert message in str(caught.value)
    assert "faults in all" not in str(caught.value)


def test_forms_left_out_are_made_from_the_noun(tmp_path):
    words = manifest_with(tmp_path, 'block = { ko = "배수지", en = "service reservoir zone" }').words.carried()
    assert words["block_word"] == {
        "ko": "배수지", "en": "service reservoir zone", "many": "service reservoir zones", "counted": "배수지 {count}개",
        "one": "한 배수지에서", "at": "at",
    }  # fmt: skip


@pytest.mark.filterwarnings("error")
def test_words_survive_json():
    words = Words(
        block={"ko": "환자", "en": "patient", "counted": "환자 {count}명"}, site={"ko": "병원", "en": "hospital"}
    )
    assert Words.model_validate_json(words.model_dump_json()) == words


def test_strange_words_of_foreign_evidence_are_shown_as_they_are():
    from dure.report import vocabulary

    word = {"ko": "{x}", "en": "{0.__class__}", "many": "{y}", "counted": "{count}{z}", "one": "{q}", "at": "near"}
    about = trials.about(site_word=word)
    found = per_language(lambda: (vocabulary.counted(word, 2), vocabulary.sites_heading(about)))
    assert found == {"ko": ("2{z}", "{x}별 판정"), "en": ("2 {y}", "{0.__class__} by {0.__class__}")}


# ---- texts -----------------------------------------------------------------------------------------------------------


def test_every_text_without_korean_is_named_at_once_and_ready_to_be_pasted(tmp_path):
    folder = tmp_path / "honam" / "tide"
    shutil.copytree(TIDE, folder)
    korean = folder / "locale" / "ko.po"
    whole = korean.read_text(encoding="utf-8")
    korean.unlink()
    catalogue.cache_clear()
    state, reason = both_languages(Subject(load(folder), tmp_path, {}, lambda words: "", full=False, tell=quiet))
    assert state == "broken"
    head, _blank, entries = reason.partition("\n\n")
    missing = {entry.msgid for entry in polib.pofile(entries)}
    assert missing == {entry.msgid for entry in polib.pofile(whole)} - catalogue(LIBRARY, "ko").keys()
    assert head == f"No Korean yet ({len(missing)}); add to locale/ko.po:"
    korean.write_text(re.sub('msgstr ""', 'msgstr "글"', entries), encoding="utf-8")
    catalogue.cache_clear()
    assert both_languages(Subject(load(folder), tmp_path, {}, lambda words: "", full=False, tell=quiet))[0] == "kept"


# ---- mistakes in project.py ------------------------------------------------------------------------------------------

MISTAKES = [
    ("kpis=(Kpi", "kpi=(Kpi", "PROJECT = ", "Project takes no kpi. Did you mean kpis?"),
    ('"errors / cases")', 'off="errors / cases")', "PROJECT = ", "Kpi takes no off. Did you mean of?"),
    ("from dure import Case", "from dure import Cases, Case", "from dure", "dure has no Cases. Did you mean Case?"),
    ("from dure import Case", "import pandaz\nfrom dure import Case", "import pandaz", "there is no module pandaz. Install it, or correct its name."),
    ("from dure import Case", "import dure.formatz\nfrom dure import Case", "import dure.f", "there is no module dure.formatz. Did you mean dure.formats?"),
    ("from dure import Case", "from .model import x\nfrom dure import Case", "from .model", "there is no module .model"),
    ("practice=last_week", "practice=last_weak", "PROJECT = ", "NameError: name 'last_weak' is not defined. Did you mean last_week?"),
    ("def rounds(data):", "def rounds(data:", "def rounds", "this is not Python: '(' was never closed"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after", "line", "message"), MISTAKES, ids=[row[1][:24] for row in MISTAKES])
def test_a_mistake_in_a_projects_code_is_one_line_with_its_place(tmp_path, before, after, line, message):
    folder = tmp_path / "honam" / "tide"
    shutil.copytree(TIDE, folder)
    text = (folder / "project.py").read_text(encoding="utf-8")
    assert before in text
    text = text.replace(before, after, 1)
    (folder / "project.py").write_text(text, encoding="utf-8")
    number = next(number for number, code in enumerate(text.splitlines(), 1) if code.startswith(line))
    with pytest.raises(UserError) as caught:
        load(folder)
    assert str(caught.value).partition(": ")[2].removesuffix(".") == message.removesuffix(".")
    file, _colon, found = caught.value.where.rpartition(":")
    assert Path(file).samefile(folder / "project.py")
    assert number <= int(found) <= number + 6  # a call runs over several lines


def test_the_command_line_tells_it_in_one_line(tide, tmp_path):
    (tide / "project.py").write_text("from dure import Projekt\n", encoding="utf-8")
    done = dure(tmp_path, "show", "honam.tide")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"Error: {tide / 'project.py'}:1: dure has no Projekt. Did you mean Project?\n"


@pytest.mark.parametrize("code", ["PROJEKT = 1", "PROJECT = 1"])
def test_a_file_without_a_project_is_told(tmp_path, code):
    folder = tmp_path / "honam" / "tide"
    folder.mkdir(parents=True)
    shutil.copyfile(TIDE / "project.toml", folder / "project.toml")
    (folder / "project.py").write_text(code, encoding="utf-8")
    with pytest.raises(UserError, match="no name PROJECT is defined"):
        load(folder)


# ---- a trial that is kept --------------------------------------------------------------------------------------------


def test_a_trial_is_kept_whole_beside_project_toml(tide, tmp_path):
    kept = tide / "trial.json"
    kept.write_text("{}", encoding="utf-8")
    done = dure(tmp_path, "run", "honam.tide", "--sealed", "--keep", "--out", "evidence")
    assert done.returncode == 0, done.stderr
    assert kept.read_bytes() == (tmp_path / "evidence" / "trial.json").read_bytes()
    assert kept.stat().st_mode == (tmp_path / "evidence" / "trial.json").stat().st_mode
    assert f"Kept: {kept}" in done.stdout
    assert sorted(path.name for path in tide.iterdir() if path.name.endswith((".json", ".tmp"))) == ["trial.json"]


@pytest.mark.parametrize(
    ("words", "cure"),
    [
        ((), "Add --sealed."),
        (("--sealed", "--profile", "quick"), "Leave the other options out"),
        (("--sealed", "--seed", "3"), "Leave the other options out"),
        (("--newer",), "Leave the other options out"),
        (("--sealed", "--data", "landings=mine.csv"), "Leave the other options out"),
    ],
)
def test_what_is_no_trial_of_the_project_is_not_kept(tide, tmp_path, monkeypatch, words, cure):
    (tmp_path / "mine.csv").write_text("x", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match="--keep: ") as caught:
        cli(["run", str(tide), "--keep", *words], standalone_mode=False)
    assert cure in str(caught.value)
    assert not (tide / "trial.json").exists()
    assert not (tmp_path / "dure-evidence").exists()


def test_a_project_without_a_sealed_round_keeps_its_open_ones(tide, tmp_path):
    code = (tide / "project.py").read_text(encoding="utf-8")
    assert "sealed=" in code
    (tide / "project.py").write_text(re.sub(r"sealed=[^,)]+", "sealed=False", code), encoding="utf-8")
    done = dure(tmp_path, "run", "honam.tide", "--keep")
    assert done.returncode == 0, done.stderr
    assert (tide / "trial.json").is_file()


def test_where_nothing_can_be_written_the_evidence_is_named(tide, tmp_path):
    from dure.runs.keep import keep

    (tmp_path / "evidence").mkdir()
    (tmp_path / "evidence" / "trial.json").write_text("{}", encoding="utf-8")
    (tide / "trial.json").mkdir()  # a folder cannot be replaced by a file, whoever asks
    (tide / "trial.json" / "x").touch()
    with pytest.raises(UserError, match="evidence is whole") as caught:
        keep(tmp_path / "evidence", tide)
    assert caught.value.where == str(tide / "trial.json")


# ---- what the next level needs ---------------------------------------------------------------------------------------


@pytest.mark.slow  # eight commands
def test_show_says_what_the_next_level_lacks_and_what_to_do(tide, tmp_path, monkeypatch):
    monkeypatch.setenv("DURE_HOME", str(tmp_path / "home"))
    finds_out = "`dure check honam.tide` finds out what the next one needs"
    assert finds_out in dure(tmp_path, "show", "honam.tide").stdout
    assert "honam.tide: bronze" in dure(tmp_path, "check", "honam.tide").stdout
    *_description, level, missing, promise, step = dure(tmp_path, "show", "honam.tide").stdout.splitlines()
    assert (level, missing) == ("Level: bronze", "Missing for silver:")
    assert promise.startswith("  ✗ the quick replay agrees with trial.json [replay]: there is no trial.json")
    assert step == "    → Run `dure run honam.tide --sealed --keep`."

    assert dure(tmp_path, *step.split("`")[1].split()[1:]).returncode == 0
    assert finds_out in dure(tmp_path, "show", "honam.tide").stdout  # its files have changed since
    assert "honam.tide: silver" in dure(tmp_path, "check", "honam.tide").stdout
    found = json.loads(dure(tmp_path, "show", "honam.tide", "--json").stdout)["check"]
    assert (found["level"], found["next"]) == ("silver", "gold")
    assert {entry["name"]: entry["step"].partition(" and ")[0] for entry in found["missing"]} == {
        "card": "Run `dure card honam.tide --write`"
    }


def test_every_promise_says_what_to_do_in_both_languages():
    for promise in PROMISES:
        in_language = per_language(lambda promise=promise: _(promise.step, project="jeju.onion"))
        assert re.search("[가-힣]", in_language["ko"])
        assert in_language["en"].endswith((".", "--rerun"))


# ---- types -----------------------------------------------------------------------------------------------------------

RIGHT = """
from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from dure import Case, Data, Form, Kpi, Method, Opened, Project, Round, Work


class Request(Form):
    before: float


class Response(Form):
    after: float


class Other(Form):
    after: float


def history(data: Data, until: datetime | None) -> list[Case[Request]]:
    return []


def rounds(data: Data) -> Iterator[Round[Request]]:
    yield Round("one", (), [Case("1", Request(before=1.0), truth=1.0)])


def practice(history: Sequence[Case[Request]], seed: int, work: Work) -> Method[Request, Response]:
    return lambda asked: Response(after=asked.before)


def model(history: Sequence[Case[Request]], seed: int, work: Work) -> Method[Request, Response | None]:
    return lambda asked: Response(after=asked.before) if asked.before else None


def score(case: Case[Request], outcome: Response) -> dict[str, float]:
    return {"errors": abs(outcome.after - case.truth)}


def check(request: Request, response: Response) -> None: ...


def says(request: Request, response: Response) -> str:
    return f"{response.after}"


def save(request: Request, response: Response, path: Path) -> None: ...


def opens(paths: Sequence[Path], given: Mapping[str, Any]) -> Opened[Request | None]:
    return Opened(None)


PROJECT = Project[Request, Response](
    request=Request, response=Response, sources=(), history=history, rounds=rounds, practice=practice, model=model,
    score=score, kpis=(Kpi("mean absolute error", "t", "lower", "errors / cases"),), check=check, says=says,
    saves={".csv": save}, opens=opens,
)
"""  # fmt: skip
PLAYED = """
def play(case: Case[Request], ask: Method[Request, Response]) -> list[float]:
    return [ask(case.request).after]


def bill(case: Case[Request], outcome: list[float]) -> dict[str, float]:
    return {"errors": sum(outcome)}


PLAYED = Project[Request, Response, list[float]](
    request=Request, response=Response, sources=(), history=history, rounds=rounds, practice=practice, model=model,
    score=bill, kpis=(), play=play,
)
NO_TYPES = Project(
    request=Request, response=Response, sources=(), history=history, rounds=rounds, practice=practice, model=model,
    score=bill, kpis=(), play=play,
)
"""
WRONG = {
    "model": ("Method[Request, Response | None]:\n    return lambda asked: Response(after=asked.before) if asked.before else None",
              "Method[Request, Other]:\n    return lambda asked: Other(after=asked.before)"),
    "score": ("outcome: Response) -> dict", "outcome: Other) -> dict"),
    "check": ("def check(request: Request, response: Response)", "def check(request: Request, response: Other)"),
    "says": ('-> str:\n    return f"{response.after}"', "-> float:\n    return response.after"),
    "saves": ("def save(request: Request, response: Response", "def save(request: Response, response: Request"),
    "opens": ("-> Opened[Request | None]:\n    return Opened(None)", "-> Opened[Other]:\n    return Opened(Other(after=1.0))"),
}  # fmt: skip


@pytest.mark.long  # mypy reads the library
def test_a_type_checker_sees_a_wrong_answer_and_leaves_a_right_one_alone(tmp_path):
    (tmp_path / "right.py").write_text(RIGHT + PLAYED, encoding="utf-8")
    for name, (before, after) in WRONG.items():
        assert before in RIGHT
        (tmp_path / f"wrong_{name}.py").write_text(RIGHT.replace(before, after), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--no-incremental", "--follow-imports=silent", "."],
        cwd=tmp_path, env={**os.environ, "MYPYPATH": str(ROOT / "src")}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    errors = [line for line in done.stdout.splitlines() if ": error: " in line]
    assert [line for line in errors if line.startswith("right.py")] == []
    for name in WRONG:
        found = [line for line in errors if line.startswith(f"wrong_{name}.py")]
        assert len(found) == 1, (name, found, done.stdout, done.stderr)
        assert name in found[0] or name == "saves", found  # of a dict mypy names the entry
    assert len(errors) == len(WRONG)


# ---- docs/project.md -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def page():
    return author_page.PAGE.read_text(encoding="utf-8")


def plain(text):
    return re.sub(r"\s+", " ", text).replace("( ", "(")


def test_the_page_opens_with_a_whole_project(page):
    first, *_rest = author_page.files(page)
    assert first == "regions/seoul/parcels/project.py"
    before = page.partition(f"`{first}`")[0]
    assert before.count("\n## ") == 1
    code = [line for line in author_page.files(page)[first].splitlines() if line.strip()]
    assert len(code) <= 45


@pytest.mark.slow
@pytest.mark.parametrize("name", ["seoul.parcels", "seoul.tank"])
def test_a_project_of_the_page_is_silver(name, page, tmp_path):
    for path, content in author_page.files(page).items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(content, encoding="utf-8")
    assert dure(tmp_path, "run", name).returncode == 0
    run = dure(tmp_path, "run", name, "--sealed", "--keep")
    assert run.returncode == 0, run.stderr
    assert " is better than today: " in run.stdout
    checked = dure(tmp_path, "check", name)
    assert checked.stdout.startswith(f"{name}: silver\n"), checked.stdout
    assert "Level: silver" in dure(tmp_path, "show", name).stdout
    if name == "seoul.parcels":
        asked = dure(tmp_path, "ask", name, "request.json", "--json")
        assert json.loads(asked.stdout)["response"] == {"parcels": 78.25}


@pytest.mark.slow
def test_the_projects_of_the_page_pass_a_type_checker(page, tmp_path):
    shown = {path: code for path, code in author_page.files(page).items() if path.endswith(".py")}
    for path, code in shown.items():
        (tmp_path / path).parent.mkdir(parents=True)
        (tmp_path / path).write_text(code, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--no-incremental", "--follow-imports=silent", "--namespace-packages",
         "--explicit-package-bases", *shown],
        cwd=tmp_path, env={**os.environ, "MYPYPATH": str(ROOT / "src")}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def pieces(page):
    """The Python on the page that belongs to no file, by the first name it defines."""
    blocks = re.findall(r"^```python\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    whole = author_page.files(page).values()
    return {found[1]: block for block in blocks if block not in whole and (found := re.match(r"def (\w+)", block))}


def test_the_builder_of_the_page_learns_and_comes_back(page, tmp_path):
    folder = tmp_path / "seoul" / "parcels"
    for path, content in author_page.files(page).items():
        if "parcels" in path:
            place = folder / Path(path).relative_to("regions/seoul/parcels")
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(content, encoding="utf-8")
    code = (folder / "project.py").read_text(encoding="utf-8").replace("model=four_weeks", "model=regression")
    head, tail = code.split("PROJECT = ")
    imports = "import json\nimport numpy as np\nfrom dure import write_atomically\n"
    (folder / "project.py").write_text(
        f"{imports}{head}{pieces(page)['regression']}\n\nPROJECT = {tail}", encoding="utf-8"
    )
    project = load(folder)
    first = next(iter(project.rounds(Data(project.sources, folder))))
    work, asked = Work(folder=tmp_path / "work"), first.cases[0].request
    answer = project.model(first.history, 0, work)(asked)
    assert 20 < answer.parcels < 120
    assert project.model([], 0, work)(asked) == answer


def test_the_source_of_the_page_reads_a_sheet(page, tmp_path):
    names = {"tables": tables, "pl": pl, "Path": Path, "Source": Source, "Own": Own, "Column": Column}
    exec(pieces(page)["read"], names)
    sheet = "일시,사용량(m3)\n2025-03-01 00:00,5325\n2025-03-02 00:00,5297\n"
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "uses.csv").write_text(sheet, encoding="cp949")
    source = replace(names["USES"], origin=Own("data/uses.csv"))
    assert Data((source,), tmp_path)["uses"]["use"].to_list() == [5325.0, 5297.0]


@pytest.mark.parametrize("name", author_page.SIGNED)
def test_the_page_has_the_signature_as_the_code_has_it(name, page):
    assert plain(author_page.signature(name)) in plain(page)


def test_the_page_names_every_field_an_author_can_fill(page):
    def unnamed(section, names):
        part = page.partition(f"\n## {section}\n")[2].partition("\n## ")[0]
        return [name for name in names if not re.search(rf"`\[?{name}\]?`", part)]

    assert unnamed("Project", [field.name for field in fields(Project)]) == []
    assert unnamed("project.toml", [*Manifest.model_fields, *Practice.model_fields, *Word.model_fields]) == []
    assert [word for word in BLOCKS if f"`{word}`" not in page] == []


def test_the_page_has_the_promises_as_they_are(page):
    assert [row for row in page.splitlines() if re.match(r"\| (bronze|silver|gold|platinum) \|", row)] == (
        author_page.promises()
    )


def test_the_page_has_the_open_rooms_as_they_are(page):
    assert [row for row in page.splitlines() if row.startswith("| `dure.")] == author_page.rooms()


@pytest.mark.parametrize(
    "block", re.findall(r"```toml\n(.*?)```", author_page.PAGE.read_text(encoding="utf-8"), re.DOTALL)
)
def test_every_piece_of_project_toml_on_the_page_can_be_read(block):
    given = tomllib.loads(block)
    if "id" not in given:
        given = tomllib.loads((TIDE / "project.toml").read_text(encoding="utf-8")) | given
    read = Manifest.model_validate(given)
    assert set(read.exempt) <= {promise.name for promise in PROMISES if promise.can_be_exempt}
