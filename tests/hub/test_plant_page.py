"""A planner of a plant in a browser: sheets with a mistake, the plan beside today's, last month's real plan, a machine that fails."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest

import browsing
from dure import evidence

pytest.importorskip("uvicorn", reason="the hub needs the extra dure[hub]")
pytest.importorskip("ortools", reason="a plant's plan needs the extra dure[production]")
pytest.importorskip("vl_convert", reason="figures need the extra dure[figures]")

pytestmark = [pytest.mark.slow, browsing.needs_chromium]
PLANT = Path(__file__).parents[2] / "examples" / "plant.xlsx"
ASK = "/projects/yeongnam.production/ask"
WAIT = 180_000  # milliseconds: the first plan of a machine is also compiled
FOUR_MINUTES = '<c r="E3" t="n"><v>4</v></c>'  # a piece of SH-10 on the first lathe, in the sheet of routings


@pytest.fixture(scope="module")
def hub(tmp_path_factory, described):
    """A hub with its worker; the address that signs its owner in."""
    home = tmp_path_factory.mktemp("hub")
    browsing.knows(home / "home", described)
    with (home / "log").open("wb") as log:
        up = subprocess.Popen(
            [sys.executable, "-m", "dure", "up", "--port", "0"], stdout=subprocess.PIPE, stderr=log, text=True,
            env={**os.environ, "DURE_HOME": str(home / "home"), "DURE_STORE": ""},
        )  # fmt: skip
        yield re.search(r"http://\S+", up.stdout.readline())[0]
        up.terminate()
        up.communicate(timeout=60)


@pytest.fixture
def page(hub):
    """A tab that is signed in, in Korean; a message of the page's console is a fault."""
    with browsing.browser() as browser:
        tab = browser.new_context(locale="ko-KR", accept_downloads=True).new_page()
        tab.set_default_timeout(30_000)
        said: list[str] = []
        tab.on("console", lambda message: said.append(message.text))
        tab.on("pageerror", lambda error: said.append(str(error)))
        tab.goto(hub)
        yield tab
        assert said == []


def at(hub, path):
    """An address of the hub."""
    parts = urlsplit(hub)
    return f"{parts.scheme}://{parts.netloc}{path}"


def with_a_bad_row(folder):
    """The plant's sheets with words in the place of minutes; the same name."""
    place = folder / PLANT.name
    with zipfile.ZipFile(PLANT) as good, zipfile.ZipFile(place, "w") as bad:
        for name in good.namelist():
            text = good.read(name)
            if name == "xl/worksheets/sheet2.xml":
                assert text.count(FOUR_MINUTES.encode()) == 1
                words = '<c r="E3" t="inlineStr"><is><t>사분</t></is></c>'
                text = text.replace(FOUR_MINUTES.encode(), words.encode("utf-8"))
            bad.writestr(name, text)
    return place


def answered(tab, before=""):
    """Once the page shows what came of it."""
    tab.wait_for_url(lambda address: "/asks/" in address and address != before)
    tab.wait_for_selector(".by, .faults, main > .fault", timeout=WAIT)


def planned(tab, hub, *files, done=None):
    """Drop files, and one of what was really done; planned for a second."""
    tab.goto(at(hub, ASK))
    tab.set_input_files("#own", files)
    if done:
        tab.click("#files summary:has-text('실제로 한 것과 비교하기')")
        tab.set_input_files("#done", done)
    tab.click("#files summary:has-text('더 정하기')")
    tab.fill("[name='fields.seconds']", "1")
    tab.click("#files > .row button")
    answered(tab)


def kept(tab, ending, place):
    """A file of the answer, as the browser keeps it."""
    with tab.expect_download() as got:
        tab.click(f"a[download]:has-text('{ending}')")
    got.value.save_as(place)
    return place


def figure(tab, hub):
    """The text of the figure that the page shows."""
    assert tab.evaluate("document.querySelector('.figure img').naturalWidth") > 500
    return tab.request.get(at(hub, tab.get_attribute(".figure img", "src"))).text()


@pytest.mark.long
def test_a_planner_mends_a_sheet_sees_both_plans_and_what_a_failed_machine_moves(hub, page, tmp_path):
    planned(page, hub, with_a_bad_row(tmp_path))
    fault = page.inner_text(".faults li:first-child")
    assert ("공정표" in fault, "3행" in fault, "사분" in fault) == (True, True, True), fault
    assert page.inner_text(".faults li:first-child .cure") != ""

    bad = page.url
    page.set_input_files("#own", PLANT)  # the same name: in the old one's place; it is answered at once
    answered(page, bad)
    assert "인공지능" in page.inner_text("main")
    drawn = figure(page, hub)
    assert drawn.index("현행, 가장 나은 배정 규칙") < drawn.index("제안, 타부 탐색")
    plan = kept(page, "CSV", tmp_path / "june.csv")  # a browser in the C locale opens no path in Korean

    first, (machine, start) = page.url, begins_after(plan, "2026-07-02 12")
    page.fill("[name='fields.now']", "2026-07-02T12:00")
    page.select_option("[name='add.closed.0.machine']", machine)
    page.fill("[name='add.closed.0.start']", start.isoformat()[:16])
    page.fill("[name='add.closed.0.end']", (start + timedelta(hours=2)).isoformat()[:16])
    page.click("#again > .row button")
    answered(page, first)
    told = page.inner_text("main")
    assert "미리 보기입니다" in told
    assert re.search(r"지금 일정의 공정 \d+개 가운데 \d+개를 옮깁니다", told), told
    assert f"{machine}, 07월 02일(목) {start:%H:%M} -> " in told
    assert page.locator(f"a[href='{urlsplit(first).path}']").count() == 1  # the answer before is still there
    assert zipfile.is_zipfile(kept(page, "XLSX", tmp_path / "plan.xlsx"))

    planned(page, hub, PLANT, done=plan)
    drawn = figure(page, hub)
    assert drawn.index("실제로 한 것") < drawn.index("우수 일정 교차 타부 탐색")
    assert "가장 나은 배정 규칙:" not in drawn


def test_a_planner_takes_the_evidence_of_his_own_weeks_away(hub, page, tmp_path):
    page.goto(at(hub, "/projects/yeongnam.production/data"))
    page.set_input_files("#file-plant", PLANT)
    page.locator("#trial [name=confirmed]").check(timeout=60_000)
    page.click("#trial > .row button")
    with page.expect_download(timeout=240_000) as waiting:
        page.locator("#hand-on a[download]").first.click(timeout=240_000)
    waiting.value.save_as(tmp_path / "evidence.zip")
    with zipfile.ZipFile(tmp_path / "evidence.zip") as packed:
        packed.extractall(tmp_path / "evidence")
    assert evidence.verify(tmp_path / "evidence").intact
    assert "자료가 부족합니다" in page.inner_text("h1")  # two weeks decide nothing, and it says so


def begins_after(plan, moment):
    """The first operation of a plan that begins then or later: its machine and its start."""
    rows = [line.split(",") for line in plan.read_text(encoding="utf-8-sig").splitlines()[1:]]
    start, machine = min((row[3], row[2]) for row in rows if row[3] >= moment)
    return machine, datetime.fromisoformat(start)
