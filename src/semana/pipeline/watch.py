"""Watch: the look from outside of any run: whether the list is overdue, the disk low, or a message unsent.

It takes the inbox too, where no run is at it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Any

from semana.data.weeks import Week
from semana.errors import Busy, ConfigurationError, ContractError
from semana.pipeline.inbox import take_letters, take_orders
from semana.stores.alerts import Event
from semana.stores.doctor import low_disk
from semana.stores.home import Stores
from semana.stores.inbox import TAKEN
from semana.stores.leases import WHOLE


def watch(stores: Stores, *, now: datetime) -> dict[str, Any]:
    """What is wrong, each told once: `findings`, how many messages are `unsent`, how many letters were taken.

    The list is overdue when the running week has none and has run for `watch: overdue_hours`. It needs nothing but the
    home: neither a scheduler nor a server.
    """
    letters = _take(stores, now)
    unsent = stores.alerts.retry(now=now)
    found = [event for look in (_overdue, _disk) if (event := _seen(look, stores, now))]
    for event in found:
        stores.alerts.tell(event, now=now)
    return {"findings": [f"{event.kind}: {event.says}" for event in found], "unsent": unsent, "letters": letters}


def _take(stores: Stores, now: datetime) -> int:
    """How many letters were taken; those whose lease somebody holds wait for the next look."""
    taken = 0
    if not stores.inbox.waiting():
        return taken
    with contextlib.suppress(Busy), stores.leases.hold("ingest"):
        taken += int(take_letters(stores, arrival=now)[TAKEN])
    with contextlib.suppress(Busy), stores.leases.hold("promote", against=WHOLE):
        taken += take_orders(stores, now=now)[TAKEN]
    return taken


def _seen(look: Callable[[Stores, datetime], Event | None], stores: Stores, now: datetime) -> Event | None:
    """What the look finds; that it cannot look is a finding too."""
    try:
        return look(stores, now)
    except (ContractError, ConfigurationError, OSError) as err:
        return Event("home damaged", f"{now.date()} {err}", str(err), urgent=True)


def _overdue(stores: Stores, now: datetime) -> Event | None:
    current, patience = stores.publications.current(), timedelta(hours=stores.params.watch.overdue_hours)
    week = Week.of(now.date())
    due = datetime.combine(week.start, time(), tzinfo=UTC) + patience
    if current is None:
        position = stores.landing.position
        if not position or now < stores.landing.arrival(position) + patience:
            return None
        says = f"{position} deliveries have landed, and no list is there. Run: semana run"
        return Event("run overdue", f"{week} no list", says, urgent=True)
    if Week.parse(current["week"]) >= week or now < due:
        return None
    says = f"{week} has begun and has no list, the newest is of {current['week']}. Run: semana run"
    return Event("run overdue", str(week), says, urgent=True)


def _disk(stores: Stores, now: datetime) -> Event | None:
    low = low_disk(stores)
    return Event("disk low", str(now.date()), low, urgent=True) if low else None
