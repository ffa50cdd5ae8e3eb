"""What is known of a pair before a week, on the checkerboard shop: every right answer follows from its rules."""

from __future__ import annotations

import narwhals as nw
import numpy as np
import polars as pl
import pytest

from semana.features.build import FEATURES
from semana.features.examples import ALL, Share
from semana.features.tables import HISTORY_WEEKS
from tests import shop
from tests.features import known

WEEK = shop.FIRST + 10
CHRISTMAS = shop.FIRST + 12


def row(customer: int, product: int, week=WEEK, purchases=None) -> dict[str, object]:
    pair = pl.LazyFrame({"customer_id": [customer], "product_id": [product]})
    pairs = nw.from_native(pair.with_columns(repeat=pl.lit(value=True)))
    return known.features(week, purchases, pairs).row(0, named=True)


def test_a_pair_bought_every_week():
    found = row(0, 2)
    decayed = sum(0.9**age for age in range(10))
    assert found["weeks_bought"] == 10
    assert found["decayed_weeks"] == pytest.approx(decayed)
    assert (found["weeks_of_last_4"], found["weeks_since"], found["usual_gap_days"]) == (4, 1, 7)
    assert (found["share_of_weeks"], found["share_of_active_weeks"], found["gaps_since"]) == (1, 1, 1)
    assert found["customer_products"] == 10
    assert found["last_bought"] == (shop.FIRST + 9).days[2]


def test_a_pair_bought_every_second_week():
    found = row(1, 3)  # weeks 0, 2, 4, 6 and 8 of ten
    assert (found["weeks_bought"], found["weeks_of_last_4"], found["weeks_since"]) == (5, 2, 2)
    assert (found["usual_gap_days"], found["gaps_since"], found["share_of_weeks"]) == (14, 1, 0.5)


def test_a_pair_never_bought_has_zeros_and_nothing_to_tell_from():
    found = row(0, 1)
    assert (found["weeks_bought"], found["decayed_weeks"], found["share_of_weeks"]) == (0, 0, 0)
    assert found["weeks_since"] is found["usual_gap_days"] is found["last_bought"] is None


def test_a_newcomer_has_zeros_and_the_popularity_of_the_product():
    found = row(999, 0)
    assert (found["customer_decayed_weeks"], found["customer_products"], found["popularity"]) == (0, 0, 1)
    assert found["customer_weeks_since"] is None


def test_popularity_is_the_share_of_customers_who_bought_lately():
    assert (row(0, 0)["popularity"], row(0, 2)["popularity"]) == (1, 0.5)
    assert row(0, 2)["product_decayed_customers"] == pytest.approx(20 * (1 - 0.9**10))


def test_usual_quantity_and_amount_are_means_of_the_weeks_of_purchase():
    found = row(0, 2)  # quantity (0 + 2 + 1) % 3 + 1 = 1 at 1.5 each
    assert (found["usual_quantity"], found["usual_amount"]) == (1, 1.5)


def test_a_week_whose_goods_came_back_is_no_purchase_but_a_return():
    found = row(*shop.RETURNED_PAIR)  # weeks 4 and 9 of ten
    assert (found["weeks_bought"], found["weeks_since"], found["returned_weeks"]) == (8, 2, 2)


@pytest.mark.parametrize("week", [WEEK, CHRISTMAS])
@pytest.mark.parametrize("ids", [{"customer_id": 0}, {"product_id": 0}])
def test_features_ignore_everything_from_the_cutoff_week_on(ids, week):
    future = pl.col("week") >= week.index
    others = {
        "quantity": 1 - pl.col("quantity"),
        "amount": pl.lit(None),
        "returned": pl.col("quantity"),
        "last_date": pl.col("last_date") + pl.duration(days=1),
        **{name: pl.lit(None) for name in ("gap", "in_a_row", "order_week")},
        **{name: pl.lit(value) for name, value in ids.items()},
    }
    scrambled = known.weekly().with_columns(
        pl.when(future).then(value.cast(known.weekly().schema[name])).otherwise(pl.col(name)).alias(name)
        for name, value in others.items()
    )
    now = known.features(week, nw.from_native(scrambled.lazy()))
    assert now.equals(known.features(week))


@pytest.mark.parametrize("weeks", [1, 0])
def test_what_lies_further_back_than_the_weeks_of_history_is_forgotten(weeks):
    last = WEEK.index - HISTORY_WEEKS - weeks
    old = known.weekly().with_columns((pl.col("week") - pl.col("week").max() + last).cast(pl.Int32))
    more = pl.concat([old.with_columns(pl.col("product_id") + 1), known.weekly()])
    forgotten = known.features(WEEK, nw.from_native(more.lazy())).equals(known.features(WEEK))
    assert forgotten == (weeks > 0)


def test_renaming_customers_changes_no_feature():
    def renamed(frame: pl.LazyFrame) -> pl.LazyFrame:
        return frame.with_columns(pl.format("c{}", 1000 + pl.col("customer_id")).alias("customer_id"))

    pairs = known.features(WEEK).select("customer_id", "product_id", "repeat")
    frames = (known.weekly(), pairs, shop.customers())
    others = known.features(WEEK, *(nw.from_native(renamed(frame.lazy())) for frame in frames))
    assert others.drop("customer_id").equals(known.features(WEEK).drop("customer_id"))


@pytest.mark.parametrize("week", [WEEK, CHRISTMAS])
def test_one_week_alone_and_one_customer_alone_have_the_rows_they_have_among_others(week):
    alone = known.features(week, known.purchases().filter(nw.col("week") < week.index))
    assert alone.equals(known.features(week))
    pairs = alone.filter(pl.col("customer_id") == 7).select("customer_id", "product_id", "repeat")
    customer = known.features(week, pairs=nw.from_native(pairs.lazy()))
    assert customer.equals(alone.filter(pl.col("customer_id") == 7))
    for share in (ALL, Share(0.5), Share(0.5, 0.5)):
        within = known.examples(week, share=share)
        assert within.drop("bought", "weight", "week").equals(
            alone.join(within, on=["customer_id", "product_id"], how="semi")
        )


def test_every_feature_has_something_to_tell_of_the_shop_at_christmas():
    """So that the comparisons of this page compare: only what needs a year, and returns, has nothing to tell."""
    found = known.features(CHRISTMAS).select(FEATURES)
    silent = {column.name for column in found if column.drop_nulls().filter(column.drop_nulls() != 0).is_empty()}
    assert silent <= {"weeks_last_year", "product_last_year", "last_week_holidays"}


def test_the_order_of_purchases_moves_no_bit():
    shuffled = known.weekly().sample(fraction=1, shuffle=True, seed=3)
    assert known.features(WEEK, nw.from_native(shuffled.lazy())).equals(known.features(WEEK))


def test_features_are_numbers_in_the_order_that_models_read():
    found = known.features(WEEK).select(FEATURES)
    assert found.columns == list(FEATURES)
    assert set(found.dtypes) == {pl.Float32}
    assert not np.isinf(found.to_numpy()).any()


def test_labels_are_what_was_bought_in_the_week():
    rows = known.examples(WEEK)
    truth = [shop.buys(c, p, WEEK) for c, p in rows.select("customer_id", "product_id").iter_rows()]
    assert rows["bought"].to_list() == truth
    assert set(rows["week"]) == {WEEK.index}
