"""From scores to probabilities."""

from __future__ import annotations

import json

import numpy as np
import pytest

from semana.data import schemas as s
from semana.models.base import Rows
from semana.models.calibration import Calibration, Curve, as_they_are, fit_calibration, fit_curve

ONE = np.ones(30)


def test_a_curve_passes_through_the_share_bought_at_each_block():
    scores = np.repeat([0.1, 0.5, 0.9], 10)
    bought = np.array([1] + [0] * 9 + [1] * 5 + [0] * 5 + [1] * 9 + [0])
    curve = fit_curve(scores, bought.astype(bool), ONE)
    assert curve.scores == pytest.approx((0.1, 0.5, 0.9))
    assert curve.probabilities == pytest.approx((0.1, 0.5, 0.9))
    assert curve.apply(np.array([0.3])) == pytest.approx(0.3, abs=1e-5)


def test_scores_that_disagree_with_what_was_bought_share_a_block_and_keep_their_order():
    curve = fit_curve(np.array([0.1, 0.2, 0.8]), np.array([True, False, True]), ONE[:3])
    assert curve.scores == pytest.approx((0.15, 0.8))
    low, high, top = curve.apply(np.array([0.1, 0.2, 0.8]))
    assert low < high < top


def rows_of(scores, bought, weight=None) -> Rows:
    weeks_bought = (scores > 0.3).astype(np.float32)[:, None]
    return Rows((s.WEEKS_BOUGHT,), weeks_bought, bought=bought, weight=weight)


def test_probabilities_add_up_to_what_was_bought():
    generator = np.random.default_rng(7)
    scores = generator.random(5000)
    rows = rows_of(scores, generator.random(5000) < scores**2)
    found = fit_calibration(scores, rows, covered=0.5)
    assert found.apply(scores, rows.repeat).sum() == pytest.approx(rows.labels.sum(), rel=0.03)
    assert found.covered == 0.5


def test_a_weighted_sample_gives_the_probabilities_of_all_pairs():
    generator = np.random.default_rng(7)
    scores = generator.random(40_000)
    bought = generator.random(40_000) < scores / 5
    drawn = bought | (generator.random(40_000) < 0.25)
    some = rows_of(scores[drawn], bought[drawn], np.where(bought, 1.0, 4.0)[drawn])
    found = fit_calibration(scores[drawn], some, covered=1.0)
    assert found.apply(scores, scores > 0.3).sum() == pytest.approx(bought.sum(), rel=0.03)


def test_chances_stay_as_they_are():
    scores = np.linspace(0, 1, 101)
    found = as_they_are(covered=0.9).apply(scores, scores > 0.3)
    assert found == pytest.approx(scores, abs=2e-6)


def test_probabilities_stay_within_zero_and_one_and_never_fall_with_the_score():
    calibration = Calibration(Curve((0.2, 0.9), (0.1, 0.95)), Curve((), ()), covered=0.9).scaled(1.8)
    scores = np.linspace(0, 1, 101)
    found = calibration.apply(scores, np.ones(101, dtype=bool))
    assert (np.diff(found) >= 0).all()
    assert 0 <= found.min() <= found.max() < 1
    assert (calibration.apply(scores, np.zeros(101, dtype=bool)) == 0).all()


def test_survives_json():
    calibration = Calibration(Curve((0.2, 0.9), (0.1, 0.95)), Curve((0.1,), (0.01,)), covered=0.9, factor=1.2)
    assert Calibration.from_json(json.loads(json.dumps(calibration.to_json()))) == calibration
