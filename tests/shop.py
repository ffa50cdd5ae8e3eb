"""The checkerboard shop: 40 customers, 20 products, 30 weeks across a new year, every right answer known by eye.

- Milk (product 0): everybody, every week.
- Even customers: every even product, every week. So an even customer has 10 purchases a week.
- Odd customers: every odd product, every second week: customers 1, 5, 9, ... in the first, third, ... week of the
  history, customers 3, 7, 11, ... in the others.
- Customer 2 orders product 4 every week, and in every fifth week sends all of it back: no purchase in that week.
- A pair's day is always the same, Monday to Saturday; the shop is closed on Sundays.
- The quantity of a pair is always 1, 2 or 3 (customer + product + 1 modulo 3, plus 1), its price 1 + product / 4 each.

A week holds 200 + 20 + 100 = 320 order lines (one more in a week with a return), 320 purchases (one fewer there).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import narwhals as nw
import polars as pl

from semana.data.weeks import Week, weeks_between

CUSTOMERS = 40
PRODUCTS = 20
FIRST = Week.parse("2024-W40")
LAST = FIRST + 29
WEEKS = weeks_between(FIRST, LAST)
RETURNED_PAIR = (2, 4)
_SCHEMA = {
    "customer_id": pl.Int64,
    "product_id": pl.Int64,
    "date": pl.Date,
    "order_id": pl.String,
    "quantity": pl.Float64,
    "amount": pl.Float64,
}


def buys(customer: int, product: int, week: Week) -> bool:
    """Whether the customer orders the product in the week; the whole truth about this shop."""
    if product == 0:
        return True
    if customer % 2 == 0:
        return product % 2 == 0
    return product % 2 == 1 and (customer // 2 + (week - FIRST)) % 2 == 0


def returns(week: Week) -> bool:
    """Whether customer 2 sends all of product 4 back in the week."""
    return (week - FIRST) % 5 == 4


def transactions(*weeks: Week) -> pl.DataFrame:
    """The order lines of the weeks, as a shop with our column names would export them."""
    lines = [line for week in weeks for line in _lines(week)]
    return pl.DataFrame(lines, schema=_SCHEMA, orient="row")


def _lines(week: Week) -> Iterable[tuple[Any, ...]]:
    for customer in range(CUSTOMERS):
        for product in range(PRODUCTS):
            if buys(customer, product, week):
                yield _line(customer, product, week, sign=1)
    if returns(week):
        yield _line(*RETURNED_PAIR, week, sign=-1)


def _line(customer: int, product: int, week: Week, *, sign: int) -> tuple[Any, ...]:
    day = week.days[(customer + product) % 6]
    quantity = sign * float((customer + product + 1) % 3 + 1)
    order = f"{day:%Y%m%d}-{customer}" + ("" if sign > 0 else "-return")
    return customer, product, day, order, quantity, quantity * (1 + product / 4)


def customers() -> pl.DataFrame:
    """One row per customer: label, owner (north: customers below 20, south: the rest), colour, visits a week."""
    ids = range(CUSTOMERS)
    return pl.DataFrame(
        {
            "customer_id": list(ids),
            "label": [f"Customer {c}" for c in ids],
            "owner": ["north" if c < CUSTOMERS // 2 else "south" for c in ids],
            "colour": ["black" if c % 2 else "white" for c in ids],
            "visits": [float(c % 3) for c in ids],
        }
    )


def products() -> pl.DataFrame:
    """One row per product: label, colour, size."""
    ids = range(PRODUCTS)
    return pl.DataFrame(
        {
            "product_id": list(ids),
            "label": ["Milk", *(f"Product {p}" for p in ids[1:])],
            "colour": ["black" if p % 2 else "white" for p in ids],
            "size": [0.5 + p for p in ids],
        }
    )


def arrival(week: Week) -> datetime:
    """When the delivery of a week arrives: the Monday after it, at six in the morning, UTC."""
    return datetime.combine(week.end + timedelta(days=1), time(6), tzinfo=UTC)


def staged(*weeks: Week) -> nw.LazyFrame[Any]:
    """The same lines as they stand after ingest, one delivery a week: what `Landing.lines` would give."""
    frame = transactions(*weeks).lazy()
    week = ((pl.col("date").cast(pl.Int32) + 3) // 7).cast(pl.Int32)
    return nw.from_native(frame.with_columns(week=week, delivery=(week - FIRST.index + 1).cast(pl.Int32)))


def write(frame: pl.DataFrame, path: Path) -> Path:
    """Writes a delivery, Parquet or CSV by the path's ending, and returns the path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    frame.write_csv(path) if path.suffix == ".csv" else frame.write_parquet(path)
    return path


def write_week(folder: Path, week: Week, *, ending: str = ".parquet") -> Path:
    """Writes the transactions of one week as a delivery of source `canonical`."""
    return write(transactions(week), folder / f"transactions-{week}{ending}")


def write_all(folder: Path, *, weeks: Iterable[Week] = WEEKS, ending: str = ".parquet") -> list[Path]:
    """Writes the customers, the products and one transactions file a week; returns the paths in delivery order."""
    return [
        write(customers(), folder / f"customers{ending}"),
        write(products(), folder / f"products{ending}"),
        *(write_week(folder, week, ending=ending) for week in weeks),
    ]
