"""Routes about the system itself: the model, the ledger, drift, performance, runs, and its health."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from semana.data.weeks import Week
from semana.errors import ConfigurationError, ContractError
from semana.evaluation.durations import with_times_usual
from semana.reports.metrics import exposition, requests_served
from semana.serving import responses_of_system as r
from semana.serving.asking import ANY, Home, Limit, Offset, Publication, answer, hot_of, needs, page, refusals
from semana.stores.doctor import low_disk, other_model
from semana.stores.home import Stores
from semana.stores.judged import gates
from semana.stores.ledger import rolled_back
from semana.stores.reviewed import estimate, figures, live_drift, newest_drift_or_none, parts
from semana.stores.watched import watched

_DELIVERIES = 50
router = APIRouter(prefix="/v1", dependencies=[needs("read")], responses={**ANY, **refusals(409)})
health = APIRouter(tags=["health"])


@router.get("/key", response_model=r.KeyOf, tags=["health"])
async def key(request: Request) -> Response:
    """Who asks: the key's name and how far it reaches; `keyless` where none was made and this machine may do all."""
    held = request.state.key
    return answer(request, None, {"name": held.name, "scope": held.scope, "keyless": not hot_of(request).keys})


@router.get("/model", response_model=r.Model, tags=["model"])
def model(request: Request, loaded: Publication, stores: Home) -> Response:
    """The model that made the list, the one that is to make the next, and what is wrong with either."""
    hot = hot_of(request)
    try:
        champion, differs = stores.ledger.champion(), other_model(stores)
    except (ContractError, OSError) as err:
        champion, differs = None, str(err)
    told = {"bundle": loaded.mapped.manifest["bundle"], "champion": champion, "differs": differs}
    return answer(request, None, {**loaded.stamp, **told, "degraded": hot.reasons()})


@router.get("/model/versions", response_model=r.Versions, tags=["model"])
def versions(request: Request, stores: Home) -> Response:
    """Every model that served, since when, how it did at the gate, and whether it may serve."""
    entries = stores.ledger.entries()
    gone = stores.ledger.rolled_back()
    found = []
    for bundle in dict.fromkeys(entry["to"] for entry in reversed(entries)):
        mine = [entry for entry in entries if entry["to"] == bundle]
        evidence = mine[-1]["evidence"]
        found.append(
            {
                "version": mine[-1]["version"],
                "bundle": bundle,
                "model": evidence["model"],
                "weeks": [entry["week"] for entry in mine],
                "gate_f1": evidence["gate_f1"],
                "serves": entries[-1]["to"] == bundle,
                "rolled_back": bundle in gone,
                "fault": _fault(stores, bundle),
            }
        )
    return answer(request, None, {"versions": found})


@router.get("/gates", response_model=r.Gates, tags=["model"])
def gate_reports(request: Request, stores: Home, limit: Limit = 10, offset: Offset = 0) -> Response:
    """What the gate found of every challenger, check by check, those that it refused too; the newest first."""
    every = gates(stores)
    shown = every[offset : offset + limit]
    return answer(request, None, {**page(offset, len(shown), len(every)), "gates": shown})


@router.get("/ledger", response_model=r.Ledger, tags=["model"])
def ledger(request: Request, stores: Home, limit: Limit = 50, offset: Offset = 0) -> Response:
    """Who served since when, and why: promotions and rollbacks, the newest first."""
    entries = list(reversed(stores.ledger.entries()))
    shown = [{**entry, "rolled_back": rolled_back(entry)} for entry in entries[offset : offset + limit]]
    return answer(request, None, {**page(offset, len(shown), len(entries)), "entries": shown})


@router.get("/drift", response_model=r.Drift, tags=["reports"])
def drift(request: Request, stores: Home) -> Response:
    """Whether customers behave unlike before, the running week as last looked at, and the newest deliveries."""
    live = live_drift(stores)
    if live:
        live["over"] = Week.parse(live["week"]).end < datetime.now(UTC).date()
    door = stores.landing.judged(latest=_DELIVERIES)
    return answer(request, None, {"historical": newest_drift_or_none(stores), "live": live, "deliveries": door})


@router.get("/performance", response_model=r.Performance, tags=["reports"])
def performance(request: Request, stores: Home) -> Response:
    """How every list did whose week is over, and what the current one can be expected to reach."""
    told = {"weeks": figures(stores), "parts": parts(stores).to_dicts(), "estimate": estimate(stores)}
    return answer(request, None, told)


@router.get("/runs", response_model=r.Runs, tags=["reports"])
def runs(request: Request, stores: Home, limit: Limit = 20, offset: Offset = 0) -> Response:
    """The weekly runs, the newest first: what was asked, what came of it, and what every step took."""
    every = sorted(stores.runs.all(), key=lambda run: (run.now, run.id), reverse=True)
    steps: dict[str, dict[str, Any]] = {}  # of each run every step's newest record
    for record in with_times_usual(stores.telemetry.all()):
        steps.setdefault(record["run"], {})[record["step"]] = record
    tasks = stores.tasks.all()
    shown = [
        {
            **run.recall("run"),
            "summary": run.recall("summary") if run.knows("summary") else None,
            "steps": list(steps.get(run.id, {}).values()),
            "scheduled": [record for record in tasks if record["run"] == run.id],
        }
        for run in every[offset : offset + limit]
    ]
    disk = {"free_bytes": shutil.disk_usage(stores.home).free, "low": low_disk(stores)}
    return answer(request, None, {**page(offset, len(shown), len(every)), "runs": shown, "disk": disk})


@router.get("/steps", response_model=r.Steps, tags=["reports"])
def steps(request: Request, stores: Home, limit: Limit = 100, offset: Offset = 0) -> Response:
    """What every step took, and the rows and bytes of what it read and wrote; the newest first."""
    records = list(reversed(stores.telemetry.all()))
    shown = records[offset : offset + limit]
    return answer(request, None, {**page(offset, len(shown), len(records)), "steps": shown})


@health.get("/livez", response_model=r.Alive, responses=refusals(400))
async def livez(request: Request) -> Response:
    """That the process answers."""
    return answer(request, None, {"status": "ok"})


@health.get(
    "/readyz",
    response_model=r.Ready,
    responses={503: {"model": r.Ready, "description": "No list is loaded yet"}, **refusals(400)},
)
async def readyz(request: Request) -> Response:
    """Whether a list is served, the newest or not, and how old; `degraded` where something is wrong, and what."""
    hot = hot_of(request)
    loaded, reasons = hot.loaded, hot.reasons()
    status = "starting" if loaded is None else "degraded" if reasons else "ready"
    told: dict[str, Any] = {"status": status, "reasons": reasons, "newest": hot.newest()}
    told |= {"week": None, "rev": None, "model_version": None}
    age = None
    if loaded:
        began = datetime.combine(loaded.mapped.week.start, datetime.min.time(), tzinfo=UTC)
        age = round((datetime.now(UTC) - began).total_seconds() / 86400, 3)
        told |= loaded.stamp
    return answer(request, None, {**told, "age_days": age}, status=200 if loaded else 503)


@health.get(
    "/metrics",
    dependencies=[needs("metrics")],
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}, **ANY},
    response_class=Response,
)
def metrics(request: Request, stores: Home) -> Response:
    """What is watched, as Prometheus reads it: the home's own, and the requests of all processes of this API."""
    hot = hot_of(request)
    try:
        home = exposition(watched(stores))
    except (ContractError, ConfigurationError, OSError):
        home = ""
    served = requests_served(request.app.state.counts.rows(), degraded=bool(hot.reasons()))
    return Response(home + served, media_type="text/plain; version=0.0.4; charset=utf-8")


def _fault(stores: Stores, bundle: str) -> str | None:
    try:
        reason = stores.bundles.unsupported(bundle)
    except (ContractError, ConfigurationError) as err:
        return str(err)
    return reason
