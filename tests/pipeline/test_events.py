"""What people are told of runs: once, in words, and nothing of what would have been."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import polars as pl
import pytest

from semana.data import catalog
from semana.data.weeks import Week
from semana.errors import ConfigurationError, ContractError, UsageError
from semana.pipeline import ingest
from semana.pipeline.events import failures_told
from semana.pipeline.order import Order
from semana.pipeline.watch import watch
from semana.pipeline.weekly import run_week
from semana.stores.alerts import Alerts, Event
from semana.stores.home import Stores
from tests import shop
from tests.pipeline.living import NOW, SECOND, deliver

NEXT = SECOND + 1


def heard(stores: Stores) -> tuple[Stores, list[Event]]:
    """The stores with a channel that keeps what it is told."""
    came: list[Event] = []
    return replace(stores, alerts=Alerts(stores.home / "alerts", {"test": came.append})), came


def on(day: Week) -> datetime:
    return datetime.combine(day.start, time(8), tzinfo=UTC)


def test_the_list_is_told_once_with_how_the_last_one_did(living: Stores) -> None:
    deliver(living, SECOND)
    stores, came = heard(living)
    run_week(stores, Order(on(NEXT), as_of=NEXT.start, reason="a test"))
    told = {event.kind: event.says for event in came}
    assert re.match(rf"{NEXT} rev 1, [\d,]+ offers to \d+ customers by ", told["list published"])
    assert f"The list of {SECOND} had an F1 of" in told["list published"]
    before = len(came)
    run_week(stores, Order(on(NEXT), as_of=NEXT.start, reason="a test"))
    assert len(came) == before


def test_of_a_past_day_nothing_is_told(living: Stores) -> None:
    deliver(living, SECOND)
    stores, came = heard(living)
    run_week(stores, Order(NOW, as_of=NEXT.start, reason="a test"))
    assert came == []


def test_a_damaged_champion_is_told_as_a_rollback(living: Stores) -> None:
    champion = living.ledger.champion()
    assert champion is not None
    for path in (living.home / "bundles" / champion["to"]).glob("recipe.json"):
        path.write_text("{}")
    deliver(living, SECOND)
    stores, came = heard(living)
    run_week(stores, Order(on(NEXT), as_of=NEXT.start, reason="a test"))
    (back,) = [event for event in came if event.kind == "rolled back"]
    assert back.says.startswith("from 1.0.1 to 1.0.0: ")
    assert back.urgent


def test_a_refused_delivery_and_a_failed_run_are_told_and_fail_as_before(living: Stores, tmp_path: Path) -> None:
    stores, came = heard(living)
    (tmp_path / "transactions-bad.csv").write_text("customer_id,product_id\n1,2\n")
    for _ in range(2):
        with pytest.raises(ContractError):
            ingest.land(stores, [tmp_path / "transactions-bad.csv"], source="canonical", table=None, arrival=on(NEXT))
    with pytest.raises(ContractError):
        run_week(stores, Order(on(NEXT + 20)))
    assert [event.kind for event in came] == ["delivery refused", "run failed"]
    assert "transactions-bad.csv" in came[0].says


def test_beside_a_refused_file_the_new_ones_that_landed_are_counted(living: Stores, tmp_path: Path) -> None:
    bad = tmp_path / "transactions-bad.csv"
    bad.write_text("customer_id,product_id\n1,2\n")
    new = shop.write_week(tmp_path, SECOND)

    def says() -> str:
        with pytest.raises(ContractError) as refused:
            ingest.land(living, [bad, new], source="canonical", table=None, arrival=on(NEXT))
        return str(refused.value)

    assert "The other files landed (1): semana deliveries" in says()
    assert "other files" not in says()


def test_files_of_another_source_are_told_once_and_as_what_failed(living: Stores, tmp_path: Path) -> None:
    stores, came = heard(living)
    paths = [shop.write_week(tmp_path, SECOND + n) for n in range(5)]
    with pytest.raises(ConfigurationError) as refused:
        ingest.land(stores, paths, source="sodai", table=None, arrival=on(NEXT))
    assert str(refused.value).count("this home holds") == 1
    assert f"Not taken: {', '.join(path.name for path in paths[:3])} and 2 more." in str(refused.value)
    (event,) = came
    assert (event.kind, event.says.count("this home holds")) == ("ingest failed", 1)


def test_a_wrong_call_is_nobodys_alarm(living: Stores) -> None:
    stores, came = heard(living)
    with pytest.raises(UsageError), failures_told(stores, what="run", now=NOW):
        raise UsageError("--week")
    assert came == []


def test_watch_tells_when_a_list_is_overdue_and_not_before(living: Stores) -> None:
    stores, came = heard(living)
    late = on(NEXT) + timedelta(hours=stores.params.watch.overdue_hours)
    assert watch(stores, now=on(SECOND) + timedelta(days=3)) == {"findings": [], "unsent": 0, "letters": 0}
    assert watch(stores, now=on(NEXT))["findings"] == []
    (finding,) = watch(stores, now=late)["findings"]
    assert finding == f"run overdue: {NEXT} has begun and has no list, the newest is of {SECOND}. Run: semana run"
    watch(stores, now=late + timedelta(hours=1))
    assert [event.kind for event in came] == ["run overdue"]


def test_watch_tells_of_a_full_disk(living: Stores) -> None:
    store = living.params.store.model_copy(update={"free_disk_mib": 10**9})
    stores, came = heard(replace(living, params=living.params.model_copy(update={"store": store})))
    assert "MiB are free" in watch(stores, now=on(SECOND))["findings"][0]
    assert [event.kind for event in came] == ["disk low"]


def test_confirmed_drift_is_told_and_retrains_once(living: Stores) -> None:
    """The record of a step before it, as `detect_drift` leaves it where two weeks in a row are far from all before."""
    from semana.pipeline import decide
    from semana.pipeline.weekly import run_step

    stores, came = heard(living)
    deliver(stores, SECOND)
    order = Order(on(NEXT), as_of=NEXT.start)
    for step in ("prepare", "review", "detect_drift"):
        run_step(step, stores, order)
    run = stores.runs.latest(NEXT)
    assert run is not None
    found = run.recall("drift")
    champion = stores.ledger.champion()
    assert champion is not None
    learned = Week.parse(champion["evidence"]["last_label_week"])
    for since, retrain in ((learned + 1, True), (learned, False)):
        run.record("drift", {**found, "confirmed": True, "since": str(since), "worst": "price"})
        assert decide.run(run, stores)["retrain"] is retrain
    assert came == []


def test_the_drift_report_of_a_run_names_its_columns(living: Stores) -> None:
    from semana.pipeline.weekly import run_step
    from semana.reports.drift import drift_page

    deliver(living, SECOND)
    for step in ("prepare", "detect_drift"):
        summary = run_step(step, living, Order(NOW, as_of=NEXT.start))
    assert (summary["judged_week"], summary["confirmed"]) == (str(SECOND), False)
    run = living.runs.latest(NEXT)
    assert run is not None
    report = run.recall("drift")
    assert len(report["weeks"]) == len(living.lake.read(catalog.WEEKS, NEXT).filter(pl.col("whole")))
    assert report["deliveries"][-1]["says"] == "accepted"
    page = drift_page(report)
    assert page == (living.home / "drift" / "drift.html").read_text()
    assert json.loads(json.dumps(report)) == report
    assert "http" not in page.replace("http://www.w3.org", "")
    assert shop.WEEKS[0].index < SECOND.index
