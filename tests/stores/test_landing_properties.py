"""Whatever is delivered, in whatever parts and order: no row is lost, none counts twice, the order does not matter."""

from __future__ import annotations

import tempfile
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from semana.data import schemas as s
from semana.errors import ContractError
from semana.stores.landing import Landing
from tests import shop
from tests.stores.home import PARAMS, deliver, find_source, purchases, tree

SCHEMA = {
    "customer_id": pl.Int64, "product_id": pl.Int64, "date": pl.Date, "order_id": pl.String,
    "quantity": pl.Float64, "amount": pl.Float64,
}  # fmt: skip
DAYS = st.integers(0, 20).map(lambda n: date(2024, 12, 23) + timedelta(days=n))
SIZES = st.sampled_from([1.0, 2.0, -1.0, 1 / 3, -1 / 3, 0.1, 2.675, 3e5])
LINE = st.tuples(st.integers(1, 3), st.integers(1, 3), DAYS, st.sampled_from(["a", "b", None]), SIZES, SIZES)
BAD_LINE = st.tuples(
    st.none() | st.integers(1, 3),
    st.none() | st.integers(1, 3),
    st.none() | DAYS | st.sampled_from([date(1970, 1, 1), date(2030, 1, 1)]),
    st.none(),
    st.none() | st.sampled_from([0.0, float("nan"), float("inf"), 1.0]),
    st.none() | st.sampled_from([float("nan"), 1.0]),
)
EVERYTHING = PARAMS.data.model_copy(update={"quarantine_share": 1.0})


def frame(lines: list[tuple[Any, ...]]) -> pl.DataFrame:
    return pl.DataFrame(lines, schema=SCHEMA, orient="row")


def home(folder: str) -> Landing:
    return Landing(Path(folder) / "home", find_source=find_source, params=EVERYTHING)


def land(folder: str, parts: list[pl.DataFrame], *, ending: str = ".parquet") -> Landing:
    landing = home(folder)
    for number, part in enumerate(parts):
        deliver(landing, shop.write(part, Path(folder) / f"transactions-{number}{ending}"))
    return landing


@given(st.lists(LINE, min_size=1, max_size=12), st.lists(BAD_LINE, max_size=12), st.sampled_from([".csv", ".parquet"]))
@settings(max_examples=40)
def test_every_row_is_kept_or_quarantined(good: list[Any], bad: list[Any], ending: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        landing = land(folder, [frame(good + bad)], ending=ending)
        report = landing.validate(1, "transactions")
        assert report["rows"] == len(good) + len(bad) == report["kept"] + report["quarantined"]
        assert report["kept"] >= len(good)
        assert sum(landing.trading_days(1).values()) == report["kept"]


@given(st.lists(LINE, min_size=1, max_size=20))
@settings(max_examples=25)
def test_delivering_again_changes_nothing(lines: list[Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        landing = land(folder, [frame(lines)])
        before = tree(landing.home)
        deliver(landing, Path(folder) / "transactions-0.parquet")
        assert tree(landing.home) == before


@given(st.lists(LINE, min_size=2, max_size=20), st.data())
@settings(max_examples=40)
def test_weekly_purchases_do_not_depend_on_the_order_of_deliveries_or_rows(
    lines: list[Any], data: st.DataObject
) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(1, len(lines) - 1), max_size=3, unique=True)))
    parts = [frame(lines[a:b]) for a, b in zip([0, *cuts], [*cuts, len(lines)], strict=True)]
    order = data.draw(st.permutations(parts))
    mixed = [part.sample(fraction=1, shuffle=True, seed=7) for part in order]
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        first, second = purchases(land(one, parts)), purchases(land(other, mixed))
        assert first.equals(second)
        first.write_parquet(Path(one) / "p")
        second.write_parquet(Path(other) / "p")
        assert (Path(one) / "p").read_bytes() == (Path(other) / "p").read_bytes()


@given(st.lists(LINE.filter(lambda line: line[3] is not None), min_size=1, max_size=20), st.integers(1, 20))
@settings(max_examples=25)
def test_with_order_numbers_it_does_not_matter_how_the_lines_are_split(lines: list[Any], size: int) -> None:
    parts = [frame(lines[start : start + size]) for start in range(0, len(lines), size)]
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        whole = purchases(land(one, [frame(lines)]))
        assert whole.equals(purchases(land(other, parts)))
        assert whole[s.LINES].sum() == len(set(lines))


@given(st.lists(BAD_LINE, min_size=1, max_size=10))
@settings(max_examples=25)
def test_what_is_refused_leaves_landing_as_it_was(bad: list[Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        landing = Landing(Path(folder) / "home", find_source=find_source, params=PARAMS.data)
        deliver(landing, shop.write_week(Path(folder), shop.FIRST))
        before = tree(landing.home / "landing")
        try:
            deliver(landing, shop.write(frame(bad), Path(folder) / "transactions-bad.parquet"))
        except ContractError:
            assert tree(landing.home / "landing") == before
