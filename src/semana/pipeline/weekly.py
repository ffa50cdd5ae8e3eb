"""The weekly run as a whole: takes what was dropped, begins a run, then walks the steps; and one step alone."""

from __future__ import annotations

import inspect
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from semana.pipeline import STEPS, Step, ingest, live, prepare
from semana.pipeline.calendar import has_begun
from semana.pipeline.events import failures_told, tell
from semana.pipeline.inbox import take_orders
from semana.pipeline.notify import summarise
from semana.pipeline.order import Order, begin, find, is_restated, list_that_stays
from semana.pipeline.tracked import go_on
from semana.stores import files
from semana.stores.home import Stores
from semana.stores.leases import WHOLE, Lease
from semana.stores.runs import Run
from semana.stores.tracking import AWAY

_FIRST_STEPS = ("validate", "prepare")
_RETRAINING = ("train", "promote")  # steps that have little to do where nothing is retrained
_log = logging.getLogger(__name__)


def run_week(stores: Stores, order: Order, *, progress: Callable[[Step], None] = lambda _: None) -> dict[str, Any]:
    """Takes the drop folder, then makes and publishes the list of the target week; returns the run's summary."""
    began = time.perf_counter()
    with stores.leases.hold(WHOLE, against="*") as lease:
        progress(STEPS[0])
        with stores.leases.hold("ingest"):
            run = _take(stores, order)
        with failures_told(stores, what="run", now=order.now, past=order.clock < order.now.date()):
            _check_reason(run, stores)
        for step in STEPS[1:]:
            progress(step)
            with stores.leases.hold(step.name):
                _walk_on(step, run, stores, lease)
    return summarise(run, seconds=time.perf_counter() - began)


def begin_run(stores: Stores, order: Order) -> dict[str, Any]:
    """The first step alone, for whoever walks the others by the run's id: takes the drop folder and begins a run.

    The summary names `run`, `week`, `position` and `as_of`, and as `stays` the list that readers have of the week where
    it has begun and no reason for another one is given.
    """
    with stores.leases.hold("ingest", against=WHOLE):
        run = _take(stores, order)
    about = {"run": run.id, "week": str(run.week), "position": run.position, "as_of": run.as_of.isoformat()}
    return {**run.recall("ingest"), **about, "stays": list_that_stays(run, stores)}


def run_step(name: str, stores: Stores, order: Order, *, goes_on: bool = False, **options: Any) -> dict[str, Any]:
    """One step alone, in the run that the order means (`order.find`); `goes_on` where MLflow is away, as a whole run.

    Different steps, and one step's different parts (an option that is text), go side by side; not beside a whole run.
    """
    step = next(step for step in STEPS if step.name == name)
    part = "-".join([name, *(value for value in options.values() if isinstance(value, str))])
    with stores.leases.hold(part, against=WHOLE) as lease:
        run = find(stores, order, looks_at_landing=name in _FIRST_STEPS)
        if "prepare" in _before(step):
            _prepare_again(run, stores)
        return (_walk_on if goes_on else _walk)(step, run, stores, lease, **options)


def prepared_run(stores: Stores, order: Order) -> Run:
    """The newest run that fits the order (a new one where there is none), its prepared tables made again if need be."""
    run = find(stores, order, looks_at_landing=False)
    _prepare_again(run, stores)
    return run


def _take(stores: Stores, order: Order) -> Run:
    """A new run, after what was dropped has landed; a list as recorded leaves what was dropped to the next run."""
    stores.alerts.retry(now=order.now)
    files.sweep(stores.home, older_than_seconds=stores.params.store.lease_stale_seconds)
    if order.as_recorded:
        ingested: dict[str, Any] = {"step": "ingest", "rows": {}, "deliveries": [], "position": stores.landing.position}
    else:
        ingested = ingest.take(stores, arrival=order.arrival)
        ingested["live"] = live.look_after(stores, ingested, clock=order.clock, now=order.now)
        with stores.leases.hold("promote"):
            take_orders(stores, now=order.now)
    with failures_told(stores, what="run", now=order.now, past=order.clock < order.now.date()):
        run = begin(stores, order)
    if run.retrain == "always":  # asked before anything is trained: its list would be refused at the end
        stores.publications.check_reason(run.week, late=has_begun(run, stores), reason=run.reason)
    run.record("ingest", ingested)
    return run


def _check_reason(run: Run, stores: Stores) -> None:
    """Raises UsageError where another list would be refused for want of a reason, before the tables of the list go."""
    if is_restated(run, stores):
        stores.publications.check_reason(run.week, late=has_begun(run, stores), reason=run.reason)


def _prepare_again(run: Run, stores: Stores) -> None:
    if prepare.is_current(run, stores):
        return
    with stores.leases.hold("prepare"):
        _log.info("the prepared tables of %s are made again, at position %s", run.week, run.position)
        prepare.run(run, stores)


def _before(step: Step) -> set[str]:
    """The steps that come before, directly or not."""
    by_name = {each.name: each for each in STEPS}
    return {name for need in step.needs for name in ({need} | _before(by_name[need]))}


def _walk_on(step: Step, run: Run, stores: Stores, lease: Lease, **options: Any) -> dict[str, Any]:
    """The same as `_walk`, but a run that has a champion goes on with it where MLflow is away."""
    try:
        return _walk(step, run, stores, lease, **options)
    except AWAY as err:
        if step.name not in _RETRAINING:
            raise
        return _kept(step, run, go_on(step.name, run, stores, err))


def _walk(step: Step, run: Run, stores: Stores, lease: Lease, **options: Any) -> dict[str, Any]:
    """Runs the step, which checks the lease before it commits, and keeps its summary, with its seconds."""
    began = time.perf_counter()
    with (
        failures_told(stores, what=f"{step.name} of {run.week}", now=run.now, past=run.today < run.now.date()),
        _told(step, run),
        stores.telemetry.measure(step.name, run=run.id, week=str(run.week)) as record,
    ):
        if "lease" in inspect.signature(step.function).parameters:
            options["lease"] = lease
        summary = step.function(run, stores, **options)
        record["retrains"] = step.name in _RETRAINING and run.recall("decision")["retrain"]
    summary = _kept(step, run, {**summary, "seconds": round(time.perf_counter() - began, 3)})
    tell(run, stores, summary)
    return summary


def _kept(step: Step, run: Run, summary: dict[str, Any]) -> dict[str, Any]:
    """The summary with its week and run, kept for the steps behind."""
    summary = {**summary, "week": str(run.week), "run": run.id}
    run.record(f"step-{step.name}", summary)
    return summary


@contextmanager
def _told(step: Step, run: Run) -> Iterator[None]:
    _log.info("%s %s", run.id, step.name)
    try:
        yield
    except Exception as err:
        _log.error("%s %s failed: %s", run.id, step.name, err)
        raise
