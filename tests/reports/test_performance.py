"""The page of realised performance: every list, every change of who serves, in need of nothing but itself."""

from __future__ import annotations

import re
from typing import Any

from semana.reports.performance import estimate_in_words, part_means, performance_page
from tests.reports.test_backtest import Page

FIGURES = {
    "f1": 0.51,
    "reference_f1": 0.5,
    "lift": 1.02,
    "recall_at_10": 0.4,
    "ndcg_at_10": 0.42,
    "calibration": 0.97,
    "recommended": 1234.0,
    "purchases": 1200.0,
}


def row(week: str, version: str, role: str, **changed: float) -> dict[str, Any]:
    return {"week": week, "model_version": version, "role": role, **FIGURES, **changed}


def entry(week: str, version: str, kind: str, why: str, **evidence: str) -> dict[str, Any]:
    return {
        "week": week,
        "version": version,
        "kind": kind,
        "by": "by hand",
        "why": [why],
        "evidence": {"model": "boosting", **evidence},
    }


ROWS = [
    row("2024-W30", "1.0.0", "champion"),
    row("2024-W31", "1.1.0", "champion", f1=0.41),
    row("2024-W31", "1.0.0", "shadow"),
    row("2024-W32", "1.0.0", "champion"),
]
ENTRIES = [
    entry("2024-W30", "1.0.0", "promoted", "first run"),
    entry("2024-W31", "1.1.0", "promoted", "we <trust> it"),
    entry("2024-W32", "1.0.0", "rolled back", "below by 0.1", rolled_back="1.1.0"),
]


def test_the_page_tells_every_list_and_every_change_of_who_serves():
    text = performance_page(ROWS, ENTRIES, effects=["experiment 1: +2 %"])
    assert Page(text).open == []
    assert re.findall(r"<td>(2024-W\d\d)</td>", text) == ["2024-W32", "2024-W31", "2024-W30"] + [
        each["week"] for each in ROWS
    ]
    assert "we &lt;trust&gt; it" in text
    assert "rolled back from 1.1.0" in text
    assert "experiment 1: +2 %" in text
    assert "mean F1 of 0.477; what each customer usually buys, 0.500" in text


def test_the_chart_marks_the_weeks_in_which_another_model_began_and_gaps_where_there_was_no_shadow():
    chart = performance_page(ROWS, ENTRIES).split("<figure")[1]
    assert re.findall(r'class="note[^>]*>((?:↩ )?\d\.\d\.\d)<', chart) == ["1.0.0", "1.1.0", "↩ 1.0.0"]
    assert re.findall(r"shadow, (2024-W\d\d): 0\.510", chart) == ["2024-W31"]
    assert re.findall(r"list that served, 2024-W31: (0\.\d+)", chart) == ["0.410"]


def test_the_page_needs_nothing_but_itself():
    text = performance_page(ROWS, ENTRIES)
    assert {"script", "link", "img", "iframe", "object"}.isdisjoint(tag for tag, _ in Page(text).tags)
    assert re.findall(r"https?:|//[a-z]|url\(|@import", text) == []


def test_parts_are_told_over_the_latest_weeks_together_and_the_estimate_in_words():
    counts = {"part": "kind", "name": "usual", "recommended": 10.0, "purchases": 20.0, "hits": 5.0}
    parts = [{**counts, "week": "2024-W31"}, {**counts, "week": "2024-W32", "hits": 10.0}]
    (mean,) = part_means(parts)
    assert (mean["weeks"], mean["f1"], mean["precision"], mean["recall"]) == (2, 0.5, 0.75, 0.375)
    estimate = {"week": "2024-W33", "f1": 0.5, "low": 0.45, "high": 0.55, "note": None}
    text = performance_page(ROWS, ENTRIES, parts=parts, estimate=estimate)
    assert "<td>0.500</td><td>75%</td><td>38%</td><td>20</td><td>40</td>" in text
    assert "2024-W33 can be expected to reach an F1 of 0.500 (80 % interval 0.450 to 0.550)." in text
    few = estimate_in_words({**estimate, "low": None, "high": None, "note": "look"})
    assert few.endswith("(too few weeks for an interval; look).")
