"""project.toml: complete, and true of its folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dure.checks.outcome import Outcome, broken, kept
from dure.errors import nearest
from dure.i18n.texts import _

if TYPE_CHECKING:
    from dure.checks.subject import Subject


def manifest_complete(subject: Subject) -> Outcome:
    """project.toml was read already; what it says must fit its folder and the promises there are."""
    where, folder = "project.toml", subject.folder
    if subject.manifest.id != (folder_id := f"{folder.parent.name}.{folder.name}"):
        return broken(
            _(
                "{where}: the id is {found}, the folder says {named}",
                where=where,
                found=subject.manifest.id,
                named=folder_id,
            )
        )
    for name in subject.manifest.exempt:
        if name not in subject.exemptable:
            close = nearest(name, tuple(subject.exemptable))
            reason = _(
                "{where}: exempt names {name}, which is no promise (did you mean {close}?)",
                where=where,
                name=name,
                close=close,
            )
            return broken(reason)
        if not subject.exemptable[name]:
            return broken(_("{where}: {name} cannot be exempted", where=where, name=name))
    return kept()
