"""The concrete scenarios: the cut-in grid of UN Regulation No. 157, cut-outs and braking vehicles, and the bands that are sealed."""

from __future__ import annotations

from .world import Other, Scenario

BESIDE = 3.5  # m between the centre lines at the start: 1.6 m between bodies 1.9 m wide
LATERAL = tuple(tenth / 10 for tenth in range(18))  # m/s


def cut_ins() -> dict[str, tuple[int, int, int, float]]:
    """Own speed and the other's (km/h), gap (m), lateral speed (m/s) by name: 15,930 at up to 60 km/h, 14,040 above.

    Up to 60 km/h: speeds in steps of 10, gaps 1 to 59 m by 1. Above, 70, 90, 110 and 130: the other's speed in steps of 30
    from 10, gaps 1 to 119 m by 2. The other is always slower.
    """
    low = [(own, other, gap) for own in range(10, 61, 10) for other in range(10, own, 10) for gap in range(1, 60)]
    high = [(own, other, gap) for own in (70, 90, 110, 130) for other in range(10, own, 30) for gap in range(1, 120, 2)]
    return {
        f"cut-in {own} {other} {gap} {lateral:g}": (own, other, gap, lateral)
        for own, other, gap in low + high
        for lateral in LATERAL
    }


def cut_in(own: float, other: float, gap: float, lateral: float) -> Scenario:
    """A slower vehicle comes over from the next lane at a constant lateral speed, from the first moment on."""
    return Scenario(own / 3.6, (Other(gap, other / 3.6, offset=BESIDE, lateral_speed=lateral),))


SPEEDS = (20, 30, 40, 50, 60, 70, 90, 110, 130)  # km/h, of cut-outs and braking vehicles


def cut_outs() -> dict[str, Scenario]:
    """The vehicle ahead leaves the lane before a standing one: own speed, time gap, free distance (s) to it, lateral speed."""
    scenarios = {}
    for own in SPEEDS:
        for headway in (1.0, 1.5, 2.0):
            for room in (1.0, 1.5, 2.0, 2.5, 3.0):
                for lateral in (0.5, 1.0, 1.5):
                    speed = own / 3.6
                    first = Other(speed * headway, speed, end=BESIDE, lateral_speed=lateral)
                    standing = Other(speed * (headway + room) + 4.3, 0.0, hidden=True)
                    scenarios[f"cut-out {own} {headway:g} {room:g} {lateral:g}"] = Scenario(speed, (first, standing))
    return scenarios


def braking_vehicles() -> dict[str, Scenario]:
    """The vehicle ahead, as fast as the own car, brakes to a stop: own speed, time gap, its braking and its first second."""
    scenarios = {}
    for own in SPEEDS:
        for headway in (0.6, 0.8, 1.0, 1.5, 2.0):
            for braking in (2.0, 4.0, 6.0, 8.0):
                speed = own / 3.6
                ahead = Other(max(2.0, speed * headway), speed, braking=braking, brakes=1.0)
                scenarios[f"braking {own} {headway:g} {braking:g}"] = Scenario(speed, (ahead,))
    return scenarios


SEALED_SPEEDS = {40: "40 km/h", 110: "110 km/h"}


def further() -> dict[str, tuple[str, int, Scenario]]:
    """Site, own speed (km/h) and scenario of the cut-outs and of the braking vehicles, by name."""
    both = {"cut-out": cut_outs(), "vehicle ahead brakes": braking_vehicles()}
    return {
        name: (site, int(name.split()[1]), scenario)
        for site, scenarios in both.items()
        for name, scenario in scenarios.items()
    }


def sealed_band(own: int, gap: int = 0, lateral: float = 0.0) -> str:
    """The sealed band of a scenario, empty where it is open: two own speeds, ten gaps, three lateral speeds."""
    if own in SEALED_SPEEDS:
        return SEALED_SPEEDS[own]
    if 20 <= gap < 30:
        return "gaps of 20 to 29 m"
    return "1.2 to 1.4 m/s across" if 1.15 < lateral < 1.45 else ""
