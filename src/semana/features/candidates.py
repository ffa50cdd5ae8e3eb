"""The pairs that a run scores: bounded per customer, so that memory follows purchases, never customers x products."""

from __future__ import annotations

import narwhals as nw

from semana.data import schemas as s
from semana.data.frames import Frame
from semana.data.purchases import bought
from semana.data.weeks import Week
from semana.features.sums import DECAY_BITS, decayed, steady_sum
from semana.features.tables import Tables, history_of
from semana.params import CandidateParams

# Explore pairs are looked for among this many times as many popular products as a customer gets, because regulars
# have bought most of the popular ones.
_LOOK = 3
_ORDER_DECAY = 0.9  # only orders a customer's pairs where there are too many; the same half-life as the features
_AMONG = "among"
_SORT = "sort"


def candidate_pairs(tables: Tables, *, before: Week, params: CandidateParams, popular: Frame | None = None) -> Frame:
    """One row per candidate pair of week `before`: customer, product and `repeat` (bought before, else explore).

    Customers are those of the history and those described before the week, so that newcomers get explore pairs. With
    the `popular` products told apart, `tables` need hold only what belongs to a few customers.
    """
    history = bought(history_of(tables.purchases, before=before))
    popular = popular_products(tables.purchases, before=before, params=params) if popular is None else popular
    repeat = repeat_pairs(history, before=before, params=params).with_columns(nw.lit(value=True).alias(s.REPEAT))
    explore = explore_pairs(history, tables, popular, params=params).with_columns(nw.lit(value=False).alias(s.REPEAT))
    return nw.concat([repeat, explore])


def repeat_pairs(history: Frame, *, before: Week, params: CandidateParams) -> Frame:
    """The pairs bought within `repeat_weeks`, at most `repeat_per_customer`: the most and latest bought first."""
    weight = decayed(nw.col(s.WEEK), latest=before.index - 1, decay=_ORDER_DECAY)
    pairs = (
        history.filter(nw.col(s.WEEK) >= before.index - params.repeat_weeks)
        .group_by(*s.PAIR)
        .agg((-steady_sum(weight, bits=DECAY_BITS)).alias(_SORT))
    )
    return _first_of_customer(pairs, params.repeat_per_customer)


def popular_products(purchases: Frame, *, before: Week, params: CandidateParams) -> Frame:
    """The products with the most customers lately: those among which a customer's explore pairs are looked for."""
    return (
        bought(history_of(purchases, before=before))
        .filter(nw.col(s.WEEK) >= before.index - params.explore_weeks)
        .group_by(s.PRODUCT_ID)
        .agg((-nw.col(s.CUSTOMER_ID).n_unique().cast(nw.Int64)).alias(_SORT))
        .sort(_SORT, s.PRODUCT_ID)
        .head(_LOOK * params.explore_per_customer)
    )


def explore_pairs(history: Frame, tables: Tables, popular: Frame, *, params: CandidateParams) -> Frame:
    """Products that each customer never bought: the popular ones and those that go with what the customer buys.

    At most `explore_per_customer` of either kind, the most popular and the best fitting first.
    """
    everybody = nw.concat([history.select(s.CUSTOMER_ID), tables.customers.select(s.CUSTOMER_ID)]).unique()
    tried = history.select(*s.PAIR)
    favourites = everybody.join(popular, how="cross").join(tried, on=s.PAIR, how="anti")
    fits = tables.fits.select(*s.PAIR, (-nw.col(s.TOGETHER)).alias(_SORT))
    kinds = (favourites.select(*s.PAIR, nw.col(_SORT).cast(nw.Float64)), fits.join(tried, on=s.PAIR, how="anti"))
    return nw.concat([_first_of_customer(pairs, params.explore_per_customer) for pairs in kinds]).unique()


def _first_of_customer(pairs: Frame, most: int) -> Frame:
    place = nw.col(_SORT).cum_count().over(s.CUSTOMER_ID, order_by=[_SORT, s.PRODUCT_ID])
    return pairs.with_columns(place.alias(_AMONG)).filter(nw.col(_AMONG) <= most).select(*s.PAIR)
