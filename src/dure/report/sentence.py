"""A verdict as a Korean or English sentence: what came out, by how much, what it is worth, and what it does not show.

`parts` gives the pieces in the order they are read, `sentence` all of them with the deciding word between ``**``, `plain`
the same without marks. Whoever shows a verdict (terminal, report, page, README) takes the words from here.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING

from dure.i18n.block_words import site_phrases
from dure.i18n.texts import _
from dure.report.numbers import MONEY_UNIT, amount, in_points, percent, rounded, scale
from dure.report.vocabulary import (
    ASSURANCE,
    GROUND,
    against,
    cause,
    counted,
    localised,
    localised_unit,
    more_blocks,
    offer,
    one_more_block,
    place,
    site_word,
)
from dure.report.worth import price_phrase

if TYPE_CHECKING:
    from dure.record import About, Localised, Verdict

A_YEAR = 330  # days: a shorter trial has not met every season
REACH = 20  # more blocks than so many times those at hand are not proposed
FEWEST = {0.95: 6, 0.99: 8}  # blocks, below which nothing is said
# What a smaller and a larger number of a KPI are called, by what it measures.
_WAYS = {
    "size": ("{kpi} is {much} smaller", "{kpi} is {much} larger"),
    "height": ("{kpi} is {much} lower", "{kpi} is {much} higher"),
    "time": ("{kpi} is {much} shorter", "{kpi} is {much} longer"),
    "money": ("{kpi} is {much} less", "{kpi} is {much} more"),
}
_TIMES = ("ms", "s", "sec", "min", "h", "hr", "hour", "hours", "d", "day", "days", "minutes", "초", "분", "시간", "일")


def sentence(verdict: Verdict, about: About) -> str:
    """Everything that must be said of a verdict, in the reader's language, its deciding word between ``**``.

    Two or three lines: the answer, the cautions, what it does not show.
    """
    texts = parts(verdict, about)
    lines = (("head", "price"), ("caution", "places", "unanswered"), ("limits", "assurance"))
    joined = (" ".join(texts[name] for name in line if texts[name]) for line in lines)
    return "\n".join(line for line in joined if line)


def plain(verdict: Verdict, about: About) -> str:
    """The same without marks."""
    return sentence(verdict, about).replace("**", "")


def parts(verdict: Verdict, about: About) -> dict[str, str]:
    """The pieces of the sentence, empty where there is nothing to say.

    head (the answer with its numbers), price (won a month), caution (the rare loss that cannot have been seen), places,
    unanswered, limits (what it does not show), assurance (who saw it, on which ground, after how many looks).
    """
    prefix = "" if verdict.site in ("", "all") else f"{place(verdict, about)}: "
    return {
        "head": prefix + _head(verdict, about),
        "price": price_phrase(verdict, about),
        "caution": _caution(verdict),
        "places": _places(verdict),
        "unanswered": _unanswered(verdict),
        "limits": _limits(verdict, about),
        "assurance": _assurance(verdict),
    }


def _unit_word(verdict: Verdict) -> Localised:
    """What was resampled: the block's word, or that of the sites where there are six or more of them."""
    return site_word(verdict) if verdict.sampled == "site" else verdict.block_word


def census(verdict: Verdict) -> bool:
    """Whether every case there is was counted: no blocks, no interval."""
    return bool(verdict.level == 1)


def blocks(verdict: Verdict) -> str:
    """How much was seen: 24 weeks; of many places, 24 weeks at 7 places; all 162 cases, counted."""
    if census(verdict):
        return _("all {cases}, counted", cases=counted("case", verdict.cases))
    sample = counted(verdict.block_word, verdict.blocks)
    sites = verdict.sites
    return _("{blocks} at {places}", blocks=sample, places=counted(site_word(verdict), sites)) if sites > 1 else sample


def effect(verdict: Verdict) -> str:
    """By how much the KPI differs, as a clause: its mean error is 12.3 % smaller."""
    display = scale(verdict)
    gain = verdict.gain.mean or 0.0
    smaller = (gain > 0) == (verdict.better == "lower")
    pair = _WAYS[_measures(localised(verdict.unit))]
    return _(pair[0] if smaller else pair[1], kpi=localised(verdict.kpi), much=display(abs(gain)))


def _measures(unit: str) -> str:
    if MONEY_UNIT.fullmatch(unit.split("/", maxsplit=1)[0].strip()):
        return "money"
    if unit in ("", "%"):
        return "height"
    return "time" if unit.lower() in _TIMES else "size"


def interval(verdict: Verdict) -> str:
    """The interval of the gain, turned so that the size of a worsening is positive: 95 % interval 8.1 to 16.0 %."""
    display, gain = scale(verdict), verdict.gain
    low, high = gain.low, gain.high
    if (gain.mean or 0) < 0:
        low, high = (None if bound is None else -bound for bound in (high, low))
    level = f"{100 * verdict.level:.0f}"
    if low is None or high is None:
        either = _("{level} % interval from {low}", level=level, low=display(low))
        return either if high is None else _("{level} % interval up to {high}", level=level, high=display(high))
    return _("{level} % interval {low} to {high}", level=level, low=display.number(low), high=display(high))


def _head(verdict: Verdict, about: About) -> str:
    names = {"offer": offer(verdict, about), "other": against(verdict, about)}
    heads = {"better": _decided, "worse": _decided, "not shown": _not_shown, "too few": _too_few, "lost": _lost}
    return heads[verdict.verdict](verdict, names, about)


def _decided(verdict: Verdict, names: Mapping[str, str], _about: About) -> str:
    ground = blocks(verdict) if census(verdict) else f"{interval(verdict)}, {blocks(verdict)}"
    text = (
        "{offer} is **better** than {other}: its {effect} ({ground})."
        if verdict.verdict == "better"
        else "{offer} is **worse** than {other}: its {effect} ({ground})."
    )
    return _(text, **names, effect=effect(verdict), ground=ground)


def _not_shown(verdict: Verdict, names: Mapping[str, str], _about: About) -> str:
    head = _("Whether {offer} is better than {other} is **not shown** yet.", **names)
    return " ".join(part for part in (head, _reason(verdict), _resolution(verdict)) if part)


def _reason(verdict: Verdict) -> str:
    because, gain, display = verdict.because, verdict.gain, scale(verdict)
    fixed = {
        "undefined": "{kpi} cannot be computed from these cases.",
        "no difference": "{kpi} is the same for both, block by block.",
        "census, equal": "{kpi} is the same for both over all {cases}.",
        "census, worse in a band": "Over all {cases} it is better, but not in every part of them.",
    }
    if because in fixed:
        return _capital(_(fixed[because], kpi=localised(verdict.kpi), cases=counted("case", verdict.cases)))
    ends = {"low": display(gain.low) if gain.low is not None else "−∞", "high": display(gain.high)}
    holds_zero = (gain.low is None or gain.low <= 0) and (gain.high is None or gain.high >= 0)
    text = (
        "The gain is {mean}; its {level} % interval, {low} to {high}, holds zero."
        if holds_zero
        else "The gain is {mean}; its {level} % interval, {low} to {high}, leaves zero out, but the swap test does not agree."
    )
    return _(text, mean=display(gain.mean), level=f"{100 * verdict.level:.0f}", **ends)


def _resolution(verdict: Verdict) -> str:
    resolution, further = verdict.resolution, verdict.more_blocks
    if not resolution:
        return ""
    display, unit = scale(verdict), _unit_word(verdict)
    statement = _(
        "{blocks} can show a difference of {resolution} or more", blocks=blocks(verdict), resolution=display(resolution)
    )
    if not further or not verdict.smaller or further > REACH * verdict.blocks:
        return _("{seen}.", seen=statement)
    needed = int(rounded(further)) if further >= 10 else further
    return _(
        "{seen}; to see {smaller}, {more} would be needed.",
        seen=statement,
        smaller=display.roughly(verdict.smaller),
        more=more_blocks(unit, needed, about=True),
    )


def _too_few(verdict: Verdict, names: Mapping[str, str], _about: About) -> str:
    unit = _unit_word(verdict)
    if verdict.because == "a site under two blocks":
        reason = _("a place has fewer than two independent blocks.")
    else:
        least = FEWEST.get(verdict.level, 6)
        reason = _("there are only {count} independent blocks (at least {least}).", count=verdict.blocks, least=least)
    head = _("There is **too little** to say whether {offer} is better than {other}: {why}", **names, why=reason)
    further = verdict.more_blocks
    return head + (
        " " + _("{more} would be enough to judge.", more=_capital(more_blocks(unit, further))) if further else ""
    )


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _lost(verdict: Verdict, names: Mapping[str, str], about: About) -> str:
    if verdict.because == "unanswered":
        share, limit = verdict.unanswered.share, about.unanswered_limit
        return _(
            "{offer} has **lost**: it left {share} of the cases unanswered (limit {limit}).",
            **names,
            share=percent(share),
            limit=percent(limit),
        )
    broken = verdict.broken
    assert broken is not None  # it lost by a limit
    kpi, unit = localised(broken.kpi), localised_unit(broken.unit)
    number = amount(broken.number, unit)
    head = _("{offer} has **lost** by breaking a limit: its {kpi} is {number}", **names, kpi=kpi, number=number)
    low, high = broken.limit
    if low is not None and high is not None:
        bounds = _("limit {low} to {high}", low=f"{low:g}", high=f"{high:g} {unit}".rstrip())
    elif low is not None or high is not None:
        bounds = (
            _("limit at least {low}", low=f"{low:g} {unit}".rstrip())
            if high is None
            else _("limit at most {high}", high=f"{high:g} {unit}".rstrip())
        )
    else:
        return _("{seen}.", seen=head)
    return _("{head} ({bounds}).", head=head, bounds=bounds)


def _caution(verdict: Verdict) -> str:
    """Under 50 blocks: the rare loss that cannot have been seen, and what one more block would have to lose."""
    if verdict.verdict not in ("better", "worse") or not verdict.rare:
        return ""
    word, worse = _unit_word(verdict), verdict.verdict == "worse"
    by_site = verdict.sampled == "site"
    sample = counted(word, verdict.sites) if by_site else blocks(verdict)
    rare = counted(word, max(round(verdict.rare), 2))
    text = (
        "{blocks} may not yet have shown a large gain rarer than once in {rare}."
        if worse
        else "{blocks} may not yet have shown a large loss rarer than once in {rare}."
    )
    return _(text, blocks=sample, rare=rare) + _undone(verdict, word, worse=worse)


def _undone(verdict: Verdict, word: Localised, *, worse: bool) -> str:
    undo = verdict.undo
    if undo is None:
        return ""
    block = one_more_block(word)
    if undo <= 0:
        text = (
            "{one} without a loss would undo this verdict."
            if worse
            else "{one} without a gain would undo this verdict."
        )
        return " " + _(text, one=block)
    text = "{one} gaining {undo} would undo this verdict." if worse else "{one} losing {undo} would undo this verdict."
    return " " + _(text, one=block, undo=amount(undo, in_points(localised_unit(verdict.unit))))


def _places(verdict: Verdict) -> str:
    """Under six places the blocks within them were resampled: it holds there, and nothing is said of others."""
    sites = verdict.sites
    if verdict.site != "all" or verdict.sampled == "site" or verdict.verdict not in ("better", "worse"):
        return ""
    word = site_word(verdict)
    phrases = site_phrases(word)
    return phrases.here.replace("{places}", counted(word, sites)) if sites > 1 else phrases.here_uncounted


def _unanswered(verdict: Verdict) -> str:
    share, by = verdict.unanswered.share, verdict.unanswered.by
    if not share or verdict.because == "unanswered":
        return ""
    causes = ", ".join(f"{cause(name)} {count:,}" for name, count in by.items())
    if not causes:
        return _("{share} of the cases went unanswered; there today's practice answered.", share=percent(share))
    return _(
        "{share} of the cases went unanswered ({causes}); there today's practice answered.",
        share=percent(share),
        causes=causes,
    )


def _limits(verdict: Verdict, about: About) -> str:
    """What this does not show, computed from what was tried."""
    decided = verdict.verdict not in (
        "not shown",
        "too few",
    )  # where nothing is shown, nothing is shown elsewhere either
    missing = [*_elsewhere(verdict), *_seasons(verdict, about)] if decided else []
    if decided and verdict.ground == "benchmark":
        missing.append(_("use in the field (tried on open data)"))
    if about.note:
        missing.append(_("that no answer had seen the truth (answers were recorded elsewhere)"))
    elif verdict.round == "open":
        missing.append(_("cases nobody worked on (open rounds only)"))
    if about.profile != "full":
        missing.append(_("the whole trial (only a quick part was played)"))
    return _("Not shown by this: {missing}.", missing=_("; ").join(missing)) if missing else ""


def _elsewhere(verdict: Verdict) -> list[str]:
    if verdict.sampled == "site":
        return []
    word = site_word(verdict)
    phrases = site_phrases(word)
    if verdict.site == "all" and verdict.sites > 1:
        return [phrases.others_than.replace("{places}", counted(word, verdict.sites))]
    return [phrases.others]


def _seasons(verdict: Verdict, about: About) -> list[str]:
    span = about.span.get(verdict.round)
    if not span or (first := _day(span.first)) is None or (last := _day(span.last)) is None:
        return []
    return (
        [_("other seasons (data of {first} to {last})", first=first, last=last)] if (last - first).days < A_YEAR else []
    )


def _day(moment: str) -> date | None:
    try:
        return datetime.fromisoformat(moment).date()
    except ValueError:
        return None


def _assurance(verdict: Verdict) -> str:
    looks = verdict.looks
    text = _(
        "Assurance: {assurance}; ground: {ground}.",
        assurance=_(ASSURANCE.get(verdict.assurance, "self-run")),
        ground=_(GROUND.get(verdict.ground, "open data")),
    )
    if not looks:
        return text
    openings = (
        _("The sealed rounds were opened once, as this machine admits.")
        if looks == 1
        else _("The sealed rounds were opened {looks} times, as this machine admits.", looks=looks)
    )
    return f"{text} {openings}"
