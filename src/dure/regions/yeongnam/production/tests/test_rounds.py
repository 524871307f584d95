"""Where the shops of the trial come from: every rule by hand on a small shop, the same shops for everybody, one's own weeks."""

import hashlib
import importlib
import itertools
import zlib
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from dure import UserError
from dure.datasets.data import Data
from dure.project.loader import load
from dure.trial import trial
from dure.trial.recorded import offer

PROJECT = load(Path(__file__).parent.parent)
# The project may be loaded under another name than its folder's: its modules are those beside it.
VARIANTS, INSTANCES, WEEKS = (
    importlib.import_module(f"{PROJECT.request.__module__.removesuffix('model.forms')}{name}")
    for name in ("trial.variants", "trial.instances", "trial.weeks")
)
EXAMPLE = Path(__file__).resolve().parents[6] / "examples" / "plant.xlsx"
SHOPS = "9468c76fe1777313"


@pytest.fixture(scope="module")
def data():
    return Data(PROJECT.sources, PROJECT.folder)


@pytest.fixture(scope="module")
def rounds(data):
    return list(PROJECT.rounds(data))


@pytest.fixture
def six(data):
    """The 6 x 6 of Fisher and Thompson: its jobs take 26, 47, 34, 35, 25 and 30 minutes, its longest operation 10."""
    return INSTANCES.shop(data["instances"].filter(name="ft06").row(0, named=True))


# ---- the rules ----------------------------------------------------------------------------------------------------------


def test_the_generator_is_the_one_taillard_published():
    draw, x = VARIANTS.draws("ta01"), zlib.crc32(b"ta01") % (2**31 - 2) + 1
    for low, high in ((0, 9), (1, 99), (5, 5), (0, 1)):
        x = 16807 * x % (2**31 - 1)
        assert draw(low, high) == low + int(x / (2**31 - 1) * (high - low + 1))


def test_due_dates_and_weights_are_singer_and_pinedo_s(six):
    variant = VARIANTS.with_due_dates(six, 1.3)
    assert [job.due for job in variant.jobs] == [33, 61, 44, 45, 32, 39]
    assert variant.objective == "weighted tardiness"
    ten = six.model_copy(update={"jobs": [six.jobs[0]] * 10})
    assert [job.weight for job in VARIANTS.with_due_dates(ten, 1.3).jobs] == [4, 4, 2, 2, 2, 2, 2, 2, 1, 1]


def test_a_job_is_due_after_its_release_by_its_shortest_minutes(six):
    first, *others = six.jobs[0].operations  # of 1 minute, on M03
    faster = first.model_copy(update={"machines": {**first.machines, "M01": 0}})
    job = six.jobs[0].model_copy(update={"release": 10, "operations": [faster, *others]})
    variant = VARIANTS.with_due_dates(six.model_copy(update={"jobs": [job]}), 2)
    assert variant.jobs[0].due == 10 + 2 * 25


def choices(variant, six):
    """(minutes by machine, machine and minutes of the standard shop) of every operation."""
    for job, was in zip(variant.jobs, six.jobs, strict=True):
        for operation, before in zip(job.operations, was.operations, strict=True):
            yield operation.machines, *before.machines.items()


def test_alternatives_keep_the_first_machine_and_are_as_many_as_the_rule_says(six):
    variant = VARIANTS.with_alternatives(six, VARIANTS.draws("x"), alike=True)
    operations = list(choices(variant, six))
    assert {len(machines) for machines, _first in operations} == {1, 2, 3}
    assert all(machines[machine] == minutes for machines, (machine, minutes) in operations)
    assert all(len(set(machines.values())) == 1 for machines, _first in operations)


def test_another_machine_takes_up_to_half_as_long_again(six):
    variant = VARIANTS.with_alternatives(six, VARIANTS.draws("x"), alike=False)
    pairs = [(other, minutes) for machines, (_m, minutes) in choices(variant, six) for other in machines.values()]
    assert all(minutes <= other <= 1.5 * minutes for other, minutes in pairs)
    assert any(other > minutes for other, minutes in pairs)


def test_set_ups_are_between_one_minute_and_the_share_and_no_detour_is_shorter(six):
    variant = VARIANTS.with_set_ups(six, VARIANTS.draws("x"), families=3, share=1.0)
    minutes = {(set_up.machine, set_up.before, set_up.after): set_up.minutes for set_up in variant.set_ups}
    assert len(minutes) == 6 * 3 * 2
    assert set(minutes.values()) <= set(range(1, 11))
    assert len(set(minutes.values())) > 5
    for machine, (a, b, c) in itertools.product(variant.machines, itertools.permutations(("F1", "F2", "F3"))):
        assert minutes[machine, a, c] <= minutes[machine, a, b] + minutes[machine, b, c]
    assert [job.operations[3].family for job in variant.jobs] == ["F1", "F2", "F3", "F1", "F2", "F3"]


def test_shifts_close_nights_and_weekends_and_each_machine_is_inspected_once(six):
    variant = VARIANTS.with_shifts(six, VARIANTS.draws("x"))
    for machine in variant.machines:
        (start, end), *closed = [
            (closing.start, closing.end) for closing in variant.closed if closing.machine == machine
        ]
        assert closed[:5] == [(960, 1440), (2400, 2880), (3840, 4320), (5280, 5760), (6720, 10080)]
        assert len(closed) == 5 * VARIANTS.WEEKS
        assert (start % 60, end % 60) == (0, 0)
        assert 120 <= end - start <= 240
        assert start // 1440 == (end - 1) // 1440 < 2
        assert end - start // 1440 * 1440 <= 960


def test_every_second_job_arrives_later(six):
    numbers = itertools.count(7)
    variant = VARIANTS.with_arrivals(six, lambda low, high: next(numbers), 100)
    assert [job.release for job in variant.jobs] == [0, 7, 0, 8, 0, 9]


# ---- the rounds ---------------------------------------------------------------------------------------------------------


def test_everybody_plays_the_same_shops(rounds):
    digest = hashlib.sha256()
    for round_ in rounds:
        for case in round_.cases:
            digest.update(f"{round_.name} {case.id} {case.request.model_dump_json(exclude_defaults=True)}".encode())
    assert digest.hexdigest()[:16] == SHOPS, "other shops: a changed task is a new version"


def test_sealed_are_taillard_s_shops_each_once_and_none_is_open(rounds):
    opened = {case.id[:2] for round_ in rounds if not round_.sealed for case in round_.cases}
    sealed = [case.id.split()[0] for round_ in rounds if round_.sealed for case in round_.cases]
    assert "ta" not in opened
    assert {name[:2] for name in sealed} == {"ta"}
    assert len(set(sealed)) == len(sealed)


def test_each_kind_has_enough_blocks_for_a_verdict_of_its_own(rounds):
    sealed = [(case.site, case.block) for round_ in rounds if round_.sealed for case in round_.cases]
    assert len(set(sealed)) == len(sealed)
    kinds = {site: sum(kind == site for kind, _block in sealed) for site, _block in sealed}
    assert len(kinds) == 4
    assert min(kinds.values()) >= 10


def test_every_shop_is_a_request_that_can_be_asked(rounds):
    for round_ in rounds:
        for case in round_.cases:
            assert PROJECT.request.model_validate_json(case.request.model_dump_json()) == case.request


def test_the_references_are_what_they_are_called(rounds, data):
    known = dict(data["instances"].select("name", "upper").iter_rows())
    for case in (case for round_ in rounds for case in round_.cases):
        if case.site == "job shops":
            assert set(case.truth.values()) == {known[case.id]}
        if case.site == "due dates":
            work = sum(job.weight * VARIANTS.shortest(job) for job in case.request.jobs)
            assert case.truth == {"reference": 0, "scale": work}


def test_the_score_is_the_cost_above_the_reference_in_percent_of_the_scale():
    jobs = [
        {"name": "A", "operations": [{"machines": {"saw": 4}}], "due": 5, "weight": 3},
        {"name": "B", "operations": [{"machines": {"saw": 6}}]},
    ]
    request = PROJECT.request(machines=["saw"], jobs=jobs, objective="both", makespan_weight=2)
    case = INSTANCES.case("x", request, "somewhere")
    assert case.truth == {"reference": 2 * 10, "scale": 2 * 10 + 3 * 4}
    plan = [("B", 0, 6), ("A", 8, 12)]
    rows = [{"job": job, "operation": 1, "machine": "saw", "start": start, "end": end} for job, start, end in plan]
    score = PROJECT.score(case, PROJECT.response(operations=rows))
    assert score == {"gap": 100 * (2 * 12 + 3 * 7 - 20) / 32, "makespan": 12, "late": 21}


def test_every_kind_says_what_is_measured(rounds, data):
    assert set(PROJECT.remarks(data)) == {case.site for round_ in rounds for case in round_.cases}


# ---- a plant's own weeks ------------------------------------------------------------------------------------------------


def book(**fields):
    """Three orders of a plant that begins to plan on Wednesday, July 1, at 8 o'clock; two may begin in the week after."""
    jobs = [
        {"name": name, "operations": [{"machines": {"saw": 30}, "family": family}], "release": release, "due": due}
        for name, release, due, family in (("A", 0, 600, "red"), ("B", 7200, 8000, "blue"), ("C", 7200, 9000, "red"))
    ]
    shop = {
        "machines": ["saw"],
        "begins": datetime(2026, 7, 1, 8),
        "jobs": jobs,
        "set_ups": [{"before": "red", "after": "blue", "minutes": 5}],
        "closed": [{"machine": "saw", "start": 0, "end": 60}, {"machine": "saw", "start": 6700, "end": 7300}],
    }
    return PROJECT.request.model_validate(shop | fields)


def test_an_order_book_is_cut_by_the_week_of_the_release():
    (first, early), (second, late) = WEEKS.weekly(book())
    assert (first, second) == ("2026-06-29", "2026-07-06")
    since = 2 * 1440 + 480  # minutes from Monday to the beginning of the book
    assert [(job.name, job.release, job.due) for job in early.jobs] == [("A", since, since + 600)]
    assert [(closing.start, closing.end) for closing in early.closed] == [
        (since, since + 60),
        (since + 6700, since + 7300),
    ]
    assert early.set_ups == []  # its other family is in the other week
    ago = 7 * 1440 - since  # minutes from the beginning of the book to the second Monday
    assert [(job.name, job.release, job.due) for job in late.jobs] == [
        ("B", 7200 - ago, 8000 - ago),
        ("C", 7200 - ago, 9000 - ago),
    ]
    assert [(closing.start, closing.end) for closing in late.closed] == [(0, 7300 - ago)]
    assert late.set_ups == book().set_ups
    assert late.begins == datetime(2026, 7, 6)


def test_a_book_without_a_date_is_cut_by_seven_days():
    late = [job.model_copy(update={"release": 7 * 1440 * number}) for number, job in enumerate(book().jobs)]
    assert [(name, len(week.jobs)) for name, week in WEEKS.weekly(book(begins=None))] == [("1", 3)]
    assert [(name, len(week.jobs)) for name, week in WEEKS.weekly(book(begins=None, jobs=late))] == [
        ("1", 1),
        ("2", 1),
        ("3", 1),
    ]


def test_own_sheets_are_played_week_by_week_against_the_plan_of_that_time(tmp_path):
    data = Data(PROJECT.sources, PROJECT.folder, own={"plant": EXAMPLE})
    (round_,) = PROJECT.rounds(data)
    assert len(round_.cases) == len({case.block for case in round_.cases}) > 1
    ask, rows = PROJECT.practice((), 0, None), ["case,job,operation,machine,start,end"]
    for case in round_.cases:
        rows += [
            f"{case.id},{placed.job},{placed.operation},{placed.machine},{placed.start},{placed.end}"
            for placed in ask(case.request).operations
        ]
    real = tmp_path / "plan.csv"
    real.write_text("\n".join(rows), encoding="utf-8")
    practice = offer("practice", str(real), PROJECT.response, 60)
    project = replace(PROJECT, practice=practice, model=PROJECT.practice, rivals=())
    played = trial.run(project, data, tmp_path / "trial")
    assert played.about.left_out == ()
    gaps = [played.cases.filter(method=name)["gap"].to_list() for name in ("practice", "best_rule")]
    assert gaps[0] == gaps[1]
    assert [source.origin for source in played.about.data] == ["own"]


def test_a_mistake_in_own_sheets_ends_the_trial_and_is_named(tmp_path):
    path = tmp_path / "orders.csv"
    path.write_text("주문번호,품번,납기\nA,X,2026-07-01\n", encoding="utf-8")
    with pytest.raises(UserError, match="routings"):
        list(PROJECT.rounds(Data(PROJECT.sources, PROJECT.folder, own={"plant": path})))
