"""Two runs of one project side by side: what another forecast, another sheet or another setting is worth in its KPIs.

A project that opens the answers of another one (a battery that opens a roof's forecast) is run twice, on the answers of two
methods. The same cases were asked both times, so the method's sums are compared block by block, as within one trial.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from dure import evidence
from dure.errors import UserError, nearest
from dure.i18n.texts import LANGUAGES, _, per_language
from dure.trial import verdicts
from dure.trial.types import KEYS, Trial

if TYPE_CHECKING:
    from dure.record import About


def compare(first_folder: Path, second_folder: Path, *, method: str | None = None) -> Trial:
    """What the second run gains over the first, as a trial of two methods: the same method of both runs.

    Parameters
    ----------
    first_folder, second_folder
        Folders of evidence; both are looked through first.
    method
        Which of the project's methods; None: its model.

    Raises
    ------
    UserError
        Evidence that is not whole, of two projects, versions or codes; a method that is not in it; other cases.
    """
    first, second = _intact(first_folder), _intact(second_folder)
    for field in ("id", "version", "code"):
        if getattr(first.about, field) != getattr(second.about, field):
            raise UserError(
                _("the two runs are not of the same {what}: {one}, {other}",
                  what=field, one=getattr(first.about, field)[:16], other=getattr(second.about, field)[:16]),
                cure=_("Run both with the project as it is now."),
            )  # fmt: skip
    name = method or _model(first)
    names = tuple(_names(first_folder, second_folder, first, second))
    outcomes = pl.concat(
        [
            _of(run, name, called, folder)
            for run, called, folder in zip((first, second), names, (first_folder, second_folder), strict=True)
        ],
        how="diagonal",
    )
    questions = [
        keys
        for _called, keys in outcomes.select("method", "round", "site", "block", "cases").group_by(
            "method", maintain_order=True
        )
    ]
    if not questions[0].drop("method").sort(pl.all()).equals(questions[1].drop("method").sort(pl.all())):
        raise UserError(
            _("the two runs did not ask the same cases"), where=f"{first_folder}, {second_folder}",
            cure=_("Run both with the same rounds, profile and data of the cases."),
        )  # fmt: skip
    about = _about(first, second, names, name)
    return Trial(
        first.project, first.version, outcomes, pl.DataFrame(), pl.DataFrame(), pl.DataFrame(), first.kpis, about,
        verdicts.verdicts(outcomes, first.kpis, about),
    )  # fmt: skip


def _intact(folder: Path) -> Trial:
    """A run as its evidence tells it. Raises UserError where the evidence is not intact."""
    report = evidence.verify(folder)
    if not report.intact:
        raise UserError(_("this evidence is not whole"), where=str(folder), cure=f"dure verify {folder}")
    return evidence.loaded(folder)


def _model(run: Trial) -> str:
    return str(list(dict.fromkeys(run.outcomes["method"]))[1])


def _of(run: Trial, method: str, called: str, folder: Path) -> pl.DataFrame:
    """The outcomes of one method under another name."""
    known = run.outcomes["method"].unique(maintain_order=True).to_list()
    if method not in known:
        close = nearest(method, known)
        cure = _("Did you mean {name}?", name=close) if close else ", ".join(known)
        raise UserError(_("there is no method {method} in this run", method=method), where=str(folder), cure=cure)
    outcomes = run.outcomes.filter(pl.col("method") == method).with_columns(method=pl.lit(called))
    return outcomes.select(*KEYS, *(name for name in outcomes.columns if name not in KEYS))


def _names(first_folder: Path, second_folder: Path, first: Trial, second: Trial) -> list[str]:
    """What the runs are called: by the settings in which they differ, else by their folders."""
    first_settings, second_settings = first.about.settings, second.about.settings
    differ = [key for key in first_settings if first_settings[key] != second_settings.get(key)]
    if differ:
        return [
            ", ".join(f"{key} {settings.get(key)}" for key in differ) for settings in (first_settings, second_settings)
        ]
    names = (
        [first_folder.name, second_folder.name]
        if first_folder.name != second_folder.name
        else [str(first_folder), str(second_folder)]
    )
    return names if names[0] != names[1] else [f"{names[0]} 1", f"{names[1]} 2"]


def _about(first: Trial, second: Trial, names: tuple[str, ...], method: str) -> About:
    """What is said of the pair: the second run's words, and where both come from."""
    label = second.about.label(method)
    called = {
        name: {lang: f"{label if isinstance(label, str) else label[lang]} · {name}" for lang in LANGUAGES}
        for name in names
    }
    data = tuple(
        replace(source, name=f"{source.name} · {name}")
        for run, name in zip((first, second), names, strict=True)
        for source in run.about.data
    )
    remark = per_language(lambda: _("What is called today here is the first run: {name}.", name=names[0]))
    return replace(
        second.about,
        # The first label is what a sentence calls "today"; here neither of the two is, so the one compared with stands last.
        labels=dict(reversed(called.items())), rivals=(), data=data, remarks={"": (remark,)},
        compared={name: evidence.replay_hash(run.outcomes) for name, run in zip(names, (first, second), strict=True)},
        # Whoever vouched for a run has not seen this comparison; and the line of the picture is no practice here.
        assurance="self-run", date=datetime.now(UTC).date().isoformat(), looks=max(first.about.looks, second.about.looks),
        given={}, quick={}, practice=None, settings={}, unanswered_by={}, left_out=(), rerun_of="", goal=None,
    )  # fmt: skip
