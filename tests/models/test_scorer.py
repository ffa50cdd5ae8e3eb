"""A scorer: probabilities at the week's level, reasons, and files that survive."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from semana.errors import ContractError
from semana.evaluation.cuts import Cuts
from semana.evaluation.race import fit_scorers
from semana.features.build import FEATURES
from semana.features.examples import ALL
from semana.models.base import rows_from
from semana.models.scorer import Scorer
from tests import shop
from tests.features import known

WEEK = shop.FIRST + 20


@pytest.fixture(scope="module")
def scorer() -> Scorer:
    cuts = Cuts((), (WEEK + -2, WEEK + -1), ())
    names = ["decayed_frequency"]
    scorers = fit_scorers(
        names, known.examples, known.totals(), cuts, known.PARAMS, share=ALL, contracts={"bundle": "1"}
    )
    return scorers[names[0]]


@pytest.fixture(scope="module")
def rows():
    return rows_from(known.examples(WEEK), FEATURES)


def test_what_is_bought_every_week_is_sure_and_what_never_is_is_not(scorer, rows):
    chance = scorer.probabilities(rows)
    frame = known.examples(WEEK)
    assert chance[(frame["product_id"] == 0).to_numpy()].min() > 0.99
    assert chance[~frame["repeat"].to_numpy()].max() < 0.01


def test_at_the_level_of_the_week_probabilities_add_up_to_the_forecast(scorer, rows):
    assert scorer.calibration.covered == 1
    of_week, chance = scorer.of_week(rows, total=250)
    assert chance.sum() == pytest.approx(250, rel=1e-4)
    assert np.array_equal(of_week.probabilities(rows), chance)
    assert np.array_equal(scorer.at(of_week.calibration.factor).probabilities(rows), chance)
    _, least = scorer.of_week(rows, total=1)
    assert least.sum() == pytest.approx(scorer.probabilities(rows).sum() / 2, rel=1e-4)


def test_reasons_are_the_features_that_moved_the_score_strongest_first(scorer, rows):
    reasons = scorer.reasons(rows, top=2)
    assert len(reasons) == len(rows)
    milk = reasons[0]
    assert [reason["code"] for reason in milk] == ["weeks_of_last_26", "popularity"]
    assert milk[0]["value"] == rows.column("weeks_of_last_26")[0]
    assert set(reasons.list.len().unique()) == {1, 2}  # a pair never bought has its popularity alone
    assert scorer.reasons(rows, top=1).list.len().max() == 1


def test_features_that_count_the_same_are_one_reason_told_by_the_plainest(scorer, rows):
    class OneTwoThree:
        def explain(self, rows):
            return np.tile(np.arange(1.0, len(rows.names) + 1), (len(rows), 1))

    names = ("weeks_half_life_16", "popularity", "decayed_weeks", "weeks_of_last_26")
    found = replace(scorer, recipe=replace(scorer.recipe, features=names), model=OneTwoThree()).reasons(rows)[0]
    assert [(reason["code"], reason["contribution"]) for reason in found] == [
        ("weeks_of_last_26", 8),
        ("popularity", 2),
    ]
    assert found[0]["value"] == rows.column("weeks_of_last_26")[0]


def test_reasons_of_no_rows_are_none(scorer, rows):
    none = rows_from(known.examples(WEEK).head(0), FEATURES)
    assert len(scorer.reasons(none)) == 0


def test_reasons_are_a_list_column_of_code_value_and_contribution(scorer, rows):
    inner = {"code": pl.String, "value": pl.Float64, "contribution": pl.Float64}
    assert scorer.reasons(rows).dtype == pl.List(pl.Struct(inner))


def test_survives_its_files_byte_by_byte(scorer, rows):
    again = Scorer.from_contents(scorer.contents())
    assert again.contents() == scorer.contents()
    assert np.array_equal(again.probabilities(rows), scorer.probabilities(rows))


def test_features_in_another_order_or_among_others_give_the_same(scorer, rows):
    other = rows_from(known.examples(WEEK), ("usual_quantity", *reversed(FEATURES)))
    assert np.array_equal(scorer.probabilities(other), scorer.probabilities(rows))


def test_a_missing_feature_is_named(scorer):
    rows = rows_from(known.examples(WEEK), FEATURES[1:])
    with pytest.raises(ContractError, match="'weeks_bought' is not among these rows' features"):
        scorer.probabilities(rows)


def test_its_card_tells_a_person_what_it_is(scorer):
    card = scorer.contents()["card.md"].decode()
    assert "In how many weeks it was bought, older weeks counting less." in card
    assert "Reads 3 features: decayed_weeks, popularity, weeks_bought." in card
    assert f"2 weeks, {WEEK + -2} to {WEEK + -1}" in card


def test_an_unknown_family_is_refused_with_those_there_are(scorer):
    contents = scorer.contents()
    recipe = json.loads(contents["recipe.json"]) | {"family": "oracle"}
    with pytest.raises(ContractError, match="'oracle' unknown; there are decayed_frequency"):
        Scorer.from_contents({**contents, "recipe.json": json.dumps(recipe).encode()})
