"""What MLflow is told: of each training, of who serves; and how a run goes on without it.

What a training found is kept in the run's folder before MLflow hears of it, so that one that goes away in between costs
a retry and no training.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import math
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from semana.data import catalog
from semana.data.weeks import Week
from semana.errors import ContractError
from semana.evaluation.portrait import Portrait
from semana.models.scorer import Recipe
from semana.pipeline.labels import contracts
from semana.stores import files
from semana.stores.home import Stores
from semana.stores.registry import BUNDLE, CHALLENGER, CHAMPION, PREVIOUS, Served
from semana.stores.runs import Run
from semana.stores.tracking import Training

_TABLES = (catalog.PURCHASES, catalog.CUSTOMERS, catalog.PRODUCTS, catalog.WEEKS)
_FOLDER = "training"  # of the run: its page and what it was made from
_log = logging.getLogger(__name__)


@contextlib.contextmanager
def tracked(run: Run, stores: Stores) -> Iterator[Callable[[], None]]:
    """A training that MLflow hears of: asked before anything is worked out, told by the function that it gives."""
    with stores.tracking.training(run.id, {"semana.run": run.id, "semana.week": str(run.week)}) as training:
        yield lambda: _tell(run, stores, training)


def waiting(run: Run, stores: Stores) -> bool:
    """Whether a training of this run under these params is done, and only MLflow has not heard of it."""
    kept = _kept(run)
    if kept is None or kept["told"] or kept["params"]["params"] != _params_hash(stores):
        return False
    return kept["tags"]["semana.bundle"] in stores.bundles.all()


def keep(run: Run, stores: Stores, record: dict[str, Any], *, recipe: Recipe, portrait: Portrait) -> None:
    """Keeps what MLflow is to be told of a race, and its page, in the run's folder."""
    source = stores.landing.source
    data = {each.name: files.sha256(stores.lake.path(each, run.week)) for each in _TABLES}
    about = {
        "week": str(run.week),
        "source": source.name if source else "",
        "as_of": run.as_of.isoformat(),
        "position": str(run.position),
        "bundle": record["bundle"],
    }
    facts = {
        "told": False,
        "params": {
            **{name: about[name] for name in ("as_of", "position", "week")},
            "family": recipe.family,
            **{name: str(value) for name, value in recipe.constants.items()},
            "seed": str(recipe.seed),
            **{f"{part}_weeks": " ".join(weeks) for part, weeks in record["weeks"].items()},
            "features": str(len(recipe.features)),
            "params": _params_hash(stores),
        },
        "tags": {
            "semana.bundle": record["bundle"],
            "semana.judged": record["judged"],
            "semana.position": str(run.position),
            "semana.source": about["source"],
            "semana.contract.features": hashlib.sha256(" ".join(recipe.features).encode()).hexdigest()[:12],
            **{f"semana.contract.{name}": value for name, value in contracts().items()},
            "mlflow.note.content": record["says"],
        },
        "datasets": {name: digest[:32] for name, digest in data.items()},
        "metrics": [
            *_metrics(record),
            *((f"gate/{name}", value, 0) for name, value in portrait.metrics.items()),
            *_taken(stores.telemetry.of(run.id)),
        ],
    }
    folder = run.folder / _FOLDER
    from semana.reports.training import training_page

    files.replace_bytes(folder / "training.html", training_page({**record, "about": about}, portrait).encode())
    files.replace_bytes(folder / "card.md", stores.bundles.card(record["bundle"]).encode())
    for name, value in (
        ("recipe", recipe.to_json()),
        ("params", stores.params.model_dump(mode="json")),
        ("data", {**about, "sha256": data}),
        ("race", record),
        ("portrait", portrait.to_json()),
    ):
        files.replace_json(folder / f"{name}.json", value)
    run.record(_FOLDER, facts)


def project(stores: Stores) -> str:
    """Makes MLflow's registry show the ledger and the newest refused challenger; says what changed, or "up to date"."""
    entries = {entry["to"]: entry for entry in stores.ledger.entries()}
    aliases = {}
    for alias, entry in (
        (CHAMPION, stores.ledger.champion()),
        (PREVIOUS, next(iter(stores.ledger.predecessors()), None)),
    ):
        if entry:
            aliases[alias] = entry["to"]
    served = [_served(stores, bundle, entry) for bundle, entry in entries.items()]
    refused = _refused(stores)
    if refused and refused["bundle"] not in entries:
        aliases[CHALLENGER] = refused["bundle"]
        served.append(_served(stores, refused["bundle"], None))
    change = stores.tracking.project(served, aliases)
    for fault in change.cannot:
        _log.warning("tracking: %s", fault)
    return str(change)


def _served(stores: Stores, bundle: str, entry: dict[str, Any] | None) -> Served:
    there = bundle in stores.bundles.all()
    if entry is None:
        return Served(bundle, stores.bundles.folder / bundle, {"semana.gate": "refused"}, "Refused by the gate.")
    tags = {"semana.version": entry["version"], "semana.week": entry["week"], "semana.run": entry["by"]}
    says = f"{entry['version']}, {entry['evidence']['model']}, since {entry['week']}: {'; '.join(entry['why'])}"
    return Served(bundle, stores.bundles.folder / bundle if there else None, {**tags, "semana.gate": "passed"}, says)


def _refused(stores: Stores) -> dict[str, Any] | None:
    """The race of the newest run with a gate report, where that refused its challenger."""
    judged = stores.runs.newest("gate")
    if judged is None or judged.recall("gate")["admitted"]:
        return None
    race = judged.recall("race")
    return race if race["bundle"] in stores.bundles.all() else None


def go_on(step: str, run: Run, stores: Stores, why: Exception) -> dict[str, Any]:
    """The summary of a step that MLflow kept from its work: the champion goes on serving. Raises `why` without one."""
    entry = stores.ledger.champion(run.week)
    if entry is None:
        raise why
    said = f"away: {why}"
    _log.warning("tracking away at %s; %s goes on with %s: %s", step, run.id, entry["version"], why)
    run.record("tracking", {"event": "tracking away", "step": step, "says": str(why)})
    if step == "train":
        return {"step": step, "trained": False, "tracking": said}
    run.record("serving", {"bundle": entry["to"], "version": entry["version"], "model": entry["evidence"]["model"]})
    promoted = entry["by"] == run.id
    return {
        "step": step,
        "promoted": promoted,
        "model_version": entry["version"],
        "bundle": entry["to"],
        "tracking": said,
    }


def went_on(run: Run) -> bool:
    """Whether MLflow kept the run from training, so that there is no challenger, whatever was decided."""
    return run.knows("step-train") and "tracking" in run.recall("step-train")


def _tell(run: Run, stores: Stores, training: Training) -> None:
    facts = _kept(run)
    if facts is None:
        raise ContractError(f"run {run.id} kept nothing of its training. Run: semana train --week {run.week}")
    bundle = stores.bundles.folder / facts["tags"]["semana.bundle"]
    training.log(facts, {"": run.folder / _FOLDER, BUNDLE: bundle})
    run.record(_FOLDER, {**facts, "told": True})


def _kept(run: Run) -> dict[str, Any] | None:
    return run.recall(_FOLDER) if run.knows(_FOLDER) else None


def _metrics(record: dict[str, Any]) -> list[tuple[str, float, int]]:
    """The metrics of every model in every gate week, the week as step like 202502; the challenger's without a name."""
    judged = dict(record["evidence"])
    if record["champion"]:
        judged["champion"] = record["champion"]
    found = [
        (f"{name}/{metric}", value, _step(week))
        for name, weeks in judged.items()
        for week, metrics in weeks.items()
        for metric, value in metrics.items()
    ]
    own = [(name.split("/", 1)[1], value, step) for name, value, step in found if name.startswith(f"{record['best']}/")]
    return [each for each in own + found if not math.isnan(each[1])]


def _taken(records: Iterable[dict[str, Any]]) -> Iterator[tuple[str, float, int]]:
    """What the run's steps took until now, and the sizes of the datasets that they touched."""
    for record in records:
        for name in ("wall_seconds", "cpu_seconds", "peak_memory_mib", "bytes_read", "bytes_written"):
            yield f"steps/{record['step']}/{name}", float(record[name]), 0
        for each in record["datasets"]:
            for name in ("rows", "columns", "bytes"):
                yield f"datasets/{each['dataset']}/{each['how']} by {record['step']}/{name}", float(each[name]), 0


def _step(week: str) -> int:
    return int(str(Week.parse(week)).replace("-W", ""))


def _params_hash(stores: Stores) -> str:
    return hashlib.sha256(files.to_json(stores.params.model_dump(mode="json"))).hexdigest()[:12]
