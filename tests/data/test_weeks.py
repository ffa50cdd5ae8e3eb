"""ISO weeks, and which of them may teach and judge."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from semana.data.weeks import Calendar, Week, read_calendar, usual_trading_days, weeks_between
from semana.errors import ContractError, UsageError

FIRST = Week.parse("2024-W01")
MONDAY_TO_SATURDAY = range(6)


def trade(weeks: range, weekdays: range | tuple[int, ...] = MONDAY_TO_SATURDAY) -> dict[date, int]:
    """Ten rows on each of the weekdays of the weeks, counted from 2024-W01."""
    return {(FIRST + week).days[day]: 10 for week in weeks for day in weekdays}


def read(days: dict[date, int], *, as_of: date | None = None, clock: date | None = None, **options: object) -> Calendar:
    latest = as_of or max(days)
    settings: dict[str, object] = {"look_back": 13, "complete_after_days": 2, **options}
    return read_calendar(days, as_of=latest, clock=clock or latest, **settings)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("day", "week"),
    [
        (date(2024, 12, 29), "2024-W52"),
        (date(2024, 12, 30), "2025-W01"),
        (date(2025, 1, 1), "2025-W01"),
        (date(2020, 12, 31), "2020-W53"),
        (date(2021, 1, 3), "2020-W53"),
        (date(2021, 1, 4), "2021-W01"),
        (date(2026, 12, 31), "2026-W53"),
        (date(2016, 1, 1), "2015-W53"),
    ],
)
def test_a_day_at_the_turn_of_the_year_is_in_its_iso_week(day: date, week: str) -> None:
    assert str(Week.of(day)) == week
    assert Week.parse(week) == Week.of(day)


@given(st.dates(date(1971, 1, 1), date(2200, 1, 1)))
def test_every_day_is_in_the_week_that_iso_8601_says(day: date) -> None:
    week = Week.of(day)
    year, number, weekday = day.isocalendar()
    assert str(week) == f"{year}-W{number:02d}"
    assert week.days[weekday - 1] == day
    assert Week.parse(str(week)) == week
    assert (week + 1).start == week.end + timedelta(days=1)


@pytest.mark.parametrize("text", ["2025-W53", "2025-W00", "2025-W1", "2025W01", "W01", "", "2025-W02 ", "0000-W01"])
def test_what_is_no_week_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(UsageError, match="Write an ISO week like 2025-W02"):
        Week.parse(text)


def test_weeks_between_spans_a_year_of_53_weeks() -> None:
    weeks = weeks_between(Week.parse("2020-W52"), Week.parse("2021-W02"))
    assert [str(week) for week in weeks] == ["2020-W52", "2020-W53", "2021-W01", "2021-W02"]


def test_a_week_is_complete_once_its_last_usual_trading_day_is_reached() -> None:
    calendar = read(trade(range(20)), as_of=(FIRST + 19).days[5])
    assert calendar.latest_complete == FIRST + 19
    assert calendar.target_week == FIRST + 20
    assert calendar.partial == ()


def test_a_week_that_ends_before_its_last_usual_trading_day_is_partial() -> None:
    days = trade(range(19)) | trade(range(19, 20), (0, 1))
    calendar = read(days)
    assert calendar.partial == (FIRST + 19,)
    assert calendar.latest_complete == FIRST + 18


def test_two_days_after_its_sunday_a_week_is_complete_with_what_came_and_the_missing_days_are_named() -> None:
    days = trade(range(19)) | trade(range(19, 20), (0, 1))
    week = FIRST + 19
    assert read(days, clock=week.end + timedelta(days=1)).partial == (week,)
    calendar = read(days, clock=week.end + timedelta(days=2))
    assert calendar.latest_complete == week
    assert calendar.missing[week] == week.days[2:6]


def test_a_week_before_rows_that_came_later_is_complete_without_its_last_day() -> None:
    days = trade(range(20))
    del days[(FIRST + 10).days[5]]
    calendar = read(days)
    assert FIRST + 10 in calendar.complete
    assert calendar.missing == {FIRST + 10: ((FIRST + 10).days[5],)}


def test_a_first_week_that_begins_in_the_middle_is_partial() -> None:
    days = {day: rows for day, rows in trade(range(20)).items() if day >= FIRST.days[2]}
    calendar = read(days)
    assert calendar.partial == (FIRST,)
    assert calendar.complete[0] == FIRST + 1


def test_a_shop_that_never_opens_on_mondays_has_a_complete_first_week() -> None:
    assert read(trade(range(20), (1, 2, 3, 4, 5))).complete[0] == FIRST


def test_rows_after_the_as_of_do_not_exist() -> None:
    days = trade(range(20))
    as_of = (FIRST + 9).days[5]
    assert read(days, as_of=as_of) == read({day: n for day, n in days.items() if day <= as_of}, as_of=as_of)


def test_a_week_without_rows_is_a_gap_and_a_declared_closure_is_none() -> None:
    days = trade(range(10)) | trade(range(11, 20))
    assert read(days).gaps == (FIRST + 10,)
    assert FIRST + 10 not in read(days).complete
    assert read(days, closed=[FIRST + 10]).gaps == ()


def test_no_rows_have_no_complete_week() -> None:
    calendar = read({}, as_of=FIRST.end)
    with pytest.raises(ContractError, match="no complete week has landed"):
        _ = calendar.latest_complete


def test_a_weekday_is_usual_with_rows_in_half_of_the_weeks_that_have_any() -> None:
    days = trade(range(6)) | trade(range(3), (6,))
    weeks = weeks_between(FIRST, FIRST + 8)
    assert usual_trading_days(days, weeks) == frozenset(range(7))
    del days[FIRST.days[6]]
    assert usual_trading_days(days, weeks) == frozenset(range(6))


def test_fewer_than_four_weeks_or_no_regular_weekday_expect_every_day() -> None:
    assert usual_trading_days(trade(range(3), (0,)), weeks_between(FIRST, FIRST + 2)) == frozenset(range(7))
    scattered = {(FIRST + week).days[week % 7]: 1 for week in range(7)}
    assert usual_trading_days(scattered, weeks_between(FIRST, FIRST + 6)) == frozenset(range(7))
    assert read(scattered, as_of=(FIRST + 6).end).complete


@given(st.dictionaries(st.dates(date(2024, 1, 1), date(2024, 6, 30)), st.integers(1, 9), min_size=1), st.integers(0, 9))
def test_every_week_is_exactly_one_of_complete_partial_and_without_rows(days: dict[date, int], late: int) -> None:
    calendar = read(days, clock=max(days) + timedelta(days=late))
    known = {*calendar.complete, *calendar.partial}
    assert not set(calendar.complete) & set(calendar.partial)
    assert known == {Week.of(day) for day in days}
    assert set(calendar.missing) <= set(calendar.complete)
    assert not known & set(calendar.gaps)


@pytest.mark.parametrize("there", [(3, 4, 5), (0, 1, 4, 5), (1, 2, 3, 4, 5)])
def test_days_left_out_before_the_newest_one_are_missing_and_the_week_waits_for_them(there: tuple[int, ...]) -> None:
    days = trade(range(19)) | trade(range(19, 20), there)
    newest = FIRST + 19
    assert read(days, as_of=newest.days[5]).partial == (newest,)
    overdue = read(days, as_of=newest.days[5], clock=newest.end + timedelta(days=2))
    assert overdue.latest_complete == newest
    assert overdue.missing == {newest: tuple(newest.days[day] for day in MONDAY_TO_SATURDAY if day not in there)}


def test_holidays_and_days_on_which_the_shop_does_not_nearly_always_trade_are_no_holes() -> None:
    newest = FIRST + 19
    days = trade(range(19)) | trade(range(19, 20), (0, 1, 3, 4, 5))
    assert read(days, as_of=newest.days[5], holidays={newest.days[2]}).missing == {}
    seldom = {day: rows for day, rows in days.items() if day.weekday() != 2 or Week.of(day).index % 2}
    assert read(seldom, as_of=newest.days[5]).missing == {}


def test_a_hole_is_none_where_too_few_weeks_tell_how_the_shop_trades() -> None:
    days = trade(range(7)) | trade(range(7, 8), (0, 5))
    assert read(days, as_of=(FIRST + 7).days[5]).missing == {}
