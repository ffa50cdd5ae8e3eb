"""Decide: retrain or not, with every reason."""

from __future__ import annotations

from typing import Any

from semana.data import catalog
from semana.data.weeks import Week
from semana.evaluation.fallen import leads
from semana.evaluation.retrain import decide_retrain
from semana.stores.home import Stores
from semana.stores.runs import Run


def run(run: Run, stores: Stores) -> dict[str, Any]:
    """Records the decision of the run: {retrain, reasons}."""
    champion = stores.ledger.champion(run.week)
    params = stores.params
    decision = decide_retrain(
        target=run.week,
        last_label=Week.parse(champion["evidence"]["last_label_week"]) if champion else None,
        leads=leads(_realised(stores, run.week, champion["version"]), first=params.retrain.first_weeks)
        if champion
        else [],
        mode=run.retrain,
        params=params.retrain,
        fallen_by=params.rollback,
        fault=stores.bundles.fault(champion["to"]) if champion else None,
        drift=_drift(run),
        rolled_back=stores.ledger.last_rollback(run.week) == run.week,
    )
    summary = {"step": "decide", "retrain": decision.retrain, "reasons": list(decision.reasons)}
    run.record("decision", summary)
    return summary


def _drift(run: Run) -> tuple[str, Week] | None:
    """What drift is confirmed, and the week in which it began; None where none is."""
    drift = run.recall("drift")
    return (drift["worst"], Week.parse(drift["since"])) if drift["confirmed"] else None


def _realised(stores: Stores, week: Week, version: str) -> list[tuple[float, float]]:
    """F1 of the lists that the champion's version published, and of each week's reference list, oldest first."""
    found = []
    for past in (each for each in stores.lake.weeks(catalog.PERFORMANCE) if each < week):
        rows = stores.lake.read(catalog.PERFORMANCE, past).to_dicts()
        found += [
            (row["f1"], row["reference_f1"])
            for row in rows
            if row["role"] == "champion" and row["model_version"] == version
        ]
    return found
