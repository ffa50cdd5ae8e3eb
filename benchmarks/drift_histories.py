"""Calm histories of real shops and of one without any drift, and shifts planted into them, for `benchmarks.drift`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import narwhals as nw
import numpy as np
import polars as pl
from numpy.typing import NDArray

from benchmarks.speed import JOURNEY, SHARED
from semana.data import catalog
from semana.data import schemas as s
from semana.data.weeks import Week
from semana.features.build import as_it_is
from semana.monitoring import behaviour as b
from semana.pipeline import ingest, prepare
from semana.pipeline.columns import Watched
from semana.pipeline.order import Order, begin
from semana.settings import read_settings
from semana.stores.home import open_home

LENGTH, JUDGED, BLOCK = 72, 12, 4
NEW = "(new)"
STEPS, REACH = 10, 4  # bins of a number, as in monitoring.behaviour
Floats = NDArray[np.float64]
Shift = Callable[["Rows", Any], "Rows"]


@dataclass(frozen=True)
class Rows:
    """A column row by row: who, in which week, and the number (in its `sd`) or the place of its kind in `names`.

    `share` is the row's part of its customer's one vote.
    """

    name: str
    customer: NDArray[np.int64]
    week: NDArray[np.int64]
    number: Floats | None
    kind: NDArray[np.int64] | None
    names: tuple[str, ...]
    share: Floats
    sd: float = 1.0

    def weights(self, votes: Floats, weeks: int) -> Floats:
        """(weeks, bins), each customer counted as often as `votes` has it."""
        if self.number is None:
            assert self.kind is not None
            bins, size = self.kind, len(self.names)
        else:
            size = 2 * REACH * STEPS + 1
            bins = (
                np.clip(np.floor(self.number * STEPS), -REACH * STEPS, REACH * STEPS).astype(np.int64) + REACH * STEPS
            )
        flat = np.bincount(self.week * size + bins, weights=votes[self.customer] * self.share, minlength=weeks * size)
        return flat.astype(np.float64).reshape(weeks, size)

    def column(self, weights: Floats) -> b.Column:
        """The column of a history whose weeks have these weights."""
        kind = b.CATEGORY if self.number is None else b.NUMBER
        return b.Column(self.name, kind, ("",) * weights.shape[1], tuple(range(len(weights))), weights)


@dataclass(frozen=True)
class Shop:
    """A shop's columns row by row, a table of those with one row a customer and week, and how many of either."""

    name: str
    rows: Mapping[str, Rows]
    table: pl.DataFrame
    customers: int
    weeks: int


def watched(name: str, source: str, files: Sequence[Path], as_of: date, folder: Path) -> Watched:
    """The prepared tables of a whole history."""
    stores = open_home(read_settings(folder / name), create=True)
    now = datetime.now(UTC)
    ingest.land(stores, list(files), source=source, table=None, arrival=now)
    run = begin(stores, Order(now, as_of=as_of))
    prepare.run(run, stores)
    return Watched(run, stores, as_it_is)


def shop_of(name: str, seen: Watched) -> Shop:
    """The columns that `detect_drift` would read, row by row, holidays left out."""
    usable = [week for week in seen.weeks if week not in seen.holidays and week >= seen.known_since]
    told = seen.behaviour.filter(_in(usable)).collect("polars").to_native()
    purchases = seen.purchases.filter(_in(usable)).collect("polars").to_native().filter(pl.col(s.QUANTITY) > 0)
    place = {week: n for n, week in enumerate(usable)}
    ids = {id_: n for n, id_ in enumerate(told[s.CUSTOMER_ID].unique().sort().to_list())}
    texts, numbers = seen.of_customers
    customers = seen.stores.lake.read(catalog.CUSTOMERS, seen.run.week)
    products = seen.stores.lake.read(catalog.PRODUCTS, seen.run.week)
    beside = told.join(customers.select(s.CUSTOMER_ID, *texts, *numbers), on=s.CUSTOMER_ID, how="left")
    sold = purchases.join(products.drop(s.LABEL, s.DRAW), on=s.PRODUCT_ID, how="left")
    rows = [_numbers(each, beside, ids, place) for each in (*b.FIGURES, *numbers)]
    rows += [_kinds(each, beside.with_columns(pl.col(each).alias("kind")), ids, place) for each in texts]
    for each in (s.PRODUCT_ID, *seen.of_products[0]):
        called = b.PRODUCTS if each == s.PRODUCT_ID else each
        rows.append(_kinds(called, sold.with_columns(pl.col(each).alias("kind")), ids, place))
    weekday = sold.with_columns(pl.col(s.LAST_DATE).dt.weekday().alias("kind"))
    rows += [_kinds(b.WEEKDAY, weekday, ids, place), _kinds(b.ORDERED, _ordered(seen, usable, list(ids)), ids, place)]
    table = beside.with_columns(
        pl.col(s.CUSTOMER_ID).replace_strict(ids, return_dtype=pl.Int64),
        pl.col(s.WEEK).cast(pl.Int64).replace_strict(place, return_dtype=pl.Int64),
    )
    return Shop(name, {each.name: each for each in rows if each is not None}, table, len(ids), len(usable))


def _in(weeks: list[int]) -> Any:
    return nw.col(s.WEEK).is_in(weeks)


def _ordered(seen: Watched, usable: list[int], ids: Sequence[Any]) -> pl.DataFrame:
    """Whether each customer of the quarter before ordered in the week."""
    came: pl.DataFrame = (
        seen.behaviour.collect("polars").to_native().select(s.CUSTOMER_ID, pl.col(s.WEEK).cast(pl.Int64))
    )
    known = pl.concat([came.with_columns(pl.col(s.WEEK) + ahead) for ahead in range(1, 14)]).unique()
    told = known.join(came.with_columns(kind=pl.lit("yes")), on=[s.CUSTOMER_ID, s.WEEK], how="left")
    return told.filter(pl.col(s.WEEK).is_in(usable), pl.col(s.CUSTOMER_ID).is_in(ids)).with_columns(
        pl.col("kind").fill_null("no")
    )


def _numbers(name: str, frame: pl.DataFrame, ids: Mapping[Any, int], place: Mapping[int, int]) -> Rows | None:
    frame = frame.filter(pl.col(name).is_not_null())
    if frame.is_empty():
        return None
    values = frame[name].cast(pl.Float64).to_numpy()
    sd = float(values.std()) or 1.0
    return Rows(name, *_places(frame, ids, place), (values - values.mean()) / sd, None, (), np.ones(len(values)), sd)


def _kinds(name: str, frame: pl.DataFrame, ids: Mapping[Any, int], place: Mapping[int, int]) -> Rows | None:
    kinds = frame["kind"].cast(pl.String).fill_null(b.UNTOLD)
    most = kinds.value_counts(sort=True).head(100)["kind"].to_list()
    if len(most) < 2:
        return None
    codes = kinds.replace_strict(most, range(len(most)), default=len(most), return_dtype=pl.Int64).to_numpy()
    share = frame.select(1.0 / pl.len().over(s.CUSTOMER_ID, s.WEEK)).to_series().to_numpy()
    return Rows(name, *_places(frame, ids, place), None, codes, (*most, b.OTHER, NEW), share)


def _places(frame: pl.DataFrame, ids: Mapping[Any, int], place: Mapping[int, int]) -> tuple[Any, Any]:
    who = frame[s.CUSTOMER_ID].replace_strict(ids, return_dtype=pl.Int64).to_numpy()
    return who, frame[s.WEEK].cast(pl.Int64).replace_strict(dict(place), return_dtype=pl.Int64).to_numpy()


def draws(shop: Shop, count: int, *, seed: int) -> Iterator[tuple[Floats, NDArray[np.int64]]]:
    """How often each customer counts, and which weeks a history of LENGTH weeks is made of."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        votes = np.bincount(rng.integers(shop.customers, size=shop.customers), minlength=shop.customers).astype(float)
        blocks = rng.integers(shop.weeks - BLOCK + 1, size=-(-LENGTH // BLOCK))
        yield votes, np.concatenate([np.arange(first, first + BLOCK) for first in blocks])[:LENGTH]


def histories(shop: Shop, count: int, *, seed: int, shift: Shift | None = None) -> Iterator[list[b.Column]]:
    """The columns of histories; with a `shift` the last JUDGED weeks are of its rows."""
    for number, (votes, weeks) in enumerate(draws(shop, count, seed=seed)):
        columns = []
        for rows in shop.rows.values():
            weights = rows.weights(votes, shop.weeks)[weeks]
            if shift:
                shifted = shift(rows, np.random.default_rng(number))
                weights[-JUDGED:] = shifted.weights(votes, shop.weeks)[weeks][-JUDGED:]
            columns.append(rows.column(weights))
        yield columns


def segment_leaves(share: float) -> Shift:
    """That share of the customers of the first half of ids, who stay together, no longer comes."""

    def shift(rows: Rows, rng: Any) -> Rows:
        leaves = rng.random(int(rows.customer.max()) + 1) < share
        leaves &= np.arange(len(leaves)) < len(leaves) / 2
        gone = leaves[rows.customer]
        if rows.kind is not None and rows.name == b.ORDERED:
            return replace(rows, kind=np.where(gone, rows.names.index("no"), rows.kind))
        return replace(rows, share=np.where(gone, 0.0, rows.share))

    return shift


def range_replaced(share: float) -> Shift:
    """Products with that share of the purchases give way to products never sold before."""

    def shift(rows: Rows, rng: Any) -> Rows:
        if rows.name != b.PRODUCTS or rows.kind is None:
            return rows
        sold = np.bincount(rows.kind, minlength=len(rows.names)).astype(float)
        gone, left = [], share * sold.sum()
        for each in rng.permutation(len(rows.names) - 2):
            if sold[each] <= left:
                gone.append(each)
                left -= sold[each]
        return replace(rows, kind=np.where(np.isin(rows.kind, gone), rows.names.index(NEW), rows.kind))

    return shift


def units_change(share: float) -> Shift:
    """That share of what is bought is counted in sixes: the mean log quantity over the usual rises by its part."""
    return _moved({"quantity": share * np.log(6)})


def prices_rise(by: float) -> Shift:
    """All prices rise by that share."""
    return _moved({"price": np.log(1 + by), "spend": np.log(1 + by)})


def rhythm_slows(share: float) -> Shift:
    """Customers leave out that share of their order weeks."""

    def shift(rows: Rows, rng: Any) -> Rows:
        weeks = int(rows.week.max()) + 1
        out = rng.random((int(rows.customer.max()) + 1, weeks)) < share
        left = out[rows.customer, rows.week]
        if rows.kind is not None and rows.name == b.ORDERED:
            return replace(rows, kind=np.where(left, rows.names.index("no"), rows.kind))
        kept = replace(rows, share=np.where(left, 0.0, rows.share))
        if rows.name != "rhythm" or rows.number is None:
            return kept
        longer = rng.geometric(1 - share, size=len(rows.number)) - 1
        return replace(kept, number=rows.number + longer / rows.sd)

    return shift


def _moved(by: Mapping[str, float]) -> Shift:
    def shift(rows: Rows, _: Any) -> Rows:
        if rows.name not in by or rows.number is None:
            return rows
        return replace(rows, number=rows.number + by[rows.name] / rows.sd)

    return shift


SHIFTS: dict[str, tuple[Callable[[float], Shift], tuple[float, ...]]] = {
    "a segment leaves: share of its customers": (segment_leaves, (0.2, 0.5, 1.0)),
    "a product range is replaced: share of purchases": (range_replaced, (0.05, 0.15, 0.4)),
    "units change, pieces to sixes: share of purchases": (units_change, (0.05, 0.2, 1.0)),
    "order rhythm slows: share of orders left out": (rhythm_slows, (0.1, 0.25, 0.5)),
    "prices rise: by": (prices_rise, (0.03, 0.1, 0.3)),
}


def synthetic(folder: Path) -> list[Path]:
    """A shop without any drift: 400 customers with a rhythm and a taste each, 40 products, 70 weeks, a price each."""
    rng = np.random.default_rng(1)
    customers, products, weeks = 400, 40, 70
    rhythm, size = rng.beta(3, 3, customers), rng.gamma(3, 2, customers)
    taste = rng.dirichlet(rng.gamma(1, 1, products) + 0.05, customers)
    prices = rng.gamma(4, 2, products)
    first = Week.parse("2023-W01")
    lines = []
    for week in range(weeks):
        for who in np.flatnonzero(rng.random(customers) < rhythm):
            day = (first + week).days[int(rng.integers(6))]
            for what in np.flatnonzero(rng.poisson(size[who] * taste[who])):
                many = float(1 + rng.poisson(2))
                lines.append((int(who), int(what), day, f"{week}-{who}", many, round(many * float(prices[what]), 2)))
    names = ["customer_id", "product_id", "date", "order_id", "quantity", "amount"]
    folder.mkdir()
    pl.DataFrame(lines, schema=names, orient="row").write_parquet(folder / "transactions.parquet")
    zones = [f"zone {n % 5}" for n in range(customers)]
    pl.DataFrame({"customer_id": range(customers), "zone": zones}).write_parquet(folder / "customers.parquet")
    shelves = [f"shelf {n % 6}" for n in range(products)]
    pl.DataFrame({"product_id": range(products), "shelf": shelves}).write_parquet(folder / "products.parquet")
    return sorted(folder.iterdir())


def shops(folder: Path) -> Iterator[tuple[Shop, Watched]]:
    """SodAI up to before its Christmas, Complete Journey, and the synthetic shop."""
    journey = [JOURNEY / f"{name}.parquet" for name in ("transactions", "products", "demographics")]
    cases: list[tuple[str, str, Sequence[Path], date]] = [
        ("Complete Journey", "complete-journey", journey, date(2017, 12, 10)),
        ("synthetic", "canonical", synthetic(folder / "files"), date(2030, 1, 1)),
    ]
    if (SHARED / "sodai").exists():
        sodai = [SHARED / "sodai" / f"{name}.parquet" for name in ("clientes", "productos", "transacciones")]
        cases.insert(0, ("SodAI", "sodai", sodai, date(2024, 12, 15)))
    for name, source, files, as_of in cases:
        seen = watched(name, source, files, as_of, folder)
        yield shop_of(name, seen), seen
