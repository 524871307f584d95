"""Sources: open by name, with licence and hash."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dure.checks.outcome import Outcome, absent, broken, kept
from dure.datasets.sources import Made, Own
from dure.i18n.texts import _

if TYPE_CHECKING:
    from dure.checks.subject import Subject


def sources_hold(subject: Subject) -> Outcome:
    """Every source opens by its name, has a licence, and is the file that was declared."""
    if not subject.project.sources:
        return absent(_("it opens no data"))
    for source in subject.project.sources:
        own, generated = isinstance(source.origin, Own), isinstance(source.origin, Made)
        if isinstance(source.origin, Own) and source.origin.path is None:
            continue
        if not generated and not source.licence:
            return broken(_("the source {name} has no licence", name=source.name))
        if not generated and not own and not source.sha256:
            return broken(_("the source {name} has no SHA-256", name=source.name))
        subject.data.path(source.name)  # raises with what is wrong and the cure
    return kept(", ".join(subject.data.opened))
