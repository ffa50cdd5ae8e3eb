"""The columns that drift is read from, as the prepared tables of a run tell them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import narwhals as nw
import polars as pl

from semana.data import catalog
from semana.data import schemas as s
from semana.data.draws import DRAWS
from semana.data.frames import Frame, Settle, collected, counted
from semana.data.purchases import bought
from semana.data.weeks import Week
from semana.features.calendar import weekday
from semana.features.sums import steady_sum
from semana.monitoring import behaviour as b
from semana.stores.home import Stores
from semana.stores.runs import Run

LOOK_BACK = 112  # two years, and the recent weeks before them: older weeks say nothing that is read
_SCORED = 40  # weeks of scores that are read
_EXPECTED = "expected"
_ROWS_TOLD = 200_000  # of customers and weeks, ten times what is learned from
_TOO_MANY = 1000  # values of an attribute that is a name


@dataclass(frozen=True)
class Watched:
    """The complete weeks before the run's, which of them hold holidays, and what customers did in them."""

    run: Run
    stores: Stores
    settle: Settle

    @cached_property
    def weeks(self) -> tuple[int, ...]:
        """Oldest first, as indices."""
        return tuple(self._table.filter("whole")[s.WEEK].to_list())[-LOOK_BACK:]

    @cached_property
    def holidays(self) -> frozenset[int]:
        """Those with a holiday."""
        return frozenset(self._table.filter(pl.col("holidays") > 0)[s.WEEK].to_list())

    @property
    def recent(self) -> tuple[int, ...]:
        """The latest before the newest one, those with holidays left out."""
        calm = tuple(week for week in self.weeks[:-1] if week not in self.holidays)
        return calm[-self.stores.params.drift.recent_weeks :]

    @cached_property
    def known_since(self) -> int:
        """The week from which a customer's past is known for a quarter."""
        return int(self._table[s.WEEK].min()) + b.KNOWN_WEEKS  # type: ignore[arg-type]  # of integers it is one

    @cached_property
    def behaviour(self) -> Frame:
        """A row per customer and week."""
        return self.settle(b.behaviour(self.purchases, known_since=self.known_since))

    @cached_property
    def purchases(self) -> Frame:
        """Those of the weeks."""
        purchases = self.stores.lake.scan(catalog.PURCHASES, self.run.week)
        return purchases.filter(nw.col(s.WEEK).is_in(list(self.weeks)))

    @cached_property
    def of_customers(self) -> tuple[list[str], list[str]]:
        """The attributes of customers: those told in text, and the numbers."""
        return self._attributes(catalog.CUSTOMERS)

    @cached_property
    def of_products(self) -> tuple[list[str], list[str]]:
        """The attributes of products."""
        return self._attributes(catalog.PRODUCTS)

    def _attributes(self, dataset: catalog.Dataset) -> tuple[list[str], list[str]]:
        frame = self.stores.lake.scan(dataset, self.run.week)
        schema = {name: kind for name, kind in frame.collect_schema().items() if name not in _OURS}
        texts = [name for name, kind in schema.items() if kind == nw.String]
        counts = frame.select(nw.col(name).n_unique() for name in texts).collect("polars") if texts else None
        few = [name for name in texts if counts is not None and 1 < int(counts[name][0]) <= _TOO_MANY]
        return few, [name for name, kind in schema.items() if kind.is_numeric()]

    def columns(self) -> list[b.Column]:
        """Every column: what customers do, who they are, what they buy, and what was forecast of them."""
        customers, products = (
            self.stores.lake.scan(dataset, self.run.week) for dataset in (catalog.CUSTOMERS, catalog.PRODUCTS)
        )
        sold, (texts, numbers) = bought(self.purchases), self.of_customers
        told = self.behaviour.join(self._shown(customers, numbers), on=s.CUSTOMER_ID, how="left")
        found: list[b.Column | None] = [
            *b.figures(told, (*b.FIGURES, *(self._name(name, catalog.CUSTOMERS) for name in numbers))),
            b.ordered(self.behaviour, known_since=self.known_since),
            b.kinds(b.PRODUCTS, b.of_purchases(self.purchases, nw.col(s.PRODUCT_ID))),
            b.kinds(b.WEEKDAY, b.of_purchases(self.purchases, weekday(s.LAST_DATE))),
        ]
        found += [self._kinds(self.behaviour, customers, catalog.CUSTOMERS, name) for name in texts]
        found += [self._kinds(sold, products, catalog.PRODUCTS, name) for name in self.of_products[0]]
        return [*filter(None, found), *self._scores()]

    def _kinds(self, rows: Frame, attributes: Frame, dataset: catalog.Dataset, name: str) -> b.Column | None:
        told = b.of_attribute(rows, attributes, key=dataset.key[0], name=name)
        return b.kinds(self._name(name, dataset), told)

    def _name(self, attribute: str, dataset: catalog.Dataset) -> str:
        """The attribute's name; with whose it is, where a column of ours or one of the other table's has the same."""
        other = self.of_products if dataset is catalog.CUSTOMERS else self.of_customers
        taken = {name.lower() for names in (_COLUMNS, *other) for name in names}
        return f"{attribute} ({dataset.name})" if attribute.lower() in taken else attribute

    def _shown(self, customers: Frame, names: Sequence[str]) -> Frame:
        named = (nw.col(name).alias(self._name(name, catalog.CUSTOMERS)) for name in names)
        return customers.select(s.CUSTOMER_ID, *named)

    @cached_property
    def _told(self) -> float:
        """The share of the customers that tell the newest week from the recent ones; more rows would add nothing."""
        rows = counted(self.behaviour.filter(nw.col(s.WEEK).is_in([*self.recent, self.weeks[-1]])))
        return min(1.0, _ROWS_TOLD / max(1, rows))

    def customers_of(self, weeks: Sequence[int]) -> pl.DataFrame:
        """The rows of these weeks with the customers' attributes, without the week; of a large shop some customers'."""
        texts, numbers = self.of_customers
        all_of_them = self.stores.lake.scan(catalog.CUSTOMERS, self.run.week)
        customers = self._shown(all_of_them.filter(nw.col(s.DRAW) < self._told * DRAWS), [*texts, *numbers])
        rows = self.behaviour.filter(nw.col(s.WEEK).is_in(list(weeks))).join(customers, on=s.CUSTOMER_ID, how="inner")
        return collected(rows).sort(s.CUSTOMER_ID, s.WEEK).drop(s.WEEK)

    def _scores(self) -> list[b.Column]:
        """The purchases expected of each customer in the weeks that were scored."""
        weeks = [week for week in self.stores.lake.weeks(catalog.SCORES) if week.index in self.weeks][-_SCORED:]
        if not weeks:
            return []
        return b.figures(self.settle(nw.concat([self._expected(week) for week in weeks])), [_EXPECTED])

    def _expected(self, week: Week) -> Frame:
        scored = self.stores.lake.scan(catalog.SCORES, week).group_by(s.CUSTOMER_ID)
        sums = scored.agg(steady_sum(nw.col(s.PROBABILITY), bits=30).alias(_EXPECTED))
        return sums.select(nw.lit(week.index).alias(s.WEEK), _EXPECTED)

    @cached_property
    def _table(self) -> pl.DataFrame:
        weeks = self.stores.lake.read(catalog.WEEKS, self.run.week)
        return weeks.filter(pl.col(s.WEEK) < self.run.week.index).sort(s.WEEK)


_COLUMNS = {*b.FIGURES, b.ORDERED, b.PRODUCTS, b.WEEKDAY, _EXPECTED, s.WEEK}
_OURS = (s.CUSTOMER_ID, s.PRODUCT_ID, s.LABEL, s.OWNER, s.DRAW)
