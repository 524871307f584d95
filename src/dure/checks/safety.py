"""What a project's code may not do: call home, read pickles, evaluate texts."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from dure.checks.outcome import Outcome, broken, kept
from dure.checks.source_code import dotted_name, syntax_trees
from dure.i18n.texts import _

if TYPE_CHECKING:
    from dure.checks.subject import Subject


def no_call_home(subject: Subject) -> Outcome:
    """Neither building nor asking reaches for the network (this machine's own included) or starts another program."""
    for event in subject.fresh_run["events"]:
        if event["event"] != "pickle.find_class":
            return broken(
                _("{where}: {event} ({what})", where=event["where"] or "?", event=event["event"], what=event["what"])
            )
    return kept()


def no_pickle(subject: Subject) -> Outcome:
    """Neither its code nor what it calls unpickles; no text becomes code."""
    for path, tree in syntax_trees(subject.folder):
        for node in ast.walk(tree):
            if construct := _forbidden(node):
                where = f"{path.relative_to(subject.folder).as_posix()}:{getattr(node, 'lineno', 0)}"
                return broken(
                    _(
                        "{where}: {found} runs code from data; keep what is fitted in a native format",
                        where=where,
                        found=construct,
                    )
                )
    for event in subject.fresh_run["events"]:
        if event["event"] == "pickle.find_class":
            construct = f"pickle ({event['what']})"
            where = event["where"]
            return broken(
                _(
                    "{where}: {found} runs code from data; keep what is fitted in a native format",
                    where=where,
                    found=construct,
                )
            )
    return kept()


_FORBIDDEN_MODULES = {"pickle", "cloudpickle", "joblib", "dill", "shelve", "marshal"}
_FORBIDDEN_CALLS = {"eval", "exec", "__import__", "torch.load", "pd.read_pickle", "pandas.read_pickle"}


def _forbidden(node: ast.AST) -> str:
    if isinstance(node, ast.Import):
        return next(
            (f"import {alias.name}" for alias in node.names if alias.name.split(".")[0] in _FORBIDDEN_MODULES), ""
        )
    if isinstance(node, ast.ImportFrom) and not node.level and (node.module or "").split(".")[0] in _FORBIDDEN_MODULES:
        return f"from {node.module} import"
    if isinstance(node, ast.Call):
        if (name := dotted_name(node.func)) in _FORBIDDEN_CALLS:
            return name
        loose = any(
            argument.arg == "allow_pickle" and getattr(argument.value, "value", None) is not False
            for argument in node.keywords
        )
        return f"{name}(allow_pickle=True)" if loose else ""
    return ""
