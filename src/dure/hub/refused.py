"""What cannot be done, as a problem (RFC 9457)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from fastapi import Response

from dure.i18n.texts import _

from .guard import problem
from .pages import paper

if TYPE_CHECKING:
    from dure.errors import UserError

PROBLEM = "application/problem+json"


def refused(status: int, error: UserError, headers: Mapping[str, str] | None = None) -> Response:
    """A person's mistake as a response: what, where, and what to do next."""
    return Response(problem(status, error.what, where=error.where, cure=error.cure), status, headers, PROBLEM)


def refused_page(status: int, error: UserError) -> Response:
    """The same for whoever looks at a page."""
    cure = error.cure or _("Go back, or begin again at the front page.")
    title = error.what[:1].upper() + error.what[1:]
    return paper.page("refused.html", None, title=title, lead=cure, status=status, where=error.where)
