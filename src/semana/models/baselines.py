"""The three rules that a learned model must beat; with no winner the best of them serves.

A pair bought before scores above every pair that was not: explore pairs share the lowest tenth, the popular first.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Self

import numpy as np
from numpy.typing import NDArray

from semana.data import schemas as s
from semana.models.base import Rows

_FILE = "model.json"
_ALSO = (s.POPULARITY, s.WEEKS_BOUGHT)  # what every rule reads: who is popular, and what is a repeat purchase
_EXPLORE = 0.1  # the share of the scale that is left to explore pairs
_TIES = 0.001  # what the product's popularity adds: it parts equals and moves nobody past another


class Baseline(ABC):
    """A rule that learns nothing from labels: the first feature that it `reads` speaks, `strength` makes it 0 to 1."""

    learns = False
    reads: tuple[str, ...]

    def __init__(self, constants: Mapping[str, float], *, seed: int) -> None:
        self.constants = dict(constants)
        self.seed = seed

    @abstractmethod
    def strength(self, rows: Rows) -> NDArray[np.float64]:
        """How strongly each pair's own history speaks for it, 0 to 1."""

    def fit(self, rows: Rows) -> Self:  # noqa: ARG002 - a rule has nothing to learn
        """The rule itself."""
        return self

    def predict(self, rows: Rows) -> NDArray[np.float64]:
        """A score in [0, 1] for each row."""
        own, popular = self._parts(rows)
        scores: NDArray[np.float64] = np.clip(own + popular, 0.0, 1.0)
        return scores

    def explain(self, rows: Rows) -> NDArray[np.float64]:
        """The score's two parts, below the features they come from: the pair's own history, and popularity."""
        parts = np.zeros((len(rows), len(rows.names)))
        for name, part in zip(self.reads, self._parts(rows), strict=False):
            parts[:, rows.names.index(name)] = part
        return parts

    def base(self) -> float:
        """Zero: every score is the sum of its two parts."""
        return 0.0

    def _parts(self, rows: Rows) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        repeat = rows.repeat
        own = _EXPLORE + (1.0 - _EXPLORE) * (1.0 - _TIES) * self.strength(rows)
        popular = np.where(repeat, (1.0 - _EXPLORE) * _TIES, _EXPLORE) * rows.column(s.POPULARITY)
        return np.where(repeat, own, 0.0), popular

    def contents(self) -> dict[str, bytes]:
        """Its constants, as JSON."""
        written = {"constants": self.constants, "seed": self.seed}
        return {_FILE: (json.dumps(written, indent=1, sort_keys=True) + "\n").encode()}

    @classmethod
    def from_contents(cls, contents: Mapping[str, bytes]) -> Self:
        """The rule with the constants in its file."""
        written = json.loads(contents[_FILE])
        return cls(written["constants"], seed=written["seed"])


class DecayedFrequency(Baseline):
    """In how many weeks it was bought, older weeks counting less."""

    reads: tuple[str, ...] = (s.DECAYED_WEEKS, *_ALSO)

    def strength(self, rows: Rows) -> NDArray[np.float64]:
        """1 for a pair bought every week for ever."""
        return rows.column(self.reads[0]) * (1.0 - self.constants["decay"])


class RecentRepeat(Baseline):
    """In how many of the last four weeks it was bought: what people would do by hand."""

    reads: tuple[str, ...] = (s.WEEKS_OF_LAST_4, *_ALSO)

    def strength(self, rows: Rows) -> NDArray[np.float64]:
        """1 for a pair bought in all four."""
        return rows.column(self.reads[0]) / 4.0


class PersonalFrequency(Baseline):
    """In which share of the weeks since the customer's first purchase it was bought."""

    reads: tuple[str, ...] = (s.SHARE_OF_WEEKS, *_ALSO)

    def strength(self, rows: Rows) -> NDArray[np.float64]:
        """1 for a pair bought in every week."""
        return rows.column(self.reads[0])
