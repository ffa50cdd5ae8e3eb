"""Replay: past weeks delivered one by one, each through the whole weekly run: what would have happened."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from semana.data.sources import Source
from semana.data.weeks import Week, weeks_between
from semana.errors import UsageError
from semana.pipeline import ingest
from semana.pipeline.order import Order
from semana.pipeline.weekly import run_step, run_week
from semana.stores.home import Stores
from semana.stores.slices import week_slices


def replay_weeks(
    stores: Stores,
    first: Week,
    last: Week,
    *,
    order: Order,
    source: Source | None = None,
    paths: Sequence[Path] = (),
    progress: Callable[[Week], None] = lambda _: None,
) -> list[dict[str, Any]]:
    """The summaries of the runs of the target weeks `first` to `last`, each as of the Sunday before it.

    With `source`, its files at `paths` are cut by week and dropped as they would have come: everything before the first
    target week at once, then week by week. At the end the last target week itself is delivered and its list reviewed.
    """
    if last < first:
        raise UsageError(f"--to {last} is before --from {first}")
    summaries = []
    slices = week_slices(stores, source, paths, first=first, last=last) if source else None
    for week in weeks_between(first, last):
        progress(week)
        if slices:
            next(slices)
        summaries.append(run_week(stores, replace(order, as_of=week.start - timedelta(days=1))))
    after = replace(order, as_of=last.end)
    if slices:
        next(slices)
        with stores.leases.hold("ingest"):
            ingest.take(stores, arrival=after.arrival)
    run_step("review", stores, after)
    return summaries
