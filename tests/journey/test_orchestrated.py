"""A run that somebody else walks, step by step: pinned by its id, gone on without MLflow, and told at its end."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests import shop
from tests.journey.command import semana, summary
from tests.journey.conftest import TARGET
from tests.stores.server import Sink, free_port

NEXT = TARGET + 1
AS_OF = ("--as-of", str(NEXT.start))
AGAIN = ("--week", str(TARGET), "--as-recorded")
WALK = ("prepare", "review", "detect_drift", "decide", "train", "promote", "predict", "publish")


def begun(home: Path, *words: str) -> str:
    """The id of a run that the drop folder begins."""
    shop.write_week(home / "drop" / "canonical", TARGET)
    return str(summary(home, "ingest", "--begin", *words)["run"])


def published(home: Path) -> dict[str, bytes]:
    return {str(path.relative_to(home)): path.read_bytes() for path in sorted(home.glob("published/**/*.parquet"))}


def test_steps_named_by_a_run_work_in_it_whatever_lands_meanwhile(home: Path) -> None:
    shop.write_week(home / "drop" / "canonical", TARGET)
    begin = summary(home, "ingest", "--begin", *AS_OF)
    run = begin["run"]
    assert (begin["week"], begin["stays"], begin["rows"]) == (str(NEXT), None, {"transactions": 320})
    assert not list((home / "drop").rglob("*.parquet"))
    shop.write_week(home / "drop" / "canonical", NEXT)
    semana(home, "ingest", "--as-of", str(NEXT.end))
    other = summary(home, "ingest", "--begin", "--as-of", str((NEXT + 1).start))
    assert other["position"] > begin["position"]
    for table in ("transactions", "customers", "products"):
        assert set(summary(home, "validate", "--table", table, "--run", run)["tables"]) == {table}
    assert {summary(home, step, "--run", run)["run"] for step in WALK} == {run}
    told = summary(home, "notify", "--run", run)
    assert (told["published"], told["position"]) == (f"{NEXT} rev 1", begin["position"])
    assert all(told["steps"][step] > 0 for step in WALK)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("predict", "--run", "2024-W01-0009"), f"the newest are: {TARGET}-0001"),
        (("predict", "--run", "../runs"), "is unknown"),
        (("predict", "--run", f"{TARGET}-0001", "--week", str(TARGET)), "leave --week"),
        (("ingest", "--begin", "params.yaml"), "--begin takes the drop folder"),
        (("ingest", "--week", str(TARGET)), "add --begin"),
        (("run", "--as-recorded"), "--as-recorded needs --week"),
        (("run", *AGAIN, "--retrain", "always"), "neither --position nor --retrain"),
    ],
)
def test_what_cannot_be_asked_is_said(home: Path, words: tuple[str, ...], says: str) -> None:
    assert says in semana(home, *words, code=64)


def test_a_past_list_as_recorded_is_the_same_bytes_whatever_has_come_since(home: Path) -> None:
    before = published(home)
    begun(home, *AS_OF, "--retrain", "always", "--reason", "new model")
    for step in WALK:
        semana(home, step, *AS_OF)
    semana(home, "models", "rollback", "--reason", "another model for the same week")
    (home / "published" / f"week={TARGET}" / "predictions.parquet").unlink()
    shop.write_week(home / "drop" / "canonical", NEXT)
    found = summary(home, "run", *AGAIN, "--json")
    assert (found["published"], found["retrained"]) == (f"{TARGET} rev 1", False)
    assert published(home).items() >= before.items()
    assert list((home / "drop").rglob("*.parquet")), "a past list leaves the drop folder to the next run"


def test_a_week_without_a_list_is_made_as_of_the_day(home: Path) -> None:
    past = TARGET + -2
    words = ("--week", str(past), "--as-recorded", "--as-of", str(past.start))
    assert summary(home, "ingest", "--begin", *words)["as_of"] == str(past.start)


def test_the_list_of_a_week_that_has_begun_stays_unless_there_is_a_reason(home: Path) -> None:
    as_of = ("--as-of", str(TARGET.start))
    assert summary(home, "ingest", "--begin", *as_of)["stays"] == f"{TARGET} rev 1"
    assert summary(home, "ingest", "--begin", *as_of, "--reason", "asked for")["stays"] is None
    assert summary(home, "ingest", "--begin", "--week", str(TARGET), "--as-recorded")["stays"] is None


def test_without_mlflow_a_run_goes_on_where_it_is_asked_to(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = begun(home, *AS_OF, "--retrain", "always")
    for step in WALK[:4]:
        semana(home, step, "--run", run)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{free_port()}")
    assert "does not answer" in semana(home, "train", "--run", run, code=69)
    assert summary(home, "train", "--run", run, "--go-on")["trained"] is False
    monkeypatch.delenv("MLFLOW_TRACKING_URI")  # it is back: there is no challenger all the same
    found = summary(home, "promote", "--run", run)
    assert (found["promoted"], found["model_version"]) == (False, "1.0.0")
    for step in WALK[6:]:
        semana(home, step, "--run", run)
    assert summary(home, "notify", "--run", run)["published"] == f"{NEXT} rev 1"


def test_the_champion_is_kept_whatever_was_decided(home: Path) -> None:
    run = begun(home, *AS_OF, "--retrain", "always")
    for step in WALK[:4]:
        semana(home, step, "--run", run)
    found = summary(home, "promote", "--keep", "--run", run)
    assert (found["promoted"], found["model_version"]) == (False, "1.0.0")


def test_messages_that_cannot_be_sent_are_said_at_the_end_and_sent_when_they_can_be(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEMANA_ALERT_WEBHOOK", f"http://127.0.0.1:{free_port()}/")
    assert json.loads(semana(home, "alert", "task failed", "train was killed", "--key", "k"))["new"]
    assert not json.loads(semana(home, "alert", "task failed", "train was killed again", "--key", "k"))["new"]
    run = ("--run", f"{TARGET}-0001")
    assert "1 message could not be sent over webhook" in semana(home, "notify", *run, code=69)
    sink = Sink()
    monkeypatch.setenv("SEMANA_ALERT_WEBHOOK", sink.address)
    told = summary(home, "notify", *run)["told"]
    sink.close()
    assert "task failed: train was killed" in told
    assert sink.heard("task failed", "train was killed")


TASKS = {
    "scheduler": "airflow",
    "dag": "semana_weekly",
    "scheduler_run": "manual__1",
    "state": "success",
    "run": f"{TARGET}-0001",
    "tasks": [
        {
            "task": "prepare",
            "attempt": 1,
            "state": "success",
            "scheduled": "2025-01-06T08:00:00Z",
            "queued": "2025-01-06T08:00:01Z",
            "start": "2025-01-06T08:00:05Z",
            "end": "2025-01-06T08:00:30Z",
        },
        {"task": "train", "attempt": 0, "state": "skipped"},
    ],
}


def test_what_a_scheduler_says_of_its_tasks_is_shown_beside_the_steps(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "tasks.json"
    path.write_text(json.dumps(TASKS))
    assert summary(home, "runs", "--record", str(path))["tasks"] == 2
    text = semana(home, "runs", f"{TARGET}-0001")
    assert "4.0 s" in text
    assert "25.0 s" in text
    assert "never ran: train skipped" in text
    found = json.loads(semana(home, "runs", f"{TARGET}-0001", "--format", "json").splitlines()[-1])
    assert found["tasks"][0]["tasks"][0]["queued"].startswith("2025-01-06T08:00:01")


@pytest.mark.parametrize("text", ["{}", "nonsense", json.dumps({**TASKS, "more": 1})])
def test_what_is_no_record_of_tasks_is_refused(home: Path, tmp_path: Path, text: str) -> None:
    path = tmp_path / "tasks.json"
    path.write_text(text)
    assert "no record of tasks" in semana(home, "runs", "--record", str(path), code=64)
    assert not (home / "telemetry" / "tasks").exists()
