"""A home and all its stores: opened once, at the front door."""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from semana import params as p
from semana.data.sources import Source, parse_source
from semana.errors import ConfigurationError
from semana.settings import Settings
from semana.stores import files
from semana.stores.alerts import Alerts, Event, mail, webhook
from semana.stores.bundle import Bundles
from semana.stores.duck import DuckDB
from semana.stores.engine import POLARS, Engine
from semana.stores.experiments import Experiments
from semana.stores.golden import Golden
from semana.stores.inbox import Inbox
from semana.stores.keys import Keys
from semana.stores.lake import Lake
from semana.stores.landing import Landing
from semana.stores.leases import Leases
from semana.stores.ledger import Ledger
from semana.stores.publications import Publications
from semana.stores.results import Results
from semana.stores.runs import Runs
from semana.stores.spark import Spark
from semana.stores.tasks import Tasks
from semana.stores.telemetry import Telemetry
from semana.stores.tracking import Mlflow, Tracking
from semana.stores.tunings import Tunings

FORMAT = 1
_FORMAT_FILE = "format.json"
# What people may put into a folder before it becomes a home.
_BROUGHT = ("drop", "sources", "params.yaml", "exclude.csv", files.GITIGNORE)
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Stores:
    """Everything that a run reads and writes, and what we decided."""

    home: Path
    params: p.Params
    landing: Landing
    lake: Lake
    bundles: Bundles
    ledger: Ledger
    publications: Publications
    runs: Runs
    leases: Leases
    tunings: Tunings
    tracking: Tracking
    golden: Golden
    experiments: Experiments
    telemetry: Telemetry
    tasks: Tasks
    alerts: Alerts
    keys: Keys
    inbox: Inbox
    results: Results


def open_home(settings: Settings, *, create: bool = False) -> Stores:
    """The stores of `settings.home`; made with `create`, else a missing home raises ConfigurationError."""
    home = settings.home
    if home.exists() and not home.is_dir():
        raise ConfigurationError(f"{home} is a file. Name a folder with --home or SEMANA_HOME.")
    params = _read_params(settings)
    if not (home / _FORMAT_FILE).exists():
        if not create:
            raise ConfigurationError(
                f"{home}: no semana home is there. Make one with `semana ingest PATH --source NAME` or `semana demo`, "
                f"or name yours with --home or SEMANA_HOME."
            )
        if home.exists() and any(path for path in home.iterdir() if path.name not in _BROUGHT):
            raise ConfigurationError(f"{home}: holds files but no {_FORMAT_FILE}. Name an empty folder with --home.")
        files.hide_from_git(home)
        files.replace_json(home / _FORMAT_FILE, {"format": FORMAT})
    try:
        found = int(json.loads((home / _FORMAT_FILE).read_bytes())["format"])
    except (ValueError, KeyError, TypeError) as err:
        raise ConfigurationError(f"{home / _FORMAT_FILE} is damaged. Restore it from a backup.") from err
    if found > FORMAT:
        raise ConfigurationError(
            f"{home}: written by a newer semana (format {found}, we read {FORMAT}). Update semana."
        )
    if shutil.disk_usage(home).free < params.store.free_disk_mib * 2**20:
        _log.warning("%s: less than %s MiB of disk are free", home, params.store.free_disk_mib)
    publications, engine = Publications(home / "published"), engine_of(settings)
    return Stores(
        home,
        params,
        Landing(home, find_source=lambda name: find_source(settings, name), params=params.data),
        Lake(home, engine),
        Bundles(home / "bundles"),
        Ledger(home / "ledger", known=publications.ledger_entries),
        publications,
        Runs(home / "runs"),
        Leases(home / "leases", stale_seconds=params.store.lease_stale_seconds),
        Tunings(home / "tuning"),
        Mlflow(home / "mlflow", uri=settings.mlflow_tracking_uri, name=settings.tracking_name),
        Golden(home / "golden", engine),
        Experiments(home / "experiments"),
        Telemetry(home / "telemetry"),
        Tasks(home / "telemetry" / "tasks"),
        Alerts(home / "alerts", _channels(settings)),
        Keys(home / "keys"),
        Inbox(settings.inbox or home / "inbox"),
        Results(home / "calls"),
    )


def engine_of(settings: Settings) -> Engine:
    """The engine that the settings name."""
    home, memory = settings.home, settings.engine_memory
    if settings.engine == "duckdb":
        return DuckDB(home, memory=memory)
    return Spark(home, master=settings.spark_master, memory=memory) if settings.engine == "spark" else POLARS


def _channels(settings: Settings) -> dict[str, Callable[[Event], None]]:
    found: dict[str, Callable[[Event], None]] = {}
    if settings.alert_webhook:
        found["webhook"] = webhook(settings.alert_webhook.get_secret_value())
    if settings.alert_smtp:
        server = settings.alert_smtp.get_secret_value()
        found["mail"] = mail(server, sender=settings.alert_from, to=settings.alert_to or "")
    return found


def find_source(settings: Settings, name: str) -> Source:
    """The source `name`, from the home's own `sources/` first; raises ConfigurationError listing the known ones."""
    folders = (settings.home / "sources", settings.sources)
    for folder in folders:
        path = folder / f"{name}.yaml"
        if path.is_file() and path.parent == folder:
            return parse_source(name, _text(path))
    known = sorted({path.stem for folder in folders for path in folder.glob("*.yaml")})
    raise ConfigurationError(
        f"source {name!r} is unknown; there are: {', '.join(known)}. "
        f"Define it in {folders[0] / f'{name}.yaml'} (see sources/canonical.yaml)."
    )


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as err:
        raise ConfigurationError(f"{path}: no file of UTF-8 text that can be read: {err}") from err


def _read_params(settings: Settings) -> p.Params:
    own = settings.home / "params.yaml"
    return read_params(own if own.exists() else settings.params)


def read_params(path: Path) -> p.Params:
    """The params in a file; raises ConfigurationError where it is missing or wrong."""
    return p.parse(_text(path), where=str(path))
