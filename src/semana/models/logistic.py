"""Logistic regression on logarithms of the features, learned and read in portions of rows; kept as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from semana.models.base import Floats, Rows

_Numbers = NDArray[np.float64]
_PORTION = 32_768  # rows worked on at a time
_BEGINNING = 2 * _PORTION  # rows at most that the first steps are taken on
_STEPS, _ENOUGH = 100, 1e-3  # so many steps at most; one that moves no weight further is the last
_NOISE = 1e-9  # a loss that is higher by this share is not
_RIDGE = 50.0  # of the squares of the weights, half of it
_DIGITS = 6  # of a weight are kept: the number of threads does not reach them
_FLAT = 1e-6  # a column whose standard deviation is smaller tells nothing
_SUREST = 30.0  # log-odds


@dataclass(frozen=True)
class Columns:
    """What the regression reads: of each of k features its logarithm, and of those at `flagged` whether it is missing.

    The logarithm is log(1 + |x|) with the sign of x, 0 where x is missing. Each of the k + len(flagged) columns counts
    as its nearest value between `low` and `high`, all that was learned from (a sum would go on beyond, where nobody
    knows; trees do not), and is standardised: less its `center`, times its `scale`, which is 0 for one that never
    differed.
    """

    flagged: tuple[int, ...]
    center: tuple[float, ...]
    scale: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]

    @classmethod
    def of(cls, values: Floats) -> Self:
        """The columns of these features, standardised to a mean of 0 and a variance of 1 in these rows."""
        flagged = tuple(int(place) for place in np.flatnonzero(np.isnan(values).any(axis=0)))
        count, sums, squares = max(len(values), 1), np.zeros(1), np.zeros(1)
        low, high = np.full(1, np.inf), np.full(1, -np.inf)
        for part in _portions(len(values)):
            columns = _raw(values[part], flagged)
            sums, squares = sums + columns.sum(axis=0), squares + (columns**2).sum(axis=0)
            low, high = np.minimum(low, columns.min(axis=0)), np.maximum(high, columns.max(axis=0))
        center = sums / count
        spread = np.sqrt(np.maximum(squares / count - center**2, 0.0))
        scale = np.where(spread < _FLAT * (1.0 + np.abs(center)), 0.0, 1.0 / np.maximum(spread, _FLAT))
        return cls(flagged, *(tuple(each.tolist()) for each in (center, scale, low, high)))

    def standard(self, values: Floats) -> _Numbers:
        """(n, k + len(flagged)) of features (n, k)."""
        center, scale, low, high = (np.asarray(each) for each in (self.center, self.scale, self.low, self.high))
        columns: _Numbers = (np.clip(_raw(values, self.flagged), low, high) - center) * scale
        return columns


@dataclass(frozen=True)
class Logistic:
    """Log-odds that are a sum: an intercept, and each column's weight times its standardised value."""

    columns: Columns
    weights: tuple[float, ...]
    intercept: float

    @classmethod
    def fit(cls, rows: Rows) -> Self:
        """The weights of the least weighted log loss plus a ridge, by Newton's steps (Hastie et al., 2009, 4.4.1).

        The first steps are taken on a part of the rows, the last ones on all. Equal rows give equal weights.
        """
        columns = Columns.of(rows.values)
        found = np.zeros(len(columns.center) + 1)
        few = -(-len(rows) // _BEGINNING)
        for step in (few, 1) if few > 1 else (1,):
            found = _newton(rows, columns, found, step)
        *weights, intercept = np.round(found, _DIGITS).tolist()
        return cls(columns, tuple(weights), intercept)

    def predict(self, rows: Rows) -> _Numbers:
        """The log-odds of each row, the same in any company."""
        odds, weights = np.empty(len(rows)), np.asarray(self.weights)
        for part in _portions(len(rows)):
            odds[part] = np.einsum("ij,j->i", self.columns.standard(rows.values[part]), weights)
        return odds + self.intercept

    def explain(self, rows: Rows) -> _Numbers:
        """What each feature added to the log-odds of each row, its flag's part with it: (n, k), exact."""
        parts, k = np.empty(rows.values.shape), rows.values.shape[1]
        for part in _portions(len(rows)):
            added = self.columns.standard(rows.values[part]) * np.asarray(self.weights)
            parts[part] = added[:, :k]
            parts[part, self.columns.flagged] += added[:, k:]
        return parts

    def content(self) -> bytes:
        """It as JSON."""
        return (json.dumps(asdict(self), indent=1, sort_keys=True) + "\n").encode()

    @classmethod
    def from_content(cls, content: bytes) -> Self:
        """The regression that this JSON holds."""
        written = json.loads(content)
        columns = Columns(**{name: tuple(part) for name, part in written["columns"].items()})
        return cls(columns, tuple(written["weights"]), written["intercept"])


def _portions(count: int, step: int = 1) -> Iterator[slice]:
    for begin in range(0, count, _PORTION * step):
        yield slice(begin, min(begin + _PORTION * step, count), step)


def _raw(values: Floats, flagged: tuple[int, ...]) -> _Numbers:
    missing = np.isnan(values)
    known = np.where(missing, np.float32(0.0), values)
    logarithm = np.copysign(np.log(np.abs(known) + np.float32(1.0)), known)
    return np.hstack([logarithm, missing[:, flagged]], dtype=np.float64)


def _newton(rows: Rows, columns: Columns, start: _Numbers, step: int) -> _Numbers:
    """The weights, the intercept last, after Newton's steps on every `step`-th row; halved where they go too far."""
    best, now, least = start, start, np.inf
    for _ in range(_STEPS):
        loss, slope, bend = _loss(rows, columns, now, step)
        if loss > least * (1.0 + _NOISE):
            now = (now + best) / 2.0
            continue
        best, least = now, loss
        move = np.linalg.solve(bend, slope)
        now = now + move
        if np.abs(move).max() < _ENOUGH:
            break
    return now


def _loss(rows: Rows, columns: Columns, weights: _Numbers, step: int) -> tuple[float, _Numbers, _Numbers]:
    """The loss at these weights, where it falls most, and its second derivatives (single precision: they only lead)."""
    ridge = np.append(np.full(len(weights) - 1, _RIDGE), 0.0)
    loss, slope, bend = float(ridge @ weights**2) / 2.0, -ridge * weights, np.diag(ridge + _FLAT)
    for part in _portions(len(rows), step):
        read = columns.standard(rows.values[part])
        read = np.hstack([read, np.ones((len(read), 1))])
        bought, odds = rows.labels[part], np.clip(read @ weights, -_SUREST, _SUREST)
        counted = np.ones(len(read)) if rows.weight is None else np.asarray(rows.weight[part], dtype=np.float64)
        chance = 1.0 / (1.0 + np.exp(-odds))
        loss += float(counted @ np.logaddexp(0.0, np.where(bought, -odds, odds)))
        slope = slope + read.T @ (counted * (bought - chance))
        few = read.astype(np.float32)
        bend += few.T @ (few * (counted * chance * (1.0 - chance)).astype(np.float32)[:, None])
    return loss, slope, bend
