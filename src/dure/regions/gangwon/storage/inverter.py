"""The physics of one hour: what the inverter does inside the answer's bounds, with energy conserved.

Charging and discharging each lose once: of a kWh that goes in, `one_way` is stored; of a stored kWh, `one_way` comes out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from .battery import power_at

if TYPE_CHECKING:
    from .battery import Battery
    from .forms import Response


class Hour(NamedTuple):
    """What happened in an hour [kWh, at the house's side of the inverter], and the charge at its end."""

    into: float
    out: float
    charge: float

    def grid(self, need: float) -> float:
        """Energy from the grid; below 0 into it. `need` is load less sun."""
        return need + self.into - self.out


def settle(battery: Battery, charge: float, answer: Response, need: float) -> Hour:
    """One hour as the inverter runs it: it follows the house inside the bounds of the answer.

    Parameters
    ----------
    battery, charge
        The battery and the energy stored [kWh].
    answer
        The controller's.
    need
        Load less sun of the hour [kWh]; below 0 the sun leaves something over.
    """
    short, over = max(need, 0.0), max(-need, 0.0)
    if answer.to_grid:
        power = short + answer.to_grid
    elif answer.from_grid:
        power = -answer.from_grid - min(over, answer.store)
    else:
        power = min(short, answer.cover) - min(over, answer.store)
    if answer.at_most is not None:  # defends the peak, and lets no charging raise it
        power = max(power, need - answer.at_most)
    charging, discharging = power_at(battery, charge)
    if power >= 0:
        out = min(power, discharging, max(0.0, charge - battery.floor) * battery.one_way)
        return Hour(0.0, out, charge - out / battery.one_way)
    into = min(-power, charging, max(0.0, battery.ceiling - charge) / battery.one_way)
    return Hour(into, 0.0, charge + into * battery.one_way)
