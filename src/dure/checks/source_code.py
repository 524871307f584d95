"""A project's files as syntax trees."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path


def syntax_trees(folder: Path) -> Iterator[tuple[Path, ast.Module]]:
    """The project's own files, parsed; its tests are no part of it."""
    for path in sorted(folder.rglob("*.py")):
        if "tests" not in path.relative_to(folder).parts:
            yield path, ast.parse(path.read_text(encoding="utf-8"))


def dotted_name(node: ast.expr) -> str:
    """The name an expression is called by, dots and all; empty where it is none."""
    return (
        f"{dotted_name(node.value)}.{node.attr}"
        if isinstance(node, ast.Attribute)
        else node.id
        if isinstance(node, ast.Name)
        else ""
    )
