"""Realised performance by kind of pair and segment of customer, and what can be expected of a list without a truth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from semana.data import schemas as s
from semana.evaluation.metrics import list_metrics
from semana.evaluation.segments import SEGMENT
from semana.models.level import next_error

KIND, OUTSIDE = "kind", "not scored"
_FIGURES = ("f1", "precision", "recall", "calibration", "recommended", "purchases", "hits")
_ENOUGH = 6  # past weeks below which no interval is told
_SHARE = 0.8  # of the past weeks lie inside
_RECENT, _LEFT = 4, 3  # truths beyond their interval, of so many, that ask for a look


@dataclass(frozen=True)
class Estimate:
    """The F1 that a list can be expected to reach, and its 80 % interval; None while too few weeks are known."""

    f1: float
    low: float | None
    high: float | None


def parts_of(predictions: pl.DataFrame, truth: pl.DataFrame, segments: pl.DataFrame) -> pl.DataFrame:
    """One row per part: its `part` (kind or segment), `name`, and the figures of the list among its pairs.

    `predictions` are the published pairs with probability, recommended and kind, `truth` all pairs bought, `segments`
    of (customer, segment). Purchases of pairs that were not scored are a kind of their own, found by nobody.
    """
    scored = predictions.join(truth.with_columns(pl.lit(value=True).alias(s.BOUGHT)), on=s.PAIR, how="left")
    scored = scored.with_columns(pl.col(s.BOUGHT).fill_null(value=False))
    found = [
        _row(KIND, str(kind), rows, purchases=int(rows[s.BOUGHT].sum())) for (kind,), rows in scored.group_by(s.KIND)
    ]
    outside = truth.join(predictions, on=s.PAIR, how="anti").height
    found.append(_row(KIND, OUTSIDE, scored.head(0), purchases=outside))
    bought = truth.join(segments, on=s.CUSTOMER_ID).group_by(SEGMENT).len()
    purchases = dict(bought.rows())
    for (segment,), rows in scored.join(segments, on=s.CUSTOMER_ID).group_by(SEGMENT):
        found.append(_row(SEGMENT, str(segment), rows, purchases=purchases.get(segment, 0)))
    return pl.DataFrame(found).sort("part", "name")


def _row(part: str, name: str, rows: pl.DataFrame, *, purchases: int) -> dict[str, str | float]:
    arrays = (rows[column].to_numpy() for column in (s.PROBABILITY, s.RECOMMENDED, s.BOUGHT))
    metrics = list_metrics(*arrays, purchases=purchases)
    return {"part": part, "name": name, **{figure: metrics[figure] for figure in _FIGURES}}


def expected_f1(predictions: pl.DataFrame, *, total: float) -> float:
    """The F1 that the list reaches if its chances are right: 2 Σp over it, over its size and the expected total."""
    listed = predictions.filter(s.RECOMMENDED)
    size = listed.height + total
    return 2 * float(listed[s.PROBABILITY].sum()) / size if size else float("nan")


def estimated(expected: float, past: Sequence[tuple[float, float]]) -> Estimate:
    """The estimate from what is expected and past weeks' (expected, realised) F1, oldest first.

    What is expected times the median ratio of realised to expected; the interval holds the share of the past ratios
    that a next one falls among (split conformal prediction). No F1 is above 1.
    """
    ratios = np.array([realised / told for told, realised in past if told > 0 and not np.isnan(realised)])
    if not len(ratios):
        return Estimate(expected, None, None)
    middle = float(np.median(ratios))
    likely = min(1.0, expected * middle)
    if len(ratios) < _ENOUGH:
        return Estimate(likely, None, None)
    factor = float(np.exp(next_error(np.abs(np.log(ratios / middle)), _SHARE)))
    return Estimate(likely, min(1.0, expected * middle / factor), min(1.0, expected * middle * factor))


def left_repeatedly(past: Sequence[tuple[float, float]]) -> str | None:
    """A note where the truth lay beyond its estimate's interval in most of the last weeks; None where it did not."""
    told = [(estimated(past[n][0], past[:n]), past[n][1]) for n in range(len(past))][-_RECENT:]
    outside = [
        f1 for each, f1 in told if each.low is not None and each.high is not None and not each.low <= f1 <= each.high
    ]
    if len(outside) < _LEFT:
        return None
    return f"in {len(outside)} of the last {len(told)} weeks the truth lay beyond its estimate: do not trust this one"
