"""What goes with what: how well a product fits what the customer buys, bought before or not.

Two products are alike when the same customers buy them (the cosine of their customers' weights, as in Sarwar et al.,
"Item-based collaborative filtering recommendation algorithms", 2001), damped where few customers tell. The work is
bounded: a customer speaks through their first `_OWN` products, a product through its `_ALIKE` nearest.
"""

from __future__ import annotations

import narwhals as nw

from semana.data import schemas as s
from semana.data.frames import Frame
from semana.data.purchases import bought
from semana.data.weeks import Week
from semana.features.sums import DECAY_BITS, halving, steady, steady_sum
from semana.features.tables import history_of

TOGETHER = (s.TOGETHER, s.TOGETHER_BEST, s.TOGETHER_PRODUCTS)
_OWN = 30  # products a customer
_ALIKE = 30  # neighbours a product
_HALF_LIFE = 8  # weeks
_WEEKS = 52  # of history
_FEW = 5  # customers in common at which a likeness counts half
_WEIGHT, _OTHER, _OTHER_WEIGHT, _LIKENESS = ("weight_of_pair", "other_product", "other_weight", "likeness")
_LENGTH, _OTHER_LENGTH, _BOTH, _PLACE = ("length", "other_length", "customers_of_both", "place")


def neighbours(purchases: Frame, *, before: Week) -> Frame:
    """For each product the `_ALIKE` others that are most like it; only purchases before the week count."""
    return _neighbours(_own_products(history_of(purchases, before=before), before=before))


def fitting(purchases: Frame, *, before: Week, alike: Frame | None = None) -> Frame:
    """One row per pair that something speaks for: the sum over the customer's products of their likeness to it.

    Beside it the strongest part of that sum, and how many products have a part. Only purchases before the week count.
    With `alike`, the `neighbours` of the whole shop, the purchases may be those of a few customers.
    """
    own = _own_products(history_of(purchases, before=before), before=before)
    parts = own.join(_neighbours(own) if alike is None else alike, on=s.PRODUCT_ID, how="inner").with_columns(
        (nw.col(_WEIGHT) * nw.col(_LIKENESS)).alias(_WEIGHT)
    )
    return (
        parts.group_by(s.CUSTOMER_ID, _OTHER)
        .agg(
            steady_sum(nw.col(_WEIGHT), bits=DECAY_BITS).alias(s.TOGETHER),
            nw.col(_WEIGHT).max().alias(s.TOGETHER_BEST),
            nw.len().cast(nw.Float64).alias(s.TOGETHER_PRODUCTS),
        )
        .rename({_OTHER: s.PRODUCT_ID})
    )


def add_together(pairs: Frame, fits: Frame) -> Frame:
    """The pairs with how well the product fits what the customer buys; zeros where nothing speaks for it."""
    joined = pairs.join(fits, on=s.PAIR, how="left")
    return joined.with_columns(*(nw.col(name).fill_null(0.0) for name in TOGETHER))


def _own_products(history: Frame, *, before: Week) -> Frame:
    """Each customer's most and latest bought products, with weights whose squares add up to 1 for a customer."""
    fading = halving(nw.col(s.WEEK), latest=before.index - 1, weeks=_HALF_LIFE)
    weights = (
        bought(history)
        .filter(nw.col(s.WEEK) >= before.index - _WEEKS)
        .group_by(*s.PAIR)
        .agg((-steady_sum(fading, bits=DECAY_BITS)).alias(_WEIGHT))
    )
    place = nw.col(_WEIGHT).cum_count().over(s.CUSTOMER_ID, order_by=[_WEIGHT, s.PRODUCT_ID])
    first = (
        weights.with_columns(place.alias(_PLACE))
        .filter(nw.col(_PLACE) <= _OWN)
        .select(*s.PAIR, steady((1.0 - nw.col(_WEIGHT)).log(), bits=DECAY_BITS).alias(_WEIGHT))
    )
    lengths = first.group_by(s.CUSTOMER_ID).agg(_length())
    return first.join(lengths, on=s.CUSTOMER_ID, how="inner").select(
        *s.PAIR, (nw.col(_WEIGHT) / nw.col(_LENGTH)).alias(_WEIGHT)
    )


def _neighbours(own: Frame) -> Frame:
    lengths = own.group_by(s.PRODUCT_ID).agg(_length())
    others = own.rename({s.PRODUCT_ID: _OTHER, _WEIGHT: _OTHER_WEIGHT})
    once = (
        own.join(others, on=s.CUSTOMER_ID, how="inner")
        .filter(nw.col(s.PRODUCT_ID) < nw.col(_OTHER))
        .group_by(s.PRODUCT_ID, _OTHER)
        .agg(
            steady_sum(nw.col(_WEIGHT) * nw.col(_OTHER_WEIGHT), bits=DECAY_BITS).alias(_LIKENESS),
            nw.len().cast(nw.Int64).alias(_BOTH),
        )
        .filter(nw.col(_BOTH) > 1)
    )
    columns = (s.PRODUCT_ID, _OTHER, _LIKENESS, _BOTH)
    turned = once.rename({s.PRODUCT_ID: _OTHER, _OTHER: s.PRODUCT_ID})
    both = nw.concat([once.select(*columns), turned.select(*columns)])
    damped = nw.col(_BOTH) / (nw.col(_BOTH) + _FEW)
    likeness = nw.col(_LIKENESS) / (nw.col(_LENGTH) * nw.col(_OTHER_LENGTH)) * damped
    ranked = (
        both.join(lengths, on=s.PRODUCT_ID, how="inner")
        .join(lengths.rename({s.PRODUCT_ID: _OTHER, _LENGTH: _OTHER_LENGTH}), on=_OTHER, how="inner")
        .select(s.PRODUCT_ID, _OTHER, (-likeness).alias(_LIKENESS))
    )
    place = nw.col(_LIKENESS).cum_count().over(s.PRODUCT_ID, order_by=[_LIKENESS, _OTHER])
    nearest = ranked.with_columns(place.alias(_PLACE)).filter(nw.col(_PLACE) <= _ALIKE)
    return nearest.select(s.PRODUCT_ID, _OTHER, (-nw.col(_LIKENESS)).alias(_LIKENESS))


def _length() -> nw.Expr:
    return steady_sum(nw.col(_WEIGHT) * nw.col(_WEIGHT), bits=DECAY_BITS).sqrt().alias(_LENGTH)
