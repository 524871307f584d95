"""The model card: written from trial.json and the project's texts, never from memory; a person's passage stays."""

import json
import re
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

import trials
from dure import evidence
from dure.checks import promises, report, subject
from dure.cli.app import cli, command_fault
from dure.errors import UserError
from dure.project import loader
from dure.project.form import Form
from dure.report import model_card
from dure.scaffold import new
from dure.trial import types

HERE = Path(__file__).parent
REGIONS = HERE.parent / "src" / "dure" / "regions"
WRITTEN = sorted(path.parent for path in REGIONS.glob("*/*/CARD.md"))
PASSAGE = "Nobody under the age of reason, and no vessel without a crew."


@pytest.fixture
def tide(tmp_path):
    """A project with a trial at two places, with a rival, two KPIs and a case that was left out."""
    folder = tmp_path / "honam" / "tide"
    shutil.copytree(HERE / "projects" / "honam" / "tide", folder)
    tried(folder)
    return folder


def tried(folder, **more):
    """The folder with the trial of these tests, `more` said about it."""
    said = evidence.content(trials.trial(**{"id": "honam.tide", **more})).to_json()
    (folder / "trial.json").write_text(json.dumps({**said, "project": "honam.tide"}), encoding="utf-8")


def write(folder, passage=""):
    """Both cards, with the passage in them."""
    for path, text in model_card.files(loader.load(folder)).items():
        inside = (
            f"{model_card.BY_HAND}\n\n{passage}\n\n{model_card.END}"
            if passage
            else f"{model_card.BY_HAND}\n\n{model_card.END}"
        )
        path.write_text(
            re.sub(rf"{model_card.BY_HAND}.*?{model_card.END}", inside, text, flags=re.DOTALL), encoding="utf-8"
        )


def pages(folder):
    return [path.read_text(encoding="utf-8") for path in model_card.files(loader.load(folder))]


def promise(folder, tmp_path):
    """What `dure check` says of the card."""
    place = tmp_path / "place"
    place.mkdir(exist_ok=True)
    examined = subject.Subject(
        loader.load(folder), place, promises.EXEMPTABLE, command_fault, full=False, tell=types.quiet
    )
    return report._outcome(next(each for each in promises.PROMISES if each.name == "card"), examined)


def cells(line):
    return re.split(r"(?<!\\)\|", line.strip().removeprefix("|").removesuffix("|"))


def rows(text, heading):
    """The rows of the first table under a heading, as lists of cells."""
    lines = text.split(f"### {heading}\n", 1)[1].splitlines()
    first = next(number for number, line in enumerate(lines) if line.startswith("|"))
    table = [[cell.strip() for cell in cells(line)] for line in lines[first:] if line.startswith("|") or not line][2:]
    return table[: next((number for number, row in enumerate(table) if row == [""]), len(table))]


@pytest.mark.parametrize("folder", WRITTEN, ids=lambda folder: f"{folder.parent.name}.{folder.name}")
def test_the_cards_that_come_with_dure_say_what_their_trials_say(folder):
    assert model_card.fault(loader.load(folder)) == ""


def test_there_is_such_a_card():
    assert REGIONS / "gangwon" / "heart" in WRITTEN


# ---- the promise ------------------------------------------------------------------------------------------------------


def test_a_card_that_is_whole_and_fresh_keeps_the_promise(tide, tmp_path):
    write(tide, PASSAGE)
    assert promise(tide, tmp_path) == ("kept", "CARD.md, CARD.ko.md")


def test_a_project_that_was_never_tried_is_told_how(tide, tmp_path):
    (tide / "trial.json").unlink()
    state, reason = promise(tide, tmp_path)
    assert state == "broken"
    assert "dure run honam.tide --sealed --keep" in reason


def test_a_new_project_is_told_how(tmp_path):
    state, reason = promise(new.new("jeju", "onion", tmp_path / "regions"), tmp_path)
    assert state == "broken"
    assert "dure run jeju.onion --sealed --keep" in reason


def test_a_tried_project_without_a_card_is_told_how(tide, tmp_path):
    state, reason = promise(tide, tmp_path)
    assert state == "broken"
    assert "`dure card honam.tide --write`" in reason


@pytest.mark.parametrize("name", ["CARD.md", "CARD.ko.md"])
def test_a_card_without_a_persons_passage_is_named(name, tide, tmp_path):
    write(tide, PASSAGE)
    path = tide / name
    path.write_text(path.read_text(encoding="utf-8").replace(f"{PASSAGE}\n\n", ""), encoding="utf-8")
    state, reason = promise(tide, tmp_path)
    assert state == "broken"
    assert reason.startswith(f"{name}: nobody has said yet")
    assert model_card.BY_HAND in reason


def test_a_number_that_was_typed_is_found_by_its_line(tide, tmp_path):
    write(tide, PASSAGE)
    path = tide / "CARD.md"
    text = path.read_text(encoding="utf-8")
    line = next(number for number, each in enumerate(text.splitlines(), 1) if each.startswith("| sealed rounds"))
    path.write_text(text.replace("| better |", "| best |", 1), encoding="utf-8")
    state, reason = promise(tide, tmp_path)
    assert state == "broken"
    assert reason.startswith(f"CARD.md:{line} is not what trial.json and the project say now")
    assert "`dure card honam.tide --write`" in reason


def test_another_trial_makes_it_stale(tide, tmp_path):
    write(tide, PASSAGE)
    tried(tide, looks=2)
    assert "is not what trial.json" in promise(tide, tmp_path)[1]


def test_line_ends_of_another_system_are_no_difference(tide, tmp_path):
    write(tide, PASSAGE)
    path = tide / "CARD.md"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert promise(tide, tmp_path)[0] == "kept"


@pytest.mark.parametrize("text", ["", "[]", "{", '{"about": {}, "verdicts": []}'])
def test_what_no_trial_writes_is_refused(text, tide):
    (tide / "trial.json").write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=r"trial\.json.*Run the project again"):
        model_card.files(loader.load(tide))


# ---- what it says -----------------------------------------------------------------------------------------------------


def test_a_row_for_every_place_with_the_trials_numbers(tide):
    said = json.loads((tide / "trial.json").read_text(encoding="utf-8"))
    english, _korean = model_card.files(loader.load(tide)).values()
    found = rows(english, "Place by place")
    mine = [each for each in said["verdicts"] if (each["method"], each["against"]) == ("ours", "basic")]
    first = [each for each in mine if each["kpi"] == mine[0]["kpi"]]
    assert (
        [row[1] for row in found] == ["all places", "A", "B"] == ["all places", *(each["site"] for each in first[1:])]
    )
    for row, verdict in zip(found, first, strict=True):
        assert row[3] == f"{verdict['methods']['basic']:.2f} kWh"
        assert row[4] == f"{verdict['methods']['ours']:.2f} kWh"
        assert row[-1] == verdict["verdict"]


def test_every_kpi_and_every_rival_has_its_row(tide):
    english, _korean = model_card.files(loader.load(tide)).values()
    assert [row[0] for row in rows(english, "KPI by KPI")] == ["mean absolute error", "share right"]
    others = rows(english, "Other comparisons")
    assert [(row[1].split(":")[0], row[2].split(":")[0]) for row in others] == [
        ("today", "Gradient boosting"),
        ("Gradient boosting", "Patient model"),
    ]


def test_sources_remarks_and_what_was_left_out_are_told(tide):
    english, korean = model_card.files(loader.load(tide)).values()
    for words in (
        "Only 8 are without disease.",
        "CC-BY-4.0",
        "p-17",
        "too late 2",
        "Genders et al., BMJ 2012",
        "none known",
    ):
        assert words in english
    assert "병이 없는 사람이 8명뿐입니다." in korean
    assert "dure run honam.tide --sealed --out trial" in english


def test_both_languages_have_the_same_shape_and_every_heading_its_korean(tide):
    english, korean = model_card.files(loader.load(tide)).values()
    shapes = [
        [line.split(" ")[0] for line in text.splitlines() if line.startswith(("#", "|"))] for text in (english, korean)
    ]
    assert shapes[0] == shapes[1]
    headings = [line for line in korean.splitlines() if line.startswith("#")]
    heads = [
        line
        for line, rule in zip(korean.splitlines(), korean.splitlines()[1:], strict=False)
        if rule.startswith("| ---")
    ]
    words = [cell.strip() for line in heads for cell in cells(line)] + headings
    assert [word for word in words if not re.search("[가-힣]|SHA-256", word)] == []


def test_texts_of_others_break_neither_table_nor_passage(tide):
    trick = "a | b\n<!-- end -->\n**lost** <script>"
    tried(
        tide,
        remarks={"": [{"ko": trick, "en": trick}]},
        labels={**trials.LABELS, "boosting": {"ko": trick, "en": trick}},
    )
    write(tide, PASSAGE)
    for text in pages(tide):
        assert "<script>" not in re.sub(r"\\<", "", text)
        assert text.count(f"\n{model_card.END}\n") == 1
    assert model_card.by_hand(tide / "CARD.md") == PASSAGE
    assert model_card.fault(loader.load(tide)) == ""


@pytest.mark.slow
@given(st.lists(st.lists(st.text(), min_size=3, max_size=3), max_size=4))
def test_a_table_has_as_many_cells_as_heads_whatever_stands_in_them(texts):
    lines = model_card._table(["one", "two", "three"], texts).splitlines()
    assert len(lines) == 2 + len(texts)
    for line in lines:
        assert len(re.findall(r"(?<!\\)(?:\\\\)*\|", line)) == 4


class Leaf(Form):
    """Holds itself."""

    weight: float
    leaves: list["Leaf"] = Field(default_factory=list)


class Tree(Form):
    """Forms in a list, and one that may be missing."""

    first: Leaf | None = None
    others: list[Leaf]


def test_forms_inside_forms_are_told_once_by_their_path(tide):
    schema = Tree.model_json_schema()
    found = [(row[0], row[1]) for row in model_card._fields(loader.load(tide), schema, schema["$defs"])]
    assert found == [
        ("first", ""), ("first.weight", "✓"), ("first.leaves[]", ""),
        ("others[]", "✓"), ("others[].weight", "✓"), ("others[].leaves[]", ""),
    ]  # fmt: skip


# ---- the command ------------------------------------------------------------------------------------------------------


def test_the_command_shows_one_language_and_writes_both(tide, monkeypatch):
    monkeypatch.setenv("DURE_PROJECTS", str(tide.parents[1]))
    shown = CliRunner().invoke(cli, ["card", "honam.tide"], catch_exceptions=False)
    expected = model_card.files(loader.load(tide))
    assert shown.stdout == expected[tide / "CARD.md"]
    assert not (tide / "CARD.md").exists()
    written = CliRunner().invoke(cli, ["card", "honam.tide", "--write"], catch_exceptions=False)
    assert [path.name for path in expected if path.read_text(encoding="utf-8") == expected[path]] == [
        "CARD.md",
        "CARD.ko.md",
    ]
    assert "nobody has said yet" in written.stdout


def test_writing_again_keeps_the_passage(tide, monkeypatch):
    monkeypatch.setenv("DURE_PROJECTS", str(tide.parents[1]))
    write(tide, PASSAGE)
    tried(tide, looks=7)
    written = CliRunner().invoke(cli, ["card", "honam.tide", "--write"], catch_exceptions=False)
    assert "nobody has said" not in written.stdout
    assert [model_card.by_hand(tide / name) for name in model_card.FILES.values()] == [PASSAGE, PASSAGE]
    assert "opened 7 times" in (tide / "CARD.md").read_text(encoding="utf-8")
