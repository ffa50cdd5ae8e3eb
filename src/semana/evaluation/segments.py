"""Which part of the shop a pair belongs to: bought before or not, and its customer's segments."""

from __future__ import annotations

from collections.abc import Sequence

import narwhals as nw
import polars as pl

from semana.data import schemas as s
from semana.data.frames import Frame
from semana.data.weeks import Week

SEGMENT = "segment"
LARGEST, NEWCOMERS, UNTOLD = "largest", "newcomers", "not told"
RECENT, FIRST, LAST = "recent", "first", "last"
_LARGEST_ONE_OF = 10
_LARGEST_WEEKS = 13  # a quarter, as long as the level of the week looks back
_NEW_WEEKS = 4
# A segment of a handful of customers says nothing, and an attribute with a value each is a name.
_MOST_VALUES = 12


def segment_attribute(customers: pl.DataFrame, declared: Sequence[str]) -> str | None:
    """The first declared attribute with 2 to 12 different values; None where there is none."""
    told = (name for name in declared if name in customers.columns)
    return next((name for name in told if 2 <= customers[name].drop_nulls().n_unique() <= _MOST_VALUES), None)


def buyers_before(history: Frame, *, week: Week) -> Frame:
    """One row per customer of the purchases before the week: those of the 13 weeks before, first and last week."""
    recent = (nw.col(s.WEEK) >= week.index - _LARGEST_WEEKS).cast(nw.Int64).sum().cast(nw.Int64)
    weeks = nw.col(s.WEEK)
    return history.group_by(s.CUSTOMER_ID).agg(recent.alias(RECENT), weeks.min().alias(FIRST), weeks.max().alias(LAST))


def customer_segments(
    known: pl.DataFrame, customers: pl.DataFrame, buyers: pl.DataFrame, *, week: Week, attribute: str | None
) -> pl.DataFrame:
    """One row per (customer, segment) of a week, from what was known before it began.

    `known` are the buyers before the week (`buyers_before`), `customers` who was described by then, `buyers` who bought
    in it. Largest: the tenth of those with purchases in the 13 weeks before that have most of them. Newcomers: first
    bought in the 4 weeks before, or not before the week at all. By `attribute`: one segment a value.
    """
    everybody = pl.concat([frame.select(s.CUSTOMER_ID) for frame in (known, customers, buyers)]).unique()
    most = known.filter(pl.col(RECENT) > 0).sort(RECENT, s.CUSTOMER_ID, descending=[True, False])
    largest = most.head(-(-most.height // _LARGEST_ONE_OF))
    old = known.filter(pl.col(FIRST) < week.index - _NEW_WEEKS)
    parts = [
        _named(largest, LARGEST),
        _named(everybody.join(old, on=s.CUSTOMER_ID, how="anti"), NEWCOMERS),
    ]
    if attribute:
        told = everybody.join(customers.select(s.CUSTOMER_ID, attribute), on=s.CUSTOMER_ID, how="left")
        value = pl.col(attribute).cast(pl.String).fill_null(UNTOLD)
        parts.append(told.select(s.CUSTOMER_ID, pl.format("{}: {}", pl.lit(attribute), value).alias(SEGMENT)))
    return pl.concat(parts).sort(SEGMENT, s.CUSTOMER_ID)


def _named(customers: pl.DataFrame, name: str) -> pl.DataFrame:
    return customers.select(s.CUSTOMER_ID, pl.lit(name).alias(SEGMENT))
