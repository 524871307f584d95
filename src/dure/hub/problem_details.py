"""What cannot be done, as a problem (RFC 9457)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from fastapi import Response

from dure.hub.auth.middleware import problem

if TYPE_CHECKING:
    from dure.errors import UserError

PROBLEM = "application/problem+json"


def refused(status: int, error: UserError, headers: Mapping[str, str] | None = None) -> Response:
    """A person's mistake as a response: what, where, and what to do next."""
    return Response(problem(status, error.what, where=error.where, cure=error.cure), status, headers, PROBLEM)
