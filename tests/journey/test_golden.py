"""The golden set at the command line: frozen, shown, damaged, accepted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests import shop
from tests.journey.command import semana, summary

KNOWN = 28
TARGET = shop.FIRST + KNOWN


def test_a_short_history_has_no_golden_set_and_says_when_one_comes(home: Path) -> None:
    assert "the first promotion whose history is long enough freezes one" in semana(home, "golden", code=64)
    assert "too short a history" in semana(home, "golden", "create", code=65)


@pytest.mark.timeout(300)
def test_a_set_is_made_shown_damaged_and_accepted(tmp_path: Path) -> None:
    home = tmp_path / "home"
    files = shop.write_all(tmp_path / "files", weeks=shop.WEEKS[:KNOWN])
    semana(home, "ingest", *map(str, files), "--source", "canonical", "--as-of", str(TARGET.start))
    text = (Path(__file__).parents[2] / "params.yaml").read_text()
    rules = "race: [decayed_frequency, recent_repeat]"
    changed = text.replace("history_weeks: 13", "history_weeks: 3").replace(
        "race: [decayed_frequency, recent_repeat, personal_frequency, boosting]", rules
    )
    assert rules in changed
    (home / "params.yaml").write_text(changed)
    assert summary(home, "run", "--as-of", str(TARGET.start), "--json")["refused"] == []
    assert "colour: black" in semana(home, "golden")
    assert "--reason" in semana(home, "golden", "create", code=64)
    lock = next((home / "golden" / "sets").glob("*/lock.json"))
    lock.write_text(json.dumps(json.loads(lock.read_text()) | {"attribute": None}))
    assert "lock.json is not what was locked" in semana(home, "golden", code=65)
    assert "golden" in semana(home, "doctor", code=65)
    summary(home, "golden", "accept", "--reason", "no types any more")
    assert "no types any more" in semana(home, "golden", "show")
    semana(home, "doctor")
