"""Each metric against a case computed by hand."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest

from semana.evaluation.metrics import average_precision, expected_calibration_error, week_metrics

# Ana's list: milk .9 (bought), tea .8, bread .6 (bought); she also bought soap, which was no candidate.
# Bob's list: milk .7, bread .5 (bought). Eve bought soap and had no list at all. Recommended: .6 and above.
SCORED = pl.DataFrame(
    {
        "customer_id": ["ana", "ana", "ana", "bob", "bob"],
        "product_id": ["milk", "tea", "bread", "milk", "bread"],
        "probability": [0.9, 0.8, 0.6, 0.7, 0.5],
        "recommended": [True, True, True, True, False],
    }
)
TRUTH = pl.DataFrame(
    {"customer_id": ["ana", "ana", "ana", "bob", "eve"], "product_id": ["milk", "bread", "soap", "bread", "soap"]}
)


def gain(place: int) -> float:
    return 1 / math.log2(place + 1)


@pytest.mark.parametrize(
    ("metric", "by_hand"),
    [
        ("precision", 2 / 4),
        ("recall", 2 / 5),
        ("f1", 2 * 2 / (4 + 5)),
        ("average_precision", (1 / 1 + 2 / 4 + 3 / 5) / 5),  # hits at places 1, 4 and 5; soap is missed twice
        ("calibration", 3.5 / 3),
        ("calibration_all", 3.5 / 5),
        ("recall_at_10", (2 / 3 + 1 + 0) / 3),
        ("map", ((1 / 1 + 2 / 3) / 3 + 1 / 2 + 0) / 3),
        ("ndcg_at_10", ((gain(1) + gain(3)) / (gain(1) + gain(2) + gain(3)) + gain(2) / gain(1) + 0) / 3),
        ("purchases", 5),
        ("recommended", 4),
        ("hits", 2),
        ("inside", 3),
        ("buyers", 3),
    ],
)
def test_a_metric_is_what_it_is_by_hand(metric, by_hand):
    assert week_metrics(SCORED, TRUTH)[metric] == pytest.approx(by_hand)


def test_recall_and_gain_look_at_the_first_ten_alone():
    scored = pl.DataFrame(
        {
            "customer_id": [1] * 12,
            "product_id": range(12),
            "probability": np.linspace(0.9, 0.1, 12),
            "recommended": [True] * 12,
        }
    )
    truth = pl.DataFrame({"customer_id": [1, 1], "product_id": [9, 10]})
    found = week_metrics(scored, truth)
    assert found["recall_at_10"] == 0.5
    assert found["ndcg_at_10"] == pytest.approx(gain(10) / (gain(1) + gain(2)))


def test_equal_probabilities_are_taken_together():
    probability, bought = np.array([0.5, 0.5]), np.array([True, False])
    assert average_precision(probability, bought, purchases=1) == 0.5
    assert average_precision(probability, bought[::-1], purchases=1) == 0.5


def test_calibration_error_is_the_mean_distance_over_bins_of_equal_mass():
    probability = np.array([0.1, 0.1, 0.9, 0.9])
    bought = np.array([False, False, True, False])
    assert expected_calibration_error(probability, bought, bins=2) == pytest.approx((0.1 + 0.4) / 2)


def test_the_calibration_error_of_equals_does_not_depend_on_their_order():
    probability = np.full(4, 0.5)
    for bought in ([True, True, False, False], [True, False, True, False]):
        assert expected_calibration_error(probability, np.array(bought), bins=2) == 0


def test_the_order_of_rows_changes_nothing():
    assert week_metrics(SCORED.reverse(), TRUTH.reverse()) == pytest.approx(week_metrics(SCORED, TRUTH))


def test_a_week_without_purchases_has_no_recall():
    found = week_metrics(SCORED, TRUTH.head(0))
    assert found["f1"] == 0
    assert math.isnan(found["recall"])
    assert math.isnan(found["recall_at_10"])
