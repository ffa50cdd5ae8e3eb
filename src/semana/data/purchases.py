"""Order lines counted once and added up to weekly purchases; the attribute tables as known at a position."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import narwhals as nw
import polars as pl

from semana.data import schemas as s
from semana.data.weeks import Calendar, Week, weeks_between

_LINE = [s.CUSTOMER_ID, s.PRODUCT_ID, s.DATE, s.ORDER_ID, s.QUANTITY, s.AMOUNT, s.WEEK]
# Sums of floats depend on their order in the last bits; rounded, any order of deliveries gives the same bytes.
_DECIMALS = 6


def count_once(lines: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """One row per different order line, with `lines`: how often it counts.

    A line with an order number counts once, however often and in however many deliveries it came. One without counts
    as often as in the delivery that holds it most often.
    """
    per_delivery = lines.group_by([*_LINE, s.DELIVERY]).agg(nw.len().cast(nw.Int64).alias(s.LINES))
    counted = per_delivery.group_by(_LINE).agg(nw.col(s.LINES).max())
    once = nw.when(nw.col(s.ORDER_ID).is_null()).then(nw.col(s.LINES)).otherwise(nw.lit(1))
    return counted.with_columns(once.cast(nw.Int64).alias(s.LINES))


def weekly_purchases(counted: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """PURCHASES from counted lines, sorted: one row per (customer, product, week) with at least one order line."""
    times = nw.col(s.LINES).cast(nw.Float64)
    returned = nw.when(nw.col(s.QUANTITY) < 0).then(-nw.col(s.QUANTITY) * times).otherwise(nw.lit(0.0))
    rows = counted.with_columns(
        (nw.col(s.QUANTITY) * times).alias(s.QUANTITY), (nw.col(s.AMOUNT) * times).alias(s.AMOUNT),
        returned.alias(s.RETURNED),
        nw.col(s.AMOUNT).is_null().cast(nw.Int64).alias("unpriced"),
        nw.when(nw.col(s.ORDER_ID).is_null()).then(nw.col(s.LINES)).otherwise(nw.lit(0)).alias("loose"),
    )
    summed = rows.group_by([*s.PAIR, s.WEEK]).agg(
        nw.col(s.QUANTITY).sum(),
        nw.col(s.AMOUNT).sum(),
        nw.col("unpriced").min(),
        nw.col(s.RETURNED).sum(),
        nw.col(s.LINES).sum(),
        (nw.col(s.ORDER_ID).n_unique() - nw.col(s.ORDER_ID).is_null().any().cast(nw.Int64)).alias("numbered"),
        nw.col("loose").sum(),
        nw.col(s.DATE).max().alias(s.LAST_DATE),
    )
    priced = nw.when(nw.col("unpriced") == 0).then(nw.col(s.AMOUNT).round(_DECIMALS))
    return summed.select(
        *s.PAIR,
        s.WEEK,
        nw.col(s.QUANTITY).round(_DECIMALS),
        priced.alias(s.AMOUNT),
        nw.col(s.RETURNED).round(_DECIMALS),
        s.LINES,
        (nw.col("numbered").cast(nw.Int64) + nw.col("loose")).alias(s.ORDERS),
        s.LAST_DATE,
    ).sort([*s.PAIR, s.WEEK])


def before(purchases: nw.LazyFrame[Any], week: Week) -> nw.LazyFrame[Any]:
    """What was known before the week began."""
    return purchases.filter(nw.col(s.WEEK) < week.index)


def during(purchases: nw.LazyFrame[Any], week: Week) -> nw.LazyFrame[Any]:
    """What happened in the week."""
    return purchases.filter(nw.col(s.WEEK) == week.index)


def bought(purchases: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """The rows that are purchases: net quantity above zero."""
    return purchases.filter(nw.col(s.QUANTITY) > 0)


def latest_attributes(rows: nw.LazyFrame[Any], key: str) -> nw.LazyFrame[Any]:
    """One row per id: the latest seen in a flat file, else of the latest delivery (columns `seen`, `position`)."""
    never = nw.lit(date(1970, 1, 1))
    dated = rows.with_columns(nw.when(nw.col(s.SEEN).is_null()).then(never).otherwise(nw.col(s.SEEN)).alias(s.SEEN))
    place = nw.col(s.SEEN).rank("ordinal", descending=True).over(key, order_by=[s.SEEN, s.POSITION])
    return dated.with_columns(place.alias("place")).filter(nw.col("place") == 1).drop("place", s.SEEN, s.POSITION)


def with_known(attributes: nw.LazyFrame[Any], purchases: nw.LazyFrame[Any], key: str) -> nw.LazyFrame[Any]:
    """The attribute rows, and one with nulls for every id that only order lines name; sorted by id."""
    named = nw.concat([attributes.select(key), purchases.select(key)]).unique()
    return named.join(attributes, on=key, how="left").sort(key)


def weeks_table(
    purchases: nw.LazyFrame[Any], *, calendar: Calendar, rows_by_day: Mapping[date, int], holidays: Mapping[date, str]
) -> pl.DataFrame:
    """WEEKS: one row per week from the first to the latest one with rows."""
    summed = purchases.group_by(s.WEEK).agg(
        nw.col(s.LINES).sum(),
        (nw.col(s.QUANTITY) > 0).cast(nw.Int64).sum().alias("purchases"),
    )
    buyers = bought(purchases).select(s.CUSTOMER_ID, s.WEEK).unique().group_by(s.WEEK).agg(nw.len().alias("customers"))
    counts = summed.join(buyers, on=s.WEEK, how="left").collect("polars").to_native()
    weeks = weeks_between(Week.of(min(rows_by_day)), Week.of(max(rows_by_day)))
    complete = set(calendar.complete)
    frame = pl.DataFrame(
        {
            s.WEEK: [week.index for week in weeks],
            s.WEEK_START: [week.start for week in weeks],
            "complete": [week in complete for week in weeks],
            "trading_days": [sum(day in rows_by_day for day in week.days) for week in weeks],
            "holidays": [sum(day in holidays for day in week.days) for week in weeks],
        },
        schema_overrides={s.WEEK: pl.Int32},
    )
    filled = frame.join(pl.DataFrame(counts), on=s.WEEK, how="left").with_columns(
        pl.col(s.LINES, "purchases", "customers").fill_null(0).cast(pl.Int64)
    )
    return filled.sort(s.WEEK)
