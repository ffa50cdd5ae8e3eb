"""The DAGs as Airflow reads them: exactly the steps, in their order, every task with its retries and its limit."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from semana.pipeline import STEPS
from tests.airflow.scheduler import PYTHON
from tests.house.tree import ROOT

# Read in Airflow's own environment; semana must not be there, and its settings come from the environment alone.
PROGRAM = """
import json, sys
from airflow.dag_processing.dagbag import DagBag
bag = DagBag(dag_folder=sys.argv[1])
told = {
    dag_id: {
        "schedule": type(dag.timetable).__name__,
        "cron": getattr(getattr(dag.timetable, "timetable", dag.timetable), "expression", None),
        "active": dag.max_active_runs,
        "catchup": dag.catchup,
        "deadlines": len(dag.deadline or []),
        "tasks": {
            task.task_id: {
                "needs": sorted(task.upstream_task_ids),
                "mapped": type(task).__name__ == "MappedOperator",
                "retries": task.retries,
                "backoff": float(task.retry_exponential_backoff),
                "cap": task.max_retry_delay.total_seconds(),
                "limit": task.execution_timeout.total_seconds(),
                "outlets": [asset.name for asset in task.outlets or []],
            }
            for task in dag.tasks
        },
    }
    for dag_id, dag in bag.dags.items()
}
print(json.dumps({"errors": bag.import_errors, "dags": told, "semana": "semana" in sys.modules}))
"""


# Every pair of a setting and a value, one after another: what it says of the wrong one.
WRONG = """
import importlib, json, os, sys
import semana_airflow.settings as settings
said = []
for name, value in json.loads(sys.argv[1]):
    os.environ[name] = value
    try:
        importlib.reload(settings)
        said.append("")
    except ValueError as err:
        said.append(str(err))
    del os.environ[name]
print(json.dumps(said))
"""


def asked(folder: Path, program: str, argument: str, **settings: str) -> Any:
    """What the program prints in Airflow's environment."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("SEMANA", "AIRFLOW"))}
    environment = {**clean, **settings, "AIRFLOW_HOME": str(folder), "PYTHONPATH": str(ROOT / "dags")}
    call = [str(PYTHON), "-c", program, argument]
    done = subprocess.run(call, env=environment, capture_output=True, text=True, timeout=120, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def read(folder: Path, **settings: str) -> dict[str, Any]:
    """What Airflow makes of the DAGs under these settings."""
    found = asked(folder, PROGRAM, str(ROOT / "dags"), **settings)
    assert found["errors"] == {}
    assert not found["semana"]
    return dict(found["dags"])


@pytest.fixture(scope="module")
def dags(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return read(tmp_path_factory.mktemp("airflow"))


def test_the_tasks_are_the_steps_the_kept_champion_and_the_notice(dags: dict[str, Any]) -> None:
    assert set(dags) == {"semana_weekly", "semana_live"}
    assert set(dags["semana_weekly"]["tasks"]) == {step.name for step in STEPS} | {"keep_champion", "notify"}
    assert [name for name, task in dags["semana_weekly"]["tasks"].items() if task["mapped"]] == ["validate"]


def test_every_task_waits_for_what_its_step_needs(dags: dict[str, Any]) -> None:
    tasks = dags["semana_weekly"]["tasks"]
    for step in STEPS:
        beside = {"keep_champion"} if step.name == "predict" else set()
        assert set(tasks[step.name]["needs"]) == set(step.needs) | beside, step.name
    assert tasks["keep_champion"]["needs"] == ["decide"]
    assert tasks["notify"]["needs"] == ["decide", "publish"]


def test_every_task_is_tried_again_more_and_more_slowly_and_has_a_limit(dags: dict[str, Any]) -> None:
    for dag in dags.values():
        for name, task in dag["tasks"].items():
            assert (task["retries"], task["backoff"], task["cap"]) == (4, 2.0, 900.0), name
            assert 0 < task["limit"] <= 3 * 3600, name


def test_one_run_at_a_time_by_time_or_by_the_flag_and_no_catching_up(dags: dict[str, Any]) -> None:
    weekly, live = dags["semana_weekly"], dags["semana_live"]
    assert (weekly["active"], weekly["catchup"], weekly["deadlines"]) == (1, False, 0)
    assert (weekly["schedule"], weekly["cron"]) == ("AssetOrTimeSchedule", "0 6 * * 1")
    assert (live["schedule"], live["cron"]) == ("CronTriggerTimetable", "30 6 * * *")
    assert weekly["tasks"]["publish"]["outlets"] == ["semana_list"]


@pytest.mark.parametrize(
    ("schedule", "timetable", "cron"),
    [
        ("daily", "AssetOrTimeSchedule", "0 6 * * *"),
        ("monthly", "AssetOrTimeSchedule", "0 6 1 * *"),
        ("15 4 * * 2", "AssetOrTimeSchedule", "15 4 * * 2"),
        ("never", "AssetTriggeredTimetable", None),
    ],
)
def test_the_schedule_is_a_setting(tmp_path: Path, schedule: str, timetable: str, cron: str | None) -> None:
    found = read(tmp_path, SEMANA_SCHEDULE=schedule, SEMANA_LIVE_SCHEDULE="never", SEMANA_DEADLINE_MINUTES="90")
    weekly = found["semana_weekly"]
    assert (weekly["schedule"], weekly["cron"], weekly["deadlines"]) == (timetable, cron, 1)
    assert found["semana_live"]["schedule"] == "NullTimetable"


def test_a_wrong_setting_names_itself_what_came_and_what_was_expected(tmp_path: Path) -> None:
    wrong = [
        ("SEMANA_SCHEDULE", "Weekly"),
        ("SEMANA_SCHEDULE", "61 6 * * *"),
        ("SEMANA_SCHEDULE", "* * * * * *"),
        ("SEMANA_LIVE_SCHEDULE", "hourlyy"),
        ("SEMANA_TIMEZONE", "Europe/Atlantis"),
        ("SEMANA_TIMEZONE", "Europe"),
        ("SEMANA_DEADLINE_MINUTES", "soon"),
        ("SEMANA_RETRIES", "-1"),
        ("SEMANA_RETRY_SECONDS", "nan"),
    ]
    right = [("SEMANA_SCHEDULE", ""), ("SEMANA_SCHEDULE", " daily "), ("SEMANA_TIMEZONE", "America/Lima")]
    said = asked(tmp_path, WRONG, json.dumps(wrong + right))
    assert said[len(wrong) :] == [""] * len(right)
    for (name, value), text in zip(wrong, said, strict=False):
        assert text.startswith(f"{name} is {value!r}; "), text
        assert "expected" in text
