"""The pairs of a week with their features, a portion of the customers at a time: memory follows it, not the shop."""

from __future__ import annotations

from collections.abc import Callable, Iterator
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

    One portion where the engine spreads the work over other machines, or the shop is no larger. `about` is how many
    there are, nearly: the same on every engine.
    """

    def __init__(
        self, run: Known, stores: Stores, settle: Settle, *, week: Week, pairs: Callable[[Part], Frame]
    ) -> None:
        self._engine = stores.lake.engine
        self._params = stores.params
        self._settle = settle
        self._week = week
        self._pairs = pairs
        customers = stores.lake.scan(catalog.CUSTOMERS, run.week).select(s.CUSTOMER_ID, s.DRAW)
        self.about = _about(run, stores, week, customers=_length(customers))
        self._customers = [customers] if self._engine.spreads else _portions(customers, self.about)
        alone = len(self._customers) == 1
        tables = tables_of(run, stores, settle if alone else as_it_is, before=week)
        self._whole = None if alone else Whole(tables, before=week, params=self._params, settle=settle)
        self._part = Part(tables)
        self._made: Frame | None = None

    def count(self) -> int:
        """How many pairs there are; their features are not made for it."""
        if self._whole is None:
            return _length(self._pairs(self._part))
        found = 0
        for customers in self._customers:
            with self._engine.settling() as settle:
                found += _length(self._pairs(self._whole.part(customers, settle=settle)))
        return found

    def mapped(self, work: Work, *, asked: pl.DataFrame | None = None) -> pl.DataFrame:
        """What `work` makes of all pairs, or of those `asked` for (customer, product and repeat), sorted by pair."""
        return pl.concat([self._engine.mapped(rows, work) for rows in self.rows(asked=asked)]).sort(s.PAIR)

    def rows(self, *, asked: pl.DataFrame | None = None) -> Iterator[Frame]:
        """These pairs with their features, worked out: a portion at a time, until the next is asked for."""
        if self._whole is None:
            if self._made is None:
                self._made = self._settle(self._features(self._part, self._pairs(self._part), self._settle))
            some = None if asked is None else self._engine.frame(asked.lazy())
            yield self._made if some is None else self._made.join(some, on=list(s.PAIR), how="semi")
            return
        for customers in self._customers:
            with self._engine.settling() as settle:
                part = self._whole.part(customers, settle=settle)
                pairs = self._pairs(part) if asked is None else self._asked(asked, customers)
                yield settle(self._features(part, pairs, settle))

    def _asked(self, asked: pl.DataFrame, customers: Frame) -> Frame:
        return self._engine.frame(asked.lazy()).join(customers, on=s.CUSTOMER_ID, how="semi")

    def _features(self, part: Part, pairs: Frame, settle: Settle) -> Frame:
        return features_of(pairs, part, before=self._week, params=self._params, settle=settle)


def _length(rows: Frame) -> int:
    return int(collected(rows.select(nw.len())).item())


def _about(run: Known, stores: Stores, week: Week, *, customers: int) -> int:
    history = bought(known_before(stores.lake.scan(catalog.PURCHASES, run.week), week))
    return _length(history.select(*s.PAIR).unique()) + customers * stores.params.candidates.explore_per_customer


def _portions(customers: Frame, pairs: int) -> list[Frame]:
    """The customers of each portion, drawn: a customer's pairs are all in one."""
    number = max(1, round(pairs / MOST))
    edges = [place * DRAWS // number for place in range(number + 1)]
    return [customers.filter(nw.col(s.DRAW) >= low, nw.col(s.DRAW) < high) for low, high in pairwise(edges)]
