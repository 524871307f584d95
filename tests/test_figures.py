"""Charts: SVG and PNG with Korean letters, and nothing loaded from anywhere."""

import json
import sys
from xml.etree import ElementTree

import pytest

from dure.errors import UserError
from dure.report import charts

pytest.importorskip("altair", reason="charts need the extra `figures`")
pytest.importorskip("vl_convert", reason="charts need the extra `figures`")


def mark():
    import altair as alt

    rows = [{"label": "생산 계획", "gain": 2.0}, {"label": "심장 위험", "gain": -2.0}]
    return charts.finished(alt.Chart(alt.Data(values=rows)).mark_point().encode(x="gain:Q", y="label:N"))


def test_a_chart_has_korean_letters_in_the_house_s_font():
    drawn = charts.svg(mark())
    assert "생산 계획" in drawn
    assert charts.PAPER in drawn


@pytest.mark.slow
def test_a_chart_is_written_as_svg_and_png(tmp_path):
    assert charts.save(mark(), tmp_path / "a.svg").read_text(encoding="utf-8").startswith("<svg")
    assert charts.save(mark(), tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(UserError, match=r"\.svg, \.png or \.html"):
        charts.save(mark(), tmp_path / "a.pdf")


@pytest.mark.slow
def test_a_page_holds_all_it_needs_and_no_text_of_a_chart_ends_its_script(tmp_path):
    bad = "</script><script>document.title = 'bad'</script>"
    page = charts.save({"data": {"values": [{"a": bad}]}, "mark": "point"}, tmp_path / "a.html").read_text(
        encoding="utf-8"
    )
    assert "<script src" not in page
    assert bad not in page
    assert json.dumps(bad)[1:-1].replace("<", "\\u003c") in page


@pytest.mark.parametrize(("reach", "axes"), [((-1, 5), 1), ((0, 4), 5)])  # at the edge a dot widens the drawing
def test_a_chart_with_a_slider_moves_without_a_script_and_what_stays_is_drawn_once(reach, axes):
    import altair as alt

    now = alt.param("now", value=1.0, bind=alt.binding_range(min=0.0, max=2.0, step=0.5, name="time "))
    rows = alt.Data(values=[{"time": each / 2, "place": each} for each in range(5)])
    dot = (
        alt.Chart(rows)
        .transform_filter("datum.time == now")
        .mark_point(size=2000)
        .encode(x=alt.X("place:Q", scale=alt.Scale(domain=reach)))
    )
    chart = (dot + alt.Chart(rows).mark_tick().encode(x="place:Q")).add_params(now)
    moves = charts.moving(chart)
    root = ElementTree.fromstring(moves)
    seen = [each.get("values").split(";") for each in root.iter(f"{{{charts.SVG}}}animate")]
    assert len(seen) == 5
    assert [each.index("visible") for each in seen] == [0, 1, 2, 3, 4]
    assert all(turn.count("visible") == 1 for turn in zip(*seen, strict=True))
    assert root.tag == f"{{{charts.SVG}}}svg"
    assert moves.count("role-axis-label") == axes * charts.svg(chart).count("role-axis-label")
    assert "<script" not in moves
    assert charts.moving(mark()) is None


@pytest.mark.parametrize(
    "part",
    [{"data": {"url": "file:///etc/hostname"}}, {"encoding": {"url": {"value": "http://127.0.0.1:9/a.png"}}},
     {"layer": [{"data": {"url": "https://example.invalid/a.csv"}, "mark": "point"}]}],
)  # fmt: skip
def test_a_chart_that_would_load_something_is_refused(part):
    with pytest.raises(UserError, match="may not load"):
        charts.svg({"data": {"values": [{"url": "only a word"}]}, "mark": "point", **part})


def test_without_the_extra_the_cure_is_said(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "vl_convert", None)
    charts._converter.cache_clear()
    with pytest.raises(UserError, match=r"dure\[figures\]"):
        charts.svg({"mark": "point"})
