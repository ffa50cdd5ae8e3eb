"""Past deliveries cut by week, dropped one after the other as they would have come."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from semana.data import schemas as s
from semana.data.columns import check_columns
from semana.data.sources import Source, tables_of
from semana.data.values import read_dates
from semana.data.weeks import Week, weeks_between
from semana.stores import files
from semana.stores.reading import is_csv, read_file

if TYPE_CHECKING:
    from semana.stores.home import Stores


def week_slices(stores: Stores, source: Source, paths: Sequence[Path], *, first: Week, last: Week) -> Iterator[None]:
    """Each `next` drops a delivery of every file: attributes and lines before `first`, then week by week to `last`."""
    folder = stores.home / "drop" / source.name
    dated: list[tuple[Path, pl.DataFrame, pl.Series]] = []
    for path in paths:
        frame = read_file(path, name=path.name, encoding=source.csv.encoding)
        if "transactions" in tables_of(source, path.name):
            dated.append((path, frame, _dates(frame, source, path.name)))
        else:
            files.replace(folder / path.name, _writer(frame, path, source))
    for path, frame, days in dated:
        _drop(frame.filter((days < first.start).fill_null(True)), folder / path.name, source, "until", first)
    yield
    for week in weeks_between(first, last):
        for path, frame, days in dated:
            _drop(frame.filter(days.is_between(week.start, week.end)), folder / path.name, source, "of", week)
        yield


def _dates(frame: pl.DataFrame, source: Source, file: str) -> pl.Series:
    check_columns(frame, table="transactions", source=source, file=file, csv=is_csv(file))
    column = frame[source.tables.transactions.theirs(s.DATE)[0]]
    return read_dates(column, timezone=source.timezone, utc=source.timestamps == "utc", written=source.csv.dates)


def _drop(rows: pl.DataFrame, path: Path, source: Source, how: str, week: Week) -> None:
    if rows.height:
        files.replace(path.with_stem(f"{path.stem}-{how}-{week}"), _writer(rows, path, source))


def _writer(frame: pl.DataFrame, path: Path, source: Source) -> Callable[[Path], object]:
    """CSV stays CSV, as the source writes it: its columns are text."""
    if path.suffix.lower() != ".csv":
        return frame.write_parquet
    return lambda to: to.write_bytes(frame.write_csv().encode(source.csv.encoding))
