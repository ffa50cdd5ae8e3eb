"""Cuts, and the race of the models on the checkerboard shop."""

from __future__ import annotations

import math

import polars as pl
import pytest

from semana.data.weeks import Week, weeks_between
from semana.errors import ContractError
from semana.evaluation.cuts import Cuts, week_cuts
from semana.evaluation.race import Evidence, refit, run_race
from semana.features.examples import ALL, Share
from tests import shop
from tests.features import known

FIRST = Week.parse("2024-W01")


@pytest.mark.parametrize(
    ("weeks", "fit", "calibrate", "gate"),
    [
        (30, 12, 2, 2),
        (17, 12, 2, 2),
        (10, 5, 2, 2),
        (7, 2, 2, 2),
        (5, 2, 1, 1),
        (4, 1, 1, 1),
        (3, 1, 1, 0),
        (2, 0, 1, 0),
    ],
)
def test_short_histories_shrink_the_cuts(weeks, fit, calibrate, gate):
    complete = weeks_between(FIRST, FIRST + (weeks - 1))
    cuts = week_cuts(complete, known.PARAMS.cuts)
    assert (len(cuts.fit), len(cuts.calibrate), len(cuts.gate)) == (fit, calibrate, gate)
    assert cuts.all == complete[-len(cuts.all) :]
    assert FIRST not in cuts.all


def test_golden_weeks_are_no_labels():
    complete = weeks_between(FIRST, FIRST + 20)
    golden = frozenset({FIRST + 20, FIRST + 17})
    cuts = week_cuts(complete, known.PARAMS.cuts, exclude=golden)
    assert not golden & set(cuts.all)
    assert cuts.gate == (FIRST + 18, FIRST + 19)


def test_one_week_is_too_short_a_history():
    with pytest.raises(ContractError, match="At least two are needed"):
        week_cuts([FIRST], known.PARAMS.cuts)


CUTS = Cuts((shop.FIRST + 16, shop.FIRST + 17), (shop.FIRST + 18, shop.FIRST + 19), (shop.FIRST + 20, shop.FIRST + 21))


@pytest.fixture(scope="module")
def race():
    return run_race(known.examples, known.totals(), CUTS, known.PARAMS)


def test_every_model_is_judged_on_every_gate_week(race):
    assert set(race.evidence) == set(known.PARAMS.models.race)
    assert all(set(evidence.weeks) == set(CUTS.gate) for evidence in race.evidence.values())
    assert race.best == max(race.evidence, key=lambda name: race.evidence[name].mean("f1"))


def test_a_regular_shop_is_predicted_well(race):
    """220 pairs are bought every week, 200 every second one: the sure ones alone make 2 x 220 / (220 + 320) = .81."""
    for week in CUTS.gate:
        metrics = race.evidence[race.best].weeks[week]
        assert metrics["purchases"] == 320
        assert metrics["f1"] > 0.81
        assert metrics["calibration"] == pytest.approx(1, abs=0.05)


def test_scrambled_gate_labels_leave_the_judged_models_alone(race):
    def scrambled(week: Week, *, share: Share = ALL) -> pl.DataFrame:
        rows = known.examples(week, share=share)
        return rows.with_columns(~pl.col("bought")) if week in CUTS.gate else rows

    other = run_race(known.Examples(scrambled), known.totals(), CUTS, known.PARAMS)
    for name, scorer in race.scorers.items():
        assert other.scorers[name].contents() == scorer.contents()


def test_judged_models_have_seen_no_gate_week(race):
    assert all(scorer.recipe.last_label_week < str(min(CUTS.gate)) for scorer in race.scorers.values())


def test_refit_calibrates_on_the_latest_weeks_and_tells_how_the_judged_one_did(race):
    scorer = refit(race, known.examples, known.totals(), CUTS, known.PARAMS)
    assert scorer.recipe.family == race.best
    assert scorer.recipe.calibrate_weeks == tuple(str(week) for week in CUTS.gate)
    assert scorer.metrics == race.evidence[race.best].means


def test_without_a_gate_week_the_first_of_the_race_serves():
    race = run_race(known.examples, known.totals(), Cuts((), CUTS.calibrate, ()), known.PARAMS)
    assert race.best == known.PARAMS.models.race[0]
    assert "no week was left to judge by" in race.says


def test_a_lead_is_of_the_weeks_of_both():
    evidence = Evidence("any", {FIRST: {"f1": 0.2}, FIRST + 1: {"f1": 0.6}})
    assert evidence.mean("f1") == pytest.approx(0.4)
    assert evidence.lead("f1", Evidence("other", {FIRST + 1: {"f1": 0.5}})) == pytest.approx(0.1)
    assert math.isnan(evidence.lead("f1", Evidence("other", {FIRST + 2: {"f1": 0.5}})))


def test_baselines_that_do_not_race_are_judged_and_never_win():
    alone = known.PARAMS.models.model_copy(update={"race": ("recent_repeat",)})
    race = run_race(known.examples, known.totals(), CUTS, known.PARAMS.model_copy(update={"models": alone}))
    assert race.best == "recent_repeat"
    assert {"decayed_frequency", "personal_frequency"} < set(race.evidence)
