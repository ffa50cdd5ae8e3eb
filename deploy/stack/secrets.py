"""The secrets of a stack: made once, strong, for their owner alone, and never made anew over those that are there."""

from __future__ import annotations

import base64
import os
import secrets
from pathlib import Path

from deploy.stack.compose import Refused

_PASSWORDS = (
    "POSTGRES_PASSWORD",
    "AIRFLOW_DB_PASSWORD",
    "AIRFLOW_JWT_SECRET",
    "AIRFLOW_SECRET_KEY",
    "AIRFLOW_PASSWORD",
    "MLFLOW_DB_PASSWORD",
    "MLFLOW_SECRET_KEY",
    "MLFLOW_PASSWORD",
    "REDIS_PASSWORD",
    "GRAFANA_PASSWORD",
)
_KEYS = ("SEMANA_KEY_ADMIN", "SEMANA_KEY_AGENTS", "SEMANA_KEY_METRICS")
_SETTINGS = """
# Settings, with their defaults; docs/stack.md says what they are.
#COMPOSE_PROFILES=monitoring,workers
#SEMANA_EXECUTOR=CeleryExecutor
#SEMANA_SCHEDULE=weekly
#SEMANA_TIMEZONE=UTC
#SEMANA_ALERT_WEBHOOK=
"""


def made() -> dict[str, str]:
    """A new secret of 256 random bits for each name."""
    found = {name: secrets.token_urlsafe(32) for name in _PASSWORDS}
    found["AIRFLOW_FERNET_KEY"] = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
    return found | {name: f"semana_{secrets.token_urlsafe(32)}" for name in _KEYS}


def write(path: Path) -> None:
    """Writes them, for their owner alone; raises Refused where the file is there."""
    text = "# Secrets of the stack (make env): for its owner alone, in no repository, in a safe place beside backups.\n"
    text += "".join(f"{name}={value}\n" for name, value in made().items()) + _SETTINGS
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as err:
        raise Refused(f"{path.name} is there and stays as it is: the volumes were made with its secrets.") from err
    with os.fdopen(handle, "w") as file:
        file.write(text)
    print(f"{path.name} has the secrets (0600); people log in with SEMANA_KEY_AGENTS, engineers with SEMANA_KEY_ADMIN.")


def read(path: Path) -> dict[str, str]:
    """What the file sets; raises Refused where it is not there."""
    try:
        lines = path.read_text().splitlines()
    except FileNotFoundError as err:
        raise Refused(f"{path.name} is missing: make env") from err
    given = (line.split("=", 1) for line in lines if "=" in line and not line.lstrip().startswith("#"))
    return {name.strip(): _value(text) for name, text in given}


def _value(text: str) -> str:
    """What compose reads: quotes and comments are not part of it."""
    text = text.strip()
    if text[:1] in {"'", '"'} and text.count(text[0]) > 1:
        return text[1:].partition(text[0])[0]
    return text.partition(" #")[0].rstrip()
