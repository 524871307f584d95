"""What a block is called, counted: one week, 24 weeks, one more week."""

from __future__ import annotations

from collections.abc import Mapping

# What a block is -> one, many, one more, many more, and one more that something happens in.
BLOCK_WORDS = {
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


def block_word(word: str, texts: Mapping[str, str]) -> str | dict[str, str]:
    """What evidence calls a block: a word of ours by itself, another one by its texts in both languages ({ko, en})."""
    return word if word in BLOCK_WORDS else dict(texts)
