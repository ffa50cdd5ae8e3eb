"""From probabilities to the list."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from semana.evaluation.decision import best_f1_cut, decide_list, kind_of, places
from tests.features.known import PARAMS

CUSTOMER = np.array([1, 1, 1, 2, 2, 3])
CHANCE = np.array([0.9, 0.8, 0.1, 0.6, 0.2, 0.3])
REPEAT = np.array([True, True, False, True, False, False])
AMOUNT = np.array([1.0, 1.0, 1.0, 9.0, 1.0, 1.0])


def decide(*, total=2.9, amount=AMOUNT, allowed=None, **changed):
    params = PARAMS.decision.model_copy(update=changed)
    return decide_list(CUSTOMER, CHANCE, REPEAT, amount, total=total, params=params, allowed=allowed)


def listed(**changed) -> list[int]:
    return np.flatnonzero(decide(**changed).recommended).tolist()


def test_the_default_list_has_the_best_expected_f1():
    assert listed() == [0, 1, 3]  # 2 x 2.3 / (3 + 2.9); with .3 too 2 x 2.6 / (4 + 2.9) is less
    assert decide().cut == 0.6


@given(st.lists(st.sampled_from([0.05, 0.2, 0.4, 0.7, 0.95]), min_size=1, max_size=6), st.floats(0.5, 8))
def test_no_set_of_pairs_has_a_better_expected_f1(chances, total):
    chance = np.array(chances)

    def expected(chosen):
        return 2 * sum(chosen) / (len(chosen) + total)

    every = (subset for size in range(1, len(chances) + 1) for subset in combinations(chances, size))
    found = chance[chance >= best_f1_cut(chance, total=total)]
    assert expected(found.tolist()) == pytest.approx(max(map(expected, every)))


def test_pairs_at_the_cut_are_all_on_the_list():
    assert best_f1_cut(np.array([0.5, 0.5, 0.5]), total=1) == 0.5


def test_top_k_gives_every_customer_that_many():
    assert listed(policy="top_k", top_k=1) == [0, 3, 5]
    assert decide(policy="top_k", top_k=1).cut == 0.3


def test_min_probability_is_the_cut():
    assert listed(policy="min_probability", min_probability=0.3) == [0, 1, 3, 5]


def test_capacity_calls_the_customers_worth_most():
    assert listed(policy="capacity", capacity=1) == [3]
    assert listed(policy="capacity", capacity=1, amount=None) == [0, 1]
    assert listed(policy="capacity", capacity=1, amount=np.full(6, np.nan)) == [0, 1]


def test_every_listed_customer_gets_something_new():
    assert listed(min_new_per_customer=1) == [0, 1, 2, 3, 4]
    assert decide(min_new_per_customer=1).cut == 0.6


@pytest.mark.parametrize("policy", ["expected_f1", "top_k", "min_probability", "capacity"])
def test_what_is_not_allowed_is_never_listed(policy):
    allowed = np.array([False, True, True, True, True, True])
    assert not decide(policy=policy, allowed=allowed, min_new_per_customer=1).recommended[0]


@pytest.mark.parametrize("policy", ["expected_f1", "top_k", "min_probability", "capacity"])
def test_no_pairs_make_an_empty_list(policy):
    none = decide(policy=policy, allowed=np.zeros(6, dtype=bool))
    assert not none.recommended.any()
    assert none.cut == 1


def test_places_count_from_the_highest_of_each_customer():
    assert places(CUSTOMER, CHANCE).tolist() == [0, 1, 2, 0, 1, 0]
    assert places(np.array(["b", "a", "b"]), np.array([0.5, 0.1, 0.5])).tolist() == [0, 0, 1]


def test_kinds():
    repeat = np.array([True, True, True, False])
    days, gap = np.array([7.0, 15.0, 90.0, np.nan]), np.array([7.0, 7.0, np.nan, np.nan])
    assert kind_of(repeat, days, gap, overdue_gaps=1.5).to_list() == ["usual", "overdue", "usual", "new"]
