"""Moments, spans, objectives and reasons in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dure import texts

from ..model.shop import aim_of
from .lines import moment

if TYPE_CHECKING:
    from ..model.forms import Link, Request
    from ..model.jobs import Placed

_ = texts(__file__)


def clock(request: Request, minute: int) -> str:
    """A minute as a clock shows it where minute 0 is known, else its number."""
    at = moment(request, minute)
    if at is None:
        return _("minute {minute}", minute=f"{minute:,}")
    weekday = _("Mon Tue Wed Thu Fri Sat Sun").split()[at.weekday()]
    return _("{month}-{day} ({weekday}) {time}", month=f"{at:%m}", day=f"{at:%d}", weekday=weekday, time=f"{at:%H:%M}")


def span(minutes: int) -> str:
    """Minutes in words: 45 min, 3 h 20 min, 2 days 5 h."""
    days, hours = minutes // 1440, minutes % 1440 // 60
    words = [_("{days} days", days=f"{days:,}") if days > 1 else _("1 day") if days else ""]
    words += [_("{hours} h", hours=hours) if hours else ""]
    words += [_("{minutes} min", minutes=minutes % 60) if (minutes % 60 and not days) or not minutes else ""]
    return " ".join(filter(None, words))


_REASONS = {
    "release": "{own} begins as soon as the order may, at {at}",
    "now": "{own} begins as soon as can be, {at}",
    "operation before": "{own} follows the operation before it at once",
    "machine": "{own} waits for {machine} behind {other}",
    "set-up": "{own} waits for {machine} to be set up after {other}",
    "closed": "{own} waits for {machine} to open, until {at}",
    "pinned": "{own} is pinned to {machine} at {at}",
    "nothing": "{own} could begin earlier than {at}",
}


def reason(request: Request, placed: Link | Placed, waits: str, before: Link | Placed | None) -> str:
    """What an operation waited for (`Link.waits`), in words; `before` is the operation before it in its chain."""
    words = {
        "own": _("operation {number}", number=placed.operation),
        "machine": placed.machine,
        "at": clock(request, placed.start),
        "other": named(before) if before else "",
    }
    return _(_REASONS[waits], **words)


def named(placed: Link | Placed) -> str:
    """An operation by its order and number."""
    return _("{order} operation {number}", order=placed.job, number=placed.operation)


def objective(request: Request) -> str:
    """What is made small, in words."""
    aim = aim_of(request)
    parts = [_("minutes until the plan ends")] if aim.makespan == 1 else []
    parts += [_("minutes until the plan ends times {weight}", weight=aim.makespan)] if aim.makespan > 1 else []
    parts += [_("minutes late times weight")] if aim.late else []
    parts += [_("{weight} for each operation moved", weight=f"{aim.move:,}")] if aim.move else []
    return " + ".join(parts) or "0"
