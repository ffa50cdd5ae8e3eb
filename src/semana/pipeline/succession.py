"""Who serves next: by the gate, by a person, or back to the predecessor. Every change is one entry of the ledger."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from semana.data.weeks import Week
from semana.errors import ContractError, UsageError
from semana.evaluation.versions import next_version
from semana.stores.home import Stores
from semana.stores.ledger import PROMOTED, ROLLED_BACK, free_version
from semana.stores.runs import Run

BY_HAND = "by hand"
_log = logging.getLogger(__name__)


def shadow_of(stores: Stores, week: Week) -> dict[str, Any] | None:
    """The entry of the champion's predecessor, scored beside it: undamaged, supported, and never rolled back."""
    return stores.ledger.shadow(week, fit=stores.bundles.can_score)


def promoted(
    stores: Stores,
    bundle: str,
    *,
    week: Week,
    now: datetime,
    by: str,
    why: list[str],
    evidence: Mapping[str, Any],
) -> dict[str, Any]:
    """The entry, not yet in the ledger, by which `bundle` serves from `week` on."""
    champion = stores.ledger.champion(week)
    recipe = stores.bundles.recipe(bundle)
    previous = stores.bundles.recipe(champion["to"]) if champion and not damage(stores, champion["to"]) else None
    known = next((entry for entry in reversed(stores.ledger.entries()) if entry["to"] == bundle), None)
    version = next_version(previous, champion["version"] if champion else None, recipe)
    return {
        "when": now.isoformat(),
        "week": str(week),
        "from": champion["to"] if champion else None,
        "to": bundle,
        "version": known["version"] if known else free_version(version, stores.ledger.until(week)),
        "kind": PROMOTED,
        "by": by,
        "why": why,
        "evidence": {"last_label_week": recipe.last_label_week, **evidence},
    }


def roll_back(
    stores: Stores, *, week: Week, now: datetime, by: str, why: list[str], evidence: Mapping[str, Any]
) -> dict[str, Any]:
    """Makes the champion's predecessor serve from `week` on, and returns the ledger's new entry.

    Raises ContractError where there is none that may serve.
    """
    entries = stores.ledger.entries()
    champion = stores.ledger.champion(week)
    if champion is None:
        raise ContractError("no model serves yet: there is nothing to roll back. Run: semana run")
    faults = []
    for entry in stores.ledger.predecessors(week):
        if fault := stores.bundles.fault(entry["to"]):
            faults.append(f"{entry['version']}: {fault}")
            continue
        rolled = stores.ledger.append(
            {
                "when": now.isoformat(),
                "week": str(week),
                "from": champion["to"],
                "to": entry["to"],
                "version": entry["version"],
                "kind": ROLLED_BACK,
                "by": by,
                "why": why,
                "evidence": {**entry["evidence"], "rolled_back": champion["version"], **evidence},
            },
            after=len(entries),
        )
        _log.warning("rolled back from %s to %s: %s", champion["version"], entry["version"], "; ".join(why))
        return rolled
    because = f" ({'; '.join(faults)})" if faults else ""
    raise ContractError(
        f"{champion['version']} has no predecessor that may serve{because}: it stays. "
        f"Train another: semana run --retrain always"
    )


def goes_back(
    run: Run, stores: Stores, *, why: str, evidence: Mapping[str, Any] | None = None
) -> dict[str, Any] | None:
    """The entry by which the week goes back to the predecessor; None in a past week, and where none may serve.

    The run goes on either way.
    """
    if stores.ledger.is_past(run.week):
        return None
    try:
        return roll_back(stores, week=run.week, now=run.now, by=run.id, why=[why], evidence=evidence or {})
    except ContractError as err:
        _log.warning("nobody takes the champion's place (%s): %s", why, err)
        return None


def champion_that_serves(run: Run, stores: Stores, entry: dict[str, Any] | None) -> dict[str, Any] | None:
    """The entry, or, where its bundle is damaged or fails in a clean process, that of the predecessor it gives way to.

    At once, on holidays and soon after another rollback too: what cannot be loaded cannot serve. Without a predecessor
    it stays (`decide` orders another), and in a past week, which changes no ledger.
    """
    if entry is None or (fault := damage(stores, entry["to"])) is None:
        return entry
    return goes_back(run, stores, why=fault) or entry


def serve(run: Run, entry: dict[str, Any]) -> dict[str, Any]:
    """Records that the entry's bundle predicts in this run; returns what was recorded."""
    serving = {"bundle": entry["to"], "version": entry["version"], "model": entry["evidence"]["model"]}
    run.record("serving", serving)
    return serving


def still_serving(run: Run, stores: Stores) -> None:
    """Looks again at the bundle that the run chose: one that is damaged by now gives way to its predecessor."""
    entry = stores.ledger.champion(run.week)
    if entry and entry["to"] == run.recall("serving")["bundle"]:
        kept = champion_that_serves(run, stores, entry)
        if kept and kept is not entry:
            serve(run, kept)


def gives_way(run: Run, stores: Stores, *, why: str) -> bool:
    """Whether the run's champion, whose scores are no list, was rolled back at once; its predecessor predicts then."""
    entry = stores.ledger.champion(run.week)
    mine = entry is not None and entry["to"] == run.recall("serving")["bundle"]
    back = goes_back(run, stores, why=why) if mine else None
    if back:
        serve(run, back)
    return back is not None


def damage(stores: Stores, bundle: str) -> str | None:
    """What is wrong with the bundle itself; features of the past are no damage: `decide` orders another model."""
    try:
        stores.bundles.verify(bundle)
        if stores.bundles.unsupported(bundle) is None:
            stores.bundles.smoke(bundle)
    except ContractError as err:
        return str(err)
    return None


def promote_by_hand(stores: Stores, name: str, *, reason: str, now: datetime, by: str = BY_HAND) -> dict[str, Any]:
    """Makes a version of the ledger, or a bundle that the gate refused, serve from now on; returns the new entry."""
    bundle = bundle_of(stores, name)
    champion = stores.ledger.champion()
    if champion and champion["to"] == bundle:
        raise UsageError(f"{name} serves already: version {champion['version']}, since {champion['week']}")
    if fault := stores.bundles.fault(bundle):
        raise ContractError(fault)
    f1 = stores.bundles.metrics(bundle).get("f1", math.nan)
    known = next((each for each in reversed(stores.ledger.entries()) if each["to"] == bundle), None)
    told = {"model": stores.bundles.recipe(bundle).family, "gate_f1": None if math.isnan(f1) else f1, "judged": None}
    entry = promoted(
        stores,
        bundle,
        week=_now_serving(stores),
        now=now,
        by=by,
        why=[reason],
        evidence=known["evidence"] if known else told,
    )
    return stores.ledger.append(entry, after=len(stores.ledger.entries()))


def roll_back_by_hand(stores: Stores, *, reason: str, now: datetime, by: str = BY_HAND) -> dict[str, Any]:
    """Makes the champion's predecessor serve from now on; returns the new entry."""
    return roll_back(stores, week=_now_serving(stores), now=now, by=by, why=[reason], evidence={})


def bundle_of(stores: Stores, name: str) -> str:
    """The bundle of a version (like 1.0.0) or of its own id; raises UsageError naming the versions there are."""
    entries = stores.ledger.entries()
    by_version = {entry["version"]: entry["to"] for entry in entries}
    if name in by_version:
        return str(by_version[name])
    if name in stores.bundles.all():
        return name
    known = ", ".join(by_version) or "none yet"
    raise UsageError(f"version {name!r} never served; there are: {known} (or the id of a bundle under bundles/)")


def _now_serving(stores: Stores) -> Week:
    """The week from which a change by hand counts: the newest one that has a list or an entry of its own."""
    current = stores.publications.current()
    weeks = [Week.parse(entry["week"]) for entry in stores.ledger.entries()]
    weeks += [Week.parse(current["week"])] if current else []
    if not weeks:
        raise ContractError("no model serves yet. Run: semana run")
    return max(weeks)
