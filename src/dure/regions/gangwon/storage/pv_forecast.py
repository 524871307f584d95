"""Forecasts of the panels from another project's evidence: honam.solar's answers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from dure import UserError, nearest

from .forms import _
from .homes import Home, site

if TYPE_CHECKING:
    from dure import Data


def pv_forecasts(data: Data, homes: Sequence[Home]) -> dict[str, dict[datetime, np.ndarray]] | None:
    """By home and midnight: (3, 48) the middle, a tenth and nine tenths of what the panels make [kWh per kW installed]."""
    if not data.has("pv-forecast"):
        return None
    frame, settings = data["pv-forecast"], site(data)
    columns = {"site", "case", "time", "method", "answer"}
    if missing := sorted(columns - set(frame.columns)):
        raise UserError(
            _("these are no answers of honam.solar: the column {name} is missing", name=missing[0]), where="pv-forecast",
            cure=_("Give the folder that `dure run honam.solar` wrote."),
        )  # fmt: skip
    frame = frame.filter(pl.col("answer") != "").filter(pl.col("method") == _method(frame, settings.pv_method))
    if "seed" in frame.columns:
        frame = frame.filter(pl.col("seed") == frame["seed"].min())
    by_home: dict[str, dict[datetime, np.ndarray]] = {}
    for site_name, case, moment, text in frame.select("site", "case", "time", "answer").iter_rows():
        place = (
            site_name or str(case).rpartition(" ")[0]
        )  # a project of one sky names the home in the case: "home-1 2021-04-01"
        time = datetime.fromisoformat(str(moment)).replace(tzinfo=None)
        by_home.setdefault(place, {})[time] = _bands(text, where=f"{place} {moment}")
    for home in homes:
        if home.name not in by_home:
            suggestion = nearest(home.name, sorted(by_home))
            cure = (
                _("Did you mean {name}?", name=suggestion)
                if suggestion
                else _("There are: {names}.", names=", ".join(sorted(by_home)))
            )
            raise UserError(
                _("the forecasts have no home called {name}", name=home.name), where="pv-forecast",
                cure=cure + " " + _("Run honam.solar on the same homes."),
            )  # fmt: skip
        if home.panels is None:
            raise UserError(
                _("the forecasts are per kW of panels, and the panels of {name} are not known", name=home.name), where="panels",
                cure=_("Say their nominal power with --set panels=KW."),
            )  # fmt: skip
    return by_home


def _method(frame: pl.DataFrame, name: str) -> str:
    """The method whose answers are used: as wanted, else the second in the file, which is the model (the first is the practice)."""
    methods = list(dict.fromkeys(frame["method"].to_list()))
    if name and name not in methods:
        suggestion = nearest(name, methods)
        cure = (
            _("Did you mean {name}?", name=suggestion)
            if suggestion
            else _("There are: {names}.", names=", ".join(methods))
        )
        raise UserError(_("there are no answers of a method called {name}", name=name), where="pv_method", cure=cure)
    if not methods:
        raise UserError(_("there are no answers in it"), where="pv-forecast")
    return name or methods[min(1, len(methods) - 1)]


def _bands(text: str, *, where: str) -> np.ndarray:
    """(3, hours) middle, tenth and nine tenths of an answer's quantiles. Raises UserError where it holds none."""
    try:
        quantiles = np.array(json.loads(text)["power"], dtype=float)
        if (
            quantiles.ndim != 2
            or quantiles.shape[0] < 24
            or quantiles.shape[1] != 19
            or not np.isfinite(quantiles).all()
        ):
            raise ValueError(quantiles.shape)
    except (ValueError, KeyError, TypeError):
        raise UserError(
            _("this answer has no power with 19 quantiles an hour"), where=f"pv-forecast, {where}",
            cure=_("Give the folder that `dure run honam.solar` wrote."),
        ) from None  # fmt: skip
    bands: np.ndarray = np.maximum(np.sort(quantiles, axis=1)[:, [9, 1, 17]].T, 0.0)
    return bands
