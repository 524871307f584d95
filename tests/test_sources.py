"""Files of a person's own in the place of a source: one, several places, copies of the published one, a run's answers."""

import shutil
import unicodedata
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner

from dure import Column, Data, Own, Source, UserError, evidence
from dure.cli.app import cli
from dure.runs import run
from trials import trial

COLUMNS = (
    Column("hour", "time", names=("일시", "time")),
    Column("power", "number", "kWh", names=("발전량", "power")),
)


def published(path):
    """As it is published: seconds since 1970, and watts."""
    return pl.read_csv(path).select(hour=pl.from_epoch("stamp"), power=pl.col("watts") / 1000)


ROOF = Source("roof", ("지붕", "roof"), Own(), columns=COLUMNS, read=published, headers=("stamp", "watts"))


def sheet(path, *powers, header="발전량(kWh)"):
    rows = "".join(f"2026-07-01 {hour:02d}:00,{power}\n" for hour, power in enumerate(powers, start=1))
    path.write_text(f"일시,{header}\n{rows}", encoding="utf-8")
    return path


def data(**own):
    return Data((ROOF,), own=own, confirm=lambda _text: True)


def test_several_files_are_several_places_named_after_them(tmp_path):
    name = unicodedata.normalize("NFD", "서쪽")  # as macOS writes it
    given = data(roof=[sheet(tmp_path / "east.csv", 1, 2), sheet(tmp_path / f"{name}.csv", 3)])
    found = given.several("roof")
    assert {place: frame["power"].to_list() for place, frame in found.items()} == {"east": [1, 2], "서쪽": [3]}
    assert [given.opened[label].name for label in given.opened] == ["roof", "roof 2"]
    assert len({each.sha256 for each in given.opened.values()}) == 2
    with pytest.raises(UserError, match="roof takes one file, 2 were given"):
        given["roof"]


def test_two_files_of_one_name_are_refused(tmp_path):
    (tmp_path / "b").mkdir()
    given = data(roof=[sheet(tmp_path / "east.csv", 1), sheet(tmp_path / "b" / "east.csv", 2)])
    with pytest.raises(UserError, match="two files are called east"):
        given.several("roof")


def test_a_copy_of_the_published_file_is_read_as_it_is_and_a_sheet_is_mapped(tmp_path):
    copy = tmp_path / "copy.csv"
    copy.write_text("stamp,watts,more\n0,1500,x\n", encoding="utf-8")
    assert data(roof=copy)["roof"].row(0)[1] == 1.5
    assert data(roof=sheet(tmp_path / "mine.csv", 1500, header="발전량(Wh)"))["roof"]["power"].to_list() == [1.5]


def test_what_a_file_may_hold_can_depend_on_its_headers(tmp_path):
    def columns(headers):
        named = [header for header in headers if header.startswith("roof ")]
        return (COLUMNS[0], *(Column(header, "number", names=(header,)) for header in named))

    source = Source("roofs", ("지붕들", "roofs"), Own(), columns=COLUMNS, columns_of=columns)
    path = tmp_path / "many.csv"
    path.write_text("time,roof a,roof b\n2026-07-01 01:00,1,2\n", encoding="utf-8")
    frame = Data((source,), own={"roofs": path}, confirm=lambda _text: True)["roofs"]
    assert frame.columns == ["hour", "roof a", "roof b"]


def test_a_folder_of_evidence_stands_for_its_answers(tmp_path):
    place = evidence.write(trial(), tmp_path / "run")
    source = Source("forecast", ("예측", "forecast"), Own())
    given = Data((source,), own={"forecast": place})
    assert given["forecast"].columns == ["seed", "round", "site", "case", "time", "method", "answer"]
    shutil.rmtree(place / "private")
    with pytest.raises(UserError, match=r"holds no answers.*with its folder private"):
        Data((source,), own={"forecast": place})["forecast"]


def test_the_command_takes_a_name_again_and_a_folder(tmp_path, monkeypatch):
    seen = {}

    def kept(_name, inputs, **_more):
        seen["data"] = inputs.data
        raise UserError("enough")

    monkeypatch.setattr(run, "run", kept)
    (tmp_path / "folder").mkdir()
    one, two = sheet(tmp_path / "a.csv", 1), sheet(tmp_path / "b.csv", 2)
    options = ["--data", f"roof={one}", "--data", f"roof={two}", "--data", f"forecast={tmp_path / 'folder'}"]
    CliRunner().invoke(cli, ["run", "honam.wind", *options])
    assert seen["data"] == {"roof": [one, two], "forecast": [Path(tmp_path / "folder")]}
