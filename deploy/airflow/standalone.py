"""Airflow on one machine beside one home: its four processes, a password, every port on 127.0.0.1; Ctrl-C ends it all.

What `airflow standalone` starts, and better: no log server listens on every address (the pages read the files), a
process that dies is started again, and however this one ends, all end with it. Whatever AIRFLOW__... says comes first.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).resolve().parents[2]
COMPONENTS = {
    "api-server": ["api-server"],
    "scheduler": ["scheduler", "--skip-serve-logs"],
    "dag-processor": ["dag-processor"],
    "triggerer": ["triggerer", "--skip-serve-logs"],
}
DAGS = ("semana_weekly", "semana_live")
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
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
    found["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT / "dags"), found.get("PYTHONPATH")]))  # the triggerer
    found["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{found.get('PATH', os.defpath)}"
    return found


class Component:
    """One process of Airflow, with all that it starts in a session of its own, of which `guard` is told."""

    def __init__(self, name: str, words: list[str], env: dict[str, str], guard: Callable[[int], object]) -> None:
        self.name = name
        self.words = words
        self.env = env
        self.guard = guard
        self.sessions: list[int] = []
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Starts it."""
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
            )
        self.sessions.append(self.process.pid)
        self.guard(self.process.pid)

    def interrupt(self) -> None:
        """Asks it to end."""
        if self.process and self.process.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGINT)

    def sweep(self) -> None:
        """Ends whatever is left of it and of what it started."""
        sweep(self.sessions)
        if self.process:
            self.process.wait()


def sweep(sessions: Iterable[int]) -> None:
    """Ends every process of these sessions."""
    known = set(sessions)
    for process in psutil.process_iter():
        with suppress(ProcessLookupError, psutil.Error):
            if os.getsid(process.pid) in known:
                process.kill()


def guarded() -> Callable[[int], object]:
    """Begins another process that ends all sessions it is told of once this one is gone, however it went.

    What is returned tells it of one. It holds our lock as long.
    """
    ears, mouth = os.pipe()
    if os.fork():
        os.close(ears)
        return lambda session: os.write(mouth, f"{session}\n".encode())
    try:
        os.setsid()  # nobody's Ctrl-C is for it
        os.close(mouth)
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in range(3):
            os.dup2(nowhere, stream)
        with os.fdopen(ears) as told:
            sweep([int(line) for line in told])
    finally:
        os._exit(0)


@contextmanager
def alone(home: Path) -> Iterator[bool]:
    """Whether nobody else works in this folder, which is ours alone while the block runs, and private."""
    home.mkdir(parents=True, exist_ok=True)
    home.chmod(0o700)  # its database and logs quote what was delivered
    with (home / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


def password(path: Path) -> str | None:
    """A new password, kept in the file; None where there is one already."""
    if path.exists():
        return None
    found = secrets.token_urlsafe(12)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump({USER: found}, file)
    return found


def ask(url: str, *, body: Any = None, token: str = "") -> Any:
    """The answer of Airflow's own API; raises OSError or ValueError where there is none."""
    heads = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    content = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, content, heads)  # noqa: S310 - our own
    with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310 - our own
        return json.load(answer)


def healthy(address: str) -> bool:
    """Whether every process says that it is well."""
    try:
        parts = ask(f"{address}/api/v2/monitor/health")
    except (OSError, ValueError):
        return False
    return all((part or {}).get("status") == "healthy" for part in parts.values())


def unread(address: str, passwords: Path, *, since: datetime) -> dict[str, str] | None:
    """Why a DAG of ours cannot be read, by its name; None while not all of them have been looked at."""
    try:
        who = {"username": USER, "password": json.loads(passwords.read_bytes())[USER]}
        token = ask(f"{address}/auth/token", body=who)["access_token"]
        errors = ask(f"{address}/api/v2/importErrors?limit=100", token=token)["import_errors"]
        dags = ask(f"{address}/api/v2/dags?limit=100", token=token)["dags"]
    except (OSError, ValueError, KeyError):
        return None
    read = {dag["dag_id"] for dag in dags if _moment(dag["last_parsed_time"]) >= since}
    faults = {
        Path(error["filename"]).stem: str(error["stack_trace"]).strip().splitlines()[-1]
        for error in errors
        if _moment(error["timestamp"]) >= since
    }
    return faults if set(DAGS) <= read | set(faults) else None


def _moment(text: str | None) -> datetime:
    return datetime.fromisoformat(text) if text else datetime.min.replace(tzinfo=UTC)


def say(text: str) -> None:
    """Prints a line at once; where nobody listens any more, for nobody."""
    with suppress(OSError):
        print(text, flush=True)


def refused(env: dict[str, str]) -> str:
    """Why it cannot be started with these settings; nothing where it can."""
    port, bin_ = env["AIRFLOW__API__PORT"], env["SEMANA_BIN"]
    if not (port.isdecimal() and 0 < int(port) < 2**16):
        return f"AIRFLOW__API__PORT is {port!r}: a port was expected, like 8080."
    with socket.socket() as tried:
        if tried.connect_ex(("127.0.0.1", int(port))) == 0:
            address = env["AIRFLOW__API__BASE_URL"]
            return f"{address} is taken: end what listens there, or set AIRFLOW__API__PORT to another port."
    try:
        said = subprocess.run([bin_, "version"], env=env, capture_output=True, text=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired) as err:
        return f"SEMANA_BIN is {bin_!r}, which cannot be started ({err}): the command semana was expected."
    if said.returncode or not said.stdout[:1].isdigit():
        return f"SEMANA_BIN is {bin_!r}, which is not semana: {(said.stderr or said.stdout).strip()[-200:]}"
    return ""


def main() -> int:
    """Starts everything, says where it is, and looks after it until it is interrupted."""
    home = Path(os.environ.get("AIRFLOW_HOME", ROOT / ".airflow")).resolve()
    env = environment(home)
    if why := refused(env):
        say(why)
        return 1
    with alone(home) as ours:
        if not ours:
            say(f"Another Airflow works in {home}: end it first, or set AIRFLOW_HOME to another folder.")
            return 1
        return run(home, env)


def run(home: Path, env: dict[str, str]) -> int:
    """The whole life of all processes."""
    new = password(Path(env["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE"]))
    say(f"Airflow begins (its files are in {home.name}/, its logs in {home.name}/logs/) ...")
    if not Path(env["SEMANA_HOME"]).is_dir():
        say(f"The home {env['SEMANA_HOME']} is not there yet: the first run makes it.")
    for each in ENDING:  # also where whoever started us let it be ignored
        signal.signal(each, signal.default_int_handler)
    guard = guarded()
    components = [Component(name, words, env, guard) for name, words in COMPONENTS.items()]
    try:
        if subprocess.run(["airflow", "db", "migrate"], env=env, capture_output=True, check=False).returncode:
            say(f"Its database could not be made. Look: AIRFLOW_HOME={home} airflow db migrate")
            return 1
        for component in components:
            component.start()
        look_after(components, env, new)
    except KeyboardInterrupt:
        say("Airflow ends ...")
    finally:
        end(components)
    say("Airflow has ended.")
    return 0


def look_after(components: list[Component], env: dict[str, str], new: str | None) -> None:
    """Says when everything is healthy and the DAGs are read, and starts again what dies."""
    began, until, told = datetime.now(UTC), time.monotonic() + _READY, False
    while True:
        time.sleep(_AGAIN)
        for component in components:
            if component.process and (code := component.process.poll()) is not None:
                say(f"{component.name} died ({code}) and is started again.")
                component.sweep()
                component.start()
        told = told or ready(env, new, since=began)
        if not told and time.monotonic() > until:
            say(f"Airflow is not healthy, or has not read the DAGs, after {_READY:.0f} s: look into its logs.")
            told = True


def ready(env: dict[str, str], new: str | None, *, since: datetime) -> bool:
    """Says where everything is, once it is; and which DAG is missing, and why."""
    address = env["AIRFLOW__API__BASE_URL"]
    passwords = Path(env["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE"])
    faults = unread(address, passwords, since=since) if healthy(address) else None
    if faults is None:
        return False
    for dag, fault in faults.items():
        say(f"{dag} cannot be read, and will not run: {fault}")
    who = f"user {USER}, password {new}" if new else f"user {USER}, the password that was printed the first time"
    less = f", without {' and '.join(sorted(faults))}" if faults else ""
    say(f"Airflow is ready{less}: {address} ({who}); the home is {env['SEMANA_HOME']}. Ctrl-C ends it.")
    return True


def end(components: list[Component]) -> None:
    """Ends all processes: asked first, and for certain where they take too long. A second Ctrl-C does not stop it."""
    for each in ENDING:
        signal.signal(each, signal.SIG_IGN)
    for component in components:
        component.interrupt()
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until and any(each.process and each.process.poll() is None for each in components):
        time.sleep(0.2)
    for component in components:
        component.sweep()


if __name__ == "__main__":
    sys.exit(main())
