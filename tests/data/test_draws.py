"""The draw of an id: fixed, spread evenly, the same for a number and its text."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from semana.data.draws import DRAWS, draw_of


@given(st.integers() | st.text())
def test_every_id_has_a_draw_in_range_and_always_the_same(id_: int | str) -> None:
    assert 0 <= draw_of(id_) < DRAWS
    assert draw_of(id_) == draw_of(id_)


@given(st.integers())
def test_a_number_and_its_text_have_the_same_draw(id_: int) -> None:
    assert draw_of(id_) == draw_of(str(id_))


@pytest.mark.parametrize("written", ["{}", "customer {}", "{:08d}"])
def test_ids_that_follow_each_other_are_spread_evenly(written: str) -> None:
    places = np.array([draw_of(written.format(n)) for n in range(20_000)]) // (DRAWS // 20)
    counts = np.bincount(places, minlength=20)
    assert len(counts) == 20
    assert abs(counts - 1000).max() < 5 * np.sqrt(1000)
