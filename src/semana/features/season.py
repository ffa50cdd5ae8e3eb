"""The same weeks last year: what came back then may come back now."""

from __future__ import annotations

import narwhals as nw

from semana.data import schemas as s
from semana.data.frames import Frame
from semana.data.purchases import bought
from semana.data.weeks import Week

SEASON = (s.WEEKS_LAST_YEAR, s.PRODUCT_LAST_YEAR)
_YEAR = 52
_AROUND = 2  # weeks before and after
_OF_YEAR = "of_year"


def seasons(history: Frame, *, before: Week) -> Frame:
    """One row per product bought around the same week last year: its customers a week then over those of the year."""
    of_product = (
        _a_year_ago(history, before=before)
        .group_by(s.PRODUCT_ID)
        .agg(nw.len().cast(nw.Float64).alias(s.PRODUCT_LAST_YEAR))
    )
    of_year = (
        bought(history)
        .filter(nw.col(s.WEEK) >= before.index - _YEAR - _AROUND)
        .group_by(s.PRODUCT_ID)
        .agg(nw.len().cast(nw.Float64).alias(_OF_YEAR))
    )
    return of_product.join(of_year, on=s.PRODUCT_ID, how="inner").select(
        s.PRODUCT_ID,
        (nw.col(s.PRODUCT_LAST_YEAR) * (_YEAR + _AROUND) / (nw.col(_OF_YEAR) * (2 * _AROUND + 1))).alias(
            s.PRODUCT_LAST_YEAR
        ),
    )


def add_season(pairs: Frame, own: Frame, products: Frame, *, before: Week) -> Frame:
    """The pairs with the weeks bought in around the same week last year, and what `seasons` tells of the product.

    A history of less than a year gives zeros and nulls alone.
    """
    of_pair = _a_year_ago(own, before=before).group_by(*s.PAIR).agg(nw.len().cast(nw.Float64).alias(s.WEEKS_LAST_YEAR))
    seasonal = products.select(s.PRODUCT_ID, s.PRODUCT_LAST_YEAR)
    joined = pairs.join(of_pair, on=s.PAIR, how="left").join(seasonal, on=s.PRODUCT_ID, how="left")
    return joined.with_columns(nw.col(s.WEEKS_LAST_YEAR).fill_null(0.0))


def _a_year_ago(history: Frame, *, before: Week) -> Frame:
    around = nw.col(s.WEEK).is_between(before.index - _YEAR - _AROUND, before.index - _YEAR + _AROUND)
    return bought(history).filter(around)
