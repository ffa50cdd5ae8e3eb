"""The end of it all: last in its folder, for it ends the Airflow that the others share."""

from __future__ import annotations

from tests.airflow.scheduler import Airflow


def test_an_interrupt_leaves_no_process_behind(airflow: Airflow) -> None:
    assert airflow.end() == []
    assert airflow.launcher.returncode == 0
