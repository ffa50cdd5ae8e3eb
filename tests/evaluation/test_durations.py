"""A step is flagged at three times the median of its own kind, and not by chance or for want of a past."""

from __future__ import annotations

from typing import Any

import pytest

from semana.evaluation.durations import times_usual, with_times_usual


@pytest.mark.parametrize(
    ("seconds", "past", "found"),
    [
        (6.0, [2.0] * 5, 3.0),
        (5.9, [2.0] * 5, None),
        (60.0, [2.0] * 4, None),  # too short a past
        (0.9, [0.1] * 9, None),  # too short a step
        (6.0, [2.0, 2.0, 2.0, 90.0, 90.0], 3.0),  # a median, no mean
        (9.0, [1.0] * 9 + [4.0] * 26, None),  # half a year counts
    ],
)
def test_three_times_the_median_of_the_latest_is_unusual(
    seconds: float, past: list[float], found: float | None
) -> None:
    assert times_usual(seconds, past) == found


def record(seconds: float, *, retrains: bool = False, outcome: str = "done") -> dict[str, Any]:
    return {"step": "train", "wall_seconds": seconds, "retrains": retrains, "outcome": outcome}


def test_runs_that_retrain_are_compared_with_their_like_and_failures_are_no_measure() -> None:
    records = [record(2.0) for _ in range(5)] + [record(60.0, retrains=True), record(0.1, outcome="Busy"), record(8.0)]
    assert [each["times_usual"] for each in with_times_usual(records)] == [None] * 7 + [4.0]
