"""Airflow on one machine beside one home: its four processes, a password, every port on 127.0.0.1; Ctrl-C ends it all.

What `airflow standalone` starts, and two things better: no log server listens on every address (the pages read the
files), and a process that dies is started again. Whatever AIRFLOW__... says in the environment comes first.
"""

from __future__ import annotations

import ctypes
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import suppress
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[2]
COMPONENTS = {
    "api-server": ["api-server"],
    "scheduler": ["scheduler", "--skip-serve-logs"],
    "dag-processor": ["dag-processor"],
    "triggerer": ["triggerer", "--skip-serve-logs"],
}
USER = "admin"
_READY = 180.0  # seconds that everything may take to be healthy; usually 20 to 40
_PATIENCE = 15.0  # seconds for running tasks to end before they are ended
_AGAIN = 2.0  # seconds before a process that died is started again


def environment(home: Path) -> dict[str, str]:
    """The environment of Airflow's processes; settings that are given already stay."""
    port = os.environ.get("AIRFLOW__API__PORT", "8080")
    address = f"http://127.0.0.1:{port}"
    settings = {
        "SEMANA_BIN": str(ROOT / ".venv" / "bin" / "semana"),
        "SEMANA_HOME": ".semana",
        "AIRFLOW__API__BASE_URL": address,
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": port,
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{address}/execution/",
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__PARALLELISM": "4",
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "deploy" / "airflow" / "plugins"),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(home / "passwords.json"),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": f"{USER}:admin",
        "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "30",
        "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "60",
    }
    found = {**settings, **os.environ, "AIRFLOW_HOME": str(home)}
    found["SEMANA_HOME"] = str(Path(found["SEMANA_HOME"]).resolve())
    found["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{found.get('PATH', os.defpath)}"
    return found


class Component:
    """One process of Airflow, with all that it starts in a session of its own."""

    def __init__(self, name: str, words: list[str], env: dict[str, str]) -> None:
        self.name = name
        self.words = words
        self.env = env
        self.sessions: list[int] = []
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Starts it; it ends when we do, however that happens."""
        log = Path(self.env["AIRFLOW_HOME"]) / "logs" / f"{self.name}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as file:
            self.process = subprocess.Popen(
                ["airflow", *self.words],
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_interrupted_with_parent,
            )
        self.sessions.append(self.process.pid)

    def interrupt(self) -> None:
        """Asks it to end."""
        if self.process and self.process.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGINT)

    def sweep(self) -> None:
        """Ends whatever is left of it and of what it started."""
        for process in psutil.process_iter():
            with suppress(ProcessLookupError, psutil.Error):
                if os.getsid(process.pid) in self.sessions:
                    process.kill()
        if self.process:
            self.process.wait()


def _interrupted_with_parent() -> None:
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(1, signal.SIGINT)


def password(path: Path) -> str | None:
    """A new password, kept in the file; None where there is one already."""
    if path.exists():
        return None
    found = secrets.token_urlsafe(12)
    path.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump({USER: found}, file)
    return found


def healthy(address: str) -> bool:
    """Whether every process says that it is well."""
    try:
        with urllib.request.urlopen(f"{address}/api/v2/monitor/health", timeout=5) as answer:  # noqa: S310 - our own
            parts = json.load(answer)
    except (OSError, ValueError):
        return False
    return all((part or {}).get("status") == "healthy" for part in parts.values())


def say(text: str) -> None:
    """Prints a line at once."""
    print(text, flush=True)


def main() -> int:
    """Starts everything, says where it is, and looks after it until it is interrupted."""
    home = Path(os.environ.get("AIRFLOW_HOME", ROOT / ".airflow")).resolve()
    env = environment(home)
    address = env["AIRFLOW__API__BASE_URL"]
    with socket.socket() as tried:
        if tried.connect_ex(("127.0.0.1", int(env["AIRFLOW__API__PORT"]))) == 0:
            say(f"{address} is taken: end what listens there, or set AIRFLOW__API__PORT to another port.")
            return 1
    new = password(Path(env["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE"]))
    say(f"Airflow begins (its files are in {home.name}/, its logs in {home.name}/logs/) ...")
    for each in (signal.SIGINT, signal.SIGTERM):  # also where whoever started us let it be ignored
        signal.signal(each, signal.default_int_handler)
    components = [Component(name, words, env) for name, words in COMPONENTS.items()]
    try:
        if subprocess.run(["airflow", "db", "migrate"], env=env, capture_output=True, check=False).returncode:
            say(f"Its database could not be made. Look: AIRFLOW_HOME={home} airflow db migrate")
            return 1
        for component in components:
            component.start()
        look_after(components, address, env, new)
    except KeyboardInterrupt:
        say("Airflow ends ...")
    finally:
        end(components)
    say("Airflow has ended.")
    return 0


def look_after(components: list[Component], address: str, env: dict[str, str], new: str | None) -> None:
    """Says when everything is healthy, and starts again what dies."""
    begun, told = time.monotonic(), False
    while True:
        time.sleep(_AGAIN)
        for component in components:
            if component.process and (code := component.process.poll()) is not None:
                say(f"{component.name} died ({code}) and is started again.")
                component.sweep()
                component.start()
        if told:
            continue
        if told := healthy(address):
            who = (
                f"user {USER}, password {new}" if new else f"user {USER}, the password that was printed the first time"
            )
            say(f"Airflow is ready: {address} ({who}); the home is {env['SEMANA_HOME']}. Ctrl-C ends it.")
        elif time.monotonic() - begun > _READY:
            say(f"Airflow is not healthy after {_READY:.0f} s: look into its logs.")
            told = True


def end(components: list[Component]) -> None:
    """Ends all processes: asked first, and for certain where they take too long. A second Ctrl-C does not stop it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    for component in components:
        component.interrupt()
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until and any(each.process and each.process.poll() is None for each in components):
        time.sleep(0.2)
    for component in components:
        component.sweep()


if __name__ == "__main__":
    sys.exit(main())
