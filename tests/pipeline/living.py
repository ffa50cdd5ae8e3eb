"""A home in which two models have served, quickly made: the checkerboard shop, rules that race, a gate that admits."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from semana.data import catalog
from semana.data.weeks import Week
from semana.pipeline import ingest, portions
from semana.pipeline.order import Order
from semana.pipeline.weekly import run_week
from semana.settings import read_settings
from semana.stores.home import Stores, open_home
from tests import shop
from tests.stores.home import ROOT

KNOWN = 16
SECOND = shop.FIRST + KNOWN + 1  # the week from which the second model serves
NOW = datetime(2026, 1, 1, tzinfo=UTC)
RULES = {r"race: \[.*\]": "race: [decayed_frequency]", r"mode: enforce": "mode: dry_run"}


def made(folder: Path, *, params: dict[str, str], weeks: int = KNOWN) -> Stores:
    """A home to which the shop's first weeks were delivered, under changed params."""
    files = shop.write_all(folder / "files", weeks=shop.WEEKS[:weeks])
    settings = read_settings(folder / "home")
    ingest.land(open_home(settings, create=True), files, source="canonical", table=None, arrival=NOW)
    text = (ROOT / "params.yaml").read_text()
    for old, new in params.items():
        text, found = re.subn(old, new, text)
        assert found == 1, old
    (settings.home / "params.yaml").write_text(text)
    return open_home(settings)


def deliver(stores: Stores, week: Week) -> None:
    """The shop's lines of the week arrive."""
    path = shop.write_week(stores.home.parent / "files", week)
    ingest.land(stores, [path], source="canonical", table=None, arrival=NOW)


def run(stores: Stores, week: Week, retrain: str = "auto") -> dict[str, Any]:
    """The weekly run that predicts `week`, on its Monday."""
    return run_week(stores, Order(NOW, as_of=week.start, retrain=retrain, reason="a test"))


def in_many_portions(patch: pytest.MonkeyPatch) -> set[int]:
    """From now on weeks are worked out a few customers at a time; in how many portions each was stands in the set."""
    found, portions_of = set(), portions._portions

    def counted(*asked: Any, **options: Any) -> list[Any]:
        parts = portions_of(*asked, **options)
        found.add(len(parts))
        return parts

    for name in ("MOST", "MOST_TO_DRAW_FROM"):
        patch.setattr(portions, name, 250)
    patch.setattr(portions, "_portions", counted)
    return found


def two_models(folder: Path) -> Stores:
    """1.0.0 served a week, then came 1.0.1, which made the list of SECOND; 1.0.0 is its shadow."""
    stores = made(folder, params=RULES)
    run(stores, SECOND + -1)
    deliver(stores, SECOND + -1)
    run(stores, SECOND, "always")
    return stores


def reopened(home: Path) -> Stores:
    """The home as another process sees it."""
    return open_home(read_settings(home))


def plant(stores: Stores, figures: dict[Week, tuple[float, float]], *, champion: str, shadow: str) -> None:
    """Realised F1 of both in these weeks."""
    for week, both in figures.items():
        rows = [
            {
                "role": role,
                "model_version": version,
                "f1": f1,
                "reference_f1": 0.5,
                "week": str(week),
                "position": 999,
                "judged_on": "planted",
            }
            for role, version, f1 in zip(("champion", "shadow"), (champion, shadow), both, strict=True)
        ]
        stores.lake.write(catalog.PERFORMANCE, pl.DataFrame(rows), week)
