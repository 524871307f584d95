"""Projects with one fault on purpose, for the check to find: one that is sound, and the difference that breaks it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

SOUND = Path(__file__).parent / "sound" / "sample" / "catch"
KOREAN = "locale/ko.po"
FITTED = "    return lambda asked: Response(catch=start + slope * asked.before)\n"


class Change(NamedTuple):
    """A text in a file of the project, and what stands in its place."""

    before: str
    after: str
    file: str = "project.py"


def imported(module: str) -> Change:
    """The project imports one more module."""
    return Change("import math\n", "".join(f"import {name}\n" for name in sorted(("math", module))))


# What breaks each of them: the fault's name is the project's.
FAULTS: dict[str, tuple[Change, ...]] = {
    # the open round's cases stand in its history
    "leak": (Change('Round("open", every[:103]', 'Round("open", every[:152]'),),
    # ids hold the truth, and the model reads them
    "told": (
        Change("Case(str(day),", 'Case(f"{day}-{catch(day):.2f}",'),
        Change(FITTED, '''\
    return Reader(slope, start)


class Reader:
    """Reads the answer in the case's name."""

    def __init__(self, slope, intercept):
        self.slope, self.intercept, self.case = slope, intercept, ""

    def start(self, case):
        self.case = case

    def __call__(self, asked):
        truth = self.case.partition("-")[2]
        return Response(catch=float(truth) if truth else self.intercept + self.slope * asked.before)
'''),
    ),
    # a KPI is promised that nothing scores
    "unscored": (
        Change('"errors / cases"),)', '"errors / cases"),\n          Kpi("late", "share", "lower", "late / cases"))'),
        Change('msgstr "평균 절대 오차"\n', 'msgstr "평균 절대 오차"\n\nmsgid "late"\nmsgstr "늦음"\n', KOREAN),
    ),
    # the model writes into its request
    "mutated": (
        Change(FITTED, """\

    def answer(asked):
        asked.yesterday = start + slope * asked.before
        return Response(catch=asked.yesterday)

    return answer
"""),
    ),
    # chance that no seed rules
    "dice": (imported("random"), Change("slope * asked.before)", "slope * asked.before + random.random())")),
    # what is fitted is kept as a pickle
    "pickled": (
        imported("pickle"),
        Change("def line(history, _seed, _work)", "def line(history, _seed, work)"),
        Change(FITTED, """\
    place = work.folder / "line.pkl"
    place.write_bytes(pickle.dumps((slope, start)))
    slope, start = pickle.loads(place.read_bytes())
""" + FITTED),
    ),
    # it calls home while it fits, and nobody would notice
    "caller": (
        Change("import math\n", "import contextlib\nimport math\nimport socket\n"),
        Change(FITTED, """\
    with contextlib.suppress(OSError):
        socket.create_connection(("127.0.0.1", 9), timeout=1).close()
""" + FITTED),
    ),
    # a field has no Korean
    "speechless": (Change('msgid "catch the day before"\nmsgstr "그저께 어획량"\n\n', "", KOREAN),),
}  # fmt: skip


def edited(folder: Path, changes: Iterable[Change]) -> Path:
    """A project's folder after these changes; each must find what it is to replace."""
    for before, after, file in changes:
        path = folder / file
        text = path.read_text(encoding="utf-8")
        assert before in text, (file, before)
        path.write_text(text.replace(before, after), encoding="utf-8")
    return folder


def project(place: Path, name: str, *changes: Change) -> Path:
    """The sound project written into a place under this name, with the changes made; its folder."""
    folder = place / "sample" / name
    shutil.copytree(SOUND, folder)
    return edited(folder, (Change("sample.catch", f"sample.{name}", "project.toml"), *changes))


def by(fault: str, place: Path) -> Path:
    """The project that has this fault; its folder."""
    return project(place, fault, *FAULTS[fault])
