"""The drugs project on tiny named molecules and on compounds that a small grammar makes."""

import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("rdkit", reason="the project needs the extra dure[drugs]")
pytest.importorskip("sklearn", reason="the rivals need the extra dure[drugs]")

from dure import Case, Data, Invalid, UserError, Work
from dure.project.loader import load
from dure.regions.chungcheong.drugs import chart, chem, compounds, data, gaussian, methods
from dure.regions.chungcheong.drugs.forms import Request
from dure.regions.chungcheong.drugs.screen import catalogue, ranking
from dure.regions.chungcheong.drugs.screen.__main__ import command as screen_command
from dure.regions.chungcheong.drugs.screen.first_pass import State

HERE = Path(__file__).parent
PROJECT = load(HERE.parent)
BUILDERS = PROJECT.builders()
PARACETAMOL, ASPIRIN, BENZENE = "CC(=O)Nc1ccc(O)cc1", "CC(=O)Oc1ccccc1C(=O)O", "c1ccccc1"
CORES = (
    "c1ccc(X)cc1",
    "c1ccc(X)nc1",
    "C1CCN(X)CC1",
    "c1ccc2[nH]c(X)cc2c1",
    "c1csc(X)n1",
    "O=C1CCC(X)N1",
    "c1cc(X)ccc1F",
    "c1cnn(X)c1",
)
SIDES = ("C", "CC", "CCO", "C(=O)N", "C(=O)NC", "CCN", "C(F)(F)F", "CC(=O)O", "c9ccccc9", "CCOC", "C#N", "CS(=O)(=O)C")

ESTIMATE = {
    "potency": 6.0, "low": 5.5, "high": 6.5, "nearest": BENZENE, "nearest_potency": 5.0, "similarity": 0.5, "active": "",
    "active_similarity": 0.0, "in_domain": True, "cliff": False, "alerts": [], "lipinski": 0, "veber": True,
}  # fmt: skip


def series():
    """96 molecules, and a potency that core and side chain add up to."""
    return [
        (core.replace("X", side), 5 + 0.3 * place + 0.15 * number)
        for place, core in enumerate(CORES)
        for number, side in enumerate(SIDES)
    ]


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """A person's own file of 96 measured compounds, in the place of the targets."""
    path = tmp_path_factory.mktemp("own") / "laboratory.csv"
    path.write_text("SMILES,pKi\n" + "".join(f"{smiles},{value:.2f}\n" for smiles, value in series()))
    return Data(PROJECT.sources, PROJECT.folder, own={"compounds": path})


@pytest.fixture(scope="module")
def rounds(own):
    return list(PROJECT.rounds(own))


def kernel_of(smiles, prints):
    known = methods.Known(tuple(smiles), np.zeros(len(smiles)))
    return gaussian.kernel_of(
        chem.Library(prints).similarities(prints), known.standard(known.properties), known.standard(known.properties)
    )


# ---- molecules -----------------------------------------------------------------------------------------------------------


def test_the_similarity_is_min_max_tanimoto_of_counts():
    from rdkit import DataStructs
    from rdkit.Chem import rdFingerprintGenerator

    smiles = [PARACETAMOL, ASPIRIN, *(text for text, _value in series()[:20])]
    ours = chem.Library([chem.parts(text) for text in smiles]).similarities([chem.parts(PARACETAMOL)])
    torsions = rdFingerprintGenerator.GetTopologicalTorsionGenerator()
    counts = [torsions.GetSparseCountFingerprint(chem.molecule(text)) for text in smiles]
    assert ours[3, 0] == pytest.approx(DataStructs.BulkTanimotoSimilarity(counts[0], counts), abs=1e-6)


@given(st.lists(st.sampled_from([text for text, _value in series()]), min_size=1, max_size=12))
def test_a_kernel_of_similarities_is_symmetric_with_ones_and_no_negative_eigenvalue(smiles):
    prints = [chem.parts(text) for text in smiles]
    kernel = kernel_of(smiles, prints)
    assert np.allclose(kernel, kernel.T)
    assert np.allclose(np.diag(kernel), 1)
    assert np.linalg.eigvalsh(kernel).min() > -1e-5


def test_parts_unknown_to_the_library_count_as_size_alone():
    (similarity,) = chem.Library([chem.parts(BENZENE)[:1]]).similarities([chem.parts("CCCCS")[:1]])
    assert similarity.tolist() == [[0.0]]


def test_a_tautomer_and_a_salt_have_the_key_of_their_compound():
    def key(smiles):
        return chem.same(chem.parent(chem.molecule(smiles)))

    assert key("Oc1ccccn1") == key("O=c1cccc[nH]1")
    assert key("CC(=O)[O-].[Na+]") == key("CC(=O)O")
    assert key("C[C@H](N)O") != key("C[C@@H](N)O")


def test_rules_of_thumb_by_hand():
    assert chem.rules(ASPIRIN)[1:] == (0, True)
    alerts, broken, veber = chem.rules("C" * 40 + "N=Nc1ccccc1")
    assert broken == 2  # heavier than 500, log P above 5
    assert not veber  # more than ten rotatable bonds
    assert any(alert.startswith("BRENK") for alert in alerts)


def test_a_scaffold_is_rings_and_what_joins_them():
    assert chem.scaffold("CCc1ccc(Oc2ccccc2)cc1") == "c1ccc(Oc2ccccc2)cc1"
    assert chem.scaffold("CCCO") == ""


# ---- splits and score ----------------------------------------------------------------------------------------------------


def test_new_scaffolds_are_at_most_a_fifth_and_in_no_history(rounds):
    published, sealed = rounds
    assert (published.sealed, sealed.sealed) == (False, True)
    singles = sealed.cases[1:]
    assert 0 < len(singles) <= 96 // 5
    known = {chem.scaffold(case.request.molecules[0]) for case in sealed.history}
    assert not known & {chem.scaffold(case.request.molecules[0]) for case in singles}
    assert not {case.block for case in sealed.cases} & {case.block for case in sealed.history}


@pytest.mark.parametrize("number", [0, 1])
def test_each_molecule_is_asked_or_known(rounds, number):
    round_ = rounds[number]
    ids = [case.id for case in round_.history] + [case.id for case in round_.cases[1:]]
    assert len(ids) == len(set(ids)) == 96
    assert round_.cases[0].request.molecules == [case.request.molecules[0] for case in round_.cases[1:]]


@given(st.lists(st.integers(0, 5), min_size=2, max_size=200), st.randoms(use_true_random=False))
def test_hits_are_all_for_a_perfect_order_and_never_more_than_fifty(truth, random):
    top = min(50, len(truth) // 2)
    predicted = [random.random() for _value in truth]
    assert data.hits(truth, truth) == top
    assert 0 <= data.hits(truth, predicted) <= top


def test_a_score_by_hand():
    case = Case("a", PROJECT.request(target="t", molecules=[BENZENE]), {"potency": [7.0], "cliff": [True]})
    sums = PROJECT.score(case, PROJECT.response(estimates=[ESTIMATE]))
    assert sums == {"squares": 1, "molecules": 1, "cliff_squares": 1, "cliffs": 1, "covered": 0, "hits": 0, "lists": 0}


# ---- methods -------------------------------------------------------------------------------------------------------------


def test_left_out_errors_in_closed_form_are_those_of_leaving_out(tmp_path):
    smiles = [text for text, _value in series()[::4]]
    potency = np.array([value for _each, value in series()[::4]])
    prints = [chem.parts(text) for text in smiles]
    kernel = kernel_of(smiles, prints)
    noisy, rest = kernel + 0.1 * np.eye(len(smiles)), potency - potency.mean()
    precision = np.linalg.inv(noisy)
    group = [3, 4, 5]
    others = [place for place in range(len(smiles)) if place not in group]
    by_hand = rest[group] - kernel[np.ix_(group, others)] @ np.linalg.solve(noisy[np.ix_(others, others)], rest[others])
    closed = np.linalg.inv(precision[np.ix_(group, group)]) @ (precision @ rest)[group]
    assert closed == pytest.approx(by_hand)


def test_the_nearest_compound_is_copied_and_equals_are_averaged():
    similarity = np.array([[0.2, 0.9, 0.9], [1.0, 0.0, 0.0]])
    assert methods._of_the_nearest(similarity, np.array([5.0, 6.0, 8.0])).tolist() == [7.0, 5.0]


@pytest.mark.parametrize("name", BUILDERS)
def test_a_method_answers_and_says_the_same_from_its_folder(rounds, name, tmp_path):
    round_ = rounds[0]
    first = BUILDERS[name](round_.history, 0, Work(folder=tmp_path))
    answer = first(round_.cases[0].request)
    PROJECT.check(round_.cases[0].request, answer)
    (kept,) = tmp_path.glob("*.npz")
    before = kept.stat().st_mtime_ns
    again = BUILDERS[name](round_.history, 0, Work(folder=tmp_path))
    one_by_one = [again(case.request).estimates[0].potency for case in round_.cases[1:]]
    assert one_by_one == pytest.approx([estimate.potency for estimate in answer.estimates], abs=1e-6)
    assert kept.stat().st_mtime_ns == before


def test_the_model_learns_what_cores_and_side_chains_add(rounds, tmp_path):
    round_ = rounds[0]
    truth = round_.cases[0].truth["potency"]
    errors = {}
    for name in ("nearest_compound", "gaussian_process"):
        folder = tmp_path / name
        folder.mkdir()
        answer = BUILDERS[name](round_.history, 0, Work(folder=folder))(round_.cases[0].request)
        errors[name] = math.sqrt(
            np.mean([(estimate.potency - y) ** 2 for estimate, y in zip(answer.estimates, truth, strict=True)])
        )
    assert errors["gaussian_process"] < errors["nearest_compound"]


def test_the_forest_kept_as_arrays_answers_as_scikit_learns_own(rounds, tmp_path):
    from sklearn.ensemble import RandomForestRegressor

    known = methods.by_target(rounds[0].history)["laboratory"]
    arrays = methods._fit_forest(known, 0, Work(folder=tmp_path))
    ours, _half = methods._predict_forest(known, arrays, known.smiles, np.zeros((0, 0)))
    bits = methods._bits(known.smiles)
    forest = RandomForestRegressor(methods.TREES, max_features=methods.TRIED, random_state=0, n_jobs=1).fit(
        bits, known.potency
    )
    assert ours == pytest.approx(forest.predict(bits))


def test_an_unknown_target_and_an_unreadable_molecule_are_named(rounds, tmp_path):
    method = BUILDERS["nearest_compound"](rounds[0].history, 0, Work(folder=tmp_path))
    with pytest.raises(UserError, match="laboratory"):
        method(PROJECT.request(target="laborat", molecules=[BENZENE]))
    with pytest.raises(UserError, match=r"molecule 2 .*xx"):
        method(PROJECT.request(target="laboratory", molecules=[BENZENE, "xx"]))


def test_an_answer_of_another_length_is_refused():
    response = PROJECT.response(estimates=[ESTIMATE])
    with pytest.raises(Invalid, match="1 estimates for 2"):
        PROJECT.check(PROJECT.request(target="t", molecules=["C", "CC"]), response)


# ---- files of one's own ---------------------------------------------------------------------------------------------------


def test_every_problem_of_a_messy_table_is_named_with_its_row():
    frame = compounds.read(HERE / "messy.csv")
    found = {row: (problem, about) for row, problem, about in frame.select("row", "problem", "about").iter_rows()}
    assert found[3] == ("unreadable", "c1ccccc1C(=O")
    assert found[5] == ("repeat", "2")
    assert found[7] == ("repeat tautomer", "6")
    assert found[8] == ("not a logarithm", "250")
    assert found[10] == ("conflict", "11")
    assert found[11] == ("conflict", "10")
    assert found[12][0] == "no value"
    assert found[13] == ("censored", ">5")
    assert found[15] == ("unit", "furlong")
    assert found[16][0] == "empty"
    assert found[17] == ("no number", "n.d.")
    usable = frame.filter(pl.col("problem") == "")
    assert usable["row"].to_list() == [2, 4, 6, 9, 14]
    assert usable["potency"].to_list() == pytest.approx([5.3, 4.8, 6.1, 6.6, 9 - math.log10(120)])
    assert usable["note"].to_list() == ["", "salt", "", "", "converted"]
    assert "row 8" in str(next(fault for fault in compounds.faults_of(frame) if "250" in str(fault)))


def test_a_download_of_chembl_is_read_and_its_bounds_are_left_out():
    frame = compounds.read(HERE / "chembl.csv")
    assert frame["potency"].to_list()[:2] == [6.0, 5.0]
    assert frame["problem"].to_list() == ["", "", "censored"]


def test_an_sdf_is_read_by_its_properties(tmp_path):
    from rdkit import Chem

    path = tmp_path / "batch.sdf"
    with Chem.SDWriter(str(path)) as writer:
        for smiles, value in ((PARACETAMOL, "5.1"), (ASPIRIN, "4.2")):
            molecule = chem.molecule(smiles)
            molecule.SetProp("pIC50", value)
            writer.write(molecule)
    path.write_text(path.read_text() + "broken\n\n\n  1  0\nM  END\n$$$$\n")
    frame = compounds.read(path)
    assert frame["potency"].to_list()[:2] == [5.1, 4.2]
    assert frame["problem"].to_list() == ["", "", "unreadable"]


@given(st.floats(0.01, 1e6), st.sampled_from(["nM", "uM", "µM", "mM", "pM"]))
def test_a_concentration_becomes_minus_its_logarithm(value, unit):
    row = compounds.Row(2, BENZENE, f"{value!r}", unit)
    compounds._potency(row)
    expected = -math.log10(value * compounds.MOLAR[unit.lower()])
    if 1 <= expected <= 12:
        assert row.potency == pytest.approx(expected)
    else:
        assert row.problem == "implausible"


@given(st.text(max_size=30))
def test_no_text_breaks_the_reading_of_a_row(text):
    row = compounds.Row(2, text, text, text)
    (judged,) = compounds._judged([row])
    assert judged.problem in {"", *compounds.PROBLEMS}


def test_a_table_without_structures_says_which_headers_there_are(tmp_path):
    path = tmp_path / "no.csv"
    path.write_text("name,weight\nA,1\nB,2\n")
    with pytest.raises(UserError, match="name, weight"):
        compounds.read(path)


def test_molecules_of_a_file_become_a_request_and_the_rest_is_named():
    opened = PROJECT.opens([HERE / "messy.csv"], {"target": "CHEMBL204_Ki"})
    assert len(opened.request.molecules) == 10
    assert [fault.where for fault in opened.faults] == [f"messy.csv row {row}" for row in (3, 5, 7, 9, 11, 16)]
    with pytest.raises(UserError, match="target"):
        PROJECT.opens([HERE / "messy.csv"], {})


def test_too_few_compounds_are_refused(tmp_path):
    with pytest.raises(UserError, match="5 compounds"):
        list(PROJECT.rounds(Data(PROJECT.sources, PROJECT.folder, own={"compounds": HERE / "messy.csv"})))


def test_a_messy_table_of_two_thousand_is_named_row_by_row_and_the_rest_is_tried(tmp_path):
    rows, expected = _messy(2_000)
    path = tmp_path / "messy.csv"
    path.write_text("SMILES,pIC50,unit\n" + "".join(f"{','.join(row)}\n" for row in rows), encoding="utf-8")
    frame = compounds.read(path)
    found = dict(frame.filter(pl.col("problem") != "").select("row", "problem").iter_rows())
    assert found == expected
    salts = frame.filter((pl.col("note") == "salt") & (pl.col("problem") == ""))
    assert salts.height == sum(".Cl" in row[0] for number, row in enumerate(rows, start=2) if number not in expected)
    own = Data(PROJECT.sources, PROJECT.folder, own={"compounds": path})
    remarks = PROJECT.remarks(own)["messy"]
    for number in expected:
        assert sum(text.startswith(f"row {number}:") for text in remarks) == 1
    published, sealed = PROJECT.rounds(own)
    usable = 2_000 - len(expected)
    assert len(published.cases) - 1 + len(published.history) == len(sealed.cases) - 1 + len(sealed.history) == usable
    (tmp_path / "fit").mkdir()
    practice = BUILDERS["nearest_compound"](sealed.history, 0, Work(folder=tmp_path / "fit"))
    assert len(practice(sealed.cases[0].request).estimates) == len(sealed.cases) - 1


def _messy(count):
    """Rows, and the problem of each row number that has one: every fortieth of each kind."""
    chains = [
        f"{'C' * first}{link}{'C' * last}"
        for first in range(1, 9)
        for link in ("O", "S", "OCCO")
        for last in range(1, 13)
    ]
    molecules = (
        f"{chain}{core}"
        for core in ("c1ccccc1", "c1ccncc1", "c1ccoc1", "c1ccsc1", "C1CCCCC1", "C1CCOCC1", "c1ccc(F)cc1")
        for chain in chains
    )
    rows, expected = [], {}
    for number, smiles in zip(range(2, count + 2), molecules, strict=False):
        value = 5 + number % 5 * 0.5
        before = rows[-1] if rows else ["C", "5.0", ""]
        tautomer = "Oc1ccccn1" if number % 80 == 30 else "O=c1cccc[nH]1"
        row, problem = {
            0: ([f"{smiles[:-1]}(", f"{value:.1f}", ""], "unreadable"),
            5: ([smiles, f"{10 ** (9 - value):.0f}", ""], "not a logarithm"),  # in nM, and the unit forgotten
            10: ([f"{smiles}.Cl", f"{value:.1f}", ""], ""),
            15: ([smiles, f"{10 ** (9 - value):.2f}", "nM"], ""),
            20: (before, "repeat"),
            25: ([before[0], f"{float(before[1].strip('>')) + 2:.1f}", ""], "conflict"),
            30: ([tautomer, "6.0", ""], "" if number < 40 else "repeat" if number % 80 == 30 else "repeat tautomer"),
            35: ([smiles, f">{value:.1f}", ""], "censored"),
        }.get(number % 40, ([smiles, f"{value:.1f}", ""], ""))
        rows.append(row)
        if problem:
            expected[number] = problem
        if problem == "conflict":
            expected[number - 1] = problem
    assert len(rows) == count
    return rows, expected


def test_a_split_of_ones_own_is_the_open_rounds(tmp_path):
    path = tmp_path / "laboratory.csv"
    rows = [f"{smiles},{value},{'Test' if n % 4 == 0 else 'train'}" for n, (smiles, value) in enumerate(series())]
    path.write_text("SMILES,pIC50,split\n" + "\n".join(rows))
    opened, sealed = PROJECT.rounds(Data(PROJECT.sources, PROJECT.folder, own={"compounds": path}))
    assert (opened.name, sealed.name) == (data.GIVEN, data.SCAFFOLDS)
    asked = {int(case.id.rpartition(" ")[2]) for case in opened.cases if not case.id.endswith(" list")}
    assert asked == {n + 2 for n in range(96) if n % 4 == 0}
    path.write_text("SMILES,pIC50\n" + "\n".join(row.rpartition(",")[0] for row in rows))
    opened, _sealed = PROJECT.rounds(Data(PROJECT.sources, PROJECT.folder, own={"compounds": path}))
    assert opened.name == data.DRAWN
    assert len(opened.cases) == 1 + 96 // 5


# ---- screening ------------------------------------------------------------------------------------------------------------


@pytest.mark.long
def test_a_screening_goes_on_where_it_was_killed_and_ranks_as_if_it_had_not_been(rounds, tmp_path, monkeypatch):
    known = methods.by_target(rounds[0].history)["laboratory"]
    (tmp_path / "model").mkdir()
    model = BUILDERS["gaussian_process"](rounds[0].history, 0, Work(folder=tmp_path / "model"))
    path = tmp_path / "made.smi"
    path.write_text("\n".join([*(f"{smiles} name" for smiles, _value in series()), "xx(", ""]))
    for name in ("PIECE", "WRITTEN"):
        monkeypatch.setattr(catalogue, name, 10)
    limits = ranking.Limits(keep=40, show=20)

    def screened(folder, path=path, known=known, **others):
        return ranking.screen(
            path, known, model, target="laboratory", folder=tmp_path / folder, limits=limits, **others
        )

    def stopped(share, _text):
        if share > 0.3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        screened("one", tell=stopped)
    reached = State.read(tmp_path / "one" / "first-pass.npz").lines
    assert 0 < reached < 97
    resumed, reference = screened("one"), screened("two")
    assert resumed.ranked.equals(reference.ranked)
    assert resumed.ranked.height == 20
    assert resumed.ranked["potency"].is_sorted(descending=True)
    assert State.read(tmp_path / "one" / "first-pass.npz").unread == 1
    with pytest.raises(UserError, match="holds another screening"):
        screened("one", path=HERE / "messy.csv")
    others = methods.Known(known.smiles[:-1], known.potency[:-1])  # what was learnt from is part of a screening
    with pytest.raises(UserError, match="holds another screening"):
        screened("one", known=others)


def test_a_first_pass_is_judged_by_molecules_it_has_not_learnt_from(rounds, tmp_path, monkeypatch):
    known = methods.by_target(rounds[0].history)["laboratory"]
    (tmp_path / "model").mkdir()
    model = BUILDERS["gaussian_process"](rounds[0].history, 0, Work(folder=tmp_path / "model"))
    path = tmp_path / "made.smi"
    smiles = [text for text, _value in series()]
    path.write_text("\n".join(smiles))
    monkeypatch.setattr(ranking, "BEST", 0.25)

    def screened(keep):
        folder = tmp_path / str(keep)
        return ranking.screen(
            path, known, model, target="laboratory", folder=folder, limits=ranking.Limits(keep, show=10)
        )

    everything, few = screened(len(smiles)), screened(10)
    assert (everything.best, everything.kept) == (12, 12)
    assert few.best == 12
    assert 0 < few.kept <= 10
    potencies = {
        text: estimate.potency
        for text, estimate in zip(smiles, model(Request(target="laboratory", molecules=smiles)).estimates, strict=True)
    }
    assert everything.ranked["potency"].to_list() == pytest.approx(
        sorted(potencies.values(), reverse=True)[:10], abs=1e-9
    )


@pytest.mark.long
@pytest.mark.parametrize("killed", ["all", "one of its processes"])
def test_a_killed_screening_leaves_no_process_and_is_taken_up(killed, tmp_path):
    psutil = pytest.importorskip("psutil", reason="to see processes needs the extra dure[hub]")
    own, path, out = tmp_path / "laboratory.csv", tmp_path / "made.smi", tmp_path / "ranked.csv"
    own.write_text("SMILES,pIC50\n" + "\n".join(f"{smiles},{value}" for smiles, value in series()))
    path.write_text("\n".join(smiles for smiles, _value in 20 * series()))
    call = [str(path), "--target", "laboratory", "--compounds", str(own), "--out", str(out), "--show", "10"]
    command = [sys.executable, "-m", "dure.regions.chungcheong.drugs.screen", *call]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=os.environ | {"DURE_LANG": "en"}) as running:
        assert any("asked" in line for line in running.stderr)  # the first answers have come, the file is not read yet
        started = psutil.Process(running.pid).children()
        computing = [process for process in started if "spawn_main" in " ".join(process.cmdline())]
        if killed == "all":
            running.kill()
        else:
            computing[0].kill()
        messages = running.stderr.read()
        _ended, left = psutil.wait_procs(started, timeout=20)
    assert len(computing) == ranking.Limits().jobs
    assert left == []
    assert not out.exists()
    if killed != "all":
        assert running.returncode == 2
        assert "a process was ended from outside" in messages
        assert "Traceback" not in messages
    done = CliRunner().invoke(screen_command, call)
    assert done.exit_code == 0, done.output
    assert pl.read_csv(out).height == 10


def test_a_screening_is_a_command_that_leaves_one_table(tmp_path):
    own, path, out = tmp_path / "laboratory.csv", tmp_path / "made.csv", tmp_path / "ranked.csv"
    own.write_text("SMILES,pIC50\n" + "\n".join(f"{smiles},{value}" for smiles, value in series()))
    salts = [f"{smiles}.Cl" if n % 2 else smiles for n, (smiles, _value) in enumerate(series())]
    path.write_text("smiles,name\n" + "\n".join(f"{smiles},a{n}" for n, smiles in enumerate(salts)))
    call = [
        str(path),
        "--target",
        "laboratory",
        "--compounds",
        str(own),
        "--out",
        str(out),
        "--keep",
        "60",
        "--show",
        "30",
    ]
    done = CliRunner().invoke(screen_command, call)
    assert done.exit_code == 0, done.output
    ranked = pl.read_csv(out)
    assert ranked.height == 30
    assert ranked["line"].min() > 1  # the headers are no molecule
    assert ranked["smiles"][0] == salts[ranked["line"][0] - 2]
    assert ranked["similarity"].to_list() == [1.0] * 30  # a salt is asked without its counter-ion
    assert {file.name for file in tmp_path.iterdir()} == {"laboratory.csv", "made.csv", "ranked.csv"}
    done = CliRunner().invoke(screen_command, [*call[:2], "laboratry", *call[3:]])
    assert (done.exit_code, "laboratory" in done.output) == (2, True)
    done = CliRunner().invoke(screen_command, [*call, "--jobs", "0"])
    assert (done.exit_code, "--jobs" in done.output) == (2, True)
    path.write_text("nothing to see\n")
    done = CliRunner().invoke(screen_command, call)
    assert (done.exit_code, "no line begins with a molecule" in done.output) == (2, True)
    assert {file.name for file in tmp_path.iterdir()} == {"laboratory.csv", "made.csv", "ranked.csv"}


# ---- pictures ---------------------------------------------------------------------------------------------------------------


def test_figures_draw_one_molecule_and_a_list(rounds, tmp_path):
    pytest.importorskip("altair", reason="figures need the extra dure[figures]")
    from dure.report import charts

    method = BUILDERS["nearest_compound"](rounds[0].history, 0, Work(folder=tmp_path))
    for place in (0, 1):
        case = rounds[0].cases[place]
        answers = {"nearest_compound": method(case.request)}
        assert charts.svg(PROJECT.figure(case.request, answers, case.truth, None)).startswith("<svg")
        assert charts.svg(PROJECT.figure(case.request, answers, None, None)).startswith("<svg")


def test_a_drawing_has_a_line_a_bond_and_two_for_a_double_one():
    bonds, atoms = chart.drawing("C[N+](C)(C)CC=O")
    assert bonds.height == 7
    assert atoms["text"].to_list() == ["N+", "O"]
    styles = chart.drawing("C[C@H](N)O")[0]["style"].to_list()
    assert {"wedge", "dash"} & set(styles)


def test_an_answer_is_kept_as_a_ranked_table_and_said(rounds, tmp_path):
    method = BUILDERS["nearest_compound"](rounds[0].history, 0, Work(folder=tmp_path))
    request = rounds[0].cases[0].request
    for ending in (".csv", ".xlsx"):
        PROJECT.saves[ending](request, method(request), tmp_path / f"ranked{ending}")
    ranked = pl.read_csv(tmp_path / "ranked.csv")
    assert ranked.height == len(request.molecules)
    assert ranked["potency"].is_sorted(descending=True)
    assert "laboratory" in PROJECT.says(request, method(request))
