"""Where things live on this machine, from the environment (SEMANA_*). What we decided stands in params.py."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from semana.errors import ConfigurationError

_HERE = Path(__file__).resolve().parent
_DEFAULTS = _HERE / "defaults" if (_HERE / "defaults").is_dir() else _HERE.parents[1]


class Settings(BaseSettings):
    """Settings of one process; frozen, built once at the front door."""

    model_config = SettingsConfigDict(env_prefix="SEMANA_", frozen=True, extra="ignore")

    home: Path = Field(default=Path(".semana"), description="The folder that holds everything.")
    params: Path = Field(default=_DEFAULTS / "params.yaml", description="What we decided: the params file.")
    sources: Path = Field(
        default=_DEFAULTS / "sources",
        description="Folder of source definitions, one NAME.yaml each; `sources/` in the home comes first.",
    )
    engine: Literal["polars", "duckdb", "spark"] = Field(
        default="polars",
        description="What works tables and features out: polars; duckdb where they do not fit into memory; spark.",
    )
    engine_memory: str | None = Field(
        default=None,
        pattern=r"^[1-9][0-9]* ?[KMGT]i?B$",
        description="What duckdb, or spark's driver, may hold in memory, like 4GiB; the rest lies on the disk.",
    )
    spark_master: str = Field(
        default="local[*]",
        pattern=r"^(local(\[.+\])?|(spark|sc|k8s)://\S+|yarn)$",
        description="Where spark is: all cores of this machine, a cluster, or sc://HOST:15002 (Connect).",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO",
        description="Least level that is logged to stderr; on a terminal a progress bar stands for INFO.",
    )
    mlflow_tracking_uri: str | None = Field(
        default=None,
        validation_alias="MLFLOW_TRACKING_URI",
        description="An MLflow server that trainings are told to; without one they are kept in the home.",
    )
    tracking_name: str = Field(
        default="semana",
        pattern=r"^[\w -]+$",
        description="Experiment and registered model in MLflow; homes that share a server need one each.",
    )
    alert_webhook: SecretStr | None = Field(
        default=None, description='Where alerts are posted as `{"text": ...}` (Slack and its likes); kept secret.'
    )
    alert_smtp: SecretStr | None = Field(
        default=None,
        description="The mail server for alerts, like smtp://USER:PASSWORD@mail.example.com:587; kept secret.",
    )
    alert_from: str = Field(default="semana@localhost", description="Who alerts are mailed by.")
    inbox: Path | None = Field(
        default=None, description="Where the API leaves what it is told to write; `inbox/` in the home by default."
    )
    api_hosts: str = Field(
        default="localhost,127.0.0.1,[::1]",
        description="The names by which the API may be called (Host), with commas between; * for any.",
    )
    api_body_kib: int = Field(default=1024, ge=1, description="The largest request that the API takes, in KiB.")
    api_concurrency: int = Field(
        default=64, ge=1, description="Requests that one API process works on at once; more are asked to come again."
    )
    api_url: str = Field(
        default="http://127.0.0.1:8000",
        pattern=r"^https?://\S+$",
        description="Where the pages for people find the API.",
    )
    ui_hosts: str = Field(
        default="localhost,127.0.0.1,[::1]",
        description="The names by which the pages may be called (Host), with commas between; * for any.",
    )
    alert_to: str | None = Field(default=None, description="Who alerts are mailed to, addresses with commas between.")


def read_settings(home: Path | None = None, **given: Any) -> Settings:
    """The settings of this process; `home` and what is given override. Raises ConfigurationError naming every fault."""
    over = {name: value for name, value in {"home": home, **given}.items() if value is not None}
    try:
        return Settings(**over)
    except ValidationError as err:
        faults = "; ".join(f"SEMANA_{str(f['loc'][0]).upper()}: {f['msg']}" for f in err.errors())
        raise ConfigurationError(f"environment: {faults}") from err


def keep_gradio_quiet() -> None:
    """Gradio asks nobody and tells nobody; it reads this when it is imported."""
    os.environ.update(GRADIO_ANALYTICS_ENABLED="False", HF_HUB_OFFLINE="1", GRADIO_RUN_HISTORY="False")
