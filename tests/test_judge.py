"""`dure judge`: the front door. Each test is a table a person could have."""

from __future__ import annotations

import datetime
import random
from pathlib import Path

import polars as pl
import pytest

from dure import judge, tables
from dure.datasets.data import Data
from dure.errors import UserError
from dure.judge.forms import KINDS
from dure.record import deciding
from dure.runs import run
from dure.trial import trial as playing
from dure.trial.types import Trial


def written(path: Path, header: str, rows: list[str], encoding: str = "utf-8") -> Path:
    path.write_text("\n".join([header, *rows]) + "\n", encoding=encoding)
    return path


def days(count: int, gain: float, seed: int = 3) -> list[str]:
    """Daily rows whose offer is nearer to the truth by about `gain`."""
    draw = random.Random(seed)
    start = datetime.date(2026, 1, 5)
    rows = []
    for number in range(count):
        truth = draw.uniform(50, 150)
        miss = draw.uniform(5, 15) * draw.choice((-1, 1))
        offered = miss * (1 - gain)
        when = start + datetime.timedelta(days=number)
        rows.append(f"{number + 1},{when},{truth:.2f},{truth + miss:.2f},{truth + offered:.2f}")
    return rows


def question(path: Path, roles: judge.Roles | None = None, **more: object) -> judge.Question:
    sheet = tables.read(path)
    return judge.question(sheet, judge.propose(sheet, roles or judge.Roles(), more.get("kpi")), **more)  # type: ignore[arg-type]


def judged(path: Path, roles: judge.Roles | None = None, **more: object) -> Trial:
    return run.judge(question(path, roles, **more), path)[0]


HEADER = "번호,일시,실적(kWh),현행(kWh),업체A(kWh)"


def test_korean_headers_are_proposed(tmp_path: Path) -> None:
    sheet = tables.read(written(tmp_path / "a.csv", HEADER, days(70, 0.2)))
    assert judge.propose(sheet, judge.Roles(), None) == judge.Roles("실적", "현행", ("업체A",), "번호", "일시")


def test_a_better_offer_is_called_better(tmp_path: Path) -> None:
    trial = judged(written(tmp_path / "a.csv", HEADER, days(84, 0.3)))
    (one,) = deciding(trial.verdicts)
    assert (one.verdict, one.unit, one.method) == ("better", "kWh", "업체A")


def test_mean_absolute_error_by_hand(tmp_path: Path) -> None:
    rows = [f"{n},2026-01-{n:02d},10,{10 + n % 2},{10 - n % 3}" for n in range(1, 13)]
    trial = judged(written(tmp_path / "a.csv", HEADER, rows), kpi="mae")
    (one,) = deciding(trial.verdicts)
    assert one.methods == {"현행": pytest.approx(0.5), "업체A": pytest.approx(1.0)}
    assert one.gain.mean == pytest.approx(-0.5)


def test_equal_answers_are_not_shown(tmp_path: Path) -> None:
    trial = judged(written(tmp_path / "a.csv", HEADER, days(70, 0.0)))
    assert deciding(trial.verdicts)[0].verdict == "not shown"


def test_five_weeks_are_too_few(tmp_path: Path) -> None:
    roles = judge.Roles("실적", "현행", ("업체A",), time="일시", block="week")
    trial = judged(written(tmp_path / "a.csv", HEADER, days(35, 0.3)), roles)
    assert deciding(trial.verdicts)[0].verdict == "too few"


def test_every_site_has_a_verdict(tmp_path: Path) -> None:
    rows = [f"{row},{site}" for site, gain in (("동해", 0.4), ("서귀포", -0.4)) for row in days(70, gain)]
    rows = [f"{number},{row.partition(',')[2]}" for number, row in enumerate(rows)]
    trial = judged(written(tmp_path / "a.csv", HEADER + ",현장", rows))
    by_site = {one.site: one.verdict for one in trial.verdicts}
    assert by_site == {"동해": "better", "서귀포": "worse", "all": "not shown"}


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda rows: [*rows, rows[3]], ("4", "row 5", "row 72")),
        (lambda rows: [*rows[:9], rows[9].replace("10,", ",", 1), *rows[10:]], ("row 11", "no id")),
        (lambda rows: [*rows[:9], _with(rows[9], 2, "점검중"), *rows[10:]], ("11", "실적", "점검중")),
    ],
    ids=["duplicate id", "missing id", "text among numbers"],
)
def test_a_bad_cell_is_named_with_its_row(tmp_path: Path, spoil, words: tuple[str, ...]) -> None:  # type: ignore[no-untyped-def]
    path = written(tmp_path / "a.csv", HEADER, spoil(days(70, 0.2)))
    with pytest.raises(UserError) as caught:
        judged(path, judge.Roles("실적", "현행", ("업체A",), "번호", "일시"))
    assert all(word in str(caught.value) for word in words), str(caught.value)


def _with(row: str, place: int, text: str) -> str:
    cells = row.split(",")
    cells[place] = text
    return ",".join(cells)


@pytest.mark.parametrize("factor", [10, 60, 1000, 1 / 1000])
def test_another_unit_is_asked_about(tmp_path: Path, factor: float) -> None:
    rows = [_with(row, 4, f"{float(row.split(',')[4]) * factor:.5f}") for row in days(70, 0.2)]
    path = written(tmp_path / "a.csv", HEADER, rows)
    with pytest.raises(UserError, match="--scale"):
        judged(path)
    asked: list[str] = []
    trial = judged(path, confirm=lambda text: not asked.append(text))
    assert len(asked) == 1
    assert deciding(trial.verdicts)[0].methods["업체A"] < 12


def test_an_offer_in_its_own_file_is_matched_by_id(tmp_path: Path) -> None:
    rows = days(70, 0.3)
    whole = judged(written(tmp_path / "whole.csv", HEADER, rows))
    short = written(tmp_path / "short.csv", "번호,일시,실적,현행", [row.rpartition(",")[0] for row in rows])
    shuffled = [f"{row.split(',')[0]},{row.split(',')[4]}" for row in rows]
    random.Random(1).shuffle(shuffled)
    other = tables.read(written(tmp_path / "vendor.csv", "번호,답", shuffled))
    sheet = tables.read(short)
    roles = judge.Roles("실적", "현행", (), "번호", "일시")
    asked = judge.question(sheet, roles, others={"업체A": other})
    trial = run.judge(asked, short)[0]
    assert deciding(trial.verdicts)[0].gain == deciding(whole.verdicts)[0].gain
    assert any("another order" in note["en"] for note in asked.notes)


def test_a_missing_id_of_the_offer_is_named(tmp_path: Path) -> None:
    rows = days(70, 0.3)
    sheet = tables.read(written(tmp_path / "a.csv", HEADER, rows))
    other = tables.read(written(tmp_path / "v.csv", "번호,답", [f"{n},1" for n in range(1, 70)]))
    with pytest.raises(UserError, match=r"70.*row 71"):
        judge.question(sheet, judge.Roles("실적", "현행", (), "번호", "일시"), others={"업체B": other})


def test_brier_wants_probabilities(tmp_path: Path) -> None:
    rows = [f"{n},{n % 2},{0.3 + n % 2 * 0.3},{0.2 + n % 2 * 0.5}" for n in range(40)]
    path = written(tmp_path / "a.csv", "번호,실적,현행,제안", rows)
    trial = judged(path)
    assert trial.kpis[0].name["en"] == "Brier score"
    path = written(tmp_path / "b.csv", "번호,실적,현행,제안", [*rows, "41,2,0.3,0.4"])
    with pytest.raises(UserError, match=r"2\.0 is not 0 or 1"):
        judged(path, kpi="brier")


def test_words_are_judged_by_the_share_right(tmp_path: Path) -> None:
    rows = [f"{n},{'특' if n % 3 else '상'},특,{'특' if n % 3 else '상'}" for n in range(60)]
    trial = judged(written(tmp_path / "a.csv", "번호,실적,현행,제안", rows))
    one = deciding(trial.verdicts)[0]
    assert one.methods == {"현행": pytest.approx(100 * 40 / 60), "제안": pytest.approx(100.0)}
    assert one.verdict == "better"


def test_cost_needs_no_truth(tmp_path: Path) -> None:
    first = datetime.date(2026, 3, 2)
    rows = [f"{first + datetime.timedelta(days=n)},{1000 + n * 37 % 11},{900 + n * 37 % 11}" for n in range(84)]
    path = written(tmp_path / "a.csv", "일시,현행(원),제안(원)", rows)
    one = deciding(judged(path, kpi="cost").verdicts)[0]
    assert (one.verdict, one.unit, one.gain.mean) == ("better", "원", pytest.approx(100.0))


def test_an_unknown_column_proposes_the_nearest(tmp_path: Path) -> None:
    sheet = tables.read(written(tmp_path / "a.csv", HEADER, days(10, 0)))
    with pytest.raises(UserError, match="업체A"):
        judge.named(sheet, judge.Roles(offers=("업체",)))


def test_dates_in_three_styles_are_named_with_their_rows(tmp_path: Path) -> None:
    styles = ("2026-07-{:02d}", "2026.7.{}", "202607{:02d}")
    rows = [f"{n},{styles[n % 3].format(n % 28 + 1)},100,{100 + n * 37 % 11},{100 + n * 37 % 7}" for n in range(60)]
    sheet = tables.read(written(tmp_path / "a.csv", HEADER, rows))
    with pytest.raises(UserError, match=r"‘일시’.*3 styles.*row 2.*row 3.*row 4"):
        judge.propose(sheet, judge.Roles("실적", "현행", ("업체A",)), None)


def test_every_offer_has_a_verdict_of_its_own(tmp_path: Path) -> None:
    rows = [f"{row},{float(row.split(',')[2]) + 30:.2f}" for row in days(84, 0.3)]
    path = written(tmp_path / "a.csv", HEADER + ",업체B(kWh)", rows)
    trial = judged(path)
    assert {one.method: one.verdict for one in deciding(trial.verdicts)} == {"업체A": "better", "업체B": "worse"}


def test_a_column_plays_one_part(tmp_path: Path) -> None:
    sheet = tables.read(written(tmp_path / "a.csv", HEADER, days(10, 0)))
    with pytest.raises(UserError, match="현행 was named twice"):
        judge.named(sheet, judge.Roles("실적", "현행", ("현행",)))


def test_a_columns_name_is_no_path(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b" / "evidence"
    path = written(tmp_path / "a.csv", HEADER.replace("업체A", "../../../업체A"), days(84, 0.3))
    roles = judge.Roles("실적", "현행", (tables.read(path).headers[4],), "번호", "일시")
    trial, place = run.judge(question(path, roles), path, out=folder)
    assert (trial.verdicts[0].method, place) == ("../../../업체A", folder)
    assert all(file.is_relative_to(folder) for file in tmp_path.rglob("*") if file.is_file() and file != path)


def test_the_first_row_without_a_time_is_named(tmp_path: Path) -> None:
    first, *rest = days(70, 0.2)
    path = written(tmp_path / "a.csv", HEADER, [_with(first, 1, ""), *rest])
    with pytest.raises(UserError, match="row 2 has no time"):
        judged(path)


# ---- whole columns come to what asking case by case comes to -------------------------------------------------------------


def hours(count: int, **changed: pl.Expr) -> pl.DataFrame:
    """Hourly answers at two sites; `changed` replaces columns."""
    draw = random.Random(5)
    start = datetime.datetime(2026, 1, 5)
    truth = [draw.uniform(50, 150) for _ in range(count)]
    frame = pl.DataFrame(
        {
            "번호": [f"A{n:03d}" for n in range(count)],
            "일시": [start + datetime.timedelta(hours=n // 2, milliseconds=n % 3) for n in range(count)],
            "현장": [("동해", "서귀포")[n % 2] for n in range(count)],
            "실적": truth,
            "현행": [value + draw.gauss(0, 9) for value in truth],
            "업체A": [value + draw.gauss(0, 8) for value in truth],
            "업체B": [value + draw.gauss(0, 7) for value in truth],
        }
    )
    return frame.with_columns(**changed)


NUMBER = pl.int_range(pl.len())
ENDLESS = pl.when(NUMBER % 50 == 7).then(float("inf"))
TABLES = {
    "numbers": ({}, {"kpi": "mae"}),
    "squares": ({}, {"kpi": "rmse"}),
    "shares": ({}, {"kpi": "wape"}),
    "costs": ({"실적": pl.lit(None, dtype=pl.Float64)}, {"kpi": "cost"}),
    "texts": ({}, {"kpi": "hit"}),
    "words": ({name: pl.concat_str(pl.lit('"특\t'), (NUMBER % size).cast(pl.String))
               for name, size in (("실적", 2), ("현행", 3), ("업체A", 4), ("업체B", 5))}, {}),
    "probabilities": ({"실적": (NUMBER % 2).cast(pl.Float64), **{name: (NUMBER * step % 97) / 97
                       for name, step in (("현행", 31), ("업체A", 17), ("업체B", 5))}}, {}),
    "an offer without an answer": ({"업체A": ENDLESS.otherwise("업체A")}, {"kpi": "mae"}),
    "a practice without an answer": ({"현행": ENDLESS.otherwise("현행"), "업체B": ENDLESS.otherwise("업체B")}, {"kpi": "mae"}),
    "blanks": ({"업체B": pl.when(NUMBER % 40 > 1).then("업체B")}, {"kpi": "mae"}),
}  # fmt: skip


@pytest.mark.parametrize(("changed", "more"), TABLES.values(), ids=list(TABLES))
def test_columns_come_to_what_the_cases_come_to(
    tmp_path: Path, changed: dict[str, pl.Expr], more: dict[str, str]
) -> None:
    hours(400, **changed).write_parquet(tmp_path / "a.parquet")
    truth = None if more.get("kpi") == "cost" else "실적"
    roles = judge.Roles(truth, "현행", ("업체A", "업체B"), "번호", "일시", "현장")
    asked = question(tmp_path / "a.parquet", roles, **more)
    whole = run.judge(asked, tmp_path / "a.parquet")[0]
    particulars = {name: getattr(whole.about, name) for name in ("data", "judge", "note", "notes")}
    slow = playing.run(asked.project, Data(()), tmp_path / "work", offers=asked.offers, particulars=particulars)  # type: ignore[arg-type]  # by name
    assert whole.outcomes.equals(slow.outcomes)
    assert whole.cases.equals(slow.cases)
    assert whole.answers.equals(slow.answers)
    assert whole.verdicts == slow.verdicts
    assert whole.costs["steps"].to_list() == slow.costs["steps"].to_list()
    assert whole.about == slow.about


def test_squares_are_those_of_python_to_the_last_digit() -> None:
    draw = random.Random(2)
    truth, answer = ([draw.gauss(0, 100) for _ in range(20_000)] for _ in range(2))
    squares = KINDS["rmse"].sums(pl.Series(truth), pl.Series(answer))["squares"].to_list()
    assert squares == [(right - left) ** 2 for left, right in zip(truth, answer, strict=True)]


def test_a_sum_that_is_no_number_names_its_case(tmp_path: Path) -> None:
    hours(100, 실적=pl.when(NUMBER == 20).then(float("inf")).otherwise("실적")).write_parquet(tmp_path / "a.parquet")
    with pytest.raises(UserError, match=r"case A020: the score errors is not a number"):
        judged(tmp_path / "a.parquet", judge.Roles("실적", "현행", ("업체A",), "번호", "일시"))
