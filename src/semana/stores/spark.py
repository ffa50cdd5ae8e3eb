"""Spark as the engine, where one machine is too small."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import narwhals as nw
import polars as pl

from semana.data.frames import Frame, Settle, Work, collected
from semana.errors import ConfigurationError, ServiceUnavailable, not_installed
from semana.stores.engine import scratch_in

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import SparkSession

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
    # What it compiled for one label week serves the next ones; the default keeps a hundred classes, a week has more.
    "spark.sql.codegen.cache.maxEntries": "2000",
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
    # What Spark does not count: who writes a file holds a group of its rows, who reads one the columns of such a group.
    "spark.memory.fraction": "0.4",
    "spark.hadoop.parquet.block.size": "16777216",
    # Java alone keeps what it used once: of every thread the largest buffer that it read a file into, of its heap what
    # it held while LightGBM learns and Spark does nothing, of C's heap a GiB that its compiler took and gave back.
    "spark.driver.defaultJavaOptions": "-Djdk.nio.maxCachedBufferSize=262144 -XX:TrimNativeHeapInterval=5000 "
    "-XX:G1PeriodicGCInterval=10000 -XX:MaxHeapFreeRatio=30 -XX:MinHeapFreeRatio=10",
}
_SYNTAX = ".`"
_OF_PANDAS = "PySpark does not yet fully support pandas"  # of which it makes no frame here
_ANSWERS_IN = 10  # seconds; Spark itself would ask for ten minutes
_ENDS_IN = 5  # seconds from when a Java does not answer until it has ended
_LACKED_MEMORY = 52  # how Spark's Java ends itself then
_WORKER_GONE = "Python worker exited unexpectedly"


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
            raise not_installed(f"what {_shown(self._master)} (Spark Connect) needs", "spark")
        builder = builder.remote(self._master) if remote else builder.config(map=_DRIVER).master(self._master)
        try:
            if remote:
                _check_answers(self._master)
            return builder.getOrCreate()
        except (PySparkException, Py4JError, ValueError) as err:
            raise ConfigurationError(
                f"SEMANA_ENGINE=spark: {_shown(self._master)} cannot be used. It needs a Java of 17 or newer, a "
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
        given = nw.from_native(rows).collect_schema()
        for name in given:
            if set(name) & set(_SYNTAX):
                raise ConfigurationError(
                    f"SEMANA_ENGINE=spark: column {name!r} has a sign ({_SYNTAX}) that Spark reads as its own. "
                    "Run with polars or duckdb, or rename the column."
                )
        path = self._scratch / f"frame-{next(self._numbers)}.parquet"  # else each plan and task would carry the rows
        rows.collect().write_parquet(path)
        read = self.scan(path)
        for name, kind in read.collect_schema().items():
            if kind != given[name]:
                raise TypeError(f"Spark reads {name}, {given[name]}, as {kind}")
        return read

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
                f"SEMANA_ENGINE=spark: the workers of {_shown(self._master)} do not see the home {self._home} as "
                "this machine does. It must lie where every worker sees it, under the same path (docs/engines.md)."
            )
        part.replace(path)
        shutil.rmtree(parts)


def _half_of_this_machine() -> int:
    """MiB. Spark alone would take 1 GiB, which a week of a small shop fills."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**21


def refused_by_spark(err: Exception) -> ConfigurationError | ServiceUnavailable | None:
    """What a failure of this process tells of Spark: that it lacked memory, or is gone; None for any other."""
    code = _how_java_ended()
    if code == _LACKED_MEMORY:
        return ConfigurationError("Spark had too little memory (SEMANA_ENGINE_MEMORY), and ended.")
    away = type(err).__module__.startswith("pyspark") and "StatusCode.UNAVAILABLE" in str(err)
    if code is None and not away and _WORKER_GONE not in str(err):
        return None
    said = next(iter(str(err).strip().splitlines()), type(err).__name__)
    return ServiceUnavailable(
        f"Spark, or a worker of it, is gone, perhaps for want of memory (docs/engines.md). Do it again. {said}"
    )


def _how_java_ended() -> int | None:
    """The exit code of the Java that this process started; None where it runs, or was none."""
    from pyspark import SparkContext

    gateway = SparkContext._gateway  # noqa: SLF001 - nothing else of it tells of its process
    process = getattr(gateway, "proc", None)
    if process is None:
        return None
    with suppress(subprocess.TimeoutExpired):
        return int(process.wait(_ENDS_IN))
    return None


def _check_answers(url: str) -> None:
    """Raises ServiceUnavailable where no Connect server does, on its way (a proxy, TLS) too."""
    import grpc
    from pyspark.sql.connect.client.core import DefaultChannelBuilder

    with DefaultChannelBuilder(url).toChannel() as channel:
        try:
            grpc.channel_ready_future(channel).result(_ANSWERS_IN)
        except grpc.FutureTimeoutError:
            raise ServiceUnavailable(
                f"SEMANA_SPARK_MASTER: {_shown(url)} does not answer as Spark Connect does"
            ) from None


def _shown(master: str) -> str:
    """It without what may be secret."""
    return master.partition("/;")[0]


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
