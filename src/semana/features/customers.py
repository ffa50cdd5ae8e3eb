"""How a customer orders at all."""

from __future__ import annotations

from typing import Any

import narwhals as nw

from semana.data import schemas as s
from semana.data.weeks import Week


def customer_history(history: nw.LazyFrame[Any], *, before: Week, decay: float) -> nw.LazyFrame[Any]:
    """One row per customer with a purchase: `customer_weeks`, decayed weeks with any purchase."""
    age = before.index - nw.col(s.WEEK)
    weeks = history.select(s.CUSTOMER_ID, s.WEEK).unique().with_columns((nw.lit(decay) ** (age - 1)).alias("decayed"))
    return weeks.group_by(s.CUSTOMER_ID).agg(nw.col("decayed").sum().alias("customer_weeks"))
