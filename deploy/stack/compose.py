"""Docker's compose, called for this checkout: with its version in the images, and with a folder of secrets."""

from __future__ import annotations

import os
import subprocess
import tomllib
from pathlib import Path
from typing import IO, Any

ROOT = Path(__file__).resolve().parents[2]
_ADDRESSES = (
    ("Lists for people", "SEMANA_UI_PORT", 7860),
    ("API", "SEMANA_API_PORT", 8000),
    ("Airflow (admin, AIRFLOW_PASSWORD)", "AIRFLOW_PORT", 8080),
    ("MLflow (semana, MLFLOW_PASSWORD)", "MLFLOW_PORT", 5000),
)


class Refused(Exception):
    """What was asked cannot be done as things are; the message says what to do."""

    code = 64


class Busy(Refused):
    """What was asked can be done a little later."""

    code = 75


def env_file() -> Path:
    """Where the secrets lie: .env, or what COMPOSE_ENV_FILES names."""
    return Path(os.environ.get("COMPOSE_ENV_FILES", ROOT / ".env"))


def setting(name: str, default: object) -> str:
    """A setting from the environment, else from .env, else its default."""
    from deploy.stack.secrets import read

    return os.environ.get(name) or read(env_file()).get(name) or str(default)


def call(*words: str, stdin: IO[bytes] | None = None, stdout: IO[bytes] | None = None) -> None:
    """`docker compose WORDS`; raises CalledProcessError where it fails."""
    subprocess.run(_command(words), stdin=stdin or subprocess.DEVNULL, stdout=stdout, check=True, **_where())


def told(*words: str) -> str:
    """What `docker compose WORDS` prints."""
    done = subprocess.run(_command(words), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=True, **_where())
    return done.stdout.decode().strip()


def up() -> None:
    """Builds what changed, starts everything, waits until all of it is well, and says where it is."""
    call("up", "--detach", "--build", "--wait", "--remove-orphans")
    for name, variable, port in _ADDRESSES:
        print(f"{name}: http://localhost:{setting(variable, port)}")


def _command(words: tuple[str, ...]) -> list[str]:
    return ["docker", "compose", *words]


def _where() -> dict[str, Any]:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    return {"cwd": ROOT, "env": {"SEMANA_VERSION": version, "SEMANA_REVISION": _revision(), **os.environ}}


def _revision() -> str:
    git = ["git", "-C", str(ROOT), "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        return subprocess.run(git, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
