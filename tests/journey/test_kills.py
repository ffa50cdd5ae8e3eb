"""SIGKILL at every write of a weekly run: the last list serves, the next run finishes, nothing is lost."""

from __future__ import annotations

import json
import random
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from semana.stores import files
from tests import shop
from tests.journey.command import semana
from tests.journey.conftest import TARGET

NEXT = TARGET + 1
RUN = ("run", "--as-of", str(NEXT.start))
STRIDE = 3  # each of two tests takes every third write, from another one on: together with `after`, neighbours too


def drop(home: Path) -> Path:
    """The next week waits in the drop folder."""
    shop.write_week(home / "drop" / "canonical", TARGET)
    return home


def served(home: Path) -> tuple[str, str]:
    """The current week and the hash of its list; every file of it is as its manifest says."""
    current = json.loads((home / "published" / "current.json").read_text())
    folder = home / "published" / f"week={current['week']}" / f"rev={current['rev']}"
    manifest = json.loads((folder / "manifest.json").read_text())
    assert {name: files.sha256(folder / name) for name in manifest["files"]} == manifest["files"]
    assert pl.read_parquet(folder / "predictions.parquet")["week"].unique().to_list() == [current["week"]]
    return current["week"], manifest["files"]["predictions.parquet"]


def killed(home: Path, number: int, when: str) -> bool:
    """Runs with a kill at write `number`; False where the run ended before it came."""
    program = [sys.executable, "-m", "tests.journey.killer", str(number), when, "--home", str(home), *RUN]
    done = subprocess.run(program, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    return done.returncode != 0


@pytest.mark.timeout(900)
@pytest.mark.parametrize(("first", "when"), [(1, "before"), (2, "after")])
def test_a_kill_at_any_write_leaves_a_whole_list_and_the_next_run_finishes(
    home: Path, tmp_path: Path, first: int, when: str
) -> None:
    undisturbed = drop(Path(shutil.copytree(home, tmp_path / "undisturbed")))
    semana(undisturbed, *RUN)
    old, new = served(home), served(undisturbed)
    assert (old[0], new[0]) == (str(TARGET), str(NEXT))
    number = first
    while True:
        victim = drop(Path(shutil.copytree(home, tmp_path / f"victim-{number}")))
        died = killed(victim, number, when)
        assert served(victim) in (old, new)
        if not died:
            break
        semana(victim, *RUN)
        assert served(victim) == new
        assert len(list((victim / "landing" / "manifest").glob("*.json"))) == len(
            list((undisturbed / "landing" / "manifest").glob("*.json"))
        )
        assert not list((victim / "drop" / "canonical").iterdir())
        shutil.rmtree(victim)
        number += STRIDE
    assert number > 10 * STRIDE


def test_kills_at_random_times_in_a_loop_lose_nothing(home: Path) -> None:
    drop(home)
    dice = random.Random(5)
    old = served(home)
    for _ in range(6):
        call = [sys.executable, "-m", "semana.cli", "--home", str(home), *RUN]
        process = subprocess.Popen(call, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            process.wait(timeout=dice.uniform(0.2, 3.0))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
        assert served(home)[0] in (old[0], str(NEXT))
    semana(home, *RUN)
    assert served(home)[0] == str(NEXT)
    assert "wrong" not in semana(home, "doctor")
