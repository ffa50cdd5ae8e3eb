"""Promote: the challenger through the gate and, when it holds, into the ledger. A refused challenger is a normal outcome."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from semana.data import catalog
from semana.data import schemas as s
from semana.data.weeks import Week
from semana.errors import ContractError
from semana.evaluation.gate import judge
from semana.evaluation.race import refit
from semana.evaluation.versions import next_version
from semana.features.examples import example_rows
from semana.models.base import rows_from
from semana.stores import Stores
from semana.stores.leases import Lease
from semana.stores.runs import Run

SERVING = "serving"
SMOKE_ROWS = 200


def run(run: Run, stores: Stores, *, lease: Lease | None = None) -> dict[str, Any]:
    """Records which bundle predicts in this run; a challenger that passes is refitted on all weeks and gets a ledger entry."""
    entries = stores.ledger.entries()
    champion = stores.ledger.champion(run.week)
    if not run.recall("decision")["retrain"]:
        return _serve(run, champion, promoted=False)
    race = run.recall("race")
    report = judge(race, champion=_champion_evidence(race, champion), smoke=_smoke(stores, race["bundle"]), params=stores.params.gate)
    run.record("gate", report.to_dict())
    if not report.passed:
        return {**_serve(run, champion, promoted=False), "refused": report.reasons}
    scorer, newest = _refitted(run, stores, race)
    bundle = stores.bundles.save(scorer, newest)
    stores.bundles.smoke(bundle)
    if champion and champion["to"] == bundle:
        return _serve(run, champion, promoted=False)
    previous = stores.bundles.load(champion["to"]).recipe if champion else None
    entry = {
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "week": str(run.week),
        "from": champion["to"] if champion else None,
        "to": bundle,
        "version": next_version(champion["version"] if champion else None, previous, scorer.recipe),
        "by": run.id,
        "why": run.recall("decision")["reasons"],
        "evidence": {
            "model": race["best"],
            "gate_f1": race["f1"][race["best"]],
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
    run.record(SERVING, serving)
    return {"step": "promote", "promoted": promoted, "model_version": entry["version"], "bundle": entry["to"]}


def _smoke(stores: Stores, bundle: str) -> str | None:
    """What is wrong when the bundle is loaded in a clean process; None where nothing is."""
    try:
        stores.bundles.verify(bundle)
        stores.bundles.smoke(bundle)
    except ContractError as err:
        return str(err)
    return None


def _champion_evidence(race: dict[str, Any], champion: dict[str, Any] | None) -> str | None:
    return str(champion["evidence"]["model"]) if champion else None


def _refitted(run: Run, stores: Stores, race: dict[str, Any]) -> Any:
    weeks = stores.lake.read(catalog.WEEKS, run.week)
    complete = [Week(index) for index, done in weeks.select(s.WEEK, "complete").rows() if done and index < run.week.index]
    purchases = stores.lake.scan(catalog.PURCHASES, run.week)
    customers = stores.lake.scan(catalog.CUSTOMERS, run.week)
    labels = complete[-stores.params.cuts.calibrate_weeks :]
    examples = {
        week: example_rows(purchases, customers, week=week, params=stores.params).collect("polars") for week in labels
    }
    return refit(race["best"], examples, stores.params), rows_from(examples[labels[-1]].head(SMOKE_ROWS))
