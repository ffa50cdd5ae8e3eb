"""The engine that works tables, candidates, features and drift inputs out: Polars, DuckDB where memory is short, Spark.

Whatever is asked of it is a Narwhals expression, and comes out the same on each.
"""

from __future__ import annotations

import atexit
import os
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol

import narwhals as nw
import polars as pl

from semana.data.frames import Frame, Settle, Work, collected
from semana.stores import files

_FRESH_SECONDS = 10
BATCH = 2**16  # rows that are given to Python at once


class Engine(Protocol):
    """Reads files as frames of its own, and works frames out; `spreads` tells whether over other machines."""

    spreads: bool

    def scan(self, path: Path) -> Frame:
        """The rows of a Parquet file."""
        ...

    def frame(self, rows: pl.LazyFrame) -> Frame:
        """A small table as a frame of the engine."""
        ...

    @contextmanager
    def settling(self) -> Iterator[Settle]:
        """Gives what works a frame out once, for all that look at it until the block ends."""
        ...

    def mapped(self, frame: Frame, work: Work) -> pl.DataFrame:
        """What `work` makes of the rows, a batch at a time, where the rows are; in any order.

        `work` says by its answer to no row what it gives.
        """
        ...

    def write(self, frame: Frame, path: Path) -> None:
        """Writes the rows as a Parquet file."""
        ...


class Polars:
    """In memory, embedded."""

    spreads = False

    def scan(self, path: Path) -> Frame:
        """The rows of a Parquet file."""
        return nw.from_native(pl.scan_parquet(path, glob=False))

    def frame(self, rows: pl.LazyFrame) -> Frame:
        """A small table as a frame of the engine."""
        return nw.from_native(rows)

    @contextmanager
    def settling(self) -> Iterator[Settle]:
        """Gives what works a frame out once, for all that look at it until the block ends."""
        yield self.settled

    def settled(self, frame: Frame) -> Frame:
        """The same frame, worked out once."""
        return nw.from_native(collected(frame).lazy())

    def mapped(self, frame: Frame, work: Work) -> pl.DataFrame:
        """What `work` makes of the rows, a batch at a time."""
        rows = collected(frame)
        return pl.concat(work(batch) for batch in rows.iter_slices(BATCH)) if rows.height else work(rows)

    def write(self, frame: Frame, path: Path) -> None:
        """Writes the rows as a Parquet file."""
        collected(frame).write_parquet(path)


def scratch_in(home: Path) -> Path:
    """A folder among the home's temporary files, for this process; while it lives the folder is new, and not swept."""
    folder = files.temporary(home / "engine")
    folder.mkdir(parents=True)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    threading.Thread(target=_keep_new, args=(folder,), daemon=True).start()
    return folder


def _keep_new(folder: Path) -> None:
    with suppress(FileNotFoundError):
        while True:
            os.utime(folder)
            time.sleep(_FRESH_SECONDS)


POLARS = Polars()
