"""ISO weeks, and which of them are complete: the ones that may teach and judge."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from semana.errors import ContractError, UsageError

EPOCH = date(1969, 12, 29)  # the Monday that begins week 0
_ENOUGH = 4  # weeks with rows that tell on which days a shop trades
_SURE, _NEARLY = 8, 0.9  # and how many tell, by which share, that a day without rows is a hole
_WRITTEN = re.compile(r"(\d{4})-W(\d{2})")


@dataclass(frozen=True, order=True)
class Week:
    """An ISO week, Monday to Sunday; `index` counts weeks since Monday 1969-12-29.

    >>> Week.parse("2024-W52") + 1
    Week('2025-W01')
    >>> Week.of(date(2021, 1, 3)), Week.parse("2025-W01") - Week.parse("2024-W50")
    (Week('2020-W53'), 3)
    """

    index: int

    @classmethod
    def of(cls, day: date) -> Week:
        """The week that holds `day`."""
        return cls((day - EPOCH).days // 7)

    @classmethod
    def parse(cls, text: str) -> Week:
        """The week written like `2025-W02`; raises UsageError for anything else, week 53 of a 52-week year included."""
        written = _WRITTEN.fullmatch(text)
        try:
            if not written:
                raise ValueError("not of the form YYYY-Www")
            return cls.of(date.fromisocalendar(int(written[1]), int(written[2]), 1))
        except ValueError as err:
            raise UsageError(f"week {text!r}: {err}. Write an ISO week like 2025-W02.") from err

    @property
    def start(self) -> date:
        """Its Monday."""
        return EPOCH + timedelta(weeks=self.index)

    @property
    def end(self) -> date:
        """Its Sunday."""
        return self.start + timedelta(days=6)

    @property
    def days(self) -> tuple[date, ...]:
        """Monday to Sunday."""
        return _days(self.index)

    def __add__(self, weeks: int) -> Week:
        return Week(self.index + weeks)

    def __sub__(self, other: Week) -> int:
        return self.index - other.index

    def __str__(self) -> str:
        year, number, _ = self.start.isocalendar()
        return f"{year}-W{number:02d}"

    def __repr__(self) -> str:
        return f"Week('{self}')"


@lru_cache(maxsize=4096)
def _days(index: int) -> tuple[date, ...]:
    """Kept, for a calendar asks for those of a week's neighbours again and again."""
    return tuple(EPOCH + timedelta(days=7 * index + n) for n in range(7))


def weeks_between(first: Week, last: Week) -> tuple[Week, ...]:
    """Every week from `first` to `last`, both included."""
    return tuple(Week(index) for index in range(first.index, last.index + 1))


@dataclass(frozen=True)
class Calendar:
    """Which weeks have rows, and which of those are complete.

    `missing` names the usual trading days that a complete week has no rows for: at its end, and before that those on
    which the shop nearly always trades and that are no holidays.
    `gaps` are weeks without any row between the first and the latest complete one, declared closures left out.
    """

    complete: tuple[Week, ...]
    partial: tuple[Week, ...]
    missing: Mapping[Week, tuple[date, ...]]
    gaps: tuple[Week, ...]

    @property
    def latest_complete(self) -> Week:
        """The newest complete week; raises ContractError where there is none."""
        if not self.complete:
            raise ContractError(
                "no complete week has landed: at least one whole trading week is needed. "
                "Ingest more history, or wait until the week is over."
            )
        return self.complete[-1]

    @property
    def target_week(self) -> Week:
        """The week to predict: the one after the latest complete week."""
        return self.latest_complete + 1


def usual_trading_days(rows_by_day: Mapping[date, int], weeks: Iterable[Week]) -> frozenset[int]:
    """Weekdays (0 = Monday) with rows in at least half of those of `weeks` that have any row.

    All seven days where fewer than four of them do, or no weekday does: too little is known to expect a day off.
    """
    everyday = frozenset(range(7))
    traded = [week for week in weeks if any(day in rows_by_day for day in week.days)]
    if len(traded) < _ENOUGH:
        return everyday
    usual = frozenset(
        weekday for weekday in range(7) if 2 * sum(week.days[weekday] in rows_by_day for week in traded) >= len(traded)
    )
    return usual or everyday


def _nearly_always(rows_by_day: Mapping[date, int], weeks: Iterable[Week]) -> frozenset[int]:
    """Weekdays with rows in nine of ten of those of `weeks` that have any row; none where fewer than eight do."""
    traded = [week for week in weeks if any(day in rows_by_day for day in week.days)]
    counts = {weekday: sum(week.days[weekday] in rows_by_day for week in traded) for weekday in range(7)}
    return frozenset(day for day, count in counts.items() if len(traded) >= _SURE and count >= _NEARLY * len(traded))


def read_calendar(
    rows_by_day: Mapping[date, int],
    *,
    as_of: date,
    clock: date,
    look_back: int,
    complete_after_days: int,
    closed: Iterable[Week] = (),
    holidays: Container[date] = (),
) -> Calendar:
    """Which weeks are complete at the end of `as_of`, read on the day `clock`.

    A week is complete once `as_of` has reached its last usual trading day and no day is left out before its newest one,
    or once `complete_after_days` have passed since its Sunday by `clock`. The first week of the history is complete
    only if its first usual trading day is in it.
    """
    seen = {day: rows for day, rows in rows_by_day.items() if day <= as_of and rows}
    if not seen:
        return Calendar((), (), {}, ())
    first, last = Week.of(min(seen)), Week.of(max(seen))
    shut = frozenset(closed)
    complete: list[Week] = []
    partial: list[Week] = []
    gaps: list[Week] = []
    missing: dict[Week, tuple[date, ...]] = {}
    for week in weeks_between(first, last):
        traded = [day for day in week.days if day in seen]
        if not traded:
            gaps += [] if week in shut else [week]
            continue
        # The first weeks have too short a past: what follows tells how the shop trades.
        near = range(-look_back, look_back + 1 if week - first < _ENOUGH else 0)
        others = [week + offset for offset in near if offset]
        usual = usual_trading_days(seen, others)
        sure = _nearly_always(seen, others)
        until = [day for day in week.days if day < traded[-1] and (week > first or day > traded[0])]
        skipped = [day for day in until if day not in seen and day not in holidays and day.weekday() in sure]
        begun = week > first or traded[0] <= week.days[min(usual)]
        reached = as_of >= week.days[max(usual)]
        overdue = (clock - week.end).days >= complete_after_days
        if begun and (overdue or (reached and not skipped)):
            complete.append(week)
            absent = [day for day in week.days if day.weekday() in usual and day > traded[-1]]
            if skipped or absent:
                missing[week] = (*skipped, *absent)
        else:
            partial.append(week)
    newest = complete[-1] if complete else first
    return Calendar(tuple(complete), tuple(partial), missing, tuple(week for week in gaps if week < newest))
