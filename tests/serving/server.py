"""The API as it is run: `semana serve api` in processes of its own, asked over real HTTP."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2


@contextmanager
def served(
    home: Path, *words: str, start: str = "ready", code: int = 0
) -> Iterator[tuple[httpx2.Client, subprocess.Popen[str]]]:
    """A client of a running server, and the server; it ends with Ctrl-C, and must end well, or with the code."""
    command = [sys.executable, "-m", "semana.cli", "--home", str(home), "serve", "api", "--port", "0", *words]
    log = home.parent / "api.log"
    with log.open("w") as errors:
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=errors, text=True, start_new_session=True, env=os.environ
        )
    try:
        assert process.stdout is not None
        address = re.match(r"API: (http://\S+)", process.stdout.readline())
        assert address, log.read_text()
        with httpx2.Client(base_url=address[1], timeout=30) as client:
            wait_for(client, start)
            yield client, process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGINT)
        process.wait(timeout=30)
        if process.stdout:
            process.stdout.close()
    assert process.returncode == code, log.read_text()


def wait_for(client: httpx2.Client, status: str, *, seconds: float = 60.0) -> dict:
    """What `/readyz` says once its status is that; fails where it does not come to it in time."""
    told: dict = {}
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            told = client.get("/readyz").json()
        except httpx2.TransportError:
            told = {}
        if told.get("status") == status:
            return told
        time.sleep(0.1)
    raise AssertionError(f"{status} was expected, the last answer was {told}")
