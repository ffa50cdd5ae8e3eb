"""Which weeks of a run may teach and judge, and their example rows."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Sequence
from functools import cache

import narwhals as nw
import polars as pl

from semana.data import catalog
from semana.data import schemas as s
from semana.data.purchases import before as ordered_before
from semana.data.purchases import bought, during
from semana.data.sources import Source, holidays_of
from semana.data.weeks import Week
from semana.evaluation.backtest import Past
from semana.evaluation.experiment import held_out
from semana.evaluation.race import Examples
from semana.evaluation.segments import customer_segments, segment_attribute
from semana.features.build import build_features
from semana.features.examples import Sample, example_pairs
from semana.models.level import Totals
from semana.stores.bundle import FORMAT
from semana.stores.engine import collected
from semana.stores.home import Stores
from semana.stores.known import Known, attributes_of, tables_of
from semana.stores.runs import Run

_log = logging.getLogger(__name__)


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


def attribute_of(run: Known, stores: Stores, week: Week) -> str | None:
    """The declared attribute of customers that they are told apart by."""
    customers = collected(attributes_of(run, stores, catalog.CUSTOMERS, before=week))
    return segment_attribute(customers, _declared(stores.landing.source, customers))


def _declared(source: Source | None, customers: pl.DataFrame) -> Sequence[str]:
    table = source.tables.customers if source else None
    if table is None:
        return ()
    texts = [name for name, kind in customers.schema.items() if kind == pl.String]
    return table.categorical or [name for name in texts if name not in (s.CUSTOMER_ID, s.LABEL, s.OWNER)]


def examples_of(run: Run, stores: Stores) -> Examples:
    """Gives the collected example rows of a label week, from what was known before it; each week is made once."""
    engine = stores.lake.engine
    customers, products = (
        stores.lake.scan(dataset, run.week).select(dataset.key[0], s.DRAW)
        for dataset in (catalog.CUSTOMERS, catalog.PRODUCTS)
    )

    @cache
    def rows(week: Week, *, share: float = 1.0) -> pl.DataFrame:
        _log.debug("rows of %s", week)
        sample = Sample(share, customers, products) if share < 1 else None
        with engine.settling() as settle:
            tables = tables_of(run, stores, settle, before=week)
            pairs = settle(example_pairs(tables, week=week, params=stores.params, sample=sample))
            made = build_features(pairs, tables, before=week, params=stores.params, settle=settle)
            frame = collected(made).sort(s.PAIR)
        return frame.with_columns(held_out(frame[s.CUSTOMER_ID], stores.experiments.running(week)))

    return rows


def count_pairs(run: Known, stores: Stores, week: Week) -> int:
    """How many candidate pairs a label week has; their features are not made for it."""
    with stores.lake.engine.settling() as settle:
        pairs = example_pairs(tables_of(run, stores, settle, before=week), week=week, params=stores.params)
        return int(collected(pairs.select(nw.len())).item())


def past_of(run: Known, stores: Stores, *, attribute: str | None) -> Callable[[Week], Past]:
    """Gives what tells how the lists of a week did; segments are told apart by the customers' attribute."""
    purchases = bought(stores.lake.scan(catalog.PURCHASES, run.week))

    def past(week: Week) -> Past:
        truth = collected(during(purchases, week).select(*s.PAIR))
        history = collected(ordered_before(purchases, week).select(*s.PAIR, s.WEEK))
        customers = collected(attributes_of(run, stores, catalog.CUSTOMERS, before=week))
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
