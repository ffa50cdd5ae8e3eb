"""Decide: retrain or not, with every reason."""

from __future__ import annotations

from typing import Any

from semana.data import catalog
from semana.data.weeks import Week
from semana.evaluation.retrain import decide_retrain
from semana.stores import Stores
from semana.stores.runs import Run


def run(run: Run, stores: Stores) -> dict[str, Any]:
    """Records the decision of the run: {retrain, reasons}."""
    champion = stores.ledger.champion(run.week)
    evidence = champion["evidence"] if champion else {}
    decision = decide_retrain(
        mode=run.retrain,
        has_champion=champion is not None,
        age_weeks=run.week - Week.parse(evidence["last_label_week"]) - 1 if champion else None,
        expected_f1=evidence.get("gate_f1"),
        realised_f1=_realised(stores, run.week, champion["version"]) if champion else [],
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
