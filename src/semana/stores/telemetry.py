"""What every step took of the machine, and the size of every dataset that it read and wrote: records that only grow."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from semana.errors import TOLD
from semana.evaluation.durations import DONE
from semana.stores import files
from semana.stores.datasets import Touch, noted
from semana.stores.usage import Usage

_LONGEST = 1000  # characters of an error
_log = logging.getLogger(__name__)


class Telemetry:
    """One file a step that ran, under `folder`; forgetting alone changes one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @contextmanager
    def measure(self, step: str, *, run: str = "", week: str = "") -> Iterator[dict[str, Any]]:
        """Records what the block takes, also where it fails; what it puts into the given record is kept too.

        The record holds step, run, week, `began` (UTC), `outcome` ("done", or the error's name), `says` (why it failed,
        where that is no bug of ours; else null), `wall_seconds`,
        `cpu_seconds`, `peak_memory_mib` (children included), `bytes_read`, `bytes_written`,
        `home_bytes` (the disk that the home takes afterwards) and `datasets`.
        """
        began = datetime.now(UTC)
        record: dict[str, Any] = {"step": step, "run": run, "week": week, "began": began.isoformat()}
        outcome, says = DONE, None
        with noted() as notes, Usage() as usage:
            try:
                yield record
            except BaseException as err:
                outcome, says = type(err).__name__, _said(err, self.folder.parent)
                raise
            finally:
                record |= {
                    "outcome": outcome,
                    "says": says,
                    **usage.figures,
                    "home_bytes": _size(self.folder.parent),
                    "datasets": _sums(notes.values()),
                }
                self._keep(record, f"{began:%Y%m%dT%H%M%S.%f}-{os.getpid()}-{step}.json")

    def all(self) -> list[dict[str, Any]]:
        """Every record that can be read, oldest first."""
        found = []
        for path in sorted(self.folder.glob("*.json")):
            try:
                found.append(dict(json.loads(path.read_bytes())))
            except (OSError, ValueError, TypeError) as err:
                _log.warning("telemetry/%s is left out: %s", path.name, err)
        return found

    def of(self, run: str) -> list[dict[str, Any]]:
        """The records of a run, each step's newest, oldest first."""
        return list({record["step"]: record for record in self.all() if record["run"] == run}.values())

    def _keep(self, record: Mapping[str, Any], name: str) -> None:
        """Writes the record; a step that is done does not fail for it, and one that failed keeps its own error."""
        try:
            files.create_exclusive(self.folder / name, files.to_json(record))
        except OSError as err:
            _log.warning("what %s took is not kept: %s", record["step"], err)


def _said(err: BaseException, home: Path) -> str | None:
    """What an error says that a command may end with; in it paths of the home begin at the home."""
    return str(err).replace(f"{home}{os.sep}", "")[:_LONGEST] if isinstance(err, TOLD) else None


def _sums(touches: Iterable[Touch]) -> list[dict[str, Any]]:
    """By dataset and way: files, rows, columns (of the widest file) and bytes."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for touch in touches:
        sums = found.setdefault(
            (touch.dataset, touch.how),
            {"dataset": touch.dataset, "how": touch.how, "files": 0, "rows": 0, "columns": 0, "bytes": 0},
        )
        sums["files"] += 1
        sums["rows"] += touch.rows
        sums["bytes"] += touch.bytes
        sums["columns"] = max(sums["columns"], touch.columns)
    return [found[key] for key in sorted(found)]


def _size(folder: Path) -> int:
    """Bytes of all files under the folder; what another process removes meanwhile counts as nothing."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                total += (Path(place) / name).lstat().st_size
            except FileNotFoundError:
                continue
    return total
