"""The table a Korean R&D report asks for, from any evidence: KPI, unit, today, goal, result, reached, sample, method.

As CSV (Excel opens it), DOCX, and an HTML table that pastes into 한글 and Word. Always in Korean: it is a Korean form.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dure.i18n.texts import _, per_language
from dure.report import numbers, sentence, vocabulary

if TYPE_CHECKING:
    from dure.record import TrialRecord, Verdict

COLUMNS = ("성능지표", "단위", "현행", "목표", "결과(제안)", "달성", "표본", "측정방법")
FONT = "맑은 고딕"


def write(record: TrialRecord, folder: Path) -> None:
    """Put ``table.csv``, ``table.html`` and ``table.docx`` into `folder`."""
    (folder / "table.csv").write_bytes(as_csv(record))
    (folder / "table.html").write_text(as_html(record), encoding="utf-8", newline="\n")
    (folder / "table.docx").write_bytes(as_docx(record))


def rows(record: TrialRecord) -> list[dict[str, str]]:
    """One row a KPI and offer: the deciding rounds, over all sites. `about.goal` is the first KPI's target."""
    return per_language(lambda: [_row(record, verdict) for verdict in chosen(record)])["ko"]


def chosen(record: TrialRecord) -> list[Verdict]:
    """The verdicts that answer the question: those that decide, and the other KPIs beside them."""

    def compared(verdict: Verdict) -> tuple[str, ...]:
        return verdict.method, verdict.against, verdict.round, verdict.site

    return [
        verdict
        for decisive in record.deciding
        for verdict in record.verdicts
        if compared(verdict) == compared(decisive)
    ]


def _row(record: TrialRecord, verdict: Verdict) -> dict[str, str]:
    about, unit = record.about, vocabulary.localised_unit(verdict.unit)
    today, result = verdict.number(verdict.against), verdict.number(verdict.method)
    goal = about.goal if verdict.decides else None
    offers = {decisive.method for decisive in record.deciding}
    name = vocabulary.localised(verdict.kpi)
    alone = sentence.census(verdict) or verdict.blocks == verdict.cases  # the cases are counted as it is
    cells = (
        f"{name} ({vocabulary.offer(verdict, about)})" if len(offers) > 1 else name,
        unit or "–",
        numbers.amount(today, ""),
        f"{goal:g} {'이하' if verdict.better == 'lower' else '이상'}" if goal is not None else "–",
        numbers.amount(result, ""),
        _reached(verdict, goal, result),
        sentence.blocks(verdict) + ("" if alone else f" (사례 {verdict.cases:,}건)"),
        _measured(record, verdict),
    )
    return dict(zip(COLUMNS, cells, strict=True))


def _reached(verdict: Verdict, goal: float | None, result: float | None) -> str:
    """Goal reached or not, and beside it what the trial says: a goal reached is not yet better than today."""
    words = {
        "better": "현행보다 낫다",
        "worse": "현행보다 나쁘다",
        "not shown": "현행보다 나은지 아직 알 수 없다",
        "too few": "현행보다 나은지 판단할 자료가 부족하다",
        "lost": "탈락",
    }
    standing = words[verdict.verdict]
    if goal is None or result is None:
        return standing
    reached = result <= goal if verdict.better == "lower" else result >= goal
    return f"{'달성' if reached and verdict.verdict != 'lost' else '미달'} ({standing})"


def _measured(record: TrialRecord, verdict: Verdict) -> str:
    """How it was measured, in one cell."""
    about = record.about
    kind = {"sealed": "봉인 회차", "open": "공개 회차"}[verdict.round]
    phrases = ["같은 사례로 현행과 비교 시험" + ("" if about.note else f"({kind})")]
    if mark_ends := _ends(verdict):
        phrases.append(f"개선폭 {mark_ends}")
    phrases.append(f"산식 {verdict.of}")
    phrases.append(f"{_(verdict.assurance)}, {_(vocabulary.GROUND.get(verdict.ground, ''))}")
    phrases.append(f"증거 자료 {record.replay[:12]}")
    return "; ".join(phrases)


def _ends(verdict: Verdict) -> str:
    from dure.report.interval_plot import ends

    interval = ends(verdict)
    if verdict.gain.mean is None:
        return ""
    mean = numbers.scale(verdict)(verdict.gain.mean)
    return f"{mean}, {100 * verdict.level:.0f} % 구간 {interval}" if interval else mean


def as_csv(record: TrialRecord) -> bytes:
    """UTF-8 with a byte order mark and CRLF, as Excel expects it.

    A cell that begins like a formula is kept text by an apostrophe: names come from other people's tables.
    """
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows({name: _harmless(cell) for name, cell in row.items()} for row in rows(record))
    return text.getvalue().encode("utf-8-sig")


def _harmless(cell: str) -> str:
    return (
        f"'{cell}" if cell[:1] in ("=", "+", "@", "\t", "\r") or (cell[:1] == "-" and not cell[1:2].isdigit()) else cell
    )


def as_html(record: TrialRecord) -> str:
    """A page with the table alone; styles stand at each cell, since 한글 and Word keep nothing else."""
    border = "border:1px solid #444;padding:4px 6px"
    face = f"font-family:'{FONT}','Malgun Gothic',sans-serif;font-size:10pt"
    head = "".join(f'<th style="{border};background:#eee;text-align:center">{escape(name)}</th>' for name in COLUMNS)
    body = "".join(
        "<tr>"
        + "".join(f'<td style="{border};text-align:{_side(name)}">{escape(row[name])}</td>' for name in COLUMNS)
        + "</tr>"
        for row in rows(record)
    )
    table = (
        f'<table style="border-collapse:collapse;{face}"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
    )
    title = escape(_title(record))
    return f'<!doctype html>\n<html lang="ko"><head><meta charset="utf-8"><title>{title}</title></head><body>\n{table}\n</body></html>\n'


def _title(record: TrialRecord) -> str:
    title = record.about.title
    return title if isinstance(title, str) else title["ko"]


def _side(name: str) -> str:
    return (
        "right" if name in ("현행", "목표", "결과(제안)") else "center" if name in ("단위", "달성", "표본") else "left"
    )


def as_docx(record: TrialRecord) -> bytes:
    """A Word document, landscape, with the table and a line on where it comes from."""
    from docx import Document
    from docx.enum.section import WD_ORIENT
    from docx.shared import Cm, Pt

    document = Document()
    normal = document.styles["Normal"]
    normal.font.name, normal.font.size = FONT, Pt(9)
    _east_asian(normal.element)
    page = document.sections[0]
    page.orientation, page.page_width, page.page_height = WD_ORIENT.LANDSCAPE, Cm(29.7), Cm(21.0)
    page.left_margin = page.right_margin = Cm(2)
    title = _title(record)
    document.add_paragraph().add_run(f"{title} 성능 비교").bold = True
    table = document.add_table(rows=1, cols=len(COLUMNS), style="Table Grid")
    _put(table.rows[0].cells, dict(zip(COLUMNS, COLUMNS, strict=True)), bold=True)
    for row in rows(record):
        _put(table.add_row().cells, row)
    widths = (4.0, 1.8, 2.2, 2.2, 2.4, 3.6, 3.2, 6.3)
    for column, width in zip(table.columns, widths, strict=True):
        for cell in column.cells:
            cell.width = Cm(width)
    document.add_paragraph(f"두레 비교 시험 {record.project} {record.version}, 증거 자료 {record.replay}")
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def _put(cells: Any, row: Mapping[str, str], *, bold: bool = False) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH

    sides = {"right": WD_ALIGN_PARAGRAPH.RIGHT, "center": WD_ALIGN_PARAGRAPH.CENTER, "left": WD_ALIGN_PARAGRAPH.LEFT}
    for cell, name in zip(cells, COLUMNS, strict=True):
        paragraph = cell.paragraphs[0]
        paragraph.alignment = sides["center" if bold else _side(name)]
        run = paragraph.add_run(row[name])
        run.bold, run.font.name = bold, FONT
        _east_asian(run._element)  # noqa: SLF001 - python-docx has no name for the East Asian font


def _east_asian(element: Any) -> None:
    """Korean letters take their font from this attribute alone."""
    from docx.oxml.ns import qn

    element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), FONT)
