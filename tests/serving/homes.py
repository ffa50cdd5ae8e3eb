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


PEOPLE = """Almacén Don Tito|Bar La Esquina|Botillería El Faro|Café Luna|Cafetería Norte|Casino Los Robles
Cocinería Marta|Emporio del Puerto|Fuente Alemana|Hostal Araucaria|Hotel Miramar|Kiosko Plaza
La Picada de Juan|Minimarket Aurora|Minimarket Sol|Panadería San José|Parrilla El Roble
Pastelería Dulce|Pizzería Napoli|Pub Irlandés|Quincho Verde|Restaurant Bahía|Restaurant El Huerto
Rotisería Central|Salón de Té Rosa|Sandwichería 33|Schopería Austral|Servicentro Ruta 5
Supermercado Unión|Sushi Kai|Taberna Vasca|Tienda La Nona|Tienda Pucará|Trattoria Lucía
Verdulería Fresca|Vinoteca Maipo|Almacén Las Rosas|Bar Central|Café Andes|Mercado Chico"""
THINGS = """Milk 1 l|Still water 1.5 l|Sparkling water 500 ml|Orange juice 1 l|Cola 2 l|Lemonade 1 l
Ginger ale 330 ml|Apple juice 1 l|Iced tea peach|Tonic water 200 ml|Coffee beans 1 kg|Oat drink 1 l
Lager 330 ml|Stout 500 ml|Red wine 750 ml|White wine 750 ml|Cider 330 ml|Energy drink 250 ml
Coconut water 1 l|Kombucha ginger"""
AGENTS = ("Ana Rojas", "Luis Peña")


def lively(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with names as people have them, and with orders that are left out now and then, each pair's own way."""
    if "date" in frame.columns:
        pair = pl.col("customer_id") * 7919 + pl.col("product_id") * 104729
        week = (pl.col("date").cast(pl.Int32) + 3) // 7
        return frame.filter((pair * 31 + week * week * 1299709) % 97 >= (pair % 71))
    names, key = (PEOPLE, "customer_id") if "customer_id" in frame.columns else (THINGS, "product_id")
    labels = pl.Series("label", re.split(r"[|\n]", names))
    frame = frame.with_columns(labels.gather(frame[key]))
    if "owner" in frame.columns:
        frame = frame.with_columns(
            owner=pl.when(pl.col("owner") == "north").then(pl.lit(AGENTS[0])).otherwise(pl.lit(AGENTS[1]))
        )
    return frame


def begun(stores: Stores, change: Callable[[pl.DataFrame], pl.DataFrame], days: int = 3) -> None:
    """Delivers the first days of the list's week."""
    lines = shop.transactions(TARGET).filter(pl.col("date") < TARGET.days[days])
    path = shop.write(change(lines), stores.home.parent / "files" / f"transactions-{TARGET}.parquet")
    ingest.land(stores, [path], source="canonical", table=None, arrival=NOW)


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
