"""Which weeks become golden, which pairs belong to a case, and how far a case may fall."""

from __future__ import annotations

import narwhals as nw
import numpy as np
import polars as pl
import pytest

from semana.data.weeks import Week, weeks_between
from semana.evaluation.cuts import week_cuts
from semana.evaluation.golden import (
    GoldenWeek,
    PastOfCases,
    case_figures,
    drawn_customers,
    golden_weeks,
    in_cases,
    merged_name,
    small_cases,
    tolerances,
)
from semana.evaluation.segments import buyers_before
from semana.params import CutParams
from tests.features import known

FIRST = Week.parse("2024-W01")
GOLDEN = known.PARAMS.golden
CUTS = CutParams(fit_weeks=14, calibrate_weeks=2, gate_weeks=2)


@pytest.mark.parametrize(("weeks", "number"), [(10, 0), (20, 0), (22, 0), (23, 4), (25, 6), (52, 6), (200, 6)])
def test_a_long_history_gives_six_weeks_and_a_short_one_none(weeks, number):
    complete = weeks_between(FIRST, FIRST + (weeks - 1))
    chosen = golden_weeks(complete, [], CUTS, GOLDEN.model_copy(update={"history_weeks": 3}))
    assert len(chosen) == number
    assert list(chosen) == sorted(set(chosen))


@pytest.mark.parametrize("weeks", [35, 52, 120])
def test_fit_calibration_and_gate_keep_their_weeks(weeks):
    complete = weeks_between(FIRST, FIRST + (weeks - 1))
    chosen = golden_weeks(complete, [], CUTS, GOLDEN)
    cuts = week_cuts(complete, CUTS, exclude=frozenset(chosen))
    assert (len(cuts.fit), len(cuts.calibrate), len(cuts.gate)) == (14, 2, 2)
    assert cuts.calibrate + cuts.gate == complete[-4:]
    assert not set(chosen) & set(cuts.all)
    assert chosen[0] - FIRST >= GOLDEN.history_weeks


def test_a_holiday_week_is_among_them_where_there_is_one():
    complete = weeks_between(FIRST, FIRST + 51)
    without = golden_weeks(complete, [], CUTS, GOLDEN)
    holiday = without[2] + 1
    chosen = golden_weeks(complete, [FIRST, holiday, FIRST + 51], CUTS, GOLDEN)
    assert set(chosen) - set(without) == {holiday}
    assert set(without) - set(chosen) == {without[2]}
    assert golden_weeks(complete, [without[1]], CUTS, GOLDEN) == without


def test_customers_are_drawn_alike_every_time_and_a_larger_share_holds_the_smaller():
    some = drawn_customers(range(1000), share=0.2)
    assert 150 < len(some) < 250
    assert some == drawn_customers(range(1000), share=0.2)
    assert set(some) < set(drawn_customers(range(1000), share=0.5))


WEEK = FIRST + 30


def cases_of(pairs: list[tuple[int, int]], *, holiday: bool = False) -> pl.DataFrame:
    """Customer 1 buys product 1 in every week, 2 bought it once long ago, product 9 has come last week."""
    weeks = [(1, 1, WEEK.index - n) for n in range(1, 20)] + [(2, 1, WEEK.index - 19), (1, 9, WEEK.index - 1)]
    history = pl.LazyFrame(weeks, schema=["customer_id", "product_id", "week"], orient="row")
    products = history.group_by("product_id").agg(first=pl.col("week").min())
    buyers = buyers_before(nw.from_native(history), week=WEEK).collect().to_polars()
    past = PastOfCases(buyers, products.collect(), history.select("customer_id", "product_id").unique().collect())
    segments = pl.DataFrame({"customer_id": [1, 3], "segment": ["largest", "newcomers"]})
    frame = pl.DataFrame(pairs, schema=["customer_id", "product_id"], orient="row")
    return in_cases(frame, past, segments, week=WEEK, holiday=holiday)


@pytest.mark.parametrize(
    ("pair", "cases"),
    [
        ((1, 1), {"all pairs", "largest"}),
        ((1, 9), {"all pairs", "largest", "new products"}),
        ((1, 7), {"all pairs", "largest", "new products", "explore purchases"}),
        ((2, 1), {"all pairs", "lapsed buyers"}),
        ((3, 1), {"all pairs", "newcomers", "explore purchases"}),
    ],
)
def test_a_pair_belongs_to_the_cases_that_the_eye_expects(pair, cases):
    row = cases_of([pair]).row(0, named=True)
    assert {name for name, belongs in row.items() if belongs} == cases


def test_every_pair_of_a_holiday_week_belongs_to_that_case():
    assert cases_of([(1, 1)], holiday=True)["holiday weeks"].to_list() == [True]


def golden_of(flags: dict[str, list[bool]], bought: dict[str, list[bool]]) -> GoldenWeek:
    return GoldenWeek(WEEK, pl.DataFrame(), pl.DataFrame(flags), pl.DataFrame(bought))


def listed(probability: list[float], recommended: list[bool], bought: list[bool]) -> pl.DataFrame:
    return pl.DataFrame({"probability": probability, "recommended": recommended, "bought": bought})


def test_a_case_is_judged_over_all_weeks_together_and_purchases_outside_the_candidates_count():
    week = golden_of({"a": [True, True, False], "b": [False, False, True]}, {"a": [True, True], "b": [False, False]})
    one = listed([0.9, 0.2, 0.8], [True, False, True], [True, False, True])
    found = case_figures([(week, one), (week, one)])
    assert found["a"] == {"f1": 2 * 2 / (2 + 4), "average_precision": 0.5, "pairs": 4, "recommended": 2, "purchases": 4}
    assert found["b"]["f1"] == 2 * 2 / (2 + 0)


def test_small_cases_are_merged_into_one_by_name():
    assert small_cases({"a": 299, "b": 300, "c": 3}, least=300) == ("a", "c")
    week = golden_of({"a": [True, False, False], "b": [True] * 3, "c": [True, True, False]}, {"a": [True], "b": [True]})
    merged = week.merged(("a", "c"))
    assert merged.flags.to_dict(as_series=False) == {"b": [True] * 3, merged_name(("a", "c")): [True, True, False]}
    assert merged.bought[merged_name(("a", "c"))].to_list() == [True]
    assert week.merged(()) is not week
    assert week.merged(()).flags.columns == ["a", "b", "c"]


def figures(f1: float, recommended: float = 500.0, precision: float = 0.1) -> dict[str, dict[str, float]]:
    one = {"f1": f1, "average_precision": precision, "pairs": 900.0, "purchases": 300.0, "recommended": recommended}
    return {"a": one}


def test_the_tolerance_is_two_deviations_of_the_difference_of_two_seeds():
    values = [0.50, 0.51, 0.52, 0.53]
    case = tolerances([figures(f1) for f1 in values], GOLDEN)["a"]
    assert case["metric"] == "f1"
    assert case["tolerance"] == pytest.approx(GOLDEN.tolerance_sds * np.sqrt(2) * np.std(values, ddof=1))


def test_a_case_that_seeds_do_not_move_keeps_the_least_tolerance():
    assert tolerances([figures(0.5), figures(0.5)], GOLDEN)["a"]["tolerance"] == GOLDEN.least_tolerance
    assert tolerances([figures(0.5)], GOLDEN)["a"]["tolerance"] == GOLDEN.least_tolerance


def test_a_case_of_which_little_is_listed_is_judged_by_the_order_of_its_pairs():
    found = tolerances([figures(0.0, 99, 0.1), figures(0.2, 99, 0.1)], GOLDEN)["a"]
    assert (found["metric"], found["tolerance"]) == ("average_precision", GOLDEN.least_tolerance)
