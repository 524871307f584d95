"""What is said about a trial, as nouns: its verdicts, its KPIs, all that a stranger needs to judge the numbers.

A noun is read from JSON by `from_json`, which refuses what it does not know, and written by `to_json`. Nothing outside this
room knows a key of that JSON.
"""

from dure.record.about import About, LeftOut, NamedFile, OpenedSource, Particulars, Practice, Price, Span, TableReading
from dure.record.trial_record import NAME, Kpi, TrialRecord, committed
from dure.record.verdict import Broken, Gain, Localised, Unanswered, Verdict, deciding

__all__ = [
    "NAME",
    "About",
    "Broken",
    "Gain",
    "Kpi",
    "LeftOut",
    "Localised",
    "NamedFile",
    "OpenedSource",
    "Particulars",
    "Practice",
    "Price",
    "Span",
    "TableReading",
    "TrialRecord",
    "Unanswered",
    "Verdict",
    "committed",
    "deciding",
]
