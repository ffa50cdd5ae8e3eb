"""What the feature, model and evaluation tests share: the shop's weekly purchases and the params as delivered."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import narwhals as nw
import polars as pl

from semana import params
from semana.data.draws import draw_of
from semana.data.frames import Work
from semana.data.purchases import count_once, weekly_purchases
from semana.data.weeks import Week
from semana.features.build import build_features
from semana.features.candidates import candidate_pairs
from semana.features.examples import ALL, Sample, Share, example_pairs
from semana.features.tables import Tables
from semana.features.together import fitting
from semana.models.level import Totals
from tests import shop

PARAMS = params.parse((Path(__file__).parents[2] / "params.yaml").read_text())
HOLIDAYS = (date(2024, 12, 8), date(2024, 12, 25), date(2025, 1, 1))  # a Sunday and two Wednesdays


@cache
def weekly() -> pl.DataFrame:
    return weekly_purchases(count_once(shop.staged(*shop.WEEKS))).collect().to_polars()


def purchases() -> nw.LazyFrame[Any]:
    return nw.from_native(weekly().lazy())


def days_off(days: Iterable[date] = HOLIDAYS) -> nw.LazyFrame[Any]:
    """The holidays as a source's calendar gives them."""
    rows = [(Week.of(day).index, day.isoweekday()) for day in days]
    return nw.from_native(pl.LazyFrame(rows, schema={"week": pl.Int32, "weekday": pl.Int32}, orient="row"))


def tables(
    before: Week,
    bought: nw.LazyFrame[Any] | None = None,
    customers: nw.LazyFrame[Any] | None = None,
    holidays: Iterable[date] = HOLIDAYS,
) -> Tables:
    """The shop's tables for a week; other purchases, customers or holidays where they are given."""
    history = purchases() if bought is None else bought
    return Tables(
        history,
        nw.from_native(shop.customers().lazy()) if customers is None else customers,
        nw.from_native(shop.products().lazy()),
        fitting(history, before=before),
        days_off(holidays),
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
    holidays: Iterable[date] = HOLIDAYS,
) -> pl.DataFrame:
    """The features of the shop's candidates (or of `pairs`) before the week, in the order of their ids."""
    known = tables(week, bought, customers, holidays)
    if pairs is None:
        pairs = candidate_pairs(known, before=week, params=PARAMS.candidates)
    return ordered(build_features(pairs, known, before=week, params=PARAMS).collect().to_polars())


@cache
def _examples(week: Week, *, share: Share = ALL) -> pl.DataFrame:
    sample = Sample(share, drawn("customer_id", shop.CUSTOMERS), drawn("product_id", shop.PRODUCTS))
    pairs = example_pairs(tables(week), week=week, params=PARAMS, sample=None if share == ALL else sample)
    return ordered(build_features(pairs, tables(week), before=week, params=PARAMS).collect().to_polars())


@dataclass(frozen=True)
class Examples:
    """The example rows that `rows` gives, as training asks for them."""

    rows: Callable[..., pl.DataFrame]

    def __call__(self, week: Week, *, share: Share = ALL) -> pl.DataFrame:
        return self.rows(week, share=share)

    def count(self, week: Week) -> int:
        return self(week).height

    def some(self, week: Week, most: int) -> pl.DataFrame:
        return self(week).sample(min(most, self.count(week)), seed=1)

    def mapped(self, week: Week, work: Work) -> pl.DataFrame:
        return work(self(week))


examples = Examples(_examples)


@cache
def totals() -> Totals:
    counted = weekly().filter(pl.col("quantity") > 0).group_by("week").len()
    return Totals({Week(week): count for week, count in counted.rows()})
