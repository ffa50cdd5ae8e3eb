"""A synthetic distributor of any size, much like a real one (SodAI, 2024): the same seed, the same bytes.

A customer orders in a week with a probability of their own (beta), and has an assortment (log-normal in size, drawn by
popularity); each product of it is in an order with a probability of its own (beta, skewed: most are rare, some are in
every one). Some pairs begin later. `scale` multiplies the customers, 1,490 at one. Each of 114 products comes
in as many kinds as its power of 0.69, of which a customer has one: a million customers choose among ten thousand
products, and what one of them buys is alike at any scale.

The numbers here were chosen by what `python -m benchmarks.distributor` prints of it beside SodAI. How near they come,
and that they stay so as the shop grows, is tested (tests/benchmarks/test_distributor.py); not met is the share of the
best sellers, which is .12 higher at SodAI's. There is no season and no holiday, and no attribute has to do with what is
bought: it is for seconds, memory and disk, not for how good a list is.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

SODAI = Path(__file__).resolve().parents[2] / "shared" / "data" / "sodai" / "transacciones.parquet"
FIRST = date(2024, 1, 1)  # a Monday
WEEKS = 53
CUSTOMERS, PRODUCTS, GROWTH = 1490, 114, 0.69
ORDERS = (1.7, 0.95)  # beta: how often a customer orders
IN_ORDER = (0.6, 0.3)  # beta: how often an order has a product of the assortment
ASSORTMENT = (60.0, 1.2)  # log-normal: median and sigma of how often a product is drawn; those drawn twice count once
POPULARITY, LIKED = 1.2, 0.6  # exponents of a product's place: in how many assortments it is; how often it is bought
EAGER, MOST = 0.7, 0.97  # log-normal: how much more one customer buys than another; no pair is bought for certain
LATER = 0.35  # of the pairs begin during the history
TWICE, RETURNED = 0.19, 0.033  # of the lines: a second one in the week; taken back
WEEKDAYS = (0.198, 0.158, 0.145, 0.199, 0.182, 0.08, 0.038)
# What a history is told by, and how it is printed.
SHOWN = {
    "customers, products": ",.0f",
    "order lines": ",.0f",
    "weeks in which a customer orders": ".2f",
    "products in a customer's week: 10 %, median, 90 %, 99 %": ".0f",
    "products of a customer in all": ".0f",
    "weeks in which a pair is bought": ".0f",
    "share of the tenth of the products that sells best": ".2f",
    "purchases of what was bought before, from week 14 on": ".2f",
    "lines taken back": ".1%",
}
COLUMNS = ["customer_id", "product_id", "date", "quantity"]
_FILE = 4  # weeks
_MOST_DRAWN = 1000
_TYPES, _ZONES, _BRANDS, _CATEGORIES = 7, 40, 30, 6


def deliveries(folder: Path, *, scale: float = 1.0, weeks: int = WEEKS, seed: int = 1) -> list[Path]:
    """Writes customers, products, and order lines up to 2025-W01: four weeks a file, the newest alone. Their paths."""
    rng = np.random.default_rng(seed)
    customers, kinds = round(CUSTOMERS * scale), max(1, round(scale**GROWTH))
    products = PRODUCTS * kinds
    folder.mkdir(parents=True, exist_ok=True)
    found = [folder / "customers.parquet", folder / "products.parquet"]
    zone = rng.integers(_ZONES, size=customers)
    kind = rng.integers(_TYPES, size=customers)
    pl.DataFrame({"customer_id": np.arange(customers), "zone": zone, "type": kind}).with_columns(
        pl.format("zone {}", "zone").alias("zone"), pl.format("type {}", "type").alias("type")
    ).write_parquet(found[0])
    brand, category = rng.integers(_BRANDS, size=products), rng.integers(_CATEGORIES, size=products)
    pl.DataFrame({"product_id": np.arange(products), "brand": brand, "category": category}).with_columns(
        pl.format("brand {}", "brand").alias("brand"), pl.format("category {}", "category").alias("category")
    ).write_parquet(found[1])
    for number, lines in enumerate(_lines(rng, customers, kinds, weeks, seed)):
        found.append(folder / f"transactions-{number + 1:02d}.parquet")
        lines.write_parquet(found[-1])
    return found


def _lines(rng: np.random.Generator, customers: int, kinds: int, weeks: int, seed: int) -> Iterator[pl.DataFrame]:
    who, place = _pairs(rng, customers)
    what = place * kinds + rng.integers(kinds, size=len(who))
    often = rng.beta(*ORDERS, customers).astype(np.float32)
    eager = rng.lognormal(0.0, EAGER, customers)
    liked = (1.0 + place) ** -LIKED
    chance = np.minimum(MOST, rng.beta(*IN_ORDER, len(who)) * liked * eager[who]).astype(np.float32)
    later = rng.random(len(who), dtype=np.float32) < LATER
    begins = np.where(later, rng.integers(weeks, size=len(who)), 0).astype(np.int16)
    usual = np.maximum(1, rng.lognormal(0.9, 0.9, len(who))).astype(np.float32)
    price = rng.gamma(4, 2, PRODUCTS * kinds).round(2)
    ends = [*range(_FILE, weeks - 1, _FILE), weeks - 1, weeks]
    for first, end in pairwise([0, *ends]):
        parts = []
        for week in range(first, end):
            drawn = np.random.default_rng([seed, week])
            orders = drawn.random(customers, dtype=np.float32) < often
            bought = orders[who] & (begins <= week) & (drawn.random(len(who), dtype=np.float32) < chance)
            pairs = pl.DataFrame({"customer_id": who[bought], "product_id": what[bought], "usual": usual[bought]})
            parts.append(_week(drawn, week, FIRST + timedelta(weeks=week + WEEKS - weeks), pairs, price))
        yield pl.concat(parts)


def _pairs(rng: np.random.Generator, customers: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Who has which of the 114 products in the assortment, 0 being the most popular."""
    median, sigma = ASSORTMENT
    sizes = np.minimum(_MOST_DRAWN, rng.lognormal(np.log(median), sigma, customers)).round().astype(np.int64) + 1
    share = np.cumsum((1.0 + np.arange(PRODUCTS)) ** -POPULARITY)
    who = np.repeat(np.arange(customers), sizes)
    pairs = np.unique(who * PRODUCTS + np.searchsorted(share, rng.random(len(who)) * share[-1]))
    return pairs // PRODUCTS, pairs % PRODUCTS


def _week(
    rng: np.random.Generator, week: int, monday: date, pairs: pl.DataFrame, price: NDArray[np.float64]
) -> pl.DataFrame:
    """The order lines of what is bought in a week."""
    twice = np.flatnonzero(rng.random(pairs.height) < TWICE)
    rows = pairs[np.concatenate([np.arange(pairs.height), twice])]
    quantity = np.maximum(1.0, np.round(rows["usual"].to_numpy() * rng.lognormal(0, 0.3, rows.height)))
    quantity[rng.random(rows.height) < RETURNED] *= -1
    lines = rows.with_columns(
        pl.Series("day", rng.choice(len(WEEKDAYS), size=rows.height, p=np.array(WEEKDAYS) / sum(WEEKDAYS))),
        pl.Series("quantity", quantity),
        pl.Series("price", price[rows["product_id"].to_numpy()]),
    )
    return lines.select(
        "customer_id",
        "product_id",
        (pl.lit(monday) + pl.duration(days="day")).cast(pl.Date).alias("date"),
        pl.format("{}-{}-{}", pl.lit(week), "day", "customer_id").alias("order_id"),
        "quantity",
        (pl.col("quantity") * pl.col("price")).round(2).alias("amount"),
    ).sort("date", "customer_id", "product_id", maintain_order=True)


def figures(lines: pl.DataFrame) -> dict[str, tuple[float, ...]]:
    """What a history is like, by the names of SHOWN: columns customer_id, product_id, date, quantity."""
    week = (pl.col("date").cast(pl.Date).dt.epoch("d") + 3) // 7
    bought = lines.filter(pl.col("quantity") > 0).with_columns(week.alias("week"))
    pair = ["customer_id", "product_id"]
    pairs = bought.group_by(pair).agg(pl.col("week").n_unique().alias("n"), pl.col("week").min().alias("first"))
    baskets = bought.group_by("customer_id", "week").agg(pl.col("product_id").n_unique().alias("n"))["n"]
    ranges = pairs.group_by("customer_id").len()["len"]
    customers, weeks, products = (bought[name].n_unique() for name in ("customer_id", "week", "product_id"))
    sold = bought.group_by("product_id").len()["len"].sort(descending=True).to_numpy()
    late = bought.unique([*pair, "week"]).filter(pl.col("week") >= pl.col("week").min() + 13).join(pairs, on=pair)
    found = (
        (customers, products),
        (lines.height,),
        (baskets.len() / customers / weeks,),
        _quantiles(baskets),
        _quantiles(ranges),
        _quantiles(pairs["n"]),
        (float(sold[: products // 10].sum() / sold.sum()),),
        (share(late, pl.col("week") > pl.col("first")),),
        (share(lines, pl.col("quantity") <= 0),),
    )
    return dict(zip(SHOWN, found, strict=True))


def share(rows: pl.DataFrame, which: pl.Expr) -> float:
    """Of how many rows it is true."""
    return float(rows.select(which.mean()).item())


def _quantiles(values: pl.Series) -> tuple[float, ...]:
    return tuple(float(np.quantile(values, q, method="nearest")) for q in (0.1, 0.5, 0.9, 0.99))


def of_scale(scale: float) -> dict[str, tuple[float, ...]]:
    """The figures of a synthetic history."""
    with tempfile.TemporaryDirectory() as folder:
        lines = deliveries(Path(folder), scale=scale)[2:]
        return figures(pl.concat(pl.read_parquet(path, columns=COLUMNS) for path in lines))


def of_sodai() -> dict[str, tuple[float, ...]]:
    """The figures of the real history."""
    return figures(pl.read_parquet(SODAI).rename({"purchase_date": "date", "items": "quantity"}))


def beside_sodai(*scales: float) -> str:
    """A table of the figures at each scale, beside SodAI's where it is at hand."""
    columns = {"SodAI": of_sodai()} if SODAI.exists() else {}
    columns |= {f"synthetic, {scale:g} ×": of_scale(scale) for scale in scales}
    lines = [f"| | {' | '.join(columns)} |", "|---" * (len(columns) + 1) + "|"]
    for name, form in SHOWN.items():
        cells = (" · ".join(format(value, form) for value in found[name]) for found in columns.values())
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    print(beside_sodai(*(float(scale) for scale in sys.argv[1:] or ["1"])))
