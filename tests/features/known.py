"""What the feature, model and evaluation tests share: the shop's weekly purchases and the params as delivered."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import narwhals as nw
import polars as pl

from semana import params
from semana.data.purchases import count_once, weekly_purchases
from semana.data.weeks import Week
from semana.features.build import build_features
from semana.features.candidates import candidate_pairs
from semana.features.examples import example_rows
from semana.features.tables import Tables
from tests import shop

PARAMS = params.parse((Path(__file__).parents[2] / "params.yaml").read_text())


@cache
def weekly() -> pl.DataFrame:
    return weekly_purchases(count_once(shop.staged(*shop.WEEKS))).collect().to_polars()


def purchases() -> nw.LazyFrame[Any]:
    return nw.from_native(weekly().lazy())


def tables(bought: nw.LazyFrame[Any] | None = None, customers: nw.LazyFrame[Any] | None = None) -> Tables:
    """The shop's tables; other purchases or customers where they are given."""
    return Tables(
        purchases() if bought is None else bought,
        nw.from_native(shop.customers().lazy()) if customers is None else customers,
        nw.from_native(shop.products().lazy()),
    )


def ordered(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.sort("customer_id", "product_id")


def features(
    week: Week, bought: nw.LazyFrame[Any] | None = None, pairs: nw.LazyFrame[Any] | None = None
) -> pl.DataFrame:
    """The features of the shop's candidates (or of `pairs`) before the week, in the order of their ids."""
    if pairs is None:
        pairs = candidate_pairs(tables(bought), before=week, params=PARAMS.candidates)
    return ordered(build_features(pairs, tables(bought), before=week, params=PARAMS).collect().to_polars())


@cache
def examples(week: Week) -> pl.DataFrame:
    rows = example_rows(tables(), week=week, params=PARAMS)
    return ordered(rows.collect().to_polars())


@cache
def totals() -> dict[Week, int]:
    counted = weekly().filter(pl.col("quantity") > 0).group_by("week").len()
    return {Week(week): count for week, count in counted.rows()}
