"""What every model promises, learned ones and rules alike."""

from __future__ import annotations

from dataclasses import replace

import narwhals as nw
import numpy as np
import polars as pl
import pytest

from semana.data import schemas as s
from semana.features.build import FEATURES
from semana.models import BASELINES, MODELS
from semana.models.base import Rows, rows_from
from tests import shop
from tests.features import known

WEEK = shop.FIRST + 20
CONSTANTS = {"decay": 0.9, **known.PARAMS.models.boosting.model_dump(), "trees": 50, "rows_per_leaf": 20}


LEARNED = (WEEK + -2, WEEK + -1)


def rows_of(*weeks) -> Rows:
    return rows_from(pl.concat([known.examples(week) for week in weeks or [WEEK]]), FEATURES)


@pytest.fixture(params=MODELS, scope="module")
def model(request: pytest.FixtureRequest):
    made = MODELS[request.param](CONSTANTS, seed=1)
    return made.fit(rows_of(*LEARNED))


def test_scores_are_probabilities_one_per_row(model):
    scores = model.predict(rows_of())
    assert scores.shape == (len(rows_of()),)
    assert scores.dtype == np.float64
    assert ((scores >= 0) & (scores <= 1)).all()


def test_the_same_rows_get_the_same_scores_in_any_company(model):
    rows = rows_of()
    some = replace(rows, values=rows.values[::-3], bought=None, week=None)
    assert np.array_equal(model.predict(rows), model.predict(rows))
    assert np.array_equal(model.predict(some), model.predict(rows)[::-3])


def test_survives_contents(model):
    again = type(model).from_contents(model.contents())
    assert again.contents() == model.contents()
    assert np.array_equal(again.predict(rows_of()), model.predict(rows_of()))


def test_fitting_twice_gives_the_same_bytes(model):
    other = type(model)(CONSTANTS, seed=1).fit(rows_of(*LEARNED))
    assert other.contents() == model.contents()


def test_explanations_have_a_value_for_each_feature(model):
    parts = model.explain(rows_of())
    assert parts.shape == (len(rows_of()), len(FEATURES))
    assert np.isfinite(parts).all()


def test_explanations_and_base_add_up_to_the_score(model):
    scores = model.predict(rows_of())
    sums = model.base() + model.explain(rows_of()).sum(axis=1)
    assert sums == pytest.approx(np.log(scores / (1 - scores)) if model.learns else scores, abs=1e-5)


def test_copes_with_a_newcomer_and_a_product_that_nobody_bought(model):
    pairs = pl.LazyFrame({"customer_id": [999, 999], "product_id": [0, 888], "repeat": [False, False]})
    rows = rows_from(known.features(WEEK, pairs=nw.from_native(pairs)), FEATURES)
    milk, unknown = model.predict(rows)
    assert milk >= unknown >= 0
    assert milk > unknown or model.learns  # the shop has shown no newcomer to learn from


def test_a_regular_scores_above_a_pair_never_bought(model):
    scores, rows = model.predict(rows_of()), rows_of()
    assert scores[rows.repeat].min() >= scores[~rows.repeat].max()


@pytest.mark.parametrize("name", BASELINES)
@pytest.mark.parametrize("weeks_ago", [1, 2, 4, 9])
def test_buying_again_does_not_lower_the_chance_that_a_rule_gives(name, weeks_ago):
    """Customer 1 takes product 3 in a week in which he bought something else: his score for it does not fall."""
    extra = known.weekly().filter(pl.col("customer_id") == 1, pl.col("product_id") == 3).head(1)
    extra = extra.with_columns(pl.lit(WEEK.index - weeks_ago, dtype=pl.Int32).alias("week"))
    more = pl.concat([known.weekly(), extra]).unique(["customer_id", "product_id", "week"])
    pair = nw.from_native(pl.LazyFrame({"customer_id": [1], "product_id": [3], "repeat": [True]}))
    before, after = (
        MODELS[name](CONSTANTS, seed=1).predict(
            rows_from(known.features(WEEK, nw.from_native(frame.lazy()), pair), FEATURES)
        )[0]
        for frame in (known.weekly(), more)
    )
    assert after >= before


@pytest.mark.parametrize("name", BASELINES)
def test_a_rule_explains_its_whole_score(name):
    rule = MODELS[name]({"decay": 0.9}, seed=1)
    assert rule.explain(rows_of()).sum(axis=1) == pytest.approx(rule.predict(rows_of()))


def test_the_order_of_the_decayed_rule_is_that_of_decayed_weeks():
    rows = rows_of()
    scores = MODELS["decayed_frequency"]({"decay": 0.9}, seed=1).predict(rows)
    order = np.argsort(scores[rows.repeat])
    assert (np.diff(rows.column(s.DECAYED_WEEKS)[rows.repeat][order]) >= 0).all()


def test_no_tree_splits_more_often_above_a_leaf_than_asked():
    rows, most = rows_of(*LEARNED), {}
    for depth in (1, 2, 9):
        text = MODELS["boosting"]({**CONSTANTS, "depth": depth}, seed=1).fit(rows).contents()["model.txt"].decode()
        sizes = [int(line.removeprefix("num_leaves=")) for line in text.splitlines() if line.startswith("num_leaves=")]
        assert len(sizes) == CONSTANTS["trees"]
        most[depth] = max(sizes)
    assert most[1] == 2 < most[2] <= 4
    assert most[2] < most[9]


def test_a_model_whose_trees_are_called_as_they_were_once_is_read_too():
    rows = rows_of(*LEARNED)
    model = MODELS["boosting"](CONSTANTS, seed=1).fit(rows)
    older = {name.replace("model.txt", "model-1.txt"): content for name, content in model.contents().items()}
    assert "model-1.txt" in older
    assert np.array_equal(type(model).from_contents(older).predict(rows), model.predict(rows))
