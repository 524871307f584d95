"""Evidence is accepted as it was written, and refused after any one changed byte of any file."""

import base64
import hashlib
import json
import os
import shutil
import stat
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import polars as pl
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dure import content_store, evidence
from dure.errors import UserError
from dure.evidence.format import KEYS, rows
from dure.json_text import json_text
from dure.record import LeftOut, TrialRecord, plain
from dure.trial.verdicts import verdicts
from trials import about, outcomes, trial


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """One folder of evidence; tests that change it take a copy."""
    return evidence.write(trial(), tmp_path_factory.mktemp("evidence") / "heart")


@pytest.fixture
def copy(written, tmp_path):
    return shutil.copytree(written, tmp_path / "copy")


def files(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def named(report):
    return {fault.file for fault in report.faults}


@pytest.mark.slow
def test_what_was_written_is_accepted(written):
    report = evidence.verify(written)
    assert report.intact, report.in_words()
    assert report.private
    assert report.since
    assert report.name == ""
    assert "this machine's own key" in report.in_words()
    assert json.loads(json.dumps(report.to_dict()))["intact"] is True


def test_the_folder_holds_what_is_promised(written):
    wanted = {"outcomes.parquet", "rows.txt", "costs.parquet", "trial.json", "report.html", "evidence.json", "table.csv",
              "table.html", "table.docx", "private/cases.parquet", "private/answers.parquet", "private/salt"}  # fmt: skip
    assert set(files(written)) == wanted


def test_it_is_an_in_toto_statement_in_a_dsse_envelope(written):
    envelope = json.loads((written / "evidence.json").read_text(encoding="utf-8"))
    statement = json.loads(base64.b64decode(envelope["payload"]))
    assert envelope["payloadType"] == "application/vnd.in-toto+json"
    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    assert {each["name"] for each in statement["subject"]} == {
        n for n in files(written) if n != "evidence.json" and "private/" not in n
    }
    text = (written / "trial.json").read_text(encoding="utf-8")
    assert statement["predicate"]["trial"] == json.loads(text)
    verdicts_line_by_line = {json.dumps(verdict, ensure_ascii=False) for verdict in json.loads(text)["verdicts"]}
    assert verdicts_line_by_line < {line.strip().removesuffix(",") for line in text.splitlines()}


def test_the_verdicts_come_out_again_from_the_folder_alone(written):
    said = evidence.predicate(written)
    assert verdicts(evidence.outcomes(written), said.kpis, said.about) == said.verdicts


# ---- any one changed byte ----------------------------------------------------------------------------------------------


def test_every_sampled_byte_of_the_envelope(written, copy):
    path = copy / "evidence.json"
    good = path.read_bytes()
    last = len(good) - 1
    places = [*range(0, last, max(last // 300, 1)), *range(last - 220, last + 1)]  # keyid, signature and end in full
    for place in places:
        path.write_bytes(good[:place] + bytes([good[place] ^ 1]) + good[place + 1 :])
        report = evidence.verify(copy)
        assert named(report) == {"evidence.json"}, place
        assert not report.fingerprint


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_other_byte_anywhere_in_the_envelope(written, copy, data):
    path = copy / "evidence.json"
    good = (written / "evidence.json").read_bytes()
    place = data.draw(st.integers(0, len(good) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda byte: byte != good[place]))
    path.write_bytes(good[:place] + bytes([byte]) + good[place + 1 :])
    assert named(evidence.verify(copy)) == {"evidence.json"}


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda raw: raw + b"\n", id="a line more"),
        pytest.param(lambda raw: b" " + raw, id="a space before"),
        pytest.param(lambda raw: raw[:-1], id="the last line's end gone"),
        pytest.param(lambda raw: raw[: len(raw) // 2], id="half of it"),
        pytest.param(lambda raw: b"", id="empty"),
        pytest.param(lambda raw: b"[" * 100_000, id="deeply nested"),
        pytest.param(lambda raw: raw.replace(b'"payload":"', b'"payload":"\\u0065', 1), id="an escape"),
        pytest.param(lambda raw: raw.replace(b'"sig":"', b'"x":1,"sig":"'), id="a field more"),
        pytest.param(lambda raw: raw.replace(b'{"keyid"', b'{"keyid":"","keyid"'), id="a key twice"),
        pytest.param(lambda raw: b"\xff\xfe" + raw, id="no UTF-8"),
        pytest.param(lambda raw: json.dumps(json.loads(raw), indent=1).encode(), id="other white space"),
    ],
)
def test_other_bytes_of_the_same_envelope(copy, change):
    path = copy / "evidence.json"
    path.write_bytes(change(path.read_bytes()))
    assert named(evidence.verify(copy)) == {"evidence.json"}


def test_base64_that_decodes_to_the_same_payload(copy):
    """The last character before the padding carries bits that decoding drops."""
    path = copy / "evidence.json"
    envelope = json.loads(path.read_bytes())
    sig = envelope["signatures"][0]["sig"]
    assert sig.endswith("==")
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    other = sig[:-3] + letters[letters.index(sig[-3]) ^ 1] + "=="
    assert base64.b64decode(other) == base64.b64decode(sig)
    path.write_bytes(path.read_bytes().replace(sig.encode(), other.encode()))
    assert named(evidence.verify(copy)) == {"evidence.json"}


ALL = ["outcomes.parquet", "rows.txt", "costs.parquet", "trial.json", "report.html", "table.csv", "table.html", "table.docx",
       "private/cases.parquet", "private/answers.parquet", "private/salt"]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", ALL)
def test_any_other_file(copy, name):
    path = copy / name
    good = path.read_bytes()
    changed = [
        good[:place] + bytes([good[place] ^ 1]) + good[place + 1 :]
        for place in {0, 5, len(good) // 3, len(good) // 2, len(good) - 9, len(good) - 1}
        if place < len(good)
    ]
    for raw in [*changed, good + b"\0", good[:-1], b""]:
        path.write_bytes(raw)
        assert named(evidence.verify(copy)) == {name}
    path.unlink()
    assert named(evidence.verify(copy)) == {name}
    path.write_bytes(good)
    assert evidence.verify(copy).intact


def test_a_file_more_is_named(copy):
    (copy / "figures").mkdir()
    (copy / "figures" / "extra.svg").write_text("<svg/>", encoding="utf-8")
    (copy / "private" / "notes.txt").write_text("x", encoding="utf-8")
    assert named(evidence.verify(copy)) == {"figures/extra.svg", "private/notes.txt"}


@pytest.mark.skipif(sys.platform == "win32", reason="a link needs rights on Windows")
def test_a_link_is_no_file(copy, written):
    (copy / "table.csv").unlink()
    (copy / "table.csv").symlink_to(written / "table.csv")
    assert "table.csv" in named(evidence.verify(copy))


def test_private_files_may_stay_with_their_owner(copy):
    shutil.rmtree(copy / "private")
    report = evidence.verify(copy)
    assert report.intact
    assert not report.private


def test_the_row_that_differs_is_named(copy):
    table = pl.read_parquet(copy / "outcomes.parquet")
    errors = table["errors"].to_list()
    errors[13] += 1.0
    table.with_columns(pl.Series("errors", errors)).write_parquet(copy / "outcomes.parquet")
    (fault,) = evidence.verify(copy).faults
    row = table.row(13, named=True)
    assert fault.rows == (f"row 14: {row['method']} · summer · {row['site']} · {row['block']}",)


def test_rows_that_are_gone_or_too_many_are_named(copy):
    table = pl.read_parquet(copy / "outcomes.parquet")
    table.head(-1).write_parquet(copy / "outcomes.parquet")
    (fault,) = evidence.verify(copy).faults
    assert fault.rows == (f"row {table.height}: boosting · summer · B · W11",)


def test_an_unreadable_table_is_called_damaged(copy):
    path = copy / "outcomes.parquet"
    path.write_bytes(path.read_bytes()[:100])
    (fault,) = evidence.verify(copy).faults
    assert fault.what.startswith("damaged")


def test_a_changed_line_of_the_digests_is_named(copy):
    path = copy / "rows.txt"
    lines = path.read_text(encoding="utf-8").split("\n")
    lines[2] = "0" * 64 + lines[2][64:]
    path.write_text("\n".join(lines), encoding="utf-8", newline="\n")
    (fault,) = evidence.verify(copy).faults
    assert [row.split(":")[0] for row in fault.rows] == ["row 3"]


# ---- signers -------------------------------------------------------------------------------------------------------------


def another_key(path):
    form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    path.write_bytes(Ed25519PrivateKey.generate().private_bytes(*form))
    return path


def resigned(folder, key, change=lambda statement: None):
    """The statement signed anew by somebody else, after a change."""
    statement = json.loads(base64.b64decode(json.loads((folder / "evidence.json").read_bytes())["payload"]))
    private = serialization.load_pem_private_key(key.read_bytes(), None)
    statement["predicate"]["signer"] = private.public_key().public_bytes_raw().hex()
    change(statement)
    (folder / "evidence.json").write_text(evidence.envelope_of(statement, private), encoding="utf-8", newline="\n")


def test_signed_by_another_key_is_intact_and_unknown(copy, tmp_path):
    resigned(copy, another_key(tmp_path / "other.pem"))
    report = evidence.verify(copy)
    assert report.intact
    assert not report.since
    assert "unknown signer" in report.in_words()
    evidence.trust(report.fingerprint, "Chuncheon hub")
    assert "Chuncheon hub" in evidence.verify(copy).in_words()


def test_a_signature_under_another_name_is_refused(copy, tmp_path):
    """The payload names a key that did not sign it."""
    key = another_key(tmp_path / "other.pem")
    resigned(copy, key, lambda statement: statement["predicate"].update(signer="00" * 32))
    assert named(evidence.verify(copy)) == {"evidence.json"}


@pytest.mark.parametrize(
    "name", ["../outside", "/etc/hostname", "a/../../b", "a\\b", "C:x", "", "./x", "a//b", "con/ ", "..", "\0"]
)
def test_no_name_leads_out_of_the_folder(copy, tmp_path, name):
    def change(statement):
        statement["subject"].append({"name": name, "digest": {"sha256": "0" * 64}})

    resigned(copy, another_key(tmp_path / "other.pem"), change)
    report = evidence.verify(copy)
    assert named(report) == {"evidence.json"}
    assert "outside" in report.faults[0].what


@pytest.mark.parametrize("change", [
    lambda s: s.update(predicateType="https://slsa.dev/provenance/v1"),
    lambda s: s.update(subject=None),
    lambda s: s.update(subject=[1]),
    lambda s: s["predicate"].update(trial=[]),
    lambda s: s["predicate"].update(private=3),
    lambda s: s["predicate"]["trial"].pop("kpis"),
    lambda s: s["predicate"]["trial"].update(about=[]),
    lambda s: s["subject"].append(s["subject"][0]),
])  # fmt: skip
def test_a_strangers_statement_of_another_shape_is_refused(copy, tmp_path, change):
    resigned(copy, another_key(tmp_path / "other.pem"), change)
    assert "evidence.json" in named(evidence.verify(copy))


def test_a_signer_who_lies_about_the_verdict_is_found(copy, tmp_path):
    """All files are as signed, but the verdict does not follow from the outcomes."""

    def change(statement):
        said = statement["predicate"]["trial"]
        said["verdicts"][0]["gain"]["mean"] *= 2
        from dure.report import html

        (copy / "trial.json").write_text(json.dumps(said), encoding="utf-8")
        (copy / "report.html").write_text(html.report_html(TrialRecord.from_json(said), "0" * 64), encoding="utf-8")
        for subject in statement["subject"]:
            subject["digest"]["sha256"] = content_store.sha256_of(copy / subject["name"])

    resigned(copy, another_key(tmp_path / "other.pem"), change)
    (fault,) = evidence.verify(copy).faults
    assert fault.file == "trial.json"
    assert fault.rows == ("mean absolute error · ours · basic · sealed · all",)


def test_a_report_that_shows_other_numbers_is_found(copy, tmp_path):
    def change(statement):
        page = (copy / "report.html").read_text(encoding="utf-8")
        (copy / "report.html").write_text(page.replace('"looks":1', '"looks":0'), encoding="utf-8")
        for subject in statement["subject"]:
            subject["digest"]["sha256"] = content_store.sha256_of(copy / subject["name"])

    resigned(copy, another_key(tmp_path / "other.pem"), change)
    assert named(evidence.verify(copy)) == {"report.html"}


def test_the_key_is_made_once_and_readable_by_its_owner_alone(dure_home):
    first = evidence.signing_key().private_bytes_raw()
    assert evidence.signing_key().private_bytes_raw() == first
    if os.name == "posix":
        assert stat.S_IMODE((dure_home / "key.pem").stat().st_mode) == 0o600
    (entry,) = json.loads((dure_home / "known_signers.json").read_text(encoding="utf-8")).values()
    assert entry["name"] == ""


def test_those_who_need_a_first_key_at_once_get_the_same_one(dure_home):
    """As trials that end at the same moment on a new machine."""
    together = threading.Barrier(8)

    def made(_number):
        together.wait()
        return evidence.signing_key().private_bytes_raw()

    with ThreadPoolExecutor(8) as pool:
        for _attempt in range(20):
            (dure_home / "key.pem").unlink(missing_ok=True)
            assert len(set(pool.map(made, range(8)))) == 1


def test_another_key_by_environment(dure_home, tmp_path, monkeypatch):
    monkeypatch.setenv("DURE_KEY", str(another_key(tmp_path / "mine.pem")))
    evidence.signing_key()
    assert not (dure_home / "key.pem").exists()


def test_a_key_of_another_kind_is_refused(tmp_path, monkeypatch, dure_home):
    path = tmp_path / "rsa.pem"
    form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    path.write_bytes(generate_private_key(65537, 2048).private_bytes(*form))
    monkeypatch.setenv("DURE_KEY", str(path))
    with pytest.raises(UserError, match="Ed25519"):
        evidence.signing_key()
    path.write_text("no key", encoding="utf-8")
    with pytest.raises(UserError, match="no key that can be read"):
        evidence.signing_key()


def test_a_fingerprint_is_shown_in_fours():
    assert evidence.short_fingerprint("4f1c09ab77d2e001" + "f" * 48) == "4f1c 09ab 77d2 e001"


# ---- writing -----------------------------------------------------------------------------------------------------------------


def test_evidence_replaces_evidence_whole(copy):
    (copy / "trial.json").unlink()
    again = evidence.write(trial(looks=7), copy)
    assert evidence.verify(again).intact
    assert evidence.predicate(again).about.looks == 7
    assert [path.name for path in copy.parent.iterdir()] == [copy.name]


def test_a_folder_of_something_else_is_left_alone(tmp_path, copy):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.txt").write_text("years of work", encoding="utf-8")
    with pytest.raises(UserError, match="something else"):
        evidence.write(trial(), tmp_path / "thesis")
    (copy / "chapter.txt").write_text("years of work", encoding="utf-8")
    with pytest.raises(UserError, match=r"chapter\.txt"):
        evidence.write(trial(), copy)
    assert (copy / "chapter.txt").exists()


def test_a_failure_leaves_nothing_half_written(tmp_path):
    broken = replace(trial(), about=replace(about(), settings={"x": float("nan")}))
    with pytest.raises(ValueError, match="JSON"):
        evidence.write(broken, tmp_path / "new")
    assert list(tmp_path.iterdir()) == []


def test_no_evidence_is_said(tmp_path):
    with pytest.raises(UserError, match=r"evidence\.json"):
        evidence.verify(tmp_path)


def test_restricted_data_name_no_case(tmp_path):
    closed = trial(data=[{**plain.to_json(about().data[0]), "origin": "own", "access": "restricted"}])
    said = evidence.predicate(evidence.write(closed, tmp_path / "x"))
    assert said.about.left_out == (LeftOut(round="summer", cause="declined", count=1),)
    public = [path for path in (tmp_path / "x").glob("*") if path.is_file() and path.name != "evidence.json"]
    assert not any(b"p-17" in path.read_bytes() for path in public)


# ---- small blocks ------------------------------------------------------------------------------------------------------------


def patients(sizes, sites=("A",)):
    rows = [
        {"method": method, "round": "r", "sealed": False, "site": site, "block": f"patient-{number}", "cases": size, "unanswered": 0.0, "errors": float(number)}
        for method in ("basic", "ours") for site in sites for number, size in enumerate(sizes)
    ]  # fmt: skip
    return pl.DataFrame(rows)


def test_patients_are_joined_in_fives():
    table = evidence.joined(patients([1] * 12))
    assert table.filter(pl.col("method") == "ours")["cases"].to_list() == [5, 7]
    assert table.filter(pl.col("method") == "ours")["errors"].to_list() == [
        0 + 1 + 2 + 3 + 4,
        5 + 6 + 7 + 8 + 9 + 10 + 11,
    ]
    assert not any("patient" in block for block in table["block"])


def test_large_blocks_keep_their_names():
    assert evidence.joined(patients([5, 9, 6]))["block"].to_list()[:3] == ["patient-0", "patient-1", "patient-2"]


@given(st.lists(st.integers(1, 9), min_size=1, max_size=30), st.integers(1, 3))
def test_joining_loses_nothing_and_leaves_no_small_block(sizes, sites):
    before = patients(sizes, [f"s{number}" for number in range(sites)])
    after = evidence.joined(before)
    assert after.columns == before.columns
    for name in ("cases", "errors"):
        assert after.group_by("method", "site").agg(pl.col(name).sum()).sort("method", "site").equals(
            before.group_by("method", "site").agg(pl.col(name).sum()).sort("method", "site"))  # fmt: skip
    if sum(sizes) >= 5:
        assert after["cases"].min() >= 5
    assert after.group_by("round", "site", "block").agg(pl.col("method").n_unique() == 2)["method"].all()
    assert evidence.joined(after).equals(after)


def test_a_census_has_no_blocks_to_join():
    census = patients([2]).with_columns(pl.lit("").alias("block"))
    assert evidence.joined(census).equals(census)


@pytest.mark.slow
def test_published_evidence_agrees_with_itself_and_names_no_case(tmp_path):
    small = outcomes(blocks=60, cases=1)
    public = evidence.published(trial(small, block_word="patient"))
    place = evidence.write(public, tmp_path / "public")
    assert evidence.verify(place).intact
    assert not (place / "private").exists()
    assert public.verdicts == verdicts(public.outcomes, public.kpis, public.about)
    assert public.outcomes["cases"].min() >= 5
    assert public.verdicts[0].blocks == 24


# ---- a re-run --------------------------------------------------------------------------------------------------------------


def test_the_same_outcomes_reproduce_in_any_order():
    table = outcomes()
    assert evidence.compare(table, table.reverse()) == []
    assert evidence.replay_hash(table) == evidence.replay_hash(outcomes())


@given(
    words=st.lists(st.text(max_size=4), min_size=1, max_size=5),
    sums=st.lists(st.none() | st.floats(), min_size=5, max_size=5),
    name=st.text(min_size=1, max_size=4).filter(lambda name: name not in KEYS),
)
def test_a_rows_digest_is_that_of_its_json(words, sums, name):
    keys = {key: [word + key for word in words] for key in KEYS}
    table = pl.DataFrame(
        {**keys, name: sums[: len(words)], "zz": [number % 2 == 0 for number, _word in enumerate(words)]}
    )
    wanted = [
        (
            hashlib.sha256(
                json.dumps(row, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
            ).hexdigest(),
            json.dumps([row[key] for key in KEYS], ensure_ascii=False),
        )
        for row in table.rows(named=True)
    ]
    assert rows(table) == wanted


def test_rows_that_differ_are_named_with_both_numbers():
    table = outcomes()
    other = table.with_columns(
        pl.when(pl.int_range(pl.len()) == 4).then(pl.col("errors") * 1.01).otherwise("errors").alias("errors")
    )
    (row,) = evidence.compare(table, other)
    assert row.startswith("row 5: basic · summer · A · W04: errors ")
    assert evidence.compare(table, other, tolerance=0.02) == []


def test_missing_and_new_rows_are_named():
    table = outcomes()
    assert evidence.compare(table, table.head(-1)) == ["boosting · summer · B · W11: missing in the re-run"]
    assert evidence.compare(table.head(-1), table) == ["boosting · summer · B · W11: only in the re-run"]


# ---- JSON that people compare ---------------------------------------------------------------------------------------------

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=80),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=20), inner, max_size=4),
    max_leaves=20,
)


@given(values)
def test_the_text_of_json_says_what_the_value_says(value):
    assert json.loads(json_text(value)) == value


def test_one_entry_changed_is_one_line_changed():
    record = {"name": "a", "left_out": {"sites": [{"case": f"p-{n}", "why": "no age"} for n in range(40)]}}
    before = json_text(record).splitlines()
    record["left_out"]["sites"][7]["why"] = "no sex"
    changed = [(old, new) for old, new in zip(before, json_text(record).splitlines(), strict=True) if old != new]
    assert changed == [('      {"case": "p-7", "why": "no age"},', '      {"case": "p-7", "why": "no sex"},')]
    with pytest.raises(ValueError, match="JSON"):
        json_text({"share": float("nan")})
