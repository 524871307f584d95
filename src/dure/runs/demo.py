"""`dure demo`: a minute or two, every line computed live from data that published packages carry."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from dure import evidence
from dure.content_store import write_atomically
from dure.datasets.data import Data
from dure.datasets.sources import Source, Wheel
from dure.i18n.texts import _, language
from dure.project.loader import load
from dure.record import deciding
from dure.report.terminal import trial_lines
from dure.runs.run import Inputs, judge, opened, run

if TYPE_CHECKING:
    from pydantic import JsonValue

    from dure.trial.types import Tell, Trial

WEATHER = Source(
    "weather",
    title=("시애틀의 하루 최고 기온, 2012–2015년", "daily highest temperature of Seattle, 2012 to 2015"),
    origin=Wheel("vega_datasets", "0.9.0", "vega_datasets/_data/seattle-weather.csv"),
    sha256="62f0609f787158128aa2bd102967173a4953122dd4f872bf1d502cae1037df0b",
    licence="public domain (US Government work)",
    licensor="NOAA National Centers for Environmental Information",
    credit="NOAA daily observations, by way of vega_datasets (BSD-3-Clause)",
)
DAYS, MONTH, PULL = 182, 30, 0.2  # half a year of answers; an offer that pulls yesterday a fifth towards the last month


def demo(out: Path, tell: Tell, say: Callable[[str], None]) -> dict[str, JsonValue]:
    """Play the four parts into `out`; returns their folders and verdicts. `say` prints a line."""
    out.mkdir(parents=True, exist_ok=True)

    def part(start: float, end: float) -> Tell:
        return lambda share, text: tell(start + share * (end - start), text)

    say("\n(a) " + _("A table: yesterday's temperature is today's practice; a supplier offers another forecast."))
    table = weather_table(out / "answers.csv")
    judged = judge_table(table, out / "a-judge", part(0.0, 0.1))
    say("\n".join(trial_lines(judged)))
    say("\n(b) " + _("A plant's plan: ten standard job shops, the best dispatching rule against a solver."))
    planned, place = run(
        "yeongnam.production", profile="demo", seeds=[0], out=out / "b-production", tell=part(0.1, 0.7)
    )
    say("\n".join(trial_lines(planned)))
    gantt = draw_gantt(planned, out)
    say("  " + _("Gantt chart: {place}", place=str(gantt)))
    say("\n(c) " + _("A risk model developed at one hospital, tried at three others."))
    travelled, _place = run("gangwon.heart", sealed=True, out=out / "c-heart", tell=part(0.7, 1.0))
    say("\n".join(trial_lines(travelled)))
    say("\n(d) " + _("The evidence of (b) with one digit changed:"))
    assert place is not None
    report = evidence.verify(forged(place, out / "d-forged"))
    say(report.in_words())
    say("\n" + _("All of it, to be opened and checked: {place}", place=str(out)))
    say(
        _("Now your own table: dure judge FILE   (a column of what happened, one of today's answers, one of the offer)")
    )
    parts = {"a": judged, "b": planned, "c": travelled}
    return {
        "evidence": str(out),
        "forgery_refused": not report.intact,
        "verdicts": {
            name: [verdict.to_json() for verdict in deciding(trial.verdicts)] for name, trial in parts.items()
        },
    }


def weather_table(path: Path) -> Path:
    """Half a year of daily answers: what happened, yesterday's value, and yesterday pulled towards the last month's mean."""
    frame = Data((WEATHER,))["weather"].with_columns(pl.col("temp_max").shift(1).alias("yesterday"))
    month = pl.col("temp_max").shift(1).rolling_mean(MONTH)
    offered = (pl.col("yesterday") + PULL * (month - pl.col("yesterday"))).round(1)
    names = (
        ("일시", "실적(℃)", "현행(℃)", "제안(℃)")
        if language() == "ko"
        else ("date", "actual(°C)", "practice(°C)", "offer(°C)")
    )
    answers = frame.with_columns(offered.alias("offer")).tail(DAYS).select("date", "temp_max", "yesterday", "offer")
    answers.columns = list(names)
    return write_atomically(path, answers.write_csv())


def judge_table(table: Path, out: Path, tell: Tell) -> Trial:
    """The same as `dure judge answers.csv --yes`."""
    from dure import judge as judging
    from dure import tables

    sheet = tables.read(table)
    question = judging.question(sheet, judging.propose(sheet, judging.Roles(), None))
    return judge(question, table, out=out, tell=tell)[0]


def draw_gantt(result: Trial, out: Path) -> Path:
    """The last instance's plans, the practice's above the model's."""
    from dure.report.charts import save

    project = load("yeongnam.production")
    case = result.answers["case"][-1]
    plans = result.answers.filter(pl.col("case") == case)
    answers = {
        row["method"]: project.response.model_validate_json(row["answer"]) for row in plans.iter_rows(named=True)
    }
    rounds = project.rounds(opened(project, Inputs()))
    instance = next(planned for trial_round in rounds for planned in trial_round.cases if planned.id == case)
    assert project.figure is not None
    return save(project.figure(instance.request, answers, instance.truth, None), out / "gantt.png")


def forged(place: Path, copy: Path) -> Path:
    """A copy of the evidence in which one digit of one outcome is another one."""
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(place, copy)
    outcomes = pl.read_parquet(copy / "outcomes.parquet")
    column = outcomes.columns[-1]
    values = outcomes[column].to_list()
    values[-1] += 1.0
    outcomes.with_columns(pl.Series(column, values)).write_parquet(copy / "outcomes.parquet")
    return copy
