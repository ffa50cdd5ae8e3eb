"""What runs took: a table of them, one run as a Gantt chart with its datasets, and a page with the trends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from semana.evaluation.durations import DONE
from semana.reports import figures
from semana.reports.pages import page
from semana.reports.phrases import LANGUAGES
from semana.reports.spans import Bar, gantt
from semana.reports.terminal import titled_table
from semana.reports.words import ended_in_words

Record = Mapping[str, Any]
_BAR = 16  # characters of a whole run
_MIB = 2**20
_SHOWN = 26  # runs in a trend: half a year


def by_run(records: Sequence[Record]) -> dict[str, list[Record]]:
    """The records of each run, oldest run first; deliveries outside of a run are nobody's."""
    found: dict[str, list[Record]] = {}
    for record in records:
        if record["run"]:
            found.setdefault(record["run"], []).append(record)
    return found


def runs_table(records: Sequence[Record]) -> Table:
    """One row a run, the newest last."""
    right = ("wall", "CPU", "memory", "home")
    columns = [("run", "left"), ("day", "left"), *((name, "right") for name in right), ("outcome", "left")]
    table = titled_table("what runs took", *columns, tight=True, unbroken=[name for name, _ in columns[:-1]])
    for run, steps in by_run(records).items():
        table.add_row(
            run,
            steps[0]["began"][:10],
            _seconds(sum(step["wall_seconds"] for step in steps)),
            _seconds(sum(step["cpu_seconds"] for step in steps)),
            _size(_MIB * max(step["peak_memory_mib"] for step in steps)),
            _size(steps[-1]["home_bytes"]),
            "; ".join(_remarks(steps)) or (DONE if len(steps) > 1 else f"{steps[0]['step']} alone"),
        )
    return table


def run_report(run: str, steps: Sequence[Record]) -> Group:
    """One run: its steps along the time, what each took, and the size of every dataset it read and wrote."""
    begins, span = _span(steps)
    gantt = titled_table(
        f"{run}, {_seconds(span)}",
        ("step", "left"),
        ("", "left"),
        *((name, "right") for name in ("wall", "CPU", "memory", "read", "written")),
        tight=True,
        unbroken=["step"],
    )
    for step in steps:
        at = min(_BAR - 1, round(_BAR * (_moment(step) - begins) / span))
        long = min(_BAR - at, max(1, round(_BAR * step["wall_seconds"] / span)))
        bar = Text(" " * at + "█" * long, style="red" if step["outcome"] != DONE else "")
        moved = [_size(step[name]) for name in ("bytes_read", "bytes_written")]
        memory = _size(_MIB * step["peak_memory_mib"])
        gantt.add_row(step["step"], bar, _seconds(step["wall_seconds"]), _seconds(step["cpu_seconds"]), memory, *moved)
    sizes = titled_table(
        "datasets",
        ("step", "left"),
        ("dataset", "left"),
        *((name, "right") for name in ("files", "rows", "columns", "size")),
        tight=True,
        unbroken=["step", "dataset"],
    )
    for step in steps:
        for each in step["datasets"]:
            counts = (f"{each[name]:,}" for name in ("files", "rows", "columns"))
            sizes.add_row(f"{step['step']} {each['how']}", each["dataset"], *counts, _size(each["bytes"]))
    return Group(gantt, sizes, *map(Text, _remarks(steps)))


def runs_page(records: Sequence[Record]) -> str:
    """The page: the newest run of several steps along the time, and how each step and written dataset has gone."""
    runs = by_run(records)
    newest = next((run for run in reversed(runs) if len(runs[run]) > 1), list(runs)[-1])
    shown = list(runs)[-_SHOWN:]
    steps = list(dict.fromkeys(step["step"] for run in shown for step in runs[run]))
    written = sorted({each["dataset"] for run in shown for step in runs[run] for each in _written(step)})
    begins, span = _span(runs[newest])
    bars = [
        Bar(each["step"], [(_kind(each), _moment(each) - begins, each["wall_seconds"])], f"{each['wall_seconds']:.1f}")
        for each in runs[newest]
    ]
    return page(
        "runs.html",
        newest=newest,
        says="; ".join(_remarks(runs[newest])) or f"The newest run took {_seconds(span)}; no step took unusually long.",
        gantt=gantt(bars, span=span, says=f"{len(bars)} steps along {span:.0f} seconds"),
        steps=[
            (name, figures.trend(shown, [_last(runs[run], name, "wall_seconds") for run in shown], what="seconds"))
            for name in steps
        ],
        datasets=[
            (name, figures.trend(shown, [_rows(runs[run], name) for run in shown], what="rows")) for name in written
        ],
    )


def _remarks(steps: Sequence[Record]) -> list[str]:
    """Which steps failed, and which took unusually long."""
    ended = [(each["step"], each["outcome"]) for each in steps if each["outcome"] != DONE]
    failed = [f"{step}: {ended_in_words(outcome, LANGUAGES[0])}" for step, outcome in ended]
    slow = [f"{each['step']} took {each['times_usual']:.1f} × its median" for each in steps if each["times_usual"]]
    return failed + slow


def _kind(step: Record) -> str:
    return "" if step["outcome"] == DONE else "failed"


def _span(steps: Sequence[Record]) -> tuple[float, float]:
    """The moment of the first step, and the seconds from there to the end of the last."""
    begins = min(_moment(step) for step in steps)
    return begins, max(_moment(step) + step["wall_seconds"] for step in steps) - begins or 1.0


def _moment(step: Record) -> float:
    return datetime.fromisoformat(step["began"]).timestamp()


def _last(steps: Sequence[Record], name: str, figure: str) -> float | None:
    found = [float(step[figure]) for step in steps if step["step"] == name]
    return found[-1] if found else None


def _written(step: Record) -> list[Mapping[str, Any]]:
    return [each for each in step["datasets"] if each["how"] == "written"]


def _rows(steps: Sequence[Record], dataset: str) -> float | None:
    found = [float(each["rows"]) for step in steps for each in _written(step) if each["dataset"] == dataset]
    return found[-1] if found else None


def _seconds(value: float) -> str:
    return f"{value:.1f} s" if value < 60 else f"{value // 60:.0f} min {value % 60:02.0f}"


def _size(value: float) -> str:
    mib = value / _MIB
    return f"{mib:.1f} MiB" if mib < 1000 else f"{mib / 1024:.1f} GiB"
