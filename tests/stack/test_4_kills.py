"""Every container is killed in turn: it is started again, and meanwhile the list is served as before."""

from __future__ import annotations

import time
from functools import partial

import pytest

from tests.stack.conftest import NOW
from tests.stack.stack import Stack, wait_for

SERVICES = ("postgres", "mlflow", "apiserver", "scheduler", "dag-processor", "triggerer", "watch", "ui", "api")


@pytest.fixture(scope="module")
def died() -> dict[str, float]:
    """When each container was killed, by the monotonic clock."""
    return {}


@pytest.mark.parametrize("service", SERVICES)
def test_a_killed_container_is_started_again_and_the_list_is_served(
    listed: Stack, service: str, died: dict[str, float]
) -> None:
    wait_for(f"well {service}", lambda: listed.well(service), seconds=180)
    before = listed.look(service)["RestartCount"]
    listed.kill(service)
    died[service] = time.monotonic()
    if service != "api":
        told = listed.api("/v1/customers/2/predictions")
        assert told["week"] == str(NOW + 1)
    wait_for(f"{service} again", lambda: listed.look(service)["RestartCount"] > before, seconds=30)


def test_after_all_that_everything_is_well_and_a_run_goes_through(listed: Stack, died: dict[str, float]) -> None:
    for service, then in died.items():
        wait_for(f"well {service}", partial(listed.well, service), seconds=then + 180 - time.monotonic())
        assert listed.api("/v1/customers/2/predictions")["week"] == str(NOW + 1)
    run = listed.trigger(reason="everything was killed")
    assert listed.done(run) == "success"
    assert "ok" in listed.inside("scheduler", "/opt/semana/bin/semana", "doctor")


def test_an_end_is_graceful(listed: Stack) -> None:
    for service in ("api", "ui"):
        began = time.monotonic()
        listed.compose("stop", service)
        assert time.monotonic() - began < 15
        assert listed.look(service)["State"]["ExitCode"] in {0, 143}
        listed.compose("start", service)
    wait_for("both well", lambda: listed.well("api") and listed.well("ui"), seconds=90)
