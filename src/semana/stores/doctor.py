"""A home's health: every promise that can be checked without changing anything."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from semana.data.sources import TABLES
from semana.errors import ConfigurationError, ContractError, UsageError
from semana.stores import files
from semana.stores.forgetting import BEGUN

if TYPE_CHECKING:
    from semana.stores.home import Stores


def examine(stores: Stores) -> list[dict[str, str]]:
    """One finding per check: its result is "ok" or what is wrong and what to do."""
    checks: dict[str, Callable[[], str]] = {
        "disk": lambda: _disk(stores),
        "source": lambda: stores.landing.source.name if stores.landing.source else "none yet",
        "manifest": lambda: _entries(stores.landing.history()),
        **{f"landed {table}": _landed(stores, table) for table in TABLES},
        "ledger": lambda: _entries(stores.ledger.entries()),
        "exclude.csv": lambda: _entries(stores.publications.exclusions().rows()),
        "golden": lambda: _golden(stores),
        "experiments": lambda: f"{len(stores.experiments.all())} begun",
        "champion": lambda: _champion(stores),
        "list": lambda: _list(stores),
        "tracking": stores.tracking.says,
        "forgetting": lambda: _forgetting(stores),
    }
    return [_finding(name, check) for name, check in checks.items()]


def _finding(name: str, check: Callable[[], str]) -> dict[str, str]:
    try:
        return {"check": name, "result": "ok", "says": check()}
    except (ContractError, ConfigurationError, UsageError, OSError) as err:
        return {"check": name, "result": "wrong", "says": str(err)}


def _entries(found: Sequence[object]) -> str:
    return f"{len(found)} {'entry' if len(found) == 1 else 'entries'}"


def _disk(stores: Stores) -> str:
    if low := low_disk(stores):
        raise ContractError(low)
    return f"{_free_mib(stores)} MiB free"


def low_disk(stores: Stores) -> str | None:
    """That less disk is free than wanted, and what to do; None where enough is."""
    free, wanted = _free_mib(stores), stores.params.store.free_disk_mib
    return None if free >= wanted else f"{free} MiB are free, {wanted} are wanted. Free some, or: semana prune"


def _free_mib(stores: Stores) -> int:
    return shutil.disk_usage(stores.home).free // 2**20


def _landed(stores: Stores, table: str) -> Callable[[], str]:
    def check() -> str:
        report = stores.landing.validate(stores.landing.position, table)
        return ", ".join(f"{name} {value}" for name, value in report.items())

    return check


def _forgetting(stores: Stores) -> str:
    if (begun := stores.home / BEGUN).exists():
        customer = json.loads(begun.read_bytes())["customer"]
        raise ContractError(f'customer {customer} is half forgotten. Run: semana forget {customer} --reason "..."')
    return "none under way"


def _golden(stores: Stores) -> str:
    lock = stores.golden.lock()
    return f"{len(lock['weeks'])} weeks, {len(lock['cases'])} cases, as locked" if lock else "none yet"


def _champion(stores: Stores) -> str:
    entry = stores.ledger.champion()
    if entry is None:
        return "none yet"
    if fault := stores.bundles.fault(entry["to"]):
        raise ContractError(fault)
    return f"{entry['version']} ({entry['to']}) loads and scores"


def _list(stores: Stores) -> str:
    manifest = stores.publications.current_manifest()
    if manifest is None:
        return "none yet"
    folder = stores.home / "published" / f"week={manifest['week']}" / f"rev={manifest['rev']}"
    wrong = [name for name, expected in manifest["files"].items() if files.sha256(folder / name) != expected]
    if wrong:
        raise ContractError(
            f"{', '.join(wrong)} of {manifest['week']} changed since it was published. Run: semana publish"
        )
    if gone := stores.landing.taken_back(manifest["position"]):
        raise ContractError(
            f"{manifest['week']} was made from {', '.join(gone)}, since retracted. "
            f'For a list without: semana run --reason "..."'
        )
    return other_model(stores) or f"{manifest['week']} revision {manifest['rev']} is as published"


def other_model(stores: Stores) -> str | None:
    """That another model serves by now than made the current list, and what to do; None where it is the same."""
    manifest, entry = stores.publications.current_manifest(), stores.ledger.champion()
    if manifest is None or entry is None or entry["to"] == manifest["bundle"]:
        return None
    return (
        f"the list of {manifest['week']} is of {manifest['model_version']}, {entry['version']} serves by now: the next "
        f'week\'s is its first; for this week: semana run --week {manifest["week"]} --reason "..."'
    )
