"""Label weeks of a run: which are complete, and their example rows."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache

import polars as pl

from semana.data import catalog
from semana.data import schemas as s
from semana.data.weeks import Week
from semana.features.build import FEATURES
from semana.features.examples import example_rows
from semana.stores.bundle import FORMAT
from semana.stores.home import Stores
from semana.stores.runs import Run


def totals_of(run: Run, stores: Stores) -> dict[Week, int]:
    """Purchases of every complete week before the target week, oldest first."""
    weeks = stores.lake.read(catalog.WEEKS, run.week).filter(pl.col("complete") & (pl.col(s.WEEK) < run.week.index))
    return {Week(index): total for index, total in weeks.select(s.WEEK, "purchases").rows()}


def examples_of(run: Run, stores: Stores) -> Callable[[Week], pl.DataFrame]:
    """Gives the collected example rows of a label week, from what was known before it; each week is made once."""
    purchases = stores.lake.scan(catalog.PURCHASES, run.week)
    customers = stores.lake.scan(catalog.CUSTOMERS, run.week)

    @cache
    def rows(week: Week) -> pl.DataFrame:
        made = example_rows(purchases, customers, week=week, params=stores.params).collect("polars")
        frame: pl.DataFrame = made.to_native().sort(s.PAIR)
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
