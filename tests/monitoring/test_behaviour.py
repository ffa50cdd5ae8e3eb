"""What customers did week by week: right on a shop known by eye, each customer one vote, the same on every engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import duckdb
import narwhals as nw
import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from semana.data import schemas as s
from semana.data.purchases import count_once, weekly_purchases
from semana.monitoring import behaviour as b
from tests import irregular, shop

WEEKS = shop.WEEKS[:20]
SINCE = shop.FIRST.index + b.KNOWN_WEEKS


def in_polars(frame: pl.DataFrame) -> nw.LazyFrame[Any]:
    return nw.from_native(frame.lazy())


def in_duckdb(frame: pl.DataFrame) -> nw.LazyFrame[Any]:
    return nw.from_native(duckdb.from_arrow(frame.to_arrow()))


@pytest.fixture(scope="module")
def purchases() -> pl.DataFrame:
    return weekly_purchases(count_once(shop.staged(*WEEKS))).collect("polars").to_native()


@pytest.fixture(scope="module")
def told(purchases: pl.DataFrame) -> pl.DataFrame:
    return b.behaviour(in_polars(purchases), known_since=SINCE).collect("polars").to_native()


def test_each_figure_of_a_customer_is_what_the_shop_was_made_to_show(told: pl.DataFrame) -> None:
    last = told.filter(pl.col(s.WEEK) == WEEKS[-1].index)
    even, odd = (last.filter(pl.col(s.CUSTOMER_ID) == who) for who in (4, 3))
    assert even["basket"].item() == pytest.approx(np.log(10))
    assert even["repeat_share"].item() == 1
    assert even["rhythm"].item() == 1
    assert odd["rhythm"].item() == 1  # milk is bought every week
    assert told["price"].drop_nulls().abs().max() < 1e-6  # a product always costs the same
    assert even["spend"].item() == pytest.approx(
        np.log(sum((4 + p + 1) % 3 * (1 + p / 4) + (1 + p / 4) for p in range(0, 20, 2)))
    )


def test_what_looks_back_is_told_once_a_quarter_is_known(told: pl.DataFrame) -> None:
    early, late = told.filter(pl.col(s.WEEK) < SINCE), told.filter(pl.col(s.WEEK) >= SINCE)
    for name in ("repeat_share", "rhythm"):
        assert early[name].null_count() == early.height
        assert late[name].null_count() == 0


def test_a_return_shows_in_its_week_alone(told: pl.DataFrame) -> None:
    back = told.filter(pl.col("returns") > 0)
    assert set(back[s.CUSTOMER_ID].to_list()) == {shop.RETURNED_PAIR[0]}
    assert set(back[s.WEEK].to_list()) == {week.index for week in WEEKS if shop.returns(week)}


def test_in_every_column_each_customer_of_a_week_has_one_vote(purchases: pl.DataFrame, told: pl.DataFrame) -> None:
    frame, customers = in_polars(told), told.group_by(s.WEEK).len().sort(s.WEEK)["len"].to_list()
    products = b.kinds("products", b.of_purchases(in_polars(purchases), nw.col(s.PRODUCT_ID)))
    colour = b.kinds("colour", b.of_attribute(frame, in_polars(shop.customers()), key=s.CUSTOMER_ID, name="colour"))
    for column in (*b.figures(frame, ["basket", "returns"]), products, colour):
        assert column is not None
        assert column.weights.sum(axis=1) == pytest.approx(customers)
    assert colour is not None
    assert dict(zip(colour.bins, colour.weights[0], strict=True)) == {"black": 20, "white": 20}


def test_kinds_beyond_the_hundred_most_voted_are_one() -> None:
    rows = pl.DataFrame({s.CUSTOMER_ID: range(300), s.WEEK: 1, "kind": [f"k{n % 150:03d}" for n in range(300)]})
    column = b.kinds("many", in_polars(rows))
    assert column is not None
    assert len(column.bins) == 101
    assert column.weights[0, column.bins.index(b.OTHER)] == 100


def test_who_ordered_is_counted_among_those_of_the_quarter_before() -> None:
    """Ana orders in weeks 1, 2 and 4; Bea in week 1 and not for 13 weeks, after which nobody expects her."""
    rows = pl.DataFrame({s.CUSTOMER_ID: ["ana"] * 4 + ["bea"], s.WEEK: [1, 2, 4, 16, 1]})
    column = b.ordered(in_polars(rows), known_since=2)
    assert column is not None
    shares = {week: tuple(column.weights[n]) for n, week in enumerate(column.weeks)}
    assert {week: shares[week] for week in (2, 3, 4, 5, 14, 15, 16)} == {
        2: (1, 1),
        3: (2, 0),
        4: (1, 1),
        5: (2, 0),
        14: (2, 0),
        15: (1, 0),
        16: (0, 1),
    }


def test_bins_of_a_number_are_tenths_of_its_deviation() -> None:
    values = np.random.default_rng(1).normal(5, 2, 4000)
    rows = pl.DataFrame({s.CUSTOMER_ID: range(4000), s.WEEK: np.repeat([1, 2], 2000), "size": values})
    (column,) = b.figures(in_polars(rows), ["size"])
    begins = [float(each) for each in column.bins]
    assert begins[1] - begins[0] == pytest.approx(values.std() / 10, rel=0.05)
    assert begins[len(begins) // 2] == pytest.approx(values.mean(), abs=0.05)


@pytest.mark.parametrize("into", [in_polars, in_duckdb])
def test_numbers_may_be_as_large_and_as_many_as_they_are(into: Callable[[pl.DataFrame], nw.LazyFrame]) -> None:
    """Credit limits, say: the sum of their squares is no whole number that a machine holds."""
    values = np.random.default_rng(1).normal(5e6, 1e5, 200_000)
    rows = pl.DataFrame(
        {s.CUSTOMER_ID: range(200_000), s.WEEK: np.repeat([1, 2], 100_000), "limit": values, "one": 7.0}
    )
    limit, one = b.figures(into(rows), ["limit", "one"])
    begins = [float(each) for each in limit.bins]
    assert begins[len(begins) // 2] == pytest.approx(values.mean(), rel=0.01)
    assert begins[-1] - begins[0] == pytest.approx(values.std() * (len(begins) - 1) / 10, rel=0.05)
    assert float(one.bins[len(one.bins) // 2]) == 7.0


def test_a_column_without_a_value_is_none() -> None:
    rows = pl.DataFrame(
        {s.CUSTOMER_ID: [1], s.WEEK: [1], "size": [None], "kind": ["a"]}, schema_overrides={"size": pl.Float64}
    )
    assert b.figures(in_polars(rows), ["size"]) == []
    assert b.kinds("none", in_polars(rows.head(0))) is None


@pytest.mark.parametrize("seed", [1, 2])
def test_every_engine_tells_the_same_to_the_last_bit(seed: int) -> None:
    told = irregular.shop(seed, text=bool(seed % 2))
    lines = weekly_purchases(count_once(in_polars(told.lines))).collect("polars").to_native()
    since = int(lines[s.WEEK].min()) + b.KNOWN_WEEKS
    found = []
    for into in (in_polars, in_duckdb):
        rows = b.behaviour(into(lines), known_since=since).collect("polars").to_native().sort(s.CUSTOMER_ID, s.WEEK)
        columns = b.figures(into(rows), b.FIGURES)
        columns += [b.ordered(into(rows), known_since=since)]
        columns += [b.kinds("products", b.of_purchases(into(lines), nw.col(s.PRODUCT_ID)))]
        found.append((rows, columns))
    assert_frame_equal(found[0][0], found[1][0], check_dtypes=False, check_exact=True)
    for one, other in zip(found[0][1], found[1][1], strict=True):
        assert (one.name, one.bins, one.weeks) == (other.name, other.bins, other.weeks)
        assert np.array_equal(one.weights, other.weights)
