"""One stack for all tests, in the order of their files: images, the first lists, from outside, kills, workers, backup.

The shop's weeks end with this one: it trades from Monday to today's weekday, so that a week can be over on any day.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from semana.data.weeks import Week, weeks_between
from tests import shop
from tests.params import params_with
from tests.stack.engine import engine
from tests.stack.stack import Stack, wait_for

TODAY = datetime.now(UTC).date()
NOW = Week.of(TODAY)
BUILT = ("airflow-init", "api", "mlflow", "ui", "postgres", "prometheus")  # the largest first
KNOWN = 20  # weeks of history before it


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Without --stack the tests are skipped, and say so."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.timeout(1200))
            if not config.getoption("stack", default=False):
                item.add_marker(pytest.mark.skip(reason="minutes in real containers: make test-stack"))


def delivery(folder: Path, *weeks: Week) -> list[Path]:
    """Files of the weeks, as the shop would deliver them; the first delivery has its customers and products."""
    frame = shop.transactions(*weeks)
    days = (pl.col("date") - pl.lit(NOW.start)).dt.total_days()
    trading = 7 * (days // 7) + pl.min_horizontal(days % 7, TODAY.weekday())
    frame = frame.with_columns(date=pl.lit(NOW.start) + pl.duration(days=trading))
    lines = shop.write(frame, folder / f"transactions-{weeks[-1]}.parquet")
    if len(weeks) == 1:
        return [lines]
    return [
        shop.write(shop.customers(), folder / "customers.parquet"),
        shop.write(shop.products(), folder / "products.parquet"),
        lines,
    ]


@pytest.fixture(scope="session")
def docker_engine(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Iterator[dict[str, str]]:
    folder = pytestconfig.getoption("stack_folder") or tmp_path_factory.mktemp("engine")
    with engine(Path(folder)) as found:
        yield found


@pytest.fixture(scope="session")
def stack(docker_engine: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The stack, up and well; at the end nothing of it is left."""
    found = Stack(docker_engine, tmp_path_factory.mktemp("stack"), "semana-test")
    found.compose(
        "--profile", "*", "down", "--volumes", "--remove-orphans", check=False
    ) if found.env_file.exists() else None
    found.make("env")
    began = time.monotonic()
    try:
        with ThreadPoolExecutor(2) as together:  # the engine of the tests builds one image at a time
            list(together.map(lambda name: found.compose("build", "--quiet", name), BUILT))
        found.make("up")
        print(f"built and up: {time.monotonic() - began:.0f} s")
        quick(found)
        yield found
    finally:
        found.compose("--profile", "*", "down", "--volumes", "--remove-orphans", "--timeout", "1", check=False)


def quick(stack: Stack) -> None:
    """Nothing is tuned, trees are few, a champion is a week old at the most, and another host's lease is soon stale."""
    params = params_with(
        {
            "trials: 10": "trials: 0",
            "trees: 200": "trees: 20",
            "max_age_weeks: 4": "max_age_weeks: 1",
            "lease_stale_seconds: 60": "lease_stale_seconds: 20",
        }
    )
    stack.compose("exec", "-T", "scheduler", "sh", "-c", "cat >/lake/home/params.yaml", stdin=params)


@pytest.fixture(scope="session")
def listed(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Stack:
    """The stack with the list of this week, made by Airflow after a delivery's flag."""
    known = set(stack.runs())
    paths = delivery(tmp_path_factory.mktemp("files"), *weeks_between(NOW + -KNOWN, NOW + -1))
    began = time.monotonic()
    stack.make("drop", "canonical", *map(str, paths))
    run = stack.new_run(known)
    assert stack.done(run) == "success"
    wait_for("list", lambda: stack.week() == str(NOW), seconds=30)
    print(f"from the delivery to the list: {time.monotonic() - began:.0f} s")
    return stack
