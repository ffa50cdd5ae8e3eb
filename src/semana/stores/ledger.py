"""The ledger: the append-only record of which bundle served, since when and why. It alone says who serves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from semana.data.weeks import Week
from semana.stores.journal import Journal


class Ledger:
    """Entries of {when, week, from, to, version, by, why, evidence}; `to` is the bundle that serves from then on."""

    def __init__(self, folder: Path) -> None:
        self.journal = Journal(folder)

    def entries(self) -> list[dict[str, Any]]:
        """All entries, oldest first; raises ContractError where the chain is broken."""
        return self.journal.entries()

    def champion(self, week: Week | None = None) -> dict[str, Any] | None:
        """The entry of the bundle that serves; for a past `week`, the one that served its list."""
        entries = self._until(week)
        return entries[-1] if entries else None

    def shadow(self, week: Week | None = None) -> dict[str, Any] | None:
        """The entry of the champion's predecessor: the newest one of another bundle."""
        entries = self._until(week)
        return next((entry for entry in reversed(entries) if entry["to"] != entries[-1]["to"]), None)

    def append(self, entry: dict[str, Any], *, after: int) -> dict[str, Any]:
        """Adds an entry behind number `after`; raises Busy where another run was faster."""
        return self.journal.append(entry, after=after)

    def _until(self, week: Week | None) -> list[dict[str, Any]]:
        entries = self.entries()
        return [entry for entry in entries if week is None or Week.parse(entry["week"]) <= week]
