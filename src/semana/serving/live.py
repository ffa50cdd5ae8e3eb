"""Pairs scored while somebody waits: the batch's own features and the list's own model, for a few customers.

What the whole shop tells is worked out once, when it is first asked for; the plan of the features is made once too,
with places in it for what belongs to the customers of a request.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from typing import Any

import narwhals as nw
import polars as pl
from polars.io.plugins import register_io_source

from semana.data import catalog
from semana.data import schemas as s
from semana.data.frames import Frame, collected
from semana.data.purchases import before, count_once, weekly_purchases, with_more
from semana.errors import UsageError
from semana.evaluation.live import scored_rows
from semana.features.build import FEATURES, as_it_is, build_features, shop_before
from semana.features.candidates import candidate_pairs, popular_products
from semana.features.tables import Tables
from semana.features.together import fitting, neighbours
from semana.models.scorer import Scorer
from semana.stores.engine import POLARS
from semana.stores.home import Stores
from semana.stores.known import Listed, attributes_of, check_tables, tables_of
from semana.stores.mapped import Mapped, key_of

_IN_MEMORY = 4_000_000  # purchases; more are read from their file, a customer at a time
_PAIRS, _PURCHASES, _CUSTOMERS = "pairs", "purchases", "customers"


class Live:
    """Scores pairs by the model of one list, at the level of its week; one request at a time in a process."""

    def __init__(self, stores: Stores, mapped: Mapped) -> None:
        self.mapped = mapped
        self._stores = stores
        self._listed = Listed(mapped.week, mapped.manifest)
        self._given: dict[str, pl.DataFrame] = {}
        self._lock = threading.Lock()
        self.warm = False
        self.experiment = stores.experiments.running(mapped.week)

    def make_ready(self) -> None:
        """Works out what every request needs; raises UsageError where the tables of the list are gone."""
        with self._lock:
            if not self.warm:
                check_tables(self._stores, self._listed)
                _ = self.scorer, self._plans
                self.warm = True

    @cached_property
    def scorer(self) -> Scorer:
        """The list's model, at the level of its week."""
        with _no_pandas():
            loaded = self._stores.bundles.load(self.mapped.manifest["bundle"])
        return loaded.at(self.mapped.manifest["level"]["factor"])

    @cached_property
    def described(self) -> pl.DataFrame:
        """The customers with their attributes, as known when the list was made."""
        rows = attributes_of(self._listed, self._stores, catalog.CUSTOMERS, before=self.mapped.week)
        return collected(rows)

    @property
    def attributes(self) -> list[str]:
        """The names of what describes customers."""
        return [name for name in self.described.columns if name not in {s.CUSTOMER_ID, s.LABEL, s.OWNER}]

    @cached_property
    def products(self) -> pl.Series:
        """The ids of all products that were known then."""
        return self._stores.lake.read(catalog.PRODUCTS, self.mapped.week)[s.PRODUCT_ID]

    @cached_property
    def customers(self) -> pl.Series:
        """The ids of all customers that were known then."""
        return self._stores.lake.read(catalog.CUSTOMERS, self.mapped.week)[s.CUSTOMER_ID]

    def pairs(self, pairs: pl.DataFrame, *, top: int = 0) -> list[dict[str, Any]]:
        """The pairs (customer, product; ids that are known) scored, in their order, each with `top` reasons."""
        self.make_ready()
        customers = pairs[s.CUSTOMER_ID].unique()
        given = {
            _PAIRS: pairs,
            _PURCHASES: self._purchases_of(customers),
            _CUSTOMERS: self.described.filter(pl.col(s.CUSTOMER_ID).is_in(customers.implode())),
        }
        rows = pairs.join(self._made(self._plans[0], given), on=s.PAIR, how="left", maintain_order="left")
        return scored_rows(rows, self.scorer, overdue_gaps=self._overdue, top=top)

    def customer(
        self,
        customer: int | str,
        *,
        lines: pl.DataFrame,
        attributes: Mapping[str, str | float | None],
        most: int,
        top: int,
    ) -> list[dict[str, Any]]:
        """All candidates of one customer scored, the `most` likeliest, each with `top` reasons.

        `lines` are the customer's own, beside those that the list knows of; `attributes` replace the known ones.
        Raises UsageError for an attribute that customers do not have.
        """
        self.make_ready()
        ids = pl.Series(s.CUSTOMER_ID, [customer], dtype=self.customers.dtype)
        purchases = self._purchases_of(ids)
        if lines.height:
            more = before(weekly_purchases(count_once(nw.from_native(lines.lazy()))), self.mapped.week)
            merged = with_more(nw.from_native(purchases.lazy()), more).collect("polars")
            purchases = merged.to_native().select(
                pl.col(name).cast(kind) for name, kind in self._schemas[_PURCHASES].items()
            )
        given = {_PURCHASES: purchases, _CUSTOMERS: self._row_of(ids, attributes)}
        listed = self.mapped.rows_of(str(customer)).select(s.PAIR)
        as_listed = listed.height and not lines.height and not attributes
        candidates = listed if as_listed else self._made(self._plans[1], given).select(s.PAIR)
        rows = self._made(self._plans[0], {**given, _PAIRS: candidates})
        return scored_rows(
            rows, self.scorer, overdue_gaps=self._overdue, top=top, most=most, cut=self._listed.manifest["cut"]
        )

    def typed(self, customer: str | None, product: str) -> tuple[int | str | None, int | str | None]:
        """The ids as the tables have them; None for one that cannot be an id of theirs."""
        kinds = (self.customers.dtype, self.products.dtype)
        return (None if customer is None else key_of(customer, kinds[0])), key_of(product, kinds[1])

    @property
    def _overdue(self) -> float:
        return self._stores.params.decision.overdue_gaps

    @cached_property
    def _tables(self) -> Tables:
        tables = tables_of(self._listed, self._stores, as_it_is, before=self.mapped.week)
        products, calendar = POLARS.settled(tables.products), POLARS.settled(tables.calendar)
        return Tables(tables.purchases, tables.customers, products, tables.fits, calendar)

    @cached_property
    def _purchases(self) -> pl.DataFrame | pl.LazyFrame:
        scanned: pl.LazyFrame = self._tables.purchases.to_native()
        few = scanned.select(pl.len()).collect().item() <= _IN_MEMORY
        return scanned.collect() if few else scanned

    def _purchases_of(self, customers: pl.Series) -> pl.DataFrame:
        return self._purchases.lazy().filter(pl.col(s.CUSTOMER_ID).is_in(customers.implode())).collect()

    def _row_of(self, ids: pl.Series, attributes: Mapping[str, str | float | None]) -> pl.DataFrame:
        own = self.attributes
        unknown = sorted(set(attributes) - set(own))
        if unknown:
            raise UsageError(f"attribute {unknown[0]!r} is unknown; customers have: {', '.join(own) or 'none'}")
        known = self.described.filter(pl.col(s.CUSTOMER_ID).is_in(ids.implode()))
        row = ids.to_frame().join(known, on=s.CUSTOMER_ID, how="left")
        try:
            return row.with_columns(
                pl.Series(name, [value]).cast(self.described.schema[name]) for name, value in attributes.items()
            )
        except pl.exceptions.PolarsError as err:
            raise UsageError(f"an attribute is not of its kind: {err}") from err

    @cached_property
    def _schemas(self) -> dict[str, pl.Schema]:
        purchases = self._purchases.lazy().collect_schema()
        pairs = pl.Schema({name: purchases[name] for name in s.PAIR})
        return {_PAIRS: pairs, _PURCHASES: purchases, _CUSTOMERS: self.described.schema}

    @cached_property
    def _plans(self) -> tuple[pl.LazyFrame, pl.LazyFrame]:
        """The features of given pairs, and the candidates of given customers, with places for what is given."""
        week, params, whole = self.mapped.week, self._stores.params, self._tables
        shop = shop_before(whole, before=week, params=params).each(POLARS.settled)
        alike = POLARS.settled(neighbours(whole.purchases, before=week))
        popular = POLARS.settled(popular_products(whole.purchases, before=week, params=params.candidates))
        pairs, purchases, customers = (self._place(name) for name in (_PAIRS, _PURCHASES, _CUSTOMERS))
        fits = fitting(purchases, before=week, alike=alike)
        tables = Tables(purchases, customers, whole.products, fits, whole.calendar)
        features = build_features(pairs, tables, before=week, params=params, shop=shop)
        candidates = candidate_pairs(tables, before=week, params=params.candidates, popular=popular)
        facts = (s.LAST_BOUGHT, s.USUAL_QUANTITY, s.USUAL_AMOUNT)
        return features.select(*s.PAIR, *FEATURES, *facts).to_native(), candidates.to_native()

    def _place(self, name: str) -> Frame:
        """A leaf of a plan that is filled when the plan is worked out."""

        def source(
            columns: list[str] | None, predicate: pl.Expr | None, rows: int | None, _: int | None
        ) -> Iterator[pl.DataFrame]:
            frame = self._given[name]
            frame = frame if predicate is None else frame.filter(predicate)
            frame = frame if columns is None else frame.select(columns)
            yield frame if rows is None else frame.head(rows)

        return nw.from_native(register_io_source(source, schema=self._schemas[name]))

    def _made(self, plan: pl.LazyFrame, given: dict[str, pl.DataFrame]) -> pl.DataFrame:
        with self._lock:
            self._given = given
            # Few rows: looking for a better plan, or streaming it, takes longer than the work (7 ms instead of 37).
            return plan.collect(engine="in-memory", optimizations=pl.QueryOptFlags.none())


@contextmanager
def _no_pandas() -> Iterator[None]:
    """LightGBM takes pandas frames where pandas is there, and imports it to know them; it is given none here."""
    absent = "pandas" not in sys.modules
    if absent:
        sys.modules["pandas"] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        if absent:
            del sys.modules["pandas"]
