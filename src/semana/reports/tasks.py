"""What a scheduler made of a run: queued, running and the step itself along the time, a row a try of a task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from rich.table import Table
from rich.text import Text

from semana.reports.terminal import titled_table

Record = Mapping[str, Any]
_BAR = 18  # characters of a whole run
_NEWEST = 10
_QUEUED, _RUN, _STEP = "░", "▒", "█"
_OVER = ("success", "skipped")


def tasks_report(record: Record, steps: Sequence[Record]) -> Table:
    """One row a try: waiting, the scheduler's run time and, within it, what the step took by its own record.

    `steps` are the telemetry records of the run.
    """
    ran = sorted((task for task in record["tasks"] if task["start"]), key=lambda task: str(task["start"]))
    never = [task for task in record["tasks"] if not task["start"]]
    begins, ends = _times(record)
    title = f"{record['dag']}, {record['scheduler_run']}: {record['state']}, {_seconds(ends - begins)}"
    numbers = (("queued", "right"), ("run", "right"), ("step", "right"), ("try", "right"), ("state", "left"))
    skipped = f"\nnever ran: {', '.join(_name(task) + ' ' + task['state'] for task in never)}" if never else ""
    below = f"{_QUEUED} queued  {_RUN} running  {_STEP} the step itself{skipped}"
    table = titled_table(title, ("task", "left"), ("", "left"), *numbers, tight=True, unbroken=["task"], below=below)
    for task in ran:
        took = _within(task, steps)
        queued, start, end = (_moment(task, name) for name in ("queued", "start", "end"))
        marks = [(_QUEUED, queued, start), (_RUN, start, end), *((_STEP, at, at + long) for at, long in took)]
        bar = Text(_drawn(marks, begins, ends), style="" if task["state"] in _OVER else "red")
        waited, long = _seconds(start - queued), _seconds(end - start)
        step = _seconds(sum(long for _, long in took)) if took else ""
        table.add_row(_name(task), bar, waited, long, step, str(task["attempt"]), task["state"])
    return table


def outside_table(records: Sequence[Record]) -> Table:
    """One row a scheduler's run that worked in no run of ours, the newest last: what it was, and where it ended."""
    left = ("begun", "DAG", "state", "given up")
    columns = [*((name, "left") for name in left), ("took", "right")]
    table = titled_table("a scheduler's runs outside of these", *columns, tight=True, unbroken=["begun", "DAG"])
    for record in sorted(records, key=_times)[-_NEWEST:]:
        begins, ends = _times(record)
        begun = datetime.fromtimestamp(begins, UTC).strftime("%Y-%m-%d %H:%M") if begins else ""
        failed = "; ".join(dict.fromkeys(_name(task) for task in record["tasks"] if task["state"] == "failed"))
        table.add_row(begun, record["dag"], record["state"], failed, _seconds(ends - begins))
    return table


def _name(task: Record) -> str:
    return f"{task['task']} {task['part']}".strip()


def _within(task: Record, steps: Sequence[Record]) -> list[tuple[float, float]]:
    """When each step began, and its seconds, that ran in this try."""
    found = []
    for step in steps:
        at = datetime.fromisoformat(step["began"]).timestamp()
        same = step["step"] == task["task"] or (step["step"], task["task"]) == ("promote", "keep_champion")
        if same and _moment(task, "start") <= at <= _moment(task, "end"):
            found.append((at, float(step["wall_seconds"])))
    return found[:1] if task["part"] else found


def _times(record: Record) -> tuple[float, float]:
    return _span([task for task in record["tasks"] if task["start"]])


def _span(tasks: Sequence[Record]) -> tuple[float, float]:
    moments = [_moment(task, name) for task in tasks for name in ("queued", "end")]
    return (min(moments), max(moments)) if moments else (0.0, 0.0)


def _moment(task: Record, name: str) -> float:
    """A moment of the task; one that is not known is its start."""
    return datetime.fromisoformat(task[name] or task["start"]).timestamp()


def _drawn(marks: Sequence[tuple[str, float, float]], begins: float, ends: float) -> str:
    """The marks along the time, later ones over earlier ones."""
    long = max(ends - begins, 1e-9)
    bar = [" "] * _BAR
    for mark, start, end in marks:
        first = min(_BAR - 1, int(_BAR * (start - begins) / long))
        last = max(first + 1, round(_BAR * (end - begins) / long))
        if end > start:
            bar[first:last] = [mark] * (min(last, _BAR) - first)
    return "".join(bar)


def _seconds(value: float) -> str:
    return f"{value:.1f} s" if value < 60 else f"{value // 60:.0f} min {value % 60:02.0f}"
