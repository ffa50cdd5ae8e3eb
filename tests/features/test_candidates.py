"""Which pairs are scored, on the checkerboard shop."""

from __future__ import annotations

import narwhals as nw
import polars as pl
import pytest

from semana.data.weeks import Week
from semana.features.candidates import candidate_pairs
from semana.params import CandidateParams
from tests import shop
from tests.features import known

WEEK = shop.FIRST + 10


def pairs(purchases=None, customers=None, *, week=WEEK, **changed):
    params = CandidateParams(**{**known.PARAMS.candidates.model_dump(), **changed})
    frame = candidate_pairs(known.tables(week, purchases, customers), before=week, params=params)
    return frame.collect().to_polars()


def test_repeat_pairs_are_what_was_bought_before():
    found = set(pairs(explore_per_customer=0).select("customer_id", "product_id").rows())
    bought = {
        (customer, product)
        for customer in range(shop.CUSTOMERS)
        for product in range(shop.PRODUCTS)
        if any(shop.buys(customer, product, shop.FIRST + n) for n in range(10))
    }
    assert found == bought


def test_explore_pairs_were_never_bought_and_are_the_most_popular_and_the_best_fitting():
    explore = pairs(explore_per_customer=2).filter(~pl.col("repeat"))
    even = explore.filter(pl.col("customer_id") % 2 == 0)
    odd = explore.filter(pl.col("customer_id") % 2 == 1)
    assert set(even["product_id"]) >= {1, 3}  # all odd products are equally popular: the lower ids
    assert set(odd["product_id"]) >= {2, 4}
    assert (even["product_id"] % 2 == 1).all()
    assert (odd["product_id"] % 2 == 0).all()
    assert explore["customer_id"].value_counts()["count"].is_between(2, 4).all()


def test_no_pair_comes_twice():
    found = pairs()
    assert found.select("customer_id", "product_id").is_unique().all()


def test_a_newcomer_gets_the_popular_products():
    customers = nw.from_native(pl.LazyFrame({"customer_id": [999]}))
    newcomer = pairs(customers=customers, explore_per_customer=3).filter(pl.col("customer_id") == 999)
    assert newcomer["product_id"].sort().to_list() == [0, 1, 2]
    assert not newcomer["repeat"].any()


def test_too_many_repeat_pairs_leave_the_most_and_latest_bought():
    kept = pairs(repeat_per_customer=1, explore_per_customer=0)
    assert set(kept["product_id"]) == {0}  # the milk is bought every week
    assert kept.height == shop.CUSTOMERS


def test_pairs_not_bought_for_long_are_left_out():
    later = Week(shop.FIRST.index + 10 + 4)
    history = known.purchases().filter(nw.col("week") < WEEK.index)
    assert pairs(history, week=later, repeat_weeks=4, explore_per_customer=0).is_empty()
    assert not pairs(history, week=later, repeat_weeks=5, explore_per_customer=0).is_empty()


@pytest.mark.parametrize("week", [WEEK, shop.FIRST + 20])
def test_candidates_ignore_everything_from_the_cutoff_week_on(week):
    whole = pairs(week=week)
    known_then = pairs(known.purchases().filter(nw.col("week") < week.index), week=week)
    assert known.ordered(whole).equals(known.ordered(known_then))
