"""Whether to retrain, which version comes next, and how a published list did."""

from __future__ import annotations

import math
from dataclasses import replace

import narwhals as nw
import numpy as np
import polars as pl
import pytest

from semana.data.weeks import Week
from semana.evaluation.performance import intervals, realised, reference_pairs
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
    truth = sold.select("customer_id", "product_id")
    found = realised(published, truth, known.purchases(), week=WEEK, decay=0.9)
    assert (found["f1"], found["map"], found["calibration"]) == pytest.approx((1, 1, 1))
    assert found["lift"] == pytest.approx(1 / found["reference_f1"])


def test_the_interval_of_a_list_is_as_wide_as_customers_differ():
    """Against 2,000 draws of customers with replacement."""
    rng = np.random.default_rng(0)
    customers = np.repeat(np.arange(300), 10)
    chance = np.repeat(rng.uniform(0.1, 0.9, 300), 10)
    pairs = pl.DataFrame({"customer_id": customers, "product_id": np.tile(np.arange(10), 300)})
    published = pairs.with_columns(recommended=pl.Series(rng.random(3000) < 0.5))
    truth = pairs.filter(pl.Series(rng.random(3000) < chance))
    found = intervals(published, truth)
    listed = published["recommended"].to_numpy().reshape(300, 10)
    bought = np.zeros((300, 10), bool)
    bought[truth["customer_id"].to_numpy(), truth["product_id"].to_numpy()] = True
    each = np.stack([2 * (listed & bought).sum(1), listed.sum(1) + bought.sum(1)])
    draws = each[:, rng.integers(0, 300, (2000, 300))].sum(2)
    low, high = np.quantile(draws[0] / draws[1], [0.025, 0.975])
    assert (found["f1_low"], found["f1_high"]) == pytest.approx((low, high), abs=0.005)
    alone = intervals(published.filter(pl.col("customer_id") == 0), truth.filter(pl.col("customer_id") == 0))
    assert math.isnan(alone["f1_low"])


def test_the_reference_is_as_long_as_the_week_before_and_knows_nothing_of_the_week():
    reference = reference_pairs(known.purchases(), week=WEEK, decay=0.9)
    assert len(reference) == known.totals()[WEEK + -1]
    past = known.purchases().filter(nw.col("week") < WEEK.index)
    assert reference.equals(reference_pairs(past, week=WEEK, decay=0.9))
    assert (reference["product_id"] == 0).sum() == shop.CUSTOMERS
