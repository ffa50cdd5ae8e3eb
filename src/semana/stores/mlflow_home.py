"""MLflow's own files in the home, where no server is set: a SQLite database and the artifacts beside it.

The database names places by their whole path, but a home may be moved, copied or restored elsewhere: its paths follow.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from semana.stores import files
from semana.stores.mlflow_server import TrackingRefused

_DATABASE = "mlflow.db"
_ARTIFACTS = "artifacts"
_MARK = "shown"
_UNREADABLE = (sqlite3.DatabaseError, ValueError)  # ValueError: its own words about the damage are no text
# Where MLflow's tables hold a path of the artifacts.
_PATHS = (
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("model_versions", "source"),
    ("model_versions", "storage_location"),
)


class MlflowHome:
    """MLflow's files under `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self.database = self.folder / _DATABASE
        self.artifacts = self.folder / _ARTIFACTS

    @property
    def uri(self) -> str:
        """The database as MLflow calls it."""
        return address(self.database)

    def make(self, create: Callable[[Path], None]) -> None:
        """Lets `create` make the database where there is none, in one step; else lets its paths follow the home.

        Raises TrackingRefused where the file is no whole database.
        """
        if not self.database.exists():
            files.replace(self.database, create)
        try:
            self._follow()
        except _UNREADABLE as err:
            raise self.damaged(err) from err

    def is_as_left(self, picture: str) -> bool:
        """Whether nothing here has changed since `leave`, of the same picture: then MLflow need not be imported."""
        mark = self.folder / _MARK
        return mark.exists() and mark.read_text() == self._mark(picture)

    def leave(self, picture: str) -> None:
        """Remembers how everything is, now that MLflow shows this picture of the ledger."""
        files.replace_bytes(self.folder / _MARK, self._mark(picture).encode())

    def _mark(self, picture: str) -> str:
        """One hash of the database, of which artifacts there are and how large, and of the picture."""
        there = sorted((str(path), path.stat().st_size) for path in self.artifacts.rglob("*") if path.is_file())
        databases = [(path.name, files.sha256(path)) for path in sorted(self.folder.glob(f"{_DATABASE}*"))]
        return hashlib.sha256(repr((there, databases, picture)).encode()).hexdigest()

    def says(self) -> str:
        """What is there, for `doctor`; raises TrackingRefused where it is damaged."""
        if not self.database.exists():
            return "in the home, nothing yet"
        try:
            with closing(sqlite3.connect(self.database)) as opened:
                (said,) = opened.execute("PRAGMA quick_check(1)").fetchone()
        except _UNREADABLE as err:
            raise self.damaged(err) from err
        if said != "ok":
            raise self.damaged(said)
        return f"in the home, {self.database.stat().st_size // 2**10} KiB"

    def damaged(self, why: object) -> TrackingRefused:
        """The refusal of a database that cannot be read."""
        return TrackingRefused(
            f"mlflow/{_DATABASE} is damaged ({why}). Restore it from a backup, or move the folder mlflow/ away: "
            f"the next run makes it anew and registers what serves."
        )

    def _follow(self) -> None:
        with closing(sqlite3.connect(self.database)) as opened, opened:
            row = opened.execute("SELECT artifact_location FROM experiments WHERE experiment_id = 0").fetchone()
            was = Path(row[0]).parent if row else self.artifacts
            if was == self.artifacts:
                return
            for table, column in _PATHS:
                opened.execute(
                    f"UPDATE {table} SET {column} = ? || substr({column}, ?) WHERE substr({column}, 1, ?) = ?",  # noqa: S608
                    (f"{self.artifacts}/", len(f"{was}/") + 1, len(f"{was}/"), f"{was}/"),
                )


def address(database: Path) -> str:
    """A SQLite file as MLflow calls it."""
    return f"sqlite:///{database}"
