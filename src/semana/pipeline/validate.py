"""Validate: the landed whole, table by table; refuses only when our own promise is broken."""

from __future__ import annotations

from typing import Any

from semana.data.sources import TABLES
from semana.stores.home import Stores
from semana.stores.runs import Run


def run(run: Run, stores: Stores, *, table: str | None = None) -> dict[str, Any]:
    """Reports on each table (or on `table`) at the run's position; raises ContractError where landing is broken."""
    reports = {name: stores.landing.validate(run.position, name) for name in ([table] if table else TABLES)}
    return {"step": "validate", "position": run.position, "tables": reports}
