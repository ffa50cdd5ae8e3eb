"""Who is held out, what an experiment can find, and what it has found."""

from __future__ import annotations

import narwhals as nw
import numpy as np
import polars as pl
import pytest

from semana.data.weeks import Week, weeks_between
from semana.evaluation.experiment import (
    Experiment,
    effect_of,
    held_out,
    smallest_effect,
    spans,
    totals_by_customer,
    weeks_of,
)

FIRST = Week.parse("2025-W02")
TENTH = Experiment("2025-W02-1", 0.1, FIRST, FIRST + 11)


def test_about_the_share_is_held_out_and_the_same_customers_for_its_whole_life():
    ids = pl.Series("customer_id", range(10_000))
    out = held_out(ids, TENTH)
    assert 900 < out.sum() < 1100
    assert held_out(ids.head(50), TENTH).equals(out.head(50))
    assert held_out(ids.cast(pl.String), TENTH).equals(out)


def test_another_experiment_holds_out_others_and_none_holds_out_nobody():
    ids = pl.Series("customer_id", range(10_000))
    both = held_out(ids, TENTH) & held_out(ids, Experiment("2025-W20-2", 0.1, FIRST, FIRST))
    assert 50 < both.sum() < 150
    assert not held_out(ids, None).any()
    assert held_out(ids.head(0), TENTH).dtype == pl.Boolean


def test_an_experiment_runs_from_its_first_to_its_last_week():
    assert [TENTH.runs_in(week) for week in (FIRST + -1, FIRST, FIRST + 11, FIRST + 12)] == [False, True, True, False]
    assert weeks_of(TENTH, [FIRST + -1, FIRST, FIRST + 2]) == (FIRST, FIRST + 2)


def test_the_past_is_cut_into_two_spans_as_long_as_the_experiment_or_as_there_is():
    complete = weeks_between(FIRST + -9, FIRST + 3)
    assert spans(complete, before=FIRST, weeks=3) == (complete[3:6], complete[6:9])
    assert spans(complete, before=FIRST, weeks=12) == (complete[1:5], complete[5:9])
    assert spans(complete[:1], before=FIRST, weeks=12) == ((), ())


def test_purchases_are_counted_by_customer_and_who_came_later_is_left_out():
    week = FIRST.index
    rows = [(1, week), (1, week), (1, week + 1), (2, week - 1), (2, week + 9), (3, week + 5), (3, week + 9)]
    purchases = pl.DataFrame(rows, schema=["customer_id", "week"], orient="row")
    frame = nw.from_native(purchases.lazy())
    customers, totals = totals_by_customer(frame, FIRST + 2, [FIRST, FIRST + 1], [FIRST + 9])
    assert customers.to_list() == [1, 2]
    assert [total.tolist() for total in totals] == [[3, 0], [0, 1]]


def shop(effect: float, *, seed: int, customers: int = 2000, share: float = 0.3):
    """Customers who buy as much as before, by chance more or less; those who are shown their list `effect` more."""
    rng = np.random.default_rng(seed)
    usual = rng.gamma(2.0, 10.0, customers)
    out = rng.random(customers) < share
    before = rng.poisson(usual).astype(float)
    after = rng.poisson(usual * np.where(out, 1.0, 1.0 + effect)).astype(float)
    return after, before, out


def test_a_planted_effect_is_found_and_the_interval_holds_it_as_often_as_it_says():
    found = [effect_of(*shop(0.1, seed=seed)) for seed in range(200)]
    assert np.mean([each.effect for each in found]) == pytest.approx(0.1, abs=0.01)
    assert np.mean([each.low <= 0.1 <= each.high for each in found]) > 0.9


def test_where_lists_do_nothing_an_effect_is_claimed_one_time_in_twenty():
    claimed = [not each.low <= 0 <= each.high for each in (effect_of(*shop(0.0, seed=seed)) for seed in range(400))]
    assert np.mean(claimed) < 0.09


def test_the_smallest_findable_effect_is_found_four_times_in_five():
    after, before, _ = shop(0.0, seed=0)
    smallest = smallest_effect(after, before, share=0.3)
    found = [effect_of(*shop(smallest, seed=seed)).low > 0 for seed in range(300)]
    assert np.mean(found) == pytest.approx(0.8, abs=0.08)


def test_more_customers_and_a_more_even_share_find_smaller_effects():
    after, before, _ = shop(0.0, seed=0)
    assert smallest_effect(after, before, share=0.5) < smallest_effect(after, before, share=0.1)
    assert smallest_effect(after[:200], before[:200], share=0.5) > smallest_effect(after, before, share=0.5)


def test_the_past_of_the_customers_makes_small_effects_findable():
    after, before, _ = shop(0.0, seed=0)
    assert smallest_effect(after, before, share=0.5) < 0.6 * smallest_effect(after, np.zeros(len(after)), share=0.5)


@pytest.mark.parametrize(
    ("after", "out"), [([1.0, 2.0, 3.0], [True, False, False]), ([0.0] * 4, [True, True, False, False]), ([], [])]
)
def test_too_few_customers_or_no_purchase_is_no_effect(after, out):
    assert effect_of(np.array(after), np.zeros(len(after)), np.array(out, dtype=bool)) is None


def test_too_few_customers_find_nothing():
    assert np.isnan(smallest_effect(np.ones(5), np.ones(5), share=0.1))
