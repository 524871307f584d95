"""What the trades' shared sheets hold, as columns with the headers people use for them: declarations, no code."""

from __future__ import annotations

from dure.readers.farm import GROWTH_SURVEY
from dure.readers.plant import MACHINE_EVENTS, MACHINE_RUNNING, WORK_ORDERS
from dure.readers.power import HOURLY_GENERATION
from dure.readers.weather import DAILY_WEATHER, HOURLY_WEATHER

__all__ = [
    "DAILY_WEATHER",
    "GROWTH_SURVEY",
    "HOURLY_GENERATION",
    "HOURLY_WEATHER",
    "MACHINE_EVENTS",
    "MACHINE_RUNNING",
    "SHEETS",
    "WORK_ORDERS",
]

SHEETS = {
    "hourly-weather": HOURLY_WEATHER,
    "daily-weather": DAILY_WEATHER,
    "hourly-generation": HOURLY_GENERATION,
    "work-orders": WORK_ORDERS,
    "machine-running": MACHINE_RUNNING,
    "machine-events": MACHINE_EVENTS,
    "growth-survey": GROWTH_SURVEY,
}
"""Every declared sheet by the name people ask for it."""
