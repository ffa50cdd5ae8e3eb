"""Where a pair stands in a list of a million: sorted hashes instead of a scan."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from semana.data import schemas as s


class PairIndex:
    """The places of the pairs of `frame`; made when it is first asked."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self._frame = frame

    @cached_property
    def _sorted(self) -> tuple[NDArray[np.uint64], NDArray[np.integer[Any]]]:
        hashes = _hashes(self._frame.select(s.PAIR))
        order = np.argsort(hashes, kind="stable").astype(np.uint32)
        return hashes[order], order

    def places(self, customers: pl.Series, products: pl.Series) -> NDArray[np.int64]:
        """The row of each pair; -1 where there is none (a null id has none)."""
        asked = pl.DataFrame({s.CUSTOMER_ID: customers, s.PRODUCT_ID: products})
        hashes, order = self._sorted
        if not len(order):
            return np.full(asked.height, -1)
        spots = np.minimum(np.searchsorted(hashes, wanted := _hashes(asked)), len(order) - 1)
        rows = order[spots].astype(np.int64)
        there = self._frame.select(s.PAIR)[rows.tolist()]
        same = [(asked[name] == there[name]).fill_null(value=False).to_numpy() for name in s.PAIR]
        return np.where((hashes[spots] == wanted) & same[0] & same[1], rows, -1)


def _hashes(pairs: pl.DataFrame) -> NDArray[np.uint64]:
    return pairs.select(pl.struct(s.PAIR).hash(seed=0)).to_series().to_numpy()
