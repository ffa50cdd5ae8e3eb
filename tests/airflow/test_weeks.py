"""Weeks through a real scheduler: from a delivery and its flag to the published list, and what is told of it."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path

from semana.data.weeks import Week
from semana.pipeline import STEPS
from tests import shop
from tests.airflow.conftest import DEADLINE, FIRST, NOW
from tests.airflow.looks import check, deliver, lists
from tests.airflow.scheduler import Airflow, wait_for
from tests.journey.command import semana
from tests.stores.server import Sink


def started(airflow: Airflow, known: set[str], *, seconds: float = 60) -> str:
    """The DAG run that is not among the known ones."""
    return wait_for("new DAG run", lambda: next(iter(set(airflow.runs()) - known), None), seconds=seconds)


def list_hash(home: Path, week: Week) -> str:
    return hashlib.sha256((home / "published" / f"week={week}" / "predictions.parquet").read_bytes()).hexdigest()


def test_a_delivery_with_its_flag_becomes_a_list_and_the_same_delivery_again_changes_nothing(
    airflow: Airflow, home: Path, sink: Sink
) -> None:
    known = set(airflow.runs())
    deliver(home, FIRST, FIRST + 1)
    laid = datetime.now(UTC)
    run = started(airflow, known, seconds=20)
    assert run.startswith("asset_triggered__")
    assert (datetime.now(UTC) - laid).total_seconds() < 20
    assert airflow.done(run) == "success"
    assert not (home / "drop" / ".ready").exists()
    states = airflow.states(run)
    assert {name.split("-")[0] for name in states} == {step.name for step in STEPS} | {"keep_champion", "notify"}
    assert {name for name, state in states.items() if state == "skipped"} == {"train", "promote"}
    ours = airflow.summary(run, "ingest")["run"]
    assert airflow.summary(run, "ingest")["rows"] == {"transactions": sum(map(lines, (FIRST, FIRST + 1)))}
    assert airflow.summary(run, "notify")["published"] == f"{NOW} rev 1"
    check(home, FIRST, NOW)
    assert sink.heard("list published", str(NOW))

    note = airflow.tasks(run)["decide"]["rendered_fields"]["note"]
    assert "retrain: no" in note
    assert "reasons: champion is" in note
    assert airflow.tasks(run)["predict"]["rendered_fields"]["words"] == ["predict", "--run", ours]
    events = airflow.ask("GET", "/api/v2/assets/events?limit=100")["asset_events"]
    told = {event["name"]: event["extra"] for event in events if event["source_run_id"] == run}
    assert told["semana_list"]["customers"] == shop.CUSTOMERS
    assert told["semana_landed"]["rows"]["transactions"] > 600
    assert told["semana_scores"]["pairs"] == told["semana_list"]["pairs"]

    record = wait_for("record of the tasks", lambda: recorded(home, ours), seconds=20)
    assert {task["task"] for task in record["tasks"]} == {name.split("-")[0] for name in states}
    assert {task["part"] for task in record["tasks"] if task["task"] == "validate"} == {
        "transactions",
        "customers",
        "products",
    }
    ran = [task for task in record["tasks"] if task["state"] == "success"]
    assert all(task["scheduled"] <= task["queued"] <= task["start"] <= task["end"] for task in ran)
    chart = semana(home, "runs", ours)
    assert "░ queued" in chart
    assert "keep_champion" in chart

    before, known = list_hash(home, NOW), set(airflow.runs())
    deliver(home, FIRST, FIRST + 1)
    again = started(airflow, known)
    assert airflow.done(again) == "success"
    assert {each["outcome"] for each in airflow.summary(again, "ingest")["deliveries"]} == {"already landed"}
    states = airflow.states(again)
    assert states["publish"] == "skipped"
    assert states["notify"] == "success"
    assert f"stays: {NOW} rev 1" in airflow.tasks(again)["decide"]["rendered_fields"]["note"]
    assert list_hash(home, NOW) == before
    check(home, FIRST, NOW)


def lines(week: Week) -> int:
    return shop.transactions(week).height


def recorded(home: Path, run: str) -> dict[str, object] | None:
    found = json.loads(semana(home, "runs", run, "--format", "json").splitlines()[-1])["tasks"]
    return found[0] if found else None


def test_two_triggers_for_one_week_make_one_list(airflow: Airflow, home: Path) -> None:
    deliver(home, FIRST, FIRST + 1, ready=False)
    runs = [airflow.trigger(), airflow.trigger()]
    assert [airflow.done(run) for run in runs] == ["success", "success"]
    assert sorted(airflow.states(run)["publish"] or "" for run in runs) == ["skipped", "success"]
    check(home, FIRST, NOW)


def test_a_corrupted_delivery_between_two_good_ones_fails_at_once_is_told_and_changes_nothing(
    airflow: Airflow, home: Path, sink: Sink
) -> None:
    deliver(home, FIRST, ready=False)
    assert airflow.done(airflow.trigger(as_of=str((FIRST + 1).start))) == "success"
    assert set(lists(home)) == {str(FIRST), str(FIRST + 1)}

    (home / "drop" / "canonical" / "transactions-bad.parquet").write_bytes(b"PAR1 no more than a beginning")
    run = airflow.trigger()
    assert airflow.done(run) == "failed"
    task = airflow.tasks(run)["ingest"]
    assert (task["state"], task["try_number"]) == ("failed", 1)
    assert "transactions-bad.parquet" in task["rendered_fields"]["note"]
    assert wait_for("alert", lambda: sink.heard("Airflow gave up", "ingest", "transactions-bad.parquet"), seconds=20)
    assert sink.heard("delivery refused", "transactions-bad.parquet")
    assert len([text for text in sink.texts if "Airflow gave up" in text]) == 1
    check(home, FIRST, FIRST + 1)

    known = set(airflow.runs())
    deliver(home, FIRST + 1)
    assert airflow.done(started(airflow, known)) == "success"
    check(home, FIRST, FIRST + 1, NOW)


def test_a_backfill_gives_the_bytes_of_the_run_of_then(airflow: Airflow, home: Path) -> None:
    before = list_hash(home, FIRST)
    deliver(home, FIRST, FIRST + 1, ready=False)
    semana(home, "ingest")  # what has come since is not known to the run of then
    (home / "published" / f"week={FIRST}" / "predictions.parquet").unlink()
    known = set(airflow.runs())
    span = {"from_date": f"{FIRST.start}T00:00:00Z", "to_date": f"{FIRST.days[1]}T00:00:00Z"}
    airflow.ask("POST", "/api/v2/backfills", {"dag_id": "semana_weekly", **span})
    run = started(airflow, known)
    assert airflow.done(run) == "success"
    assert airflow.summary(run, "ingest")["week"] == str(FIRST)
    assert airflow.summary(run, "publish")["published"] == f"{FIRST} rev 1"
    assert list_hash(home, FIRST) == before
    # a first backfill counts as the newest run: a little later, Airflow runs the time since then that has passed
    assert airflow.done(started(airflow, {*known, run})) == "success"
    check(home, FIRST, NOW)


def test_the_running_week_is_landed_and_looked_at(airflow: Airflow, home: Path) -> None:
    deliver(home, FIRST, FIRST + 1, ready=False)
    run = airflow.trigger("semana_live")
    assert airflow.done(run, dag="semana_live") == "success"
    live = json.loads((home / "drift" / "live.json").read_text())
    assert live["week"] == str(FIRST + 1)
    check(home, FIRST)


def test_a_missed_deadline_is_told(airflow: Airflow, home: Path, place: Path, sink: Sink) -> None:
    """MLflow is away for good: training is tried again and again, and then the run goes on with the champion."""
    (place / "env").write_text("export MLFLOW_TRACKING_URI=http://127.0.0.1:9\n")
    deliver(home, FIRST, FIRST + 1, ready=False)
    run = airflow.trigger(retrain="always")
    note = wait_for("note of a try", lambda: told_between(airflow, run, "train"), seconds=120)
    assert note.startswith("exit 69: ")
    assert airflow.done(run) == "success"
    train = airflow.tasks(run)["train"]
    assert (train["state"], train["try_number"]) == ("success", 5)
    assert train["rendered_fields"]["words"][-1] == "--go-on"
    assert "away" in airflow.tasks(run)["promote"]["rendered_fields"]["note"]
    assert airflow.summary(run, "notify")["published"] == f"{NOW} rev 1"
    assert sink.heard("tracking away")
    assert wait_for("alert", lambda: sink.heard("deadline missed", run), seconds=60), DEADLINE
    (place / "env").write_text("")
    check(home, FIRST, NOW)


def told_between(airflow: Airflow, run: str, task: str) -> str:
    """The note of a task that waits for its next try."""
    found = airflow.tasks(run).get(task, {})
    return str(found["rendered_fields"].get("note", "")) if found.get("state") == "up_for_retry" else ""


def test_a_run_that_is_asked_for_what_there_is_not_fails_at_once_and_is_shown(airflow: Airflow, home: Path) -> None:
    run = airflow.trigger(weak=str(FIRST))
    assert airflow.done(run) == "failed"
    task = airflow.tasks(run)["ingest"]
    assert (task["state"], task["try_number"]) == ("failed", 1)
    assert task["rendered_fields"]["note"].startswith("the run was asked with weak; what can be asked: week, as_of,")
    row = wait_for("row of the run", lambda: outside(home), seconds=20)
    assert row.split()[2:5] == ["semana_weekly", "failed", "ingest"]
    check(home, FIRST)


def outside(home: Path) -> str | None:
    """The newest of the scheduler's runs that worked in no run of ours, as it is shown."""
    lines = semana(home, "runs").splitlines()
    return next((line.strip() for line in reversed(lines) if " semana_weekly " in line), None)
