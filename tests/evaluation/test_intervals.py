"""Intervals of weekly means against hand-computed values and against SciPy's own t interval."""

from __future__ import annotations

import math

import pytest
from scipy import stats

from semana.data.weeks import Week
from semana.evaluation.intervals import mean_interval, paired_difference

FIRST = Week.parse("2024-W01")


def test_the_interval_of_four_weeks_is_what_it_is_by_hand():
    """Mean 2.5, s = sqrt(5 / 3), t of 3 degrees of freedom 3.18245: half is 3.18245 x 1.29099 / 2 = 2.05426."""
    found = mean_interval([1.0, 2.0, 3.0, 4.0])
    assert (found.mean, found.weeks) == (2.5, 4)
    assert (found.low, found.high) == pytest.approx((2.5 - 2.05426, 2.5 + 2.05426), abs=1e-4)


@pytest.mark.parametrize("share", [0.8, 0.95, 0.99])
def test_the_interval_is_scipys(share):
    values = [0.031, 0.027, 0.040, 0.012, 0.033, 0.029, 0.036, 0.018]
    theirs = stats.ttest_1samp(values, 0).confidence_interval(share)
    found = mean_interval(values, share=share)
    assert (found.low, found.high) == pytest.approx((theirs.low, theirs.high))


def test_one_week_has_a_mean_and_no_interval():
    found = mean_interval([0.5])
    assert (found.mean, found.weeks) == (0.5, 1)
    assert math.isnan(found.low)
    assert math.isnan(found.high)


def test_weeks_without_a_value_are_left_out():
    assert mean_interval([1.0, float("nan"), 3.0]) == mean_interval([1.0, 3.0])
    assert mean_interval([float("nan")]).weeks == 0


def test_differences_are_paired_week_by_week():
    """Both swing by .3 from week to week; their difference does not, and the pairing shows it."""
    swing = [0.2, 0.5, 0.3, 0.6]
    mine = {FIRST + n: value + 0.01 for n, value in enumerate(swing)}
    other = {FIRST + n: value for n, value in enumerate(swing)} | {FIRST + 9: 0.0}
    found = paired_difference(mine, other)
    assert (found.mean, found.weeks) == (pytest.approx(0.01), 4)
    assert found.low == pytest.approx(0.01)
    assert found.high == pytest.approx(0.01)
