"""From order lines to weekly purchases: every line counted once, however often and in whatever order it was delivered.

Sums are taken in whole hundred-millionths: integers add up to the same total in any order and on any engine, floats do
not. What comes out is rounded to millionths, so that three thirds taken and one whole sent back is nothing left over.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import narwhals as nw
import polars as pl

from semana.data import schemas as s
from semana.data.frames import Frame, collected
from semana.data.weeks import Calendar, Week, weeks_between

LINE = (s.CUSTOMER_ID, s.PRODUCT_ID, s.DATE, s.ORDER_ID, s.QUANTITY, s.AMOUNT, s.WEEK)
_KEY = (*s.PAIR, s.WEEK)
_OF_WEEK = (*_KEY, s.QUANTITY, s.AMOUNT, s.RETURNED, s.LINES, s.ORDERS, s.LAST_DATE)
_PARTS = 100_000_000
_DECIMALS = 6
_MILLION = 1_000_000
_NEVER = date(1600, 1, 1)  # before any; Spark takes no year of fewer digits
_LACKING = 0.1  # of a week: what lacks as much would be learned as "nobody bought"
_UNNUMBERED = "_unnumbered"
_PRICED = "_priced"
_BOUGHT = "_bought"
_RUN = "_run"


def count_once(lines: Frame) -> Frame:
    """One row per different order line, with `lines`: how often it happened, repeats of a delivery left out.

    With an order number an identical line counts once. Without, two like it in one file are two purchases, and a
    second file that holds them again adds none: the largest count in any one delivery.
    """
    delivered = lines.group_by(*LINE, s.DELIVERY).agg(nw.len().alias(s.LINES))
    counted = delivered.group_by(*LINE).agg(nw.col(s.LINES).max())
    once = nw.when(nw.col(s.ORDER_ID).is_null()).then(nw.col(s.LINES)).otherwise(nw.lit(1))
    return counted.with_columns(once.cast(nw.Int64).alias(s.LINES))


def weekly_purchases(counted: Frame) -> Frame:
    """One row per (customer, product, week) with at least one order line, sorted by that key (catalog.PURCHASES)."""
    unnumbered = nw.when(nw.col(s.ORDER_ID).is_null()).then(nw.col(s.LINES)).otherwise(nw.lit(0))
    returned = nw.when(nw.col(s.QUANTITY) < 0).then(-nw.col(s.QUANTITY)).otherwise(nw.lit(0))
    parts = counted.with_columns(_in_parts(s.QUANTITY), _in_parts(s.AMOUNT), unnumbered.alias(_UNNUMBERED))
    # First by order, then by week: that counts different orders without a set of them for every pair and week.
    orders = (
        parts.with_columns(returned.alias(s.RETURNED))
        .group_by(*_KEY, s.ORDER_ID)
        .agg(
            nw.col(s.QUANTITY, s.AMOUNT, s.RETURNED, s.LINES, _UNNUMBERED).sum(),
            nw.col(s.AMOUNT).count().alias(_PRICED),
            nw.col(s.DATE).max(),
        )
    )
    weeks = orders.group_by(*_KEY).agg(
        nw.col(s.QUANTITY, s.AMOUNT, s.RETURNED, s.LINES, _UNNUMBERED, _PRICED).sum(),
        nw.col(s.ORDER_ID).count().alias(s.ORDERS),
        nw.col(s.DATE).max().alias(s.LAST_DATE),
    )
    whole = weeks.select(
        *_KEY,
        _in_whole(s.QUANTITY),
        nw.when(nw.col(_PRICED) > 0).then(_in_whole(s.AMOUNT)).alias(s.AMOUNT),
        _in_whole(s.RETURNED),
        nw.col(s.LINES).cast(nw.Int64),
        (nw.col(s.ORDERS) + nw.col(_UNNUMBERED)).cast(nw.Int64).alias(s.ORDERS),
        s.LAST_DATE,
    )
    return _with_past(whole).sort(*_KEY)


def _with_past(purchases: Frame) -> Frame:
    """The purchases with what each one's own past tells of it: the same whatever comes later."""
    week = nw.col(s.WEEK).cast(nw.Int64)
    pair = (*s.PAIR, _BOUGHT)
    rows = purchases.with_columns((nw.col(s.QUANTITY) > 0).alias(_BOUGHT)).with_columns(
        (week - week.shift(1).over(*pair, order_by=s.WEEK)).alias(s.GAP),
        (week - week.cum_count().over(*pair, order_by=s.WEEK).cast(nw.Int64)).alias(_RUN),
        week.rank("dense").over(s.CUSTOMER_ID, _BOUGHT).cast(nw.Int64).alias(s.ORDER_WEEK),
    )
    in_a_row = week.cum_count().over(*pair, _RUN, order_by=s.WEEK).cast(nw.Int64)
    past = (s.GAP, s.IN_A_ROW, s.ORDER_WEEK)
    kept = rows.with_columns(in_a_row.alias(s.IN_A_ROW)).with_columns(
        *(nw.when(nw.col(_BOUGHT)).then(nw.col(name)).alias(name) for name in past)
    )
    return kept.select(*(name for name in purchases.collect_schema().names()), *past)


def with_more(purchases: Frame, more: Frame) -> Frame:
    """The weekly purchases with `more` of them added up, each one's past told anew."""
    rows = nw.concat([each.select(*_OF_WEEK) for each in (purchases, more)])
    counts = (s.QUANTITY, s.AMOUNT, s.RETURNED, s.LINES, s.ORDERS)
    weeks = rows.group_by(*_KEY).agg(
        nw.col(*counts).sum(), nw.col(s.AMOUNT).count().alias(_PRICED), nw.col(s.LAST_DATE).max()
    )
    priced = nw.when(nw.col(_PRICED) > 0).then(nw.col(s.AMOUNT)).alias(s.AMOUNT)
    return _with_past(weeks.with_columns(priced).select(*_OF_WEEK)).sort(*_KEY)


def before(purchases: Frame, week: Week) -> Frame:
    """What had been ordered before the week began."""
    return purchases.filter(nw.col(s.WEEK) < week.index)


def counted_from(week: Week, rows: Frame) -> Frame:
    """The rows, their weeks counted from this one: -1 is the one before it."""
    return rows.with_columns((nw.col(s.WEEK) - week.index).cast(nw.Int32).alias(s.WEEK))


def during(purchases: Frame, week: Week) -> Frame:
    """What was ordered in the week."""
    return purchases.filter(nw.col(s.WEEK) == week.index)


def bought(purchases: Frame) -> Frame:
    """Those that are purchases: more was ordered than sent back."""
    return purchases.filter(nw.col(s.QUANTITY) > 0)


def latest_attributes(rows: Frame, key: str, *, as_of: date) -> Frame:
    """One row per `key`, the attributes as known at the end of `as_of`: the latest `seen`, then `position`.

    Rows without a day (`seen` null) were known from the start.
    """
    rows = rows.filter(nw.col(s.SEEN).fill_null(_NEVER) <= as_of)
    for order in (nw.col(s.SEEN).fill_null(_NEVER), nw.col(s.POSITION)):
        rows = rows.filter(order == order.max().over(key))
    return rows.drop(s.SEEN, s.POSITION).sort(key)


def with_known(attributes: Frame, purchases: Frame, key: str) -> Frame:
    """The attributes, with a row of nulls for every customer (or product) that was ordered but never described."""
    ids = nw.concat([attributes.select(key), purchases.select(key)]).unique()
    return ids.join(attributes, on=key, how="left").sort(key)


def weeks_table(
    purchases: Frame, *, calendar: Calendar, rows_by_day: Mapping[date, int], holidays: Mapping[date, str]
) -> Frame:
    """One row per week from the first to the latest with rows, those without any included (catalog.WEEKS)."""
    lines = _by_week(purchases.group_by(s.WEEK).agg(nw.col(s.LINES).sum()))
    sold = bought(purchases).group_by(s.WEEK)
    pairs = _by_week(sold.agg(nw.len().alias("purchases"), nw.col(s.CUSTOMER_ID).n_unique().alias("customers")))
    complete = frozenset(calendar.complete)
    lacking = _lacking(calendar, rows_by_day, holidays)
    weeks = weeks_between(Week.of(min(rows_by_day)), Week.of(max(rows_by_day))) if rows_by_day else ()
    rows = [
        (
            week.index,
            week.start,
            week in complete,
            week in complete and lacking.get(week, 0.0) < _LACKING,
            *lines.get(week.index, (0,)),
            *pairs.get(week.index, (0, 0)),
            sum(day in rows_by_day for day in week.days),
            sum(day in holidays for day in week.days),
        )
        for week in weeks
    ]
    schema = {
        s.WEEK: pl.Int32(),
        s.WEEK_START: pl.Date(),
        "complete": pl.Boolean(),
        "whole": pl.Boolean(),
        **dict.fromkeys((s.LINES, "purchases", "customers", "trading_days", "holidays"), pl.Int64()),
    }
    return nw.from_native(pl.LazyFrame(rows, schema=schema, orient="row"))


def _lacking(calendar: Calendar, rows_by_day: Mapping[date, int], holidays: Mapping[date, str]) -> dict[Week, float]:
    """The share of a usual week's rows that falls on the weekdays that a complete week lacks, holidays left out."""
    by_weekday = dict.fromkeys(range(7), 0)
    for day, rows in rows_by_day.items():
        by_weekday[day.weekday()] += rows
    whole = sum(by_weekday.values()) or 1
    return {
        week: sum(by_weekday[day.weekday()] for day in days if day not in holidays) / whole
        for week, days in calendar.missing.items()
    }


def _by_week(frame: Frame) -> dict[int, tuple[Any, ...]]:
    return {row[0]: row[1:] for row in collected(frame).rows()}


def _in_parts(column: str) -> nw.Expr:
    # Not `round`: engines round a half differently.
    return (nw.col(column) * _PARTS + 0.5).floor().cast(nw.Int64) * nw.col(s.LINES)


def _in_whole(column: str) -> nw.Expr:
    millionths = (nw.col(column).cast(nw.Int64) + _PARTS // _MILLION // 2) // (_PARTS // _MILLION)
    # Rounded again: Polars divides by a number as it multiplies by one over it, which may miss by the last bit.
    return (millionths.cast(nw.Float64) / _MILLION).round(_DECIMALS).alias(column)
