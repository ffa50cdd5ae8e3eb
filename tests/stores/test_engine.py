"""The engines read and write the same files, and leave nothing behind."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb
import narwhals as nw
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from semana.errors import ConfigurationError
from semana.settings import read_settings
from semana.stores.engine import POLARS, DuckDB, Engine, Spark, collected
from semana.stores.files import TEMPORARY
from tests.stores.engines import OTHERS

ROWS = pl.DataFrame(
    {"id": ["b", "a", None], "week": pl.Series([1, 2, 3], dtype=pl.Int32), "day": [date(2025, 1, 6), None, None]}
)


@pytest.fixture(params=["polars", *OTHERS])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Engine:
    if request.param == "spark":
        return Spark(tmp_path, master="local[2]")
    return POLARS if request.param == "polars" else DuckDB(tmp_path, memory="100MiB")


def test_what_is_written_is_read_with_its_kinds(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    engine.write(engine.frame(ROWS.lazy()), path)
    assert_frame_equal(pl.read_parquet(path), ROWS)
    assert_frame_equal(collected(engine.scan(path)), ROWS)


def test_what_is_settled_is_worked_out_once_and_goes_with_the_block(tmp_path: Path) -> None:
    engine = DuckDB(tmp_path)
    with engine.settling() as settle:
        first = settle(engine.frame(ROWS.lazy()))
        second = settle(first.filter(nw.col("week") > 1))
        assert collected(second)["week"].to_list() == [2, 3]
    with pytest.raises(duckdb.Error, match="settled"):
        collected(second)


def with_parts(batch: pl.DataFrame) -> pl.DataFrame:
    parts = pl.struct(pl.col("id").alias("code"), pl.col("week").cast(pl.Float64).alias("value"))
    return batch.select("week", pl.concat_list(parts).alias("parts"))


def test_what_is_made_of_rows_is_made_of_each(engine: Engine) -> None:
    found = engine.mapped(engine.frame(ROWS.lazy()), with_parts).sort("week")
    assert_frame_equal(found, with_parts(ROWS))
    none = engine.mapped(engine.frame(ROWS.clear().lazy()), with_parts)
    assert_frame_equal(none, with_parts(ROWS.clear()))


def test_what_does_not_fit_into_memory_lies_in_the_scratch_folder(tmp_path: Path) -> None:
    engine = DuckDB(tmp_path, memory="60MiB")
    many = pl.DataFrame({"id": pl.int_range(3_000_000, eager=True)}).with_columns((pl.col("id") * 7919).alias("key"))
    many.write_parquet(tmp_path / "many.parquet")
    rows = engine.scan(tmp_path / "many.parquet")
    with engine.settling() as settle:
        counted = settle(rows.group_by("key").agg(nw.len().alias("n")).join(rows, on="key", how="inner").sort("key"))
        assert list(tmp_path.glob(f"{TEMPORARY}*/*")) != []
        assert collected(counted.select(nw.len())).item() == many.height


def test_an_engine_or_a_memory_that_is_none_is_said() -> None:
    with pytest.raises(ConfigurationError, match="SEMANA_ENGINE"):
        read_settings(engine="pandas")
    with pytest.raises(ConfigurationError, match="SEMANA_ENGINE_MEMORY"):
        read_settings(engine_memory="lots")
