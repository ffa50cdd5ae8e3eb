"""How many customers buy the product."""

from __future__ import annotations

from typing import Any

import narwhals as nw

from semana.data import schemas as s
from semana.data.purchases import bought
from semana.data.weeks import Week
from semana.features.sums import DECAY_BITS, decayed, steady_sum

POPULARITY = (s.POPULARITY, s.PRODUCT_DECAYED_CUSTOMERS)
_BUYERS = "buyers"
_CUSTOMERS = "customers"


def add_popularity(
    pairs: nw.LazyFrame[Any], history: nw.LazyFrame[Any], *, before: Week, decay: float, weeks: int
) -> nw.LazyFrame[Any]:
    """The pairs with the share of customers who bought the product in the last `weeks` weeks, of those who bought.

    Beside it the customers a week that buy it, older weeks counting less. A product nobody bought has zeros.
    """
    lately = bought(history).filter(nw.col(s.WEEK) >= before.index - weeks)
    buyers = lately.group_by(s.PRODUCT_ID).agg(nw.col(s.CUSTOMER_ID).n_unique().alias(_BUYERS))
    customers = lately.select(nw.col(s.CUSTOMER_ID).n_unique().alias(_CUSTOMERS))
    share = (nw.col(_BUYERS) / nw.col(_CUSTOMERS)).cast(nw.Float64).alias(s.POPULARITY)
    weight = decayed(nw.col(s.WEEK), latest=before.index - 1, decay=decay)
    counts = (
        bought(history)
        .group_by(s.PRODUCT_ID)
        .agg(((1 - decay) * steady_sum(weight, bits=DECAY_BITS)).alias(s.PRODUCT_DECAYED_CUSTOMERS))
    )
    shares = buyers.join(customers, how="cross").select(s.PRODUCT_ID, share)
    joined = pairs.join(shares, on=s.PRODUCT_ID, how="left").join(counts, on=s.PRODUCT_ID, how="left")
    return joined.with_columns(*(nw.col(name).fill_null(0.0) for name in POPULARITY))
