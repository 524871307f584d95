"""Evidence as others may see it: blocks of few cases joined, the verdicts taken again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl

from dure.evidence.format import FEWEST, KEYS, counted_cases

if TYPE_CHECKING:
    from dure.trial.types import Trial


def joined(outcomes: pl.DataFrame, at_least: int = FEWEST) -> pl.DataFrame:
    """Blocks of under `at_least` cases joined with their neighbours within a round and site, in their order.

    Which blocks fall together depends on the first method's cases alone, so that all methods stay aligned. A joined block
    is called ``joined 001`` (a block's name may be a patient's). A census has no blocks and is left as it is.
    """
    reference = outcomes.filter((pl.col("method") == outcomes["method"][0]) & (pl.col("block") != ""))
    names: dict[tuple[str, str, str], str] = {}
    for (round_name, site), part in reference.group_by("round", "site", maintain_order=True):
        for block, name in _groups(part["block"].to_list(), part["cases"].to_list(), at_least).items():
            names[str(round_name), str(site), block] = name
    if all(block == name for (_round, _site, block), name in names.items()):
        return outcomes
    keys = pl.DataFrame(
        [(*key, name) for key, name in names.items()], schema=["round", "site", "block", "name"], orient="row"
    )
    numbers = [name for name in outcomes.columns if name not in (*KEYS, "sealed")]
    named = outcomes.join(keys, on=["round", "site", "block"], how="left", maintain_order="left")
    named = named.with_columns(pl.coalesce("name", "block").alias("block"))
    summed = named.group_by("method", "round", "sealed", "site", "block", maintain_order=True).agg(
        pl.col(numbers).sum()
    )
    return summed.select(outcomes.columns)


def _groups(blocks: Sequence[str], cases: Sequence[int], at_least: int) -> dict[str, str]:
    """Each block's new name: blocks are gathered until there are enough cases; a rest goes to the last group."""
    groups: list[list[str]] = []
    gathered: list[str] = []
    count = 0
    for block, size in zip(blocks, cases, strict=True):
        gathered.append(block)
        count += size
        if count >= at_least:
            groups.append(gathered)
            gathered, count = [], 0
    if gathered:
        groups = [*groups[:-1], groups[-1] + gathered] if groups else [gathered]
    names: dict[str, str] = {}
    for number, group in enumerate(groups, start=1):
        name = group[0] if len(group) == 1 else f"joined {number:03d}"
        names |= dict.fromkeys(group, name)
    return names


def published(trial: Trial) -> Trial:
    """The trial as others may see it: small blocks joined, the verdicts taken again on them, no case, no answer.

    A site of under five cases in all is joined within itself and stays one block: too few to say.
    """
    from dure.trial.verdicts import verdicts

    outcomes = joined(trial.outcomes)
    about = replace(trial.about, left_out=counted_cases(trial.about.left_out), joined=FEWEST)
    if outcomes.height != trial.outcomes.height:
        about = replace(about, block_word="block")
    empty = pl.DataFrame()
    return replace(
        trial,
        outcomes=outcomes,
        cases=empty,
        answers=empty,
        about=about,
        verdicts=verdicts(outcomes, trial.kpis, about),
    )
