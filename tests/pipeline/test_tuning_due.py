"""Tuning happens in the runs in which it is due, and in no other; what it found is kept for those between."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from semana.data.weeks import Week
from semana.evaluation.cuts import Cuts
from semana.evaluation.tuning import Tuned
from semana.params import Params
from semana.pipeline import train
from tests import shop
from tests.features import known

FIRST = shop.FIRST + 16
CUTS = Cuts((shop.FIRST + 10, shop.FIRST + 11), (shop.FIRST + 12,), (shop.FIRST + 13,))


class Tunings:
    """The records in memory: what `stores.tunings` promises."""

    def __init__(self) -> None:
        self.records: dict[Week, dict[str, Any]] = {}

    def latest(self, week: Week) -> dict[str, Any] | None:
        past = [each for each in self.records if each <= week]
        return self.records[max(past)] if past else None

    def save(self, week: Week, record: dict[str, Any]) -> None:
        self.records[week] = record


class Runs:
    """Asks for the constants of a week as `train` does, and counts how often they were searched for."""

    def __init__(self) -> None:
        self.tunings, self.searched, self.found = Tunings(), 0, True

    def tune(self, rows: object, constants: Any, *, seed: int, params: object) -> Tuned | None:
        self.searched += 1
        leaves = constants.model_copy(update={"leaves": 10 + self.searched})
        return Tuned(leaves, 0.1, 0.2, 3) if self.found else None

    def of(self, week: Week, params: Params = known.PARAMS, cuts: Cuts = CUTS) -> tuple[Params, dict[str, Any] | None]:
        stores = SimpleNamespace(params=params, tunings=self.tunings)
        return train._tuned(SimpleNamespace(week=week), stores, known.examples, known.totals(), cuts)


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> Runs:
    """Runs of which the first, of week FIRST, has tuned."""
    made = Runs()
    monkeypatch.setattr(train, "tune", made.tune)
    made.of(FIRST)
    assert made.searched == 1
    return made


def changed(**models: Any) -> Params:
    return known.PARAMS.model_copy(update={"models": known.PARAMS.models.model_copy(update=models)})


def test_the_first_run_tunes_and_those_after_it_take_what_it_found(runs: Runs) -> None:
    for weeks in (0, 1, 12):
        params, record = runs.of(FIRST + weeks)
        assert params.models.boosting.leaves == 11
        assert record is not None
        assert record["week"] == str(FIRST)
    assert runs.searched == 1
    assert params.models.race == known.PARAMS.models.race


def test_it_is_due_again_after_thirteen_weeks_and_not_before(runs: Runs) -> None:
    params, record = runs.of(FIRST + 13)
    assert (runs.searched, params.models.boosting.leaves, record["week"]) == (2, 12, str(FIRST + 13))
    runs.of(FIRST + 25)
    assert runs.searched == 2
    runs.of(FIRST + 26)
    assert runs.searched == 3


def test_other_constants_features_or_seeds_are_tuned_at_once(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    runs.of(FIRST + 1, changed(boosting=known.PARAMS.models.boosting.model_copy(update={"trees": 50})))
    assert runs.searched == 2
    runs.of(FIRST + 1, changed(seed=5))
    assert runs.searched == 3
    runs.of(FIRST + 1, changed(decay=0.5, fit_rows=1000))  # neither is what the constants were found with
    assert runs.searched == 4  # back to the constants as delivered
    runs.of(FIRST + 1)
    assert runs.searched == 4
    monkeypatch.setattr(train, "FEATURES", train.FEATURES[:-1])
    runs.of(FIRST + 1)
    assert runs.searched == 5


def test_what_was_found_later_does_not_reach_a_past_week(runs: Runs) -> None:
    runs.of(FIRST + 13)
    params, record = runs.of(FIRST + 3)
    assert (params.models.boosting.leaves, record["week"]) == (11, str(FIRST))
    runs.of(FIRST + -1)
    assert runs.searched == 3


@pytest.mark.parametrize(
    ("models", "cuts"),
    [
        ({"race": ("decayed_frequency",)}, CUTS),
        ({"tuning": known.PARAMS.models.tuning.model_copy(update={"trials": 0})}, CUTS),
        ({}, Cuts((), CUTS.calibrate, CUTS.gate)),
    ],
)
def test_without_trials_learned_models_or_weeks_the_params_stay_as_they_are(
    runs: Runs, models: dict[str, Any], cuts: Cuts
) -> None:
    params = changed(**models)
    assert runs.of(FIRST + 20, params, cuts) == (params, None)
    assert runs.searched == 1


def test_where_nothing_could_be_found_nothing_is_kept_and_the_next_run_tries_again(runs: Runs) -> None:
    runs.found = False
    assert runs.of(FIRST + 13) == (known.PARAMS, None)
    assert runs.of(FIRST + 14) == (known.PARAMS, None)
    assert runs.searched == 3
    assert list(runs.tunings.records) == [FIRST]
