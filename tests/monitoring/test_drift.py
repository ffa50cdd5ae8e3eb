"""The one test over all columns: when a week violates, when drift is confirmed, and what is left out of the past."""

from __future__ import annotations

import numpy as np
import pytest

from semana.monitoring.behaviour import CATEGORY, NUMBER, Column
from semana.monitoring.drift import (
    CALM,
    CONFIRMED,
    HOLIDAY,
    LAST_YEAR,
    NOT_ENOUGH,
    RECENT,
    SHORT,
    TRAINING,
    VIOLATES,
    Drift,
    distance,
    judge_drift,
    references,
    shape_of,
)
from tests.features.known import PARAMS

LONG = 60  # weeks with which drift can be confirmed
HISTORY = 30  # and with which it cannot


def columns(shares: np.ndarray, *, noise: int = 1) -> list[Column]:
    """A category of two kinds and a quiet number, week by week."""
    rng = np.random.default_rng(noise)
    moved = shares + rng.normal(0, 0.01, len(shares))
    kind = np.column_stack([moved, 1 - moved]) * 500
    number = 100 + rng.normal(0, 1, (len(shares), 81)) ** 2
    weeks = tuple(range(len(shares)))
    return [Column("kind", CATEGORY, ("a", "b"), weeks, kind), Column("number", NUMBER, ("",) * 81, weeks, number)]


def judged(shares: np.ndarray, *, holidays: frozenset[int] = frozenset(), age: int | None = None) -> Drift:
    compared = references(age=age, learned=14, params=PARAMS.drift)
    return judge_drift(columns(shares), range(len(shares)), holidays=holidays, compared=compared, params=PARAMS.drift)


def level(weeks: int, *, shift: int = 0, by: float = 0.3) -> np.ndarray:
    """A share of .3, which rises in the last `shift` weeks."""
    shares = np.full(weeks, 0.3)
    if shift:
        shares[-shift:] += by
    return shares


def verdicts(drift: Drift) -> list[str]:
    return [each.verdict for each in drift.weeks]


def test_a_calm_shop_is_calm_once_enough_is_known() -> None:
    drift = judged(level(LONG))
    assert set(verdicts(drift)[:16]) == {NOT_ENOUGH}
    assert verdicts(drift)[-20:].count(CALM) >= 18
    assert not drift.confirmed
    assert drift.since is None


def test_one_week_of_it_violates_and_two_confirm() -> None:
    first, second = judged(level(LONG, shift=1)), judged(level(LONG, shift=2))
    assert verdicts(first)[-1] == VIOLATES
    assert not first.confirmed
    assert verdicts(second)[-2:] == [VIOLATES, CONFIRMED]
    assert second.confirmed
    assert second.since == LONG - 2
    assert second.newest is not None
    assert (second.newest.worst, second.moved[0].column) == ("kind", "kind")


def test_a_single_odd_week_confirms_nothing() -> None:
    shares = level(LONG)
    shares[-2] += 0.3
    assert verdicts(judged(shares))[-2:] == [VIOLATES, CALM]


def test_two_of_three_confirm_when_the_newest_is_one_of_them() -> None:
    shares = level(LONG)
    shares[[-3, -1]] += 0.4
    assert verdicts(judged(shares))[-3:] == [VIOLATES, CALM, CONFIRMED]


def test_confirmed_weeks_are_no_past_that_others_must_exceed() -> None:
    """After a first shift has become the usual, a second one of the same size is found as well."""
    shares = level(2 * LONG, shift=LONG)
    shares[-2:] += 0.3
    drift = judged(shares)
    assert verdicts(drift)[LONG + 1] == CONFIRMED
    assert verdicts(drift)[-1] == CONFIRMED
    assert drift.since == 2 * LONG - 2


@pytest.mark.parametrize(("weeks", "said"), [(HISTORY, SHORT), (12, NOT_ENOUGH), (1, NOT_ENOUGH)])
def test_a_short_history_is_said_and_never_confirmed(weeks: int, said: str) -> None:
    drift = judged(level(weeks, shift=min(2, weeks)))
    assert verdicts(drift)[-1] == said
    assert not drift.confirmed


def test_holiday_weeks_are_shown_not_judged_and_no_part_of_any_past() -> None:
    odd = level(LONG)
    odd[[-3, -9, -20]] += 0.4
    holidays = frozenset(LONG - n for n in (3, 9, 20))
    drift = judged(odd, holidays=holidays)
    assert [drift.weeks[week].verdict for week in sorted(holidays)] == [HOLIDAY] * 3
    assert {each.verdict for each in drift.weeks if each.week not in holidays} == {NOT_ENOUGH, CALM}
    newest = judged(odd[:-2], holidays=holidays)
    assert newest.newest is not None
    assert newest.newest.verdict == HOLIDAY
    assert newest.moved[0].column == "kind"


def test_references_are_those_that_the_history_reaches_and_the_others_are_said() -> None:
    assert judged(level(LONG)).absent == (LAST_YEAR,)
    drift = judged(level(LONG), age=2)
    assert {each.reference for each in drift.moved} == {RECENT, TRAINING}
    assert judged(level(80), age=2).absent == ()


def test_a_champion_that_has_learned_from_the_newest_week_is_no_reference() -> None:
    names = [each.name for each in references(age=0, learned=14, params=PARAMS.drift)]
    assert names == [RECENT, LAST_YEAR]


def test_a_reference_that_comes_of_age_raises_no_alarm() -> None:
    """Every year is another: the same week last year is far away, but so it always was."""
    year = np.concatenate([level(52), level(60) + 0.3])
    drift = judged(year)
    assert CONFIRMED not in verdicts(drift)[60:]


def test_a_verdict_does_not_depend_on_what_came_later() -> None:
    shares = level(LONG + 10, shift=10)
    whole, part = judged(shares), judged(shares[:-4])
    again = judge_drift(
        columns(shares),
        range(LONG + 6),
        holidays=frozenset(),
        compared=references(age=None, learned=0, params=PARAMS.drift),
        params=PARAMS.drift,
    )
    assert verdicts(whole)[: LONG + 6] == verdicts(again)
    assert len(verdicts(part)) == LONG + 6


def test_without_a_column_or_a_week_nothing_is_judged() -> None:
    compared = references(age=None, learned=0, params=PARAMS.drift)
    none = judge_drift([], [1, 2], holidays=frozenset(), compared=compared, params=PARAMS.drift)
    assert [each.verdict for each in none.weeks] == [NOT_ENOUGH] * 2
    assert judge_drift([], [], holidays=frozenset(), compared=compared, params=PARAMS.drift).newest is None


@pytest.mark.parametrize("category", [True, False])
def test_a_distance_is_nothing_to_itself_symmetric_and_blind_to_size(*, category: bool) -> None:
    rng = np.random.default_rng(3)
    one, other = rng.random(20), rng.random(20)
    assert distance(one, 5 * one, category=category) == pytest.approx(0, abs=1e-7)
    assert distance(one, other, category=category) == pytest.approx(distance(other, one, category=category))


def test_a_distance_of_numbers_is_that_of_scipy() -> None:
    from scipy.stats import wasserstein_distance

    rng = np.random.default_rng(3)
    one, other = rng.random(81), rng.random(81)
    places = np.arange(81) / 10
    assert distance(one, other, category=False) == pytest.approx(wasserstein_distance(places, places, one, other))


def test_a_shape_is_shares_now_and_before() -> None:
    now, then = shape_of(columns(level(10, shift=1))[0], 9, [7, 8])
    assert sum(now) == pytest.approx(1)
    assert now[0] == pytest.approx(0.6, abs=0.05)
    assert then[0] == pytest.approx(0.3, abs=0.05)
