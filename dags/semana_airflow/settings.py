"""The settings of the DAGs, from the environment of Airflow's processes; docs/airflow.md lists them."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from airflow.sdk import Asset, AssetOrTimeSchedule, AssetWatcher, CronTriggerTimetable
from croniter import croniter

from semana_airflow.flag import ReadyFlagTrigger

_CRON = {"daily": "{minute} 6 * * *", "weekly": "{minute} 6 * * 1", "monthly": "{minute} 6 1 * *"}
_NEVER = "never"


def _text(name: str, default: str) -> str:
    """A setting; one that is set to nothing is not set."""
    return os.environ.get(name, "").strip() or default


def _number(name: str, default: str) -> float:
    found = _text(name, default)
    try:
        number = float(found)
    except ValueError:
        number = -1.0
    if not 0 <= number < 1e6:
        raise ValueError(f"{name} is {found!r}; a number was expected, 0 or more, like {default}")
    return number


def _times(name: str, default: str) -> str:
    found = _text(name, default)
    if found in (*_CRON, _NEVER) or (len(found.split()) == 5 and croniter.is_valid(found)):
        return found
    known = ", ".join((*_CRON, _NEVER))
    raise ValueError(f"{name} is {found!r}; one of {known} was expected, or a cron expression like '0 6 * * 1'")


def _zone(name: str, default: str) -> str:
    found = _text(name, default)
    try:
        ZoneInfo(found)
    except (KeyError, ValueError, OSError) as err:  # an unknown name, or a folder of zones
        raise ValueError(f"{name} is {found!r}; a time zone was expected, like Europe/Madrid") from err
    return found


BIN = _text("SEMANA_BIN", "semana")
HOME = Path(_text("SEMANA_HOME", ".semana")).resolve()
TIMEZONE = _zone("SEMANA_TIMEZONE", "UTC")
SCHEDULE = _times("SEMANA_SCHEDULE", "weekly")
LIVE_SCHEDULE = _times("SEMANA_LIVE_SCHEDULE", "daily")
DEADLINE = timedelta(minutes=_number("SEMANA_DEADLINE_MINUTES", "0"))
RETRIES = int(_number("SEMANA_RETRIES", "4"))
RETRY_DELAY = timedelta(seconds=_number("SEMANA_RETRY_SECONDS", "30"))

FLAG = ".ready"  # laid into drop/ once all files of a delivery are there
_POKE = 2.0  # seconds between two looks for it


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
    """What changes when a delivery is complete: its ready-flag is seen, kept in mind and consumed; the data stays."""
    flag = ReadyFlagTrigger(path=str(HOME / "drop" / FLAG), every=_POKE)
    return Asset("semana_delivery", watchers=[AssetWatcher(name="ready_flag", trigger=flag)])
