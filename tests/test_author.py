"""What an author of a project meets: the words of a trade, mistakes told in one line, types, the page that teaches it all."""

from pathlib import Path

import pytest

import trials
from dure.errors import UserError
from dure.i18n.texts import per_language
from dure.project.manifest import Words, manifest

ROOT = Path(__file__).resolve().parent.parent
TIDE = ROOT / "tests" / "projects" / "honam" / "tide"


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
