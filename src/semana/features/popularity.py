"""How popular a product is lately."""

from __future__ import annotations

from typing import Any

import narwhals as nw

from semana.data import schemas as s
from semana.data.weeks import Week

WEEKS = 4


def product_popularity(history: nw.LazyFrame[Any], *, before: Week) -> nw.LazyFrame[Any]:
    """One row per product sold in the last four weeks: `popularity`, its buyers a week divided by all buyers a week."""
    recent = history.filter(nw.col(s.WEEK) >= before.index - WEEKS)
    buyers = recent.select(s.CUSTOMER_ID, s.WEEK).unique().select(nw.len().cast(nw.Float64).alias("buyers"))
    sold = recent.group_by(s.PRODUCT_ID).agg(nw.len().cast(nw.Float64).alias("sold"))
    return sold.join(buyers, how="cross").select(
        s.PRODUCT_ID, (nw.col("sold") / nw.col("buyers")).alias("popularity")
    )
