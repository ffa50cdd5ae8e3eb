"""What the feature, model and evaluation tests share: the shop's weekly purchases and the params as delivered."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import narwhals as nw
import polars as pl

from semana import params
from semana.data.draws import draw_of
from semana.data.purchases import count_once, weekly_purchases
from semana.data.weeks import Week
from semana.features.build import build_features
from semana.features.candidates import candidate_pairs
from semana.features.examples import Sample, example_pairs
from semana.features.tables import Tables
from semana.features.together import fitting
from semana.models.level import Totals
from tests import shop

PARAMS = params.parse((Path(__file__).parents[2] / "params.yaml").read_text())


@cache
def weekly() -> pl.DataFrame:
    return weekly_purchases(count_once(shop.staged(*shop.WEEKS))).collect().to_polars()


def purchases() -> nw.LazyFrame[Any]:
    return nw.from_native(weekly().lazy())


def tables(before: Week, bought: nw.LazyFrame[Any] | None = None, customers: nw.LazyFrame[Any] | None = None) -> Tables:
    """The shop's tables for a week; other purchases or customers where they are given."""
    history = purchases() if bought is None else bought
    return Tables(
        history,
        nw.from_native(shop.customers().lazy()) if customers is None else customers,
        nw.from_native(shop.products().lazy()),
        fitting(history, before=before),
    )


def drawn(key: str, ids: int) -> nw.LazyFrame[Any]:
    return nw.from_native(pl.LazyFrame({key: list(range(ids)), "draw": [draw_of(id_) for id_ in range(ids)]}))


def ordered(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.sort("customer_id", "product_id")


def features(
    week: Week,
    bought: nw.LazyFrame[Any] | None = None,
    pairs: nw.LazyFrame[Any] | None = None,
    customers: nw.LazyFrame[Any] | None = None,
) -> pl.DataFrame:
    """The features of the shop's candidates (or of `pairs`) before the week, in the order of their ids."""
    if pairs is None:
        pairs = candidate_pairs(tables(week, bought, customers), before=week, params=PARAMS.candidates)
    known = tables(week, bought, customers)
    return ordered(build_features(pairs, known, before=week, params=PARAMS).collect().to_polars())


@cache
def examples(week: Week, *, share: float = 1.0) -> pl.DataFrame:
    sample = Sample(share, drawn("customer_id", shop.CUSTOMERS), drawn("product_id", shop.PRODUCTS))
    pairs = example_pairs(tables(week), week=week, params=PARAMS, sample=sample if share < 1 else None)
    return ordered(build_features(pairs, tables(week), before=week, params=PARAMS).collect().to_polars())


@cache
def totals() -> Totals:
    counted = weekly().filter(pl.col("quantity") > 0).group_by("week").len()
    return Totals({Week(week): count for week, count in counted.rows()})
