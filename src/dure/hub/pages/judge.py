"""A table that was dropped: which column is which, what cannot be used; then it is judged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Response

from dure.hub.auth.permissions import Member, Ruled
from dure.hub.context import Here
from dure.hub.pages import layout
from dure.hub.routes.judge import BLOCKS, ROLES, How
from dure.hub.uploads import judged_tables
from dure.i18n.texts import _
from dure.report.vocabulary import counted

if TYPE_CHECKING:
    from dure.hub.uploads.judged_tables import JudgeFile

router = APIRouter(prefix="/judge", route_class=Ruled, include_in_schema=False)


@router.get("/{sha256}")
def columns(sha256: str, hub: Here, caller: Member, asked: How) -> Response:
    """Click which column is which."""
    read = judged_tables.looked_at(hub.engine, caller.organisation, sha256, asked)
    return layout.page(
        "judge.html", caller, title=_("Which column is which?"), here="/", twin=f"/api/v1/judge/{sha256}",
        lead=_("Proposed from the headers and the numbers. Change what is wrong; everything below follows."),
        read=read, roles=ROLES, blocks=BLOCKS, wanted=asked, plays=_plays(read), missing=", ".join(map(_, read["missing"])),
        as_it_is=dict.fromkeys(read["scale"], 1.0), told=_summary(read),
    )  # fmt: skip


def _summary(read: JudgeFile) -> str:
    """What is going to be judged, in a sentence."""
    if read["missing"] or read["fault"]:
        return ""
    counts = [counted("case", read["cases"])]
    if read["block"] not in ("row", "case"):
        counts.append(counted(read["block"], read["blocks"]))
    return _(
        "{offers} against {practice}, by the {kpi}: {seen}.", offers=", ".join(read["roles"]["offers"]),
        practice=read["roles"]["practice"], kpi=_(read["kpis"][read["kpi"]]), seen=", ".join(counts),
    )  # fmt: skip


def _plays(read: JudgeFile) -> dict[str, str]:
    """The role of each column that has one."""
    roles = read["roles"]
    plays = dict.fromkeys(roles["offers"], "offer")
    return plays | {column: role for role, column in roles.items() if role in ROLES and isinstance(column, str)}
