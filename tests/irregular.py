"""A shop drawn by chance, with what real ones have: gaps, returns, unknown amounts, newcomers, equals, odd ids.

The checkerboard shop (`tests/shop.py`) is for right answers; this one for comparing two ways to the same answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import narwhals as nw
import numpy as np
import polars as pl

from semana.data.draws import draw_of
from semana.data.purchases import count_once, weekly_purchases
from semana.data.weeks import EPOCH, Week

FIRST = Week.parse("2023-W44")
WEEKS = 60
_CUSTOMERS, _PRODUCTS = 40, 25
_LONG_AGO = -300  # weeks: every weight that halves is spent
_UNUSUAL = ("ñandú", "O'Neil", "7", "07", " 7", "Ж", "😀", "a_b%", "z" * 30, "A", "a", "")


@dataclass(frozen=True)
class Shop:
    """Order lines as they stand after ingest, attributes as known, and holidays."""

    lines: pl.DataFrame
    customers: pl.DataFrame
    products: pl.DataFrame
    days_off: pl.DataFrame


def shop(seed: int, *, text: bool) -> Shop:
    """The shop of a seed; its ids are text or whole numbers."""
    chance = np.random.default_rng(seed)
    customers, products = _ids(_CUSTOMERS, "c", text), _ids(_PRODUCTS, "p", text)
    kinds = [str(kind) for kind in chance.choice(["beer", "wine", "soda"], _PRODUCTS)]
    return Shop(
        _lines(chance, customers, products),
        pl.DataFrame(
            {
                "customer_id": customers,
                "label": [None] * _CUSTOMERS,
                "owner": ["north", "south"] * (_CUSTOMERS // 2),
                "region": [None if n % 7 == 0 else f"r{n % 3}" for n in range(_CUSTOMERS)],
                "type": ["bar", "shop"] * (_CUSTOMERS // 2),
                "visits": chance.normal(size=_CUSTOMERS),
            },
            schema_overrides={"label": pl.String},
        ),
        pl.DataFrame({"product_id": products, "label": [str(id_) for id_ in products], "kind": kinds}),
        _days_off(chance),
    )


def _ids(count: int, letter: str, text: bool) -> list[str] | list[int]:
    """Unusual ones among them: large and negative numbers; spaces, quotes, cases and other alphabets."""
    if text:
        return [*_UNUSUAL, *(f"{letter}{n}" for n in range(count))][:count]
    return [2**53 + 1, -5, 0, *range(7, 7 + count)][:count]


def _lines(
    chance: np.random.Generator, customers: list[str] | list[int], products: list[str] | list[int]
) -> pl.DataFrame:
    rows = []
    for number, customer in enumerate(customers):
        if number == _CUSTOMERS - 1:
            continue  # described, but has never ordered
        begins = int(chance.integers(WEEKS)) if number % 4 == 0 else 0
        pace, taste = chance.uniform(0.2, 1), chance.permutation(_PRODUCTS - 1)[: chance.integers(1, 12)]
        if number % 9 == 8:
            rows += _ordered(chance, customer, products[_PRODUCTS - 1], FIRST + _LONG_AGO, fixed=False)
            if number > _CUSTOMERS // 2:
                continue  # and then never again
        for week in range(begins, WEEKS):
            if chance.random() > pace:
                continue
            for product in chance.choice(taste, size=int(chance.integers(1, len(taste) + 1)), replace=False):
                rows += _ordered(chance, customer, products[int(product)], FIRST + week, fixed=number % 5 == 1)
    schema = {
        "customer_id": pl.String if isinstance(customers[0], str) else pl.Int64,
        "product_id": pl.String if isinstance(products[0], str) else pl.Int64,
        "date": pl.Date,
        "order_id": pl.String,
        "quantity": pl.Float64,
        "amount": pl.Float64,
        "week": pl.Int32,
        "delivery": pl.Int32,
    }
    return pl.DataFrame(rows, schema=schema, orient="row").sample(fraction=1, shuffle=True, seed=1)


def _ordered(
    chance: np.random.Generator, customer: str | int, product: str | int, week: Week, *, fixed: bool
) -> list[tuple[object, ...]]:
    """The lines of one purchase: thirds, several a week, some sent back in part or whole, some delivered twice.

    A customer of `fixed` habits always takes one on a Monday without an order number: many equals.
    """
    day: date = week.days[0] if fixed else week.days[int(chance.choice(7, p=[0.3, 0.2, 0.2, 0.1, 0.1, 0.09, 0.01]))]
    quantity = 1.0 if fixed else float(chance.integers(1, 20)) / float(chance.choice([1, 3, 7]))
    order = None if fixed or chance.random() < 0.2 else f"{(day - EPOCH).days}-{customer}"
    amount = None if chance.random() < 0.3 else quantity * 1.1
    line = (customer, product, day, order, quantity, amount, week.index, 1)
    lines = [line]
    if chance.random() < 0.1:
        lines.append(line)
    if chance.random() < 0.1:
        lines.append((*line[:-1], 2))
    if chance.random() < 0.08:
        back = -quantity if chance.random() < 0.7 else -quantity / 2
        later = min(day + timedelta(days=1), week.end)
        lines.append((customer, product, later, f"r{order}", back, amount and -amount, week.index, 1))
    return lines


def _days_off(chance: np.random.Generator) -> pl.DataFrame:
    weeks = chance.choice(WEEKS + 1, size=20, replace=False)
    rows = [(FIRST.index + int(week), int(chance.integers(1, 8))) for week in weeks]
    return pl.DataFrame(rows, schema={"week": pl.Int32, "weekday": pl.Int32}, orient="row")


def weekly(told: Shop) -> pl.DataFrame:
    """The shop's weekly purchases."""
    lines = nw.from_native(told.lines.lazy())
    frame: pl.DataFrame = weekly_purchases(count_once(lines)).collect("polars").to_native()
    return frame


def draws(told: Shop, key: str, prefix: str = "") -> pl.DataFrame:
    """The draw of each id, as if `prefix` stood before it."""
    ids = (told.customers if key == "customer_id" else told.products)[key]
    return pl.DataFrame({key: ids, "draw": [draw_of(f"{prefix}{id_}") for id_ in ids]})
