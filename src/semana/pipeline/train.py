"""Train: all models race over the same weeks; the best on the gate weeks is the challenger."""

from __future__ import annotations

from typing import Any

from semana.evaluation.race import run_race, week_cuts
from semana.features.build import FEATURES
from semana.pipeline.labels import complete_weeks, examples_of
from semana.stores import Stores
from semana.stores.runs import Run

SMOKE_ROWS = 200


def run(run: Run, stores: Stores) -> dict[str, Any]:
    """Records the race and saves the judged challenger's bundle, where the run's decision says so."""
    if not run.recall("decision")["retrain"]:
        return {"step": "train", "trained": False}
    cuts = week_cuts(complete_weeks(run, stores), stores.params.cuts)
    examples = {week: examples_of(week, run, stores) for week in (*cuts.calibrate, *cuts.gate)}
    serving = stores.ledger.champion(run.week)
    champion = stores.bundles.load(serving["to"]) if serving else None
    race = run_race(examples, cuts, stores.params, names=FEATURES, champion=champion)
    newest = examples[max(examples)]
    bundle = stores.bundles.save(race.challenger, newest.rows(FEATURES).head(SMOKE_ROWS))
    run.record(
        "race",
        {
            "best": race.best,
            "bundle": bundle,
            "figures": race.figures,
            "champion": race.champion,
            "weeks": {name: [str(week) for week in weeks] for name, weeks in vars(cuts).items()},
        },
    )
    return {"step": "train", "trained": True, "challenger": race.best, "bundle": bundle, "f1": race.f1_by_model()}
