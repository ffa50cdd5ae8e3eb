"""What runs took, as tables of 80 columns and as a page."""

from __future__ import annotations

import io
import re
from typing import Any

from rich.console import Console

from semana.reports.runs import by_run, run_report, runs_page, runs_table
from tests.reports.test_backtest import Page


def record(run: str, step: str, at: int, seconds: float, **changed: Any) -> dict[str, Any]:
    return {
        "step": step,
        "run": run,
        "week": run[:8],
        "began": f"2025-01-06T08:00:{at:02d}+00:00",
        "outcome": "done",
        "wall_seconds": seconds,
        "cpu_seconds": 2 * seconds,
        "peak_memory_mib": 1500.0,
        "bytes_read": 2**21,
        "bytes_written": 2**20,
        "home_bytes": 3 * 2**30,
        "times_usual": None,
        "datasets": [
            {"dataset": "purchases", "how": "written", "files": 1, "rows": 1234, "columns": 12, "bytes": 2**20}
        ],
        **changed,
    }


RECORDS = [
    record("", "ingest", 0, 1.0),
    record("2025-W02-0001", "prepare", 0, 10.0),
    record("2025-W02-0001", "train", 10, 30.0, times_usual=3.4),
    record("2025-W03-0001", "prepare", 5, 10.0),
    record("2025-W03-0001", "train", 15, 5.0, outcome="Busy", datasets=[]),
]


def printed(what: Any) -> str:
    console = Console(width=80, record=True, file=io.StringIO())
    console.print(what)
    return console.export_text()


def test_a_row_a_run_with_what_was_unusual_and_deliveries_are_no_run() -> None:
    text = printed(runs_table(RECORDS))
    assert list(by_run(RECORDS)) == ["2025-W02-0001", "2025-W03-0001"]
    assert "train: busy (75)" in " ".join(text.split())
    assert "40.0 s" in text
    assert "1 min 20" in text
    assert "3.0 GiB" in text
    assert re.search(r"train took\s", text)


def test_one_step_alone_is_told_as_such_and_is_not_the_page_of_the_newest_run() -> None:
    records = [*RECORDS, record("2025-W04-0001", "review", 0, 1.0)]
    assert re.search(r"2025-W04-0001 .* review\s+alone", printed(runs_table(records)))
    assert re.findall(r"<h2>(.*?)</h2>", runs_page(records))[0] == "2025-W03-0001"
    assert re.findall(r"<h2>(.*?)</h2>", runs_page(records[-1:]))[0] == "2025-W04-0001"


def test_large_figures_of_a_trend_have_separators_and_nothing_below_zero() -> None:
    big = [{"dataset": "purchases", "how": "written", "files": 1, "rows": 2_600_000, "columns": 12, "bytes": 2**20}]
    text = runs_page([record(f"2025-W0{n}-0001", name, n, 1.0, datasets=big) for n in (1, 2) for name in ("a", "b")])
    assert ">1,000,000<" in text
    assert "e+0" not in text


def test_one_run_stands_along_the_time_and_its_datasets_below() -> None:
    text = printed(run_report("2025-W02-0001", by_run(RECORDS)["2025-W02-0001"]))
    bars = {line.split()[0]: line for line in text.splitlines() if "█" in line}
    assert bars["train"].index("█") > bars["prepare"].rindex("█") - 1
    assert bars["train"].count("█") > 2 * bars["prepare"].count("█")
    assert all(len(line) <= 80 for line in text.splitlines())
    assert "1,234" in text
    assert "train took 3.4 × its median" in text


def test_the_page_has_a_trend_a_step_and_a_dataset_and_needs_nothing_but_itself() -> None:
    text = runs_page(RECORDS)
    assert Page(text).open == []
    assert re.findall(r"<h2>(.*?)</h2>", text) == ["2025-W03-0001", "prepare", "train", "purchases"]
    assert "train: busy (75)" in text
    assert text.count('class="area bar failed"') == 1
    assert {"script", "link", "img", "iframe", "object"}.isdisjoint(tag for tag, _ in Page(text).tags)
