"""Tracking: MLflow is told of every training, and its registry shows what the ledger says. It alone speaks MLflow.

Without MLFLOW_TRACKING_URI everything lies in the home and nothing goes over the network. With it a server of our
version is spoken to, and artifacts go through its proxy. MLflow is imported when it is first needed.
"""

from __future__ import annotations

import contextlib
import hashlib
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from semana.errors import ServiceUnavailable
from semana.stores.mlflow_home import MlflowHome, address
from semana.stores.mlflow_process import settle
from semana.stores.mlflow_server import TrackingRefused, look_at, shown, without_secrets
from semana.stores.registry import Change, Served, project_ledger
from semana.stores.usage import Usage

if TYPE_CHECKING:
    from mlflow.tracking import MlflowClient

_PROXIED = "mlflow-artifacts:"
_MOST_AT_ONCE = 1000  # metrics, MLflow's limit
_TEXT = 5000  # letters of a tag or a param, less than MLflow's limit
AWAY = (ServiceUnavailable, TrackingRefused)


class Training(Protocol):
    """A training that MLflow knows of."""

    def log(self, facts: Mapping[str, Any], folders: Mapping[str, Path]) -> None:
        """Tells its params, metrics, tags and datasets, and takes copies of folders, by the name they get there."""
        ...


class Tracking(Protocol):
    """Who is told of trainings and of what serves.

    Every method raises ServiceUnavailable where it is away, and TrackingRefused where what it would be told could not
    be read again.
    """

    def ready(self) -> None:
        """Returns where it can be told something."""
        ...

    def training(self, title: str, tags: Mapping[str, str]) -> contextlib.AbstractContextManager[Training]:
        """A training for the time of the block, whose use of the machine is watched; failed where the block fails."""
        ...

    def project(self, served: Sequence[Served], aliases: Mapping[str, str]) -> Change:
        """Makes the registry show who served and who serves; says what had to be changed, and what could not be."""
        ...

    def says(self) -> str:
        """Where it is and how it is, in a few words."""
        ...


class Mlflow:
    """MLflow: in the home at `folder`, or the server at `uri`; experiment and registered model are called `name`."""

    def __init__(self, folder: Path, *, uri: str | None, name: str) -> None:
        self.home = MlflowHome(folder)
        self.server = uri or None
        self.name = name
        self._client: MlflowClient | None = None
        self._away: Exception | None = None

    def ready(self) -> None:
        """Raises what is wrong, within seconds; an answer counts for the life of this process."""
        with self._speaking() as client:
            self._experiment(client)

    def says(self) -> str:
        """Where it is; looks at the server's version or at the home's database, without MLflow's client."""
        return f"{shown(self.server)}, MLflow {look_at(self.server)}" if self.server else self.home.says()

    @contextlib.contextmanager
    def training(self, title: str, tags: Mapping[str, str]) -> Iterator[Training]:
        """An MLflow run. One that was killed before is closed as such."""
        ours = {"semana.home": _place(self.home.folder)}
        with self._speaking() as client:
            experiment = self._experiment(client)
            asked = f"attributes.status = 'RUNNING' AND tags.`semana.home` = '{ours['semana.home']}'"
            for left in client.search_runs([experiment], asked):
                client.set_terminated(left.info.run_id, "KILLED")
            run = client.create_run(experiment, run_name=title, tags={**tags, **ours}).info.run_id
        monitor = self._monitor(run)
        told = _Run(self._speaking, run)
        try:
            with told.usage:
                yield told
        except BaseException:
            monitor.finish()
            with contextlib.suppress(*AWAY), self._speaking() as client:
                client.set_terminated(run, "FAILED")
            raise
        monitor.finish()
        with self._speaking() as client:
            monitor.collect_metrics()  # the last moment counts, and the only one of a training shorter than a second
            monitor.publish_metrics(monitor.aggregate_metrics())
            monitor.mlflow_logger.flush()
            told.tell_metrics(client, told.usage.metrics())
            client.set_terminated(run)

    def project(self, served: Sequence[Served], aliases: Mapping[str, str]) -> Change:
        """See `stores.registry`."""
        picture = repr((self.name, served, sorted(aliases.items())))
        if self.server is None and self.home.is_as_left(picture):
            return Change()
        with self._speaking() as client:
            change = project_ledger(client, self.name, self._experiment(client), served, aliases)
        if self.server is None and not change.cannot:
            self.home.leave(picture)
        return change

    @contextlib.contextmanager
    def _speaking(self) -> Iterator[MlflowClient]:
        """The client; what goes wrong is told in our words, and at once from then on."""
        if self._away:
            raise self._away
        try:
            if self.server and self._client is None:
                look_at(self.server)
            settle()
            from mlflow.exceptions import MlflowException

            try:
                self._client = self._client or self._made()
                yield self._client
            except MlflowException as err:
                raise self._refusal(err.get_http_status_code(), err) from err
            except OSError as err:
                if isinstance(err, AWAY):
                    raise
                raise self._refusal(503, err) from err
            except Exception as err:
                raise self._refusal(400, err) from err
        except AWAY as err:
            self._away = err
            raise

    def _made(self) -> MlflowClient:
        from mlflow.tracking import MlflowClient

        if self.server is None:
            self.home.make(_create_database(self.home.artifacts))
        uri = self.server or self.home.uri
        return MlflowClient(tracking_uri=uri, registry_uri=uri)

    def _refusal(self, status: int, err: Exception) -> Exception:
        where = f"MLflow at {shown(self.server)}" if self.server else "MLflow in the home"
        words = without_secrets(str(err), self.server) if self.server else str(err)
        said = f"{where}: {type(err).__name__}: {' '.join(words.split())[:300]}"
        if status >= 500 or status == 429:
            return ServiceUnavailable(f"{said}. Try again later.")
        return TrackingRefused(f"{said}. Mend what it names; `semana doctor` tells more.")

    def _experiment(self, client: MlflowClient) -> str:
        """The id of our experiment; made where it is missing. Raises TrackingRefused where artifacts pass the proxy."""
        found = client.get_experiment_by_name(self.name)
        if found is None:
            place = None if self.server else str(self.home.artifacts / self.name)
            found = client.get_experiment(client.create_experiment(self.name, artifact_location=place))
            if self._passes_by(found.artifact_location):  # the name is free again once the server is mended
                client.rename_experiment(found.experiment_id, f"{self.name}, refused {found.experiment_id}")
                client.delete_experiment(found.experiment_id)
        elif found.lifecycle_stage != "active":
            client.restore_experiment(found.experiment_id)
        if self._passes_by(found.artifact_location):
            raise TrackingRefused(
                f"MLflow at {shown(self.server or '')} would have artifacts written to {found.artifact_location}, a "
                f"place of its own: nobody else could read them. Start it with --artifacts-destination DIR instead of "
                f"--default-artifact-root; or, where the experiment {self.name!r} is older than that, name another "
                f"one with SEMANA_TRACKING_NAME."
            )
        return str(found.experiment_id)

    def _passes_by(self, location: str) -> bool:
        return self.server is not None and not location.startswith(_PROXIED)

    def _monitor(self, run: str) -> Any:
        from mlflow.system_metrics.system_metrics_monitor import SystemMetricsMonitor

        monitor = SystemMetricsMonitor(run, sampling_interval=1, tracking_uri=self.server or self.home.uri)
        monitor.start()
        return monitor


class _Run:
    """A training that is under way."""

    def __init__(self, speaking: Callable[[], contextlib.AbstractContextManager[MlflowClient]], run: str) -> None:
        self.usage = Usage()
        self._speaking = speaking
        self._run = run

    def log(self, facts: Mapping[str, Any], folders: Mapping[str, Path]) -> None:
        """Everything in a few calls: params, tags, datasets (name: digest) and metrics (name, value, step)."""
        from mlflow.entities import Dataset, DatasetInput, Param, RunTag

        with self._speaking() as client:
            params = [Param(name, str(value)[:_TEXT]) for name, value in facts["params"].items()]
            tags = [RunTag(name, str(value)[:_TEXT]) for name, value in facts["tags"].items()]
            client.log_batch(self._run, params=params, tags=tags)
            self.tell_metrics(client, facts["metrics"])
            datasets = [Dataset(name, digest, "local", name) for name, digest in facts["datasets"].items()]
            client.log_inputs(self._run, [DatasetInput(each) for each in datasets])
            for name, folder in folders.items():
                client.log_artifacts(self._run, str(folder), name or None)

    def tell_metrics(self, client: MlflowClient, metrics: Sequence[tuple[str, float, int]]) -> None:
        """Name, value and step of each."""
        from mlflow.entities import Metric
        from mlflow.utils.time import get_current_time_millis

        now = get_current_time_millis()
        told = [Metric(name, value, now, step) for name, value, step in metrics]
        for first in range(0, len(told), _MOST_AT_ONCE):
            client.log_batch(self._run, told[first : first + _MOST_AT_ONCE])


def _create_database(artifacts: Path) -> Any:
    """Makes MLflow's tables in a file. Not every step is flushed to the disk, which halves the time: the file is, once,
    before it gets its name."""

    def create(scratch: Path) -> None:
        from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore
        from sqlalchemy import event
        from sqlalchemy.engine import Engine

        def hurry(connection: Any, _: Any) -> None:
            connection.execute("PRAGMA synchronous = OFF")
            connection.execute("PRAGMA journal_mode = MEMORY")

        event.listen(Engine, "connect", hurry)
        try:
            SqlAlchemyStore(address(scratch), str(artifacts)).engine.dispose()
        finally:
            event.remove(Engine, "connect", hurry)

    return create


def _place(folder: Path) -> str:
    """This home on this machine, without naming either."""
    return hashlib.sha256(f"{socket.gethostname()}:{folder}".encode()).hexdigest()[:12]
