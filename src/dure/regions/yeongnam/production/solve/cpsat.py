"""Constraint programming: OR-Tools CP-SAT as its best users set it up, alone as a rival and beside our own searches.

The model is the usual one of intervals (Laborie 2018, CPAIOR); sequence-dependent set-ups are a circuit a machine. The copies
of an operation on its machines share one start, and its end is a sum over their literals: own starts and a master interval
came out no better on three flexible shops.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import ceil
from typing import TYPE_CHECKING, Any

from ..model.plan import Plan, value

if TYPE_CHECKING:
    from ortools.sat.python import cp_model

    from ..model.shop import Aim, Ints, Shop

STEPS = 400.0  # million steps of our own search that stand for a deterministic second: as long, or less
WORKERS = 8
# Under a deterministic limit two full searches without linear programming and the searches of neighbourhoods that CP-SAT adds
# by itself take turns in batches (`interleave_search`); fixed numbers, or the same seed would search another way. Picked of
# 19 recipes on orb01, la29, la38, abz7, abz8, swv06 and yn1 with one seed: the eight searches that CP-SAT picks for itself come
# to a gap more than twice as large at the same processor time.
TURNS, SEARCHES = 16, ("no_lp", "no_lp_too")
SECOND = 'subsolver_params { name: "no_lp_too" linearization_level: 0 cp_model_probing_level: 0 }'
PROBING = 0.05  # of the limit, at most: by itself CP-SAT probes a large shop for as long as it may search
MOST_OPERATIONS = 20_000  # a larger shop keeps the rule's plan
MOST_ARCS = 200_000  # pairs of operations with a set-up between them: about 800 MB and 7 s to build


def fits(shop: Shop) -> bool:
    """Whether a shop is small enough for a model: its operations, and its pairs of them with a set-up between."""
    import numpy as np

    able = np.bincount(shop.machine, minlength=len(shop.table))
    changing = shop.change.max(axis=(1, 2))[shop.table] > 0
    return len(shop.job) <= MOST_OPERATIONS and int((able**2 * changing).sum()) <= MOST_ARCS


def solved(
    shop: Shop,
    aim: Aim,
    known: Plan | None,
    *,
    seconds: float | None = None,
    deterministic: float | None = None,
    seed: int = 0,
    workers: int = WORKERS,
) -> tuple[Plan | None, int | None]:
    """The best plan found and a proved lower bound of the objective; None for what was not found.

    Parameters
    ----------
    shop
        One that `fits`.
    known
        A plan to start from: the hint, and no worse plan is looked for.
    seconds, deterministic
        Time, or CP-SAT's deterministic seconds under which the same seed gives the same plan.
    workers
        Threads of a search that is given seconds.
    """
    from ortools.sat.python import cp_model

    model = model_of(shop, aim, known)
    solver = cp_model.CpSolver()
    parameters = solver.parameters
    parameters.random_seed, parameters.num_workers = seed, workers
    if seconds is not None:
        parameters.max_time_in_seconds = seconds
        parameters.presolve_probing_deterministic_time_limit = PROBING * seconds
    if deterministic is not None:
        parameters.max_deterministic_time = deterministic
        parameters.presolve_probing_deterministic_time_limit = PROBING * deterministic
        parameters.interleave_search, parameters.interleave_batch_size = True, TURNS
        parameters.merge_text_format(SECOND)
        parameters.num_workers = len(SEARCHES)
        parameters.subsolvers.extend(SEARCHES)
    status = solver.solve(model.cp)
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return None, None
    return _plan(model, solver), ceil(solver.best_objective_bound - 1e-5)  # a whole number but for its last digits


@dataclass
class Model:
    """A CP-SAT model in the making.

    Attributes
    ----------
    reference
        The known plan, with which every variable is hinted where it is `hinted`.
    horizon
        By when everything is done.
    start, end
        (n,) of each operation: a number, a variable or an expression.
    on
        (n,) by machine: a literal, or 1 where there is no choice.
    """

    shop: Shop
    cp: cp_model.CpModel
    reference: Plan
    hinted: bool
    horizon: int
    start: list[Any] = field(default_factory=list)
    end: list[Any] = field(default_factory=list)
    on: list[dict[int, Any]] = field(default_factory=list)

    def number(self, low: int, high: int, hint: int) -> Any:
        """A whole number between two others."""
        variable = self.cp.new_int_var(int(low), int(high), "")
        if self.hinted:
            self.cp.add_hint(variable, int(hint))
        return variable

    def literal(self, hint: bool) -> Any:  # noqa: FBT001  # as it is named
        """Something that is true or not."""
        variable = self.cp.new_bool_var("")
        if self.hinted:
            self.cp.add_hint(variable, bool(hint))
        return variable


def model_of(shop: Shop, aim: Aim, known: Plan | None) -> Model:
    """The shop as a CP-SAT model, hinted with a known plan."""
    from ortools.sat.python import cp_model

    latest = _latest(shop, aim, known)
    reference = Plan(shop.pin, shop.pinned, shop.pinned) if known is None else known
    model = Model(shop, cp_model.CpModel(), reference, known is not None, int(latest.max()))
    able = defaultdict(list)
    for o in range(len(shop.job)):
        _operation(model, o, int(latest[o]))
        for m in model.on[o]:
            able[m].append(o)
    for m, operations in able.items():
        _machine(model, m, operations)
    model.cp.minimize(_objective(model, aim))
    return model


def _latest(shop: Shop, aim: Aim, known: Plan | None) -> Ints:
    """(n,) by when each operation ends in some best plan.

    That is no worse than the known one, and ends by the horizon: later than all releases, closed times, pins and starts in
    the plan in force, some machine always works in a plan whose operations cannot begin earlier.
    """
    import numpy as np

    most = np.maximum.reduceat(shop.minutes, shop.option[:-1])
    stands = [shop.now, shop.release.max(), shop.pinned.max(), shop.began.max(), shop.closed[:, 1].max(initial=0)]
    ends = np.full(len(shop.release), max(stands) + most.sum() + len(most) * shop.change.max())
    if known is not None:
        reached = value(shop, known, aim)
        if aim.makespan:
            ends = np.minimum(ends, reached // aim.makespan)
        if aim.late:
            dear = np.maximum(1, aim.late * shop.weight)
            ends = np.where(shop.weight > 0, np.minimum(ends, np.maximum(0, shop.due) + reached // dear), ends)
    since = np.concatenate([[0], np.cumsum(np.minimum.reduceat(shop.minutes, shop.option[:-1]))])
    return ends[shop.job] - (since[shop.first[shop.job + 1]] - since[1:])


def _operation(model: Model, o: int, latest: int) -> None:
    """Start, end and machine of an operation, behind the one before it in its job."""
    shop, reference, j = model.shop, model.reference, int(model.shop.job[o])
    choices = slice(shop.option[o], shop.option[o + 1])
    minutes = dict(zip(shop.machine[choices].tolist(), shop.minutes[choices].tolist(), strict=True))
    start: Any = int(shop.pinned[o])
    if shop.pin[o] >= 0:
        minutes = {int(shop.pin[o]): minutes[int(shop.pin[o])]}
    else:
        start = model.number(max(int(shop.release[j]), shop.now), latest - min(minutes.values()), reference.start[o])
    on: dict[int, Any] = dict.fromkeys(minutes, 1)
    if len(minutes) > 1:
        on = {m: model.literal(reference.machine[o] == m) for m in minutes}
        model.cp.add_exactly_one(on.values())
    same = len(set(minutes.values())) == 1
    takes = min(minutes.values()) if same else sum(minutes[m] * chosen for m, chosen in on.items())
    if o > shop.first[j]:
        model.cp.add(start >= model.end[o - 1])
    model.start.append(start)
    model.end.append(start + takes)
    model.on.append(on)


def _machine(model: Model, m: int, operations: Sequence[int]) -> None:
    """One thing at a time on a machine: operations with their set-ups, and closed times."""
    import numpy as np

    shop, cp = model.shop, model.cp
    able = {o: c for o in operations for c in range(shop.option[o], shop.option[o + 1]) if shop.machine[c] == m}
    minutes = {o: int(shop.minutes[c]) for o, c in able.items()}
    closed = shop.closed[shop.shut[m] : shop.shut[m + 1]].tolist()
    working = [o for o in operations if minutes[o]]
    families = shop.family[working]
    changes = {}
    if shop.change[shop.table[m]][np.ix_(families, families)].any():
        changes = _circuit(model, m, {o: minutes[o] for o in working})
    if not closed and len(working) == len(operations):
        changes = {}  # nothing can come between: the circuit keeps operations apart
    blocks = [cp.new_fixed_size_interval_var(start, end - start, "") for start, end in closed]
    for o in operations:
        start, size, on = model.start[o], minutes[o], model.on[o][m]
        if o in changes:
            blocks.append(_with_set_up(model, m, o, size, *changes[o]))
        else:
            blocks.append(cp.new_optional_fixed_size_interval_var(start, size, on, ""))
    cp.add_no_overlap(blocks)


def _with_set_up(model: Model, m: int, o: int, size: int, change: Any, hint: int) -> Any:
    """An operation and the set-up before it in one piece."""
    longest = int(model.shop.change[model.shop.table[m]].max())
    soonest = 0 if model.shop.pin[o] >= 0 else model.shop.now
    begin = model.number(soonest, model.horizon, model.reference.start[o] - hint)
    length = model.number(size, size + longest, size + hint)
    model.cp.add(length == change + size)
    return model.cp.new_optional_interval_var(begin, length, model.start[o] + size, model.on[o][m], "")


def _circuit(model: Model, m: int, minutes: dict[int, int]) -> dict[int, tuple[Any, int]]:
    """The order of operations on a machine as a circuit through node 0, where it begins and ends.

    Returns the minutes of set-up before each, as an expression and in the known plan.
    """
    shop, reference, cp = model.shop, model.reference, model.cp
    table = shop.change[shop.table[m]]
    sequence = sorted((o for o in minutes if reference.machine[o] == m), key=lambda o: reference.start[o])
    follows = set(pairwise([-1, *sequence, -1]))
    arcs = [(0, 0, model.literal(not sequence))]
    spent: dict[int, list[Any]] = {o: [] for o in minutes}
    known = dict.fromkeys(minutes, 0)
    for i, o in enumerate(minutes, 1):
        arcs += [(0, i, model.literal((-1, o) in follows)), (i, 0, model.literal((o, -1) in follows))]
        if not isinstance(model.on[o][m], int):
            arcs.append((i, i, ~model.on[o][m]))
        for k, after in enumerate(minutes, 1):
            if i == k:
                continue
            change, arc = int(table[shop.family[o], shop.family[after]]), model.literal((o, after) in follows)
            arcs.append((i, k, arc))
            free = model.start[o] + minutes[o]
            if shop.pin[o] >= 0 and shop.pin[after] < 0:
                free = max(shop.now, free)
            cp.add(model.start[after] >= free + change).only_enforce_if(arc)
            if change:
                spent[after].append(change * arc)
                known[after] += change * ((o, after) in follows)
    cp.add_circuit(arcs)
    return {o: (sum(spent[o]), known[o]) for o in minutes}


def _objective(model: Model, aim: Aim) -> Any:
    """Makespan, weighted tardiness and moved operations, as they count."""
    shop, reference, cp = model.shop, model.reference, model.cp
    ends = {j: (model.end[o - 1], reference.end[o - 1]) for j, o in enumerate(shop.first[1:].tolist())}
    terms: list[Any] = []
    if aim.makespan:
        makespan = model.number(0, model.horizon, reference.end.max())
        for end, _known in ends.values():
            cp.add(makespan >= end)
        terms.append(aim.makespan * makespan)
    for j, (end, known) in ends.items():
        if aim.late and shop.weight[j]:
            due = int(shop.due[j])
            late = model.number(0, max(0, model.horizon - due), max(0, known - due))
            cp.add(late >= end - due)
            terms.append(int(aim.late * shop.weight[j]) * late)
    if aim.move:
        terms += [aim.move * _moved(model, o) for o in range(len(shop.job)) if shop.old[o] >= 0]
    return sum(terms)


def _moved(model: Model, o: int) -> Any:
    """Whether an operation is elsewhere than in the plan in force; may be true of one that is not."""
    m, began = int(model.shop.old[o]), int(model.shop.began[o])
    on = model.on[o].get(m, 0)
    stays = model.literal((model.reference.machine[o], model.reference.start[o]) == (m, began))
    model.cp.add_implication(stays, on)
    model.cp.add(model.start[o] == began).only_enforce_if(stays)
    return ~stays


def _plan(model: Model, solver: cp_model.CpSolver) -> Plan:
    """The solver's plan."""
    import numpy as np

    shop = model.shop
    start = np.array([solver.value(variable) for variable in model.start])
    machine = np.array([next(m for m, chosen in on.items() if solver.value(chosen)) for on in model.on])
    able = machine[np.repeat(np.arange(len(start)), np.diff(shop.option))] == shop.machine
    return Plan(machine, start, start + shop.minutes[able])
