"""A trial that is killed goes on from its checkpoints: a real process, ended without warning, started again."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
# The trial in a process of its own. Every step of fitting is written down; at step `halt` it says so and waits for ever.
TRIAL = """
import json, sys
from pathlib import Path
from dure.datasets.data import Data
from dure.project import loader
from dure.trial import trial

folder, halt = Path(sys.argv[1]), int(sys.argv[2])
steps = folder.parent / "steps.txt"

def tell(share, text):
    if not text.startswith("step "):
        return
    with steps.open("a", encoding="utf-8") as file:
        file.write(text + "\\n")
    if len(steps.read_text(encoding="utf-8").splitlines()) == halt:
        print("halted", flush=True)
        sys.stdin.read()

project = loader.load(Path(sys.argv[3]))
found = trial.run(project, Data(project.sources, project.folder), folder, sealed=True, tell=tell)
print(json.dumps({"verdicts": [one.to_json() for one in found.verdicts], "outcomes": found.outcomes.to_dicts()}))
"""
STEPS, KEPT, ROUNDS = 400, 20, 2  # of chungcheong.kiln: steps of one fit, a checkpoint every so many, fits in the trial


def start(folder, halt):
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(HERE.parent / "src"), os.environ.get("PYTHONPATH", "")])}
    command = [sys.executable, "-c", TRIAL, str(folder), str(halt), str(HERE / "projects" / "chungcheong" / "kiln")]
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env, text=True, encoding="utf-8"
    )


def finished(process):
    said, _ = process.communicate(timeout=120)
    assert process.returncode == 0
    return json.loads(said)


def steps(folder):
    return [int(line.split()[1]) for line in (folder.parent / "steps.txt").read_text(encoding="utf-8").splitlines()]


@pytest.mark.long
def test_a_killed_trial_goes_on_from_its_checkpoint_and_gives_the_same_verdict(tmp_path):
    whole = tmp_path / "undisturbed" / "run"
    killed = tmp_path / "killed" / "run"
    for place in (whole, killed):
        place.mkdir(parents=True)
    expected = finished(start(whole, 0))
    assert len(steps(whole)) == ROUNDS * STEPS

    at = STEPS + 250  # in the middle of the second round's fit, ten steps after a checkpoint
    process = start(killed, at)
    assert process.stdout.readline() == "halted\n"
    process.kill()  # SIGKILL, or TerminateProcess: no farewell
    assert process.wait(timeout=60) != 0
    process.communicate()

    again = finished(start(killed, 0))
    taken = steps(killed)
    lost = at % STEPS % KEPT
    assert lost == 10
    assert len(taken) == ROUNDS * STEPS + lost  # the first round is not fitted again, the second from its checkpoint on
    assert taken[at] == 250 - lost + 1
    assert again == expected


@pytest.mark.long
def test_killed_before_the_first_checkpoint_it_starts_from_nothing(tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    process = start(folder, 5)
    assert process.stdout.readline() == "halted\n"
    process.kill()
    process.communicate(timeout=60)
    finished(start(folder, 0))
    assert len(steps(folder)) == 5 + ROUNDS * STEPS
