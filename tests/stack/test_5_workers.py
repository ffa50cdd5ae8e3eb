"""Two worker hosts: the tasks of one run go to both, and what one was doing when it died is done by the other."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.stack.conftest import NOW
from tests.stack.stack import Stack, wait_for

HOSTS = ("worker-a", "worker-b")


@pytest.fixture(scope="module")
def workers(listed: Stack) -> Iterator[Stack]:
    """The stack with Celery in place of its scheduler's own processes; afterwards as before."""
    before = dict(listed.environment)
    listed.environment |= {"COMPOSE_PROFILES": "workers", "SEMANA_EXECUTOR": "CeleryExecutor"}
    listed.make("up")
    yield listed
    listed.compose("stop", *HOSTS, "redis")
    listed.environment = before


def test_the_tasks_of_one_run_are_done_by_both_hosts_and_one_dying_loses_nothing(workers: Stack) -> None:
    run = workers.trigger(retrain="always", reason="two hosts")

    def training() -> str | None:
        task = workers.tasks(run).get("train", {})
        return task.get("hostname") if task.get("state") == "running" else None

    host = wait_for("training", training, seconds=240)
    workers.kill(host)
    assert workers.done(run, seconds=420) == "success"
    tasks = workers.tasks(run)
    assert tasks["train"]["try_number"] > 1
    assert {task["hostname"] for task in tasks.values() if task["hostname"]} == set(HOSTS)
    wait_for("new revision", lambda: workers.api("/v1/customers/2/predictions")["week"] == str(NOW + 1), seconds=30)
    assert "wrong" not in workers.inside("scheduler", "/opt/semana/bin/semana", "doctor")
