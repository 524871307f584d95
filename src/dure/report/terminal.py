"""What a terminal shows of a trial: the sentence, the marks, the remarks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dure.record import deciding
from dure.report import interval_plot, sentence
from dure.report.vocabulary import localised

if TYPE_CHECKING:
    from dure.trial.types import Trial


def trial_lines(result: Trial) -> list[str]:
    """The sentence, then the mark of every site with what must be read beside it."""
    lines = []
    for decisive in deciding(result.verdicts):
        lines += [sentence.plain(decisive, result.about), "", "  " + interval_plot.header()]
        peers = [peer for peer in result.verdicts if peer.answers(decisive)]
        for peer, line in zip(peers, interval_plot.lines(peers, result.about), strict=True):
            lines.append("  " + line)
            lines += ["      " + localised(remark) for remark in result.about.remarks.get(peer.site, ())]
        lines.append("")
    return lines
