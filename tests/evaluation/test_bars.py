"""What the benchmarks say of a bar: a missed one is told as missed."""

from __future__ import annotations

import pytest

from benchmarks.quality import ABOVE, CALIBRATED, INSIDE, Bar, held_to
from benchmarks.speed import row

RECORD = {
    "models": {
        "ours": {
            "mean": {"f1": 0.594, "recall_at_10": 0.145},
            "weeks": {"w1": {"calibration_all": 1.0}, "w2": {"calibration_all": 0.79}},
        },
        "rule": {"mean": {"recall_at_10": 0.133}},
    },
    "level": {"w1": {"inside": True}, "w2": {"inside": False}},
    "differences": [
        {"model": "ours", "metric": "f1", "low": 0.01},
        {"model": "ours", "metric": "recall_at_10", "low": -0.0001},
        {"model": "ours", "metric": "map", "low": 0.1},
        {"model": "rule", "metric": "f1", "low": 0.1},
    ],
}


@pytest.mark.parametrize(
    ("bar", "says"),
    [
        (Bar("f1", 0.590, 0.605), "| f1 | 0.594 | 0.590: reached | 0.605: missed |"),
        (
            Bar("recall_at_10", 1.08, 1.18, over="rule"),
            "| recall_at_10 over rule | +9.0% | +8.0%: reached | +18.0%: missed |",
        ),
        (Bar(CALIBRATED, 1, 2), f"| {CALIBRATED} | 1 | 1: reached | 2: missed |"),
        (Bar(INSIDE, None, 2), f"| {INSIDE} | 1 |  | 2: missed |"),
        (Bar(ABOVE, 2, None), f"| {ABOVE} | 1 | 2: missed |  |"),
    ],
)
def test_a_mean_or_a_count_is_held_to_its_bar_and_its_moonshot(bar, says):
    assert held_to(bar, RECORD, "ours") == says


def test_seconds_are_held_to_their_bar_and_their_moonshot():
    assert row("a run", 141.72, (180, 60), digits=1) == "| a run | 141.7 s | ≤ 180 s: reached | ≤ 60 s: missed |"
    assert row("a step", 2.3, (2, 0.7)) == "| a step | 2.30 s | ≤ 2 s: missed | ≤ 0.7 s: missed |"
    assert row("an ingest", 2.0) == "| an ingest | 2.00 s |  |  |"
