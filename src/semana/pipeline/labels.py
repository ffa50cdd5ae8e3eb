"""What the weeks of a run are predicted from, which of them may teach and judge, and their example rows."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from functools import cache
from typing import Any, Protocol

import narwhals as nw
import polars as pl

from semana.data import catalog
from semana.data import schemas as s
from semana.data.purchases import before as ordered_before
from semana.data.purchases import bought, during, latest_attributes
from semana.data.sources import Source, holidays_of
from semana.data.weeks import Week
from semana.evaluation.backtest import Past
from semana.evaluation.experiment import held_out
from semana.evaluation.race import Examples
from semana.evaluation.segments import customer_segments, segment_attribute
from semana.features.build import build_features
from semana.features.examples import Sample, example_pairs
from semana.features.tables import Tables
from semana.features.together import fitting
from semana.models.level import Totals
from semana.stores.bundle import FORMAT
from semana.stores.home import Stores
from semana.stores.runs import Run

_log = logging.getLogger(__name__)
YEAR = 52  # weeks of holidays before the one that is predicted


class Known(Protocol):
    """What was known when a list is made, or was."""

    @property
    def week(self) -> Week:
        """The week that it predicts."""
        ...

    @property
    def as_of(self) -> date:
        """The last day of which it knows."""
        ...

    @property
    def position(self) -> int:
        """What had arrived."""
        ...


def totals_of(run: Run, stores: Stores) -> Totals:
    """Purchases of every whole week before the target week, and the holidays of these weeks and of the target.

    A week that is complete with what came, but lacks trading days, is no label and no zero.
    """
    weeks = stores.lake.read(catalog.WEEKS, run.week).filter(pl.col("whole") & (pl.col(s.WEEK) < run.week.index))
    source = stores.landing.source
    coming = holidays_of(source, run.week.start, run.week.end) if source else {}
    return Totals(
        {Week(index): total for index, total in weeks.select(s.WEEK, "purchases").rows()},
        {Week(index): days for index, days in weeks.select(s.WEEK, "holidays").rows()} | {run.week: len(coming)},
    )


def attributes_of(run: Known, stores: Stores, dataset: catalog.Dataset, *, before: Week) -> nw.LazyFrame[Any]:
    """The customers (or products) that had been described by the day before week `before`, as described then."""
    day = min(run.as_of, before.start - timedelta(days=1))
    return latest_attributes(stores.landing.attributes(dataset.name, run.position), dataset.key[0], as_of=day)


def attribute_of(run: Known, stores: Stores, week: Week) -> str | None:
    """The declared attribute of customers that they are told apart by."""
    customers: pl.DataFrame = attributes_of(run, stores, catalog.CUSTOMERS, before=week).collect("polars").to_native()
    return segment_attribute(customers, _declared(stores.landing.source, customers))


def _declared(source: Source | None, customers: pl.DataFrame) -> Sequence[str]:
    table = source.tables.customers if source else None
    if table is None:
        return ()
    texts = [name for name, kind in customers.schema.items() if kind == pl.String]
    return table.categorical or [name for name in texts if name not in (s.CUSTOMER_ID, s.LABEL, s.OWNER)]


def tables_of(run: Known, stores: Stores, *, before: Week) -> Tables:
    """What was known when week `before` began: the purchases, who and what had been described, and the holidays."""
    purchases = stores.lake.scan(catalog.PURCHASES, run.week)
    customers, products = (
        attributes_of(run, stores, dataset, before=before) for dataset in (catalog.CUSTOMERS, catalog.PRODUCTS)
    )
    fits = settled(fitting(purchases, before=before))
    return Tables(purchases, customers, products, fits, calendar=days_off(stores, before, before))


def days_off(stores: Stores, first: Week, last: Week) -> nw.LazyFrame[Any]:
    """One row per holiday of the weeks from a year before `first` to `last`, by the source's calendar."""
    source = stores.landing.source
    days = holidays_of(source, (first + -YEAR).start, last.end) if source else {}
    rows = [(Week.of(day).index, day.isoweekday()) for day in days]
    return nw.from_native(pl.LazyFrame(rows, schema={s.WEEK: pl.Int32, s.WEEKDAY: pl.Int32}, orient="row"))


def settled(frame: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """The same frame, worked out once: every family of features joins to it."""
    worked_out: pl.DataFrame = frame.collect("polars").to_native()
    return nw.from_native(worked_out.lazy())


def examples_of(run: Run, stores: Stores) -> Examples:
    """Gives the collected example rows of a label week, from what was known before it; each week is made once."""
    customers, products = (
        stores.lake.scan(dataset, run.week).select(dataset.key[0], s.DRAW)
        for dataset in (catalog.CUSTOMERS, catalog.PRODUCTS)
    )

    @cache
    def rows(week: Week, *, share: float = 1.0) -> pl.DataFrame:
        _log.debug("rows of %s", week)
        sample = Sample(share, customers, products) if share < 1 else None
        tables = tables_of(run, stores, before=week)
        pairs = settled(example_pairs(tables, week=week, params=stores.params, sample=sample))
        made = build_features(pairs, tables, before=week, params=stores.params)
        frame: pl.DataFrame = made.collect("polars").to_native().sort(s.PAIR)
        return frame.with_columns(held_out(frame[s.CUSTOMER_ID], stores.experiments.running(week)))

    return rows


def past_of(run: Known, stores: Stores, *, attribute: str | None) -> Callable[[Week], Past]:
    """Gives what tells how the lists of a week did; segments are told apart by the customers' attribute."""
    purchases = bought(stores.lake.scan(catalog.PURCHASES, run.week))

    def past(week: Week) -> Past:
        truth: pl.DataFrame = during(purchases, week).select(*s.PAIR).collect("polars").to_native()
        history: pl.DataFrame = ordered_before(purchases, week).select(*s.PAIR, s.WEEK).collect("polars").to_native()
        customers: pl.DataFrame = (
            attributes_of(run, stores, catalog.CUSTOMERS, before=week).collect("polars").to_native()
        )
        segments = customer_segments(history, customers, truth, week=week, attribute=attribute)
        return Past(truth, history.select(s.PAIR).unique(), segments)

    return past


def contracts() -> dict[str, str]:
    """What a model depends on outside itself, as hashes: a change of one is a new major version."""
    parts = {
        "input": " ".join(catalog.PURCHASES.columns),
        "publication": " ".join(catalog.PREDICTIONS.columns),
        "bundle": str(FORMAT),
    }
    return {name: hashlib.sha256(text.encode()).hexdigest()[:12] for name, text in parts.items()}
