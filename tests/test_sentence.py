"""What is said of a verdict, word for word, in Korean and English."""

import json
import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

import dure
import trials
from dure.errors import UserError
from dure.i18n import block_words, former_words
from dure.i18n.texts import particle, per_language, speak
from dure.project import manifest
from dure.record import Price, committed
from dure.report import interval_plot, sentence, vocabulary, worth
from trials import verdict

SHIPPED = sorted(Path(dure.__file__).parent.glob("regions/*/*/trial.json"))
_ABOUT = {
    "labels": {
        "today": {"ko": "현행", "en": "today"},
        "a": {"ko": "업체A의 예측", "en": "Vendor A"},
        "b": {"ko": "업체B", "en": "Vendor B"},
    },
    "span": {"sealed": {"first": "2026-03-01T00:00:00", "last": "2026-08-15T23:00:00", "cases": 4032, "moments": 4032}},
    "sites": {"Swiss": {"ko": "스위스", "en": "Switzerland"}},
    "unanswered_limit": 0.05,
    "profile": "full",
}
VERDICT = verdict()


def about(**changes):
    return trials.about(**(_ABOUT | changes))


ABOUT = about()


@pytest.fixture(params=["ko", "en"])
def lang(request):
    speak(request.param)
    yield request.param
    speak(None)


def told(part, one=VERDICT, about=ABOUT):
    return sentence.parts(one, about)[part]


NOT_SHOWN = {
    "verdict": "not shown",
    "because": "neither",
    "gain": {"low": -1.5, "mean": 2.0, "high": 4.4},
    "blocks": 61,
    "block_word": "day",
}

HEADS = {
    "better": (
        {},
        "업체A의 예측이 현행보다 **낫습니다**. 평균 오차가 12.3 % 작습니다(95 % 구간 8.1–16.0 %, 24주).",
        "Vendor A is **better** than today: its mean error is 12.3 % smaller (95 % interval 8.1 to 16.0 %, 24 weeks).",
    ),
    "worse": (
        {"verdict": "worse", "gain": {"low": -9.8, "mean": -6.4, "high": -2.7}},
        "업체A의 예측이 현행보다 **나쁩니다**. 평균 오차가 6.4 % 큽니다(95 % 구간 2.7–9.8 %, 24주).",
        "Vendor A is **worse** than today: its mean error is 6.4 % larger (95 % interval 2.7 to 9.8 %, 24 weeks).",
    ),
    "not shown": (
        NOT_SHOWN,
        (
            "업체A의 예측이 현행보다 나은지 **아직 알 수 없습니다**. 개선폭은 2.0 %이고, 95 % 구간이 −1.5 %에서 4.4 %까지로 0을 품고 있습니다."
            " 61일 자료로는 4.9 % 이상의 차이만 보입니다. 2 % 차이까지 보려면 약 300일치가 더 필요합니다."
        ),
        (
            "Whether Vendor A is better than today is **not shown** yet. The gain is 2.0 %; its 95 % interval, −1.5 % to 4.4 %, holds zero."
            " 61 days can show a difference of 4.9 % or more; to see 2 %, about 300 more days would be needed."
        ),
    ),
    "not shown, the swap test alone says no": (
        {**NOT_SHOWN, "because": "interval only", "gain": {"low": 0.2, "mean": 2.0, "high": 4.4}, "more_blocks": 10**9},
        (
            "업체A의 예측이 현행보다 나은지 **아직 알 수 없습니다**. 개선폭은 2.0 %이고 95 % 구간(0.2 %에서 4.4 %까지)은 0을 벗어나지만,"
            " 뒤바꿈 검정의 결론은 그렇지 않습니다. 61일 자료로는 4.9 % 이상의 차이만 보입니다."
        ),
        (
            "Whether Vendor A is better than today is **not shown** yet. The gain is 2.0 %; its 95 % interval, 0.2 % to 4.4 %, leaves zero out,"
            " but the swap test does not agree. 61 days can show a difference of 4.9 % or more."
        ),
    ),
    "no difference": (
        {**NOT_SHOWN, "because": "no difference", "gain": {"low": 0.0, "mean": 0.0, "high": 0.0}, "resolution": 0.0},
        "업체A의 예측이 현행보다 나은지 **아직 알 수 없습니다**. 모든 묶음에서 두 방법의 평균 오차가 같습니다.",
        "Whether Vendor A is better than today is **not shown** yet. Mean error is the same for both, block by block.",
    ),
    "too few": (
        {"verdict": "too few", "because": "under six blocks", "blocks": 4, "more_blocks": 2, "resolution": None, "gain": {"low": None, "mean": 9.0, "high": None}},
        "업체A의 예측이 현행보다 나은지 판단하기에는 **자료가 부족합니다**. 서로 독립인 묶음이 4개뿐입니다(최소 6개). 2주치가 더 있으면 판정할 수 있습니다.",
        (
            "There is **too little** to say whether Vendor A is better than today: there are only 4 independent blocks (at least 6)."
            " 2 more weeks would be enough to judge."
        ),
    ),
    "lost, unanswered": (
        {"verdict": "lost", "because": "unanswered", "unanswered": {"share": 0.123, "by": {"late": 3}}},
        "업체A의 예측은 **탈락**했습니다: 사례의 12 %에 답하지 못했습니다(한계 5 %).",
        "Vendor A has **lost**: it left 12 % of the cases unanswered (limit 5 %).",
    ),
    "lost, a limit": (
        {"verdict": "lost", "because": "limit", "kpi": {"ko": "80 % 구간의 포함률", "en": "coverage of the 80 % interval"}, "unit": "%",
         "methods": {"today": 80.0, "a": 61.0},
         "broken": {"kpi": {"ko": "80 % 구간의 포함률", "en": "coverage of the 80 % interval"}, "unit": "%", "number": 61.0, "limit": [76, 84]}},
        "업체A의 예측은 한계를 넘어 **탈락**했습니다: 80 % 구간의 포함률이 61.0 %입니다(한계 76–84 %).",
        "Vendor A has **lost** by breaking a limit: its coverage of the 80 % interval is 61.0 % (limit 76 to 84 %).",
    ),
    "census": (
        {"because": "census", "level": 1.0, "gain": {"low": None, "mean": 9.0, "high": None}, "unit": "h", "kpi": {"ko": "총 소요시간", "en": "makespan"},
         "cases": 162},
        "업체A의 예측이 현행보다 **낫습니다**. 총 소요시간이 9.0 % 짧습니다(162건 전수).",
        "Vendor A is **better** than today: its makespan is 9.0 % shorter (all 162 cases, counted).",
    ),
    "a score without unit, at three places": (
        {"site": "all", "sites": 3, "block_word": "patient", "blocks": 400, "kpi": {"ko": "브라이어 점수", "en": "Brier score"}, "unit": "",
         "methods": {"today": 0.2, "a": 0.177}, "gain": {"low": 0.004, "mean": 0.023, "high": 0.041}},
        "업체A의 예측이 현행보다 **낫습니다**. 브라이어 점수가 0.023 낮습니다(95 % 구간 0.004–0.041, 3곳 환자 400명).",
        "Vendor A is **better** than today: its Brier score is 0.023 lower (95 % interval 0.004 to 0.041, 400 patients at 3 places).",
    ),
    "at one of several places": (
        {"site": "Swiss", "block_word": "instance", "blocks": 10},
        "스위스: 업체A의 예측이 현행보다 **낫습니다**. 평균 오차가 12.3 % 작습니다(95 % 구간 8.1–16.0 %, 10건).",
        "Switzerland: Vendor A is **better** than today: its mean error is 12.3 % smaller (95 % interval 8.1 to 16.0 %, 10 instances).",
    ),
    "a block by a word of the project's own": (
        {"block_word": {"ko": "골격", "en": "scaffold"}, "blocks": 52},
        "업체A의 예측이 현행보다 **낫습니다**. 평균 오차가 12.3 % 작습니다(95 % 구간 8.1–16.0 %, 골격 52개).",
        "Vendor A is **better** than today: its mean error is 12.3 % smaller (95 % interval 8.1 to 16.0 %, 52 scaffolds).",
    ),
    "against a rival, higher is better, in points": (
        {"against": "b", "better": "higher", "unit": "%", "kpi": {"ko": "맞힌 비율", "en": "share right"}, "methods": {"a": 87.0, "b": 75.0}},
        "업체A의 예측이 업체B보다 **낫습니다**. 맞힌 비율이 12.3 %p 높습니다(95 % 구간 8.1–16.0 %p, 24주).",
        (
            "Vendor A is **better** than Vendor B: its share right is 12.3 percentage points higher"
            " (95 % interval 8.1 to 16.0 percentage points, 24 weeks)."
        ),
    ),
    "no upper bound": (
        {"gain": {"low": 8.1, "mean": 12.3, "high": None}},
        "업체A의 예측이 현행보다 **낫습니다**. 평균 오차가 12.3 % 작습니다(95 % 구간 8.1 % 이상, 24주).",
        "Vendor A is **better** than today: its mean error is 12.3 % smaller (95 % interval from 8.1 %, 24 weeks).",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", HEADS)
def test_the_answer(lang, name):
    changes, korean, english = HEADS[name]
    assert told("head", verdict(**changes)) == (korean if lang == "ko" else english)


def test_one_more_is_said_as_one(lang):
    one = verdict(**{**NOT_SHOWN, "more_blocks": 1, "block_word": "patient"})
    wanted = {"ko": "보려면 환자 1명이 더 필요합니다.", "en": "to see 2 %, 1 more patient would be needed."}[lang]
    assert told("head", one).endswith(wanted)
    some = {"ko": "보려면 환자 약 300명이 더 필요합니다.", "en": "about 300 more patients would be needed."}[lang]
    assert told("head", replace(one, more_blocks=301)).endswith(some)


def test_under_fifty_blocks_the_rare_loss_is_named(lang):
    assert (
        told("caution")
        == {
            "ko": "24주 자료로는 8주에 한 번보다 드문 큰 손실은 아직 나타나지 않았을 수 있습니다. 한 주에 31.2 kWh만큼 손해가 나면 이 판정은 뒤집힙니다.",
            "en": "24 weeks may not yet have shown a large loss rarer than once in 8 weeks. One more week losing 31.2 kWh would undo this verdict.",
        }[lang]
    )
    assert told("caution", verdict(rare=None, blocks=60)) == ""


def test_a_worse_verdict_is_undone_by_a_gain(lang):
    worse = verdict(verdict="worse", gain={"low": -16.0, "mean": -12.3, "high": -8.1}, undo=0.0)
    assert (
        told("caution", worse)
        == {
            "ko": "24주 자료로는 8주에 한 번보다 드문 큰 이득은 아직 나타나지 않았을 수 있습니다. 한 주에 손해가 없기만 해도 이 판정은 뒤집힙니다.",
            "en": "24 weeks may not yet have shown a large gain rarer than once in 8 weeks. One more week without a loss would undo this verdict.",
        }[lang]
    )


def test_from_six_places_on_the_places_are_counted(lang):
    many = verdict(site="all", sites=7, sampled="site", rare=7 / 3, undo=1.5)
    assert (
        told("caution", many)
        == {
            "ko": "7곳 자료로는 2곳에 한 번보다 드문 큰 손실은 아직 나타나지 않았을 수 있습니다. 한 곳에서 1.50 kWh만큼 손해가 나면 이 판정은 뒤집힙니다.",
            "en": "7 places may not yet have shown a large loss rarer than once in 2 places. One more place losing 1.50 kWh would undo this verdict.",
        }[lang]
    )
    assert told("places", many) == ""
    assert (
        told("places", verdict(site="all", sites=3))
        == {"ko": "이 3곳에서의 결과입니다.", "en": "This holds at these 3 places."}[lang]
    )


def test_a_site_is_called_what_the_trade_calls_it(lang):
    many = verdict(site="all", sites=7, site_word="target", sampled="site", rare=2.3, undo=1.5)
    few = verdict(site="all", sites=3, site_word="situation", block_word="case", blocks=40)
    said = about(site_word="target")
    expected = {
        "ko": (
            "표적 7개 자료로는 표적 2개에 한 번보다 드문 큰 손실은 아직 나타나지 않았을 수 있습니다. 한 표적에서 1.50 kWh만큼 손해가 나면 이 판정은 뒤집힙니다.",
            "상황 3가지 40건",
            "이 상황 3가지에서의 결과입니다.",
            "이 상황 3가지 밖의 상황",
            "모든 표적",
            "표적별 판정",
        ),
        "en": (
            "7 targets may not yet have shown a large loss rarer than once in 2 targets. One more target losing 1.50 kWh would undo this verdict.",
            "40 cases at 3 situations",
            "This holds in these 3 situations.",
            "situations other than these 3 situations",
            "all targets",
            "Target by target",
        ),
    }[lang]
    assert expected[3] in told("limits", few)
    assert expected == (
        told("caution", many),
        sentence.blocks(few),
        told("places", few),
        expected[3],
        vocabulary.place(many, said),
        vocabulary.sites_heading(said),
    )


def test_what_was_counted_whole_is_so_called_even_where_a_limit_was_broken(lang):
    one = verdict(verdict="lost", because="limit", level=1.0, blocks=1, cases=162)
    assert sentence.blocks(one) == {"ko": "162건 전수", "en": "all 162 cases, counted"}[lang]


def test_every_general_word_has_all_its_forms_in_korean():
    words = block_words.GENERAL_WORDS
    assert {*manifest.BLOCKS, "site", "case"} == set(words)
    texts = [text for word in (*words, *former_words.FORMER_WORDS) for text in block_words.forms(word)]
    korean = per_language(lambda: [*map(block_words.forms, words), block_words.site_phrases("site")])["ko"]
    assert [text for phrases in korean for text in phrases if not re.search("[가-힣]", text)] == []
    assert not re.search("[가-힣]", " ".join(texts))


def all_forms(word):
    """A word in every form that a sentence uses."""
    phrases = [text.replace("{places}", vocabulary.counted(word, 3)) for text in block_words.site_phrases(word)]
    return [
        vocabulary.counted(word, 1), vocabulary.counted(word, 1234), vocabulary.more_blocks(word, 1),
        vocabulary.more_blocks(word, 300, about=True), vocabulary.one_more_block(word), *phrases,
    ]  # fmt: skip


def test_words_of_former_evidence_are_said_as_they_were():
    """As they were printed when Dure itself knew the trades' words, until 0.1.0."""
    printed = json.loads((Path(__file__).parent / "former_words.json").read_text(encoding="utf-8"))
    assert printed.keys() == former_words.FORMER_WORDS.keys()
    for word, in_language in printed.items():
        now = per_language(lambda word=word: all_forms(word))
        assert {lang: now[lang][: len(forms)] for lang, forms in in_language.items()} == in_language
    bare = per_language(lambda: all_forms({"ko": "골격", "en": "scaffold"})[1:5])
    assert bare["ko"] == ["골격 1,234개", "묶음 1개", "묶음 약 300개", "묶음 하나에서"]
    assert bare["en"] == ["1,234 scaffolds", "1 more block", "about 300 more blocks", "One more block"]


def shipped_sentences(record, words):
    """Everything said of a trial that came with Dure, with these words for its blocks and sites."""
    about = replace(record.about, **words)
    verdicts = [replace(one, **words) for one in record.verdicts]
    return [
        vocabulary.sites_heading(about),
        *((sentence.plain(one, about), vocabulary.place(one, about)) for one in verdicts),
    ]


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.parent.name)
def test_a_projects_own_words_say_what_its_former_evidence_says(file):
    record = committed(file.parent)
    words = manifest.manifest(file.parent).words.carried()
    if not isinstance(record.about.block_word, str):
        words |= {"block_word": record.about.block_word}  # a word without further forms: sentences may gain some
    before, after = (per_language(lambda given=given: shipped_sentences(record, given)) for given in ({}, words))
    assert before == after


def test_unanswered_cases_are_counted_by_cause(lang):
    some = verdict(unanswered={"share": 0.012, "by": {"late": 5, "crashed": 1}})
    assert (
        told("unanswered", some)
        == {
            "ko": "사례의 1.2 %에 답하지 못해(시간 초과 5, 오류로 멈춤 1) 현행이 대신 답했습니다.",
            "en": "1.2 % of the cases went unanswered (too late 5, crashed 1); there today's practice answered.",
        }[lang]
    )


def test_what_it_does_not_show(lang):
    assert (
        told("limits")
        == {
            "ko": "이 결과로는 알 수 없는 것: 다른 현장, 다른 계절(2026-03-01부터 2026-08-15까지의 자료입니다).",
            "en": "Not shown by this: other places; other seasons (data of 2026-03-01 to 2026-08-15).",
        }[lang]
    )


def test_open_data_open_rounds_and_recorded_answers_are_limits(lang):
    one = verdict(round="open", ground="benchmark", site="all", sites=3)
    assert (
        told("limits", one)
        == {
            "ko": "이 결과로는 알 수 없는 것: 이 3곳 밖의 현장, 현장에서 쓸 때의 결과(공개 자료로 시험했습니다), 아무도 본 적 없는 사례(공개 회차만 돌렸습니다).",
            "en": "Not shown by this: places other than these 3 places; use in the field (tried on open data); cases nobody worked on (open rounds only).",
        }[lang]
    )
    recorded = told("limits", verdict(**NOT_SHOWN), about(note="answers recorded elsewhere"))
    assert (
        recorded
        == {
            "ko": "이 결과로는 알 수 없는 것: 답에 실적이 새어 들지 않았는지(다른 곳에서 기록된 답입니다).",
            "en": "Not shown by this: that no answer had seen the truth (answers were recorded elsewhere).",
        }[lang]
    )


def test_a_whole_year_is_no_season(lang):
    year = {"sealed": {"first": "2025-01-01", "last": "2025-12-31", "cases": 365, "moments": 365}}
    assert (
        told("limits", VERDICT, about(span=year))
        == {"ko": "이 결과로는 알 수 없는 것: 다른 현장.", "en": "Not shown by this: other places."}[lang]
    )


def test_assurance_ground_and_looks_are_always_said(lang):
    assert (
        told("assurance", verdict(looks=3))
        == {
            "ko": "보증 수준: 자체 실행, 근거 자료: 현장 자료. 봉인 회차 열람 3회(이 컴퓨터의 기록).",
            "en": "Assurance: self-run; ground: field data. The sealed rounds were opened 3 times, as this machine admits.",
        }[lang]
    )


def test_plain_has_no_marks_and_says_everything(lang):
    text = sentence.plain(VERDICT, ABOUT)
    assert "**" not in text
    assert text.replace(" ", "") == sentence.sentence(VERDICT, ABOUT).replace("**", "").replace(" ", "")
    assert len(text.splitlines()) == 3


def test_nothing_is_left_untranslated(lang):
    if lang == "ko":
        for changes, _korean, _english in HEADS.values():
            text = sentence.plain(verdict(**changes), about(worth={"won": 120.0, "unit": "kWh"}))
            assert not set(re.findall(r"[A-Za-z]{3,}", text)) - {"kWh"}, text


# ---- money ---------------------------------------------------------------------------------------------------------------

PRICED = about(worth={"won": 120.0, "unit": "kWh"})


def test_won_a_month(lang):
    """12.3 kWh a case, 24 cases a day, 30.4375 days, 120 won: 1.078 million won."""
    assert (
        told("price", VERDICT, PRICED)
        == {
            "ko": "kWh당 120원으로 치면 한 달에 약 110만 원입니다.",
            "en": "At 120 won a kWh that is about 1.1 million won a month.",
        }[lang]
    )
    value, why = worth.priced(VERDICT, PRICED)
    assert value == pytest.approx(12.3 * 24 * 365.25 / 12 * 120, rel=1e-9)
    assert why == ""


def test_a_loss_is_a_loss(lang):
    worse = verdict(verdict="worse", gain={"low": -16.0, "mean": -12.3, "high": -8.1})
    assert (
        told("price", worse, PRICED)
        == {
            "ko": "kWh당 120원으로 치면 한 달에 약 110만 원 손해입니다.",
            "en": "At 120 won a kWh that costs about 1.1 million won more a month.",
        }[lang]
    )


def test_a_kpi_in_won_needs_no_price(lang):
    assert (
        told("price", verdict(unit="만원", of="cost"))
        == {
            "ko": "한 달에 약 2만 2,000원입니다.",
            "en": "That is about 22,000 won a month.",
        }[lang]
    )


def test_another_unit_of_the_same_kind_is_converted():
    megawatt, _why = worth.priced(verdict(unit="MWh"), PRICED)
    kilowatt, _why = worth.priced(VERDICT, PRICED)
    assert megawatt == pytest.approx(1000 * kilowatt)


@pytest.mark.parametrize(
    ("changes", "said", "why"),
    [
        ({"of": "sqrt(squares / cases)"}, {}, "neither a sum nor a mean"),
        ({"of": "100 * errors / actual"}, {}, "neither a sum nor a mean"),
        ({"site": "all"}, {}, "a mean over places"),
        ({"unit": "h"}, {}, "another unit"),
        ({}, {"span": {}}, "carry no time"),
        ({"gain": {"low": None, "mean": None, "high": None}}, {}, "cannot be computed"),
    ],
)
def test_why_it_cannot_be_priced(changes, said, why):
    value, reason = worth.priced(verdict(**changes), about(**{"worth": {"won": 120.0, "unit": "kWh"}, **said}))
    assert value is None
    assert why in reason


@pytest.mark.parametrize(
    ("text", "won", "unit"),
    [("120원/kWh", 120.0, "kWh"), ("1.2만원/t", 12000.0, "t"), ("₩1,200/t", 1200.0, "t"), ("120 won/kWh", 120.0, "kWh"), (" 120 원 / kWh ", 120.0, "kWh"),
     ("50 won a kWh", 50.0, "kWh"), ("3억원", 3e8, ""), ("120", 120.0, "")],
)  # fmt: skip
def test_prices_as_people_write_them(text, won, unit):
    assert worth.worth(text) == Price(won, unit)


@pytest.mark.parametrize("text", ["", "kWh", "원", "12 13원", "-5원", "nan", "120$/kWh"])
def test_what_is_no_price_is_refused(text):
    with pytest.raises(UserError, match="120원/kWh"):
        worth.worth(text)


@pytest.mark.parametrize(
    ("value", "korean", "english"),
    [(850, "약 850원", "about 850 won"), (45_000, "약 4만 5,000원", "about 45,000 won"), (3_412_345, "약 340만 원", "about 3.4 million won"),
     (123_456_789, "약 1억 2,000만 원", "about 120 million won"), (12_345_678_901, "약 120억 원", "about 12 billion won"), (0, "약 0원", "about 0 won")],
)  # fmt: skip
def test_won_as_people_say_them(lang, value, korean, english):
    assert worth.won(value) == (korean if lang == "ko" else english)


# ---- the picture ------------------------------------------------------------------------------------------------------------


def test_the_mark_of_a_terminal():
    assert (
        interval_plot.terminal(VERDICT, ABOUT, encoding="utf-8")
        == "Vendor A                         │       ├───●──┤   better           12.3 % better (8.1 to 16.0 %)"
    )


def test_the_mark_where_only_ascii_is_had():
    text = interval_plot.terminal(verdict(**NOT_SHOWN), ABOUT, encoding="latin-1")
    assert text == "Vendor A                    [----|------o-------]   not shown        2.0 % better (−1.5 to 4.4 %)"


def test_marks_under_each_other_share_one_scale():
    near = verdict(site="near", gain={"low": 1.0, "mean": 2.0, "high": 3.0})
    far = verdict(site="far", gain={"low": 10.0, "mean": 20.0, "high": 30.0})
    first, second = interval_plot.lines([near, far], ABOUT, encoding="utf-8")
    assert first.index("●") < second.index("●")
    assert interval_plot.terminal(near, ABOUT, encoding="utf-8").index("●") > first.index("●")


def test_the_picture_says_its_word_and_names_what_it_shows(lang):
    drawn = interval_plot.svg(VERDICT)
    assert 'role="img"' in drawn
    assert vocabulary.word(VERDICT) in drawn
    assert {"ko": "현행", "en": "today"}[lang] in drawn
    assert 'class="mark better"' in drawn
    assert 'class="mark shown"' in interval_plot.svg(verdict(**NOT_SHOWN))


def test_the_picture_alone_is_a_file_with_its_own_style():
    drawn = interval_plot.svg(VERDICT, alone=True)
    assert ElementTree.fromstring(drawn).tag == "{http://www.w3.org/2000/svg}svg"
    assert "<style>" in drawn


def test_a_name_from_elsewhere_cannot_leave_the_picture():
    assert "<script" not in interval_plot.svg(verdict(unit='"><script>'))


BOUND = st.none() | st.floats(-1e9, 1e9)


@given(st.sampled_from(["better", "worse", "not shown", "too few", "lost"]), BOUND, st.floats(-1e9, 1e9), BOUND,
       st.sampled_from(["kWh", "", "%", "원", "h"]), st.none() | st.floats(-1e6, 1e6), st.sampled_from(["lower", "higher"]))  # fmt: skip
def test_whatever_the_numbers_something_sensible_is_said(kind, low, mean, high, unit, base, better):
    gain = {
        "low": None if low is None else min(low, mean),
        "mean": mean,
        "high": None if high is None else max(high, mean),
    }
    because = {"lost": "limit", "too few": "under six blocks", "not shown": "neither"}.get(kind, "interval and swap")
    one = verdict(verdict=kind, because=because, gain=gain, unit=unit, better=better, methods={"today": base, "a": 1.0},
                  broken={"kpi": VERDICT.kpi, "unit": unit, "number": 1.0, "limit": [2.0, None]})  # fmt: skip
    text = sentence.plain(one, PRICED)
    assert "None" not in text
    assert "nan" not in text
    assert "{" not in text
    assert interval_plot.svg(one).endswith("</svg>")
    assert interval_plot.terminal(one, PRICED)


def test_won_is_said_in_the_readers_language():
    assert per_language(lambda: vocabulary.localised_unit("won/kWh")) == {"ko": "원/kWh", "en": "won/kWh"}
    assert per_language(lambda: vocabulary.localised_unit("kWh"))["ko"] == "kWh"


def test_a_particle_follows_the_word_and_not_what_stands_in_brackets_behind_it():
    assert particle("핀볼 손실(설비용량 대비)", "이", "가") == "이"
    assert particle("오차 (평균)", "은", "는") == "는"
    assert particle("(주)", "은", "는") == "는"
