"""Watch: the look from outside of any run: whether the list is overdue, the disk low, or a message unsent.

It takes the inbox too, where no run is at it.
"""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, time, timedelta
from typing import Any

from semana.data.weeks import Week
from semana.errors import Busy
from semana.pipeline.inbox import TAKEN, take_letters, take_orders
from semana.stores.alerts import Event
from semana.stores.doctor import low_disk
from semana.stores.home import Stores
from semana.stores.leases import WHOLE


def watch(stores: Stores, *, now: datetime) -> dict[str, Any]:
    """What is wrong, each told once: `findings`, how many messages are `unsent`, how many letters were taken.

    The list is overdue when the running week has none and has run for `watch: overdue_hours`. It needs nothing but the
    home: neither a scheduler nor a server.
    """
    letters = _take(stores, now)
    unsent = stores.alerts.retry(now=now)
    found = [event for event in (_overdue(stores, now), _disk(stores, now)) if event]
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


def _overdue(stores: Stores, now: datetime) -> Event | None:
    current = stores.publications.current()
    week = Week.of(now.date())
    due = datetime.combine(week.start, time(), tzinfo=UTC) + timedelta(hours=stores.params.watch.overdue_hours)
    if current is None or Week.parse(current["week"]) >= week or now < due:
        return None
    says = f"{week} has begun and has no list, the newest is of {current['week']}. Run: semana run"
    return Event("run overdue", str(week), says, urgent=True)


def _disk(stores: Stores, now: datetime) -> Event | None:
    low = low_disk(stores)
    return Event("disk low", str(now.date()), low, urgent=True) if low else None
