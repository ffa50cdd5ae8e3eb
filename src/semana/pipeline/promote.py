"""Promote: the challenger through the gate and, when it holds, into the ledger. A refusal is a normal outcome."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from semana.data.weeks import Week
from semana.errors import ContractError
from semana.evaluation.gate import Check, GateReport, judge
from semana.evaluation.race import Evidence
from semana.models import BASELINES
from semana.pipeline.calendar import has_begun
from semana.pipeline.golden import freeze, golden_checks
from semana.pipeline.order import RECORDED
from semana.pipeline.succession import promoted, serve
from semana.pipeline.tracked import project, went_on
from semana.stores.home import Stores
from semana.stores.leases import Lease
from semana.stores.runs import Run

_log = logging.getLogger(__name__)


def run(run: Run, stores: Stores, *, keep: bool = False, lease: Lease | None = None) -> dict[str, Any]:
    """Records which bundle predicts in this run; a challenger that passes gets a ledger entry, and MLflow is told.

    With `keep` the champion does, whatever was decided.
    """
    challenged = run.recall("decision")["retrain"] and not keep
    if challenged:
        stores.tracking.ready()  # nobody is promoted whom MLflow cannot show
    summary = _promote(run, stores, lease) if challenged and not went_on(run) else _keep(run, stores)
    return {**summary, "tracking": project(stores)}


def _keep(run: Run, stores: Stores) -> dict[str, Any]:
    """The champion predicts; in a run that repeats another, the model that predicted then."""
    entries = stores.ledger.until(run.week)
    if run.knows(RECORDED):
        then = run.recall(RECORDED)
        entries = [each for each in entries if (each["to"], each["version"]) == (then["bundle"], then["version"])]
    return _serve(run, entries[-1] if entries else stores.ledger.champion(run.week), promoted=False)


def _promote(run: Run, stores: Stores, lease: Lease | None) -> dict[str, Any]:
    entries = stores.ledger.entries()  # read first: whoever adds one meanwhile makes this run busy
    champion = stores.ledger.champion(run.week)
    race = run.recall("race")
    bundle = race["bundle"]
    report = _judged(run, stores, race, champion)
    run.record("gate", report.to_json())
    run.write("gate.md", report.to_markdown())
    from semana.reports.gate import gate_page

    run.write("gate.html", gate_page(report, _about(run, race, champion)))
    if not report.admitted:
        refused = [check.reason for check in report.checks if not check.passed]
        _log.warning("the challenger is refused: %s", "; ".join(refused))
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
    stores.publications.check_reason(run.week, late=has_begun(run, stores), reason=run.reason)
    if lease:
        lease.check()
    appended = stores.ledger.append(entry, after=len(entries))
    if race.get("golden") and not stores.golden.weeks():  # a set that was made meanwhile counts
        freeze(run, stores, race["golden"], reason=f"the promotion of {appended['version']}")
    return _serve(run, appended, promoted=True)


def _judged(run: Run, stores: Stores, race: Mapping[str, Any], champion: Mapping[str, Any] | None) -> GateReport:
    bundle = str(race["bundle"])
    fault = stores.bundles.fault(race["judged"]) or stores.bundles.fault(bundle)
    back = bundle in stores.ledger.rolled_back()
    never = Check("not rolled back before", None, "never", not back, "it failed in service" if back else "never was")
    learned = {week for weeks in race["weeks"].values() for week in weeks}
    golden_weeks = sorted(learned & {str(week) for week in stores.golden.weeks()})
    says = f"{', '.join(golden_weeks)} taught it or judged it" if golden_weeks else "no golden week was a label"
    unseen = Check("golden weeks unseen", float(len(golden_weeks)), "0", not golden_weeks, says)
    golden = [] if fault else golden_checks(run, stores, challenger=bundle, champion=champion)
    return judge(
        _evidence(race["best"], race["evidence"][race["best"]]),
        {name: _evidence(name, weeks) for name, weeks in race["evidence"].items() if name in BASELINES},
        _evidence("champion", race["champion"]) if race["champion"] else None,
        smoke=fault,
        probabilities=_probabilities(stores, bundle),
        params=stores.params.gate,
        more=[never, unseen, *golden],
    )


def _probabilities(stores: Stores, bundle: str) -> NDArray[np.float64]:
    """What the challenger says of its smoke rows; none where it is damaged, which is a failed check of its own."""
    try:
        return stores.bundles.smoke_probabilities(bundle)
    except ContractError:
        return np.array([])


def _about(run: Run, race: Mapping[str, Any], champion: Mapping[str, Any] | None) -> dict[str, Any]:
    """What the page says beside the checks: whose gate it is, and the F1 of every model in every gate week."""
    weeks = {**race["evidence"], **({"champion": race["champion"]} if race["champion"] else {})}
    return {
        "week": str(run.week),
        "run": run.id,
        "challenger": race["best"],
        "bundle": race["bundle"],
        "champion": champion["version"] if champion else None,
        "says": race["says"],
        "f1": {name: {week: metrics["f1"] for week, metrics in found.items()} for name, found in weeks.items()},
        "label_weeks": race["weeks"],
    }


def _serve(run: Run, entry: dict[str, Any] | None, *, promoted: bool) -> dict[str, Any]:
    if entry is None:
        raise ContractError(
            f"no model serves {run.week}: the first challenger was refused, see runs/{run.id}/gate.html. "
            f"Ingest more history, or set another gate: mode in params.yaml."
        )
    serve(run, entry)
    return {"step": "promote", "promoted": promoted, "model_version": entry["version"], "bundle": entry["to"]}


def _evidence(name: str, weeks: Mapping[str, Mapping[str, float]]) -> Evidence:
    return Evidence(name, {Week.parse(week): metrics for week, metrics in weeks.items()})
