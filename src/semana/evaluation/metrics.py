"""How good a week's list was. Truth is every pair bought in the week, candidates or not."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from semana.data import schemas as s
from semana.models.base import Floats

BINS = 15
K = 10
_PLACE = "place"


def week_metrics(scored: pl.DataFrame, truth: pl.DataFrame, *, k: int = K) -> dict[str, float]:
    """The figures of one week: `scored` holds pair, probability and recommended; `truth` one row per pair bought.

    f1, precision and recall are of the recommended set; recall@k, ndcg@k and map are means over the customers who
    bought, truth being all they bought; average precision ranks all pairs, purchases outside the candidates missed.
    """
    marked = scored.select(*s.PAIR, s.PROBABILITY, s.RECOMMENDED).join(
        truth.select(*s.PAIR, pl.lit(1).alias(s.BOUGHT)), on=s.PAIR, how="left"
    ).with_columns(pl.col(s.BOUGHT).fill_null(0))
    total = truth.height
    hits = marked.filter(pl.col(s.RECOMMENDED) & (pl.col(s.BOUGHT) == 1)).height
    size = int(marked[s.RECOMMENDED].sum())
    inside = int(marked[s.BOUGHT].sum())
    expected = float(marked[s.PROBABILITY].sum())
    return {
        "purchases": float(total),
        "recommended": float(size),
        "hits": float(hits),
        "f1": f1(hits, size, total),
        "precision": hits / size if size else 0.0,
        "recall": hits / total if total else 0.0,
        "average_precision": average_precision(marked, total),
        "calibration": expected / inside if inside else float("nan"),
        "coverage": inside / total if total else 0.0,
        "ece": expected_calibration_error(marked[s.PROBABILITY].to_numpy(), marked[s.BOUGHT].to_numpy()),
        **_per_customer(marked, truth, k),
    }


def f1(hits: float, size: float, total: float) -> float:
    """2 · hits ÷ (recommended + bought); 0 where nothing was recommended or bought."""
    return 2 * hits / (size + total) if size + total else 0.0


def average_precision(marked: pl.DataFrame, total: int) -> float:
    """Σ precision at each hit ÷ `total`, over pairs from the likeliest down; ties in the order of the ids."""
    if not total:
        return 0.0
    bought = marked.sort([s.PROBABILITY, *s.PAIR], descending=[True, False, False])[s.BOUGHT].to_numpy()
    places = np.flatnonzero(bought) + 1
    return float((np.arange(1, len(places) + 1) / places).sum() / total)


def expected_calibration_error(chances: Floats, bought: Any, bins: int = BINS) -> float:
    """Mean |chance - frequency| over `bins` bins of equal mass."""
    if not len(chances):
        return 0.0
    order = np.argsort(chances, kind="stable")
    parts = np.array_split(order, bins)
    gaps = [len(part) * abs(float(chances[part].mean() - bought[part].mean())) for part in parts if len(part)]
    return float(sum(gaps) / len(order))


def _per_customer(marked: pl.DataFrame, truth: pl.DataFrame, k: int) -> dict[str, float]:
    sizes = truth.group_by(s.CUSTOMER_ID).agg(pl.len().alias("basket"))
    if sizes.is_empty():
        return {f"recall_at_{k}": 0.0, f"ndcg_at_{k}": 0.0, "map": 0.0}
    top = (
        marked.sort([s.CUSTOMER_ID, s.PROBABILITY, s.PRODUCT_ID], descending=[False, True, False])
        .with_columns(pl.int_range(1, pl.len() + 1).over(s.CUSTOMER_ID).alias(_PLACE))
        .filter(pl.col(s.BOUGHT) == 1)
        .with_columns(pl.int_range(1, pl.len() + 1).over(s.CUSTOMER_ID).alias("hit"))
    )
    near = pl.col(_PLACE) <= k
    found = top.group_by(s.CUSTOMER_ID).agg(
        near.sum().alias("hits"),
        (1 / (pl.col(_PLACE) + 1).log(2)).filter(near).sum().alias("gain"),
        (pl.col("hit") / pl.col(_PLACE)).sum().alias("precisions"),
    )
    rows = sizes.join(found, on=s.CUSTOMER_ID, how="left").fill_null(0)
    ideal = np.cumsum(1 / np.log2(np.arange(2, k + 2)))
    best = ideal[np.minimum(rows["basket"].to_numpy(), k) - 1]
    return {
        f"recall_at_{k}": float((rows["hits"] / rows["basket"]).mean()),  # type: ignore[arg-type]
        f"ndcg_at_{k}": float((rows["gain"].to_numpy() / best).mean()),
        "map": float((rows["precisions"] / rows["basket"]).mean()),  # type: ignore[arg-type]
    }
