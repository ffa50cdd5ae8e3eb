"""A weekly run whose Spark is elsewhere: on a cluster of a master and a worker, and on a Connect server."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.pipeline import living
from tests.serving.homes import TREES
from tests.stores.engines import no_java
from tests.stores.server import free_port

pytestmark = [no_java, pytest.mark.timeout(2400)]
_STARTS = 120  # seconds; usually 10
_LONGEST = 1200  # of a weekly run


def environment() -> dict[str, str]:
    """Spark of this Python, for nobody but this machine."""
    (package,) = find_spec("pyspark").submodule_search_locations
    return {**os.environ, "SPARK_HOME": package, "SPARK_LOCAL_IP": "127.0.0.1", "PYSPARK_PYTHON": sys.executable}


@contextmanager
def started(folder: Path, program: str, *words: str, until: str) -> Iterator[None]:
    """A program of Spark's, from when it has said `until`."""
    log = folder / f"{words[0]}.log"
    call = [str(Path(environment()["SPARK_HOME"]) / "bin" / program), *words]
    with log.open("w") as out:
        process = subprocess.Popen(call, env=environment(), cwd=folder, stdout=out, stderr=out)
    try:
        deadline = time.monotonic() + _STARTS
        while until not in log.read_text():
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.2)
        yield
    finally:
        process.kill()
        process.wait()


@contextmanager
def cluster(folder: Path) -> Iterator[str]:
    """A master and its worker."""
    port, here = str(free_port()), ("--host", "127.0.0.1", "--webui-port", "0")
    master, worker = (f"org.apache.spark.deploy.{name}" for name in ("master.Master", "worker.Worker"))
    small = ("--cores", "2", "--memory", "2g", "--work-dir", str(folder / "work"))
    url = f"spark://127.0.0.1:{port}"
    with (
        started(folder, "spark-class", master, *here, "--port", port, until="New state: ALIVE"),
        started(folder, "spark-class", worker, *here, *small, url, until="registered with"),
    ):
        yield url


@contextmanager
def connect(folder: Path) -> Iterator[str]:
    """A Connect server."""
    port, server = str(free_port()), "org.apache.spark.sql.connect.service.SparkConnectServer"
    words = [f"--class={server}", "--master=local[2]", "--conf=spark.ui.enabled=false"]
    words += ["--conf=spark.connect.grpc.binding.address=127.0.0.1", f"--conf=spark.connect.grpc.binding.port={port}"]
    with started(folder, "spark-submit", *words, "spark-internal", until="server started at"):
        yield f"sc://127.0.0.1:{port}"


@pytest.fixture(params=[cluster, connect])
def master(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Where Spark is asked."""
    if not request.config.getoption("--spark"):
        pytest.skip("minutes each: make test-spark")
    with request.param(tmp_path) as url:
        yield url


def listed(folder: Path, **settings: str) -> tuple[dict[str, str], str]:
    """What a weekly run of the program published there, each file's hash, and the model's."""
    stores = living.made(folder, params=TREES)
    call = [sys.executable, "-m", "semana.cli", "--home", str(stores.home), "run"]
    call += ["--as-of", str((living.SECOND + -2).end), "--reason", "a test"]
    done = subprocess.run(
        call, env=environment() | settings, capture_output=True, text=True, timeout=_LONGEST, check=False
    )
    assert done.returncode == 0, done.stderr
    (manifest,) = stores.publications.manifests(living.SECOND + -1)
    return manifest["files"], stores.ledger.entries()[0]["to"]


def test_a_run_is_the_same_where_spark_is_elsewhere(master: str, tmp_path: Path) -> None:
    here = listed(tmp_path / "here")
    there = listed(tmp_path / "there", SEMANA_ENGINE="spark", SEMANA_SPARK_MASTER=master)
    assert there == here
    assert len(here[0]) > 1
    asked = "Registered app semana" if master.startswith("spark") else "SessionHolder: Session"
    assert any(asked in log.read_text() for log in tmp_path.glob("*.log"))
