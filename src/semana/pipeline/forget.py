"""Forgetting a customer: out of what was delivered, tables, lists, the golden set, results of calls and messages.

Models keep no row of anybody; the next training learns without them. Backups and exclude.csv are not ours to change.
"""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from semana.errors import ContractError, UsageError
from semana.pipeline.detect_drift import PAGE
from semana.pipeline.inbox import take_letters
from semana.reports.drift import drift_page
from semana.stores import files
from semana.stores.forgetting import BEGUN, unsaid
from semana.stores.home import Stores


def forget(stores: Stores, customer: str, *, reason: str, now: datetime) -> dict[str, Any]:
    """Removes every row of the customer (id as text); the manifest keeps when, why and from how many files.

    To be called while nothing else works in the home. Killed on its way, it is finished by calling it again. Raises
    UsageError for an unknown customer or no reason, ContractError while another forgetting waits to be finished, or
    for a list or a golden set that is not as it was made.
    """
    begun = stores.home / BEGUN
    if not reason.strip():
        raise UsageError('forgetting needs a reason: semana forget CUSTOMER --reason "..."')
    resumed = begun.exists()
    if resumed and (other := json.loads(begun.read_bytes())["customer"]) != customer:
        raise ContractError(
            f'customer {other} is half forgotten. Finish that first: semana forget {other} --reason "..."'
        )
    take_letters(stores, arrival=now)
    if not resumed and not stores.landing.names(customer):
        raise UsageError(f"customer {customer!r} is in nothing that has landed: write the id as it was delivered")
    stores.golden.lock()  # damaged: said before anything is changed
    files.replace_json(begun, {"customer": customer, "when": now.isoformat()})
    told = {
        "files": stores.landing.forget(customer, reason=reason, arrival=now),
        "tables": stores.lake.without(customer),
        "lists": stores.publications.forget(customer, reason=reason, resumed=resumed),
        "golden": stores.golden.forget(customer, when=now.isoformat(), reason=reason),
        "results": stores.results.forget(customer),
        "messages": unsaid(_messages(stores), customer),
    }
    if judged := stores.runs.newest("drift"):
        files.replace_bytes(stores.home / PAGE, drift_page(judged.recall("drift")).encode())
    begun.unlink()
    return {"outcome": "forgotten", **told, "position": stores.landing.position}


def _messages(stores: Stores) -> list[Path]:
    """The files that hold what was said of refused files and letters, and of steps that failed: it may quote a row."""
    kept = (
        (stores.alerts.folder, "*.json"),
        (stores.inbox.folder / "taken", "*.json"),
        (stores.runs.folder, "*/drift.json"),
        (stores.telemetry.folder, "*.json"),
    )
    return [path for folder, names in kept for path in sorted(folder.glob(names))]
