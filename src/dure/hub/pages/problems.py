"""Problems: what hurts where, who has tried what on it, and how to enter a method."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Response

from dure.hub.auth.accounts import Caller
from dure.hub.auth.permissions import Ruled, Steward, Viewer
from dure.hub.board import hidden_cases
from dure.hub.context import Here
from dure.hub.models import endpoint_template, projects
from dure.hub.pages import layout
from dure.hub.uploads import uploads
from dure.i18n.texts import _, language
from dure.report import interval_plot, vocabulary

FORMS = {"request": "What it is asked", "response": "What it answers"}

router = APIRouter(prefix="/problems", route_class=Ruled, include_in_schema=False)


@router.get("")
async def show_all(hub: Here, caller: Viewer) -> Response:
    """The cards, the open ones first."""
    cards = await hub.fresh.get(hidden_cases.cards)
    titles = {name: each.title for name, each in hub.manifests.items()}
    return layout.page(
        "problems.html", caller, title=_("Problems"), here="/problems", twin="/api/v1/problems",
        lead=_("What hurts at real places. Enter a method: it is tried on cases its maker never sees, and the hub vouches for it."),
        open=[each for each in cards if each["open"]], closed=[each for each in cards if not each["open"]], titles=titles,
        wanted=wanted,
    )  # fmt: skip


@router.get("/new")
def put(hub: Here, caller: Steward, project: str = "") -> Response:
    """The form to put a problem here: first which project, then the card and the cases."""
    about = projects.described(project) if project else None
    own = uploads.listed(hub.engine, caller.organisation) if about else []
    settings = (about["settings"] or {}).get("properties", {}) if about else {}
    return layout.page(
        "problem_new.html", caller, title=_("Put a problem here"), here="/problems", twin="/api/v1/problems",
        lead=_("Everybody who is signed in reads the card. The cases stay your organisation's: whoever enters never sees them."),
        about=about, manifests=hub.manifests, files=own, settings=settings,
    )  # fmt: skip


@router.get("/{name}")
def show(name: str, hub: Here, caller: Viewer) -> Response:
    """A problem: its card, a form to enter, the entries so far, and how a method is written."""
    (card,) = hidden_cases.cards(hub.engine, name)
    about, folder = projects.described(card["project"]), projects.place_of(card["project"])
    tried = [_told(each, card, caller) for each in hidden_cases.entries(hub.engine, name)]
    verdicts = [each["verdict"] for each in tried if each["verdict"]]
    return layout.page(
        "problem.html", caller, title=card["title"], here="/problems", twin=f"/api/v1/problems/{name}",
        lead=_("Cases of {organisation}, which nobody who enters can see. The hub asks the method and vouches for what comes out.",
               organisation=card["organisation"]),
        card=card, about=about, wanted=wanted(card), tried=tried, ends_at=interval_plot.reach(verdicts),
        looks=Counter(each["organisation"] for each in tried).most_common(), mine=card["organisation"] == caller.organisation,
        forms=[(heading, endpoint_template.fields(about[form], folder)) for form, heading in FORMS.items()],
        server=endpoint_template.server(about["response"]), seconds=f"{about['deadline']:g}", share=f"{100 * about['unanswered']:g}",
    )  # fmt: skip


def wanted(card: Mapping[str, Any]) -> str:
    """The smallest gain worth having, with its unit and its way: at least 2 t lower."""
    if card["gain"] is None or card["kpi"] is None:
        return ""
    much = f"{card['gain']:,g} {vocabulary.localised(card['kpi']['unit'])}".rstrip()
    return (
        _("at least {much} lower", much=much)
        if card["kpi"]["better"] == "lower"
        else _("at least {much} higher", much=much)
    )


def _told(entered: dict[str, Any], card: Mapping[str, Any], caller: Caller) -> dict[str, Any]:
    """An entry as this reader may see it: its run is its own organisation's, what broke it is for the owner of the cases."""
    owner = card["organisation"] == caller.organisation
    why = entered["why"].get(language(), "") if owner and entered["state"] == "failed" else ""
    verdict = entered["verdict"]
    reaches = None
    if verdict and verdict["verdict"] == "better" and card["gain"] is not None:
        reaches = verdict["gain"]["low"] is not None and verdict["gain"]["low"] >= card["gain"]
    run = entered["run"] if entered["organisation"] == caller.organisation and entered["state"] != "deleted" else ""
    return entered | {"why": why, "reaches": reaches, "run": run}
