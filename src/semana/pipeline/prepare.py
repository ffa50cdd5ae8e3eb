"""Prepare: the landed deliveries as clean tables, weekly purchases, and which weeks are complete."""

from __future__ import annotations

import logging
from typing import Any

import narwhals as nw
import polars as pl

from semana.data import catalog
from semana.data import schemas as s
from semana.data.draws import draw_of
from semana.data.frames import collected
from semana.data.purchases import count_once, latest_attributes, weekly_purchases, weeks_table, with_known
from semana.data.sources import holidays_of
from semana.data.weeks import Week
from semana.pipeline.calendar import calendar_of
from semana.stores.home import Stores
from semana.stores.runs import Run

_log = logging.getLogger(__name__)
_LAYOUT = 3  # of the prepared tables; those of another are made again


def run(run: Run, stores: Stores) -> dict[str, Any]:
    """Writes purchases, customers, products and weeks at the run's position and as-of; rows are conserved, asserted."""
    stores.publications.exclusions()  # a file that cannot be read is told before any work is done
    stores.lake.forget_about(run.week)
    lake, engine = stores.lake, stores.lake.engine
    landed = stores.landing.lines(run.position, engine)
    with engine.settling() as settle:
        counted = settle(count_once(landed.filter(nw.col(s.DATE) <= run.as_of)))
        once = int(collected(counted.select(nw.col(s.LINES).sum())).item() or 0)
        lake.write(catalog.PURCHASES, weekly_purchases(counted), run.week)
    known = lake.scan(catalog.PURCHASES, run.week)
    purchases, kept = collected(known.select(nw.len(), nw.col(s.LINES).sum())).row(0)
    rows = _counts(run, stores, once=once, kept=int(kept or 0))
    for dataset, key in ((catalog.CUSTOMERS, s.CUSTOMER_ID), (catalog.PRODUCTS, s.PRODUCT_ID)):
        attributes = stores.landing.attributes(dataset.name, run.position, engine)
        described = collected(with_known(latest_attributes(attributes, key, as_of=run.as_of), known, key))
        draws = pl.Series(s.DRAW, [draw_of(id_) for id_ in described[key]], dtype=pl.Int64)
        lake.write(dataset, described.with_columns(draws), run.week)
        rows[dataset.name] = described.height
    calendar = calendar_of(stores, position=run.position, as_of=run.as_of, clock=run.clock)
    days = {day: n for day, n in stores.landing.trading_days(run.position).items() if day <= run.as_of}
    holidays = holidays_of(stores.landing.source, min(days), run.week.end) if stores.landing.source else {}
    weeks = collected(weeks_table(known, calendar=calendar, rows_by_day=days, holidays=holidays))
    lake.write(catalog.WEEKS, weeks, run.week)
    for index in weeks.filter(pl.col("complete") & ~pl.col("whole"))[s.WEEK].to_list()[-1:]:
        _log.warning(
            "%s lacks trading days: known with what came, but neither learned from nor judged by",
            Week(index),
        )
    stores.lake.write_about(run.week, _key(run, stores), keep=stores.params.store.prepared_weeks)
    return {
        "step": "prepare",
        "rows": {**rows, "purchases": purchases},
        "complete_weeks": len(calendar.complete),
        "latest_complete_week": str(calendar.latest_complete),
        "missing_days": {str(week): [str(day) for day in missing] for week, missing in calendar.missing.items()},
    }


def is_current(run: Run, stores: Stores) -> bool:
    """Whether the prepared tables of the run's week are those of its position and as-of."""
    return stores.lake.about(run.week) == _key(run, stores)


def _key(run: Run, stores: Stores) -> dict[str, Any]:
    source = stores.landing.source
    return {
        "layout": _LAYOUT,
        "position": run.position,
        "as_of": run.as_of.isoformat(),
        "clock": run.clock.isoformat(),
        "source": source.fingerprint if source else None,
    }


def _counts(run: Run, stores: Stores, *, once: int, kept: int) -> dict[str, int]:
    """Lines in = counted + duplicates + after as-of; raises RuntimeError where one is lost.

    `once` are those that are no repeats, `kept` those that the purchases hold.
    """
    lines = stores.landing.lines(run.position, stores.lake.engine)
    later_ones = (nw.col(s.DATE) > run.as_of).cast(nw.Int64).sum().alias("later")
    total, later = collected(lines.select(nw.len().alias("n"), later_ones)).row(0)
    later = int(later)  # no number of JSON's where an engine sums up in a kind of its own
    duplicates = total - later - once
    if kept != once or duplicates < 0:
        raise RuntimeError(f"the purchases hold {kept} lines of {once}, from {total - later}: a bug of ours")
    return {"lines": total, "counted": kept, "duplicates": duplicates, "after_as_of": later}
