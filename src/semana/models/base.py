"""The one interface of models, and the rows that they see: numbers only."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import narwhals as nw
import numpy as np
from numpy.typing import NDArray

from semana.data import schemas as s

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Rows:
    """Feature rows: `values` (n, len(names)) Float64; with labels (n,) bool and weights (n,) where they are examples."""

    names: tuple[str, ...]
    values: Floats
    bought: NDArray[np.bool_] | None = None
    weight: Floats | None = None

    def column(self, name: str) -> Floats:
        """One feature, (n,)."""
        return self.values[:, self.names.index(name)]

    def head(self, n: int) -> Rows:
        """The first `n` rows, without labels."""
        return Rows(self.names, self.values[:n])

    def __len__(self) -> int:
        return len(self.values)


def rows_from(frame: Any, names: tuple[str, ...]) -> Rows:
    """The rows of a collected frame (Polars or Narwhals); labels where it has the column `bought`."""
    table = nw.from_native(frame, eager_only=True, pass_through=False)
    values = table.select(nw.col(name).cast(nw.Float64) for name in names).to_numpy()
    bought = table[s.BOUGHT].to_numpy().astype(bool) if s.BOUGHT in table.columns else None
    return Rows(names, np.ascontiguousarray(values, dtype=np.float64), bought)


class Model(ABC):
    """A way to score pairs. Scores order them; `calibration` turns scores into chances.

    A fitted model is immutable, the same for the same rows and seed, and survives `contents` / `from_contents`.
    """

    name: ClassVar[str]
    features: ClassVar[tuple[str, ...]]

    @abstractmethod
    def fit(self, rows: Rows) -> Self:
        """The model fitted to labelled rows."""

    @abstractmethod
    def predict(self, rows: Rows) -> Floats:
        """Scores (n,) in [0, 1], higher for likelier."""

    @abstractmethod
    def explain(self, rows: Rows) -> Floats:
        """What each feature adds to each score, (n, len(features))."""

    @abstractmethod
    def contents(self) -> dict[str, bytes]:
        """The files that hold what was learned, by name."""

    @classmethod
    @abstractmethod
    def from_contents(cls, contents: dict[str, bytes]) -> Self:
        """The model in those files."""
