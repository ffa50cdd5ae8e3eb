"""The same purchases give the same bytes: on one thread or two, in any order, in another process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def made(threads: int, *, order: int) -> dict[str, object]:
    """What a process of its own makes with so many threads from purchases in that order."""
    environment = {**os.environ, "POLARS_MAX_THREADS": str(threads), "OMP_NUM_THREADS": str(threads)}
    call = [sys.executable, "-m", "tests.hashes", str(order)]
    done = subprocess.run(call, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=200, check=True)
    found: dict[str, object] = json.loads(done.stdout)
    assert found.pop("threads") == threads
    return found


@pytest.fixture(scope="module")
def alone() -> dict[str, object]:
    found = made(1, order=1)
    assert found["pairs"] > 500
    return found


@pytest.mark.parametrize(("threads", "order"), [(1, 2), (2, 3)])
def test_features_and_learned_trees_are_the_same_bytes(alone: dict[str, object], threads: int, order: int) -> None:
    assert made(threads, order=order) == alone
