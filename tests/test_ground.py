"""The ground: walls between the rooms, the locks, what the command line loads, what the repository may say."""

import ast
import os
import re
import statistics
import subprocess
import sys
import time
import tokenize
import tomllib
from graphlib import CycleError, TopologicalSorter
from importlib import import_module
from importlib.metadata import packages_distributions
from itertools import chain
from pathlib import Path

import pytest

import dure

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "dure"
LOCKS = sorted(ROOT.glob("requirements*.lock"))
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
MADE = {".git", ".venv", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis", "__pycache__", "dist", "build"}
MOST_LAYERS = 14
MOST_LINES = {"source": 400, "compiled": 650, "tests": 800}
MOST_BODY = 50
MOST_UNTYPED = 300  # lines


def imports(path):
    """(module, names, is it at the top of the file?) of every import; relative ones start with dots."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((each.name, (), node in tree.body) for each in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or ""), tuple(each.name for each in node.names), node in tree.body


def project_files(package):
    """The code of the projects under `package`/regions, without their tests."""
    files = sorted(package.glob("regions/*/*/**/*.py"))
    return [path for path in files if "tests" not in path.relative_to(package).parts]


def library_files():
    """The code of the library: the package without the hub and the projects."""
    files = sorted(PACKAGE.rglob("*.py"))
    return [path for path in files if path.relative_to(PACKAGE).parts[0] not in ("hub", "regions")]


def over_the_wall(package):
    """Imports of projects that reach further than a project may."""
    shown = {"dure": {*dure.__all__, *(room.removeprefix("dure.") for room in dure.OPEN_ROOMS)}}
    shown |= {room: set(import_module(room).__all__) for room in dure.OPEN_ROOMS}
    for path in project_files(package):
        depth = len(path.relative_to(package / "regions").parts) - 2  # dots that stay inside the project's folder
        for module, names, _ in imports(path):
            dots = len(module) - len(module.lstrip("."))
            far = dots > depth
            secret = module in shown and not set(names) <= shown[module]
            inner = module.startswith("dure.") and module not in shown
            if far or secret or inner:
                yield f"{path.relative_to(package)} imports {module} {', '.join(names)}"


def test_a_project_imports_only_public_names():
    assert list(over_the_wall(PACKAGE)) == []


def test_the_wall_stops_what_it_should(tmp_path):
    project = tmp_path / "regions" / "jeju" / "garlic"
    project.mkdir(parents=True)
    lines = [
        "from dure import Project, Kpi",
        "from dure.report.charts import finished",
        "from .methods import rule",
        "from dure import trial",
        "import dure.hub.db.store",
        "from dure.regions.jeju.onion import history",
        "from ..onion import history",
        "from dure.tables.units import unit_of",
        "from dure.report.charts import _closed",
    ]
    (project / "project.py").write_text("\n".join(lines), encoding="utf-8")
    stopped = list(over_the_wall(tmp_path))
    words = ("trial", "hub", "regions", "..onion", "tables.units", "_closed")
    assert all(word in text for word, text in zip(words, stopped, strict=True))


def test_an_open_room_names_what_it_shows_and_the_page_on_the_walls_names_it():
    walls = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    for name in dure.OPEN_ROOMS:
        room_module = import_module(name)
        assert [one for one in room_module.__all__ if not hasattr(room_module, one)] == []
        assert f"`{name}`" in walls


def test_the_library_imports_neither_hub_nor_regions():
    reaching = [
        f"{path.relative_to(PACKAGE)} imports {module}"
        for path in library_files()
        for module, names, _ in imports(path)
        if re.match(r"(dure)?\.?(hub|regions)(\.|$)", module)
        or (module in {"dure", "."} and {"hub", "regions"} & set(names))
    ]
    assert reaching == []


@pytest.mark.slow
def test_the_library_imports_only_what_it_declares():
    def plain(requirement):
        return re.match(r"[\w-]+", requirement)[0].lower().replace("_", "-")

    core = {plain(each) for each in PYPROJECT["project"]["dependencies"]}
    figures = {plain(each) for each in PYPROJECT["project"]["optional-dependencies"]["figures"]}
    homes = packages_distributions()
    undeclared = []
    for path in library_files():
        for module, _, at_top in imports(path):
            top = module.split(".")[0]
            if not top or top == "dure" or top in sys.stdlib_module_names:
                continue
            allowed = core if at_top else core | figures
            if not {plain(home) for home in homes.get(top, [top])} & allowed:
                undeclared.append(f"{path.relative_to(PACKAGE)} imports {module}")
    # pydantic's own second half, and what reads vl-convert's module under its import name
    assert [each for each in undeclared if not each.endswith("pydantic_core")] == []


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_a_lock_names_no_host_and_hashes_everything(lock):
    text = lock.read_text(encoding="utf-8")
    assert "://" not in text
    assert "--find-links" not in text
    assert "index-url" not in text
    wishes = [block for block in re.split(r"\n(?=\S)", text) if not block.startswith("#")]
    assert len(wishes) > 20
    assert [block.splitlines()[0] for block in wishes if "--hash=sha256:" not in block or "==" not in block] == []


def test_the_locks_agree_and_hold_what_is_declared():
    def pins(lock):
        return set(re.findall(r"^([\w.-]+==[^ ]+(?: ; [^\\]+)?)", lock.read_text(encoding="utf-8"), re.MULTILINE))

    every = pins(ROOT / "requirements.lock")
    names = {re.split("==", pin)[0] for pin in every}
    # a marker of the core's lock may be wider in the other: compare name and version
    core = {pin.split(" ;")[0] for pin in pins(ROOT / "requirements-core.lock")}
    assert (
        core
        <= {pin.split(" ;")[0] for pin in every}
        <= {pin.split(" ;")[0] for pin in pins(ROOT / "requirements-dev.lock")}
    )
    declared = [*PYPROJECT["project"]["dependencies"], *chain(*PYPROJECT["project"]["optional-dependencies"].values())]
    wanted = {re.match(r"[\w-]+", each)[0] for each in declared} - {"dure"}
    assert wanted <= names


def our_text():
    """(path, text) of every text file of the repository that a person or machine did not make by running it."""
    for folder, folders, files in os.walk(ROOT):
        folders[:] = [name for name in folders if name not in MADE]
        for path in (Path(folder, name) for name in files):
            try:
                yield path.relative_to(ROOT), path.read_text(encoding="utf-8")
            except UnicodeDecodeError:
                continue


def test_no_text_names_a_package_index_or_a_place_on_one_machine():
    # pieced together, so that this file does not name them either
    words = ["py" + "pi.org", "python" + "hosted", "/ro" + "ot/", "/wo" + "rk/", "/op" + "t/", "extra-index" + "-url"]
    found = [f"{path}: {word}" for path, text in our_text() for word in words if word in text]
    assert found == []


HEAVY = [
    "polars",
    "numpy",
    "pydantic",
    "cryptography",
    "securesystemslib",
    "requests",
    "pooch",
    "jinja2",
    "docx",
    "altair",
    "ortools",
    "sklearn",
    "scipy",
    "pandas",
]


def test_the_command_line_loads_nothing_heavy():
    code = f"import sys, dure.cli.app; print(*[name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


@pytest.mark.alone
def test_help_starts_at_once():
    def seconds():
        began = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-c", "from dure.cli.app import main; main()", "--help"],
            capture_output=True,
            text=True,
            check=True,
        )
        assert "judge" in done.stdout
        return time.perf_counter() - began

    assert min(seconds() for _ in range(5)) < 0.3  # 0.13 s where it was written, two cores


# ---- rooms -----------------------------------------------------------------------------------------------------------


def modules():
    """Every module of the package by its name, tests left out."""
    files = [path for path in PACKAGE.rglob("*.py") if "tests" not in path.relative_to(PACKAGE).parts]
    return {
        ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__"): path
        for path in files
    }


def import_statements(node):
    """Every import below a node, those in functions too; not those for the type checker alone."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
            for other in child.orelse:
                yield from import_statements(other)
        elif isinstance(child, ast.Import | ast.ImportFrom):
            yield child
        else:
            yield from import_statements(child)


def imported(name, path, known):
    """The modules of the package that a module imports."""
    for node in import_statements(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)
            continue
        here = name.split(".") if path.name == "__init__.py" else name.split(".")[:-1]
        base = ".".join(here[: len(here) - node.level + 1]) if node.level else ""
        target = ".".join(filter(None, (base, node.module)))
        for alias in node.names:
            yield from [one for one in (f"{target}.{alias.name}", target) if one in known][:1]


def graph():
    """Module -> modules it imports."""
    known = modules()
    return {name: set(imported(name, path, known)) - {name, "dure"} for name, path in known.items()}


def room(name):
    """The part of the package that a module belongs to."""
    parts = name.split(".")
    if parts[1:2] == ["regions"]:
        return ".".join(parts[1:4])
    if parts[1:2] == ["hub"]:
        return ".".join(parts[1:3])
    return parts[1] if len(parts) > 1 else "dure"


def rooms_of(edges, named=room):
    """The graph of the rooms."""
    joined = {}
    for name, others in edges.items():
        joined.setdefault(named(name), set()).update(named(other) for other in others)
    return {one: others - {one} for one, others in joined.items()}


def test_no_circle_of_files_or_rooms():
    for edges in (graph(), rooms_of(graph())):
        try:
            order = tuple(TopologicalSorter(edges).static_order())
        except CycleError as error:
            pytest.fail(" -> ".join(error.args[1]))
        assert len(order) == len(edges)


def test_the_rooms_stand_on_few_layers():
    edges = rooms_of(graph(), lambda name: "hub" if re.match(r"hub(\.|$)", room(name)) else room(name))
    floor = {}
    for one in TopologicalSorter(edges).static_order():
        floor[one] = 1 + max((floor[other] for other in edges[one]), default=0)
    assert max(floor.values()) <= MOST_LAYERS  # hub on top, i18n at the bottom


def test_a_circle_is_found_in_a_function_too(tmp_path, monkeypatch):
    (tmp_path / "dure" / "one").mkdir(parents=True)
    (tmp_path / "dure" / "two.py").write_text("def late():\n    from dure.one import first\n", encoding="utf-8")
    (tmp_path / "dure" / "one" / "first.py").write_text("from dure import two\n", encoding="utf-8")
    (tmp_path / "dure" / "three.py").write_text(
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from dure import three\n", encoding="utf-8"
    )
    monkeypatch.setattr(sys.modules[__name__], "PACKAGE", tmp_path / "dure")
    edges = graph()
    assert edges["dure.three"] == set()
    with pytest.raises(CycleError):
        TopologicalSorter(edges).prepare()


def is_compiled(node):
    """Whether a function is compiled by numba (`inner` is yeongnam.production's own name for it)."""
    return any(ast.unparse(decorator).startswith(("inner", "njit")) for decorator in node.decorator_list)


@pytest.mark.slow
def test_functions_stay_short():
    lengths = {}
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = node.end_lineno - node.body[0].lineno + 1  # docstring included
                lengths[f"{path.relative_to(PACKAGE)}: {node.name}"] = 0 if is_compiled(node) else length
    assert [name for name, length in lengths.items() if length > MOST_BODY] == []
    counted = [length for length in lengths.values() if length]
    assert statistics.median(counted) <= 7
    assert statistics.quantiles(counted, n=20)[-1] <= 26


def test_files_stay_short():
    long = []
    for path in (*PACKAGE.rglob("*.py"), *(ROOT / "tests").rglob("*.py"), *(ROOT / "tools").rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        compiled = any(isinstance(node, ast.FunctionDef) and is_compiled(node) for node in ast.parse(text).body)
        kind = "tests" if "tests" in path.parts else "compiled" if compiled else "source"
        if (lines := text.count("\n")) > MOST_LINES[kind]:
            long.append(f"{path.relative_to(ROOT)}: {lines} lines")
    assert long == []


def untyped_lines(path):
    """The lines on which the type checker is told nothing: `Any`, `object`, typing's `cast`, an ignored complaint."""
    before = ""
    with path.open("rb") as source:
        for token in tokenize.tokenize(source.readline):
            loose = token.type == tokenize.NAME and token.string in {"Any", "object", "cast"} and before != "."
            if loose or (token.type == tokenize.COMMENT and "type: ignore" in token.string):
                yield token.start[0]
            before = token.string


def test_what_travels_has_a_type(tmp_path):
    """A dictionary of anything hides from the type checker what an author or a page does with it."""
    files = [path for path in modules().values() if path.relative_to(PACKAGE).parts[0] != "regions"]
    assert sum(len(set(untyped_lines(path))) for path in files) <= MOST_UNTYPED
    sample = tmp_path / "sample.py"
    sample.write_text(
        "x: Any = frame.cast(pl.Date)\n# Any object\ny = f(1)  # type: ignore[arg-type]\ndef g(a: object) -> Any: ...\n",
        encoding="utf-8",
    )
    assert sorted(set(untyped_lines(sample))) == [1, 3, 4]


@pytest.mark.slow
def test_no_pickle_eval_or_shell():
    banned = {"pickle", "cloudpickle", "joblib", "dill", "marshal", "shelve"}
    found = [
        f"{path.relative_to(PACKAGE)} imports {module}"
        for path in PACKAGE.rglob("*.py")
        if "tests" not in path.parts
        for module, _, _ in imports(path)
        if module.split(".")[0] in banned
    ]
    assert found == []  # eval, exec and shell=True are ruff's (S)


def test_the_changelog_opens_with_this_version():
    """A version that is not out yet is written as 0.2.0.dev0; one that is has its day."""
    lines = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8").splitlines()
    first, *closed = [line for line in lines if line.startswith("## ")]
    version, _, unreleased = dure.__version__.partition(".dev")
    assert re.fullmatch(
        rf"## Unreleased \({version}\)" if unreleased else rf"## {version} \(\d{{4}}-\d\d-\d\d\)", first
    )
    assert all(re.fullmatch(r"## \d+\.\d+\.\d+ \(\d{4}-\d\d-\d\d\)", line) for line in closed)


def test_the_document_checks_find_what_is_wrong(tmp_path):
    """The checker is broken on purpose before it is trusted."""
    sys.path.insert(0, str(ROOT / "tools"))
    try:
        import documents
    finally:
        sys.path.pop(0)
    (tmp_path / "docs").mkdir()
    (tmp_path / "Makefile").write_text("run:\n\ttrue\n", encoding="utf-8")
    page = "# One\n[a](docs/no.md) [b](#one) [c](#two)\n```sh\nmake run\nmake gold\ndure judge t.xlsx --trooth 실적\ndure juge\n```\n"
    (tmp_path / "README.md").write_text(page, encoding="utf-8")
    (tmp_path / "README.ko.md").write_text("# 하나\n", encoding="utf-8")
    assert [each.partition(": ")[2] for each in documents.links(tmp_path)] == [
        "there is no docs/no.md",
        "README.md has no heading #two",
    ]
    wrong = [each.rpartition(": ")[2] for each in documents.shown_commands(tmp_path)]
    assert wrong == ["no target gold", "no option --trooth", "no command juge"]
    assert len(list(documents.same_commands(tmp_path))) == 1

    package = tmp_path / "src"
    (package / "i18n" / "locale").mkdir(parents=True)
    (package / "one.py").write_text(
        '_("kept {name}", name=1)\n_("lost")\n_("현행")\n_("bent {name}", name=1)\n', encoding="utf-8"
    )
    po = 'msgid "kept {name}"\nmsgstr "{name|은/는} 그대로"\n\nmsgid "bent {name}"\nmsgstr "{nam}"\n\nmsgid "old"\nmsgstr "옛"\n'
    (package / "i18n" / "locale" / "ko.po").write_text(po, encoding="utf-8")
    assert [each.partition(": ")[2] for each in documents.korean(package)] == [
        "no Korean for 'lost'",
        "the Korean of 'bent {name}' fills nam, which the text does not have",
        "nothing says 'old' any more",
    ]


@pytest.mark.slow
def test_under_require_all_a_skip_is_a_failure(tmp_path):
    (tmp_path / "conftest.py").write_text((ROOT / "conftest.py").read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "test_one.py").write_text(
        "import pytest\ndef test_one():\n    pytest.skip('no mirror here')\n"
        "@pytest.mark.skip(reason='not now')\ndef test_two(): ...\ndef test_three(): ...\n",
        encoding="utf-8",
    )
    (tmp_path / "test_two.py").write_text("import pytest\npytest.importorskip('no_such_library')\n", encoding="utf-8")

    def run(require):
        command = [sys.executable, "-m", "pytest", "-rs", "-p", "no:cacheprovider", "--rootdir", tmp_path, tmp_path]
        done = subprocess.run(
            command,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "DURE_REQUIRE": require},
        )
        return done.returncode, done.stdout

    code, said = run("")
    assert code == 0
    assert "no mirror here" in said
    assert "1 passed, 3 skipped" in said
    code, said = run("all")
    assert code != 0
    assert "DURE_REQUIRE=all, and this was skipped: " in said
    assert "skipped in" not in said


# What a verdict, and what is said about a trial, is called in JSON, as far as nothing else is called so.
NOUN_KEYS = {
    "against", "block_word", "broken", "compared", "decides", "joined", "left_out", "looks", "more_blocks", "replay", "rerun_of",
    "resolution", "sampled", "site_word", "smaller", "unanswered_by", "unanswered_limit", "undo", "verdicts",
}  # fmt: skip


def keys_read(path):
    """Keys of the nouns by which a file reads a mapping: `x["undo"]`, `x.get("undo")`."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        key = node.slice if isinstance(node, ast.Subscript) else None
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "get"
            and node.args
        ):
            key = node.args[0]
        if isinstance(key, ast.Constant) and key.value in NOUN_KEYS:
            yield key.value


def test_the_nouns_are_read_by_their_own_room_alone(tmp_path):
    files = [
        path
        for path in sorted(PACKAGE.rglob("*.py"))
        if path.relative_to(PACKAGE).parts[0] not in ("record", "regions")
    ]
    # what was asked of a run and what a report shows have such names of their own
    own = {("hub/workers/job_process.py", "looks"), ("report/model_card.py", "left_out")}
    found = {(path.relative_to(PACKAGE).as_posix(), key) for path in files for key in keys_read(path)}
    assert found - own == set()
    (tmp_path / "a.py").write_text(
        "x = verdict['undo'] or verdict.get('rare') or about.get('looks', 0)\n", encoding="utf-8"
    )
    assert list(keys_read(tmp_path / "a.py")) == ["undo", "looks"]
