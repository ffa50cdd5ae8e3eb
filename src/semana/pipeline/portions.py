"""The pairs of a week with their features, a portion of the customers at a time: memory follows it, not the shop."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
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
MOST_TO_DRAW_FROM = 10 * MOST  # the pairs alone take some 55 bytes each


class Portions:
    """The pairs that `pairs` gives of a week's part; worked out while the `settle` of its engine's block lasts.

    One portion where the engine spreads the work over other machines, or the shop is no larger. Portions are larger
    where few of the pairs are `drawn` before their features are made.
    """

    def __init__(
        self,
        run: Known,
        stores: Stores,
        settle: Settle,
        *,
        week: Week,
        pairs: Callable[[Part], Frame],
        drawn: bool = False,
    ) -> None:
        self._engine = stores.lake.engine
        self._params = stores.params
        self._settle = settle
        self._week = week
        self._pairs = pairs
        self._customers = _portions(run, stores, week, most=MOST_TO_DRAW_FROM if drawn else MOST)
        alone = len(self._customers) == 1
        tables = tables_of(run, stores, settle if alone else as_it_is, before=week)
        self._whole = None if alone else Whole(tables, before=week, params=self._params, settle=settle)
        self._part = Part(tables)

    def __len__(self) -> int:
        """How many portions there are."""
        return len(self._customers)

    def count(self) -> int:
        """How many pairs there are; their features are not made for it."""
        return sum(length(self._pairs(part)) for _, part, _ in self._parts())

    def each(self, work: Callable[[Frame, Settle], pl.DataFrame]) -> pl.DataFrame:
        """What `work` makes of all pairs with their features, a portion at a time, sorted by pair.

        The features are not worked out yet: it settles what it looks at more than once.
        """
        parts = self._parts()
        return in_order([work(self._features(part, self._pairs(part), settle), settle) for _, part, settle in parts])

    def mapped(self, work: Work, *, asked: pl.DataFrame | None = None) -> pl.DataFrame:
        """What `work` makes of all pairs, or of those `asked` for (customer, product and repeat), sorted by pair."""
        engine, found = self._engine, []
        if self._whole is None:
            rows = self._made if asked is None else self._made.join(engine.frame(asked.lazy()), on=s.PAIR, how="semi")
            return in_order([engine.mapped(rows, work)])
        for customers, part, settle in self._parts():
            if asked is None:
                rows = self._features(part, self._pairs(part), settle)
            else:
                here = asked.join(collected(customers), on=s.CUSTOMER_ID, how="semi")
                rows = self._features(part, engine.frame(here.lazy()), settle)
            found.append(engine.mapped(rows, work))
        return in_order(found)

    @cached_property
    def _made(self) -> Frame:
        """All rows, where there is one portion."""
        return self._settle(self._features(self._part, self._pairs(self._part), self._settle))

    def _parts(self) -> Iterator[tuple[Frame, Part, Settle]]:
        """Each portion: its customers, what belongs to them, and what works frames out while it is looked at."""
        if self._whole is None:
            yield self._customers[0], self._part, self._settle
            return
        for customers in self._customers:
            with self._engine.settling() as settle:
                yield customers, self._whole.part(customers, settle=settle), settle

    def _features(self, part: Part, pairs: Frame, settle: Settle) -> Frame:
        return features_of(pairs, part, before=self._week, params=self._params, settle=settle)


def in_order(parts: list[pl.DataFrame], by: Sequence[str] = s.PAIR, *, descending: Sequence[str] = ()) -> pl.DataFrame:
    """Their rows by these columns; the parts are taken away, for a large week's stand in memory but once, and a column.

    What stands under `descending` goes down.
    """
    rows = pl.concat(parts, rechunk=False)
    parts.clear()
    order = rows.select(pl.arg_sort_by(by, descending=[name in descending for name in by])).to_series()
    columns = rows.get_columns()
    del rows
    # In one chunk: of lists in forty of them Polars' gather made three GiB out of thirty MiB.
    return pl.DataFrame([columns.pop(0).rechunk().gather(order) for _ in range(len(columns))])


def length(rows: Frame) -> int:
    """How many rows there are."""
    return int(collected(rows.select(nw.len())).item())


def _portions(run: Known, stores: Stores, week: Week, *, most: int) -> list[Frame]:
    """The customers of each portion, drawn: a customer's pairs are all in one."""
    customers = stores.lake.scan(catalog.CUSTOMERS, run.week).select(s.CUSTOMER_ID, s.DRAW)
    if stores.lake.engine.spreads:
        return [customers]
    history = bought(known_before(stores.lake.scan(catalog.PURCHASES, run.week), week))
    known = length(history.select(*s.PAIR).unique())
    pairs = known + length(customers) * stores.params.candidates.explore_per_customer
    number = max(1, round(pairs / most))
    edges = [place * DRAWS // number for place in range(number + 1)]
    return [customers.filter(nw.col(s.DRAW) >= low, nw.col(s.DRAW) < high) for low, high in pairwise(edges)]
