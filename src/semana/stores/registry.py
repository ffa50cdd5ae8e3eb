"""MLflow's registry as a picture of the ledger: who served as versions, who serves as aliases.

The ledger decides; what was deleted, moved or restored in MLflow is made again from it and from the bundles of the
home. A registered version is the bundle's plain files: nothing in it names code to load.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Client = Any  # MLflow's; only `stores.tracking` knows MLflow
BUNDLE = "bundle"  # the folder of a run's artifacts that holds it
CHAMPION, CHALLENGER, PREVIOUS = "champion", "challenger", "previous"
ALIASES = (CHAMPION, CHALLENGER, PREVIOUS)
_TAG = "semana.bundle"


@dataclass(frozen=True)
class Served:
    """A bundle that served, or wants to: its files (None where the home has them no more), and what is told of it."""

    bundle: str
    folder: Path | None
    tags: Mapping[str, str]
    says: str


@dataclass
class Change:
    """What the registry was told, in sentences, and what it could not be told."""

    made: list[str] = field(default_factory=list)
    cannot: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        said = [*self.made, *(f"cannot: {each}" for each in self.cannot)]
        return "; ".join(said) or "up to date"


def project_ledger(
    client: Client, name: str, experiment: str, served: Sequence[Served], aliases: Mapping[str, str]
) -> Change:
    """Registers each bundle of `served` (the oldest first) that is missing, and points `aliases` (alias to bundle) at
    them; an alias of ours that is not among these goes. Other versions, tags and aliases are left alone."""
    change = Change()
    model = _model(client, name)
    known = _versions(client, name)
    for each in served:
        version = known.get(each.bundle)
        if version is not None and (each.bundle not in aliases.values() or _whole(client, experiment, version)):
            _tag(client, name, version, each, change)
        elif each.folder is None:
            if each.bundle in aliases.values():
                change.cannot.append(f"{_called(each)} is registered no more, and its files left the home")
        else:
            known[each.bundle] = _register(client, name, experiment, each)
            change.made.append(f"{_called(each)} registered as version {known[each.bundle].version}")
    _point(client, name, model.aliases, {alias: known.get(bundle) for alias, bundle in aliases.items()}, change)
    return change


def _model(client: Client, name: str) -> Any:
    found = client.search_registered_models(f"name = '{name}'")
    if not found:
        return client.create_registered_model(name, description="What semana's ledger says; it alone decides.")
    return found[0]


def _versions(client: Client, name: str) -> dict[str, Any]:
    """The newest version of each bundle."""
    found: list[Any] = []
    token = None
    while True:
        page = client.search_model_versions(f"name = '{name}'", max_results=1000, page_token=token)
        found += page
        token = page.token
        if not token:
            break
    newest_last = sorted(found, key=lambda version: int(version.version))
    return {version.tags[_TAG]: version for version in newest_last if _TAG in version.tags}


def _whole(client: Client, experiment: str, version: Any) -> bool:
    """Whether its run is there and has its artifacts."""
    runs = client.search_runs([experiment], f"attributes.run_id = '{version.run_id}'", max_results=1)
    return bool(runs) and bool(client.list_artifacts(version.run_id, BUNDLE))


def _register(client: Client, name: str, experiment: str, served: Served) -> Any:
    """A new version: of the training's own artifacts, or where these are gone of the home's bundle."""
    runs = client.search_runs([experiment], f"tags.`{_TAG}` = '{served.bundle}'", order_by=["attributes.start_time"])
    for run in reversed(runs):
        if client.list_artifacts(run.info.run_id, BUNDLE):
            break
    else:
        title = f"bundle {served.bundle}, from the home"
        run = client.create_run(experiment, run_name=title, tags={_TAG: served.bundle, **served.tags})
        client.log_artifacts(run.info.run_id, str(served.folder), BUNDLE)
        client.set_terminated(run.info.run_id)
    return client.create_model_version(
        name,
        source=f"{run.info.artifact_uri}/{BUNDLE}",
        run_id=run.info.run_id,
        tags={_TAG: served.bundle, **served.tags},
        description=served.says,
    )


def _tag(client: Client, name: str, version: Any, served: Served, change: Change) -> None:
    wrong = {key: value for key, value in served.tags.items() if version.tags.get(key) != value}
    for key, value in wrong.items():
        client.set_model_version_tag(name, version.version, key, value)
    if wrong:
        change.made.append(f"version {version.version} is {_called(served)}")


def _point(client: Client, name: str, there: Mapping[str, str], wanted: Mapping[str, Any], change: Change) -> None:
    for alias in ALIASES:
        points = str(there[alias]) if alias in there else None
        version = wanted.get(alias)
        if version is not None and points != str(version.version):
            client.set_registered_model_alias(name, alias, version.version)
            change.made.append(f"{alias} is version {version.version}")
        elif version is None and points is not None:
            client.delete_registered_model_alias(name, alias)
            change.made.append(f"no version is {alias}")


def _called(served: Served) -> str:
    return f"{served.tags.get('semana.version', 'a challenger')} ({served.bundle})"
