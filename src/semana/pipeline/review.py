"""Review: every published list whose week is complete against what was then bought."""

from __future__ import annotations

from typing import Any

import narwhals as nw
import polars as pl

from semana.data import catalog
from semana.data import schemas as s
from semana.data.weeks import Week
from semana.evaluation.performance import realised
from semana.stores.home import Stores
from semana.stores.runs import Run

LOOK_BACK = 13  # late rows restate a quarter at the most; older lists keep their figures


def run(run: Run, stores: Stores) -> dict[str, Any]:
    """Writes the realised performance of champion and shadow of each such week; weeks already judged on the same truth are kept."""
    weeks = stores.lake.read(catalog.WEEKS, run.week).filter(pl.col("complete"))
    truths = dict(weeks.select(s.WEEK, "purchases").rows())
    purchases = stores.lake.scan(catalog.PURCHASES, run.week)
    decay = stores.params.models.decay
    judged = []
    for week in stores.publications.weeks():
        if week >= run.week or run.week - week > LOOK_BACK or week.index not in truths:
            continue
        manifest = stores.publications.served(week)
        judged_on = f"revision {manifest['rev']}, {truths[week.index]} purchases"
        if stores.lake.has(catalog.PERFORMANCE, week):
            known = stores.lake.read(catalog.PERFORMANCE, week)
            if known["judged_on"].to_list()[:1] == [judged_on]:
                continue
        rows = [_row("champion", manifest["model_version"], _list(stores, week, manifest), purchases, week, decay)]
        if manifest["shadow"] and stores.lake.has(catalog.SHADOW, week):
            shadow = stores.lake.scan(catalog.SHADOW, week)
            rows.append(_row("shadow", manifest["shadow"], shadow, purchases, week, decay))
        frame = pl.DataFrame(rows).with_columns(pl.lit(judged_on).alias("judged_on"))
        stores.lake.write(catalog.PERFORMANCE, frame, week)
        judged.append(str(week))
    newest = recent(stores, before=run.week)
    return {"step": "review", "judged": judged, "newest": newest[-1] if newest else None}


def recent(stores: Stores, *, before: Week) -> list[dict[str, Any]]:
    """The realised figures of the champion's lists of the weeks before `before`, oldest first."""
    weeks = [week for week in stores.lake.weeks(catalog.PERFORMANCE) if week < before]
    rows = (stores.lake.read(catalog.PERFORMANCE, week) for week in weeks)
    return [frame.filter(pl.col("role") == "champion").row(0, named=True) for frame in rows]


def _list(stores: Stores, week: Week, manifest: dict[str, Any]) -> nw.LazyFrame[Any]:
    return stores.publications.predictions(week, int(manifest["rev"]))


def _row(
    role: str, version: str, scored: nw.LazyFrame[Any], purchases: nw.LazyFrame[Any], week: Week, decay: float
) -> dict[str, Any]:
    pairs = scored.select(*s.PAIR, s.PROBABILITY, s.RECOMMENDED).collect("polars").to_native()
    figures = realised(pairs, purchases, week=week, decay=decay)
    return {s.WEEK: str(week), "role": role, s.MODEL_VERSION: version, **figures}
