"""One question from JSON, from a person's own files and from --set; shown first, kept where it is told, never half."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from pydantic import Field

import dure.serving.service  # noqa: F401 - with what it imports: a module first imported below would keep the project put in its place
from dure.cli import app
from dure.errors import UserError
from dure.i18n.texts import speak
from dure.project.case import Kpi, Opened
from dure.project.form import Form
from dure.project.project import Project


class Request(Form):
    parcels: list[int] = Field(description="kg of each parcel", min_length=1)
    limit: int = Field(10, description="kg a cart takes", ge=1)


class Response(Form):
    carts: int = Field(description="carts", ge=1)


class Site(Form):
    floors: int = 1


def one_each(history, seed, work):
    """A cart for each parcel."""
    return lambda asked: Response(carts=len(asked.parcels))


def filled(history, seed, work):
    """Carts filled up."""
    return lambda asked: Response(carts=-(-sum(asked.parcels) // asked.limit))


def opens(paths, given):
    """A line a parcel; a line that is no number is a mistake, and left out."""
    parcels, faults = [], []
    for path in paths:
        for number, line in enumerate(path.read_text(encoding="utf-8").split(), 1):
            if line.isdigit():
                parcels.append(int(line))
            else:
                faults.append(UserError(f"{line} is no weight", where=f"{path.name} row {number}", cure="Weigh it."))
    request = Request.model_validate({"parcels": parcels, **given}) if parcels else None
    return Opened(request, tuple(faults), tuple(f"parcel {n}" for n in range(len(faults))), ("weights in kg",))


def save(request, response, path):
    path.write_text(f"{len(request.parcels)} parcels, {response.carts} carts", encoding="utf-8")


def fails(request, response, path):
    path.write_text("half of it", encoding="utf-8")
    raise UserError("the printer is on fire", where=path.suffix)


PROJECT = Project(
    request=Request, response=Response, sources=(), history=lambda data, until: (), rounds=lambda data: [], practice=one_each,
    model=filled, score=lambda case, got: {"carts": got.carts}, kpis=(Kpi("carts", "", "lower", of="carts"),), settings=Site,
    opens=opens, saves={".txt": save, ".bad": fails}, says=lambda request, response: f"{response.carts} carts are enough.",
    manifest=SimpleNamespace(id="hub.carts", version="1", deadline=60),
)  # fmt: skip


@pytest.fixture
def ask(monkeypatch, capsys, tmp_path):
    """`dure ask` in this process: (exit code, standard output, standard error)."""
    project = [PROJECT]

    def run(*words: object, stdin: bytes = b"", of: Project = PROJECT) -> tuple[int, str, str]:
        project[0] = of
        monkeypatch.setenv("DURE_HOME", str(tmp_path / "home"))
        monkeypatch.setattr("dure.project.loader.load", lambda name: project[0])
        monkeypatch.setattr(sys, "argv", ["dure", "--lang", "en", "ask", "hub.carts", *map(str, words)])
        monkeypatch.setattr(
            sys, "stdin", SimpleNamespace(buffer=SimpleNamespace(read=lambda: stdin), isatty=lambda: False)
        )
        code = 0
        try:
            app.main()
        except SystemExit as left:
            code = int(left.code or 0)
        finally:
            speak(None)
        return code, *capsys.readouterr()

    return run


@pytest.fixture
def weights(tmp_path) -> Path:
    path = tmp_path / "weights.csv"
    path.write_text("5\n4\n3\n", encoding="utf-8")
    return path


def test_own_files_are_shown_first_and_nothing_is_saved(ask, weights):
    code, out, err = ask(weights)
    assert code == 0
    assert out.splitlines()[0] == "2 carts are enough."
    assert "--out FILE (.txt .bad .json)" in out
    assert "· weights in kg" in err
    assert [path.name for path in weights.parent.iterdir() if path.is_file()] == ["weights.csv"]


def test_fields_and_settings_are_set_and_the_nearest_name_is_proposed(ask, weights):
    assert ask(weights, "--set", "limit=4")[1].startswith("3 carts")
    assert ask(weights, "--set", "floors=2")[0] == 0
    code, _out, err = ask(weights, "--set", "limt=4")
    assert code == 2
    assert "Did you mean limit?" in err
    code, _out, err = ask(weights, "--set", "limit=0")
    assert (code, "--set [limit]: 0 is below 1" in err) == (2, True)


def test_json_alone_json_with_set_and_json_beside_own_files(ask, weights, tmp_path):
    raw = b'{"parcels": [9, 9]}'
    assert json.loads(ask("--json", stdin=raw)[1])["response"] == {"carts": 2}
    assert json.loads(ask("-", "--json", "--set", "limit=20", stdin=raw)[1])["response"] == {"carts": 1}
    (tmp_path / "more.json").write_text('{"limit": 3}')
    assert ask(weights, tmp_path / "more.json")[1].startswith("4 carts")
    assert ask(weights, tmp_path / "more.json", "--set", "limit=6")[1].startswith("2 carts")
    (tmp_path / "worse.json").write_text('{"limit": "few"}')
    assert "worse.json [limit]: few is not a whole number" in ask(weights, tmp_path / "worse.json")[2]
    assert "one request at a time" in ask(tmp_path / "more.json", tmp_path / "worse.json")[2]


def test_every_mistake_is_told_and_the_rest_is_answered_on_request(ask, weights):
    weights.write_text("5\nfour\n3\nsix\n", encoding="utf-8")
    code, out, err = ask(weights)
    assert (code, out) == (2, "")
    assert [line for line in err.splitlines() if line.startswith("Error")] == [
        "Error: weights.csv row 2: four is no weight. Weigh it.", "Error: weights.csv row 4: six is no weight. Weigh it.",
    ]  # fmt: skip
    assert "2 mistakes" in err
    assert "--rest leaves out parcel 0, parcel 1" in err
    code, out, err = ask(weights, "--rest")
    assert (code, out.splitlines()[0]) == (0, "1 carts are enough.")
    assert "Left out (2): parcel 0, parcel 1" in err
    assert json.loads(ask(weights, "--rest", "--json")[1])["left_out"] == ["parcel 0", "parcel 1"]
    weights.write_text("four\n", encoding="utf-8")
    assert ask(weights, "--rest")[0] == 2


def test_an_answer_is_kept_in_several_files_at_once(ask, weights, tmp_path):
    code, out, _err = ask(weights, "--out", tmp_path / "new" / "a.txt", "--out", tmp_path / "a.json")
    assert code == 0
    assert "Nothing is saved" not in out
    assert (tmp_path / "new" / "a.txt").read_text(encoding="utf-8") == "3 parcels, 2 carts"
    assert json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))["response"] == {"carts": 2}


def test_nothing_is_written_where_one_of_the_files_fails(ask, weights, tmp_path):
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "a.txt").write_text("yesterday's", encoding="utf-8")
    code, _out, err = ask(weights, "--out", folder / "a.txt", "--out", folder / "b.bad")
    assert code == 2
    assert "on fire" in err
    assert [path.name for path in folder.iterdir()] == ["a.txt"]
    assert (folder / "a.txt").read_text(encoding="utf-8") == "yesterday's"
    code, _out, err = ask(weights, "--out", folder / "a.txt" / "below" / "c.txt")
    assert (code, "cannot be written" in err) == (2, True)


def test_an_unknown_ending_is_refused_before_anything_is_asked(ask, tmp_path):
    code, _out, err = ask(tmp_path / "missing.csv", "--out", tmp_path / "a.doc")
    assert code == 2
    assert "one of these endings: .txt, .bad, .json" in err


def test_a_picture_has_todays_practice_beside_the_answer(ask, weights, tmp_path):
    from dataclasses import replace

    import altair as alt

    drawn = []

    def figure(request, answers, truth, trace):
        drawn.append({name: answer.carts for name, answer in answers.items()})
        return alt.Chart(alt.Data(values=[{"carts": 1}])).mark_bar().encode(x="carts:Q")

    of = replace(PROJECT, figure=figure)
    words = [word for ending in ("svg", "png", "html") for word in ("--out", tmp_path / f"a.{ending}")]
    assert ask(weights, *words, of=of)[0] == 0
    assert drawn == [{"one_each": 3, "filled": 2}] * 3
    assert (tmp_path / "a.svg").read_text(encoding="utf-8").startswith("<svg")
    page = (tmp_path / "a.html").read_text(encoding="utf-8")
    assert "<html" in page.lower()
    assert 'src="http' not in page


def test_the_model_answers_where_todays_practice_cannot(ask, weights):
    from dataclasses import replace

    def helpless(history, seed, work):
        """No answer."""
        return lambda asked: None

    assert ask(weights, of=replace(PROJECT, practice=helpless))[1].startswith("2 carts")
    code, _out, err = ask(weights, of=replace(PROJECT, practice=helpless, model=helpless))
    assert (code, "no method has an answer" in err) == (2, True)


def test_without_its_own_words_an_answer_is_json_and_own_files_are_taken_for_it(ask, weights):
    from dataclasses import replace

    plain = replace(PROJECT, opens=None, says=None)
    assert json.loads(ask(stdin=b'{"parcels": [1]}', of=plain)[1])["response"] == {"carts": 1}
    code, _out, err = ask(weights, of=plain)
    assert (code, "not JSON" in err) == (2, True)
