"""How long ago, and how long between: the pair's last purchase against its own rhythm."""

from __future__ import annotations

from typing import Any

import narwhals as nw

from semana.data import schemas as s
from semana.data.purchases import bought
from semana.data.weeks import Week

RECENCY = (s.WEEKS_SINCE, s.USUAL_GAP_DAYS, s.GAPS_SINCE, s.CUSTOMER_WEEKS_SINCE)
_FIRST = "first_week"
_LAST = "last_week"
_COUNT = "weeks_counted"


def add_recency(pairs: nw.LazyFrame[Any], history: nw.LazyFrame[Any], *, before: Week) -> nw.LazyFrame[Any]:
    """The pairs with weeks since the last purchase (1 is last week), the usual gap, and how many of those have passed.

    The usual gap is the mean number of days from one week of purchase to the next. All are null where there is no
    purchase (or no second one) to tell from. The date of the last purchase is for people, not for models.
    """
    of_pair = (
        bought(history)
        .group_by(*s.PAIR)
        .agg(
            nw.col(s.WEEK).min().alias(_FIRST),
            nw.col(s.WEEK).max().alias(_LAST),
            nw.len().alias(_COUNT),
            nw.col(s.LAST_DATE).max().alias(s.LAST_BOUGHT),
        )
    )
    span = (7 * (nw.col(_LAST) - nw.col(_FIRST))).cast(nw.Float64)
    of_pair = of_pair.select(
        *s.PAIR,
        s.LAST_BOUGHT,
        (before.index - nw.col(_LAST)).cast(nw.Float64).alias(s.WEEKS_SINCE),
        nw.when(nw.col(_COUNT) > 1).then(span / (nw.col(_COUNT) - 1)).alias(s.USUAL_GAP_DAYS),
    ).with_columns((7 * nw.col(s.WEEKS_SINCE) / nw.col(s.USUAL_GAP_DAYS)).alias(s.GAPS_SINCE))
    of_customer = (
        bought(history)
        .group_by(s.CUSTOMER_ID)
        .agg((before.index - nw.col(s.WEEK).max()).cast(nw.Float64).alias(s.CUSTOMER_WEEKS_SINCE))
    )
    return pairs.join(of_pair, on=s.PAIR, how="left").join(of_customer, on=s.CUSTOMER_ID, how="left")
