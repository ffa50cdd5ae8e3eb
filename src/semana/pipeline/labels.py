"""What the weeks of a run are predicted from, which of them may teach and judge, and their example rows."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import timedelta
from functools import cache

import polars as pl

from semana.data import catalog
from semana.data import schemas as s
from semana.data.purchases import latest_attributes
from semana.data.weeks import Week
from semana.features.build import FEATURES
from semana.features.examples import example_rows
from semana.features.tables import Tables
from semana.stores.bundle import FORMAT
from semana.stores.home import Stores
from semana.stores.runs import Run


def totals_of(run: Run, stores: Stores) -> dict[Week, int]:
    """Purchases of every complete week before the target week, oldest first."""
    weeks = stores.lake.read(catalog.WEEKS, run.week).filter(pl.col("complete") & (pl.col(s.WEEK) < run.week.index))
    return {Week(index): total for index, total in weeks.select(s.WEEK, "purchases").rows()}


def tables_of(run: Run, stores: Stores, *, before: Week) -> Tables:
    """What was known when week `before` began: the purchases, and who and what had been described by the day before."""
    day = min(run.as_of, before.start - timedelta(days=1))
    described = (
        latest_attributes(stores.landing.attributes(dataset.name, run.position), dataset.key[0], as_of=day)
        for dataset in (catalog.CUSTOMERS, catalog.PRODUCTS)
    )
    return Tables(stores.lake.scan(catalog.PURCHASES, run.week), *described)


def examples_of(run: Run, stores: Stores) -> Callable[[Week], pl.DataFrame]:
    """Gives the collected example rows of a label week, from what was known before it; each week is made once."""

    @cache
    def rows(week: Week) -> pl.DataFrame:
        made = example_rows(tables_of(run, stores, before=week), week=week, params=stores.params)
        frame: pl.DataFrame = made.collect("polars").to_native().sort(s.PAIR)
        return frame

    return rows


def contracts() -> dict[str, str]:
    """What a model depends on outside itself, as hashes: a change of one is a new major version."""
    parts = {
        "input": " ".join(catalog.PURCHASES.columns),
        "features": " ".join(FEATURES),
        "publication": " ".join(catalog.PREDICTIONS.columns),
        "bundle": str(FORMAT),
    }
    return {name: hashlib.sha256(text.encode()).hexdigest()[:12] for name, text in parts.items()}
