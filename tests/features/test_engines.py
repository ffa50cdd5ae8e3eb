"""One definition of every table and feature, the same rows on every engine that people may choose."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import duckdb
import narwhals as nw
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from semana.data.purchases import count_once, weekly_purchases
from semana.features.build import FEATURES, build_features
from semana.features.candidates import candidate_pairs
from semana.features.examples import Sample, Share, example_pairs
from semana.features.tables import Tables
from semana.features.together import fitting
from tests import irregular, shop
from tests.features import known

SHOPS = ("checkerboard", "numbered", "named", "other")
Into = Callable[[pl.DataFrame], nw.LazyFrame[Any]]


def in_polars(frame: pl.DataFrame) -> nw.LazyFrame[Any]:
    return nw.from_native(frame.lazy())


def in_duckdb(frame: pl.DataFrame) -> nw.LazyFrame[Any]:
    return nw.from_native(duckdb.from_arrow(frame.to_arrow()))


@cache
def shop_of(name: str) -> irregular.Shop:
    if name != "checkerboard":
        return irregular.shop(SHOPS.index(name), text=name == "named")
    return irregular.Shop(
        shop.staged(*shop.WEEKS).collect().to_polars(),
        shop.customers(),
        shop.products(),
        known.days_off().collect().to_polars(),
    )


def made(name: str, into: Into) -> dict[str, pl.DataFrame]:
    """Every table of a shop on the way to its features, as one engine makes it, ordered by its rows."""
    told = shop_of(name)
    week = shop.FIRST + 20 if name == "checkerboard" else irregular.FIRST + 55
    lines = count_once(into(told.lines))
    found = {"lines": collected(lines)}
    found["purchases"] = collected(weekly_purchases(into(found["lines"])))
    purchases = into(found["purchases"])
    found["fits"] = collected(fitting(purchases, before=week))
    tables = Tables(purchases, *(into(t) for t in (told.customers, told.products, found["fits"], told.days_off)))
    found["candidates"] = collected(candidate_pairs(tables, before=week, params=known.PARAMS.candidates))
    sample = Sample(Share(0.3), *(into(irregular.draws(told, key)) for key in ("customer_id", "product_id")))
    found["examples"] = collected(example_pairs(tables, week=week, params=known.PARAMS))
    found["sampled"] = collected(example_pairs(tables, week=week, params=known.PARAMS, sample=sample))
    for pairs in ("candidates", "sampled"):
        rows = build_features(into(found[pairs]), tables, before=week, params=known.PARAMS)
        found[f"features of {pairs}"] = collected(rows)
    return found


def collected(frame: nw.LazyFrame[Any]) -> pl.DataFrame:
    rows: pl.DataFrame = frame.collect("polars").to_native()
    return rows.sort(rows.columns, nulls_last=True)


polars_made = cache(lambda name: made(name, in_polars))


@pytest.mark.parametrize("name", SHOPS)
def test_every_table_and_feature_is_the_same_to_the_last_bit_on_polars_and_on_duckdb(name: str) -> None:
    theirs = made(name, in_duckdb)
    for table, rows in polars_made(name).items():
        assert rows.height > 0
        assert_frame_equal(theirs[table], rows, check_exact=True, check_dtypes=False)


@pytest.mark.parametrize("name", SHOPS)
def test_a_pair_has_the_same_features_among_few_as_among_all(name: str) -> None:
    found = polars_made(name)
    few, among_all = (found[f"features of {pairs}"] for pairs in ("sampled", "candidates"))
    assert 0 < few.height < among_all.height
    there = among_all.join(few, on=["customer_id", "product_id"], how="semi")
    assert few.select(there.columns).equals(there)


@pytest.mark.parametrize("name", SHOPS)
def test_where_there_is_nothing_to_tell_from_a_feature_is_null_and_never_nan_or_infinite(name: str) -> None:
    found = polars_made(name)["features of candidates"].select(FEATURES)
    assert set(found.dtypes) == {pl.Float32}
    assert [column.name for column in found if not column.drop_nulls().is_finite().all()] == []
