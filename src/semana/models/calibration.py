"""From scores to probabilities: the share that was bought among past pairs of like score, never falling.

Scores that were learned by log loss are chances already, and keep what they are (docs/decisions/0007-boosting.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from semana.models.base import Flags, Floats, Rows

# What a full step of score adds where the curve is flat: it keeps pairs in order and moves no probability visibly.
_TILT = 1e-6
_MOST = 1.0 - 1e-6


@dataclass(frozen=True)
class Curve:
    """Probability by score: straight lines between knots (the centres of isotonic blocks)."""

    scores: tuple[float, ...]
    probabilities: tuple[float, ...]

    def apply(self, scores: Floats) -> NDArray[np.float64]:
        """The probability of each score."""
        if not self.scores:
            return np.zeros(len(scores))
        values: NDArray[np.float64] = np.interp(scores, self.scores, self.probabilities) + _TILT * scores
        return values


@dataclass(frozen=True)
class Calibration:
    """A curve for pairs bought before and one for pairs that were not; `factor` carries the level of the week.

    `covered` is the share of a week's purchases that fell among the candidates.
    """

    repeat: Curve
    explore: Curve
    covered: float
    factor: float = 1.0

    def apply(self, scores: Floats, repeat: Flags) -> NDArray[np.float64]:
        """The probability of each pair, in [0, 1]; keeps the order of scores within repeat and within explore pairs."""
        values = np.where(repeat, self.repeat.apply(scores), self.explore.apply(scores))
        raised: NDArray[np.float64] = np.clip(values * self.factor, 0.0, _MOST)
        return raised

    def scaled(self, factor: float) -> Calibration:
        """The same curves with every probability `factor` times as high (at most 1)."""
        return replace(self, factor=self.factor * factor)

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            name: {"scores": list(curve.scores), "probabilities": list(curve.probabilities)}
            for name, curve in (("repeat", self.repeat), ("explore", self.explore))
        } | {"covered": self.covered, "factor": self.factor}

    @classmethod
    def from_json(cls, written: Mapping[str, Any]) -> Calibration:
        """The calibration that these plain values describe."""
        curves = {
            name: Curve(tuple(written[name]["scores"]), tuple(written[name]["probabilities"]))
            for name in ("repeat", "explore")
        }
        return cls(curves["repeat"], curves["explore"], written["covered"], written["factor"])


def covered_share(bought: Flags, *, purchases: float) -> float:
    """The share of `purchases`, all pairs that were bought in some weeks, that their candidates held."""
    return min(1.0, float(bought.sum()) / purchases) if purchases else 0.0


def as_they_are(*, covered: float) -> Calibration:
    """The calibration of scores that are chances already."""
    same = Curve((0.0, 1.0), (0.0, 1.0))
    return Calibration(same, same, covered)


def fit_calibration(scores: Floats, rows: Rows, *, covered: float) -> Calibration:
    """The calibration under which past pairs of like score were bought as often as it says: `rows`, by their weight."""
    weight = np.ones(len(rows)) if rows.weight is None else rows.weight
    kinds = (rows.repeat, ~rows.repeat)
    of_repeat, of_explore = (fit_curve(scores[kind], rows.labels[kind], weight[kind]) for kind in kinds)
    return Calibration(of_repeat, of_explore, covered)


def fit_curve(scores: Floats, bought: Flags, weight: Floats) -> Curve:
    """The isotonic curve of one kind of pairs; an empty curve (probability 0) where there is none to learn from."""
    if not len(scores):
        return Curve((), ())
    from scipy.optimize import isotonic_regression  # half a second to import, and serving never fits

    levels, place = np.unique(scores.astype(np.float64), return_inverse=True)
    count = np.bincount(place, weights=weight)
    share = np.bincount(place, weights=weight * bought) / count
    blocks = isotonic_regression(share, weights=count).blocks
    pairs = np.add.reduceat(count, blocks[:-1])
    centres = np.add.reduceat(count * levels, blocks[:-1]) / pairs
    shares = np.add.reduceat(count * share, blocks[:-1]) / pairs
    return Curve(tuple(centres.tolist()), tuple(shares.tolist()))
