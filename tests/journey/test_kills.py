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
from semana.stores.bundle import Bundles
from tests import shop
from tests.journey.command import in_process, semana
from tests.journey.conftest import TARGET

NEXT = TARGET + 1
_PARTS = 2  # tests that share the victims: workers take one each
RUN = ("run", "--as-of", str(NEXT.start))


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


def entries(home: Path) -> int:
    """How many entries its manifest has."""
    return len(list((home / "landing" / "manifest").glob("*.json")))


def copies(home: Path, folder: Path) -> list[Path]:
    """The home as a kill before and after each write of the run would leave it, in their order; equal ones once."""
    program = [sys.executable, "-m", "tests.journey.killer", str(folder), "--home", str(home), *RUN]
    done = subprocess.run(program, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return list({fingerprint(copy): copy for copy in sorted(folder.iterdir())}.values())


def fingerprint(home: Path) -> tuple[tuple[str, bytes | None], ...]:
    """Every folder and every file of it, with the file's bytes."""
    found = sorted(home.rglob("*"))
    return tuple((str(each.relative_to(home)), each.read_bytes() if each.is_file() else None) for each in found)


def _served_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on a bundle is loaded in a clean process once, not in each home that holds a copy of it."""
    known: set[str] = set()
    asked = Bundles.smoke

    def smoke(bundles: Bundles, bundle: str) -> None:
        if bundle not in known:
            asked(bundles, bundle)
            known.add(bundle)

    monkeypatch.setattr(Bundles, "smoke", smoke)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("part", range(_PARTS))
def test_a_kill_at_any_write_leaves_a_whole_list_and_the_next_run_finishes(
    home: Path, tmp_path: Path, part: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    undisturbed = drop(Path(shutil.copytree(home, tmp_path / "undisturbed")))
    semana(undisturbed, *RUN)
    old, new = served(home), served(undisturbed)
    assert (old[0], new[0]) == (str(TARGET), str(NEXT))
    victims = copies(drop(home), tmp_path / "victims")
    _served_once(monkeypatch)
    assert len(victims) > 150
    for victim in victims[part::_PARTS]:
        shutil.rmtree(home)
        victim.rename(home)  # where it was killed
        assert served(home) in (old, new), victim.name
        in_process(home, *RUN)
        assert served(home) == new, victim.name
        assert entries(home) == entries(undisturbed), victim.name
        assert not list((home / "drop" / "canonical").iterdir()), victim.name


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
