"""Candidate pairs: the ones a run scores. Bounded per customer, so memory follows purchases, never customers × products."""

from __future__ import annotations

from typing import Any

import narwhals as nw

from semana.data import schemas as s
from semana.data.purchases import before as purchased_before
from semana.data.purchases import bought
from semana.data.weeks import Week
from semana.params import CandidateParams

_AGE = "age"
_PLACE = "place"


def candidate_pairs(
    purchases: nw.LazyFrame[Any], customers: nw.LazyFrame[Any], *, before: Week, params: CandidateParams
) -> nw.LazyFrame[Any]:
    """One row per candidate pair: customer_id, product_id, repeat (bought within `repeat_weeks`, else explore).

    Explore pairs are the products that most customers bought lately, less what the customer ever bought.
    """
    history = bought(purchased_before(purchases, before))
    ever = history.select(s.PAIR).unique()
    age = before.index - nw.col(s.WEEK)
    repeat = (
        history.filter(age <= params.repeat_weeks)
        .group_by(s.PAIR)
        .agg(nw.col(s.WEEK).max().alias("last"), nw.len().alias("weeks"))
        .with_columns(
            nw.col("last")
            .rank("ordinal", descending=True)
            .over(s.CUSTOMER_ID, order_by=["last", "weeks", s.PRODUCT_ID])
            .alias(_PLACE)
        )
        .filter(nw.col(_PLACE) <= params.repeat_per_customer)
        .select(*s.PAIR, nw.lit(True).alias(s.REPEAT))
    )
    popular = (
        history.filter(age <= params.explore_weeks)
        .select(s.PAIR)
        .unique()
        .group_by(s.PRODUCT_ID)
        .agg(nw.len().alias("customers"))
        .sort("customers", s.PRODUCT_ID, descending=[True, False])
        .head(params.explore_per_customer)
        .select(s.PRODUCT_ID)
    )
    everybody = nw.concat([history.select(s.CUSTOMER_ID), customers.select(s.CUSTOMER_ID)]).unique()
    explore = (
        everybody.join(popular, how="cross")
        .join(ever, on=s.PAIR, how="anti")
        .select(*s.PAIR, nw.lit(False).alias(s.REPEAT))
    )
    return nw.concat([repeat, explore])
