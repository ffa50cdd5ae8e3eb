"""How sure a mean over weeks is. The unit of evidence is the week: customers of one week share its weather."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from semana.data.weeks import Week

SHARE = 0.95


@dataclass(frozen=True)
class Interval:
    """A mean over `weeks` weeks and the bounds that hold the true mean with the stated probability.

    With fewer than two weeks the bounds are NaN: one week says nothing of how weeks differ.
    """

    mean: float
    low: float
    high: float
    weeks: int


def mean_interval(values: np.typing.ArrayLike, *, share: float = SHARE) -> Interval:
    """The mean of a few weekly values with its t interval, mean ± t(n - 1) x s / sqrt(n); NaN values are left out.

    Source: Student, "The probable error of a mean", Biometrika 6 (1908), 1-25. It stays honest with the four to eight
    weeks of a backtest, where a percentile bootstrap is too narrow (of n weeks it draws at most n different values).
    """
    from scipy.special import stdtrit  # scipy takes a while to import, and serving needs none of it

    known = np.asarray(values, dtype=np.float64)
    known = known[~np.isnan(known)]
    weeks = len(known)
    if not weeks:
        return Interval(float("nan"), float("nan"), float("nan"), 0)
    mean = float(known.mean())
    if weeks == 1:
        return Interval(mean, float("nan"), float("nan"), 1)
    half = float(stdtrit(weeks - 1, 0.5 + share / 2) * known.std(ddof=1) / np.sqrt(weeks))
    return Interval(mean, mean - half, mean + half, weeks)


def paired_difference(mine: Mapping[Week, float], other: Mapping[Week, float], *, share: float = SHARE) -> Interval:
    """By how much one model's weekly figures exceed another's, week by week, over the weeks that both have."""
    return mean_interval([mine[week] - other[week] for week in sorted(mine.keys() & other.keys())], share=share)
