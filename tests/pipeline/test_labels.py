"""What a past week is predicted from: who and what was known when it began, and nothing that came after."""

from __future__ import annotations

import gc
import weakref
from datetime import UTC, datetime
from pathlib import Path

import narwhals as nw
import polars as pl
import pytest

from semana.data.frames import Frame
from semana.data.purchases import weekly_purchases
from semana.data.weeks import Week
from semana.features.examples import Share
from semana.pipeline import ingest, labels, portions, prepare
from semana.pipeline.labels import LabelWeeks
from semana.pipeline.order import Order, begin
from semana.settings import read_settings
from semana.stores.engine import POLARS
from semana.stores.home import Stores, open_home
from semana.stores.known import collected, tables_of
from semana.stores.runs import Run
from tests import shop
from tests.pipeline import living

KNOWN = shop.FIRST + 10
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def invoices(weeks: int) -> pl.DataFrame:
    """The first weeks of the shop as one flat invoice file: every line carries its customer's and product's words."""
    lines = shop.transactions(*shop.WEEKS[:weeks])
    return lines.select(
        invoice=pl.col("order_id"),
        stock_code=pl.format("100{}", pl.col("product_id").cast(pl.String).str.zfill(2)),
        description=pl.format("PRODUCT {}", pl.col("product_id")),
        quantity=pl.col("quantity").cast(pl.Int64),
        invoice_date=pl.col("date").cast(pl.Datetime("us")) + pl.duration(hours=12),
        price=pl.col("amount") / pl.col("quantity"),
        customer_id=pl.col("customer_id"),
        country=pl.lit("France"),
    )


def opened(folder: Path, rows: pl.DataFrame) -> tuple[Run, Stores]:
    shop.write(rows, folder / "invoices.parquet")
    stores = open_home(read_settings(folder / "home"), create=True)
    ingest.land(stores, [folder / "invoices.parquet"], source="online-retail", table=None, arrival=NOW)
    run = begin(stores, Order(NOW, as_of=rows["invoice_date"].max().date()))
    prepare.run(run, stores)
    return run, stores


@pytest.fixture(scope="module")
def homes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Run, Stores]]:
    """A home that ends with week KNOWN, and one that goes on: newcomers, new products, and everybody moves house."""
    first, whole = invoices(11), invoices(16)
    after = whole.filter(pl.col("invoice_date").dt.date() > KNOWN.end)
    moved = after.with_columns(pl.lit("Spain").alias("country"), pl.lit("RENAMED").alias("description"))
    newcomers = moved.with_columns(pl.col("customer_id") + 900)
    folder = tmp_path_factory.mktemp("homes")
    return {
        "then": opened(folder / "then", first),
        "now": opened(folder / "now", pl.concat([first, moved, newcomers])),
    }


def test_who_comes_later_is_no_candidate_of_a_past_week(homes: dict[str, tuple[Run, Stores]]) -> None:
    then, now = (LabelWeeks(*homes[name])(KNOWN) for name in ("then", "now"))
    assert now["customer_id"].max() < 900
    assert now.equals(then)


def test_the_rows_of_some_customers_are_those_that_they_have_among_all(homes: dict[str, tuple[Run, Stores]]) -> None:
    examples = LabelWeeks(*homes["now"])
    whole, some = examples(KNOWN), examples(KNOWN, share=Share(0.5, 0.4))
    assert 0 < some["customer_id"].n_unique() < 0.7 * whole["customer_id"].n_unique()
    pair = ["customer_id", "product_id"]
    assert some.drop("weight").equals(whole.drop("weight").join(some, on=pair, how="semi"))


def test_about_as_many_are_drawn_as_are_asked_for_the_same_every_time(
    homes: dict[str, tuple[Run, Stores]],
) -> None:
    examples = LabelWeeks(*homes["now"])
    whole, few = examples(KNOWN), examples.some(KNOWN, 200)
    assert examples.count(KNOWN) == whole.height
    assert 100 < few.height < 300
    assert few.join(whole, on=["customer_id", "product_id"], how="semi").height == few.height
    assert few["bought"].mean() == pytest.approx(whole["bought"].mean(), abs=0.1)
    assert few.equals(LabelWeeks(*homes["now"]).some(KNOWN, 200))
    assert examples.some(KNOWN, whole.height).drop("weight").equals(whole.drop("weight"))


@pytest.mark.parametrize("share", [Share(), Share(0.3)])
def test_rows_are_the_same_however_many_portions_of_customers_they_are_made_in(
    homes: dict[str, tuple[Run, Stores]], monkeypatch: pytest.MonkeyPatch, share: Share
) -> None:
    whole = LabelWeeks(*homes["now"])(KNOWN, share=share)
    made = living.in_many_portions(monkeypatch)
    assert LabelWeeks(*homes["now"])(KNOWN, share=share).equals(whole)
    assert whole.height > 300
    assert min(made) > 1


def test_rows_go_when_nobody_holds_them_any_more(homes: dict[str, tuple[Run, Stores]]) -> None:
    examples = LabelWeeks(*homes["now"])
    examples(KNOWN, share=Share(0.3))
    seen = weakref.ref(examples)
    gc.disable()
    try:
        del examples
        assert seen() is None
    finally:
        gc.enable()


def test_of_the_weeks_asked_for_last_as_many_are_held_as_are_to_be_kept(homes: dict[str, tuple[Run, Stores]]) -> None:
    examples = LabelWeeks(*homes["now"], keep=2)
    first, second = (examples(KNOWN + -n) for n in (0, 1))
    assert examples(KNOWN) is first
    examples(KNOWN + -2)
    assert examples(KNOWN) is first
    assert examples(KNOWN + -1) is not second


@pytest.mark.parametrize("held", [10**6, 300])
@pytest.mark.parametrize("many", [False, True])
def test_some_of_a_week_that_was_worked_out_are_those_drawn_from_it_and_it_is_not_worked_out_again(
    homes: dict[str, tuple[Run, Stores]], monkeypatch: pytest.MonkeyPatch, many: bool, held: int
) -> None:
    made = living.in_many_portions(monkeypatch) if many else {2}
    monkeypatch.setattr(labels, "_HELD", held)
    examples = LabelWeeks(*homes["now"])
    found = examples.mapped(KNOWN, lambda batch: batch.select("customer_id", "product_id"))
    drawn, count = LabelWeeks(*homes["now"]).some(KNOWN, 200), LabelWeeks(*homes["now"]).count(KNOWN)
    assert min(made) > 1
    for room in (labels, portions):
        monkeypatch.setattr(room, "features_of", None)
    assert examples.some(KNOWN, 200).equals(drawn)
    assert found.height == examples.count(KNOWN) == count > 200


@pytest.mark.parametrize("table", ["customers", "products"])
def test_attributes_are_those_known_when_the_week_began(homes: dict[str, tuple[Run, Stores]], table: str) -> None:
    then, now = (
        getattr(tables_of(*homes[name], POLARS.settled, before=KNOWN), table).collect().to_polars() for name in homes
    )
    assert now.equals(then)
    later = getattr(tables_of(*homes["now"], POLARS.settled, before=shop.FIRST + 16), table).collect().to_polars()
    assert not later.equals(then)


def test_holidays_are_those_of_the_sources_calendar_up_to_the_end_of_the_week(
    homes: dict[str, tuple[Run, Stores]],
) -> None:
    christmas = Week.parse("2024-W52")
    run, stores = homes["now"]
    days = (
        tables_of(run, stores, POLARS.settled, before=christmas)
        .calendar.collect()
        .to_polars()
        .sort("week", "weekday")
        .rows()
    )
    assert days[-2:] == [(christmas.index, 3), (christmas.index, 4)]  # Christmas and Boxing Day
    assert (christmas.index + 1, 3) not in days  # 1 January belongs to the week after
    assert len(days) == 8 + 2  # the eight of England in 2024, and 25 and 26 December 2023


def test_joins_run_in_the_order_in_which_they_are_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """Polars, left to itself, joined customers to products by an attribute first: 50 million rows for 40 thousand."""
    kept = []
    collect = pl.LazyFrame.collect

    def noting(frame: pl.LazyFrame, **options: object) -> pl.DataFrame:
        kept.append(options["optimizations"])
        return collect(frame, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(pl.LazyFrame, "collect", noting)
    assert collected(nw.from_native(pl.LazyFrame({"a": [1]}))).height == 1
    assert [each.join_order for each in kept] == [False]


def test_an_order_line_that_prepare_loses_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def losing(counted: Frame) -> Frame:
        return weekly_purchases(counted.filter(nw.col("product_id") != "10003"))

    monkeypatch.setattr(prepare, "weekly_purchases", losing)
    with pytest.raises(RuntimeError, match=r"the purchases hold .* a bug of ours"):
        opened(tmp_path, invoices(11))


def test_which_week_is_worked_out_is_logged_now_and_then_and_shown_on_a_bar_each_time(
    homes: dict[str, tuple[Run, Stores]], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, stores = next(iter(homes.values()))
    seconds = iter((0.0, 4.0, 8.0, 12.0, 12.0, 16.0))
    monkeypatch.setattr(labels.time, "monotonic", lambda: next(seconds, 16.0))
    examples = LabelWeeks(run, stores)
    with caplog.at_level("DEBUG", logger="semana.pipeline.labels"):
        for number in range(2, 6):
            examples(shop.FIRST + number)
    told = [record.levelname for record in caplog.records if "worked out" in record.message]
    assert told == ["DEBUG", "DEBUG", "INFO", "DEBUG"]
