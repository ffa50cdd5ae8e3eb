"""Rules of thumb as models: nothing is learned, so any model that cannot beat them must not serve."""

from __future__ import annotations

from typing import Self

import numpy as np

from semana.data import schemas as s
from semana.models.base import Floats, Model, Rows

_EXPLORE = 1e-3  # an explore pair's score: below every repeat pair, ordered by popularity


class Baseline(Model):
    """A fixed score, made of one part per feature; calibration alone is fitted."""

    def fit(self, rows: Rows) -> Self:
        """Itself: there is nothing to learn."""
        return self

    def predict(self, rows: Rows) -> Floats:
        """The sum of the parts, in [0, 1]; explore pairs by popularity, below every repeat pair."""
        return np.clip(self.explain(rows).sum(axis=1), 0.0, 1.0)

    def explain(self, rows: Rows) -> Floats:
        """The parts, (n, len(features)): they add up to the score."""
        repeat = rows.column(s.REPEAT) > 0
        parts = np.where(repeat[:, None], self.parts(rows), 0.0)
        popularity = self.features.index("popularity")
        parts[:, popularity] = np.where(repeat, parts[:, popularity], _EXPLORE * np.clip(rows.column("popularity"), 0, 1))
        return parts

    def parts(self, rows: Rows) -> Floats:
        """What each feature adds for a repeat pair, (n, len(features))."""
        raise NotImplementedError

    def contents(self) -> dict[str, bytes]:
        """Nothing: the rule is the code."""
        return {}

    @classmethod
    def from_contents(cls, contents: dict[str, bytes]) -> Self:
        """The rule."""
        return cls()


class DecayedFrequency(Baseline):
    """Weeks with a purchase, each weighing 0.9 of the one after it (params: models.decay), at most 10 in all."""

    name = "decayed_frequency"
    features = ("decayed_weeks", "popularity")

    def parts(self, rows: Rows) -> Floats:
        """The decayed count, and popularity to break ties."""
        return np.column_stack([
            _EXPLORE + 0.099 * np.minimum(rows.column("decayed_weeks"), 10.0),
            1e-6 * np.clip(rows.column("popularity"), 0, 1),
        ])


class RecentRepeat(Baseline):
    """Bought in at least two of the last four weeks."""

    name = "recent_repeat"
    features = ("weeks_of_last_4", "popularity")

    def parts(self, rows: Rows) -> Floats:
        """One step at two weeks of four: the rule says yes or no."""
        return np.column_stack([
            np.where(rows.column("weeks_of_last_4") >= 2, 0.9, 2 * _EXPLORE),
            1e-6 * np.clip(rows.column("popularity"), 0, 1),
        ])


class PersonalFrequency(Baseline):
    """Weeks in which the customer bought the product, popularity breaking ties."""

    name = "personal_frequency"
    features = ("weeks_bought", "popularity")

    def parts(self, rows: Rows) -> Floats:
        """A saturating count (weeks ÷ (weeks + 10)), and popularity to break ties."""
        weeks = rows.column("weeks_bought")
        return np.column_stack([
            _EXPLORE + 0.99 * weeks / (weeks + 10.0),
            1e-6 * np.clip(rows.column("popularity"), 0, 1),
        ])
