"""The portrait of a trained model on the checkerboard shop: what it promises, and what moves its scores."""

from __future__ import annotations

import pytest

from semana.evaluation import portrait as p
from semana.evaluation.cuts import Cuts, week_cuts
from semana.evaluation.portrait import Portrait, portray
from semana.evaluation.race import refit, run_race
from tests import shop
from tests.features import known

MODELS = known.PARAMS.models.model_copy(update={"race": ("decayed_frequency",)})
PARAMS = known.PARAMS.model_copy(update={"models": MODELS})
CUTS = week_cuts(shop.WEEKS, PARAMS.cuts)


def portrait_of(cuts: Cuts) -> Portrait:
    race = run_race(known.examples, known.totals(), cuts, PARAMS)
    refitted = refit(race, known.examples, known.totals(), cuts, PARAMS)
    judged = race.scorers[race.best]
    return portray(judged, refitted, known.examples, known.totals(), cuts=cuts, params=PARAMS)


def test_a_rule_is_moved_by_the_two_features_it_reads_and_by_nothing_else():
    moved = portrait_of(CUTS).moved
    assert [each.name for each in moved] == ["decayed_weeks", "popularity"]
    assert all(0 < len(each.pairs) <= p._TELLING for each in moved)


def test_the_curves_are_those_of_the_gate_weeks():
    found = portrait_of(CUTS)
    assert found.curves is not None
    assert found.curves.calibration == pytest.approx(1, abs=0.2)
    assert set(found.metrics) == {"calibration", "ece", "covered"}
    assert sum(pairs for *_, pairs in found.curves.reliability) == sum(known.examples(w).height for w in CUTS.gate)


def test_the_likeliest_pairs_hold_more_purchases_than_a_random_choice_and_all_pairs_as_many():
    lift = portrait_of(CUTS).lift
    assert lift[0][1] > 1.5
    assert lift[-1] == pytest.approx((1, 1))


def test_some_of_the_pairs_tell_the_same_of_a_large_week(monkeypatch):
    whole = portrait_of(CUTS).curves
    monkeypatch.setattr(p, "_PAIRS", known.examples(CUTS.gate[0]).height // 2)
    some = portrait_of(CUTS).curves
    assert whole is not None
    assert some is not None
    assert some.calibration == pytest.approx(whole.calibration, abs=0.1)
    assert some.gains[-1][0] == pytest.approx(whole.gains[-1][0])
    assert some.gains[-1][1] == pytest.approx(whole.gains[-1][1], abs=0.1)


def test_without_a_gate_week_only_what_moves_the_scores_is_told():
    found = portrait_of(Cuts(CUTS.fit, CUTS.calibrate, ()))
    assert (found.curves, found.lift, dict(found.metrics)) == (None, (), {})
    assert found.moved
