"""The search for constants: from weeks that neither calibrate nor judge, and the same every time."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from semana.evaluation import tuning
from semana.evaluation.cuts import Cuts
from semana.evaluation.race import learning_rows
from semana.evaluation.tuning import tune
from semana.features.build import FEATURES
from semana.features.examples import ALL, Share
from semana.models.base import Rows, rows_from
from semana.models.boosting import Boosting
from semana.params import TuningParams
from tests import shop
from tests.features import known

WEEKS = [shop.FIRST + n for n in range(12, 17)]
CONSTANTS = known.PARAMS.models.boosting.model_copy(update={"trees": 10, "rows_per_leaf": 200, "learning_rate": 0.02})
PARAMS = TuningParams(trials=4, rows=10_000, every_weeks=13, least_gain=0.002)


def rows_of(weeks=WEEKS) -> Rows:
    return rows_from(pl.concat([known.examples(week) for week in weeks]), FEATURES)


def found(given=None, constants=CONSTANTS, seed=1, **changed):
    return tune(given or rows_of(), constants, seed=seed, params=PARAMS.model_copy(update=changed))


@pytest.fixture(scope="module")
def tuned():
    return found()


def test_better_constants_are_found_and_told_with_what_they_bring(tuned):
    assert tuned.loss < tuned.began * (1 - PARAMS.least_gain)
    assert tuned.constants != CONSTANTS
    assert (tuned.constants.trees, tuned.constants.models) == (CONSTANTS.trees, CONSTANTS.models)  # not searched for
    assert tuned.to_json()["constants"] == tuned.constants.model_dump()


def test_equal_rows_and_seed_give_equal_constants_and_another_seed_others(tuned):
    assert found() == tuned
    assert found(seed=2).constants != tuned.constants


def test_the_given_constants_stay_where_no_trial_is_better_by_enough(tuned):
    kept = found(least_gain=1.0)
    assert kept.constants == CONSTANTS
    assert kept.loss == kept.began == tuned.began


def test_the_given_constants_are_the_first_trial(tuned):
    alone = found(trials=1)
    assert (alone.constants, alone.loss) == (CONSTANTS, tuned.began)


@pytest.mark.parametrize("changed", [{"rows_per_leaf": 5}, {"leaves": 100}, {"l2": 0.0}, {"learning_rate": 0.5}])
def test_given_constants_beyond_the_ranges_are_tried_as_they_are(changed):
    given = CONSTANTS.model_copy(update=changed)
    assert found(constants=given, trials=1).constants == given
    found(constants=given, trials=2)


def test_too_few_weeks_to_hold_any_out_find_nothing():
    assert found(rows_of(WEEKS[:2])) is None
    assert found(replace(rows_of(), week=None)) is None


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> dict[str, Rows]:
    """The rows that the latest trial learned from and was judged by."""
    rows: dict[str, Rows] = {}

    class Watched(Boosting):
        def fit(self, given):
            rows["learned"] = given
            return super().fit(given)

        def predict(self, given):
            rows["judged"] = given
            return super().predict(given)

    monkeypatch.setattr(tuning, "Boosting", Watched)
    return rows


def test_trials_are_judged_by_the_two_latest_weeks_and_learn_from_those_before(seen):
    found(trials=1)
    weeks = [week.index for week in WEEKS]
    assert list(np.unique(seen["learned"].week)) == weeks[:3]
    assert list(np.unique(seen["judged"].week)) == weeks[3:]
    assert len(seen["learned"]) + len(seen["judged"]) == len(rows_of())


def test_of_too_many_rows_some_of_every_week_are_taken_with_their_labels(seen):
    found(rows=1000, trials=1)
    parts = [seen["learned"], seen["judged"]]
    assert 900 < sum(map(len, parts)) <= 1000
    assert {int(week) for rows in parts for week in rows.week} == {week.index for week in WEEKS}
    regulars = [rows.bought[rows.values[:, FEATURES.index("share_of_weeks")] == 1] for rows in parts]
    assert all(bought.all() for bought in regulars)  # who bought in every week did so again


def test_rows_to_learn_from_are_of_no_week_that_judges():
    asked = []

    def _examples(week, *, share=ALL):
        asked.append(week)
        return known.examples(week, share=share)

    cuts = Cuts(tuple(WEEKS[:2]), (WEEKS[2],), tuple(WEEKS[3:]))
    rows = learning_rows(_examples, cuts, share=Share(0.5))
    assert set(asked) == set(cuts.learned)
    assert not set(asked) & set(cuts.gate)
    assert set(np.unique(rows.week)) == {week.index for week in cuts.learned}


ONE_ROW = """
import gc, weakref
import numpy as np
from semana.evaluation.tuning import tune
from semana.models.base import Rows

class Held: pass

def caller():
    held = Held()
    tune(Rows(("x",), np.zeros((1, 1))), None, seed=1, params=None)
    return weakref.ref(held)

told = caller()
gc.collect()
print("kept" if told() else "gone")
"""


def test_what_a_training_held_is_gone_after_it():
    """Importing the search's library on the stack of a training would keep all its rows for the life of the process."""
    done = subprocess.run([sys.executable, "-c", ONE_ROW], capture_output=True, text=True, check=True)
    assert done.stdout == "gone\n"
