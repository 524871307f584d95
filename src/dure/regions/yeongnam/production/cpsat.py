"""Constraint programming: OR-Tools CP-SAT, started from the best rule's plan under a budget of deterministic work."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .forms import Placed, Request, Response, changes
from .rules import best_plan, merged, objective

if TYPE_CHECKING:
    from ortools.sat.python import cp_model

    from dure import Work

BUDGET = 0.8  # CP-SAT's deterministic seconds: 15 jobs on 15 machines take about 8 seconds of processor time
# Fixed numbers, or the same seed would search another way. Two restarting searches without linear programming, and the
# neighbourhood searches that CP-SAT adds by itself, take turns in batches. Picked as the best of about 20 recipes on four open
# instances (orb01, la21, la38, abz7) with one seed: mean gap 1.5 %, CP-SAT's own eight workers at about the same cost 7.2 %.
# A pick flatters itself: what the recipe is worth is what the sealed rounds say.
WORKERS, TURNS, SEARCHES = 2, 8, ("quick_restart_no_lp", "no_lp")
MOST_OPERATIONS = 20_000  # a larger shop keeps the rule's plan
MOST_ARCS = 400_000  # pairs of operations with a set-up between them; more would not fit into memory


def cp_sat(history: Any, seed: int, work: Work) -> Callable[[Request], Response | None]:
    """OR-Tools CP-SAT, started from the best rule.

    Never worse than the rule: its plan is the hint, caps the horizon, and is the answer where nothing better is found. The
    search takes turns (`interleave_search`) under a deterministic limit, so that the same seed gives the same plan. The
    model is the usual one of intervals (Laborie 2018, CPAIOR); sequence-dependent set-ups are a circuit a machine.
    `work.budget` is in CP-SAT's deterministic seconds.
    """
    budget = BUDGET if work.budget is None else work.budget

    def plan(asked: Request) -> Response | None:
        known = best_plan(asked)
        placed, bound = solve(asked, known, budget, seed) if _fits(asked) else (None, None)
        if placed is None or (known is not None and objective(asked, known) < objective(asked, placed)):
            placed = known
        if placed is None:
            return None
        return Response(operations=placed, makespan=max(each.end for each in placed), lower_bound=bound)

    return plan


def solve(
    request: Request, known: Sequence[Placed] | None, budget: float, seed: int
) -> tuple[list[Placed] | None, int | None]:
    """The best plan found and a proved lower bound of the objective; None for what was not found."""
    from ortools.sat.python import cp_model

    built = model_of(request, known)
    solver = cp_model.CpSolver()
    parameters = solver.parameters
    parameters.max_deterministic_time, parameters.random_seed = budget, seed
    parameters.interleave_search, parameters.interleave_batch_size = True, TURNS
    parameters.num_workers = WORKERS
    parameters.subsolvers.extend(SEARCHES)
    status = solver.solve(built.model)
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return None, None
    bound = -int(-solver.best_objective_bound // 1)
    return built.plan(solver), bound


@dataclass(frozen=True)
class Built:
    """A model and where its answer stands.

    Attributes
    ----------
    model
        For the solver.
    start
        Of each (job, operation number).
    on
        Whether an operation is done on a machine: a literal, or 1 where there is no choice.
    """

    request: Request
    model: cp_model.CpModel
    start: dict[tuple[str, int], Any]
    on: dict[tuple[str, int], dict[str, Any]]

    def plan(self, solver: cp_model.CpSolver) -> list[Placed]:
        """The solver's plan."""
        placed = []
        for job in self.request.jobs:
            for number, operation in enumerate(job.operations, 1):
                key = (job.name, number)
                machine = next(name for name, chosen in self.on[key].items() if solver.value(chosen))
                start = solver.value(self.start[key])
                end = start + operation.machines[machine]
                placed.append(Placed(job=job.name, operation=number, machine=machine, start=start, end=end))
        return placed


def model_of(request: Request, known: Sequence[Placed] | None) -> Built:
    """The request as a CP-SAT model, hinted with a known plan."""
    from ortools.sat.python import cp_model

    model = cp_model.CpModel()
    horizon = _horizon(request, known)
    built = Built(request, model, {}, {})
    tasks: dict[str, list[Task]] = defaultdict(list)
    ends: dict[str, Any] = {}
    pins = {(pin.job, pin.operation): pin for pin in request.pins}
    for job in request.jobs:
        ready: Any = job.release
        for number, operation in enumerate(job.operations, 1):
            key, pin = (job.name, number), pins.get((job.name, number))
            machines = {pin.machine: operation.machines[pin.machine]} if pin else operation.machines
            low, high = (pin.start, pin.start) if pin else (job.release, horizon)
            start = built.start[key] = model.new_int_var(low, high, f"{job.name}/{number}")
            model.add(start >= ready)
            on = built.on[key] = {name: model.new_bool_var("") if len(machines) > 1 else 1 for name in machines}
            if len(machines) > 1:
                model.add_exactly_one(on.values())
                ready = start + sum(minutes * on[name] for name, minutes in machines.items())
            else:
                ready = start + next(iter(machines.values()))
            for name, minutes in machines.items():
                tasks[name].append(Task(start, minutes, on[name], operation.family))
        ends[job.name] = ready
    _machines(request, model, tasks, horizon)
    _aim(request, model, ends, horizon, known)
    _hint(built, known)
    return built


@dataclass(frozen=True)
class Task:
    """An operation on one machine that could do it."""

    start: Any
    minutes: int
    on: Any
    family: str


def _machines(request: Request, model: cp_model.CpModel, tasks: dict[str, list[Task]], horizon: int) -> None:
    """One thing at a time on each machine: operations with their set-ups, and closed times."""
    closed: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for each in request.closed:
        closed[each.machine].append((each.start, each.end))
    for name, mine in tasks.items():
        blocks = []
        for task, change in zip(mine, _changes(request, model, name, mine), strict=True):
            end = task.start + task.minutes
            begin = task.start if isinstance(change, int) else model.new_int_var(0, horizon, "")  # of the set-up
            blocks.append(model.new_optional_interval_var(begin, task.minutes + change, end, task.on, ""))
        blocks += [model.new_fixed_size_interval_var(start, end - start, "") for start, end in merged(closed[name])]
        model.add_no_overlap(blocks)


def _changes(request: Request, model: cp_model.CpModel, machine: str, tasks: Sequence[Task]) -> list[Any]:
    """Minutes of set-up before each task: what the task before it in the machine's circuit makes them."""
    families = {task.family for task in tasks if task.minutes}
    here = {
        pair: minutes for pair, minutes in changes(request, machine).items() if minutes and families.issuperset(pair)
    }
    if not here:
        return [0] * len(tasks)
    working = iter(_circuit(model, [task for task in tasks if task.minutes], here))
    return [next(working) if task.minutes else 0 for task in tasks]


def _circuit(model: cp_model.CpModel, tasks: Sequence[Task], minutes: dict[tuple[str, str], int]) -> list[Any]:
    """The order of tasks on a machine as a circuit through node 0, where it begins and ends."""
    longest, arcs = max(minutes.values()), []
    found = [model.new_int_var(0, longest, "") for _task in tasks]
    idle = model.new_bool_var("")
    arcs.append((0, 0, idle))
    for i, task in enumerate(tasks):
        first, last = model.new_bool_var(""), model.new_bool_var("")
        arcs += [(0, i + 1, first), (i + 1, 0, last)]
        model.add(found[i] == 0).only_enforce_if(first)
        if not isinstance(task.on, int):
            arcs.append((i + 1, i + 1, ~task.on))
            model.add(found[i] == 0).only_enforce_if(~task.on)
        for j, after in enumerate(tasks):
            if i == j:
                continue
            follows = model.new_bool_var("")
            change = minutes.get((task.family, after.family), 0)
            arcs.append((i + 1, j + 1, follows))
            model.add(found[j] == change).only_enforce_if(follows)
            model.add(after.start >= task.start + task.minutes + change).only_enforce_if(follows)
    model.add_circuit(arcs)
    return found


def _aim(
    request: Request, model: cp_model.CpModel, ends: dict[str, Any], horizon: int, known: Sequence[Placed] | None
) -> None:
    if request.objective == "makespan":
        makespan = model.new_int_var(0, horizon, "makespan")
        for end in ends.values():
            model.add(makespan >= end)
        if known is not None:
            model.add_hint(makespan, max(each.end for each in known))
        model.minimize(makespan)
        return
    late = []
    for job in request.jobs:
        if job.due is not None and job.weight:
            minutes = model.new_int_var(0, max(0, horizon - job.due), "")
            model.add(minutes >= ends[job.name] - job.due)
            late.append(job.weight * minutes)
        model.add(ends[job.name] <= horizon)
    model.minimize(sum(late))


def _hint(built: Built, known: Sequence[Placed] | None) -> None:
    for each in known or ():
        key = (each.job, each.operation)
        built.model.add_hint(built.start[key], each.start)
        for name, chosen in built.on[key].items():
            if not isinstance(chosen, int):
                built.model.add_hint(chosen, name == each.machine)


def _horizon(request: Request, known: Sequence[Placed] | None) -> int:
    """By when everything can be done: the known makespan, or one thing after the other once nothing stands in the way.

    Some best plan ends by then: later than all releases, closed times and pins, some machine always works in a plan that
    cannot be moved forward.
    """
    if known is not None and request.objective == "makespan":
        return max(each.end for each in known)
    last = [job.release for job in request.jobs] + [each.end for each in request.closed]
    last += [pin.start for pin in request.pins]
    work = sum(max(each.machines.values()) for job in request.jobs for each in job.operations)
    change = max((each.minutes for each in request.set_ups), default=0)
    return max(last) + work + change * sum(len(job.operations) for job in request.jobs)


def _fits(request: Request) -> bool:
    """Whether the shop is small enough for a model."""
    count: dict[str, int] = defaultdict(int)
    for job in request.jobs:
        for operation in job.operations:
            for machine in operation.machines:
                count[machine] += 1
    pairs = sum(n * n for n in count.values()) if request.set_ups else 0
    return sum(len(job.operations) for job in request.jobs) <= MOST_OPERATIONS and pairs <= MOST_ARCS
