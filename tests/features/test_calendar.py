"""Trading days and holidays, on the checkerboard shop: it trades Monday to Saturday, and a pair's day never changes."""

from __future__ import annotations

from datetime import timedelta

import narwhals as nw
import polars as pl
import pytest

from semana.features.calendar import CALENDAR
from tests import shop
from tests.features import known

WEEK = shop.FIRST + 12  # holds Wednesday, 25 December


def row(customer: int, *, week=WEEK, holidays=known.HOLIDAYS, purchases=None) -> dict[str, float]:
    pair = pl.LazyFrame({"customer_id": [customer], "product_id": [0], "repeat": [True]})
    return known.features(week, purchases, nw.from_native(pair), holidays=holidays).select(CALENDAR).row(0, named=True)


def test_a_holiday_on_a_trading_day_takes_one_away():
    found = row(0)
    assert (found["week_holidays"], found["week_trading_days"], found["last_week_holidays"]) == (1, 5, 0)


def test_a_holiday_on_a_day_on_which_the_shop_is_shut_anyway_is_none():
    found = row(0, holidays=[WEEK.days[6], (WEEK + -1).days[6]])
    assert (found["week_holidays"], found["week_trading_days"], found["last_week_holidays"]) == (0, 6, 0)


def test_the_week_after_knows_that_the_one_before_it_was_short():
    found = row(0, week=WEEK + 1)  # 1 January is in it
    assert (found["week_holidays"], found["last_week_holidays"]) == (1, 1)
    found = row(0, week=WEEK + 2)
    assert (found["week_holidays"], found["week_trading_days"], found["last_week_holidays"]) == (0, 6, 1)


@pytest.mark.parametrize(
    ("customer", "share"),
    [
        (0, 1 / 3),  # Mondays, Wednesdays and Fridays
        (1, 6 / 30),  # Tuesday for the milk every week; Monday, Wednesday and Friday in every other one
        (999, 0),  # a newcomer
    ],
)
def test_the_share_of_a_customers_order_days_that_are_holidays(customer, share):
    assert row(customer)["customer_holiday_share"] == pytest.approx(share)
    assert row(customer, week=WEEK + -1)["customer_holiday_share"] == 0


def test_without_a_calendar_there_are_zeros_and_the_usual_trading_days():
    found = row(0, holidays=[])
    assert list(found.values()) == [0, 6, 0, 0]


def test_a_shop_without_a_past_has_zeros():
    nothing = known.purchases().filter(nw.col("week") < shop.FIRST.index)
    assert list(row(0, purchases=nothing).values()) == [0, 0, 0, 0]


def test_a_day_off_now_and_then_stays_a_trading_day_and_one_given_up_does_not():
    """Wednesdays fall out in five of the thirteen weeks before, or in nine."""
    wednesday = nw.col("last_date").dt.weekday() == 3
    for shut, days in ((5, 6), (9, 5)):
        since = (WEEK + -shut).index
        history = known.purchases().filter(~wednesday | (nw.col("week") < since))
        assert row(0, holidays=[], purchases=history)["week_trading_days"] == days


def test_only_the_week_and_the_one_before_it_are_looked_at():
    far = [WEEK.start + timedelta(weeks=weeks, days=2) for weeks in (-52, -2, 1)]
    assert row(0, holidays=far) == row(0, holidays=[])
