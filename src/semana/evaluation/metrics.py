"""How good a week's list was. Whatever was bought outside the candidates counts as missed."""

from __future__ import annotations

from typing import Any

import narwhals as nw
import numpy as np
import polars as pl
from numpy.typing import NDArray

from semana.data import schemas as s
from semana.models.base import Flags, Floats

_BINS = 15
_TOP = 10


def week_metrics(scored: Any, truth: Any) -> dict[str, float]:
    """Every metric of one week.

    `scored` holds customer_id, product_id, probability and recommended of each candidate pair, `truth` the pairs bought
    in the week, each once, inside the candidates or not.
    """
    pairs = _polars(scored).select(*s.PAIR, s.PROBABILITY, s.RECOMMENDED)
    truth = _polars(truth).select(*s.PAIR)
    hits = truth.select(*s.PAIR, pl.lit(value=True).alias(s.BOUGHT))
    known = pairs.join(hits, on=s.PAIR, how="left", maintain_order="left").with_columns(
        pl.col(s.BOUGHT).fill_null(value=False)
    )
    arrays = (known[name].to_numpy() for name in (s.PROBABILITY, s.RECOMMENDED, s.BOUGHT))
    return list_metrics(*arrays, purchases=truth.height) | customer_metrics(known, truth)


def list_metrics(probability: Floats, recommended: Flags, bought: Flags, *, purchases: int) -> dict[str, float]:
    """The metrics that need no customers: one value per candidate pair, `purchases` counts all pairs bought.

    `calibration` is expected purchases over actual ones among the candidates, `calibration_all` over all of them.
    A metric whose denominator is nothing is NaN.
    """
    true_positives = int((recommended & bought).sum())
    expected = float(probability.sum())
    return {
        "f1": _ratio(2 * true_positives, int(recommended.sum()) + purchases),
        "precision": _ratio(true_positives, int(recommended.sum())),
        "recall": _ratio(true_positives, purchases),
        "average_precision": average_precision(probability, bought, purchases=purchases),
        "calibration": _ratio(expected, int(bought.sum())),
        "calibration_all": _ratio(expected, purchases),
        "ece": expected_calibration_error(probability, bought),
        "recommended": float(recommended.sum()),
        "purchases": float(purchases),
        "hits": float(true_positives),
        "expected": expected,
        "inside": float(bought.sum()),
        "pairs": float(len(bought)),
    }


def average_precision(probability: Floats, bought: Flags, *, purchases: int) -> float:
    """The mean precision at each purchase, going down by probability; equals are taken together, misses count 0."""
    if not purchases or not len(probability):
        return _ratio(0, purchases)
    order = np.argsort(-probability, kind="stable")
    last_of_level = np.append(np.diff(probability[order]) != 0, True)
    hits = np.cumsum(bought[order])[last_of_level]
    taken = np.flatnonzero(last_of_level) + 1
    return float((np.diff(hits, prepend=0) * hits / taken).sum() / purchases)


def expected_calibration_error(probability: Floats, bought: Flags, *, bins: int = _BINS) -> float:
    """The mean distance between predicted and actual shares over bins of equally many pairs, by probability.

    Equals that two bins part have the same share in both: the order of rows changes nothing.
    """
    if not len(probability):
        return float("nan")
    levels, place, counts = np.unique(probability, return_inverse=True, return_counts=True)
    gap = np.repeat(levels - np.bincount(place, weights=bought) / counts, counts)
    return float(sum(abs(part.sum()) for part in np.array_split(gap, bins)) / len(gap))


def customer_metrics(known: pl.DataFrame, truth: pl.DataFrame, *, k: int = _TOP) -> dict[str, float]:
    """Recall@k, NDCG@k and MAP, the means over the customers who bought in the week; `known` has the column bought."""
    wanted = truth.group_by(s.CUSTOMER_ID).len("wanted").sort(s.CUSTOMER_ID)  # sums of floats depend on their order
    if not wanted.height:
        return {f"recall_at_{k}": float("nan"), f"ndcg_at_{k}": float("nan"), "map": float("nan"), "buyers": 0.0}
    place = pl.int_range(1, pl.len() + 1).over(s.CUSTOMER_ID)
    ranked = known.sort(s.CUSTOMER_ID, s.PROBABILITY, s.PRODUCT_ID, descending=[False, True, False]).with_columns(
        place.alias("place")
    )
    hits = ranked.filter(s.BOUGHT).with_columns(pl.int_range(1, pl.len() + 1).over(s.CUSTOMER_ID).alias("nth"))
    near = pl.col("place") <= k
    gains = hits.group_by(s.CUSTOMER_ID).agg(
        near.sum().alias("near"),
        (1 / (pl.col("place") + 1).log(2)).filter(near).sum().alias("gain"),
        (pl.col("nth") / pl.col("place")).sum().alias("precision"),
    )
    ideal = pl.lit(pl.Series([_ideal_gain(n) for n in range(k + 1)])).gather(pl.col("wanted").clip(upper_bound=k))
    each = wanted.join(gains, on=s.CUSTOMER_ID, how="left", maintain_order="left").select(
        (pl.col("near").fill_null(0) / pl.col("wanted")).alias(f"recall_at_{k}"),
        (pl.col("gain").fill_null(0.0) / ideal).alias(f"ndcg_at_{k}"),
        (pl.col("precision").fill_null(0.0) / pl.col("wanted")).alias("map"),
    )
    return {name: float(each[name].to_numpy().mean()) for name in each.columns} | {"buyers": float(wanted.height)}


def _ideal_gain(purchases: int) -> float:
    places: NDArray[np.float64] = np.arange(1, purchases + 1, dtype=np.float64)
    return float((1 / np.log2(places + 1)).sum())


def _ratio(part: float, whole: float) -> float:
    return float(part / whole) if whole else float("nan")


def _polars(frame: Any) -> pl.DataFrame:
    polars: pl.DataFrame = nw.from_native(frame, eager_only=True).to_polars()
    return polars
