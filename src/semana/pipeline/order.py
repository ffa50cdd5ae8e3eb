"""What the front door asks for, and the run that it means: a new one, the newest that fits, or one by its id."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from importlib.metadata import version

from semana.data.weeks import Week
from semana.errors import ContractError, UsageError
from semana.pipeline.calendar import calendar_of, check_gaps, check_not_over, has_begun
from semana.stores.home import Stores
from semana.stores.runs import Run

RECORDED = "recorded"  # what a run keeps of the one that it repeats


@dataclass(frozen=True)
class Order:
    """What the front door asks for; `now` is its clock, None elsewhere means the default.

    `run` names one that has begun. `as_recorded` asks for the list of `week` once more, as its run made it.
    """

    now: datetime
    week: Week | None = None
    as_of: date | None = None
    position: int | None = None
    retrain: str = "auto"
    reason: str | None = None
    run: str | None = None
    as_recorded: bool = False

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


def begin(stores: Stores, order: Order) -> Run:
    """A new run: the position is fixed here, and the week it predicts. Raises ContractError where it cannot go on."""
    if order.as_recorded and (run := _again(stores, order)):
        return run
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


def find(stores: Stores, order: Order, *, looks_at_landing: bool) -> Run:
    """The run that the order names; else the newest that fits it, with what this call says of reason and retraining.

    Where none fits, a new one. A step that `looks_at_landing` begins a new one too where something has landed since and
    no week was named.
    """
    fits = [stores.runs.named(order.run)] if order.run else [run for run in stores.runs.all() if _fits(run, order)]
    run = max(fits, key=lambda each: (each.now, each.id), default=None)
    unnamed = order.week is None and order.position is None and order.run is None
    if run is None or (unnamed and looks_at_landing and run.position != stores.landing.position):
        return begin(stores, order)
    retrain = run.retrain if order.retrain == "auto" else order.retrain
    today = run.today if order.run else order.clock
    return replace(run, today=today, retrain=retrain, reason=order.reason or run.reason)


def list_that_stays(run: Run, stores: Stores) -> str | None:
    """The list of the run's week, where readers have it and another one would need a reason that the run lacks."""
    current = stores.publications.current()
    if run.reason or run.knows(RECORDED) or current is None or current["week"] != str(run.week):
        return None
    if not has_begun(run, stores):
        return None
    return f"{current['week']} rev {current['rev']}"


def is_restated(run: Run, stores: Stores) -> bool:
    """Whether what the run's week is predicted from has landed, or was taken back, since its newest list was made."""
    manifests = stores.publications.manifests(run.week)
    if not manifests:
        return False
    last = run.week.start - timedelta(days=1)
    return stores.landing.files_until(last, manifests[-1]["position"]) != stores.landing.files_until(last, run.position)


def _fits(run: Run, order: Order) -> bool:
    return (
        order.week in (None, run.week) and order.position in (None, run.position) and order.as_of in (None, run.as_of)
    )


def _again(stores: Stores, order: Order) -> Run | None:
    """A run that knows and serves what the run of the week's newest list did; None for a week without a list."""
    manifests = stores.publications.manifests(order.week) if order.week else []
    if not manifests:
        return None
    newest = manifests[-1]
    made = stores.runs.named(newest["run"])
    run = stores.runs.begin(
        made.week,
        now=order.now,
        as_of=made.as_of,
        clock=made.clock,
        today=order.clock,
        position=made.position,
        retrain="never",
        reason=order.reason,
        version=version("semana"),
    )
    run.record(RECORDED, {"run": made.id, "bundle": newest["bundle"], "version": newest["model_version"]})
    return run
