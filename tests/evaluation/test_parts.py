"""A list in parts, counted by hand; and what can be expected of one before its week is over."""

from __future__ import annotations

import polars as pl
import pytest

from semana.evaluation.parts import OUTSIDE, estimated, expected_f1, left_repeatedly, parts_of

LIST = pl.DataFrame(
    {
        "customer_id": [1, 1, 1, 2, 2],
        "product_id": [1, 2, 3, 1, 2],
        "probability": [0.9, 0.5, 0.1, 0.6, 0.2],
        "recommended": [True, True, False, True, False],
        "kind": ["usual", "usual", "new", "overdue", "usual"],
    }
)
TRUTH = pl.DataFrame({"customer_id": [1, 1, 2, 3], "product_id": [1, 3, 2, 9]})
SEGMENTS = pl.DataFrame({"customer_id": [1, 2, 3], "segment": ["largest", "zone: a", "zone: a"]})


def test_parts_add_up_to_the_whole_and_what_was_not_scored_is_a_part() -> None:
    rows = {(row["part"], row["name"]): row for row in parts_of(LIST, TRUTH, SEGMENTS).to_dicts()}
    kinds = [row for (part, _), row in rows.items() if part == "kind"]
    assert sum(row["purchases"] for row in kinds) == TRUTH.height
    assert sum(row["recommended"] for row in kinds) == 3
    usual = rows["kind", "usual"]
    assert (usual["hits"], usual["recommended"], usual["purchases"]) == (1, 2, 2)
    assert usual["f1"] == pytest.approx(2 * 1 / 4)
    assert usual["calibration"] == pytest.approx(1.6 / 2)
    assert (rows["kind", OUTSIDE]["purchases"], rows["kind", OUTSIDE]["f1"]) == (1, 0)
    zone = rows["segment", "zone: a"]
    assert (zone["hits"], zone["recommended"], zone["purchases"]) == (0, 1, 2)


def test_the_expected_f1_is_that_of_right_chances() -> None:
    assert expected_f1(LIST, total=4) == pytest.approx(2 * (0.9 + 0.5 + 0.6) / (3 + 4))


def test_an_estimate_is_moved_by_how_past_ones_turned_out() -> None:
    assert estimated(0.5, []).f1 == 0.5
    few = estimated(0.5, [(0.5, 0.45)] * 3)
    assert few.f1 == pytest.approx(0.45)
    assert few.low is None
    past = [(0.5, 0.45), (0.5, 0.40), (0.5, 0.5), (0.6, 0.54), (0.4, 0.36), (0.5, 0.42), (0.5, 0.46)]
    many = estimated(0.5, past)
    assert many.low is not None
    assert many.high is not None
    assert many.f1 == pytest.approx(0.45)
    assert 0.38 < many.low < many.f1 < many.high < 0.52


def test_no_estimate_is_above_one() -> None:
    past = [(0.5, each) for each in (0.9, 0.8, 0.95, 0.9, 0.85, 0.9, 0.92)]
    assert estimated(0.7, past[:2]).f1 == 1
    many = estimated(0.7, past)
    assert many.f1 == many.high == 1
    assert many.low == 1  # each was reached more than one and a half times
    assert estimated(0.5, past).f1 == pytest.approx(0.9)


def test_truths_that_leave_their_interval_again_and_again_are_noted() -> None:
    calm = [(0.5, 0.45 + 0.002 * (n % 3)) for n in range(12)]
    assert left_repeatedly(calm) is None
    assert left_repeatedly([*calm, (0.5, 0.3)]) is None
    assert "in 3 of the last 4 weeks" in str(left_repeatedly([*calm, (0.5, 0.3), (0.5, 0.2), (0.5, 0.6)]))
