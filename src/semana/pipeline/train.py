"""Train: all models race over the same weeks; the best on the gate weeks is the challenger."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from semana.data.weeks import Week
from semana.evaluation.cuts import Cuts, week_cuts
from semana.evaluation.portrait import portray
from semana.evaluation.race import Evidence, Examples, Lessons, learning_rows, refit, run_race, sample_share
from semana.evaluation.tuning import tune
from semana.features.build import FEATURES
from semana.features.examples import Share
from semana.models.base import Rows, rows_from
from semana.models.level import Totals
from semana.models.scorer import Scorer
from semana.params import BoostingParams, Params
from semana.pipeline.golden import measured, plan_of
from semana.pipeline.labels import LabelWeeks, contracts, totals_of
from semana.pipeline.tracked import keep, tracked, waiting
from semana.stores.home import Stores
from semana.stores.runs import Run

_log = logging.getLogger(__name__)
SMOKE_ROWS = 1000  # or up to twice as many


def run(run: Run, stores: Stores) -> dict[str, Any]:
    """Records the race, and saves the judged challenger and the same recipe refitted on all weeks."""
    if not run.recall("decision")["retrain"]:
        return {"step": "train", "trained": False}
    with tracked(run, stores) as tell:
        if not waiting(run, stores):
            _train(run, stores)
        tell()
    race = run.recall("race")
    f1 = {name: round(evidence.mean("f1"), 4) for name, evidence in _evidence(race).items() if evidence.weeks}
    tuning = race["tuning"]
    return {
        "step": "train",
        "trained": True,
        "challenger": race["best"],
        "bundle": race["bundle"],
        "f1": f1,
        "tuned": bool(tuning and tuning["week"] == str(run.week)),
    }


def _train(run: Run, stores: Stores) -> None:
    """Everything but telling MLflow."""
    totals = totals_of(run, stores)
    golden = plan_of(stores, totals)
    cuts = week_cuts(totals.weeks, stores.params.cuts, exclude=golden.weeks)
    examples = LabelWeeks(run, stores)
    span = f"{cuts.all[0]} to {cuts.all[-1]}" if cuts.all else "none"
    _log.info("label weeks: %s (%s); those of the golden set are left out: %s", len(cuts.all), span, len(golden.weeks))
    params, tuning = _tuned(run, stores, examples, totals, cuts)
    _log.info("the models race: they learn from %s weeks, and are judged by %s", len(cuts.learned), len(cuts.gate))
    champion = _champion(run, stores, cuts.gate)
    race = run_race(examples, totals, cuts, params, contracts=contracts(), champion=champion)
    judged = race.scorers[race.best]
    _log.info("the best, %s, learns from all weeks", race.best)
    refitted = refit(race, examples, totals, cuts, params)
    record = {
        "best": race.best,
        "says": race.says,
        "weeks": {"fit": _said(cuts.fit), "calibrate": _said(cuts.calibrate), "gate": _said(cuts.gate)},
        "evidence": {name: _plain(evidence.weeks) for name, evidence in race.evidence.items()},
        "champion": _plain(race.champion.weeks) if champion is not None else None,
        "tuning": tuning,
        "golden": measured(run, stores, golden, examples=examples, totals=totals, cuts=cuts, params=params),
        "judged": stores.bundles.save(judged, _smoke(examples, cuts.learned[-1], race.share)),
        "bundle": stores.bundles.save(refitted, _smoke(examples, cuts.all[-1], race.share)),
    }
    run.record("race", record)
    _log.info("its portrait: what moves its scores, and how it does in parts")
    portrait = portray(judged, refitted, examples, totals, cuts=cuts, params=params)
    keep(run, stores, record, recipe=refitted.recipe, portrait=portrait)


def _smoke(examples: Lessons, week: Week, share: Share) -> Rows:
    """Rows that tell whether a bundle scores as it did: of those of the newest week that its model learned from."""
    rows = examples(week, share=share)
    return rows_from(rows.gather_every(max(1, rows.height // SMOKE_ROWS)), FEATURES)


def _tuned(
    run: Run, stores: Stores, examples: Examples, totals: Totals, cuts: Cuts
) -> tuple[Params, dict[str, Any] | None]:
    """The params with the constants that tuning found, and its record; tuned anew where that is due."""
    models = stores.params.models
    if not models.tuning.trials or "boosting" not in models.race or not cuts.fit:
        return stores.params, None
    base = models.boosting
    made_of = {"features": list(FEATURES), "constants": base.model_dump(), "seed": models.seed}
    latest = stores.tunings.latest(run.week)
    age = run.week - Week.parse(latest["week"]) if latest else models.tuning.every_weeks
    if latest is None or latest["made_of"] != made_of or age >= models.tuning.every_weeks:
        _log.info("better constants are looked for; first the rows of %s weeks are worked out", len(cuts.learned))
        rows = learning_rows(examples, cuts, share=sample_share(examples, totals, cuts, stores.params))
        found = tune(rows, base, seed=models.seed, params=models.tuning)
        if found is None:
            return stores.params, None
        latest = {"week": str(run.week), "made_of": made_of, **found.to_json()}
        stores.tunings.save(run.week, latest)
    tuned = models.model_copy(update={"boosting": BoostingParams(**latest["constants"])})
    return stores.params.model_copy(update={"models": tuned}), latest


def _champion(run: Run, stores: Stores, weeks: tuple[Week, ...]) -> dict[Week, Scorer] | None:
    """What stands for the champion in each of the gate weeks; None where there is no champion that can be loaded.

    In those that it has learned from, its judged twin does: the same recipe, learned from the weeks before its own
    gate. Weeks that this one has learned from too are left out.
    """
    entry = stores.ledger.champion(run.week)
    if entry is None or stores.bundles.fault(entry["to"]):
        return None
    twin = entry["evidence"].get("judged")
    same = [bundle for bundle in (entry["to"], twin) if bundle and not stores.bundles.fault(bundle)]
    scorers = [stores.bundles.load(bundle) for bundle in same]
    fair = {
        week: next((each for each in scorers if week > Week.parse(each.recipe.last_label_week)), None) for week in weeks
    }
    return {week: scorer for week, scorer in fair.items() if scorer}


def _evidence(record: Mapping[str, Any]) -> dict[str, Evidence]:
    return {
        name: Evidence(name, {Week.parse(week): metrics for week, metrics in weeks.items()})
        for name, weeks in record["evidence"].items()
    }


def _plain(weeks: Mapping[Week, Mapping[str, float]]) -> dict[str, dict[str, float]]:
    return {str(week): dict(metrics) for week, metrics in weeks.items()}


def _said(weeks: tuple[Week, ...]) -> list[str]:
    return [str(week) for week in weeks]
