"""The regression beside the trees: the least loss, exact parts, the same answers in any company."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import minimize

from semana.models import MODELS, logistic
from semana.models.base import Rows
from semana.models.logistic import Logistic
from tests.features import known

NAMES = ("bought", "spent", "gap", "always")


def drawn(count: int, *, seed: int = 1) -> Rows:
    """Counts, amounts with some below zero, gaps that are missing for a third, and a column that never differs."""
    chance = np.random.default_rng(seed)
    values = np.column_stack(
        [
            chance.poisson(3, count),
            chance.normal(0, 40, count),
            np.where(chance.random(count) < 0.3, np.nan, chance.exponential(9, count)),
            np.full(count, 7.25),
        ]
    ).astype(np.float32)
    odds = np.log1p(values[:, 0]) - 2 + np.where(np.isnan(values[:, 2]), 1.0, -0.05 * np.nan_to_num(values[:, 2]))
    bought = chance.random(count) < 1 / (1 + np.exp(-odds))
    return Rows(NAMES, values, bought=bought, weight=np.where(bought, 1.0, 1.5))


def columns_by_hand(values: np.ndarray) -> np.ndarray:
    """What the docstring says, for the features of `drawn`."""
    known_values = np.nan_to_num(values.astype(np.float64))
    columns = np.column_stack([np.sign(known_values) * np.log1p(np.abs(known_values)), np.isnan(values[:, 2])])
    spread = columns.std(axis=0)
    return (columns - columns.mean(axis=0)) / np.where(spread > 1e-6, spread, np.inf)


@pytest.mark.parametrize("portion", [97, 32_768])
def test_the_weights_are_those_that_a_general_minimiser_finds(monkeypatch, portion):
    monkeypatch.setattr(logistic, "_PORTION", portion)
    monkeypatch.setattr(logistic, "_BEGINNING", 2 * portion)
    rows = drawn(2_000)
    columns = np.column_stack([columns_by_hand(rows.values), np.ones(len(rows))])
    signs = np.where(rows.labels, -1.0, 1.0)

    def loss(weights):
        odds, pull = columns @ weights, np.append(weights[:-1], 0.0)
        sure = signs / (1 + np.exp(-signs * odds))
        return rows.weight @ np.logaddexp(0, signs * odds) + 25 * pull @ pull, columns.T @ (
            rows.weight * sure
        ) + 50 * pull

    least = minimize(loss, np.zeros(6), jac=True, method="BFGS", options={"gtol": 1e-6})
    found = Logistic.fit(rows)
    assert [*found.weights, found.intercept] == pytest.approx(least.x, abs=2e-5)
    assert found.weights[3] == 0  # never differed
    assert found.columns.flagged == (2,)
    assert found.predict(rows) == pytest.approx(columns @ least.x, abs=1e-4)


def test_beyond_what_it_learned_from_it_says_what_it_says_at_the_edge():
    rows = drawn(500)
    found = Logistic.fit(rows)
    edges = np.array([np.nanmin(rows.values, axis=0), np.nanmax(rows.values, axis=0)])
    beyond = edges + np.array([[-1000], [1000]], dtype=np.float32)
    at, far = (found.predict(replace(rows, values=values.astype(np.float32))) for values in (edges, beyond))
    assert np.array_equal(at[[1]], far[[1]])
    assert found.explain(replace(rows, values=beyond))[0, 1] == found.explain(replace(rows, values=edges))[0, 1]
    assert at[0] != at[1]


def test_what_each_feature_added_is_all_there_is():
    rows = drawn(500)
    found = Logistic.fit(rows)
    parts = found.explain(rows)
    assert parts.shape == rows.values.shape
    assert parts.sum(axis=1) + found.intercept == pytest.approx(found.predict(rows), abs=1e-9)
    assert (parts[:, 3] == 0).all()
    assert len(np.unique(parts[np.isnan(rows.values[:, 2]), 2])) == 1


def test_a_row_has_the_same_odds_in_any_company(monkeypatch):
    rows = drawn(3_000)
    found = Logistic.fit(rows)
    alone = [found.predict(replace(rows, values=rows.values[[n]]))[0] for n in (0, 1_111, 2_999)]
    assert alone == found.predict(rows)[[0, 1_111, 2_999]].tolist()
    monkeypatch.setattr(logistic, "_PORTION", 7)
    assert found.predict(replace(rows, values=rows.values[::-3])).tolist() == found.predict(rows)[::-3].tolist()
    assert found.predict(replace(rows, values=rows.values[:0])).shape == (0,)


@pytest.mark.parametrize(
    "hostile", ["all bought", "none bought", "told by one column", "huge", "a weight of a million"]
)
def test_weights_stay_finite_on_rows_that_tell_everything_or_nothing(hostile):
    rows = drawn(4_000)
    values, bought, weight = rows.values.copy(), rows.labels.copy(), np.asarray(rows.weight).copy()
    if hostile == "all bought":
        bought[:] = True
    if hostile == "none bought":
        bought[:] = False
    if hostile == "told by one column":
        values[:, 0] = np.where(bought, 1000, 0)
    if hostile == "huge":
        values[::2, 1] = np.float32(3e38)
    if hostile == "a weight of a million":
        weight[5] = 1e6
    found = Logistic.fit(replace(rows, values=values, bought=bought, weight=weight))
    odds = found.predict(replace(rows, values=values))
    assert np.isfinite(odds).all()
    if hostile == "told by one column":
        assert (odds[bought] > 0).all()
        assert (odds[~bought] < 0).all()


def test_a_step_that_goes_too_far_is_halved(monkeypatch):
    """From these weights a whole step of Newton's makes the loss larger; from zero it would not."""
    rows, losses = drawn(2_000), []
    columns = logistic.Columns.of(rows.values)
    asked = logistic._loss

    def watched(*given):
        found = asked(*given)
        losses.append(found[0])
        return found

    monkeypatch.setattr(logistic, "_loss", watched)
    far = logistic._newton(rows, columns, np.array([0.0, 0.0, 0.0, 0.0, 0.0, 6.0]), 1)
    assert any(after > before for before, after in itertools.pairwise(losses))
    near = logistic._newton(rows, columns, np.zeros(6), 1)
    assert far == pytest.approx(near, abs=1e-5)


def test_its_share_of_the_odds_is_the_one_in_the_constants():
    rows = drawn(4_000)
    constants = known.PARAMS.models.boosting.model_dump() | {"trees": 20}
    trees, mixed = (
        MODELS["boosting"](constants | {"logistic_share": share}, seed=1).fit(rows) for share in (0.0, 0.25)
    )

    def odds(model):
        chance = model.predict(rows)
        return np.log(chance / (1 - chance))

    assert "logistic.json" not in trees.contents()
    beside = Logistic.from_content(mixed.contents()["logistic.json"])
    assert beside == Logistic.fit(rows)
    assert odds(mixed) == pytest.approx(0.75 * odds(trees) + 0.25 * beside.predict(rows), abs=1e-9)


def test_a_model_of_before_there_was_a_regression_is_read():
    rows = drawn(4_000)
    older = {
        name: value for name, value in known.PARAMS.models.boosting.model_dump().items() if name != "logistic_share"
    }
    made = MODELS["boosting"](older | {"trees": 20}, seed=1).fit(rows)
    again = type(made).from_contents(made.contents())
    assert again.predict(rows).tolist() == made.predict(rows).tolist()
    assert again.explain(rows).sum(axis=1) + again.base() == pytest.approx(
        np.log(made.predict(rows) / (1 - made.predict(rows))), abs=1e-6
    )
