"""Promote: the challenger through the gate and, when it holds, into the ledger. A refused challenger is a normal outcome."""

from __future__ import annotations

from typing import Any

from semana.data.weeks import Week
from semana.errors import ContractError
from semana.evaluation.gate import judge
from semana.evaluation.race import fit_scorer, mean_f1
from semana.evaluation.versions import next_version
from semana.features.build import FEATURES
from semana.pipeline.labels import complete_weeks, examples_of
from semana.stores import Stores
from semana.stores.leases import Lease
from semana.stores.runs import Run

SMOKE_ROWS = 200


def run(run: Run, stores: Stores, *, lease: Lease | None = None) -> dict[str, Any]:
    """Records which bundle predicts in this run; a challenger that passes is refitted on all weeks and gets a ledger entry."""
    entries = stores.ledger.entries()
    champion = stores.ledger.champion(run.week)
    if not run.recall("decision")["retrain"]:
        return _serve(run, champion, promoted=False)
    race = run.recall("race")
    report = judge(
        challenger=race["figures"][race["best"]],
        baselines=race["figures"],
        champion=race["champion"],
        smoke=_smoke(stores, race["bundle"]),
        params=stores.params.gate,
    )
    run.record("gate", report.to_dict())
    if not report.passed:
        return {**_serve(run, champion, promoted=False), "refused": report.reasons}
    labels = complete_weeks(run, stores)[-stores.params.cuts.calibrate_weeks :]
    examples = {week: examples_of(week, run, stores) for week in labels}
    scorer = fit_scorer(race["best"], examples, stores.params, names=FEATURES)
    bundle = stores.bundles.save(scorer, examples[labels[-1]].rows(FEATURES).head(SMOKE_ROWS))
    stores.bundles.smoke(bundle)
    if champion and champion["to"] == bundle:
        return _serve(run, champion, promoted=False)
    previous = stores.bundles.load(champion["to"]).recipe if champion else None
    entry = {
        "when": run.now.isoformat(),
        "week": str(run.week),
        "from": champion["to"] if champion else None,
        "to": bundle,
        "version": next_version(champion["version"] if champion else None, previous, scorer.recipe),
        "by": run.id,
        "why": run.recall("decision")["reasons"],
        "evidence": {
            "model": race["best"],
            "gate_f1": mean_f1(figures) if (figures := race["figures"][race["best"]]) else None,
            "judged": race["bundle"],
            "last_label_week": str(scorer.recipe.last_label_week),
        },
    }
    if entries and run.week < max(Week.parse(each["week"]) for each in entries):
        return _serve(run, entry, promoted=False)  # a past week's own model: the ledger tells of the present
    if lease:
        lease.check()
    return _serve(run, stores.ledger.append(entry, after=len(entries)), promoted=True)


def _serve(run: Run, entry: dict[str, Any] | None, *, promoted: bool) -> dict[str, Any]:
    if entry is None:
        raise ContractError(f"no model serves {run.week}: the challenger was refused and there is no champion. See: semana models list")
    serving = {"bundle": entry["to"], "version": entry["version"], "model": entry["evidence"]["model"]}
    run.record("serving", serving)
    return {"step": "promote", "promoted": promoted, "model_version": entry["version"], "bundle": entry["to"]}


def _smoke(stores: Stores, bundle: str) -> str | None:
    """What is wrong when the bundle is loaded in a clean process; None where nothing is."""
    try:
        stores.bundles.verify(bundle)
        stores.bundles.smoke(bundle)
    except ContractError as err:
        return str(err)
    return None

