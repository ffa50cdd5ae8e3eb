"""Hands what the scheduler knows of every task of our DAGs to semana, when a run of theirs has ended, however it ended.

A listener in the scheduler, so that no task, and no kill of one, can keep it from being told.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import threading
from typing import TYPE_CHECKING, Any

from airflow.listeners import hookimpl
from airflow.models.taskinstancehistory import TaskInstanceHistory
from airflow.models.xcom import XComModel
from airflow.plugins_manager import AirflowPlugin
from sqlalchemy import select
from sqlalchemy.orm import object_session

if TYPE_CHECKING:
    from airflow.models import DagRun
    from airflow.models.taskinstance import TaskInstance

_DAGS = ("semana_weekly", "semana_live")
_SECONDS = 120  # that semana may take to keep it; nobody waits for it
_log = logging.getLogger(__name__)


class Listener:
    """Told by the scheduler of every DAG run that ends."""

    @hookimpl
    def on_dag_run_success(self, dag_run: DagRun) -> None:
        """Every task came to a good end."""
        _ended(dag_run, "success")

    @hookimpl
    def on_dag_run_failed(self, dag_run: DagRun) -> None:
        """A task was given up."""
        _ended(dag_run, "failed")


class SemanaTasks(AirflowPlugin):
    """The listener, as Airflow finds it."""

    name = "semana_tasks"
    listeners = (Listener(),)


def _ended(dag_run: DagRun, state: str) -> None:
    if dag_run.dag_id not in _DAGS:
        return
    threading.Thread(target=_hand_over, args=(json.dumps(_record(dag_run, state)),), daemon=True).start()


def _record(dag_run: DagRun, state: str) -> dict[str, Any]:
    session = object_session(dag_run)
    mine = TaskInstanceHistory.dag_id == dag_run.dag_id, TaskInstanceHistory.run_id == dag_run.run_id
    before = session.scalars(select(TaskInstanceHistory).where(*mine)).all() if session else []
    ran = [*before, *dag_run.get_task_instances(session=session)]
    return {
        "scheduler": "airflow",
        "dag": dag_run.dag_id,
        "scheduler_run": dag_run.run_id,
        "state": state,
        "run": _run_of(dag_run),
        "tasks": [_task(each) for each in ran],
    }


def _task(ti: TaskInstance | TaskInstanceHistory) -> dict[str, Any]:
    moments = {
        "scheduled": ti.scheduled_dttm,
        "queued": ti.queued_dttm,
        "start": ti.start_date if ti.queued_dttm else None,  # what is skipped has a start, but never ran
        "end": ti.end_date if ti.queued_dttm else None,
    }
    return {
        "task": ti.task_id,
        "part": ti.rendered_map_index or (str(ti.map_index) if ti.map_index >= 0 else ""),
        "attempt": ti.try_number,
        "state": str(ti.state.value if hasattr(ti.state, "value") else ti.state),
        "host": ti.hostname or "",
        **{name: moment.isoformat() if moment else None for name, moment in moments.items()},
    }


def _run_of(dag_run: DagRun) -> str:
    """The run that ingest began; empty where it did not come so far."""
    query = XComModel.get_many(run_id=dag_run.run_id, dag_ids=dag_run.dag_id, task_ids="ingest", key="return_value")
    session = object_session(dag_run)
    found = session.scalars(query).first() if session else None
    summary = XComModel.deserialize_value(found) if found else None
    return str(summary.get("run") or "") if isinstance(summary, dict) else ""


def _hand_over(record: str) -> None:
    command = [os.environ.get("SEMANA_BIN", "semana"), "runs", "--record", "-"]
    try:
        done = subprocess.run(command, input=record, capture_output=True, text=True, timeout=_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as err:
        _log.warning("semana was not told of the tasks: %s", err)
        return
    if done.returncode:
        _log.warning("semana was not told of the tasks: %s", done.stderr.strip()[-500:])
