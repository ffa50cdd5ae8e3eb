"""The same weeks last year: what came back then may come back now."""

from __future__ import annotations

from typing import Any

import narwhals as nw

from semana.data import schemas as s
from semana.data.purchases import bought
from semana.data.weeks import Week

SEASON = (s.WEEKS_LAST_YEAR, s.PRODUCT_LAST_YEAR)
_YEAR = 52
_AROUND = 2  # weeks before and after
_OF_YEAR = "of_year"


def add_season(pairs: nw.LazyFrame[Any], history: nw.LazyFrame[Any], *, before: Week) -> nw.LazyFrame[Any]:
    """The pairs with the weeks bought in around the same week last year, and how much the product sold then.

    The product's figure is its customers a week around then over those in its whole last year; null where it had none.
    A history of less than a year gives zeros and nulls alone.
    """
    year_ago = nw.col(s.WEEK).is_between(before.index - _YEAR - _AROUND, before.index - _YEAR + _AROUND)
    then = bought(history).filter(year_ago)
    of_pair = then.group_by(*s.PAIR).agg(nw.len().cast(nw.Float64).alias(s.WEEKS_LAST_YEAR))
    of_product = then.group_by(s.PRODUCT_ID).agg(nw.len().cast(nw.Float64).alias(s.PRODUCT_LAST_YEAR))
    of_year = (
        bought(history)
        .filter(nw.col(s.WEEK) >= before.index - _YEAR - _AROUND)
        .group_by(s.PRODUCT_ID)
        .agg(nw.len().cast(nw.Float64).alias(_OF_YEAR))
    )
    seasonal = of_product.join(of_year, on=s.PRODUCT_ID, how="inner").select(
        s.PRODUCT_ID,
        (nw.col(s.PRODUCT_LAST_YEAR) * (_YEAR + _AROUND) / (nw.col(_OF_YEAR) * (2 * _AROUND + 1))).alias(
            s.PRODUCT_LAST_YEAR
        ),
    )
    joined = pairs.join(of_pair, on=s.PAIR, how="left").join(seasonal, on=s.PRODUCT_ID, how="left")
    return joined.with_columns(nw.col(s.WEEKS_LAST_YEAR).fill_null(0.0))
