"""The film: a table judged, a vendor tried where he cannot see, and evidence that its buyer checks on an installation of her own."""

from __future__ import annotations

import io
import json
import math
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import polars as pl
import pytest

import browsing
from dure.project.loader import load
from dure.runs import run
from dure.serving.request import read_request
from dure.serving.service import open_service
from dure.trial import types

pytest.importorskip("uvicorn", reason="the hub needs the extra dure[hub]")
pytestmark = [pytest.mark.slow, browsing.needs_chromium]

HEART, NAME = "gangwon.heart", "업체B"
SAID = {
    "ko": {
        "headers": "일시,실적(MWh),현행(MWh),업체A(MWh)", "not shown": "아직 알 수 없습니다", "more": "더 필요합니다", "equal": "다시 계산했고, 같습니다",
        "unknown": "모르는 서명자", "refused": "거절합니다", "better": "낫습니다", "offer": "제안",
    },
    "en": {
        "headers": "date,actual (MWh),today (MWh),vendor A (MWh)", "not shown": "not shown", "more": "more", "equal": "Recomputed, and equal",
        "unknown": "Signer unknown", "refused": "Refused", "better": "better", "offer": "offer",
    },
}  # fmt: skip


def vendors_table(language):
    """61 days of output: today's answer is yesterday's, the vendor's is hardly nearer."""
    rows = [SAID[language]["headers"]]
    for day in range(61):
        truth = 40 + 12 * math.sin(day / 5) + 7 * math.sin(day * 2.3)
        today = truth + 5 * math.sin(day * 1.7 + 1)
        vendor = truth + 4.4 * math.sin(day * 2.9 + 2)
        rows.append(f"2026-{6 + day // 30:02d}-{day % 30 + 1:02d},{truth:.2f},{today:.2f},{vendor:.2f}")
    return ("\n".join(rows) + "\n").encode("cp949" if language == "ko" else "utf-8")


@pytest.fixture(scope="module")
def vendor():
    """A method behind a URL: pretest probability with the exercise test added, as one clinic fitted it."""
    service = open_service(load(HEART), method="exercise_test", inputs=run.Inputs(), tell=types.quiet)

    class Answers(BaseHTTPRequestHandler):
        def do_POST(self):
            asked = self.rfile.read(int(self.headers["content-length"]))
            request = read_request(service.project, asked, "")
            body = json.dumps(service.answer(request, where="").said["response"]).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_given):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/risk"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def chromium():
    with browsing.browser() as opened:
        yield opened


@pytest.fixture(scope="module")
def hubs(tmp_path_factory, described):
    """The vendor's hub, and the buyer's, on which nothing has ever happened."""
    place = tmp_path_factory.mktemp("hubs")
    ours, theirs = (browsing.knows(place / name, described) for name in ("hub", "buyers"))
    with browsing.hub(ours) as one, browsing.hub(theirs, workers=0) as other:
        yield one, other


def altered(packed):
    """The same evidence with one digit of one outcome changed."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(packed)) as given, zipfile.ZipFile(out, "w") as made:
        for name in given.namelist():
            content = given.read(name)
            if name == "outcomes.parquet":
                frame = pl.read_parquet(io.BytesIO(content))
                last = frame.columns[-1]
                values = frame[last].to_list()
                values[3] += 1
                changed = io.BytesIO()
                frame.with_columns(pl.Series(last, values)).write_parquet(changed)
                content = changed.getvalue()
            made.writestr(name, content)
    return out.getvalue()


def a_buyer_drops_a_vendors_table(reader, words, table):
    """Whether the vendor is better is not shown yet, and how many more days it would take."""
    page = reader.page
    assert reader.serious() == []
    page.locator("#table").set_input_files(table)
    page.wait_for_url("**/judge/*")
    assert [each.input_value() for each in page.locator("select[name=role]").all()] == [
        "time",
        "truth",
        "practice",
        "offer",
    ]
    assert reader.serious() == []
    page.locator("form[data-send='POST /api/v1/judge'] button").click()
    page.wait_for_selector("#hand-on")
    assert words["not shown"] in page.locator("h1 em").inner_text()
    assert words["more"] in page.locator("p.lead").first.inner_text()
    assert reader.serious() == []
    assert reader.wrong == []


def kinds(page, within):
    """What a report says of the vendor's method, place by place: the class of each verdict."""
    answer = page.locator(f"{within} section.answer", has_text=NAME).first
    return [each.get_attribute("class") for each in answer.locator(".sites li").all()]


def a_vendor_is_tried_on_sealed_cases(reader, url, packed):
    """His method is asked at three hospitals: better at two, not at the third. The evidence lies at `packed` then."""
    page = reader.page
    reader.go(f"/projects/{HEART}")
    assert reader.serious() == []
    form = page.locator(f"form[data-send='POST /api/v1/projects/{HEART}/entries']")
    form.locator("[name=name]").fill(NAME)
    form.locator("[name=url]").fill(url)
    form.locator("button").click()
    page.wait_for_url("**/runs/*")
    page.wait_for_selector("#hand-on", timeout=3 * browsing.PATIENCE)
    assert sorted(kinds(page, "main")) == ["better", "better", "shown"]
    assert reader.serious() == []
    with page.expect_download() as waiting:
        page.locator("#hand-on a[download]").first.click()
    waiting.value.save_as(packed)
    assert reader.wrong == []


def checked(reader, packed, wanted):
    """Drop evidence on the page that checks it; what it says."""
    reader.go("/verify")
    reader.page.locator("#zip").set_input_files(packed)
    reader.page.wait_for_selector(f"#checked {wanted}")
    assert reader.serious() == []
    return reader.page.locator("#checked").inner_text()


@pytest.mark.long
@pytest.mark.parametrize("language", ["ko", "en"])
def test_the_film(chromium, hubs, vendor, language, tmp_path):
    (one, other), words = hubs, SAID[language]
    table, packed = tmp_path / "answers.csv", tmp_path / "evidence.zip"
    table.write_bytes(vendors_table(language))
    a_buyer_drops_a_vendors_table(browsing.Reader(chromium, one, language), words, table)
    vendors = browsing.Reader(chromium, one, language)
    a_vendor_is_tried_on_sealed_cases(vendors, vendor, packed)

    # She drags it onto a page of an installation of her own, where nothing is known.
    buyers = browsing.Reader(chromium, other, language)
    told = checked(buyers, packed, ".checks")
    assert words["equal"] in told
    assert words["unknown"] in told
    assert kinds(buyers.page, "#checked") == kinds(vendors.page, "main")

    packed.write_bytes(altered(packed.read_bytes()))  # one digit of one outcome
    told = checked(buyers, packed, ".fault")
    assert words["refused"] in told
    assert "outcomes.parquet" in told
    assert buyers.page.locator("#checked .fault code").count() == 1  # the row, by its name
    assert buyers.wrong == []
