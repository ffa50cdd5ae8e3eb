"""Train: all models race over the same weeks; the best on the gate weeks is the challenger."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from semana.data.weeks import Week
from semana.evaluation.cuts import week_cuts
from semana.evaluation.race import Evidence, Examples, judge_week, refit, run_race
from semana.models.base import rows_from
from semana.pipeline.labels import contracts, examples_of, totals_of
from semana.stores.home import Stores
from semana.stores.runs import Run

SMOKE_ROWS = 200


def run(run: Run, stores: Stores) -> dict[str, Any]:
    """Records the race, and saves the judged challenger and the same recipe refitted on all weeks."""
    if not run.recall("decision")["retrain"]:
        return {"step": "train", "trained": False}
    totals = totals_of(run, stores)
    cuts = week_cuts(list(totals), stores.params.cuts)
    examples = examples_of(run, stores)
    race = run_race(examples, totals, cuts, stores.params, contracts=contracts())
    judged = race.scorers[race.best]
    smoke = rows_from(examples(cuts.all[-1]).head(SMOKE_ROWS), judged.recipe.features)
    champion = _champion(run, stores, examples, cuts.gate, totals)
    refitted = refit(race, examples, totals, cuts, stores.params)
    record = {
        "best": race.best,
        "says": race.says,
        "weeks": {"fit": _said(cuts.fit), "calibrate": _said(cuts.calibrate), "gate": _said(cuts.gate)},
        "evidence": {name: _plain(evidence.weeks) for name, evidence in race.evidence.items()},
        "champion": _plain(champion.weeks) if champion else None,
        "judged": stores.bundles.save(judged, smoke),
        "bundle": stores.bundles.save(refitted, smoke),
    }
    run.record("race", record)
    f1 = {name: round(evidence.mean("f1"), 4) for name, evidence in race.evidence.items() if evidence.weeks}
    return {"step": "train", "trained": True, "challenger": race.best, "bundle": record["bundle"], "f1": f1}


def _champion(
    run: Run, stores: Stores, examples: Examples, weeks: tuple[Week, ...], totals: Mapping[Week, int]
) -> Evidence | None:
    """How the champion does on the gate weeks; the gate leaves out those that it has learned from."""
    entry = stores.ledger.champion(run.week)
    if entry is None:
        return None
    scorer = stores.bundles.load(entry["to"])
    found = {week: judge_week(scorer, examples(week), totals, week=week, params=stores.params) for week in weeks}
    return Evidence("champion", found)


def _plain(weeks: Mapping[Week, Mapping[str, float]]) -> dict[str, dict[str, float]]:
    return {str(week): dict(metrics) for week, metrics in weeks.items()}


def _said(weeks: tuple[Week, ...]) -> list[str]:
    return [str(week) for week in weeks]
