"""A person's own headers become a source's columns: proposed by name, unit, type and range, confirmed once, kept."""

from dure.mapping.apply import apply, confirm
from dure.mapping.column import Column
from dure.mapping.open import meant, open_known, open_own
from dure.mapping.propose import propose
from dure.mapping.saved import saved

__all__ = ["Column", "apply", "confirm", "meant", "open_known", "open_own", "propose", "saved"]
