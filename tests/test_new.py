"""`dure new`: a project that runs at once, from sheets it was not designed for."""

import os
import random
import subprocess
import sys
from datetime import date, datetime, timedelta
from pathlib import Path

import openpyxl
import pytest

from dure.checks.report import check
from dure.cli.app import command_fault
from dure.datasets.data import Data
from dure.errors import UserError
from dure.project.loader import load
from dure.record import deciding
from dure.scaffold.new import new
from dure.trial import trial

GARLIC = "cropbox/Garlic.jl/data/Korea/ricca_2014_field.csv"


def played(place):
    """The project's trial, sealed rounds included."""
    project = load(place)
    result = trial.run(project, Data(project.sources, project.folder), place.parent.parent / "trial", sealed=True)
    assert not result.about.left_out
    assert not result.about.unanswered_by
    return project, result


def assert_bronze(project):
    report = check(project, command_fault=command_fault)
    assert not [
        (each.name, each.reason) for each in report.promises if each.level == "bronze" and each.state == "broken"
    ]
    assert report.level in ("bronze", "silver")


def block_name(project):
    word = project.words.block
    return word if isinstance(word, str) else word.en


def decided(result):
    return deciding(result.verdicts)[0]


@pytest.fixture
def made_from(tmp_path):
    """Writes the project of a file; only its folder may be new, and the file stays as it was."""

    def make(file, target, noun="onion", **more):
        into = tmp_path / "regions"
        before = sorted(tmp_path.rglob("*")), file.read_bytes()
        place = new("jeju", noun, into, survey=file, target=target, **more)
        outside = [path for path in sorted(tmp_path.rglob("*")) if not path.is_relative_to(place)]
        assert [path for path in outside if path not in (into, into / "jeju")] == before[0]
        assert file.read_bytes() == before[1]
        return place

    return make


# ---- sheets as people keep them ------------------------------------------------------------------------------------------


def growth_survey(path):
    """생육조사: a title, two rows of merged headers, farms merged downwards, means between, gaps."""
    chance = random.Random(1)
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["2025년산 양파 생육조사표"])
    sheet.append(["조사일", "농가", "반복", "지상부", None, None, "지하부", None, "비고"])
    sheet.append([None, None, None, "초장(cm)", "엽수(매)", "엽초경(mm)", "구중(g)", "구경(mm)", None])
    sheet.merge_cells("A1:I1")
    sheet.merge_cells("D2:F2")
    sheet.merge_cells("G2:H2")
    for column in "ABCI":
        sheet.merge_cells(f"{column}2:{column}3")
    for week in range(16):
        day = date(2025, 2, 3) + timedelta(days=7 * week)
        for farm in ("한림", "대정", "구좌"):
            top = sheet.max_row + 1
            for repetition in range(1, 4):
                weight = 8 + 11 * week + 4 * ("한림", "대정", "구좌").index(farm) + chance.gauss(0, 5)
                row = [day, farm if repetition == 1 else None, repetition, round(20 + 3 * week + chance.gauss(0, 2), 1),
                       5 + week // 3, round(5 + week * 0.6 + chance.gauss(0, 0.5), 1), round(weight, 1),
                       round(10 + weight**0.5 * 4 + chance.gauss(0, 1), 1), "결주" if chance.random() < 0.05 else None]  # fmt: skip
                if chance.random() < 0.05:
                    row[6] = None
                if chance.random() < 0.1:
                    row[3] = "-"
                sheet.append(row)
            sheet.merge_cells(f"B{top}:B{top + 2}")
        sheet.append([day, "평균", None, 30, 6, 7, 100.0, 50, None])
    book.save(path)
    return path


def sales(path):
    """일별 매출 of two shops: cp949, thousands separators, closed on some days."""
    chance = random.Random(2)
    rows = ["매출일자,점포명,기온(℃),행사여부,매출액(천원),번호"]
    number = 0
    for day in range(500):
        when = date(2024, 1, 1) + timedelta(days=day)
        for shop, level in (("동문점", 1500), ("서문점", 900)):
            number += 1
            amount = level * (1.4 if when.weekday() >= 5 else 1.0) + chance.gauss(0, 90)
            rows.append(
                f'{when:%Y.%m.%d},{shop},{chance.gauss(15, 8):.1f},{"Y" if chance.random() < 0.1 else "N"},"{amount:,.0f}",{number}'
            )
    path.write_bytes("\r\n".join(rows).encode("cp949"))
    return path


def machine_log(path):
    """설비 가동: hours beside days, a text where a number should be, a column that is the answer again."""
    chance = random.Random(3)
    rows = ["날짜;시간;호기;온도(℃);진동;전력량(kWh);전력량 x10"]
    for day in range(30):
        for hour in range(24):
            power = 40 + 25 * (8 <= hour < 18) + chance.gauss(0, 4)
            shaking = "점검중" if chance.random() < 0.01 else f"{chance.gauss(3, 0.5):.2f}"
            when = datetime(2026, 3, 2) + timedelta(days=day)
            rows.append(
                f"{when:%Y-%m-%d};{hour};1호기;{60 + 0.2 * power + chance.gauss(0, 2):.1f};{shaking};{power:.2f};{power * 10:.1f}"
            )
    path.write_text("\n".join(rows), encoding="utf-8")
    return path


def facilities(path):
    """시설 이용자: no time at all, a total at the end."""
    chance = random.Random(4)
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "현황"
    sheet.append(["연번", "시군", "시설명", "면적(㎡)", "직원수", "이용자수(명)"])
    number = 0
    for town in range(24):
        for _place in range(5):
            number += 1
            area = chance.uniform(100, 2000)
            sheet.append(
                [
                    number,
                    f"시군{town:02d}",
                    f"시설 {number}",
                    round(area),
                    chance.randint(1, 20),
                    round(50 + 0.4 * area + chance.gauss(0, 60)),
                ]
            )
    sheet.append([None, "합계", None, 120000, 1200, 60000])
    book.save(path)
    return path


def odd(path):
    """Neither time nor groups; headers that are no names, or dangerous ones; decimal commas."""
    chance = random.Random(5)
    head = [
        '"100알중(g)"',
        "class",
        '"a"" \\ """""""',
        '"{{ 7 * 7 }}"',
        "model_config",
        "",
        "수분 함량 [%]",
        "종실 수량",
    ]
    rows = [";".join(head)]
    for number in range(90):
        values = [chance.gauss(20, 3) for _ in range(6)]
        harvest = 3 * values[0] - values[1] + chance.gauss(0, 2)
        cells = [f"{value:.2f}".replace(".", ",") for value in (*values, chance.uniform(10, 20), harvest)]
        rows.append(";".join("" if chance.random() < 0.1 and place < 7 else cell for place, cell in enumerate(cells)))
        if number == 40:
            rows.append("")
    path.write_text("\n".join(rows), encoding="utf-8")
    return path


def yearly(path):
    """Years and months in columns of their own."""
    chance = random.Random(6)
    rows = ["연도,월,품목,출하량(t)"]
    for year in range(2019, 2026):
        for month in range(1, 13):
            for kind in ("감귤", "당근"):
                usual = 100 + 80 * (month in (11, 12, 1)) + 30 * (kind == "감귤")
                rows.append(f"{year},{month},{kind},{usual + chance.gauss(0, 6):.1f}")
    path.write_text("\n".join(rows), encoding="utf-8-sig")
    return path


SHEETS = {
    "growth_survey": (growth_survey, "survey.xlsx", "구중", "survey date", "last_value"),
    "sales": (sales, "sales.csv", "매출액", "week", None),
    "machine_log": (machine_log, "log.csv", "전력량 (kWh)", "day", None),
    "facilities": (facilities, "현황.xlsx", "이용자수", "group", "group_mean"),
    "odd": (odd, "odd.csv", "종실수량", "stretch of rows", "group_mean"),
    "yearly": (yearly, "출하.csv", "출하량", "month", "same_time_last_year"),
}


OFTEN = ("growth_survey", "yearly")  # a date and a moment that comes again; the others are of minutes


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name in OFTEN else pytest.mark.long) for name in SHEETS]
)
def test_a_sheet_nobody_designed_for_becomes_a_project_that_is_tried(name, tmp_path, made_from):
    make, file, target, block, practice = SHEETS[name]
    place = made_from(make(tmp_path / file), target)
    project, result = played(place)
    assert block_name(project) == block
    assert practice in (None, project.practice.__name__)
    one = decided(result)
    assert one.blocks >= 6
    assert one.verdict in ("better", "worse", "not shown")
    assert one.methods["ridge"] < 1.2 * one.methods[project.practice.__name__]
    assert_bronze(project)


def test_the_roles_of_a_growth_survey(tmp_path, made_from):
    place = made_from(growth_survey(tmp_path / "survey.xlsx"), "구중")
    code = (place / "project.py").read_text(encoding="utf-8")
    project = load(place)
    assert {"조사일", "농가", "반복", "지상부_엽수", "last"} <= set(project.request.model_fields)
    assert "지하부_구중" not in project.request.model_fields
    assert "평균" not in {
        case.request.농가 for each in project.rounds(Data(project.sources, project.folder)) for case in each.history
    }
    assert '"지상부_엽수": "지상부 / 엽수",' in code
    assert "구경" in (place / "README.ko.md").read_text(encoding="utf-8")


def test_what_is_nearly_the_target_is_left_out_and_said(tmp_path, made_from):
    place = made_from(machine_log(tmp_path / "log.csv"), "전력량")
    said = (place / "README.md").read_text(encoding="utf-8")
    assert "전력량 x10 | left out: nearly the target itself" in said
    assert "전력량_x10" not in load(place).request.model_fields


@pytest.mark.slow
def test_columns_nobody_confirmed_stand_beside_every_verdict(tmp_path, made_from):
    _project, result = played(made_from(sales(tmp_path / "sales.csv"), "매출액"))
    assert "confirmed by nobody yet: 기온" in result.about.remarks[""][0]["en"]


@pytest.mark.slow
def test_weekdays_reach_the_model_so_it_beats_yesterday(tmp_path, made_from):
    _project, result = played(made_from(sales(tmp_path / "sales.csv"), "매출액"))
    assert decided(result).verdict in ("better", "not shown")
    assert decided(result).methods["ridge"] < 150


@pytest.mark.parametrize(
    ("target", "said"),
    [("구중량", "Did you mean 지하부 / 구중?"), ("bulb weight", "Columns: "), ("농가", "not a number")],
)
def test_a_target_that_cannot_be_is_refused_with_the_nearest(target, said, tmp_path, made_from):
    file = growth_survey(tmp_path / "survey.xlsx")
    with pytest.raises(UserError) as refused:
        made_from(file, target)
    assert said in str(refused.value)
    assert not (tmp_path / "regions").exists()


def test_a_file_without_target_lists_its_columns(tmp_path):
    with pytest.raises(UserError, match="--target"):
        new("jeju", "onion", tmp_path / "regions", survey=growth_survey(tmp_path / "survey.xlsx"))


@pytest.mark.parametrize(
    ("region", "noun"), [("제주", "onion"), ("jeju", "../onion"), ("jeju", "Onion"), ("", "onion")]
)
def test_a_name_that_cannot_be_one_is_refused(region, noun, tmp_path):
    with pytest.raises(UserError, match="cannot be the name"):
        new(region, noun, tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_there_is_left_alone(tmp_path):
    (tmp_path / "jeju" / "onion").mkdir(parents=True)
    with pytest.raises(UserError, match="there already"):
        new("jeju", "onion", tmp_path)
    assert not list((tmp_path / "jeju" / "onion").iterdir())


def test_too_few_rows_are_refused(tmp_path):
    file = tmp_path / "few.csv"
    file.write_text("day,x\n" + "\n".join(f"2026-01-{day:02d},{day}" for day in range(1, 9)), encoding="utf-8")
    with pytest.raises(UserError, match="at least 12"):
        new("jeju", "onion", tmp_path / "regions", survey=file, target="x")


@pytest.mark.slow
def test_without_a_sheet_the_skeleton_says_its_data_are_made(tmp_path):
    place = new("jeju", "carrot", tmp_path / "regions")
    project, result = played(place)
    assert not (place / "data").exists()
    assert "Made data" in result.about.remarks[""][0]["en"]
    assert "지어낸" in (place / "README.ko.md").read_text(encoding="utf-8")
    assert decided(result).blocks >= 6
    assert project.manifest.ground == "benchmark"
    assert_bronze(project)


@pytest.mark.slow
def test_the_model_is_the_same_again_and_resumes_from_its_folder(tmp_path, made_from):
    place = made_from(facilities(tmp_path / "현황.xlsx"), "이용자수")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(place / "tests")], capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONDONTWRITEBYTECODE": "1"}, cwd=place, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_next_sheet_of_the_same_kind_takes_the_place_of_the_first(tmp_path, made_from):
    place = made_from(sales(tmp_path / "sales.csv"), "매출액")
    project = load(place)
    data = Data(project.sources, project.folder, own={"survey": tmp_path / "sales.csv"}, confirm=lambda _text: True)
    mine = list(project.rounds(data))
    first = list(project.rounds(Data(project.sources, project.folder)))
    assert [[case.request for case in each.cases] for each in mine] == [
        [case.request for case in each.cases] for each in first
    ]


def test_the_real_garlic_survey(made_from, tmp_path):
    mirrors = [Path(each) for each in os.environ.get("DURE_MIRROR", "").split(os.pathsep) if each]
    file = next((mirror / GARLIC for mirror in mirrors if (mirror / GARLIC).is_file()), None)
    if file is None:
        pytest.skip("needs the Jeju garlic survey: give its mirror as DURE_MIRROR")
    place = new("jeju", "garlic_survey", tmp_path / "regions", survey=file, target="bulb_fresh_weight")
    project, result = played(place)
    assert block_name(project) == "survey date"
    assert decided(result).verdict == "too few"  # bulbs were weighed on four dates only
    assert_bronze(project)
    assert "planting_date" in (place / "README.md").read_text(encoding="utf-8")
