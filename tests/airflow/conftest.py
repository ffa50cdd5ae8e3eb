"""One Airflow for all tests, and for each of them a fresh home of the checkerboard shop that has run one week.

The shop's weeks end with the last one before today, so that a delivery's flag starts a run as it would any Monday.
"""

from __future__ import annotations

import os
import shutil
import sys
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from semana.data.weeks import Week, weeks_between
from tests import shop
from tests.airflow.scheduler import PYTHON, Airflow
from tests.journey.command import semana
from tests.params import params_with
from tests.stores.server import Sink

NOW = Week.of(datetime.now(UTC).date())
FIRST = NOW + -2  # the target week of the list that is there
KNOWN = 20  # weeks of history before it
HEARTBEAT = 15  # seconds without a sign of life after which a task is given up
DEADLINE = 30  # seconds
RETRY = 1  # seconds before the first retry


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Without --airflow the tests are skipped, and say so."""
    if config.getoption("airflow", default=False):
        assert PYTHON.exists(), "make test-airflow installs what these tests need"
        return
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.skip(reason="minutes on a real scheduler: make test-airflow"))


@pytest.fixture(scope="session")
def sink() -> Iterator[Sink]:
    found = Sink()
    yield found
    found.close()


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the home, which each test finds fresh, and of what is changed for a while."""
    return tmp_path_factory.mktemp("shop")


@pytest.fixture(scope="session")
def base(place: Path) -> Path:
    """A home with `KNOWN` weeks and the list of the week after them; nothing is tuned, and trees are few."""
    found = place / "home"
    files = place / "files"
    shop.write_all(files, weeks=weeks_between(FIRST + -KNOWN, FIRST + -1))
    found.mkdir()
    quick = {"trials: 10": "trials: 0", "trees: 200": "trees: 20", "free_disk_mib: 512": "free_disk_mib: 1"}
    (found / "params.yaml").write_text(params_with(quick))
    semana(found, "ingest", str(files), "--source", "canonical", "--as-of", str(FIRST.start))
    semana(found, "run", "--as-of", str(FIRST.start))
    return found.rename(place / "base")


@pytest.fixture(scope="session")
def airflow(place: Path, sink: Sink) -> Iterator[Airflow]:
    """Airflow beside the home, which reads `place/env` at every call of the command line."""
    program = place / "semana"
    program.write_text(f'#!/bin/sh\n. "{place}/env"\nexec "{Path(sys.executable).parent / "semana"}" "$@"\n')
    program.chmod(0o755)
    (place / "env").write_text("")
    hour = (datetime.now(UTC) + timedelta(hours=12)).hour  # a weekly schedule that does not come in between
    found = Airflow(
        place,
        {
            "SEMANA_BIN": str(program),
            "SEMANA_HOME": str(place / "home"),
            "SEMANA_SCHEDULE": f"0 {hour} * * 1",
            "SEMANA_LIVE_SCHEDULE": "never",
            "SEMANA_RETRIES": "4",
            "SEMANA_RETRY_SECONDS": str(RETRY),
            "SEMANA_DEADLINE_MINUTES": str(DEADLINE / 60),
            "SEMANA_ALERT_WEBHOOK": sink.address,
            "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.3",
            "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": str(HEARTBEAT),
            "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "3",
        },
    )
    try:
        found.until_said("is ready", seconds=180)
        yield found
    finally:
        if found.launcher.poll() is None:
            found.end()


@pytest.fixture
def home(airflow: Airflow, base: Path, place: Path, sink: Sink) -> Iterator[Path]:
    """The home of this test; no DAG run is under way."""
    airflow.quiet()
    found = place / "home"
    if found.exists():  # what Airflow still hands over of the last run goes with it
        found.rename(place / f"before-{uuid.uuid4().hex}")
    shutil.copytree(base, found, dirs_exist_ok=True)
    (place / "env").write_text("")
    sink.texts.clear()
    began = time.monotonic()
    yield found
    print(f"{os.environ.get('PYTEST_CURRENT_TEST', '')}: {time.monotonic() - began:.0f} s")
