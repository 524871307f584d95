"""Standard texts of shops: job shop, flexible job shop, and the files of LEKIN."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from dure import Opened, UserError, nearest, texts

from ..model.forms import Request

_ = texts(__file__)


class _Word(NamedTuple):
    """A word of a text and where it stands, counted from 1."""

    text: str
    line: int
    column: int


def is_standard(path: Path) -> bool:
    """Whether a file is a standard text: its first line is two or three numbers, or it names LEKIN's shops or jobs."""
    if path.suffix.lower() in (".fjs", ".jsp", ".jss", ".job", ".mch"):
        return True
    head = path.read_bytes()[:4000]
    if head.startswith((b"PK", b"\xd0\xcf")):
        return False
    lines = [line.strip() for line in head.decode("utf-8", errors="replace").splitlines() if line.strip()]
    lines = [line for line in lines if not line.startswith("#")] or [""]
    return bool(
        re.fullmatch(r"\d+\s+\d+(\s+\d+(\.\d+)?)?", lines[0]) or _is_lekin(head.decode("utf-8", errors="replace"))
    )


def opens(paths: Sequence[Path], given: Mapping[str, Any]) -> Opened:
    """Standard texts as a request; `given` holds fields of it that stand beside them.

    Job shop: `n m`, then a line a job with a machine (from 0) and its minutes for each operation. Flexible
    (Brandimarte 1993, Annals of Operations Research 41:157-183): a line a job with its number of operations, then for each
    how many machines can do it and these with their minutes; machines count from 1, or from 0 where a 0 stands. LEKIN
    (Pinedo, Scheduling, appendix): jobs (.job) and, beside them or under the same name, workcentres (.mch).

    Raises UserError with line and column.
    """
    written = {path: _text(path) for path in paths}
    jobs = [path for path, text in written.items() if not _is_machines(text)]
    shops = [path for path, text in written.items() if _is_machines(text)]
    if len(jobs) != 1 or len(shops) > 1:
        problem = _("one shop at a time: {files}", files=", ".join(path.name for path in paths))
        raise UserError(problem, cure=_("Give one file of jobs, and for LEKIN the file of its workcentres."))
    path, text = jobs[0], written[jobs[0]]
    if _is_lekin(text):
        sibling = path.with_suffix(".mch")
        shops = shops or ([sibling] if sibling.is_file() else [])
        fields = _lekin(path, text, shops[0] if shops else None)
    else:
        fields = _numbers(path, text)
    return Opened(Request.model_validate(fields | dict(given)))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        return path.read_text(encoding="cp949", errors="replace")


def _refused(path: Path, word: _Word, problem: str, cure: str = "") -> UserError:
    where = _("‘{file}’ line {line} column {column}", file=path.name, line=word.line, column=word.column)
    return UserError(problem, where=where, cure=cure)


# ---- numbers ------------------------------------------------------------------------------------------------------------


def _numbers(path: Path, text: str) -> dict[str, Any]:
    """A job shop or a flexible one: whichever its lines are."""
    lines = [
        [_Word(match[0], number, match.start() + 1) for match in re.finditer(r"\S+", line)]
        for number, line in enumerate(text.splitlines(), 1)
        if line.strip() and not line.lstrip().startswith("#")
    ]
    values = [[_whole(path, word, first=number == 0) for word in line] for number, line in enumerate(lines)]
    jobs, machines = values[0][:2]
    if len(lines) - 1 < jobs:
        last = lines[-1][-1]
        problem = _("{jobs} jobs are announced, but only {count} lines follow", jobs=jobs, count=len(lines) - 1)
        raise _refused(path, last, problem, _("Every job stands in a line of its own."))
    classic = path.suffix.lower() in (".jsp", ".jss") or _is_classic(values[1 : jobs + 1], machines)
    flexible = path.suffix.lower() == ".fjs" or len(values[0]) == 3 or not classic
    parse = _flexible if flexible else _classic
    routes = [
        parse(path, line, numbers) for line, numbers in zip(lines[1 : jobs + 1], values[1 : jobs + 1], strict=True)
    ]
    return _shop(path, machines, routes, flexible=flexible)


def _whole(path: Path, word: _Word, *, first: bool) -> int:
    if re.fullmatch(r"\d+", word.text) or (first and re.fullmatch(r"\d+\.\d+", word.text)):
        return int(float(word.text))
    raise _refused(
        path, word, _("‘{text}’ is not a whole number", text=word.text[:40]), _("Write whole minutes and machines.")
    )


def _is_classic(rows: Sequence[Sequence[int]], machines: int) -> bool:
    """Whether every line is pairs of a machine and minutes; a flexible one never is, but for the smallest."""
    return all(len(row) % 2 == 0 and row and all(machine <= machines for machine in row[::2]) for row in rows) and (
        any(len(row) == 2 * machines for row in rows)
    )


_Choice = tuple[int, int, _Word]  # machine, minutes, where the machine stands


def _classic(path: Path, line: Sequence[_Word], numbers: Sequence[int]) -> list[list[_Choice]]:
    if len(numbers) % 2:
        raise _refused(
            path, line[-1], _("a machine without its minutes"), _("Every operation is a machine and its minutes.")
        )
    return [[(numbers[at], numbers[at + 1], line[at])] for at in range(0, len(numbers), 2)]


def _flexible(path: Path, line: Sequence[_Word], numbers: Sequence[int]) -> list[list[_Choice]]:
    operations, at = [], 1
    for _operation in range(numbers[0]):
        end = at + 1 + 2 * (numbers[at] if at < len(numbers) else 1)
        if end > len(numbers):
            problem = _("the line ends before its {count} operations do", count=numbers[0])
            raise _refused(path, line[-1], problem, _("Compare the counts in the line with what stands in it."))
        operations.append([(numbers[k], numbers[k + 1], line[k]) for k in range(at + 1, end, 2)])
        at = end
    if at < len(numbers):
        problem = _("the line goes on after its {count} operations", count=numbers[0])
        raise _refused(path, line[at], problem, _("Compare the counts in the line with what stands in it."))
    return operations


def _shop(path: Path, machines: int, routes: list[list[list[_Choice]]], *, flexible: bool) -> dict[str, Any]:
    used = {machine for route in routes for choices in route for machine, _spent, _word in choices}
    first = int(0 not in used and (flexible or machines in used))
    for route in routes:
        for machine, _spent, word in (choice for choices in route for choice in choices):
            if not first <= machine < machines + first:
                problem = _("there is no machine {machine}: they are {first} to {last}",
                         machine=machine, first=first, last=machines + first - 1)  # fmt: skip
                raise _refused(path, word, problem, _("Correct it, or the number of machines in the first line."))
    names = [_name("M", number, machines) for number in range(1, machines + 1)]
    return {
        "machines": names,
        "jobs": [
            {
                "name": _name("J", number, len(routes)),
                "operations": [
                    {"machines": {names[machine - first]: spent for machine, spent, _word in choices}}
                    for choices in route
                ],
            }
            for number, route in enumerate(routes, 1)
        ],
    }


def _name(letter: str, number: int, count: int) -> str:
    return f"{letter}{number:0{max(2, len(str(count)))}d}"


# ---- LEKIN --------------------------------------------------------------------------------------------------------------


def _is_lekin(text: str) -> bool:
    return bool(re.search(r"^\s*(Shop|Job|Oper|Workcenter)\s*:", text, re.MULTILINE | re.IGNORECASE))


def _is_machines(text: str) -> bool:
    return bool(re.search(r"^\s*Workcenter\s*:", text, re.MULTILINE | re.IGNORECASE))


def _fields(text: str) -> list[tuple[str, _Word]]:
    """(name in lower case, its value) of every ``Name: value`` line; a line without a name goes on with the one before."""
    fields: list[tuple[str, _Word]] = []
    for number, line in enumerate(text.splitlines(), 1):
        named = re.match(r"\s*([A-Za-z]+)\s*:\s*(.*?)\s*$", line)
        if named:
            fields.append((named[1].lower(), _Word(named[2], number, named.start(2) + 1)))
        elif line.strip() and fields:
            name, value = fields[-1]
            fields[-1] = (name, value._replace(text=f"{value.text} {line.strip()}"))
    return fields


def _lekin(path: Path, text: str, shop: Path | None) -> dict[str, Any]:
    """Jobs with releases, due dates and weights; an operation's status is its family for set-ups."""
    centres, rest = _workcentres(shop) if shop else ({}, {"set_ups": [], "closed": []})
    jobs: list[dict[str, Any]] = []
    for name, word in _fields(text):
        if name == "job":
            jobs.append({"name": word.text or _name("J", len(jobs) + 1, 1), "operations": []})
        elif name in ("release", "due", "weight", "oper") and not jobs:
            raise _refused(
                path, word, _("this stands before the first job"), _("Begin every job with Job: and its name.")
            )
        elif name in ("release", "due", "weight"):
            jobs[-1][name] = _lekin_number(path, word, word.text)
        elif name == "oper":
            jobs[-1]["operations"].append(_oper(path, word, centres, known=shop is not None))
    machines = [machine for centre in centres.values() for machine in centre]
    families = {operation["family"] for job in jobs for operation in job["operations"]}
    rest["set_ups"] = [set_up for set_up in rest["set_ups"] if {set_up["before"], set_up["after"]} <= families]
    goal = "both" if any("due" in job for job in jobs) else "makespan"
    return {"machines": machines, "jobs": jobs, "objective": goal, **rest}


def _oper(path: Path, word: _Word, centres: dict[str, list[str]], *, known: bool) -> dict[str, Any]:
    parts = [part.strip() for part in word.text.split(";")]
    if len(parts) < 2:
        cure = _("An operation is written Oper: workcentre;minutes;status.")
        raise _refused(path, word, _("‘{text}’ is no operation", text=word.text[:40]), cure)
    if not known:
        centres.setdefault(parts[0], [parts[0]])
    if parts[0] not in centres:
        close = nearest(parts[0], list(centres))
        cure = _("Did you mean {name}?", name=close) if close else _("Name it in the file of workcentres.")
        raise _refused(path, word, _("there is no workcentre called {name}", name=parts[0]), cure)
    spent = _lekin_number(path, word, parts[1])
    return {"machines": dict.fromkeys(centres[parts[0]], spent), "family": parts[2] if len(parts) > 2 else ""}


def _lekin_number(path: Path, word: _Word, text: str) -> int:
    if not re.fullmatch(r"-?\d+(\.0+)?", text):
        raise _refused(
            path, word, _("‘{text}’ is not a whole number", text=text[:40]), _("LEKIN has whole numbers only.")
        )
    return int(float(text))


def _workcentres(path: Path) -> tuple[dict[str, list[str]], dict[str, Any]]:
    """Machines of every workcentre; their set-ups, and closed times up to their release."""
    centres: dict[str, list[str]] = {}
    set_ups: list[dict[str, Any]] = []
    release: dict[str, int] = {}
    pairs: dict[str, list[tuple[str, str, str]]] = {}
    centre = machine = ""
    for name, word in _fields(_text(path)):
        if name == "workcenter":
            centre, machine = word.text, ""
            centres[centre], pairs[centre] = [], []
        elif name == "machine" and centre:
            machine = word.text
            centres[centre].append(machine)
        elif name == "release" and centre:
            release[machine or centre] = _lekin_number(path, word, word.text or "0")
        elif name == "setup" and centre:
            pairs[centre] = re.findall(r"(\w+)\s*;\s*(\w+)\s*;\s*(\d+)", word.text)
    for centre, names in centres.items():
        names.extend([] if names else [centre])
        set_ups += [
            {"before": before, "after": after, "minutes": int(spent), "machine": name}
            for name in names
            for before, after, spent in pairs[centre]
        ]
    until = {name: release.get(name, release.get(centre, 0)) for centre, names in centres.items() for name in names}
    closed = [{"machine": name, "start": 0, "end": end} for name, end in until.items() if end > 0]
    return centres, {"set_ups": set_ups, "closed": closed}
