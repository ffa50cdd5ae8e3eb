"""Datasets as files: every read and every write of one goes through here and is noted, so that no step can forget."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from semana.data.catalog import Dataset
from semana.stores import files

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


def scan(path: Path, dataset: Dataset) -> pl.LazyFrame:
    """The rows of one file of the dataset."""
    frame = pl.scan_parquet(path)
    if (notes := _notes.get()) is not None and (READ, path) not in notes:
        rows = frame.select(pl.len()).collect().item()
        notes[READ, path] = Touch(dataset.name, READ, path, rows, len(frame.collect_schema()), path.stat().st_size)
    return frame


def write(path: Path, dataset: Dataset, frame: pl.DataFrame) -> None:
    """Writes one file of the dataset in one step."""
    files.replace(path, frame.write_parquet)
    if (notes := _notes.get()) is not None:
        notes[WRITTEN, path] = Touch(dataset.name, WRITTEN, path, frame.height, frame.width, path.stat().st_size)
