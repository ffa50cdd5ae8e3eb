"""A home that has run one week of the checkerboard shop, copied for every test that wants it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests import shop
from tests.journey.command import semana
from tests.params import params_with

KNOWN = 20  # weeks delivered
TARGET = shop.FIRST + KNOWN


def quick(home: Path) -> None:
    """Trees are few, and few trials are made of them: enough for a shop whose customers do always the same."""
    (home / "params.yaml").write_text(params_with({"trials: 10": "trials: 2", "trees: 200": "trees: 40"}))


@pytest.fixture(scope="session")
def _run_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shop")
    files = folder / "files"
    shop.write_all(files, weeks=shop.WEEKS[:KNOWN])
    home = folder / "home"
    semana(home, "ingest", str(files), "--source", "canonical", "--as-of", str(TARGET.start))
    quick(home)
    semana(home, "run", "--as-of", str(TARGET.start))
    return home.rename(folder / "kept")


@pytest.fixture
def home(_run_once: Path) -> Path:
    """A home whose list of TARGET is published, in the place where it was made."""
    found = _run_once.with_name("home")
    shutil.rmtree(found, ignore_errors=True)
    return Path(shutil.copytree(_run_once, found))
