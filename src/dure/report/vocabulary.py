"""The words of a verdict: what it is called, where it was taken, who saw it, why an answer is missing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dure.i18n.block_words import BLOCK_WORDS
from dure.i18n.texts import _, language

if TYPE_CHECKING:
    from dure.record import About, Verdict, Words

# What a site is -> all, one by one, where it holds (how many, or where they are not counted), others, others than those counted.
_SITES = {
    "site": (
        "all places",
        "Place by place",
        "This holds at these {places}.",
        "This holds at these places.",
        "other places",
        "places other than these {places}",
    ),
    "target": (
        "all targets",
        "Target by target",
        "This holds at these {places}.",
        "This holds at these targets.",
        "other targets",
        "targets other than these {places}",
    ),
    "situation": (
        "all situations",
        "Situation by situation",
        "This holds in these {places}.",
        "This holds in these situations.",
        "other situations",
        "situations other than these {places}",
    ),
    "hospital": (
        "all hospitals",
        "Hospital by hospital",
        "This holds at these {places}.",
        "This holds at these hospitals.",
        "other hospitals",
        "hospitals other than these {places}",
    ),
    "home": (
        "all homes",
        "Home by home",
        "This holds at these {places}.",
        "This holds at these homes.",
        "other homes",
        "homes other than these {places}",
    ),
}
VERDICTS = {
    "better": "better",
    "worse": "worse",
    "not shown": "not shown",
    "too few": "too few to say",
    "lost": "lost",
}
ASSURANCE = {"self-run": "self-run", "re-run": "re-run", "hub-witnessed": "hub-witnessed", "live": "live"}
GROUND = {"benchmark": "open data", "field": "field data", "live": "real use"}


def word(verdict: Verdict) -> str:
    """The verdict in one or two words."""
    return _(VERDICTS[verdict.verdict])


def localised(text: Words) -> str:
    """A text that may stand in both languages ({ko, en}), in the reader's."""
    return str(text[language()]) if isinstance(text, Mapping) else str(text)


def localised_unit(unit: Words) -> str:
    """A KPI's unit in the reader's language: won is 원 in Korean."""
    name = localised(unit)
    return re.sub(r"\bwon\b", "원", name) if language() == "ko" else name


def offer(verdict: Verdict, about: About) -> str:
    """What people call the method that was offered."""
    return label_of(verdict.method, about)


def against(verdict: Verdict, about: About) -> str:
    """What it was compared with: today's practice, or another method's label."""
    practice = about.today or verdict.against
    return _("today") if verdict.against == practice else label_of(verdict.against, about)


def place(verdict: Verdict, about: About) -> str:
    """What people call the verdict's site; all of them together; empty where there is but one without a name."""
    site = verdict.site
    return _(site_phrases(about)[0]) if site == "all" else localised(about.sites.get(site, site))


def sites_heading(about: About) -> str:
    """A heading over what is said of each site: Place by place."""
    return _(site_phrases(about)[1])


def site_word(source: Verdict | About) -> str:
    """What a site is called; a place, where a verdict or a trial does not say."""
    return source.site_word if source.site_word in _SITES else "site"


def site_phrases(source: Verdict | About) -> tuple[str, ...]:
    """What is said of several sites: all, one by one, where it holds, others."""
    return _SITES[site_word(source)]


def label_of(method: str, about: About) -> str:
    """A method's name as people read it."""
    return localised(about.label(method))


def counted(word: Any, count: int) -> str:
    """So many blocks: 24 weeks, 24주. A word that is not among ours stands in both languages ({ko, en})."""
    if str(word) not in BLOCK_WORDS:
        return _("{count} {word}s", count=f"{count:,}", word=localised(word))
    singular, plural, *_rest = BLOCK_WORDS[word]
    return _(singular) if count == 1 else _(plural, count=f"{count:,}")


def more_blocks(word: Any, count: int, *, about: bool = False) -> str:
    """So many further blocks: about 300 more days, 약 300일치."""
    _singular, _plural, single, several, _next = BLOCK_WORDS.get(str(word), BLOCK_WORDS["block"])
    number = _("about {count}", count=f"{count:,}") if about else f"{count:,}"
    return _(single) if count == 1 else _(several, count=number)


def one_more_block(word: Any) -> str:
    """In one further block: One more week, 한 주에."""
    return _(BLOCK_WORDS.get(str(word), BLOCK_WORDS["block"])[-1])


_CAUSES = {
    "declined": "declined",
    "crashed": "crashed",
    "invalid": "not a valid answer",
    "infeasible": "broke a rule",
    "late": "too late",
    "unavailable": "could not be started",
}


def cause(name: str) -> str:
    """Why a case went unanswered, in words."""
    return _(_CAUSES.get(name, name))
