"""What landing keeps of a delivery, and that it can be trusted."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path

import polars as pl
import pytest

from semana.data import schemas as s
from semana.data.frames import collected
from semana.data.sources import parse_source
from semana.errors import Busy, ConfigurationError, ContractError, UsageError
from semana.stores import files
from semana.stores.duck import DuckDB
from semana.stores.engine import POLARS
from semana.stores.landing import Landing
from tests import shop
from tests.stores.home import PARAMS, ROOT, deliver, find_source, open_landing, purchases, tree


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
    assert redefined.lines(1, days=(date(2025, 1, 5), date(2025, 1, 5))).collect("polars").shape[0] == 1
    redefined.validate(1, "transactions")


@pytest.mark.parametrize("duckdb", [False, True])
def test_attributes_follow_a_source_that_is_defined_anew(tmp_path: Path, coming: Path, duckdb: bool) -> None:
    """In a process that has read them before, too, and asks at the same position."""
    sources = {"canonical": find_source("canonical")}
    landing = Landing(tmp_path / "home", find_source=sources.__getitem__, params=PARAMS.data)
    for path in shop.write_all(coming, weeks=shop.WEEKS[:1]):
        deliver(landing, path)
    engine = DuckDB(landing.home) if duckdb else POLARS

    def told() -> set[str]:
        return set(collected(landing.attributes("customers", landing.position, engine)).columns)

    assert {"colour", "visits"} <= told()
    text = (ROOT / "sources" / "canonical.yaml").read_text()
    sources["canonical"] = parse_source(
        "canonical", text.replace("    attributes: auto", "    categorical: [colour]", 1)
    )
    assert {"colour", "visits"} & told() == {"colour"}


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
    quarantine.unlink()
    (aside,) = landing.put_aside(landing.deliveries()[0])
    assert (aside.table, aside.reason, aside.rows) == ("transactions", "quantity is 0", 3)
    assert aside.first == tuple({"row": row, "value": "quantity 0.0"} for row in (1, 2, 3))
    assert pl.read_parquet(quarantine).equals(rows)
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
    with pytest.raises(ContractError, match="Restore a backup into a new home"):
        landing.validate(1, "transactions")


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


def test_a_table_can_be_named_where_the_file_name_says_nothing(landing: Landing, coming: Path) -> None:
    path = shop.write(shop.products(), coming / "export.parquet")
    assert deliver(landing, path, table="products")["tables"]["products"]["kept"] == 20
    with pytest.raises(UsageError, match="landed as products, not as customers"):
        deliver(landing, path, table="customers")
    with pytest.raises(ConfigurationError, match="no table 'prices'; it has: transactions, customers, products"):
        deliver(landing, path, table="prices")


def test_the_drop_folder_gives_finished_files(landing: Landing) -> None:
    drop = landing.home / "drop" / "canonical"
    good = shop.write_week(drop, shop.FIRST)
    for name in (".hidden.csv", "half.csv.part", "week.ready"):
        (drop / name).write_text("not yet")
    assert landing.waiting() == [("canonical", good)]


def test_a_file_dropped_elsewhere_is_the_homes_own_or_is_named(
    landing: Landing, coming: Path, caplog: pytest.LogCaptureFixture
) -> None:
    drop = landing.home / "drop"
    straight = shop.write_week(drop, shop.FIRST)
    deep = shop.write_week(drop / "canonical" / "monday", shop.FIRST)
    assert landing.waiting() == []
    assert all(str(path.relative_to(landing.home)) in caplog.text for path in (straight, deep))
    deliver(landing, shop.write_week(coming, shop.FIRST + 1))
    assert landing.waiting() == [("canonical", straight)]


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


def test_sources_of_the_repository_are_all_readable() -> None:
    for path in (ROOT / "sources").glob("*.yaml"):
        assert find_source(path.stem).name == path.stem
