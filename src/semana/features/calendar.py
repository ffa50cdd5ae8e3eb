"""The days of the week itself: on how many the shop trades, and whose usual days are holidays."""

from __future__ import annotations

import narwhals as nw

from semana.data import schemas as s
from semana.data.frames import Frame
from semana.data.purchases import bought
from semana.data.weeks import Week

CALENDAR = (s.WEEK_HOLIDAYS, s.WEEK_TRADING_DAYS, s.LAST_WEEK_HOLIDAYS, s.CUSTOMER_HOLIDAY_SHARE)
_TRADING_WEEKS = 13  # that tell which weekdays usually trade: a quarter, long enough to outlast a holiday
_ORDER_WEEKS = 26  # that tell on which weekdays a customer orders
_TRADED, _WEEKS, _OFF = ("weeks_traded", "weeks_counted", "is_off")


def days_of_week(history: Frame, days_off: Frame, *, before: Week) -> Frame:
    """One row: the holidays among the usual trading days of the week and of the one before it, and the days left.

    A weekday trades usually when in at least half of the weeks of a quarter something was last ordered on it.
    `days_off` are those of `Tables.calendar`.
    """
    usual = _usual_days(history, before=before)
    off = days_off.join(usual, on=s.WEEKDAY, how="semi")

    def _holidays(week: Week, name: str) -> Frame:
        return off.filter(nw.col(s.WEEK) == week.index).select(nw.len().cast(nw.Float64).alias(name))

    return (
        usual.select(nw.len().cast(nw.Float64).alias(s.WEEK_TRADING_DAYS))
        .join(_holidays(before, s.WEEK_HOLIDAYS), how="cross")
        .join(_holidays(before + -1, s.LAST_WEEK_HOLIDAYS), how="cross")
        .with_columns((nw.col(s.WEEK_TRADING_DAYS) - nw.col(s.WEEK_HOLIDAYS)).alias(s.WEEK_TRADING_DAYS))
    )


def add_calendar(
    pairs: Frame,
    history: Frame,
    days_off: Frame,
    of_week: Frame,
    *,
    before: Week,
) -> Frame:
    """The pairs with what `days_of_week` tells, and the share of the customer's order days that are holidays now.

    Order days are those of half a year, by weekday; the share is 0 where there are none.
    """
    of_customer = _holiday_shares(history, days_off, before=before)
    joined = pairs.join(of_week, how="cross").join(of_customer, on=s.CUSTOMER_ID, how="left")
    return joined.with_columns(nw.col(s.CUSTOMER_HOLIDAY_SHARE).fill_null(0.0))


def weekday(day: str) -> nw.Expr:
    """The weekday of a date, Monday 1 to Sunday 7: on Spark, Narwhals says 0 of a Sunday."""
    return ((nw.col(day).dt.weekday().cast(nw.Int32) + 6) % 7 + 1).cast(nw.Int32).alias(s.WEEKDAY)


def _usual_days(history: Frame, *, before: Week) -> Frame:
    lately = history.filter(nw.col(s.WEEK) >= before.index - _TRADING_WEEKS)
    days = lately.select(s.WEEK, weekday(s.LAST_DATE)).unique()
    traded = days.group_by(s.WEEKDAY).agg(nw.len().cast(nw.Int64).alias(_TRADED))
    weeks = days.select(nw.col(s.WEEK).n_unique().cast(nw.Int64).alias(_WEEKS))
    return traded.join(weeks, how="cross").filter(2 * nw.col(_TRADED) >= nw.col(_WEEKS)).select(s.WEEKDAY)


def _holiday_shares(history: Frame, days_off: Frame, *, before: Week) -> Frame:
    now = days_off.filter(nw.col(s.WEEK) == before.index).select(s.WEEKDAY, nw.lit(1).cast(nw.Int64).alias(_OFF))
    lately = bought(history).filter(nw.col(s.WEEK) >= before.index - _ORDER_WEEKS)
    days = lately.select(s.CUSTOMER_ID, s.LAST_DATE).unique()
    known = days.select(s.CUSTOMER_ID, weekday(s.LAST_DATE)).join(now, on=s.WEEKDAY, how="left")
    share = nw.col(_OFF).fill_null(0).sum().cast(nw.Float64) / nw.len()
    return known.group_by(s.CUSTOMER_ID).agg(share.alias(s.CUSTOMER_HOLIDAY_SHARE))
