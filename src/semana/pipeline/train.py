"""Train: all models race over the same weeks; the best on the gate weeks is the challenger."""

from __future__ import annotations

from typing import Any

from semana.data import catalog
from semana.data import schemas as s
from semana.data.weeks import Week
from semana.evaluation.race import run_race, week_cuts
from semana.features.examples import example_rows
from semana.models.base import rows_from
from semana.stores import Stores
from semana.stores.runs import Run

RACE = "race"
SMOKE_ROWS = 200


def run(run: Run, stores: Stores) -> dict[str, Any]:
    """Records the race and saves the challenger's bundle, where the run's decision says so."""
    if not run.recall("decision")["retrain"]:
        return {"step": "train", "trained": False}
    weeks = stores.lake.read(catalog.WEEKS, run.week)
    totals = {Week(index): total for index, complete, total in weeks.select(s.WEEK, "complete", "purchases").rows() if complete}
    cuts = week_cuts([week for week in totals if week < run.week], stores.params.cuts)
    purchases = stores.lake.scan(catalog.PURCHASES, run.week)
    customers = stores.lake.scan(catalog.CUSTOMERS, run.week)
    examples = {
        week: example_rows(purchases, customers, week=week, params=stores.params).collect("polars")
        for week in (*cuts.calibrate, *cuts.gate)
    }
    race = run_race(examples, totals, cuts, stores.params)
    newest = examples[max(examples)].head(SMOKE_ROWS)
    bundle = stores.bundles.save(race.challenger, rows_from(newest))
    record = {**race.to_dict(), "bundle": bundle, "last_label_week": str(max(examples))}
    run.record(RACE, record)
    return {"step": "train", "trained": True, "challenger": race.best, "bundle": bundle, "race": race.f1_by_model()}
