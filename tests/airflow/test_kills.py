"""What happens to machines: everything that can be killed is, at the worst moment, and the week still gets its list."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.airflow.conftest import FIRST, HEARTBEAT, NOW, RETRY
from tests.airflow.looks import check, deliver
from tests.airflow.scheduler import Airflow, command, wait_for
from tests.stores.server import free_port

ROOM = 300 * 2**10  # bytes: a delivery lands, what is made of it does not
LOOK = 2.0  # seconds between two looks for a flag
SLACK = 25.0  # seconds for Airflow to notice and for two busy cores


def training(airflow: Airflow, home: Path) -> tuple[str, psutil.Process]:
    """A DAG run that trains, and the process of its `semana train`."""
    deliver(home, FIRST, FIRST + 1, ready=False)
    run = airflow.trigger(retrain="always")
    return run, wait_for("training", lambda: command("train", home), seconds=120)


def tried_again(airflow: Airflow, run: str, killed: datetime, *, within: float) -> dict[str, Any]:
    """The task `train`, which was begun again in time; the run has come to its end."""
    assert airflow.done(run) == "success"
    task = airflow.tasks(run)["train"]
    assert (task["state"], task["try_number"]) == ("success", 2)
    began = datetime.fromisoformat(task["start_date"])
    assert (began - killed).total_seconds() < within
    return task


def gone(*processes: psutil.Process) -> bool:
    """Whether all of them end within seconds."""
    return not psutil.wait_procs(processes, timeout=5)[1]


def test_a_killed_task_leaves_no_orphan_and_is_tried_again(airflow: Airflow, home: Path) -> None:
    run, train = training(airflow, home)
    train.parent().kill()
    killed = datetime.now(UTC)
    assert gone(train)
    tried_again(airflow, run, killed, within=2 * RETRY + SLACK)
    assert airflow.summary(run, "notify")["retrained"]
    check(home, FIRST, NOW)


def test_a_killed_worker_takes_its_task_along_which_is_tried_again_after_the_heartbeat(
    airflow: Airflow, home: Path
) -> None:
    run, train = training(airflow, home)
    task = train.parent()
    worker = task.parent()
    assert "worker" in " ".join(worker.cmdline())
    worker.kill()
    killed = datetime.now(UTC)
    assert gone(train, task)
    tried_again(airflow, run, killed, within=HEARTBEAT + 2 * RETRY + SLACK)
    check(home, FIRST, NOW)


def test_a_killed_scheduler_is_started_again_and_finishes_the_run(airflow: Airflow, home: Path) -> None:
    run, train = training(airflow, home)
    airflow.component("scheduler").kill()
    killed = datetime.now(UTC)
    assert gone(train) or not train.is_running()
    tried_again(airflow, run, killed, within=HEARTBEAT + 2 * RETRY + 30 + SLACK)
    check(home, FIRST, NOW)


def test_a_flag_that_a_killed_triggerer_saw_and_could_not_tell_of_is_seen_by_the_next(
    airflow: Airflow, home: Path
) -> None:
    known = set(airflow.runs())
    triggerer = airflow.component("triggerer")
    triggerer.suspend()  # what looks for flags is a process of its own, and goes on
    deliver(home, FIRST, FIRST + 1)
    time.sleep(3 * LOOK)
    assert (home / "drop" / ".ready").exists()
    triggerer.kill()
    run = wait_for("new DAG run", lambda: next(iter(set(airflow.runs()) - known), None), seconds=120)
    assert airflow.done(run) == "success"
    wait_for("flag taken away", lambda: not (home / "drop" / ".ready").exists(), seconds=10)
    check(home, FIRST, NOW)
    assert set(airflow.runs()) - known == {run}


@contextlib.contextmanager
def mlflow_at(port: int, folder: Path) -> Iterator[None]:
    """MLflow's own server, as it starts in some seconds."""
    folder.mkdir()
    call = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    call += ["--backend-store-uri", f"sqlite:///{folder}/mlflow.db", "--artifacts-destination", f"{folder}/artifacts"]
    environment = {**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(call, env=environment, stdout=log, stderr=log, start_new_session=True)
    try:
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGKILL)
        server.wait()


def test_mlflow_comes_back_while_training_is_tried_again(
    airflow: Airflow, home: Path, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_port()
    (place / "env").write_text(f"export MLFLOW_TRACKING_URI=http://127.0.0.1:{port}\n")
    deliver(home, FIRST, FIRST + 1, ready=False)
    run = airflow.trigger(retrain="always")
    wait_for("failure", lambda: airflow.tasks(run)["train"]["state"] == "up_for_retry", seconds=120)
    shutil.rmtree(place / "mlflow", ignore_errors=True)
    with mlflow_at(port, place / "mlflow"):
        assert airflow.done(run) == "success"
        assert airflow.tasks(run)["train"]["try_number"] > 1
        notice = airflow.summary(run, "notify")
        assert notice["retrained"]
        assert "champion is version" in notice["tracking"]
        monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{port}")
        check(home, FIRST, NOW)


@pytest.fixture
def small_disk(home: Path, place: Path) -> Iterator[Path]:
    """The home on a file system of its own, with room for a little more; skips where none can be mounted."""
    kept = place / "kept"
    shutil.rmtree(kept, ignore_errors=True)
    home.rename(kept)
    home.mkdir()
    call = ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(home)]
    done = subprocess.run(call, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"no tmpfs can be mounted here: {done.stderr.strip()}")
    shutil.copytree(kept, home, dirs_exist_ok=True)
    try:
        yield home
    finally:
        for _ in range(20):
            if not subprocess.run(["umount", str(home)], capture_output=True, check=False).returncode:
                break
            time.sleep(1)


def test_a_full_disk_delays_the_list_and_breaks_nothing(airflow: Airflow, small_disk: Path) -> None:
    deliver(small_disk, FIRST, FIRST + 1, ready=False)
    filler = small_disk / "drop" / ".filler"
    with contextlib.suppress(OSError), filler.open("wb") as file:
        while True:
            file.write(bytes(4096))
            file.flush()
    os.truncate(filler, filler.stat().st_size - ROOM)
    run = airflow.trigger()

    def failed() -> bool:
        return any(state == "up_for_retry" for state in airflow.states(run).values())

    wait_for("failure at a write", failed, seconds=120)
    filler.unlink()
    assert airflow.done(run) == "success"
    check(small_disk, FIRST, NOW)
