"""When performance has fallen: the same arithmetic for the rollback and for retraining."""

from __future__ import annotations

import math

import pytest

from semana.data.weeks import Week
from semana.evaluation.fallen import Outcome, fallen, judge_rollback, leads
from semana.params import RollbackParams

PARAMS = RollbackParams(week_f1=0.03, mean_f1=0.015, of_weeks=4, weeks_below=3, rest_weeks=4)
TARGET = Week.parse("2024-W45")


@pytest.mark.parametrize(
    ("differences", "says"),
    [
        ([], None),
        ([0.01, -0.03], None),
        ([0.01, -0.031], "by 0.031 in the newest week"),
        ([math.nan, -0.031], "by 0.031 in the newest week"),
        ([-0.031, math.nan], "by 0.031 in the newest week"),
        ([-0.031, 0.0, 0.0, 0.0], None),
        ([-0.02, -0.02, 0.0, -0.021], "in 3 of the last 4 weeks, by 0.015 on average"),
        ([-0.02, -0.02, -0.02], "in 3 of the last 3 weeks"),
        ([-0.02, -0.02], None),
        ([-0.029, -0.029, 0.001, 0.001], None),
        ([-0.01, -0.01, -0.01, -0.01], None),
    ],
)
def test_fallen(differences, says):
    found = fallen(differences, PARAMS)
    assert (found is None) if says is None else says in str(found)


def outcomes(*differences: float, holidays: tuple[int, ...] = ()) -> list[Outcome]:
    """One a week up to the one before the target, the shadow at .6."""
    first = TARGET + -len(differences)
    return [Outcome(first + n, 0.6 + each, 0.6, holiday=n in holidays) for n, each in enumerate(differences)]


@pytest.mark.parametrize(
    ("found", "last", "roll_back", "says"),
    [
        (outcomes(0.0, -0.04), None, True, "the newest week"),
        (outcomes(-0.04), None, True, "the newest week"),
        (outcomes(0.0, 0.0), None, False, "not below its shadow (2 weeks without holidays)"),
        ([], None, False, "0 weeks"),
        (outcomes(0.0, -0.04, holidays=(1,)), None, False, "1 week without"),
        (outcomes(-0.02, -0.02, -0.09, -0.02, holidays=(2,)), None, True, "3 of the last 3"),
        (outcomes(0.0, -0.04), TARGET + -3, False, "less than 4 weeks ago"),
        (outcomes(0.0, -0.04), TARGET, False, "less than 4 weeks ago"),
        (outcomes(0.0, -0.04), TARGET + -4, True, "newest week"),
        ([Outcome(TARGET, 0.5, 0.6, holiday=False)], None, False, "0 weeks"),
    ],
)
def test_rollback(found, last, roll_back, says):
    verdict = judge_rollback(found, target=TARGET, last_rollback=last, params=PARAMS)
    assert (verdict.roll_back, says in verdict.says) == (roll_back, True), verdict


def test_weeks_in_any_order_give_the_same_verdict():
    found = outcomes(0.0, 0.0, 0.0, 0.0, -0.04)
    assert judge_rollback(reversed(found), target=TARGET, last_rollback=None, params=PARAMS).roll_back


def test_a_models_later_weeks_are_read_against_its_own_first_ones_and_not_against_how_hard_the_week_was():
    rows = [(0.60, 0.56), (0.58, 0.54), (0.50, 0.46), (0.60, 0.60)]
    assert leads(rows, first=2) == pytest.approx([0.0, -0.04])
    assert leads(rows[:1], first=2) == leads(rows[:2], first=2) == []
