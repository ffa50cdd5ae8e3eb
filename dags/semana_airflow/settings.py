"""The settings of the DAGs, from the environment of Airflow's processes; docs/operations.md lists them."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

from airflow.providers.standard.triggers.file import DirectoryFileDeleteTrigger
from airflow.sdk import Asset, AssetOrTimeSchedule, AssetWatcher, CronTriggerTimetable

BIN = os.environ.get("SEMANA_BIN", "semana")
HOME = Path(os.environ.get("SEMANA_HOME", ".semana")).resolve()
TIMEZONE = os.environ.get("SEMANA_TIMEZONE", "UTC")
SCHEDULE = os.environ.get("SEMANA_SCHEDULE", "weekly")
LIVE_SCHEDULE = os.environ.get("SEMANA_LIVE_SCHEDULE", "daily")
DEADLINE = timedelta(minutes=float(os.environ.get("SEMANA_DEADLINE_MINUTES", "0")))
RETRIES = int(os.environ.get("SEMANA_RETRIES", "4"))
RETRY_DELAY = timedelta(seconds=float(os.environ.get("SEMANA_RETRY_SECONDS", "30")))

FLAG = ".ready"  # laid into drop/ once all files of a delivery are there
_POKE = 2.0  # seconds between two looks for it
_CRON = {"daily": "{minute} 6 * * *", "weekly": "{minute} 6 * * 1", "monthly": "{minute} 6 1 * *"}
_NEVER = "never"


def timetable(when: str, *, minute: int = 0) -> CronTriggerTimetable | None:
    """The timetable of daily, weekly, monthly (after six in the morning; Mondays; the first) or a cron expression.

    None for never.
    """
    cron = _CRON[when].format(minute=minute) if when in _CRON else when
    return None if when == _NEVER else CronTriggerTimetable(cron, timezone=TIMEZONE)


def by_time_or(assets: list[Asset], when: str) -> AssetOrTimeSchedule | list[Asset]:
    """The schedule that starts a run at its times, and whenever one of the assets changes as well."""
    times = timetable(when)
    return AssetOrTimeSchedule(timetable=times, assets=assets) if times else assets


def delivery() -> Asset:
    """What changes when a delivery is complete: its ready-flag is seen, and consumed; the data is not touched."""
    flag = DirectoryFileDeleteTrigger(directory=str(HOME / "drop"), filename=FLAG, poke_interval=_POKE)
    return Asset("semana_delivery", watchers=[AssetWatcher(name="ready_flag", trigger=flag)])
