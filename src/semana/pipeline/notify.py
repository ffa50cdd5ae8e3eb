"""Notify: what a run came to in one object, and whether everybody who wants to hear of it has."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from semana.errors import ServiceUnavailable
from semana.pipeline import STEPS
from semana.stores.home import Stores
from semana.stores.runs import Run


def notify(run: Run, stores: Stores, *, now: datetime) -> dict[str, Any]:
    """The run's summary, kept, with the messages that were `told` since it began.

    What could not be sent is tried once more; raises ServiceUnavailable where it still cannot.
    """
    with stores.telemetry.measure("notify", run=run.id, week=str(run.week)):
        unsent = stores.alerts.retry(now=now)
    told = [each for each in stores.alerts.all() if datetime.fromisoformat(each["when"]) >= run.now]
    summary = summarise(run, seconds=(now - run.now).total_seconds())
    if unsent:
        channels = " and ".join(sorted({name for each in stores.alerts.all() for name in each["left"]}))
        raise ServiceUnavailable(
            f"{unsent} message{'' if unsent == 1 else 's'} could not be sent over {channels}; the list is as it should "
            f"be. Mend the channel: `semana watch` and later runs try again for a day."
        )
    return {"step": "notify", **summary, "told": [f"{each['kind']}: {each['says']}" for each in told]}


def summarise(run: Run, *, seconds: float) -> dict[str, Any]:
    """The run as one object, from what its steps said; kept with the run. What a step has not said is None."""
    steps = {step.name: _said(run, f"step-{step.name}") for step in STEPS} | {"ingest": _said(run, "ingest")}
    summary = {
        "target_week": str(run.week),
        "latest_complete_week": steps["prepare"].get("latest_complete_week"),
        "missing_days": steps["prepare"].get("missing_days"),
        "retrained": steps["train"].get("trained", False),
        "reasons": steps["decide"].get("reasons"),
        "model_version": steps["promote"].get("model_version"),
        "refused": steps["promote"].get("refused", []),
        "rollback": steps["review"].get("rollback"),
        "drift": steps["detect_drift"],
        "published": steps["publish"].get("published"),
        "recommended_pairs": steps["publish"].get("recommended"),
        "customers": steps["publish"].get("customers"),
        "tracking": steps["promote"].get("tracking"),
        "newest_performance": steps["review"].get("newest"),
        "position": run.position,
        "run": run.id,
        "seconds": round(seconds, 3),
        "steps": {name: step.get("seconds") for name, step in steps.items()},
    }
    run.record("summary", summary)
    return summary


def _said(run: Run, name: str) -> dict[str, Any]:
    return run.recall(name) if run.knows(name) else {}
