"""The engine that works tables, candidates, features and drift inputs out: Polars, DuckDB where memory is short, Spark.

Whatever is asked of it is a Narwhals expression, and comes out the same on each.
"""

from __future__ import annotations

import atexit
import os
import re
import shutil
import socket
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

import narwhals as nw
import polars as pl

from semana.errors import ConfigurationError, not_installed
from semana.stores import files

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import SparkSession

Frame = nw.LazyFrame[Any]
_SPARK: dict[str, Any] = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
}
_DRIVER: dict[str, Any] = {  # a Connect server has its own
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.driver.maxResultSize": "0",  # what comes here is limited by what is asked (docs/engines.md)
    # What the driver remembers of queries that are done: a run makes thousands, and the default keeps a thousand plans.
    "spark.sql.ui.retainedExecutions": "5",
    "spark.ui.retainedJobs": "100",
    "spark.ui.retainedStages": "100",
    "spark.ui.retainedTasks": "1000",
}
_ALONE: dict[str, Any] = {
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    # Each part is sorted in memory; small ones are joined up to that size, and not to as many as there are cores.
    "spark.sql.shuffle.partitions": "64",
    "spark.sql.adaptive.coalescePartitions.parallelismFirst": "false",
    "spark.sql.adaptive.advisoryPartitionSizeInBytes": "16m",
    # Java alone keeps what it used once: of every thread the largest buffer that it read a file into, of its heap what
    # it held while LightGBM learns and Spark does nothing, of C's heap a GiB that its compiler took and gave back.
    "spark.driver.extraJavaOptions": "-Djdk.nio.maxCachedBufferSize=262144 -XX:TrimNativeHeapInterval=5000 "
    "-XX:+UseG1GC -XX:G1PeriodicGCInterval=10000 -XX:MaxHeapFreeRatio=30 -XX:MinHeapFreeRatio=10",
}
_SYNTAX = ".`"
_OF_PANDAS = "PySpark does not yet fully support pandas"  # of which it makes no frame here
_FRESH_SECONDS = 10
_CONNECT = 15002  # the port of Spark Connect where none is told
_ANSWERS_IN = 10  # seconds
BATCH = 2**16  # rows that are given to Python at once
Settle = Callable[[Frame], Frame]
Work = Callable[[pl.DataFrame], pl.DataFrame]
_AS_WRITTEN = pl.QueryOptFlags(join_order=False)


def collected(frame: Frame) -> pl.DataFrame:
    """The rows of a frame of any engine, in memory.

    Polars orders joins by guesses, and one wrong by a thousand times made a week of 40 thousand pairs take 5 GiB: there
    they are joined in the order in which the joins are written.
    """
    how = {"optimizations": _AS_WRITTEN} if frame.implementation.is_polars() else {}
    with interrupted_as_asked():
        rows: pl.DataFrame = frame.collect("polars", **how).to_native()
    return rows


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


class Spark:
    """A cluster, or all cores of this machine: `master` is where it is, like local[*] or sc://HOST:15002 (Connect).

    What is worked out once lies as Parquet in the home, which every worker must see.
    """

    spreads = True

    def __init__(self, home: Path, *, master: str = "local[*]", memory: str | None = None) -> None:
        self._home = home
        self._master = master
        self._memory = memory
        self._numbers = count()

    @cached_property
    def _session(self) -> SparkSession:
        try:
            from py4j.protocol import Py4JError
            from pyspark.errors import PySparkException
            from pyspark.sql import SparkSession
        except ImportError as err:
            raise not_installed("SEMANA_ENGINE=spark: it", "spark") from err
        warnings.filterwarnings("ignore", _OF_PANDAS, FutureWarning)
        builder = SparkSession.builder.appName("semana").config(map=_SPARK)
        if self._memory:
            builder = builder.config("spark.driver.memory", self._memory.replace(" ", "").replace("iB", "").rstrip("B"))
        if self._master.startswith("local"):
            os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
            os.environ.setdefault("MALLOC_ARENA_MAX", "2")  # else Java's hundreds of threads have sixteen heaps of C's
            builder = builder.config(map=_ALONE).config("spark.local.dir", str(self._scratch.resolve()))
            if not self._memory:
                builder = builder.config("spark.driver.memory", f"{_half_of_this_machine()}m")
        remote = self._master.startswith("sc://")
        if remote and find_spec("grpc") is None:  # Spark would end the process
            raise ConfigurationError(f"{self._master} is Spark Connect: pip install 'pyspark[connect]'")
        builder = builder.remote(self._master) if remote else builder.config(map=_DRIVER).master(self._master)
        try:
            if remote:
                _answers(self._master)
            return builder.getOrCreate()
        except (PySparkException, Py4JError, OSError, ValueError) as err:
            raise ConfigurationError(
                f"SEMANA_ENGINE=spark: {self._master} cannot be used. It needs a Java of 17 or newer, a "
                "SEMANA_SPARK_MASTER that answers, and 512MiB of SEMANA_ENGINE_MEMORY at least. The reason: "
                f"{str(err).strip().splitlines()[0]}"
            ) from err

    @cached_property
    def _scratch(self) -> Path:
        return scratch_in(self._home)

    def scan(self, path: Path) -> Frame:
        """The rows of a Parquet file."""
        rows: Frame = nw.from_native(self._session.read.parquet(_uri(path)))
        return rows

    def frame(self, rows: pl.LazyFrame) -> Frame:
        """A small table as a frame of the engine."""
        for name in rows.collect_schema():
            if set(name) & set(_SYNTAX):
                raise ConfigurationError(
                    f"SEMANA_ENGINE=spark: column {name!r} has a sign ({_SYNTAX}) that Spark reads as its own. "
                    "Run with polars or duckdb, or rename the column."
                )
        path = self._scratch / f"frame-{next(self._numbers)}.parquet"  # else each plan and task would carry the rows
        rows.collect().write_parquet(path)
        return self.scan(path)

    @contextmanager
    def settling(self) -> Iterator[Settle]:
        """Gives what works a frame out once, for all that look at it until the block ends."""
        folder, numbers = self._scratch / f"settled-{next(self._numbers)}", count()

        def settled(frame: Frame) -> Frame:
            path = folder / f"{next(numbers)}.parquet"
            frame.to_native().write.parquet(_uri(path))
            return self.scan(path)

        try:
            yield settled
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def mapped(self, frame: Frame, work: Work) -> pl.DataFrame:
        """What `work` makes of the rows, by the workers that have them; its rows alone come here."""
        from pyspark.sql.pandas.types import from_arrow_schema

        def worked(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            for batch in batches:
                yield from _plain(work(pl.DataFrame(batch))).to_batches()

        empty = work(collected(frame.head(0)))
        rows = frame.to_native().mapInArrow(worked, from_arrow_schema(_plain(empty).schema))
        return collected(nw.from_native(rows)).cast(empty.schema)

    def write(self, frame: Frame, path: Path) -> None:
        """Writes the rows as one Parquet file."""
        parts = self._scratch / f"parts-{next(self._numbers)}"
        frame.to_native().coalesce(1).write.mode("overwrite").parquet(_uri(parts))
        part = next(parts.glob("part-*.parquet"), None)
        if part is None:
            raise ConfigurationError(
                f"SEMANA_ENGINE=spark: the workers of {self._master} do not see the home {self._home} as this machine "
                "does. It must lie where every worker sees it, under the same path (docs/engines.md)."
            )
        part.replace(path)
        shutil.rmtree(parts)


@contextmanager
def interrupted_as_asked() -> Iterator[None]:
    """Ctrl-C is the keyboard's, also where DuckDB tells it as an error of its own."""
    try:
        yield
    except RuntimeError as err:
        if "Query interrupted" not in str(err):
            raise
        raise KeyboardInterrupt from err


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


def _half_of_this_machine() -> int:
    """MiB. Spark alone would take 1 GiB, which a week of a small shop fills."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**21


def _answers(url: str) -> None:
    """Raises OSError where nobody does; Spark itself would ask for ten minutes."""
    at = urlsplit(url)
    socket.create_connection((at.hostname or "", at.port or _CONNECT), timeout=_ANSWERS_IN).close()


def _uri(path: Path) -> str:
    """Where Spark finds the path; it takes a URI as it is written, and what is quoted in it as another name."""
    return "file://" + re.sub(r"[*?\[\]{}]", r"\\\g<0>", str(path.resolve()))


def _plain(rows: pl.DataFrame) -> pa.Table:
    """The rows with the kinds of Arrow that Spark knows: lists and texts of usual size."""
    import pyarrow as pa

    def usual(kind: pa.DataType) -> pa.DataType:
        if pa.types.is_large_list(kind):
            return pa.list_(usual(kind.value_type))
        if pa.types.is_struct(kind):
            return pa.struct([(field.name, usual(field.type)) for field in kind])
        return pa.string() if pa.types.is_large_string(kind) else kind

    table = rows.to_arrow(compat_level=pl.CompatLevel.oldest())
    return table.cast(pa.schema([(field.name, usual(field.type)) for field in table.schema]))


POLARS = Polars()
