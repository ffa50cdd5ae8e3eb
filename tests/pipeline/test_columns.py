"""The columns that drift is read from, however a shop names its attributes."""

from __future__ import annotations

from datetime import UTC, datetime, time
from pathlib import Path

import polars as pl
import pytest

from semana.pipeline import ingest
from semana.pipeline.columns import Watched
from semana.settings import read_settings
from semana.stores.home import open_home
from tests import shop
from tests.pipeline import living


@pytest.mark.parametrize("engine", ["polars", "duckdb"])
def test_attributes_named_like_columns_of_ours_or_of_another_table_are_told_apart(tmp_path: Path, engine: str) -> None:
    stores = living.made(tmp_path, params=living.RULES)
    told = shop.customers().with_columns(Spend=pl.lit(3.0), week=pl.col("visits"), Weekday=pl.col("colour"))
    early = datetime.combine(shop.FIRST.start, time(8), tzinfo=UTC)
    path = shop.write(told, tmp_path / "customers-told.parquet")
    ingest.land(stores, [path], source="canonical", table=None, arrival=early)
    living.run(stores, living.SECOND + -1)
    seen = open_home(read_settings(stores.home, engine=engine))
    with seen.lake.engine.settling() as settle:
        watched = Watched(seen.runs.all()[-1], seen, settle)
        names = [column.name for column in watched.columns()]
        rows = watched.customers_of(watched.weeks[-2:])
    assert len(set(names)) == len(names)
    assert {"spend", "Spend (customers)", "week (customers)", "weekday", "Weekday (customers)"} <= set(names)
    assert {"colour (customers)", "colour (products)", "visits"} <= set(names)
    assert rows["Spend (customers)"].unique().to_list() == [3.0]
    assert rows["spend"].n_unique() > 1
