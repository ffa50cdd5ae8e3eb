"""Realised performance: a published list against what was then bought."""

from __future__ import annotations

import narwhals as nw
import numpy as np
import polars as pl

from semana.data import schemas as s
from semana.data.frames import Frame, collected, counted
from semana.data.purchases import before, bought, during
from semana.data.weeks import Week
from semana.evaluation.metrics import week_metrics
from semana.features.sums import DECAY_BITS, decayed, steady_sum

_WIDE = 1.96  # standard errors on both sides: 95 %


def realised(
    predictions: pl.DataFrame, truth: pl.DataFrame, purchases: Frame, *, week: Week, decay: float
) -> dict[str, float]:
    """The metrics of a published list (`metrics.week_metrics`) of a complete week; `truth` is what was bought in it.

    Beside them the bounds of 95 % intervals (`intervals`), `reference_f1`, that of the pairs bought most often lately
    (`decay` a week), as many as were bought in the week before, and `lift`, the list's F1 over it.
    """
    metrics = week_metrics(predictions, truth)
    reference = reference_pairs(purchases, week=week, decay=decay)
    hits = reference.join(truth, on=s.PAIR, how="inner").height
    size = reference.height + truth.height
    reference_f1 = 2 * hits / size if size else float("nan")
    lift = metrics["f1"] / reference_f1 if reference_f1 else float("nan")
    return metrics | intervals(predictions, truth) | {"reference_f1": reference_f1, "lift": lift}


def intervals(predictions: pl.DataFrame, truth: pl.DataFrame) -> dict[str, float]:
    """`f1_low`, `f1_high` and the same of precision and recall: how far other customers alike may have moved them.

    95 % intervals of a ratio of sums over customers (Cochran, Sampling Techniques, 6.4); NaN for fewer than two.
    """
    bought = truth.select(*s.PAIR, pl.lit(value=1).alias(s.BOUGHT))
    known = predictions.filter(s.RECOMMENDED).select(*s.PAIR, pl.lit(value=1).alias(s.RECOMMENDED))
    each = known.join(bought, on=s.PAIR, how="full", coalesce=True).fill_null(0)
    counts = each.group_by(s.CUSTOMER_ID).agg(
        pl.col(s.RECOMMENDED, s.BOUGHT).sum(), (pl.col(s.RECOMMENDED) * pl.col(s.BOUGHT)).sum().alias("hits")
    )
    listed, purchases, hits = (
        counts.sort(s.CUSTOMER_ID)[name].to_numpy().astype(float) for name in (s.RECOMMENDED, s.BOUGHT, "hits")
    )
    ratios = {"f1": (2 * hits, listed + purchases), "precision": (hits, listed), "recall": (hits, purchases)}
    found: dict[str, float] = {}
    for name, (above, below) in ratios.items():
        total, customers = below.sum(), len(below)
        if customers < 2 or not total:  # one customer does not vary
            found |= {f"{name}_low": float("nan"), f"{name}_high": float("nan")}
            continue
        ratio = above.sum() / total
        error = np.sqrt(customers / (customers - 1) * ((above - ratio * below) ** 2).sum()) / total
        found |= {f"{name}_low": max(0.0, ratio - _WIDE * error), f"{name}_high": min(1.0, ratio + _WIDE * error)}
    return {name: float(value) for name, value in found.items()}


def reference_pairs(purchases: Frame, *, week: Week, decay: float) -> pl.DataFrame:
    """The pairs bought most often before `week`, recent weeks counting more, as many as the week before it had."""
    history = bought(before(purchases, week))
    weight = decayed(nw.col(s.WEEK), latest=week.index - 1, decay=decay)
    pairs = history.group_by(*s.PAIR).agg((-steady_sum(weight, bits=DECAY_BITS)).alias(s.SCORE))
    volume = counted(during(history, week + -1))
    return collected(pairs.sort(s.SCORE, *s.PAIR).head(volume).select(*s.PAIR))
