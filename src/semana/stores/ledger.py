"""The ledger: the append-only record of which bundle served, since when and why. It alone says who serves."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from semana.data.weeks import Week
from semana.errors import ContractError
from semana.stores.journal import Journal

PROMOTED, ROLLED_BACK = "promoted", "rolled back"


class Ledger:
    """Entries of {when, week, from, to, version, kind, by, why, evidence}; `to` is the bundle that serves from then on.

    `kind` is PROMOTED or ROLLED_BACK, `week` the first one that it serves. A chain that lost its end is still a chain:
    `known` says how many entries there were when the newest list was published.
    """

    def __init__(self, folder: Path, *, known: Callable[[], int] = lambda: 0) -> None:
        self.journal = Journal(folder)
        self._known = known

    def entries(self) -> list[dict[str, Any]]:
        """All entries, oldest first; raises ContractError where the chain is broken or lost its end."""
        entries, known = self.journal.entries(), self._known()
        if len(entries) < known:
            raise ContractError(
                f"ledger: {len(entries)} entries, {known} were there when the newest list was published: the last are "
                f"gone. Restore a backup into a new home (semana --home NEW restore)."
            )
        return entries

    def champion(self, week: Week | None = None) -> dict[str, Any] | None:
        """The entry of the bundle that serves; for a past `week`, the one that served its list."""
        entries = self.until(week)
        return entries[-1] if entries else None

    def predecessors(self, week: Week | None = None) -> list[dict[str, Any]]:
        """The entries that the champion came after, the newest first, each other bundle once.

        A rollback undoes its champion's own entry; a bundle that was ever rolled back is not among them, whoever
        promoted it again.
        """
        behind: list[dict[str, Any]] = []
        left_out = set()
        for entry in self.until(week):
            if rolled_back(entry):
                left_out.add(entry["from"])
                while behind and behind[-1]["to"] != entry["to"]:
                    behind.pop()
            else:
                behind.append(entry)
        left_out |= {entry["to"] for entry in behind[-1:]}
        found = {entry["to"]: entry for entry in behind if entry["to"] not in left_out}
        return sorted(found.values(), key=lambda entry: -int(entry["number"]))

    def shadow(self, week: Week | None = None, *, fit: Callable[[str], bool]) -> dict[str, Any] | None:
        """The entry of the champion's predecessor: the newest whose bundle is `fit` to serve."""
        return next((entry for entry in self.predecessors(week) if fit(entry["to"])), None)

    def last_rollback(self, week: Week) -> Week | None:
        """The week for which a champion was rolled back last, that one or an earlier."""
        weeks = [Week.parse(entry["week"]) for entry in self.until(week) if rolled_back(entry)]
        return max(weeks, default=None)

    def rolled_back(self) -> set[str]:
        """The bundles that were ever rolled back."""
        return {entry["from"] for entry in self.entries() if rolled_back(entry)}

    def is_past(self, week: Week) -> bool:
        """Whether a later week already has its entry: the ledger tells of the present, and is not rewritten."""
        return week < max((Week.parse(entry["week"]) for entry in self.entries()), default=week)

    def until(self, week: Week | None) -> list[dict[str, Any]]:
        """The entries that tell of `week` and earlier ones; all of them without one."""
        entries = self.entries()
        return [entry for entry in entries if week is None or Week.parse(entry["week"]) <= week]

    def append(self, entry: dict[str, Any], *, after: int) -> dict[str, Any]:
        """Adds an entry behind number `after`; raises Busy where another run was faster."""
        return self.journal.append(entry, after=after)


def rolled_back(entry: dict[str, Any]) -> bool:
    """Whether the entry took its `from` out of service because it failed."""
    return bool(entry.get("kind") == ROLLED_BACK)


def free_version(version: str, entries: Iterable[dict[str, Any]]) -> str:
    """The version, or the next patch of it that no entry has: after a rollback the next ones are taken."""
    taken = {entry["version"] for entry in entries}
    major, minor, patch = (int(part) for part in version.split("."))
    while f"{major}.{minor}.{patch}" in taken:
        patch += 1
    return f"{major}.{minor}.{patch}"
