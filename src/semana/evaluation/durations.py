"""Whether a step took unusually long: against the median of its own past."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from statistics import median
from typing import Any

DONE = "done"  # the outcome of a step that did not fail
_LEAST = 5  # past runs, below which nothing is unusual yet
_MOST = 26  # half a year of weekly runs
_FLOOR = 1.0  # seconds: below, three times the median is the machine's noise


def times_usual(seconds: float, past: Sequence[float], *, most: float = 3.0) -> float | None:
    """How many times its median past a step took, where that is `most` and more; None where it is not.

    `past` are the seconds of the same kind of run, oldest first; the last 26 count, and fewer than 5 tell nothing. Nor
    does a step of less than a second.

    >>> times_usual(9.0, [2.0, 3.0, 2.0, 2.0, 4.0]), times_usual(5.0, [2.0, 3.0, 2.0, 2.0, 4.0])
    (4.5, None)
    """
    recent = list(past)[-_MOST:]
    if len(recent) < _LEAST or seconds < _FLOOR:
        return None
    times = seconds / max(median(recent), 1e-3)
    return times if times >= most else None


def with_times_usual(records: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The telemetry records, oldest first, each with `times_usual` (None: as usual) among those of its own kind.

    A kind is a step and whether its run retrained. Steps that failed are no measure for others.
    """
    past: dict[tuple[str, bool], list[float]] = {}
    found = []
    for record in records:
        kind = record["step"], bool(record.get("retrains"))
        seconds = float(record["wall_seconds"])
        found.append({**record, "times_usual": times_usual(seconds, past.get(kind, []))})
        if record["outcome"] == DONE:
            past.setdefault(kind, []).append(seconds)
    return found
