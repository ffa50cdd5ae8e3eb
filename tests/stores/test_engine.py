"""The engines read and write the same files, and leave nothing behind."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import duckdb
import narwhals as nw
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from semana.data.frames import collected
from semana.errors import ConfigurationError, ContractError, ServiceUnavailable
from semana.settings import read_settings
from semana.stores.duck import DuckDB
from semana.stores.engine import POLARS, Engine
from semana.stores.files import TEMPORARY, sweep
from semana.stores.spark import Spark
from tests.stores.engines import OTHERS, no_java

ROWS = pl.DataFrame(
    {"id": ["b", "a", None], "week": pl.Series([1, 2, 3], dtype=pl.Int32), "day": [date(2025, 1, 6), None, None]}
)


@pytest.fixture(params=["polars", *OTHERS])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Engine:
    if request.param == "spark":
        return Spark(tmp_path, master="local[2]")
    return POLARS if request.param == "polars" else DuckDB(tmp_path, memory="100MiB")


def test_what_is_written_is_read_with_its_kinds(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "a shop*[1]" / "rows.parquet"
    path.parent.mkdir()
    ROWS.head(1).write_parquet(tmp_path / "rows.parquet")
    engine.write(engine.frame(ROWS.lazy()), path)
    assert_frame_equal(pl.read_parquet(path, glob=False), ROWS)
    assert_frame_equal(collected(engine.scan(path)), ROWS)


def test_what_is_settled_is_worked_out_once_and_goes_with_the_block(tmp_path: Path) -> None:
    engine = DuckDB(tmp_path)
    with engine.settling() as settle:
        first = settle(engine.frame(ROWS.lazy()))
        second = settle(first.filter(nw.col("week") > 1))
        assert collected(second)["week"].to_list() == [2, 3]
    with pytest.raises(duckdb.Error, match="settled"):
        collected(second)


def test_what_cannot_be_settled_says_why_and_leaves_nothing(tmp_path: Path) -> None:
    engine = DuckDB(tmp_path)
    with engine.settling() as settle:
        first = settle(engine.frame(ROWS.lazy()))
        with pytest.raises(duckdb.ConversionException, match="'b'"):
            settle(first.with_columns(nw.col("id").cast(nw.Int64)))
    with pytest.raises(duckdb.Error, match="settled_1"):
        collected(first)


def test_what_fails_while_rows_come_in_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    engine = DuckDB(tmp_path)
    rows = engine.frame(pl.select(pl.int_range(400_000).alias("id")).lazy())

    def broken(batch: pl.DataFrame) -> pl.DataFrame:
        if len(batch):
            raise ContractError("the bundle is damaged")
        return batch

    with pytest.raises(ContractError, match="damaged"), engine.settling() as settle:
        engine.mapped(settle(rows), broken)
    with engine.settling() as settle:
        assert len(engine.mapped(settle(rows), lambda batch: batch)) == 400_000


def test_the_keyboard_interrupts_duckdb_too(tmp_path: Path) -> None:
    engine = DuckDB(tmp_path)
    frames = []

    def interrupted() -> None:
        with engine.settling() as settle:
            frames.append(settle(engine.frame(ROWS.lazy())))
            raise RuntimeError("Query interrupted")  # as DuckDB tells it; a real one looks up now and then only

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    with pytest.raises(duckdb.Error, match="settled_1"):
        collected(frames[0])


def test_duckdb_asks_nobody_for_extensions(tmp_path: Path) -> None:
    connection = DuckDB(tmp_path).frame(ROWS.lazy()).to_native()
    asked = "SELECT current_setting('autoinstall_known_extensions'), current_setting('autoload_known_extensions')"
    assert connection.query("rows", asked).fetchall() == [(False, False)]


def test_the_scratch_folder_of_a_living_process_is_not_swept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("semana.stores.engine._FRESH_SECONDS", 0.05)
    engine = DuckDB(tmp_path)
    with engine.settling() as settle:
        settle(engine.frame(ROWS.lazy()))
        (scratch,) = tmp_path.glob(f"{TEMPORARY}*")
        os.utime(scratch, (0, 0))
        deadline = time.monotonic() + 10
        while scratch.stat().st_mtime == 0 and time.monotonic() < deadline:
            time.sleep(0.01)
        assert sweep(tmp_path, older_than_seconds=60) == 0
        assert scratch.exists()


@pytest.mark.parametrize(("kind", "package"), [(DuckDB, "duckdb"), (Spark, "pyspark.sql")])
def test_an_engine_whose_package_is_absent_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: type[DuckDB | Spark], package: str
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    extra = package.removesuffix(".sql").removeprefix("py")
    with pytest.raises(ConfigurationError, match=rf"not installed: .* make {extra}"):
        kind(tmp_path).frame(pl.LazyFrame({"a": [1]}))


def test_a_name_that_spark_reads_otherwise_is_refused_by_it(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"column 'pack\.size' has a sign .* polars or duckdb, or rename"):
        Spark(tmp_path).frame(pl.LazyFrame({"pack.size": ["6"]}))


@no_java
@pytest.mark.parametrize(
    ("master", "memory"),
    [("local[x]", None), ("local[1]", "100MiB"), ("sc://127.0.0.1:none/;token=s3cret", None)],
)
def test_a_spark_that_cannot_be_used_is_said(tmp_path: Path, master: str, memory: str | None) -> None:
    program = (
        "import sys; from pathlib import Path; import polars as pl; from semana.stores.spark import Spark\n"
        "from semana.errors import ConfigurationError\n"
        "try:\n    engine = Spark(Path(sys.argv[1]), master=sys.argv[2], memory=sys.argv[3] or None)\n"
        "    engine.frame(pl.LazyFrame({'a': [1]}))\n"
        "except ConfigurationError as err:\n    print(err)"
    )
    call = [sys.executable, "-c", program, str(tmp_path), master, memory or ""]
    done = subprocess.run(call, capture_output=True, text=True, timeout=120, check=True)
    assert f"{master.split('/;', maxsplit=1)[0]} cannot be used. It needs a Java" in done.stdout
    assert "s3cret" not in done.stdout


def test_a_spark_connect_that_does_not_answer_is_said_soon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("semana.stores.spark._ANSWERS_IN", 1)
    engine = Spark(tmp_path, master="sc://127.0.0.1:9/;token=s3cret")
    with pytest.raises(ServiceUnavailable, match=r"sc://127\.0\.0\.1:9 does not answer"):
        engine.frame(ROWS.lazy())


def test_spark_connect_without_its_packages_says_how_to_get_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("semana.stores.spark.find_spec", lambda _: None)
    with pytest.raises(
        ConfigurationError, match=r"what sc://127\.0\.0\.1:9 \(Spark Connect\) needs is not installed: .* make spark"
    ):
        Spark(tmp_path, master="sc://127.0.0.1:9").frame(ROWS.lazy())


@no_java
def test_a_kind_that_spark_reads_as_another_is_a_bug(tmp_path: Path) -> None:
    rows = pl.LazyFrame({"rank": pl.Series([1], dtype=pl.UInt32)})
    with pytest.raises(TypeError, match="Spark reads rank, UInt32, as Int64"):
        Spark(tmp_path, master="local[2]").frame(rows)


@no_java
@pytest.mark.parametrize(
    ("failing", "code", "said"),
    [
        ("session.range(1).selectExpr('size(sequence(id, id + 300000000))').toArrow()", 78, "too little memory"),
        ("java.kill(), java.wait(), session.range(9).collect()", 69, "Spark, or a worker of it, is gone"),
        ("Timer(2, java.kill).start(), session.range(10**12).selectExpr('sum(sqrt(id))').collect()", 69, "is gone"),
        ("session._jvm.java.lang.String.none()", 70, "a bug of ours: Py4JError"),
    ],
)
def test_a_spark_that_lacks_memory_or_is_killed_is_no_bug(tmp_path: Path, failing: str, code: int, said: str) -> None:
    program = (
        "import sys; from pathlib import Path; from threading import Timer\n"
        "from semana import cli; from semana.stores.spark import Spark\n"
        "def app(**_):\n"
        "    session = Spark(Path(sys.argv[1]), master='local[1]', memory='512MiB')._session\n"
        "    java = session.sparkContext._gateway.proc\n"
        f"    {failing}\n"
        "cli.app = app\n"
        "cli.main()"
    )
    call = [sys.executable, "-c", program, str(tmp_path)]
    done = subprocess.run(call, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == code, done.stderr
    assert said in done.stderr


def with_parts(batch: pl.DataFrame) -> pl.DataFrame:
    parts = pl.struct(pl.col("id").alias("code"), pl.col("week").cast(pl.Float64).alias("value"))
    return batch.select("week", pl.concat_list(parts).alias("parts"))


def test_what_is_made_of_rows_is_made_of_each(engine: Engine) -> None:
    found = engine.mapped(engine.frame(ROWS.lazy()), with_parts).sort("week")
    assert_frame_equal(found, with_parts(ROWS))
    none = engine.mapped(engine.frame(ROWS.clear().lazy()), with_parts)
    assert_frame_equal(none, with_parts(ROWS.clear()))


@pytest.mark.parametrize("size", [100_000, 40_000])  # of more than one batch, and of one
@pytest.mark.parametrize("key", ["number", "text"])
def test_of_what_duckdb_hands_over_nothing_stays_in_memory_but_what_is_made_of_it(
    tmp_path: Path, size: int, key: str
) -> None:
    number = pl.int_range(600_000).alias("number")
    columns = (((pl.col("number") % 1000) * n / 3).alias(f"feature {n}") for n in range(80))  # 64 MB a 100,000 rows
    many = pl.DataFrame().select(number).with_columns(pl.format("customer number {}", number).alias("text"), *columns)
    many.write_parquet(tmp_path / "many.parquet", row_group_size=50_000)
    program = (
        "import sys; from pathlib import Path; import psutil; import narwhals as nw; from semana.stores import duck\n"
        "duckdb = duck.DuckDB(Path(sys.argv[1]), memory='400MiB')\n"
        "rows, size = duckdb.scan(Path(sys.argv[1]) / 'many.parquet'), int(sys.argv[2])\n"
        "found, memory = [], []\n"
        "for n in range(600_000 // size):\n"
        "    part = rows.filter(nw.col('number') // size == n)\n"
        "    found.append(duckdb.mapped(part, lambda batch: batch.select(sys.argv[3])))\n"
        "    memory.append(psutil.Process().memory_info().rss // 2**20)\n"
        "print(sum(each.height for each in found), memory[-1] - memory[1])"
    )
    call = [sys.executable, "-c", program, str(tmp_path), str(size), key]
    done = subprocess.run(call, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    rows, grown = map(int, done.stdout.split())
    assert rows == many.height
    assert grown < 128  # MiB; of all that was handed over: 244 and more


def test_what_does_not_fit_into_memory_lies_in_the_scratch_folder(tmp_path: Path) -> None:
    engine = DuckDB(tmp_path, memory="60MiB")
    many = pl.DataFrame({"id": pl.int_range(3_000_000, eager=True)}).with_columns((pl.col("id") * 7919).alias("key"))
    many.write_parquet(tmp_path / "many.parquet")
    rows = engine.scan(tmp_path / "many.parquet")
    with engine.settling() as settle:
        counted = settle(rows.group_by("key").agg(nw.len().alias("n")).join(rows, on="key", how="inner").sort("key"))
        assert list(tmp_path.glob(f"{TEMPORARY}*/*")) != []
        assert collected(counted.select(nw.len())).item() == many.height


def test_an_engine_or_a_memory_that_is_none_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="SEMANA_ENGINE"):
        read_settings(engine="pandas")
    with pytest.raises(ConfigurationError, match="SEMANA_ENGINE_MEMORY"):
        read_settings(engine_memory="lots")
    with pytest.raises(ConfigurationError, match="SEMANA_ENGINE_MEMORY"):
        read_settings(engine_memory="0GiB")
    with pytest.raises(ConfigurationError, match=r"SEMANA_ENGINE_MEMORY=9{20}GiB"):
        DuckDB(tmp_path, memory="9" * 20 + "GiB").frame(ROWS.lazy())
