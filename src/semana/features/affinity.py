"""What declared attributes tell: the customer's taste for a brand or category, and what customers like this one buy.

This is what speaks for products just introduced, and for customers without a past.
"""

from __future__ import annotations

from dataclasses import dataclass

import narwhals as nw

from semana.data import schemas as s
from semana.data.frames import Frame
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
_ATTRIBUTE, _VALUE, _OF_ALL, _OF_CUSTOMER, _OF_BOTH = ("attribute", "value", "of_all", "of_customer", "of_both")
_WEIGHT, _ORDERS, _COUNT = ("weight", "orders_of_segment", "bought_in_segment")


@dataclass(frozen=True)
class Segments:
    """What the values of customers' attributes tell: their `orders`, what they `bought`, what all did (`shares`)."""

    orders: Frame
    bought: Frame
    shares: Frame


def tastes_of(history: Frame, tables: Tables, *, before: Week) -> Frame:
    """What each customer bought of each value of the products' attributes, older weeks counting less."""
    return _of_kinds(history, tables, s.CUSTOMER_ID, before=before)


def tastes_of_all(history: Frame, tables: Tables, *, before: Week) -> Frame:
    """One row per value of the products' attributes, with its part of what all customers buy."""
    of_value = _of_kinds(history, tables, before=before)
    of_value = of_value.filter(nw.col(_OF_BOTH) > 0)  # what nobody has bought for years tells nothing
    everything = of_value.group_by(_ATTRIBUTE).agg(steady_sum(nw.col(_OF_BOTH), bits=DECAY_BITS).alias(_WEIGHT))
    shares = of_value.rename({_OF_BOTH: _OF_ALL}).join(everything, on=_ATTRIBUTE, how="inner")
    return shares.select(_VALUE, (nw.col(_OF_ALL) / nw.col(_WEIGHT)).alias(_OF_ALL))


def _of_kinds(history: Frame, tables: Tables, *whose: str, before: Week) -> Frame:
    """What was bought of each value of the products' attributes, by product first: there are fewer of these."""
    weight = steady_sum(halving(nw.col(s.WEEK), latest=before.index - 1, weeks=_HALF_LIFE), bits=DECAY_BITS)
    of_products = bought(history).group_by(*whose, s.PRODUCT_ID).agg(weight.alias(_OF_BOTH))
    of_kinds = of_products.join(_kinds(tables.products, s.PRODUCT_ID), on=s.PRODUCT_ID, how="inner")
    together = steady_sum(nw.col(_OF_BOTH), bits=DECAY_BITS)
    return of_kinds.group_by(*whose, _VALUE).agg(together.alias(_OF_BOTH), nw.col(_ATTRIBUTE).max())


def segments_of_all(history: Frame, tables: Tables, *, before: Week) -> Segments:
    """What the customers of each value of an attribute order, and what they buy, lately."""
    lately = (
        bought(history)
        .filter(nw.col(s.WEEK) >= before.index - _SEGMENT_WEEKS)
        .select(*s.PAIR, s.WEEK)
        .join(_kinds(tables.customers, s.CUSTOMER_ID), on=s.CUSTOMER_ID, how="inner")
    )
    orders = lately.select(s.CUSTOMER_ID, s.WEEK, _ATTRIBUTE, _VALUE).unique()
    of_product = lately.group_by(_ATTRIBUTE, s.PRODUCT_ID).agg(nw.len().cast(nw.Int64).alias(_OF_ALL))
    everything = orders.group_by(_ATTRIBUTE).agg(nw.len().cast(nw.Int64).alias(_WEIGHT))
    return Segments(
        orders=orders.group_by(_VALUE).agg(nw.len().cast(nw.Int64).alias(_ORDERS)),
        bought=lately.group_by(_VALUE, s.PRODUCT_ID).agg(nw.len().cast(nw.Int64).alias(_COUNT)),
        shares=of_product.join(everything, on=_ATTRIBUTE, how="inner").select(
            _ATTRIBUTE, s.PRODUCT_ID, (nw.col(_OF_ALL) / nw.col(_WEIGHT)).alias(_OF_ALL)
        ),
    )


def affinities(
    pairs: Frame,
    tables: Tables,
    tastes: Frame,
    of_all: Frame,
    segments: Segments,
) -> Frame:
    """The pairs with the mean and the best, over the attributes, of what each of them tells.

    Affinity: the logarithm of how many times the product's brand (category, ...) is as large a part of what the
    customer buys as of what all buy, older weeks counting less. Segment popularity: the share of orders of customers
    of the same type (region, ...) that held the product lately. Null where no attribute is declared or known.
    """
    own = _taste(pairs, _kinds(tables.products, s.PRODUCT_ID), tastes, of_all)
    like = _liked(pairs, _kinds(tables.customers, s.CUSTOMER_ID), segments)
    joined = _summed_up(pairs, own, mean=s.AFFINITY, best=s.AFFINITY_BEST)
    return _summed_up(joined, like, mean=s.SEGMENT_POPULARITY, best=s.SEGMENT_POPULARITY_BEST)


def _kinds(described: Frame, key: str) -> Frame:
    """One row per id and attribute that is known of it; equal values of two attributes are told apart."""
    schema = described.collect_schema()
    names = sorted(name for name, kind in schema.items() if kind == nw.String and name not in _NO_ATTRIBUTE)
    nothing = described.select(
        key, nw.lit(0).cast(nw.Int32).alias(_ATTRIBUTE), nw.lit("").cast(nw.String).alias(_VALUE)
    ).head(0)
    told = (
        described.filter(~nw.col(name).is_null()).select(
            key,
            nw.lit(place).cast(nw.Int32).alias(_ATTRIBUTE),
            nw.concat_str([nw.lit(f"{name}="), nw.col(name)]).alias(_VALUE),
        )
        for place, name in enumerate(names)
    )
    return nw.concat([nothing, *told])


def _summed_up(pairs: Frame, told: Frame, *, mean: str, best: str) -> Frame:
    """The pairs with the mean and the maximum of `_VALUE` in `told`, which has several rows for some pairs."""
    sums = told.group_by(*s.PAIR).agg(
        (steady_sum(nw.col(_VALUE), bits=DECAY_BITS) / nw.len()).alias(mean), nw.col(_VALUE).max().alias(best)
    )
    return pairs.join(sums, on=s.PAIR, how="left")


def _taste(pairs: Frame, kinds: Frame, tastes: Frame, of_all: Frame) -> Frame:
    of_customer = tastes.group_by(s.CUSTOMER_ID, _ATTRIBUTE).agg(
        steady_sum(nw.col(_OF_BOTH), bits=DECAY_BITS).alias(_OF_CUSTOMER)
    )
    known = (
        pairs.select(*s.PAIR)
        .join(kinds.join(of_all, on=_VALUE, how="inner"), on=s.PRODUCT_ID, how="inner")
        .join(of_customer, on=[s.CUSTOMER_ID, _ATTRIBUTE], how="left")
        .join(tastes.drop(_ATTRIBUTE), on=[s.CUSTOMER_ID, _VALUE], how="left")
        .with_columns(nw.col(_OF_CUSTOMER).fill_null(0.0), nw.col(_OF_BOTH).fill_null(0.0))
    )
    share = (nw.col(_OF_BOTH) + _PRIOR * nw.col(_OF_ALL)) / (nw.col(_OF_CUSTOMER) + _PRIOR)
    return known.select(*s.PAIR, steady((share / nw.col(_OF_ALL)).log(), bits=DECAY_BITS).alias(_VALUE))


def _liked(pairs: Frame, kinds: Frame, segments: Segments) -> Frame:
    known = (
        pairs.select(*s.PAIR)
        .join(kinds, on=s.CUSTOMER_ID, how="inner")
        .join(segments.shares, on=[_ATTRIBUTE, s.PRODUCT_ID], how="inner")
        .join(segments.orders, on=_VALUE, how="left")
        .join(segments.bought, on=[_VALUE, s.PRODUCT_ID], how="left")
        .with_columns(nw.col(_ORDERS).fill_null(0), nw.col(_COUNT).fill_null(0))
    )
    share = (nw.col(_COUNT) + _SEGMENT_PRIOR * nw.col(_OF_ALL)) / (nw.col(_ORDERS) + _SEGMENT_PRIOR)
    return known.select(*s.PAIR, share.alias(_VALUE))
