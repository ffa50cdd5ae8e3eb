"""DuckDB as the engine, where memory is short."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import narwhals as nw
import polars as pl

from semana.data.frames import Frame, Settle, Work, collected, interrupted_as_asked
from semana.errors import ConfigurationError, not_installed
from semana.stores.engine import BATCH, scratch_in

if TYPE_CHECKING:
    import duckdb

# DuckDB would fetch extensions from its own site for files that it does not know.
_ASKS_NOBODY: dict[str, Any] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "allow_community_extensions": False,
}


class DuckDB:
    """Larger than memory: what does not fit into `memory` (like 4GiB; None: most of the machine) lies in the home."""

    spreads = False

    def __init__(self, home: Path, *, memory: str | None = None) -> None:
        self._home = home
        self._memory = memory
        self._numbers = count(1)

    @cached_property
    def _connection(self) -> duckdb.DuckDBPyConnection:
        try:
            import duckdb
        except ImportError as err:
            raise not_installed("SEMANA_ENGINE=duckdb: it", "duckdb") from err
        limits = {"memory_limit": self._memory} if self._memory else {}
        try:
            return duckdb.connect(config={"temp_directory": str(self._scratch), **_ASKS_NOBODY, **limits})
        except duckdb.ParserException as err:
            raise ConfigurationError(f"SEMANA_ENGINE_MEMORY={self._memory}: {err}") from err

    @cached_property
    def _scratch(self) -> Path:
        return scratch_in(self._home)

    def scan(self, path: Path) -> Frame:
        """The rows of a Parquet file."""
        return nw.from_native(self._connection.read_parquet(re.sub(r"[*?\[]", r"[\g<0>]", str(path))))

    def frame(self, rows: pl.LazyFrame) -> Frame:
        """A small table as a frame of the engine."""
        return nw.from_native(self._connection.from_arrow(rows.collect().to_arrow()))

    @contextmanager
    def settling(self) -> Iterator[Settle]:
        """Gives what works a frame out once, for all that look at it until the block ends."""
        names: list[str] = []

        def settled(frame: Frame) -> Frame:
            name = f"settled_{next(self._numbers)}"
            frame.to_native().create(name)
            names.append(name)
            return nw.from_native(self._connection.table(name))

        def dropped() -> None:
            for name in names:
                self._connection.execute(f"DROP TABLE {name}")

        try:
            with interrupted_as_asked():
                yield settled
        except BaseException:
            with suppress(Exception):  # what happened is told, not what came of it
                dropped()
            raise
        dropped()

    def mapped(self, frame: Frame, work: Work) -> pl.DataFrame:
        """What `work` makes of the rows, a batch at a time."""
        found = [work(collected(frame.head(0)))]  # before the reader: a connection has one open result
        with interrupted_as_asked(), closing(frame.to_native().to_arrow_reader(BATCH)) as batches:
            found += (_copied(work(pl.DataFrame(batch))) for batch in batches)
        return pl.concat(found)

    def write(self, frame: Frame, path: Path) -> None:
        """Writes the rows as a Parquet file."""
        with interrupted_as_asked():
            frame.to_native().write_parquet(str(path), compression="zstd")


def _copied(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows with memory of their own: a column, or a text, of DuckDB's keeps the whole batch that it came in."""
    return pl.read_ipc_stream(io.BytesIO(rows.write_ipc_stream(None).getvalue()))
