"""What tuning found, by the target week of the run that tuned: a past week reads no later one's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from semana.data.weeks import Week
from semana.stores import files


class Tunings:
    """The records under `folder`, one a week."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def latest(self, week: Week) -> dict[str, Any] | None:
        """The newest record of that week or an earlier one."""
        past = [path for path in sorted(self.folder.glob("week=*.json")) if path.stem <= f"week={week}"]
        return json.loads(past[-1].read_bytes()) if past else None

    def save(self, week: Week, record: dict[str, Any]) -> None:
        """Keeps the record of a week; another of the same week gives way."""
        files.replace_json(self.folder / f"week={week}.json", record)
