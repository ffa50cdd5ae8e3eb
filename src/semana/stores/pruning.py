"""Removing what nothing needs any more. Deliveries, the ledger and realised figures are never removed."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from semana.data.weeks import Week

if TYPE_CHECKING:
    from semana.stores.home import Stores


def prune_home(stores: Stores, *, keep_weeks: int) -> dict[str, Any]:
    """Removes lists, scores, prepared tables and runs older than the newest `keep_weeks` target weeks, and the bundles
    that no kept list, champion or shadow needs, and the gate does not judge by."""
    weeks = stores.publications.weeks()
    current = stores.publications.current()
    if not weeks or current is None:
        return {"outcome": "pruned", "removed": 0}
    oldest = min(weeks[-keep_weeks:][0], Week.parse(current["week"]))
    removed: Counter[str] = Counter()
    bytes_ = 0
    for room, begin in (("published", 5), ("scores", 5), ("prepared", 5), ("runs", 0)):
        for folder in (stores.home / room).glob("week=*" if begin else "*"):
            if Week.parse(folder.name[begin : begin + 8]) < oldest:
                bytes_ += _remove(folder)
                removed[room] += 1
    for bundle in set(stores.bundles.all()) - _needed(stores):
        bytes_ += _remove(stores.home / "bundles" / bundle)
        removed["bundles"] += 1
    told = {"outcome": "pruned", "oldest_week": str(oldest), "removed": removed.total()}
    return {**told, "folders": dict(removed), "freed_mib": round(bytes_ / 2**20, 1)}


def _needed(stores: Stores) -> set[str]:
    shadow = stores.ledger.shadow(fit=stores.bundles.can_score)
    entries = [entry for entry in (stores.ledger.champion(), shadow, *stores.ledger.predecessors()[:1]) if entry]
    judged = {entry["evidence"].get("judged") for entry in entries}
    lists = (each for week in stores.publications.weeks() for each in stores.publications.manifests(week))
    return {entry["to"] for entry in entries} | judged | {manifest["bundle"] for manifest in lists}


def _remove(folder: Path) -> int:
    """Renames the folder first, so that a kill leaves a temporary one and never half of it; returns its bytes."""
    from semana.stores import files

    scratch = files.temporary(folder)
    folder.rename(scratch)
    size = sum(each.stat().st_size for each in scratch.rglob("*") if each.is_file())
    shutil.rmtree(scratch)
    return size
