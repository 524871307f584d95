"""The words of a verdict: what it is called, where it was taken, who saw it, why an answer is missing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from dure.i18n.block_words import forms, site_phrases
from dure.i18n.texts import _, language

if TYPE_CHECKING:
    from dure.record import About, Localised, Verdict

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


def localised(text: Localised) -> str:
    """A text that may stand in both languages ({ko, en}), in the reader's."""
    return str(text[language()]) if isinstance(text, Mapping) else str(text)


def localised_unit(unit: Localised) -> str:
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
    together = site_phrases(site_word(about)).together
    return together if site == "all" else localised(about.sites.get(site, site))


def sites_heading(about: About) -> str:
    """A heading over what is said of each site: Place by place."""
    return site_phrases(site_word(about)).one_by_one


def site_word(source: Verdict | About) -> Localised:
    """What a site is called: a word, or one with its forms as evidence carries them; a place, where a verdict or a trial does not say."""
    return source.site_word


def label_of(method: str, about: About) -> str:
    """A method's name as people read it."""
    return localised(about.label(method))


def counted(word: Localised, count: int) -> str:
    """So many blocks: 24 weeks, 24주."""
    one, many, *_more = forms(word)
    return one if count == 1 else many.replace("{count}", f"{count:,}")


def more_blocks(word: Localised, count: int, *, about: bool = False) -> str:
    """So many further blocks: about 300 more days, 약 300일치."""
    number = _("about {count}", count=f"{count:,}") if about else f"{count:,}"
    return forms(word).one_more if count == 1 else forms(word).many_more.replace("{count}", number)


def one_more_block(word: Localised) -> str:
    """In one further block: One more week, 한 주에."""
    return forms(word).in_one_more


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
