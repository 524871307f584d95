"""The command line as a person and as a script meets it: exit codes, JSON, one clear error, no traceback."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import absent
from dure import __version__
from dure.cli import app
from dure.i18n.texts import speak

HEADER = "번호,일시,실적(kWh),현행(kWh),업체A(kWh)"


@pytest.fixture
def dure(monkeypatch, capsys):
    """Run the command line in this process: (exit code, standard output, standard error)."""

    def run(*words: object, stdin: bytes | None = None) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["dure", *map(str, words)])
        if stdin is not None:
            monkeypatch.setattr(sys, "stdin", _Stdin(stdin))
        code = 0
        try:
            app.main()
        except SystemExit as left:
            code = int(left.code or 0)
        finally:
            speak(None)  # a process of its own would end here, and its language with it
        out, err = capsys.readouterr()
        return code, out, err

    return run


class _Stdin:
    def __init__(self, raw: bytes) -> None:
        import io

        self.buffer = io.BytesIO(raw)

    def isatty(self) -> bool:
        return False


@pytest.fixture
def table(tmp_path: Path) -> Path:
    rows = [
        f"{n},2026-{n // 28 % 12 + 1:02d}-{n % 28 + 1:02d},100,{100 + n * 37 % 11},{100 + n * 37 % 7}"
        for n in range(168)
    ]
    path = tmp_path / "answers.csv"
    path.write_text("\n".join([HEADER, *rows]), encoding="cp949")
    return path


def test_judge_gives_folder_and_verdicts_as_json(dure, table, tmp_path) -> None:
    code, out, _err = dure("judge", table, "--yes", "--json", "--out", tmp_path / "e")
    said = json.loads(out)
    assert code == 0
    assert Path(said["evidence"], "evidence.json").is_file()
    assert set(said["verdicts"][0]) >= {
        "kpi", "unit", "method", "against", "site", "round", "verdict", "because", "gain", "resolution", "more_blocks",
        "blocks", "cases", "unanswered", "methods", "looks", "assurance", "ground", "decides",
    }  # fmt: skip


def test_unnamed_columns_are_never_guessed_silently(dure, table, tmp_path) -> None:
    code, _out, err = dure("judge", table, "--out", tmp_path / "e")
    assert code == 2
    assert "--truth 실적 --practice 현행 --offer 업체A" in err
    assert not (tmp_path / "e").exists()


def test_what_is_named_is_judged_and_the_rest_is_said_to_be_unconfirmed(dure, table, tmp_path) -> None:
    code, out, _err = dure(
        "judge", table, "--truth", "실적", "--practice", "현행", "--offer", "업체A", "--out", tmp_path / "e"
    )
    assert code == 0
    assert "confirmed by nobody: --truth 실적 --practice 현행 --offer 업체A --id 번호 --time 일시" in out


def test_require_better_is_an_exit_code(dure, table, tmp_path) -> None:
    code, out, _err = dure("judge", table, "--yes", "--require", "better", "--out", tmp_path / "e", "--json")
    assert json.loads(out)["verdicts"][0]["verdict"] == "better"
    assert code == 0
    swapped = ["--truth", "실적", "--practice", "업체A", "--offer", "현행", "--time", "일시", "--id", "번호"]
    code, _out, _err = dure("judge", table, *swapped, "--yes", "--require", "better", "--out", tmp_path / "f", "--json")
    assert code == 1


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_the_sentence_comes_first(dure, table, tmp_path, lang) -> None:
    code, out, _err = dure("--lang", lang, "judge", table, "--yes", "--out", tmp_path / "e")
    assert code == 0
    assert {"ko": "낫습니다", "en": "better"}[lang] in out.splitlines()[0]


def test_evidence_verifies_and_a_changed_byte_does_not(dure, table, tmp_path) -> None:
    place = tmp_path / "e"
    dure("judge", table, "--yes", "--out", place, "--json")
    assert dure("verify", place)[0] == 0
    raw = bytearray((place / "costs.parquet").read_bytes())
    raw[len(raw) // 2] ^= 1
    (place / "costs.parquet").write_bytes(raw)
    code, out, _err = dure("verify", place)
    assert code == 1
    assert "costs.parquet" in out


def test_a_judged_table_is_judged_again(dure, table, tmp_path) -> None:
    place = tmp_path / "e"
    dure("judge", table, "--yes", "--out", place, "--json")
    code, out, _err = dure("verify", place, "--rerun", "--data", f"table={table}", "--json")
    assert code == 0
    assert json.loads(out)["rerun"] == {"reproduced": True, "differing": []}


def test_an_unknown_command_and_file_propose_the_nearest(dure, table) -> None:
    assert "judge" in dure("jugde")[2]
    assert table.name in dure("judge", table.with_name("answer.csv"))[2]


SHOP = {
    "machines": ["saw", "mill"],
    "jobs": [{"name": "A", "operations": [{"machines": {"saw": 3}}, {"machines": {"mill": 2}}]}],
}


def spoilt(old: str, new: str) -> bytes:
    text = json.dumps(SHOP)
    assert old in text
    return text.replace(old, new, 1).encode()


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"machines: saw", "not JSON"),
        (b'{"machines": ["saw"]', "not JSON"),
        (b"", "not JSON"),
        (b"[1, 2]", "an object is wanted"),
        (spoilt('"saw": 3', '"saw": "soon"'), "not a whole number"),
        (spoilt('"name"', '"nmae"'), "name"),
        (b'{"machines": ["saw"], "jobs": []}', "[jobs]"),
        (spoilt('"saw": 3', '"saw": -3'), "-3 is below 0"),
        (spoilt('{"saw": 3}', '{"swa": 3}'), "Did you mean saw?"),
        (spoilt('"saw": 3', '"saw": NaN'), "not a finite number"),
        (b"x" * 10_000_000, "not JSON"),
        (b"[" * 10_000_000, "not JSON"),
        (json.dumps({**SHOP, "jobs": SHOP["jobs"] * 200_000}).encode()[:10_000_000], "not JSON"),
    ],
    ids=["no JSON", "cut off", "empty", "a list", "wrong type", "unknown field", "no jobs", "negative minutes", "unknown machine",
         "NaN", "10 MB of letters", "10 MB of brackets", "10 MB of jobs"],
)  # fmt: skip
def test_a_bad_request_is_one_clear_error(dure, raw, words) -> None:
    code, out, err = dure("ask", "yeongnam.production", "-", stdin=raw)
    assert (code, out) == (2, "")
    assert words in err
    assert "Traceback" not in err
    assert len(err.strip().splitlines()) == 1
    assert len(err) < 500


@pytest.mark.slow
def test_a_plan_is_answered(dure) -> None:
    code, out, _err = dure("ask", "yeongnam.production", "-", "--json", stdin=json.dumps(SHOP).encode())
    said = json.loads(out)
    assert code == 0
    assert (said["method"], said["response"]["makespan"], said["response"]["lower_bound"]) == ("tabu_search", 5, 5)


@pytest.mark.slow
def test_a_vendors_file_is_one_more_method(dure, tmp_path) -> None:
    """Half of the patients answered elsewhere: the rest counts as unanswered, and loses over the limit."""
    template = tmp_path / "answers.csv"
    assert dure("data", "template", "gangwon.heart", "--out", template)[0] == 0
    assert template.read_text(encoding="utf-8-sig").strip() == "case,risk"
    template.write_text("case,risk\n1,0.5\n", encoding="utf-8")
    code, out, err = dure(
        "run", "gangwon.heart", "--profile", "quick", "--offer", f"vendor={template}", "--json", "--out", tmp_path / "e"
    )
    absent.skip_if_said(err)
    mine = next(one for one in json.loads(out)["verdicts"] if one["method"] == "vendor")
    assert code == 0
    assert (mine["verdict"], mine["because"], mine["decides"]) == ("lost", "unanswered", True)


def test_a_file_that_is_read_as_it_comes_has_no_table_to_fill_in(dure, tmp_path) -> None:
    code, _out, err = dure("data", "template", "chungcheong.driving", "scenarios", "--out", tmp_path / "t.csv")
    assert code == 2
    assert "scenarios is read as it comes" in err
    assert not (tmp_path / "t.csv").exists()


def test_an_offer_does_not_take_the_practices_name(dure, table, tmp_path) -> None:
    code, _out, err = dure("run", "gangwon.heart", "--offer", f"pretest_probability={table}", "--out", tmp_path / "e")
    assert code == 2
    assert "Give the offer another name." in err


@pytest.mark.slow
def test_last_months_real_answers_are_the_practice(dure, tmp_path) -> None:
    import polars as pl

    first = tmp_path / "first"
    _code, _out, err = dure("run", "gangwon.heart", "--profile", "quick", "--json", "--out", first)
    absent.skip_if_said(err)
    asked = pl.read_parquet(first / "private" / "answers.parquet").select("case").unique(maintain_order=True)
    asked.with_columns(pl.lit(0.5).alias("risk")).write_csv(tmp_path / "real.csv")
    words = [
        "run",
        "gangwon.heart",
        "--profile",
        "quick",
        "--practice",
        tmp_path / "real.csv",
        "--json",
        "--out",
        tmp_path / "e",
    ]
    code, out, _err = dure(*words)
    (one,) = [each for each in json.loads(out)["verdicts"] if each["decides"]]
    assert code == 0
    assert one["against"] == "practice"
    assert one["methods"]["practice"] == pytest.approx(0.25)
    again = ["verify", tmp_path / "e", "--rerun", "--json"]
    assert "practice" in dure(*again)[2]  # the file is missed by name


@pytest.mark.parametrize(
    "words",
    [
        ("list",),
        ("show", "gangwon.heart"),
        ("data",),
        ("data", "show", "gangwon.heart"),
        ("plan",),
        ("plan", "--json"),
        ("list", "--json"),
    ],
)
@pytest.mark.parametrize("lang", ["ko", "en"])
def test_what_there_is_can_be_read(dure, words, lang) -> None:
    code, out, _err = dure("--lang", lang, *words)
    assert code == 0
    assert "heart" in out


def test_python_dash_m_and_a_closed_pipe(tmp_path) -> None:
    done = subprocess.run([sys.executable, "-m", "dure", "--version"], capture_output=True, text=True, check=True)
    assert __version__ in done.stdout


def test_a_project_may_keep_a_request_to_begin_with(tmp_path):
    """Where a round takes long to make, forms and pages need not wait for one."""
    from dure.project.loader import load
    from dure.registry import describe

    shutil.copytree(Path(__file__).parent / "projects" / "honam" / "tide", tmp_path / "honam" / "tide")
    assert describe.example(load(tmp_path / "honam" / "tide"))["week_ago"] != 7.5
    (tmp_path / "honam" / "tide" / "example.json").write_text('{"week_ago": 7.5, "change": 1}', encoding="utf-8")
    assert describe.example(load(tmp_path / "honam" / "tide")) == {"week_ago": 7.5, "change": 1.0}
