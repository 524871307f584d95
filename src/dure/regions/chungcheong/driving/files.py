"""A person's scenario file as a request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dure import Opened, UserError, texts

from .forms import Request, request
from .openscenario.scenario import scenario_of
from .world import World

if TYPE_CHECKING:
    from .world import Scenario

_ = texts(__file__)


def opens(paths: Sequence[Path], given: Mapping[str, Any]) -> Opened:
    """A scenario file as the request of the first moment at which another vehicle moves over or slows down."""
    if len(paths) != 1:
        raise UserError(_("one scenario is asked at a time, {count} were given", count=len(paths)),
                        cure=_("Play several with: dure run chungcheong.driving --data scenarios=FILE"))  # fmt: skip
    try:
        scenario, notes = scenario_of(paths[0])
    except UserError as fault:
        return Opened(None, faults=(fault,))
    moment = Request.model_validate({**first_moment(scenario).model_dump(), **given})
    return Opened(moment, notes=tuple(notes))


def first_moment(scenario: Scenario) -> Request:
    """What is seen when something begins to happen, while the own car keeps its speed."""
    import numpy as np

    world = World([scenario])
    while not world.done[0]:
        moment = request(world.seen())
        if any(vehicle.drift or vehicle.acceleration for vehicle in moment.vehicles) or len(moment.vehicles) == 0:
            return moment
        world.move(np.zeros(1))
    return request(World([scenario]).seen())
