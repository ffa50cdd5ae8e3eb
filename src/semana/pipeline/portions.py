"""The pairs of a week with their features, a portion of the customers at a time: memory follows it, not the shop."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import narwhals as nw
import numpy as np
import polars as pl

from semana.data import catalog
from semana.data import schemas as s
from semana.data.frames import Frame, Settle, Work, collected, counted
from semana.data.purchases import before as known_before
from semana.data.purchases import bought
from semana.data.weeks import Week
from semana.features.build import Part, Whole, as_it_is, features_of
from semana.stores.home import Stores
from semana.stores.known import Known, tables_of

# Pairs of a portion, about: their features take some 350 bytes a pair, and several times that in the making.
MOST = 400_000
MOST_TO_DRAW_FROM = 10 * MOST  # the pairs alone take some 55 bytes each


@dataclass(frozen=True)
class Portion:
    """Customers from an id up to before another (None: no end): a table by customer has their rows in one place."""

    low: Any = None
    high: Any = None

    def of(self, rows: Frame) -> Frame:
        """Those of the rows that belong to its customers."""
        if self.low is not None:
            rows = rows.filter(nw.col(s.CUSTOMER_ID) >= self.low)
        return rows if self.high is None else rows.filter(nw.col(s.CUSTOMER_ID) < self.high)


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
        self._customers = stores.lake.scan(catalog.CUSTOMERS, run.week).select(s.CUSTOMER_ID)
        self._portions = _portions(self._customers, run, stores, week, most=MOST_TO_DRAW_FROM if drawn else MOST)
        alone = len(self._portions) == 1
        tables = tables_of(run, stores, settle if alone else as_it_is, before=week)
        self._whole = None if alone else Whole(tables, before=week, params=self._params, settle=settle)
        self._part = Part(tables)

    def __len__(self) -> int:
        """How many portions there are."""
        return len(self._portions)

    def count(self) -> int:
        """How many pairs there are; their features are not made for it."""
        return sum(counted(self._pairs(part)) for _, part, _ in self._parts())

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
        wanted = None if asked is None else engine.frame(asked.lazy())
        for portion, part, settle in self._parts():
            pairs = self._pairs(part) if wanted is None else portion.of(wanted)
            found.append(engine.mapped(self._features(part, pairs, settle), work))
        return in_order(found)

    @cached_property
    def _made(self) -> Frame:
        """All rows, where there is one portion."""
        return self._settle(self._features(self._part, self._pairs(self._part), self._settle))

    def _parts(self) -> Iterator[tuple[Portion, Part, Settle]]:
        """Each portion: what belongs to its customers, and what works frames out while it is looked at."""
        if self._whole is None:
            yield self._portions[0], self._part, self._settle
            return
        for portion in self._portions:
            with self._engine.settling() as settle:
                part = self._whole.part(portion.of(self._customers), settle=settle, among=portion.of)
                yield portion, part, settle

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


def _portions(customers: Frame, run: Known, stores: Stores, week: Week, *, most: int) -> list[Portion]:
    """Each with about `most` pairs, a customer's all in one."""
    if stores.lake.engine.spreads:
        return [Portion()]
    history = bought(known_before(stores.lake.scan(catalog.PURCHASES, run.week), week))
    history = history.filter(nw.col(s.WEEK) >= week.index - stores.params.candidates.repeat_weeks)
    known = history.select(*s.PAIR).unique().group_by(s.CUSTOMER_ID).agg(nw.len().alias("pairs"))
    each = collected(customers.join(known, on=s.CUSTOMER_ID, how="left")).sort(s.CUSTOMER_ID)
    pairs = each["pairs"].fill_null(0).to_numpy() + stores.params.candidates.explore_per_customer
    upto = np.cumsum(pairs)
    number = max(1, round(pairs.sum() / most))
    ends = np.searchsorted(upto, np.arange(1, number) * (pairs.sum() / number))
    starts = each[s.CUSTOMER_ID].gather(np.unique(ends[ends < len(each) - 1]) + 1)
    return [Portion(low, high) for low, high in pairwise([None, *starts, None])]
