"""What a block and a site are called: one week, 24 weeks, one more week; 3 hospitals, all hospitals, other hospitals.

General words are Dure's own and translated here. A trade's words come from its project (`[words]` in project.toml) and travel
in the evidence with all their forms, so that a reader without the project can form the sentences.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from dure.i18n.former_words import FORMER_WORDS
from dure.i18n.texts import _, language


class Forms(NamedTuple):
    """A word counted, in the reader's language; `{count}` stands for the number."""

    one: str
    many: str
    one_more: str
    many_more: str
    in_one_more: str  # one more that something happens in


class SitePhrases(NamedTuple):
    """What is said of several sites, in the reader's language; `{places}` stands for how many there are."""

    together: str
    one_by_one: str
    here: str  # where it holds
    here_uncounted: str
    others: str
    others_than: str


GENERAL_WORDS = {
    "block": Forms("1 block", "{count} blocks", "1 more block", "{count} more blocks", "One more block"),
    "day": Forms("1 day", "{count} days", "1 more day", "{count} more days", "One more day"),
    "week": Forms("1 week", "{count} weeks", "1 more week", "{count} more weeks", "One more week"),
    "month": Forms("1 month", "{count} months", "1 more month", "{count} more months", "One more month"),
    "row": Forms("1 row", "{count} rows", "1 more row", "{count} more rows", "One more row"),
    "group of rows": Forms(
        "1 group of rows",
        "{count} groups of rows",
        "1 more group of rows",
        "{count} more groups of rows",
        "One more group of rows",
    ),
    "site": Forms("1 place", "{count} places", "1 more place", "{count} more places", "One more place"),
    "case": Forms("1 case", "{count} cases", "1 more case", "{count} more cases", "One more case"),
}
_PLACES = SitePhrases(
    "all places",
    "Place by place",
    "This holds at these {places}.",
    "This holds at these places.",
    "other places",
    "places other than these {places}",
)


def completed(word: Mapping[str, str]) -> dict[str, str]:
    """A trade's word with all its forms; those that are not given are made from the noun.

    ko, en (the noun), many (English plural), counted (Korean, with ``{count}``), one (Korean: in one more of them), at (``at``
    or ``in`` these hospitals).
    """
    made = {"many": f"{word['en']}s", "counted": f"{word['ko']} {{count}}개", "one": f"한 {word['ko']}에서", "at": "at"}
    return made | dict(word)


def forms(word: str | Mapping[str, str]) -> Forms:
    """A block's or a site's word, counted: a general word, a former one, or one with its forms as evidence carries them."""
    if isinstance(word, str) and word in GENERAL_WORDS:
        return Forms(*map(_, GENERAL_WORDS[word]))
    trade_word = FORMER_WORDS.get(word, {"ko": word, "en": word}) if isinstance(word, str) else word
    if "many" not in trade_word:  # until 0.1.0 a word of a project's own had a noun and no further form
        counted = _("{count} {word}s", count="{count}", word=trade_word[language()])
        return forms("block")._replace(one=counted.replace("{count}", "1"), many=counted)
    full = completed(trade_word)
    if language() == "ko":
        single = full["counted"].replace("{count}", "1")
        return Forms(single, full["counted"], single, full["counted"], full["one"])
    one, many = full["en"], full["many"]
    return Forms(f"1 {one}", f"{{count}} {many}", f"1 more {one}", f"{{count}} more {many}", f"One more {one}")


def site_phrases(word: str | Mapping[str, str]) -> SitePhrases:
    """What is said of several sites by that name; of places, where the name is none that a trade gave."""
    trade_word = FORMER_WORDS.get(word, {}) if isinstance(word, str) else word
    if "many" not in trade_word:
        return SitePhrases(*map(_, _PLACES))
    full = completed(trade_word)
    one, words = (full["ko"], full["ko"]) if language() == "ko" else (full["en"], full["many"])
    inside = full["at"] == "in"
    return SitePhrases(
        _("all {words}", words=words),
        _("{Word} by {word}", Word=one[:1].upper() + one[1:], word=one),
        _("This holds in these {places}.") if inside else _("This holds at these {places}."),
        _("This holds in these {words}.", words=words) if inside else _("This holds at these {words}.", words=words),
        _("other {words}", words=words),
        _("{words} other than these {places}", words=words, places="{places}"),
    )
