"""What people are told when Airflow gives up or is late, over semana's own channels: once for a DAG run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.sdk import DeadlineAlert, DeadlineReference, SyncCallback

from semana_airflow.command import tell_people
from semana_airflow.settings import BIN, DEADLINE

if TYPE_CHECKING:
    from airflow.sdk import Context


def task_failed(context: Context) -> None:
    """Tells that a task is given up, where, and why; called by Airflow where the task ran."""
    ti = context["ti"]
    says = (
        f"{ti.dag_id}: {ti.task_id} is given up after {_tries(ti.try_number)}: {context.get('exception') or 'killed'}"
    )
    _tell_failure(ti.dag_id, ti.run_id, says)


def run_failed(context: Context) -> None:
    """Tells that a DAG run failed, where its task could not; called by Airflow's DAG processor."""
    dag_run = context["dag_run"]
    last = context.get("ti")
    says = f"{dag_run.dag_id}: {last.task_id if last else 'a task'} failed ({context.get('reason', 'no reason given')})"
    _tell_failure(dag_run.dag_id, dag_run.run_id, says)


def deadline_missed(context: dict[str, Any]) -> None:
    """Tells that a DAG run has not ended in time; called by Airflow on a worker."""
    dag_run = context["dag_run"]
    dag, run = dag_run["dag_id"], dag_run["dag_run_id"]
    minutes = DEADLINE.total_seconds() / 60
    says = f"{dag}: {run} has not ended {minutes:g} min after it was queued; the last list serves meanwhile"
    tell_people(BIN, "deadline missed", says, key=f"{dag} {run}")


def deadline() -> list[DeadlineAlert]:
    """The alert on a missed deadline; none where SEMANA_DEADLINE_MINUTES is 0."""
    if not DEADLINE:
        return []
    return [
        DeadlineAlert(DeadlineReference.DAGRUN_QUEUED_AT, interval=DEADLINE, callback=SyncCallback(deadline_missed))
    ]


def _tell_failure(dag: str, run: str, says: str) -> None:
    tell_people(BIN, "Airflow gave up", f"{says}. DAG run {run}; the last list serves", key=f"{dag} {run}")


def _tries(number: int) -> str:
    return "1 try" if number == 1 else f"{number} tries"
