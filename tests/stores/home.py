"""A home to deliver to, and what lies in it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

from semana import params
from semana.data.purchases import count_once, weekly_purchases
from semana.data.sources import Source, parse_source
from semana.errors import ConfigurationError
from semana.stores.landing import Landing

ROOT = Path(__file__).resolve().parents[2]
PARAMS = params.parse((ROOT / "params.yaml").read_text())
LATER = datetime(2026, 1, 5, 6, tzinfo=UTC)


def find_source(name: str) -> Source:
    path = ROOT / "sources" / f"{name}.yaml"
    if not path.exists():
        raise ConfigurationError(f"source {name!r} is unknown; there are: canonical, ...")
    return parse_source(name, path.read_text())


def open_landing(home: Path) -> Landing:
    return Landing(home, find_source=find_source, params=PARAMS.data)


def deliver(landing: Landing, path: Path, **options: Any) -> dict[str, Any]:
    """Delivers with what most tests do not care about."""
    return landing.deliver(path, **{"source": "canonical", "table": None, "arrival": LATER, **options})


def tree(folder: Path) -> dict[str, bytes]:
    """Every file under the folder with its content."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def purchases(landing: Landing, position: int | None = None) -> pl.DataFrame:
    """What prepare would make of the landed lines."""
    lines = landing.lines(landing.position if position is None else position)
    frame: pl.DataFrame = weekly_purchases(count_once(lines)).collect("polars").to_native()
    return frame
