"""Removing what nothing needs any more. Deliveries, the ledger and realised figures are never removed."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from semana.data.weeks import Week

if TYPE_CHECKING:
    from semana.stores.home import Stores


def prune_home(stores: Stores, *, keep_weeks: int) -> dict[str, Any]:
    """Removes lists, scores, prepared tables and runs older than the newest `keep_weeks` target weeks, and bundles no
    kept list and no champion or shadow needs."""
    weeks = stores.publications.weeks()
    current = stores.publications.current()
    if not weeks or current is None:
        return {"outcome": "pruned", "removed": 0}
    oldest = min(weeks[-keep_weeks:][0], Week.parse(current["week"]))
    removed = 0
    for room in ("published", "scores", "prepared"):
        for folder in (stores.home / room).glob("week=*"):
            removed += _remove(folder) if Week.parse(folder.name[5:]) < oldest else 0
    for folder in (stores.home / "runs").glob("*"):
        removed += _remove(folder) if Week.parse(folder.name[:8]) < oldest else 0
    for bundle in set(stores.bundles.all()) - _needed(stores):
        removed += _remove(stores.home / "bundles" / bundle)
    return {"outcome": "pruned", "oldest_week": str(oldest), "removed": removed}


def _needed(stores: Stores) -> set[str]:
    entries = [entry for entry in (stores.ledger.champion(), *stores.ledger.predecessors()[:1]) if entry]
    lists = (each for week in stores.publications.weeks() for each in stores.publications.manifests(week))
    return {entry["to"] for entry in entries} | {manifest["bundle"] for manifest in lists}


def _remove(folder: Path) -> int:
    """Renames the folder first, so that a kill leaves a temporary one and never half of it."""
    from semana.stores import files

    scratch = files.temporary(folder)
    folder.rename(scratch)
    shutil.rmtree(scratch)
    return 1
