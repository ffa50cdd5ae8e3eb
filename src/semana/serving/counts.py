"""What this process was asked and how long it took; and, without anybody's name, what it answered."""

from __future__ import annotations

import json
import logging
import os
import secrets
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from semana.data import schemas as s
from semana.serving.loaded import Kept
from semana.stores import files
from semana.stores.inbox import Inbox

BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
_BINS = 10
_log = logging.getLogger(__name__)


class Counts:
    """Requests by method, route and status: how many, their seconds, and how many within each of BUCKETS."""

    def __init__(self, shared: Path | None) -> None:
        self._of: dict[tuple[str, str, int], list[float]] = {}
        self._shared = shared

    def note(self, method: str, route: str, status: int, seconds: float) -> None:
        """Counts one request."""
        found = self._of.get((method, route, status))
        if found is None:
            found = self._of[method, route, status] = [0.0] * (len(BUCKETS) + 3)
        found[0] += 1
        found[1] += seconds
        found[2 + bisect_left(BUCKETS, seconds)] += 1

    def share(self) -> None:
        """Leaves the counts where the other processes of this API find them."""
        if self._shared:
            rows = [[*key, *values] for key, values in self._of.items()]
            try:
                files.replace_json(self._shared / f"{os.getpid()}.json", rows)
            except OSError as err:
                _log.warning("the counts are not shared: %s", err)

    def rows(self) -> list[dict[str, Any]]:
        """The counts of all processes together."""
        sums = {key: list(values) for key, values in self._of.items()}
        for path in sorted(self._shared.glob("[0-9]*.json")) if self._shared else ():
            if path.stem != str(os.getpid()):
                for method, route, status, *values in json.loads(path.read_bytes()):
                    known = sums.setdefault((method, route, status), [0.0] * len(values))
                    sums[method, route, status] = [a + b for a, b in zip(known, values, strict=True)]
        return [
            {
                "method": key[0],
                "route": key[1],
                "status": key[2],
                "requests": values[0],
                "seconds": values[1],
                "within": dict(zip((*BUCKETS, float("inf")), values[2:], strict=True)),
            }
            for key, values in sums.items()
        ]


class Asked:
    """What was asked and answered within an hour: requests, rows, unknown ids, chances in ten bins, kinds.

    Nobody's id is kept. Live drift compares it with the publication.
    """

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox
        self._name = secrets.token_hex(4)  # of this process: numbers of processes come again
        self._hour = ""
        self._sums: dict[str, Any] = {}
        self._moved = False

    def note(self, tally: Mapping[str, Any], times: int = 1) -> None:
        """Adds what one answer told, so many times."""
        if not times:
            return
        self._moved = True
        for name, value in tally.items():
            if isinstance(value, list):
                known = self._sums.setdefault(name, [0] * len(value))
                self._sums[name] = [a + times * b for a, b in zip(known, value, strict=True)]
            elif isinstance(value, Mapping):
                kinds = self._sums.setdefault(name, {})
                for kind, count in value.items():
                    kinds[kind] = kinds.get(kind, 0) + times * count
            else:
                self._sums[name] = self._sums.get(name, 0) + times * value

    def drain(self, kept: Iterable[Kept]) -> None:
        """Counts answers that were given again as often as they were."""
        for each in kept:
            hits, each.hits = each.hits, 0
            self.note(each.tally, hits)

    def flush(self, *, now: datetime, week: str) -> None:
        """Writes the hour's counts; a new hour begins with none."""
        hour = f"{now:%Y%m%dT%H}"
        self._hour = self._hour or hour
        if self._moved:
            try:
                self._inbox.count(f"{self._hour}-{self._name}", {"hour": self._hour, s.WEEK: week, **self._sums})
                self._moved = False
            except OSError as err:
                _log.warning("what was asked is not kept: %s", err)
        if hour != self._hour:
            self._hour, self._sums = hour, {}


def tally_of(rows: Iterable[Mapping[str, Any]], *, unknown: int = 0, gaps: Iterable[float] = ()) -> dict[str, Any]:
    """What an answer told, without ids: `gaps` are |live - batch| of pairs that have both."""
    bins, count = [0] * _BINS, 0
    kinds: dict[str, int] = {}
    for row in rows:
        count += 1
        chance = row.get(s.PROBABILITY)
        if chance is not None:
            bins[min(_BINS - 1, int(chance * _BINS))] += 1
        if kind := row.get(s.KIND):
            kinds[kind] = kinds.get(kind, 0) + 1
    told = list(gaps)
    skew = {"twice": len(told), "gap": sum(told)} if told else {}
    return {"requests": 1, "rows": count, "unknown": unknown, "bins": bins, "kinds": kinds, **skew}
