"""A model's life at the command line: listed, compared, rolled back, promoted; and two runs at once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import shop
from tests.journey.command import semana, summary
from tests.journey.conftest import TARGET


def test_a_rollback_without_a_predecessor_is_refused_and_says_so(home: Path) -> None:
    assert "1.0.0 has no predecessor" in semana(home, "models", "rollback", "--reason", "calls went wrong", code=65)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("promote", "1.0.0", "--reason", "why not"), "serves already"),
        (("promote", "2.0.0", "--reason", "why not"), "there are: 1.0.0"),
        (("promote", "1.0.0"), "--reason"),
        (("show", "9.9.9"), "there are: 1.0.0"),
        (("compare", "1.0.0", "9.9.9"), "there are: 1.0.0"),
    ],
)
def test_wrong_words_about_models_name_what_there_is(home: Path, words: tuple[str, ...], says: str) -> None:
    assert says in semana(home, "models", *words, code=64)


def test_a_version_serves_is_compared_rolled_back_and_promoted_again(home: Path, tmp_path: Path) -> None:
    semana(home, "ingest", str(shop.write_week(tmp_path, TARGET)), "--as-of", str(TARGET.end))
    found = summary(home, "run", "--as-of", str((TARGET + 1).start), "--retrain", "always", "--json")
    version = found["model_version"]
    assert version in semana(home, "models")
    assert "last label week" in semana(home, "models", "compare", "1.0.0", version)
    compared = summary(home, "models", "compare", "1.0.0", version, "--format", "json")
    assert list(compared["models"]) == ["1.0.0", version]
    assert summary(home, "models", "rollback", "--reason", "calls went wrong")["version"] == "1.0.0"
    assert "1.0.0 serves by now" in " ".join(semana(home, "doctor").split())
    assert f"rolled back from {version}" in " ".join(semana(home, "models").split())
    assert summary(home, "models", "promote", version, "--reason", "it was the file")["version"] == version
    assert "Bundle" in semana(home, "models", "show", version)


def test_a_ledger_that_lost_its_end_is_found(home: Path) -> None:
    max((home / "ledger").glob("*.json")).unlink()
    assert "not well: ledger" in semana(home, "doctor", code=65)
    for words in (("run", "--as-of", str(TARGET.start)), ("models", "promote", "1.0.0", "--reason", "again")):
        assert "ledger.head tells of" in semana(home, *words, code=65)


def test_of_two_runs_at_once_exactly_one_goes_through_and_the_other_is_busy(home: Path, tmp_path: Path) -> None:
    semana(home, "ingest", str(shop.write_week(tmp_path, TARGET)), "--as-of", str(TARGET.end))
    words = ["run", "--as-of", str((TARGET + 1).start), "--retrain", "always"]
    call = [sys.executable, "-m", "semana.cli", "--home", str(home), *words]
    both = [
        subprocess.Popen(call, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ}) for _ in range(2)
    ]
    for process in both:
        process.communicate(timeout=240)
    assert sorted(process.returncode for process in both) == [0, 75]
    weeks = [json.loads(path.read_bytes())["week"] for path in sorted((home / "ledger").glob("*.json"))]
    assert weeks.count(str(TARGET + 1)) <= 1
