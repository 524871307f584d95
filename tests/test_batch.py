"""A table of requests answered: every form in and out, what is no request, who answered, nothing half-written."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dure import tables
from dure.errors import UserError
from dure.project.loader import load
from dure.runs import run
from dure.serving import batch
from dure.serving.service import open_service
from dure.trial import types

PROJECTS = Path(__file__).parent / "projects"


@pytest.fixture(scope="module")
def service():
    """The quick forecast, built."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DURE_PROJECTS", str(PROJECTS))
        return open_service(load("honam.tide"), method=None, inputs=run.Inputs(), tell=types.quiet)


class Doubling:
    """A method that answers many at once; it has no answer above a thousand."""

    def __init__(self, factor):
        self.factor = factor

    def __call__(self, asked):
        return None if asked.week_ago > 1000 and self.factor > 1 else {"landings": self.factor * asked.week_ago}

    def many(self, columns):
        found = self.factor * columns["week_ago"]
        return {"landings": np.where((columns["week_ago"] > 1000) & (self.factor > 1), np.nan, found)}


@pytest.fixture
def together(service):
    """The same forecast by methods that answer many at once."""
    return replace(service, method=Doubling(2.0), practice=Doubling(1.0))


def answered(service, source, out, **how):
    counted = batch.answer_table(service, source, out, tell=types.quiet, **how)
    assert [each.name for each in out.parent.iterdir() if each.name.startswith(".")] == []
    return counted


def kept(path):
    """The rows of a file of answers."""
    return tables.read(path).cells.to_dicts()


def days(count):
    return pl.DataFrame(
        {
            "lot": [f"L{number}" for number in range(count)],
            "week_ago": [float(n) for n in range(count)],
            "change": [1.0] * count,
        }
    )


@pytest.mark.parametrize("out", batch.ENDINGS)
@pytest.mark.parametrize("source", batch.ENDINGS)
def test_every_form_in_and_out(service, tmp_path, monkeypatch, source, out):
    monkeypatch.setattr(batch, "PIECE", 3)
    frame, place = days(8), tmp_path / f"asked{source}"
    {".csv": frame.write_csv, ".xlsx": frame.write_excel, ".parquet": frame.write_parquet}[source](place)
    counted = answered(service, place, tmp_path / f"answers{out}")
    assert (counted.rows, dict(counted.causes)) == (8, {})
    rows = kept(tmp_path / f"answers{out}")
    assert [each["lot"] for each in rows] == frame["lot"].to_list()
    assert {each["method"] for each in rows} == {"regression"}
    alone = [service.method(service.project.request(week_ago=number, change=1)).landings for number in range(8)]
    assert [float(each["landings"]) for each in rows] == pytest.approx(alone)


@pytest.mark.parametrize(
    ("encoding", "separator"), [("utf-8-sig", ","), ("cp949", ";"), ("utf-16", "\t"), ("utf-8", "|")]
)
def test_korean_text_in_every_encoding(service, tmp_path, encoding, separator):
    place = tmp_path / "asked.csv"
    text = "위판장,week_ago,change\n목포,10,1\n여수,20,-1\n".replace(",", separator)
    place.write_bytes(text.encode(encoding))
    answered(service, place, tmp_path / "answers.csv")
    assert [each["위판장"] for each in kept(tmp_path / "answers.csv")] == ["목포", "여수"]


def test_a_row_that_is_no_request_keeps_its_place_and_says_why(service, tmp_path):
    place = tmp_path / "asked.csv"
    place.write_text("week_ago,change\n10,1\nten,1\n-3,1\n,1\n40,1\n", encoding="utf-8")
    counted = answered(service, place, tmp_path / "answers.csv")
    assert (counted.rows, dict(counted.causes)) == (5, {"refused": 3})
    rows = kept(tmp_path / "answers.csv")
    assert [each["cause"] or "" for each in rows] == ["", "refused", "refused", "refused", ""]
    assert [each["landings"] is None for each in rows] == [False, True, True, True, False]
    assert "[week_ago]: ten is not a number" in rows[1]["why"]
    assert "[week_ago]: -3 is below 0" in rows[2]["why"]
    assert "[week_ago]: this field is missing" in rows[3]["why"]


def test_where_the_method_fails_the_practice_answers_its_row(service, tmp_path):
    def moody(asked):
        if asked.week_ago == 20:
            raise RuntimeError("in no mood")
        return service.method(asked)

    place = tmp_path / "asked.csv"
    place.write_text("week_ago,change\n10,1\n20,1\n", encoding="utf-8")
    counted = answered(replace(service, method=moody), place, tmp_path / "answers.csv")
    assert dict(counted.causes) == {"crashed": 1}
    rows = kept(tmp_path / "answers.csv")
    assert [(each["method"], each["cause"] or "") for each in rows] == [("regression", ""), ("last_week", "crashed")]
    assert "in no mood" in rows[1]["why"]


@pytest.mark.slow
@given(st.lists(st.floats(0, 2000, allow_nan=False, width=32), min_size=1, max_size=20))
def test_many_at_once_are_answered_as_one_by_one(service, tmp_path_factory, asked):
    place = tmp_path_factory.mktemp("many")
    together = replace(service, method=Doubling(2.0), practice=Doubling(1.0))
    pl.DataFrame({"week_ago": asked, "change": [0.0] * len(asked)}).write_parquet(place / "asked.parquet")
    answered(together, place / "asked.parquet", place / "answers.parquet")
    rows = pl.read_parquet(place / "answers.parquet").to_dicts()
    for value, row in zip(asked, rows, strict=True):
        said = together.answer(service.project.request(week_ago=value, change=0), where="").said
        assert (row["landings"], row["method"], row["cause"]) == (
            said["response"]["landings"], said["method"], said.get("cause", ""),
        )  # fmt: skip


def test_a_column_that_is_missing_is_named_with_the_nearest(service, tmp_path):
    place = tmp_path / "asked.csv"
    place.write_text("weekago,change\n10,1\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"there is no column week_ago\. Is it weekago\?"):
        answered(service, place, tmp_path / "answers.csv")


def test_a_column_of_the_tables_own_is_not_written_over(service, tmp_path):
    place = tmp_path / "asked.csv"
    place.write_text("week_ago,change,landings,method\n10,1,99,by hand\n", encoding="utf-8")
    answered(service, place, tmp_path / "answers.csv")
    (row,) = kept(tmp_path / "answers.csv")
    assert (row["landings"], row["method"], row["answer_method"]) == ("99", "by hand", "regression")
    assert float(row["answer_landings"]) > 0


@pytest.mark.parametrize("cell", ["=1+1", "@SUM(A1)", "+82-10-1234", "-x", '=HYPERLINK("http://evil.example")'])
def test_what_looks_like_a_formula_is_none_when_it_comes_out(service, tmp_path, cell):
    pl.DataFrame({"note": [cell], "week_ago": [10.0], "change": [-1.0]}).write_parquet(tmp_path / "asked.parquet")
    for name in ("answers.csv", "answers.xlsx"):
        answered(service, tmp_path / "asked.parquet", tmp_path / name)
    text = (tmp_path / "answers.csv").read_text(encoding="utf-8-sig")
    assert text.splitlines()[1].lstrip('"').startswith("'" + cell[:4].replace('"', '""'))
    assert ",-1.0," in text  # a number below zero stays one
    import openpyxl

    (kind,) = [each.data_type for each in openpyxl.load_workbook(tmp_path / "answers.xlsx").active["A"][1:]]
    assert kind == "s"


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("asked.csv", b"", "no header"),
        ("asked.csv", b"week_ago,change\n", "no row below"),
        ("asked.csv", b"week_ago,change,change\n1,2,3\n", "two columns are called change"),
        ("asked.csv", b"week_ago,change\n1,2\n1,2,3\n", "row 3.*the row has 3 cells"),
        ("asked.csv", b'week_ago,change\n"1,2\n', "cannot be read"),
        ("asked.csv", b"week_ago,change\n1,\xff\xff\n", "row 2 is neither"),
        ("asked.parquet", b"PAR1" + bytes(50), "cannot be read"),
        ("asked.xlsx", b"PK\x03\x04" + bytes(50), "cannot be read"),
    ],
)
@pytest.mark.parametrize("out", batch.ENDINGS)
def test_a_table_that_is_broken_is_one_clear_error_and_leaves_nothing(service, tmp_path, name, content, said, out):
    place = tmp_path / name
    place.write_bytes(content)
    with pytest.raises(UserError, match=said):
        answered(service, place, tmp_path / f"answers{out}")
    assert list(tmp_path.iterdir()) == [place]


def test_a_table_that_breaks_off_in_the_middle_leaves_nothing(service, tmp_path, monkeypatch):
    monkeypatch.setattr(batch, "PIECE", 2)
    place = tmp_path / "asked.csv"
    place.write_text("week_ago,change\n" + "10,1\n" * 5 + "1,2,3\n", encoding="utf-8")
    for out in batch.ENDINGS:
        with pytest.raises(UserError, match="row 7"):
            answered(service, place, tmp_path / f"answers{out}")
        assert list(tmp_path.iterdir()) == [place]


@pytest.mark.slow
def test_the_command_answers_a_table(tmp_path, monkeypatch):
    monkeypatch.setenv("DURE_PROJECTS", str(PROJECTS))
    place = tmp_path / "asked.csv"
    place.write_text("week_ago,change\n10,1\nten,1\n", encoding="utf-8")

    def dure(*words):
        command = [sys.executable, "-m", "dure", "batch", "honam.tide", *map(str, words)]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    done = dure(place, "--out", tmp_path / "answers.csv")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [f"2 rows answered: {tmp_path / 'answers.csv'}", "  refused: 1"]
    told = json.loads(dure(place, "--out", tmp_path / "answers.xlsx", "--json").stdout)
    assert (told["rows"], told["causes"]) == (2, {"refused": 1})
    wrong = dure(place, "--out", tmp_path / "answers.pdf")
    assert (wrong.returncode, ".csv, .xlsx, .parquet" in wrong.stderr) == (2, True)
