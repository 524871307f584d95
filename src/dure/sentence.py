"""A verdict as a Korean or English sentence: what came out, by how much, what it is worth, and what it does not show.

`parts` gives the pieces in the order they are read, `sentence` all of them with the deciding word between ``**``, `plain`
the same without marks. Whoever shows a verdict (terminal, report, page, README) takes the words from here.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from dure.errors import UserError
from dure.i18n.texts import _, language

Verdict = Mapping[str, Any]  # one verdict as `dure.trial.verdicts.verdicts` gives it
About = Mapping[str, Any]  # what is said about the trial
DAYS_A_MONTH = 365.25 / 12
A_YEAR = 330  # days: a shorter trial has not met every season
REACH = 20  # more blocks than so many times those at hand are not proposed
FEWEST = {0.95: 6, 0.99: 8}  # blocks, below which nothing is said

# What a block is -> one, many, one more, many more, and one more that something happens in.
_COUNTED = {
    "block": ("1 block", "{count} blocks", "1 more block", "{count} more blocks", "One more block"),
    "day": ("1 day", "{count} days", "1 more day", "{count} more days", "One more day"),
    "week": ("1 week", "{count} weeks", "1 more week", "{count} more weeks", "One more week"),
    "month": ("1 month", "{count} months", "1 more month", "{count} more months", "One more month"),
    "lot": ("1 lot", "{count} lots", "1 more lot", "{count} more lots", "One more lot"),
    "patient": ("1 patient", "{count} patients", "1 more patient", "{count} more patients", "One more patient"),
    "order": ("1 order", "{count} orders", "1 more order", "{count} more orders", "One more order"),
    "instance": ("1 instance", "{count} instances", "1 more instance", "{count} more instances", "One more instance"),
    "row": ("1 row", "{count} rows", "1 more row", "{count} more rows", "One more row"),
    "group of rows": (
        "1 group of rows",
        "{count} groups of rows",
        "1 more group of rows",
        "{count} more groups of rows",
        "One more group of rows",
    ),
    "site": ("1 place", "{count} places", "1 more place", "{count} more places", "One more place"),
    "target": ("1 target", "{count} targets", "1 more target", "{count} more targets", "One more target"),
    "situation": (
        "1 situation",
        "{count} situations",
        "1 more situation",
        "{count} more situations",
        "One more situation",
    ),
    "hospital": ("1 hospital", "{count} hospitals", "1 more hospital", "{count} more hospitals", "One more hospital"),
    "home": ("1 home", "{count} homes", "1 more home", "{count} more homes", "One more home"),
    "case": ("1 case", "{count} cases", "1 more case", "{count} more cases", "One more case"),
}
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
# What a smaller and a larger number of a KPI are called, by what it measures.
_WAYS = {
    "size": ("{kpi} is {much} smaller", "{kpi} is {much} larger"),
    "height": ("{kpi} is {much} lower", "{kpi} is {much} higher"),
    "time": ("{kpi} is {much} shorter", "{kpi} is {much} longer"),
    "money": ("{kpi} is {much} less", "{kpi} is {much} more"),
}
_TIMES = ("ms", "s", "sec", "min", "h", "hr", "hour", "hours", "d", "day", "days", "minutes", "초", "분", "시간", "일")
_WON = {"": 1.0, "천": 1e3, "만": 1e4, "백만": 1e6, "억": 1e8}
_MONEY = re.compile(r"(천|만|백만|억|)\s*(원|won|krw)", re.IGNORECASE)
VERDICTS = {
    "better": "better",
    "worse": "worse",
    "not shown": "not shown",
    "too few": "too few to say",
    "lost": "lost",
}
ASSURANCE = {"self-run": "self-run", "re-run": "re-run", "hub-witnessed": "hub-witnessed", "live": "live"}
GROUND = {"benchmark": "open data", "field": "field data", "live": "real use"}


def sentence(verdict: Verdict, about: About) -> str:
    """Everything that must be said of a verdict, in the reader's language, its deciding word between ``**``.

    Two or three lines: the answer, the cautions, what it does not show.
    """
    said = parts(verdict, about)
    lines = (("head", "price"), ("caution", "places", "unanswered"), ("limits", "assurance"))
    told = (" ".join(said[name] for name in line if said[name]) for line in lines)
    return "\n".join(line for line in told if line)


def plain(verdict: Verdict, about: About) -> str:
    """The same without marks."""
    return sentence(verdict, about).replace("**", "")


def parts(verdict: Verdict, about: About) -> dict[str, str]:
    """The pieces of the sentence, empty where there is nothing to say.

    head (the answer with its numbers), price (won a month), caution (the rare loss that cannot have been seen), places,
    unanswered, limits (what it does not show), assurance (who saw it, on which ground, after how many looks).
    """
    where = "" if verdict["site"] in ("", "all") else f"{place(verdict, about)}: "
    return {
        "head": where + _head(verdict, about),
        "price": _price(verdict, about),
        "caution": _caution(verdict),
        "places": _places(verdict),
        "unanswered": _unanswered(verdict),
        "limits": _limits(verdict, about),
        "assurance": _assurance(verdict),
    }


def word(verdict: Verdict) -> str:
    """The verdict in one or two words."""
    return _(VERDICTS[verdict["verdict"]])


def said_in(text: Any) -> str:
    """A text that may stand in both languages ({ko, en}), in the reader's."""
    return str(text[language()]) if isinstance(text, Mapping) else str(text)


def unit_in(unit: Any) -> str:
    """A KPI's unit in the reader's language: won is 원 in Korean."""
    said = said_in(unit)
    return re.sub(r"\bwon\b", "원", said) if language() == "ko" else said


def offer(verdict: Verdict, about: About) -> str:
    """What people call the method that was offered."""
    return _label(verdict["method"], about)


def against(verdict: Verdict, about: About) -> str:
    """What it was compared with: today's practice, or another method's label."""
    practice = next(iter(about.get("labels", {})), verdict["against"])
    return _("today") if verdict["against"] == practice else _label(verdict["against"], about)


def place(verdict: Verdict, about: About) -> str:
    """What people call the verdict's site; all of them together; empty where there is but one without a name."""
    site = verdict["site"]
    return _(_sites(about)[0]) if site == "all" else said_in(about.get("sites", {}).get(site, site))


def one_by_one(about: About) -> str:
    """A heading over what is said of each site: Place by place."""
    return _(_sites(about)[1])


def _site_word(source: Mapping[str, Any]) -> str:
    """What a site is called; a place, where a verdict or a trial does not say."""
    word = str(source.get("site_word", "site"))
    return word if word in _SITES else "site"


def _sites(source: Mapping[str, Any]) -> tuple[str, ...]:
    return _SITES[_site_word(source)]


def _label(method: str, about: About) -> str:
    return said_in(about.get("labels", {}).get(method, method))


# ---- numbers ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Scale:
    """How a difference is shown: as a share of the practice's number (per cent), or in the KPI's own unit."""

    factor: float
    unit: str
    decimals: int
    relative: bool

    def number(self, value: float | None) -> str:
        """The number alone; infinite where there is no bound."""
        return "∞" if value is None else figure(value * self.factor, self.decimals)

    def __call__(self, value: float | None) -> str:
        """The number with its unit."""
        return f"{self.number(value)} {self.unit}".rstrip()

    def roughly(self, value: float) -> str:
        """Two digits, for what is an estimate."""
        return f"{rounded(value * self.factor):,.10g} {self.unit}".rstrip()


def scale(verdict: Verdict) -> Scale:
    """Per cent of the practice's number where that means something, else the KPI's own unit.

    It means nothing of a number that is not above zero, of per cents (points are said), and of a score or share without
    unit within 0..1 (a Brier score). Money is said as money.
    """
    gain, unit = verdict["gain"], unit_in(verdict["unit"])
    base = verdict["methods"].get(verdict["against"]) or 0.0
    bounds = [abs(each) for each in gain.values() if each is not None] or [abs(verdict.get("resolution") or 0.0)]
    whole = (unit not in ("", "%") or (unit == "" and base > 1)) and not _MONEY.fullmatch(unit)
    if base > 0 and whole and max(bounds) <= 2 * base:
        return Scale(100 / base, "%", decimals(max(bounds) * 100 / base, most=1), relative=True)
    return Scale(1.0, _points(unit), decimals(max(bounds)), relative=False)


def _points(unit: str) -> str:
    return _("percentage points") if unit == "%" else unit


def decimals(largest: float, most: int = 2) -> int:
    """Decimals that leave three digits of `largest`, two of one below 1; at most `most` above 1.

    >>> [decimals(16.0), decimals(0.04), decimals(1234.5)]
    [1, 3, 0]
    """
    if not largest or not math.isfinite(largest):
        return 0
    power = math.floor(math.log10(largest) + 1e-9)
    return min(max(2 - power, 0), most) if power >= 0 else min(1 - power, 9)


def figure(value: float, places: int) -> str:
    """A number as people read it: thousands grouped, a true minus sign, no minus before zero.

    >>> figure(-1234.56, 1)
    '−1,234.6'
    """
    text = f"{value:,.{places}f}"
    return text.lstrip("-") if not text.strip("-0.,") else text.replace("-", "−")


def rounded(value: float, digits: int = 2) -> float:
    """`value` to so many significant digits.

    >>> rounded(3_412_345)
    3400000.0
    """
    return float(f"{value:.{digits}g}") if value else 0.0


def amount(value: float | None, unit: str) -> str:
    """A number of the KPI with its unit, three digits."""
    if value is None:
        return "–"
    places = decimals(abs(value)) + (0 < abs(value) < 1)
    return f"{figure(value, places)} {unit}".rstrip()


def word_of_blocks(word: str, texts: Mapping[str, str]) -> str | dict[str, str]:
    """What evidence calls a block: a word of ours by itself, another one by its texts in both languages ({ko, en})."""
    return word if word in _COUNTED else dict(texts)


def counted(word: Any, count: int) -> str:
    """So many blocks: 24 weeks, 24주. A word that is not among ours stands in both languages ({ko, en})."""
    if str(word) not in _COUNTED:
        return _("{count} {word}s", count=f"{count:,}", word=said_in(word))
    one, many, *_rest = _COUNTED[word]
    return _(one) if count == 1 else _(many, count=f"{count:,}")


def _more(word: Any, count: int, *, about: bool = False) -> str:
    """So many further blocks: about 300 more days, 약 300일치."""
    _one, _many, single, several, _in_one = _COUNTED.get(str(word), _COUNTED["block"])
    told = _("about {count}", count=f"{count:,}") if about else f"{count:,}"
    return _(single) if count == 1 else _(several, count=told)


def _one_more(word: Any) -> str:
    """In one further block: One more week, 한 주에."""
    return _(_COUNTED.get(str(word), _COUNTED["block"])[-1])


def _unit_word(verdict: Verdict) -> Any:
    """What was resampled: the block's word, or that of the sites where there are six or more of them."""
    return _site_word(verdict) if verdict.get("sampled") == "site" else verdict.get("block_word", "block")


def census(verdict: Verdict) -> bool:
    """Whether every case there is was counted: no blocks, no interval."""
    return bool(verdict["level"] == 1)


def blocks(verdict: Verdict) -> str:
    """How much was seen: 24 weeks; of many places, 24 weeks at 7 places; all 162 cases, counted."""
    if census(verdict):
        return _("all {cases}, counted", cases=counted("case", verdict["cases"]))
    seen = counted(verdict.get("block_word", "block"), verdict["blocks"])
    sites = verdict.get("sites", 1)
    return _("{blocks} at {places}", blocks=seen, places=counted(_site_word(verdict), sites)) if sites > 1 else seen


def effect(verdict: Verdict) -> str:
    """By how much the KPI differs, as a clause: its mean error is 12.3 % smaller."""
    shown = scale(verdict)
    gain = verdict["gain"]["mean"]
    smaller = (gain > 0) == (verdict["better"] == "lower")
    pair = _WAYS[_measures(said_in(verdict["unit"]))]
    return _(pair[0] if smaller else pair[1], kpi=said_in(verdict["kpi"]), much=shown(abs(gain)))


def _measures(unit: str) -> str:
    if _MONEY.fullmatch(unit.split("/", maxsplit=1)[0].strip()):
        return "money"
    if unit in ("", "%"):
        return "height"
    return "time" if unit.lower() in _TIMES else "size"


def interval(verdict: Verdict) -> str:
    """The interval of the gain, turned so that the size of a worsening is positive: 95 % interval 8.1 to 16.0 %."""
    shown, gain = scale(verdict), verdict["gain"]
    low, high = gain["low"], gain["high"]
    if (gain["mean"] or 0) < 0:
        low, high = (None if each is None else -each for each in (high, low))
    level = f"{100 * verdict['level']:.0f}"
    if low is None or high is None:
        either = _("{level} % interval from {low}", level=level, low=shown(low))
        return either if high is None else _("{level} % interval up to {high}", level=level, high=shown(high))
    return _("{level} % interval {low} to {high}", level=level, low=shown.number(low), high=shown(high))


# ---- the answer ------------------------------------------------------------------------------------------------------


def _head(verdict: Verdict, about: About) -> str:
    names = {"offer": offer(verdict, about), "other": against(verdict, about)}
    heads = {"better": _decided, "worse": _decided, "not shown": _not_shown, "too few": _too_few, "lost": _lost}
    return heads[verdict["verdict"]](verdict, names, about)


def _decided(verdict: Verdict, names: Mapping[str, str], _about: About) -> str:
    ground = blocks(verdict) if census(verdict) else f"{interval(verdict)}, {blocks(verdict)}"
    text = (
        "{offer} is **better** than {other}: its {effect} ({ground})."
        if verdict["verdict"] == "better"
        else "{offer} is **worse** than {other}: its {effect} ({ground})."
    )
    return _(text, **names, effect=effect(verdict), ground=ground)


def _not_shown(verdict: Verdict, names: Mapping[str, str], _about: About) -> str:
    head = _("Whether {offer} is better than {other} is **not shown** yet.", **names)
    return " ".join(each for each in (head, _why(verdict), _resolution(verdict)) if each)


def _why(verdict: Verdict) -> str:
    because, gain, shown = verdict["because"], verdict["gain"], scale(verdict)
    fixed = {
        "undefined": "{kpi} cannot be computed from these cases.",
        "no difference": "{kpi} is the same for both, block by block.",
        "census, equal": "{kpi} is the same for both over all {cases}.",
        "census, worse in a band": "Over all {cases} it is better, but not in every part of them.",
    }
    if because in fixed:
        return _capital(_(fixed[because], kpi=said_in(verdict["kpi"]), cases=counted("case", verdict["cases"])))
    ends = {"low": shown(gain["low"]) if gain["low"] is not None else "−∞", "high": shown(gain["high"])}
    holds_zero = (gain["low"] is None or gain["low"] <= 0) and (gain["high"] is None or gain["high"] >= 0)
    text = (
        "The gain is {mean}; its {level} % interval, {low} to {high}, holds zero."
        if holds_zero
        else "The gain is {mean}; its {level} % interval, {low} to {high}, leaves zero out, but the swap test does not agree."
    )
    return _(text, mean=shown(gain["mean"]), level=f"{100 * verdict['level']:.0f}", **ends)


def _resolution(verdict: Verdict) -> str:
    resolution, more = verdict.get("resolution"), verdict.get("more_blocks")
    if not resolution:
        return ""
    shown, unit = scale(verdict), _unit_word(verdict)
    seen = _(
        "{blocks} can show a difference of {resolution} or more", blocks=blocks(verdict), resolution=shown(resolution)
    )
    if not more or not verdict.get("smaller") or more > REACH * verdict["blocks"]:
        return _("{seen}.", seen=seen)
    needed = int(rounded(more)) if more >= 10 else more
    return _(
        "{seen}; to see {smaller}, {more} would be needed.",
        seen=seen,
        smaller=shown.roughly(verdict["smaller"]),
        more=_more(unit, needed, about=True),
    )


def _too_few(verdict: Verdict, names: Mapping[str, str], _about: About) -> str:
    unit = _unit_word(verdict)
    if verdict["because"] == "a site under two blocks":
        why = _("a place has fewer than two independent blocks.")
    else:
        least = FEWEST.get(verdict["level"], 6)
        why = _("there are only {count} independent blocks (at least {least}).", count=verdict["blocks"], least=least)
    head = _("There is **too little** to say whether {offer} is better than {other}: {why}", **names, why=why)
    more = verdict.get("more_blocks")
    return head + (" " + _("{more} would be enough to judge.", more=_capital(_more(unit, more))) if more else "")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _lost(verdict: Verdict, names: Mapping[str, str], about: About) -> str:
    if verdict["because"] == "unanswered":
        share, limit = verdict["unanswered"]["share"], about.get("unanswered_limit", 0.05)
        return _(
            "{offer} has **lost**: it left {share} of the cases unanswered (limit {limit}).",
            **names,
            share=percent(share),
            limit=percent(limit),
        )
    broken = verdict["broken"]
    kpi, unit = said_in(broken["kpi"]), unit_in(broken["unit"])
    number = amount(broken["number"], unit)
    head = _("{offer} has **lost** by breaking a limit: its {kpi} is {number}", **names, kpi=kpi, number=number)
    low, high = broken["limit"]
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


def percent(share: float) -> str:
    """A share as per cent: 4.9 %."""
    return f"{figure(100 * share, 0 if share >= 0.1 or share == round(share, 2) else 1)} %"


# ---- cautions, price, limits -----------------------------------------------------------------------------------------


def _caution(verdict: Verdict) -> str:
    """Under 50 blocks: the rare loss that cannot have been seen, and what one more block would have to lose."""
    if verdict["verdict"] not in ("better", "worse") or not verdict.get("rare"):
        return ""
    word, worse = _unit_word(verdict), verdict["verdict"] == "worse"
    by_site = verdict.get("sampled") == "site" and "sites" in verdict
    seen = counted(word, verdict["sites"]) if by_site else blocks(verdict)
    rare = counted(word, max(round(verdict["rare"]), 2))
    text = (
        "{blocks} may not yet have shown a large gain rarer than once in {rare}."
        if worse
        else "{blocks} may not yet have shown a large loss rarer than once in {rare}."
    )
    return _(text, blocks=seen, rare=rare) + _undone(verdict, word, worse=worse)


def _undone(verdict: Verdict, word: str, *, worse: bool) -> str:
    undo = verdict.get("undo")
    if undo is None:
        return ""
    one = _one_more(word)
    if undo <= 0:
        text = (
            "{one} without a loss would undo this verdict."
            if worse
            else "{one} without a gain would undo this verdict."
        )
        return " " + _(text, one=one)
    text = "{one} gaining {undo} would undo this verdict." if worse else "{one} losing {undo} would undo this verdict."
    return " " + _(text, one=one, undo=amount(undo, _points(unit_in(verdict["unit"]))))


def _places(verdict: Verdict) -> str:
    """Under six places the blocks within them were resampled: it holds there, and nothing is said of others."""
    sites = verdict.get("sites", 1)
    if verdict["site"] != "all" or verdict.get("sampled") == "site" or verdict["verdict"] not in ("better", "worse"):
        return ""
    _all, _each, counted_here, here, *_others = _sites(verdict)
    return _(counted_here, places=counted(_site_word(verdict), sites)) if sites > 1 else _(here)


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


def _unanswered(verdict: Verdict) -> str:
    share, by = verdict["unanswered"]["share"], verdict["unanswered"].get("by") or {}
    if not share or verdict["because"] == "unanswered":
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
    told = verdict["verdict"] not in (
        "not shown",
        "too few",
    )  # where nothing is shown, nothing is shown elsewhere either
    missing = [*_elsewhere(verdict), *_seasons(verdict, about)] if told else []
    if told and verdict.get("ground") == "benchmark":
        missing.append(_("use in the field (tried on open data)"))
    if about.get("note"):
        missing.append(_("that no answer had seen the truth (answers were recorded elsewhere)"))
    elif verdict.get("round") == "open":
        missing.append(_("cases nobody worked on (open rounds only)"))
    if about.get("profile", "full") != "full":
        missing.append(_("the whole trial (only a quick part was played)"))
    return _("Not shown by this: {missing}.", missing=_("; ").join(missing)) if missing else ""


def _elsewhere(verdict: Verdict) -> list[str]:
    if verdict.get("sampled") == "site":
        return []
    *_here, others, than_these = _sites(verdict)
    if verdict["site"] == "all" and verdict.get("sites", 0) > 1:
        return [_(than_these, places=counted(_site_word(verdict), verdict["sites"]))]
    return [_(others)]


def _seasons(verdict: Verdict, about: About) -> list[str]:
    span = about.get("span", {}).get(verdict.get("round", ""))
    if not span or (first := _day(span["first"])) is None or (last := _day(span["last"])) is None:
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
    looks = verdict.get("looks", 0)
    text = _(
        "Assurance: {assurance}; ground: {ground}.",
        assurance=_(ASSURANCE.get(verdict.get("assurance", ""), "self-run")),
        ground=_(GROUND.get(verdict.get("ground", ""), "open data")),
    )
    if not looks:
        return text
    seen = (
        _("The sealed rounds were opened once, as this machine admits.")
        if looks == 1
        else _("The sealed rounds were opened {looks} times, as this machine admits.", looks=looks)
    )
    return f"{text} {seen}"


# ---- money -----------------------------------------------------------------------------------------------------------


def worth(text: str) -> dict[str, Any]:
    """A price as people write it: ``120원/kWh``, ``1.2만원/t``, ``120 won/kWh``, ``120`` (per unit of the KPI).

    Returns ``{"won": 120.0, "unit": "kWh"}``; the unit is empty where none is named. Raises UserError.

    >>> worth("1.2만원/t")
    {'won': 12000.0, 'unit': 't'}
    """
    found = re.fullmatch(
        r"₩?\s*([\d,]*\.?\d+)\s*(?:(천|만|백만|억)?\s*(?:원|won|krw))?\s*(?:/\s*(\S.*?)|(?:a|per)\s+(\S.*?))?\s*",
        text.strip(),
        re.IGNORECASE,
    )
    if not found or not math.isfinite(won := float(found[1].replace(",", "")) * _WON[found[2] or ""]):
        raise UserError(
            _("{text} is not a price", text=text), where="--worth", cure=_("Write won and the unit: 120원/kWh.")
        )
    return {"won": won, "unit": (found[3] or found[4] or "").strip()}


def priced(verdict: Verdict, about: About) -> tuple[float | None, str]:
    """Won a month that the gain is worth (negative: lost), and why it cannot be said where it cannot.

    Gain a case x price x cases a month, where the KPI is a mean or a sum over cases that carry time, its unit has a price
    (`about["worth"]`, or it is won itself), and one place is meant.
    """
    unit, gain = said_in(verdict["unit"]), verdict["gain"]["mean"]
    price, why = _won_a_unit(unit, about.get("worth"))
    kind = _form(_formula(verdict, about))
    months = _months(verdict, about)
    reasons = (
        (gain is None, "the gain cannot be computed"),
        (price is None, why),
        (not kind, "the KPI is neither a sum nor a mean over cases"),
        (verdict["site"] == "all", "a mean over places has no bill of its own; see each place"),
        (months is None, "the cases carry no time, so nobody knows how many come in a month"),
    )
    for true, reason in reasons:
        if true:
            return None, _(reason) if reason else ""
    assert price is not None  # the reasons above have looked
    assert months is not None
    return gain * price * (verdict["cases"] if kind == "mean" else 1) / months, ""


def _won_a_unit(unit: str, given: Mapping[str, Any] | None) -> tuple[float | None, str]:
    """Won for one unit of the KPI. No reason where nobody asked for a price."""
    from dure.tables import conversion

    if found := _MONEY.fullmatch(unit.strip()):
        return _WON[found[1]], ""
    if not given:
        return None, ""
    if not given.get("unit") or given["unit"] == unit:
        return float(given["won"]), ""
    try:
        factor, offset = conversion(unit, given["unit"])
    except ValueError:
        factor, offset = 0.0, 1.0
    return (None, "the price is for another unit than the KPI's") if offset else (float(given["won"]) * factor, "")


def _formula(verdict: Verdict, about: About) -> str:
    known = {str(kpi["name"]): kpi["of"] for kpi in about.get("kpis", ())}
    return str(verdict.get("of") or known.get(str(verdict["kpi"]), ""))


def _form(of: str) -> str:
    """``mean`` for sums over cases, ``sum`` for sums alone, empty for all else (a root, a ratio of two sums)."""
    try:
        tree = ast.parse(of.strip() or "0", mode="eval").body
    except SyntaxError:
        return ""
    if (
        isinstance(tree, ast.BinOp)
        and isinstance(tree.op, ast.Div)
        and isinstance(tree.right, ast.Name)
        and tree.right.id == "cases"
    ):
        return "mean" if _linear(tree.left) else ""
    return "sum" if _linear(tree) and not isinstance(tree, ast.Constant) else ""


def _linear(node: ast.expr) -> bool:
    match node:
        case ast.Name(id=name):
            return name != "cases"
        case ast.BinOp(op=ast.Add() | ast.Sub(), left=left, right=right):
            return _linear(left) and _linear(right)
        case (
            ast.BinOp(op=ast.Mult(), left=ast.Constant(), right=inner)
            | ast.BinOp(op=ast.Mult() | ast.Div(), left=inner, right=ast.Constant())
        ):
            return _linear(inner)
    return False


def _months(verdict: Verdict, about: About) -> float | None:
    """How long the cases of the verdict's rounds took: from the first to the last, and one step more."""
    span = about.get("span", {}).get(verdict.get("round", ""))
    if not span or span.get("moments", 0) < 2:
        return None
    try:
        first, last = (datetime.fromisoformat(span[name]) for name in ("first", "last"))
        days = (last - first).total_seconds() / 86400
    except (ValueError, TypeError):
        return None
    return days * (1 + 1 / (span["moments"] - 1)) / DAYS_A_MONTH if days > 0 else None


def _price(verdict: Verdict, about: About) -> str:
    if verdict["verdict"] not in ("better", "worse"):
        return ""
    value, why = priced(verdict, about)
    if value is None:
        return _("It cannot be priced by the month: {why}.", why=why) if why and about.get("worth") else ""
    given = about.get("worth")
    unit = (given or {}).get("unit") or said_in(verdict["unit"])
    if not given or _MONEY.fullmatch(said_in(verdict["unit"])):
        text = "That is {won} a month." if value > 0 else "That costs {won} more a month."
        return _(text, won=won(abs(value)))
    text = "At {worth} that is {won} a month." if value > 0 else "At {worth} that costs {won} more a month."
    return _(text, worth=_("{price} won a {unit}", price=f"{given['won']:,.10g}", unit=unit), won=won(abs(value)))


def won(value: float) -> str:
    """Won as people say it, two digits: 약 340만 원, 약 1억 2,000만 원; about 3.4 million won."""
    near = rounded(value)
    if language() == "ko":
        return f"약 {_korean_won(near)}"
    for size, name in ((1e9, "billion"), (1e6, "million")):
        if near >= size:
            return f"about {near / size:g} {name} won"
    return f"about {near:,.0f} won"


def _korean_won(near: float) -> str:
    large, rest = divmod(round(near), 10**8)
    middle, small = divmod(rest, 10**4)
    told = [f"{large:,}억" if large else "", f"{middle:,}만" if middle else ""]
    upper = " ".join(each for each in told if each)
    return f"{upper} {small:,}원".strip() if small or not upper else f"{upper} 원"
