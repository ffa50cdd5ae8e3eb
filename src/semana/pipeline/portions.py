"""The pairs of a week with their features, a portion of the customers at a time: memory follows it, not the shop."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import narwhals as nw
import polars as pl

from semana.data import catalog
from semana.data import schemas as s
from semana.data.draws import DRAWS
from semana.data.purchases import before as known_before
from semana.data.purchases import bought
from semana.data.weeks import Week
from semana.features.build import Part, Whole, as_it_is, features_of
from semana.models.batches import Work
from semana.stores.engine import Frame, Settle, collected
from semana.stores.home import Stores
from semana.stores.known import Known, tables_of

# Pairs of a portion, about: their features take some 350 bytes a pair, and several times that in the making.
MOST = 400_000


class Portions:
    """The pairs that `pairs` gives of a week's part; worked out while the `settle` of its engine's block lasts.

    One portion where the engine spreads the work over other machines, or the shop is no larger.
    """

    def __init__(
        self, run: Known, stores: Stores, settle: Settle, *, week: Week, pairs: Callable[[Part], Frame]
    ) -> None:
        self._engine = stores.lake.engine
        self._params = stores.params
        self._settle = settle
        self._week = week
        self._pairs = pairs
        self._customers = _portions(run, stores, week)
        alone = len(self._customers) == 1
        tables = tables_of(run, stores, settle if alone else as_it_is, before=week)
        self._whole = None if alone else Whole(tables, before=week, params=self._params, settle=settle)
        self._part = Part(tables)
        self._made: Frame | None = None

    def __len__(self) -> int:
        """How many portions there are."""
        return len(self._customers)

    def count(self) -> int:
        """How many pairs there are; their features are not made for it."""
        if self._whole is None:
            return length(self._pairs(self._part))
        found = 0
        for customers in self._customers:
            with self._engine.settling() as settle:
                found += length(self._pairs(self._whole.part(customers, settle=settle)))
        return found

    def mapped(self, work: Work, *, asked: pl.DataFrame | None = None) -> pl.DataFrame:
        """What `work` makes of all pairs, or of those `asked` for (customer, product and repeat), sorted by pair."""
        return self.each(lambda rows: self._engine.mapped(rows, work), asked=asked)

    def each(self, work: Callable[[Frame], pl.DataFrame], *, asked: pl.DataFrame | None = None) -> pl.DataFrame:
        """What `work` makes of these pairs with their features, worked out: of a portion at a time, sorted by pair."""
        if self._whole is None:
            if self._made is None:
                self._made = self._settle(self._features(self._part, self._pairs(self._part), self._settle))
            some = None if asked is None else self._engine.frame(asked.lazy())
            rows = self._made if some is None else self._made.join(some, on=list(s.PAIR), how="semi")
            return _sorted([work(rows)])
        found = []
        for customers in self._customers:
            with self._engine.settling() as settle:
                part = self._whole.part(customers, settle=settle)
                pairs = self._pairs(part) if asked is None else self._asked(asked, customers)
                found.append(work(settle(self._features(part, pairs, settle))))
        return _sorted(found)

    def _asked(self, asked: pl.DataFrame, customers: Frame) -> Frame:
        return self._engine.frame(asked.lazy()).join(customers, on=s.CUSTOMER_ID, how="semi")

    def _features(self, part: Part, pairs: Frame, settle: Settle) -> Frame:
        return features_of(pairs, part, before=self._week, params=self._params, settle=settle)


def _sorted(parts: list[pl.DataFrame]) -> pl.DataFrame:
    """Their rows by pair; the parts are taken away, for a large week's stand in memory only once, and a column more."""
    rows = pl.concat(parts, rechunk=False)
    parts.clear()
    order, columns = rows.select(pl.arg_sort_by(s.PAIR)).to_series(), rows.get_columns()
    del rows
    return pl.DataFrame([columns.pop(0).gather(order) for _ in range(len(columns))])


def length(rows: Frame) -> int:
    """How many rows there are."""
    return int(collected(rows.select(nw.len())).item())


def _portions(run: Known, stores: Stores, week: Week) -> list[Frame]:
    """The customers of each portion, drawn: a customer's pairs are all in one."""
    customers = stores.lake.scan(catalog.CUSTOMERS, run.week).select(s.CUSTOMER_ID, s.DRAW)
    if stores.lake.engine.spreads:
        return [customers]
    history = bought(known_before(stores.lake.scan(catalog.PURCHASES, run.week), week))
    known = length(history.select(*s.PAIR).unique())
    pairs = known + length(customers) * stores.params.candidates.explore_per_customer
    number = max(1, round(pairs / MOST))
    edges = [place * DRAWS // number for place in range(number + 1)]
    return [customers.filter(nw.col(s.DRAW) >= low, nw.col(s.DRAW) < high) for low, high in pairwise(edges)]
