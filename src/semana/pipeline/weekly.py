"""The weekly run as a whole: fixes week, position and as-of, then walks the steps; and one step alone."""

from __future__ import annotations

import inspect
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from importlib.metadata import version
from typing import Any

from semana.data.weeks import Week
from semana.errors import ContractError, UsageError
from semana.pipeline import STEPS, Step, ingest, live, prepare
from semana.pipeline.calendar import calendar_of, check_gaps, check_not_over, has_begun
from semana.pipeline.events import failures_told, tell
from semana.pipeline.inbox import take_orders
from semana.pipeline.tracked import go_on
from semana.stores import files
from semana.stores.home import Stores
from semana.stores.leases import WHOLE, Lease
from semana.stores.runs import Run
from semana.stores.tracking import AWAY

_FIRST_STEPS = ("validate", "prepare")
_RETRAINING = ("train", "promote")  # steps that have little to do where nothing is retrained
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Order:
    """What the front door asks for; `now` is its clock, None elsewhere means the default."""

    now: datetime
    week: Week | None = None
    as_of: date | None = None
    position: int | None = None
    retrain: str = "auto"
    reason: str | None = None

    @property
    def clock(self) -> date:
        """The day it is: `--as-of` sets it."""
        return self.as_of or self.now.date()

    @property
    def arrival(self) -> datetime:
        """The moment that deliveries taken now arrive: in a replay, noon of its day."""
        if self.as_of and self.as_of < self.now.date():
            return datetime(self.as_of.year, self.as_of.month, self.as_of.day, 12, tzinfo=UTC)
        return self.now


def run_week(stores: Stores, order: Order, *, progress: Callable[[Step], None] = lambda _: None) -> dict[str, Any]:
    """Takes the drop folder, then makes and publishes the list of the target week; returns the run's summary."""
    began = time.perf_counter()
    with stores.leases.hold(WHOLE, against="*") as lease:
        stores.alerts.retry(now=order.now)
        files.sweep(stores.home, older_than_seconds=stores.params.store.lease_stale_seconds)
        progress(STEPS[0])
        with stores.leases.hold("ingest"):
            ingested = ingest.take(stores, arrival=order.arrival)
            ingested["live"] = live.look_after(stores, ingested, clock=order.clock, now=order.now)
        take_orders(stores, now=order.now)
        with failures_told(stores, what="run", now=order.now):
            run = begin(stores, order)
        if run.retrain == "always":  # asked before anything is trained: its list would be refused at the end
            stores.publications.check_reason(run.week, late=has_begun(run, stores), reason=run.reason)
        run.record("ingest", ingested)
        steps = {"ingest": ingested}
        for step in STEPS[1:]:
            progress(step)
            with stores.leases.hold(step.name):
                try:
                    steps[step.name] = _walk(step, run, stores, lease)
                except AWAY as err:
                    if step.name not in ("train", "promote"):
                        raise
                    steps[step.name] = go_on(step.name, run, stores, err)
    return _summary(run, steps, seconds=time.perf_counter() - began)


def run_step(name: str, stores: Stores, order: Order, **options: Any) -> dict[str, Any]:
    """One step alone, in the newest run of its week (a new one where there is none, or where the order differs).

    Different steps, and one step's different `options`, go side by side; not beside a whole run.
    """
    step = next(step for step in STEPS if step.name == name)
    part = "-".join([name, *(str(value) for value in options.values() if value)])
    with stores.leases.hold(part, against=WHOLE) as lease:
        run = _resume(step, stores, order)
        if "prepare" in _before(step):
            _prepare_again(run, stores)
        return _walk(step, run, stores, lease, **options)


def prepared_run(stores: Stores, order: Order) -> Run:
    """The newest run that fits the order (a new one where there is none), its prepared tables made again if need be."""
    run = _resume(next(step for step in STEPS if step.name == "train"), stores, order)
    _prepare_again(run, stores)
    return run


def _prepare_again(run: Run, stores: Stores) -> None:
    if prepare.is_current(run, stores):
        return
    with stores.leases.hold("prepare"):
        _log.info("the prepared tables of %s are made again, at position %s", run.week, run.position)
        prepare.run(run, stores)


def begin(stores: Stores, order: Order) -> Run:
    """A new run: the position is fixed here, and the week it predicts. Raises ContractError where it cannot go on."""
    landing = stores.landing
    position = landing.position if order.position is None else order.position
    if order.position is not None and not 0 < position <= landing.position:
        raise UsageError(f"--position {position}: 1 to {landing.position} was expected. See: semana deliveries list")
    days = landing.trading_days(position)
    if not days:
        raise ContractError("no order line has landed. Deliver a transactions file: semana ingest PATH --source NAME")
    as_of = order.as_of or (min(max(days), order.week.start - timedelta(days=1)) if order.week else max(days))
    clock = order.as_of or (as_of if order.week else order.now.date())
    calendar = calendar_of(stores, position=position, as_of=as_of, clock=clock)
    target = order.week or calendar.target_week
    if target > calendar.target_week:
        raise ContractError(
            f"{target} cannot be predicted yet: {calendar.latest_complete} is the latest complete week as of {as_of}. "
            f"Deliver the weeks between, or run without --week."
        )
    if order.week is None and order.as_of is None:
        check_not_over(target, calendar, clock=clock, landed=max(days))
    source = landing.source.name if landing.source else ""
    check_gaps(calendar, target, weeks=stores.params.data.gap_weeks, source=source)
    return stores.runs.begin(
        target,
        now=order.now,
        as_of=as_of,
        clock=clock,
        today=order.clock,
        position=position,
        retrain=order.retrain,
        reason=order.reason,
        version=version("semana"),
    )


def _resume(step: Step, stores: Stores, order: Order) -> Run:
    """The newest run that fits the order, with what this call says of reason and retraining; else a new one.

    The steps that look at what landed begin a new run where something has landed since and no week was named.
    """
    fits = [
        run
        for run in stores.runs.all()
        if order.week in (None, run.week)
        and order.position in (None, run.position)
        and order.as_of in (None, run.as_of)
    ]
    run = max(fits, key=lambda each: (each.now, each.id), default=None)
    unnamed = order.week is None and order.position is None
    if run is None or (unnamed and step.name in _FIRST_STEPS and run.position != stores.landing.position):
        return begin(stores, order)
    retrain = run.retrain if order.retrain == "auto" else order.retrain
    return replace(run, today=order.clock, retrain=retrain, reason=order.reason or run.reason)


def _before(step: Step) -> set[str]:
    """The steps that come before, directly or not."""
    by_name = {each.name: each for each in STEPS}
    return {name for need in step.needs for name in ({need} | _before(by_name[need]))}


def _walk(step: Step, run: Run, stores: Stores, lease: Lease, **options: Any) -> dict[str, Any]:
    """Runs the step, which checks the lease before it commits, and keeps its summary, with its seconds."""
    began = time.perf_counter()
    with (
        failures_told(stores, what=f"{step.name} of {run.week}", now=run.now),
        _told(step, run),
        stores.telemetry.measure(step.name, run=run.id, week=str(run.week)) as record,
    ):
        if "lease" in inspect.signature(step.function).parameters:
            options["lease"] = lease
        summary = step.function(run, stores, **options)
        record["retrains"] = step.name in _RETRAINING and run.recall("decision")["retrain"]
    summary = {**summary, "week": str(run.week), "run": run.id, "seconds": round(time.perf_counter() - began, 3)}
    run.record(f"step-{step.name}", summary)
    tell(run, stores, summary)
    return summary


@contextmanager
def _told(step: Step, run: Run) -> Iterator[None]:
    _log.info("%s %s", run.id, step.name)
    try:
        yield
    except Exception as err:
        _log.error("%s %s failed: %s", run.id, step.name, err)
        raise


def _summary(run: Run, steps: dict[str, Any], *, seconds: float) -> dict[str, Any]:
    decision = steps["decide"]
    summary = {
        "target_week": str(run.week),
        "latest_complete_week": steps["prepare"]["latest_complete_week"],
        "missing_days": steps["prepare"]["missing_days"],
        "retrained": steps["train"]["trained"],
        "reasons": decision["reasons"],
        "model_version": steps["promote"]["model_version"],
        "refused": steps["promote"].get("refused", []),
        "rollback": steps["review"]["rollback"],
        "drift": steps["detect_drift"],
        "published": steps["publish"]["published"],
        "recommended_pairs": steps["publish"]["recommended"],
        "customers": steps["publish"]["customers"],
        "tracking": steps["promote"]["tracking"],
        "newest_performance": steps["review"]["newest"],
        "position": run.position,
        "run": run.id,
        "seconds": round(seconds, 3),
        "steps": {name: step.get("seconds") for name, step in steps.items()},
    }
    run.record("summary", summary)
    return summary
