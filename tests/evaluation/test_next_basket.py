"""The peers that benchmarks write themselves, on three customers worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.next_basket import Baskets, tifu_knn, up_cf

# A: {0, 1}, then {0}, then {2}. B: {0}, then {0, 1}. C: {2}.
BOUGHT = [(0, 0, 1), (0, 1, 1), (0, 0, 3), (0, 2, 4), (1, 0, 2), (1, 0, 5), (1, 1, 5), (2, 2, 1), (2, 2, 1)]
BASKETS = Baskets.of(*np.array(BOUGHT).T, shape=(3, 3))


def test_baskets_are_counted_from_the_newest():
    assert BASKETS.counts.tolist() == [3, 2, 1]
    found = sorted(zip(BASKETS.customer.tolist(), BASKETS.ago.tolist(), BASKETS.product.tolist(), strict=True))
    assert found == [(0, 0, 2), (0, 1, 0), (0, 2, 0), (0, 2, 1), (1, 0, 0), (1, 0, 1), (1, 1, 0), (2, 0, 2)]


def test_tifu_knn():
    # Vectors: A (.375, .25, .25), B (.75, .5, 0), C (0, 0, 1); the nearest of A is B, of B and C it is A.
    found = tifu_knn(BASKETS, groups=2, within=0.5, between=0.5, neighbours=1, own=0.5)
    assert found == pytest.approx(np.array([[0.5625, 0.375, 0.125], [0.5625, 0.375, 0.125], [0.1875, 0.125, 0.625]]))


def test_who_has_bought_nothing_yet_is_nobodys_neighbour():
    more = Baskets.of(*np.array(BOUGHT).T, shape=(60, 3))
    settings = {"groups": 2, "within": 0.5, "between": 0.5, "neighbours": 2, "own": 0.5}
    assert tifu_knn(more, **settings)[:3] == pytest.approx(tifu_knn(BASKETS, **settings))


def test_a_history_is_cut_into_groups_of_about_as_many_baskets():
    one = Baskets.of(*np.array([(0, week, week) for week in range(5)] + [(1, 0, 0)]).T, shape=(2, 5))
    # Newest first: {4, 3, 2} and {1, 0}, each decayed by .5 inside and the older group by .1.
    found = tifu_knn(one, groups=2, within=0.5, between=0.1, neighbours=1, own=1.0)[0]
    assert found == pytest.approx(np.array([0.05 * 0.25, 0.05 * 0.5, 0.25 / 6, 0.5 / 6, 1 / 6]))


def test_up_cf():
    # Recent two: A (.5, 0, .5), B (1, .5, 0), C (0, 0, 1). Likeness: A-B 2 / sqrt(6), A-C 1 / sqrt(3), B-C none.
    found = up_cf(BASKETS, recent=2, asymmetry=0.5, locality=1)
    b, c = 2 / 6**0.5, 1 / 3**0.5
    assert found[0] == pytest.approx([0.5 + b, b / 2, 0.5 + c])
    assert found[2] == pytest.approx([c / 2, 0, 1 + c / 2])
    sharp = up_cf(BASKETS, recent=2, asymmetry=0.5, locality=2)
    assert sharp[2] == pytest.approx([c**2 / 2, 0, 1 + c**2 / 2])
    lopsided = up_cf(BASKETS, recent=1, asymmetry=1.0, locality=1)
    assert lopsided[2] == pytest.approx([0, 0, 2])
