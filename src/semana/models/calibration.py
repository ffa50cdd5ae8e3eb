"""From scores to chances: isotonic regression, apart for repeat and explore pairs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from semana.data import schemas as s
from semana.models.base import Floats, Rows

KINDS = ("explore", "repeat")


@dataclass(frozen=True)
class Calibration:
    """Knots (score, chance) of each kind, joined by straight lines; `coverage` is the share of all purchases that
    fell on candidate pairs."""

    knots: dict[str, tuple[tuple[float, float], ...]]
    coverage: float

    def apply(self, scores: Floats, rows: Rows) -> Floats:
        """The chances (n,) of scores (n,), in [0, 1], never falling with the score."""
        repeat = rows.column(s.REPEAT) > 0
        chances = np.zeros(len(scores))
        for kind, mask in zip(KINDS, (~repeat, repeat), strict=True):
            knots = np.asarray(self.knots.get(kind) or ((0.0, 0.0),))
            chances[mask] = np.interp(scores[mask], knots[:, 0], knots[:, 1])
        return np.clip(chances, 0.0, 1.0)


def fit_calibration(scores: Floats, rows: Rows, *, purchases: int) -> Calibration:
    """The calibration of labelled rows; `purchases` counts all purchases of their weeks, candidates or not.

    Knots are the centres of the isotonic blocks (Zadrozny and Elkan, 2002), so that scores inside a block still order.
    """
    if rows.bought is None:
        raise ValueError("labelled rows were expected: `bought` is missing")
    repeat = rows.column(s.REPEAT) > 0
    knots = {
        kind: _knots(scores[mask], rows.bought[mask])
        for kind, mask in zip(KINDS, (~repeat, repeat), strict=True)
        if mask.any()
    }
    return Calibration(knots, min(1.0, float(rows.bought.sum()) / max(purchases, 1)))


def _knots(scores: Floats, bought: np.ndarray) -> tuple[tuple[float, float], ...]:
    from scipy.optimize import isotonic_regression  # costs a quarter of a second, and only training needs it

    values, places = np.unique(scores, return_inverse=True)
    counts = np.bincount(places).astype(float)
    means = np.bincount(places, weights=bought) / counts
    blocks = isotonic_regression(means, weights=counts)
    edges = blocks.blocks
    found = []
    for start, end in zip(edges[:-1], edges[1:], strict=True):
        centre = float(np.average(values[start:end], weights=counts[start:end]))
        found.append((centre, float(blocks.x[start])))
    return tuple(found)
