"""The R&D table: the same rows as CSV, DOCX and HTML, always in Korean."""

import csv
import io
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from docx import Document
from docx.oxml.ns import qn

from dure import evidence
from dure.report import rnd_table
from trials import outcomes, trial


@pytest.fixture(scope="module")
def said():
    return evidence.content(trial(goal=4.7))


def test_one_row_a_kpi_in_korean_whatever_the_reader_speaks(said):
    rows = rnd_table.rows(said)
    assert [row["성능지표"] for row in rows] == ["평균 절대 오차", "맞힌 비율"]
    assert list(rows[0]) == ["성능지표", "단위", "현행", "목표", "결과(제안)", "달성", "표본", "측정방법"]
    assert rows[0]["단위"] == "kWh"
    assert rows[0]["목표"] == "4.7 이하"
    assert rows[0]["달성"] == "달성 (현행보다 낫다)"
    assert rows[1]["목표"] == "–"
    assert "주" in rows[0]["표본"]
    assert "산식 errors / cases" in rows[0]["측정방법"]
    assert "자체 실행, 공개 자료" in rows[0]["측정방법"]
    assert said.replay[:12] in rows[0]["측정방법"]


def test_a_goal_reached_is_not_yet_better_than_today():
    shown = evidence.content(trial(outcomes(gains={"A": 1.0, "B": -1.0}), goal=1000.0))
    assert rnd_table.rows(shown)[0]["달성"] == "달성 (현행보다 나은지 아직 알 수 없다)"


def test_a_goal_missed_by_something_better():
    assert rnd_table.rows(evidence.content(trial(goal=0.1)))[0]["달성"] == "미달 (현행보다 낫다)"


def test_numbers_of_the_table_are_those_of_the_trial(said):
    one = said.deciding[0]
    row = rnd_table.rows(said)[0]
    assert float(row["현행"]) == pytest.approx(one.methods["basic"], rel=1e-2)
    assert float(row["결과(제안)"]) == pytest.approx(one.methods["ours"], rel=1e-2)


def test_csv_opens_in_excel(said):
    raw = rnd_table.as_csv(said)
    assert raw.startswith(b"\xef\xbb\xbf")
    assert b"\r\n" in raw
    read = list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"), newline="")))
    assert read == rnd_table.rows(said)


@pytest.mark.parametrize("name", ["=1+1", "+1", "-cmd", "@SUM(A1)"])
def test_a_name_is_no_formula(name):
    good = trial()
    bad = replace(good, verdicts=tuple(replace(one, kpi={"ko": name, "en": name}) for one in good.verdicts))
    cell = list(csv.reader(io.StringIO(rnd_table.as_csv(evidence.content(bad)).decode("utf-8-sig"), newline="")))[1][0]
    assert cell == f"'{name}"


class Cells(HTMLParser):
    def __init__(self):
        super().__init__()
        self.cells, self.styles, self.tags = [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        if tag in ("td", "th"):
            self.cells.append("")
            self.styles.append(dict(attrs).get("style", ""))

    def handle_data(self, data):
        if self.cells:
            self.cells[-1] += data


def test_html_keeps_its_lines_where_it_is_pasted(said):
    parser = Cells()
    parser.feed(rnd_table.as_html(said))
    assert [cell.strip() for cell in parser.cells] == [
        *rnd_table.COLUMNS,
        *(cell for row in rnd_table.rows(said) for cell in row.values()),
    ]
    assert all("border:1px solid" in style for style in parser.styles)
    assert not {"script", "style", "link"} & set(parser.tags)


def test_names_are_escaped_in_html():
    bad = trial(title={"ko": "<script>", "en": "x"})
    assert "<script>" not in rnd_table.as_html(evidence.content(bad))


def test_docx_has_the_table_and_a_korean_font(said):
    document = Document(io.BytesIO(rnd_table.as_docx(said)))
    (table,) = document.tables
    assert [[cell.text for cell in row.cells] for row in table.rows] == [
        list(rnd_table.COLUMNS),
        *(list(row.values()) for row in rnd_table.rows(said)),
    ]
    fonts = [
        run._element.rPr.rFonts.get(qn("w:eastAsia"))
        for row in table.rows
        for cell in row.cells
        for run in cell.paragraphs[0].runs
    ]
    assert set(fonts) == {"맑은 고딕"}
    section = document.sections[0]
    assert section.page_width > section.page_height
