"""A real MLflow server as another user, in a folder that is its own."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

NOBODY = 65534
AS_NOBODY: dict[str, Any] = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
_STARTS = 120.0  # seconds; usually 10 to 15


def free_port() -> int:
    with socket.socket() as tried:
        tried.bind(("127.0.0.1", 0))
        return int(tried.getsockname()[1])


def python_of_another_user() -> tuple[str, dict[str, str]]:
    """A Python that another user may run, and the environment in which it has our packages; skips without one.

    Our own, or the system's of the same version where ours lies in a home that is closed to others.
    """
    if os.name != "posix" or os.geteuid() != 0:
        pytest.skip("only root can start the server as another user than the client")
    named = f"python{sys.version_info.major}.{sys.version_info.minor}"
    environment = {"PATH": os.defpath, "MLFLOW_DISABLE_TELEMETRY": "true", "PYTHONPATH": sysconfig.get_path("purelib")}
    for python in filter(None, (sys.executable, shutil.which(named, path=os.defpath))):
        call = [python, "-c", "import mlflow, subprocess, sys; subprocess.run([sys.executable, '-c', ''], check=True)"]
        with contextlib.suppress(OSError):
            if not subprocess.run(
                call, env=environment, capture_output=True, check=False, cwd="/", **AS_NOBODY
            ).returncode:
                return python, environment
    pytest.skip("another user can run neither our Python nor the system's with our packages")


@contextmanager
def mlflow_server(*words: str) -> Iterator[tuple[str, Path]]:
    """`mlflow server WORDS` as another user, `{folder}` in the words being its own; its address and that folder."""
    python, environment = python_of_another_user()
    folder = Path(tempfile.mkdtemp(prefix="mlflow-server-"))
    os.chown(folder, NOBODY, NOBODY)
    port = free_port()
    call = [python, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    call += ["--backend-store-uri", f"sqlite:///{folder}/mlflow.db", *(word.format(folder=folder) for word in words)]
    environment |= {"HOME": str(folder), "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            call, cwd=folder, env=environment, stdout=log, stderr=log, start_new_session=True, **AS_NOBODY
        )
    try:
        _wait(server, f"http://127.0.0.1:{port}", folder / "log")
        yield f"http://127.0.0.1:{port}", folder
    finally:
        for how in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(server.pid, how)
            with contextlib.suppress(subprocess.TimeoutExpired):
                server.wait(10)
        shutil.rmtree(folder, ignore_errors=True)


def _wait(server: subprocess.Popen[bytes], uri: str, log: Path) -> None:
    ends = time.monotonic() + _STARTS
    while time.monotonic() < ends and server.poll() is None:
        try:
            with urllib.request.urlopen(f"{uri}/health", timeout=2):
                return
        except OSError:
            time.sleep(0.3)
    raise AssertionError(f"the server did not start:\n{log.read_text()[-3000:]}")


@contextmanager
def answering(status: int, body: str, *, login: str | None = None) -> Iterator[str]:
    """The address of something that answers every request so; 401 where it comes without this log-in."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if login in {None, self.headers["Authorization"]} else 401)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None: ...

    found = HTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=found.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{found.server_port}"
    finally:
        found.shutdown()
        thread.join()
        found.server_close()


class Sink:
    """A local HTTP server that keeps what alerts it is sent."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        texts = self.texts

        class Taking(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                texts.append(json.loads(self.rfile.read(int(self.headers["Content-Length"])))["text"])
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Taking)
        self.address = f"http://127.0.0.1:{self.server.server_port}/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Ends it."""
        self.server.shutdown()
        self.server.server_close()

    def heard(self, *parts: str) -> str | None:
        """A text that holds all of these parts."""
        return next((text for text in list(self.texts) if all(part in text for part in parts)), None)
