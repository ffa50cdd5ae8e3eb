"""Lines counted once, added up to weekly purchases; attributes as last known."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import narwhals as nw
import polars as pl
import pytest

from semana.data import catalog
from semana.data import schemas as s
from semana.data.purchases import (
    before,
    bought,
    count_once,
    during,
    latest_attributes,
    weekly_purchases,
    weeks_table,
    with_known,
)
from semana.data.weeks import Calendar, Week, read_calendar
from tests import shop

SCHEMA = {
    "customer_id": pl.Int64, "product_id": pl.Int64, "date": pl.Date, "order_id": pl.String,
    "quantity": pl.Float64, "amount": pl.Float64, "week": pl.Int32, "delivery": pl.Int32,
}  # fmt: skip
MONDAY = date(2025, 1, 6)
WEEK = Week.of(MONDAY)


def lines(*rows: tuple[Any, ...]) -> nw.LazyFrame[Any]:
    """(order, quantity, amount, delivery) of customer 1 and product 7 on one Monday."""
    full = [(1, 7, MONDAY, order, quantity, amount, WEEK.index, delivery) for order, quantity, amount, delivery in rows]
    return nw.from_native(pl.LazyFrame(full, schema=SCHEMA, orient="row"))


def add_up(frame: nw.LazyFrame[Any]) -> pl.DataFrame:
    collected: pl.DataFrame = weekly_purchases(count_once(frame)).collect("polars").to_native()
    return collected


@pytest.mark.parametrize(
    ("rows", "counted"),
    [
        ([("a", 1.0, 2.0, 1), ("a", 1.0, 2.0, 1)], 1),
        ([("a", 1.0, 2.0, 1), ("a", 1.0, 2.0, 2)], 1),
        ([("a", 1.0, 2.0, 1), ("b", 1.0, 2.0, 1)], 2),
        ([("a", 1.0, 2.0, 1), ("a", 2.0, 2.0, 1)], 2),
        ([("a", 1.0, 2.0, 1), ("a", 1.0, None, 1)], 2),
        ([(None, 1.0, None, 1), (None, 1.0, None, 1)], 2),
        ([(None, 1.0, None, 1), (None, 1.0, None, 2)], 1),
        ([(None, 1.0, None, 1), (None, 1.0, None, 2), (None, 1.0, None, 2), (None, 1.0, None, 3)], 2),
        ([(None, 1.0, None, 1), ("a", 1.0, None, 1)], 2),
    ],
)
def test_an_identical_line_counts_once_by_its_order_number_else_by_the_larger_delivery(
    rows: list[tuple[Any, ...]], counted: int
) -> None:
    assert add_up(lines(*rows))[s.LINES].to_list() == [counted]
    assert add_up(lines(*rows[::-1]))[s.LINES].to_list() == [counted]


def test_a_week_adds_up_quantity_money_returns_orders_and_lines() -> None:
    rows = [("a", 3.0, 6.0, 1), ("a", 1.0, 2.0, 1), ("b", -1.0, -2.0, 1), (None, 2.0, None, 1), (None, 2.0, None, 1)]
    (row,) = add_up(lines(*rows)).rows(named=True)
    assert row == {
        "customer_id": 1, "product_id": 7, "week": WEEK.index, "quantity": 7.0, "amount": 6.0, "returned": 1.0,
        "lines": 5, "orders": 4, "last_date": MONDAY, "gap": None, "in_a_row": 1, "order_week": 1,
    }  # fmt: skip
    assert tuple(row) == tuple(catalog.PURCHASES.columns)


def weeks_of(*bought: tuple[int, int, float]) -> nw.LazyFrame[Any]:
    """(product, week from 0, quantity) of customer 1."""
    full = [
        (1, product, (WEEK + n).start, f"{product}-{n}", quantity, None, (WEEK + n).index, 1)
        for product, n, quantity in bought
    ]
    return nw.from_native(pl.LazyFrame(full, schema=SCHEMA, orient="row"))


def test_a_purchase_knows_its_gap_the_weeks_in_a_row_and_the_customers_order_weeks() -> None:
    found = add_up(weeks_of((7, 0, 1), (7, 1, 1), (7, 4, 1), (7, 5, -1), (7, 6, 1), (8, 2, 1), (8, 5, -2)))
    past = found.select(s.PRODUCT_ID, pl.col(s.WEEK) - WEEK.index, s.GAP, s.IN_A_ROW, s.ORDER_WEEK).rows()
    assert past == [
        (7, 0, None, 1, 1),
        (7, 1, 1, 2, 2),
        (7, 4, 3, 1, 4),
        (7, 5, None, None, None),
        (7, 6, 2, 1, 5),
        (8, 2, None, 1, 3),
        (8, 5, None, None, None),
    ]


def test_nothing_that_comes_later_changes_what_a_purchase_knows_of_its_past() -> None:
    whole = shop.staged(*shop.WEEKS)
    cutoff = shop.FIRST + 10
    known = add_up(whole.filter(nw.col(s.WEEK) < cutoff.index))
    scrambled = whole.with_columns(
        nw.when(nw.col(s.WEEK) >= cutoff.index)
        .then(-nw.col(s.QUANTITY))
        .otherwise(nw.col(s.QUANTITY))
        .alias(s.QUANTITY)
    )
    for later in (whole, scrambled):
        assert add_up(later).filter(pl.col(s.WEEK) < cutoff.index).equals(known)


def test_a_source_without_amounts_has_none() -> None:
    assert add_up(lines(("a", 3.0, None, 1)))[s.AMOUNT].to_list() == [None]


@pytest.mark.parametrize(
    "sizes",
    [[1.0, -1.0], [1 / 3, 1 / 3, 1 / 3, -1.0], [0.1, 0.2, -0.3], [1.0, -1 / 3, -1 / 3, -1 / 3], [1.0, -3.0]],
)
def test_what_was_all_sent_back_is_no_purchase(sizes: list[float]) -> None:
    rows = [(f"order {at}", size, None, 1) for at, size in enumerate(sizes)]
    frame = nw.from_native(add_up(lines(*rows)).lazy())
    assert bought(frame).collect("polars").shape[0] == 0
    assert str(frame.collect("polars")[s.QUANTITY][0]) in {"0.0", "-2.0"}


def test_sums_are_the_same_in_every_order() -> None:
    rows = [(f"order {at}", 0.1 * at + 1e5 / 3, 1 / (at + 1), 1) for at in range(200)]
    assert add_up(lines(*rows)).equals(add_up(lines(*rows[::-1])))


def test_the_checkerboard_shop_adds_up_by_eye() -> None:
    weekly = add_up(shop.staged(*shop.WEEKS))
    assert weekly.height == 30 * 320
    assert weekly.filter(pl.col("quantity") > 0).height == 30 * 320 - 6
    truth = {
        (c, p, week.index)
        for c in range(shop.CUSTOMERS) for p in range(shop.PRODUCTS) for week in shop.WEEKS if shop.buys(c, p, week)
    }  # fmt: skip
    assert set(weekly.select(s.CUSTOMER_ID, s.PRODUCT_ID, s.WEEK).rows()) == truth
    assert weekly.select(s.CUSTOMER_ID, s.PRODUCT_ID, s.WEEK).rows() == sorted(truth)


def test_before_and_during_part_at_the_week() -> None:
    weekly = nw.from_native(add_up(shop.staged(*shop.WEEKS[:3])).lazy())
    second = shop.FIRST + 1
    assert set(before(weekly, second).collect("polars")[s.WEEK]) == {shop.FIRST.index}
    assert set(during(weekly, second).collect("polars")[s.WEEK]) == {second.index}


def test_an_attribute_is_as_last_seen_then_as_last_delivered() -> None:
    rows = pl.LazyFrame(
        [
            (1, None, 1, "first"),
            (1, None, 3, "later"),
            (2, date(2025, 1, 8), 1, "seen last"),
            (2, date(2025, 1, 6), 2, "delivered last"),
            (3, date(2025, 1, 8), 1, "same day"),
            (3, date(2025, 1, 8), 2, "same day, later"),
            (4, None, 5, "undated"),
            (4, date(2025, 1, 8), 1, "dated"),
        ],
        schema={"customer_id": pl.Int64, "seen": pl.Date, "position": pl.Int32, "kind": pl.String},
        orient="row",
    )
    found = latest_attributes(nw.from_native(rows), s.CUSTOMER_ID, as_of=date(2025, 1, 8)).collect("polars").to_native()
    assert found.columns == ["customer_id", "kind"]
    assert found.rows() == [(1, "later"), (2, "seen last"), (3, "same day, later"), (4, "dated")]
    early = latest_attributes(nw.from_native(rows), s.CUSTOMER_ID, as_of=date(2025, 1, 7)).collect("polars").to_native()
    assert early.rows() == [(1, "later"), (2, "delivered last"), (4, "undated")]


def test_who_was_never_described_is_known_with_nulls() -> None:
    described = nw.from_native(pl.LazyFrame({"customer_id": [2, 9], "kind": ["bar", "shop"]}))
    found = with_known(described, lines(("a", 1.0, None, 1)), s.CUSTOMER_ID).collect("polars").to_native()
    assert found.rows() == [(1, None), (2, "bar"), (9, "shop")]


def test_the_weeks_table_has_every_week_and_what_happened_in_it() -> None:
    weekly = nw.from_native(add_up(shop.staged(*shop.WEEKS[:5], shop.FIRST + 6)).lazy())
    landed = shop.transactions(*shop.WEEKS[:5], shop.FIRST + 6)
    days = dict(landed["date"].value_counts().rows())
    calendar = read_calendar(days, as_of=max(days), clock=max(days), look_back=13, complete_after_days=2)
    holidays = {(shop.FIRST + 1).days[2]: "a holiday"}
    table = weeks_table(weekly, calendar=calendar, rows_by_day=days, holidays=holidays).collect("polars").to_native()
    assert tuple(table.columns) == tuple(catalog.WEEKS.columns)
    assert table[s.WEEK].to_list() == [shop.FIRST.index + at for at in range(7)]
    assert table["purchases"].to_list() == [320, 320, 320, 320, 319, 0, 320]
    assert table[s.LINES].to_list() == [320, 320, 320, 320, 321, 0, 320]
    assert table["customers"].to_list() == [40] * 5 + [0, 40]
    assert table["trading_days"].to_list() == [6] * 5 + [0, 6]
    assert table["holidays"].to_list() == [0, 1, 0, 0, 0, 0, 0]
    assert table["complete"].to_list() == table["whole"].to_list() == [True] * 5 + [False, True]


def test_a_week_that_lacks_days_of_weight_is_complete_and_not_whole() -> None:
    weeks = shop.WEEKS[:6]
    landed = shop.transactions(*weeks)
    weekly = nw.from_native(add_up(shop.staged(*weeks)).lazy())

    def whole(days: int, holidays: tuple[int, ...] = ()) -> list[bool]:
        """Of the last two weeks, the last with rows on so many of its six days."""
        until = weeks[-1].days[days - 1]
        rows = dict(landed.filter(pl.col("date") <= until)["date"].value_counts().rows())
        calendar = read_calendar(
            rows, as_of=until, clock=weeks[-1].end + timedelta(days=2), look_back=13, complete_after_days=2
        )
        closed = {weeks[-1].days[day]: "a holiday" for day in holidays}
        table = weeks_table(weekly, calendar=calendar, rows_by_day=rows, holidays=closed).collect("polars").to_native()
        assert table["complete"].to_list()[-2:] == [True, True]
        return table["whole"].to_list()[-2:]

    assert whole(6) == [True, True]
    assert whole(5) == [True, True]  # a Saturday brings little
    assert whole(4) == whole(2) == [True, False]
    assert whole(4, holidays=(4,)) == [True, True]


def test_the_weeks_table_of_nothing_is_empty() -> None:
    weekly = nw.from_native(add_up(lines()).lazy())
    empty = weeks_table(weekly, calendar=Calendar((), (), {}, ()), rows_by_day={}, holidays={})
    assert empty.collect("polars").shape[0] == 0
