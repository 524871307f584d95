"""The picture: every operation a bar, set-ups hatched, what is late, pinned or moved marked, from one machine to fifty."""

import importlib
import json
import re
import warnings
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dure.i18n.texts import per_language
from dure.project.loader import load
from dure.report import charts

pytest.importorskip("altair", reason="charts need the extra dure[figures]")
pytest.importorskip("vl_convert", reason="charts need the extra dure[figures]")


HERE = Path(__file__).parent
PROJECT = load(HERE.parent)
# The project may be loaded under another name than its folder's: its modules are those beside it.
CHART, EXPLAIN, GANTT = (
    importlib.import_module(f"{PROJECT.request.__module__.removesuffix('model.forms')}{name}")
    for name in ("charts.chart", "explain.chains", "charts.gantt")
)


def operation(machine, minutes, family=""):
    return {"machines": {machine: minutes}, "family": family}


SMALLEST = {"machines": ["saw"], "jobs": [{"name": "A", "operations": [operation("saw", 3)]}]}
FULL = {
    "machines": ["saw", "mill"],
    "jobs": [
        {"name": "A", "operations": [operation("saw", 30, "red"), operation("mill", 20)], "due": 200},
        {"name": "B", "operations": [operation("saw", 40, "blue")], "due": 60},
    ],
    "set_ups": [{"before": "red", "after": "blue", "minutes": 20}],
    "closed": [{"machine": "mill", "start": 60, "end": 500}, {"machine": "saw", "start": 900, "end": 950}],
    "pins": [{"job": "A", "operation": 1, "machine": "saw", "start": 0}],
    "begins": "2026-11-23T08:00:00",
    "now": 10,
    "previous": [{"job": "B", "operation": 1, "machine": "saw", "start": 60, "end": 100}],
}


def answer(request, *starts, **fields):
    """A response from the starts of the operations, job after job, each on its first machine."""
    steps = [
        (job.name, number, operation) for job in request.jobs for number, operation in enumerate(job.operations, 1)
    ]
    rows = [
        {"job": name, "operation": number, "machine": machine, "start": start, "end": start + minutes}
        for (name, number, operation), start in zip(steps, starts, strict=True)
        for machine, minutes in list(operation.machines.items())[:1]
    ]
    return EXPLAIN.explained(request, PROJECT.response(operations=rows).operations, **fields)


def full():
    request = PROJECT.request.model_validate(FULL)
    return request, answer(request, 0, 30, 50)


def drawn(request, answers, truth=None):
    """The specification, and its rows by dataset."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        chart = PROJECT.figure(request, answers, truth, None).to_dict()
    return chart, {name: json.loads(rows) for name, rows in chart["datasets"].items() if name.startswith("plan")}


def titles(chart):
    """Titles and subtitles from the top."""
    waiting, lines = [chart], []
    while waiting:
        part = waiting.pop(0)
        if isinstance(part.get("title"), dict):
            lines.append((part["title"]["text"], part["title"].get("subtitle", "")))
        waiting = part.get("vconcat", []) + waiting
    return lines


def test_the_smallest_shop_is_one_bar_without_other_marks():
    request = PROJECT.request.model_validate(SMALLEST)
    drawing, rows = drawn(request, {"best_rule": answer(request, 0)})
    assert [(bar["job"], bar["start"], bar["end"]) for bar in rows["plan0"]] == [("A", 0, 3)]
    assert rows["plan0-hatch"] == rows["plan0-closed"] == rows["plan0-set-ups"] == []
    assert titles(drawing) == [("today's practice, best dispatching rule: 3 min", "")]
    assert "A" in charts.svg(drawing)


def test_every_mark_is_there():
    request, response = full()
    drawing, rows = drawn(request, {"best_rule": response})
    bars = {(bar["job"], bar["operation"]): bar for bar in rows["plan0"]}
    assert len(bars) == len(response.operations)
    assert bars["B", 1]["text"] == "B!"
    assert bars["B", 1]["colour"] == GANTT.LATE != bars["A", 1]["colour"]
    assert [key for key, bar in bars.items() if bar["pinned"]] == [("A", 1)]
    assert [key for key, bar in bars.items() if bar["moved"]] == [("B", 1)]
    assert bars["B", 1]["was"] == "saw, 11-23 (Mon) 09:00"
    assert bars["B", 1]["waits"] == "operation 1 waits for saw to be set up after A operation 1"
    assert len(rows["plan0-set-ups"]) == 1
    assert len(rows["plan0-hatch"]) > 3
    assert [closing["y"] for closing in rows["plan0-closed"]] == [1]  # what begins after the plan is not shown
    words = ("operation", "set-up", "closed", "late", "pinned", "moved")
    assert all(word in json.dumps(drawing["vconcat"][0]) for word in words)


def test_the_practice_stands_above_ours_on_one_axis():
    request, response = full()
    answers = dict.fromkeys(("cp_sat", "tabu_search", "best_rule"), response)
    drawing, _rows = drawn(request, answers)
    assert [title.split(":")[0] for title, _subtitle in titles(drawing)] == [
        "today's practice, best dispatching rule",
        "our proposal, tabu search",
        "another solver, CP-SAT",
        "Orders, worst first",
    ]
    domains = re.findall(r'"domain": (\[\d{9,}[^]]*\])', json.dumps(drawing))
    assert len(domains) > 3
    assert len(set(domains)) == 1


def test_the_title_says_when_it_ends_and_what_is_late_in_both_languages():
    request, response = full()
    in_both = per_language(lambda: titles(drawn(request, {"tabu_search": response})[0]))
    assert in_both["en"][0] == (
        "our proposal, tabu search: ends 11-23 (Mon) 09:30, 1 of 2 orders late, 30 min in all",
        "1 of 1 operations moved against the plan in force",
    )
    assert in_both["ko"][0] == (
        "제안, 타부 탐색: 11월 23일(월) 09:30 종료, 주문 2건 가운데 1건 지연(모두 30분)",
        "지금 일정의 공정 1개 가운데 1개를 옮김",
    )


@given(
    left=st.floats(0, 100), wide=st.floats(0.1, 300), high=st.floats(5, 40), top=st.integers(0, 5),
)  # fmt: skip
def test_a_hatch_stays_in_its_box_at_45_degrees(left, wide, high, top):
    strokes = list(GANTT.hatched(left, left + wide, top, top + 1, wide=2, high=high))
    assert strokes
    for stroke in strokes:
        assert left - 1e-6 <= stroke["start"] < stroke["end"] <= left + wide + 1e-6
        assert top - 1e-6 <= stroke["y2"] < stroke["y"] <= top + 1 + 1e-6
        assert (stroke["end"] - stroke["start"]) * 2 == pytest.approx((stroke["y"] - stroke["y2"]) * high, abs=1e-6)


def large(machines, jobs):
    random = Random(0)
    names = [f"M{number}" for number in range(machines)]
    jobs_ = [
        {"name": f"J{number}", "operations": [operation(random.choice(names), 10) for _ in range(4)], "due": 100}
        for number in range(jobs)
    ]
    request = PROJECT.request.model_validate({"machines": names, "jobs": jobs_})
    return request, answer(request, *range(0, 10 * 4 * jobs, 10))


def test_of_fifty_machines_the_forty_with_the_most_work_are_shown_and_said():
    request, response = large(50, 60)
    drawing, rows = drawn(request, {"best_rule": response})
    work = {name: sum(placed.machine == name for placed in response.operations) for name in request.machines}
    shown = {bar["machine"] for bar in rows["plan0"]}
    assert len(shown) == 40
    assert min(work[name] for name in shown) >= max(work[name] for name in work if name not in shown)
    assert len(rows["plan0"]) == sum(work[name] for name in shown)
    assert titles(drawing)[0][1] == "the 40 machines with the most work of 50"
    assert titles(drawing)[1][1] == "tick: due · 40 of 60"
    assert charts.svg(drawing).startswith("<svg")


def test_the_orders_come_worst_first_and_show_their_due_date_and_the_practice_s_end():
    request, proposal = full()
    practice = answer(request, 0, 30, 100)
    view = GANTT.view_of(request, [practice, proposal])
    (late, early) = CHART.order_rows(view, proposal, practice)
    minute = {view.at(minute): minute for minute in range(-1000, 1000)}
    assert (late["job"], late["late"], minute[late["at"]], minute[late["other"]]) == ("B", "+30 min", 60, 140)
    assert (minute[late["until"]], minute[late["end"]]) == (60, 90)
    assert (early["job"], early["late"], early["until"]) == ("A", "", early["end"])


def test_the_work_is_drawn_as_steps_between_the_practice_and_what_is_proved():
    request = PROJECT.request.model_validate(SMALLEST)
    steps = [
        PROJECT.response.model_fields["progress"].annotation.__args__[0](work=w, objective=o)
        for w, o in ((0, 9), (2, 3))
    ]
    answered = answer(request, 0, progress=steps, lower_bound=3)
    drawing, _rows = drawn(request, {"best_rule": answer(request, 5), "tabu_search": answered})
    assert titles(drawing)[-1] == ("What the work brought", "minutes until the plan ends")
    layers = drawing["vconcat"][-1]["layer"]
    assert layers[0]["mark"]["interpolate"] == "step-after"
    labels = layers[-1]["data"]["values"]
    assert [label["text"] for label in labels] == [
        "our proposal, tabu search 3", "proved bound 3", "today's practice, best dispatching rule 8",
    ]  # fmt: skip
    heights = [label["label"] for label in labels]
    assert heights[0] < heights[1] < heights[2]


def test_without_work_there_is_no_chart_of_it_and_what_is_proved_best_is_said_so():
    request = PROJECT.request.model_validate(SMALLEST)
    step = {"work": 0, "objective": 3}
    answered = PROJECT.response.model_validate(answer(request, 0, lower_bound=3).model_dump() | {"progress": [step]})
    assert titles(drawn(request, {"tabu_search": answered})[0]) == [
        ("our proposal, tabu search: 3 min", "proved: no plan is better")
    ]


def test_a_dashed_line_is_the_best_known():
    request = PROJECT.request.model_validate(SMALLEST)
    drawing, _rows = drawn(request, {"best_rule": answer(request, 5)}, {"best_known": 3})
    assert titles(drawing)[0][1] == "dashed: best known 3 min"
    assert '"strokeDash": [4, 3]' in json.dumps(drawing)
