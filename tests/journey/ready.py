"""Imported by the server that commands are forked from: what most of them import, MLflow as semana settles it."""

from __future__ import annotations

from importlib import import_module

from semana.stores.mlflow_process import settle

settle()
for _module in (
    "tests.journey.command",
    "semana.pipeline.weekly",
    "semana.reports.lists",
    "lightgbm",
    "mlflow.tracking",
    "mlflow.store.tracking.sqlalchemy_store",
    "mlflow.system_metrics.system_metrics_monitor",
):
    import_module(_module)
