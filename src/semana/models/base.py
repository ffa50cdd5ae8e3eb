"""The one interface of all models, and the numbers they read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, Self

import narwhals as nw
import numpy as np
from numpy.typing import NDArray

from semana.data import schemas as s
from semana.errors import ContractError

Floats = NDArray[np.floating[Any]]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Rows:
    """The features of n pairs as numbers: `values` is (n, len(names)), NaN where there was nothing to tell from.

    The labels `bought`, the sampling `weight` and the label `week` (n each) are there for rows to learn from.
    """

    names: tuple[str, ...]
    values: Floats
    bought: Flags | None = None
    weight: Floats | None = None
    week: NDArray[np.integer[Any]] | None = None

    def __len__(self) -> int:
        return len(self.values)

    def column(self, name: str) -> NDArray[np.float64]:
        """One feature as float64; raises ContractError naming the features there are."""
        if name not in self.names:
            raise ContractError(f"feature {name!r} is not among these rows' features: {', '.join(self.names)}.")
        return self.values[:, self.names.index(name)].astype(np.float64)

    @property
    def repeat(self) -> Flags:
        """Which pairs were bought before."""
        return self.column(s.WEEKS_BOUGHT) > 0

    @property
    def labels(self) -> Flags:
        """`bought`; raises ContractError for rows that carry no label."""
        if self.bought is None:
            raise ContractError("these rows carry no label: `bought` of complete weeks is needed to learn or to judge.")
        return self.bought

    def narrowed(self, names: Sequence[str]) -> Rows:
        """The same rows with these features, in this order."""
        return replace(self, names=tuple(names), values=np.column_stack([self.column(name) for name in names]))

    def those(self, which: Flags) -> Rows:
        """The rows for which `which` is true."""

        def _there(part: NDArray[Any] | None) -> NDArray[Any] | None:
            return None if part is None else part[which]

        return replace(
            self,
            values=self.values[which],
            bought=_there(self.bought),
            weight=_there(self.weight),
            week=_there(self.week),
        )


def rows_from(frame: Any, names: Sequence[str]) -> Rows:
    """The rows of a collected frame (Narwhals or native): the features `names`, and labels where it has them."""
    table = nw.from_native(frame, eager_only=True)

    def _there(name: str) -> NDArray[Any] | None:
        return table[name].to_numpy() if name in table.columns else None

    values = table.select(*names).to_numpy()
    return Rows(tuple(names), values, bought=_there(s.BOUGHT), weight=_there(s.WEIGHT), week=_there(s.WEEK))


class Model(Protocol):
    """Scores pairs. Made with its constants and a seed; `fit` gives back a fitted one and leaves this one as it is."""

    learns: bool  # whether `fit` needs rows: a rule is spared the work of making them
    reads: tuple[str, ...]  # the features that it reads; empty: all that it is given

    def __init__(self, constants: Mapping[str, float], *, seed: int) -> None: ...

    def fit(self, rows: Rows) -> Self:
        """The model that has learned from labelled rows."""
        ...

    def predict(self, rows: Rows) -> NDArray[np.float64]:
        """A score in [0, 1] for each row, in their order; higher means likelier."""
        ...

    def explain(self, rows: Rows) -> NDArray[np.float64]:
        """What each feature added to each score: (n, len(rows.names))."""
        ...

    def base(self) -> float:
        """The score, on the scale of `explain`, that no feature has moved."""
        ...

    def contents(self) -> dict[str, bytes]:
        """Its files, JSON or text: equal models give equal bytes."""
        ...

    @classmethod
    def from_contents(cls, contents: Mapping[str, bytes]) -> Self:
        """The model whose files these are; others among them are left alone."""
        ...
