"""Landing read at a position: late, repeated, overlapping and retracted deliveries."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from semana.data import schemas as s
from semana.data.purchases import count_once, latest_attributes
from semana.errors import UsageError
from semana.stores.landing import Landing
from tests import shop
from tests.stores.home import LATER, deliver, purchases, tree


def test_the_same_bytes_again_change_nothing_and_say_so(landing: Landing, coming: Path) -> None:
    path = shop.write_week(coming, shop.FIRST)
    first = deliver(landing, path)
    before = tree(landing.home)
    again = deliver(landing, path, arrival=LATER + timedelta(days=3))
    assert again["outcome"] == "already landed"
    assert again["position"] == first["position"]
    assert again["overlap"] == 320
    assert tree(landing.home) == before


def test_the_same_week_with_other_bytes_lands_and_counts_no_line_twice(landing: Landing, coming: Path) -> None:
    deliver(landing, shop.write_week(coming, shop.FIRST))
    once = purchases(landing)
    again = deliver(landing, shop.write(shop.transactions(shop.FIRST).reverse(), coming / "transactions-again.csv"))
    assert again["outcome"] == "landed"
    assert again["overlap"] == 320
    assert purchases(landing).equals(once)


def test_lines_of_a_known_order_with_other_values_count_and_are_told_of(
    landing: Landing, coming: Path, caplog: pytest.LogCaptureFixture
) -> None:
    lines = shop.transactions(shop.FIRST)
    first = deliver(landing, shop.write(lines, coming / "transactions-a.parquet"))
    assert "differing" not in deliver(landing, shop.write(lines.reverse(), coming / "transactions-b.parquet"))
    assert caplog.messages == []
    mended = lines.with_columns(quantity=pl.when(pl.int_range(pl.len()) < 3).then(20.0).otherwise("quantity"))
    found = deliver(landing, shop.write(mended, coming / "transactions-mended.parquet"))
    assert (found["overlap"], found["differing"]) == (lines.height - 3, 3)
    (told,) = caplog.messages
    assert told.startswith("transactions-mended.parquet: 3 lines are of an order, customer, product and day")
    assert first["hash"][:8] in told
    assert purchases(landing)[s.QUANTITY].sum() == lines["quantity"].sum() + 60
    landing.retract(first["hash"], reason="corrected", arrival=LATER)


def test_a_late_line_restates_its_week_from_the_next_position_on_only(landing: Landing, coming: Path) -> None:
    for week in shop.WEEKS[:2]:
        deliver(landing, shop.write_week(coming, week))
    known = purchases(landing, 2)
    late = shop.transactions(shop.FIRST).head(1).with_columns(order_id=pl.lit("late"), quantity=pl.lit(5.0))
    deliver(landing, shop.write(late, coming / "transactions-late.parquet"))
    assert purchases(landing, 2).equals(known)
    restated = purchases(landing, 3)
    assert restated[s.LINES].sum() == known[s.LINES].sum() + 1
    assert restated[s.QUANTITY].sum() == known[s.QUANTITY].sum() + 5


def test_the_lines_of_some_days_are_read_from_the_files_that_have_them(landing: Landing, coming: Path) -> None:
    for week in shop.WEEKS[:3]:
        deliver(landing, shop.write_week(coming, week))
    late = shop.transactions(shop.FIRST).head(1).with_columns(order_id=pl.lit("late"))
    deliver(landing, shop.write(late, coming / "transactions-late.parquet"))
    first, second = shop.FIRST.days[2], (shop.FIRST + 1).days[2]
    every = landing.lines(4).collect("polars").to_native()
    found = landing.lines(4, days=(first, second))
    assert found.collect("polars").to_native().equals(every.filter(pl.col(s.DATE).is_between(first, second)))
    assert found.to_native().explain().count("Parquet SCAN") == 2
    assert landing.lines(4, days=(date(1999, 1, 1), date(1999, 1, 2))).collect("polars").shape[0] == 0


def test_overlapping_deliveries_without_order_numbers_count_the_larger_number_of_repeats(
    landing: Landing, coming: Path
) -> None:
    day = shop.transactions(shop.FIRST).drop("order_id").head(4)
    deliver(landing, shop.write(pl.concat([day, day.head(1)]), coming / "transactions-a.parquet"))
    deliver(landing, shop.write(pl.concat([day, day.head(1), day.head(1)]), coming / "transactions-b.parquet"))
    assert sorted(purchases(landing)[s.LINES]) == [1, 1, 1, 3]


def test_a_retracted_delivery_is_gone_from_the_next_position_on_and_its_bytes_stay(
    landing: Landing, coming: Path
) -> None:
    kept = deliver(landing, shop.write_week(coming, shop.FIRST))
    wrong = deliver(landing, shop.write_week(coming, shop.FIRST + 1))
    told = landing.retract(wrong["hash"][:6], reason="the wrong branch", arrival=LATER)
    assert told["position"] == 3
    assert [each.hash for each in landing.deliveries()] == [kept["hash"]]
    assert len(landing.deliveries(2)) == 2
    assert purchases(landing)[s.LINES].sum() == 320
    assert purchases(landing, 2)[s.LINES].sum() == 640
    assert (landing.home / "landing" / "canonical" / f"{wrong['hash']}.parquet").exists()
    assert landing.history()[-1]["reason"] == "the wrong branch"


def test_a_retracted_delivery_may_be_delivered_again(landing: Landing, coming: Path) -> None:
    path = shop.write_week(coming, shop.FIRST)
    first = deliver(landing, path)
    landing.retract(first["hash"], reason="too early", arrival=LATER)
    assert landing.deliveries() == []
    again = deliver(landing, path)
    assert (again["outcome"], again["position"]) == ("landed", 3)
    assert purchases(landing)[s.LINES].sum() == 320
    assert [each.position for each in landing.ever()] == [1, 3]
    assert {position: entry["number"] for position, entry in landing.retractions().items()} == {1: 2}
    assert landing.show(first["hash"], retracted=True).position == 3


def test_a_retracted_delivery_can_still_be_shown_and_not_retracted_twice(landing: Landing, coming: Path) -> None:
    one = deliver(landing, shop.write_week(coming, shop.FIRST))
    landing.retract(one["hash"], reason="too early", arrival=LATER)
    assert landing.show(one["hash"][:6], retracted=True).position == 1
    with pytest.raises(UsageError, match="0 landed deliveries"):
        landing.retract(one["hash"], reason="again", arrival=LATER)


def test_a_retraction_stays_with_its_delivery_when_a_customer_is_forgotten(landing: Landing, coming: Path) -> None:
    rows = shop.transactions(shop.FIRST)
    without = deliver(landing, shop.write(rows.filter(pl.col("customer_id") != 2), coming / "transactions-a.csv"))
    before = deliver(landing, shop.write(rows, coming / "transactions-b.csv"))
    other = deliver(landing, shop.write_week(coming, shop.FIRST + 1))
    landing.retract(without["hash"], reason="2 is missing", arrival=LATER)
    assert landing.forget("2", reason="asked for it", arrival=LATER) == 2
    landing.retract(landing.deliveries()[-1].hash, reason="the wrong branch", arrival=LATER)
    assert {position: entry["number"] for position, entry in landing.retractions().items()} == {1: 4, 3: 6}
    (kept,) = landing.deliveries()
    assert (kept.position, kept.hash, kept.delivered) == (2, without["hash"], before["hash"])
    assert landing.taken_back(3) == [without["file"], other["file"]]
    assert landing.show(other["hash"][:6], retracted=True).position == 3


def judged(landing: Landing, position: int | None = None) -> list[tuple[str, bool, str]]:
    return [
        (each["file"], each["retracted"], each["says"]) for each in landing.judged(position, latest=landing.position)
    ]


def test_what_is_said_of_deliveries_names_those_that_were_retracted(landing: Landing, coming: Path) -> None:
    path = shop.write_week(coming, shop.FIRST)
    first = deliver(landing, path)
    landing.retract(first["hash"], reason="too early", arrival=LATER)
    deliver(landing, path)
    accepted, retracted = (path.name, False, "accepted"), (path.name, True, "retracted: too early")
    assert judged(landing, 1) == [accepted]
    assert judged(landing, 2) == [retracted]
    assert judged(landing) == [retracted, accepted]
    assert list(landing.retractions()) == [1]


@pytest.mark.parametrize("forgotten_first", [True, False])
def test_a_retracted_delivery_is_known_though_forgetting_gave_its_file_another_hash(
    landing: Landing, coming: Path, *, forgotten_first: bool
) -> None:
    wrong = shop.transactions(shop.FIRST)
    other = wrong.with_columns(pl.when(pl.col("customer_id") == 3).then(9.0).otherwise("quantity").alias("quantity"))
    paths = [shop.write(rows, coming / f"transactions-{n}.csv") for n, rows in enumerate((wrong, other))]
    told = deliver(landing, paths[0])
    if forgotten_first:
        landing.forget("3", reason="asked for it", arrival=LATER)
        landing.retract(landing.deliveries()[0].hash, reason="the wrong branch", arrival=LATER)
    else:
        landing.retract(told["hash"], reason="the wrong branch", arrival=LATER)
        deliver(landing, paths[1])  # without customer 3 the same bytes, and not retracted
        landing.forget("3", reason="asked for it", arrival=LATER)
    gone, *kept = judged(landing)
    assert gone == ("transactions-0.csv", True, "retracted: the wrong branch")
    assert kept == ([] if forgotten_first else [("transactions-1.csv", False, "accepted")])
    assert [each.file for each in landing.deliveries()] == [file for file, _, _ in kept]


def test_a_retraction_needs_one_delivery_and_a_reason(landing: Landing, coming: Path) -> None:
    one = deliver(landing, shop.write_week(coming, shop.FIRST))
    with pytest.raises(UsageError, match="needs a reason"):
        landing.retract(one["hash"], reason=" ", arrival=LATER)
    with pytest.raises(UsageError, match="0 landed deliveries"):
        landing.retract("zzz", reason="no such", arrival=LATER)
    with pytest.raises(UsageError, match="one was expected"):
        landing.retract("", reason="all of it", arrival=LATER)
    assert landing.position == 1


def test_attributes_are_as_last_delivered_and_read_at_a_position(landing: Landing, coming: Path) -> None:
    deliver(landing, shop.write(shop.customers(), coming / "customers.parquet"))
    moved = shop.customers().head(1).with_columns(owner=pl.lit("west"), visits=pl.lit("many"), fax=pl.lit("none"))
    deliver(landing, shop.write(moved, coming / "customers-moved.parquet"))

    def owner_of_first(position: int) -> str:
        rows = latest_attributes(landing.attributes("customers", position), s.CUSTOMER_ID, as_of=LATER.date())
        rows = rows.collect("polars")
        return str(rows.row(0)[rows.columns.index(s.OWNER)])

    assert owner_of_first(1) == "north"
    assert owner_of_first(2) == "west"
    both = landing.attributes("customers", 2).collect("polars").to_native()
    assert both.schema["visits"] == pl.String
    assert both["fax"].null_count() == 40


def test_an_attribute_is_the_same_whatever_the_case_of_its_name(landing: Landing, coming: Path) -> None:
    many = pl.concat([shop.customers().with_columns(pl.col("customer_id") + 1000 * n) for n in range(3)])
    deliver(landing, shop.write(many, coming / "customers.parquet"))
    shouted = many.with_columns(visits=99.0).rename({"visits": "VISITS"})
    deliver(landing, shop.write(shouted, coming / "customers-shouted.parquet"))
    rows = landing.attributes("customers", 2).collect("polars").to_native()
    assert "VISITS" not in rows.columns
    assert rows.filter(pl.col("position") == 2)["visits"].unique().to_list() == [99.0]


def test_without_attribute_files_there_are_no_attribute_rows(landing: Landing, coming: Path) -> None:
    deliver(landing, shop.write_week(coming, shop.FIRST))
    rows = landing.attributes("customers", 1).collect("polars").to_native()
    assert rows.height == 0
    assert rows.schema[s.CUSTOMER_ID] == pl.Int64


def test_text_ids_stay_text_and_integers_join_them(landing: Landing, coming: Path) -> None:
    named = shop.transactions(shop.FIRST).with_columns(customer_id=pl.format("C{}", "customer_id"))
    deliver(landing, shop.write(named, coming / "transactions-a.parquet"))
    numbered = shop.transactions(shop.FIRST + 1).with_columns(customer_id=pl.col("customer_id") + 500)
    deliver(landing, shop.write(numbered, coming / "transactions-b.parquet"))
    found = landing.lines(2).collect("polars").to_native()
    assert found.schema[s.CUSTOMER_ID] == pl.String
    assert {"C1", "501"} <= set(found[s.CUSTOMER_ID])


def test_a_delivery_has_the_arrival_it_was_given_whatever_the_clock(landing: Landing, coming: Path) -> None:
    early = datetime(2024, 10, 8, tzinfo=UTC)
    deliver(landing, shop.write_week(coming, shop.FIRST), arrival=early)
    deliver(landing, shop.write_week(coming, shop.FIRST + 1))
    assert landing.arrival(1) == early
    assert landing.arrival(2) == LATER
    with pytest.raises(UsageError, match="nothing has landed"):
        landing.arrival(0)
    with pytest.raises(UsageError, match="position 9"):
        landing.deliveries(9)


def test_show_gives_the_delivery_that_a_prefix_names(landing: Landing, coming: Path) -> None:
    one = deliver(landing, shop.write_week(coming, shop.FIRST))
    shown = landing.show(one["hash"][:5])
    assert shown.file == f"transactions-{shop.FIRST}.parquet"
    assert asdict(shown)["tables"]["transactions"]["kept"] == 320


def test_lines_of_an_empty_home_are_no_lines(landing: Landing) -> None:
    assert count_once(landing.lines(0)).collect("polars").shape[0] == 0
    assert landing.source is None
