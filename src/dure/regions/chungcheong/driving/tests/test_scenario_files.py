"""OpenSCENARIO files: what is read, what is refused and how it is named, and a person's own table and URL."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from dure import Data, UserError
from dure.project.loader import load
from dure.regions.chungcheong.driving import drivers, policy
from dure.regions.chungcheong.driving.chart import trace
from dure.regions.chungcheong.driving.files import opens
from dure.regions.chungcheong.driving.openscenario.scenario import scenario_of
from dure.trial.ask import Ask
from dure.trial.charts import charts_of
from dure.trial.remote import Remote
from dure.trial.trial import run

HERE = Path(__file__).parent
PROJECT = load(HERE.parent)
CUT_IN = HERE / "CutInAfterTwoSeconds.xosc"


def changed(tmp_path, *changes, road=()):
    """The file with some of its text replaced, beside its road."""
    for name, replaced in (("straight.xodr", road), (CUT_IN.name, changes)):
        text = (HERE / name).read_text(encoding="utf-8")
        for old, new in replaced:
            assert old in text
            text = text.replace(old, new)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path / CUT_IN.name


def test_a_cut_in_by_hand():
    """54.9 m between rear axles: 54.9 + (1.5 - 2.5) - (1.4 + 2.15) free; one lane of 3.5 m in 3.5 s."""
    scenario, notes = scenario_of(CUT_IN)
    (other,) = scenario.others
    assert (scenario.speed, other.speed) == (25, 15)
    assert other.gap == pytest.approx(54.9 - 1.0 - 3.55)
    assert (other.offset, other.end, other.lateral_speed, other.begins) == pytest.approx((3.5, 0, 1, 2))
    assert (other.length, other.width) == (5, 2)
    assert notes == []


def test_the_request_is_the_moment_at_which_it_moves_over():
    opened = opens([CUT_IN], {})
    (other,) = opened.request.vehicles
    assert other.drift == -1
    assert other.gap == pytest.approx(50.35 - 2 * 10)


def test_a_trigger_on_the_distance_is_set_where_it_holds(tmp_path):
    """From 50.35 m free to 30.35 m at 10 m/s: after 2 s."""
    time = '<ByValueCondition><SimulationTimeCondition value="2" rule="greaterThan"/></ByValueCondition>'
    near = ('<ByEntityCondition><TriggeringEntities><EntityRef entityRef="Ego"/></TriggeringEntities><EntityCondition>'
            '<RelativeDistanceCondition entityRef="CutIn" relativeDistanceType="longitudinal" value="30.35" freespace="true" rule="lessThan"/>'
            "</EntityCondition></ByEntityCondition>")  # fmt: skip
    scenario, notes = scenario_of(changed(tmp_path, (time, near)))
    assert scenario.others[0].begins == pytest.approx(2)
    assert "Ego" in notes[0]


def test_a_cut_out_hides_what_stands_before_it(tmp_path):
    """The van ahead leaves to the right; a third vehicle stands in the lane, 100 m further."""
    text = CUT_IN.read_text(encoding="utf-8")
    entity = text[text.index('    <ScenarioObject name="CutIn">') : text.index("  </Entities>")]
    start = text[text.index('        <Private entityRef="CutIn">') : text.index("      </Actions>\n    </Init>")]
    standing = (
        start.replace("CutIn", "Wall")
        .replace('dLane="-1" ds="54.9"', 'dLane="0" ds="154.9"')
        .replace('value="15"', 'value="0"')
    )
    path = changed(
        tmp_path, (start, start.replace('dLane="-1"', 'dLane="0"') + standing),
        (entity, entity + entity.replace("CutIn", "Wall")),
        ('<RelativeTargetLane entityRef="Ego" value="0"/>', '<AbsoluteTargetLane value="-3"/>'),
    )  # fmt: skip
    scenario, _notes = scenario_of(path)
    leaving, wall = scenario.others
    assert (leaving.offset, leaving.end, leaving.hidden) == (0, 3.5, False)
    assert (wall.offset, wall.speed, wall.hidden) == (0, 0, True)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("LaneChangeAction>", "SynchronizeAction>", "<SynchronizeAction>"),
        ('revMajor="1"', 'revMajor="2"', "version 2 is not read"),
        ("SimulationTimeCondition", "ParameterCondition", "<ParameterCondition>"),
        ('"$OwnSpeed"', '"${2*3}"', "is no parameter of the file"),
        ('"$OwnSpeed"', '"fast"', "which is no number"),
        ('laneId="-2"', 'laneId="-9"', "no lane -9"),
        ('name="Ego"', 'name="Egon"', "there is no vehicle called Ego"),
        ("<TeleportAction><Position><LanePosition", "<TeleportAction><Position><WorldPosition", "<WorldPosition>"),
        ("<OpenSCENARIO>", "<OpenSCENARIO", "no XML"),
    ],
)  # fmt: skip
def test_what_is_not_understood_is_named(tmp_path, old, new, message):
    with pytest.raises(UserError, match=CUT_IN.stem) as refused:
        scenario_of(changed(tmp_path, (old, new)))
    assert message in str(refused.value)


def test_a_curved_road_is_refused(tmp_path):
    with pytest.raises(UserError, match="not straight"):
        scenario_of(changed(tmp_path, road=(("<line/>", '<arc curvature="0.01"/>'),)))


def test_an_entity_bomb_is_refused(tmp_path):
    path = changed(tmp_path, ("<OpenSCENARIO>", '<!DOCTYPE x [<!ENTITY a "b">]><OpenSCENARIO>'))
    with pytest.raises(UserError, match="entities"):
        scenario_of(path)


def test_a_fault_is_told_by_ask_too(tmp_path):
    (fault,) = opens([changed(tmp_path, ('revMajor="1"', 'revMajor="2"'))], {}).faults
    assert "version 2" in str(fault)


def test_a_file_is_played_by_every_driver_and_drawn(tmp_path):
    data = Data(PROJECT.sources, HERE, own={"scenarios": CUT_IN})

    def somebodys(_history, _seed, _work):
        """A stranger's driver brakes a little, whatever it sees."""
        return lambda _request: {"acceleration": -1.5}

    tried = run(PROJECT, data, tmp_path, offers=[somebodys])
    assert set(tried.cases["method"]) == {*PROJECT.builders(), "somebodys"}
    assert tried.cases["site"].unique().to_list() == ["own scenarios"]
    assert dict(zip(tried.cases["method"], tried.cases["crash"], strict=True))["anticipation"] == 0
    pytest.importorskip("altair", reason="pictures need the extra dure[driving]")
    (drawn,) = charts_of(PROJECT, tried).values()  # nothing of the grid was played: no map
    rows = [row for dataset in drawn.to_dict()["datasets"].values() for row in dataset]
    slowest = {row["name"]: row["acceleration"] for row in rows if row.get("name") and "acceleration" in row}
    assert slowest.keys() == {"human driver", "our proposal", "5.2.5.2", "RSS", "FSM", "IDM", "stages", "somebodys"}
    assert slowest["somebodys"] == -1.5
    asked = opens([CUT_IN], {}).request
    answers = {
        name: builder(PROJECT.history(data, None), 0, None)(asked) for name, builder in PROJECT.builders().items()
    }
    PROJECT.figure(asked, answers, None, None).to_dict()


def test_a_trial_that_was_taken_up_draws_what_was_driven(tmp_path):
    """A stranger's driver, and stages of one's own: neither can be driven again from its name."""
    pytest.importorskip("altair", reason="pictures need the extra dure[driving]")
    table = tmp_path / "stages.csv"
    table.write_text("ttc [s],across [m],braking [m/s2]\n3,1.6,2\n", encoding="utf-8")
    own = {"scenarios": CUT_IN, "stages": table}

    def somebodys(_history, _seed, work):
        """A stranger's driver brakes a little."""
        assert not any(work.folder.iterdir()), "what was played is not built again"
        (work.folder / "built").touch()
        return lambda _request: {"acceleration": -1.5}

    def lines():
        data = Data(PROJECT.sources, HERE, own=own, confirm=lambda _proposal: True)
        (drawn,) = charts_of(PROJECT, run(PROJECT, data, tmp_path / "trial", offers=[somebodys])).values()
        rows = [row for dataset in drawn.to_dict()["datasets"].values() for row in dataset if row.get("slot") == 0]
        return {name: [row for row in rows if row.get("name") == name] for name in ("somebodys", "stages")}

    first = lines()
    assert min(row["acceleration"] for row in first["somebodys"]) == -1.5
    assert min(row["acceleration"] for row in first["stages"]) == -2  # the usual stages brake by 6.5 m/s2 here
    assert lines() == first


def test_a_trace_ends_with_the_case():
    scenario, _notes = scenario_of(CUT_IN)
    assert trace(scenario, policy.keeping_rule)["gap"].min() <= 0
    assert trace(scenario, policy.anticipating_rule)["gap"].min() > 0


# ---- a policy of one's own ---------------------------------------------------------------------------------------------------


def test_a_table_of_stages_takes_the_usual_ones_place(tmp_path):
    path = tmp_path / "stages.csv"
    path.write_text("ttc [s],across [m],braking [m/s2]\n3,1.6,7.5\n", encoding="utf-8")
    data = Data(PROJECT.sources, HERE, own={"stages": path}, confirm=lambda _proposal: True)
    assert PROJECT.history(data, None) == ((3.0, 1.6, 7.5),)
    scenario, _notes = scenario_of(CUT_IN)
    own = trace(scenario, drivers.staged_rule(PROJECT.history(data, None)))
    assert own["acceleration"].min() < -6


def test_a_url_that_does_not_answer_in_time_is_braked_by_the_human_driver(tmp_path):
    over = threading.Event()

    class Silent(BaseHTTPRequestHandler):
        def do_POST(self):
            over.wait(10)

        def log_message(self, *_args):
            """Nothing is printed."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Silent)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        (case,) = next(iter(PROJECT.rounds(Data(PROJECT.sources, HERE, own={"scenarios": CUT_IN})))).cases
        ask = Ask(PROJECT, Remote(f"http://127.0.0.1:{server.server_port}/", 0.1), drivers.human_driver((), 0, None))
        ask.begin(case.id)
        outcome = PROJECT.play(case, ask)
    finally:
        over.set()
        server.shutdown()
        server.server_close()
    assert ask.cause == "late"
    assert outcome.played.hardest == pytest.approx(0.774 * 9.81)
