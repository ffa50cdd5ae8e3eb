"""What a home's stores say of themselves, as plain values, for whoever shows or exports it."""

from __future__ import annotations

import shutil
from collections import Counter
from datetime import datetime
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from semana.data import catalog
from semana.data.weeks import Week
from semana.evaluation.durations import with_times_usual

if TYPE_CHECKING:
    from semana.stores.home import Stores


def watched(stores: Stores) -> dict[str, Any]:
    """The newest list, each step's last run with its datasets, newest performance, drift, ledger and messages."""
    records = with_times_usual(stores.telemetry.all())
    last = {record["step"]: record for record in records}
    steps = [
        {**record, "began_seconds": datetime.fromisoformat(record["began"]).timestamp()} for record in last.values()
    ]
    messages = stores.alerts.all()
    reviewed = stores.lake.weeks(catalog.PERFORMANCE)[-1:]
    looked = stores.runs.newest("drift")
    return {
        "version": version("semana"),
        "home_bytes": records[-1]["home_bytes"] if records else 0,
        "disk_free_bytes": shutil.disk_usage(stores.home).free,
        "list": _list(stores),
        "steps": steps,
        "performance": [row for week in reviewed for row in stores.lake.read(catalog.PERFORMANCE, week).to_dicts()],
        "drift": looked.recall("drift") if looked else None,
        "ledger": dict(Counter(entry["kind"] for entry in stores.ledger.entries())),
        "alerts": dict(Counter(record["kind"] for record in messages)),
        "unsent": sum(bool(record["left"]) for record in messages),
    }


def _list(stores: Stores) -> dict[str, Any] | None:
    manifest = stores.publications.current_manifest()
    if manifest is None:
        return None
    begins = datetime.fromisoformat(f"{Week.parse(manifest['week']).start}T00:00:00+00:00").timestamp()
    told = {name: manifest[name] for name in ("week", "model_version", "counts")}
    return {**told, "week_start": begins, "total": manifest["level"]["total"]}
