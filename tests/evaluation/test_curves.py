"""What the probabilities of several weeks say together, against cases computed by hand."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest

from semana.evaluation.curves import Pool, curves_of, gains, reliability

# Ten pairs; four were bought, one purchase lay outside the candidates.
PROBABILITY = np.array([0.9, 0.8, 0.7, 0.6, 0.5, 0.2, 0.1, 0.1, 0.05, 0.05])
BOUGHT = np.array([True, True, False, True, False, True, False, False, False, False])


def test_calibration_counts_purchases_outside_the_candidates():
    found = curves_of(PROBABILITY, BOUGHT, purchases=5, weeks=1)
    assert found.calibration == pytest.approx(4.0 / 5)
    assert found.covered == pytest.approx(4 / 5)


def test_a_purchase_outside_the_candidates_is_a_pair_of_probability_zero_to_the_calibration_error():
    """With as many bins as pairs (11 of 15) each pair is its own bin: the mean of |p - bought|, the outside one 1."""
    by_hand = (np.abs(PROBABILITY - BOUGHT).sum() + 1) / 11
    assert curves_of(PROBABILITY, BOUGHT, purchases=5, weeks=1).ece == pytest.approx(by_hand)


def test_groups_have_equal_expected_purchases_the_least_likely_first():
    probability = np.array([0.125] * 8 + [0.5] * 2)  # 1.0 expected in eight pairs, 1.0 in two
    bought = np.array([True, True] + [False] * 6 + [True, False])
    found = reliability(probability, bought, groups=2)
    assert [pairs for _, _, pairs in found] == [8, 2]
    assert [value for group in found for value in group[:2]] == pytest.approx([0.125, 0.25, 0.5, 0.5])


def test_gains_go_down_by_probability_and_count_all_purchases():
    found = dict(gains(PROBABILITY, BOUGHT, purchases=5, weeks=1))
    assert found == pytest.approx(
        {0: 0, 1: 0.2, 2: 0.4, 3: 0.4, 4: 0.6, 5: 0.6, 6: 0.8, 7: 0.8, 8: 0.8, 9: 0.8, 10: 0.8}
    )


def test_gains_are_of_one_week_on_average():
    found = gains(np.tile(PROBABILITY, 2), np.tile(BOUGHT, 2), purchases=10, weeks=2)
    assert found[-1] == (10.0, pytest.approx(0.8))


def test_weeks_gathered_one_by_one_are_the_weeks_together():
    pool = Pool()
    for part, purchases in ((slice(0, 5), 3), (slice(5, 10), 2)):
        pool.add(pl.DataFrame({"probability": PROBABILITY[part], "bought": BOUGHT[part]}), purchases=purchases)
    together = curves_of(PROBABILITY, BOUGHT, purchases=5, weeks=2)
    assert pool.curves().ece == pytest.approx(together.ece)
    assert pool.curves().calibration == pytest.approx(together.calibration)


def test_weeks_without_a_purchase_have_no_curve():
    found = curves_of(PROBABILITY, np.zeros(10, dtype=bool), purchases=0, weeks=1)
    assert found.gains == []
    assert math.isnan(found.calibration)
