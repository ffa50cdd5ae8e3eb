"""The end of it all: last in its folder, for it ends the Airflow that the others share."""

from __future__ import annotations

from pathlib import Path

import psutil

from tests.airflow.scheduler import Airflow


def test_an_interrupt_leaves_no_process_behind(airflow: Airflow) -> None:
    assert airflow.end() == []
    assert airflow.launcher.returncode == 0


def test_a_dag_that_cannot_be_read_is_told_and_a_killed_launcher_leaves_no_process_behind(
    airflow: Airflow, place: Path
) -> None:
    again = Airflow(place, {"SEMANA_HOME": str(place / "home"), "SEMANA_SCHEDULE": "Weekly"})
    try:
        said = again.until_said("semana_weekly cannot be read", seconds=180)
        assert "SEMANA_SCHEDULE is 'Weekly'" in said
        assert "without semana_live and semana_weekly" in again.until_said("is ready", seconds=5)
        everything = psutil.Process(again.launcher.pid).children(recursive=True)
        assert len(everything) > 4
    finally:
        again.launcher.kill()
        again.launcher.wait()
    assert psutil.wait_procs(everything, timeout=10)[1] == []
