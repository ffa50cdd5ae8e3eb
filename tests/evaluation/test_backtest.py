"""The backtest on the checkerboard shop: what it may see, and what it says."""

from __future__ import annotations

import math
from dataclasses import replace

import narwhals as nw
import polars as pl
import pytest

from semana.data.purchases import before, bought, during
from semana.data.weeks import Week, weeks_between
from semana.errors import ContractError
from semana.evaluation import backtest as b
from semana.evaluation.backtest import Past, cuts_before, judge_list, lists_by_week, run_backtest, weeks_to_test
from semana.evaluation.metrics import week_metrics
from semana.evaluation.segments import buyers_before, customer_segments, segment_attribute
from semana.models import MODELS
from semana.models.baselines import DecayedFrequency
from semana.models.level import Totals
from tests import shop
from tests.features import known

NAMES = ("decayed_frequency", "recent_repeat", "personal_frequency")
WEEKS = weeks_between(shop.FIRST + 20, shop.FIRST + 23)


def past(week: Week) -> Past:
    sold = bought(known.purchases())
    truth = during(sold, week).select("customer_id", "product_id").collect().to_polars()
    history = before(sold, week).select("customer_id", "product_id").collect().to_polars()
    buyers = buyers_before(before(sold, week), week=week).collect().to_polars()
    segments = customer_segments(buyers, shop.customers(), truth, week=week, attribute="colour")
    return Past(truth, history.select("customer_id", "product_id").unique(), segments)


@pytest.fixture(scope="module")
def found() -> b.Backtest:
    return run_backtest(NAMES, WEEKS, examples=known.examples, past=past, totals=known.totals(), params=known.PARAMS)


def test_the_latest_weeks_are_tested_and_three_lie_before_the_first():
    complete = weeks_between(shop.FIRST, shop.FIRST + 9)
    assert weeks_to_test(complete, 2) == complete[-2:]
    assert weeks_to_test(complete, 7) == complete[3:]
    assert weeks_to_test(complete, None) == complete[3:]
    assert len(weeks_to_test(weeks_between(shop.FIRST, shop.LAST), None)) == 8


@pytest.mark.parametrize(("complete", "asked", "there"), [(10, 8, "7 can be had"), (3, None, "0 can be had")])
def test_too_few_weeks_are_refused_with_how_many_there_are(complete, asked, there):
    with pytest.raises(ContractError, match=there):
        weeks_to_test(weeks_between(shop.FIRST, shop.FIRST + (complete - 1)), asked)


def test_the_cuts_before_a_week_are_those_of_training():
    complete = weeks_between(shop.FIRST, shop.LAST)
    cuts = cuts_before(WEEKS[0], complete, known.PARAMS.cuts)
    assert cuts.gate == (WEEKS[0],)
    assert cuts.calibrate == (WEEKS[0] + -2, WEEKS[0] + -1)
    assert cuts.fit == weeks_between(WEEKS[0] + -14, WEEKS[0] + -3)


def lists_from(purchases: nw.LazyFrame, totals: Totals, weeks: tuple[Week, ...]) -> dict[Week, pl.DataFrame]:
    """The lists of one model in the weeks, without what was then bought."""

    def examples(week: Week, **_: float) -> pl.DataFrame:
        truth = during(bought(purchases), week).select("customer_id", "product_id").collect().to_polars()
        labelled = truth.with_columns(bought=True)
        rows = known.features(week, purchases).join(labelled, on=["customer_id", "product_id"], how="left")
        return known.ordered(rows.with_columns(pl.col("bought").fill_null(value=False)))

    rows = known.Examples(examples)
    lists = lists_by_week(["decayed_frequency"], weeks, examples=rows, totals=totals, params=known.PARAMS)
    return {week: made["decayed_frequency"].drop("bought") for week, _, made in lists}


def test_scrambling_everything_from_a_test_week_on_leaves_its_lists_unchanged():
    """From week 21 on everybody buys other things, ten times as much, and the totals are other ones."""
    week = WEEKS[1]
    scrambled = known.weekly().with_columns(
        product_id=pl.when(pl.col("week") >= week.index).then(19 - pl.col("product_id")).otherwise("product_id"),
        quantity=pl.when(pl.col("week") >= week.index).then(10 * pl.col("quantity")).otherwise("quantity"),
    )
    known_totals = known.totals().purchases
    totals = Totals({each: total if each < week else 9 * total for each, total in known_totals.items()})
    true = lists_from(known.purchases(), known.totals(), WEEKS[:3])
    other = lists_from(nw.from_native(scrambled.lazy()), totals, WEEKS[:3])
    for seen in WEEKS[:2]:
        assert other[seen].equals(true[seen])
    assert not other[WEEKS[2]].equals(true[WEEKS[2]])


def test_every_week_is_predicted_by_models_that_saw_only_weeks_before_it():
    lists = lists_by_week(NAMES, WEEKS, examples=known.examples, totals=known.totals(), params=known.PARAMS)
    for week, scorers, _ in lists:
        assert {scorer.recipe.last_label_week for scorer in scorers.values()} == {str(week + -1)}


def test_models_are_kept_for_as_many_weeks_as_asked():
    lists = lists_by_week(NAMES, WEEKS, examples=known.examples, totals=known.totals(), params=known.PARAMS, refit=3)
    last = [scorers["recent_repeat"].recipe.last_label_week for _, scorers, _ in lists]
    assert last == [str(WEEKS[0] + -1)] * 3 + [str(WEEKS[3] + -1)]


def test_a_list_is_judged_as_a_whole_and_in_its_parts():
    """Ana (a regular) bought milk and something new; Bob, a newcomer without a list, bought tea."""
    listed = pl.DataFrame(
        {
            "customer_id": ["ana", "ana", "ana"],
            "product_id": ["milk", "bread", "soap"],
            "probability": [0.9, 0.6, 0.2],
            "recommended": [True, True, False],
            "bought": [True, False, True],
        }
    )
    truth = pl.DataFrame({"customer_id": ["ana", "ana", "bob"], "product_id": ["milk", "soap", "tea"]})
    bought_before = pl.DataFrame({"customer_id": ["ana", "ana"], "product_id": ["milk", "bread"]})
    segments = pl.DataFrame({"customer_id": ["ana", "bob"], "segment": ["largest", "newcomers"]})
    parts = judge_list(listed, Past(truth, bought_before, segments))
    assert set(parts) == {"all", "kind repeat", "kind explore", "segment largest", "segment newcomers"}
    assert parts["all"] == week_metrics(listed, truth)
    assert {name: part["f1"] for name, part in parts.items()} == pytest.approx(
        {
            "all": 2 * 1 / (2 + 3),
            "kind repeat": 2 * 1 / (2 + 1),
            "kind explore": 0.0,
            "segment largest": 2 * 1 / (2 + 2),
            "segment newcomers": 0.0,
        }
    )
    assert parts["kind explore"]["recall_at_10"] == pytest.approx((1 + 0) / 2)


def test_the_segments_of_a_shop_are_those_the_eye_sees():
    """Even customers buy 10 products a week, odd ones 10 in two weeks; customer 99 comes for the first time."""
    week = WEEKS[0]
    buyers = buyers_before(before(bought(known.purchases()), week), week=week).collect().to_polars()
    truth = pl.DataFrame({"customer_id": [0, 99], "product_id": [0, 0]})
    found = customer_segments(buyers, shop.customers(), truth, week=week, attribute="colour")
    by_name = {name: set(rows["customer_id"]) for (name,), rows in found.group_by("segment")}
    assert by_name["largest"] == {0, 4, 6, 8}  # a tenth of forty; customer 2 sends some of it back
    assert by_name["newcomers"] == {99}
    assert by_name["colour: black"] == set(range(1, 40, 2))
    assert by_name["colour: not told"] == {99}


def test_customers_are_told_apart_by_the_first_declared_attribute_with_few_values():
    customers = shop.customers()
    assert segment_attribute(customers, ("label", "gone", "colour", "visits")) == "colour"
    assert segment_attribute(customers, ("label",)) is None


def test_means_and_differences_follow_from_the_weeks(found):
    record = found.to_json()
    for name in NAMES:
        weekly = [found.outcomes[name].weeks[week]["f1"] for week in WEEKS]
        assert record["models"][name]["mean"]["f1"] == pytest.approx(sum(weekly) / len(WEEKS))
    one = next(d for d in record["differences"] if (d["model"], d["baseline"], d["metric"]) == (*NAMES[1::-1], "f1"))
    means = {name: record["models"][name]["mean"]["f1"] for name in NAMES}
    assert one["mean"] == pytest.approx(means[NAMES[1]] - means[NAMES[0]])
    assert one["low"] <= one["mean"] <= one["high"]
    assert record["best_baseline"] == max(means, key=means.__getitem__)
    assert len(record["differences"]) == 3 * 2 * len(b.COMPARED)


def test_the_level_of_a_week_says_whether_its_total_lay_inside(found):
    for level in found.to_json()["level"].values():
        assert level["bought"] in (319, 320)
        assert level["inside"] is (level["low"] <= level["bought"] <= level["high"])


def test_what_is_no_number_is_null_in_the_record(found):
    weeks = {week: metrics | {"map": math.nan} for week, metrics in found.outcomes[NAMES[0]].weeks.items()}
    outcome = replace(found.outcomes[NAMES[0]], weeks=weeks)
    record = replace(found, outcomes={NAMES[0]: outcome}).to_json()
    assert record["models"][NAMES[0]]["mean"]["map"] is None
    assert record["models"][NAMES[0]]["weeks"][str(WEEKS[0])]["map"] is None


class Learned(DecayedFrequency):
    """A rule that says it has learned, to be asked what it looks at."""

    learns = True

    def strength(self, rows):
        return rows.column(self.reads[0]) / 10


def test_models_that_learn_tell_what_moves_their_scores_and_rules_do_not(monkeypatch):
    monkeypatch.setitem(MODELS, "learned", Learned)
    found = run_backtest(
        ("learned", "recent_repeat"),
        WEEKS[:1],
        examples=known.examples,
        past=past,
        totals=known.totals(),
        params=known.PARAMS,
    )
    importance = found.outcomes["learned"].importance
    assert list(importance)[:2] == ["decayed_weeks", "popularity"]
    assert sum(importance.values()) == pytest.approx(importance["decayed_weeks"] + importance["popularity"])
    assert found.outcomes["recent_repeat"].importance is None
