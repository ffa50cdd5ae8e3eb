"""How often: the pair's weeks, and the customer's."""

from __future__ import annotations

from typing import Any

import narwhals as nw

from semana.data import schemas as s
from semana.data.purchases import bought
from semana.data.weeks import Week
from semana.features.sums import DECAY_BITS, decayed, steady_sum

FREQUENCY = (
    s.WEEKS_BOUGHT,
    s.DECAYED_WEEKS,
    s.WEEKS_OF_LAST_4,
    s.SHARE_OF_WEEKS,
    s.SHARE_OF_ACTIVE_WEEKS,
    s.CUSTOMER_DECAYED_WEEKS,
    s.CUSTOMER_PRODUCTS,
)
_FIRST = "first_week"
_ACTIVE = "active_weeks"
_ROWS = "purchases_made"


def add_frequency(
    pairs: nw.LazyFrame[Any], history: nw.LazyFrame[Any], *, before: Week, decay: float
) -> nw.LazyFrame[Any]:
    """The pairs with, in weeks: how many it was bought in, the same with older ones counting less, of the last four.

    Shares are of the weeks since the customer's first purchase, and of the weeks in which the customer bought anything.
    A pair never bought has zeros.
    """
    weight = decayed(nw.col(s.WEEK), latest=before.index - 1, decay=decay)
    recent = (nw.col(s.WEEK) >= before.index - 4).cast(nw.Int64)
    of_pair = (
        bought(history)
        .group_by(*s.PAIR)
        .agg(
            nw.len().alias(s.WEEKS_BOUGHT),
            steady_sum(weight, bits=DECAY_BITS).alias(s.DECAYED_WEEKS),
            recent.sum().alias(s.WEEKS_OF_LAST_4),
        )
    )
    weeks = bought(history).group_by(s.CUSTOMER_ID, s.WEEK).agg(nw.len().alias(_ROWS))
    of_customer = weeks.group_by(s.CUSTOMER_ID).agg(
        nw.col(s.WEEK).min().alias(_FIRST),
        nw.len().alias(_ACTIVE),
        steady_sum(weight, bits=DECAY_BITS).alias(s.CUSTOMER_DECAYED_WEEKS),
        nw.col(_ROWS).sum().alias(_ROWS),
    )
    zero_if_none = (s.WEEKS_BOUGHT, s.DECAYED_WEEKS, s.WEEKS_OF_LAST_4, s.CUSTOMER_DECAYED_WEEKS)
    joined = pairs.join(of_pair, on=s.PAIR, how="left").join(of_customer, on=s.CUSTOMER_ID, how="left")
    return (
        joined.with_columns(*(nw.col(name).cast(nw.Float64).fill_null(0.0) for name in zero_if_none))
        .with_columns(
            (nw.col(s.WEEKS_BOUGHT) / (before.index - nw.col(_FIRST))).fill_null(0.0).alias(s.SHARE_OF_WEEKS),
            (nw.col(s.WEEKS_BOUGHT) / nw.col(_ACTIVE)).fill_null(0.0).alias(s.SHARE_OF_ACTIVE_WEEKS),
            (nw.col(_ROWS) / nw.col(_ACTIVE)).fill_null(0.0).alias(s.CUSTOMER_PRODUCTS),
        )
        .drop(_FIRST, _ACTIVE, _ROWS)
    )
