"""What tells the newest week from the weeks before it: a classifier two-sample test (Lopez-Paz & Oquab, 2017).

Boosted trees learn to tell customers of the newest week from customers of the weeks before. Where they cannot, the area
under the curve of customers that they have not seen is a half. It ranks columns in a report, and decides nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

_PARTS = 2
_ROWS = 20_000
_TREES = 40
_LEAST = 50  # rows of either side
_OPTIONS = {
    "objective": "binary",
    "learning_rate": 0.1,
    "num_leaves": 15,
    "min_data_in_leaf": 20,
    "verbosity": -1,
    "seed": 1,
    "deterministic": True,
    "num_threads": 2,
}


@dataclass(frozen=True)
class Telling:
    """The area under the curve of customers not learned from, and each column's share in telling, largest first."""

    auc: float
    shares: tuple[tuple[str, float], ...]


def telling(now: pl.DataFrame, then: pl.DataFrame, *, customers: str, seed: int) -> Telling | None:
    """How well the rows are told apart, columns of both but `customers`; None with too few rows.

    Rows of one customer are never both learned from and judged. Text is taken as the place of its value in order.
    """
    if min(now.height, then.height) < _LEAST:
        return None
    import lightgbm as lgb  # a report's, not every command's

    names = [name for name in now.columns if name != customers]
    rows = pl.concat([now.select(customers, *names), then.select(customers, *names)])
    label = np.r_[np.ones(now.height), np.zeros(then.height)]
    if rows.height > _ROWS:
        kept = np.sort(np.random.default_rng(seed).choice(rows.height, _ROWS, replace=False))
        rows, label = rows[kept], label[kept]
    texts = [name for name, kind in rows.schema.items() if kind == pl.String and name in names]
    values = rows.select(names).with_columns(pl.col(texts).rank("dense")).cast(pl.Float64).to_numpy()
    part = rows.select(pl.col(customers).rank("dense")).to_series().to_numpy() % _PARTS
    scores, gains = np.zeros(len(label)), np.zeros(len(names))
    for each in range(_PARTS):
        learned = part != each
        if len(set(label[learned])) < _PARTS:
            return None
        data = lgb.Dataset(values[learned], label[learned])
        model = lgb.train(_OPTIONS, data, num_boost_round=_TREES)
        scores[~learned] = model.predict(values[~learned])
        gains += model.feature_importance("gain")
    whole = gains.sum() or 1.0
    ranked = sorted(zip(names, gains / whole, strict=True), key=lambda each: (-each[1], each[0]))
    return Telling(_auc(scores, label > 0), tuple((name, float(share)) for name, share in ranked))


def _auc(scores: NDArray[np.float64], positive: NDArray[np.bool_]) -> float:
    """The chance that a row of one side scores above one of the other (Mann and Whitney, 1947); equals count half."""
    ranks = pl.Series(scores).rank("average").to_numpy()
    count = int(positive.sum())
    return float((ranks[positive].sum() - count * (count + 1) / 2) / (count * (len(scores) - count)))
