"""How a pair bought so far: decayed and recent counts, rhythm, usual quantity and amount."""

from __future__ import annotations

from typing import Any

import narwhals as nw

from semana.data import schemas as s
from semana.data.weeks import Week

_DAYS = 7


def pair_history(history: nw.LazyFrame[Any], *, before: Week, decay: float) -> nw.LazyFrame[Any]:
    """One row per pair ever bought, from purchases before the week.

    `decayed_weeks`: Σ decay^(weeks ago - 1); `weeks_of_last_4`; `weeks_bought`; `weeks_since_last` (1: last week);
    `last_bought` (day); `usual_gap_days`: mean days between purchases, null before the second; `usual_quantity` and
    `usual_amount`: means per purchase week.
    """
    age = before.index - nw.col(s.WEEK)
    rows = history.with_columns(
        (nw.lit(decay) ** (age - 1)).alias("decayed"),
        (age <= 4).cast(nw.Int32).alias("lately"),
    )
    found = rows.group_by(s.PAIR).agg(
        nw.col("decayed").sum().alias("decayed_weeks"),
        nw.col("lately").sum().alias("weeks_of_last_4"),
        nw.len().alias("weeks_bought"),
        nw.col(s.WEEK).max().alias("last_week"),
        nw.col(s.WEEK).min().alias("first_week"),
        nw.col(s.LAST_DATE).max().alias(s.LAST_BOUGHT),
        nw.col(s.QUANTITY).mean().alias(s.USUAL_QUANTITY),
        nw.col(s.AMOUNT).mean().alias(s.USUAL_AMOUNT),
    )
    span = (nw.col("last_week") - nw.col("first_week")).cast(nw.Float64) * _DAYS
    gap = nw.when(nw.col("weeks_bought") > 1).then(span / (nw.col("weeks_bought").cast(nw.Float64) - 1))
    return found.with_columns(
        (before.index - nw.col("last_week")).alias("weeks_since_last"),
        gap.alias(s.USUAL_GAP_DAYS),
    ).drop("last_week", "first_week")
