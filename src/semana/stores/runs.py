"""The record of each weekly run: which week, as of when, at which position, and what every step said."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from semana.data.weeks import Week
from semana.errors import UsageError
from semana.stores import files


@dataclass(frozen=True)
class Run:
    """One weekly run. `as_of` is business time, `position` arrival time, `clock` the day by which
    weeks are complete, `today` the day of the front door.

    `now` is when it began, by the real clock.
    """

    id: str
    week: Week
    now: datetime
    as_of: date
    clock: date
    today: date
    position: int
    retrain: str
    reason: str | None
    folder: Path

    def record(self, name: str, value: dict[str, Any]) -> None:
        """Keeps `value` under `name` (a step's summary, a decision, a report); the last one counts."""
        files.replace_json(self.folder / f"{name}.json", value)

    def write(self, name: str, text: str) -> None:
        """Keeps a page for people beside the record."""
        files.replace_bytes(self.folder / name, text.encode())

    def knows(self, name: str) -> bool:
        """Whether anything was kept under `name`."""
        return (self.folder / f"{name}.json").exists()

    def recall(self, name: str) -> dict[str, Any]:
        """What was kept under `name`; raises UsageError naming the missing step's output."""
        path = self.folder / f"{name}.json"
        if not self.knows(name):
            raise UsageError(f"run {self.id} has no '{name}' yet. Run the steps before this one, or: semana run")
        value: dict[str, Any] = json.loads(path.read_bytes())
        return value


class Runs:
    """The runs under `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def begin(
        self,
        week: Week,
        *,
        now: datetime,
        as_of: date,
        clock: date,
        today: date,
        position: int,
        retrain: str,
        reason: str | None,
        version: str,
    ) -> Run:
        """A new run of `week`, recorded."""
        number = 1 + max((int(path.name[-4:]) for path in self.folder.glob(f"{week}-[0-9]*")), default=0)
        while True:
            folder = self.folder / f"{week}-{number:04d}"
            try:
                folder.mkdir(parents=True)
                break
            except FileExistsError:
                number += 1
        run = Run(folder.name, week, now, as_of, clock, today, position, retrain, reason, folder)
        run.record(
            "run",
            {
                "id": run.id,
                "week": str(week),
                "began": now.isoformat(),
                "as_of": as_of.isoformat(),
                "clock": clock.isoformat(),
                "today": today.isoformat(),
                "position": position,
                "retrain": retrain,
                "reason": reason,
                "semana": version,
            },
        )
        return run

    def all(self) -> list[Run]:
        """Every recorded run, by week and then in the order they began."""
        return [self._read(path) for path in sorted(self.folder.glob("*/run.json"))]

    def newest(self, knows: str) -> Run | None:
        """The newest run that kept something under `knows`."""
        return next((run for run in reversed(self.all()) if run.knows(knows)), None)

    def named(self, run: str) -> Run:
        """The run with that id; raises UsageError naming the newest ones."""
        path = self.folder / run / "run.json"
        if path.parent.parent != self.folder or not path.is_file():
            newest = sorted(self.all(), key=lambda each: (each.now, each.id))[-3:]
            there = f"the newest are: {', '.join(each.id for each in newest)}" if newest else "none has begun"
            raise UsageError(f"run {run!r} is unknown; {there}. Begin one: semana ingest --begin")
        return self._read(path)

    def latest(self, week: Week) -> Run | None:
        """The newest run of `week`."""
        paths = sorted(self.folder.glob(f"{week}-[0-9]*/run.json"))
        return self._read(paths[-1]) if paths else None

    def _read(self, path: Path) -> Run:
        value = json.loads(path.read_bytes())
        return Run(
            value["id"],
            Week.parse(value["week"]),
            datetime.fromisoformat(value["began"]),
            date.fromisoformat(value["as_of"]),
            date.fromisoformat(value["clock"]),
            date.fromisoformat(value["today"]),
            value["position"],
            value["retrain"],
            value["reason"],
            path.parent,
        )
