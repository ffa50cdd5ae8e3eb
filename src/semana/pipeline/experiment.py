"""An experiment's life: what it could find, its beginning and end, and what it has found so far."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any

from semana.data import catalog
from semana.data import schemas as s
from semana.data.frames import Frame
from semana.data.purchases import bought
from semana.data.weeks import Week
from semana.errors import UsageError
from semana.evaluation.experiment import (
    Experiment,
    effect_of,
    held_out,
    smallest_effect,
    spans,
    totals_by_customer,
    weeks_of,
)
from semana.stores.home import Stores

_MOST = 0.5  # more held out than shown finds no more, and costs more


def findable(stores: Stores, *, share: float, weeks: int) -> dict[str, Any]:
    """The smallest effect that such an experiment finds, and how many customers and past weeks that is read from."""
    if not 0 < share <= _MOST:
        raise UsageError(f"--share {share}: above 0 and at most {_MOST} was expected")
    purchases, complete = _history(stores)
    earlier, later = spans(complete, before=_next_week(stores), weeks=weeks)
    known, both = totals_by_customer(purchases, _next_week(stores), later, earlier)
    smallest = smallest_effect(*both, share=share)
    found = None if math.isnan(smallest) else smallest
    return {"share": share, "weeks": weeks, "findable": found, "customers": len(known), "read_from_weeks": len(later)}


def begin(stores: Stores, *, share: float, weeks: int, smallest: float | None, now: datetime) -> dict[str, Any]:
    """Begins the experiment with the list of the next week; returns it."""
    begun = stores.experiments.begin(
        share=share, first=_next_week(stores), weeks=weeks, when=now.isoformat(), findable=smallest
    )
    return described(begun)


def stop(stores: Stores, *, now: datetime) -> dict[str, Any]:
    """Ends the running experiment before the next week's list; raises UsageError where none runs."""
    coming = _next_week(stores)
    running = [each for each in stores.experiments.all() if each.last >= coming]
    if not running:
        raise UsageError("no experiment runs. Begin one: semana experiment create --share 0.1 --weeks 12")
    return described(stores.experiments.stop(running[-1], before=coming, when=now.isoformat()))


def described(experiment: Experiment) -> dict[str, Any]:
    """Plain values."""
    weeks = max(0, experiment.last - experiment.first + 1)
    return {
        "id": experiment.id,
        "share": experiment.share,
        "first_week": str(experiment.first),
        "last_week": str(experiment.last),
        "weeks": weeks,
    }


def effects(stores: Stores) -> list[dict[str, Any]]:
    """Every experiment with what it has found so far: the effect of being shown one's list, with a 95 % interval.

    Customers are those who had bought before it began: who comes later may have come because of it.
    """
    experiments = stores.experiments.all()
    if not experiments:
        return []
    purchases, complete = _history(stores)
    found = []
    for experiment in experiments:
        during = weeks_of(experiment, complete)
        earlier = tuple(week for week in sorted(complete) if week < experiment.first)[-len(during) :] if during else ()
        known, (after, past) = totals_by_customer(purchases, experiment.first, during, earlier)
        out = held_out(known, experiment).to_numpy()
        effect = effect_of(after, past, out) if during else None
        found.append(
            {**described(experiment), "complete_weeks": len(during), "effect": vars(effect) if effect else None}
        )
    return found


def _history(stores: Stores) -> tuple[Frame, list[Week]]:
    """The purchases as they were prepared last, and which weeks are complete."""
    prepared = stores.lake.weeks(catalog.WEEKS)
    if not prepared:
        raise UsageError("no week has been prepared yet. Run: semana run")
    weeks = stores.lake.read(catalog.WEEKS, prepared[-1])
    complete = [Week(index) for index in weeks.filter("complete")[s.WEEK].to_list()]
    return bought(stores.lake.scan(catalog.PURCHASES, prepared[-1])), complete


def _next_week(stores: Stores) -> Week:
    """The first week whose list is not made yet."""
    current = stores.publications.current()
    if current is None:
        raise UsageError("no list is published yet: an experiment holds lists back. Run: semana run")
    return Week.parse(current["week"]) + 1
