"""Label weeks of a run: which are complete, and their example rows with all their purchases."""

from __future__ import annotations

import polars as pl

from semana.data import catalog
from semana.data import schemas as s
from semana.data.purchases import bought, during
from semana.data.weeks import Week
from semana.evaluation.race import Examples
from semana.features.examples import example_rows
from semana.stores import Stores
from semana.stores.runs import Run


def totals(run: Run, stores: Stores) -> dict[Week, int]:
    """Purchases of every complete week before the target week."""
    weeks = stores.lake.read(catalog.WEEKS, run.week).filter(pl.col("complete") & (pl.col(s.WEEK) < run.week.index))
    return {Week(index): total for index, total in weeks.select(s.WEEK, "purchases").rows()}


def complete_weeks(run: Run, stores: Stores) -> list[Week]:
    """The complete weeks before the target week, oldest first."""
    return sorted(totals(run, stores))


def examples_of(week: Week, run: Run, stores: Stores) -> Examples:
    """The examples of a label week, from what was known before it."""
    purchases = stores.lake.scan(catalog.PURCHASES, run.week)
    customers = stores.lake.scan(catalog.CUSTOMERS, run.week)
    frame = example_rows(purchases, customers, week=week, params=stores.params).collect("polars").to_native()
    truth = bought(during(purchases, week)).select(s.PAIR).collect("polars").to_native()
    before = {each: total for each, total in totals(run, stores).items() if each < week}
    return Examples(frame.sort(s.PAIR), truth, before)
