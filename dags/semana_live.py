"""The running week, as it arrives: lands what was dropped and looks at it, beside the weekly run."""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import DAG

from semana_airflow import alerts, assets
from semana_airflow.operators import SemanaOperator
from semana_airflow.settings import LIVE_SCHEDULE, RETRIES, RETRY_DELAY, timetable

with DAG(
    "semana_live",
    description="Lands what came of the running week, and compares it with the same weekdays of past weeks",
    schedule=timetable(LIVE_SCHEDULE, minute=30),  # not at the weekly run's minute: one lands at a time
    catchup=False,
    max_active_runs=1,
    tags=["semana"],
    default_args={
        "retries": RETRIES,
        "retry_delay": RETRY_DELAY,
        "retry_exponential_backoff": 2.0,
        "max_retry_delay": timedelta(minutes=15),
        "execution_timeout": timedelta(minutes=15),
        "on_failure_callback": alerts.task_failed,
    },
    on_failure_callback=alerts.run_failed,
    doc_md=__doc__,
):
    ingest = SemanaOperator(task_id="ingest", words=["ingest"], outlets=[assets.LANDED], counts=["rows", "position"])
    live_drift = SemanaOperator(task_id="live_drift", words=["drift", "--live", "--format", "json"])

    ingest >> live_drift
