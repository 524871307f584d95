"""Dure: is the AI you are offered better than what you do today, and can anyone recompute the proof?"""

from __future__ import annotations

from typing import TYPE_CHECKING

__version__ = "0.2.0.dev0"

if TYPE_CHECKING:
    from dure.content_store import write_atomically
    from dure.datasets.data import Data
    from dure.datasets.sources import Git, Made, Own, Source, Wheel
    from dure.errors import CannotBeHad, Invalid, UserError, nearest, refusal
    from dure.i18n.texts import _, language, texts
    from dure.mapping import Column
    from dure.project.case import Builder, Case, Kpi, Method, Opened, Round, Work
    from dure.project.form import File, Form, Table
    from dure.project.project import Project

OPEN_ROOMS = ("dure.formats", "dure.mapping", "dure.methods", "dure.report.charts", "dure.tables")
"""What a project may import beside the names of this page: the trades' file formats, what makes headers columns, parts of methods
that several trades use, chart helpers, what reads people's tables. Of each room the names in its `__all__`."""

# One page of names for a project's author: everything a project may import. Looked up when used, so that the
# command line starts without loading what it does not need.
_HOMES = {
    "dure.content_store": ("write_atomically",),
    "dure.datasets.data": ("Data",),
    "dure.datasets.sources": ("Git", "Made", "Own", "Source", "Wheel"),
    "dure.errors": ("CannotBeHad", "Invalid", "UserError", "nearest", "refusal"),
    "dure.i18n.texts": ("_", "language", "texts"),
    "dure.mapping": ("Column",),
    "dure.project.case": ("Builder", "Case", "Kpi", "Method", "Opened", "Round", "Work"),
    "dure.project.form": ("File", "Form", "Table"),
    "dure.project.project": ("Project",),
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "Builder",
    "CannotBeHad",
    "Case",
    "Column",
    "Data",
    "File",
    "Form",
    "Git",
    "Invalid",
    "Kpi",
    "Made",
    "Method",
    "Opened",
    "Own",
    "Project",
    "Round",
    "Source",
    "Table",
    "UserError",
    "Wheel",
    "Work",
    "_",
    "language",
    "nearest",
    "refusal",
    "texts",
    "write_atomically",
]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'dure' has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(_HOME[name]), name)
