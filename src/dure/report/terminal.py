"""What a terminal shows of a trial: the sentence, the marks, the remarks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dure.i18n.texts import language
from dure.report import interval_plot, sentence
from dure.trial.verdicts import deciding, same_question

if TYPE_CHECKING:
    from dure.trial.types import Trial


def shown(result: Trial) -> list[str]:
    """The sentence, then the mark of every site with what must be read beside it."""
    told = []
    for one in deciding(result.verdicts):
        told += [sentence.plain(one, result.about), "", "  " + interval_plot.header()]
        alike = [each for each in result.verdicts if same_question(each, one)]
        for each, line in zip(alike, interval_plot.lines(alike, result.about), strict=True):
            told.append("  " + line)
            told += ["      " + remark[language()] for remark in result.about.get("remarks", {}).get(each["site"], [])]
        told.append("")
    return told
