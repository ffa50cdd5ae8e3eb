"""Example pairs: what was bought in the week, and a sample of the rest that stands for all of it."""

from __future__ import annotations

from functools import cache, partial

import narwhals as nw
import polars as pl
import pytest

from semana.data.draws import draw_of
from semana.features import examples
from semana.features.examples import ALL, Sample, Share, example_pairs
from semana.features.tables import Tables
from semana.features.together import fitting
from tests import irregular, shop
from tests.features import known

WEEK = shop.FIRST + 20
PAIR = ["customer_id", "product_id"]
SHARE = Share(0.3)


def sampled(week=WEEK, *, share: Share = SHARE, shuffled: int | None = None) -> pl.DataFrame:
    draws = [known.drawn("customer_id", shop.CUSTOMERS), known.drawn("product_id", shop.PRODUCTS)]
    history = known.weekly()
    if shuffled:
        history = history.sample(fraction=1, shuffle=True, seed=shuffled)
        frames = (frame.collect().to_polars().sample(fraction=1, shuffle=True, seed=shuffled) for frame in draws)
        draws = [nw.from_native(frame.lazy()) for frame in frames]
    tables = known.tables(week, nw.from_native(history.lazy()))
    pairs = example_pairs(tables, week=week, params=known.PARAMS, sample=Sample(share, *draws))
    return known.ordered(pairs.collect().to_polars())


@cache
def whole(week=WEEK) -> pl.DataFrame:
    return known.ordered(example_pairs(known.tables(week), week=week, params=known.PARAMS).collect().to_polars())


def test_what_was_bought_is_always_kept_and_weighs_one():
    bought = sampled().filter("bought")
    assert bought.select(PAIR).equals(whole().filter("bought").select(PAIR))
    assert set(bought["weight"]) == {1.0}
    assert set(sampled().filter(~pl.col("bought"))["weight"]) == {1 / SHARE.others}


@pytest.mark.parametrize("share", [Share(0.1), Share(0.3), Share(0.7)])
def test_weights_of_a_sample_add_up_to_all_pairs(share):
    """Of each kind too: a sample that took more of one customer's pairs, or of the repeat ones, would teach wrongly."""
    weeks = [WEEK + n for n in range(8)]
    drawn = pl.concat([sampled(week, share=share) for week in weeks])
    everything = pl.concat([whole(week) for week in weeks])
    assert drawn["weight"].sum() == pytest.approx(everything.height, rel=0.03)
    for kind in (pl.col("repeat"), ~pl.col("repeat"), pl.col("customer_id") < 20, pl.col("product_id") % 2 == 0):
        assert drawn.filter(kind)["weight"].sum() == pytest.approx(everything.filter(kind).height, rel=0.08)


def test_in_as_many_weeks_as_models_learn_from_every_pair_is_drawn_about_equally_often():
    learned = known.PARAMS.cuts.fit_weeks + known.PARAMS.cuts.calibrate_weeks
    weeks = [shop.FIRST + n for n in range(10, 10 + learned)]
    drawn = pl.concat([sampled(week).filter(~pl.col("bought")) for week in weeks])
    never_bought = pl.concat([whole(week).filter(~pl.col("bought")) for week in weeks]).group_by(PAIR).len("weeks")
    always = never_bought.filter(pl.col("weeks") == len(weeks))
    times = always.join(drawn.group_by(PAIR).len("drawn"), on=PAIR, how="left")["drawn"].fill_null(0)
    assert always.height > 300
    assert times.min() >= 3
    assert times.max() <= 6


def test_the_order_of_purchases_and_ids_draws_the_same_pairs():
    assert sampled(shuffled=5).equals(sampled())


def test_weeks_draw_different_pairs():
    one, next_one = (sampled(week).filter(~pl.col("bought")) for week in (WEEK, WEEK + 1))
    common = one.join(next_one, on=PAIR, how="semi").height
    assert common < 0.1 * min(one.height, next_one.height)


def test_a_share_of_one_draws_nothing():
    assert sampled(share=ALL).equals(whole().select(sampled(share=ALL).columns))


def test_of_a_large_shop_customers_are_drawn_others_every_week_and_all_that_they_bought_is_kept():
    share, weeks = Share(0.5, 0.4), [shop.FIRST + n for n in range(10, 24)]
    drawn, everything = (pl.concat(map(rows, weeks)) for rows in (partial(sampled, share=share), whole))
    customers = [set(sampled(week, share=share)["customer_id"]) for week in weeks]
    assert all(0 < len(some) < 30 for some in customers)
    assert len({frozenset(some) for some in customers}) > 10
    assert set().union(*customers) == set(whole()["customer_id"])
    bought = everything.filter("bought").join(drawn.select("customer_id", "week").unique(), on=["customer_id", "week"])
    assert drawn.filter("bought").height == bought.height
    assert set(drawn["weight"]) == {1.0, 1 / 0.5}
    assert drawn["weight"].sum() == pytest.approx(0.4 * everything.height, rel=0.1)


def test_of_drawn_customers_every_product_is_drawn_as_often_as_it_stands_for():
    """A draw of pairs that hung on the draw of their customers took all or nothing of a product."""
    customers, products = pl.DataFrame({"customer_id": range(3000)}), pl.DataFrame({"product_id": range(60)})
    draws = [
        nw.from_native(ids.with_columns(draw=ids.to_series().map_elements(draw_of, pl.Int64)).lazy())
        for ids in (customers, products)
    ]
    everything = customers.join(products, how="cross").with_columns(bought=False, weight=1.0)
    for share in (Share(0.1, 0.1), Share(0.02, 0.3), Share(0.3, 0.02)):
        weeks = [WEEK + n for n in range(14)]
        sample = Sample(share, *draws)
        drawn = pl.concat(
            examples.drawn(nw.from_native(everything.lazy()), sample, week=week).collect().to_polars() for week in weeks
        )
        stands_for = drawn.group_by("product_id").agg(pl.col("weight").sum())["weight"] / share.customers / len(weeks)
        assert len(stands_for) == 60
        assert stands_for.mean() == pytest.approx(3000, rel=0.05)
        assert stands_for.std() < 0.25 * 3000


def test_renaming_only_moves_the_draws():
    """The same shop under other ids: other pairs are drawn, of the same ones, with the same weights."""
    told = irregular.shop(3, text=False)
    week = irregular.FIRST + 55

    def _examples(prefix: str, share: Share) -> pl.DataFrame:
        def _renamed(frame: pl.DataFrame) -> nw.LazyFrame:
            ids = (pl.format("{}{}", pl.lit(prefix), name).alias(name) for name in PAIR if name in frame.columns)
            return nw.from_native(frame.with_columns(ids).lazy())

        purchases = _renamed(irregular.weekly(told))
        described = (_renamed(frame) for frame in (told.customers, told.products))
        tables = Tables(purchases, *described, fitting(purchases, before=week), nw.from_native(told.days_off.lazy()))
        draws = (_renamed(irregular.draws(told, key, prefix)) for key in PAIR)
        rows = example_pairs(tables, week=week, params=known.PARAMS, sample=Sample(share, *draws))
        plain = (pl.col(name).str.strip_prefix(prefix) for name in PAIR)
        return known.ordered(rows.collect().to_polars().with_columns(plain))

    assert _examples("a", ALL).equals(_examples("b", ALL))
    one, other = _examples("a", SHARE), _examples("b", SHARE)
    assert one.filter("bought").equals(other.filter("bought"))
    assert set(one["weight"]) == set(other["weight"])
    assert not one.select(PAIR).equals(other.select(PAIR))
