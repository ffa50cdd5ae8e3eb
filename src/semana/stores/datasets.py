"""Datasets as files: every read and every write of one goes through here and is noted, so that no step can forget."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import polars as pl

from semana.data.catalog import Dataset
from semana.data.frames import Frame
from semana.stores import files
from semana.stores.engine import POLARS, Engine

READ, WRITTEN = "read", "written"


@dataclass(frozen=True)
class Touch:
    """A file of a dataset that was read or written (`how`): its rows, columns and bytes."""

    dataset: str
    how: str
    path: Path
    rows: int
    columns: int
    bytes: int


_notes: ContextVar[dict[tuple[str, Path], Touch] | None] = ContextVar("notes", default=None)


@contextmanager
def noted() -> Iterator[dict[tuple[str, Path], Touch]]:
    """What the block reads and writes, each file once a way, the last time counting."""
    notes: dict[tuple[str, Path], Touch] = {}
    token = _notes.set(notes)
    try:
        yield notes
    finally:
        _notes.reset(token)


def scan(path: Path, dataset: Dataset, engine: Engine = POLARS) -> Frame:
    """The rows of one file of the dataset, as a frame of the engine."""
    _note(READ, path, dataset)
    return engine.scan(path)


def write(path: Path, dataset: Dataset, frame: pl.DataFrame | Frame, engine: Engine = POLARS) -> None:
    """Writes one file of the dataset in one step; a lazy frame is one of the engine."""
    if isinstance(frame, pl.DataFrame):
        files.replace(path, frame.write_parquet)
    else:
        files.replace(path, partial(engine.write, frame))
    _note(WRITTEN, path, dataset)


def _note(how: str, path: Path, dataset: Dataset) -> None:
    notes = _notes.get()
    if notes is None or (how == READ and (how, path) in notes):
        return
    file = pl.scan_parquet(path, glob=False)
    rows = file.select(pl.len()).collect().item()
    notes[how, path] = Touch(dataset.name, how, path, rows, len(file.collect_schema()), path.stat().st_size)
