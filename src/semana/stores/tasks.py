"""What a scheduler says of the tasks of its runs: beside what the steps took, records that only grow."""

from __future__ import annotations

import json
import logging
import os
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from semana.errors import UsageError
from semana.stores import files

_log = logging.getLogger(__name__)


class Task(BaseModel):
    """One try of a task: when it was due, queued, begun and ended, and how that ended.

    `scheduled` is the moment from which it could have run; what never ran has neither `start` nor `end`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    task: str = Field(min_length=1, max_length=250)
    part: str = ""
    attempt: int = Field(ge=0)
    state: str
    scheduled: AwareDatetime | None = None
    queued: AwareDatetime | None = None
    start: AwareDatetime | None = None
    end: AwareDatetime | None = None
    host: str = ""


class TaskRecord(BaseModel):
    """All tries of all tasks of one of the scheduler's runs; `run` is ours, empty where none had begun."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    scheduler: str
    dag: str
    scheduler_run: str
    state: str
    run: str = ""
    tasks: list[Task]


class Tasks:
    """The records under `folder`, one file each; none is ever changed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def keep(self, text: str, *, now: datetime) -> dict[str, Any]:
        """Keeps the record that `text` holds as JSON; raises UsageError where it is none."""
        try:
            record = TaskRecord.model_validate_json(text)
        except ValidationError as err:
            faults = "; ".join(f"{'.'.join(map(str, f['loc'])) or 'the whole'}: {f['msg']}" for f in err.errors()[:3])
            raise UsageError(f"no record of tasks: {faults}") from err
        path = self.folder / f"{now:%Y%m%dT%H%M%S.%f}-{os.getpid()}.json"
        files.create_exclusive(path, files.to_json(record.model_dump(mode="json")))
        return {"run": record.run, "scheduler_run": record.scheduler_run, "tasks": len(record.tasks)}

    def all(self) -> list[dict[str, Any]]:
        """Every record that can be read, oldest first; of a run that was recorded again, the newest."""
        found: dict[tuple[str, str], dict[str, Any]] = {}
        for path in sorted(self.folder.glob("*.json")):
            try:
                record = dict(json.loads(path.read_bytes()))
            except (OSError, ValueError, TypeError) as err:
                _log.warning("telemetry/tasks/%s is left out: %s", path.name, err)
                continue
            found[record["dag"], record["scheduler_run"]] = record
        return list(found.values())

    def of(self, run: str) -> list[dict[str, Any]]:
        """The records whose tasks worked in that run of ours."""
        return [record for record in self.all() if record["run"] == run]
