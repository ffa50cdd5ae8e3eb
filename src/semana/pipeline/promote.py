"""Promote: the challenger through the gate and, when it holds, into the ledger. A refusal is a normal outcome."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from semana.data.weeks import Week
from semana.errors import ContractError
from semana.evaluation.gate import judge
from semana.evaluation.race import Evidence
from semana.models import BASELINES
from semana.pipeline.succession import promoted, serve
from semana.stores.home import Stores
from semana.stores.leases import Lease
from semana.stores.runs import Run


def run(run: Run, stores: Stores, *, lease: Lease | None = None) -> dict[str, Any]:
    """Records which bundle predicts in this run; a challenger that passes gets a ledger entry."""
    entries = stores.ledger.entries()  # read first: whoever adds one meanwhile makes this run busy
    champion = stores.ledger.champion(run.week)
    if not run.recall("decision")["retrain"]:
        return _serve(run, champion, promoted=False)
    race = run.recall("race")
    bundle = race["bundle"]
    report = judge(
        _evidence(race["best"], race["evidence"][race["best"]]),
        {name: _evidence(name, weeks) for name, weeks in race["evidence"].items() if name in BASELINES},
        _evidence("champion", race["champion"]) if race["champion"] else None,
        smoke=_smoke(stores, race["judged"]) or _smoke(stores, bundle),
        probabilities=stores.bundles.smoke_probabilities(bundle),
        params=stores.params.gate,
        champion_last_label=Week.parse(champion["evidence"]["last_label_week"]) if champion else None,
    )
    run.record("gate", report.to_json())
    run.write("gate.md", report.to_markdown())
    if not report.admitted:
        refused = [check.says for check in report.checks if not check.passed]
        return {**_serve(run, champion, promoted=False), "refused": refused}
    if champion and champion["to"] == bundle:
        return _serve(run, champion, promoted=False)
    gate_f1 = _evidence(race["best"], race["evidence"][race["best"]]).mean("f1")
    entry = promoted(
        stores,
        bundle,
        week=run.week,
        now=run.now,
        by=run.id,
        why=run.recall("decision")["reasons"],
        evidence={
            "model": race["best"],
            "gate_f1": None if math.isnan(gate_f1) else gate_f1,
            "judged": race["judged"],
        },
    )
    if stores.ledger.is_past(run.week):
        entry["version"] += f"+{run.week}"  # a past week's own model: the ledger tells of the present
        return _serve(run, entry, promoted=False)
    if lease:
        lease.check()
    return _serve(run, stores.ledger.append(entry, after=len(entries)), promoted=True)


def _serve(run: Run, entry: dict[str, Any] | None, *, promoted: bool) -> dict[str, Any]:
    if entry is None:
        raise ContractError(
            f"no model serves {run.week}: the first challenger was refused, see runs/{run.id}/gate.md. "
            f"Ingest more history, or set another gate: mode in params.yaml."
        )
    serve(run, entry)
    return {"step": "promote", "promoted": promoted, "model_version": entry["version"], "bundle": entry["to"]}


def _evidence(name: str, weeks: Mapping[str, Mapping[str, float]]) -> Evidence:
    return Evidence(name, {Week.parse(week): metrics for week, metrics in weeks.items()})


def _smoke(stores: Stores, bundle: str) -> str | None:
    """What is wrong when the bundle is loaded in a clean process; None where nothing is."""
    try:
        stores.bundles.verify(bundle)
        stores.bundles.smoke(bundle)
    except ContractError as err:
        return str(err)
    return None
