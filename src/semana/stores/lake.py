"""The prepared, scored and reviewed tables: reads and writes datasets of the catalogue by name and week."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import narwhals as nw
import polars as pl

from semana.data import schemas as s
from semana.data.catalog import DATASETS, PREDICTIONS, Dataset
from semana.data.frames import Frame, collected, counted
from semana.data.weeks import Week
from semana.errors import UsageError
from semana.stores import datasets, files
from semana.stores.engine import POLARS, Engine


class Lake:
    """Datasets under `home`; every write is one atomic switch."""

    def __init__(self, home: Path, engine: Engine = POLARS) -> None:
        self.home = home
        self.engine = engine

    def path(self, dataset: Dataset, week: Week) -> Path:
        """Where the dataset of that target week lies."""
        return self.home / dataset.path.format(week=week)

    def has(self, dataset: Dataset, week: Week) -> bool:
        """Whether it has been made."""
        return self.path(dataset, week).exists()

    def scan(self, dataset: Dataset, week: Week) -> Frame:
        """The dataset as a frame of the engine; raises UsageError naming the step that makes it where it is missing."""
        return datasets.scan(self._there(dataset, week), dataset, self.engine)

    def read(self, dataset: Dataset, week: Week) -> pl.DataFrame:
        """The dataset in memory; raises UsageError as `scan` does."""
        return collected(datasets.scan(self._there(dataset, week), dataset))

    def write(self, dataset: Dataset, frame: Frame | pl.DataFrame, week: Week) -> None:
        """Writes the whole dataset of that week."""
        datasets.write(self.path(dataset, week), dataset, frame, self.engine)

    def _there(self, dataset: Dataset, week: Week) -> Path:
        path = self.path(dataset, week)
        if not path.exists():
            raise UsageError(
                f"{dataset.name} of {week} is not there: step '{dataset.made_by}' makes it. "
                f"Run: semana {dataset.made_by} --week {week}"
            )
        return path

    def forget(self, dataset: Dataset, week: Week) -> None:
        """Removes the dataset of that week."""
        self.path(dataset, week).unlink(missing_ok=True)

    def without(self, customer: str) -> int:
        """Writes every table of every week anew without the customer (id as text); returns how many had them."""
        found = 0
        for dataset in (each for each in DATASETS if s.CUSTOMER_ID in each.columns and "{week}" in each.path):
            for week in self.weeks(dataset) if dataset is not PREDICTIONS else []:
                rows, theirs = self.scan(dataset, week), nw.col(s.CUSTOMER_ID).cast(nw.String) == customer
                if counted(rows.filter(theirs)):
                    self.write(dataset, rows.filter(~theirs), week)
                    found += 1
        return found

    def about(self, week: Week) -> dict[str, Any] | None:
        """What the prepared tables of that target week were made from; None while they are not whole."""
        path = self._about(week)
        return json.loads(path.read_bytes()) if path.exists() else None

    def forget_about(self, week: Week) -> None:
        """Declares the prepared tables of that week unfinished: called before the first of them is written."""
        self._about(week).unlink(missing_ok=True)

    def write_about(self, week: Week, made_from: dict[str, Any], *, keep: int) -> None:
        """Declares the prepared tables whole, and drops those of all but the `keep` weeks prepared last."""
        files.replace_json(self._about(week), made_from)
        folders = sorted(self.home.glob("prepared/week=*/about.json"), key=lambda path: path.stat().st_mtime)
        for path in folders[:-keep]:
            path.unlink()
            shutil.rmtree(path.parent)

    def _about(self, week: Week) -> Path:
        return self.home / "prepared" / f"week={week}" / "about.json"

    def weeks(self, dataset: Dataset) -> list[Week]:
        """The weeks for which the dataset is there, oldest first."""
        written = (path.relative_to(self.home).as_posix() for path in self.home.glob(dataset.path.format(week="*")))
        head, tail = dataset.path.split("{week}")
        return sorted(Week.parse(path.removeprefix(head).removesuffix(tail)) for path in written)
