"""What tests tell MLflow, and bundles to tell of."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from semana.stores.mlflow_process import settle
from semana.stores.registry import Served
from semana.stores.tracking import Mlflow

FACTS: dict[str, Any] = {
    "params": {"family": "boosting", "trees": "200"},
    "tags": {"semana.bundle": "b1", "semana.position": "7"},
    "datasets": {"purchases": "0123456789abcdef"},
    "metrics": [("f1", 0.5, 202501), ("f1", 0.6, 202502), ("recent_repeat/f1", 0.4, 202502)],
}
FILES = ("manifest.json", "model.txt", "recipe.json")


def bundle(folder: Path, name: str) -> Path:
    """A bundle's folder with files that say whose they are."""
    place = folder / name
    place.mkdir(parents=True, exist_ok=True)
    for file in FILES:
        (place / file).write_text(json.dumps({"bundle": name, "file": file}))
    return place


def served(folder: Path, *names: str) -> list[Served]:
    """Bundles that served as 1.0.0, 1.0.1, ..., the oldest first."""
    return [
        Served(name, bundle(folder, name), {"semana.version": f"1.0.{n}", "semana.gate": "passed"}, f"1.0.{n}")
        for n, name in enumerate(names)
    ]


def train(tracking: Mlflow, folder: Path, name: str = "b1") -> None:
    """A training that ends with that bundle."""
    pages = folder / "pages"
    pages.mkdir(exist_ok=True)
    (pages / "training.html").write_text("<p>trained</p>")
    facts = FACTS | {"tags": FACTS["tags"] | {"semana.bundle": name}}
    with tracking.training("2025-W03-0001", {"semana.run": "2025-W03-0001"}) as training:
        training.log(facts, {"": pages, "bundle": bundle(folder, name)})


def client_of(tracking: Mlflow) -> Any:
    """MLflow's own client, as a person would use it."""
    settle()
    from mlflow.tracking import MlflowClient

    uri = tracking.server or tracking.home.uri
    return MlflowClient(tracking_uri=uri, registry_uri=uri)


def runs_of(tracking: Mlflow) -> list[Any]:
    """All runs, the newest first."""
    client = client_of(tracking)
    found: list[Any] = client.search_runs([client.get_experiment_by_name(tracking.name).experiment_id])
    return found


def shown(tracking: Mlflow) -> dict[str, tuple[str, str]]:
    """What the registry's aliases point at: semantic version and bundle."""
    client = client_of(tracking)
    aliases = client.get_registered_model(tracking.name).aliases
    versions = {alias: client.get_model_version(tracking.name, version) for alias, version in aliases.items()}
    return {
        alias: (version.tags.get("semana.version", ""), version.tags["semana.bundle"])
        for alias, version in versions.items()
    }


def artifacts(tracking: Mlflow, alias: str) -> list[str]:
    """The files of the version that the alias points at."""
    client = client_of(tracking)
    version = client.get_model_version_by_alias(tracking.name, alias)
    return sorted(Path(each.path).name for each in client.list_artifacts(version.run_id, "bundle"))
