"""The rules by which verdicts are taken.

A verdict names its rule, and evidence is recomputed by the rule it names: a rule is never changed once evidence has named it.
A better one is a new file here, with the next number.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dure.errors import UserError
from dure.i18n.texts import _
from dure.statistics.rules import rule_1

if TYPE_CHECKING:
    from dure.statistics.types import Array, Finding


@dataclass(frozen=True, slots=True)
class Rule:
    """How verdicts are taken.

    Attributes
    ----------
    compare, census
        Of blocks, and of every case there is.
    sealed_level
        The level of a verdict on sealed rounds, from the open rounds' block gains.
    """

    number: int
    compare: Callable[..., Finding]
    census: Callable[..., Finding]
    sealed_level: Callable[[Array], float]


RULES = {1: Rule(1, rule_1.compare, rule_1.census, rule_1.sealed_level)}


def newest() -> int:
    """The number of today's rule."""
    return max(RULES)


def rule(number: int) -> Rule:
    """The rule of this number. Raises UserError where this Dure has none."""
    if number not in RULES:
        raise UserError(
            _("rule {number} of verdicts is not known here; known are {known}", number=number, known=", ".join(map(str, RULES))),
            cure=_("Ask a newer Dure, or whoever wrote this which rule it is."),
        )  # fmt: skip
    return RULES[number]
