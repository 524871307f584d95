"""Problems: what hurts where, who has tried what on it, and how to enter a method."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

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

if TYPE_CHECKING:
    from dure.record import Verdict

router = APIRouter(prefix="/problems", route_class=Ruled, include_in_schema=False)


@router.get("")
async def show_all(hub: Here, caller: Viewer) -> Response:
    """The cards, the open ones first."""
    cards = await hub.fresh.get(hidden_cases.cards)
    titles = {name: manifest.title for name, manifest in hub.manifests.items()}
    return layout.page(
        "problems.html", caller, title=_("Problems"), here="/problems", twin="/api/v1/problems",
        lead=_("What hurts at real places. Enter a method: it is tried on cases its maker never sees, and the hub vouches for it."),
        open=[card for card in cards if card.open], closed=[card for card in cards if not card.open], titles=titles,
        wanted=least_gain,
    )  # fmt: skip


@router.get("/new")
def put(hub: Here, caller: Steward, project: str = "") -> Response:
    """The form to put a problem here: first which project, then the card and the cases."""
    description = projects.described(project) if project else None
    own = uploads.listed(hub.engine, caller.organisation) if description else []
    settings = description["settings"].get("properties", {}) if description and description["settings"] else {}
    return layout.page(
        "problem_new.html", caller, title=_("Put a problem here"), here="/problems", twin="/api/v1/problems",
        lead=_("Everybody who is signed in reads the card. The cases stay your organisation's: whoever enters never sees them."),
        about=description, manifests=hub.manifests, files=own, settings=settings,
    )  # fmt: skip


@router.get("/{name}")
def show(name: str, hub: Here, caller: Viewer) -> Response:
    """A problem: its card, a form to enter, the entries so far, and how a method is written."""
    (card,) = hidden_cases.cards(hub.engine, name)
    description, folder = projects.described(card.project), projects.place_of(card.project)
    tried = [_readable(entered, card, caller) for entered in hidden_cases.entries(hub.engine, name)]
    verdicts = [entered.verdict for entered in tried if entered.verdict]
    schemas = {"What it is asked": description["request"], "What it answers": description["response"]}
    return layout.page(
        "problem.html", caller, title=card.title, here="/problems", twin=f"/api/v1/problems/{name}",
        lead=_("Cases of {organisation}, which nobody who enters can see. The hub asks the method and vouches for what comes out.",
               organisation=card.organisation),
        card=card, about=description, wanted=least_gain(card), tried=tried, ends_at=interval_plot.reach(verdicts),
        looks=Counter(entered.organisation for entered in tried).most_common(), mine=card.organisation == caller.organisation,
        forms=[(heading, endpoint_template.fields(schema, folder)) for heading, schema in schemas.items()],
        server=endpoint_template.server(description["response"]), seconds=f"{description['deadline']:g}",
        share=f"{100 * description['unanswered']:g}",
    )  # fmt: skip


def least_gain(card: hidden_cases.ListedCard) -> str:
    """The smallest gain worth having, with its unit and its way: at least 2 t lower."""
    if card.gain is None or card.kpi is None:
        return ""
    much = f"{card.gain:,g} {vocabulary.localised(card.kpi['unit'])}".rstrip()
    return (
        _("at least {much} lower", much=much)
        if card.kpi["better"] == "lower"
        else _("at least {much} higher", much=much)
    )


class ReadableEntry(NamedTuple):
    """An entry as a reader may see it; `reaches`: whether its gain is shown to be worth having, None where it is not better at all."""

    organisation: str
    name: str
    look: int
    created: float
    run: str
    state: str
    evidence: str | None
    why: str
    verdict: Verdict | None
    reaches: bool | None


def _readable(entry: hidden_cases.Entry, card: hidden_cases.ListedCard, caller: Caller) -> ReadableEntry:
    """An entry as this reader may see it: its run is its own organisation's, what broke it is for the owner of the cases."""
    owner, verdict, reaches = card.organisation == caller.organisation, entry.verdict, None
    reason = entry.why.get(language(), "") if owner and entry.why and entry.state == "failed" else ""
    if verdict and verdict.verdict == "better" and card.gain is not None:
        reaches = verdict.gain.low is not None and verdict.gain.low >= card.gain
    run = entry.run if entry.organisation == caller.organisation and entry.state != "deleted" else ""
    return ReadableEntry(
        entry.organisation, entry.name, entry.look, entry.created, run, entry.state, entry.evidence, reason, verdict, reaches
    )  # fmt: skip
