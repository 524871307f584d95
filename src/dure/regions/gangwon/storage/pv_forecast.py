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


def pv_forecasts(data: Data, every: Sequence[Home]) -> dict[str, dict[datetime, np.ndarray]] | None:
    """By home and midnight: (3, 48) the middle, a tenth and nine tenths of what the panels make [kWh per kW installed]."""
    if not data.has("pv-forecast"):
        return None
    frame, said = data["pv-forecast"], site(data)
    needed = {"site", "case", "time", "method", "answer"}
    if lacking := sorted(needed - set(frame.columns)):
        raise UserError(
            _("these are no answers of honam.solar: the column {name} is missing", name=lacking[0]), where="pv-forecast",
            cure=_("Give the folder that `dure run honam.solar` wrote."),
        )  # fmt: skip
    frame = frame.filter(pl.col("answer") != "").filter(pl.col("method") == _method(frame, said.pv_method))
    if "seed" in frame.columns:
        frame = frame.filter(pl.col("seed") == frame["seed"].min())
    found: dict[str, dict[datetime, np.ndarray]] = {}
    for site_name, case, moment, text in frame.select("site", "case", "time", "answer").iter_rows():
        place = (
            site_name or str(case).rpartition(" ")[0]
        )  # a project of one sky names the home in the case: "home-1 2021-04-01"
        time = datetime.fromisoformat(str(moment)).replace(tzinfo=None)
        found.setdefault(place, {})[time] = _bands(text, where=f"{place} {moment}")
    for home in every:
        if home.name not in found:
            close = nearest(home.name, sorted(found))
            cure = (
                _("Did you mean {name}?", name=close)
                if close
                else _("There are: {names}.", names=", ".join(sorted(found)))
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
    return found


def _method(frame: pl.DataFrame, wanted: str) -> str:
    """The method whose answers are used: as wanted, else the second in the file, which is the model (the first is the practice)."""
    there = list(dict.fromkeys(frame["method"].to_list()))
    if wanted and wanted not in there:
        close = nearest(wanted, there)
        cure = _("Did you mean {name}?", name=close) if close else _("There are: {names}.", names=", ".join(there))
        raise UserError(_("there are no answers of a method called {name}", name=wanted), where="pv_method", cure=cure)
    if not there:
        raise UserError(_("there are no answers in it"), where="pv-forecast")
    return wanted or there[min(1, len(there) - 1)]


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
