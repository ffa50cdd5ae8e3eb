"""Whether to retrain, which version comes next, and how a published list did."""

from __future__ import annotations

from dataclasses import replace

import narwhals as nw
import polars as pl
import pytest

from semana.data.weeks import Week
from semana.evaluation.performance import realised, reference_pairs
from semana.evaluation.retrain import decide_retrain
from semana.evaluation.versions import next_version
from semana.models.scorer import Recipe
from tests import shop
from tests.features import known

TARGET = Week.parse("2024-W45")


@pytest.mark.parametrize(
    ("changed", "retrain", "reason"),
    [
        ({"last_label": None}, True, "first run"),
        ({"last_label": None, "mode": "never"}, True, "first run"),
        ({}, False, "1 week old and performance holds"),
        ({"mode": "always"}, True, "told to retrain"),
        ({"last_label": TARGET + -5}, True, "4 weeks old, 4 are allowed"),
        ({"last_label": TARGET + -5, "mode": "never"}, False, "told not to"),
        ({"leads": [0.0, -0.031]}, True, "own first 2 weeks: below by 0.031 in the newest week"),
        ({"leads": [-0.02, -0.02, -0.02]}, True, "3 of the last 3 weeks"),
        ({"leads": [0.0, -0.02]}, False, "performance holds"),
        ({"leads": []}, False, "too few realised weeks"),
        ({"fault": "recipe.json is gone"}, True, "cannot serve: recipe.json is gone"),
        ({"rolled_back": True, "last_label": TARGET + -9}, False, "the next run may retrain"),
        ({"rolled_back": True, "mode": "always"}, True, "told to retrain"),
    ],
)
def test_retrain(changed, retrain, reason):
    asked = {"target": TARGET, "last_label": TARGET + -2, "leads": [0.0], "mode": "auto"}
    decision = decide_retrain(**(asked | changed), params=known.PARAMS.retrain, fallen_by=known.PARAMS.rollback)
    assert decision.retrain is retrain
    assert any(reason in said for said in decision.reasons)


RECIPE = Recipe("rule", ("a", "b"), {"decay": 0.9}, (), ("2024-W01",), 1, {"input": "x"})


@pytest.mark.parametrize(
    ("recipe", "version"),
    [
        (RECIPE, "2.3.5"),
        (replace(RECIPE, calibrate_weeks=("2024-W02",)), "2.3.5"),
        (replace(RECIPE, family="trees"), "2.4.0"),
        (replace(RECIPE, features=("a",)), "2.4.0"),
        (replace(RECIPE, constants={"decay": 0.8}), "2.4.0"),
        (replace(RECIPE, seed=2), "2.4.0"),
        (replace(RECIPE, contracts={"input": "y"}), "3.0.0"),
        (replace(RECIPE, contracts={"input": "y"}, family="trees"), "3.0.0"),
    ],
)
def test_versions(recipe, version):
    assert next_version(RECIPE, "2.3.4", recipe) == version


def test_after_a_model_that_cannot_be_read_the_next_version_is_minor():
    assert next_version(None, "2.3.4", RECIPE) == "2.4.0"


def test_the_first_version():
    assert next_version(None, None, RECIPE) == "1.0.0"


WEEK = shop.FIRST + 20


def test_a_perfect_list_has_an_f1_of_one_and_its_lift_is_over_the_frequent_pairs():
    sold = known.weekly().filter(pl.col("week") == WEEK.index, pl.col("quantity") > 0)
    published = sold.select("customer_id", "product_id", probability=pl.lit(1.0), recommended=pl.lit(value=True))
    found = realised(published, known.purchases(), week=WEEK, decay=0.9)
    assert (found["f1"], found["map"], found["calibration"]) == pytest.approx((1, 1, 1))
    assert found["lift"] == pytest.approx(1 / found["reference_f1"])


def test_the_reference_is_as_long_as_the_week_before_and_knows_nothing_of_the_week():
    reference = reference_pairs(known.purchases(), week=WEEK, decay=0.9)
    assert len(reference) == known.totals()[WEEK + -1]
    past = known.purchases().filter(nw.col("week") < WEEK.index)
    assert reference.to_polars().equals(reference_pairs(past, week=WEEK, decay=0.9).to_polars())
    assert (reference["product_id"] == 0).sum() == shop.CUSTOMERS
