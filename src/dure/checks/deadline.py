"""Answers come in time."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from dure.checks.outcome import Outcome, broken, kept
from dure.i18n.texts import _

if TYPE_CHECKING:
    from dure.checks.subject import Subject


def in_time(subject: Subject) -> Outcome:
    """The 95th percentile of the seconds an answer takes; the slowest is told too: a first answer may have had to fit."""
    timings = []
    for name, transcripts in subject.transcripts.items():
        seconds = sorted(second for transcript in transcripts for second in transcript.seconds)
        if not seconds:
            continue
        late = seconds[math.ceil(0.95 * len(seconds)) - 1]
        if late > subject.manifest.deadline:
            return broken(_("{method} takes {late} s, {deadline} s are allowed",
                            method=name, late=f"{late:.3g}", deadline=f"{subject.manifest.deadline:g}"))  # fmt: skip
        timings.append(f"{name} {late:.2g} s (max {seconds[-1]:.2g} s)")
    return kept(", ".join(timings))
