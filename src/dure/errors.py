"""What a person is told when something they gave cannot be used."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails


class UserError(Exception):
    """A user's mistake: the command line prints it in one piece and ends with exit code 2.

    Parameters
    ----------
    what
        What is wrong, in the reader's language.
    where
        File, sheet, row, column or field.
    cure
        What to do next.
    """

    def __init__(self, what: str, *, where: str = "", cure: str = "") -> None:
        super().__init__(what)
        self.what, self.where, self.cure = what, where, cure

    def __str__(self) -> str:
        head = f"{self.where}: {self.what}" if self.where else self.what
        stop = "" if head.endswith((".", "?", "!")) else "."
        return f"{head}{stop} {self.cure}" if self.cure else head


class Invalid(Exception):
    """A response that breaks the rules of the request: infeasible, out of bounds."""


class Unknown(UserError):
    """A name by which there is nothing here."""


class CannotBeHad(UserError):
    """A source whose data are not here and could not be fetched: what, its licence, where to get it, where to put it."""


def nearest(name: str, names: list[str] | tuple[str, ...]) -> str:
    """The name a person probably meant, or an empty string."""
    import difflib

    close = difflib.get_close_matches(name, list(names), n=1, cutoff=0.5)
    return close[0] if close else ""


class Faulty(Protocol):
    """What tells the faults of a form as pydantic's ValidationError does."""

    def errors(self) -> Sequence[ErrorDetails]:
        """Each with its type, loc, msg, input and ctx."""
        ...


def refusal(error: Faulty, *, where: str = "", names: Sequence[str] = ()) -> UserError:
    """The first fault of a form, in the reader's language: the field, what is wrong, the nearest name.

    Parameters
    ----------
    error
        Pydantic's ValidationError, or another that tells its faults in the same way.
    where
        The file, or what the form is.
    names
        Field names of the form, to propose the nearest for an unknown one.
    """
    from dure.i18n.texts import _

    faults = error.errors()
    # an unknown field is told first: the missing one is often the same, misspelt
    first = next((fault for fault in faults if fault["type"] in _UNKNOWN), faults[0])
    field = _place(first["loc"])
    context = first.get("ctx", {})
    value = _shortened(first.get("input"))
    text = _MESSAGES.get(first["type"])
    message = _(text, given=value, **context) if text else str(first["msg"]).removeprefix("Value error, ")
    cure = ""
    if first["type"] in _UNKNOWN:
        close = nearest(str(first["loc"][-1]), tuple(names))
        cure = _("Did you mean {name}?", name=close) if close else ""
    if len(faults) > 1:
        cure = f"{cure} {_('({count} faults in all)', count=len(faults))}".strip()
    place = " ".join(part for part in (where, f"[{field}]" if field else "") if part)
    return UserError(message, where=place, cure=cure)


def _place(loc: tuple[int | str, ...]) -> str:
    """jobs[2].operations[0].minutes, counted from 1 as people count."""
    text = ""
    for part in loc:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def _shortened(value: object) -> str:
    text = repr(value) if not isinstance(value, str) else value
    return text if len(text) <= 40 else text[:37] + "..."


_UNKNOWN = ("extra_forbidden", "unexpected_keyword_argument")  # of a form, of a dataclass
# pydantic's error types that people meet, as msgids; whatever is not here is shown in pydantic's own words.
_MESSAGES = {
    "missing": "this field is missing",
    "nul": "a text holds the character NUL",
    "extra_forbidden": "there is no such field",
    "unexpected_keyword_argument": "there is no such field",
    "json_invalid": "this is not JSON ({error})",
    "finite_number": "{given} is not a finite number",
    "int_parsing": "{given} is not a whole number",
    "int_type": "{given} is not a whole number",
    "int_from_float": "{given} is not a whole number",
    "float_parsing": "{given} is not a number",
    "float_type": "{given} is not a number",
    "string_type": "{given} is not text",
    "bool_type": "{given} is neither true nor false",
    "list_type": "a list is wanted here, not {given}",
    "tuple_type": "a list is wanted here, not {given}",
    "dict_type": "an object is wanted here, not {given}",
    "model_type": "an object is wanted here, not {given}",
    "greater_than": "{given} is not above {gt}",
    "greater_than_equal": "{given} is below {ge}",
    "less_than": "{given} is not below {lt}",
    "less_than_equal": "{given} is above {le}",
    "too_short": "at least {min_length} entries are wanted, here are {actual_length}",
    "too_long": "at most {max_length} entries are allowed",
    "string_too_short": "this text is empty or too short",
    "literal_error": "{given} is not one of {expected}",
    "enum": "{given} is not one of {expected}",
}
