"""How MLflow behaves in this process: quiet, bounded, nothing reported home. Called before it is imported."""

from __future__ import annotations

import logging
import os

# Ours whatever is set: no telemetry, nothing printed, no file kept open, the machine looked at every second.
_OURS = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "MLFLOW_CONFIGURE_LOGGING": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SQLALCHEMYSTORE_POOLCLASS": "NullPool",
    "MLFLOW_SYSTEM_METRICS_SAMPLING_INTERVAL": "1",
    "GIT_PYTHON_REFRESH": "quiet",
}
# How long a server may keep us waiting, where nothing else is set; MLflow's own would be minutes.
_USUAL = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "30",
}


def settle() -> None:
    """Sets what MLflow reads from the environment, and lets it log errors only."""
    os.environ.update(_OURS)
    for name, value in _USUAL.items():
        os.environ.setdefault(name, value)
    for library in ("mlflow", "alembic"):
        logging.getLogger(library).setLevel(logging.ERROR)
