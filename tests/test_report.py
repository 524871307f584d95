"""The report opens without a network, in both languages, and shows the numbers that were signed."""

import base64
import hashlib
import json
import re
import subprocess
from html.parser import HTMLParser

import pytest

from browsing import CHROMIUM, needs_chromium
from dure import evidence
from dure.report import html
from trials import outcomes, trial

SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"><script>alert(1)</script></svg>'


@pytest.fixture(scope="module")
def said():
    return evidence.content(trial())


@pytest.fixture(scope="module")
def page(said):
    return html.report_html(said, "4f1c09ab77d2e001" + "0" * 48, {"오차": html.Drawn(SVG)})


class Tags(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


def test_the_island_holds_what_was_signed(said, page):
    assert html.island(page) == said.to_json()


def test_nothing_in_the_island_ends_it():
    bad = trial(title={"ko": "</script><script>alert(1)</script>", "en": "<!-- & \u2028"})
    said = evidence.content(bad)
    text = html.report_html(said, "0" * 64)
    assert html.island(text) == said.to_json()
    assert [attrs for tag, attrs in Tags(text).found if tag == "script"] == [
        {"type": "application/json", "id": "trial"}
    ]


def test_names_from_elsewhere_are_escaped(page):
    assert "UCI &lt;Heart&gt; &amp; co." in page


def test_nothing_runs_and_nothing_is_loaded(page):
    style = re.search(r"<style>(.*?)</style>", page, re.DOTALL)[1]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = next(
        attrs["content"] for tag, attrs in Tags(page).found if attrs.get("http-equiv") == "Content-Security-Policy"
    )
    assert (
        policy == f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"
    )
    for tag, attrs in Tags(page).found:
        assert tag not in ("link", "iframe", "object", "embed")
        assert not any(name.startswith("on") or name == "style" for name in attrs)
        assert attrs.get("src", "data:").startswith("data:image/svg+xml;base64,") or tag != "img"
        assert not re.match(r"(https?:)?//", attrs.get("href", ""))


def test_a_chart_is_a_picture_that_runs_nothing(page):
    assert "alert(1)" not in page
    assert base64.b64encode(SVG.encode()).decode() in page


def test_both_languages_stand_in_the_page(page):
    assert "**" not in page
    for text in (
        "낫습니다",
        "better",
        "병이 없는 사람이 8명뿐입니다.",
        "Only 8 are without disease.",
        "4f1c 09ab 77d2 e001",
    ):
        assert text in page


@pytest.mark.slow
def test_every_verdict_has_a_page():
    for table in (
        outcomes(blocks=4),
        outcomes(gains={"A": 1.0, "B": -1.0}),
        outcomes(gains={"A": -9.0, "B": -9.0}),
        outcomes(sites=("",)),
    ):
        assert html.island(html.report_html(evidence.content(trial(table)), "0" * 64))
    assert "탈락" in html.report_html(evidence.content(trial(unanswered_limit=0.001)), "0" * 64)


def test_a_page_without_numbers_or_with_two_is_refused(page):
    with pytest.raises(ValueError, match="no numbers"):
        html.island("<html></html>")
    with pytest.raises(ValueError, match="no numbers"):
        html.island(page + page)


@pytest.mark.slow
def test_charts_of_a_project_are_drawn_and_covered(tmp_path):
    alt = pytest.importorskip("altair", reason="the extra `figures` is not installed")
    chart = alt.Chart(alt.Data(values=[{"x": 1, "y": 2}])).mark_point().encode(x="x:Q", y="y:Q")
    place = evidence.write(trial(), tmp_path / "x", charts={"점": chart})
    assert (place / "figures" / "01.svg").read_text(encoding="utf-8").startswith("<svg")
    assert evidence.verify(place).intact
    (place / "figures" / "01.svg").write_text("<svg/>", encoding="utf-8")
    assert {fault.file for fault in evidence.verify(place).faults} == {"figures/01.svg"}


@pytest.mark.slow
def test_a_chart_with_a_slider_lies_beside_the_report_as_it_moves(tmp_path):
    alt = pytest.importorskip("altair", reason="the extra `figures` is not installed")
    now = alt.param("now", value=1, bind=alt.binding_range(min=0, max=2, step=1, name="time "))
    chart = alt.Chart(alt.Data(values=[{"x": each} for each in range(3)])).mark_point()
    moves = chart.transform_filter("datum.x == now").encode(x=alt.X("x:Q", scale=alt.Scale(domain=[-1, 3])))
    charts = {"점": chart.encode(x="x:Q"), "slider": moves.add_params(now)}
    place = evidence.write(trial(), tmp_path / "x", charts=charts)
    assert {each.name for each in (place / "figures").iterdir()} == {"01.svg", "02.svg", "02-moving.svg"}
    assert evidence.verify(place).intact
    links = [
        about["href"] for tag, about in Tags((place / "report.html").read_text(encoding="utf-8")).found if tag == "a"
    ]
    assert links.count("figures/02-moving.svg") == 1


# ---- in a browser --------------------------------------------------------------------------------------------------------


def browse(path, profile, *options, size="1200,900", fragment=""):
    command = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--hide-scrollbars",
               f"--user-data-dir={profile}", f"--window-size={size}", *options, f"{path.as_uri()}{fragment}"]  # fmt: skip
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=120, check=True)


@pytest.mark.slow
@needs_chromium
def test_a_browser_applies_the_style_and_reports_no_refusal(page, tmp_path):
    path = tmp_path / "report.html"
    path.write_text(page, encoding="utf-8")
    done = browse(path, tmp_path / "profile", "--dump-dom", "--enable-logging=stderr", "--v=0")
    assert "Refused to" not in done.stderr
    assert "Content Security Policy" not in done.stderr
    assert json.loads(re.search(r'id="trial">(.*?)</script>', done.stdout, re.DOTALL)[1])


@pytest.mark.slow
@needs_chromium
@pytest.mark.parametrize(("size", "fragment"), [("1200,900", "#ko"), ("1200,900", "#en"), ("500,900", "#ko")])
def test_a_browser_draws_it(page, tmp_path, size, fragment):
    path, picture = tmp_path / "report.html", tmp_path / "shot.png"
    path.write_text(page, encoding="utf-8")
    browse(path, tmp_path / "profile", f"--screenshot={picture}", size=size, fragment=fragment)
    assert picture.stat().st_size > 10_000


@pytest.mark.slow
@needs_chromium
def test_the_other_language_is_one_click_and_one_picture_away(page, tmp_path):
    path = tmp_path / "report.html"
    path.write_text(page, encoding="utf-8")
    shots = []
    for fragment in ("#ko", "#en"):
        picture = tmp_path / f"{fragment[1:]}.png"
        browse(path, tmp_path / "profile", f"--screenshot={picture}", fragment=fragment)
        shots.append(picture.read_bytes())
    assert shots[0] != shots[1]
