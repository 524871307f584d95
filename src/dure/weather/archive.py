"""An archive of what was foretold: every issue of the weather service from now on, since the service forgets within days.

One file an issue, written whole or not at all, and an index beside them. Nothing else is remembered: what is missing is
seen from the files, so a machine that slept, was moved or killed goes on where it stopped, as far as the service still has
the issues; what it has forgotten is said.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

import polars as pl

from dure.content_store import write_atomically
from dure.errors import UserError
from dure.i18n.texts import _
from dure.weather.kma_service import Grid, Item, Later, NoData, Refused

EVERY = timedelta(hours=3)  # 02, 05, 08 ... 23 o'clock, Korean time
AFTER = timedelta(minutes=10)  # from then on the service has an issue (the guide)
KEPT = timedelta(days=3)  # and about as long
YOUNG = timedelta(hours=3)  # an issue that is not there is late
OLD = timedelta(days=2)  # and may be gone
PAUSES = (2.0, 5.0, 15.0, 45.0)  # seconds before an issue is asked for again
RESTS = (300.0, 600.0, 1200.0, 1800.0)  # seconds before a pass that failed is made again
ENOUGH = 3  # issues in one pass that came in pieces: it is not them
LOOK = 600.0  # seconds after which the clock is looked at: a machine may have slept


class Forecasts(Protocol):
    """Where issues come from: `dure.weather.kma_service.Service`."""

    def issue(self, grid: Grid, issued: datetime) -> list[Item]:
        """All values of one issue."""
        ...


class Stop(Protocol):
    """What ends a watch and wakes it from waiting: a threading.Event."""

    def is_set(self) -> bool:
        """Whether the end was asked for."""
        ...

    def wait(self, timeout: float) -> bool:
        """Wait so many seconds, or until the end is asked for."""
        ...


def korean_now() -> datetime:
    """Now in Korea, without a zone, as the archive counts."""
    return (datetime.now(UTC) + timedelta(hours=9)).replace(tzinfo=None)


def issues(after: datetime, until: datetime) -> list[datetime]:
    """Moments of issue after `after`, up to `until` (Korean time), oldest first."""
    first = after.replace(hour=2, minute=0, second=0, microsecond=0) - timedelta(days=1)
    count = int((until - first) / EVERY) + 1
    return [moment for number in range(count) if after < (moment := first + number * EVERY) <= until]


@dataclass(frozen=True)
class Archive:
    """One grid cell's folder: ``20260701-0500.parquet`` for each issue (Korean time), and ``index.csv``."""

    folder: Path
    grid: Grid

    def place(self, issued: datetime) -> Path:
        """The file of an issue."""
        return self.folder / f"{issued:%Y%m%d-%H%M}.parquet"

    def held(self) -> list[datetime]:
        """Issues that are kept, oldest first."""
        moments = (_issue_of(path.name) for path in self.folder.glob("*.parquet"))
        return sorted(moment for moment in moments if moment)

    def missing(self, now: datetime) -> list[datetime]:
        """Issues the service should still have and that are not kept, or whose file is damaged, oldest first."""
        held = set(self.held())
        return [
            issued
            for issued in issues(now - KEPT, now - AFTER)
            if issued not in held or not _is_readable(self.place(issued))
        ]

    def lost(self, now: datetime) -> list[datetime]:
        """Issues since the first that is kept which are not, and which the service has no longer."""
        held = self.held()
        return [issued for issued in issues(held[0], now - KEPT) if issued not in set(held)] if held else []

    def keep(self, issued: datetime, items: Sequence[Item]) -> Path:
        """Write an issue as the service delivered it, whole or not at all. Raises UserError where it cannot be written."""
        buffer = io.BytesIO()
        pl.DataFrame(list(items)).write_parquet(buffer, compression="zstd", statistics=False)
        return _written(self.place(issued), buffer.getvalue())

    def index(self, now: datetime, *, fresh: datetime | None = None) -> None:
        """Write ``index.csv``: issue, kept or lost, number of values, file and its SHA-256.

        What it knew is not read again, but for a `fresh` issue.
        """
        place = self.folder / "index.csv"
        with place.open(encoding="utf-8", errors="replace", newline="") if place.is_file() else io.StringIO() as file:
            known = {row["file"]: row for row in csv.DictReader(file) if set(row) == set(_INDEX) and row["sha256"]}
        rows = [(issued != fresh and known.get(self.place(issued).name)) or self._row(issued) for issued in self.held()]
        rows += [_lost_row(issued) for issued in self.lost(now)]
        text = io.StringIO()
        writer = csv.DictWriter(text, _INDEX, lineterminator="\n")
        writer.writeheader()
        writer.writerows(sorted(rows, key=lambda row: row["issued"]))
        _written(place, text.getvalue())

    def _row(self, issued: datetime) -> dict[str, str]:
        raw = self.place(issued).read_bytes()
        return {
            "issued": f"{issued:%Y-%m-%d %H:%M}",
            "state": "kept",
            "values": str(pl.read_parquet(io.BytesIO(raw)).height if _is_readable(self.place(issued)) else 0),
            "file": self.place(issued).name,
            "sha256": hashlib.sha256(raw).hexdigest(),
        }


_INDEX = ("issued", "state", "values", "file", "sha256")


def _lost_row(issued: datetime) -> dict[str, str]:
    return {"issued": f"{issued:%Y-%m-%d %H:%M}", "state": "lost", "values": "0", "file": "", "sha256": ""}


def _issue_of(name: str) -> datetime | None:
    """The moment of issue that a file's name says."""
    if not re.fullmatch(r"\d{8}-\d{4}\.parquet", name):
        return None
    try:
        return datetime.strptime(name, "%Y%m%d-%H%M.parquet")  # noqa: DTZ007 - Korean time
    except ValueError:
        return None


def _written(path: Path, content: bytes | str) -> Path:
    """Write whole or not at all. Raises UserError where the place does not take it."""
    try:
        return write_atomically(path, content)
    except OSError as error:
        raise UserError(
            _("the forecast cannot be written ({why})", why=error.strerror or type(error).__name__),
            where=str(path.parent),
            cure=_("Make room or choose another folder with --out; the same command goes on from there."),
        ) from None


def _is_readable(path: Path) -> bool:
    try:
        pl.read_parquet_schema(path)
    except (pl.exceptions.PolarsError, OSError):
        return False
    return True


# ---- a pass, and a watch ----------------------------------------------------------------------------------------------


@dataclass
class Pass:
    """What one pass came to: issues kept, not there yet, not there although they are old, not got (with why), gone for ever."""

    kept: list[datetime] = field(default_factory=list)
    awaited: list[datetime] = field(default_factory=list)
    absent: list[datetime] = field(default_factory=list)
    failed: dict[datetime, str] = field(default_factory=dict)
    lost: list[datetime] = field(default_factory=list)

    def to_dict(self) -> dict[str, list[str] | dict[str, str]]:
        """For JSON."""
        return {
            "kept": [_when(issued) for issued in self.kept],
            "awaited": [_when(issued) for issued in self.awaited],
            "absent": [_when(issued) for issued in self.absent],
            "failed": {_when(issued): reason for issued, reason in self.failed.items()},
            "lost": [_when(issued) for issued in self.lost],
        }


@dataclass
class Watch:
    """A watch over one archive: what it works with, and whether the service ever took the key."""

    service: Forecasts
    archive: Archive
    say: Callable[[str], None] = lambda text: None
    stop: Stop = field(default_factory=threading.Event)
    now: Callable[[], datetime] = korean_now
    pauses: Sequence[float] = PAUSES
    proven: bool = False
    told: set[datetime] = field(default_factory=set)
    mourned: set[datetime] = field(default_factory=set)

    def once(self) -> Pass:
        """Fetch every issue that is missing and still to be had, oldest first: those are forgotten next.

        Raises UserError where the service refuses the key and never took it, or where nothing can be written.
        """
        outcome = Pass()
        missing = self.archive.missing(self.now())
        for issued in missing:
            if self.stop.is_set():
                break
            try:
                items = self._patiently(issued)
            except NoData:
                self.proven = True
                (outcome.awaited if self.now() - issued < YOUNG else outcome.absent).append(issued)
            except Refused as error:
                if error.code == "10" and self.now() - issued > OLD:
                    # the guide does not say what an issue is answered with that is too old
                    outcome.absent.append(issued)
                    continue
                if not self.proven:
                    raise
                outcome.failed[issued] = str(error)
                break
            except Later as error:
                outcome.failed[issued] = error.why
                # down, or over its limit: the others would fail too
                if not error.half or len(outcome.failed) >= ENOUGH:
                    break
            else:
                self.proven = True
                self.archive.keep(issued, items)
                self.archive.index(self.now(), fresh=issued)
                outcome.kept.append(issued)
                self.say(_("{issued}: kept, {count} values", issued=_when(issued), count=len(items)))
        self._report(outcome)
        return outcome

    def forever(self) -> None:
        """Pass after pass, each when the next issue is due, or sooner after a failure, until the end is asked for."""
        failures = 0
        while not self.stop.is_set():
            outcome = self.once()
            failures = failures + 1 if outcome.failed or outcome.awaited else 0
            due = _next_due(self.now())
            if failures:
                again = self.now() + timedelta(seconds=RESTS[min(failures, len(RESTS)) - 1])
                due = min(due, again)
            if not self.stop.is_set():
                self.say(_("next look at {time} (Korean time)", time=_when(due)))
            self._sleep(due)

    def _sleep(self, due: datetime) -> None:
        while not self.stop.is_set() and (left := (due - self.now()).total_seconds()) > 0:
            self.stop.wait(min(left, LOOK))

    def _patiently(self, issued: datetime) -> list[Item]:
        """One issue, asked for again after a pause where the service may do better. Raises as the service does."""
        for pause in self.pauses:
            try:
                return self.service.issue(self.archive.grid, issued)
            except Later as error:
                self.say(
                    _(
                        "{issued}: {why}; again in {seconds} s",
                        issued=_when(issued),
                        why=error.why,
                        seconds=f"{pause:g}",
                    )
                )
                if self.stop.wait(pause):
                    raise
        return self.service.issue(self.archive.grid, issued)

    def _report(self, outcome: Pass) -> None:
        """Say what did not come; what is lost, once."""
        for issued, reason in outcome.failed.items():
            self.say(_("{issued}: not got ({why})", issued=_when(issued), why=reason))
        for issued in outcome.awaited:
            self.say(_("{issued}: not issued yet", issued=_when(issued)))
        for issued in outcome.absent:
            if issued not in self.told:
                self.say(_("{issued}: the service does not have it", issued=_when(issued)))
        self.told.update(outcome.absent)
        outcome.lost = self.archive.lost(self.now())
        fresh = [moment for moment in outcome.lost if moment not in self.mourned]
        self.mourned.update(fresh)
        if fresh:
            spans = ", ".join(_spans(fresh))
            self.say(_("lost for ever, the service has them no longer ({count}): {said}", count=len(fresh), said=spans))
            if self.archive.held():
                self.archive.index(self.now())


def _next_due(now: datetime) -> datetime:
    """When the next issue can be had."""
    return issues(now - AFTER, now + EVERY)[0] + AFTER


def _when(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"


def _spans(moments: Sequence[datetime]) -> Iterator[str]:
    """Moments of issue in a row as first and last."""
    start = before = moments[0]
    for moment in [*moments[1:], None]:
        if moment is None or moment - before != EVERY:
            yield _when(start) if start == before else f"{_when(start)} ~ {_when(before)}"
            start = moment or start
        before = moment or before
