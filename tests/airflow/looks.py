"""What must hold after whatever happened, and how a delivery comes."""

from __future__ import annotations

import json
from pathlib import Path

from semana.data.weeks import Week
from tests import shop
from tests.journey.command import semana, summary


def deliver(home: Path, *weeks: Week, ready: bool = True) -> None:
    """Leaves the order lines of these weeks in the drop folder, and then the flag."""
    for week in weeks:
        shop.write_week(home / "drop" / "canonical", week)
    if ready:
        (home / "drop" / ".ready").touch()


def lists(home: Path) -> dict[str, list[int]]:
    """The revisions of every week with a list."""
    found: dict[str, list[int]] = {}
    for path in sorted(home.glob("published/week=*/rev=*")):
        found.setdefault(path.parent.name[5:], []).append(int(path.name[4:]))
    return found


def check(home: Path, *weeks: Week) -> None:
    """Exactly one list for each of these weeks, the newest serves, all is well, and nothing lies about half done."""
    assert lists(home) == {str(week): [1] for week in weeks}
    current = json.loads((home / "published" / "current.json").read_text())
    assert current == {"week": str(max(weeks)), "rev": 1}
    assert "wrong" not in semana(home, "doctor")
    entries = [json.loads(path.read_text()) for path in sorted((home / "ledger").glob("*.json"))]
    assert [entry["number"] for entry in entries] == list(range(1, len(entries) + 1))
    assert all(entry["why"] and entry["by"] for entry in entries)
    assert len({entry["by"] for entry in entries}) == len(entries), "a run promotes once"
    assert {entry["to"] for entry in entries} <= {path.name for path in (home / "bundles").iterdir()}
    assert not list((home / "drop").rglob("*.parquet"))
    assert summary(home, "promote", "--keep")["tracking"] == "up to date"
