"""Decide: retrain or not, with every reason."""

from __future__ import annotations

from typing import Any

from semana.data import catalog
from semana.data.weeks import Week
from semana.evaluation.retrain import decide_retrain
from semana.stores.home import Stores
from semana.stores.runs import Run


def run(run: Run, stores: Stores) -> dict[str, Any]:
    """Records the decision of the run: {retrain, reasons}."""
    champion = stores.ledger.champion(run.week)
    evidence = champion["evidence"] if champion else None
    decision = decide_retrain(
        target=run.week,
        last_label=Week.parse(evidence["last_label_week"]) if evidence else None,
        gate_f1=evidence["gate_f1"] if evidence else None,
        realised_f1=_realised(stores, run.week, champion["version"]) if champion else [],
        mode=run.retrain,
        params=stores.params.retrain,
    )
    summary = {"step": "decide", "retrain": decision.retrain, "reasons": list(decision.reasons)}
    run.record("decision", summary)
    return summary


def _realised(stores: Stores, week: Week, version: str) -> list[float]:
    """F1 of the lists that the champion's version published, oldest first."""
    found = []
    for past in (each for each in stores.lake.weeks(catalog.PERFORMANCE) if each < week):
        rows = stores.lake.read(catalog.PERFORMANCE, past).to_dicts()
        found += [row["f1"] for row in rows if row["role"] == "champion" and row["model_version"] == version]
    return found
