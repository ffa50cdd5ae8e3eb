"""What landing keeps, and how it reads at a position."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from semana.data import schemas as s
from semana.data.purchases import count_once, latest_attributes
from semana.errors import Busy, ConfigurationError, ContractError, UsageError
from semana.stores import files
from semana.stores.landing import Landing
from tests import shop
from tests.stores.home import LATER, ROOT, deliver, find_source, open_landing, purchases, tree


@pytest.fixture
def landing(tmp_path: Path) -> Landing:
    return open_landing(tmp_path / "home")


@pytest.fixture
def coming(tmp_path: Path) -> Path:
    folder = tmp_path / "coming"
    folder.mkdir()
    return folder


def test_a_delivery_lands_as_it_came_and_counts_every_row(landing: Landing, coming: Path) -> None:
    path = shop.write_week(coming, shop.FIRST)
    summary = deliver(landing, path)
    assert summary["outcome"] == "landed"
    assert summary["position"] == 1
    assert summary["tables"] == {
        "transactions": {"rows": 320, "kept": 320, "quarantined": 0, "filtered": 0, "repeated": 0}
    }
    (landed,) = (landing.home / "landing" / "canonical").iterdir()
    assert landed.name == f"{summary['hash']}.parquet"
    assert landed.read_bytes() == path.read_bytes()


def test_the_manifest_tells_what_came_when_and_how_many_lines_each_day_has(landing: Landing, coming: Path) -> None:
    deliver(landing, shop.write_week(coming, shop.FIRST))
    (entry,) = landing.history()
    assert entry["kind"] == "delivery"
    assert entry["source"] == "canonical"
    assert entry["file"] == f"transactions-{shop.FIRST}.parquet"
    assert entry["arrival"] == "2026-01-05T06:00:00+00:00"
    assert entry["accepted"] is None
    assert entry["ids"] == {"customer_id": "integer", "product_id": "integer"}
    assert entry["tables"]["transactions"]["first"] == str(shop.FIRST.start)
    assert sum(entry["tables"]["transactions"]["days"].values()) == 320
    assert sum(landing.trading_days(1).values()) == 320
    assert max(landing.trading_days(1)) == shop.FIRST.days[5]


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


def test_a_retraction_needs_one_delivery_and_a_reason(landing: Landing, coming: Path) -> None:
    one = deliver(landing, shop.write_week(coming, shop.FIRST))
    with pytest.raises(UsageError, match="needs a reason"):
        landing.retract(one["hash"], reason=" ", arrival=LATER)
    with pytest.raises(UsageError, match="0 landed deliveries"):
        landing.retract("zzz", reason="no such", arrival=LATER)
    with pytest.raises(UsageError, match="one was expected"):
        landing.retract("", reason="all of it", arrival=LATER)
    assert landing.position == 1


def test_a_home_holds_one_source(landing: Landing, coming: Path) -> None:
    deliver(landing, shop.write_week(coming, shop.FIRST))
    before = tree(landing.home)
    with pytest.raises(ConfigurationError, match="holds canonical, not sodai; use another --home"):
        deliver(landing, shop.write_week(coming, shop.FIRST + 1), source="sodai")
    assert tree(landing.home) == before
    assert landing.source is not None
    assert landing.source.name == "canonical"


def test_two_that_deliver_at_once_leave_the_slower_one_busy_and_its_bytes_harmless(
    landing: Landing, coming: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = open_landing(landing.home)
    write = landing._staging.write

    def overtaken(*args: object) -> None:
        deliver(other, shop.write_week(coming, shop.FIRST))
        write(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(landing._staging, "write", overtaken)
    slow = shop.write_week(coming, shop.FIRST + 1)
    with pytest.raises(Busy, match="Try again"):
        deliver(landing, slow)
    monkeypatch.undo()
    assert landing.position == 1
    assert purchases(landing)[s.LINES].sum() == 320
    assert deliver(landing, slow)["outcome"] == "landed"
    assert purchases(landing)[s.LINES].sum() == 640


def test_staged_rows_that_are_gone_are_made_again_from_what_landed(landing: Landing, coming: Path) -> None:
    for path in shop.write_all(coming, weeks=shop.WEEKS[:2]):
        deliver(landing, path)
    before = tree(landing.home / "staged")
    for path in (landing.home / "staged").rglob("*.*"):
        path.unlink()
    for table in ("transactions", "customers", "products"):
        assert landing.validate(landing.position, table)["deliveries"]
    assert tree(landing.home / "staged") == before


def test_a_source_that_is_defined_anew_reads_what_landed_anew(tmp_path: Path, coming: Path) -> None:
    landing = open_landing(tmp_path / "home")
    stamps = pl.DataFrame(
        {"customer_id": [1], "product_id": [2], "date": [datetime.fromisoformat("2025-01-06T01:00")], "order_id": ["a"]}
    )
    deliver(landing, shop.write(stamps, coming / "transactions.parquet"))
    assert list(landing.lines(1).collect("polars")[s.DATE]) == [date(2025, 1, 6)]
    moved = find_source("canonical").model_copy(update={"timezone": "America/New_York", "timestamps": "utc"})
    redefined = Landing(landing.home, find_source=lambda name: moved, params=landing._params)
    assert list(redefined.lines(1).collect("polars")[s.DATE]) == [date(2025, 1, 5)]
    redefined.validate(1, "transactions")


def test_validate_adds_up_what_landed(landing: Landing, coming: Path) -> None:
    bad = shop.transactions(shop.FIRST).with_columns(
        quantity=pl.when(pl.int_range(pl.len()) < 3).then(0.0).otherwise("quantity")
    )
    deliver(landing, shop.write(bad, coming / "transactions.parquet"))
    assert landing.validate(1, "transactions") == {
        "deliveries": 1, "rows": 320, "kept": 317, "quarantined": 3, "filtered": 0, "repeated": 0,
    }  # fmt: skip
    assert landing.validate(1, "customers")["deliveries"] == 0
    (quarantine,) = (landing.home / "quarantine").iterdir()
    rows = pl.read_parquet(quarantine)
    assert rows["row"].to_list() == [0, 1, 2]
    assert set(rows["reason"]) == {"quantity is 0"}
    assert json.loads(rows["values"][0])["quantity"] == 0


@pytest.mark.parametrize("damage", ["bytes", "staged", "quarantine"])
def test_validate_refuses_when_our_own_promise_is_broken(landing: Landing, coming: Path, damage: str) -> None:
    one = deliver(landing, shop.write_week(coming, shop.FIRST))
    if damage == "bytes":
        (landing.home / "landing" / "canonical" / f"{one['hash']}.parquet").write_bytes(b"other")
    elif damage == "staged":
        staged = landing.home / "staged" / one["hash"] / "transactions.parquet"
        pl.read_parquet(staged).head(3).write_parquet(staged)
    else:
        path = landing.home / "quarantine" / f"{one['hash']}.parquet"
        row = {"table": "transactions", "row": 1, "reason": "made up", "values": "{}"}
        pl.DataFrame([row]).write_parquet(path)
    with pytest.raises(ContractError, match="Restore the home"):
        landing.validate(1, "transactions")


def test_attributes_are_as_last_delivered_and_read_at_a_position(landing: Landing, coming: Path) -> None:
    deliver(landing, shop.write(shop.customers(), coming / "customers.parquet"))
    moved = shop.customers().head(1).with_columns(owner=pl.lit("west"), visits=pl.lit("many"), fax=pl.lit("none"))
    deliver(landing, shop.write(moved, coming / "customers-moved.parquet"))

    def owner_of_first(position: int) -> str:
        rows = latest_attributes(landing.attributes("customers", position), s.CUSTOMER_ID)
        return str(rows.filter(rows_first()).collect("polars")["owner"][0])

    def rows_first() -> object:
        import narwhals as nw

        return nw.col(s.CUSTOMER_ID) == 0

    assert owner_of_first(1) == "north"
    assert owner_of_first(2) == "west"
    both = landing.attributes("customers", 2).collect("polars").to_native()
    assert both.schema["visits"] == pl.String
    assert both["fax"].null_count() == 40


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


def test_a_csv_delivers_the_same_as_parquet(tmp_path: Path) -> None:
    found = []
    for ending in (".csv", ".parquet"):
        landing = open_landing(tmp_path / ending)
        for path in shop.write_all(tmp_path / f"coming{ending}", weeks=shop.WEEKS[:3], ending=ending):
            deliver(landing, path)
        customers = landing.attributes("customers", landing.position).collect("polars").to_native()
        found.append((purchases(landing), customers))
    assert found[0][0].equals(found[1][0])
    assert found[0][1].equals(found[1][1])


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


def test_a_table_can_be_named_where_the_file_name_says_nothing(landing: Landing, coming: Path) -> None:
    path = shop.write(shop.products(), coming / "export.parquet")
    assert deliver(landing, path, table="products")["tables"]["products"]["kept"] == 20
    with pytest.raises(UsageError, match="landed as products, not as customers"):
        deliver(landing, path, table="customers")
    with pytest.raises(ConfigurationError, match="no table 'prices'; it has: transactions, customers, products"):
        deliver(landing, path, table="prices")


def test_show_gives_the_delivery_that_a_prefix_names(landing: Landing, coming: Path) -> None:
    one = deliver(landing, shop.write_week(coming, shop.FIRST))
    shown = landing.show(one["hash"][:5])
    assert shown.file == f"transactions-{shop.FIRST}.parquet"
    assert asdict(shown)["tables"]["transactions"]["kept"] == 320


def test_the_drop_folder_gives_finished_files_and_lets_go_of_what_was_landed_or_refused(
    landing: Landing, coming: Path
) -> None:
    drop = landing.home / "drop" / "canonical"
    good = shop.write_week(drop, shop.FIRST)
    bad = shop.write(shop.transactions(), drop / "transactions-bad.csv")
    for name in (".hidden.csv", "half.csv.part", "week.ready"):
        (drop / name).write_text("not yet")
    assert landing.waiting() == [("canonical", good), ("canonical", bad)]
    assert not landing.settled(good)
    deliver(landing, good)
    with pytest.raises(ContractError):
        deliver(landing, bad)
    assert landing.settled(good)
    assert landing.settled(bad)


def test_a_half_written_temporary_is_nothing_that_landed(landing: Landing, coming: Path) -> None:
    path = shop.write_week(coming, shop.FIRST)
    left = files.temporary(landing.home / "landing" / "canonical" / "x")
    left.write_bytes(b"half")
    assert deliver(landing, path)["position"] == 1
    landing.validate(1, "transactions")
    assert len(landing.deliveries()) == 1


def test_no_file_there_is_a_wrong_command_and_changes_nothing(landing: Landing, coming: Path) -> None:
    for path in (coming / "absent.csv", coming):
        with pytest.raises(UsageError, match="no such file"):
            deliver(landing, path)
    assert tree(landing.home) == {}


def test_lines_of_an_empty_home_are_no_lines(landing: Landing) -> None:
    assert count_once(landing.lines(0)).collect("polars").shape[0] == 0
    assert landing.source is None


def test_sources_of_the_repository_are_all_readable() -> None:
    for path in (ROOT / "sources").glob("*.yaml"):
        assert find_source(path.stem).name == path.stem
