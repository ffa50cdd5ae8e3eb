"""Realised performance: a published list against what was then bought."""

from __future__ import annotations

from typing import Any

import narwhals as nw

from semana.data import schemas as s
from semana.data.purchases import before, bought, during
from semana.data.weeks import Week
from semana.evaluation.metrics import week_metrics
from semana.features.sums import DECAY_BITS, decayed, steady_sum


def realised(predictions: Any, purchases: nw.LazyFrame[Any], *, week: Week, decay: float) -> dict[str, float]:
    """The metrics of a published list (`metrics.week_metrics`) whose week is complete.

    Beside them `reference_f1`, that of the pairs bought most often lately (`decay` a week), as many as were bought in
    the week before, and `lift`, the list's F1 over it.
    """
    truth = bought(during(purchases, week)).select(*s.PAIR).collect()
    metrics = week_metrics(predictions, truth)
    reference = reference_pairs(purchases, week=week, decay=decay)
    hits = reference.join(nw.from_native(truth), on=s.PAIR, how="inner")
    size = len(reference) + len(truth)
    reference_f1 = 2 * len(hits) / size if size else float("nan")
    lift = metrics["f1"] / reference_f1 if reference_f1 else float("nan")
    return metrics | {"reference_f1": reference_f1, "lift": lift}


def reference_pairs(purchases: nw.LazyFrame[Any], *, week: Week, decay: float) -> nw.DataFrame[Any]:
    """The pairs bought most often before `week`, recent weeks counting more, as many as the week before it had."""
    history = bought(before(purchases, week))
    weight = decayed(nw.col(s.WEEK), latest=week.index - 1, decay=decay)
    pairs = history.group_by(*s.PAIR).agg((-steady_sum(weight, bits=DECAY_BITS)).alias(s.SCORE))
    volume = len(during(history, week + -1).select(s.WEEK).collect())
    return pairs.sort(s.SCORE, *s.PAIR).head(volume).select(*s.PAIR).collect()
