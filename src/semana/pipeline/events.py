"""What people are told of a run: one message an event, in words."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from semana.errors import Busy, ContractError, UsageError
from semana.stores.alerts import Event
from semana.stores.home import Stores
from semana.stores.ledger import rolled_back
from semana.stores.runs import Run
from semana.stores.tracking import AWAY

INGEST = "ingest"
_REASONS = 3  # of a refusal, in a message; the rest stands on the page


def tell(run: Run, stores: Stores, summary: Mapping[str, Any]) -> None:
    """Sends what a step's summary tells. Nobody is told of runs as of a past day, which tell what would have been."""
    if run.today < run.now.date():
        return
    for event in events_of(run, stores, summary):
        stores.alerts.tell(event, now=run.now)


def events_of(run: Run, stores: Stores, summary: Mapping[str, Any]) -> Iterator[Event]:
    """The events of a step."""
    step = summary["step"]
    if step == "detect_drift" and summary["confirmed"]:
        says = f"since {summary['since']}, most in {summary['worst']}: see drift/drift.html"
        yield Event("drift confirmed", f"since {summary['since']}", says, urgent=True)
    if summary.get("refused"):
        reasons = summary["refused"]
        more = f"; and {len(reasons) - _REASONS} more" if len(reasons) > _REASONS else ""
        says = f"{'; '.join(reasons[:_REASONS])}{more}. {summary['model_version']} goes on: see runs/{run.id}/gate.html"
        yield Event("challenger refused", run.id, says, urgent=True)
    newest = stores.ledger.entries()[-1:]
    if newest and rolled_back(newest[0]) and newest[0]["by"] == run.id:
        (entry,) = newest
        back = f"from {entry['evidence']['rolled_back']} to {entry['version']}: {'; '.join(entry['why'])}"
        yield Event("rolled back", f"entry {entry['number']}", back, urgent=True)
    if step == "publish":
        yield Event("list published", summary["published"], _published(run, summary))


def _published(run: Run, summary: Mapping[str, Any]) -> str:
    version, total = run.recall("serving")["version"], run.recall("level")["total"]
    made = f"{summary['recommended']:,} offers to {summary['customers']:,} customers by {version}"
    says = f"{summary['published']}, {made}; {total:,.0f} purchases are expected in the week"
    newest = run.recall("step-review").get("newest") if run.knows("step-review") else None
    if newest is None:
        return f"{says}."
    return (
        f"{says}. The list of {newest['week']} had an F1 of {newest['f1']:.3f}: {newest['hits']:,.0f} of "
        f"{newest['recommended']:,.0f} recommended were bought."
    )


@contextlib.contextmanager
def failures_told(stores: Stores, *, what: str, now: datetime, past: bool = False) -> Iterator[None]:
    """Tells of what the block fails with; that somebody else is at work, or a wrong call, is no failure.

    Nobody is told of `past` days, which tell what would have been.
    """
    try:
        yield
    except (Busy, UsageError):
        raise
    except Exception as err:
        if past:
            raise
        refused = what == INGEST and isinstance(err, ContractError)
        away = isinstance(err, AWAY)  # told by its day: every step that asks for it finds it so
        failed = f"{INGEST} failed" if what == INGEST else "run failed"
        kind = "delivery refused" if refused else "tracking away" if away else failed
        key = str(now.date()) if away else hashlib.sha256(f"{what}|{now.date()}|{err}".encode()).hexdigest()
        says = f"{err}" if what == INGEST else f"{what}: {err}"  # which the kind names
        stores.alerts.tell(Event(kind, key, says, urgent=True), now=now)
        raise
