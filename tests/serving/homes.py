"""Homes to serve: the checkerboard shop, with numbers or with awkward text as ids, by trees or by a rule."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from semana.data.weeks import Week
from semana.pipeline import ingest
from semana.pipeline.weekly import Order, run_week
from semana.settings import read_settings
from semana.stores.home import Stores, open_home
from tests import shop
from tests.stores.home import ROOT

KNOWN = 16
TARGET = shop.FIRST + KNOWN
NOW = datetime(2026, 1, 1, tzinfo=UTC)
TREES = {
    r"race: \[.*\]": "race: [boosting]",
    r" trees: \d+": " trees: 30",
    r"rows_per_leaf: \d+": "rows_per_leaf: 20",
    r"explore_per_customer: \d+": "explore_per_customer: 2",
    r"mode: enforce": "mode: dry_run",
}
SCRIPT = "<script>alert(1)</script>"


def awkward(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with ids of slashes, spaces, dots, quotes and other alphabets; product 2 is named by HTML."""
    if "customer_id" in frame.columns:
        frame = frame.with_columns(pl.format("../Ñandú {} /x?y# 5%", "customer_id").alias("customer_id"))
    if "product_id" in frame.columns:
        frame = frame.with_columns(pl.format("牛乳/{}'\"", "product_id").alias("product_id"))
        if "label" in frame.columns:
            html = pl.when(pl.col("label") == "Product 2").then(pl.lit(SCRIPT)).otherwise(pl.col("label"))
            formula = pl.when(pl.col("label") == "Product 4").then(pl.lit("=1+1")).otherwise(html)
            frame = frame.with_columns(formula.alias("label"))
    return frame


def made(
    folder: Path, *, params: dict[str, str], change: Callable[[pl.DataFrame], pl.DataFrame] = lambda frame: frame
) -> Stores:
    """A home whose list of TARGET is published."""
    settings = read_settings(folder / "home")
    files = [
        shop.write(change(shop.customers()), folder / "files" / "customers.parquet"),
        shop.write(change(shop.products()), folder / "files" / "products.parquet"),
        *delivered(folder / "files", shop.WEEKS[:KNOWN], change),
    ]
    ingest.land(open_home(settings, create=True), files, source="canonical", table=None, arrival=NOW)
    text = (ROOT / "params.yaml").read_text()
    for old, new in params.items():
        text, found = re.subn(old, new, text)
        assert found == 1, old
    (settings.home / "params.yaml").write_text(text)
    stores = open_home(settings)
    run_week(stores, Order(NOW, as_of=TARGET.start))
    return stores


def delivered(folder: Path, weeks: Iterable[Week], change: Callable[[pl.DataFrame], pl.DataFrame]) -> list[Path]:
    """One transactions file a week."""
    return [shop.write(change(shop.transactions(week)), folder / f"transactions-{week}.parquet") for week in weeks]


def rows(stores: Stores, week: Week = TARGET) -> pl.DataFrame:
    """The published rows of the week."""
    frame: pl.DataFrame = stores.publications.predictions(week).collect("polars").to_native()
    return frame
