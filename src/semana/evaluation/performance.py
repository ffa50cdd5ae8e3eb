"""Realised performance: a published list against what was then bought."""

from __future__ import annotations

from typing import Any

import narwhals as nw
import polars as pl

from semana.data import schemas as s
from semana.data.purchases import bought, during
from semana.data.weeks import Week
from semana.evaluation.metrics import week_metrics


def realised(scored: nw.LazyFrame[Any], purchases: nw.LazyFrame[Any], week: Week) -> dict[str, float]:
    """The week's figures (`metrics.week_metrics`) of scored pairs with the column `recommended`."""
    truth = bought(during(purchases, week)).select(s.PAIR).collect("polars").to_native()
    pairs = scored.select(*s.PAIR, s.PROBABILITY, s.RECOMMENDED).collect("polars").to_native()
    return week_metrics(pl.DataFrame(pairs), pl.DataFrame(truth))
