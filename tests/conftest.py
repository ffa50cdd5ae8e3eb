"""What every test gets: an environment without settings of this machine, and hypothesis without a stopwatch."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

# Two busy cores make any deadline chance; in CI the examples are the same each time, so that a failure repeats.
settings.register_profile("house", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("house")


def pytest_addoption(parser: pytest.Parser) -> None:
    """What an ordinary run of all tests leaves out: what takes minutes and another environment, or writes the docs."""
    parser.addoption("--airflow", action="store_true", help="run the tests on a real Airflow (make test-airflow)")
    parser.addoption("--stack", action="store_true", help="run the tests in real containers (make test-stack)")
    parser.addoption("--stack-folder", help="where the engine of these tests keeps its files, to build sooner again")
    parser.addoption("--spark", action="store_true", help="run whole weekly runs on Spark (make test-spark)")
    parser.addoption("--pictures", action="store_true", help="make the pictures of docs/pictures anew")


@pytest.fixture(autouse=True)
def _no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(("SEMANA_", "MLFLOW_"))]:
        monkeypatch.delenv(name)
