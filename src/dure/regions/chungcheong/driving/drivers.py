"""The drivers of the regulation and of the literature, each a rule from what is seen to the acceleration wanted.

A rule is handed the request's columns and its memory, a dictionary of columns that is empty at the start of a case.

References
----------
[1] UN Regulation No. 157 (Automated Lane Keeping Systems), 5.2.5.2 and the annex on critical scenarios (performance models).
[2] K. Mattas, G. Albano, R. Donà et al. (2022), Driver models for the definition of safety requirements of automated vehicles in
    international regulations. Accident Analysis & Prevention 174, 106743.
[3] S. Shalev-Shwartz, S. Shammah, A. Shashua (2017), On a Formal Model of Safe and Scalable Self-driving Cars. arXiv:1708.06374.
[4] M. Treiber, A. Hennecke, D. Helbing (2000), Congested traffic states in empirical observations and microscopic simulations.
    Physical Review E 62, 1805.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from .forms import EACH, FULL, SLOTS, STEP, Request, Response, columns
from .world import JERK

if TYPE_CHECKING:
    from dure import Case, Method, Work

Array = np.ndarray
Memory = dict[str, Array]
Rule = Callable[[Mapping[str, Array], Memory], Array]
REACTION = 0.75  # s, [1] and [2]
RISK = 0.4  # s, risk evaluation before the reaction, [1]
TINY = 1e-9


class Driver:
    """A rule as a method of Dure: one question after the other, or thousands of cases as columns."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self.memory: Memory = {}

    def start(self, _case_id: str) -> None:
        """Memory begins here."""
        self.memory = {}

    def start_many(self, _case_ids: Sequence[str]) -> None:
        """The same for cases that are played together."""
        self.memory = {}

    def __call__(self, request: Request) -> Response:
        """The acceleration wanted for one request."""
        return Response(acceleration=float(_able(self.rule(columns(request), self.memory))[0]))

    def many(self, seen: Mapping[str, Array]) -> dict[str, Array]:
        """The accelerations wanted, a row a case; 0 in a case with nothing around, which is settled and costs nothing."""
        going = ~np.isnan(np.array([seen[name] for name in seen if name.startswith("gap_")])).all(axis=0)
        memory = {name: values[going] for name, values in self.memory.items()}
        wanted = np.zeros(going.shape)
        wanted[going] = _able(self.rule({name: np.asarray(values)[going] for name, values in seen.items()}, memory))
        for name, values in memory.items():
            self.memory.setdefault(name, np.zeros(going.shape, dtype=values.dtype))[going] = values
        return {"acceleration": wanted}


def _able(wanted: Array) -> Array:
    """A wish within what a car can do."""
    return np.clip(wanted, -FULL, 3.0)


class Around:
    """The vehicles around as arrays (slot, case), with what every rule needs of them."""

    def __init__(self, seen: Mapping[str, Array]) -> None:
        slots = next((slot for slot in range(SLOTS) if f"gap_{slot}" not in seen), SLOTS)
        self.gap, self.speed, self.acceleration, self.offset, self.drift, self.length, self.width = (
            np.array([seen[f"{name}_{slot}"] for slot in range(slots)], dtype=float) for name in EACH
        )
        self.own = np.asarray(seen["own_speed"], dtype=float)
        self.own_acceleration = np.asarray(seen["own_acceleration"], dtype=float)
        self.lengths = self.length + seen["own_length"]
        self.there = ~np.isnan(self.gap)
        self.side = self.offset - (self.width + seen["own_width"]) / 2  # free distance across, negative: overlap
        self.coming = np.where(self.there, np.maximum(-self.drift, 0.0), 0.0)
        self.closing = np.where(self.there, self.own - self.speed, 0.0)
        self.ahead = self.there & (self.gap > 0)
        self.inside = self.there & (self.side <= TINY)

    def time_to_collision(self) -> Array:
        """Seconds until the gap is closed at these speeds; infinite where it opens."""
        return np.where(self.ahead & (self.closing > 0), self.gap / np.maximum(self.closing, TINY), np.inf)

    def before_inside(self) -> Array:
        """Seconds until the bodies overlap across the road at this drift; 0 inside, infinite for one that does not come."""
        coming = np.where(self.coming > 0, np.maximum(self.side, 0.0) / np.maximum(self.coming, TINY), np.inf)
        return np.where(self.inside, 0.0, coming)


def since(memory: Memory, name: str, holds: Array, *, latch: bool) -> Array:
    """Seconds since `holds` became true in each case, negative infinity before; `latch`: for good, else while it holds."""
    count = memory.get(name)
    count = np.full(holds.shape, -1) if count is None else count
    going = (count >= 0) | holds if latch else holds
    memory[name] = np.where(going, count + 1, -1)
    return np.where(memory[name] >= 0, memory[name] * STEP, -np.inf)


def building_up(around: Around, target: Array | float) -> Array:
    """Braking towards `target` (m/s2, positive) as fast as JERK allows; letting go at once."""
    return np.maximum(-np.asarray(target), around.own_acceleration - JERK * STEP)


# ---- rules --------------------------------------------------------------------------------------------------------------


def human_rule(seen: Mapping[str, Array], memory: Memory) -> Array:
    """Competent and careful human driver [1].

    Risk is seen where the bodies overlap across the road with a time to collision of 2 s or less, or where a vehicle ahead has
    braked with 5 m/s2 for 0.4 s. 0.75 s on the released pedal (0.4 m/s2), then JERK up to full braking. Perception (0.375 m off
    its line, and 0.4 s) is over before the bodies overlap for every lateral speed up to 3 m/s.
    """
    around = Around(seen)
    braking = around.inside & around.ahead & (around.acceleration <= -5.0) & (around.closing > -TINY)
    alarmed = since(memory, "braking", braking.any(axis=0), latch=False) >= RISK - TINY
    near = around.inside & (around.time_to_collision() <= 2.0)
    waited = since(memory, "risk", near.any(axis=0) | alarmed, latch=True)
    return np.where(waited >= REACTION - TINY, building_up(around, FULL), np.where(waited >= 0, -0.4, 0.0))


def intrusion_rule(seen: Mapping[str, Array], memory: Memory) -> Array:
    """Braking at lane intrusion [1, 5.2.5.2]: 6 m/s2 after 0.35 s.

    Collisions must be avoided where the time to collision at lane intrusion (0.3 m beyond the marking, so 0.5 m before the bodies
    overlap in a lane of 3.5 m) exceeds v_rel / (2 x 6 m/s2) + 0.35 s. The 0.35 s are taken as 0.2 s without braking
    and the build-up of 6 m/s2 in 0.47 s.
    """
    around = Around(seen)
    intrudes = around.ahead & (around.closing > 0) & (around.side <= 0.5 + TINY)
    waited = since(memory, "intrusion", intrudes.any(axis=0), latch=True)
    danger = (around.ahead & (around.closing > 0)).any(axis=0)
    return np.where((waited >= 0.2 - TINY) & danger, building_up(around, 6.0), 0.0)


RSS_WAIT, RSS_BRAKING = 0.2, 7.1  # s, m/s2: left open by the papers; taken so that the counts of the grid come out


def rss_rule(seen: Mapping[str, Array], memory: Memory) -> Array:
    """Responsibility-sensitive safety, definitions 1 and 6 of [3] with the numbers of [2].

    Dangerous where the vehicle is nearer than both safe distances: reaction 0.75 s, acceleration 3 and braking 6 m/s2 along the road;
    margin 0.3 m, acceleration 0.2 and braking 0.8 m/s2 across.
    """
    around, rho, up, down = Around(seen), REACTION, 3.0, 6.0
    later = around.own + rho * up
    along = around.own * rho + up * rho**2 / 2 + later**2 / (2 * down) - around.speed**2 / (2 * down)
    drift, faster = around.coming, around.coming + rho * 0.2
    across = 0.3 + rho * rho * 0.2 / 2 + (rho * 0.2) ** 2 / 1.6 + (drift + faster) / 2 * rho + faster**2 / 1.6
    moving_in = (drift > 0) | around.inside
    dangerous = around.ahead & (around.gap < along) & (around.side < across) & moving_in & (around.closing > -TINY)
    waited = since(memory, "danger", dangerous.any(axis=0), latch=False)
    return np.where(waited >= RSS_WAIT - TINY, building_up(around, RSS_BRAKING), 0.0)


def fuzzy_braking(around: Around) -> Array:
    """Deceleration that the fuzzy safety model [2] asks for, m/s2: (slot, case).

    Proactive: of the distance in which both could brake; critical: of the distance in which the speeds become alike.
    """
    tau, soft, hard, others, margin = REACTION, 4.0, 6.0, 7.0, 2.0
    theirs = around.speed**2 / (2 * others)
    safe = around.own * tau + around.own**2 / (2 * soft) - theirs + margin
    unsafe = around.own * tau + around.own**2 / (2 * hard) - theirs
    proactive = np.clip((safe - around.gap) / np.maximum(safe - unsafe, TINY), 0, 1)
    going = np.maximum(around.own_acceleration, -soft)
    after = np.maximum(around.own + going * tau, 0.0)
    new = ((around.own + after) / 2 - around.speed) * tau
    left = np.maximum(after - around.speed, 0.0)
    safe_now, unsafe_now = new + left**2 / (2 * soft) + margin, new + left**2 / (2 * hard)
    critical = np.clip((safe_now - around.gap) / np.maximum(safe_now - unsafe_now, TINY), 0, 1)
    matched = around.closing**2 / (2 * np.maximum(-going, TINY))
    critical = np.where(after <= around.speed, ((going < 0) & (around.gap < matched)) * 1.0, critical)
    critical = np.where(around.closing > 0, critical, 0.0)
    return np.where(critical > 0, soft + critical * (hard - soft), proactive * soft)


def fuzzy_rule(seen: Mapping[str, Array], memory: Memory) -> Array:
    """Fuzzy safety model [2], since 2022 a performance model of [1].

    It brakes for a vehicle that will be inside before the own car has passed it. The first braking of a case
    waits for the 0.4 s of risk evaluation [1]: with them the published counts of the grid come out, without them 28 % fewer.
    """
    around = Around(seen)
    passing = (around.gap + around.lengths) / np.maximum(around.closing, TINY)
    relevant = around.ahead & (around.closing > 0) & (around.before_inside() < passing + 0.1)
    wanted = np.max(np.where(relevant, fuzzy_braking(around), 0.0), axis=0)
    waited = since(memory, "risk", wanted > 0, latch=True)
    return np.where(waited >= RISK - TINY, building_up(around, wanted), 0.0)


def following_rule(seen: Mapping[str, Array], memory: Memory) -> Array:
    """Intelligent driver model [4]: a car follower, which sees a vehicle once it is in front.

    Time gap 1.6 s, 2 m at standstill, acceleration 0.73 and comfortable braking 1.67 m/s2; the speed wished is the one at the start.
    """
    around = Around(seen)
    wish = memory.setdefault("wish", np.maximum(around.own, 0.1))
    up, down = 0.73, 1.67
    free = 1 - (around.own / wish) ** 4
    desired = 2.0 + np.maximum(around.own * 1.6 + around.own * around.closing / (2 * np.sqrt(up * down)), 0.0)
    crowd = np.where(around.inside & around.ahead, (desired / np.maximum(around.gap, 0.01)) ** 2, 0.0).max(axis=0)
    return np.maximum(up * (free - crowd), -FULL)


def staged_rule(table: Sequence[tuple[float, float, float]]) -> Rule:
    """Braking by a table of stages: time to collision below (s), free distance across below (m), braking (m/s2); the hardest holds."""

    def rule(seen: Mapping[str, Array], _memory: Memory) -> Array:
        around = Around(seen)
        time, wanted = around.time_to_collision(), np.zeros(around.gap.shape)
        for below, across, braking in table:
            wanted = np.where((time < below) & (around.side < across), np.maximum(wanted, braking), wanted)
        return building_up(around, wanted.max(axis=0))

    return rule


# ---- builders: nothing to fit ---------------------------------------------------------------------------------------------


def human_driver(history: tuple[Case, ...], seed: int, work: Work, /) -> Method:
    """Competent and careful human driver (UN R157)."""
    return Driver(human_rule)


def lane_intrusion(history: tuple[Case, ...], seed: int, work: Work, /) -> Method:
    """Braking at lane intrusion (UN R157, 5.2.5.2)."""
    return Driver(intrusion_rule)


def rss(history: tuple[Case, ...], seed: int, work: Work, /) -> Method:
    """Responsibility-sensitive safety (RSS)."""
    return Driver(rss_rule)


def fuzzy_safety(history: tuple[Case, ...], seed: int, work: Work, /) -> Method:
    """Fuzzy safety model (FSM)."""
    return Driver(fuzzy_rule)


def car_following(history: tuple[Case, ...], seed: int, work: Work, /) -> Method:
    """Intelligent driver model (IDM)."""
    return Driver(following_rule)


def staged_braking(history: tuple[tuple[float, float, float], ...], seed: int, work: Work, /) -> Method:
    """Braking in stages by time to collision."""
    return Driver(staged_rule(history))


def early_stop(seen: Mapping[str, Array], memory: Memory) -> Array:
    """Cases that the early stop of the published counts calls safe: time to collision above 2 s when the bodies first overlap."""
    around = Around(seen)
    first = memory.get("overlapped", np.zeros(around.own.shape, dtype=bool))
    inside = around.inside.any(axis=0)
    later = (around.inside & around.ahead & (around.time_to_collision() > 2.0)).any(axis=0)
    memory["called safe"] = memory.get("called safe", np.zeros_like(first)) | (inside & ~first & later)
    memory["overlapped"] = first | inside
    return memory["called safe"]


RULES: dict[str, Rule] = {
    "human_driver": human_rule, "lane_intrusion": intrusion_rule, "rss": rss_rule, "fuzzy_safety": fuzzy_rule,
    "car_following": following_rule,
}  # fmt: skip
