"""The stack as a user starts it, and the doors to it: compose, the API, Airflow, MLflow, Prometheus."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar
from urllib.error import HTTPError, URLError
from urllib.parse import quote

from deploy.stack import secrets
from tests.house.tree import ROOT
from tests.stack.engine import docker
from tests.stores.server import free_port

PORTS = ("SEMANA_API_PORT", "SEMANA_UI_PORT", "AIRFLOW_PORT", "MLFLOW_PORT", "PROMETHEUS_PORT")
OVER = ("success", "failed")
T = TypeVar("T")


def wait_for(what: str, look: Callable[[], T | None], *, seconds: float) -> T:
    """What `look` finds, asked again and again; fails after that many seconds."""
    until = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        assert time.monotonic() < until, f"no {what} after {seconds:.0f} s"
        time.sleep(0.5)


class Stack:
    """One project of compose, with secrets and ports of its own."""

    def __init__(self, engine: Mapping[str, str], folder: Path, project: str, *, env_file: Path | None = None) -> None:
        self.folder = folder
        self.project = project
        self.env_file = env_file or folder / ".env"
        files = f"{ROOT / 'compose.yaml'}{os.pathsep}{Path(__file__).parent / 'compose.yaml'}"
        self.ports = {name: free_port() for name in PORTS}
        self.environment = {
            **engine,
            **{name: str(port) for name, port in self.ports.items()},
            "COMPOSE_FILE": files,
            "COMPOSE_PROJECT_NAME": project,
            "COMPOSE_ENV_FILES": str(self.env_file),
            "SEMANA_RETRIES": "2",
            "SEMANA_RETRY_SECONDS": "2",
            "SEMANA_LIVE_SCHEDULE": "never",
            "SEMANA_SCHEDULE": "0 0 1 1 *",
        }

    @property
    def secrets(self) -> dict[str, str]:
        """What `make env` wrote."""
        return secrets.read(self.env_file)

    def make(self, *words: str, code: int = 0, **environment: str) -> str:
        """What `python -m deploy.stack WORDS` prints, as the make targets call it."""
        call = [sys.executable, "-m", "deploy.stack", *words]
        env = {**self.environment, **environment}
        done = subprocess.run(call, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == code, f"{words}: {done.stdout[-3000:]}\n{done.stderr[-6000:]}"
        return done.stdout + done.stderr

    def compose(self, *words: str, stdin: str | None = None, check: bool = True) -> str:
        """What `docker compose WORDS` prints."""
        return docker(self.environment, "compose", *words, stdin=stdin, check=check)

    def inside(self, service: str, *words: str, check: bool = True) -> str:
        """What a command prints in the container of a service."""
        return self.compose("exec", "-T", service, *words, check=check)

    def look(self, service: str) -> dict[str, Any]:
        """What the engine says of the container of a service."""
        found = self.compose("ps", "--all", "--quiet", service)
        assert found, f"{service} has no container"
        told: list[dict[str, Any]] = json.loads(docker(self.environment, "inspect", found))
        return told[0]

    def services(self) -> list[str]:
        """The services that run."""
        return sorted(self.compose("ps", "--services", "--status", "running").split())

    def well(self, service: str) -> bool:
        """Whether the container of a service runs and is healthy."""
        state = self.look(service)["State"]
        return bool(state["Running"] and state.get("Health", {}).get("Status") == "healthy")

    def kill(self, service: str) -> None:
        """Kills what runs in the container, as the kernel would for want of memory; the engine starts it again."""
        os.kill(int(self.look(service)["State"]["Pid"]), signal.SIGKILL)

    def ask(self, port: str, path: str, *, body: Any = None, method: str | None = None, **heads: str) -> Any:
        """The answer of one of its pages, from JSON."""
        content = None if body is None else json.dumps(body).encode()
        heads = {"Content-Type": "application/json", **{k.replace("_", "-"): v for k, v in heads.items()}}
        address = f"http://localhost:{self.ports[port]}{path}"
        request = urllib.request.Request(address, content, heads, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                text = answer.read()
        except HTTPError as err:
            err.close()
            raise
        return json.loads(text) if text else None

    def api(self, path: str, *, key: str = "SEMANA_KEY_AGENTS", **what: Any) -> Any:
        """What the API answers whoever has that key."""
        return self.ask("SEMANA_API_PORT", path, Authorization=f"Bearer {self.secrets[key]}", **what)

    def week(self) -> str | None:
        """The week of the list that the API serves; None where it serves none."""
        try:
            return str(self.ask("SEMANA_API_PORT", "/readyz")["week"])
        except (HTTPError, URLError, OSError):
            return None

    def mlflow(self, path: str, **what: Any) -> Any:
        """What MLflow answers whoever has logged in."""
        user = base64.b64encode(f"semana:{self.secrets['MLFLOW_PASSWORD']}".encode()).decode()
        return self.ask("MLFLOW_PORT", f"/api/2.0/mlflow{path}", Authorization=f"Basic {user}", **what)

    def airflow(self, path: str, **what: Any) -> Any:
        """What Airflow's API answers its admin."""
        login = {"username": "admin", "password": self.secrets["AIRFLOW_PASSWORD"]}
        token = self.ask("AIRFLOW_PORT", "/auth/token", body=login)["access_token"]
        return self.ask("AIRFLOW_PORT", f"/api/v2{path}", Authorization=f"Bearer {token}", **what)

    def runs(self) -> dict[str, str]:
        """The state of every run of the weekly DAG by its id, the oldest first."""
        found = self.airflow("/dags/semana_weekly/dagRuns?limit=100&order_by=run_after")["dag_runs"]
        return {run["dag_run_id"]: run["state"] for run in found}

    def trigger(self, **conf: Any) -> str:
        """The id of a new run of the weekly DAG with these params."""
        found = self.airflow("/dags/semana_weekly/dagRuns", body={"logical_date": None, "conf": conf})
        return str(found["dag_run_id"])

    def tasks(self, run: str) -> dict[str, dict[str, Any]]:
        """The tasks of a run by their id; a mapped one with its number."""
        path = f"/dags/semana_weekly/dagRuns/{quote(run)}/taskInstances?limit=100"
        found = self.airflow(path)["task_instances"]
        return {ti["task_id"] + (f"-{ti['map_index']}" if ti["map_index"] >= 0 else ""): ti for ti in found}

    def done(self, run: str, *, seconds: float = 420) -> str:
        """The state in which a run has ended."""

        def ended() -> str | None:
            try:
                state = self.runs().get(run)
            except (HTTPError, URLError, OSError):  # a server that is being started again
                return None
            return state if state in OVER else None

        try:
            return wait_for(f"end of {run}", ended, seconds=seconds)
        except AssertionError as err:
            raise AssertionError(f"{err}: { {name: ti['state'] for name, ti in self.tasks(run).items()} }") from err

    def new_run(self, known: set[str], *, seconds: float = 90) -> str:
        """The run that is not among the known ones."""
        return wait_for("new run", lambda: next(iter(set(self.runs()) - known), None), seconds=seconds)
