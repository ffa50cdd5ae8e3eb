"""A scheduler's tasks along the time: waiting, running, and the step within."""

from __future__ import annotations

from typing import Any

from semana.reports.tasks import outside_table, tasks_report
from tests.reports.test_runs import printed, record


def task(name: str, *moments: int, **changed: Any) -> dict[str, Any]:
    names = ("queued", "start", "end")
    said = {key: f"2025-01-06T08:00:{at:02d}+00:00" for key, at in zip(names, moments, strict=False)}
    return {"task": name, "part": "", "attempt": 1, "state": "success", **dict.fromkeys(names), **said, **changed}


RECORD = {
    "dag": "semana_weekly",
    "scheduler_run": "manual__1",
    "state": "success",
    "tasks": [
        task("prepare", 0, 10, 20),
        task("train", 20, 22, 24, state="failed"),
        task("train", 30, 32, 52, attempt=2),
        task("promote", state="skipped"),
    ],
}
STEPS = [record("2025-W02-0001", "prepare", 12, 6.0), record("2025-W02-0001", "train", 34, 16.0)]


def test_a_row_a_try_with_waiting_running_and_the_step_itself() -> None:
    text = printed(tasks_report(RECORD, STEPS))
    rows = [line for line in text.splitlines() if "▒" in line and "running" not in line]
    assert [row.split()[0] for row in rows] == ["prepare", "train", "train"]
    assert [(row.count("░") > 0, row.count("█") > 0) for row in rows] == [(True, True), (True, False), (True, True)]
    assert rows[0].index("░") < rows[0].index("▒") < rows[0].index("█")
    assert rows[2].count("█") >= 2 * rows[0].count("█")
    assert "10.0 s" in rows[0]
    assert "16.0 s" in rows[2]
    assert "never ran: promote skipped" in " ".join(text.split())
    assert all(len(line) <= 80 for line in text.splitlines())


def test_a_run_of_which_nothing_ran_is_shown_too() -> None:
    text = printed(tasks_report({**RECORD, "tasks": [task("ingest", state="upstream_failed")]}, []))
    assert "never ran: ingest upstream_failed" in " ".join(text.split())


def test_long_names_and_times_fit_the_terminal() -> None:
    mapped = {"part": "transactions", "attempt": 12, "state": "failed"}
    long = {
        "queued": "2025-01-06T08:00:00+00:00",
        "start": "2025-01-06T08:20:00+00:00",
        "end": "2025-01-06T08:31:40+00:00",
    }
    text = printed(tasks_report({**RECORD, "tasks": [task("validate", **mapped, **long)]}, []))
    (row,) = [line for line in text.splitlines() if "validate" in line]
    assert row.split()[:2] == ["validate", "transactions"]
    assert row.split()[-1] == "failed"
    assert all(len(line) <= 80 for line in text.splitlines())


def test_a_run_of_the_schedulers_alone_is_one_row_with_what_was_given_up() -> None:
    failed = {**RECORD, "run": "", "state": "failed", "tasks": [task("ingest", 0, 10, 20, state="failed")]}
    live = {**RECORD, "dag": "semana_live", "run": "", "tasks": [task("ingest", 30, 32, 40)]}
    text = printed(outside_table([live, failed]))
    rows = [line.split() for line in text.splitlines() if "semana_" in line]
    assert rows == [
        ["2025-01-06", "08:00", "semana_weekly", "failed", "ingest", "20.0", "s"],
        ["2025-01-06", "08:00", "semana_live", "success", "10.0", "s"],
    ]
