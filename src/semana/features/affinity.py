"""What declared attributes tell: the customer's taste for a brand or category, and what customers like this one buy.

This is what speaks for products just introduced, and for customers without a past.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import narwhals as nw

from semana.data import schemas as s
from semana.data.purchases import bought
from semana.data.weeks import Week
from semana.features.sums import DECAY_BITS, halving, steady, steady_sum
from semana.features.tables import Tables

AFFINITY = (s.AFFINITY, s.AFFINITY_BEST, s.SEGMENT_POPULARITY, s.SEGMENT_POPULARITY_BEST)
_HALF_LIFE = 8  # weeks
_PRIOR = 1.0  # purchases at the whole shop's shares that a customer's taste begins with
_SEGMENT_WEEKS = 8
_SEGMENT_PRIOR = 20  # orders at the whole shop's shares that a segment begins with
_NO_ATTRIBUTE = (s.CUSTOMER_ID, s.PRODUCT_ID, s.LABEL, s.OWNER)
_VALUE = "value"
_OF_ALL, _OF_CUSTOMER, _OF_BOTH = ("of_all", "of_customer", "of_both")
_WEIGHT, _ORDERS, _COUNT = ("weight", "orders_of_segment", "bought_in_segment")


@dataclass(frozen=True)
class Segments:
    """What the values of one attribute of customers tell: their `orders`, what they `bought`, and what all did."""

    orders: nw.LazyFrame[Any]
    bought: nw.LazyFrame[Any]
    shares: nw.LazyFrame[Any]


def tastes_of_all(history: nw.LazyFrame[Any], tables: Tables, *, before: Week) -> Mapping[str, nw.LazyFrame[Any]]:
    """By attribute of products: one row per value, with its part of what all customers buy."""
    return {name: _shares(history, tables.products, name, before=before) for name in _categories(tables.products)}


def segments_of_all(history: nw.LazyFrame[Any], tables: Tables, *, before: Week) -> Mapping[str, Segments]:
    """By attribute of customers: what the customers of each value order, and what they buy, lately."""
    return {name: _segments(history, tables.customers, name, before=before) for name in _categories(tables.customers)}


def affinities(
    pairs: nw.LazyFrame[Any],
    history: nw.LazyFrame[Any],
    tables: Tables,
    tastes: Mapping[str, nw.LazyFrame[Any]],
    segments: Mapping[str, Segments],
    *,
    before: Week,
) -> nw.LazyFrame[Any]:
    """The pairs with the mean and the best, over the attributes, of what each of them tells.

    Affinity: the logarithm of how many times the product's brand (category, ...) is as large a part of what the
    customer buys as of what all buy, older weeks counting less. Segment popularity: the share of orders of customers
    of the same type (region, ...) that held the product lately. Null where no attribute is declared or known.
    """
    own = [
        _taste(pairs, history, _kinds(tables.products, name), shares, before=before) for name, shares in tastes.items()
    ]
    like = [_liked(pairs, _kinds(tables.customers, name), of_value) for name, of_value in segments.items()]
    joined = _summed_up(pairs, own, mean=s.AFFINITY, best=s.AFFINITY_BEST)
    return _summed_up(joined, like, mean=s.SEGMENT_POPULARITY, best=s.SEGMENT_POPULARITY_BEST)


def _categories(described: nw.LazyFrame[Any]) -> list[str]:
    schema = described.collect_schema()
    return sorted(name for name, kind in schema.items() if kind == nw.String and name not in _NO_ATTRIBUTE)


def _summed_up(pairs: nw.LazyFrame[Any], found: list[nw.LazyFrame[Any]], *, mean: str, best: str) -> nw.LazyFrame[Any]:
    """The pairs with the mean and the maximum of `_VALUE` in the `found` frames, each having it for some pairs."""
    if not found:
        nothing = nw.lit(None).cast(nw.Float64)
        return pairs.with_columns(nothing.alias(mean), nothing.alias(best))
    told = nw.concat(found).group_by(*s.PAIR)
    sums = told.agg(
        (steady_sum(nw.col(_VALUE), bits=DECAY_BITS) / nw.len()).alias(mean), nw.col(_VALUE).max().alias(best)
    )
    return pairs.join(sums, on=s.PAIR, how="left")


def _kinds(described: nw.LazyFrame[Any], attribute: str) -> nw.LazyFrame[Any]:
    """The ids that the attribute is known of, with its value."""
    key = s.PRODUCT_ID if s.PRODUCT_ID in described.collect_schema() else s.CUSTOMER_ID
    return described.select(key, nw.col(attribute).alias(_VALUE)).filter(~nw.col(_VALUE).is_null())


def _weights(history: nw.LazyFrame[Any], kinds: nw.LazyFrame[Any], *, before: Week) -> nw.LazyFrame[Any]:
    """What each customer bought of each value, older weeks counting less."""
    weight = steady_sum(halving(nw.col(s.WEEK), latest=before.index - 1, weeks=_HALF_LIFE), bits=DECAY_BITS)
    of_kinds = bought(history).join(kinds, on=s.PRODUCT_ID, how="inner")
    return of_kinds.group_by(s.CUSTOMER_ID, _VALUE).agg(weight.alias(_OF_BOTH))


def _shares(
    history: nw.LazyFrame[Any], products: nw.LazyFrame[Any], attribute: str, *, before: Week
) -> nw.LazyFrame[Any]:
    both = _weights(history, _kinds(products, attribute), before=before)
    of_value = both.group_by(_VALUE).agg(steady_sum(nw.col(_OF_BOTH), bits=DECAY_BITS).alias(_OF_ALL))
    of_value = of_value.filter(nw.col(_OF_ALL) > 0)  # what nobody has bought for years tells nothing
    everything = both.select(steady_sum(nw.col(_OF_BOTH), bits=DECAY_BITS).alias(_WEIGHT))
    return of_value.join(everything, how="cross").select(_VALUE, (nw.col(_OF_ALL) / nw.col(_WEIGHT)).alias(_OF_ALL))


def _taste(
    pairs: nw.LazyFrame[Any],
    history: nw.LazyFrame[Any],
    kinds: nw.LazyFrame[Any],
    shares: nw.LazyFrame[Any],
    *,
    before: Week,
) -> nw.LazyFrame[Any]:
    both = _weights(history, kinds, before=before)
    of_customer = both.group_by(s.CUSTOMER_ID).agg(steady_sum(nw.col(_OF_BOTH), bits=DECAY_BITS).alias(_OF_CUSTOMER))
    known = (
        pairs.select(*s.PAIR)
        .join(kinds, on=s.PRODUCT_ID, how="inner")
        .join(shares, on=_VALUE, how="inner")
        .join(of_customer, on=s.CUSTOMER_ID, how="left")
        .join(both, on=[s.CUSTOMER_ID, _VALUE], how="left")
        .with_columns(nw.col(_OF_CUSTOMER).fill_null(0.0), nw.col(_OF_BOTH).fill_null(0.0))
    )
    share = (nw.col(_OF_BOTH) + _PRIOR * nw.col(_OF_ALL)) / (nw.col(_OF_CUSTOMER) + _PRIOR)
    return known.select(*s.PAIR, steady((share / nw.col(_OF_ALL)).log(), bits=DECAY_BITS).alias(_VALUE))


def _segments(history: nw.LazyFrame[Any], customers: nw.LazyFrame[Any], attribute: str, *, before: Week) -> Segments:
    lately = (
        bought(history)
        .filter(nw.col(s.WEEK) >= before.index - _SEGMENT_WEEKS)
        .select(*s.PAIR, s.WEEK)
        .join(_kinds(customers, attribute), on=s.CUSTOMER_ID, how="inner")
    )
    orders = lately.select(s.CUSTOMER_ID, s.WEEK, _VALUE).unique()
    of_product = lately.group_by(s.PRODUCT_ID).agg(nw.len().cast(nw.Int64).alias(_OF_ALL))
    everything = orders.select(nw.len().cast(nw.Int64).alias(_WEIGHT))
    return Segments(
        orders=orders.group_by(_VALUE).agg(nw.len().cast(nw.Int64).alias(_ORDERS)),
        bought=lately.group_by(_VALUE, s.PRODUCT_ID).agg(nw.len().cast(nw.Int64).alias(_COUNT)),
        shares=of_product.join(everything, how="cross").select(
            s.PRODUCT_ID, (nw.col(_OF_ALL) / nw.col(_WEIGHT)).alias(_OF_ALL)
        ),
    )


def _liked(pairs: nw.LazyFrame[Any], kinds: nw.LazyFrame[Any], of_value: Segments) -> nw.LazyFrame[Any]:
    known = (
        pairs.select(*s.PAIR)
        .join(kinds, on=s.CUSTOMER_ID, how="inner")
        .join(of_value.shares, on=s.PRODUCT_ID, how="inner")
        .join(of_value.orders, on=_VALUE, how="left")
        .join(of_value.bought, on=[_VALUE, s.PRODUCT_ID], how="left")
        .with_columns(nw.col(_ORDERS).fill_null(0), nw.col(_COUNT).fill_null(0))
    )
    share = (nw.col(_COUNT) + _SEGMENT_PRIOR * nw.col(_OF_ALL)) / (nw.col(_ORDERS) + _SEGMENT_PRIOR)
    return known.select(*s.PAIR, share.alias(_VALUE))
