"""A KPI as text: a formula over named sums, so that a stranger can recompute it and a signature can cover it.

>>> evaluate("sqrt(squares / cases)", {"squares": 18.0, "cases": 2.0})
3.0

Allowed: numbers, names, `+ - * / **`, a minus sign in front, parentheses, `sqrt log exp abs` of one value and `min max`
of two or more. The text is parsed with `ast` and the tree is walked; nothing is ever compiled or executed.
"""

from __future__ import annotations

import ast
import math
import warnings
from functools import lru_cache, reduce
from typing import TYPE_CHECKING, Any

import numpy as np

from dure.errors import UserError, nearest
from dure.i18n.texts import _

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

LENGTH, DEPTH = 500, 100  # characters of a formula; operations inside one another
Value = Any  # float or numpy array: the same formula serves one total and a million resamples


def _defined(value: Value) -> Value:
    """Infinity becomes nan: a value that cannot be had is undefined, not large."""
    return value if np.isfinite(value).all() else np.where(np.isfinite(value), value, np.nan)


def _divide(over: Value, under: Value) -> Value:
    return over / (under if np.all(under) else np.where(under == 0, np.nan, under))


def _power(base: Value, power: Value) -> Value:
    """IEEE says nan ** 0 = 1; here what is undefined stays so."""
    return _defined(np.power(base, power)) + 0 * (base + power)


_BINARY: dict[type[ast.operator], Callable[[Value, Value], Value]] = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.Div: _divide,
    ast.Pow: _power,
}
_ONE: dict[str, Callable[[Value], Value]] = {
    "sqrt": np.sqrt,
    "log": lambda value: _defined(np.log(value)),
    "exp": lambda value: _defined(np.exp(value)),
    "abs": np.abs,
}
_MANY: dict[str, Callable[[Value, Value], Value]] = {"min": np.minimum, "max": np.maximum}


class Formula:
    """A formula read once and evaluated on floats or on numpy arrays alike.

    Attributes
    ----------
    text : as it was written
    names : the named sums it needs
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self._tree = _parsed(text)
        self.names = frozenset(node.id for node in _values(self._tree) if isinstance(node, ast.Name))
        if not self.names:
            raise _refusal(text, 0, _("it names no sum"))

    def __call__(self, sums: Mapping[str, Value]) -> Value:
        """The value, `float` for floats and an array for arrays; nan where it is undefined (a division by zero).

        Raises
        ------
        UserError
            A name of the formula is not among `sums`.
        """
        self.need(sums)
        known = {name: np.asarray(sums[name], dtype=float) for name in self.names}
        with np.errstate(all="ignore"):
            value = _defined(_walk(self._tree, known))
        return float(value) if np.ndim(value) == 0 else value

    def need(self, sums: Mapping[str, Value]) -> None:
        """Raise UserError where a name of the formula is not among `sums`."""
        for name in sorted(self.names - sums.keys()):
            meant = nearest(name, list(sums))
            cure = _("Did you mean {meant}?", meant=meant) if meant else _("There are: {names}.", names=", ".join(sums))
            raise UserError(
                _("There is no sum named {name}.", name=name), where=_("formula {of}", of=self.text), cure=cure
            )


@lru_cache(maxsize=1000)
def formula(text: str) -> Formula:
    """The formula of `text`, read once."""
    return Formula(text)


def names(text: str) -> frozenset[str]:
    """The named sums the formula needs."""
    return formula(text).names


def evaluate(text: str, sums: Mapping[str, Value]) -> Value:
    """The formula's value on `sums`, floats or arrays; nan where it is undefined."""
    return formula(text)(sums)


def _walk(node: ast.expr, known: Mapping[str, Value]) -> Value:
    match node:
        case ast.Constant():
            return np.float64(node.value)  # type: ignore[arg-type]  # _fault lets only int and float through
        case ast.Name():
            return known[node.id]
        case ast.UnaryOp():
            return -_walk(node.operand, known)
        case ast.BinOp():
            return _BINARY[type(node.op)](_walk(node.left, known), _walk(node.right, known))
        case ast.Call(func=ast.Name(id=name)):
            values = [_walk(argument, known) for argument in node.args]
            return _ONE[name](values[0]) if name in _ONE else reduce(_MANY[name], values)
    raise TypeError(type(node).__name__)  # pragma: no cover - _fault has refused it


def _parsed(text: str) -> ast.expr:
    if len(text) > LENGTH:
        raise _refusal(text[:40] + " ...", LENGTH, _("it is longer than {most} characters", most=LENGTH))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # "1or 2" warns before it is refused
            tree = ast.parse(text.strip(), mode="eval").body
    except SyntaxError as error:
        raise _refusal(text, (error.offset or 1) - 1, _("it cannot be read")) from None
    except (ValueError, RecursionError, MemoryError):  # a null byte, brackets beyond the parser's own limit
        raise _refusal(text, 0, _("it cannot be read")) from None
    if "#" in text or "\\" in text or "\n" in text.strip():
        raise _refusal(text, 0, _("it is more than one line"))
    _check(tree, text, 0)
    return tree


def _check(node: ast.expr, text: str, depth: int) -> None:
    """Refuse whatever is not on the list, with its place."""
    if depth > DEPTH:
        raise _refusal(text, _column(node, text), _("more than {most} operations stand inside one another", most=DEPTH))
    if fault := _fault(node, text):
        raise _refusal(text, _column(node, text), fault)
    for child in _parts(node):
        _check(child, text, depth + 1)


def _fault(node: ast.expr, text: str) -> str:
    """What is wrong with one node by itself; empty where it is on the list."""
    match node:
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            return "" if _finite(number) else _("a number too large")
        case ast.Name(id=name):
            return name if name in _ONE or name in _MANY else ""
        case ast.UnaryOp(op=ast.USub()) | ast.BinOp(op=ast.Add() | ast.Sub() | ast.Mult() | ast.Div() | ast.Pow()):
            return ""
        case ast.Call(func=ast.Name(id=name), keywords=[]) if name in _ONE:
            return "" if len(node.args) == 1 else _("{name} takes one value", name=name)
        case ast.Call(func=ast.Name(id=name), keywords=[]) if name in _MANY:
            return "" if len(node.args) > 1 else _("{name} takes two values or more", name=name)
    return ast.get_source_segment(text.strip(), node) or type(node).__name__


def _parts(node: ast.expr) -> list[ast.expr]:
    """The values a node works on; a function's own name is none."""
    if isinstance(node, ast.Call):
        return node.args
    return [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)]


def _values(node: ast.expr) -> list[ast.expr]:
    return [node, *(value for part in _parts(node) for value in _values(part))]


def _finite(number: float) -> bool:
    try:
        return math.isfinite(float(number))
    except OverflowError:
        return False


def _column(node: ast.expr, text: str) -> int:
    """Where `node` begins, in characters (`ast` counts bytes)."""
    return len(text.strip().encode()[: node.col_offset].decode(errors="ignore"))


def _refusal(text: str, column: int, fault: str) -> UserError:
    return UserError(
        _("Not a formula: {fault}.", fault=fault),
        where=_("formula {of}, character {at}", of=text.strip() or "''", at=column + 1),
        cure=_(
            "Write it with numbers, named sums, + - * / ** ( ), {functions}; for example sqrt(squares / cases).",
            functions=" ".join([*_ONE, *_MANY]),
        ),
    )
