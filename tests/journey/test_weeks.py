"""Weeks end to end: from delivered files to published lists, and back to how they did."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from semana.data.weeks import Week
from semana.pipeline import STEPS
from tests import shop
from tests.journey.command import semana, summary
from tests.journey.conftest import KNOWN, TARGET, quick
from tests.stores.home import ROOT

KEYS = {
    "target_week",
    "latest_complete_week",
    "retrained",
    "reasons",
    "model_version",
    "published",
    "recommended_pairs",
    "seconds",
    "steps",
}


def predictions(home: Path, week: Week = TARGET) -> pl.DataFrame:
    return pl.read_parquet(home / "published" / f"week={week}" / "predictions.parquet")


def test_a_delivered_shop_becomes_the_list_that_the_eye_expects(home: Path) -> None:
    rows = predictions(home)
    even = rows.filter((pl.col("customer_id") % 2 == 0) & pl.col("recommended"))
    assert (even["product_id"] % 2 == 0).all()
    assert even.group_by("customer_id").len()["len"].to_list() == [10] * 20
    milk = rows.filter(pl.col("product_id") == 0)
    assert milk["recommended"].all()
    assert milk.height == shop.CUSTOMERS


def test_every_published_column_is_the_contracts(home: Path) -> None:
    assert predictions(home).columns == [
        "week",
        "week_start",
        "customer_id",
        "product_id",
        "probability",
        "rank",
        "recommended",
        "kind",
        "expected_quantity",
        "expected_amount",
        "last_bought",
        "usual_gap_days",
        "usual_quantity",
        "reasons",
        "model_version",
        "held_out",
    ]
    folder = home / "published" / f"week={TARGET}" / "rev=1"
    arrow, offsets = pl.read_ipc(folder / "predictions.arrow"), pl.read_ipc(folder / "offsets.arrow")
    customer, offset, count = offsets.row(3)
    assert arrow[offset : offset + count]["customer_id"].unique().to_list() == [customer]
    assert arrow[offset : offset + count]["rank"].to_list() == list(range(1, count + 1))


def test_run_ends_with_the_documented_object(home: Path) -> None:
    found = summary(home, "run", "--as-of", str(TARGET.start), "--json")
    assert set(found) >= KEYS
    assert found["target_week"] == str(TARGET)
    assert found["latest_complete_week"] == str(TARGET + -1)


def test_every_step_of_a_run_leaves_what_it_took_and_the_size_of_what_it_touched(home: Path) -> None:
    found = json.loads(semana(home, "runs", f"{TARGET}-0001", "--format", "json").splitlines()[-1])["records"]
    steps = {record["step"]: {(each["dataset"], each["how"]) for each in record["datasets"]} for record in found}
    assert list(steps) == [step.name for step in STEPS[1:]]
    assert ("staged_transactions", "read") in steps["validate"]
    assert {(name, "written") for name in ("customers", "products", "purchases", "weeks")} <= steps["prepare"]
    assert ("purchases", "read") in steps["train"]
    assert ("scores", "written") in steps["predict"]
    assert ("predictions", "written") in steps["publish"]
    assert all(record["outcome"] == "done" and record["wall_seconds"] > 0 for record in found)
    assert f"{TARGET}-0001" in semana(home, "runs")
    assert (home / "telemetry" / "runs.html").is_file()


def test_a_rerun_at_the_same_position_gives_the_same_bytes_and_no_new_revision(home: Path) -> None:
    before = (home / "published" / f"week={TARGET}" / "predictions.parquet").read_bytes()
    found = summary(home, "run", "--as-of", str(TARGET.start), "--json")
    assert found["published"] == f"{TARGET} rev 1"
    assert (home / "published" / f"week={TARGET}" / "predictions.parquet").read_bytes() == before


def test_nothing_from_the_target_week_on_reaches_the_list(home: Path, tmp_path: Path) -> None:
    """The future is scrambled in one home and true in another: their lists of the week are the same."""
    found = []
    for name, seed in (("true", None), ("scrambled", 7)):
        rows = shop.transactions(*shop.WEEKS[: KNOWN + 3])
        if seed:
            future = rows.filter(pl.col("date") >= TARGET.start)
            mixed = future.with_columns(pl.col("product_id").shuffle(seed), pl.col("quantity").shuffle(seed))
            rows = pl.concat([rows.filter(pl.col("date") < TARGET.start), mixed])
        folder = tmp_path / name
        shop.write(rows, folder / "files" / "transactions.parquet")
        semana(folder / "home", "ingest", str(folder / "files"), "--source", "canonical", "--as-of", "2025-12-31")
        quick(folder / "home")
        semana(folder / "home", "run", "--week", str(TARGET))
        found.append((folder / "home" / "published" / f"week={TARGET}" / "predictions.parquet").read_bytes())
    assert found[0] == found[1]


def test_the_next_week_reviews_the_last_list(home: Path, tmp_path: Path) -> None:
    semana(home, "ingest", str(shop.write_week(tmp_path, TARGET)), "--as-of", str(TARGET.end))
    found = summary(home, "run", "--as-of", str((TARGET + 1).start), "--json")
    assert found["target_week"] == str(TARGET + 1)
    assert found["newest_performance"]["week"] == str(TARGET)
    assert found["newest_performance"]["recall"] > 0.85  # even customers' pairs, and the milk, never fail
    said = " ".join(semana(home, "performance").split())
    assert str(TARGET) in said
    assert f"The list of {TARGET + 1} can be expected to reach an F1 of" in said
    parts = {row["name"]: row for row in json.loads(semana(home, "performance", "--by", "kind", "--format", "json"))}
    assert sum(row["purchases"] for row in parts.values()) == 320
    assert "colour: black" in semana(home, "performance", "--by", "segment")
    assert "kind or segment" in semana(home, "performance", "--by", "owner", code=64)


def test_a_partial_week_is_neither_label_nor_zero(home: Path, tmp_path: Path) -> None:
    days = shop.transactions(TARGET).filter(pl.col("date") <= TARGET.days[1])
    shop.write(days, tmp_path / "transactions-partial.parquet")
    semana(home, "ingest", str(tmp_path / "transactions-partial.parquet"), "--as-of", str(TARGET.days[1]))
    found = summary(home, "run", "--as-of", str(TARGET.days[1]), "--reason", "midweek", "--json")
    assert (found["target_week"], found["published"]) == (str(TARGET), f"{TARGET} rev 1")
    overdue = ("--as-of", str((TARGET + 1).days[1]), "--reason", "nothing more came", "--retrain", "always")
    found = summary(home, "run", *overdue, "--json")
    assert (found["target_week"], found["latest_complete_week"]) == (str(TARGET + 1), str(TARGET))
    race = json.loads((home / "runs" / found["run"] / "race.json").read_text())
    assert str(TARGET + -1) in race["weeks"]["gate"]
    assert str(TARGET) not in [week for weeks in race["weeks"].values() for week in weeks]


def test_a_week_that_is_over_by_the_clock_is_refused_with_the_way_out(home: Path) -> None:
    landed = max(shop.transactions(TARGET + -1)["date"])
    said = semana(home, "run", code=65)
    assert f"--as-of {landed}" in said


def test_a_gap_week_stops_the_run_and_is_named(home: Path, tmp_path: Path) -> None:
    semana(home, "ingest", str(shop.write_week(tmp_path, TARGET + 1)), "--as-of", str((TARGET + 2).start))
    said = semana(home, "run", "--as-of", str((TARGET + 2).start), code=65)
    assert str(TARGET) in said
    assert "closed_weeks" in said


def test_late_rows_restate_the_figures_of_a_past_week(home: Path, tmp_path: Path) -> None:
    semana(home, "ingest", str(shop.write_week(tmp_path, TARGET)), "--as-of", str(TARGET.end))
    first = summary(home, "run", "--as-of", str((TARGET + 1).start), "--json")["newest_performance"]
    late = shop.transactions(TARGET).head(30).with_columns(product_id=pl.lit(19), order_id=pl.lit("late"))
    shop.write(late, tmp_path / "transactions-late.parquet")
    semana(home, "ingest", str(tmp_path / "transactions-late.parquet"), "--as-of", str((TARGET + 1).start))
    again = summary(home, "run", "--as-of", str((TARGET + 1).start), "--reason", "late rows", "--json")
    assert again["newest_performance"]["purchases"] > first["purchases"]


def test_a_past_week_reruns_alone_and_leaves_the_current_list(home: Path) -> None:
    past = TARGET + -3
    found = summary(home, "run", "--week", str(past), "--json")
    assert found["target_week"] == str(past)
    assert served_week(home) == str(TARGET)


def test_the_ledger_is_left_alone_by_a_past_week(home: Path) -> None:
    before = sorted((home / "ledger").iterdir())
    semana(home, "run", "--week", str(TARGET + -3), "--retrain", "always")
    assert sorted((home / "ledger").iterdir()) == before


@pytest.mark.parametrize("step", [step.name for step in STEPS[1:]])
def test_every_step_runs_alone_and_says_what_it_did(home: Path, step: str) -> None:
    found = summary(home, step, "--week", str(TARGET))
    assert (found["step"], found["week"]) == (step, str(TARGET))


def test_an_engine_without_enough_memory_says_what_to_do(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEMANA_ENGINE", "duckdb")
    monkeypatch.setenv("SEMANA_ENGINE_MEMORY", "1MiB")
    assert "SEMANA_ENGINE_MEMORY" in semana(home, "prepare", "--as-of", str(TARGET.start), code=78)


def test_exclusions_are_applied_and_counted(home: Path) -> None:
    (home / "exclude.csv").write_text("customer_id,product_id\n,0\n2,\n")
    semana(home, "run", "--as-of", str(TARGET.start + timedelta(days=0)), "--reason", "out of stock")
    rows = predictions(home)
    assert not rows.filter((pl.col("product_id") == 0) | (pl.col("customer_id") == 2))["recommended"].any()
    manifest = json.loads((home / "published" / f"week={TARGET}" / "rev=2" / "manifest.json").read_text())
    assert manifest["counts"]["excluded"] >= shop.CUSTOMERS


def test_what_takes_the_place_of_what_is_excluded_has_its_reasons_too(home: Path) -> None:
    text, found = re.subn(
        r"policy: .*\n(.*\n) *top_k: .*", r"policy: top_k\n\1  top_k: 7", (ROOT / "params.yaml").read_text()
    )
    assert found == 1
    (home / "params.yaml").write_text(text)
    semana(home, "run", "--as-of", str(TARGET.start), "--reason", "policy")
    (home / "exclude.csv").write_text("customer_id,product_id\n,0\n,2\n")
    semana(home, "publish", "--as-of", str(TARGET.start), "--reason", "out of stock")
    listed = predictions(home).filter("recommended")
    assert not listed["product_id"].is_in([0, 2]).any()
    assert listed.group_by("customer_id").len()["len"].unique().to_list() == [7]
    assert listed["reasons"].list.len().min() > 0


def test_a_list_for_few_calls_holds_something_new_for_each(home: Path) -> None:
    text = (ROOT / "params.yaml").read_text()
    for usual, asked in (
        ("policy: expected_f1", "policy: capacity"),
        ("capacity: 200", "capacity: 5"),
        ("min_new_per_customer: 0", "min_new_per_customer: 2"),
    ):
        assert text.count(usual) == 1
        text = text.replace(usual, asked)
    (home / "params.yaml").write_text(text)
    semana(home, "run", "--as-of", str(TARGET.start), "--reason", "five calls")
    rows = predictions(home)
    worth = rows.group_by("customer_id").agg(pl.col("expected_amount").sum()).sort("expected_amount", "customer_id")
    listed = rows.filter("recommended")
    called = listed["customer_id"].unique()
    assert len(called) == 5
    most = worth.tail(8)["customer_id"]
    assert called.is_in(most.implode()).all()
    new = listed.filter(pl.col("kind") == "new").group_by("customer_id").len()
    assert new["len"].to_list() == [2] * 5


def test_a_begun_week_gets_a_new_revision_only_with_a_reason(home: Path) -> None:
    (home / "exclude.csv").write_text("customer_id,product_id\n,0\n")
    assert "--reason" in semana(home, "run", "--as-of", str(TARGET.start), code=64)


def test_a_begun_week_whose_past_is_restated_asks_for_a_reason_before_its_tables_go(home: Path, tmp_path: Path) -> None:
    late = shop.transactions(TARGET + -1).head(1).with_columns(order_id=pl.lit("late"))
    semana(home, "ingest", str(shop.write(late, tmp_path / "transactions-late.parquet")), "--as-of", str(TARGET.start))
    assert '--reason "..."' in semana(home, "run", "--as-of", str(TARGET.start), code=64)
    assert "product 0" in semana(home, "explain", "2", "0")  # by the tables that the list was made from


def test_a_begun_week_with_a_list_gets_no_other_model_without_a_reason(home: Path) -> None:
    before = sorted(path.name for folder in ("ledger", "bundles") for path in (home / folder).iterdir())
    assert "--reason" in semana(home, "run", "--as-of", str(TARGET.start), "--retrain", "always", code=64)
    assert sorted(path.name for folder in ("ledger", "bundles") for path in (home / folder).iterdir()) == before


def test_a_past_weeks_list_is_replaced_only_with_a_reason_and_never_becomes_the_one_that_served(home: Path) -> None:
    (home / "exclude.csv").write_text("customer_id,product_id\n2,\n")
    assert "--reason" in semana(home, "run", "--week", str(TARGET), code=64)
    assert "--reason" in semana(home, "publish", "--week", str(TARGET), code=64)
    assert summary(home, "publish", "--week", str(TARGET), "--reason", "asked for")["published"] == f"{TARGET} rev 2"
    manifest = json.loads((home / "published" / f"week={TARGET}" / "rev=2" / "manifest.json").read_text())
    assert (manifest["late"], manifest["reason"]) == (True, "asked for")


def test_a_lone_step_does_what_this_call_asks_for(home: Path) -> None:
    assert not summary(home, "decide", "--week", str(TARGET))["retrain"]
    assert summary(home, "decide", "--week", str(TARGET), "--retrain", "always")["retrain"]


def test_a_past_weeks_own_model_has_a_version_of_its_own(home: Path) -> None:
    past = TARGET + -3
    found = summary(home, "run", "--week", str(past), "--retrain", "always", "--json")
    assert found["model_version"] == f"1.0.0+{past}"


def test_a_bad_file_beside_a_good_one_leaves_the_drop_folder_and_keeps_nothing_out(home: Path) -> None:
    drop = home / "drop" / "canonical"
    shop.write(shop.transactions(), drop / "transactions-a.csv")
    shop.write_week(drop, TARGET)
    (home / "drop" / "aaa").mkdir()
    (home / "drop" / "aaa" / "x.csv").write_text("a\n1\n")
    said = semana(home, "run", "--as-of", str((TARGET + 1).start), code=65)
    assert "transactions-a.csv" in said
    assert "aaa" in said
    assert not list(drop.iterdir())
    assert (home / "drop" / "aaa" / "x.csv").exists()
    found = summary(home, "prepare", "--as-of", str((TARGET + 1).start))
    assert found["latest_complete_week"] == str(TARGET)


def test_a_file_that_was_refused_once_is_tried_again(home: Path) -> None:
    drop = home / "drop" / "canonical"
    for as_of, code in ((TARGET.start + timedelta(days=-9), 65), ((TARGET + 1).start, 0)):
        shop.write_week(drop, TARGET)
        semana(home, "ingest", "--as-of", str(as_of), code=code)
        assert not list(drop.iterdir())


def served_week(home: Path) -> str:
    """The week of the list that readers see."""
    return str(json.loads((home / "published" / "current.json").read_text())["week"])


def test_figures_of_a_retracted_week_are_forgotten(home: Path, tmp_path: Path) -> None:
    semana(home, "ingest", str(shop.write_week(tmp_path, TARGET)), "--as-of", str(TARGET.end))
    semana(home, "run", "--as-of", str((TARGET + 1).start))
    landed = json.loads(max((home / "landing" / "manifest").glob("*.json")).read_text())["hash"]
    semana(home, "deliveries", "retract", landed, "--reason", "wrong shop")
    semana(home, "run", "--as-of", str((TARGET + 1).start), "--reason", "retracted")
    assert not (home / "performance" / f"week={TARGET}.parquet").exists()


def test_a_list_made_from_a_retracted_delivery_is_named_and_readers_go_back(home: Path, tmp_path: Path) -> None:
    semana(home, "ingest", str(shop.write_week(tmp_path, TARGET)), "--as-of", str(TARGET.end))
    semana(home, "run", "--as-of", str((TARGET + 1).start))
    landed = json.loads(max((home / "landing" / "manifest").glob("*.json")).read_text())["hash"]
    semana(home, "deliveries", "retract", landed, "--reason", "wrong shop")
    assert "list" in semana(home, "doctor", code=65)
    assert served_week(home) == str(TARGET + 1)
    last = max(shop.transactions(TARGET + -1)["date"])
    semana(home, "run", "--as-of", str(last), "--reason", "wrong shop")
    assert served_week(home) == str(TARGET)
    assert "as published" in semana(home, "doctor")


def test_a_replacement_that_lacks_its_reason_leaves_readers_where_they_are(home: Path, tmp_path: Path) -> None:
    semana(home, "ingest", str(shop.write_week(tmp_path, TARGET)), "--as-of", str(TARGET.end))
    semana(home, "run", "--as-of", str((TARGET + 1).start))
    landed = json.loads(max((home / "landing" / "manifest").glob("*.json")).read_text())["hash"]
    semana(home, "deliveries", "retract", landed, "--reason", "wrong shop")
    (home / "exclude.csv").write_text("customer_id,product_id\n2,\n")
    again = ("run", "--as-of", str(max(shop.transactions(TARGET + -1)["date"])))
    assert "--reason" in semana(home, *again, code=64)
    assert served_week(home) == str(TARGET + 1)
    semana(home, *again, "--reason", "wrong shop, and 2 wants no calls")
    assert served_week(home) == str(TARGET)


def test_a_past_list_is_judged_anew_when_one_purchase_is_swapped_for_another(home: Path, tmp_path: Path) -> None:
    bought = shop.transactions(TARGET)
    first = bought.row(0, named=True)
    swapped = bought.with_columns(
        product_id=pl.when(pl.col("order_id") == first["order_id"]).then(999).otherwise("product_id")
    )
    semana(home, "ingest", str(shop.write(bought, tmp_path / "transactions-a.parquet")), "--as-of", str(TARGET.end))
    as_of = ("--as-of", str((TARGET + 1).start))
    assert summary(home, "review", *as_of)["judged"] == [str(TARGET)]
    assert summary(home, "review", *as_of)["judged"] == []
    landed = json.loads(max((home / "landing" / "manifest").glob("*.json")).read_text())["hash"]
    semana(home, "deliveries", "retract", landed, "--reason", "one line is wrong")
    semana(home, "ingest", str(shop.write(swapped, tmp_path / "transactions-b.parquet")), "--as-of", str(TARGET.end))
    semana(home, "prepare", *as_of)
    assert summary(home, "review", *as_of)["judged"] == [str(TARGET)]


def test_files_as_a_spanish_excel_writes_them_are_read_alike(home: Path, tmp_path: Path) -> None:
    """Semicolons, cp1252, 31/12/2025 and 1.234,50, mapped by a source of one's own, and replayed."""
    rows = shop.transactions(*shop.WEEKS[:KNOWN]).with_columns(
        pl.col("date").dt.strftime("%d/%m/%Y").alias("día"),
        *(pl.col(name).cast(pl.String).str.replace(".", ",", literal=True) for name in ("quantity", "amount")),
    )
    other = tmp_path / "other"
    (other / "sources").mkdir(parents=True)
    (other / "sources" / "excel.yaml").write_text(EXCEL, encoding="utf-8")
    (tmp_path / "ventas.csv").write_bytes(rows.drop("date").write_csv(separator=";").encode("cp1252"))
    words = ("--source", "excel", str(tmp_path / "ventas.csv"))
    quick(other)
    semana(other, "replay", "--from", str(TARGET + -1), "--to", str(TARGET + -1), *words)
    semana(other, "run", "--as-of", str(TARGET.start))
    pairs = ["customer_id", "product_id", "last_bought", "usual_quantity"]
    for name in (home, other):
        table = pl.read_parquet(name / "published" / f"week={TARGET}" / "predictions.parquet").select(pairs).sort(pairs)
        assert table.height
        if name == home:
            usual = table
    assert table.equals(usual)


EXCEL = """
csv: {encoding: cp1252, dates: "%d/%m/%Y", decimal: ","}
tables:
  transactions:
    files: ["ventas*"]
    columns: {customer_id: customer_id, product_id: product_id, date: día, order_id: order_id, quantity: quantity,
              amount: amount}
"""
