"""A real Airflow, as `make airflow` starts it, beside one home: what it is asked, and what of it can be killed."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import threading
import time
import urllib.request
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

import psutil

from tests.house.tree import ROOT
from tests.stores.server import free_port

PYTHON = ROOT / ".venv-airflow" / "bin" / "python"
LAUNCHER = ROOT / "deploy" / "airflow" / "standalone.py"
OVER = ("success", "failed")
LOOKS = 0.5  # seconds between two looks: each is answered by the processes that are waited for
T = TypeVar("T")


def wait_for(what: str, look: Callable[[], T | None], *, seconds: float) -> T:
    """What `look` finds, asked again and again; fails after that many seconds."""
    until = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        assert time.monotonic() < until, f"no {what} after {seconds:.0f} s"
        time.sleep(LOOKS)


class Airflow:
    """The processes under one launcher, and the door to them."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self.home = folder / "airflow"
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.said: queue.Queue[str] = queue.Queue()
        settings = {"AIRFLOW_HOME": str(self.home), "AIRFLOW__API__PORT": str(self.port), **environment}
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "SEMANA"))}
        self.launcher = subprocess.Popen(
            [str(PYTHON), str(LAUNCHER)],
            env={**clean, **settings},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def _listen(self) -> None:
        assert self.launcher.stdout
        with self.launcher.stdout:
            for line in self.launcher.stdout:
                self.said.put(line.strip())

    def until_said(self, part: str, *, seconds: float) -> str:
        """The line of the launcher that holds `part`."""
        until = time.monotonic() + seconds
        lines = []
        while time.monotonic() < until:
            with contextlib.suppress(queue.Empty):
                lines.append(self.said.get(timeout=0.5))
                if part in lines[-1]:
                    return lines[-1]
        raise AssertionError(f"{part!r} was not said in {seconds:.0f} s: {lines}")

    @cached_property
    def token(self) -> str:
        """What a login with the printed password gives."""
        secret = json.loads((self.home / "passwords.json").read_text())["admin"]
        return str(self.ask("POST", "/auth/token", {"username": "admin", "password": secret})["access_token"])

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """The answer of Airflow's own API."""
        bearer = {"Authorization": f"Bearer {self.token}"} if path != "/auth/token" else {}
        heads = {"Content-Type": "application/json", **bearer}
        content = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.address + path, content, heads, method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def trigger(self, dag: str = "semana_weekly", **conf: Any) -> str:
        """The id of a new DAG run with these params."""
        found = self.ask("POST", f"/api/v2/dags/{dag}/dagRuns", {"logical_date": None, "conf": conf})
        return str(found["dag_run_id"])

    def runs(self, dag: str = "semana_weekly") -> dict[str, str]:
        """The state of every DAG run by its id, the newest last."""
        found = self.ask("GET", f"/api/v2/dags/{dag}/dagRuns?limit=100&order_by=run_after")["dag_runs"]
        return {run["dag_run_id"]: run["state"] for run in found}

    def tasks(self, run: str, dag: str = "semana_weekly") -> dict[str, dict[str, Any]]:
        """The task instances of a DAG run by their id; a mapped one with its number."""
        found = self.ask("GET", f"/api/v2/dags/{dag}/dagRuns/{quote(run)}/taskInstances?limit=100")["task_instances"]
        return {ti["task_id"] + (f"-{ti['map_index']}" if ti["map_index"] >= 0 else ""): ti for ti in found}

    def states(self, run: str) -> dict[str, str | None]:
        """The state of every task of a DAG run."""
        return {name: ti["state"] for name, ti in self.tasks(run).items()}

    def summary(self, run: str, task: str) -> Any:
        """What a task returned."""
        path = f"/api/v2/dags/semana_weekly/dagRuns/{quote(run)}/taskInstances/{task}/xcomEntries/return_value"
        value = self.ask("GET", path)["value"]
        return json.loads(value) if isinstance(value, str) else value

    def done(self, run: str, *, seconds: float = 240, dag: str = "semana_weekly") -> str:
        """The state in which a DAG run has ended."""

        def ended() -> str | None:
            with contextlib.suppress(OSError):  # a process that is being started again does not answer
                state = self.runs(dag).get(run)
                return state if state in OVER else None
            return None

        try:
            return wait_for(f"end of {run}", ended, seconds=seconds)
        except AssertionError as err:
            raise AssertionError(f"{err}: {self.states(run)}") from err

    def quiet(self) -> None:
        """Waits until no DAG run is under way."""
        wait_for("quiet", lambda: all(state in OVER for state in self.runs().values()), seconds=180)

    def component(self, name: str) -> psutil.Process:
        """The process of Airflow that is called so, like scheduler."""

        def found() -> psutil.Process | None:
            for each in psutil.Process(self.launcher.pid).children():
                with contextlib.suppress(psutil.Error):
                    if name in each.cmdline() or any(f"airflow {name}" in word for word in each.cmdline()):
                        return each
            return None

        return wait_for(f"process {name}", found, seconds=30)

    def end(self) -> list[psutil.Process]:
        """Ends it as Ctrl-C does; what is left of it afterwards, which should be nothing."""
        everything = psutil.Process(self.launcher.pid).children(recursive=True)
        self.launcher.send_signal(signal.SIGINT)
        self.launcher.wait(60)
        self._listener.join(5)
        return psutil.wait_procs(everything, timeout=5)[1]


def command(step: str, home: Path) -> psutil.Process | None:
    """The process of `semana STEP` that works on that home now."""
    for each in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            words = each.cmdline()
            if step in words and any(word.endswith("semana") for word in words) and _works_on(each, home):
                return each
    return None


def _works_on(process: psutil.Process, home: Path) -> bool:
    return process.environ().get("SEMANA_HOME") == str(home)
