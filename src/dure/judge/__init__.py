"""Judge answers that stand in a table: no project needed.

A table with the truth, today's practice and one or more offers becomes one frame of answers, whose columns become the parts
of a trial; from there on it is the same trial and the same evidence as everything else.
"""

from dure.judge.forms import KPIS, Question
from dure.judge.question import question
from dure.judge.roles import Roles, by_column, likely, named, propose, unfilled
from dure.judge.scores import parts

__all__ = ["KPIS", "Question", "Roles", "by_column", "likely", "named", "parts", "propose", "question", "unfilled"]
