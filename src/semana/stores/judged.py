"""What the gate found of every challenger, as plain values, for whoever shows it."""

from __future__ import annotations

from typing import Any

from semana.evaluation.gate import Check
from semana.stores.home import Stores
from semana.stores.runs import Run


def gates(stores: Stores) -> list[dict[str, Any]]:
    """The report of every run whose challenger came to the gate, the newest first."""
    versions = {entry["to"]: entry["version"] for entry in stores.ledger.entries()}
    ran = sorted(
        (run for run in stores.runs.all() if run.knows("gate") and run.knows("race")), key=lambda run: (run.now, run.id)
    )
    return [_told(run, versions) for run in reversed(ran)]


def _told(run: Run, versions: dict[str, str]) -> dict[str, Any]:
    report, race = run.recall("gate"), run.recall("race")
    checks = [Check(**each) for each in report["checks"]]
    figures = {**race["evidence"], **({"champion": race["champion"]} if race["champion"] else {})}
    return {
        "run": run.id,
        "week": str(run.week),
        "when": run.now.isoformat(),
        "mode": report["mode"],
        "passed": report["passed"],
        "admitted": report["admitted"],
        "model": race["best"],
        "bundle": race["bundle"],
        "version": versions.get(race["bundle"]),
        "says": race["says"],
        "checks": [{**each, "verdict": check.verdict} for each, check in zip(report["checks"], checks, strict=True)],
        "f1": {name: {week: each["f1"] for week, each in weeks.items()} for name, weeks in figures.items()},
    }
