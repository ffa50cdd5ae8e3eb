"""What a model's probabilities of several weeks say together: calibration and cumulative gains."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from semana.data import schemas as s
from semana.evaluation.metrics import expected_calibration_error
from semana.models.base import Flags, Floats

_POINTS = 60  # of the gains curve: a line without corners at the size of a page
_MOST_PAIRS = 4.0  # it ends at this many pairs per purchase; the rest is a flat line


class Pool:
    """Gathers the listed pairs of one model, week by week: a probability and a label a pair, nothing else."""

    def __init__(self) -> None:
        self._probability: list[NDArray[np.float32]] = []
        self._bought: list[Flags] = []
        self._purchases = 0

    def add(self, listed: pl.DataFrame, *, purchases: int) -> None:
        """Adds a week's list (probability and bought of each pair); `purchases` counts all pairs bought in the week."""
        self._probability.append(listed[s.PROBABILITY].to_numpy().astype(np.float32))
        self._bought.append(listed[s.BOUGHT].to_numpy())
        self._purchases += purchases

    def curves(self) -> Curves:
        """The curves of all weeks together."""
        probability = np.concatenate(self._probability).astype(np.float64)
        bought = np.concatenate(self._bought)
        return curves_of(probability, bought, purchases=self._purchases, weeks=len(self._bought))


@dataclass(frozen=True)
class Curves:
    """Calibration and gains of one model over `weeks` weeks.

    `calibration` is expected over actual purchases, `ece` the mean distance of probability and share in 15 bins of
    equally many pairs; both count a purchase outside the candidates as a pair of probability 0. `covered` is the share
    of purchases among the candidates.
    `pairs` is how many candidates a week has.
    `reliability` holds (mean probability, share bought, pairs) of 15 groups with equal expected purchases.
    `gains` holds (pairs a week, share of all purchases found among them), the likeliest first.
    """

    calibration: float
    ece: float
    covered: float
    reliability: Sequence[tuple[float, float, int]]
    gains: Sequence[tuple[float, float]]
    pairs: float

    @property
    def lift(self) -> tuple[tuple[float, float], ...]:
        """(share of the candidates taken, the likeliest first; their purchases as a multiple of a random choice's)."""
        found = [(taken / self.pairs, share / self.covered) for taken, share in self.gains if taken and self.covered]
        return tuple((taken, share / taken) for taken, share in found)


def curves_of(probability: Floats, bought: Flags, *, purchases: int, weeks: int) -> Curves:
    """The curves of listed pairs, `purchases` of them and of others having been bought in `weeks` weeks."""
    outside = purchases - int(bought.sum())
    everywhere = np.concatenate([probability, np.zeros(outside)])
    was_bought = np.concatenate([bought, np.ones(outside, dtype=bool)])
    return Curves(
        calibration=float(probability.sum() / purchases) if purchases else float("nan"),
        ece=expected_calibration_error(everywhere, was_bought),
        covered=float(bought.sum() / purchases) if purchases else float("nan"),
        reliability=reliability(probability, bought),
        gains=gains(probability, bought, purchases=purchases, weeks=weeks),
        pairs=len(bought) / weeks,
    )


def reliability(probability: Floats, bought: Flags, *, groups: int = 15) -> list[tuple[float, float, int]]:
    """(mean probability, share bought, pairs) of groups with equal expected purchases, the least likely first.

    Groups of equally many pairs would nearly all lie at zero, where nobody looks: most pairs are never bought.
    """
    order = np.argsort(probability, kind="stable")
    p, hit = probability[order], bought[order]
    expected = np.cumsum(p)
    if not len(p) or not expected[-1]:
        return []
    ends = np.searchsorted(expected, np.linspace(0, expected[-1], groups + 1)[1:-1]) + 1
    parts = zip(np.split(p, ends), np.split(hit, ends), strict=True)
    return [(float(one.mean()), float(other.mean()), len(one)) for one, other in parts if len(one)]


def gains(probability: Floats, bought: Flags, *, purchases: int, weeks: int) -> list[tuple[float, float]]:
    """(pairs a week, share of all purchases among them) going down by probability, as far as 4 pairs a purchase."""
    if not purchases:
        return []
    order = np.argsort(-probability, kind="stable")
    found = np.concatenate([[0], np.cumsum(bought[order])])
    most = min(len(probability), int(_MOST_PAIRS * purchases))
    taken = np.unique(np.linspace(0, most, _POINTS + 1).astype(int))
    return [(float(n / weeks), float(found[n] / purchases)) for n in taken]
